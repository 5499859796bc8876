//! What is kept of one person beside what has a type of its own: read as the JSON that it leaves the house in.

use rusqlite::params;
use serde_json::Value;

use crate::domain::id::CustomerId;
use crate::domain::id::MailId;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::audit::read_ip;

/// A moment as it is told.
macro_rules! moment {
    ($column:literal) => {
        concat!(
            "strftime('%Y-%m-%dT%H:%M:%fZ', ",
            $column,
            " / 1000.0, 'unixepoch')"
        )
    };
}

const SESSIONS: &str = concat!(
    "SELECT id, json_object('created_at', ",
    moment!("created_at"),
    ", 'seen_at', ",
    moment!("seen_at"),
    ", 'ended_at', ",
    moment!("ended_at"),
    ", 'user_agent', user_agent), ip
     FROM sessions WHERE user_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
);

const CART: &str = concat!(
    "SELECT i.variant_id, json_object('sku', v.sku, 'quantity', i.quantity, 'added_at', ",
    moment!("i.added_at"),
    ")
     FROM carts c JOIN cart_items i ON i.cart_id = c.id JOIN variants v ON v.id = i.variant_id
     WHERE c.user_id = ?1 AND i.variant_id > ?2 ORDER BY i.variant_id LIMIT ?3"
);

const DRAFTS: &str = concat!(
    "SELECT id, json_object('id', id, 'asked', json(asked), 'reason', reason, 'order_id', order_id, 'created_at', ",
    moment!("created_at"),
    ") FROM drafts WHERE customer_id IN (SELECT value FROM json_each(?1)) AND id > ?2 ORDER BY id LIMIT ?3"
);

const SHIPMENTS: &str = concat!(
    "SELECT id, json_object('id', id, 'carrier', carrier, 'tracking', tracking, 'tracking_url', tracking_url,
       'created_at', ",
    moment!("created_at"),
    ") FROM shipments WHERE order_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
);

const RETURNS: &str = concat!(
    "SELECT id, json_object('id', id, 'reason', reason, 'created_at', ",
    moment!("created_at"),
    ") FROM returns WHERE order_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
);

const PAPERS: &str =
    "SELECT id, json(content) FROM invoices WHERE order_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3";

/// Things of an order that are told at most: none has so many.
const MOST_OF_ORDER: usize = 1_000;

type Rows = Vec<(i64, Value)>;

fn rows(db: &Snapshot, sql: &str, (of, after): (i64, i64), most: usize) -> Result<Rows> {
    db.db()
        .prepare_cached(sql)?
        .query_and_then(params![of, after, most as i64], |row| {
            Ok((row.get(0)?, read(&row.get::<_, String>(1)?)?))
        })?
        .collect()
}

fn read(json: &str) -> Result<Value> {
    serde_json::from_str(json).map_err(|cause| Error::Internal(cause.into()))
}

/// From where and when an account was used.
pub fn sessions(db: &Snapshot, user: UserId, after: i64, most: usize) -> Result<Rows> {
    db.db()
        .prepare_cached(SESSIONS)?
        .query_and_then(params![user, after, most as i64], |row| {
            let mut value = read(&row.get::<_, String>(1)?)?;
            let ip: Option<Vec<u8>> = row.get(2)?;
            value["ip"] = ip.as_deref().and_then(read_ip).map(|ip| ip.to_string()).into();
            Ok((row.get(0)?, value))
        })?
        .collect()
}

/// What lies in the cart of an account.
pub fn cart(db: &Snapshot, user: UserId, after: i64, most: usize) -> Result<Rows> {
    rows(db, CART, (user.0, after), most)
}

/// What staff prepared for these records.
pub fn drafts(db: &Snapshot, customers: &[CustomerId], after: i64, most: usize) -> Result<Rows> {
    let ids: Vec<i64> = customers.iter().map(|id| id.0).collect();
    let ids = serde_json::to_string(&ids).map_err(|cause| Error::Internal(cause.into()))?;
    db.db()
        .prepare_cached(DRAFTS)?
        .query_and_then(params![ids, after, most as i64], |row| {
            Ok((row.get(0)?, read(&row.get::<_, String>(1)?)?))
        })?
        .collect()
}

/// Parcels, returns and papers of an order.
pub fn of_order(db: &Snapshot, order: OrderId) -> Result<[Vec<Value>; 3]> {
    let all = |sql| {
        let rows = rows(db, sql, (order.0, 0), MOST_OF_ORDER)?;
        Ok::<_, Error>(rows.into_iter().map(|(_, value)| value).collect())
    };
    Ok([all(SHIPMENTS)?, all(RETURNS)?, all(PAPERS)?])
}

/// Mails to an account that are about no order.
pub fn mails(db: &Snapshot, user: UserId, after: i64, most: usize) -> Result<Vec<MailId>> {
    db.db()
        .prepare_cached(
            "SELECT id FROM mails WHERE user_id = ?1 AND order_id IS NULL AND id > ?2 ORDER BY id LIMIT ?3",
        )?
        .query_and_then(params![user, after, most as i64], |row| Ok(row.get(0)?))?
        .collect()
}
