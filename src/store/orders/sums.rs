//! Running over the orders of a time, for statistics.

use rusqlite::named_params;

use crate::domain::money::Money;
use crate::domain::order::OrderState;
use crate::domain::statistics::Tally;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::Snapshot;

/// Adds up the orders placed from `from` to before `to`, and what went back of any order in that time.
pub fn tally(db: &Snapshot, from: Timestamp, to: Timestamp) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut placed = db.db().prepare_cached(
        "SELECT placed_at, status, item_count, total
         FROM orders
         WHERE placed_at >= :from AND placed_at < :to",
    )?;
    let mut rows = placed.query(named_params! { ":from": from, ":to": to })?;
    while let Some(row) = rows.next()? {
        let total: Money = row.get(3)?;
        tally.add_order(row.get(0)?, row.get(1)?, row.get(2)?, total);
    }
    let mut refunded = db.db().prepare_cached(
        "SELECT ifnull(refunded_at, placed_at) AS at, refunded
         FROM orders NOT INDEXED
         WHERE refunded > 0 AND ifnull(refunded_at, placed_at) >= :from AND ifnull(refunded_at, placed_at) < :to",
    )?;
    let mut rows = refunded.query(named_params! { ":from": from, ":to": to })?;
    while let Some(row) = rows.next()? {
        let amount: Money = row.get("refunded")?;
        tally.add_refund(row.get("at")?, amount);
    }
    Ok(tally)
}

/// How many orders stand in a state that is not yet the last, counted up to `most`.
pub fn count_open(db: &Snapshot, state: OrderState, most: i64) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT count(*) AS orders
             FROM (SELECT 1 FROM orders WHERE status = :state AND status <= 2 LIMIT :most)",
        )?
        .query_row(named_params! { ":state": state, ":most": most }, |row| {
            row.get("orders")
        })?)
}
