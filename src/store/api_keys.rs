//! Rows of `api_keys` and of their permissions.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::api_key::ApiKey;
use crate::domain::api_key::NewApiKey;
use crate::domain::id::ApiKeyId;
use crate::domain::id::UserId;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

const SELECT: &str =
    "SELECT k.id, k.user_id, u.username, k.name, k.created_at, k.expires_at, k.used_at, k.ended_at,
  (SELECT group_concat(p.permission, ' ' ORDER BY p.permission) FROM api_key_permissions p WHERE p.key_id = k.id)
    AS permissions
  FROM api_keys k JOIN users u ON u.id = k.user_id";

fn from_row(row: &Row) -> rusqlite::Result<ApiKey> {
    let permissions: Option<String> = row.get("permissions")?;
    Ok(ApiKey {
        id: row.get("id")?,
        user: row.get("user_id")?,
        username: row.get("username")?,
        name: row.get("name")?,
        permissions: permissions
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        used_at: row.get("used_at")?,
        ended_at: row.get("ended_at")?,
    })
}

/// The key; it must exist.
pub fn get(db: &Snapshot, id: ApiKeyId) -> Result<ApiKey> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE k.id = :id"))?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?
        .ok_or(Error::NotFound("API key"))
}

/// A key by the hash of its secret.
pub fn find_by_hash(db: &Snapshot, hash: &[u8; 32]) -> Result<Option<ApiKey>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE k.hash = :hash"))?
        .query_row(named_params! { ":hash": hash }, from_row)
        .optional()?)
}

/// The keys that have not been revoked, newest first.
pub fn all(db: &Snapshot) -> Result<Vec<ApiKey>> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE k.ended_at IS NULL ORDER BY k.id DESC"))?
        .query_and_then([], |row| Ok(from_row(row)?))?
        .collect()
}

/// The keys of a user that have not been revoked.
pub fn open_of(db: &Snapshot, user: UserId) -> Result<Vec<ApiKey>> {
    db.db()
        .prepare_cached(&format!(
            "{SELECT} WHERE k.user_id = :user AND k.ended_at IS NULL ORDER BY k.id"
        ))?
        .query_and_then(named_params! { ":user": user }, |row| Ok(from_row(row)?))?
        .collect()
}

/// Keeps a new key, by the hash of its secret.
pub fn insert(tx: &Tx, user: UserId, new: &NewApiKey, hash: &[u8; 32]) -> Result<ApiKey> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO api_keys (user_id, name, hash, created_at, expires_at)
             VALUES (:user, :name, :hash, :now, :expires)",
        )?
        .insert(named_params! {
            ":user": user,
            ":name": new.name,
            ":hash": hash,
            ":now": tx.now,
            ":expires": new.expires_at,
        })?;
    let mut grant = tx
        .db()
        .prepare_cached("INSERT INTO api_key_permissions (key_id, permission) VALUES (:key, :permission)")?;
    for name in new.grants.names() {
        grant.execute(named_params! { ":key": id, ":permission": name })?;
    }
    get(tx, ApiKeyId(id))
}

/// Notes that a key was used, unless that was noted after `before`.
pub fn touch(tx: &Tx, id: ApiKeyId, before: Timestamp) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE api_keys SET used_at = :now WHERE id = :id AND (used_at IS NULL OR used_at <= :before)",
        )?
        .execute(named_params! { ":id": id, ":now": tx.now, ":before": before })?;
    Ok(())
}

/// Revokes a key; whether it had not been.
pub fn end(tx: &Tx, id: ApiKeyId) -> Result<bool> {
    let ended = tx
        .db()
        .prepare_cached("UPDATE api_keys SET ended_at = :now WHERE id = :id AND ended_at IS NULL")?
        .execute(named_params! { ":id": id, ":now": tx.now })?;
    Ok(ended == 1)
}
