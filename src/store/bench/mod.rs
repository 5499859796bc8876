//! What `till bench` asks of the file: marks before a run, counts above them after it, and a year that has passed.

mod backlog;
mod bare;
mod checkout;

pub use backlog::forget_deliveries;
pub use backlog::put_off;
pub use bare::Bare;
pub use bare::Draw;
pub use checkout::Sold;
pub use checkout::sold;

use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::id::UserId;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

/// The newest row of each table that an order writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the tables")]
pub struct Marks {
    pub orders: i64,
    pub events: i64,
    pub audit: i64,
    pub keys: i64,
    pub movements: i64,
}

/// What stands above the marks. Each `…_of` counts the different orders that such rows belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the tables")]
pub struct Counts {
    pub orders: i64,
    pub pieces_told: i64,
    pub contacts: i64,
    pub lines: i64,
    pub lines_of: i64,
    pub pieces: i64,
    pub events: i64,
    pub events_of: i64,
    pub audit: i64,
    pub audit_of: i64,
    pub keys: i64,
    pub keys_of: i64,
    pub movements_of: i64,
    pub pieces_moved: i64,
}

/// The marks of this moment.
pub fn marks(db: &Snapshot) -> Result<Marks> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT (SELECT ifnull(max(id), 0) FROM orders) AS orders,
               (SELECT ifnull(max(id), 0) FROM events) AS events,
               (SELECT ifnull(max(id), 0) FROM audit) AS audit,
               (SELECT ifnull(max(id), 0) FROM idempotency) AS keys,
               (SELECT ifnull(max(id), 0) FROM stock_movements) AS movements",
        )?
        .query_row([], |row| {
            Ok(Marks {
                orders: row.get("orders")?,
                events: row.get("events")?,
                audit: row.get("audit")?,
                keys: row.get("keys")?,
                movements: row.get("movements")?,
            })
        })?)
}

/// Counts what orders have written above the marks.
pub fn above(db: &Snapshot, marks: &Marks) -> Result<Counts> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT o.orders, o.pieces_told, c.contacts, l.lines, l.lines_of, l.pieces, e.events, e.events_of,
               a.audit, a.audit_of, k.keys, k.keys_of, m.movements_of, m.pieces_moved
             FROM (SELECT count(*) AS orders, ifnull(sum(item_count), 0) AS pieces_told
                   FROM orders WHERE id > :orders) o,
               (SELECT count(*) AS contacts FROM order_contacts WHERE order_id > :orders) c,
               (SELECT count(*) AS lines, count(DISTINCT order_id) AS lines_of, ifnull(sum(quantity), 0) AS pieces
                FROM order_lines WHERE id >= (:orders + 1) << 12 AND variant_id IS NOT NULL) l,
               (SELECT count(*) AS events, count(DISTINCT subject) AS events_of
                FROM events WHERE id > :events AND type = 1 AND subject > :orders) e,
               (SELECT count(*) AS audit, count(DISTINCT target_id) AS audit_of
                FROM audit WHERE id > :audit AND action = 1 AND target_id > :orders) a,
               (SELECT count(*) AS keys, count(DISTINCT resource_id) AS keys_of
                FROM idempotency WHERE id > :keys AND kind = 1 AND resource_id > :orders) k,
               (SELECT count(DISTINCT order_id) AS movements_of, ifnull(-sum(delta), 0) AS pieces_moved
                FROM stock_movements WHERE id > :movements AND reason = 0 AND order_id > :orders) m",
        )?
        .query_row(
            named_params! {
                ":orders": marks.orders,
                ":events": marks.events,
                ":audit": marks.audit,
                ":keys": marks.keys,
                ":movements": marks.movements,
            },
            counts_from_row,
        )?)
}

fn counts_from_row(row: &Row) -> rusqlite::Result<Counts> {
    Ok(Counts {
        orders: row.get("orders")?,
        pieces_told: row.get("pieces_told")?,
        contacts: row.get("contacts")?,
        lines: row.get("lines")?,
        lines_of: row.get("lines_of")?,
        pieces: row.get("pieces")?,
        events: row.get("events")?,
        events_of: row.get("events_of")?,
        audit: row.get("audit")?,
        audit_of: row.get("audit_of")?,
        keys: row.get("keys")?,
        keys_of: row.get("keys_of")?,
        movements_of: row.get("movements_of")?,
        pieces_moved: row.get("pieces_moved")?,
    })
}

