//! One socket from beginning to end: who it is, what they ask for, and the events until either side has enough.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::extract::ws::Message;
use axum::extract::ws::WebSocket;
use axum::http::request::Parts;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::app::App;
use crate::app::Place;
use crate::domain::actor::Origin;
use crate::domain::id::EventId;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::error::Result;
use crate::http::api::live::Listener;
use crate::http::api::live::ear::Ear;
use crate::http::api::live::let_in;
use crate::http::api::live::said;
use crate::http::api::live::said::End;
use crate::http::api::live::said::Said;
use crate::http::live::BEAT;
use crate::http::problem;
use crate::http::session;
use crate::http::session::Shown;
use crate::http::token::Tokens;
use crate::shop::events::Wanted;

/// So long somebody may take to say who they are.
const FOR_TOKEN: Duration = Duration::from_secs(5);
/// What is asked comes so far apart at least: each time the file may be read.
const BETWEEN: Duration = Duration::from_millis(50);
/// So many beats without a sign, and the other side has gone.
const MOST_BEATS: u32 = 3;
/// For the last words, and for the other side to take them.
const FOR_PARTING: Duration = Duration::from_secs(1);

/// Is done when the shop stops.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stops| *stops).await;
}

type Ended<T> = std::result::Result<T, End>;

/// Where a request comes from.
pub struct From(pub Origin);

impl FromRequestParts<App> for From {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        Ok(Self(session::origin(parts)))
    }
}

/// Who has come.
pub struct Visitor {
    pub app: App,
    pub tokens: Arc<Tokens>,
    pub origin: Origin,
}

/// What is heard over a socket.
struct Hearing {
    ear: Ear,
    _place: Place,
    /// Behind which event, once something was asked for.
    after: Option<EventId>,
    is_behind: bool,
}

impl Visitor {
    /// Stays until it ends, and says why.
    pub async fn attend(self, mut socket: WebSocket, known: Option<(Listener, Place)>) {
        let end = match self.stay(&mut socket, known).await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        let Some((failure, number)) = end.last_words() else {
            return;
        };
        let parting = async {
            if let Some(error) = failure {
                let request_id = self.origin.request_id.as_deref().unwrap_or_default();
                let text = problem::in_json(&error, request_id);
                socket.send(Message::text(text)).await?;
            }
            socket.send(said::closing(number)).await?;
            while let Some(Ok(_)) = socket.recv().await {}
            Ok::<_, axum::Error>(())
        };
        let _ = tokio::time::timeout(FOR_PARTING, parting).await;
    }

    async fn stay(&self, socket: &mut WebSocket, known: Option<(Listener, Place)>) -> Ended<Infallible> {
        let mut stopping = self.app.stopping();
        let mut hearing = match known {
            Some((Listener(by, shown), place)) => {
                Hearing::new(Ear::new(&self.app, shown, &by, Wanted::default()), place)
            }
            None => tokio::select! {
                met = tokio::time::timeout(FOR_TOKEN, self.meet(socket)) => {
                    met.map_err(|_| Error::from(Refusal::NotSignedIn))??
                }
                () = stopped(&mut stopping) => return Err(End::Stop),
            },
        };
        let mut wakes = self.app.wakes();
        let mut beat = tokio::time::interval(BEAT);
        beat.reset();
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut beats = 0;
        loop {
            tokio::select! {
                () = stopped(&mut stopping) => return Err(End::Stop),
                said = said::hear(socket, &mut beats) => {
                    let said = said?;
                    if said.token.is_some() {
                        return Err(Error::from(Refusal::TokenInvalid).into());
                    }
                    hearing.ask(&said).await?;
                    tokio::time::sleep(BETWEEN).await;
                }
                due = hearing.is_due(&mut wakes) => {
                    due?;
                    wakes.borrow_and_update();
                    for event in hearing.look().await? {
                        self.send(socket, Message::text(&*event)).await?;
                    }
                }
                _ = beat.tick() => {
                    beats += 1;
                    if beats > MOST_BEATS {
                        return Err(End::Gone);
                    }
                    hearing.ear.stands().await?;
                    self.send(socket, Message::Ping(Default::default())).await?;
                }
            }
        }
    }

    /// Hears who somebody is, by what they say first.
    async fn meet(&self, socket: &mut WebSocket) -> Ended<Hearing> {
        let said = said::hear(socket, &mut 0).await?;
        let token = said
            .token
            .as_deref()
            .ok_or(Refusal::NotSignedIn)
            .map_err(Error::from)?;
        let shown = Shown::of(token, &self.tokens, &self.app)?;
        let by = let_in(shown.stands(&self.app, self.origin.clone()).await?)?;
        let place = self.app.place(&by)?;
        let mut hearing = Hearing::new(Ear::new(&self.app, shown, &by, Wanted::default()), place);
        if said.asks() {
            hearing.ask(&said).await?;
        }
        Ok(hearing)
    }

    /// Sends a message; whoever does not take it for too long has gone.
    async fn send(&self, socket: &mut WebSocket, message: Message) -> Ended<()> {
        let patience = Duration::from_secs(self.app.config().server.write_seconds);
        let mut stopping = self.app.stopping();
        tokio::select! {
            sent = tokio::time::timeout(patience, socket.send(message)) => match sent {
                Ok(sent) => Ok(sent?),
                Err(_) => Err(End::Gone),
            },
            () = stopped(&mut stopping) => Err(End::Gone),
        }
    }
}

impl Hearing {
    fn new(ear: Ear, place: Place) -> Self {
        Self {
            ear,
            _place: place,
            after: None,
            is_behind: false,
        }
    }

    /// What is asked now stands in the place of what was. Without a place it goes on where it is, or begins at the end.
    async fn ask(&mut self, said: &Said) -> Result<()> {
        let (wanted, after) = said.parse()?;
        let by = self.ear.stands().await?;
        self.ear.wanted = wanted;
        self.after = Some(self.ear.begin(&by, after.or(self.after)).await?);
        self.is_behind = true;
        Ok(())
    }

    /// Is done when there may be something to tell.
    async fn is_due(&self, wakes: &mut watch::Receiver<u64>) -> Ended<()> {
        match (self.after, self.is_behind) {
            (None, _) => std::future::pending().await,
            (Some(_), true) => Ok(()),
            (Some(_), false) => wakes.changed().await.map_err(|_| End::Stop),
        }
    }

    /// The next events.
    async fn look(&mut self) -> Result<Vec<Arc<str>>> {
        let Some(after) = self.after else {
            return Ok(Vec::new());
        };
        let news = self.ear.look(after).await?;
        self.after = Some(news.upto);
        self.is_behind = !news.is_end;
        Ok(news.messages.into_iter().map(|message| message.data).collect())
    }
}
