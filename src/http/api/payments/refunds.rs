//! Refunds over JSON.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::id::PaymentId;
use crate::domain::id::ReturnId;
use crate::domain::money::RawAmount;
use crate::domain::order::check_lines;
use crate::domain::refund::NewRefund;
use crate::domain::refund::NewRefundLine;
use crate::domain::refund::Refund;
use crate::domain::text;
use crate::error::Error;
use crate::error::Result;
use crate::gateway;
use crate::http::api::payments::made_once;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::Path;
use crate::http::version::IfMatch;
use crate::shop::once::Once;
use crate::shop::payments;
use crate::shop::payments::RefundView;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundOrder {
    #[schema(max_items = 1000)]
    lines: Option<Vec<RefundItem>>,
    shipping: Option<RawAmount>,
    amount: Option<RawAmount>,
    #[schema(min_length = 1, max_length = 255)]
    reason: String,
    #[schema(min_length = 1, max_length = 255)]
    reference: Option<String>,
    #[schema(max_length = 1000)]
    note: Option<String>,
    /// Whether the customer is written to: so, unless told otherwise.
    notify: Option<bool>,
    payment_id: Option<i64>,
    /// For what was received with this return; its lines, where none are named.
    return_id: Option<i64>,
    version: Option<i64>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundItem {
    item_id: i64,
    #[schema(minimum = 1, maximum = 100_000)]
    quantity: i64,
    restock: Option<bool>,
}

impl RefundOrder {
    fn parse(self, seen: IfMatch) -> Result<NewRefund> {
        let lines = self.lines.unwrap_or_default();
        if !lines.is_empty() {
            let mut faults = Vec::new();
            let quantities = lines.iter().map(|line| line.quantity);
            check_lines(("lines", "quantity"), 1, quantities, &mut faults);
            if !faults.is_empty() {
                return Err(faults.into());
            }
        }
        let asked = lines.into_iter().map(|line| NewRefundLine {
            line: LineId(line.item_id),
            quantity: line.quantity,
            restock: line.restock.unwrap_or(false),
        });
        let line =
            |text: &str, field: &str| text::line(text, 1, 255).map_err(|bad| Error::from(bad.at(field)));
        Ok(NewRefund {
            lines: asked.collect(),
            shipping: self.shipping,
            amount: self.amount,
            reason: line(&self.reason, "reason")?,
            reference: self.reference.map(|text| line(&text, "reference")).transpose()?,
            note: self
                .note
                .map(|note| text::paragraph(&note, 1000).map_err(|bad| Error::from(bad.at("note"))))
                .transpose()?,
            is_told: self.notify.unwrap_or(true),
            payment: self.payment_id.map(PaymentId),
            of_return: self.return_id.map(ReturnId),
            version: seen.or_body(self.version)?,
        })
    }
}

pub async fn refund(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<OrderId>,
    key: IdempotencyKey,
    seen: IfMatch,
    Json(mut body): Json<RefundOrder>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, &format!("POST /orders/{id}/refunds"), token, &body)?;
    let new = body.parse(seen)?;
    let made = app
        .write(move |tx| payments::refund(tx, &by, key.as_ref(), id, &new))
        .await?;
    let made = match made {
        Once::First(refund) => Once::First(driven(&app, refund).await?),
        again @ Once::Again(_) => again,
    };
    Ok(made_once(made, |refund: &Refund| RefundView::from(refund)))
}

/// The refund once its provider has been asked.
async fn driven(app: &App, refund: Refund) -> Result<Refund> {
    let Some(payment) = refund.payment else {
        return Ok(refund);
    };
    gateway::payments::drive(app, payment).await?;
    let id = refund.id;
    app.read(move |db| payments::refund_as_it_is(db, id)).await
}
