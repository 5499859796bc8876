//! Rows of `webhook_endpoints`. Their secrets stand sealed, and are read by nobody but who signs.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::id::EndpointId;
use crate::domain::id::EventId;
use crate::domain::time::Timestamp;
use crate::domain::webhook::Breaker;
use crate::domain::webhook::Endpoint;
use crate::domain::webhook::EndpointState;
use crate::domain::webhook::Filter;
use crate::domain::webhook::HOURS;
use crate::domain::webhook::NewEndpoint;
use crate::domain::webhook::OffReason;
use crate::domain::webhook::Tally;
use crate::domain::webhook::hour;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

const SELECT: &str =
    "SELECT id, version, url, description, events, state, off_reason, former_until, mark, recent, open_until,
  failing_since, created_at, updated_at, deleted_at
  FROM webhook_endpoints";

fn from_row(row: &Row) -> rusqlite::Result<Endpoint> {
    let events: String = row.get("events")?;
    let recent: String = row.get("recent")?;
    Ok(Endpoint {
        id: row.get("id")?,
        version: row.get("version")?,
        url: row.get("url")?,
        description: row.get("description")?,
        filter: Filter::read(&events),
        state: row.get("state")?,
        off_reason: row.get("off_reason")?,
        former_until: row.get("former_until")?,
        mark: row.get("mark")?,
        breaker: Breaker::read(&recent, row.get("open_until")?),
        failing_since: row.get("failing_since")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        deleted_at: row.get("deleted_at")?,
    })
}

/// The endpoint, also one that was deleted; it must exist.
pub fn get(db: &Snapshot, id: EndpointId) -> Result<Endpoint> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE id = :id"))?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?
        .ok_or(Error::NotFound("endpoint"))
}

/// The endpoints that have not been deleted, in the order in which they were made.
pub fn all(db: &Snapshot) -> Result<Vec<Endpoint>> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE deleted_at IS NULL ORDER BY id"))?
        .query_and_then([], |row| Ok(from_row(row)?))?
        .collect()
}

/// Those that were turned off or deleted.
pub fn off(db: &Snapshot) -> Result<Vec<EndpointId>> {
    db.db()
        .prepare_cached("SELECT id FROM webhook_endpoints WHERE state = 2 ORDER BY id")?
        .query_and_then([], |row| Ok(row.get("id")?))?
        .collect()
}

/// Those that the shop itself has turned off, and that nobody has looked after since.
pub fn silenced(db: &Snapshot) -> Result<Vec<EndpointId>> {
    db.db()
        .prepare_cached(
            "SELECT id FROM webhook_endpoints
             WHERE state = 2 AND off_reason IN (1, 2) AND deleted_at IS NULL
             ORDER BY id",
        )?
        .query_and_then([], |row| Ok(row.get("id")?))?
        .collect()
}

/// How many there have ever been.
pub fn ever(db: &Snapshot) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached("SELECT ifnull(max(id), 0) AS ever FROM webhook_endpoints")?
        .query_row([], |row| row.get("ever"))?)
}

/// The secret and the one before it, sealed, with the moment until which that signs.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// The secret.
    pub current: Vec<u8>,
    /// The one before.
    pub former: Option<Vec<u8>>,
    /// Until when.
    pub former_until: Option<Timestamp>,
}

/// What an endpoint's messages are signed with.
pub fn sealed(db: &Snapshot, id: EndpointId) -> Result<Sealed> {
    Ok(db
        .db()
        .prepare_cached("SELECT secret, former_secret, former_until FROM webhook_endpoints WHERE id = :id")?
        .query_row(named_params! { ":id": id }, |row| {
            Ok(Sealed {
                current: row.get("secret")?,
                former: row.get("former_secret")?,
                former_until: row.get("former_until")?,
            })
        })?)
}

/// Keeps a new endpoint that is told of what comes behind `mark`. `seal` is told its id and gives the sealed secret.
pub fn insert(
    tx: &Tx,
    new: &NewEndpoint,
    mark: EventId,
    seal: impl FnOnce(EndpointId) -> Result<Vec<u8>>,
) -> Result<EndpointId> {
    let id = EndpointId(ever(tx)? + 1);
    let (state, reason) = state_of(new.is_enabled);
    tx.db()
        .prepare_cached(
            "INSERT INTO webhook_endpoints (id, url, description, events, state, off_reason, secret, mark, created_at,
               updated_at)
             VALUES (:id, :url, :description, :events, :state, :reason, :secret, :mark, :now, :now)",
        )?
        .execute(named_params! {
            ":id": id,
            ":url": new.url,
            ":description": new.description,
            ":events": new.filter.to_string(),
            ":state": state,
            ":reason": reason,
            ":secret": seal(id)?,
            ":mark": mark,
            ":now": tx.now,
        })?;
    Ok(id)
}

