//! How a return reads as JSON: to the API, and in its events.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::order::Order;
use crate::domain::returns::Return;
use crate::domain::returns::ReturnLine;
use crate::domain::returns::ReturnState;
use crate::domain::time::Timestamp;
use crate::shop::orders::StockTold;

/// Goods that come back.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Return)]
pub struct ReturnView {
    id: i64,
    order_id: i64,
    order_number: String,
    status: ReturnState,
    reason: String,
    lines: Vec<ReturnLineView>,
    /// What was given back for it.
    refund_id: Option<i64>,
    created_at: Timestamp,
    received_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    updated_at: Timestamp,
    /// The version, as the tag of the reply has it.
    pub version: i64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ReturnLine)]
struct ReturnLineView {
    item_id: i64,
    sku: String,
    name: String,
    quantity: i64,
    received: i64,
    restocked: bool,
}

impl ReturnView {
    pub(super) fn of(found: &Return, order: &Order) -> Self {
        let line = |back: &ReturnLine| {
            let line = order.lines.iter().find(|line| line.id == back.line)?;
            Some(ReturnLineView {
                item_id: line.id.0,
                sku: line.sku.clone(),
                name: line.name.clone(),
                quantity: back.quantity,
                received: back.received,
                restocked: back.is_restocked,
            })
        };
        Self {
            id: found.id.0,
            order_id: found.order.0,
            order_number: order.head.number.clone(),
            status: found.state,
            reason: found.reason.clone(),
            lines: found.lines.iter().filter_map(line).collect(),
            refund_id: found.refund.map(|refund| refund.0),
            created_at: found.created_at,
            received_at: found.received_at,
            ended_at: found.ended_at,
            updated_at: found.updated_at,
            version: found.version,
        }
    }
}

/// A return as its events tell it.
#[derive(Serialize)]
pub(super) struct ReturnEvent {
    #[serde(flatten)]
    pub(super) found: ReturnView,
    pub(super) seq: i64,
    /// What went back on the shelf.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) stock: Vec<StockTold>,
}
