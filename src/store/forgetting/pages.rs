//! Overwriting pages that were freed whole before somebody was to be forgotten, as an index frees them whenever it merges:
//! they are taken into use, filled with nothing, and freed again.

use rusqlite::params;

use crate::error::Result;
use crate::store::Tx;

/// Pages that one row takes, and the bytes that fill them.
const PAGES_A_ROW: i64 = 16;
const BYTES_A_ROW: i64 = PAGES_A_ROW * 4_092;
/// All are filled: they are freed again.
const EMPTYING: i64 = -1;

/// Overwrites some; where to go on, if there is more. `upto` says how many are still to be taken: what others free
/// meanwhile holds nothing that has to go.
pub fn overwrite_freed(tx: &Tx, upto: i64, most: i64) -> Result<Option<i64>> {
    if upto == EMPTYING {
        return empty(tx, most);
    }
    let free: i64 = tx
        .db()
        .pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    let left = match upto {
        0 => free,
        left => left.min(free),
    };
    if left == 0 {
        return empty(tx, most);
    }
    let rows = (left.min(most) + PAGES_A_ROW - 1) / PAGES_A_ROW;
    tx.db()
        .prepare_cached(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO freed_pages (filler) SELECT zeroblob(?2) FROM n",
        )?
        .execute(params![rows, BYTES_A_ROW])?;
    let left = left - rows * PAGES_A_ROW;
    Ok(Some(if left > 0 { left } else { EMPTYING }))
}

fn empty(tx: &Tx, most: i64) -> Result<Option<i64>> {
    let rows = tx
        .db()
        .prepare_cached(
            "DELETE FROM freed_pages WHERE id IN (SELECT id FROM freed_pages ORDER BY id LIMIT ?1)",
        )?
        .execute(params![most / PAGES_A_ROW])?;
    Ok((rows > 0).then_some(EMPTYING))
}
