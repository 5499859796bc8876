//! Running over what was sold in a time, for reports: what of each thing, and what to each customer.

use std::collections::HashMap;

use rusqlite::named_params;

use crate::domain::id::CustomerId;
use crate::domain::id::ProductId;
use crate::domain::id::VariantId;
use crate::domain::order::OrderState;
use crate::domain::report::Sold;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::Snapshot;

/// A thing that was sold, by its SKU.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "as on the lines")]
pub struct Thing {
    pub name: String,
    pub product: Option<ProductId>,
    pub variant: Option<VariantId>,
    pub sold: Sold,
    last: i64,
}

/// By position, and in the order of the orders: a year of a large shop has a million lines.
const LINES: &str = "SELECT o.id, l.sku, l.name, l.product_id, l.variant_id, l.quantity, l.total
  FROM orders o CROSS JOIN order_lines l ON l.id > o.id << 12 AND l.id < (o.id + 1) << 12
  WHERE o.placed_at >= :from AND o.placed_at < :until AND o.status <> :canceled";

/// What was sold of each thing on the orders placed from `from` to before `until` that are not canceled.
pub fn things(db: &Snapshot, from: Timestamp, until: Timestamp) -> Result<HashMap<String, Thing>> {
    let mut things: HashMap<String, Thing> = HashMap::new();
    let mut lines = db.db().prepare_cached(LINES)?;
    let named = named_params! { ":from": from, ":until": until, ":canceled": OrderState::Canceled };
    let mut rows = lines.query(named)?;
    while let Some(row) = rows.next()? {
        let sku = row.get_ref(1)?.as_str().unwrap_or_default();
        if !things.contains_key(sku) {
            let thing = Thing {
                name: row.get(2)?,
                product: row.get(3)?,
                variant: row.get(4)?,
                sold: Sold::default(),
                last: 0,
            };
            things.insert(sku.to_owned(), thing);
        }
        let Some(thing) = things.get_mut(sku) else {
            continue;
        };
        let order: i64 = row.get(0)?;
        thing.sold.orders += i64::from(thing.last != order);
        thing.last = order;
        thing.sold.items += row.get::<_, i64>(5)?;
        thing.sold.total = thing.sold.total.saturating_add(row.get(6)?);
    }
    Ok(things)
}

/// What each customer has bought on the orders placed from `from` to before `until` that are not canceled.
pub fn buyers(db: &Snapshot, from: Timestamp, until: Timestamp) -> Result<HashMap<CustomerId, Sold>> {
    let mut buyers: HashMap<CustomerId, Sold> = HashMap::new();
    let mut orders = db.db().prepare_cached(
        "SELECT customer_id, item_count, total
         FROM orders
         WHERE placed_at >= :from AND placed_at < :until AND status <> :canceled AND customer_id IS NOT NULL",
    )?;
    let named = named_params! { ":from": from, ":until": until, ":canceled": OrderState::Canceled };
    let mut rows = orders.query(named)?;
    while let Some(row) = rows.next()? {
        let sold = buyers.entry(row.get(0)?).or_default();
        sold.orders += 1;
        sold.items += row.get::<_, i64>(1)?;
        sold.total = sold.total.saturating_add(row.get(2)?);
    }
    Ok(buyers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::plan;

    /// D15: a report reads the orders of its time and their lines, and no others.
    #[test]
    fn a_report_reads_the_lines_of_its_time() {
        let plan = plan::of(&plan::empty(), LINES);
        assert!(
            plan.contains("orders_placed (placed_at>? AND placed_at<?)"),
            "{plan}"
        );
        assert!(
            plan.contains("USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
            "{plan}"
        );
    }
}
