//! The feed of events over JSON, with long polls.

use std::time::Duration;

use axum::Json as Reply;
use axum::extract::State;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::event::Event;
use crate::domain::event::EventType;
use crate::domain::event::Stream;
use crate::domain::event::Streams;
use crate::domain::id::EventId;
use crate::domain::page::Limit;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::list::Asked;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::events;
use crate::shop::events::Wanted;

/// A long poll waits this many seconds at most.
const LONGEST_WAIT: i64 = 30;

/// What is asked of the feed, well formed.
pub struct Feed {
    wanted: Wanted,
    after: EventId,
    limit: Limit,
    wait: Duration,
}

impl Asks for Feed {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self {
            wanted: Wanted {
                streams: Streams::of(query.one_of("stream", Stream::parse)),
                kind: query.one_of("type", EventType::parse),
            },
            after: EventId(query.within("after", 0, i64::MAX).unwrap_or(0)),
            limit: query.limit(),
            wait: Duration::from_secs(query.within("wait", 0, LONGEST_WAIT).unwrap_or(0).unsigned_abs()),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = EventPage)]
pub struct Page {
    data: Vec<EventView>,
    next: EventId,
}

#[derive(Serialize, ToSchema)]
pub struct EventView {
    id: EventId,
    stream: Stream,
    #[serde(rename = "type")]
    kind: EventType,
    created_at: Timestamp,
    #[schema(value_type = Object)]
    data: Box<RawValue>,
}

impl EventView {
    /// With the very bytes that were kept.
    pub fn new(event: Event) -> Result<Self> {
        Ok(Self {
            id: event.id,
            stream: event.kind.stream(),
            kind: event.kind,
            created_at: event.at,
            data: RawValue::from_string(event.data).map_err(|cause| Error::Internal(cause.into()))?,
        })
    }
}

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<Feed>,
) -> Result<Reply<Page>> {
    let asked = asked.read(&())?;
    let found = wait_for(&app, &by, &asked).await?;
    let next = found.last().map_or(asked.after, |event| event.id);
    let data = found.into_iter().map(EventView::new).collect::<Result<_>>()?;
    Ok(Reply(Page { data, next }))
}

/// Looks; as long as there is nothing and time is left, waits for the next COMMIT and looks again from where the last
/// look ended. Between looks it holds no reader.
async fn wait_for(app: &App, by: &Actor, asked: &Feed) -> Result<Vec<Event>> {
    let mut commits = app.commits();
    let mut after = asked.after;
    let time_up = tokio::time::sleep(asked.wait);
    tokio::pin!(time_up);
    loop {
        commits.borrow_and_update();
        let (by, wanted, limit) = (by.clone(), asked.wanted, asked.limit.rows());
        let found = app
            .read(move |db| events::list(db, &by, wanted, after, limit))
            .await?;
        after = found.upto;
        match (found.events.is_empty(), found.is_end) {
            (false, _) => return Ok(found.events),
            (true, false) => continue,
            (true, true) => {}
        }
        tokio::select! {
            changed = commits.changed() => if changed.is_err() { return Ok(Vec::new()) },
            () = &mut time_up => return Ok(Vec::new()),
        }
    }
}
