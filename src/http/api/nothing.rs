//! A route that does nothing, behind the same layers as every other: what `till bench` holds the others against. It is
//! served to a bench alone and stands in no table.

use axum::http::HeaderValue;
use axum::http::header;
use axum::response::IntoResponse;

pub async fn show() -> impl IntoResponse {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, JSON)], "{\"nothing\":true}")
}
