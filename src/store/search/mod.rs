//! The search index: asked together with a direct look at what it has not seen yet, so that a client finds what it has
//! just written; and brought up to date in short jobs.

mod broad;
mod compact;
mod derive;
mod text;

pub use compact::Pass;
pub use compact::compact_customers;
pub use compact::compact_orders;
pub use compact::put_customer;
pub use compact::put_order;
pub use derive::behind;
pub use derive::catch_up;
pub use derive::is_behind;
pub use derive::waits_since;

use rusqlite::params;

use crate::domain::id::CustomerId;
use crate::domain::id::OrderId;
use crate::domain::id::ProductId;
use crate::domain::search::Find;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::marks;
use crate::store::search::broad::Asked;
use crate::store::search::text::Text;

/// So many rows that the index has not seen are looked at directly; beyond that a reply says how far it is behind.
const MOST_LOOKED_AT: usize = 5_000;

/// Which side of an id is asked for, and so in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Below it, newest first.
    Below(i64),
    /// Above it, oldest first.
    Above(i64),
}

impl Side {
    fn has(self, id: i64) -> bool {
        match self {
            Self::Below(below) => id < below,
            Self::Above(above) => id > above,
        }
    }

    /// The same side of another id.
    const fn past(self, id: i64) -> Self {
        match self {
            Self::Below(_) => Self::Below(id),
            Self::Above(_) => Self::Above(id),
        }
    }

