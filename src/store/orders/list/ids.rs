//! Pages out of ids at hand: from the search index, from a customer's buckets, from a tag.

use rusqlite::params;

use crate::domain::id::CustomerId;
use crate::domain::order_filter::MOST_LOOKED_AT;
use crate::domain::order_filter::OrderFilter;
use crate::domain::page::MOST_COUNTED;
use crate::domain::search::Find;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::orders::list::Found;
use crate::store::orders::list::Keys;
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

/// Where ids come from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source<'a> {
    Search(&'a Find),
    Customers(&'a [CustomerId]),
    Tag(&'a str),
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

    /// The ids on one side, in its order, and how far the search index is behind.
    pub(super) fn ids(&self, db: &Snapshot, side: Side, limit: usize) -> Result<(Vec<i64>, Option<i64>)> {
        match self {
            Self::Search(find) => {
                let found = search::order_ids(db, find, side, limit)?;
                Ok((found.ids.into_iter().map(|id| id.0).collect(), found.behind))
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
                Ok((ids, None))
            }
            Self::Tag(tag) => Ok((of_tag(db, tag, side, limit)?, None)),
        }
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
    let is_whole = Query::new(wanted.filter, Scan::Set(source)).rest.is_empty();
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
        let ids;
        (ids, index_behind) = source.ids(db, at, handful)?;
        looked_at += ids.len();
        let last = ids.last().copied();
        let was_all = ids.len() < handful;
        counted = counts.then(|| whole(&ids, index_behind));
        fitting.extend(fit(db, wanted, source, ids)?);
        if fitting.len() >= enough || was_all {
            break;
        }
        let Some(last) = last else {
            break;
        };
        if looked_at >= MOST_LOOKED_AT as usize {
            edge = Some((last, last));
            break;
        }
        at = match wanted.descending {
            true => Side::Below(last),
            false => Side::Above(last),
        };
        handful = (handful * 4).min(MOST_LOOKED_AT as usize - looked_at).max(1);
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
    let mut query = Query::new(wanted.filter, Scan::Set(source));
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

/// By time or total: these ids, sorted.
pub(super) fn sort(
    db: &Snapshot,
    wanted: &Wanted<'_>,
    source: &Source<'_>,
    ids: &[i64],
) -> Result<Vec<Keys>> {
    let mut query = Query::new(wanted.filter, Scan::Set(source));
    query.start(wanted);
    query.bind(":ids", json(ids));
    query.bind(":limit", wanted.limit);
    query.bind(":skip", wanted.skip);
    let sql = format!(
        "SELECT {}, o.id FROM {SET} WHERE {} AND {} ORDER BY {} LIMIT :limit OFFSET :skip",
        key(wanted.column),
        query.scanned(),
        query.rest(),
        order(wanted.column, wanted.descending),
    );
    query.keys(db, &sql)
}

pub(super) fn count(db: &Snapshot, wanted: &Wanted<'_>, source: &Source<'_>) -> Result<Counted> {
    let mut query = Query::new(wanted.filter, Scan::Set(source));
    let is_whole = query.rest.is_empty();
    let most = if is_whole {
        MOST_COUNTED + 1
    } else {
        MOST_LOOKED_AT + 1
    };
    let (ids, behind) = source.ids(db, Side::Below(i64::MAX), most as usize)?;
    if is_whole {
        return Ok(whole(&ids, behind));
    }
    query.bind(":ids", json(&ids));
    let counted = query.value(db, &format!("SELECT count(*) FROM {SET} WHERE {}", query.rest()))?;
    Ok(match (ids.len() as i64) < most && behind.is_none() {
        true => Counted::whole(counted),
        false => Counted::part(counted),
    })
}

/// A count of all ids of a source, as far as lists are counted.
fn whole(ids: &[i64], behind: Option<i64>) -> Counted {
    match behind {
        None => Counted::whole(ids.len() as i64),
        Some(_) => Counted::part(ids.len() as i64),
    }
}
