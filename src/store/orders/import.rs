//! Orders that come from a file: written with their own dates and number, found by it again.

use rusqlite::OptionalExtension;
use rusqlite::named_params;

use crate::domain::id::CustomerId;
use crate::domain::id::OrderId;
use crate::domain::import::Invoice;
use crate::domain::import::Sale;
use crate::domain::order::Order;
use crate::domain::settings::Terms;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::orders::read;

/// Adds an imported order's own row, at the version that its history has brought it to. It has written no event.
pub fn insert_imported(
    tx: &Tx,
    terms: &Terms,
    invoice: &Invoice,
    sale: &Sale,
    customer: Option<CustomerId>,
) -> Result<OrderId> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO orders (status, payment_status, fulfilment_status, channel, customer_id, currency, item_count,
               subtotal, discount, shipping, tax, tax_included, total, paid, refunded, payment_method, placed_at,
               processing_at, shipped_at, delivered_at, canceled_at, refunded_at, imported_at, events, number, version,
               updated_at)
             VALUES (:status, :payment, :fulfilment, 3, :customer, :currency, :item_count,
               :subtotal, :discount, :shipping, :tax, :tax_included, :total, :paid, :refunded, 0, :placed_at,
               :processing_at, :shipped_at, :delivered_at, :canceled_at, :refunded_at, :now, 0, :number,
               :version, :updated_at)",
        )?
        .insert(named_params! {
            ":status": sale.state,
            ":payment": sale.payment,
            ":fulfilment": sale.fulfilment,
            ":customer": customer,
            ":currency": terms.currency,
            ":item_count": sale.item_count,
            ":subtotal": invoice.subtotal,
            ":discount": sale.discount,
            ":shipping": sale.shipping,
            ":tax": sale.tax,
            ":tax_included": sale.tax_included,
            ":total": invoice.total,
            ":paid": sale.paid,
            ":refunded": sale.refunded,
            ":placed_at": invoice.placed_at,
            ":processing_at": sale.processing_at,
            ":shipped_at": sale.shipped_at,
            ":delivered_at": sale.delivered_at,
            ":canceled_at": sale.canceled_at,
            ":refunded_at": sale.refunded_at,
            ":now": tx.now,
            ":number": invoice.number,
            ":version": 1 + sale.history.len() as i64,
            ":updated_at": sale.history.last().map(|change| change.at),
        })?;
    Ok(OrderId(id))
}

/// The order that shows a number, whole: a stored one, or one placed here before any import.
pub fn by_number(db: &Snapshot, number: &str) -> Result<Option<Order>> {
    let stored = db
        .db()
        .prepare_cached(&format!(
            "SELECT {} FROM orders o WHERE o.number = :number",
            read::HEAD
        ))?
        .query_row(named_params! { ":number": number }, read::head_from_row)
        .optional()?;
    let head = match (stored, read::id_behind(number)) {
        (Some(head), _) => Some(head),
        (None, Some(id)) => db
            .db()
            .prepare_cached(&format!(
                "SELECT {} FROM orders o WHERE o.id = :id AND o.number IS NULL",
                read::HEAD
            ))?
            .query_row(named_params! { ":id": id }, read::head_from_row)
            .optional()?,
        (None, None) => None,
    };
    head.map(|head| read::whole(db, head)).transpose()
}

/// The newest order's id; 0 before the first.
pub fn newest(db: &Snapshot) -> Result<OrderId> {
    Ok(db
        .db()
        .prepare_cached("SELECT ifnull(max(id), 0) AS id FROM orders")?
        .query_row([], |row| row.get("id"))?)
}

/// The orders above `after`, oldest first, whole.
pub fn after(db: &Snapshot, after: OrderId, limit: usize) -> Result<Vec<Order>> {
    db.db()
        .prepare_cached(&format!(
            "SELECT {} FROM orders o WHERE o.id > :after ORDER BY o.id LIMIT :limit",
            read::HEAD
        ))?
        .query_and_then(named_params! { ":after": after, ":limit": limit as i64 }, |row| {
            read::whole(db, read::head_from_row(row)?)
        })?
        .collect()
}
