//! Coupons over JSON.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::coupon::CouponFields;
use crate::domain::coupon::CouponKind;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::CouponId;
use crate::domain::id::GroupId;
use crate::domain::id::ProductId;
use crate::domain::money::RawAmount;
use crate::domain::time::Timestamp;
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
use crate::shop::coupons;
use crate::shop::settings;

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<()>,
) -> Result<Response> {
    asked.read(&())?;
    let rows = app.read(move |db| coupons::list(db, &by)).await?;
    list::reply(&list::whole(rows), Clone::clone)
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCoupon {
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$")]
    code: String,
    #[schema(value_type = CouponKind)]
    kind: String,
    /// Percent or an amount, by the kind; nothing for free shipping.
    value: Option<RawAmount>,
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    limit: Option<i64>,
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    per_customer: Option<i64>,
    min_subtotal: Option<RawAmount>,
    #[schema(value_type = Option<Timestamp>)]
    starts_at: Option<String>,
    #[schema(value_type = Option<Timestamp>)]
    ends_at: Option<String>,
    #[schema(max_items = 1000)]
    products: Option<Vec<i64>>,
    /// Whom it is for; everybody where none is named.
    #[schema(max_items = 100)]
    groups: Option<Vec<i64>>,
    enabled: Option<bool>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

impl CreateCoupon {
    fn parse(self) -> Result<CouponFields> {
        let said = |asked: Option<String>| asked.map(Some);
        let mut faults = Vec::new();
        let fields = CouponFields {
            code: Some(self.code),
            kind: kind(Some(&self.kind), &mut faults),
            value: self.value,
            limit: self.limit.map(Some),
            per_customer: self.per_customer.map(Some),
            min_subtotal: self.min_subtotal.map(Some),
            starts_at: moment(said(self.starts_at), "starts_at", &mut faults),
            ends_at: moment(said(self.ends_at), "ends_at", &mut faults),
            products: products(self.products, &mut faults),
            groups: groups(self.groups, &mut faults),
            is_enabled: self.enabled,
        };
        if faults.is_empty() {
            Ok(fields)
        } else {
            Err(faults.into())
        }
    }
}

fn kind(asked: Option<&str>, faults: &mut Vec<Fault>) -> Option<CouponKind> {
    let read = CouponKind::parse(asked?);
    if read.is_none() {
        faults.push(Bad::invalid("is percentage, fixed or free_shipping").at("kind"));
    }
    read
}

fn moment(asked: Option<Option<String>>, field: &str, faults: &mut Vec<Fault>) -> Option<Option<Timestamp>> {
    let read = asked?.map(|text| Timestamp::parse(&text)).transpose();
    read.map_err(|bad| faults.push(bad.at(field))).ok()
}

fn products(asked: Option<Vec<i64>>, faults: &mut Vec<Fault>) -> Option<Vec<ProductId>> {
    let asked = asked?;
    if asked.len() > 1000 {
        faults.push(Bad::invalid("At most 1000 products.").at("products"));
    }
    Some(asked.into_iter().map(ProductId).collect())
}

fn groups(asked: Option<Vec<i64>>, faults: &mut Vec<Fault>) -> Option<Vec<GroupId>> {
    let asked = asked?;
    if asked.len() > 100 {
        faults.push(Bad::invalid("At most 100 groups.").at("groups"));
    }
    Some(asked.into_iter().map(GroupId).collect())
}

/// What is wrong with the fields themselves is said before anything is looked up.
async fn check(app: &App, asked: &CouponFields) -> Result<()> {
    let currency = app.read(settings::show).await?.terms.currency;
    Ok(asked.check(currency)?)
}

pub async fn create(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    key: IdempotencyKey,
    Json(mut body): Json<CreateCoupon>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, "POST /coupons", token, &body)?;
    let asked = body.parse()?;
    check(&app, &asked).await?;
    let made = app
        .write(move |tx| coupons::create(tx, &by, key.as_ref(), &asked))
        .await?;
    once(made, |coupon| {
        versioned(StatusCode::CREATED, coupon.version, &coupon)
    })
}

/// What is not said stays; null takes a limit away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeCoupon {
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$")]
    code: Option<String>,
    #[schema(value_type = Option<CouponKind>)]
    kind: Option<String>,
    value: Option<RawAmount>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 1_000_000_000)]
    limit: Option<Option<i64>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 1_000_000_000)]
    per_customer: Option<Option<i64>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<RawAmount>)]
    min_subtotal: Option<Option<RawAmount>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Timestamp>)]
    starts_at: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Timestamp>)]
    ends_at: Option<Option<String>>,
    #[schema(max_items = 1000)]
    products: Option<Vec<i64>>,
    /// Whom it is for; everybody where none is named.
    #[schema(max_items = 100)]
    groups: Option<Vec<i64>>,
    enabled: Option<bool>,
    version: Option<i64>,
}

impl ChangeCoupon {
    fn parse(self) -> Result<CouponFields> {
        let mut faults = Vec::new();
        let fields = CouponFields {
            code: self.code,
            kind: kind(self.kind.as_deref(), &mut faults),
            value: self.value,
            limit: self.limit,
            per_customer: self.per_customer,
            min_subtotal: self.min_subtotal,
            starts_at: moment(self.starts_at, "starts_at", &mut faults),
            ends_at: moment(self.ends_at, "ends_at", &mut faults),
            products: products(self.products, &mut faults),
            groups: groups(self.groups, &mut faults),
            is_enabled: self.enabled,
        };
        if faults.is_empty() {
            Ok(fields)
        } else {
            Err(faults.into())
        }
    }
}

pub async fn update(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<CouponId>,
    seen: IfMatch,
    Json(body): Json<ChangeCoupon>,
) -> Result<Response> {
    let seen = seen.or_body(body.version)?;
    let asked = body.parse()?;
    check(&app, &asked).await?;
    let coupon = app
        .write(move |tx| coupons::update(tx, &by, id, seen, &asked))
        .await?;
    versioned(StatusCode::OK, coupon.version, &coupon)
}

pub async fn destroy(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<CouponId>,
    seen: IfMatch,
    MaybeJson(body): MaybeJson<Seen>,
) -> Result<StatusCode> {
    let seen = seen.or_body(body.version)?;
    app.write(move |tx| coupons::delete(tx, &by, id, seen)).await?;
    Ok(StatusCode::NO_CONTENT)
}
