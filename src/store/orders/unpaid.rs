//! Orders that wait for money, and have done so for long.

use rusqlite::named_params;

use crate::domain::id::OrderId;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::Snapshot;

/// Orders placed before `before` that wait for a provider, whose last try is as old, and that nothing was paid on. Those
/// that staff placed wait for ever.
pub fn waiting(db: &Snapshot, before: Timestamp, most: i64) -> Result<Vec<OrderId>> {
    db.db()
        .prepare_cached(
            "SELECT o.id
             FROM orders o
             WHERE o.status = 0 AND o.payment_method > 0 AND o.placed_at <= :before
               AND o.payment_status <= 1 AND o.placed_by IS NULL AND o.channel <> 2
               AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id AND p.created_at > :before)
             ORDER BY o.placed_at
             LIMIT :most",
        )?
        .query_and_then(named_params! { ":before": before, ":most": most }, |row| {
            Ok(row.get(0)?)
        })?
        .collect()
}

/// Orders placed before `before` by customers that are to be paid by hand, and have not been.
pub fn awaiting_transfer(db: &Snapshot, before: Timestamp, most: i64) -> Result<Vec<OrderId>> {
    db.db()
        .prepare_cached(
            "SELECT o.id
             FROM orders o
             WHERE o.status = 0 AND o.status <= 2 AND o.placed_at <= :before
               AND ifnull(o.payment_method, 0) = 0 AND o.payment_status <= 1 AND o.placed_by IS NULL
               AND o.channel < 2 AND o.imported_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id AND p.created_at > :before)
             ORDER BY o.id
             LIMIT :most",
        )?
        .query_and_then(named_params! { ":before": before, ":most": most }, |row| {
            Ok(row.get(0)?)
        })?
        .collect()
}
