//! Shipments: what leaves, in as many parcels as it takes. The last one moves its order to shipped. Stock was taken when
//! the order was placed: a parcel moves none.

mod label;
mod ship;
mod view;

pub use label::relabel;
pub(in crate::shop) use ship::close;
pub use ship::ship;
pub(in crate::shop) use ship::ship_rest;
pub use view::ShipmentView;

use crate::domain::actor::Actor;
use crate::domain::id::OrderId;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::Line;
use crate::domain::order::Order;
use crate::domain::permission::Permission;
use crate::domain::shipment::Pieces;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::store;

/// The shipments of an order, oldest first.
pub fn list(db: &Snapshot, by: &Actor, id: OrderId) -> Result<Vec<ShipmentView>> {
    by.require(Permission::OrdersUpdateStatus)?;
    let order = store::orders::get(db, id)?;
    let shipments = store::shipments::of_order(db, id)?;
    Ok(shipments
        .iter()
        .map(|shipment| ShipmentView::whole(shipment, &order))
        .collect())
}

/// Where the pieces of each line are, in the order of the lines.
pub(in crate::shop) fn pieces(db: &Snapshot, order: &Order) -> Result<Vec<Pieces>> {
    let id = order.head.id;
    let shipped = store::shipments::pieces(db, id)?;
    let unshipped = store::refunds::unshipped(db, id)?;
    let returned = store::returns::pieces(db, id)?;
    // An order that left before there were shipments, or elsewhere, left whole.
    let has_left_whole = shipped.is_empty() && order.head.fulfilment == FulfilmentStatus::Fulfilled;
    let of_line = |line: &Line| {
        let ordered = line.variant.map_or(0, |_| line.quantity);
        let (dropped, reshelved) = unshipped.get(&line.id).copied().unwrap_or_default();
        let (returned, kept_off) = returned.get(&line.id).copied().unwrap_or_default();
        let shipped = match has_left_whole {
            true => ordered - dropped,
            false => shipped.get(&line.id).copied().unwrap_or_default(),
        };
        Pieces {
            ordered,
            shipped,
            dropped,
            reshelved,
            returned,
            kept_off,
        }
    };
    Ok(order.lines.iter().map(of_line).collect())
}
