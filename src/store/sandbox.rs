//! Rows of the sandbox: what a bank would know.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::money::Money;
use crate::domain::sandbox::Charge;
use crate::domain::sandbox::ChargeState;
use crate::domain::sandbox::Letter;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

const SELECT: &str =
    "SELECT id, ref, payment_id, order_id, number, return_url, amount, currency, at_once, state, captured,
  refunded
  FROM sandbox_payments";

fn from_row(row: &Row) -> rusqlite::Result<Charge> {
    Ok(Charge {
        id: row.get("id")?,
        name: row.get("ref")?,
        payment: row.get("payment_id")?,
        order: row.get("order_id")?,
        number: row.get("number")?,
        return_url: row.get("return_url")?,
        amount: row.get("amount")?,
        currency: row.get("currency")?,
        at_once: row.get("at_once")?,
        state: row.get("state")?,
        captured: row.get("captured")?,
        refunded: row.get("refunded")?,
    })
}

/// The charge with this name; it must exist.
pub fn get(db: &Snapshot, name: &str) -> Result<Charge> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE ref = :name"))?
        .query_row(named_params! { ":name": name }, from_row)
        .optional()?
        .ok_or(Error::NotFound("payment"))
}

/// Charges of which money was taken, behind one, oldest first.
pub fn taken(db: &Snapshot, after: i64, most: usize) -> Result<Vec<Charge>> {
    db.db()
        .prepare_cached(&format!(
            "{SELECT} WHERE id > :after AND captured > 0 ORDER BY id LIMIT :most"
        ))?
        .query_and_then(named_params! { ":after": after, ":most": most as i64 }, |row| {
            Ok(from_row(row)?)
        })?
        .collect()
}

/// The charge that was made under this key.
pub fn by_key(db: &Snapshot, key: &str) -> Result<Option<Charge>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE key = :key"))?
        .query_row(named_params! { ":key": key }, from_row)
        .optional()?)
}

/// Adds a charge.
pub fn insert(tx: &Tx, key: &str, new: &Charge) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO sandbox_payments (ref, key, payment_id, order_id, number, return_url, amount, currency, at_once,
               state)
             VALUES (:name, :key, :payment, :order, :number, :return_url, :amount, :currency, :at_once, :state)",
        )?
        .execute(named_params! {
            ":name": new.name,
            ":key": key,
            ":payment": new.payment,
            ":order": new.order,
            ":number": new.number,
            ":return_url": new.return_url,
            ":amount": new.amount,
            ":currency": new.currency,
            ":at_once": new.at_once,
            ":state": new.state,
        })?;
    Ok(())
}

/// Moves a charge.
pub fn update(tx: &Tx, name: &str, state: ChargeState, captured: Money, refunded: Money) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE sandbox_payments SET state = :state, captured = :captured, refunded = :refunded WHERE ref = :name",
        )?
        .execute(named_params! {
            ":name": name,
            ":state": state,
            ":captured": captured,
            ":refunded": refunded,
        })?;
    Ok(())
}

/// The name of the refund that was made under this key.
pub fn refund_by_key(db: &Snapshot, key: &str) -> Result<Option<String>> {
    Ok(db
        .db()
        .prepare_cached("SELECT ref FROM sandbox_refunds WHERE key = :key")?
        .query_row(named_params! { ":key": key }, |row| row.get(0))
        .optional()?)
}

/// Adds a refund.
pub fn insert_refund(tx: &Tx, charge: i64, key: &str, name: &str, amount: Money) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO sandbox_refunds (ref, key, payment, amount) VALUES (:name, :key, :charge, :amount)",
        )?
        .execute(named_params! { ":name": name, ":key": key, ":charge": charge, ":amount": amount })?;
    Ok(())
}

/// Adds a message that is to be sent.
pub fn post(tx: &Tx, event_id: &str, body: &str, due_at: Timestamp) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO sandbox_messages (event_id, body, due_at) VALUES (:event_id, :body, :due_at)",
        )?
        .execute(named_params! { ":event_id": event_id, ":body": body, ":due_at": due_at })?;
    Ok(())
}

/// Messages that are due, the earliest first.
pub fn due(db: &Snapshot, now: Timestamp, most: i64) -> Result<Vec<Letter>> {
    db.db()
        .prepare_cached(
            "SELECT id, body, attempts FROM sandbox_messages
             WHERE sent_at IS NULL AND due_at <= :now
             ORDER BY due_at, id
             LIMIT :most",
        )?
        .query_and_then(named_params! { ":now": now, ":most": most }, |row| {
            Ok(Letter {
                id: row.get("id")?,
                body: row.get("body")?,
                attempts: row.get("attempts")?,
            })
        })?
        .collect()
}

/// When the next one is due.
pub fn next_due(db: &Snapshot) -> Result<Option<Timestamp>> {
    Ok(db
        .db()
        .prepare_cached("SELECT min(due_at) FROM sandbox_messages WHERE sent_at IS NULL")?
        .query_row([], |row| row.get(0))?)
}

/// A message has been taken, or nobody will take it.
pub fn sent(tx: &Tx, id: i64) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE sandbox_messages SET sent_at = :now, attempts = attempts + 1 WHERE id = :id")?
        .execute(named_params! { ":id": id, ":now": tx.now })?;
    Ok(())
}

/// A message has not been taken: it is sent again.
pub fn put_off(tx: &Tx, id: i64, due_at: Timestamp) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE sandbox_messages SET due_at = :due_at, attempts = attempts + 1 WHERE id = :id",
        )?
        .execute(named_params! { ":id": id, ":due_at": due_at })?;
    Ok(())
}

/// Whether the oldest message was sent before a moment, and is not the newest.
pub fn is_sweep_due(db: &Snapshot, before: Timestamp) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT ifnull(sent_at < :before, 0) AND id < (SELECT max(id) FROM sandbox_messages) AS is_due
             FROM sandbox_messages ORDER BY id LIMIT 1",
        )?
        .query_row(named_params! { ":before": before }, |row| row.get("is_due"))
        .optional()?
        .unwrap_or(false))
}

/// Deletes some messages that were sent before a moment.
pub fn sweep(tx: &Tx, before: Timestamp) -> Result<()> {
    tx.db()
        .prepare_cached(
            "DELETE FROM sandbox_messages
             WHERE sent_at < :before AND id IN (
               SELECT id FROM sandbox_messages
               WHERE id < (SELECT max(id) FROM sandbox_messages) ORDER BY id LIMIT 1000)",
        )?
        .execute(named_params! { ":before": before })?;
    Ok(())
}
