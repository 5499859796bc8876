//! Rows of `forgettings`: who is being forgotten, and how far that has come.

mod pages;
mod people;
mod walks;

pub use pages::overwrite_freed;
pub use people::forget_account;
pub use people::forget_drafts;
pub use people::forget_order;
pub use people::forget_record;
pub use people::forget_sessions;
pub use people::orders_behind;
pub use people::owes;
pub use walks::audit_rows;
pub use walks::events;
pub use walks::forget_attempts;
pub use walks::forget_inbox;
pub use walks::forget_mails;

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use rusqlite::params;
use serde::de::DeserializeOwned;

use crate::domain::forgetting::Forgetting;
use crate::domain::forgetting::Stage;
use crate::domain::id::AuditId;
use crate::domain::id::CustomerId;
use crate::domain::id::EventId;
use crate::domain::id::ForgettingId;
use crate::domain::id::UserId;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

const SELECT: &str = "SELECT id, audit_id, event_id, customers, user_id, words, stage, upto, created_at, ended_at FROM forgettings";

/// A person to be forgotten.
pub struct NewForgetting<'a> {
    /// The row of the audit that tells by whom, and why.
    pub told_by: AuditId,
    /// The last event of that time.
    pub last_event: EventId,
    /// Every record of the person.
    pub customers: &'a [CustomerId],
    /// Their account.
    pub user: Option<UserId>,
    /// What free text is searched for.
    pub words: &'a [String],
}

fn from_row(row: &Row) -> Result<Forgetting> {
    let customers: Vec<i64> = read(&row.get::<_, String>("customers")?)?;
    let words: Option<String> = row.get("words")?;
    Ok(Forgetting {
        id: row.get("id")?,
        told_by: row.get("audit_id")?,
        last_event: row.get("event_id")?,
        customers: customers.into_iter().map(CustomerId).collect(),
        user: row.get("user_id")?,
        words: read(words.as_deref().unwrap_or("[]"))?,
        stage: row.get("stage")?,
        upto: row.get("upto")?,
        created_at: row.get("created_at")?,
        ended_at: row.get("ended_at")?,
    })
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|cause| Error::Internal(cause.into()))
}

fn json(list: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(list).map_err(|cause| Error::Internal(cause.into()))
}

/// Ids as the JSON that a statement is given.
fn ids(customers: &[CustomerId]) -> Result<String> {
    let ids: Vec<i64> = customers.iter().map(|id| id.0).collect();
    json(&ids)
}

/// Begins one.
pub fn insert(tx: &Tx, new: &NewForgetting) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO forgettings (audit_id, event_id, customers, user_id, words, stage, created_at)
             VALUES (:told_by, :last_event, :customers, :user, :words, 0, :now)",
        )?
        .execute(named_params! {
            ":told_by": new.told_by, ":last_event": new.last_event, ":customers": ids(new.customers)?,
            ":user": new.user, ":words": json(&new.words)?, ":now": tx.now,
        })?;
    Ok(())
}

/// The oldest that is not done.
pub fn open(db: &Snapshot) -> Result<Option<Forgetting>> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE ended_at IS NULL ORDER BY id LIMIT 1"))?
        .query_and_then([], from_row)?
        .next()
        .transpose()
}

/// Whether there is one.
pub fn is_open(db: &Snapshot) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached("SELECT 1 FROM forgettings WHERE ended_at IS NULL")?
        .exists([])?)
}

/// The one that a record belongs to.
pub fn of_customer(db: &Snapshot, customer: CustomerId) -> Result<Option<Forgetting>> {
    db.db()
        .prepare_cached(&format!(
            "{SELECT} WHERE EXISTS (SELECT 1 FROM json_each(customers) WHERE value = ?1) ORDER BY id LIMIT 1"
        ))?
        .query_and_then(params![customer], from_row)?
        .next()
        .transpose()
}

/// Notes how far one has come. What free text was searched for goes with the end.
pub fn move_to(tx: &Tx, id: ForgettingId, stage: Stage, upto: i64) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE forgettings
             SET stage = :stage, upto = :upto, words = iif(:stage = 9, NULL, words), ended_at = iif(:stage = 9, :now, NULL)
             WHERE id = :id",
        )?
        .execute(named_params! { ":id": id, ":stage": stage, ":upto": upto, ":now": tx.now })?;
    Ok(())
}

/// How many papers of these records' orders are kept by law.
pub fn count_invoices(db: &Snapshot, customers: &[CustomerId]) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT count(*) FROM invoices i JOIN orders o ON o.id = i.order_id
             WHERE o.customer_id IN (SELECT value FROM json_each(?1))",
        )?
        .query_row(params![ids(customers)?], |row| row.get(0))
        .optional()?
        .unwrap_or(0))
}

/// From here on what is freed is overwritten, wherever it stood. Ordinary work (FAST) overwrites what is freed within a
/// page, and leaves pages that are freed whole as they were until they are used again: the costly half of it, which only
/// those need who are forgotten (<https://www.sqlite.org/pragma.html#pragma_secure_delete>). Nothing of the log is
/// rewritten: what stands there goes with the next checkpoint, which an idle writer makes by itself.
pub fn overwrite_all(tx: &Tx) -> Result<()> {
    Ok(tx.db().pragma_update(None, "secure_delete", "ON")?)
}

/// As it is at other times.
pub fn overwrite_as_usual(tx: &Tx) -> Result<()> {
    Ok(tx.db().pragma_update(None, "secure_delete", "FAST")?)
}
