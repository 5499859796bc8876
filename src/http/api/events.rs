//! The feed of events over JSON, with long polls.

use std::time::Duration;

use axum::Json as Reply;
use axum::extract::State;
use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::event::Event;
use crate::domain::event::EventType;
use crate::domain::event::Stream;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::EventId;
use crate::domain::page::Limit;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::extract::Query;
use crate::shop::events;
use crate::shop::events::Wanted;

/// A long poll waits this many seconds at most.
const LONGEST_WAIT: u64 = 30;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListEvents {
    stream: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    after: Option<String>,
    limit: Option<String>,
    wait: Option<String>,
}

/// What is asked of the feed, well formed.
struct Asked {
    wanted: Wanted,
    after: EventId,
    limit: Limit,
    wait: Duration,
}

impl ListEvents {
    fn parse(self) -> Result<Asked> {
        let mut faults = Vec::new();
        let stream = self.stream.and_then(|name| {
            let bad = Bad::input("is none of orders, inventory, payments, customers");
            keep(Stream::parse(&name).ok_or(bad), "stream", &mut faults)
        });
        let kind = self.kind.and_then(|name| {
            let bad = Bad::input("is no type of event");
            keep(EventType::parse(&name).ok_or(bad), "type", &mut faults)
        });
        let after = self.after.and_then(|id| {
            let read = id.parse().ok().filter(|id| *id >= 0);
            keep(read.ok_or(Bad::input("is no event's id")), "after", &mut faults)
        });
        let limit = self
            .limit
            .and_then(|limit| keep(Limit::parse(&limit), "limit", &mut faults));
        let wait = self.wait.and_then(|wait| {
            let read = wait.parse().ok().filter(|seconds| *seconds <= LONGEST_WAIT);
            keep(
                read.ok_or(Bad::input("must be 0 to 30 seconds")),
                "wait",
                &mut faults,
            )
        });
        match faults.is_empty() {
            false => Err(faults.into()),
            true => Ok(Asked {
                wanted: Wanted { stream, kind },
                after: EventId(after.unwrap_or(0)),
                limit: limit.unwrap_or_default(),
                wait: Duration::from_secs(wait.unwrap_or(0)),
            }),
        }
    }
}

fn keep<T>(read: std::result::Result<T, Bad>, field: &str, faults: &mut Vec<Fault>) -> Option<T> {
    read.map_err(|bad| faults.push(bad.at(field))).ok()
}

#[derive(Serialize)]
pub struct Page {
    data: Vec<EventView>,
    next: EventId,
}

#[derive(Serialize)]
struct EventView {
    id: EventId,
    stream: Stream,
    #[serde(rename = "type")]
    kind: EventType,
    created_at: Timestamp,
    data: Box<RawValue>,
}

impl EventView {
    /// With the very bytes that were kept.
    fn new(event: Event) -> Result<Self> {
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
    Query(query): Query<ListEvents>,
) -> Result<Reply<Page>> {
    let asked = query.parse()?;
    let found = wait_for(&app, &by, &asked).await?;
    let next = found.last().map_or(asked.after, |event| event.id);
    let data = found.into_iter().map(EventView::new).collect::<Result<_>>()?;
    Ok(Reply(Page { data, next }))
}

/// Looks; as long as there is nothing and time is left, waits for the next COMMIT and looks again from where the last
/// look ended. Between looks it holds no reader.
async fn wait_for(app: &App, by: &Actor, asked: &Asked) -> Result<Vec<Event>> {
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
