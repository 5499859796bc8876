//! Commissions over JSON: a seller's own, everybody's for who pays them, and payouts with their file for the bank.

use axum::Json as Reply;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::commission::Commission;
use crate::domain::commission::CommissionState;
use crate::domain::commission::Payout;
use crate::domain::commission::Rate;
use crate::domain::commission::SellersPart;
use crate::domain::id::PayoutId;
use crate::domain::id::UserId;
use crate::domain::money::Amount;
use crate::domain::money::Currency;
use crate::domain::page::Paging;
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::http::commission_query::CommissionsPage;
use crate::http::extract::Created;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::Path;
use crate::http::extract::once;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::http::payout::end;
use crate::http::payout::file;
use crate::shop::commissions;
use crate::shop::commissions::NewPayout;
use crate::shop::once::Key;
use crate::shop::once::Once;
use crate::shop::settings;

#[derive(Serialize, ToSchema)]
pub struct CommissionView {
    id: i64,
    seller_id: i64,
    order_id: i64,
    item_id: i64,
    /// The shop's part in percent, as text.
    rate: String,
    /// The seller's; below zero where it undoes a part of another.
    amount: Amount,
    currency: String,
    status: CommissionState,
    reverses: Option<i64>,
    payout_id: Option<i64>,
    created_at: Timestamp,
    approved_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
}

fn view(row: &Commission, currency: Currency) -> CommissionView {
    CommissionView {
        id: row.id.0,
        seller_id: row.seller.0,
        order_id: row.order.0,
        item_id: row.line.0,
        rate: row.rate.to_string(),
        amount: row.amount.write(currency),
        currency: currency.to_string(),
        status: row.state,
        reverses: row.reverses.map(|row| row.0),
        payout_id: row.payout.map(|payout| payout.0),
        created_at: row.at,
        approved_at: row.approved_at,
        ended_at: row.ended_at,
    }
}

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<CommissionsPage>,
) -> Result<Response> {
    let CommissionsPage(filter, paging) = asked.read(&())?;
    let currency = currency(&app).await?;
    let page = app
        .read(move |db| commissions::list(db, &by, &filter, &paging))
        .await?;
    list::reply(&page, |row| view(row, currency))
}

async fn currency(app: &App) -> Result<Currency> {
    Ok(app.read(settings::show).await?.terms.currency)
}

#[derive(Serialize, ToSchema)]
pub struct CommissionSums {
    currency: String,
    pending: Amount,
    approved: Amount,
    paid: Amount,
    total: Amount,
    /// Of all three, what this month has brought, by the shop's calendar.
    month: Amount,
}

/// Of one seller, or of all.
pub struct OfSeller(Option<UserId>);

impl Asks for OfSeller {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self(query.number("seller_id").map(UserId))
    }
}

pub async fn summary(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<OfSeller>,
) -> Result<Reply<CommissionSums>> {
    let OfSeller(seller) = asked.read(&())?;
    let currency = currency(&app).await?;
    let now = app.clock().now();
    let sums = app
        .read(move |db| commissions::summary(db, &by, seller, now))
        .await?;
    Ok(Reply(CommissionSums {
        currency: currency.to_string(),
        pending: sums.pending.write(currency),
        approved: sums.approved.write(currency),
        paid: sums.paid.write(currency),
        total: sums.total().write(currency),
        month: sums.month.write(currency),
    }))
}

#[derive(Serialize, ToSchema)]
pub struct RateView {
    seller_id: i64,
    /// The shop's part in percent, as text.
    rate: String,
    /// Whether it is the seller's own, or the shop's for all.
    own: bool,
}

fn rate_view(seller: UserId, (rate, own): (Rate, bool)) -> Reply<RateView> {
    Reply(RateView {
        seller_id: seller.0,
        rate: rate.to_string(),
        own,
    })
}

