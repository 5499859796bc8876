//! What providers tell: the door for their messages, and the list of them for staff.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::id::InboxId;
use crate::domain::inbox::InboxState;
use crate::domain::inbox::Message;
use crate::domain::page::Paging;
use crate::domain::payment::Provider;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::gateway;
use crate::http::extract::CurrentUser;
use crate::http::extract::NoBody;
use crate::http::extract::Path;
use crate::http::extract::Raw;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::payments;

/// That a message is kept.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookReceived)]
pub struct Received {
    received: bool,
    duplicate: bool,
}

pub async fn hear(State(app): State<App>, headers: HeaderMap, Raw(body): Raw) -> Result<Reply<Received>> {
    heard(&app, Provider::Sandbox, &headers, body).await
}

pub async fn hear_of(
    State(app): State<App>,
    axum::extract::Path(provider): axum::extract::Path<String>,
    headers: HeaderMap,
    Raw(body): Raw,
) -> Result<Reply<Received>> {
    let provider = match Provider::parse(&provider) {
        Some(provider @ (Provider::Stripe | Provider::Razorpay)) => provider,
        _ => return Err(Error::NotFound("webhook")),
    };
    heard(&app, provider, &headers, body).await
}

/// Proves the bytes as they came, keeps them, and only then says so.
async fn heard(
    app: &App,
    provider: Provider,
    headers: &HeaderMap,
    body: bytes::Bytes,
) -> Result<Reply<Received>> {
    let header = |name: &str| headers.get(name)?.to_str().ok().map(str::to_owned);
    let outcome = |outcome: &'static str| {
        metrics::counter!("payment_webhooks_total", "provider" => provider.name(), "outcome" => outcome)
            .increment(1);
    };
    let signed =
        gateway::payments::prove(app, provider, header, &body).inspect_err(|_| outcome("refused"))?;
    let is_new = app
        .write(move |tx| payments::receive(tx, provider, &signed.event_id, &signed.kind, &body))
        .await?;
    outcome(if is_new { "received" } else { "duplicate" });
    Ok(Reply(Received {
        received: true,
        duplicate: !is_new,
    }))
}

/// A message of a provider.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookEvent)]
pub struct MessageView {
    id: i64,
    provider: Provider,
    event_id: String,
    #[serde(rename = "type")]
    kind: String,
    status: InboxState,
    attempts: i64,
    payment_id: Option<i64>,
    failure: Option<String>,
    received_at: Timestamp,
    next_attempt_at: Option<Timestamp>,
    processed_at: Option<Timestamp>,
    /// How many bytes its body has.
    size: i64,
}

/// A message with what the provider has sent.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookEventWhole)]
pub struct WholeView {
    #[serde(flatten)]
    message: MessageView,
    body: String,
}

fn view(message: &Message) -> MessageView {
    let is_due = matches!(message.state, InboxState::Received | InboxState::Failed);
    MessageView {
        id: message.id.0,
        provider: message.provider,
        event_id: message.event_id.clone(),
        kind: message.kind.clone(),
        status: message.state,
        attempts: message.attempts,
        payment_id: message.payment.map(|payment| payment.0),
        failure: message.failure.clone(),
        received_at: message.received_at,
        next_attempt_at: is_due.then_some(message.due_at),
        processed_at: message.processed_at,
        size: message.size,
    }
}

/// Messages of one state, or all.
pub struct MessagesPage(Option<InboxState>, Paging);

impl Asks for MessagesPage {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self(query.one_of("status", InboxState::parse), query.paging(0))
    }
}

pub async fn messages(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<MessagesPage>,
) -> Result<Response> {
    let MessagesPage(state, paging) = asked.read(&())?;
    let page = app
        .read(move |db| payments::messages(db, &by, state, &paging))
        .await?;
    list::reply(&page, view)
}

pub async fn message(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<InboxId>,
) -> Result<Reply<WholeView>> {
    let found = app.read(move |db| payments::message(db, &by, id)).await?;
    Ok(Reply(WholeView {
        message: view(&found),
        body: String::from_utf8_lossy(&found.body).into_owned(),
    }))
}

pub async fn retry(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<InboxId>,
    _: NoBody,
) -> Result<Reply<MessageView>> {
    let message = app.write(move |tx| payments::retry(tx, &by, id)).await?;
    Ok(Reply(view(&message)))
}
