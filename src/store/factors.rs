//! Rows of `factors` and `recovery_codes`: somebody's second factor, its seed sealed.

use rusqlite::OptionalExtension;
use rusqlite::named_params;

use crate::domain::id::FactorId;
use crate::domain::id::UserId;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

/// A second factor as it is kept.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Factor {
    pub id: FactorId,
    pub user: UserId,
    /// Sealed into this row.
    pub seed: Vec<u8>,
    pub created_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
}

/// A user's second factor, confirmed or not.
pub fn find(db: &Snapshot, user: UserId) -> Result<Option<Factor>> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT id, user_id, seed, created_at, confirmed_at FROM factors WHERE user_id = :user",
        )?
        .query_row(named_params! { ":user": user }, |row| {
            Ok(Factor {
                id: row.get("id")?,
                user: row.get("user_id")?,
                seed: row.get("seed")?,
                created_at: row.get("created_at")?,
                confirmed_at: row.get("confirmed_at")?,
            })
        })
        .optional()?)
}

/// Keeps a seed that is not confirmed yet. `seal` is told the row's id and seals the seed into it.
pub fn insert(tx: &Tx, user: UserId, seal: impl FnOnce(FactorId) -> Result<Vec<u8>>) -> Result<()> {
    let id: FactorId = tx
        .db()
        .prepare_cached("SELECT ifnull(max(id), 0) + 1 AS id FROM factors")?
        .query_row([], |row| row.get("id"))?;
    tx.db()
        .prepare_cached(
            "INSERT INTO factors (id, user_id, seed, created_at) VALUES (:id, :user, :seed, :now)",
        )?
        .execute(named_params! { ":id": id, ":user": user, ":seed": seal(id)?, ":now": tx.now })?;
    Ok(())
}

/// Confirms a factor.
pub fn confirm(tx: &Tx, id: FactorId) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE factors SET confirmed_at = :now WHERE id = :id AND confirmed_at IS NULL")?
        .execute(named_params! { ":id": id, ":now": tx.now })?;
    Ok(())
}

/// Uses up the code of a step and all before it; whether it was still to be used.
pub fn take_step(tx: &Tx, id: FactorId, step: i64) -> Result<bool> {
    let taken = tx
        .db()
        .prepare_cached("UPDATE factors SET last_step = :step WHERE id = :id AND last_step < :step")?
        .execute(named_params! { ":id": id, ":step": step })?;
    Ok(taken == 1)
}

/// Takes a user's factor away, with its recovery codes.
pub fn delete(tx: &Tx, user: UserId) -> Result<()> {
    delete_codes(tx, user)?;
    tx.db()
        .prepare_cached("DELETE FROM factors WHERE user_id = :user")?
        .execute(named_params! { ":user": user })?;
    Ok(())
}

/// Keeps the hash of a recovery code.
pub fn insert_code(tx: &Tx, user: UserId, hash: &[u8; 32]) -> Result<()> {
    tx.db()
        .prepare_cached("INSERT INTO recovery_codes (hash, user_id, created_at) VALUES (:hash, :user, :now)")?
        .execute(named_params! { ":hash": hash, ":user": user, ":now": tx.now })?;
    Ok(())
}

/// Uses a recovery code up; whether it was one of the user's and still to be used.
pub fn take_code(tx: &Tx, user: UserId, hash: &[u8; 32]) -> Result<bool> {
    let taken = tx
        .db()
        .prepare_cached(
            "UPDATE recovery_codes SET used_at = :now WHERE hash = :hash AND user_id = :user AND used_at IS NULL",
        )?
        .execute(named_params! { ":hash": hash, ":user": user, ":now": tx.now })?;
    Ok(taken == 1)
}

/// Takes a user's recovery codes away.
pub fn delete_codes(tx: &Tx, user: UserId) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM recovery_codes WHERE user_id = :user")?
        .execute(named_params! { ":user": user })?;
    Ok(())
}

/// How many recovery codes a user has left.
pub fn codes_left(db: &Snapshot, user: UserId) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached("SELECT count(*) AS n FROM recovery_codes WHERE user_id = :user AND used_at IS NULL")?
        .query_row(named_params! { ":user": user }, |row| row.get("n"))?)
}
