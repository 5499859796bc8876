//! Reading one order.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::params;

use crate::domain::id::CustomerId;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::order::Contacts;
use crate::domain::order::Line;
use crate::domain::order::NUMBER_BASE;
use crate::domain::order::Order;
use crate::domain::order::OrderHead;
use crate::domain::payment::Provider;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;

/// The columns of an order's own row, in the order in which [`head_from_row`] takes them.
pub(super) const HEAD: &str =
    "o.id, o.number, o.status, o.payment_status, o.fulfilment_status, o.return_status, o.version,
  o.channel, o.customer_id, o.user_id, o.currency, o.item_count, o.subtotal, o.discount, o.shipping, o.tax,
  o.tax_included, o.total, o.paid, o.refunded, o.placed_at, o.updated_at, o.processing_at, o.shipped_at,
  o.delivered_at, o.canceled_at, o.refunded_at, o.imported_at, o.events, o.payment_method,
  o.shipping_method, o.coupon_id";

/// By position: lists read fifty of these a page, details tens of thousands a second.
pub(super) fn head_from_row(row: &Row) -> rusqlite::Result<OrderHead> {
    let id: OrderId = row.get(0)?;
    let number: Option<String> = row.get(1)?;
    Ok(OrderHead {
        id,
        number: number.unwrap_or_else(|| (NUMBER_BASE + id.0).to_string()),
        state: row.get(2)?,
        payment: row.get(3)?,
        fulfilment: row.get(4)?,
        returns: row.get(5)?,
        version: row.get(6)?,
        channel: row.get(7)?,
        customer: row.get(8)?,
        user: row.get(9)?,
        currency: row.get(10)?,
        item_count: row.get(11)?,
        subtotal: row.get(12)?,
        discount: row.get(13)?,
        shipping: row.get(14)?,
        tax: row.get(15)?,
        tax_included: row.get(16)?,
        total: row.get(17)?,
        paid: row.get(18)?,
        refunded: row.get(19)?,
        placed_at: row.get(20)?,
        updated_at: row.get(21)?,
        processing_at: row.get(22)?,
        shipped_at: row.get(23)?,
        delivered_at: row.get(24)?,
        canceled_at: row.get(25)?,
        refunded_at: row.get(26)?,
        imported_at: row.get(27)?,
        events: row.get(28)?,
        method: row.get::<_, Option<Provider>>(29)?.unwrap_or(Provider::Manual),
        shipping_method: row.get(30)?,
        coupon: row.get(31)?,
    })
}

/// The id of the order whose number is made of it and not stored, if the text is such a number.
pub(super) fn id_behind(number: &str) -> Option<OrderId> {
    let id = number.parse::<i64>().ok()?.checked_sub(NUMBER_BASE)?;
    (id > 0 && number == (NUMBER_BASE + id).to_string()).then_some(OrderId(id))
}

/// The order's own row; it must exist.
pub fn head(db: &Snapshot, id: OrderId) -> Result<OrderHead> {
    db.db()
        .prepare_cached(&format!("SELECT {HEAD} FROM orders o WHERE o.id = ?1"))?
        .query_row(params![id], head_from_row)
        .optional()?
        .ok_or(Error::NotFound("order"))
}

/// The numbers of these orders.
pub fn numbers(db: &Snapshot, ids: impl Iterator<Item = OrderId>) -> Result<HashMap<OrderId, String>> {
    let mut numbers = HashMap::new();
    for id in ids {
        if let Entry::Vacant(place) = numbers.entry(id) {
            place.insert(head(db, id)?.number);
        }
    }
    Ok(numbers)
}

/// When the order was placed, if there is one.
pub fn placed_at(db: &Snapshot, id: OrderId) -> Result<Option<Timestamp>> {
    Ok(db
        .db()
        .prepare_cached("SELECT placed_at FROM orders WHERE id = ?1")?
        .query_row(params![id], |row| row.get(0))
        .optional()?)
}

