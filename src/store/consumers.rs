//! Rows of `event_consumers` and `event_leases`.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::consumer::Consumer;
use crate::domain::consumer::Lease;
use crate::domain::consumer::NewConsumer;
use crate::domain::id::ConsumerId;
use crate::domain::id::EventId;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

const SELECT: &str = "SELECT c.id, c.name, c.stream, c.type, c.handed, c.created_at,
  (SELECT count(*) FROM event_leases l WHERE l.consumer_id = c.id) AS leases,
  ifnull((SELECT min(l.after) FROM event_leases l WHERE l.consumer_id = c.id), c.handed) AS cursor
  FROM event_consumers c";

const SELECT_LEASE: &str = "SELECT id, after, upto, expires_at FROM event_leases";

fn from_row(row: &Row) -> rusqlite::Result<Consumer> {
    Ok(Consumer {
        id: row.get("id")?,
        name: row.get("name")?,
        stream: row.get("stream")?,
        kind: row.get("type")?,
        handed: row.get("handed")?,
        cursor: row.get("cursor")?,
        leases: row.get("leases")?,
        created_at: row.get("created_at")?,
    })
}

fn lease_from_row(row: &Row) -> rusqlite::Result<Lease> {
    Ok(Lease {
        id: row.get("id")?,
        after: row.get("after")?,
        upto: row.get("upto")?,
        expires_at: row.get("expires_at")?,
    })
}

/// Every consumer, by name.
pub fn all(db: &Snapshot) -> Result<Vec<Consumer>> {
    db.db()
        .prepare_cached(&format!("{SELECT} ORDER BY c.name"))?
        .query_and_then([], |row| Ok(from_row(row)?))?
        .collect()
}

/// The consumer of this name, if there is one.
pub fn find(db: &Snapshot, name: &str) -> Result<Option<Consumer>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE c.name = :name"))?
        .query_row(named_params! { ":name": name }, from_row)
        .optional()?)
}

/// The consumer, if it has not been deleted.
pub fn get(db: &Snapshot, id: ConsumerId) -> Result<Option<Consumer>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE c.id = :id"))?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?)
}

/// Adds a consumer.
pub fn insert(tx: &Tx, new: &NewConsumer) -> Result<ConsumerId> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO event_consumers (name, stream, type, handed, created_at)
             VALUES (:name, :stream, :type, :after, :now)",
        )?
        .insert(named_params! {
            ":name": new.name,
            ":stream": new.stream,
            ":type": new.kind,
            ":after": new.after,
            ":now": tx.now,
        })?;
    Ok(ConsumerId(id))
}

/// Removes a consumer with its leases.
pub fn delete(tx: &Tx, id: ConsumerId) -> Result<()> {
    for sql in [
        "DELETE FROM event_leases WHERE consumer_id = :id",
        "DELETE FROM event_consumers WHERE id = :id",
    ] {
        tx.db()
            .prepare_cached(sql)?
            .execute(named_params! { ":id": id })?;
    }
    Ok(())
}

/// Says up to where events were given out or passed over.
pub fn hand(tx: &Tx, id: ConsumerId, upto: EventId) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE event_consumers SET handed = :upto WHERE id = :id AND handed < :upto")?
        .execute(named_params! { ":id": id, ":upto": upto })?;
    Ok(())
}

/// The earliest range whose lease has expired.
pub fn expired(db: &Snapshot, id: ConsumerId, now: Timestamp) -> Result<Option<Lease>> {
    Ok(db
        .db()
        .prepare_cached(&format!(
            "{SELECT_LEASE} WHERE consumer_id = :id AND expires_at <= :now ORDER BY after LIMIT 1"
        ))?
        .query_row(named_params! { ":id": id, ":now": now }, lease_from_row)
        .optional()?)
}

/// When the next lease expires.
pub fn next_expiry(db: &Snapshot, id: ConsumerId) -> Result<Option<Timestamp>> {
    Ok(db
        .db()
        .prepare_cached("SELECT min(expires_at) AS next FROM event_leases WHERE consumer_id = :id")?
        .query_row(named_params! { ":id": id }, |row| row.get("next"))?)
}

/// Leases a range.
pub fn lease(
    tx: &Tx,
    id: ConsumerId,
    token: &[u8; 16],
    range: (EventId, EventId),
    until: Timestamp,
) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO event_leases (consumer_id, token, after, upto, expires_at)
             VALUES (:id, :token, :after, :upto, :until)",
        )?
        .execute(named_params! {
            ":id": id,
            ":token": token,
            ":after": range.0,
            ":upto": range.1,
            ":until": until,
        })?;
    Ok(())
}

/// Of an expired range only what is behind `after` is left.
pub fn shorten(tx: &Tx, lease: &Lease, after: EventId) -> Result<()> {
    match after < lease.upto {
        true => tx
            .db()
            .prepare_cached("UPDATE event_leases SET after = :after WHERE id = :id")?
            .execute(named_params! { ":id": lease.id, ":after": after })?,
        false => tx
            .db()
            .prepare_cached("DELETE FROM event_leases WHERE id = :id")?
            .execute(named_params! { ":id": lease.id })?,
    };
    Ok(())
}

/// Ends a lease that has not expired; whether there was one.
pub fn acknowledge(tx: &Tx, id: ConsumerId, token: &[u8]) -> Result<bool> {
    let ended = tx
        .db()
        .prepare_cached(
            "DELETE FROM event_leases WHERE consumer_id = :id AND token = :token AND expires_at > :now",
        )?
        .execute(named_params! { ":id": id, ":token": token, ":now": tx.now })?;
    Ok(ended == 1)
}
