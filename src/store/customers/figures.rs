//! What customers' orders come to, and how many customers there are.

use std::collections::HashMap;

use rusqlite::params;

use crate::domain::customer::CustomerStatus;
use crate::domain::customer::Figures;
use crate::domain::id::CustomerId;
use crate::domain::money::Money;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::customers::details::list;

/// The orders of some customers that are not canceled: a step a bucket of the index, and a look at each customer in it.
const OF_BUCKET: &str = "SELECT o.customer_id, 1, o.paid > 0, o.paid - o.refunded, o.placed_at, o.placed_at
  FROM json_each(?2) j CROSS JOIN orders o ON o.customer_id = j.value
  WHERE o.id >> 13 = ?1 AND o.status <> 4";

/// What the orders of each of these customers come to.
pub fn figures(db: &Snapshot, ids: &[CustomerId]) -> Result<HashMap<CustomerId, Figures>> {
    let json = list(ids);
    let newest: i64 = db
        .db()
        .prepare_cached("SELECT ifnull(max(id), 0) FROM orders")?
        .query_row([], |row| row.get(0))?;
    let mut all: HashMap<CustomerId, Figures> = HashMap::new();
    let mut bucket = db.db().prepare_cached(OF_BUCKET)?;
    for number in 0..=newest >> 13 {
        let mut rows = bucket.query(params![number, json])?;
        while let Some(row) = rows.next()? {
            let held = all.entry(row.get(0)?).or_default();
            held.orders += row.get::<_, i64>(1)?;
            held.paid_orders += row.get::<_, i64>(2)?;
            let spent = held.spent.minor().saturating_add(row.get(3)?);
            held.spent = Money::new(spent).unwrap_or(held.spent);
            let (first, last): (Timestamp, Timestamp) = (row.get(4)?, row.get(5)?);
            held.first_at = Some(held.first_at.map_or(first, |at| at.min(first)));
            held.last_at = Some(held.last_at.map_or(last, |at| at.max(last)));
        }
    }
    Ok(all)
}

/// How many customers stand in each state.
pub fn count_by_status(db: &Snapshot) -> Result<Vec<(CustomerStatus, i64)>> {
    db.db()
        .prepare_cached("SELECT status, count(*) FROM customers WHERE deleted_at IS NULL GROUP BY status")?
        .query_and_then([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Quarters of an hour, each with how many customers have come in it.
pub type Newcomers = Vec<(Timestamp, i64)>;

/// When customers have come, between two moments. Days are the caller's: every zone's are whole quarters of an hour.
pub fn created_since(db: &Snapshot, from: Timestamp, to: Timestamp) -> Result<Newcomers> {
    db.db()
        .prepare_cached(
            "SELECT created_at / 900000 * 900000 AS quarter, count(*)
             FROM customers
             WHERE created_at >= ?1 AND created_at <= ?2 AND deleted_at IS NULL
             GROUP BY quarter
             ORDER BY quarter",
        )?
        .query_and_then(params![from, to], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::plan;

    /// T10: what customers have spent is read along the buckets of their orders, never through all orders.
    #[test]
    fn the_figures_run_along_the_buckets() {
        let plan = plan::of(&plan::empty(), OF_BUCKET);
        assert!(
            plan.contains("INDEX orders_customer (<expr>=? AND customer_id=?)"),
            "{plan}"
        );
    }
}
