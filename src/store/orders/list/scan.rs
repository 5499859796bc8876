//! Pages found by running along the table or one of its indexes.

use rusqlite::OptionalExtension;
use rusqlite::params;

use crate::domain::order_filter::Column;
use crate::domain::order_filter::MOST_LOOKED_AT;
use crate::domain::order_filter::OrderFilter;
use crate::domain::page::MOST_COUNTED;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::orders::list::Found;
use crate::store::orders::list::Keys;
use crate::store::orders::list::Wanted;
use crate::store::orders::list::query::Query;
use crate::store::orders::list::query::Scan;
use crate::store::orders::list::query::key;
use crate::store::orders::list::query::order;
use crate::store::orders::list::totals::Counted;
use crate::store::orders::list::totals::MARGIN;

/// What a bounded look takes along from the rows it passes.
const LOOKED: &str =
    "o.id, o.placed_at, o.total, o.status, o.payment_status, o.fulfilment_status, o.customer_id";

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

/// The first 50,000 rows of an index, and of these what fits. Most pages are full after a few; where one is not, and the
/// rows lie close together, they are read in the order of the table, at a tenth of the cost of looking each one up.
fn bounded_look(db: &Snapshot, wanted: &Wanted<'_>, scan: Scan<'_>, mut query: Query) -> Result<Found> {
    query.bind(":most", FEW);
    let keys = query.keys(db, &bounded_sql(wanted, scan, &query))?;
    if keys.len() as i64 == wanted.limit {
        return Ok(Found {
            keys,
            ..Found::default()
        });
    }
    let edge = edge(db, wanted, scan)?;
    let stretch = Stretch::of(db, wanted, scan)?;
    let keys = match stretch.is_dense() {
        true => {
            let sql = stretch.sql(wanted, &mut query, edge);
            query.keys(db, &sql)?
        }
        false => {
            query.bind(":most", MOST_LOOKED_AT);
            query.keys(db, &bounded_sql(wanted, scan, &query))?
        }
    };
    Ok(Found {
        edge: edge.filter(|_| (keys.len() as i64) < wanted.limit),
        keys,
        ..Found::default()
    })
}

/// So many rows a look tries first.
const FEW: i64 = 2_000;

/// Where in the table the rows lie that a look passes.
struct Stretch {
    rows: i64,
    lowest: i64,
    highest: i64,
}

impl Stretch {
    fn of(db: &Snapshot, wanted: &Wanted<'_>, scan: Scan<'_>) -> Result<Self> {
        let mut query = Query::new(wanted.filter, scan);
        query.start(wanted);
        query.only_scanned();
        query.bind(":most", MOST_LOOKED_AT);
        let sql = |what: &str| {
            format!(
                "SELECT {what} FROM (SELECT o.id FROM {} WHERE {} ORDER BY {} LIMIT :most)",
                scan.from(),
                query.scanned(),
                order(wanted.column, wanted.descending),
            )
        };
        let rows = query.value(db, &sql("count(*)"))?;
        let ends = query.keys(db, &sql("ifnull(min(id), 0), ifnull(max(id), 0)"))?;
        let (lowest, highest) = ends.first().copied().unwrap_or_default();
        Ok(Self {
            rows,
            lowest,
            highest,
        })
    }

    const fn is_dense(&self) -> bool {
        self.highest - self.lowest < 3 * self.rows
    }

