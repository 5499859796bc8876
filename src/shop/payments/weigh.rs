//! What a refund would come to, before anything is given back: pages show it, and the verb holds to it.

use std::borrow::Cow;

use crate::domain::actor::Actor;
use crate::domain::fault::Bad;
use crate::domain::id::OrderId;
use crate::domain::money::Money;
use crate::domain::order::Order;
use crate::domain::payment::Payment;
use crate::domain::permission::Permission;
use crate::domain::refund::NewRefund;
use crate::domain::refund::NewRefundLine;
use crate::domain::refund::RefundLine;
use crate::domain::refund::share;
use crate::domain::refusal::Refusal;
use crate::domain::returns::ReturnState;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::shipments;
use crate::store;

/// What a refund comes to.
#[derive(Debug, Clone)]
pub struct Weighed {
    /// Of each line that was named.
    pub lines: Vec<RefundLine>,
    /// Of the shipping.
    pub shipping: Money,
    /// Together, or what was named instead.
    pub amount: Money,
}

/// What of an order may still go back.
#[derive(Debug, Clone)]
pub struct Refundable {
    /// The order.
    pub order: Order,
    /// Pieces of each of its lines, in their order.
    pub pieces: Vec<i64>,
    /// Of the shipping.
    pub shipping: Money,
    /// Of the money.
    pub left: Money,
    /// The payments that have some of it.
    pub payments: Vec<Payment>,
}

/// What of an order may still go back, for who may give it.
pub fn refundable(db: &Snapshot, by: &Actor, id: OrderId) -> Result<Refundable> {
    by.require(Permission::RefundsCreate)?;
    let order = store::orders::get(db, id)?;
    let pieces = order
        .lines
        .iter()
        .map(|line| Ok(line.quantity - store::refunds::pieces(db, line.id)?))
        .collect::<Result<_>>()?;
    let mut payments = store::payments::of_order(db, id)?;
    payments.retain(|payment| payment.left() > Money::ZERO);
    Ok(Refundable {
        pieces,
        shipping: shipping_left(db, &order)?,
        left: left(&order),
        payments,
        order,
    })
}

/// What a refund would come to, for who may give it. Refused as the refund would be.
pub fn weigh(db: &Snapshot, by: &Actor, id: OrderId, new: &NewRefund) -> Result<Weighed> {
    by.require(Permission::RefundsCreate)?;
    weighed(db, &store::orders::get(db, id)?, new)
}

pub(super) fn weighed(db: &Snapshot, order: &Order, new: &NewRefund) -> Result<Weighed> {
    let left = left(order);
    let new = &for_return(db, order, new)?;
    let lines = lines(db, order, new)?;
    let shipping = shipping(db, order, new)?;
    let amount = amount(order, new, &lines, shipping, left)?;
    match amount > left {
        true => Err(too_much(order, left)),
        false => Ok(Weighed {
            lines,
            shipping,
            amount,
        }),
    }
}

fn left(order: &Order) -> Money {
    let head = &order.head;
    head.paid.checked_sub(head.refunded).unwrap_or(Money::ZERO)
}

pub(super) fn too_much(order: &Order, left: Money) -> Error {
    let words = match left == Money::ZERO {
        true => "Nothing is left that could go back.".to_owned(),
        false => format!("No more than {} can go back.", left.write(order.head.currency)),
    };
    Refusal::Rule(words.into()).into()
}

