//! Rows that cannot be read, in a file that was damaged: whoever goes over many rows gets past them.

use rusqlite::Row;
use rusqlite::types::FromSql;

use crate::error::Error;
use crate::error::Result;
use crate::error::or_words;

/// What is read of a row, or its id and why it cannot be read.
pub type Legible<I, T> = std::result::Result<T, (I, String)>;

/// Reads a row that has an `id`.
pub fn read<I: FromSql, T>(
    row: &Row,
    from_row: impl Fn(&Row) -> rusqlite::Result<T>,
) -> Result<Legible<I, T>> {
    let id = row.get("id")?;
    Ok(or_words(from_row(row).map_err(Error::from))?.map_err(|words| (id, words)))
}

/// The row of a list, if it can be read; said so, if it cannot.
pub fn shown<T>(table: &'static str, read: Legible<i64, T>) -> Option<T> {
    read.inspect_err(|(id, why)| {
        tracing::warn!(table, id, why, "a row cannot be read: its list passes over it")
    })
    .ok()
}

/// Text of which nothing hangs but what is shown, whatever has become of its letters.
pub fn text(row: &Row, column: &str) -> rusqlite::Result<String> {
    Ok(String::from_utf8_lossy(row.get_ref(column)?.as_bytes()?).into_owned())
}
