//! Whether the file can be written at all, and how large it is.

use rusqlite::named_params;

use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

/// How large the file is, by its own pages: a log that waits to be moved into it is counted in.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// All of it.
    pub bytes: i64,
    /// Pages that nothing stands in.
    pub free_bytes: i64,
}

/// How large the file is.
pub fn size(db: &Snapshot) -> Result<Size> {
    let ask = |pragma: &str| {
        db.db()
            .pragma_query_value(None, pragma, |row| row.get::<_, i64>(0))
    };
    let page = ask("page_size")?;
    Ok(Size {
        bytes: ask("page_count")? * page,
        free_bytes: ask("freelist_count")? * page,
    })
}

/// The SQLite within the binary.
pub fn sqlite_version() -> String {
    rusqlite::version().to_owned()
}

/// The last migration that the file has had.
pub fn schema(db: &Snapshot) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached("SELECT ifnull(max(version), 0) AS version FROM refinery_schema_history")?
        .query_row([], |row| row.get("version"))?)
}

/// Writes a row that nobody reads, so that the COMMIT reaches the disk.
pub fn touch(tx: &Tx) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO settings (name, value)
             VALUES ('probed_at', :now)
             ON CONFLICT (name) DO UPDATE SET value = :now",
        )?
        .execute(named_params! { ":now": tx.now.ms().to_string() })?;
    Ok(())
}
