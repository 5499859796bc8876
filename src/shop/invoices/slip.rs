//! What is to be packed for an order.

use std::sync::Arc;

use crate::domain::actor::Actor;
use crate::domain::id::OrderId;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::Order;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::orders;
use crate::store;

/// An order, and how many pieces of each of its lines go into the parcel.
#[derive(Debug, Clone)]
pub struct Slip {
    /// The order.
    pub order: Arc<Order>,
    /// Pieces of each line, in their order; none of a charge, and none of what was given back before it left.
    pub pieces: Vec<i64>,
}

/// What is to be packed for an order, for its owner and who may read all.
pub fn packing_slip(db: &Snapshot, by: &Actor, id: OrderId) -> Result<Slip> {
    let order = orders::show(db, by, id)?.order;
    let has_left = order.head.fulfilment != FulfilmentStatus::Unfulfilled;
    let pieces = order.lines.iter().map(|line| match (line.variant, has_left) {
        (None, _) => Ok(0),
        (Some(_), true) => Ok(line.quantity),
        (Some(_), false) => Ok(line.quantity - store::refunds::pieces(db, line.id)?),
    });
    let pieces = pieces.collect::<Result<_>>()?;
    Ok(Slip { order, pieces })
}
