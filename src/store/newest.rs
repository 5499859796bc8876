//! Lists whose newest row comes first, of one state or of all.

use rusqlite::Params;
use rusqlite::Row;
use rusqlite::ToSql;
use rusqlite::named_params;

use crate::domain::page::MOST_COUNTED;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::page::Total;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::legible;

/// What such a list is made of. Its table has an `id` that grows, and a `state`; a row that cannot be read is passed over.
pub struct Newest<T> {
    /// `SELECT … FROM table`.
    pub select: &'static str,
    /// The table.
    pub table: &'static str,
    /// A row of it.
    pub from_row: fn(&Row) -> rusqlite::Result<T>,
}

impl<T> Newest<T> {
    /// A page, counted. Of one state the index of the states is run along; of all the table, which an index counts.
    pub fn page(&self, db: &Snapshot, state: Option<impl ToSql>, paging: &Paging) -> Result<Page<T>> {
        let rows = db
            .db()
            .prepare_cached(&self.page_sql(state.is_some(), paging.is_backwards()))?
            .query_and_then(
                named_params! {
                    ":state": state,
                    ":key": key(paging),
                    ":limit": paging.wanted() as i64,
                    ":skipped": paging.skipped(),
                },
                |row| Ok((row.get("id")?, legible::read(row, self.from_row)?)),
            )?
            .collect::<Result<Vec<(i64, _)>>>()?;
        let counted = db
            .db()
            .prepare_cached(&self.count_sql(state.is_some()))?
            .query_row(
                named_params! { ":state": state, ":most": MOST_COUNTED + 1 },
                |row| row.get(0),
            )?;
        Ok(paging
            .cut(rows, |row| (0, row.0))
            .filter_map(|row| legible::shown(self.table, row.1))
            .counted(Total::of(counted)))
    }

    fn page_sql(&self, is_of_one: bool, is_backwards: bool) -> String {
        let (select, wanted) = (self.select, wanted(is_of_one));
        let (side, order) = side(is_backwards);
        format!("{select} WHERE {side} AND {wanted} ORDER BY {order} LIMIT :limit OFFSET :skipped")
    }

    fn count_sql(&self, is_of_one: bool) -> String {
        let (table, wanted) = (self.table, wanted(is_of_one));
        format!("SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {wanted} LIMIT :most)")
    }
}

/// How many rows a list has, of which `from` says whence they come and which they are; no further than a list tells.
pub fn counted(db: &Snapshot, from: &str, params: impl Params) -> Result<Total> {
    let most = MOST_COUNTED + 1;
    let counted = db
        .db()
        .prepare_cached(&format!("SELECT count(*) FROM (SELECT 1 {from} LIMIT {most})"))?
        .query_row(params, |row| row.get(0))?;
    Ok(Total::of(counted))
}

/// On which side of `:key` a page of such a list lies, and in which order it is run along.
pub const fn side(is_backwards: bool) -> (&'static str, &'static str) {
    match is_backwards {
        true => ("id > :key", "id"),
        false => ("id < :key", "id DESC"),
    }
}

/// The id at which a page begins: the newest, if it is the first.
pub fn key(paging: &Paging) -> i64 {
    paging.keys().map_or(i64::MAX, |keys| keys.1)
}

/// What is asked of a row. An index is taken only where nothing else is left open.
const fn wanted(is_of_one: bool) -> &'static str {
    match is_of_one {
        true => "state = :state",
        false => ":state IS NULL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::plan;

    /// D4: a list of one state is found and counted along the index of the states, and none reads what it only counts.
    #[test]
    fn one_state_runs_along_its_index() {
        let db = plan::empty();
        for table in ["inbox", "payments"] {
            let list = Newest {
                select: match table {
                    "inbox" => "SELECT id, failure FROM inbox",
                    _ => "SELECT id, failure FROM payments",
                },
                table,
                from_row: |row| row.get::<_, i64>(0),
            };
            let by_state = format!("SEARCH {table} USING INDEX {table}_state (state=?");
            for is_backwards in [false, true] {
                let page = plan::of(&db, &list.page_sql(true, is_backwards));
                assert!(
                    page.contains(&by_state) && !page.contains("TEMP B-TREE"),
                    "{page}"
                );
                let all = plan::of(&db, &list.page_sql(false, is_backwards));
                assert!(all.contains("USING INTEGER PRIMARY KEY (rowid"), "{all}");
            }
            for is_of_one in [false, true] {
                let count = plan::of(&db, &list.count_sql(is_of_one));
                assert!(count.contains("USING COVERING INDEX"), "{count}");
            }
        }
    }
}
