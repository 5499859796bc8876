//! What every change of an order leaves behind: its row one version on, an entry of its history, an event, an audit row.

use serde::Serialize;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::event::EventType;
use crate::domain::history::Former;
use crate::domain::order::Change;
use crate::domain::order::Order;
use crate::domain::order::OrderHead;
use crate::domain::touched::Touched;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::events;
use crate::shop::orders::view::OrderView;
use crate::shop::version;
use crate::store;
use crate::store::orders::NewChange;

/// What an order's event says of the stock it moved.
#[derive(Debug, Clone, Serialize)]
pub(in crate::shop) struct StockTold {
    pub(in crate::shop) sku: String,
    pub(in crate::shop) delta: i64,
    pub(in crate::shop) available: i64,
}

/// An order as its events tell it.
#[derive(Serialize)]
pub(in crate::shop) struct OrderEvent<'a> {
    #[serde(flatten)]
    pub(in crate::shop) order: OrderView<'a>,
    pub(in crate::shop) seq: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::shop) stock: Option<Vec<StockTold>>,
    /// Whether the buyer is written to, where staff have decided that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::shop) notify: Option<bool>,
}

/// A change that is to be recorded.
pub(in crate::shop) struct Changing<'a> {
    pub(in crate::shop) change: Change,
    pub(in crate::shop) action: Action,
    /// None where the world is not told.
    pub(in crate::shop) event: Option<EventType>,
    pub(in crate::shop) is_public: bool,
    pub(in crate::shop) note: Option<&'a str>,
    pub(in crate::shop) stock: Option<Vec<StockTold>>,
}

/// Writes the order as `after` has it, one version on, with all that a change leaves behind; the order as it is then.
pub(in crate::shop) fn record(
    tx: &Tx,
    by: &Actor,
    before: Order,
    after: OrderHead,
    former: &Former,
    changing: Changing<'_>,
) -> Result<Order> {
    record_told(tx, by, before, after, former, changing, None)
}

/// The same, where staff have decided whether the buyer is written to.
pub(in crate::shop) fn record_told(
    tx: &Tx,
    by: &Actor,
    before: Order,
    after: OrderHead,
    former: &Former,
    changing: Changing<'_>,
    notify: Option<bool>,
) -> Result<Order> {
    let version = before.head.version;
    let events = before.head.events + i64::from(changing.event.is_some());
    let after = OrderHead { events, ..after };
    if !store::orders::update(tx, &after, version)? {
        let now = store::orders::get(tx, after.id)?;
        return version::require(Some(version), now.head.version, || OrderView::whole(&now)).map(|()| now);
    }
    store::orders::insert_change(
        tx,
        &NewChange {
            order: after.id,
            version: version + 1,
            at: tx.now,
            change: changing.change,
            actor: (by.kind, by.user),
            request_id: by.origin.request_id.as_deref(),
            is_public: changing.is_public,
            note: changing.note,
            former,
        },
    )?;
    let head = OrderHead {
        version: version + 1,
        updated_at: Some(tx.now),
        ..after
    };
    let order = Order { head, ..before };
    tell(tx, by, &order, changing, notify)?;
    tx.touch(Touched::Order(order.head.id));
    Ok(order)
}

/// The number of the order's next event, which is counted: of one that is told beside its own change.
pub(in crate::shop) fn next_event(tx: &Tx, order: &mut Order) -> Result<i64> {
    order.head.events += 1;
    store::orders::count_events(tx, order.head.id, order.head.events)?;
    Ok(order.head.events)
}

/// The event and the audit row. The former values are in the history: the audit says only who, when and what.
fn tell(tx: &Tx, by: &Actor, order: &Order, changing: Changing<'_>, notify: Option<bool>) -> Result<()> {
    let id = order.head.id.0;
    let told = match changing.event {
        None => None,
        Some(kind) => {
            let data = OrderEvent {
                order: OrderView::for_event(order),
                seq: order.head.events,
                stock: changing.stock,
                notify,
            };
            Some(events::emit(tx, kind, id, order.head.events, &data)?)
        }
    };
    let event = told.as_ref().and_then(events::Told::for_audit);
    audit::note(tx, by, changing.action, (Target::Order, Some(id)), event, None)
}
