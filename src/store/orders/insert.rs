//! Writing a new order. By position: on the path of every order.

use rusqlite::params;

use crate::domain::id::CouponId;
use crate::domain::id::CustomerId;
use crate::domain::id::OrderId;
use crate::domain::id::ShippingMethodId;
use crate::domain::id::UserId;
use crate::domain::money::Money;
use crate::domain::order::Channel;
use crate::domain::order::Contacts;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::Line;
use crate::domain::order::OrderState;
use crate::domain::order::PaymentStatus;
use crate::domain::payment::Provider;
use crate::domain::settings::Terms;
use crate::error::Result;
use crate::store::Tx;
use crate::store::orders::read::DRIFTED;

/// An order's own row as it is placed.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct NewRow<'a> {
    pub terms: &'a Terms,
    pub state: OrderState,
    pub payment: PaymentStatus,
    pub fulfilment: FulfilmentStatus,
    pub channel: Channel,
    pub method: Provider,
    pub customer: Option<CustomerId>,
    pub user: Option<UserId>,
    pub placed_by: Option<UserId>,
    pub item_count: i64,
    pub subtotal: Money,
    pub discount: Money,
    pub shipping: Money,
    pub tax: Money,
    pub total: Money,
    pub shipping_method: Option<ShippingMethodId>,
    pub coupon: Option<CouponId>,
}

/// Adds the order's own row.
pub fn insert(tx: &Tx, new: &NewRow<'_>) -> Result<OrderId> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO orders (status, payment_status, fulfilment_status, channel, customer_id, user_id, placed_by,
               currency, item_count, subtotal, discount, shipping, tax, tax_included, total, placed_at, payment_method,
               shipping_method, coupon_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
        )?
        .insert(params![
            new.state,
            new.payment,
            new.fulfilment,
            new.channel,
            new.customer,
            new.user,
            new.placed_by,
            new.terms.currency,
            new.item_count,
            new.subtotal,
            new.discount,
            new.shipping,
            new.tax,
            new.terms.tax_included,
            new.total,
            tx.now,
            new.method,
            new.shipping_method,
            new.coupon,
        ])?;
    if new.terms.numbers_stored {
        tx.db()
            .prepare_cached("UPDATE orders SET number = CAST(?2 AS TEXT) WHERE id = ?1")?
            .execute(params![id, new.terms.number_base + id])?;
    }
    Ok(OrderId(id))
}

/// Adds the personal part.
pub fn insert_contacts(tx: &Tx, order: OrderId, contacts: &Contacts) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO order_contacts (order_id, token, email, shipping_address, billing_address, note, client_token)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            order,
            contacts.token,
            contacts.email,
            contacts.shipping_address,
            contacts.billing_address,
            contacts.note,
            contacts.client_token,
        ])?;
    Ok(())
}

/// Adds a line.
pub fn insert_line(tx: &Tx, order: OrderId, line: &Line) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO order_lines (id, order_id, variant_id, product_id, quantity, unit_price, list_price, discount,
               tax, total, sku, name, tax_rate, flags)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            line.id,
            order,
            line.variant,
            line.product,
            line.quantity,
            line.unit_price,
            line.list_price,
            line.discount,
            line.tax,
            line.total,
            line.sku,
            line.name,
            line.tax_rate,
            if line.has_drifted { DRIFTED } else { 0 },
        ])?;
    Ok(())
}