    fn sort(self, ids: &mut Vec<i64>) {
        ids.sort_unstable();
        ids.dedup();
        if matches!(self, Self::Below(_)) {
            ids.reverse();
        }
    }
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Found<T> {
    /// In the order of the side that was asked for.
    pub ids: Vec<T>,
    /// How many rows the index has not seen, if they were too many to look at.
    pub behind: Option<i64>,
    /// Where the look ended before the things did.
    pub edge: Option<i64>,
}

/// A kind of thing that can be searched for: its statements, which never differ in anything but names.
pub(super) struct Noun {
    mark: &'static str,
    below: &'static str,
    above: &'static str,
    one: &'static str,
    common: &'static str,
    broad: Option<&'static str>,
    /// The first word of the index from one on, and before another.
    word: Option<&'static str>,
    before: &'static str,
    unseen: &'static str,
    count_unseen: &'static str,
    changed: &'static str,
    count_changed: &'static str,
    next: &'static str,
    put: &'static str,
    /// Whether it has SKUs beside its words.
    has_skus: bool,
    remove: &'static str,
    merge: &'static str,
    read: fn(&Snapshot, i64) -> Result<Option<Text>>,
}

const ORDERS: Noun = Noun {
    mark: "search.orders",
    below: "SELECT rowid FROM order_search WHERE order_search MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC LIMIT ?3",
    above: "SELECT rowid FROM order_search WHERE order_search MATCH ?1 AND rowid > ?2 ORDER BY rowid LIMIT ?3",
    one: "SELECT 1 FROM order_search WHERE order_search MATCH ?1 AND rowid = ?2",
    common: "SELECT 1 FROM order_search WHERE order_search MATCH ?1 LIMIT 1 OFFSET ?2",
    broad: Some(
        "SELECT 1 FROM order_search_terms WHERE term >= ?1 AND term < ?1 || char(1114111) LIMIT 1 OFFSET ?2",
    ),
    word: None,
    before: "SELECT id FROM orders WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
    unseen: "SELECT id FROM orders WHERE id > ?1 ORDER BY id DESC LIMIT ?2",
    count_unseen: "SELECT count(*) FROM orders WHERE id > ?1",
    // order.edited
    changed: "SELECT DISTINCT subject FROM events WHERE type = 6 AND type <> 1 AND id > ?1 AND subject <= ?2 LIMIT ?3",
    count_changed: "SELECT count(DISTINCT subject) FROM events
                    WHERE type = 6 AND type <> 1 AND id > ?1 AND subject <= ?2",
    next: "SELECT id FROM orders WHERE id > ?1 ORDER BY id LIMIT ?2",
    put: "INSERT OR REPLACE INTO order_search (rowid, words, skus) VALUES (?1, ?2, ?3)",
    has_skus: true,
    remove: "DELETE FROM order_search WHERE rowid = ?1",
    merge: "INSERT INTO order_search (order_search, rank) VALUES ('merge', ?1)",
    read: text::of_order,
};

const PRODUCTS: Noun = Noun {
    mark: "search.products",
    below: "SELECT rowid FROM product_search WHERE product_search MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC LIMIT ?3",
    above: "SELECT rowid FROM product_search WHERE product_search MATCH ?1 AND rowid > ?2 ORDER BY rowid LIMIT ?3",
    one: "SELECT 1 FROM product_search WHERE product_search MATCH ?1 AND rowid = ?2",
    common: "SELECT 1 FROM product_search WHERE product_search MATCH ?1 LIMIT 1 OFFSET ?2",
    // Of all products a beginning is looked up soon enough, where it is one of many words, which few products have.
    broad: None,
    word: Some("SELECT term FROM product_search_terms WHERE term >= ?1 AND term < ?2 LIMIT 1"),
    before: "SELECT id FROM products WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
    unseen: "SELECT id FROM products WHERE id > ?1 ORDER BY id DESC LIMIT ?2",
    count_unseen: "SELECT count(*) FROM products WHERE id > ?1",
    // product.updated, product.deleted
    changed: "SELECT DISTINCT subject FROM events
              WHERE type IN (23, 26) AND type <> 1 AND id > ?1 AND subject <= ?2 LIMIT ?3",
    count_changed: "SELECT count(DISTINCT subject) FROM events
                    WHERE type IN (23, 26) AND type <> 1 AND id > ?1 AND subject <= ?2",
    next: "SELECT id FROM products WHERE id > ?1 ORDER BY id LIMIT ?2",
    put: "INSERT OR REPLACE INTO product_search (rowid, words, skus) VALUES (?1, ?2, ?3)",
    has_skus: true,
    remove: "DELETE FROM product_search WHERE rowid = ?1",
    merge: "INSERT INTO product_search (product_search, rank) VALUES ('merge', ?1)",
    read: text::of_product,
};

const CUSTOMERS: Noun = Noun {
    mark: "search.customers",
    below: "SELECT rowid FROM customer_search WHERE customer_search MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC LIMIT ?3",
    above: "SELECT rowid FROM customer_search WHERE customer_search MATCH ?1 AND rowid > ?2 ORDER BY rowid LIMIT ?3",
    one: "SELECT 1 FROM customer_search WHERE customer_search MATCH ?1 AND rowid = ?2",
    common: "SELECT 1 FROM customer_search WHERE customer_search MATCH ?1 LIMIT 1 OFFSET ?2",
    broad: Some(
        "SELECT 1 FROM customer_search_terms WHERE term >= ?1 AND term < ?1 || char(1114111) LIMIT 1 OFFSET ?2",
    ),
    word: None,
    before: "SELECT id FROM customers WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
    unseen: "SELECT id FROM customers WHERE id > ?1 ORDER BY id DESC LIMIT ?2",
    count_unseen: "SELECT count(*) FROM customers WHERE id > ?1",
    // customer.updated
    changed: "SELECT DISTINCT subject FROM events WHERE type = 41 AND type <> 1 AND id > ?1 AND subject <= ?2 LIMIT ?3",
    count_changed: "SELECT count(DISTINCT subject) FROM events
                    WHERE type = 41 AND type <> 1 AND id > ?1 AND subject <= ?2",
    next: "SELECT id FROM customers WHERE id > ?1 ORDER BY id LIMIT ?2",
    put: "INSERT OR REPLACE INTO customer_search (rowid, words) VALUES (?1, ?2)",
    has_skus: false,
    remove: "DELETE FROM customer_search WHERE rowid = ?1",
    merge: "INSERT INTO customer_search (customer_search, rank) VALUES ('merge', ?1)",
    read: text::of_customer,
};

/// The orders that fit on one side of an id, at most `limit` of them.
pub fn order_ids(db: &Snapshot, find: &Find, side: Side, limit: usize) -> Result<Found<OrderId>> {
    Ok(ids(db, &ORDERS, find, side, limit)?.map(OrderId))
}

/// Of each of these orders whether it fits.
pub fn orders_among(db: &Snapshot, find: &Find, among: &[i64]) -> Result<Found<bool>> {
    let asked = Asked::of(db, &ORDERS, find)?;
    let unseen = Unseen::read(db, &ORDERS)?;
    let mut ids = Vec::with_capacity(among.len());
    for id in among {
        let is_read = asked.is_broad || *id > unseen.upto || unseen.changed.contains(id);
        ids.push(match is_read {
            true => (ORDERS.read)(db, *id)?.is_some_and(|text| text.fits(&asked.find)),
            false => has(db, &ORDERS, &asked.find, *id)?,
        });
    }
    Ok(Found {
        ids,
        behind: unseen.behind,
        edge: None,
    })
}

/// The same of products.
pub fn product_ids(db: &Snapshot, find: &Find, side: Side, limit: usize) -> Result<Found<ProductId>> {
    Ok(ids(db, &PRODUCTS, find, side, limit)?.map(ProductId))
}

/// The same of customers.
pub fn customer_ids(db: &Snapshot, find: &Find, side: Side, limit: usize) -> Result<Found<CustomerId>> {
    Ok(ids(db, &CUSTOMERS, find, side, limit)?.map(CustomerId))
}

impl Found<i64> {
    fn map<T>(self, id: fn(i64) -> T) -> Found<T> {
        Found {
            ids: self.ids.into_iter().map(id).collect(),
            behind: self.behind,
            edge: self.edge,
        }
    }
}

fn ids(db: &Snapshot, noun: &Noun, find: &Find, side: Side, limit: usize) -> Result<Found<i64>> {
    if find.is_empty() {
        return Ok(Found {
            ids: Vec::new(),
            behind: None,
            edge: None,
        });
    }
    let asked = Asked::of(db, noun, find)?;
    let unseen = Unseen::read(db, noun)?;
    let (mut found, edge) = match asked.is_broad {
        true => broad::read(db, noun, &asked.find, side, (limit, &unseen))?,
        false => {
            let mut found = indexed(db, noun, &asked.find, side, limit + unseen.changed.len())?;
            found.retain(|id| !unseen.changed.contains(id));
            (found, None)
        }
    };
    let mut direct: Vec<i64> = unseen.changed.iter().chain(&unseen.new).copied().collect();
    direct.retain(|id| side.has(*id) && edge.is_none_or(|edge| !side.past(edge).has(*id)));
    side.sort(&mut direct);
    let mut fitting = 0;
    for id in direct {
        if fitting == limit {
            break;
        }
        if (noun.read)(db, id)?.is_some_and(|text| text.fits(&asked.find)) {
            fitting += 1;
            found.push(id);
        }
    }
    side.sort(&mut found);
    found.truncate(limit);
    Ok(Found {
        ids: found,
        behind: unseen.behind,
        edge,
    })
}

fn indexed(db: &Snapshot, noun: &Noun, find: &Find, side: Side, limit: usize) -> Result<Vec<i64>> {
    let (sql, id) = match side {
        Side::Below(id) => (noun.below, id),
        Side::Above(id) => (noun.above, id),
    };
    db.db()
        .prepare_cached(sql)?
        .query_and_then(
            params![find.expression(), id, limit as i64],
            |row| Ok(row.get(0)?),
        )?
        .collect()
}

/// Whether the index finds this one.
fn has(db: &Snapshot, noun: &Noun, find: &Find, id: i64) -> Result<bool> {
    Ok(!find.is_empty()
        && db
            .db()
            .prepare_cached(noun.one)?
            .exists(params![find.expression(), id])?)
}

/// What the index does not know: things above its mark, and things below it that have changed.
struct Unseen {
    /// The index's mark.
    upto: i64,
    new: Vec<i64>,
    changed: Vec<i64>,
    behind: Option<i64>,
}

impl Unseen {
    fn read(db: &Snapshot, noun: &Noun) -> Result<Self> {
        let upto = marks::get(db, noun.mark)?;
        let events = marks::get(db, "search.events")?;
        let most = MOST_LOOKED_AT as i64;
        let changed = list(db, noun.changed, &[&events, &upto, &most])?;
        let room = most - changed.len() as i64;
        let new = list(db, noun.unseen, &[&upto, &room])?;
        let behind = match (new.len() as i64) < room {
            true => None,
            false => {
                let changed = count(db, noun.count_changed, &[&events, &upto])?;
                let all = changed + count(db, noun.count_unseen, &[&upto])?;
                (all > most).then_some(all)
            }
        };
        Ok(Self {
            upto,
            new,
            changed,
            behind,
        })
    }
}

fn count(db: &Snapshot, sql: &str, with: &[&dyn rusqlite::ToSql]) -> Result<i64> {
    Ok(db.db().prepare_cached(sql)?.query_row(with, |row| row.get(0))?)
}

fn list(db: &Snapshot, sql: &str, with: &[&dyn rusqlite::ToSql]) -> Result<Vec<i64>> {
    db.db()
        .prepare_cached(sql)?
        .query_and_then(with, |row| Ok(row.get(0)?))?
        .collect()
}
