//! Lists of orders over JSON.

use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::order_query::Page;
use crate::http::order_query::shop;
use crate::shop::orders;
use crate::shop::orders::OrderView;

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<Page>,
) -> Result<Response> {
    let page = app
        .read(move |db| {
            let Page(wanted, paging) = asked.read(&shop(db)?)?;
            orders::list(db, &by, wanted.filter, wanted.sort, &paging)
        })
        .await?;
    list::reply(&page, OrderView::whole)
}
