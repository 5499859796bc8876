//! Stock and its ledger over JSON.

use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::id::MovementId;
use crate::domain::id::OrderId;
use crate::domain::id::ProductId;
use crate::domain::id::UserId;
use crate::domain::id::VariantId;
use crate::domain::page::Paging;
use crate::domain::product::Adjustment;
use crate::domain::product::Level;
use crate::domain::product::MOST_STOCK;
use crate::domain::product::Movement;
use crate::domain::product::MovementReason;
use crate::domain::product::StockChange;
use crate::domain::text;
use crate::domain::text::Sku;
use crate::domain::time::Moment;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::http::extract::Created;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::once;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::stock;
use crate::shop::stock::Wanted;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdjustStock {
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$")]
    sku: String,
    #[schema(minimum = -1_000_000_000, maximum = 1_000_000_000)]
    delta: Option<i64>,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    set_to: Option<i64>,
    #[schema(pattern = "^(restock|adjust|return)$")]
    reason: String,
    #[schema(max_length = 1000)]
    note: Option<String>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

impl AdjustStock {
    fn parse(self) -> Result<Adjustment> {
        let mut faults = Vec::new();
        let mut keep = |bad: Bad, field: &str| faults.push(bad.at(field));
        let sku = Sku::parse(&self.sku).map_err(|bad| keep(bad, "sku")).ok();
        let change = change(self.delta, self.set_to).map_err(|(bad, field)| keep(bad, field));
        let reason = reason(&self.reason).map_err(|bad| keep(bad, "reason")).ok();
        let note = match self.note.map(|note| text::paragraph(&note, 1000)) {
            Some(Err(bad)) => {
                keep(bad, "note");
                None
            }
            Some(Ok(note)) if !note.is_empty() => Some(note),
            _ => None,
        };
        match (sku, change, reason, faults.is_empty()) {
            (Some(sku), Ok(change), Some(reason), true) => Ok(Adjustment {
                sku,
                change,
                reason,
                note,
            }),
            _ => Err(faults.into()),
        }
    }
}

fn change(delta: Option<i64>, set_to: Option<i64>) -> std::result::Result<StockChange, (Bad, &'static str)> {
    match (delta, set_to) {
        (Some(delta), None) if (-MOST_STOCK..=MOST_STOCK).contains(&delta) => Ok(StockChange::By(delta)),
        (None, Some(wanted)) if (0..=MOST_STOCK).contains(&wanted) => Ok(StockChange::To(wanted)),
        (Some(_), Some(_)) => Err((Bad::invalid("stands beside set_to: say one of them"), "delta")),
        (None, None) => Err((Bad::missing(), "delta")),
        (Some(_), None) => Err((Bad::invalid("must be at most 1,000,000,000 pieces"), "delta")),
        (None, Some(_)) => Err((Bad::invalid("must be 0 to 1,000,000,000 pieces"), "set_to")),
    }
}

/// Sales and imports write their own movements.
fn reason(text: &str) -> std::result::Result<MovementReason, Bad> {
    match MovementReason::parse(text) {
        Some(reason @ (MovementReason::Restock | MovementReason::Adjust | MovementReason::Return)) => {
            Ok(reason)
        }
        _ => Err(Bad::invalid("must be restock, adjust or return")),
    }
}

#[derive(Serialize, ToSchema)]
pub struct MovementView<'a> {
    id: MovementId,
    variant_id: VariantId,
    sku: &'a str,
    delta: i64,
    available: i64,
    reason: MovementReason,
    order_id: Option<OrderId>,
    actor_id: Option<UserId>,
    note: Option<&'a str>,
    at: Timestamp,
}

fn view(movement: &Movement) -> MovementView<'_> {
    MovementView {
        id: movement.id,
        variant_id: movement.variant,
        sku: &movement.sku,
        delta: movement.delta,
        available: movement.available,
        reason: movement.reason,
        order_id: movement.order,
        actor_id: movement.actor,
        note: movement.note.as_deref(),
        at: movement.at,
    }
}

pub async fn adjust(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    key: IdempotencyKey,
    Json(mut body): Json<AdjustStock>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, "POST /stock/adjustments", token, &body)?;
    let new = body.parse()?;
    let made = app
        .write(move |tx| stock::adjust(tx, &by, key.as_ref(), &new))
        .await?;
    once(made, |movement| {
        Ok(Created(axum::Json(view(&movement))).into_response())
    })
}

/// Which movements are asked for.
pub struct MovementsPage(Wanted, Paging);

impl Asks for MovementsPage {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        let wanted = Wanted {
            sku: query.read("sku", Sku::parse),
            reason: query.one_of("reason", MovementReason::parse),
            order: query.number("order_id").map(OrderId),
            from: query.read("from", Moment::parse),
            to: query.read("to", Moment::parse),
        };
        Self(wanted, query.paging(0))
    }
}

pub async fn movements(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<MovementsPage>,
) -> Result<Response> {
    let MovementsPage(wanted, paging) = asked.read(&())?;
    let page = app
        .read(move |db| stock::movements(db, &by, &wanted, &paging))
        .await?;
    list::reply(&page, view)
}

#[derive(Serialize, ToSchema)]
pub struct LowView<'a> {
    variant_id: VariantId,
    product_id: ProductId,
    sku: &'a str,
    name: &'a str,
    title: Option<&'a str>,
    quantity: i64,
    low_at: i64,
}

pub async fn low(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<Paging>,
) -> Result<Response> {
    let paging = asked.read(&())?;
    let page = app.read(move |db| stock::low(db, &by, &paging)).await?;
    list::reply(&page, |low: &Level| LowView {
        variant_id: low.variant,
        product_id: low.product,
        sku: &low.sku,
        name: &low.name,
        title: low.title.as_deref(),
        quantity: low.available,
        low_at: low.low_at,
    })
}
