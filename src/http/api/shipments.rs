//! Shipments over JSON.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::id::ShipmentId;
use crate::domain::order::check_lines;
use crate::domain::shipment::Label;
use crate::domain::shipment::LabelFields;
use crate::domain::shipment::NewShipment;
use crate::domain::shipment::ShipmentLine;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::MaybeJson;
use crate::http::extract::Path;
use crate::http::extract::Paths;
use crate::http::extract::nullable;
use crate::http::extract::once;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::version::IfMatch;
use crate::http::version::versioned;
use crate::shop::shipments;

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<OrderId>,
    asked: Asked<()>,
) -> Result<Response> {
    asked.read(&())?;
    let all = app.read(move |db| shipments::list(db, &by, id)).await?;
    list::reply(&list::whole(all), Clone::clone)
}

#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CreateShipment {
    /// All that is left, where none are named.
    #[schema(min_items = 1, max_items = 1000)]
    items: Option<Vec<ShipItem>>,
    #[schema(min_length = 1, max_length = 100)]
    carrier: Option<String>,
    #[schema(min_length = 1, max_length = 100)]
    tracking: Option<String>,
    #[schema(max_length = 2000, pattern = "^https?://")]
    tracking_url: Option<String>,
    /// Whether the buyer is written to, as they are where nothing is said.
    notify: Option<bool>,
    version: Option<i64>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipItem {
    item_id: i64,
    #[schema(minimum = 1, maximum = 100_000)]
    quantity: i64,
}

impl CreateShipment {
    fn parse(self, seen: IfMatch) -> Result<NewShipment> {
        let mut faults = Vec::new();
        if let Some(items) = &self.items {
            let quantities = items.iter().map(|item| item.quantity);
            check_lines(("items", "quantity"), 1, quantities, &mut faults);
        }
        let items = self.items.unwrap_or_default();
        let fields = LabelFields {
            carrier: self.carrier.map(Some),
            tracking: self.tracking.map(Some),
            tracking_url: self.tracking_url.map(Some),
        };
        let label = fields.onto(Label::default());
        let label = label.map_err(|more| faults.extend(more)).unwrap_or_default();
        if !faults.is_empty() {
            return Err(faults.into());
        }
        let lines = items.iter().map(|item| ShipmentLine {
            line: LineId(item.item_id),
            quantity: item.quantity,
        });
        Ok(NewShipment {
            lines: lines.collect(),
            label,
            is_told: self.notify.unwrap_or(true),
            version: seen.or_body(self.version)?,
        })
    }
}

pub async fn create(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<OrderId>,
    key: IdempotencyKey,
    seen: IfMatch,
    MaybeJson(mut body): MaybeJson<CreateShipment>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, &format!("POST /orders/{id}/shipments"), token, &body)?;
    let new = body.parse(seen)?;
    let made = app
        .write(move |tx| shipments::ship(tx, &by, key.as_ref(), id, &new))
        .await?;
    once(made, |shipment| {
        versioned(StatusCode::CREATED, shipment.version, &shipment)
    })
}

/// What is not said stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeShipment {
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    carrier: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    tracking: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 2000, pattern = "^https?://")]
    tracking_url: Option<Option<String>>,
    version: Option<i64>,
}

pub async fn update(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Paths(order, id): Paths<OrderId, ShipmentId>,
    seen: IfMatch,
    Json(body): Json<ChangeShipment>,
) -> Result<Response> {
    let seen = seen.or_body(body.version)?;
    let asked = LabelFields {
        carrier: body.carrier,
        tracking: body.tracking,
        tracking_url: body.tracking_url,
    };
    asked.clone().onto(Label::default())?;
    let shipment = app
        .write(move |tx| shipments::relabel(tx, &by, order, id, seen, &asked))
        .await?;
    versioned(StatusCode::OK, shipment.version, &shipment)
}
