//! Rates of taxes over JSON.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::id::TaxRateId;
use crate::domain::tax::RateFields;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::MaybeJson;
use crate::http::extract::Path;
use crate::http::extract::nullable;
use crate::http::extract::once;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::version::IfMatch;
use crate::http::version::Seen;
use crate::http::version::versioned;
use crate::shop::taxes;

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<()>,
) -> Result<Response> {
    asked.read(&())?;
    let rows = app.read(move |db| taxes::list(db, &by)).await?;
    list::reply(&list::whole(rows), Clone::clone)
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTaxRate {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[schema(pattern = "^[A-Za-z]{2}$")]
    country: String,
    /// Left out: of everything that has no rate of its own.
    #[schema(min_length = 1, max_length = 100)]
    category: Option<String>,
    /// In percent.
    #[schema(pattern = r"^[0-9]{1,3}(\.[0-9]{1,3})?$")]
    rate: String,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

pub async fn create(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    key: IdempotencyKey,
    Json(mut body): Json<CreateTaxRate>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, "POST /tax-rates", token, &body)?;
    let asked = RateFields {
        name: Some(body.name),
        country: Some(body.country),
        category: body.category.map(Some),
        percent: Some(body.rate),
    };
    asked.check()?;
    let made = app
        .write(move |tx| taxes::create(tx, &by, key.as_ref(), &asked))
        .await?;
    once(made, |rate| versioned(StatusCode::CREATED, rate.version, &rate))
}

/// What is not said stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeTaxRate {
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    #[schema(pattern = "^[A-Za-z]{2}$")]
    country: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    category: Option<Option<String>>,
    #[schema(pattern = r"^[0-9]{1,3}(\.[0-9]{1,3})?$")]
    rate: Option<String>,
    version: Option<i64>,
}

pub async fn update(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<TaxRateId>,
    seen: IfMatch,
    Json(body): Json<ChangeTaxRate>,
) -> Result<Response> {
    let seen = seen.or_body(body.version)?;
    let asked = RateFields {
        name: body.name,
        country: body.country,
        category: body.category,
        percent: body.rate,
    };
    asked.check()?;
    let rate = app
        .write(move |tx| taxes::update(tx, &by, id, seen, &asked))
        .await?;
    versioned(StatusCode::OK, rate.version, &rate)
}

pub async fn destroy(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<TaxRateId>,
    seen: IfMatch,
    MaybeJson(body): MaybeJson<Seen>,
) -> Result<StatusCode> {
    let seen = seen.or_body(body.version)?;
    app.write(move |tx| taxes::delete(tx, &by, id, seen)).await?;
    Ok(StatusCode::NO_CONTENT)
}
