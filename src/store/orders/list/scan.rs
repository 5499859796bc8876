//! Pages found by running along the table or one of its indexes.

use rusqlite::OptionalExtension;
use rusqlite::params;

use crate::domain::order_filter::Column;
use crate::domain::order_filter::MOST_LOOKED_AT;
use crate::domain::order_filter::OrderFilter;
use crate::domain::page::MOST_COUNTED;
use crate::domain::page::Total;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::orders::list::Found;
use crate::store::orders::list::Keys;
use crate::store::orders::list::Wanted;
use crate::store::orders::list::query::Query;
use crate::store::orders::list::query::Scan;
use crate::store::orders::list::query::key;
use crate::store::orders::list::query::order;

/// What a bounded look takes along from the rows it passes.
const LOOKED: &str = "o.id, o.placed_at, o.total, o.status, o.payment_status, o.fulfilment_status";

pub(super) fn look(db: &Snapshot, wanted: &Wanted<'_>) -> Result<Found> {
    let scan = Scan::of(wanted);
    let mut query = Query::new(wanted.filter, scan);
    query.start(wanted);
    query.bind(":limit", wanted.limit);
    query.bind(":skip", wanted.skip);
    match (scan, wanted.column) {
        (_, Column::Total) => whole_look(db, wanted, scan, &query),
        _ if query.rest.is_empty() => whole_look(db, wanted, scan, &query),
        (Scan::Rows, _) => window_look(db, wanted, query),
        _ => bounded_look(db, wanted, scan, query),
    }
}

/// Everything that the scan serves.
fn whole_look(db: &Snapshot, wanted: &Wanted<'_>, scan: Scan<'_>, query: &Query) -> Result<Found> {
    let keys = query.keys(db, &whole_sql(wanted, scan, query))?;
    Ok(Found {
        keys,
        ..Found::default()
    })
}

pub(super) fn whole_sql(wanted: &Wanted<'_>, scan: Scan<'_>, query: &Query) -> String {
    format!(
        "SELECT {}, o.id FROM {} WHERE {} AND {} ORDER BY {} LIMIT :limit OFFSET :skip",
        key(wanted.column),
        scan.from(),
        query.scanned(),
        query.rest(),
        order(wanted.column, wanted.descending),
    )
}

/// A window of 50,000 ids of the table itself, from the first that exists.
fn window_look(db: &Snapshot, wanted: &Wanted<'_>, mut query: Query) -> Result<Found> {
    let behind = wanted.behind.map(|(_, id)| id);
    let first = match wanted.descending {
        true => newest_below(db, behind.unwrap_or(i64::MAX))?,
        false => oldest_above(db, behind.unwrap_or(0))?,
    };
    let Some(first) = first else {
        return Ok(Found::default());
    };
    let (floor, top) = match wanted.descending {
        true => (first - MOST_LOOKED_AT, first),
        false => (first - 1, first - 1 + MOST_LOOKED_AT),
    };
    query.bind(":floor", floor);
    query.bind(":top", top);
    let keys = query.keys(db, &window_sql(wanted, &query))?;
    let edge = match ((keys.len() as i64) < wanted.limit, wanted.descending) {
        (false, _) => None,
        (true, true) => newest_below(db, floor + 1)?.map(|_| (floor + 1, floor + 1)),
        (true, false) => oldest_above(db, top)?.map(|_| (top, top)),
    };
    Ok(Found {
        keys,
        edge,
        ..Found::default()
    })
}

pub(super) fn window_sql(wanted: &Wanted<'_>, query: &Query) -> String {
    format!(
        "SELECT o.id, o.id FROM {} WHERE o.id > :floor AND o.id <= :top AND {} AND {} ORDER BY {}
         LIMIT :limit OFFSET :skip",
        Scan::Rows.from(),
        query.scanned(),
        query.rest(),
        order(wanted.column, wanted.descending),
    )
}

fn newest_below(db: &Snapshot, id: i64) -> Result<Option<i64>> {
    Ok(db
        .db()
        .prepare_cached("SELECT id FROM orders WHERE id < ?1 ORDER BY id DESC LIMIT 1")?
        .query_row(params![id], |row| row.get(0))
        .optional()?)
}

