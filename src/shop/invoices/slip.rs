//! What is to be packed for an order.

use std::sync::Arc;

use crate::domain::actor::Actor;
use crate::domain::id::OrderId;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::Order;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::orders;
use crate::shop::shipments;

/// An order, and how many pieces of each of its lines go into the parcel.
#[derive(Debug, Clone)]
pub struct Slip {
    /// The order.
    pub order: Arc<Order>,
    /// Pieces of each line, in their order: those that are still to leave, or of an order that has left those that did.
    /// None of a charge, and none of what was given back before it left.
    pub pieces: Vec<i64>,
}

/// What is to be packed for an order, for its owner and who may read all.
pub fn packing_slip(db: &Snapshot, by: &Actor, id: OrderId) -> Result<Slip> {
    let order = orders::show(db, by, id)?.order;
    let has_left = order.head.fulfilment == FulfilmentStatus::Fulfilled;
    let pieces = shipments::pieces(db, &order)?;
    let pieces = pieces.iter().map(|pieces| match has_left {
        true => pieces.shipped,
        false => pieces.left(),
    });
    let pieces = pieces.collect();
    Ok(Slip { order, pieces })
}
