//! Returns: goods that come back, announced by whoever bought them, received by staff, and given back for by a refund
//! that names them. Only what has left comes back, and each piece once.

mod receive;
mod request;
mod view;

pub use receive::step;
pub use request::request;
pub use view::ReturnView;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::event::EventType;
use crate::domain::history::Former;
use crate::domain::id::OrderId;
use crate::domain::id::ReturnId;
use crate::domain::order::Change;
use crate::domain::order::Order;
use crate::domain::order::ReturnStatus;
use crate::domain::returns::ReturnState;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::events;
use crate::shop::orders;
use crate::shop::orders::Changing;
use crate::shop::orders::StockTold;
use crate::shop::returns::view::ReturnEvent;
use crate::store;

/// The returns of an order, oldest first, for its owner and who may read all.
pub fn list(db: &Snapshot, by: &Actor, id: OrderId) -> Result<Vec<ReturnView>> {
    let order = orders::show(db, by, id)?.order;
    let returns = store::returns::of_order(db, id)?;
    Ok(returns
        .iter()
        .map(|found| ReturnView::of(found, &order))
        .collect())
}

fn view(db: &Snapshot, id: ReturnId) -> Result<ReturnView> {
    let found = store::returns::get(db, id)?;
    let order = store::orders::get(db, found.order)?;
    Ok(ReturnView::of(&found, &order))
}

/// What an order shows of its returns as they stand now.
fn status(db: &Snapshot, order: OrderId) -> Result<ReturnStatus> {
    Ok(ReturnStatus::of(store::returns::states(db, order)?))
}

/// The goods have been given back for: what the order shows of its returns then.
pub(in crate::shop) fn refunded(tx: &Tx, order: OrderId, id: ReturnId) -> Result<ReturnStatus> {
    store::returns::set_state(tx, id, ReturnState::Refunded)?;
    status(tx, order)
}

/// The money for them did not go back after all: what the order shows of its returns then.
pub(in crate::shop) fn owed_again(tx: &Tx, order: OrderId, id: ReturnId) -> Result<ReturnStatus> {
    store::returns::set_state(tx, id, ReturnState::Received)?;
    status(tx, order)
}

/// Something that has become of a return.
struct News {
    change: Change,
    action: Action,
    /// None where the world is not told.
    event: Option<EventType>,
    stock: Vec<StockTold>,
}

/// Tells a return's news, and writes what it leaves on its order; the order as it is then.
fn record(tx: &Tx, by: &Actor, mut order: Order, id: ReturnId, news: News) -> Result<Order> {
    let told = match news.event {
        None => None,
        Some(kind) => {
            let seq = orders::next_event(tx, &mut order)?;
            let data = ReturnEvent {
                found: ReturnView::of(&store::returns::get(tx, id)?, &order),
                seq,
                stock: news.stock,
            };
            Some(events::emit(tx, kind, order.head.id.0, seq, &data)?)
        }
    };
    let event = told.as_ref().and_then(events::Told::for_audit);
    let target = (Target::Return, Some(id.0));
    audit::note(tx, by, news.action, target, event, None)?;
    let mut head = order.head.clone();
    head.returns = status(tx, head.id)?;
    let former = Former::between(&order.head, &head);
    let changing = Changing {
        change: news.change,
        action: Action::OrderReturnChanged,
        event: None,
        is_public: true,
        note: None,
        stock: None,
    };
    orders::record(tx, by, order, head, &former, changing)
}
