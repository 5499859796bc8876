//! Rows of `sessions` and `refresh_tokens`.

mod list;

pub use list::page;

use std::net::IpAddr;

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::id::SessionId;
use crate::domain::id::UserId;
use crate::domain::time::Timestamp;
use crate::domain::user::Login;
use crate::domain::user::Session;
use crate::domain::user::SessionKind;
use crate::domain::user::User;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::audit;
use crate::store::one_time;

const SELECT: &str =
    "SELECT id, user_id, kind, token_epoch, created_at, seen_at, expires_at, ended_at, proved_at
  FROM sessions";

/// A sweep deletes so many rows at most.
const MOST_SWEPT: i64 = 500;

/// The sessions that were over at `:before`. The newest stays, and that of the newest refresh token.
const OVER: &str = "SELECT id FROM sessions
     WHERE (ended_at < :before OR expires_at < :before)
       AND id < (SELECT max(id) FROM sessions)
       AND id <> ifnull((SELECT session_id FROM refresh_tokens ORDER BY id DESC LIMIT 1), 0)
     LIMIT :most";
/// The refresh tokens that were over at `:before`, but the newest.
const REFRESH_OVER: &str = "SELECT id FROM refresh_tokens
     WHERE expires_at < :before AND id < (SELECT max(id) FROM refresh_tokens)
     LIMIT :most";

fn from_row(row: &Row) -> rusqlite::Result<Session> {
    Ok(Session {
        id: row.get("id")?,
        user: row.get("user_id")?,
        kind: row.get("kind")?,
        token_epoch: row.get("token_epoch")?,
        created_at: row.get("created_at")?,
        seen_at: row.get("seen_at")?,
        expires_at: row.get("expires_at")?,
        ended_at: row.get("ended_at")?,
        proved_at: row.get("proved_at")?,
    })
}

/// A session by its id.
pub fn find(db: &Snapshot, id: SessionId) -> Result<Option<Session>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE id = :id"))?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?)
}

/// A cookie session by the hash of its secret.
pub fn find_by_secret(db: &Snapshot, hash: &[u8; 32]) -> Result<Option<Session>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE secret = :hash AND secret IS NOT NULL"))?
        .query_row(named_params! { ":hash": hash }, from_row)
        .optional()?)
}

/// Where a login came from.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the columns")]
pub struct Device {
    pub ip: Option<IpAddr>,
    pub user_agent: Option<String>,
    /// SHA-256 of the cookie that says the device has signed in before.
    pub token: Option<[u8; 32]>,
    /// SHA-256 of the cookie by which it holds a guest's cart.
    pub cart: Option<[u8; 32]>,
}

/// Opens a session.
pub fn insert(
    tx: &Tx,
    user: &User,
    kind: SessionKind,
    secret: Option<[u8; 32]>,
    expires_at: Timestamp,
    device: &Device,
) -> Result<SessionId> {
    let ip = device.ip.map(|ip| match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    });
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO sessions (user_id, kind, secret, token_epoch, created_at, seen_at, proved_at, expires_at, ip, user_agent)
             VALUES (:user, :kind, :secret, :epoch, :now, :now, :now, :expires, :ip, :agent)",
        )?
        .insert(named_params! {
            ":user": user.id,
            ":kind": kind,
            ":secret": secret,
            ":epoch": user.token_epoch,
            ":now": tx.now,
            ":expires": expires_at,
            ":ip": ip,
            ":agent": device.user_agent,
        })?;
    Ok(SessionId(id))
}

/// Notes that a session was used, unless that was noted after `before`.
pub fn touch(tx: &Tx, id: SessionId, before: Timestamp) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE sessions SET seen_at = :now WHERE id = :id AND seen_at <= :before")?
        .execute(named_params! { ":id": id, ":now": tx.now, ":before": before })?;
    Ok(())
}

/// Notes that whoever holds a session has proved once more who they are.
pub fn prove(tx: &Tx, id: SessionId) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE sessions SET proved_at = :now WHERE id = :id")?
        .execute(named_params! { ":id": id, ":now": tx.now })?;
    Ok(())
}

/// Gives a cookie session another secret.
pub fn set_secret(tx: &Tx, id: SessionId, secret: &[u8; 32]) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE sessions SET secret = :secret WHERE id = :id AND kind = 1")?
        .execute(named_params! { ":id": id, ":secret": secret })?;
    Ok(())
}

/// Ends every session of a user but one.
pub fn end_others(tx: &Tx, user: UserId, kept: Option<SessionId>) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE sessions SET ended_at = :now
             WHERE user_id = :user AND id IS NOT :kept AND ended_at IS NULL",
        )?
        .execute(named_params! { ":user": user, ":kept": kept, ":now": tx.now })?;
    Ok(())
}

