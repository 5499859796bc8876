//! Wallets over JSON: one's own, with what has moved in it; anybody's, for who manages them.

use axum::Json as Reply;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::id::UserId;
use crate::domain::money::Amount;
use crate::domain::money::Currency;
use crate::domain::money::RawAmount;
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::domain::wallet::NewTransfer;
use crate::domain::wallet::Transfer;
use crate::domain::wallet::TransferKind;
use crate::error::Error;
use crate::error::Result;
use crate::http::extract::Created;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::Path;
use crate::http::extract::once;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::transfer_query::TransfersPage;
use crate::shop::Tx;
use crate::shop::once::Key;
use crate::shop::once::Once;
use crate::shop::settings;
use crate::shop::wallets;
use crate::shop::wallets::Told;

#[derive(Serialize, ToSchema)]
pub struct WalletView {
    user_id: i64,
    balance: Amount,
    held: Amount,
    available: Amount,
    currency: String,
    updated_at: Option<Timestamp>,
}

impl From<Told> for WalletView {
    fn from(told: Told) -> Self {
        let Told { wallet, currency } = told;
        Self {
            user_id: wallet.user.0,
            balance: wallet.balance.write(currency),
            held: wallet.held.write(currency),
            available: wallet.available().write(currency),
            currency: currency.to_string(),
            updated_at: wallet.updated_at,
        }
    }
}

pub async fn own(State(app): State<App>, CurrentUser(by): CurrentUser) -> Result<Reply<WalletView>> {
    let told = app.read(move |db| wallets::own(db, &by)).await?;
    Ok(Reply(told.into()))
}

pub async fn show(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(user): Path<UserId>,
) -> Result<Reply<WalletView>> {
    let told = app.read(move |db| wallets::show(db, &by, user)).await?;
    Ok(Reply(told.into()))
}

#[derive(Serialize, ToSchema)]
pub struct TransferView {
    id: i64,
    transaction_id: i64,
    #[serde(rename = "type")]
    kind: TransferKind,
    /// Nothing is kept of what did not happen.
    #[schema(pattern = "^completed$")]
    status: &'static str,
    /// Below zero where it went out.
    amount: Amount,
    /// The wallet's, after it.
    balance: Amount,
    currency: String,
    order_id: Option<i64>,
    reason: Option<String>,
    created_at: Timestamp,
}

fn view(transfer: &Transfer, currency: Currency) -> TransferView {
    TransferView {
        id: transfer.id.0,
        transaction_id: transfer.id.0,
        kind: transfer.kind,
        status: "completed",
        amount: transfer.amount.write(currency),
        balance: transfer.balance.write(currency),
        currency: currency.to_string(),
        order_id: transfer.order.map(|order| order.0),
        reason: transfer.reason.clone(),
        created_at: transfer.at,
    }
}

pub async fn transfers(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<TransfersPage>,
) -> Result<Response> {
    let TransfersPage(wanted, paging) = asked.read(&())?;
    let (page, currency) = app
        .read(move |db| wallets::transfers(db, &by, &wanted, &paging))
        .await?;
    list::reply(&page, |transfer| view(transfer, currency))
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveMoney {
    amount: RawAmount,
    /// Whose wallet, for who manages all; one's own if not told.
    user_id: Option<i64>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

/// The key of a request about money, over its body.
fn key<T: Serialize>(by: &Actor, route: &str, token: Option<String>, body: &T) -> Result<Option<Key>> {
    let canonical = serde_json::to_vec(body).map_err(|cause| Error::Internal(cause.into()))?;
    Ok(token.map(|token| Key::new(by, route, &token, &canonical)))
}

/// Paid in, or out: the verb of a way.
type Teller = fn(&Tx, &Actor, Option<&Key>, &NewTransfer) -> Result<Once<Transfer>>;

pub async fn deposit(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    token: IdempotencyKey,
    Json(body): Json<MoveMoney>,
) -> Result<Response> {
    tell(&app, by, "POST /balance/deposit", wallets::deposit, token, body).await
}

pub async fn withdraw(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    token: IdempotencyKey,
    Json(body): Json<MoveMoney>,
) -> Result<Response> {
    tell(&app, by, "POST /balance/withdraw", wallets::withdraw, token, body).await
}

async fn tell(
    app: &App,
    by: Actor,
    route: &str,
    verb: Teller,
    token: IdempotencyKey,
    mut body: MoveMoney,
) -> Result<Response> {
    let token = token.or_token(body.client_token.take())?;
    let key = key(&by, route, token, &body)?;
    let new = new(body);
    let made = app.write(move |tx| verb(tx, &by, key.as_ref(), &new)).await?;
    reply(app, made).await
}

fn new(body: MoveMoney) -> NewTransfer {
    NewTransfer {
        amount: body.amount,
        user: body.user_id.map(UserId),
        reason: None,
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdjustWallet {
    /// Below zero takes out.
    amount: RawAmount,
    #[schema(min_length = 1, max_length = 255)]
    reason: String,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

pub async fn adjust(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(user): Path<UserId>,
    token: IdempotencyKey,
    Json(mut body): Json<AdjustWallet>,
) -> Result<Response> {
    let token = token.or_token(body.client_token.take())?;
    let key = key(&by, &format!("POST /wallets/{user}/adjust"), token, &body)?;
    let reason = text::line(&body.reason, 1, 255).map_err(|bad| Error::from(bad.at("reason")))?;
    let made = app
        .write(move |tx| wallets::adjust(tx, &by, key.as_ref(), user, &body.amount, &reason))
        .await?;
    reply(&app, made).await
}

async fn reply(app: &App, made: Once<Transfer>) -> Result<Response> {
    let currency = app.read(settings::show).await?.terms.currency;
    once(made, |transfer| {
        Ok(Created(Reply(view(&transfer, currency))).into_response())
    })
}
