//! Whoever listens: what they may hear is asked anew at each look, so that a session that ends, or a right that is
//! taken, ends what is heard by it.

use std::sync::Arc;

use crate::app::App;
use crate::app::Told;
use crate::domain::actor::Actor;
use crate::domain::actor::Origin;
use crate::domain::event::Event;
use crate::domain::id::EventId;
use crate::error::Result;
use crate::http::api::live::let_in;
use crate::http::live::Message;
use crate::http::live::News;
use crate::http::session::Shown;
use crate::shop::events::Wanted;
use crate::shop::live;

/// So many events are told at once.
const MOST: usize = 64;

/// A listener.
pub struct Ear {
    app: App,
    shown: Shown,
    origin: Origin,
    /// What they want to hear.
    pub wanted: Wanted,
}

impl Ear {
    /// Of whoever has shown this.
    pub fn new(app: &App, shown: Shown, by: &Actor, wanted: Wanted) -> Self {
        Self {
            app: app.clone(),
            shown,
            origin: by.origin.clone(),
            wanted,
        }
    }

    /// Who it is now. Refused with what a new request would be refused with.
    pub async fn stands(&self) -> Result<Actor> {
        let_in(self.shown.stands(&self.app, self.origin.clone()).await?)
    }

    /// Where the listening begins: at a place that was told, or at the end of the feed.
    pub async fn begin(&self, by: &Actor, after: Option<EventId>) -> Result<EventId> {
        let (by, wanted) = (by.clone(), self.wanted);
        self.app.read(move |db| live::begin(db, &by, wanted, after)).await
    }

    /// What is new behind a place.
    pub async fn look(&self, after: EventId) -> Result<News> {
        let by = self.stands().await?;
        let (wanted, reach) = (self.wanted, live::reach(&by, self.wanted)?);
        let takes = |told: &Told| wanted.takes(told.kind) && reach.covers(told.kind, told.owner);
        if let Some(piece) = self.app.kept_since(after, MOST, takes) {
            return Ok(News {
                messages: piece.told.iter().map(|told| kept(told)).collect(),
                upto: piece.upto,
                is_end: piece.is_end,
            });
        }
        let found = self.app.missed(wanted, &by, after, MOST).await?;
        Ok(News {
            messages: found.events.iter().map(read).collect(),
            upto: found.upto,
            is_end: found.is_end,
        })
    }
}

fn kept(told: &Told) -> Message {
    Message {
        id: told.id,
        kind: told.kind.name(),
        data: Arc::clone(&told.json),
    }
}

fn read(event: &Event) -> Message {
    Message {
        id: event.id,
        kind: event.kind.name(),
        data: event.told().into(),
    }
}
