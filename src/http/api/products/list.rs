//! Looking at products over JSON.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::id::ProductId;
use crate::domain::money::Currency;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::product::Product;
use crate::domain::text::Sku;
use crate::error::Error;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::extract::Path;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::product_query::Shelf;
use crate::http::product_query::Stored;
use crate::http::version;
use crate::http::version::IfNoneMatch;
use crate::shop::Snapshot;
use crate::shop::catalogue;
use crate::shop::catalogue::ProductView;
use crate::shop::settings;

/// What a look found, and the currency of its prices.
async fn with_currency<T: Send + 'static>(
    app: &App,
    look: impl FnOnce(&Snapshot) -> Result<T> + Send + 'static,
) -> Result<(T, Currency)> {
    app.read(move |db| Ok((look(db)?, settings::show(db)?.terms.currency)))
        .await
}

fn reply((page, currency): &(Page<Product>, Currency)) -> Result<Response> {
    list::reply(page, |product| ProductView::new(product, *currency))
}

pub async fn list_public(State(app): State<App>, asked: Asked<Shelf>) -> Result<Response> {
    let Shelf(wanted, sort, paging) = asked.read(&())?;
    let found = with_currency(&app, move |db| catalogue::list_public(db, &wanted, sort, &paging));
    reply(&found.await?)
}

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<Stored>,
) -> Result<Response> {
    let Stored(wanted, sort, paging) = asked.read(&())?;
    let found = with_currency(&app, move |db| catalogue::list(db, &by, &wanted, sort, &paging));
    reply(&found.await?)
}

pub async fn list_others(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<Paging>,
) -> Result<Response> {
    let paging = asked.read(&())?;
    let found = with_currency(&app, move |db| catalogue::list_others(db, &by, &paging));
    reply(&found.await?)
}

/// The entity tag of a product: its version, and what of it orders change.
pub(super) fn tag_of(product: &Product) -> String {
    version::tag(product.version, Some(&catalogue::stock_digest(product)))
}

fn one((product, currency): &(Product, Currency), held: &IfNoneMatch) -> Result<Response> {
    let view = ProductView::new(product, *currency);
    version::tagged(StatusCode::OK, &tag_of(product), held, &view)
}

pub async fn show_public(
    State(app): State<App>,
    Path(id): Path<ProductId>,
    held: IfNoneMatch,
) -> Result<Response> {
    let found = with_currency(&app, move |db| catalogue::show_public(db, id));
    one(&found.await?, &held)
}

pub async fn show_by_sku(
    State(app): State<App>,
    Path(sku): Path<String>,
    held: IfNoneMatch,
) -> Result<Response> {
    let sku = Sku::parse(&sku).map_err(|_| Error::NotFound("product"))?;
    let found = with_currency(&app, move |db| catalogue::show_by_sku(db, &sku));
    one(&found.await?, &held)
}

pub async fn show(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<ProductId>,
    held: IfNoneMatch,
) -> Result<Response> {
    let found = with_currency(&app, move |db| catalogue::show(db, &by, id));
    one(&found.await?, &held)
}

#[derive(Serialize, ToSchema)]
pub struct CategoryView<'a> {
    id: i64,
    name: &'a str,
    products: i64,
}

pub async fn categories(State(app): State<App>, asked: Asked<()>) -> Result<Response> {
    asked.read(&())?;
    let rows = app.read(catalogue::categories).await?;
    list::reply(&list::whole(rows), |category| CategoryView {
        id: category.id,
        name: &category.name,
        products: category.products,
    })
}
