//! Consumers: readers of the events whose place the shop keeps. What one is given is leased to it: acknowledged in time it
//! is done, else it is given out again. Each event comes at least once, and never to two at once.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::consumer::Consumer;
use crate::domain::consumer::Lease;
use crate::domain::consumer::MOST_CONSUMERS;
use crate::domain::consumer::MOST_LEASES;
use crate::domain::consumer::NewConsumer;
use crate::domain::event::Event;
use crate::domain::event::Streams;
use crate::domain::id::ConsumerId;
use crate::domain::id::EventId;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::events;
use crate::shop::events::Wanted;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::store;

/// So many events that are not wanted are passed over without writing it down.
const MOST_UNWRITTEN: i64 = 10_000;

/// What was given out.
#[derive(Debug, Clone)]
pub struct Given {
    /// The events, oldest first.
    pub events: Vec<Event>,
    /// What acknowledges them.
    pub lease: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// What a look has found for a consumer.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    /// Whether to read is worth it.
    pub is_due: bool,
    /// When a lease expires that is out.
    pub next_expiry: Option<Timestamp>,
}

/// Every consumer, by name.
pub fn list(db: &Snapshot, by: &Actor) -> Result<Vec<Consumer>> {
    by.require(Permission::EventsConsume)?;
    store::consumers::all(db)
}

fn named(db: &Snapshot, name: &str) -> Result<Consumer> {
    store::consumers::find(db, name)?.ok_or(Error::NotFound("consumer"))
}

/// The consumer, to read. Refused with `Swept` if some of what it has not acknowledged is no longer kept: it must be made
/// anew.
fn reading(db: &Snapshot, name: &str) -> Result<Consumer> {
    let consumer = named(db, name)?;
    let upto = store::events::swept(db)?;
    match consumer.cursor < upto {
        true => Err(Refusal::Swept { upto }.into()),
        false => Ok(consumer),
    }
}

/// Lets consumers pass over the events behind one and up to another, which are about to be swept, where they want none of
/// them. The others stay where they are, and are told so when they read.
pub(super) fn let_pass(tx: &Tx, (swept, upto): (EventId, EventId)) -> Result<()> {
    for consumer in store::consumers::all(tx)? {
        let handed = consumer.handed;
        if consumer.leases > 0 || handed < swept || handed >= upto {
            continue;
        }
        let (wanted, most) = (wanted(&consumer), (upto.0 - handed.0).unsigned_abs() as usize);
        let (found, _) = store::events::walk(tx, handed, 1, most, |kind| wanted.takes(kind))?;
        if found.first().is_none_or(|event| event.id > upto) {
            store::consumers::hand(tx, consumer.id, upto)?;
        }
    }
    Ok(())
}

/// Makes a consumer; one behind 0 begins with the oldest event that is kept.
///
/// Refused with `Taken` if there is one of this name, with `Swept` if some of what it would read is no longer kept.
pub fn create(tx: &Tx, by: &Actor, key: Option<&Key>, new: &NewConsumer) -> Result<Once<Consumer>> {
    by.require(Permission::EventsConsume)?;
    let show = |id| store::consumers::get(tx, id)?.ok_or(Error::NotFound("consumer"));
    once(
        tx,
        key,
        Made::Consumer,
        |id| show(ConsumerId(id)),
        || {
            if store::consumers::find(tx, &new.name)?.is_some() {
                return Err(Refusal::Taken("name").into());
            }
            if store::consumers::all(tx)?.len() >= MOST_CONSUMERS {
                return Err(Refusal::NotAllowed("There are 100 consumers: delete one first.".into()).into());
            }
            events::require_kept(tx, new.after)?;
            let after = new.after.max(store::events::swept(tx)?);
            let id = store::consumers::insert(tx, &NewConsumer { after, ..new.clone() })?;
            note(tx, by, Action::ConsumerCreated, id, &new.name)?;
            Ok((id.0, show(id)?))
        },
    )
}

/// Deletes a consumer: its place is forgotten, and what is leased cannot be acknowledged any more.
pub fn delete(tx: &Tx, by: &Actor, name: &str) -> Result<()> {
    by.require(Permission::EventsConsume)?;
    let consumer = named(tx, name)?;
    store::consumers::delete(tx, consumer.id)?;
    note(tx, by, Action::ConsumerDeleted, consumer.id, name)
}

