//! The sandbox: a provider inside the binary that moves no money. It is asked in the process, and tells over HTTP by
//! signed messages, as any other; its answers may get lost, its messages be late, doubled, out of order or never sent.

use serde::Deserialize;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::inbox::Trouble;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::payment::Asked;
use crate::domain::payment::Fact;
use crate::domain::payment::Heard;
use crate::domain::payment::PaymentHeard;
use crate::domain::payment::RefundHeard;
use crate::domain::payment::Standing;
use crate::domain::reconciliation::Listed;
use crate::domain::refund::RefundState;
use crate::domain::sandbox::Letter;
use crate::domain::sandbox::Post;
use crate::domain::time;
use crate::error::Error;
use crate::error::Result;
use crate::gateway::http;
use crate::gateway::http::Sending;
use crate::gateway::payments::Signed;
use crate::gateway::payments::signature;
use crate::gateway::payments::warn;
use crate::secret::Use;
use crate::shop::payments;
use crate::shop::sandbox;

/// So many messages are sent side by side.
const AT_ONCE: i64 = 32;

/// Whether it is in this shop: in a demo, or where the operator has said so.
pub(super) fn is_there(app: &App) -> bool {
    app.config().is_demo || app.config().payments.sandbox
}

/// How it sends.
pub fn post(app: &App) -> Post {
    let settings = &app.config().payments;
    let seconds = |seconds: u64| i64::try_from(seconds).unwrap_or(0) * time::SECOND;
    Post {
        copies: settings.sandbox_copies,
        delay: seconds(settings.sandbox_delay_seconds),
        shuffle: seconds(settings.sandbox_shuffle_seconds),
        dropped: settings.sandbox_drop_percent,
        lost: settings.sandbox_lose_percent,
    }
}

/// Asks it, and hears the answer in the same change, for its books are in this file; what is to be asked next.
pub(super) async fn ask(app: &App, asked: &Asked) -> Result<Option<Asked>> {
    let (post, about) = (post(app), asked.clone());
    let (answer, next) = app
        .write(move |tx| {
            let answer = sandbox::ask(tx, &about, &post)?;
            let next = payments::answered(tx, &Actor::system(), &about, &answer)?;
            Ok((answer, next))
        })
        .await?;
    warn(asked, &answer);
    Ok(next)
}

/// Where a charge stands.
pub(super) async fn look(app: &App, name: String) -> std::result::Result<Standing, String> {
    app.read(move |db| sandbox::look(db, &name))
        .await
        .map_err(|error| error.to_string())
}

/// A page of what it has taken.
pub(super) async fn list(app: &App, after: Option<String>) -> std::result::Result<Listed, String> {
    let after = after.and_then(|after| after.parse().ok()).unwrap_or(0);
    app.read(move |db| sandbox::list(db, after))
        .await
        .map_err(|error| error.to_string())
}

/// What it signs with: made of the process's own key, so that nobody has to set it.
fn own_secret(app: &App) -> [u8; 32] {
    app.keys().stamp(Use::Sandbox, &[])
}

/// The generic scheme: the sandbox's own secret where there is one, and those of the settings.
pub(super) fn prove(app: &App, header: Option<&str>, body: &[u8]) -> Result<Signed> {
    let own = is_there(app).then(|| own_secret(app));
    let told = app.config().payments.secrets.generic();
    let secrets: Vec<&[u8]> = own
        .iter()
        .map(|own| own.as_slice())
        .chain(told.map(|secret| secret.reveal().as_bytes()))
        .collect();
    if secrets.is_empty() {
        return Err(Error::NotFound("webhook"));
    }
    signature::check_timed(&secrets, header, body, app.clock().now())?;
    Ok(Signed::of(body, "id", "type"))
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: serde_json::Value,
}

#[derive(Deserialize)]
struct Data {
    provider_ref: String,
    payment_id: Option<i64>,
    order_id: Option<i64>,
    amount: RawAmount,
    captured: Option<RawAmount>,
    currency: String,
    failure: Option<String>,
    refund_ref: Option<String>,
    refund_id: Option<i64>,
}

fn unreadable(words: impl ToString) -> Trouble {
    Trouble::Unreadable(words.to_string())
}

/// Reads a generic message.
pub(super) fn read(bytes: &[u8]) -> std::result::Result<Heard, Trouble> {
    let body: Body = serde_json::from_slice(bytes).map_err(unreadable)?;
    let is_known = ["payment.", "refund."]
        .iter()
        .any(|noun| body.kind.starts_with(noun));
    if !is_known {
        return Ok(Heard::Nothing);
    }
    let data: Data = serde_json::from_value(body.data).map_err(unreadable)?;
    let currency = Currency::parse(&data.currency).map_err(|_| Trouble::Mismatch("currency"))?;
    let money = |raw: &RawAmount| raw.to_money(currency).map_err(unreadable);
    let amount = money(&data.amount)?;
    let fact = match body.kind.as_str() {
        "payment.requires_action" => Fact::RequiresAction,
        "payment.failed" => Fact::Failed,
        "payment.authorized" => Fact::Authorized,
        "payment.voided" => Fact::Voided,
        "payment.succeeded" => Fact::Captured(data.captured.as_ref().map_or(Ok(amount), money)?),
        kind => return refund(kind, data, amount),
    };
    Ok(Heard::Payment(PaymentHeard {
        refs: vec![data.provider_ref],
        charge_ref: None,
        fact,
        amount: amount.minor(),
        currency: data.currency,
        payment: data.payment_id,
        order: data.order_id,
        failure: data.failure,
    }))
}

fn refund(kind: &str, data: Data, amount: Money) -> std::result::Result<Heard, Trouble> {
    let state = match kind {
        "refund.created" => RefundState::Pending,
        "refund.succeeded" => RefundState::Succeeded,
        "refund.failed" => RefundState::Failed,
        _ => return Ok(Heard::Nothing),
    };
    let refund_ref = data.refund_ref.ok_or_else(|| unreadable("no refund_ref"))?;
    Ok(Heard::Refund(RefundHeard {
        refs: vec![data.provider_ref],
        refund_ref,
        refund: data.refund_id,
        amount: amount.minor(),
        currency: data.currency,
        state,
    }))
}

/// Sends some of the messages that are due to the shop's own door; whether there were any.
pub async fn send_due(app: &App) -> Result<bool> {
    let now = app.clock().now();
    let due = app.read(move |db| sandbox::due(db, now, AT_ONCE)).await?;
    if due.is_empty() {
        return Ok(false);
    }
    let mut sending = tokio::task::JoinSet::new();
    for letter in due {
        let app = app.clone();
        sending.spawn(async move {
            let taken = send(&app, &letter).await;
            (letter, taken)
        });
    }
    let sent: Vec<(Letter, bool)> = sending.join_all().await;
    app.write(move |tx| sandbox::posted(tx, &sent)).await?;
    Ok(true)
}

/// Sends one message, signed anew at each try; whether it was taken.
async fn send(app: &App, letter: &Letter) -> bool {
    let Some(at) = app.listens() else {
        return false;
    };
    let body = letter.body.as_bytes().to_vec();
    let signature = signature::sign(&own_secret(app), &body, app.clock().now());
    let sending = Sending {
        method: "POST",
        url: format!("http://{at}/api/v1/payments/webhook"),
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("till-signature", signature),
        ],
        body,
    };
    match http::send(sending).await {
        Ok(reply) => (200..300).contains(&reply.status),
        Err(words) => {
            tracing::debug!(words, "a message of the sandbox was not taken");
            false
        }
    }
}
