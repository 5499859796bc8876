//! Rows of `login_failures`, by the hash of a typed name, and of `known_devices`.

use rusqlite::OptionalExtension;
use rusqlite::named_params;

use crate::domain::id::UserId;
use crate::domain::lockout::Tries;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

/// What is remembered of a typed name.
pub fn find_tries(db: &Snapshot, name: &[u8; 16]) -> Result<Option<Tries>> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT failures, since, last_at, locked_until, locks, evaluated, hour_at
             FROM login_failures
             WHERE name = :name",
        )?
        .query_row(named_params! { ":name": name }, |row| {
            Ok(Tries {
                failures: row.get("failures")?,
                since: row.get("since")?,
                last_at: row.get("last_at")?,
                locked_until: row.get("locked_until")?,
                locks: row.get("locks")?,
                evaluated: row.get("evaluated")?,
                hour_at: row.get("hour_at")?,
            })
        })
        .optional()?)
}

/// Remembers a typed name.
pub fn keep_tries(tx: &Tx, name: &[u8; 16], tries: &Tries) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO login_failures (name, failures, since, last_at, locked_until, locks, evaluated, hour_at)
             VALUES (:name, :failures, :since, :last, :until, :locks, :evaluated, :hour)
             ON CONFLICT (name) DO UPDATE SET failures = excluded.failures, since = excluded.since,
               last_at = excluded.last_at, locked_until = excluded.locked_until, locks = excluded.locks,
               evaluated = excluded.evaluated, hour_at = excluded.hour_at",
        )?
        .execute(named_params! {
            ":name": name,
            ":failures": tries.failures,
            ":since": tries.since,
            ":last": tries.last_at,
            ":until": tries.locked_until,
            ":locks": tries.locks,
            ":evaluated": tries.evaluated,
            ":hour": tries.hour_at,
        })?;
    Ok(())
}

/// Forgets a typed name.
pub fn forget_tries(tx: &Tx, name: &[u8; 16]) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM login_failures WHERE name = :name")?
        .execute(named_params! { ":name": name })?;
    Ok(())
}

/// Forgets a few names that were last typed before `before`, so that the table holds a day and not a life.
pub fn sweep_tries(tx: &Tx, before: Timestamp) -> Result<()> {
    tx.db()
        .prepare_cached(
            "DELETE FROM login_failures
             WHERE name IN (SELECT name FROM login_failures WHERE last_at < :before LIMIT 8)",
        )?
        .execute(named_params! { ":before": before })?;
    Ok(())
}

/// Whether a device has signed in as a user since `since`.
pub fn is_known(db: &Snapshot, device: &[u8; 32], user: UserId, since: Timestamp) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM known_devices WHERE hash = :hash AND user_id = :user AND seen_at >= :since)
               AS known",
        )?
        .query_row(
            named_params! { ":hash": device, ":user": user, ":since": since },
            |row| row.get("known"),
        )?)
}

/// Notes that a device has signed in as a user, now.
pub fn keep_device(tx: &Tx, device: &[u8; 32], user: UserId) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO known_devices (hash, user_id, created_at, seen_at)
             VALUES (:hash, :user, :now, :now)
             ON CONFLICT (hash, user_id) DO UPDATE SET seen_at = excluded.seen_at",
        )?
        .execute(named_params! { ":hash": device, ":user": user, ":now": tx.now })?;
    Ok(())
}

/// Forgets all but the `most` devices of a user that signed in last.
pub fn sweep_devices(tx: &Tx, user: UserId, most: i64) -> Result<()> {
    tx.db()
        .prepare_cached(
            "DELETE FROM known_devices
             WHERE user_id = :user AND hash IN (
               SELECT hash FROM known_devices WHERE user_id = :user ORDER BY seen_at DESC LIMIT -1 OFFSET :most)",
        )?
        .execute(named_params! { ":user": user, ":most": most })?;
    Ok(())
}
