//! What orders of carts have beside what every order has.

use rusqlite::Row;
use rusqlite::named_params;

use crate::error::Result;
use crate::store::Snapshot;
use crate::store::bench::Marks;

/// Of the orders above a mark how many have what, and what is left of the coupons and in the carts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the tables")]
pub struct Sold {
    pub discounted: i64,
    pub sent: i64,
    pub taxed: i64,
    pub payments: i64,
    pub charges: i64,
    /// Of all coupons, ever.
    pub uses: i64,
    pub in_carts: i64,
}

/// Counts what the orders above the marks have.
pub fn sold(db: &Snapshot, marks: &Marks) -> Result<Sold> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT o.discounted, o.sent,
               (SELECT count(DISTINCT order_id) FROM order_taxes WHERE order_id > :orders AND tax > 0) AS taxed,
               (SELECT count(*) FROM payments WHERE order_id > :orders AND state = 1) AS payments,
               (SELECT count(*) FROM sandbox_payments WHERE order_id > :orders) AS charges,
               (SELECT ifnull(sum(used), 0) FROM coupons) AS uses,
               (SELECT count(*) FROM cart_items) AS in_carts
             FROM (SELECT count(*) FILTER (WHERE discount > 0) AS discounted,
                     count(*) FILTER (WHERE shipping > 0) AS sent
                   FROM orders WHERE id > :orders) o",
        )?
        .query_row(named_params! { ":orders": marks.orders }, from_row)?)
}

fn from_row(row: &Row) -> rusqlite::Result<Sold> {
    Ok(Sold {
        discounted: row.get("discounted")?,
        sent: row.get("sent")?,
        taxed: row.get("taxed")?,
        payments: row.get("payments")?,
        charges: row.get("charges")?,
        uses: row.get("uses")?,
        in_carts: row.get("in_carts")?,
    })
}
