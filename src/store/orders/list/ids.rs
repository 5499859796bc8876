//! Pages out of ids at hand: from the search index, from a customer's buckets, from a tag.

use rusqlite::params;

use crate::domain::id::CustomerId;
use crate::domain::order_filter::OrderFilter;
use crate::domain::page::MOST_COUNTED;
use crate::domain::search::Find;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::orders::list::Found;
use crate::store::orders::list::Wanted;
use crate::store::orders::list::query::Query;
use crate::store::orders::list::query::SET;
use crate::store::orders::list::query::Scan;
use crate::store::orders::list::query::json;
use crate::store::orders::list::query::key;
use crate::store::orders::list::query::order;
use crate::store::orders::list::totals::Counted;
use crate::store::search;
use crate::store::search::Side;

/// Of so many ids a look tells which fit the rest of a filter; each is looked up in the table.
const MOST_SIFTED: i64 = 10_000;

/// Where ids come from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source<'a> {
    Search(&'a Find),
    Customers(&'a [CustomerId]),
    Tag(&'a str),
}

/// Ids at hand.
#[derive(Debug, Default)]
pub(super) struct Ids {
    pub(super) ids: Vec<i64>,
    /// How far the search index is behind.
    pub(super) behind: Option<i64>,
    /// Where the search ended before the orders did.
    pub(super) edge: Option<i64>,
}

impl Ids {
    /// A count of all of them, as far as lists are counted.
    fn counted(&self) -> Counted {
        self.so_far(Counted::whole(self.ids.len() as i64))
    }

    fn so_far(&self, counted: Counted) -> Counted {
        match self.behind.is_some() || self.edge.is_some() {
            true => counted.so_far(),
            false => counted,
        }
    }
}

impl<'a> Source<'a> {
    /// The narrowest that the filter offers; the search index can be asked in no other way.
    pub(super) fn of(filter: &'a OrderFilter) -> Option<Self> {
        match filter {
            OrderFilter { find: Some(find), .. } => Some(Self::Search(find)),
            OrderFilter {
                customers: Some(customers),
                ..
            } => Some(Self::Customers(customers)),
            OrderFilter { tag: Some(tag), .. } => Some(Self::Tag(tag)),
            _ => None,
        }
    }

    /// The ids on one side, in its order.
    pub(super) fn ids(&self, db: &Snapshot, side: Side, limit: usize) -> Result<Ids> {
        let ids = match self {
            Self::Search(find) => {
                let found = search::order_ids(db, find, side, limit)?;
                return Ok(Ids {
                    ids: found.ids.into_iter().map(|id| id.0).collect(),
                    behind: found.behind,
                    edge: found.edge,
                });
            }
            Self::Customers(customers) => {
                let mut ids = Vec::new();
                for customer in *customers {
                    ids.extend(of_customer(db, *customer, side, limit)?);
                }
                ids.sort_unstable();
                if matches!(side, Side::Below(_)) {
                    ids.reverse();
                }
                ids.truncate(limit);
                ids
            }
            Self::Tag(tag) => of_tag(db, tag, side, limit)?,
        };
        Ok(Ids {
            ids,
            ..Ids::default()
        })
    }
}

/// Walks the buckets of 8,192 orders one by one, each in the order of its ids: few enough to walk, and small enough that
/// new orders touch few pages of the index.
fn of_customer(db: &Snapshot, customer: CustomerId, side: Side, limit: usize) -> Result<Vec<i64>> {
    let newest: i64 = db
        .db()
        .prepare_cached("SELECT ifnull(max(id), 0) FROM orders")?
        .query_row([], |row| row.get(0))?;
    match side {
        Side::Below(below) => {
            let below = below.min(newest + 1);
            let sql = "SELECT o.id FROM orders o WHERE o.id >> 13 = ?1 AND o.customer_id = ?2 AND o.id < ?3 ORDER BY o.id DESC";
            walk(db, sql, (0..=(below - 1) >> 13).rev(), (customer, below), limit)
        }
        Side::Above(above) => {
            let above = above.max(0);
            let sql = "SELECT o.id FROM orders o WHERE o.id >> 13 = ?1 AND o.customer_id = ?2 AND o.id > ?3 ORDER BY o.id";
            walk(
                db,
                sql,
                (above + 1) >> 13..=newest >> 13,
                (customer, above),
                limit,
            )
        }
    }
}

/// A statement a bucket: a recursive one costs more at each step than the look into the index.
fn walk(
    db: &Snapshot,
    sql: &str,
    buckets: impl Iterator<Item = i64>,
    (customer, edge): (CustomerId, i64),
    limit: usize,
) -> Result<Vec<i64>> {
    let mut ids = Vec::new();
    let mut bucket = db.db().prepare_cached(sql)?;
    for number in buckets {
        for id in bucket.query_map(params![number, customer, edge], |row| row.get(0))? {
            ids.push(id?);
        }
        if ids.len() >= limit {
            break;
        }
    }
    ids.truncate(limit);
    Ok(ids)
}

fn of_tag(db: &Snapshot, tag: &str, side: Side, limit: usize) -> Result<Vec<i64>> {
    let (sql, id) = match side {
        Side::Below(below) => (
            "SELECT order_id FROM order_tags
             WHERE tag_id = (SELECT id FROM tags WHERE name = ?1) AND order_id < ?2
             ORDER BY order_id DESC LIMIT ?3",
            below,
        ),
        Side::Above(above) => (
            "SELECT order_id FROM order_tags
             WHERE tag_id = (SELECT id FROM tags WHERE name = ?1) AND order_id > ?2
             ORDER BY order_id LIMIT ?3",
            above,
        ),
    };
    db.db()
        .prepare_cached(sql)?
        .query_and_then(params![tag, id, limit as i64], |row| Ok(row.get(0)?))?
        .collect()
}

/// By id: in growing handfuls, until the page is full or enough has been looked at.
pub(super) fn look_along(db: &Snapshot, wanted: &Wanted<'_>, source: &Source<'_>) -> Result<Found> {
    let enough = (wanted.skip + wanted.limit) as usize;
    let is_whole = Query::new(wanted.filter, Scan::Set(Some(source))).rest.is_empty();
    // From either end, a walk that goes on passes every id of the list: it need not be walked again for its length.
    let counts = is_whole && wanted.counts && wanted.behind.is_none();
    let mut handful = match (is_whole, counts) {
        (true, true) => enough.max(MOST_COUNTED as usize + 1),
        (true, false) => enough,
        (false, _) => enough.max(500),
    };
    let mut at = match (wanted.behind, wanted.descending) {
        (Some((_, id)), true) => Side::Below(id),
        (Some((_, id)), false) => Side::Above(id),
        (None, true) => Side::Below(i64::MAX),
        (None, false) => Side::Above(0),
    };
    let mut looked_at = 0;
    let mut fitting = Vec::new();
    let mut edge = None;
    let mut index_behind;
    let mut counted;
    loop {
        let found = source.ids(db, at, handful)?;
        index_behind = found.behind;
        looked_at += found.ids.len();
        let last = found.edge.or(found.ids.last().copied());
        let was_all = found.ids.len() < handful && found.edge.is_none();
        counted = counts.then(|| found.counted());
        let is_cut = found.edge.is_some();
        fitting.extend(fit(db, wanted, source, found.ids)?);
        if fitting.len() >= enough || was_all {
            break;
        }
        let Some(last) = last else {
            break;
        };
        if is_cut || looked_at >= MOST_SIFTED as usize {
            edge = Some((last, last));
            break;
        }
        at = match wanted.descending {
            true => Side::Below(last),
            false => Side::Above(last),
        };
        handful = (handful * 4).min(MOST_SIFTED as usize - looked_at).max(1);
    }
    let keys = fitting
        .into_iter()
        .skip(wanted.skip as usize)
        .take(wanted.limit as usize)
        .map(|id| (id, id))
        .collect();
    Ok(Found {
        keys,
        edge,
        index_behind,
        counted,
    })
}

/// Of these ids those whose orders fit the rest of the filter, in the order of the list.
fn fit(db: &Snapshot, wanted: &Wanted<'_>, source: &Source<'_>, ids: Vec<i64>) -> Result<Vec<i64>> {
    let mut query = Query::new(wanted.filter, Scan::Set(Some(source)));
    if query.rest.is_empty() {
        return Ok(ids);
    }
    query.bind(":ids", json(&ids));
    let sql = format!(
        "SELECT o.id, o.id FROM {SET} WHERE {} ORDER BY {}",
        query.rest(),
        order(wanted.column, wanted.descending),
    );
    let keys = query.keys(db, &sql)?;
    Ok(keys.into_iter().map(|(_, id)| id).collect())
}

/// By time or total: the page out of these ids, and how many of them fit.
pub(super) fn among(
    db: &Snapshot,
    wanted: &Wanted<'_>,
    source: Option<&Source<'_>>,
    ids: &Ids,
) -> Result<Found> {
    let mut query = Query::new(wanted.filter, Scan::Set(source));
    query.start(wanted);
    query.bind(":ids", json(&ids.ids));
    query.bind(":limit", wanted.limit);
    query.bind(":skip", wanted.skip);
    let sql = format!(
        "SELECT {}, o.id FROM {SET} WHERE {} AND {} ORDER BY {} LIMIT :limit OFFSET :skip",
        key(wanted.column),
        query.scanned(),
        query.rest(),
        order(wanted.column, wanted.descending),
    );
    let keys = query.keys(db, &sql)?;
    let is_all_there = wanted.behind.is_none() && wanted.skip == 0 && (keys.len() as i64) < wanted.limit;
    let counted = match wanted.counts && !is_all_there {
        true => Some(count_among(db, wanted, source, ids)?),
        false => None,
    };
    Ok(Found {
        keys,
        index_behind: ids.behind,
        counted,
        ..Found::default()
    })
}

fn count_among(
    db: &Snapshot,
    wanted: &Wanted<'_>,
    source: Option<&Source<'_>>,
    ids: &Ids,
) -> Result<Counted> {
    let mut query = Query::new(wanted.filter, Scan::Set(source));
    if query.rest.is_empty() {
        return Ok(ids.counted());
    }
    query.bind(":ids", json(&ids.ids));
    let counted = query.value(db, &format!("SELECT count(*) FROM {SET} WHERE {}", query.rest()))?;
    Ok(ids.so_far(Counted::whole(counted)))
}

pub(super) fn count(db: &Snapshot, wanted: &Wanted<'_>, source: &Source<'_>) -> Result<Counted> {
    let is_whole = Query::new(wanted.filter, Scan::Set(Some(source))).rest.is_empty();
    let most = match is_whole {
        true => MOST_COUNTED + 1,
        false => MOST_SIFTED + 1,
    };
    let ids = source.ids(db, Side::Below(i64::MAX), most as usize)?;
    let counted = count_among(db, wanted, Some(source), &ids)?;
    Ok(match is_whole || (ids.ids.len() as i64) < most {
        true => counted,
        false => counted.so_far(),
    })
}
