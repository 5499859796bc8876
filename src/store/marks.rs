//! Rows of `marks`: how far something that goes on in small steps has come.

use rusqlite::OptionalExtension;
use rusqlite::named_params;

use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

/// The last row that was taken; 0 before the first.
pub fn get(db: &Snapshot, name: &str) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached("SELECT upto FROM marks WHERE name = :name")?
        .query_row(named_params! { ":name": name }, |row| row.get("upto"))
        .optional()?
        .unwrap_or(0))
}

/// Notes the last row that was taken.
pub fn set(tx: &Tx, name: &str, upto: i64) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO marks (name, upto)
             VALUES (:name, :upto)
             ON CONFLICT (name) DO UPDATE SET upto = :upto",
        )?
        .execute(named_params! { ":name": name, ":upto": upto })?;
    Ok(())
}
