//! Rows of `idempotency`: which request made which thing.

use rusqlite::OptionalExtension;
use rusqlite::params;

use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

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
