//! Rows of `one_time_secrets`: what somebody is told once, sealed until they have it.

use rusqlite::OptionalExtension;
use rusqlite::named_params;

use crate::domain::id::SecretId;
use crate::domain::id::SessionId;
use crate::domain::one_time::SecretKind;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

/// A sweep deletes so many rows at most.
const MOST_SWEPT: i64 = 500;

/// A secret as it is kept.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Row {
    pub id: SecretId,
    pub session: SessionId,
    pub kind: SecretKind,
    pub target: i64,
    pub sealed: Vec<u8>,
    pub expires_at: Timestamp,
}

/// Keeps a secret in the place of an earlier one of the same thing.
pub fn insert(tx: &Tx, row: &Row) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT OR REPLACE INTO one_time_secrets (id, session_id, kind, target, sealed, created_at, expires_at)
             VALUES (:id, :session, :kind, :target, :sealed, :now, :expires)",
        )?
        .execute(named_params! {
            ":id": row.id,
            ":session": row.session,
            ":kind": row.kind,
            ":target": row.target,
            ":sealed": row.sealed,
            ":now": tx.now,
            ":expires": row.expires_at,
        })?;
    Ok(())
}

/// What stands in a session at a moment, the latest first.
pub fn of_session(db: &Snapshot, session: SessionId, now: Timestamp) -> Result<Vec<Row>> {
    db.db()
        .prepare_cached(
            "SELECT id, session_id, kind, target, sealed, expires_at
             FROM one_time_secrets
             WHERE session_id = :session AND expires_at > :now
             ORDER BY id DESC",
        )?
        .query_and_then(named_params! { ":session": session, ":now": now }, |row| {
            Ok(Row {
                id: row.get("id")?,
                session: row.get("session_id")?,
                kind: row.get("kind")?,
                target: row.get("target")?,
                sealed: row.get("sealed")?,
                expires_at: row.get("expires_at")?,
            })
        })?
        .collect()
}

/// Deletes a secret of a session, if it is there.
pub fn delete(tx: &Tx, session: SessionId, id: SecretId) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM one_time_secrets WHERE id = :id AND session_id = :session")?
        .execute(named_params! { ":id": id, ":session": session })?;
    Ok(())
}

/// Deletes what stands in a session.
pub fn delete_of(tx: &Tx, session: SessionId) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM one_time_secrets WHERE session_id = :session")?
        .execute(named_params! { ":session": session })?;
    Ok(())
}

/// Whether a secret was over at a moment.
pub fn is_sweep_due(db: &Snapshot, now: Timestamp) -> Result<bool> {
    let found = db
        .db()
        .prepare_cached("SELECT 1 FROM one_time_secrets WHERE expires_at <= :now LIMIT 1")?
        .query_row(named_params! { ":now": now }, |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

/// Deletes some secrets that are over.
pub fn sweep(tx: &Tx) -> Result<()> {
    tx.db()
        .prepare_cached(
            "DELETE FROM one_time_secrets
             WHERE id IN (SELECT id FROM one_time_secrets WHERE expires_at <= :now LIMIT :most)",
        )?
        .execute(named_params! { ":now": tx.now, ":most": MOST_SWEPT })?;
    Ok(())
}
