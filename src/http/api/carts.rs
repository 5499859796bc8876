//! Carts over JSON: one's own, or a guest's by its cookie.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::coupon;
use crate::domain::id::VariantId;
use crate::domain::new_order::ItemRef;
use crate::domain::order::check_pieces;
use crate::error::Result;
use crate::http::extract::Created;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::NoBody;
use crate::http::extract::Path;
use crate::http::extract::once;
use crate::http::shopper;
use crate::http::shopper::Shopper;
use crate::shop::carts;
use crate::shop::carts::CartView;
use crate::shop::carts::NewItem;
use crate::shop::carts::VerdictView;

pub async fn show(State(app): State<App>, shopper: Shopper) -> Result<Reply<CartView>> {
    let now = app.clock().now();
    let Shopper { by, guest, .. } = shopper;
    let cart = app.read(move |db| carts::show(db, &by, guest, now)).await?;
    Ok(Reply(cart))
}

pub async fn clear(State(app): State<App>, shopper: Shopper, _: NoBody) -> Result<StatusCode> {
    let Shopper { by, guest, .. } = shopper;
    app.write(move |tx| carts::clear(tx, &by, guest)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One of the three ids, and how many.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddItem {
    product_id: Option<i64>,
    variant_id: Option<i64>,
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$")]
    sku: Option<String>,
    #[schema(minimum = 1, maximum = 100_000)]
    quantity: i64,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

impl AddItem {
    fn parse(self) -> Result<NewItem> {
        let mut faults = Vec::new();
        if let Err(bad) = check_pieces(1, self.quantity) {
            faults.push(bad.at("quantity"));
        }
        let sku = self.sku.as_deref();
        let item = ItemRef::named(self.variant_id, sku, self.product_id, "", &mut faults);
        match item.filter(|_| faults.is_empty()) {
            Some(item) => Ok(NewItem {
                item,
                quantity: self.quantity,
            }),
            None => Err(faults.into()),
        }
    }
}

pub async fn add(
    State(app): State<App>,
    shopper: Shopper,
    key: IdempotencyKey,
    Json(mut body): Json<AddItem>,
) -> Result<Response> {
    let token = body.client_token.take();
    let shopper = shopper.with_cart(&app)?;
    let key = key.of(&shopper.by, &shopper.route("POST /cart/items"), token, &body)?;
    let new = body.parse()?;
    let line = shopper.line(&app);
    let Shopper { by, guest, .. } = shopper;
    let added = app
        .write(move |tx| carts::add(tx, &by, guest, key.as_ref(), &new))
        .await?;
    let reply = once(added, |cart| Ok(Created(Reply(cart)).into_response()))?;
    Ok(shopper::keep(reply, line))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetItem {
    /// None takes it out.
    #[schema(minimum = 0, maximum = 100_000)]
    quantity: i64,
}

pub async fn set(
    State(app): State<App>,
    shopper: Shopper,
    Path(variant): Path<VariantId>,
    Json(body): Json<SetItem>,
) -> Result<Reply<CartView>> {
    check_pieces(0, body.quantity).map_err(|bad| bad.at("quantity"))?;
    let Shopper { by, guest, .. } = shopper;
    let cart = app
        .write(move |tx| carts::set(tx, &by, guest, variant, body.quantity))
        .await?;
    Ok(Reply(cart))
}

pub async fn remove(
    State(app): State<App>,
    shopper: Shopper,
    Path(variant): Path<VariantId>,
    _: NoBody,
) -> Result<StatusCode> {
    let Shopper { by, guest, .. } = shopper;
    app.write(move |tx| carts::remove(tx, &by, guest, variant))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn validate(State(app): State<App>, shopper: Shopper, _: NoBody) -> Result<Reply<VerdictView>> {
    let now = app.clock().now();
    let Shopper { by, guest, .. } = shopper;
    let verdict = app.read(move |db| carts::validate(db, &by, guest, now)).await?;
    Ok(Reply(verdict))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetCoupon {
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$")]
    code: String,
}

pub async fn set_coupon(
    State(app): State<App>,
    shopper: Shopper,
    Json(body): Json<SetCoupon>,
) -> Result<Response> {
    let code = coupon::code_of(&body.code).map_err(|bad| bad.at("code"))?;
    let shopper = shopper.with_cart(&app)?;
    let line = shopper.line(&app);
    let Shopper { by, guest, .. } = shopper;
    let cart = app
        .write(move |tx| carts::set_coupon(tx, &by, guest, &code))
        .await?;
    Ok(shopper::keep(Reply(cart).into_response(), line))
}

pub async fn drop_coupon(State(app): State<App>, shopper: Shopper, _: NoBody) -> Result<StatusCode> {
    let Shopper { by, guest, .. } = shopper;
    app.write(move |tx| carts::drop_coupon(tx, &by, guest)).await?;
    Ok(StatusCode::NO_CONTENT)
}