/// A refund that answers a return gives back for what was received, or for those pieces of it that are named. They are on
/// the shelf already, or are to be kept off it.
fn for_return<'a>(db: &Snapshot, order: &Order, new: &'a NewRefund) -> Result<Cow<'a, NewRefund>> {
    let Some(id) = new.of_return else {
        return Ok(Cow::Borrowed(new));
    };
    let found = store::returns::get(db, id)
        .ok()
        .filter(|found| found.order == order.head.id);
    let found =
        found.ok_or_else(|| Error::from(Bad::invalid("is not a return of this order").at("return_id")))?;
    found.state.go(ReturnState::Refunded)?;
    let came = found.lines.iter().filter(|line| line.received > 0);
    if new.lines.is_empty() {
        let all = came.map(|line| NewRefundLine {
            line: line.line,
            quantity: line.received,
            restock: false,
        });
        return Ok(Cow::Owned(NewRefund {
            lines: all.collect(),
            ..new.clone()
        }));
    }
    for (at, asked) in new.lines.iter().enumerate() {
        let bad = |words: &'static str, field: &str| {
            Error::from(Bad::invalid(words).at(format!("lines[{at}].{field}")))
        };
        let line = came.clone().find(|line| line.line == asked.line);
        let line = line.ok_or_else(|| bad("did not come back with this return", "item_id"))?;
        if asked.restock {
            return Err(bad("was decided when it came back", "restock"));
        }
        if asked.quantity > line.received {
            let words = format!("{} came back with this return.", line.received);
            return Err(Refusal::Rule(words.into()).into());
        }
    }
    Ok(Cow::Borrowed(new))
}

/// What the named pieces are worth; none may be given back twice. Pieces that have not left go first, and will not leave.
fn lines(db: &Snapshot, order: &Order, new: &NewRefund) -> Result<Vec<RefundLine>> {
    let mut lines: Vec<RefundLine> = Vec::new();
    let pieces = match new.lines.is_empty() {
        true => Vec::new(),
        false => shipments::pieces(db, order)?,
    };
    for (at, asked) in new.lines.iter().enumerate() {
        let field = |name: &str| format!("lines[{at}].{name}");
        let mut all = order.lines.iter().zip(&pieces);
        let (line, pieces) = all
            .find(|(line, _)| line.id == asked.line)
            .ok_or_else(|| Error::from(Bad::invalid("is not a line of this order").at(field("item_id"))))?;
        if lines.iter().any(|other| other.line == asked.line) {
            return Err(Bad::invalid("names a line twice").at(field("item_id")).into());
        }
        let done = store::refunds::pieces(db, line.id)?;
        if asked.quantity > line.quantity - done {
            let words = format!("{} of {} can go back.", line.quantity - done, line.sku);
            return Err(Refusal::Rule(words.into()).into());
        }
        let amount = share(order.worth(line), done, asked.quantity, line.quantity);
        lines.push(RefundLine {
            line: line.id,
            quantity: asked.quantity,
            amount: amount.ok_or_else(|| Error::internal("a line's share is beyond the cap"))?,
            restocked: asked.restock && line.variant.is_some(),
            unshipped: match new.of_return {
                Some(_) => 0,
                None => asked.quantity.min(pieces.left()),
            },
        });
    }
    Ok(lines)
}

fn shipping_left(db: &Snapshot, order: &Order) -> Result<Money> {
    let done = store::refunds::shipping(db, order.head.id)?;
    Ok(order.head.shipping.checked_sub(done).unwrap_or(Money::ZERO))
}

fn shipping(db: &Snapshot, order: &Order, new: &NewRefund) -> Result<Money> {
    let Some(raw) = &new.shipping else {
        return Ok(Money::ZERO);
    };
    let asked = raw
        .to_money(order.head.currency)
        .and_then(Money::non_negative)
        .map_err(|bad| bad.at("shipping"))?;
    let left = shipping_left(db, order)?;
    match asked > left {
        true => Err(too_much(order, left)),
        false => Ok(asked),
    }
}

/// What is named; else what the lines and the shipping come to; else all that is left.
fn amount(
    order: &Order,
    new: &NewRefund,
    lines: &[RefundLine],
    shipping: Money,
    left: Money,
) -> Result<Money> {
    if let Some(raw) = &new.amount {
        let amount = raw.to_money(order.head.currency).and_then(Money::positive);
        return amount.map_err(|bad| bad.at("amount").into());
    }
    let sum = Money::sum(lines.iter().map(|line| line.amount))
        .and_then(|sum| sum.checked_add(shipping))
        .unwrap_or(Money::MAX);
    let amount = match lines.is_empty() && new.shipping.is_none() {
        true => left,
        false => sum,
    };
    match amount > Money::ZERO {
        true => Ok(amount),
        false => Err(Refusal::Rule("There is nothing that could go back.".into()).into()),
    }
}
