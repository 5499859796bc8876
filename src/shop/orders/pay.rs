//! Money that comes by hand: cash, or a transfer that staff see at the bank.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::event::EventType;
use crate::domain::history::Former;
use crate::domain::id::OrderId;
use crate::domain::money::Money;
use crate::domain::order::Change;
use crate::domain::order::Order;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::orders::record::Changing;
use crate::shop::orders::record::record;
use crate::shop::orders::step::count;
use crate::store;

/// Records that all that was due on an order has come. A pending one moves on to processing: one event tells both.
///
/// Refused with `NotAllowed` where nothing is due.
pub fn paid_by_hand(tx: &Tx, by: &Actor, id: OrderId) -> Result<Order> {
    by.require(Permission::PaymentsCreate)?;
    let order = store::orders::get(tx, id)?;
    if order.head.due() == Money::ZERO {
        return Err(Refusal::NotAllowed("Nothing is due on this order.".into()).into());
    }
    let was = order.head.state;
    let head = order.head.paid_up(tx.now);
    let former = Former::between(&order.head, &head);
    let changing = Changing {
        change: Change::Paid,
        action: Action::OrderPaid,
        event: Some(EventType::OrderPaid),
        is_public: true,
        note: None,
        stock: None,
    };
    let order = record(tx, by, order, head, &former, changing)?;
    if order.head.state != was {
        count(tx, order.head.state);
    }
    Ok(order)
}