fn oldest_above(db: &Snapshot, id: i64) -> Result<Option<i64>> {
    Ok(db
        .db()
        .prepare_cached("SELECT id FROM orders WHERE id > ?1 ORDER BY id LIMIT 1")?
        .query_row(params![id], |row| row.get(0))
        .optional()?)
}

/// The first 50,000 rows of an index, and of these what fits.
fn bounded_look(db: &Snapshot, wanted: &Wanted<'_>, scan: Scan<'_>, mut query: Query) -> Result<Found> {
    query.bind(":most", MOST_LOOKED_AT);
    let keys = query.keys(db, &bounded_sql(wanted, scan, &query))?;
    let edge = match (keys.len() as i64) < wanted.limit {
        true => edge(db, wanted, scan)?,
        false => None,
    };
    Ok(Found {
        keys,
        edge,
        ..Found::default()
    })
}

pub(super) fn bounded_sql(wanted: &Wanted<'_>, scan: Scan<'_>, query: &Query) -> String {
    format!(
        "SELECT {}, o.id FROM (
           SELECT {LOOKED} FROM {} WHERE {} ORDER BY {} LIMIT :most
         ) o WHERE {} LIMIT :limit OFFSET :skip",
        key(wanted.column),
        scan.from(),
        query.scanned(),
        order(wanted.column, wanted.descending),
        query.rest(),
    )
}

/// The last row that a bounded look has seen, if it did not see them all.
fn edge(db: &Snapshot, wanted: &Wanted<'_>, scan: Scan<'_>) -> Result<Option<Keys>> {
    let mut query = Query::new(wanted.filter, scan);
    query.start(wanted);
    query.only_scanned();
    query.bind(":limit", 1);
    query.bind(":skip", MOST_LOOKED_AT - 1);
    Ok(query.keys(db, &whole_sql(wanted, scan, &query))?.pop())
}

pub(super) fn count(db: &Snapshot, wanted: &Wanted<'_>) -> Result<Total> {
    let wanted = Wanted {
        behind: None,
        descending: true,
        ..*wanted
    };
    let scan = Scan::of(&wanted);
    let mut query = Query::new(wanted.filter, scan);
    let is_bounded = !query.rest.is_empty() && wanted.column != Column::Total;
    query.bind(":limit", MOST_COUNTED + 1);
    let (from, is_all) = match (scan, is_bounded) {
        (_, false) => (scan.from().to_owned(), true),
        (Scan::Rows, true) => {
            let top = newest_below(db, i64::MAX)?.unwrap_or(0);
            query.bind(":floor", top - MOST_LOOKED_AT);
            let rows = format!("{} WHERE o.id > :floor", scan.from());
            (rows, newest_below(db, top - MOST_LOOKED_AT + 1)?.is_none())
        }
        (_, true) => {
            query.bind(":most", MOST_LOOKED_AT);
            let some = format!(
                "(SELECT {LOOKED} FROM {} WHERE {} ORDER BY {} LIMIT :most) o",
                scan.from(),
                query.scanned(),
                order(wanted.column, true)
            );
            (some, edge(db, &wanted, scan)?.is_none())
        }
    };
    let conditions = match (scan, is_bounded) {
        (Scan::Rows, true) => format!("AND {}", query.rest()),
        (_, true) => format!("WHERE {}", query.rest()),
        (_, false) => format!("WHERE {} AND {}", query.scanned(), query.rest()),
    };
    let counted = query.value(
        db,
        &format!("SELECT count(*) FROM (SELECT 1 FROM {from} {conditions} LIMIT :limit)"),
    )?;
    Ok(match is_all {
        true => Total::of(counted),
        false => Total::AtLeast(counted.min(MOST_COUNTED)),
    })
}

/// How many orders were placed between two moments, counted no further than one above `most`.
pub fn count_placed(db: &Snapshot, from: Option<Timestamp>, to: Option<Timestamp>, most: i64) -> Result<i64> {
    let filter = OrderFilter {
        from,
        to,
        ..OrderFilter::default()
    };
    let mut query = Query::new(&filter, Scan::Placed);
    query.bind(":limit", most + 1);
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM {} WHERE {} LIMIT :limit)",
        Scan::Placed.from(),
        query.scanned()
    );
    query.value(db, &sql)
}
