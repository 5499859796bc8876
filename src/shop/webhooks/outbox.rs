//! The outbox: events become deliveries, above a mark per endpoint that moves in the transaction that inserts them. On
//! nobody's behalf, because it tells nothing that the events do not say; each call does a little and may be made again at
//! any time.

use crate::domain::id::DeliveryId;
use crate::domain::id::EventId;
use crate::domain::time::Timestamp;
use crate::domain::webhook;
use crate::domain::webhook::DeliveryStatus;
use crate::domain::webhook::Endpoint;
use crate::domain::webhook::EndpointState;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::store;
use crate::store::deliveries::Replay;

/// A job inserts at most so many deliveries: some milliseconds.
const MOST_INSERTED: usize = 300;
/// Events that one job looks at for one endpoint at most.
const MOST_LOOKED_AT: usize = 2_000;
/// Unfinished deliveries are counted up to here: some milliseconds.
const MOST_PENDING: i64 = 100_000;

/// How much is to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Pending {
    /// Deliveries that have not come to their end, and events that some endpoint's are still to be made of.
    pub count: i64,
    /// For how long the oldest has waited, in milliseconds; 0 where nothing waits.
    pub oldest_ms: i64,
}

/// How much is to be sent at this moment, counted up to 100,000. On nobody's behalf: a figure for a monitor.
pub fn pending(db: &Snapshot, now: Timestamp) -> Result<Pending> {
    let (unfinished, delivery) = store::deliveries::unfinished(db, MOST_PENDING)?;
    let newest = store::events::newest(db)?.0;
    let listening = store::endpoints::all(db)?;
    let marks = listening
        .iter()
        .filter(|one| is_listening(one))
        .map(|one| one.mark);
    let mark = marks.min().unwrap_or(newest);
    let first = store::events::heads(db, EventId(mark), 1)?;
    let oldest = [delivery.map(DeliveryId::event), first.first().map(|(id, ..)| *id)];
    let oldest = oldest.into_iter().flatten().min();
    let oldest = oldest.map(|event| store::events::at(db, event)).transpose()?;
    Ok(Pending {
        count: unfinished + newest - mark,
        oldest_ms: oldest.flatten().map_or(0, |at| now.ms() - at.ms()),
    })
}

/// Whether events wait to be derived from, something is to be sent again, or given up.
pub fn is_behind(db: &Snapshot) -> Result<bool> {
    let newest = store::events::newest(db)?.0;
    if store::deliveries::first_replay(db)?.is_some() {
        return Ok(true);
    }
    let listening = store::endpoints::all(db)?;
    if listening
        .iter()
        .any(|endpoint| is_listening(endpoint) && endpoint.mark < newest)
    {
        return Ok(true);
    }
    for id in store::endpoints::off(db)? {
        if store::deliveries::has_unfinished(db, id)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Derives some of what is missing, sends some of it again, gives some of it up.
pub fn catch_up(tx: &Tx) -> Result<()> {
    let mut room = MOST_INSERTED;
    for endpoint in store::endpoints::all(tx)?.iter().filter(|one| is_listening(one)) {
        fan_out(tx, endpoint, &mut room)?;
    }
    if let Some(replay) = store::deliveries::first_replay(tx)? {
        send_again(tx, &replay, room)?;
    }
    for id in store::endpoints::off(tx)? {
        room -= store::deliveries::bury(tx, id, room)?;
    }
    Ok(())
}

fn is_listening(endpoint: &Endpoint) -> bool {
    endpoint.state != EndpointState::Off
}

/// What an endpoint has not been told of goes into its lanes.
fn fan_out(tx: &Tx, endpoint: &Endpoint, room: &mut usize) -> Result<()> {
    let mut mark = None;
    for (event, kind, subject) in store::events::heads(tx, EventId(endpoint.mark), MOST_LOOKED_AT)? {
        if *room == 0 {
            break;
        }
        if let Some(kind) = kind.filter(|kind| endpoint.filter.takes(*kind)) {
            let delivery = DeliveryId::of(event, endpoint.id);
            store::deliveries::insert(tx, delivery, webhook::lane(kind, subject))?;
            *room -= 1;
        }
        mark = Some(event);
    }
    match mark {
        Some(mark) => store::endpoints::set_mark(tx, endpoint.id, mark),
        None => Ok(()),
    }
}

/// Some of what was asked to be sent again, oldest first.
fn send_again(tx: &Tx, replay: &Replay, room: usize) -> Result<()> {
    let endpoint = store::endpoints::get(tx, replay.endpoint)?;
    if !is_listening(&endpoint) {
        return store::deliveries::move_replay(tx, replay, replay.last);
    }
    let mut upto = replay.upto;
    let heads = store::events::heads(tx, replay.upto, room.max(1))?;
    let is_end = heads.is_empty();
    for (event, kind, subject) in heads.into_iter().filter(|(event, ..)| *event <= replay.last) {
        if let Some(kind) = kind.filter(|kind| endpoint.filter.takes(*kind)) {
            let lane = webhook::lane(kind, subject);
            one_again(tx, DeliveryId::of(event, endpoint.id), lane, replay.is_whole)?;
        }
        upto = event;
    }
    let is_end = is_end || upto == replay.upto;
    store::deliveries::move_replay(tx, replay, if is_end { replay.last } else { upto })
}

fn one_again(tx: &Tx, id: DeliveryId, lane: i64, is_whole: bool) -> Result<()> {
    match store::deliveries::find(tx, id)?.map(|delivery| delivery.status) {
        None => {
            store::deliveries::insert(tx, id, lane)?;
            store::deliveries::arrange(tx, id.endpoint(), lane)
        }
        Some(DeliveryStatus::Dead) => store::deliveries::renew(tx, id, lane),
        Some(DeliveryStatus::Delivered) if is_whole => store::deliveries::renew(tx, id, lane),
        Some(_) => Ok(()),
    }
}
