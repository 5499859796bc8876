//! Rows of `idempotency`: which request made which thing.

use rusqlite::OptionalExtension;
use rusqlite::named_params;
use rusqlite::params;

use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::marks;

/// How far the sweep has come: what it has passed and left is kept for ever.
const SWEPT: &str = "sweep.idempotency";
/// A sweep looks at so many rows at most.
const MOST_SWEPT: i64 = 2_000;

/// The fingerprint of the request that used this key, and what it made.
pub fn find(db: &Snapshot, key: &[u8; 16]) -> Result<Option<(i64, i64)>> {
    Ok(db
        .db()
        .prepare_cached("SELECT fingerprint, resource_id FROM idempotency WHERE key = ?1")?
        .query_row(params![key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// Remembers a key with what it made. (By position: on the path of every order.)
pub fn insert(tx: &Tx, key: &[u8; 16], fingerprint: i64, kind: i64, resource: i64) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO idempotency (key, fingerprint, kind, resource_id, at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![key, fingerprint, kind, resource, tx.now])?;
    Ok(())
}

/// Whether rows from before `before` have not been looked at.
pub fn is_sweep_due(db: &Snapshot, before: Timestamp) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT at < :before AND id < (SELECT max(id) FROM idempotency) AS is_due
             FROM idempotency
             WHERE id > :swept
             ORDER BY id
             LIMIT 1",
        )?
        .query_row(
            named_params! { ":before": before, ":swept": marks::get(db, SWEPT)? },
            |row| row.get("is_due"),
        )
        .optional()?
        .unwrap_or(false))
}

/// Deletes some rows from before `before`, but those of the kind `kept` and the newest. Ids are in the order of time.
pub fn sweep(tx: &Tx, before: Timestamp, kept: i64) -> Result<()> {
    let swept = marks::get(tx, SWEPT)?;
    let upto: Option<i64> = tx
        .db()
        .prepare_cached(
            "SELECT max(id) AS upto
             FROM (SELECT id, at FROM idempotency WHERE id > :swept ORDER BY id LIMIT :most)
             WHERE at < :before AND id < (SELECT max(id) FROM idempotency)",
        )?
        .query_row(
            named_params! { ":swept": swept, ":most": MOST_SWEPT, ":before": before },
            |row| row.get("upto"),
        )?;
    let Some(upto) = upto else {
        return Ok(());
    };
    tx.db()
        .prepare_cached("DELETE FROM idempotency WHERE id > :swept AND id <= :upto AND kind <> :kept")?
        .execute(named_params! { ":swept": swept, ":upto": upto, ":kept": kept })?;
    marks::set(tx, SWEPT, upto)
}
