//! Customers over JSON.

mod many;
mod privacy;

pub use many::batch;
pub use many::statistics;
pub use privacy::anonymise;
pub use privacy::export;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::address::Address;
use crate::domain::customer::CustomerFields;
use crate::domain::customer::CustomerStatus;
use crate::domain::customer::Facts;
use crate::domain::id::CustomerId;
use crate::domain::id::GroupId;
use crate::domain::page::Paging;
use crate::error::Result;
use crate::http::customer_query::Page;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::MaybeJson;
use crate::http::extract::Path;
use crate::http::extract::nullable;
use crate::http::extract::once;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::version;
use crate::http::version::IfMatch;
use crate::http::version::IfNoneMatch;
use crate::http::version::Seen;
use crate::shop::customers;
use crate::shop::customers::CustomerView;
use crate::shop::orders::OrderView;
use crate::shop::settings;

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<Page>,
) -> Result<Response> {
    let page = app
        .read(move |db| {
            let Page(filter, sort, paging) = asked.read(&settings::show(db)?.zone)?;
            customers::list(db, &by, &filter, sort, &paging)
        })
        .await?;
    list::reply(&page, Clone::clone)
}

pub async fn show(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<CustomerId>,
    held: IfNoneMatch,
) -> Result<Response> {
    let customer = app.read(move |db| customers::show(db, &by, id)).await?;
    reply(StatusCode::OK, &customer, &held)
}

/// With its tag: the version, and what of it orders and rules change.
fn reply(status: StatusCode, customer: &CustomerView, held: &IfNoneMatch) -> Result<Response> {
    let tag = version::tag(customer.version, Some(&customer.figures_digest()));
    version::tagged(status, &tag, held, customer)
}

pub async fn orders(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<CustomerId>,
    asked: Asked<Paging>,
) -> Result<Response> {
    let paging = asked.read(&())?;
    let page = app
        .read(move |db| customers::orders(db, &by, id, &paging))
        .await?;
    list::reply(&page, OrderView::whole)
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCustomer {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[schema(min_length = 3, max_length = 254)]
    email: Option<String>,
    #[schema(pattern = "^[+]?[1-9][0-9]{7,14}$")]
    phone: Option<String>,
    #[schema(pattern = "^[A-Za-z]{2}$")]
    country: Option<String>,
    #[schema(value_type = Option<CustomerStatus>)]
    status: Option<String>,
    #[schema(max_items = 50)]
    groups: Option<Vec<i64>>,
    #[schema(max_items = 20)]
    tags: Option<Vec<String>>,
    #[schema(value_type = Option<Object>)]
    custom_fields: Option<Facts>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<Facts>,
    #[schema(max_items = 20)]
    addresses: Option<Vec<Address>>,
    #[schema(max_length = 5000)]
    note: Option<String>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

fn groups(ids: Option<Vec<i64>>) -> Option<Vec<GroupId>> {
    ids.map(|ids| ids.into_iter().map(GroupId).collect())
}

pub async fn create(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    key: IdempotencyKey,
    Json(mut body): Json<CreateCustomer>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, "POST /customers", token, &body)?;
    let asked = CustomerFields {
        name: Some(body.name),
        email: body.email.map(Some),
        phone: body.phone.map(Some),
        country: body.country.map(Some),
        status: body.status,
        groups: groups(body.groups),
        tags: body.tags,
        custom_fields: body.custom_fields,
        metadata: body.metadata,
        addresses: body.addresses,
        note: body.note.map(Some),
    };
    let asked = asked.checked("")?;
    let made = app
        .write(move |tx| customers::create(tx, &by, key.as_ref(), &asked))
        .await?;
    once(made, |customer| {
        reply(StatusCode::CREATED, &customer, &IfNoneMatch::default())
    })
}

/// What is not said stays; null empties.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeCustomer {
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 3, max_length = 254)]
    email: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, pattern = "^[+]?[1-9][0-9]{7,14}$")]
    phone: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z]{2}$")]
    country: Option<Option<String>>,
    #[schema(value_type = Option<CustomerStatus>)]
    status: Option<String>,
    /// Those joined by hand; those by rule stay.
    #[schema(max_items = 50)]
    groups: Option<Vec<i64>>,
    #[schema(max_items = 20)]
    tags: Option<Vec<String>>,
    #[schema(value_type = Option<Object>)]
    custom_fields: Option<Facts>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<Facts>,
    #[schema(max_items = 20)]
    addresses: Option<Vec<Address>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 5000)]
    note: Option<Option<String>>,
    version: Option<i64>,
}

impl From<ChangeCustomer> for CustomerFields {
    fn from(body: ChangeCustomer) -> Self {
        Self {
            name: body.name,
            email: body.email,
            phone: body.phone,
            country: body.country,
            status: body.status,
            groups: groups(body.groups),
            tags: body.tags,
            custom_fields: body.custom_fields,
            metadata: body.metadata,
            addresses: body.addresses,
            note: body.note,
        }
    }
}

pub async fn update(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<CustomerId>,
    seen: IfMatch,
    Json(body): Json<ChangeCustomer>,
) -> Result<Response> {
    let seen = seen.or_body(body.version)?;
    let asked = CustomerFields::from(body).checked("")?;
    let customer = app
        .write(move |tx| customers::update(tx, &by, id, seen, &asked))
        .await?;
    reply(StatusCode::OK, &customer, &IfNoneMatch::default())
}

pub async fn destroy(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<CustomerId>,
    seen: IfMatch,
    MaybeJson(body): MaybeJson<Seen>,
) -> Result<StatusCode> {
    let seen = seen.or_body(body.version)?;
    app.write(move |tx| customers::delete(tx, &by, id, seen)).await?;
    Ok(StatusCode::NO_CONTENT)
}
