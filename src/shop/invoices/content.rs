//! What a paper says, put together in the moment it is issued.

use serde_json::Map;
use serde_json::Value;

use crate::domain::invoice;
use crate::domain::invoice::Content;
use crate::domain::invoice::ContentLine;
use crate::domain::invoice::ContentTax;
use crate::domain::invoice::Invoice;
use crate::domain::invoice::Seller;
use crate::domain::money::Money;
use crate::domain::order::Line;
use crate::domain::order::Order;
use crate::domain::percent::Percent;
use crate::domain::refund::Refund;
use crate::domain::settings;
use crate::domain::settings::Settings;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::store;

/// What the invoice of an order says.
pub(super) fn of_order(tx: &Tx, shop: &Settings, order: &Order) -> Result<Content> {
    let head = &order.head;
    let text = |money: Money| money.write(head.currency).to_string();
    let shipping = address(order.contacts.shipping_address.as_deref());
    let day = |at| shop.zone.day_of(at).to_string();
    Ok(Content {
        date: day(tx.now),
        seller: seller(tx, shop)?,
        customer: customer(tx, order)?,
        bill_to: address(order.contacts.billing_address.as_deref()).or_else(|| shipping.clone()),
        ship_to: shipping,
        order_number: head.number.clone(),
        order_date: day(head.placed_at),
        credits: None,
        reason: None,
        lines: order.lines.iter().map(|line| line_of(line, &text)).collect(),
        taxes: taxes(tx, order, &text)?,
        subtotal: text(head.subtotal),
        discount: text(head.discount),
        shipping: text(head.shipping),
        tax: text(head.tax),
        tax_included: head.tax_included,
        total: text(head.total),
        paid: text(head.paid.min(head.total)),
    })
}

/// What a credit note of so much says: the lines that came back, where that is what it comes to.
pub(super) fn of_credit(
    tx: &Tx,
    shop: &Settings,
    invoice: &Invoice,
    order: &Order,
    why: (Option<&Refund>, Money, &str),
) -> Result<Content> {
    let (refund, amount, words) = why;
    let text = |money: Money| money.write(order.head.currency).to_string();
    let former =
        Content::read(&invoice.content).ok_or_else(|| Error::internal("an invoice cannot be read"))?;
    let mut lines: Vec<ContentLine> = refund
        .map(|refund| back(order, refund, &text))
        .unwrap_or_default();
    let shipping = refund.map_or(Money::ZERO, |refund| refund.shipping);
    let sum = refund.map_or(Money::ZERO, |refund| {
        Money::sum(refund.lines.iter().map(|line| line.amount)).unwrap_or(Money::MAX)
    });
    let is_itemized = sum.checked_add(shipping) == Some(amount);
    if !is_itemized {
        lines.clear();
    }
    let reason = refund.map_or(words, |refund| refund.reason.as_str());
    let nothing = text(Money::ZERO);
    Ok(Content {
        date: shop.zone.day_of(tx.now).to_string(),
        credits: Some(invoice.number.clone()),
        reason: Some(reason.to_owned()),
        lines,
        taxes: Vec::new(),
        subtotal: text(if is_itemized { sum } else { amount }),
        discount: nothing.clone(),
        shipping: if is_itemized { text(shipping) } else { nothing },
        tax: share_of_tax(&former, invoice, amount).map_or_else(|| text(Money::ZERO), &text),
        // The money that goes back has its tax in it, whatever the prices were.
        tax_included: true,
        total: text(amount),
        paid: text(amount),
        ..former
    })
}

/// The tax in what goes back: its share of the invoice's.
fn share_of_tax(former: &Content, invoice: &Invoice, amount: Money) -> Option<Money> {
    invoice::money(&former.tax, invoice.currency).fraction(amount.minor(), invoice.total.minor())
}

fn back(order: &Order, refund: &Refund, text: &impl Fn(Money) -> String) -> Vec<ContentLine> {
    let of = |line: &crate::domain::refund::RefundLine| {
        let sold = order.lines.iter().find(|sold| sold.id == line.line)?;
        Some(ContentLine {
            quantity: line.quantity,
            total: text(line.amount),
            ..line_of(sold, text)
        })
    };
    refund.lines.iter().filter_map(of).collect()
}

fn line_of(line: &Line, text: &impl Fn(Money) -> String) -> ContentLine {
    ContentLine {
        sku: line.sku.clone(),
        name: line.name.clone(),
        quantity: line.quantity,
        unit_price: text(line.unit_price),
        discount: text(line.discount),
        tax: text(line.tax),
        total: text(line.total),
    }
}

/// The tax by rate, as it was reckoned; of an order that brought its own, what is not on the lines is on the shipping.
fn taxes(tx: &Tx, order: &Order, text: &impl Fn(Money) -> String) -> Result<Vec<ContentTax>> {
    let head = &order.head;
    let net_of = |total: Money, tax: Money| match head.tax_included {
        true => total.checked_sub(tax).unwrap_or(total),
        false => total,
    };
    let row = |rate: Option<i64>, total: Money, tax: Money| ContentTax {
        rate: rate.map(invoice::rate),
        net: text(net_of(total, tax)),
        tax: text(tax),
    };
    let sums = store::taxes::of_order(tx, head.id)?;
    if !sums.is_empty() {
        let row = |(percent, net, tax): (Percent, Money, Money)| ContentTax {
            rate: Some(invoice::rate(percent.thousandths())),
            net: text(net),
            tax: text(tax),
        };
        return Ok(sums.into_iter().map(row).collect());
    }
    let by_rate = store::invoices::taxes(tx, head.id)?;
    let on_lines = Money::sum(by_rate.iter().map(|(.., tax)| *tax)).unwrap_or(head.tax);
    let mut rows: Vec<ContentTax> = by_rate
        .into_iter()
        .map(|(rate, total, tax)| row(Some(rate), total, tax))
        .collect();
    match head.tax.checked_sub(on_lines) {
        Some(rest) if rest > Money::ZERO => rows.push(row(None, head.shipping, rest)),
        _ => {}
    }
    Ok(rows)
}

fn seller(tx: &Tx, shop: &Settings) -> Result<Seller> {
    Ok(Seller {
        name: shop.name.clone(),
        address: shop_address(tx)?,
    })
}

/// Where the shop is, as it stands on papers; whole or in part.
pub fn shop_address(db: &Snapshot) -> Result<Value> {
    let mut address = Map::new();
    for setting in &settings::ADDRESS {
        let field = setting.name.rsplit('.').next().unwrap_or_default();
        if let Some(line) = store::settings::text(db, setting)? {
            address.insert(field.to_owned(), Value::from(line));
        }
    }
    Ok(Value::from(address))
}

fn customer(tx: &Tx, order: &Order) -> Result<Option<String>> {
    match order.head.customer {
        Some(customer) => Ok(Some(store::customers::get(tx, customer)?.name)),
        None => Ok(None),
    }
}

fn address(json: Option<&str>) -> Option<Value> {
    json.and_then(|json| serde_json::from_str(json).ok())
}
