//! Events as they happen, to whoever may hear them: as server-sent events, and over a socket.

mod ear;
mod said;
mod socket;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::extract::State;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::event::EventType;
use crate::domain::event::Stream;
use crate::domain::event::Streams;
use crate::domain::id::EventId;
use crate::domain::refusal::Refusal;
use crate::domain::refusal::Wanting;
use crate::error::Code;
use crate::error::Error;
use crate::error::Result;
use crate::http::api::live::ear::Ear;
use crate::http::api::live::socket::Visitor;
use crate::http::list::Asked;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::http::live;
use crate::http::live::Listening;
use crate::http::session;
use crate::http::session::Shown;
use crate::http::token::Tokens;
use crate::shop::events::Wanted;

/// What is asked of a stream, well formed.
pub struct Listen {
    wanted: Wanted,
    after: Option<EventId>,
}

impl Asks for Listen {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self {
            wanted: Wanted {
                streams: Streams::of(query.one_of("stream", Stream::parse)),
                kind: query.one_of("type", EventType::parse),
            },
            after: query.within("after", 0, i64::MAX).map(EventId),
        }
    }
}

/// Who listens, and what they have shown of themselves: it is looked at again while they do.
pub struct Listener(Actor, Shown);

/// The same, or nobody yet.
pub struct Caller(Option<Listener>, Arc<Tokens>);

impl FromRequestParts<App> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let tokens = parts.extensions.get::<Arc<Tokens>>().cloned();
        let tokens = tokens.ok_or_else(|| Error::internal("nobody can read tokens here"))?;
        let by = session::actor(parts, app).await?;
        let shown = session::shown(parts, app)?;
        let listener = match by.zip(shown) {
            None => None,
            Some((by, shown)) => Some(Listener(let_in(by)?, shown)),
        };
        Ok(Self(listener, tokens))
    }
}

impl FromRequestParts<App> for Listener {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Caller(listener, _) = Caller::from_request_parts(parts, app).await?;
        listener.ok_or(Refusal::NotSignedIn.into())
    }
}

/// Whoever has yet to set up a second factor hears nothing until then (AUT-05).
fn let_in(by: Actor) -> Result<Actor> {
    match by.needs_factor {
        true => Err(Refusal::SecondFactor(Wanting::Enrolment).into()),
        false => Ok(by),
    }
}

/// Events from where the reader says it has come to, or else from now on.
pub async fn stream(
    State(app): State<App>,
    Listener(by, shown): Listener,
    headers: HeaderMap,
    asked: Asked<Listen>,
) -> Result<Response> {
    let Listen { wanted, after } = asked.read(&())?;
    let after = live::seen(&headers)?.or(after);
    let ear = Arc::new(Ear::new(&app, shown, &by, wanted));
    let listening = Listening {
        wakes: app.wakes(),
        pause: std::time::Duration::ZERO,
        place: app.place(&by)?,
        app,
    };
    let after = ear.begin(&by, after).await?;
    Ok(live::stream(listening, after, move |after| {
        let ear = Arc::clone(&ear);
        async move { ear.look(after).await }
    }))
}

/// A socket, for whoever has come with a token or from our own pages, or shows a token in what they say first.
pub async fn open(
    State(app): State<App>,
    Caller(listener, tokens): Caller,
    upgrade: std::result::Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    origin: socket::From,
    asked: Asked<()>,
) -> Result<Response> {
    let upgrade = match (upgrade, &listener) {
        (Ok(upgrade), _) => upgrade,
        (Err(_), None) => return Err(Refusal::NotSignedIn.into()),
        (Err(_), Some(_)) => {
            return Err(Error::Request(
                Code::InvalidInput,
                "This is a WebSocket: come with Upgrade, Sec-WebSocket-Key and Sec-WebSocket-Version 13."
                    .into(),
            ));
        }
    };
    asked.read(&())?;
    let place = match &listener {
        Some(Listener(by, _)) => Some(app.place(by)?),
        None => None,
    };
    let visitor = Visitor {
        app,
        tokens,
        origin: origin.0,
    };
    Ok(upgrade
        .max_message_size(said::LONGEST)
        .max_frame_size(said::LONGEST)
        .on_upgrade(move |socket| visitor.attend(socket, listener.zip(place))))
}
