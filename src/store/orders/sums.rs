//! Running over the orders of a time, for statistics.

use rusqlite::named_params;

use crate::domain::money::Money;
use crate::domain::order::OrderState;
use crate::domain::statistics::Tally;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::Snapshot;

/// Each refund counts when it was given. Those of canceled orders do not: what was sold by these is not counted either.
const REFUNDED: &str = "SELECT r.created_at AS at, r.amount
  FROM refunds r CROSS JOIN orders o ON o.id = r.order_id
  WHERE r.state < 2 AND r.created_at >= :from AND r.created_at < :to AND o.status <> :canceled";

/// What an imported order had given back before it came here.
const REFUNDED_BEFORE: &str = "SELECT ifnull(o.refunded_at, o.placed_at) AS at,
    o.refunded - (SELECT ifnull(sum(r.amount), 0) FROM refunds r WHERE r.order_id = o.id AND r.state < 2) AS amount
  FROM orders o INDEXED BY orders_given_back
  WHERE o.refunded > 0 AND o.imported_at IS NOT NULL AND o.status <> :canceled
    AND ifnull(o.refunded_at, o.placed_at) >= :from AND ifnull(o.refunded_at, o.placed_at) < :to";

/// Adds up the orders placed from `from` to before `to`, and what went back of any order in that time.
pub fn tally(db: &Snapshot, from: Timestamp, to: Timestamp, tally: &mut Tally) -> Result<()> {
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
    for refunded in [REFUNDED, REFUNDED_BEFORE] {
        let mut refunded = db.db().prepare_cached(refunded)?;
        let named = named_params! { ":from": from, ":to": to, ":canceled": OrderState::Canceled };
        let mut rows = refunded.query(named)?;
        while let Some(row) = rows.next()? {
            let amount: Money = row.get("amount")?;
            tally.add_refund(row.get("at")?, amount);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::plan;

    /// D15: what went back in a time is found by its time.
    #[test]
    fn what_went_back_is_found_by_its_time() {
        let db = plan::empty();
        let refunded = plan::of(&db, REFUNDED);
        assert!(refunded.contains("refunds_created (created_at>"), "{refunded}");
        let before = plan::of(&db, REFUNDED_BEFORE);
        assert!(before.contains("orders_given_back (<expr>>"), "{before}");
    }
}
