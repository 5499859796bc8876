//! Moving orders along their life.

use std::collections::BTreeMap;

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::id::OrderId;
use crate::domain::order::OrderState;
use crate::domain::text;
use crate::error::Error;
use crate::error::Result;
use crate::http::api::orders::reply;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::Path;
use crate::http::extract::once;
use crate::http::holder::Carries;
use crate::http::holder::MaybeHeld;
use crate::http::version::IfMatch;
use crate::http::version::versioned;
use crate::shop::orders;
use crate::shop::orders::Cancel;
use crate::shop::orders::Move;
use crate::shop::orders::OrderView;

/// The longest words beside a change.
const MOST_WORDS: usize = 1000;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveOrder {
    #[schema(value_type = OrderState)]
    status: String,
    version: Option<i64>,
    #[schema(max_length = 1000)]
    note: Option<String>,
}

impl MoveOrder {
    fn parse(self, seen: IfMatch) -> Result<Move> {
        let to = OrderState::parse(&self.status)
            .ok_or_else(|| Error::from(Bad::invalid("is not a status of orders").at("status")))?;
        Ok(Move {
            to,
            version: seen.or_body(self.version)?,
            note: words(self.note, "note")?,
        })
    }
}

pub async fn update_status(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<OrderId>,
    seen: IfMatch,
    Json(body): Json<MoveOrder>,
) -> Result<Response> {
    let asked = body.parse(seen)?;
    let order = app.write(move |tx| orders::step(tx, &by, id, &asked)).await?;
    reply(StatusCode::OK, &order)
}

#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CancelOrder {
    #[schema(max_length = 1000)]
    reason: Option<String>,
    version: Option<i64>,
    restock: Option<bool>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
    /// The secret of the private link, of a guest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    order_token: Option<String>,
}

impl Carries for CancelOrder {
    fn order_token(&mut self) -> &mut Option<String> {
        &mut self.order_token
    }
}

pub async fn cancel(
    State(app): State<App>,
    Path(id): Path<OrderId>,
    key: IdempotencyKey,
    seen: IfMatch,
    MaybeHeld(by, mut body): MaybeHeld<CancelOrder>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, &format!("POST /orders/{id}/cancel"), token, &body)?;
    let asked = Cancel {
        version: seen.or_body(body.version)?,
        reason: words(body.reason, "reason")?,
        restock: body.restock.unwrap_or(false),
    };
    let who = by.clone();
    let done = app
        .write(move |tx| orders::cancel(tx, &who, key.as_ref(), id, &asked))
        .await?;
    once(done, |order| {
        let view = OrderView::for_caller(&by, &order);
        versioned(StatusCode::OK, order.head.version, &view)
    })
}

fn words(text: Option<String>, field: &str) -> Result<Option<String>> {
    text.map(|text| text::paragraph(&text, MOST_WORDS).map_err(|bad| Error::from(bad.at(field))))
        .transpose()
}

/// The whole life of an order, as a table.
#[derive(Serialize, ToSchema)]
pub struct Transitions(BTreeMap<&'static str, Vec<OrderState>>);

pub async fn transitions(CurrentUser(_): CurrentUser) -> Reply<Transitions> {
    let states = OrderState::ALL.iter();
    Reply(Transitions(
        states.map(|state| (state.name(), state.next_states())).collect(),
    ))
}