/// The state of one that is turned on or off by hand.
pub const fn state_of(is_enabled: bool) -> (EndpointState, Option<OffReason>) {
    match is_enabled {
        true => (EndpointState::On, None),
        false => (EndpointState::Off, Some(OffReason::ByHand)),
    }
}

/// Changes what people decide of it.
pub fn update(tx: &Tx, endpoint: &Endpoint) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE webhook_endpoints
             SET version = version + 1, url = :url, description = :description, events = :events, updated_at = :now
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": endpoint.id,
            ":url": endpoint.url,
            ":description": endpoint.description,
            ":events": endpoint.filter.to_string(),
            ":now": tx.now,
        })?;
    Ok(())
}

/// Turns it on, off, or lets it pause; with a clean slate where it goes on.
pub fn set_state(
    tx: &Tx,
    id: EndpointId,
    (state, reason): (EndpointState, Option<OffReason>),
    mark: Option<EventId>,
) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE webhook_endpoints
             SET version = version + 1, state = :state, off_reason = :reason, mark = ifnull(:mark, mark),
               recent = iif(:state = 0, '', recent), open_until = iif(:state = 0, NULL, open_until),
               failing_since = iif(:state = 0, NULL, failing_since), updated_at = :now
             WHERE id = :id",
        )?
        .execute(
            named_params! { ":id": id, ":state": state, ":reason": reason, ":mark": mark, ":now": tx.now },
        )?;
    Ok(())
}

/// Deletes it; its deliveries stay to be looked at.
pub fn delete(tx: &Tx, id: EndpointId) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE webhook_endpoints
             SET version = version + 1, state = 2, off_reason = :reason, deleted_at = :now, updated_at = :now
             WHERE id = :id",
        )?
        .execute(named_params! { ":id": id, ":reason": OffReason::Deleted, ":now": tx.now })?;
    Ok(())
}

/// Puts a new secret in the place of the one that signs, and that in the place of the former.
pub fn rotate(tx: &Tx, id: EndpointId, secret: &[u8], former: &[u8], until: Timestamp) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE webhook_endpoints
             SET version = version + 1, secret = :secret, former_secret = :former, former_until = :until,
               updated_at = :now
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": id, ":secret": secret, ":former": former, ":until": until, ":now": tx.now,
        })?;
    Ok(())
}

/// Notes the last event that was looked at for it.
pub fn set_mark(tx: &Tx, id: EndpointId, mark: EventId) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE webhook_endpoints SET mark = :mark WHERE id = :id")?
        .execute(named_params! { ":id": id, ":mark": mark })?;
    Ok(())
}

/// Notes how it fares.
pub fn set_health(
    tx: &Tx,
    id: EndpointId,
    breaker: &Breaker,
    failing_since: Option<Timestamp>,
) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE webhook_endpoints
             SET recent = :recent, open_until = :open, failing_since = :since
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": id, ":recent": breaker.to_string(), ":open": breaker.open_until, ":since": failing_since,
        })?;
    Ok(())
}

/// Counts attempts of this hour, and forgets those of hours that nobody is shown any more.
pub fn tally(tx: &Tx, id: EndpointId, tally: Tally) -> Result<()> {
    let now = hour(tx.now);
    tx.db()
        .prepare_cached("DELETE FROM delivery_hours WHERE endpoint_id = :id AND hour <= :hour")?
        .execute(named_params! { ":id": id, ":hour": now - HOURS as i64 })?;
    tx.db()
        .prepare_cached(
            "INSERT INTO delivery_hours (endpoint_id, hour, taken, failed) VALUES (:id, :hour, :taken, :failed)
             ON CONFLICT DO UPDATE SET taken = taken + excluded.taken, failed = failed + excluded.failed",
        )?
        .execute(named_params! {
            ":id": id, ":hour": now, ":taken": tally.delivered, ":failed": tally.failed,
        })?;
    Ok(())
}

/// What came of the attempts of the last hours, this one the last.
pub fn tallies(db: &Snapshot, id: EndpointId, now: Timestamp) -> Result<[Tally; HOURS]> {
    let first = hour(now) - HOURS as i64 + 1;
    let mut tallies = [Tally::default(); HOURS];
    let mut statement = db.db().prepare_cached(
        "SELECT hour, taken, failed FROM delivery_hours WHERE endpoint_id = :id AND hour >= :first",
    )?;
    let mut rows = statement.query(named_params! { ":id": id, ":first": first })?;
    while let Some(row) = rows.next()? {
        let at = usize::try_from(row.get::<_, i64>("hour")? - first).ok();
        // Clocks may have been set: what lies ahead is not shown.
        if let Some(tally) = at.and_then(|at| tallies.get_mut(at)) {
            (tally.delivered, tally.failed) = (row.get("taken")?, row.get("failed")?);
        }
    }
    Ok(tallies)
}
