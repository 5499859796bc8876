//! Returns over JSON.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::id::ReturnId;
use crate::domain::order::check_lines;
use crate::domain::returns::CameBack;
use crate::domain::returns::NewReturn;
use crate::domain::returns::ReturnState;
use crate::domain::returns::ReturnStep;
use crate::domain::text;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::Path;
use crate::http::extract::Paths;
use crate::http::extract::once;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::version::IfMatch;
use crate::http::version::versioned;
use crate::shop::returns;

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<OrderId>,
    asked: Asked<()>,
) -> Result<Response> {
    asked.read(&())?;
    let all = app.read(move |db| returns::list(db, &by, id)).await?;
    list::reply(&list::whole(all), Clone::clone)
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestReturn {
    #[schema(min_items = 1, max_items = 1000)]
    lines: Vec<ReturnItem>,
    #[schema(min_length = 1, max_length = 255)]
    reason: String,
    version: Option<i64>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnItem {
    item_id: i64,
    #[schema(minimum = 1, maximum = 100_000)]
    quantity: i64,
}

impl RequestReturn {
    fn parse(self, seen: IfMatch) -> Result<NewReturn> {
        let mut faults = Vec::new();
        let quantities = self.lines.iter().map(|line| line.quantity);
        check_lines(("lines", "quantity"), 1, quantities, &mut faults);
        let reason = text::line(&self.reason, 1, 255);
        let reason = reason.map_err(|bad| faults.push(bad.at("reason")));
        match (reason, faults.is_empty()) {
            (Ok(reason), true) => Ok(NewReturn {
                lines: self
                    .lines
                    .iter()
                    .map(|line| (LineId(line.item_id), line.quantity))
                    .collect(),
                reason,
                version: seen.or_body(self.version)?,
            }),
            _ => Err(faults.into()),
        }
    }
}

pub async fn request(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<OrderId>,
    key: IdempotencyKey,
    seen: IfMatch,
    Json(mut body): Json<RequestReturn>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, &format!("POST /orders/{id}/returns"), token, &body)?;
    let new = body.parse(seen)?;
    let made = app
        .write(move |tx| returns::request(tx, &by, key.as_ref(), id, &new))
        .await?;
    once(made, |found| {
        versioned(StatusCode::CREATED, found.version, &found)
    })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveReturn {
    #[schema(value_type = ReturnState)]
    status: String,
    /// What was received. A line that is not named did not come; where none are, all came and none goes on the shelf.
    #[schema(min_items = 1, max_items = 1000)]
    lines: Option<Vec<ReceivedItem>>,
    version: Option<i64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceivedItem {
    item_id: i64,
    #[schema(minimum = 0, maximum = 100_000)]
    received: i64,
    restock: Option<bool>,
}

impl MoveReturn {
    fn parse(self, seen: IfMatch) -> Result<ReturnStep> {
        let mut faults = Vec::new();
        let to = ReturnState::parse(&self.status);
        if to.is_none() {
            faults.push(Bad::invalid("is not a status of returns").at("status"));
        }
        if let Some(lines) = &self.lines {
            let received = lines.iter().map(|line| line.received);
            check_lines(("lines", "received"), 0, received, &mut faults);
            if to.is_some_and(|to| to != ReturnState::Received) {
                faults.push(Bad::invalid("are named where goods are received").at("lines"));
            }
        }
        let came = |line: &ReceivedItem| CameBack {
            line: LineId(line.item_id),
            received: line.received,
            restock: line.restock.unwrap_or(false),
        };
        match (to, faults.is_empty()) {
            (Some(to), true) => Ok(ReturnStep {
                to,
                lines: self.lines.map(|lines| lines.iter().map(came).collect()),
                version: seen.or_body(self.version)?,
            }),
            _ => Err(faults.into()),
        }
    }
}

pub async fn update(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Paths(order, id): Paths<OrderId, ReturnId>,
    seen: IfMatch,
    Json(body): Json<MoveReturn>,
) -> Result<Response> {
    let asked = body.parse(seen)?;
    let found = app
        .write(move |tx| returns::step(tx, &by, order, id, &asked))
        .await?;
    versioned(StatusCode::OK, found.version, &found)
}