/// The sessions of a user that have not ended by themselves, latest first, with where they came from.
pub fn open_of(db: &Snapshot, user: &User, now: Timestamp, most: i64) -> Result<Vec<Login>> {
    db.db()
        .prepare_cached(
            "SELECT id, kind, created_at, seen_at, expires_at, ip, user_agent
             FROM sessions
             WHERE user_id = :user AND token_epoch = :epoch AND ended_at IS NULL AND expires_at > :now
               AND (kind = 0 OR seen_at > :idle)
             ORDER BY seen_at DESC, id DESC
             LIMIT :most",
        )?
        .query_and_then(
            named_params! {
                ":user": user.id,
                ":epoch": user.token_epoch,
                ":now": now,
                ":idle": now.minus_ms(Session::idle_limit(user.role_is_staff)),
                ":most": most,
            },
            |row| Ok(login(row)?),
        )?
        .collect()
}

fn login(row: &Row) -> rusqlite::Result<Login> {
    let ip: Option<Vec<u8>> = row.get("ip")?;
    Ok(Login {
        id: row.get("id")?,
        kind: row.get("kind")?,
        created_at: row.get("created_at")?,
        seen_at: row.get("seen_at")?,
        expires_at: row.get("expires_at")?,
        ip: ip.and_then(|ip| audit::read_ip(&ip)),
        user_agent: row.get("user_agent")?,
        is_current: false,
    })
}

/// Ends a session, if it has not ended; what it was still to be told goes with it.
pub fn end(tx: &Tx, id: SessionId) -> Result<()> {
    one_time::delete_of(tx, id)?;
    tx.db()
        .prepare_cached("UPDATE sessions SET ended_at = :now WHERE id = :id AND ended_at IS NULL")?
        .execute(named_params! { ":id": id, ":now": tx.now })?;
    Ok(())
}

/// A refresh token as it is kept.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct RefreshToken {
    pub id: i64,
    pub session: SessionId,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

/// A refresh token by its hash.
pub fn find_refresh(db: &Snapshot, hash: &[u8; 32]) -> Result<Option<RefreshToken>> {
    Ok(db
        .db()
        .prepare_cached("SELECT id, session_id, expires_at, used_at FROM refresh_tokens WHERE hash = :hash")?
        .query_row(named_params! { ":hash": hash }, |row| {
            Ok(RefreshToken {
                id: row.get("id")?,
                session: row.get("session_id")?,
                expires_at: row.get("expires_at")?,
                used_at: row.get("used_at")?,
            })
        })
        .optional()?)
}

/// Keeps the hash of a new refresh token.
pub fn insert_refresh(tx: &Tx, session: SessionId, hash: &[u8; 32], expires_at: Timestamp) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO refresh_tokens (session_id, hash, created_at, expires_at)
             VALUES (:session, :hash, :now, :expires)",
        )?
        .execute(
            named_params! { ":session": session, ":hash": hash, ":now": tx.now, ":expires": expires_at },
        )?;
    Ok(())
}

/// Marks a refresh token as used.
pub fn use_refresh(tx: &Tx, id: i64) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE refresh_tokens SET used_at = :now WHERE id = :id AND used_at IS NULL")?
        .execute(named_params! { ":id": id, ":now": tx.now })?;
    Ok(())
}

/// Whether a session was over at `before`.
pub fn is_sweep_due(db: &Snapshot, before: Timestamp) -> Result<bool> {
    is_any(db, OVER, before)
}

/// Whether a refresh token was over at `before`.
pub fn is_refresh_sweep_due(db: &Snapshot, before: Timestamp) -> Result<bool> {
    is_any(db, REFRESH_OVER, before)
}

fn is_any(db: &Snapshot, which: &str, before: Timestamp) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached(which)?
        .exists(named_params! { ":before": before, ":most": 1 })?)
}

/// Deletes some sessions that were over at `before`, with their refresh tokens.
pub fn sweep(tx: &Tx, before: Timestamp) -> Result<()> {
    let over = named_params! { ":before": before, ":most": MOST_SWEPT };
    tx.db()
        .prepare_cached(&format!(
            "DELETE FROM refresh_tokens WHERE session_id IN ({OVER})"
        ))?
        .execute(over)?;
    tx.db()
        .prepare_cached(&format!("DELETE FROM sessions WHERE id IN ({OVER})"))?
        .execute(over)?;
    Ok(())
}

/// Deletes some refresh tokens that were over at `before`. A used one stays as long as it could come again.
pub fn sweep_refresh(tx: &Tx, before: Timestamp) -> Result<()> {
    tx.db()
        .prepare_cached(&format!(
            "DELETE FROM refresh_tokens WHERE id IN ({REFRESH_OVER})"
        ))?
        .execute(named_params! { ":before": before, ":most": MOST_SWEPT })?;
    Ok(())
}
