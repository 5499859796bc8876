//! What moved money leaves on its order: the sums, how far it is paid, the step to processing, events and audit.

use serde::Serialize;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::event::EventType;
use crate::domain::history::Former;
use crate::domain::money::Money;
use crate::domain::order::Change;
use crate::domain::order::Order;
use crate::domain::order::OrderHead;
use crate::domain::order::OrderState;
use crate::domain::order::ReturnStatus;
use crate::domain::payment::Payment;
use crate::domain::refund::Refund;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::events;
use crate::shop::invoices;
use crate::shop::orders::Changing;
use crate::shop::orders::StockTold;
use crate::shop::orders::count;
use crate::shop::orders::next_event;
use crate::shop::orders::record_told;
use crate::shop::payments::view::PaymentView;
use crate::shop::payments::view::RefundView;
use crate::store;

/// What has moved, and how it is to be told.
pub(super) struct Moved<'a> {
    pub(super) taken: Money,
    pub(super) given: Money,
    pub(super) change: Change,
    pub(super) action: Action,
    pub(super) note: Option<&'a str>,
    pub(super) stock: Option<Vec<StockTold>>,
    /// What the order shows of its returns, where that changes with it.
    pub(super) returns: Option<ReturnStatus>,
    /// Whether the buyer is written to, where staff have decided that.
    pub(super) notify: Option<bool>,
}

impl Moved<'_> {
    /// Nothing but how the payments stand.
    pub(super) fn nothing(change: Change) -> Self {
        Self {
            taken: Money::ZERO,
            given: Money::ZERO,
            change,
            action: match change {
                Change::Paid => Action::OrderPaid,
                Change::Refunded => Action::OrderRefunded,
                _ => Action::OrderPaymentChanged,
            },
            note: None,
            stock: None,
            returns: None,
            notify: None,
        }
    }
}

/// Puts the order's sums and states as its payments have them now; nothing where nothing differs.
///
/// What is covered in full moves on from pending, and is told as paid, or as moved where the money is only reserved.
pub(super) fn put(tx: &Tx, by: &Actor, order: Order, moved: Moved<'_>) -> Result<Order> {
    let was = &order.head;
    let payments = store::payments::of_order(tx, was.id)?;
    let mut purse = store::payments::purse(&payments);
    // Of an imported order the payments are elsewhere, and its sums are all there is.
    purse.paid = was.paid.checked_add(moved.taken).ok_or_else(too_much)?;
    purse.refunded = was.refunded.checked_add(moved.given).ok_or_else(too_much)?;
    let mut head = purse.on(was, tx.now);
    head.returns = moved.returns.unwrap_or(was.returns);
    let is_all_back = head.refunded == head.paid && head.paid > Money::ZERO;
    if is_all_back && was.state == OrderState::Delivered && moved.given > Money::ZERO {
        head = head.moved_to(OrderState::Refunded, tx.now);
    }
    let former = Former::between(was, &head);
    if former == Former::default() && moved.stock.is_none() {
        return Ok(order);
    }
    let is_paid = was.paid < was.total && head.paid >= head.total && head.state != OrderState::Canceled;
    let event = match (moved.given > Money::ZERO, is_paid, head.state != was.state) {
        (true, ..) => Some(EventType::OrderRefunded),
        (_, true, _) => Some(EventType::OrderPaid),
        (_, _, true) => Some(EventType::OrderStatusChanged),
        _ => None,
    };
    let changing = Changing {
        change: moved.change,
        action: moved.action,
        event,
        is_public: true,
        note: moved.note,
        stock: moved.stock,
    };
    let state = was.state;
    let mut order = record_told(tx, by, order, head, &former, changing, moved.notify)?;
    if order.head.state != state {
        count(tx, order.head.state);
    }
    if is_paid {
        invoices::issue(tx, by, &mut order)?;
    }
    Ok(order)
}

/// An order that costs something else now, with what its payments are to it; its own row is left to the caller.
pub(in crate::shop) fn standing(tx: &Tx, head: &OrderHead) -> Result<OrderHead> {
    let mut purse = store::payments::purse(&store::payments::of_order(tx, head.id)?);
    purse.paid = head.paid;
    purse.refunded = head.refunded;
    Ok(purse.on(head, tx.now))
}

fn too_much() -> Error {
    Error::internal("an order's money is more than the shop can count")
}

#[derive(Serialize)]
struct PaymentEvent {
    #[serde(flatten)]
    payment: PaymentView,
    seq: i64,
}

#[derive(Serialize)]
struct RefundEvent {
    #[serde(flatten)]
    refund: RefundView,
    seq: i64,
}

/// Tells of a payment, as one of its order's events.
pub(super) fn tell_payment(
    tx: &Tx,
    order: &mut Order,
    kind: EventType,
    payment: &Payment,
) -> Result<events::Told> {
    let seq = next_event(tx, order)?;
    let payment = PaymentView::for_event(payment);
    events::emit(tx, kind, order.head.id.0, seq, &PaymentEvent { payment, seq })
}

/// Tells of a refund, as one of its order's events.
pub(super) fn tell_refund(
    tx: &Tx,
    order: &mut Order,
    kind: EventType,
    refund: &Refund,
) -> Result<events::Told> {
    let seq = next_event(tx, order)?;
    let refund = RefundView::from(refund);
    events::emit(tx, kind, order.head.id.0, seq, &RefundEvent { refund, seq })
}
