//! Orders over JSON.

mod edit;
mod explain;
mod export;
mod list;
mod papers;
mod private;
mod statistics;
mod steps;
mod words;

pub use edit::edit;
pub use explain::Explain;
pub use export::export;
pub use list::list;
pub use papers::SlipView;
pub use papers::invoice;
pub use papers::invoice_pdf;
pub use papers::issue_invoice;
pub use papers::packing_slip;
pub use private::show_private;
pub use statistics::StatisticsView;
pub use statistics::statistics;
pub use steps::Transitions;
pub use steps::cancel;
pub use steps::transitions;
pub use steps::update_status;
pub use words::History;
pub use words::history;
pub use words::note;
pub use words::reorder;
pub use words::tag;

use axum::body::Body;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::app::OrderCopy;
use crate::domain::actor::Actor;
use crate::domain::address::Address;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::OrderId;
use crate::domain::money::RawAmount;
use crate::domain::new_order::AskedLine;
use crate::domain::new_order::AskedOrder;
use crate::domain::new_order::NewOrder;
use crate::domain::order::Channel;
use crate::domain::order::Order;
use crate::domain::payment::Provider;
use crate::domain::time::Moment;
use crate::error::Error;
use crate::error::Result;
use crate::gateway;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::Path;
use crate::http::extract::once;
use crate::http::list::Asked;
use crate::http::order_query::At;
use crate::http::version;
use crate::http::version::IfNoneMatch;
use crate::shop::once::Key;
use crate::shop::orders;
use crate::shop::orders::OrderView;
use crate::shop::settings;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceOrder {
    #[schema(min_items = 1, max_items = 1000)]
    items: Vec<AskedLine>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
    customer_id: Option<i64>,
    #[schema(min_length = 3, max_length = 254)]
    email: Option<String>,
    shipping_address: Option<Address>,
    billing_address: Option<Address>,
    shipping_method: Option<i64>,
    coupon: Option<String>,
    #[schema(pattern = "^(manual|wallet|sandbox|stripe|razorpay)$")]
    payment_method: Option<String>,
    #[schema(max_length = 1000)]
    note: Option<String>,
    total_price: Option<RawAmount>,
}

impl PlaceOrder {
    /// Well formed, or every fault at once.
    fn parse(self, app: &App) -> Result<NewOrder> {
        let mut faults = Vec::new();
        let method = method(app, self.payment_method.as_deref(), &mut faults);
        let asked = AskedOrder {
            items: self.items,
            customer_id: self.customer_id,
            email: self.email,
            shipping_address: self.shipping_address,
            billing_address: self.billing_address,
            shipping_method: self.shipping_method,
            coupon: self.coupon,
            note: self.note,
        };
        let new = asked.read(method, Channel::Api, &mut faults);
        match faults.is_empty() {
            false => Err(faults.into()),
            true => Ok(NewOrder {
                total_price: self.total_price,
                ..new
            }),
        }
    }
}

/// The named way of paying; by hand if none is. What the shop is not set up for is as good as unknown.
pub fn method(app: &App, named: Option<&str>, faults: &mut Vec<Fault>) -> Provider {
    let method = named.map_or(Some(Provider::Manual), |name| gateway::payments::named(app, name));
    method.unwrap_or_else(|| {
        faults.push(Bad::input("There is no such payment method.").at("payment_method"));
        Provider::Manual
    })
}

pub async fn place(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    key: IdempotencyKey,
    Json(mut body): Json<PlaceOrder>,
) -> Result<Response> {
    let token = key.or_token(body.client_token.take())?;
    let canonical = serde_json::to_vec(&body).map_err(|cause| Error::Internal(cause.into()))?;
    let key = token
        .as_ref()
        .map(|token| Key::new(&by, "POST /orders", token, &canonical));
    let mut new = body.parse(&app)?;
    new.details.client_token = token;
    let placed = app
        .write(move |tx| orders::place(tx, &by, key.as_ref(), &new))
        .await?;
    once(placed, |order| reply(StatusCode::CREATED, &order))
}

pub async fn show(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<OrderId>,
    held: IfNoneMatch,
    asked: Asked<At>,
) -> Result<Response> {
    if let At(Some(at)) = asked.read(&())? {
        return show_at(&app, by, id, at).await;
    }
    let (version, body) = shown(&app, by, id).await?;
    match held.holds(&version::tag(version, None)) {
        true => Ok(ready(StatusCode::NOT_MODIFIED, version, Bytes::new())),
        false => Ok(ready(StatusCode::OK, version, body)),
    }
}

/// The version and the JSON of an order: from memory if they are there, with the rights checked again.
async fn shown(app: &App, by: Actor, id: OrderId) -> Result<(i64, Bytes)> {
    let now = app.clock().now();
    if let Some(kept) = app.caches().order(id, now) {
        orders::may_see(&by, kept.owner)?;
        return Ok((kept.version, kept.body));
    }
    let generation = app.caches().generation();
    let owned = app.read(move |db| orders::show(db, &by, id)).await?;
    let body = json(&OrderView::whole(&owned.order))?;
    let copy = OrderCopy {
        owner: owned.owner,
        version: owned.order.head.version,
        body: body.clone(),
    };
    app.caches().keep_order(id, generation, now, copy);
    Ok((owned.order.head.version, body))
}

/// The order as it was; a day means its end.
async fn show_at(app: &App, by: Actor, id: OrderId, at: Moment) -> Result<Response> {
    let owned = app
        .read(move |db| {
            let zone = settings::show(db)?.zone;
            orders::show_at(db, &by, id, at.end(&zone))
        })
        .await?;
    reply(StatusCode::OK, &owned.order)
}

/// An order, with the tag of its version.
pub fn reply(status: StatusCode, order: &Order) -> Result<Response> {
    told(status, order.head.version, &OrderView::whole(order))
}

/// The same of an order as it is to read.
pub fn told(status: StatusCode, version: i64, view: &OrderView<'_>) -> Result<Response> {
    Ok(ready(status, version, json(view)?))
}

fn json(view: &OrderView<'_>) -> Result<Bytes> {
    serde_json::to_vec(view)
        .map(Bytes::from)
        .map_err(|cause| Error::Internal(cause.into()))
}

fn ready(status: StatusCode, version: i64, body: Bytes) -> Response {
    let mut reply = Response::new(Body::from(body));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        headers.insert(header::ETAG, tag);
    }
    reply
}
