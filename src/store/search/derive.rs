//! Bringing the index up to date: what is new above the marks, then what has changed. Each call does a little and may be
//! made again at any time: a row that is indexed twice is there once.

use rusqlite::OptionalExtension;
use rusqlite::params;

use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::marks;
use crate::store::search::CUSTOMERS;
use crate::store::search::Noun;
use crate::store::search::ORDERS;
use crate::store::search::PRODUCTS;

/// A job indexes at most so many things, with at most so many bytes of text, give or take one: some milliseconds.
const MOST_THINGS: i64 = 200;
const MOST_BYTES: usize = 40_000;

/// Whether there is something to index.
pub fn is_behind(db: &Snapshot) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT ifnull((SELECT max(id) FROM products), 0) > (SELECT upto FROM marks WHERE name = 'search.products')
                 OR ifnull((SELECT max(id) FROM orders), 0) > (SELECT upto FROM marks WHERE name = 'search.orders')
                 OR ifnull((SELECT max(id) FROM customers), 0) > (SELECT upto FROM marks WHERE name = 'search.customers')
                 OR EXISTS (SELECT 1 FROM events WHERE type IN (6, 23, 26, 41) AND type <> 1
                            AND id > (SELECT upto FROM marks WHERE name = 'search.events')) AS is_behind",
        )?
        .query_row([], |row| row.get("is_behind"))?)
}

/// How many things there may be to index: new ones, and changes to others.
pub fn behind(db: &Snapshot) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT ifnull((SELECT max(id) FROM products), 0) - (SELECT upto FROM marks WHERE name = 'search.products')
                  + ifnull((SELECT max(id) FROM orders), 0) - (SELECT upto FROM marks WHERE name = 'search.orders')
                  + ifnull((SELECT max(id) FROM customers), 0) - (SELECT upto FROM marks WHERE name = 'search.customers')
                  + (SELECT count(*) FROM events WHERE type IN (6, 23, 26, 41) AND type <> 1
                       AND id > (SELECT upto FROM marks WHERE name = 'search.events')) AS behind",
        )?
        .query_row([], |row| row.get("behind"))?)
}

/// Since when the oldest new order waits to be indexed; none if none waits.
pub fn waits_since(db: &Snapshot) -> Result<Option<Timestamp>> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT ifnull(imported_at, placed_at) AS since
             FROM orders
             WHERE id > (SELECT upto FROM marks WHERE name = 'search.orders')
             ORDER BY id
             LIMIT 1",
        )?
        .query_row([], |row| row.get("since"))
        .optional()?)
}

/// Indexes some of what is missing.
pub fn catch_up(tx: &Tx) -> Result<()> {
    let mut room = MOST_BYTES;
    add_new(tx, &PRODUCTS, &mut room)?;
    add_new(tx, &ORDERS, &mut room)?;
    add_new(tx, &CUSTOMERS, &mut room)?;
    renew(tx, &mut room)
}

fn add_new(tx: &Tx, noun: &Noun, room: &mut usize) -> Result<()> {
    let ids: Vec<i64> = tx
        .db()
        .prepare_cached(noun.next)?
        .query_and_then(params![marks::get(tx, noun.mark)?, MOST_THINGS], |row| {
            Ok::<_, Error>(row.get(0)?)
        })?
        .collect::<Result<_>>()?;
    let mut last = None;
    for id in ids {
        if *room == 0 {
            break;
        }
        put(tx, noun, id, room)?;
        last = Some(id);
    }
    match last {
        Some(id) => marks::set(tx, noun.mark, id),
        None => Ok(()),
    }
}

/// Indexes again what events say has changed.
fn renew(tx: &Tx, room: &mut usize) -> Result<()> {
    let changes: Vec<(i64, i64, i64)> = tx
        .db()
        .prepare_cached(
            "SELECT id, type, subject FROM events
             WHERE type IN (6, 23, 26, 41) AND type <> 1 AND id > ?1
             ORDER BY id
             LIMIT ?2",
        )?
        .query_and_then(params![marks::get(tx, "search.events")?, MOST_THINGS], |row| {
            Ok::<_, Error>((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<Result<_>>()?;
    let mut last = None;
    for (event, kind, subject) in changes {
        if *room == 0 {
            break;
        }
        let noun = match kind {
            6 => &ORDERS,
            41 => &CUSTOMERS,
            _ => &PRODUCTS,
        };
        if subject <= marks::get(tx, noun.mark)? {
            put(tx, noun, subject, room)?;
        }
        last = Some(event);
    }
    match last {
        Some(event) => marks::set(tx, "search.events", event),
        None => Ok(()),
    }
}

pub(super) fn put(tx: &Tx, noun: &Noun, id: i64, room: &mut usize) -> Result<()> {
    match (noun.read)(tx, id)? {
        Some(text) => {
            *room = room.saturating_sub(text.words.len() + 100);
            let mut put = tx.db().prepare_cached(noun.put)?;
            match noun.has_skus {
                true => put.execute(params![id, text.words, text.sku_words()])?,
                false => put.execute(params![id, text.words])?,
            };
        }
        None => {
            tx.db().prepare_cached(noun.remove)?.execute(params![id])?;
        }
    }
    Ok(())
}
