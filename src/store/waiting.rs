//! Rows of `pending_sign_ins`: the password was right, the code is awaited.

use rusqlite::OptionalExtension;
use rusqlite::named_params;

use crate::domain::id::SessionId;
use crate::domain::id::UserId;
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

/// A sign-in that waits, or has been gone on with.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Waiting {
    pub id: i64,
    pub user: UserId,
    pub token_epoch: i64,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// When it was gone on with, into which session, by the code with which hash.
    pub used: Option<(Timestamp, SessionId, [u8; 32])>,
}

/// A waiting sign-in by the hash of its secret.
pub fn find(db: &Snapshot, hash: &[u8; 32]) -> Result<Option<Waiting>> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT id, user_id, token_epoch, created_at, expires_at, used_at, session_id, code
             FROM pending_sign_ins
             WHERE hash = :hash",
        )?
        .query_row(named_params! { ":hash": hash }, |row| {
            let used_at: Option<Timestamp> = row.get("used_at")?;
            let used = match used_at {
                Some(at) => Some((at, row.get("session_id")?, row.get("code")?)),
                None => None,
            };
            Ok(Waiting {
                id: row.get("id")?,
                user: row.get("user_id")?,
                token_epoch: row.get("token_epoch")?,
                created_at: row.get("created_at")?,
                expires_at: row.get("expires_at")?,
                used,
            })
        })
        .optional()?)
}

/// Keeps a sign-in that waits for a code, and forgets a few that have waited for too long.
pub fn insert(tx: &Tx, user: &User, hash: &[u8; 32], expires_at: Timestamp) -> Result<()> {
    tx.db()
        .prepare_cached(
            "DELETE FROM pending_sign_ins
             WHERE id IN (SELECT id FROM pending_sign_ins WHERE expires_at < :now ORDER BY expires_at LIMIT 8)",
        )?
        .execute(named_params! { ":now": tx.now })?;
    tx.db()
        .prepare_cached(
            "INSERT INTO pending_sign_ins (hash, user_id, token_epoch, created_at, expires_at)
             VALUES (:hash, :user, :epoch, :now, :expires)",
        )?
        .execute(named_params! {
            ":hash": hash,
            ":user": user.id,
            ":epoch": user.token_epoch,
            ":now": tx.now,
            ":expires": expires_at,
        })?;
    Ok(())
}

/// Notes into which session a sign-in went on, and by which code.
pub fn take(tx: &Tx, id: i64, session: SessionId, code: &[u8; 32]) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE pending_sign_ins SET used_at = :now, session_id = :session, code = :code
             WHERE id = :id AND used_at IS NULL",
        )?
        .execute(named_params! { ":id": id, ":session": session, ":code": code, ":now": tx.now })?;
    Ok(())
}