pub async fn show_rate(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(seller): Path<UserId>,
) -> Result<Reply<RateView>> {
    let rate = app.read(move |db| commissions::rate(db, &by, seller)).await?;
    Ok(rate_view(seller, rate))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRate {
    /// The shop's part in percent; null: the shop's rate for all.
    #[schema(pattern = r"^[0-9]{1,3}(\.[0-9]{1,3})?$")]
    rate: Option<String>,
}

pub async fn set_rate(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(seller): Path<UserId>,
    Json(body): Json<SetRate>,
) -> Result<Reply<RateView>> {
    let rate = body
        .rate
        .map(|text| Rate::parse(&text).map_err(|bad| Error::from(bad.at("rate"))))
        .transpose()?;
    let rate = app
        .write(move |tx| commissions::set_rate(tx, &by, seller, rate))
        .await?;
    Ok(rate_view(seller, rate))
}

#[derive(Serialize, ToSchema)]
pub struct PayoutView {
    id: i64,
    #[schema(pattern = "^(open|done)$")]
    status: &'static str,
    /// How many commissions are in it.
    rows: i64,
    amount: Amount,
    currency: String,
    reference: Option<String>,
    created_by: Option<i64>,
    created_at: Timestamp,
    ended_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sellers: Option<Vec<SellersPartView>>,
}

#[derive(Serialize, ToSchema)]
struct SellersPartView {
    seller_id: i64,
    username: String,
    name: Option<String>,
    rows: i64,
    amount: Amount,
}

fn payout_view(payout: &Payout, sellers: Option<&[SellersPart]>, currency: Currency) -> PayoutView {
    let part = |part: &SellersPart| SellersPartView {
        seller_id: part.seller.0,
        username: part.username.clone(),
        name: part.name.clone(),
        rows: part.rows,
        amount: part.amount.write(currency),
    };
    PayoutView {
        id: payout.id.0,
        status: if payout.is_done { "done" } else { "open" },
        rows: payout.rows,
        amount: payout.amount.write(currency),
        currency: currency.to_string(),
        reference: payout.reference.clone(),
        created_by: payout.created_by.map(|user| user.0),
        created_at: payout.created_at,
        ended_at: payout.ended_at,
        sellers: sellers.map(|sellers| sellers.iter().map(part).collect()),
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayOut {
    /// To one seller; to all to whom something is due if not told.
    seller: Option<i64>,
    /// What it is called at the bank.
    #[schema(min_length = 1, max_length = 255)]
    reference: Option<String>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

pub async fn pay_out(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    token: IdempotencyKey,
    Json(mut body): Json<PayOut>,
) -> Result<Response> {
    let token = token.or_token(body.client_token.take())?;
    let canonical = serde_json::to_vec(&body).map_err(|cause| Error::Internal(cause.into()))?;
    let key = token.map(|token| Key::new(&by, "POST /commissions/payouts", &token, &canonical));
    let reference = body
        .reference
        .map(|text| text::line(&text, 1, 255).map_err(|bad| Error::from(bad.at("reference"))))
        .transpose()?;
    let new = NewPayout {
        seller: body.seller.map(UserId),
        reference,
    };
    let who = by.clone();
    let begun = app
        .write(move |tx| commissions::begin_payout(tx, &who, key.as_ref(), &new))
        .await?;
    let (Once::First(payout) | Once::Again(payout)) = &begun;
    end(&app, &by, payout.id).await?;
    let view = whole(&app, &by, payout.id).await?;
    once(begun, |_| Ok(Created(Reply(view)).into_response()))
}

async fn whole(app: &App, by: &Actor, id: PayoutId) -> Result<PayoutView> {
    let currency = currency(app).await?;
    let who = by.clone();
    let (payout, sellers) = app.read(move |db| commissions::show_payout(db, &who, id)).await?;
    Ok(payout_view(&payout, Some(&sellers), currency))
}

pub async fn payouts(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<Paging>,
) -> Result<Response> {
    let paging = asked.read(&())?;
    let currency = currency(&app).await?;
    let page = app.read(move |db| commissions::payouts(db, &by, &paging)).await?;
    list::reply(&page, |payout| payout_view(payout, None, currency))
}

pub async fn show_payout(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<PayoutId>,
) -> Result<Reply<PayoutView>> {
    whole(&app, &by, id).await.map(Reply)
}

pub async fn payout_csv(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<PayoutId>,
) -> Result<Response> {
    let currency = currency(&app).await?;
    let (payout, sellers) = app.write(move |tx| commissions::begin_csv(tx, &by, id)).await?;
    Ok(file(&payout, &sellers, currency))
}