/// Lets 97 of 100 orders above `after` be delivered and paid by hand, as those of a shop are that has been open for years.
/// (Straight into the rows: only a file made for measuring is aged like this.)
pub fn age_orders(tx: &Tx, after: i64) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE orders
             SET status = 3, payment_status = 4, fulfilment_status = 2, paid = total, updated_at = placed_at,
               delivered_at = placed_at
             WHERE id > :after AND id % 100 >= 3",
        )?
        .execute(named_params! { ":after": after })?;
    pay_aged(tx, (after, i64::MAX))
}

/// Gives the aged orders above one, up to another, the payments that they have not; their papers are of a time before the
/// shop issued any.
fn pay_aged(tx: &Tx, (after, upto): (i64, i64)) -> Result<()> {
    for sql in [
        "INSERT OR IGNORE INTO orders_before_invoices (order_id)
         SELECT id FROM orders o
         WHERE id > :after AND id <= :upto AND id % 100 >= 3 AND status = 3 AND paid = total AND paid > 0
           AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id)",
        "INSERT INTO payments (order_id, provider, state, at_once, amount, currency, captured, created_at, updated_at)
         SELECT id, 0, 5, 1, paid, currency, paid, placed_at, placed_at FROM orders o
         WHERE id > :after AND id <= :upto AND id % 100 >= 3 AND status = 3 AND paid = total AND paid > 0
           AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id)",
    ] {
        tx.db()
            .prepare_cached(sql)?
            .execute(named_params! { ":after": after, ":upto": upto })?;
    }
    Ok(())
}

/// Whether the orders of a file were aged when none of them got a payment.
pub fn is_unpaid(db: &Snapshot) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM orders o
               WHERE id <= 100 AND id % 100 >= 3 AND status = 3 AND paid > 0
                 AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id)) AS is_unpaid",
        )?
        .query_row([], |row| row.get("is_unpaid"))?)
}

/// Gives those above one, up to another, what they lack, and takes back a version of which no change tells.
pub fn pay_for(tx: &Tx, (after, upto): (i64, i64)) -> Result<()> {
    pay_aged(tx, (after, upto))?;
    tx.db()
        .prepare_cached(
            "UPDATE orders SET version = 1
             WHERE id > :after AND id <= :upto AND version = 2
               AND NOT EXISTS (SELECT 1 FROM order_changes c WHERE c.id = (orders.id << 12) + 2)",
        )?
        .execute(named_params! { ":after": after, ":upto": upto })?;
    Ok(())
}

/// Lets the sweep pass by, however old the file is said to be: nothing is to run beside what is measured.
pub fn keep_all(tx: &Tx) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO settings (name, value) VALUES ('events.keep_days', '36500'), ('audit.keep_days', '36500'),
               ('orders.unpaid_minutes', '43200')
             ON CONFLICT (name) DO NOTHING",
        )?
        .execute([])?;
    Ok(())
}

/// How many messages of providers there are.
pub fn messages(db: &Snapshot) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached("SELECT ifnull(max(id), 0) AS n FROM inbox")?
        .query_row([], |row| row.get("n"))?)
}

/// How many customers there are.
pub fn customers(db: &Snapshot) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached("SELECT count(*) AS n FROM customers")?
        .query_row([], |row| row.get("n"))?)
}

/// How many variants there are.
pub fn variants(db: &Snapshot) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached("SELECT count(*) AS n FROM variants")?
        .query_row([], |row| row.get("n"))?)
}

/// Every user with the role of customers, oldest first.
pub fn buyers(db: &Snapshot) -> Result<Vec<UserId>> {
    db.db()
        .prepare_cached(
            "SELECT u.id FROM users u JOIN roles r ON r.id = u.role_id WHERE r.name = 'customer' ORDER BY u.id",
        )?
        .query_and_then([], |row| Ok(row.get("id")?))?
        .collect()
}
