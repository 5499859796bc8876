//! Whether the file can be written at all.

use rusqlite::named_params;

use crate::error::Result;
use crate::store::Tx;

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
