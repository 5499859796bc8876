//! Papers of orders over JSON and as PDF.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::id::OrderId;
use crate::domain::order::Order;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::extract::NoBody;
use crate::http::extract::Path;
use crate::http::list::Asked;
use crate::http::order_query::Which;
use crate::http::papers;
use crate::shop::invoices;
use crate::shop::invoices::InvoiceView;
use crate::shop::invoices::Slip;

pub async fn invoice(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<OrderId>,
    asked: Asked<Which>,
) -> Result<Response> {
    let Which(number) = asked.read(&())?;
    let found = app.read(move |db| invoices::show(db, &by, id)).await?;
    let shown = InvoiceView::of(&found, found.named(number.as_deref())?)?;
    Ok(Reply(shown).into_response())
}

pub async fn invoice_pdf(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<OrderId>,
    asked: Asked<Which>,
) -> Result<Response> {
    let Which(number) = asked.read(&())?;
    let found = app.read(move |db| invoices::show(db, &by, id)).await?;
    papers::pdf(&app, found.named(number.as_deref())?).await
}

pub async fn issue_invoice(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<OrderId>,
    _: NoBody,
) -> Result<Response> {
    let (found, is_new) = app.write(move |tx| invoices::issue_by_hand(tx, &by, id)).await?;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Reply(InvoiceView::of(&found, &found.invoice)?)).into_response())
}

/// What is to be packed for an order: no prices.
#[derive(Serialize, ToSchema)]
#[schema(as = PackingSlip)]
pub struct SlipView<'a> {
    order_id: i64,
    number: &'a str,
    placed_at: Timestamp,
    #[schema(value_type = Option<Object>)]
    ship_to: Option<&'a RawValue>,
    note: Option<&'a str>,
    item_count: i64,
    items: Vec<SlipItem<'a>>,
}

#[derive(Serialize, ToSchema)]
struct SlipItem<'a> {
    item_id: i64,
    sku: &'a str,
    name: &'a str,
    quantity: i64,
}

fn view<'a>(order: &'a Order, slip: &Slip) -> SlipView<'a> {
    let packed = order.lines.iter().zip(&slip.pieces);
    let packed = packed.filter(|(_, pieces)| **pieces > 0);
    let contacts = &order.contacts;
    SlipView {
        order_id: order.head.id.0,
        number: &order.head.number,
        placed_at: order.head.placed_at,
        ship_to: contacts
            .shipping_address
            .as_deref()
            .and_then(|json| serde_json::from_str(json).ok()),
        note: contacts.note.as_deref(),
        item_count: slip.pieces.iter().sum(),
        items: packed
            .map(|(line, pieces)| SlipItem {
                item_id: line.id.0,
                sku: &line.sku,
                name: &line.name,
                quantity: *pieces,
            })
            .collect(),
    }
}

pub async fn packing_slip(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<OrderId>,
) -> Result<Response> {
    let slip = app.read(move |db| invoices::packing_slip(db, &by, id)).await?;
    Ok(Reply(view(&slip.order, &slip)).into_response())
}
