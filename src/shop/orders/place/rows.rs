//! The rows of a new order: its own, the personal part, the lines with what they bring their sellers, the taxes.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::customer::Customer;
use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::money::Money;
use crate::domain::order::Contacts;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::Line;
use crate::domain::order::Order;
use crate::domain::order::OrderHead;
use crate::domain::order::OrderState;
use crate::domain::order::PaymentStatus;
use crate::domain::order::ReturnStatus;
use crate::domain::pricing::Priced;
use crate::domain::pricing::PricedLine;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::commissions;
use crate::shop::commissions::Sold;
use crate::shop::orders::place::Good;
use crate::shop::orders::place::Sale;
use crate::store;
use crate::store::orders::NewRow;

/// Writes the order.
pub(super) fn insert(
    tx: &Tx,
    by: &Actor,
    sale: &Sale<'_>,
    customer: &Customer,
    priced: &Priced,
) -> Result<Order> {
    let details = sale.details;
    // Nothing is owed on an order of nothing.
    let payment = match priced.total {
        Money::ZERO => PaymentStatus::Paid,
        _ => PaymentStatus::Unpaid,
    };
    let row = NewRow {
        terms: &sale.terms,
        state: OrderState::Pending,
        payment,
        fulfilment: FulfilmentStatus::Unfulfilled,
        channel: details.channel,
        method: details.method,
        customer: Some(customer.id),
        user: sale.user,
        placed_by: by.user.filter(|user| sale.user != Some(*user)),
        item_count: priced.item_count,
        subtotal: priced.subtotal,
        discount: priced.discount,
        shipping: priced.shipping,
        tax: priced.tax,
        total: priced.total,
        shipping_method: sale.method.as_ref().map(|method| method.id),
        coupon: sale.coupon.as_ref().map(|coupon| coupon.id),
    };
    let id = store::orders::insert(tx, &row)?;
    let contacts = contacts(sale, customer)?;
    store::orders::insert_contacts(tx, id, &contacts)?;
    for sum in &priced.taxes {
        store::taxes::insert_sum(tx, id, sum)?;
    }
    Ok(Order {
        head: head(tx, id, &row),
        contacts,
        lines: insert_lines(tx, by, id, &sale.goods, &priced.lines)?,
        tags: Vec::new(),
    })
}

/// The lines, with what they bring their sellers; most have none, and then nothing more is asked or written.
fn insert_lines(
    tx: &Tx,
    by: &Actor,
    order: OrderId,
    goods: &[Good],
    priced: &[PricedLine],
) -> Result<Vec<Line>> {
    let mut lines = Vec::with_capacity(goods.len());
    let mut sold = Vec::new();
    for (at, (good, priced)) in goods.iter().zip(priced).enumerate() {
        let line = line(LineId::at(order, at + 1), good, priced);
        store::orders::insert_line(tx, order, &line)?;
        if let Some(seller) = good.offer.seller {
            let (line, total) = (line.id, line.total);
            sold.push(Sold { seller, line, total });
        }
        tell_drift(tx, by, order, good, priced)?;
        lines.push(line);
    }
    commissions::accrue(tx, order, &sold)?;
    Ok(lines)
}

/// A line that is sold now.
pub(in crate::shop::orders) fn line(id: LineId, good: &Good, priced: &PricedLine) -> Line {
    let list = good.piece.list;
    Line {
        id,
        variant: Some(good.offer.variant),
        product: Some(good.offer.product),
        quantity: good.piece.quantity,
        unit_price: priced.unit,
        list_price: (priced.unit != list).then_some(list),
        discount: priced.discount,
        tax: priced.tax,
        tax_rate: priced.rate,
        total: priced.total,
        has_drifted: priced.drift.is_some(),
        sku: good.offer.sku.clone(),
        name: good.offer.full_name(),
    }
}

/// A price that has moved much while its goods lay in the cart is audited (D13).
fn tell_drift(tx: &Tx, by: &Actor, order: OrderId, good: &Good, priced: &PricedLine) -> Result<()> {
    let Some(drift) = priced.drift else {
        return Ok(());
    };
    let content = serde_json::json!({
        "sku": good.offer.sku, "seen": drift.seen.minor(), "current": drift.current.minor(),
        "charged": priced.unit.minor(),
    });
    let target = (Target::Order, Some(order.0));
    audit::note(
        tx,
        by,
        Action::PriceDrifted,
        target,
        None,
        Some(&content.to_string()),
    )
}

fn contacts(sale: &Sale<'_>, customer: &Customer) -> Result<Contacts> {
    let details = sale.details;
    let json = |address: &Option<_>| -> Result<Option<String>> {
        address
            .as_ref()
            .map(serde_json::to_string)
            .transpose()
            .map_err(|cause| Error::Internal(cause.into()))
    };
    Ok(Contacts {
        token: secret::random()?,
        email: match &details.email {
            Some(email) => Some(email.as_str().to_owned()),
            None => customer.email.clone(),
        },
        shipping_address: json(&details.shipping_address)?,
        billing_address: json(&details.billing_address)?,
        note: details.note.clone(),
        client_token: details.client_token.clone(),
    })
}

/// The row that was just written, without reading it again.
fn head(tx: &Tx, id: OrderId, row: &NewRow<'_>) -> OrderHead {
    OrderHead {
        id,
        number: (row.terms.number_base + id.0).to_string(),
        state: row.state,
        payment: row.payment,
        fulfilment: row.fulfilment,
        returns: ReturnStatus::None,
        version: 1,
        channel: row.channel,
        method: row.method,
        shipping_method: row.shipping_method,
        coupon: row.coupon,
        customer: row.customer,
        user: row.user,
        currency: row.terms.currency,
        item_count: row.item_count,
        subtotal: row.subtotal,
        discount: row.discount,
        shipping: row.shipping,
        tax: row.tax,
        tax_included: row.terms.tax_included,
        total: row.total,
        paid: Money::ZERO,
        refunded: Money::ZERO,
        placed_at: tx.now,
        updated_at: None,
        processing_at: None,
        shipped_at: None,
        delivered_at: None,
        canceled_at: None,
        refunded_at: None,
        imported_at: None,
        events: 1,
    }
}
