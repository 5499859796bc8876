//! Drafts over JSON.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::address::Address;
use crate::domain::draft::Draft;
use crate::domain::draft::DraftChannel;
use crate::domain::draft::DraftFields;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::DraftId;
use crate::domain::money::RawAmount;
use crate::domain::new_order::AskedLine;
use crate::domain::payment::Provider;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::gateway;
use crate::http::api::orders;
use crate::http::draft_query::DraftsPage;
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
use crate::shop::drafts;
use crate::shop::drafts::Placing;

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<DraftsPage>,
) -> Result<Response> {
    let DraftsPage(state, paging) = asked.read(&())?;
    let page = app.read(move |db| drafts::list(db, &by, state, &paging)).await?;
    list::reply(&page, Clone::clone)
}

/// An order as it is to be placed later, and how it was asked for.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateDraft {
    #[schema(value_type = DraftChannel)]
    channel: String,
    #[schema(min_items = 1, max_items = 1000)]
    items: Vec<AskedLine>,
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
    /// Why at these prices, among staff.
    #[schema(min_length = 1, max_length = 255)]
    reason: Option<String>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

fn channel(asked: &str, faults: &mut Vec<Fault>) -> DraftChannel {
    DraftChannel::parse(asked).unwrap_or_else(|| {
        faults.push(Bad::invalid("is phone, counter or mail").at("channel"));
        DraftChannel::Phone
    })
}

/// What is wrong with the fields themselves is said before anything is looked up; what a draft must have was read.
fn checked(asked: &DraftFields, mut faults: Vec<Fault>) -> Result<()> {
    let has_items = asked.items.is_some();
    let blank = Draft::blank(DraftChannel::Phone, Timestamp::MIN);
    let found = asked.clone().onto(blank).err().unwrap_or_default();
    faults.extend(
        found
            .into_iter()
            .filter(|fault| has_items || fault.field != "items"),
    );
    match faults.is_empty() {
        true => Ok(()),
        false => Err(faults.into()),
    }
}

impl CreateDraft {
    fn parse(self, app: &App) -> Result<(DraftChannel, DraftFields)> {
        let mut faults = Vec::new();
        let channel = channel(&self.channel, &mut faults);
        let method = orders::method(app, self.payment_method.as_deref(), &mut faults);
        let asked = DraftFields {
            channel: None,
            method: Some(method),
            items: Some(self.items),
            customer: Some(self.customer_id),
            email: Some(self.email),
            shipping_address: Some(self.shipping_address),
            billing_address: Some(self.billing_address),
            shipping_method: Some(self.shipping_method),
            coupon: Some(self.coupon),
            note: Some(self.note),
            reason: Some(self.reason),
        };
        checked(&asked, faults)?;
        Ok((channel, asked))
    }
}

pub async fn create(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    key: IdempotencyKey,
    Json(mut body): Json<CreateDraft>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, "POST /orders/drafts", token, &body)?;
    let (channel, asked) = body.parse(&app)?;
    let made = app
        .write(move |tx| drafts::create(tx, &by, key.as_ref(), channel, &asked))
        .await?;
    once(made, |draft| {
        versioned(StatusCode::CREATED, draft.version, &draft)
    })
}

pub async fn show(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<DraftId>,
) -> Result<Response> {
    let now = app.clock().now();
    let draft = app.read(move |db| drafts::show(db, &by, id, now)).await?;
    versioned(StatusCode::OK, draft.version, &draft)
}

/// What is not said stays; null takes away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeDraft {
    #[schema(value_type = Option<DraftChannel>)]
    channel: Option<String>,
    #[schema(min_items = 1, max_items = 1000)]
    items: Option<Vec<AskedLine>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>)]
    customer_id: Option<Option<i64>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 3, max_length = 254)]
    email: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Address>)]
    shipping_address: Option<Option<Address>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Address>)]
    billing_address: Option<Option<Address>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>)]
    shipping_method: Option<Option<i64>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    coupon: Option<Option<String>>,
    #[schema(pattern = "^(manual|wallet|sandbox|stripe|razorpay)$")]
    payment_method: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 1000)]
    note: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    reason: Option<Option<String>>,
    version: Option<i64>,
}

impl ChangeDraft {
    fn parse(self, app: &App) -> Result<DraftFields> {
        let mut faults = Vec::new();
        let channel = self.channel.map(|asked| channel(&asked, &mut faults));
        let named = self.payment_method;
        let asked = DraftFields {
            channel,
            method: named.map(|name| orders::method(app, Some(&name), &mut faults)),
            items: self.items,
            customer: self.customer_id,
            email: self.email,
            shipping_address: self.shipping_address,
            billing_address: self.billing_address,
            shipping_method: self.shipping_method,
            coupon: self.coupon,
            note: self.note,
            reason: self.reason,
        };
        checked(&asked, faults)?;
        Ok(asked)
    }
}

pub async fn update(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<DraftId>,
    seen: IfMatch,
    Json(body): Json<ChangeDraft>,
) -> Result<Response> {
    let seen = seen.or_body(body.version)?;
    let asked = body.parse(&app)?;
    let draft = app
        .write(move |tx| drafts::update(tx, &by, id, seen, &asked))
        .await?;
    versioned(StatusCode::OK, draft.version, &draft)
}

pub async fn destroy(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<DraftId>,
    seen: IfMatch,
    MaybeJson(body): MaybeJson<Seen>,
) -> Result<StatusCode> {
    let seen = seen.or_body(body.version)?;
    app.write(move |tx| drafts::delete(tx, &by, id, seen)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PlaceDraft {
    /// What the caller saw that it costs.
    total_price: Option<RawAmount>,
    /// May be left out.
    version: Option<i64>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

pub async fn place(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<DraftId>,
    key: IdempotencyKey,
    seen: IfMatch,
    MaybeJson(mut body): MaybeJson<PlaceDraft>,
) -> Result<Response> {
    let token = key.or_token(body.client_token.take())?;
    let key =
        IdempotencyKey(token.clone()).of(&by, &format!("POST /orders/drafts/{id}/place"), None, &body)?;
    let asked = Placing {
        version: seen.or_body(body.version)?,
        total_price: body.total_price,
        client_token: token,
    };
    require_method(&app, by.clone(), id).await?;
    let placed = app
        .write(move |tx| drafts::place(tx, &by, key.as_ref(), id, &asked))
        .await?;
    once(placed, |order| orders::reply(StatusCode::CREATED, &order))
}

/// Refused where the shop is not set up any more for who is to take the money.
async fn require_method(app: &App, by: Actor, id: DraftId) -> Result<()> {
    let method: Provider = app.read(move |db| drafts::method(db, &by, id)).await?;
    gateway::payments::require(app, method)
}
