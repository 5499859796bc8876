//! How a shipment reads as JSON: to the API, and in its event.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::order::Order;
use crate::domain::shipment::Shipment;
use crate::domain::shipment::ShipmentLine;
use crate::domain::time::Timestamp;
use crate::shop::orders;

/// Lines that an event tells at most; the rest is in the shipment.
const LINES_IN_EVENT: usize = 100;

/// What left in one go.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Shipment)]
pub struct ShipmentView {
    id: i64,
    order_id: i64,
    order_number: String,
    items: Vec<ShipmentItem>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    items_truncated: bool,
    /// In an event: how many lines it does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    items_left: Option<usize>,
    carrier: Option<String>,
    tracking: Option<String>,
    tracking_url: Option<String>,
    /// Whether the buyer is written to.
    notify: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// The version, as the tag of the reply has it.
    pub version: i64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct ShipmentItem {
    item_id: i64,
    sku: String,
    name: String,
    quantity: i64,
}

impl ShipmentView {
    /// As staff see it.
    pub fn whole(shipment: &Shipment, order: &Order) -> Self {
        Self::new(shipment, order, &shipment.lines)
    }

    /// As the world is told of it: of a long one the first lines.
    pub fn for_event(shipment: &Shipment, order: &Order) -> Self {
        let told = shipment.lines.len().min(LINES_IN_EVENT);
        Self::new(shipment, order, &shipment.lines[..told])
    }

    fn new(shipment: &Shipment, order: &Order, lines: &[ShipmentLine]) -> Self {
        let item = |sent: &ShipmentLine| {
            let line = order.lines.iter().find(|line| line.id == sent.line)?;
            Some(ShipmentItem {
                item_id: line.id.0,
                sku: line.sku.clone(),
                name: line.name.clone(),
                quantity: sent.quantity,
            })
        };
        Self {
            id: shipment.id.0,
            order_id: shipment.order.0,
            order_number: order.head.number.clone(),
            items: lines.iter().filter_map(item).collect(),
            items_truncated: lines.len() < shipment.lines.len(),
            items_left: orders::untold(lines, &shipment.lines),
            carrier: shipment.label.carrier.clone(),
            tracking: shipment.label.tracking.clone(),
            tracking_url: shipment.label.tracking_url.clone(),
            notify: shipment.is_told,
            created_at: shipment.created_at,
            updated_at: shipment.updated_at,
            version: shipment.version,
        }
    }
}
