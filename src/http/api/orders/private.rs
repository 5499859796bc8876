//! A guest's order by its private link.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::app::App;
use crate::error::Result;
use crate::http::extract::Path;
use crate::shop::orders;
use crate::shop::orders::OrderView;

pub async fn show_private(State(app): State<App>, Path(token): Path<String>) -> Result<Response> {
    let (keys, now) = (app.keys().clone(), app.clock().now());
    let order = app
        .read(move |db| orders::by_token(db, &keys, &token, now))
        .await?;
    // Whoever has the address has the order: nobody on the way keeps it.
    let kept = [(header::CACHE_CONTROL, "no-store")];
    Ok((kept, Reply(OrderView::for_guest(&order))).into_response())
}
