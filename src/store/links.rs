//! Rows of `links`.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::id::LinkId;
use crate::domain::id::UserId;
use crate::domain::link::Link;
use crate::domain::link::Purpose;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

const SELECT: &str = "SELECT id, purpose, user_id, email, created_at, expires_at, used_at FROM links";

fn from_row(row: &Row) -> rusqlite::Result<Link> {
    Ok(Link {
        id: row.get("id")?,
        purpose: row.get("purpose")?,
        user: row.get("user_id")?,
        email: row.get("email")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        used_at: row.get("used_at")?,
    })
}

/// A link by its hash.
pub fn find(db: &Snapshot, hash: &[u8; 32]) -> Result<Option<Link>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE hash = :hash"))?
        .query_row(named_params! { ":hash": hash }, from_row)
        .optional()?)
}

/// How many links of a purpose were made for a user since `since`.
pub fn count_since(db: &Snapshot, user: UserId, purpose: Purpose, since: Timestamp) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT count(*) AS n FROM links WHERE user_id = :user AND purpose = :purpose AND created_at > :since",
        )?
        .query_row(
            named_params! { ":user": user, ":purpose": purpose, ":since": since },
            |row| row.get("n"),
        )?)
}

/// Keeps the hash of a new link.
pub fn insert(
    tx: &Tx,
    purpose: Purpose,
    hash: &[u8; 32],
    user: Option<UserId>,
    email: Option<&str>,
    expires_at: Timestamp,
) -> Result<LinkId> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO links (purpose, hash, user_id, email, created_at, expires_at)
             VALUES (:purpose, :hash, :user, :email, :now, :expires)",
        )?
        .insert(named_params! {
            ":purpose": purpose,
            ":hash": hash,
            ":user": user,
            ":email": email,
            ":now": tx.now,
            ":expires": expires_at,
        })?;
    Ok(LinkId(id))
}

/// Uses a link up; whether it was still to be used.
pub fn take(tx: &Tx, id: LinkId) -> Result<bool> {
    let taken = tx
        .db()
        .prepare_cached(
            "UPDATE links SET used_at = :now
             WHERE id = :id AND used_at IS NULL AND created_at <= :now AND expires_at > :now",
        )?
        .execute(named_params! { ":id": id, ":now": tx.now })?;
    Ok(taken == 1)
}

/// Uses up whatever setup links are still good.
pub fn take_setups(tx: &Tx) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE links SET used_at = :now
             WHERE user_id IS NULL AND purpose = :setup
               AND used_at IS NULL AND created_at <= :now AND expires_at > :now",
        )?
        .execute(named_params! { ":setup": Purpose::Setup, ":now": tx.now })?;
    Ok(())
}

/// Uses up whatever links of a user are still good: of one purpose, or of any.
pub fn take_all(tx: &Tx, user: UserId, purpose: Option<Purpose>) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE links SET used_at = :now
             WHERE user_id = :user AND (:purpose IS NULL OR purpose = :purpose)
               AND used_at IS NULL AND created_at <= :now AND expires_at > :now",
        )?
        .execute(named_params! { ":user": user, ":purpose": purpose, ":now": tx.now })?;
    Ok(())
}
