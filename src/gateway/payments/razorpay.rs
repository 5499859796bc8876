//! Razorpay: orders, payment links where the shopper is sent to its page, refunds, its return and its events. It knows no
//! idempotency keys: what was asked before is looked for by its receipt before it is asked again.

use base64::Engine;
use serde_json::Value;
use serde_json::json;

use crate::app::App;
use crate::config::Secret;
use crate::domain::inbox::Trouble;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::payment::Answer;
use crate::domain::payment::Asked;
use crate::domain::payment::Fact;
use crate::domain::payment::Heard;
use crate::domain::payment::Op;
use crate::domain::payment::Payment;
use crate::domain::payment::PaymentHeard;
use crate::domain::payment::RefundHeard;
use crate::domain::payment::Return;
use crate::domain::payment::Standing;
use crate::domain::reconciliation::Held;
use crate::domain::reconciliation::Listed;
use crate::domain::refund::RefundState;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::gateway::http;
use crate::gateway::http::Sending;
use crate::gateway::payments::Signed;
use crate::gateway::payments::signature;
use crate::secret;

/// How much of its list comes at once: the most that it gives.
const LISTED: usize = 100;

type Called = std::result::Result<(u16, Value), String>;

/// Whether the shop is set up for it.
pub(super) fn is_there(app: &App) -> bool {
    let settings = &app.config().payments;
    !settings.razorpay_key_id.is_empty() && settings.secrets.razorpay_key.is_some()
}

