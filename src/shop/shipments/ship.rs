//! Sending: some pieces of an order, or all that is left.

use serde::Serialize;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::event::EventType;
use crate::domain::fault::Bad;
use crate::domain::history::Former;
use crate::domain::id::OrderId;
use crate::domain::id::ShipmentId;
use crate::domain::order::Change;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::Order;
use crate::domain::order::OrderState;
use crate::domain::order::Step;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::shipment::Label;
use crate::domain::shipment::NewShipment;
use crate::domain::shipment::Pieces;
use crate::domain::shipment::ShipmentLine;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::events;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::orders;
use crate::shop::orders::Changing;
use crate::shop::orders::OrderView;
use crate::shop::payments;
use crate::shop::shipments::ShipmentView;
use crate::shop::shipments::pieces;
use crate::shop::version;
use crate::store;

/// Sends pieces of an order.
///
/// Refused with `Stale` if a version was said and it is another, with `InvalidState` where the order is not being worked
/// on, with `Rule` above what is left of a line, with `NotAllowed` where nothing is.
pub fn ship(
    tx: &Tx,
    by: &Actor,
    key: Option<&Key>,
    id: OrderId,
    new: &NewShipment,
) -> Result<Once<ShipmentView>> {
    by.require(Permission::OrdersUpdateStatus)?;
    once(
        tx,
        key,
        Made::Shipment,
        |id| view(tx, ShipmentId(id)),
        || {
            let order = store::orders::get(tx, id)?;
            version::allow(new.version, order.head.version, || OrderView::whole(&order))?;
            let left = pieces(tx, &order)?;
            may_ship(&order, &left)?;
            let lines = wanted(&order, &left, new)?;
            let (id, _) = send(tx, by, order, &left, (new, lines.as_slice()), None)?;
            Ok((id.0, view(tx, id)?))
        },
    )
}

fn view(db: &Snapshot, id: ShipmentId) -> Result<ShipmentView> {
    let shipment = store::shipments::get(db, id)?;
    let order = store::orders::get(db, shipment.order)?;
    Ok(ShipmentView::whole(&shipment, &order))
}

/// Sends all that is left of an order that may be shipped, and moves it on; where nothing is left, that alone.
pub(in crate::shop) fn ship_rest(tx: &Tx, by: &Actor, order: Order, note: Option<&str>) -> Result<Order> {
    let left = pieces(tx, &order)?;
    let lines = rest(&order, &left);
    if lines.is_empty() {
        return orders::advance(tx, by, order, OrderState::Shipped, note);
    }
    let new = NewShipment {
        lines: Vec::new(),
        label: Label::default(),
        is_told: true,
        version: None,
    };
    Ok(send(tx, by, order, &left, (&new, lines.as_slice()), note)?.1)
}

/// Moves on an order of which something has left and the rest never will, because it was given back for.
pub(in crate::shop) fn close(tx: &Tx, by: &Actor, order: Order) -> Result<Order> {
    let is_partial = order.head.fulfilment == FulfilmentStatus::Partial;
    if order.head.state != OrderState::Processing || !is_partial || sum(&pieces(tx, &order)?) > 0 {
        return Ok(order);
    }
    orders::advance(tx, by, order, OrderState::Shipped, None)
}

/// What is left of an order that has moved on already (the money for it did not go back after all) may still be sent.
fn may_ship(order: &Order, left: &[Pieces]) -> Result<()> {
    match order.head.state {
        OrderState::Shipped | OrderState::Delivered if sum(left) > 0 => Ok(()),
        state => state.after(Step::Ship).map(drop).map_err(Error::from),
    }
}

fn sum(left: &[Pieces]) -> i64 {
    left.iter().map(|pieces| pieces.left()).sum()
}

/// All that is left.
fn rest(order: &Order, left: &[Pieces]) -> Vec<ShipmentLine> {
    let lines = order.lines.iter().zip(left);
    lines
        .filter(|(_, pieces)| pieces.left() > 0)
        .map(|(line, pieces)| ShipmentLine {
            line: line.id,
            quantity: pieces.left(),
        })
        .collect()
}

/// The pieces that are named, none beyond what is left; all that is left where none is named.
fn wanted(order: &Order, left: &[Pieces], new: &NewShipment) -> Result<Vec<ShipmentLine>> {
    let rest = rest(order, left);
    if rest.is_empty() {
        return Err(Refusal::NotAllowed("Nothing of this order is left to be shipped.".into()).into());
    }
    if new.lines.is_empty() {
        return Ok(rest);
    }
    let mut lines: Vec<ShipmentLine> = Vec::with_capacity(new.lines.len());
    for (at, asked) in new.lines.iter().enumerate() {
        let bad = |words: &'static str| Error::from(Bad::invalid(words).at(format!("items[{at}].item_id")));
        let of = order
            .lines
            .iter()
            .zip(left)
            .find(|(line, _)| line.id == asked.line);
        let (line, pieces) = of.ok_or_else(|| bad("is not a line of this order"))?;
        if line.variant.is_none() {
            return Err(bad("is a charge, and nothing that could be shipped"));
        }
        if lines.iter().any(|other| other.line == asked.line) {
            return Err(bad("names a line twice"));
        }
        if asked.quantity > pieces.left() {
            let words = format!("{} of {} can be shipped.", pieces.left(), line.sku);
            return Err(Refusal::Rule(words.into()).into());
        }
        lines.push(*asked);
    }
    Ok(lines)
}

#[derive(Serialize)]
struct ShipmentEvent {
    #[serde(flatten)]
    shipment: ShipmentView,
    seq: i64,
}

/// Writes a shipment, and what it does to its order: the last one moves it on, and whatever leaves has its money taken.
fn send(
    tx: &Tx,
    by: &Actor,
    mut order: Order,
    left: &[Pieces],
    (new, lines): (&NewShipment, &[ShipmentLine]),
    note: Option<&str>,
) -> Result<(ShipmentId, Order)> {
    let id = store::shipments::insert(tx, order.head.id, new, lines, by.user)?;
    let seq = orders::next_event(tx, &mut order)?;
    let shipment = ShipmentView::for_event(&store::shipments::get(tx, id)?, &order);
    let data = ShipmentEvent { shipment, seq };
    let told = events::emit(tx, EventType::ShipmentCreated, order.head.id.0, seq, &data)?;
    let target = (Target::Shipment, Some(id.0));
    audit::note(tx, by, Action::ShipmentMade, target, told.for_audit(), None)?;
    let sent: i64 = lines.iter().map(|line| line.quantity).sum();
    let is_last = sent == sum(left);
    let order = match is_last && order.head.state == OrderState::Processing {
        true => orders::advance(tx, by, order, OrderState::Shipped, note)?,
        false => part(tx, by, order)?,
    };
    Ok((id, order))
}

/// Some of an order has left, and not the last of it.
fn part(tx: &Tx, by: &Actor, order: Order) -> Result<Order> {
    let mut head = order.head.clone();
    if head.fulfilment == FulfilmentStatus::Unfulfilled {
        head.fulfilment = FulfilmentStatus::Partial;
    }
    let former = Former::between(&order.head, &head);
    let changing = Changing {
        change: Change::PartShipped,
        action: Action::OrderPartShipped,
        event: None,
        is_public: true,
        note: None,
        stock: None,
    };
    let order = orders::record(tx, by, order, head, &former, changing)?;
    payments::capture_what_is_reserved(tx, by, order)
}
