//! Lists whose newest row comes first, of one state or of all.

use rusqlite::Row;
use rusqlite::ToSql;
use rusqlite::named_params;

use crate::domain::page::MOST_COUNTED;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::page::Total;
use crate::error::Result;
use crate::store::Snapshot;

/// What such a list is made of. Its table has an `id` that grows, and a `state`.
pub struct Newest<T> {
    /// `SELECT … FROM table`.
    pub select: &'static str,
    /// The table.
    pub table: &'static str,
    /// A row of it.
    pub from_row: fn(&Row) -> rusqlite::Result<T>,
    /// The row's id.
    pub id: fn(&T) -> i64,
}

impl<T> Newest<T> {
    /// A page, counted.
    pub fn page(&self, db: &Snapshot, state: Option<impl ToSql>, paging: &Paging) -> Result<Page<T>> {
        let (select, table) = (self.select, self.table);
        let (sign, order) = match paging.is_backwards() {
            true => (">", ""),
            false => ("<", "DESC"),
        };
        let rows = db
            .db()
            .prepare_cached(&format!(
                "{select} WHERE id {sign} :key AND (:state IS NULL OR state = :state)
                 ORDER BY id {order} LIMIT :limit OFFSET :skipped"
            ))?
            .query_and_then(
                named_params! {
                    ":state": state,
                    ":key": paging.keys().map_or(i64::MAX, |keys| keys.1),
                    ":limit": paging.wanted() as i64,
                    ":skipped": paging.skipped(),
                },
                |row| Ok((self.from_row)(row)?),
            )?
            .collect::<Result<Vec<T>>>()?;
        let counted = db
            .db()
            .prepare_cached(&format!(
                "SELECT count(*) FROM (SELECT 1 FROM {table} WHERE :state IS NULL OR state = :state LIMIT :most)"
            ))?
            .query_row(
                named_params! { ":state": state, ":most": MOST_COUNTED + 1 },
                |row| row.get(0),
            )?;
        Ok(paging
            .cut(rows, |row| (0, (self.id)(row)))
            .counted(Total::of(counted)))
    }
}