fn note(tx: &Tx, by: &Actor, action: Action, id: ConsumerId, name: &str) -> Result<()> {
    let content = serde_json::json!({ "name": name }).to_string();
    let target = (Target::Consumer, Some(id.0));
    audit::note(tx, by, action, target, None, Some(&content))
}

fn wanted(consumer: &Consumer) -> Wanted {
    Wanted {
        streams: Streams::of(consumer.stream),
        kind: consumer.kind,
    }
}

/// Whether there is something for a consumer at this moment.
pub fn look(db: &Snapshot, by: &Actor, name: &str, now: Timestamp) -> Result<Waiting> {
    by.require(Permission::EventsConsume)?;
    let consumer = reading(db, name)?;
    let next_expiry = store::consumers::next_expiry(db, consumer.id)?;
    let is_due = match next_expiry.is_some_and(|at| at <= now) {
        true => true,
        false => {
            let found = events::behind(db, wanted(&consumer), consumer.handed, 1)?;
            let passed = found.upto.0 - consumer.handed.0;
            !found.events.is_empty() || !found.is_end || passed > MOST_UNWRITTEN
        }
    };
    Ok(Waiting { is_due, next_expiry })
}

/// Gives out the next events: first what was given out and not acknowledged in time. Nothing where there is nothing, or
/// where a look passed over what is not wanted.
///
/// Refused with `NotAllowed` while a thousand leases are out, with `Swept` if some of what it has not acknowledged is no
/// longer kept.
pub fn read(tx: &Tx, by: &Actor, name: &str, limit: usize, life: i64) -> Result<Option<Given>> {
    by.require(Permission::EventsConsume)?;
    let consumer = reading(tx, name)?;
    while let Some(lapsed) = store::consumers::expired(tx, consumer.id, tx.now)? {
        if let Some(given) = again(tx, &consumer, &lapsed, limit, life)? {
            return Ok(Some(given));
        }
    }
    if consumer.leases >= MOST_LEASES {
        let words = "A thousand leases are out: acknowledge some, or wait until they expire.";
        return Err(Refusal::NotAllowed(words.into()).into());
    }
    let found = events::behind(tx, wanted(&consumer), consumer.handed, limit)?;
    let upto = found.events.last().map_or(found.upto, |event| event.id);
    store::consumers::hand(tx, consumer.id, upto)?;
    give(tx, &consumer, consumer.handed, found.events, life)
}

/// Gives out a range again, or its first part. What is no longer there is done.
fn again(tx: &Tx, consumer: &Consumer, lapsed: &Lease, limit: usize, life: i64) -> Result<Option<Given>> {
    let found = events::behind(tx, wanted(consumer), lapsed.after, limit)?;
    let mut events = found.events;
    events.retain(|event| event.id <= lapsed.upto);
    let upto = match events.last() {
        Some(last) if events.len() == limit => last.id,
        _ => found.upto.min(lapsed.upto),
    };
    store::consumers::shorten(tx, lapsed, upto)?;
    give(tx, consumer, lapsed.after, events, life)
}

fn give(
    tx: &Tx,
    consumer: &Consumer,
    after: EventId,
    events: Vec<Event>,
    life: i64,
) -> Result<Option<Given>> {
    let Some(last) = events.last() else {
        return Ok(None);
    };
    let token: [u8; 16] = secret::random()?;
    let expires_at = tx.now.plus_ms(life);
    store::consumers::lease(tx, consumer.id, &token, (after, last.id), expires_at)?;
    Ok(Some(Given {
        events,
        lease: secret::to_text(&token),
        expires_at,
    }))
}

/// Acknowledges what was leased. Refused with `NotAllowed` if the lease is unknown or has expired: somebody else may have
/// it by now.
pub fn acknowledge(tx: &Tx, by: &Actor, name: &str, lease: &str) -> Result<()> {
    by.require(Permission::EventsConsume)?;
    let consumer = named(tx, name)?;
    let token = secret::from_text(lease).unwrap_or_default();
    match store::consumers::acknowledge(tx, consumer.id, &token)? {
        true => Ok(()),
        false => Err(Refusal::NotAllowed("This lease is unknown, or has expired.".into()).into()),
    }
}
