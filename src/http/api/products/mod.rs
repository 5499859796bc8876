//! The catalogue over JSON: making products.

mod change;
pub mod images;
mod list;

pub use change::approve;
pub use change::destroy;
pub use change::reject;
pub use change::update;
pub use list::CategoryView;
pub use list::categories;
pub use list::list;
pub use list::list_others;
pub use list::list_public;
pub use list::show;
pub use list::show_by_sku;
pub use list::show_public;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::once;
use crate::http::product_form::CreateProduct;
use crate::http::version;
use crate::http::version::IfNoneMatch;
use crate::shop::catalogue;
use crate::shop::catalogue::ProductView;
use crate::shop::settings;

pub async fn create(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    key: IdempotencyKey,
    Json(mut body): Json<CreateProduct>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, "POST /products", token, &body)?;
    let currency = app.read(settings::show).await?.terms.currency;
    let new = body.parse(currency)?;
    let made = app
        .write(move |tx| catalogue::create(tx, &by, key.as_ref(), &new))
        .await?;
    once(made, |product| {
        let tag = list::tag_of(&product);
        let view = ProductView::new(&product, currency);
        version::tagged(StatusCode::CREATED, &tag, &IfNoneMatch::default(), &view)
    })
}
