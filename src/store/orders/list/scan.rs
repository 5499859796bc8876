//! Pages found by running along the table or one of its indexes.

use crate::domain::order_filter::Column;
use crate::domain::order_filter::MOST_LOOKED_AT;
use crate::domain::order_filter::OrderFilter;
use crate::domain::page::MOST_COUNTED;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::orders::list::Found;
use crate::store::orders::list::Keys;
use crate::store::orders::list::Wanted;
use crate::store::orders::list::ids;
use crate::store::orders::list::ids::Ids;
use crate::store::orders::list::query::Query;
use crate::store::orders::list::query::Scan;
use crate::store::orders::list::query::key;
use crate::store::orders::list::query::order;
use crate::store::orders::list::totals::Counted;
use crate::store::orders::list::totals::MARGIN;

/// What a bounded look takes along from what it passes; of an index by state only what stands in it.
pub(super) const fn looked(scan: Scan<'_>) -> &'static str {
    match scan {
        Scan::Open | Scan::Ended | Scan::Owing => {
            "o.id, o.total, o.status, o.payment_status, o.fulfilment_status, o.customer_id"
        }
        Scan::Rows | Scan::Placed | Scan::Set(_) => {
            "o.id, o.placed_at, o.total, o.status, o.payment_status, o.fulfilment_status, o.customer_id"
        }
    }
}

pub(super) fn look(db: &Snapshot, wanted: &Wanted<'_>) -> Result<Found> {
    if let Some(ids) = few(db, wanted)? {
        return ids::among(db, wanted, None, &ids);
    }
    let scan = Scan::of(wanted);
    let mut query = Query::new(wanted.filter, scan);
    query.start(wanted);
    query.bind(":limit", wanted.limit);
    query.bind(":skip", wanted.skip);
    match (scan, wanted.column) {
        (_, Column::Total) => whole_look(db, wanted, scan, &query),
        _ if query.rest.is_empty() => whole_look(db, wanted, scan, &query),
        (Scan::Rows, _) => window_look(db, wanted, scan, query),
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

/// All that stand in one state, or owe, where they are few: within two moments they are sorted out sooner than found.
fn few(db: &Snapshot, wanted: &Wanted<'_>) -> Result<Option<Ids>> {
    let by_id = Wanted {
        column: Column::Id,
        behind: None,
        ..*wanted
    };
    let scan = Scan::of(&by_id);
    if wanted.column != Column::Placed || matches!(scan, Scan::Rows) {
        return Ok(None);
    }
    let mut query = Query::new(wanted.filter, scan);
    query.only_scanned();
    query.bind(":limit", FEW + 1);
    query.bind(":skip", 0);
    let keys = query.keys(db, &whole_sql(&by_id, scan, &query))?;
    Ok((keys.len() as i64 <= FEW).then(|| Ids {
        ids: keys.into_iter().map(|(_, id)| id).collect(),
        ..Ids::default()
    }))
}

/// A window of 50,000 ids, from the first row of the scan.
fn window_look(db: &Snapshot, wanted: &Wanted<'_>, scan: Scan<'_>, mut query: Query) -> Result<Found> {
    let Some((_, first)) = nth(db, wanted, scan, 0)? else {
        return Ok(Found::default());
    };
    let (floor, top) = match wanted.descending {
        true => (first - MOST_LOOKED_AT, first),
        false => (first - 1, first - 1 + MOST_LOOKED_AT),
    };
    query.unbind(":most");
    query.bind(":floor", floor);
    query.bind(":top", top);
    let keys = query.keys(db, &window_sql(wanted, scan, &query))?;
    let last = match wanted.descending {
        true => floor + 1,
        false => top,
    };
    let further = Wanted {
        behind: Some((last, last)),
        ..*wanted
    };
    let edge = match (keys.len() as i64) < wanted.limit {
        true => nth(db, &further, scan, 0)?.map(|_| (last, last)),
        false => None,
    };
    Ok(Found {
        keys,
        edge,
        ..Found::default()
    })
}

pub(super) fn window_sql(wanted: &Wanted<'_>, scan: Scan<'_>, query: &Query) -> String {
    format!(
        "SELECT o.id, o.id FROM {} WHERE o.id > :floor AND o.id <= :top AND {} AND {} ORDER BY {}
         LIMIT :limit OFFSET :skip",
        scan.from(),
        query.scanned(),
        query.rest(),
        order(wanted.column, wanted.descending),
    )
}

/// The keys of one row of the scan, so many behind its first.
pub(super) fn nth(db: &Snapshot, wanted: &Wanted<'_>, scan: Scan<'_>, rows: i64) -> Result<Option<Keys>> {
    let mut query = Query::new(wanted.filter, scan);
    query.start(wanted);
    query.only_scanned();
    query.bind(":limit", 1);
    query.bind(":skip", rows);
    Ok(query.keys(db, &whole_sql(wanted, scan, &query))?.pop())
}

/// So many rows a look tries first.
const FEW: i64 = 2_000;
/// So many it tries where they lie far from one another.
const MOST_PICKED: i64 = 10_000;

/// The first rows of an index, and of these what fits. Most pages are full after a few; where one is not, a look by id
/// goes on within the index, which has all that it asks for. A look by time reads rows that lie close together in the
/// order of the table, at a tenth of the cost of looking each one up.
fn bounded_look(db: &Snapshot, wanted: &Wanted<'_>, scan: Scan<'_>, mut query: Query) -> Result<Found> {
    query.bind(":most", FEW);
    let keys = query.keys(db, &bounded_sql(wanted, scan, &query))?;
    let is_full = keys.len() as i64 == wanted.limit;
    if is_full || nth(db, wanted, scan, FEW)?.is_none() {
        return Ok(Found {
            keys,
            ..Found::default()
        });
    }
    match wanted.column {
        Column::Id if is_dense(db, wanted, scan)? => window_look(db, wanted, scan, query),
        Column::Id => pick(db, wanted, scan, query),
        Column::Placed | Column::Total => stretch_look(db, wanted, scan, query),
    }
}

/// Whether a window of the table holds more rows of an index than a look tries first.
fn is_dense(db: &Snapshot, wanted: &Wanted<'_>, scan: Scan<'_>) -> Result<bool> {
    let ends = nth(db, wanted, scan, 0)?.zip(nth(db, wanted, scan, FEW)?);
    Ok(ends.is_some_and(|((_, first), (_, far))| (first - far).abs() < MOST_LOOKED_AT))
}

/// More rows of an index.
fn pick(db: &Snapshot, wanted: &Wanted<'_>, scan: Scan<'_>, mut query: Query) -> Result<Found> {
    query.bind(":most", MOST_PICKED);
    let keys = query.keys(db, &bounded_sql(wanted, scan, &query))?;
    let further = nth(db, wanted, scan, MOST_PICKED)?;
    let last = match (keys.len() as i64) < wanted.limit && further.is_some() {
        true => nth(db, wanted, scan, MOST_PICKED - 1)?,
        false => None,
    };
    Ok(Found {
        keys,
        edge: last,
        ..Found::default()
    })
}

/// The first 50,000 rows by time.
fn stretch_look(db: &Snapshot, wanted: &Wanted<'_>, scan: Scan<'_>, mut query: Query) -> Result<Found> {
    let stretch = Stretch::of(db, wanted, scan)?;
    if !stretch.is_dense() {
        return pick(db, wanted, scan, query);
    }
    let sql = stretch.sql(wanted, &mut query);
    let keys = query.keys(db, &sql)?;
    Ok(Found {
        edge: stretch.edge.filter(|_| (keys.len() as i64) < wanted.limit),
        keys,
        ..Found::default()
    })
}

/// Where in the table the rows lie that a look by time passes.
struct Stretch {
    rows: i64,
    lowest: i64,
    highest: i64,
    /// The last of them, if there are more.
    edge: Option<Keys>,
}

impl Stretch {
    /// One walk: to add it up in the statement would cost more than to step through it.
    fn of(db: &Snapshot, wanted: &Wanted<'_>, scan: Scan<'_>) -> Result<Self> {
        let mut query = Query::new(wanted.filter, scan);
        query.start(wanted);
        query.only_scanned();
        query.bind(":limit", MOST_LOOKED_AT);
        query.bind(":skip", 0);
        let mut stretch = Self {
            rows: 0,
            lowest: i64::MAX,
            highest: 0,
            edge: None,
        };
        query.each(db, &whole_sql(wanted, scan, &query), |keys| {
            stretch.rows += 1;
            stretch.lowest = stretch.lowest.min(keys.1);
            stretch.highest = stretch.highest.max(keys.1);
            stretch.edge = Some(keys);
        })?;
        if stretch.rows < MOST_LOOKED_AT {
            stretch.edge = None;
        }
        Ok(stretch)
    }

    const fn is_dense(&self) -> bool {
        self.highest - self.lowest < 3 * self.rows
    }

    /// The page out of the stretch, no further than the row at which the look ends.
    fn sql(&self, wanted: &Wanted<'_>, query: &mut Query) -> String {
        query.unbind(":most");
        query.bind(":lowest", self.lowest);
        query.bind(":highest", self.highest);
        let end = match (self.edge, wanted.descending) {
            (None, _) => "1",
            (Some(_), true) => "(o.placed_at, o.id) >= (:last_key, :last)",
            (Some(_), false) => "(o.placed_at, o.id) <= (:last_key, :last)",
        };
        if let Some((key, id)) = self.edge {
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
           SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT :most
         ) o WHERE {} LIMIT :limit OFFSET :skip",
        key(wanted.column),
        looked(scan),
        scan.from(),
        query.scanned(),
        order(wanted.column, wanted.descending),
        query.rest(),
    )
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
    query.bind(":limit", MOST_COUNTED + 1 + MARGIN);
    let is_dense = wanted.column == Column::Id && (matches!(scan, Scan::Rows) || is_dense(db, wanted, scan)?);
    let (rows, further) = match (is_dense, nth(db, wanted, scan, 0)?) {
        (true, Some((_, top))) => {
            let last = top - MOST_LOOKED_AT + 1;
            query.bind(":last", last);
            query.bind(":top", top);
            let rows = format!(
                "{} WHERE o.id >= :last AND o.id <= :top AND {} AND {}",
                scan.from(),
                query.scanned(),
                query.rest()
            );
            let further = Wanted {
                behind: Some((last, last)),
                ..*wanted
            };
            (rows, nth(db, &further, scan, 0)?)
        }
        _ => {
            query.bind(":most", MOST_PICKED);
            let rows = format!(
                "(SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT :most) o WHERE {}",
                looked(scan),
                scan.from(),
                query.scanned(),
                order(wanted.column, true),
                query.rest()
            );
            (rows, nth(db, wanted, scan, MOST_PICKED)?)
        }
    };
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {rows} LIMIT :limit)");
    let counted = query.value(db, &sql)?;
    Ok(match further {
        None => Counted::whole(counted),
        Some(_) => Counted::part(counted),
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
