//! Moving an order along its life, and canceling it, which puts its goods back.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::event::EventType;
use crate::domain::history::Former;
use crate::domain::id::OrderId;
use crate::domain::id::VariantId;
use crate::domain::money::Money;
use crate::domain::order::Change;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::Order;
use crate::domain::order::OrderState;
use crate::domain::order::PaymentStatus;
use crate::domain::order::Step;
use crate::domain::permission::Permission;
use crate::domain::product::MovementReason;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::commissions;
use crate::shop::invoices;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::orders::record::Changing;
use crate::shop::orders::record::StockTold;
use crate::shop::orders::record::record;
use crate::shop::orders::require_own;
use crate::shop::orders::view::OrderView;
use crate::shop::payments;
use crate::shop::shipments;
use crate::shop::version;
use crate::store;
use crate::store::stock::Cause;

/// A move that is asked for.
#[derive(Debug, Clone)]
pub struct Move {
    /// Where to.
    pub to: OrderState,
    /// The version that the caller has seen.
    pub version: Option<i64>,
    /// Staff's words beside it.
    pub note: Option<String>,
}

/// A cancellation that is asked for.
#[derive(Debug, Clone)]
pub struct Cancel {
    /// The version that the caller has seen, if it says so.
    pub version: Option<i64>,
    /// Why.
    pub reason: Option<String>,
    /// Whether goods that have left go back on the shelf; what has not left always does.
    pub restock: bool,
}

/// Moves an order one step along its life. To `canceled` and `refunded` it also needs the rights of those verbs.
///
/// Refused with `VersionMissing` or `Stale`, with `InvalidState` from a state that has no such step, with `NotAllowed`
/// where nothing was paid that could go back.
pub fn step(tx: &Tx, by: &Actor, id: OrderId, asked: &Move) -> Result<Order> {
    by.require(Permission::OrdersUpdateStatus)?;
    match asked.to {
        OrderState::Canceled => by.require(Permission::OrdersCancel)?,
        OrderState::Refunded => by.require(Permission::RefundsCreate)?,
        _ => {}
    }
    let order = store::orders::get(tx, id)?;
    version::require(asked.version, order.head.version, || OrderView::whole(&order))?;
    let state = after(&order, asked.to)?;
    let note = asked.note.as_deref();
    match state {
        OrderState::Canceled => cancel_now(tx, by, order, note, false),
        OrderState::Refunded => refund_whole(tx, by, order, note),
        OrderState::Shipped => shipments::ship_rest(tx, by, order, note),
        _ => advance(tx, by, order, state, note),
    }
}

/// The state asked for, if one step leads there.
fn after(order: &Order, to: OrderState) -> std::result::Result<OrderState, Refusal> {
    let state = order.head.state;
    match Step::into_state(to) {
        Some(step) => state.after(step),
        None => Err(Refusal::NotNow {
            state,
            allowed: state.next_states(),
        }),
    }
}

/// Moves an order on, with all that follows from where it is then.
pub(in crate::shop) fn advance(
    tx: &Tx,
    by: &Actor,
    order: Order,
    state: OrderState,
    note: Option<&str>,
) -> Result<Order> {
    let head = order.head.moved_to(state, tx.now);
    let former = Former::between(&order.head, &head);
    let changing = Changing {
        change: Change::Moved,
        action: Action::OrderMoved,
        event: Some(EventType::OrderStatusChanged),
        is_public: true,
        note,
        stock: None,
    };
    let order = record(tx, by, order, head, &former, changing)?;
    count(tx, state);
    match state {
        OrderState::Delivered => commissions::approve(tx, order.head.id).map(|()| order),
        OrderState::Shipped => payments::capture_what_is_reserved(tx, by, order),
        _ => Ok(order),
    }
}

/// All that is left goes back.
fn refund_whole(tx: &Tx, by: &Actor, mut order: Order, note: Option<&str>) -> Result<Order> {
    if order.head.paid == Money::ZERO {
        return Err(Refusal::NotAllowed("Nothing was paid on this order.".into()).into());
    }
    payments::unwind(tx, by, &mut order, note.unwrap_or("refunded"))?;
    let head = order.head.moved_to(OrderState::Refunded, tx.now);
    let former = Former::between(&order.head, &head);
    let changing = Changing {
        change: Change::Refunded,
        action: Action::OrderRefunded,
        event: Some(EventType::OrderRefunded),
        is_public: true,
        note,
        stock: None,
    };
    let order = record(tx, by, order, head, &former, changing)?;
    commissions::recount(tx, &order)?;
    count(tx, OrderState::Refunded);
    Ok(order)
}

pub(in crate::shop) fn count(tx: &Tx, to: OrderState) {
    tx.after_commit(move || {
        metrics::counter!("orders_status_changes_total", "to" => to.name()).increment(1);
    });
}

