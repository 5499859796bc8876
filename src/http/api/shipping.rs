//! Ways of sending over JSON.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::id::ShippingMethodId;
use crate::domain::money::RawAmount;
use crate::domain::shipping::BandFields;
use crate::domain::shipping::MethodFields;
use crate::domain::text::CountryCode;
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
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::http::shopper::Shopper;
use crate::http::version::IfMatch;
use crate::http::version::Seen;
use crate::http::version::versioned;
use crate::shop::carts;
use crate::shop::settings;
use crate::shop::shipping;
use crate::shop::shipping::Wanted;

/// Where it goes, and whether it is the caller's cart.
pub struct For {
    country: Option<CountryCode>,
    is_cart: bool,
}

impl Asks for For {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self {
            country: query.read("country", CountryCode::parse),
            is_cart: query.flag("cart").unwrap_or(false),
        }
    }
}

pub async fn list(State(app): State<App>, shopper: Shopper, asked: Asked<For>) -> Result<Response> {
    let For { country, is_cart } = asked.read(&())?;
    let now = app.clock().now();
    let Shopper { by, guest, .. } = shopper;
    let rows = app
        .read(move |db| {
            let parcel = match is_cart {
                true => Some(carts::parcel(db, &by, guest, now)?),
                false => None,
            };
            shipping::list(db, &by, &Wanted { country, parcel })
        })
        .await?;
    list::reply(&list::whole(rows), Clone::clone)
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShippingBandFields)]
pub struct BandBody {
    /// In grams; all bands say it, or all `from_total`.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    up_to_weight: Option<i64>,
    from_total: Option<RawAmount>,
    price: RawAmount,
}

impl From<BandBody> for BandFields {
    fn from(body: BandBody) -> Self {
        Self {
            up_to_weight: body.up_to_weight,
            from_total: body.from_total,
            price: body.price,
        }
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateShippingMethod {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// None: everywhere.
    countries: Option<Vec<String>>,
    price: Option<RawAmount>,
    #[schema(min_items = 1, max_items = 50)]
    bands: Option<Vec<BandBody>>,
    #[schema(min_length = 1, max_length = 100)]
    tax_category: Option<String>,
    enabled: Option<bool>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

/// What is wrong with the fields themselves is said before anything is looked up.
async fn check(app: &App, asked: &MethodFields) -> Result<()> {
    let currency = app.read(settings::show).await?.terms.currency;
    Ok(asked.check(currency)?)
}

pub async fn create(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    key: IdempotencyKey,
    Json(mut body): Json<CreateShippingMethod>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, "POST /shipping-methods", token, &body)?;
    let asked = MethodFields {
        name: Some(body.name),
        countries: body.countries,
        price: body.price,
        bands: body
            .bands
            .map(|bands| bands.into_iter().map(Into::into).collect()),
        category: body.tax_category.map(Some),
        is_enabled: body.enabled,
    };
    check(&app, &asked).await?;
    let made = app
        .write(move |tx| shipping::create(tx, &by, key.as_ref(), &asked))
        .await?;
    once(made, |method| {
        versioned(StatusCode::CREATED, method.version, &method)
    })
}

/// What is not said stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeShippingMethod {
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    countries: Option<Vec<String>>,
    price: Option<RawAmount>,
    #[schema(min_items = 1, max_items = 50)]
    bands: Option<Vec<BandBody>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    tax_category: Option<Option<String>>,
    enabled: Option<bool>,
    version: Option<i64>,
}

pub async fn update(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<ShippingMethodId>,
    seen: IfMatch,
    Json(body): Json<ChangeShippingMethod>,
) -> Result<Response> {
    let seen = seen.or_body(body.version)?;
    let asked = MethodFields {
        name: body.name,
        countries: body.countries,
        price: body.price,
        bands: body
            .bands
            .map(|bands| bands.into_iter().map(Into::into).collect()),
        category: body.tax_category,
        is_enabled: body.enabled,
    };
    check(&app, &asked).await?;
    let method = app
        .write(move |tx| shipping::update(tx, &by, id, seen, &asked))
        .await?;
    versioned(StatusCode::OK, method.version, &method)
}

pub async fn destroy(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<ShippingMethodId>,
    seen: IfMatch,
    MaybeJson(body): MaybeJson<Seen>,
) -> Result<StatusCode> {
    let seen = seen.or_body(body.version)?;
    app.write(move |tx| shipping::delete(tx, &by, id, seen)).await?;
    Ok(StatusCode::NO_CONTENT)
}
