//! Rows of `inbox`: what providers tell, as it came.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use rusqlite::params;

use crate::domain::id::InboxId;
use crate::domain::id::PaymentId;
use crate::domain::inbox::InboxState;
use crate::domain::inbox::Message;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::payment::Provider;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::legible;
use crate::store::legible::Legible;
use crate::store::newest::Newest;

const SELECT: &str =
    "SELECT id, provider, event_id, kind, body, length(body) AS size, state, attempts, received_at, due_at, processed_at,
  payment_id, failure
  FROM inbox";
/// A body may be a mebibyte, and a page of them has two hundred: of each as much as is shown.
const LISTED: &str =
    "SELECT id, provider, event_id, kind, substr(body, 1, 16384) AS body, length(body) AS size, state, attempts, received_at,
  due_at, processed_at, payment_id, failure
  FROM inbox";

fn from_row(row: &Row) -> rusqlite::Result<Message> {
    Ok(Message {
        id: row.get("id")?,
        provider: row.get("provider")?,
        event_id: legible::text(row, "event_id")?,
        kind: legible::text(row, "kind")?,
        body: row.get("body")?,
        size: row.get("size")?,
        state: row.get("state")?,
        attempts: row.get("attempts")?,
        received_at: row.get("received_at")?,
        due_at: row.get("due_at")?,
        processed_at: row.get("processed_at")?,
        payment: row.get("payment_id")?,
        failure: row.get("failure")?,
    })
}

/// What is to be applied, by when. Named, because SQLite would rather go over all that is in those states.
const DUE: &str = "INDEXED BY inbox_due WHERE state IN (0, 2)";

/// Adds a message, once; whether it is new. (By position: thousands a second.)
pub fn insert(tx: &Tx, provider: Provider, event_id: &str, kind: &str, body: &[u8]) -> Result<bool> {
    let added = tx
        .db()
        .prepare_cached(
            "INSERT INTO inbox (provider, event_id, kind, body, state, received_at, due_at)
             VALUES (?1, ?2, ?3, ?4, 0, ?5, ?5)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![provider, event_id, kind, body, tx.now])?;
    Ok(added == 1)
}

/// The messages that are due, those that have waited longest first; of one that cannot be read its id, and why.
pub fn due(db: &Snapshot, now: Timestamp, most: i64) -> Result<Vec<Legible<InboxId, Message>>> {
    db.db()
        .prepare_cached(&format!(
            "{SELECT} {DUE} AND due_at <= :now ORDER BY due_at LIMIT :most"
        ))?
        .query_and_then(named_params! { ":now": now, ":most": most }, |row| {
            legible::read(row, from_row)
        })?
        .collect()
}

/// When the next one is due.
pub fn next_due(db: &Snapshot) -> Result<Option<Timestamp>> {
    Ok(db
        .db()
        .prepare_cached(&format!("SELECT min(due_at) FROM inbox {DUE}"))?
        .query_row([], |row| row.get(0))?)
}

/// The message; it must exist.
pub fn get(db: &Snapshot, id: InboxId) -> Result<Message> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE id = :id"))?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?
        .ok_or(Error::NotFound("message"))
}

/// Moves a message on to processed, unless somebody has; whether it was (PWH-04).
pub fn process(tx: &Tx, id: InboxId) -> Result<bool> {
    let changed = tx
        .db()
        .prepare_cached(
            "UPDATE inbox SET state = 1, processed_at = :now, attempts = attempts + 1, failure = NULL
             WHERE id = :id AND state IN (0, 2)",
        )?
        .execute(named_params! { ":id": id, ":now": tx.now })?;
    Ok(changed == 1)
}

/// Says of which payment a message tells.
pub fn set_payment(tx: &Tx, id: InboxId, payment: PaymentId) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE inbox SET payment_id = :payment WHERE id = :id")?
        .execute(named_params! { ":id": id, ":payment": payment })?;
    Ok(())
}

/// Notes why a message was not applied, and when to try again.
pub fn put_off(tx: &Tx, id: InboxId, state: InboxState, failure: &str, due_at: Timestamp) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE inbox SET state = :state, attempts = attempts + 1, failure = :failure, due_at = :due_at
             WHERE id = :id AND state IN (0, 2)",
        )?
        .execute(named_params! { ":id": id, ":state": state, ":failure": failure, ":due_at": due_at })?;
    Ok(())
}

/// Makes a message due again that was not applied; whether it was such a one.
pub fn retry(tx: &Tx, id: InboxId) -> Result<bool> {
    let changed = tx
        .db()
        .prepare_cached(
            "UPDATE inbox SET state = 0, attempts = 0, due_at = :now WHERE id = :id AND state <> 1",
        )?
        .execute(named_params! { ":id": id, ":now": tx.now })?;
    Ok(changed == 1)
}

/// A page of messages, newest first, of one state or of all, each with the first 16 KiB of its body.
pub fn page(db: &Snapshot, state: Option<InboxState>, paging: &Paging) -> Result<Page<Message>> {
    let list = Newest {
        select: LISTED,
        table: "inbox",
        from_row,
    };
    list.page(db, state, paging)
}

/// How many messages stand at a state, counted up to `most`.
pub fn count(db: &Snapshot, state: InboxState, most: i64) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT count(*) AS found FROM (SELECT 1 FROM inbox WHERE state = :state LIMIT :most)",
        )?
        .query_row(named_params! { ":state": state, ":most": most }, |row| {
            row.get("found")
        })?)
}

/// Whether the oldest message is from before `before` (the newest always stays).
pub fn is_sweep_due(db: &Snapshot, before: Timestamp) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT received_at < :before AND id < (SELECT max(id) FROM inbox) FROM inbox ORDER BY id LIMIT 1",
        )?
        .query_row(named_params! { ":before": before }, |row| row.get(0))
        .optional()?
        .unwrap_or(false))
}

/// Deletes some messages from before `before`.
pub fn sweep(tx: &Tx, before: Timestamp) -> Result<()> {
    tx.db()
        .prepare_cached(
            "DELETE FROM inbox
             WHERE received_at < :before
               AND id IN (SELECT id FROM inbox WHERE id < (SELECT max(id) FROM inbox) ORDER BY id LIMIT 1000)",
        )?
        .execute(named_params! { ":before": before })?;
    Ok(())
}
