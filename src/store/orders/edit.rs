//! Changing what an order is made of: its sums, its lines, its personal part.

use rusqlite::named_params;
use rusqlite::params;

use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::order::Contacts;
use crate::domain::order::Line;
use crate::domain::order::OrderHead;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

/// Writes what an order comes to.
pub fn reprice(tx: &Tx, after: &OrderHead) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE orders
             SET item_count = :item_count, subtotal = :subtotal, discount = :discount, shipping = :shipping, tax = :tax,
               total = :total
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": after.id,
            ":item_count": after.item_count,
            ":subtotal": after.subtotal,
            ":discount": after.discount,
            ":shipping": after.shipping,
            ":tax": after.tax,
            ":total": after.total,
        })?;
    Ok(())
}

/// Writes a line that stays.
pub fn update_line(tx: &Tx, line: &Line) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE order_lines
             SET quantity = :quantity, unit_price = :unit_price, list_price = :list_price, discount = :discount,
               tax = :tax, tax_rate = :tax_rate, total = :total
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": line.id,
            ":quantity": line.quantity,
            ":unit_price": line.unit_price,
            ":list_price": line.list_price,
            ":discount": line.discount,
            ":tax": line.tax,
            ":tax_rate": line.tax_rate,
            ":total": line.total,
        })?;
    Ok(())
}

/// Takes a line away.
pub fn delete_line(tx: &Tx, id: LineId) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM order_lines WHERE id = ?1")?
        .execute(params![id])?;
    Ok(())
}

/// Whether a refund names the line, also one that has failed: it stays then.
pub fn is_refunded(db: &Snapshot, id: LineId) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM refund_lines WHERE line_id = ?1) AS is_refunded")?
        .query_row(params![id], |row| row.get("is_refunded"))?)
}

/// Writes the personal part, and keeps it as it was before the version that this leads to.
pub fn change_contacts(
    tx: &Tx,
    order: OrderId,
    version: i64,
    (before, after): (&Contacts, &Contacts),
) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO order_contact_changes (order_id, version, email, shipping_address, billing_address, note)
             VALUES (:order, :version, :email, :shipping_address, :billing_address, :note)",
        )?
        .execute(named_params! {
            ":order": order,
            ":version": version,
            ":email": before.email,
            ":shipping_address": before.shipping_address,
            ":billing_address": before.billing_address,
            ":note": before.note,
        })?;
    tx.db()
        .prepare_cached(
            "UPDATE order_contacts
             SET email = :email, shipping_address = :shipping_address, billing_address = :billing_address, note = :note
             WHERE order_id = :order",
        )?
        .execute(named_params! {
            ":order": order,
            ":email": after.email,
            ":shipping_address": after.shipping_address,
            ":billing_address": after.billing_address,
            ":note": after.note,
        })?;
    Ok(())
}