    /// The page out of the stretch, no further than the row at which the look ends.
    fn sql(&self, wanted: &Wanted<'_>, query: &mut Query, edge: Option<Keys>) -> String {
        query.unbind(":most");
        query.bind(":lowest", self.lowest);
        query.bind(":highest", self.highest);
        let end = match (edge, wanted.column, wanted.descending) {
            (None, ..) | (_, Column::Id, _) => "1",
            (Some(_), _, true) => "(o.placed_at, o.id) >= (:last_key, :last)",
            (Some(_), _, false) => "(o.placed_at, o.id) <= (:last_key, :last)",
        };
        if let (Some((key, id)), true) = (edge, end != "1") {
            query.bind(":last_key", key);
            query.bind(":last", id);
        }
        format!(
            "SELECT {}, o.id FROM {} WHERE o.id >= :lowest AND o.id <= :highest AND {end} AND {} AND {} ORDER BY {}
             LIMIT :limit OFFSET :skip",
            key(wanted.column),
            Scan::Rows.from(),
            query.scanned(),
            query.rest(),
            order(wanted.column, wanted.descending),
        )
    }
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

pub(super) fn count(db: &Snapshot, wanted: &Wanted<'_>) -> Result<Counted> {
    let wanted = Wanted {
        behind: None,
        descending: true,
        ..*wanted
    };
    let scan = Scan::of(&wanted);
    let query = Query::new(wanted.filter, scan);
    match query.rest.is_empty() || wanted.column == Column::Total {
        true => count_whole(db, scan, query),
        false => count_looked_at(db, &wanted, scan, query),
    }
}

fn count_whole(db: &Snapshot, scan: Scan<'_>, mut query: Query) -> Result<Counted> {
    query.bind(":limit", MOST_COUNTED + 1 + MARGIN);
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM {} WHERE {} AND {} LIMIT :limit)",
        scan.from(),
        query.scanned(),
        query.rest()
    );
    Ok(Counted::whole(query.value(db, &sql)?))
}

/// Of the first rows that a look passes, those that fit.
fn count_looked_at(db: &Snapshot, wanted: &Wanted<'_>, scan: Scan<'_>, mut query: Query) -> Result<Counted> {
    query.bind(":limit", MOST_COUNTED + 1);
    let (rows, is_all) = match scan {
        Scan::Rows => {
            let top = newest_below(db, i64::MAX)?.unwrap_or(0);
            query.bind(":floor", top - MOST_LOOKED_AT);
            let rows = format!("{} WHERE o.id > :floor AND {}", scan.from(), query.rest());
            (rows, newest_below(db, top - MOST_LOOKED_AT + 1)?.is_none())
        }
        _ => {
            query.bind(":most", MOST_LOOKED_AT);
            let rows = format!(
                "(SELECT {LOOKED} FROM {} WHERE {} ORDER BY {} LIMIT :most) o WHERE {}",
                scan.from(),
                query.scanned(),
                order(wanted.column, true),
                query.rest()
            );
            (rows, edge(db, wanted, scan)?.is_none())
        }
    };
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {rows} LIMIT :limit)");
    let counted = query.value(db, &sql)?;
    Ok(match is_all {
        true => Counted::whole(counted),
        false => Counted::part(counted),
    })
}

/// Whether at most [`MOST_LOOKED_AT`] orders were placed between the filter's two moments.
pub(super) fn is_within_a_look(db: &Snapshot, filter: &OrderFilter) -> Result<bool> {
    let range = OrderFilter {
        from: filter.from,
        to: filter.to,
        ..OrderFilter::default()
    };
    let mut query = Query::new(&range, Scan::Placed);
    query.bind(":limit", MOST_LOOKED_AT + 1);
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM {} WHERE {} LIMIT :limit)",
        Scan::Placed.from(),
        query.scanned()
    );
    Ok(query.value(db, &sql)? <= MOST_LOOKED_AT)
}

/// The lowest and the highest id of the orders placed between the filter's two moments, which a look may hold.
pub(super) fn id_bounds(db: &Snapshot, filter: &OrderFilter) -> Result<(i64, i64)> {
    let range = OrderFilter {
        from: filter.from,
        to: filter.to,
        ..OrderFilter::default()
    };
    let query = Query::new(&range, Scan::Placed);
    let sql = format!(
        "SELECT ifnull(min(o.id), 0), ifnull(max(o.id), 0) FROM {} WHERE {}",
        Scan::Placed.from(),
        query.scanned()
    );
    Ok(query.keys(db, &sql)?.pop().unwrap_or((0, 0)))
}