/// Where to write to about an order; nothing where no address is known, or where it was not placed here.
pub fn mail_to(db: &Snapshot, id: OrderId) -> Result<Option<String>> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT k.email FROM orders o JOIN order_contacts k ON k.order_id = o.id
             WHERE o.id = ?1 AND o.imported_at IS NULL",
        )?
        .query_row(params![id], |row| row.get(0))
        .optional()?
        .flatten())
}

/// The order whole; it must exist.
pub fn get(db: &Snapshot, id: OrderId) -> Result<Order> {
    whole(db, head(db, id)?)
}

/// The rest of an order whose own row is at hand.
pub(super) fn whole(db: &Snapshot, head: OrderHead) -> Result<Order> {
    let id = head.id;
    Ok(Order {
        contacts: contacts(db, id)?,
        lines: lines(db, id)?,
        tags: tags(db, id)?,
        head,
    })
}

/// The user to whom the order's customer belongs, if it belongs to one.
pub fn owner(db: &Snapshot, customer: CustomerId) -> Result<Option<UserId>> {
    Ok(db
        .db()
        .prepare_cached("SELECT user_id FROM customers WHERE id = ?1")?
        .query_row(params![customer], |row| row.get(0))
        .optional()?
        .flatten())
}

/// The columns of the personal part, in the order in which [`contacts_from_row`] takes them.
pub(super) const CONTACTS: &str =
    "k.token, k.email, k.shipping_address, k.billing_address, k.note, k.client_token";

pub(super) fn contacts_from_row(row: &Row) -> rusqlite::Result<Contacts> {
    Ok(Contacts {
        token: row.get(0)?,
        email: row.get(1)?,
        shipping_address: row.get(2)?,
        billing_address: row.get(3)?,
        note: row.get(4)?,
        client_token: row.get(5)?,
    })
}

fn contacts(db: &Snapshot, order: OrderId) -> Result<Contacts> {
    let contacts = db
        .db()
        .prepare_cached(&format!(
            "SELECT {CONTACTS} FROM order_contacts k WHERE k.order_id = ?1"
        ))?
        .query_row(params![order], contacts_from_row)
        .optional()?;
    Ok(contacts.unwrap_or_default())
}

/// Among a line's flags: the price had moved much since the buyer saw it.
pub(super) const DRIFTED: i64 = 1;

/// The columns of a line, in the order in which [`line_from_row`] takes them.
pub(super) const LINE: &str =
    "l.id, l.variant_id, l.product_id, l.quantity, l.unit_price, l.list_price, l.discount,
  l.tax, l.total, l.sku, l.name, l.tax_rate, l.flags";

pub(super) fn line_from_row(row: &Row) -> rusqlite::Result<Line> {
    Ok(Line {
        id: row.get(0)?,
        variant: row.get(1)?,
        product: row.get(2)?,
        quantity: row.get(3)?,
        unit_price: row.get(4)?,
        list_price: row.get(5)?,
        discount: row.get(6)?,
        tax: row.get(7)?,
        total: row.get(8)?,
        sku: row.get(9)?,
        name: row.get(10)?,
        tax_rate: row.get(11)?,
        has_drifted: row.get::<_, i64>(12)? & DRIFTED != 0,
    })
}

fn lines(db: &Snapshot, order: OrderId) -> Result<Vec<Line>> {
    db.db()
        .prepare_cached(&format!(
            "SELECT {LINE} FROM order_lines l WHERE l.id > ?1 << 12 AND l.id < (?1 + 1) << 12 ORDER BY l.id"
        ))?
        .query_and_then(params![order], |row| Ok(line_from_row(row)?))?
        .collect()
}

/// The tags of an order, by name.
pub fn tags(db: &Snapshot, order: OrderId) -> Result<Vec<String>> {
    db.db()
        .prepare_cached(
            "SELECT t.name
             FROM order_tags o JOIN tags t ON t.id = o.tag_id
             WHERE o.order_id = ?1
             ORDER BY t.name",
        )?
        .query_and_then(params![order], |row| Ok(row.get(0)?))?
        .collect()
}
