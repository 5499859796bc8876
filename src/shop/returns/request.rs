//! Announcing what comes back.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::event::EventType;
use crate::domain::fault::Bad;
use crate::domain::id::OrderId;
use crate::domain::id::ReturnId;
use crate::domain::order::Change;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::Order;
use crate::domain::order::OrderState;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::returns::NewReturn;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::orders;
use crate::shop::orders::OrderView;
use crate::shop::returns::News;
use crate::shop::returns::ReturnView;
use crate::shop::returns::record;
use crate::shop::returns::view;
use crate::shop::shipments;
use crate::shop::version;
use crate::store;

/// Announces that pieces of an order come back: its owner, or staff who move orders.
///
/// Refused with `Stale` if a version was said and it is another, with `InvalidState` where nothing has left or the order
/// has ended, with `Rule` above what has left of a line and is not on its way back.
pub fn request(
    tx: &Tx,
    by: &Actor,
    key: Option<&Key>,
    id: OrderId,
    new: &NewReturn,
) -> Result<Once<ReturnView>> {
    by.on_own(Permission::OrdersUpdateStatus)?;
    let order = store::orders::get(tx, id)?;
    if !by.may(Permission::OrdersUpdateStatus) {
        orders::require_own(tx, by, &order, Permission::OrdersUpdateStatus)?;
    }
    let act = || {
        version::allow(new.version, order.head.version, || OrderView::whole(&order))?;
        may_come_back(&order)?;
        check(tx, &order, new)?;
        let id = store::returns::insert(tx, order.head.id, new, by.user)?;
        let news = News {
            change: Change::ReturnRequested,
            action: Action::ReturnRequested,
            event: Some(EventType::ReturnRequested),
            stock: Vec::new(),
        };
        record(tx, by, order.clone(), id, news)?;
        Ok((id.0, view(tx, id)?))
    };
    once(tx, key, Made::Return, |id| view(tx, ReturnId(id)), act)
}

fn may_come_back(order: &Order) -> Result<()> {
    let state = order.head.state;
    let is_over = matches!(state, OrderState::Canceled | OrderState::Refunded);
    match is_over || order.head.fulfilment == FulfilmentStatus::Unfulfilled {
        false => Ok(()),
        true => Err(Error::from(Refusal::NotNow {
            state,
            allowed: state.next_states(),
        })),
    }
}

/// Each line is one of the order's, named once, and no more of it comes back than has left.
fn check(db: &Snapshot, order: &Order, new: &NewReturn) -> Result<()> {
    let pieces = shipments::pieces(db, order)?;
    for (at, (asked, quantity)) in new.lines.iter().enumerate() {
        let bad = |words: &'static str| Error::from(Bad::invalid(words).at(format!("lines[{at}].item_id")));
        let of = order
            .lines
            .iter()
            .zip(&pieces)
            .find(|(line, _)| line.id == *asked);
        let (line, pieces) = of.ok_or_else(|| bad("is not a line of this order"))?;
        if line.variant.is_none() {
            return Err(bad("is a charge, and nothing that could come back"));
        }
        if new.lines[..at].iter().any(|(other, _)| other == asked) {
            return Err(bad("names a line twice"));
        }
        if *quantity > pieces.returnable() {
            let words = format!("{} of {} can come back.", pieces.returnable(), line.sku);
            return Err(Refusal::Rule(words.into()).into());
        }
    }
    Ok(())
}