/// Cancels an order: its owner or who holds its private link while nothing has left, staff with `orders:cancel` until it
/// has arrived.
///
/// Refused with `Stale` if a version was said and it is another, with `InvalidState` where it is too late.
pub fn cancel(tx: &Tx, by: &Actor, key: Option<&Key>, id: OrderId, asked: &Cancel) -> Result<Once<Order>> {
    by.on_order(Permission::OrdersCancel)?;
    let order = store::orders::get(tx, id)?;
    let may_all = by.may(Permission::OrdersCancel);
    if !may_all {
        require_own(tx, by, &order, Permission::OrdersCancel)?;
    }
    let act = || {
        version::allow(asked.version, order.head.version, || {
            OrderView::for_caller(by, &order)
        })?;
        after(&order, OrderState::Canceled)?;
        if !may_all && order.head.fulfilment != FulfilmentStatus::Unfulfilled {
            return Err(Error::from(Refusal::NotNow {
                state: order.head.state,
                allowed: Vec::new(),
            }));
        }
        let order = cancel_now(tx, by, order.clone(), asked.reason.as_deref(), asked.restock)?;
        Ok((id.0, order))
    };
    once(
        tx,
        key,
        Made::Cancel,
        |id| store::orders::get(tx, OrderId(id)),
        act,
    )
}

/// Cancels an order that nobody has paid in time, on the shop's own behalf.
pub(in crate::shop) fn cancel_unpaid(tx: &Tx, by: &Actor, id: OrderId, reason: &str) -> Result<Order> {
    by.require(Permission::OrdersCancel)?;
    let order = store::orders::get(tx, id)?;
    after(&order, OrderState::Canceled)?;
    cancel_now(tx, by, order, Some(reason), false)
}

fn cancel_now(tx: &Tx, by: &Actor, mut order: Order, reason: Option<&str>, restock: bool) -> Result<Order> {
    let stock = put_back(tx, by, &order, restock)?;
    let given = payments::unwind(tx, by, &mut order, reason.unwrap_or("canceled"))?;
    let mut head = order.head.moved_to(OrderState::Canceled, tx.now);
    if given > Money::ZERO {
        head.refunded = head.refunded.checked_add(given).unwrap_or(head.paid);
        head.payment = PaymentStatus::of(head.total, head.paid, head.refunded);
    }
    let former = Former::between(&order.head, &head);
    let changing = Changing {
        change: Change::Canceled,
        action: Action::OrderCanceled,
        event: Some(EventType::OrderCanceled),
        is_public: true,
        note: reason,
        stock: Some(stock),
    };
    let mut order = record(tx, by, order, head, &former, changing)?;
    commissions::recount(tx, &order)?;
    if let Some(coupon) = order.head.coupon {
        store::coupons::give_back(tx, coupon, order.head.customer)?;
    }
    count(tx, OrderState::Canceled);
    invoices::credit(tx, by, &mut order, None)?;
    Ok(order)
}

/// Puts back what the order took and has not left, and with `restock` what has.
fn put_back(tx: &Tx, by: &Actor, order: &Order, restock: bool) -> Result<Vec<StockTold>> {
    let cause = Cause {
        reason: MovementReason::Restock,
        order: Some(order.head.id),
        actor: by.user,
        note: None,
    };
    let is_untouched = is_untouched(tx, order)?;
    let mut told = Vec::new();
    for (variant, sku, quantity) in order.goods() {
        let delta = match is_untouched {
            true => quantity,
            false => off_the_shelf(tx, order, variant, restock)?,
        };
        if delta > 0 {
            let available = store::stock::shift(tx, variant, delta, cause)?;
            let sku = sku.to_owned();
            told.push(StockTold {
                sku,
                delta,
                available,
            });
        }
    }
    Ok(told)
}

/// Whether all that stands on an order's lines was taken by it, and none of it has left or come back.
fn is_untouched(tx: &Tx, order: &Order) -> Result<bool> {
    let head = &order.head;
    let is_whole = head.imported_at.is_none() && head.fulfilment == FulfilmentStatus::Unfulfilled;
    Ok(is_whole && store::refunds::unshipped(tx, head.id)?.is_empty())
}

/// How much of a variant is to be put back, no more than the ledger says is out: what never left; and where that is asked
/// for what has left, too, but for what came back and was kept off the shelf.
fn off_the_shelf(tx: &Tx, order: &Order, variant: VariantId, restock: bool) -> Result<i64> {
    let taken = store::stock::taken_by(tx, order.head.id, variant)?;
    let pieces = shipments::pieces(tx, order)?;
    let lines = order.lines.iter().zip(&pieces);
    let mine = lines.filter(|(line, _)| line.variant == Some(variant));
    Ok(match restock {
        true => taken - mine.map(|(_, pieces)| pieces.kept_off).sum::<i64>(),
        false => taken.min(mine.map(|(_, pieces)| pieces.at_hand()).sum()),
    })
}
