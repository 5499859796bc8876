//! Telling the world: an event in the transaction it tells of, and the feed of them.

use crate::domain::actor::Actor;
use crate::domain::event::Event;
use crate::domain::event::EventType;
use crate::domain::event::Streams;
use crate::domain::fitted::fitted;
use crate::domain::id::EventId;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::consumers;
use crate::store;

/// An event that was just written, for the audit row beside it.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its place in the feed.
    pub id: EventId,
    /// What every reader gets.
    pub data: String,
}

impl Told {
    /// As the audit takes it.
    pub fn for_audit(&self) -> Option<(EventId, &str)> {
        Some((self.id, &self.data))
    }
}

/// An event of an order of three lines fits, so that it does not grow step by step while others wait for the writer.
const USUAL_BYTES: usize = 2048;

/// Writes an event about `subject`; `seq` counts the events of that subject. What would be too long loses the ends of its
/// lists, and says so.
pub fn emit<T: serde::Serialize>(tx: &Tx, kind: EventType, subject: i64, seq: i64, data: &T) -> Result<Told> {
    let mut json = Vec::with_capacity(USUAL_BYTES);
    serde_json::to_writer(&mut json, data).map_err(|cause| Error::Internal(cause.into()))?;
    let data = fitted(String::from_utf8(json).map_err(|cause| Error::Internal(cause.into()))?);
    let id = store::events::push(tx, kind, subject, seq, &data)?;
    Ok(Told { id, data })
}

/// Rows that one look at the feed passes over at most.
const MOST_LOOKED_AT: usize = 50_000;
/// One job sweeps so many events at most.
const MOST_SWEPT: i64 = 500;

/// Which events are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Those of some streams.
    pub streams: Streams,
    /// Those of one type.
    pub kind: Option<EventType>,
}

impl Wanted {
    /// Whether an event of this type is asked for.
    pub fn takes(self, kind: EventType) -> bool {
        kind.is_told() && self.kind.is_none_or(|wanted| wanted == kind) && self.streams.carry(kind)
    }

    fn kinds(self) -> Vec<EventType> {
        let all = EventType::ALL.iter().copied();
        all.filter(|kind| self.takes(*kind)).collect()
    }
}

/// What a look at the feed found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The events, oldest first.
    pub events: Vec<Event>,
    /// Where the next look begins, so that nothing is looked at twice.
    pub upto: EventId,
    /// Whether the look came to the end of the feed.
    pub is_end: bool,
}

/// The wanted events behind `after`, oldest first; behind 0 they begin with the oldest that is kept. One look passes over
/// 50,000 rows at most: an empty one that is not at the end goes on from `upto`.
///
/// Refused with `Swept` where some of what lies behind `after` is no longer kept.
pub fn list(db: &Snapshot, by: &Actor, wanted: Wanted, after: EventId, limit: usize) -> Result<Found> {
    by.require(Permission::EventsRead)?;
    require_kept(db, after)?;
    behind(db, wanted, after, limit)
}

/// Refused with `Swept` if something behind a reader's place is no longer kept. Whoever has no place yet stands at 0.
pub(super) fn require_kept(db: &Snapshot, place: EventId) -> Result<()> {
    let upto = store::events::swept(db)?;
    match place.0 > 0 && place < upto {
        true => Err(Refusal::Swept { upto }.into()),
        false => Ok(()),
    }
}

/// The same for whoever may.
pub(super) fn behind(db: &Snapshot, wanted: Wanted, after: EventId, limit: usize) -> Result<Found> {
    let newest = store::events::newest(db)?;
    let kinds = wanted.kinds();
    if kinds.contains(&EventType::OrderCreated) {
        let (events, upto) =
            store::events::walk(db, after, limit, MOST_LOOKED_AT, |kind| wanted.takes(kind))?;
        return Ok(Found {
            events,
            upto,
            is_end: upto >= newest,
        });
    }
    let (events, more) = store::events::rare(db, &kinds, after, limit)?;
    Ok(Found {
        events,
        upto: more.unwrap_or(newest.max(after)),
        is_end: more.is_none(),
    })
}

/// One event. Refused with `Deleted` if it has been swept.
pub fn show(db: &Snapshot, by: &Actor, id: EventId) -> Result<Event> {
    by.require(Permission::EventsRead)?;
    let found = store::events::find(db, id)?;
    if found.is_none() && id.0 > 0 && id <= store::events::swept(db)? {
        return Err(Error::Deleted("event"));
    }
    found
        .filter(|event| event.kind.is_told())
        .ok_or(Error::NotFound("event"))
}

/// The first and the last event of the feed that can be read.
pub fn ends(db: &Snapshot, by: &Actor) -> Result<Option<(Event, Event)>> {
    by.require(Permission::EventsRead)?;
    let (mut first, _) = store::events::walk(db, EventId(0), 1, MOST_LOOKED_AT, |_| true)?;
    let end = EventId(i64::MAX);
    let (mut last, _) = store::events::walk_back(db, end, 1, MOST_LOOKED_AT, |_| true)?;
    Ok(first.pop().zip(last.pop()))
}

/// A look from the newest event back.
#[derive(Debug, Clone)]
pub struct Latest {
    /// The events, newest first.
    pub events: Vec<Event>,
    /// Before which event the next look begins; none at the beginning of the feed.
    pub next: Option<EventId>,
}

/// The wanted events before `below` (or the newest), newest first. One look passes over 50,000 rows at most, so that it
/// may be short and still have a next.
pub fn latest(
    db: &Snapshot,
    by: &Actor,
    wanted: Wanted,
    below: Option<EventId>,
    limit: usize,
) -> Result<Latest> {
    by.require(Permission::EventsRead)?;
    let below = below.unwrap_or(EventId(i64::MAX));
    let kinds = wanted.kinds();
    let (mut events, more) = match kinds.contains(&EventType::OrderCreated) {
        true => {
            let takes = |kind| wanted.takes(kind);
            let (events, last) = store::events::walk_back(db, below, limit + 1, MOST_LOOKED_AT, takes)?;
            (events, Some(last).filter(|last| last.0 > 1 && *last < below))
        }
        false => store::events::rare_back(db, &kinds, below, limit + 1)?,
    };
    let is_more = events.len() > limit;
    events.truncate(limit);
    let next = match (is_more, events.last()) {
        (true, Some(event)) => Some(event.id),
        // The look ended before the feed did, or passed over what cannot be read.
        _ => more,
    };
    Ok(Latest { events, next })
}

/// The last event of what happened before a moment that may be swept; none if nothing may. What the shop itself has not
/// seen yet stays, and so does what the audit holds: it proves what was told by the event's own bytes.
pub(super) fn over(db: &Snapshot, before: Timestamp) -> Result<Option<EventId>> {
    let before = match store::audit::begins_at(db)? {
        Some(audited) => before.min(audited),
        None => before,
    };
    let upto = store::events::last_before(db, before)?.min(store::events::seen_by_all(db)?);
    Ok((upto > store::events::swept(db)?).then_some(upto))
}

/// Forgets some of what happened before a moment, with what was sent of it.
pub(super) fn sweep(tx: &Tx, before: Timestamp) -> Result<()> {
    let Some(last) = over(tx, before)? else {
        return Ok(());
    };
    let swept = store::events::swept(tx)?;
    let upto = last.min(EventId(swept.0 + MOST_SWEPT));
    consumers::let_pass(tx, (swept, upto))?;
    store::deliveries::sweep_events(tx, upto)?;
    store::events::sweep(tx, upto)
}
