//! Orders as CSV.

use axum::extract::RawQuery;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::list::Asked;
use crate::http::order_csv;
use crate::http::order_query::Wanted;

pub async fn export(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    RawQuery(text): RawQuery,
    asked: Asked<Wanted>,
) -> Result<Response> {
    order_csv::send(app, by, text.unwrap_or_default(), asked).await
}