/// What it is to call what we ask: the same at each try, and no longer than it takes.
fn receipt(asked: &Asked) -> String {
    let digest = secret::digest(asked.key.as_bytes());
    let short: String = digest[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("till_{short}")
}

/// Asks it.
pub(super) async fn ask(app: &App, asked: &Asked) -> Answer {
    let payment = &asked.payment;
    let charge = payment.charge_ref.clone().unwrap_or_default();
    let name = payment.provider_ref.clone().unwrap_or_default();
    if asked.attempt > 1
        && let Some(answer) = before(app, asked, &charge).await
    {
        return answer;
    }
    let called = match asked.op {
        Op::Create if payment.return_url.is_some() => {
            call(app, "POST", "/v1/payment_links", link(app, asked)).await
        }
        Op::Create => call(app, "POST", "/v1/orders", order(asked)).await,
        Op::Capture => {
            let amount = asked.amount.unwrap_or(payment.amount).minor();
            let body = json!({ "amount": amount, "currency": payment.currency.as_str() });
            call(app, "POST", &format!("/v1/payments/{charge}/capture"), body).await
        }
        Op::Refund => {
            let body = refund_body(asked);
            call(app, "POST", &format!("/v1/payments/{charge}/refund"), body).await
        }
        Op::Void if name.starts_with("plink_") => {
            call(
                app,
                "POST",
                &format!("/v1/payment_links/{name}/cancel"),
                json!({}),
            )
            .await
        }
        // An order cannot be given up: what is reserved on it lapses by itself, and what is taken goes back.
        Op::Void | Op::Confirm => return stands(look(app, payment).await, asked.op),
    };
    match called {
        Err(words) => Answer::Unclear(words),
        Ok((200..300, body)) => Answer::Done(Box::new(answered(asked, &body))),
        Ok((status @ (400 | 404), body)) => {
            let words = format!("{status}: {}", words_of(&body));
            match look(app, payment).await {
                Ok(standing) if asked.op == Op::Void && standing.fact.is_some() => {
                    Answer::Done(Box::new(standing))
                }
                Ok(standing) => Answer::Refused(words, Box::new(standing)),
                Err(_) => Answer::Refused(words, Box::default()),
            }
        }
        Ok((status, body)) => Answer::Unclear(format!("{status}: {}", words_of(&body))),
    }
}

fn stands(found: std::result::Result<Standing, String>, op: Op) -> Answer {
    match found {
        Err(words) => Answer::Unclear(words),
        Ok(mut standing) => {
            if op == Op::Void && !matches!(standing.fact, Some(Fact::Captured(_))) {
                standing.fact = Some(Fact::Voided);
            }
            Answer::Done(Box::new(standing))
        }
    }
}

/// What an earlier try has made, if it got so far.
async fn before(app: &App, asked: &Asked, charge: &str) -> Option<Answer> {
    let receipt = receipt(asked);
    let (path, list, field) = match asked.op {
        Op::Create if asked.payment.return_url.is_some() => (
            format!("/v1/payment_links?reference_id={receipt}"),
            "payment_links",
            "reference_id",
        ),
        Op::Create => (format!("/v1/orders?receipt={receipt}"), "items", "receipt"),
        Op::Refund => (format!("/v1/payments/{charge}/refunds"), "items", "receipt"),
        _ => return None,
    };
    match call(app, "GET", &path, Value::Null).await {
        Err(words) => Some(Answer::Unclear(words)),
        Ok((200, body)) => {
            let all = body[list].as_array()?;
            let made = all.iter().find(|made| made[field] == *receipt)?;
            Some(Answer::Done(Box::new(answered(asked, made))))
        }
        Ok((status, body)) => Some(Answer::Unclear(format!("{status}: {}", words_of(&body)))),
    }
}

fn order(asked: &Asked) -> Value {
    let payment = &asked.payment;
    json!({
        "amount": payment.amount.minor(), "currency": payment.currency.as_str(), "receipt": receipt(asked),
        "payment": { "capture": if payment.at_once { "automatic" } else { "manual" } },
        "notes": { "till_payment": payment.id.to_string() },
    })
}

fn link(app: &App, asked: &Asked) -> Value {
    let payment = &asked.payment;
    let back = match payment.return_url.as_deref() {
        Some(path) if path.starts_with('/') => format!("{}{path}", app.config().server.public_url()),
        other => other.unwrap_or_default().to_owned(),
    };
    json!({
        "amount": payment.amount.minor(), "currency": payment.currency.as_str(), "reference_id": receipt(asked),
        "description": format!("Order {}", asked.number), "callback_url": back, "callback_method": "get",
        "notes": { "till_payment": payment.id.to_string() },
    })
}

fn refund_body(asked: &Asked) -> Value {
    let refund = asked.refund.as_ref();
    json!({
        "amount": refund.map_or(0, |refund| refund.amount.minor()), "receipt": receipt(asked),
        "notes": { "till_refund": refund.map_or(0, |refund| refund.id.0).to_string() },
    })
}

fn answered(asked: &Asked, body: &Value) -> Standing {
    match asked.op {
        Op::Refund => Standing {
            refund: Some((text(body, "id").unwrap_or_default(), refund_state(body))),
            ..Standing::default()
        },
        Op::Capture => of_charge(body),
        _ => Standing {
            provider_ref: text(body, "id"),
            redirect_url: text(body, "short_url"),
            fact: Some(match body["status"].as_str() {
                Some("cancelled" | "expired") => Fact::Voided,
                _ => Fact::RequiresAction,
            }),
            ..Standing::default()
        },
    }
}

/// Where a payment stands: by the furthest of the tries under its order or link.
pub(super) async fn look(app: &App, payment: &Payment) -> std::result::Result<Standing, String> {
    let Some(name) = &payment.provider_ref else {
        return Ok(Standing::default());
    };
    let (path, list) = match name.starts_with("plink_") {
        true => (format!("/v1/payment_links/{name}"), "payments"),
        false => (format!("/v1/orders/{name}/payments"), "items"),
    };
    let (status, body) = call(app, "GET", &path, Value::Null).await?;
    if status != 200 {
        return Err(format!("{status}: {}", words_of(&body)));
    }
    if matches!(body["status"].as_str(), Some("cancelled" | "expired")) {
        return Ok(Standing {
            fact: Some(Fact::Voided),
            ..Standing::default()
        });
    }
    let tries = body[list].as_array().map(Vec::as_slice).unwrap_or_default();
    let furthest = tries
        .iter()
        .map(of_charge)
        .max_by_key(|standing| standing.fact.map(Fact::state));
    Ok(furthest.unwrap_or(Standing {
        fact: Some(Fact::RequiresAction),
        ..Standing::default()
    }))
}

/// Where one try stands.
fn of_charge(charge: &Value) -> Standing {
    let amount = charge["amount"].as_i64().and_then(Money::new);
    let fact = match (charge["status"].as_str(), amount) {
        (Some("captured" | "refunded"), Some(amount)) => Fact::Captured(amount),
        (Some("authorized"), _) => Fact::Authorized,
        (Some("failed"), _) => Fact::Failed,
        _ => Fact::RequiresAction,
    };
    Standing {
        // Only in such a try is the money: there may be another after one that failed.
        charge_ref: text(charge, "id")
            .or(text(charge, "payment_id"))
            .filter(|_| matches!(fact, Fact::Authorized | Fact::Captured(_))),
        fact: Some(fact),
        failure: text(charge, "error_description").filter(|words| !words.is_empty()),
        ..Standing::default()
    }
}

/// A page of the tries begun since then of which money was taken. The list begins with the newest and is paged by count:
/// it is read up to one moment, so that nothing that comes in meanwhile moves it.
pub(super) async fn list(
    app: &App,
    since: Timestamp,
    after: Option<String>,
) -> std::result::Result<Listed, String> {
    let seconds = |at: Timestamp| at.ms() / 1000;
    let (to, skip): (i64, usize) = after
        .as_deref()
        .and_then(|after| after.split_once('+'))
        .and_then(|(to, skip)| Some((to.parse().ok()?, skip.parse().ok()?)))
        .unwrap_or_else(|| (seconds(app.clock().now()), 0));
    let from = seconds(since);
    let path = format!("/v1/payments?from={from}&to={to}&count={LISTED}&skip={skip}");
    let (status, body) = call(app, "GET", &path, Value::Null).await?;
    if status != 200 {
        return Err(format!("{status}: {}", words_of(&body)));
    }
    let tries = body["items"].as_array().ok_or("no list of payments")?;
    Ok(Listed {
        held: tries.iter().filter_map(held_by).collect(),
        next: (tries.len() == LISTED).then(|| format!("{to}+{}", skip + LISTED)),
    })
}

/// The money of a try, if it was taken.
fn held_by(charge: &Value) -> Option<Held> {
    let Some(Fact::Captured(amount)) = of_charge(charge).fact else {
        return None;
    };
    let back = charge["amount_refunded"].as_i64().and_then(Money::new);
    let name = text(charge, "id")?;
    Some(Held {
        refs: [Some(name.clone()), text(charge, "order_id")]
            .into_iter()
            .flatten()
            .collect(),
        name,
        currency: charge["currency"]
            .as_str()
            .and_then(|code| Currency::parse(code).ok()),
        kept: amount
            .checked_sub(back.unwrap_or(Money::ZERO))
            .unwrap_or(Money::ZERO),
        at: charge["created_at"]
            .as_i64()
            .map(|seconds| Timestamp::from_ms(seconds * 1000)),
    })
}

async fn call(app: &App, method: &'static str, path: &str, body: Value) -> Called {
    let settings = &app.config().payments;
    let secret = settings.secrets.razorpay_key.as_ref().map_or("", Secret::reveal);
    let pair = format!("{}:{secret}", settings.razorpay_key_id);
    let basic = base64::engine::general_purpose::STANDARD.encode(pair);
    let sending = Sending {
        method,
        url: format!("{}{path}", settings.razorpay_url.trim_end_matches('/')),
        headers: vec![
            ("authorization", format!("Basic {basic}")),
            ("content-type", "application/json".to_owned()),
        ],
        body: match body {
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        },
    };
    let reply = http::send(sending).await?;
    let body = serde_json::from_slice(&reply.body).map_err(|_| format!("{}: no JSON", reply.status))?;
    Ok((reply.status, body))
}

fn words_of(body: &Value) -> String {
    let words = body["error"]["description"]
        .as_str()
        .unwrap_or("no reason was given");
    words.chars().take(300).collect()
}

fn text(value: &Value, name: &str) -> Option<String> {
    value[name].as_str().map(str::to_owned)
}

fn refund_state(refund: &Value) -> RefundState {
    match refund["status"].as_str() {
        Some("processed") => RefundState::Succeeded,
        Some("failed") => RefundState::Failed,
        _ => RefundState::Pending,
    }
}

/// Holds the return of a browser to `hex HMAC-SHA256(key, …)`: over `order|payment`, and from the page of a link over
/// `link|reference|status|payment`.
pub(super) fn check_return(app: &App, payment: &Payment, back: &Return) -> Result<()> {
    let (Some(charge), Some(signature)) = (back.charge.as_deref(), back.signature.as_deref()) else {
        return Ok(());
    };
    let key = app.config().payments.secrets.razorpay_key.as_ref();
    let key = key.map_or("", Secret::reveal).as_bytes();
    let name = payment.provider_ref.as_deref().unwrap_or_default();
    let told = |text: &Option<String>| text.clone().unwrap_or_default();
    let signed = match name.starts_with("plink_") {
        true => format!("{name}|{}|{}|{charge}", told(&back.reference), told(&back.status)),
        false => format!("{name}|{charge}"),
    };
    signature::check_plain(&[key], Some(signature), signed.as_bytes())
}

/// Proves an event by `X-Razorpay-Signature`; without a name of its own, its digest is its name.
pub(super) fn prove(
    app: &App,
    header: Option<&str>,
    event_id: Option<String>,
    body: &[u8],
) -> Result<Signed> {
    let secrets = &app.config().payments.secrets;
    let known: Vec<&[u8]> = [&secrets.razorpay_webhook, &secrets.razorpay_webhook_former]
        .into_iter()
        .flatten()
        .map(|secret| secret.reveal().as_bytes())
        .collect();
    if known.is_empty() {
        return Err(Error::NotFound("webhook"));
    }
    signature::check_plain(&known, header, body)?;
    let read = Signed::of(body, "", "event");
    Ok(Signed {
        event_id: event_id
            .filter(|id| !id.is_empty() && id.len() <= 255)
            .unwrap_or(read.event_id),
        kind: read.kind,
    })
}

/// Reads an event: of this account alone.
pub(super) fn read(app: &App, bytes: &[u8]) -> std::result::Result<Heard, Trouble> {
    let event: Value =
        serde_json::from_slice(bytes).map_err(|cause| Trouble::Unreadable(cause.to_string()))?;
    let account = &app.config().payments.razorpay_account;
    if !account.is_empty() && event["account_id"].as_str().is_some_and(|told| told != account) {
        return Err(Trouble::Mismatch("account"));
    }
    let kind = event["event"].as_str().unwrap_or_default();
    let entity = |noun: &str| &event["payload"][noun]["entity"];
    let charge = entity("payment");
    match kind {
        "payment.authorized" | "payment.captured" | "payment.failed" => heard(kind, charge, &Value::Null),
        "order.paid" => heard("payment.captured", charge, entity("order")),
        "payment_link.paid" => heard("payment.captured", charge, entity("payment_link")),
        "payment_link.cancelled" | "payment_link.expired" => heard(
            "payment_link.cancelled",
            entity("payment_link"),
            entity("payment_link"),
        ),
        "refund.created" | "refund.processed" | "refund.failed" => of_refund(kind, entity("refund")),
        kind if kind.starts_with("payment.dispute.") => {
            Ok(Heard::Dispute(text(charge, "id").into_iter().collect()))
        }
        _ => Ok(Heard::Nothing),
    }
}

fn wanting(what: &str) -> Trouble {
    Trouble::Unreadable(format!("no {what}"))
}

/// The currency of a payment: its own word, else that of the order or the link that is told with it. Of payments by bank,
/// UPI and wallet Razorpay tells an empty one; then there is none, and the amount must do. What it leaves out, or tells
/// twice and differently, it has not told.
fn currency(object: &Value, of: &Value) -> std::result::Result<String, Trouble> {
    let own = object["currency"].as_str().ok_or(Trouble::Mismatch("currency"))?;
    let whole = of["currency"].as_str().unwrap_or_default();
    match (own, whole) {
        ("", whole) => Ok(whole.to_owned()),
        (own, whole) if whole.is_empty() || own.eq_ignore_ascii_case(whole) => Ok(own.to_owned()),
        _ => Err(Trouble::Mismatch("currency")),
    }
}

/// News of a payment, known by its own names and by that of the order or the link that is told with it.
fn heard(kind: &str, object: &Value, of: &Value) -> std::result::Result<Heard, Trouble> {
    let amount = object["amount"].as_i64().ok_or_else(|| wanting("amount"))?;
    let fact = match kind {
        "payment.captured" => Fact::Captured(Money::new(amount).ok_or(Trouble::Mismatch("amount"))?),
        "payment.authorized" => Fact::Authorized,
        "payment.failed" => Fact::Failed,
        _ => Fact::Voided,
    };
    let charge = text(object, "id").filter(|id| id.starts_with("pay_"));
    let refs = [text(of, "id"), text(object, "order_id"), charge.clone()];
    Ok(Heard::Payment(PaymentHeard {
        refs: refs.into_iter().flatten().collect(),
        // A try that failed is not what the money is in.
        charge_ref: charge.filter(|_| fact != Fact::Failed),
        fact,
        amount,
        currency: currency(object, of)?,
        payment: None,
        order: None,
        failure: text(object, "error_description").filter(|words| !words.is_empty()),
    }))
}

fn of_refund(kind: &str, refund: &Value) -> std::result::Result<Heard, Trouble> {
    Ok(Heard::Refund(RefundHeard {
        refs: text(refund, "payment_id").into_iter().collect(),
        refund_ref: text(refund, "id").ok_or_else(|| wanting("id"))?,
        refund: refund["notes"]["till_refund"]
            .as_str()
            .and_then(|id| id.parse().ok()),
        amount: refund["amount"].as_i64().ok_or_else(|| wanting("amount"))?,
        currency: text(refund, "currency").unwrap_or_default(),
        state: match kind {
            "refund.failed" => RefundState::Failed,
            _ => refund_state(refund),
        },
    }))
}
