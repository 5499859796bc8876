//! Stripe: PaymentIntents by API, a Checkout Session where the shopper is sent to its page, refunds, and its events.

use serde_json::Value;

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
use crate::domain::payment::Standing;
use crate::domain::refund::RefundState;
use crate::error::Error;
use crate::error::Result;
use crate::gateway::http;
use crate::gateway::http::Sending;
use crate::gateway::payments::Signed;
use crate::gateway::payments::refunds;
use crate::gateway::payments::signature;
use crate::gateway::payments::units;
use crate::shop::payments;

/// The shapes that are read here are those of this version.
const VERSION: &str = "2022-11-15";

pub(super) type Fields = Vec<(&'static str, String)>;

/// Whether the shop is set up for it.
pub(super) fn is_there(app: &App) -> bool {
    app.config().payments.secrets.stripe_key.is_some()
}

/// Asks it.
pub(super) async fn ask(app: &App, asked: &Asked) -> Answer {
    let payment = &asked.payment;
    let name = payment.provider_ref.as_deref().unwrap_or_default();
    let intent = match name.starts_with("cs_") {
        true => payment.charge_ref.as_deref().unwrap_or_default(),
        false => name,
    };
    if asked.op == Op::Refund && asked.is_stale {
        match refunds::made(app, asked, intent).await {
            Err(words) => return Answer::Unclear(words),
            Ok(Some(made)) => return Answer::Done(Box::new(answered(app, asked, &made))),
            Ok(None) => {}
        }
    }
    let Some((path, fields)) = asked_at(app, asked, name, intent) else {
        return Answer::Refused("It was never made.".to_owned(), Box::default());
    };
    match call(app, "POST", &path, fields, Some(&asked.key)).await {
        Err(words) => Answer::Unclear(words),
        Ok((200..300, body)) => Answer::Done(Box::new(answered(app, asked, &body))),
        Ok((402, body)) => {
            let words = words_of(&body);
            let standing = Standing {
                fact: (asked.op != Op::Refund).then_some(Fact::Failed),
                failure: Some(words.clone()),
                ..Standing::default()
            };
            Answer::Refused(words, Box::new(standing))
        }
        Ok((status @ (400 | 404), body)) => refused(app, asked, status, &body).await,
        Ok((status, body)) => Answer::Unclear(format!("{status}: {}", words_of(&body))),
    }
}

/// Where it is asked, and what; nowhere if there is nothing to give up.
fn asked_at(app: &App, asked: &Asked, name: &str, intent: &str) -> Option<(String, Fields)> {
    let payment = &asked.payment;
    let of_intent = |verb: &str| format!("/v1/payment_intents/{intent}/{verb}");
    Some(match asked.op {
        Op::Create if payment.token.is_none() && payment.return_url.is_some() => {
            ("/v1/checkout/sessions".to_owned(), page(app, asked))
        }
        Op::Create => ("/v1/payment_intents".to_owned(), intent_fields(asked)),
        Op::Confirm => (of_intent("confirm"), Fields::new()),
        Op::Capture => (of_intent("capture"), captured(asked)),
        Op::Void if name.is_empty() => return None,
        Op::Void if intent.is_empty() => (format!("/v1/checkout/sessions/{name}/expire"), Fields::new()),
        Op::Void => (of_intent("cancel"), Fields::new()),
        Op::Refund => ("/v1/refunds".to_owned(), refund_fields(asked, intent)),
    })
}

/// What was refused may have been done before, or become impossible: where it stands says which.
async fn refused(app: &App, asked: &Asked, status: u16, body: &Value) -> Answer {
    let words = format!("{status}: {}", words_of(body));
    let Some(name) = &asked.payment.provider_ref else {
        return Answer::Refused(words, Box::default());
    };
    match look(app, name).await {
        Err(words) => Answer::Unclear(words),
        Ok(standing) => {
            let wanted = match asked.op {
                Op::Void => matches!(standing.fact, Some(Fact::Voided | Fact::Captured(_))),
                Op::Capture => matches!(standing.fact, Some(Fact::Captured(_))),
                _ => false,
            };
            match wanted {
                true => Answer::Done(Box::new(standing)),
                false => Answer::Refused(words, Box::new(standing)),
            }
        }
    }
}

fn intent_fields(asked: &Asked) -> Fields {
    let payment = &asked.payment;
    let mut fields = vec![
        (
            "amount",
            units::stripe(payment.amount, payment.currency).to_string(),
        ),
        ("currency", payment.currency.as_str().to_ascii_lowercase()),
        ("capture_method", capture_method(payment).to_owned()),
        ("metadata[till_payment]", payment.id.to_string()),
        ("metadata[till_order]", payment.order.to_string()),
    ];
    if let Some(token) = &payment.token {
        fields.push(("payment_method", token.clone()));
    }
    fields
}

fn capture_method(payment: &Payment) -> &'static str {
    match payment.at_once {
        true => "automatic",
        false => "manual",
    }
}

fn page(app: &App, asked: &Asked) -> Fields {
    let payment = &asked.payment;
    let back = match payment.return_url.as_deref() {
        Some(path) if path.starts_with('/') => format!("{}{path}", app.config().server.public_url()),
        Some(url) => url.to_owned(),
        None => app.config().server.public_url(),
    };
    vec![
        ("mode", "payment".to_owned()),
        ("success_url", back.clone()),
        ("cancel_url", back),
        ("client_reference_id", payment.order.to_string()),
        ("line_items[0][quantity]", "1".to_owned()),
        (
            "line_items[0][price_data][currency]",
            payment.currency.as_str().to_ascii_lowercase(),
        ),
        (
            "line_items[0][price_data][unit_amount]",
            units::stripe(payment.amount, payment.currency).to_string(),
        ),
        (
            "line_items[0][price_data][product_data][name]",
            format!("Order {}", asked.number),
        ),
        (
            "payment_intent_data[capture_method]",
            capture_method(payment).to_owned(),
        ),
        ("metadata[till_payment]", payment.id.to_string()),
    ]
}

fn captured(asked: &Asked) -> Fields {
    let amount = asked
        .amount
        .map(|amount| units::stripe(amount, asked.payment.currency));
    amount
        .map(|amount| ("amount_to_capture", amount.to_string()))
        .into_iter()
        .collect()
}

fn refund_fields(asked: &Asked, intent: &str) -> Fields {
    let amount = asked.refund.as_ref().map_or(Money::ZERO, |refund| refund.amount);
    let id = asked.refund.as_ref().map_or(0, |refund| refund.id.0);
    vec![
        ("payment_intent", intent.to_owned()),
        (
            "amount",
            units::stripe(amount, asked.payment.currency).to_string(),
        ),
        ("metadata[till_refund]", id.to_string()),
    ]
}

/// What an answer says: of a payment, or of the refund that was asked for.
fn answered(app: &App, asked: &Asked, body: &Value) -> Standing {
    if asked.op == Op::Refund {
        let name = text(body, "id").unwrap_or_default();
        return Standing {
            refund: Some((name, refund_state(body))),
            ..Standing::default()
        };
    }
    let mut standing = standing(body);
    // What was taken of a part is told by the charge alone; it was asked for here.
    if asked.op == Op::Capture && body["status"] == "succeeded" {
        standing.fact = Some(Fact::Captured(asked.amount.unwrap_or(asked.payment.amount)));
    }
    if let Some(secret) = text(body, "client_secret").filter(|_| asked.op == Op::Create) {
        let place = payments::secret_place(asked.payment.id);
        standing.client_secret = app.keys().seal(place, secret.as_bytes()).ok();
    }
    standing
}

/// Where a payment stands, by the name that it has there.
pub(super) async fn look(app: &App, name: &str) -> std::result::Result<Standing, String> {
    let path = match name.starts_with("cs_") {
        true => format!("/v1/checkout/sessions/{name}"),
        false => format!("/v1/payment_intents/{name}"),
    };
    match call(app, "GET", &path, Fields::new(), None).await? {
        (200, body) => Ok(standing(&body)),
        (status, body) => Err(format!("{status}: {}", words_of(&body))),
    }
}

pub(super) async fn call(
    app: &App,
    method: &'static str,
    path: &str,
    fields: Fields,
    key: Option<&str>,
) -> std::result::Result<(u16, Value), String> {
    let settings = &app.config().payments;
    let secret = settings.secrets.stripe_key.as_ref().map_or("", Secret::reveal);
    let mut headers = vec![
        ("authorization", format!("Bearer {secret}")),
        ("stripe-version", VERSION.to_owned()),
    ];
    if method == "POST" {
        headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
    }
    headers.extend(key.map(|key| ("idempotency-key", key.to_owned())));
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let sending = Sending {
        method,
        url: format!("{}{path}", settings.stripe_url.trim_end_matches('/')),
        headers,
        body: body.into_bytes(),
    };
    let reply = http::send(sending).await?;
    let body = serde_json::from_slice(&reply.body).map_err(|_| format!("{}: no JSON", reply.status))?;
    Ok((reply.status, body))
}

pub(super) fn words_of(body: &Value) -> String {
    let words = body["error"]["message"].as_str().unwrap_or("no reason was given");
    words.chars().take(300).collect()
}

pub(super) fn text(value: &Value, name: &str) -> Option<String> {
    value[name].as_str().map(str::to_owned)
}

/// The amount as we count it; what cannot be read is nothing.
fn money(value: &Value, currency: &Value) -> Option<Money> {
    let currency = Currency::parse(currency.as_str()?).ok()?;
    units::from_stripe(value.as_i64()?, currency)
}

/// An intent, or a session with the intent in it.
fn standing(object: &Value) -> Standing {
    if object["object"] == "checkout.session" {
        let fact = match (object["status"].as_str(), object["payment_status"].as_str()) {
            (_, Some("paid")) => money(&object["amount_total"], &object["currency"]).map(Fact::Captured),
            (Some("expired"), _) => Some(Fact::Voided),
            _ => Some(Fact::RequiresAction),
        };
        return Standing {
            provider_ref: text(object, "id"),
            charge_ref: text(object, "payment_intent"),
            redirect_url: text(object, "url"),
            fact,
            ..Standing::default()
        };
    }
    Standing {
        provider_ref: text(object, "id"),
        redirect_url: object["next_action"]["redirect_to_url"]["url"]
            .as_str()
            .map(str::to_owned),
        fact: fact_of(object),
        failure: object["last_payment_error"]["message"]
            .as_str()
            .map(str::to_owned),
        ..Standing::default()
    }
}

fn fact_of(intent: &Value) -> Option<Fact> {
    Some(match intent["status"].as_str()? {
        "requires_capture" => Fact::Authorized,
        "canceled" => Fact::Voided,
        "requires_payment_method" if intent["last_payment_error"].is_object() => Fact::Failed,
        "succeeded" => Fact::Captured(taken(intent)?),
        _ => Fact::RequiresAction,
    })
}

/// What was taken: the intent says it, or its charge.
fn taken(intent: &Value) -> Option<Money> {
    let charge = &intent["charges"]["data"][0];
    let whole = match intent["capture_method"] == "manual" {
        true => &Value::Null,
        false => &intent["amount"],
    };
    let told = [&intent["amount_received"], &charge["amount_captured"], whole];
    let told = told
        .into_iter()
        .find(|amount| amount.as_i64().is_some_and(|amount| amount > 0))?;
    money(told, &intent["currency"])
}

fn refund_state(refund: &Value) -> RefundState {
    match refund["status"].as_str() {
        Some("succeeded") => RefundState::Succeeded,
        Some("failed" | "canceled") => RefundState::Failed,
        _ => RefundState::Pending,
    }
}

/// Proves an event by `Stripe-Signature`.
pub(super) fn prove(app: &App, header: Option<&str>, body: &[u8]) -> Result<Signed> {
    let secrets = &app.config().payments.secrets;
    let known: Vec<&[u8]> = [&secrets.stripe_webhook, &secrets.stripe_webhook_former]
        .into_iter()
        .flatten()
        .map(|secret| secret.reveal().as_bytes())
        .collect();
    if known.is_empty() {
        return Err(Error::NotFound("webhook"));
    }
    signature::check_timed(&known, header, body, app.clock().now())?;
    Ok(Signed::of(body, "id", "type"))
}

/// Reads an event: of this account and mode alone.
pub(super) fn read(app: &App, bytes: &[u8]) -> std::result::Result<Heard, Trouble> {
    let event: Value =
        serde_json::from_slice(bytes).map_err(|cause| Trouble::Unreadable(cause.to_string()))?;
    let settings = &app.config().payments;
    let key = settings.secrets.stripe_key.as_ref().map_or("", Secret::reveal);
    let is_live = key.starts_with("sk_live") || key.starts_with("rk_live");
    if event["livemode"].as_bool().is_some_and(|told| told != is_live) {
        return Err(Trouble::Mismatch("mode"));
    }
    if event["account"]
        .as_str()
        .is_some_and(|told| told != settings.stripe_account)
    {
        return Err(Trouble::Mismatch("account"));
    }
    let kind = event["type"].as_str().unwrap_or_default();
    let object = &event["data"]["object"];
    match kind.split('.').next() {
        Some("payment_intent") => of_intent(kind, object),
        Some("checkout") => of_session(kind, object),
        Some("refund") => of_refund(object),
        Some("charge") if kind.starts_with("charge.dispute.") => Ok(Heard::Dispute(refs(object))),
        Some("charge") if kind.starts_with("charge.refund.") => of_refund(object),
        // It tells of the newest refund only where it lists them.
        Some("charge") if kind == "charge.refunded" && object["refunds"]["data"][0].is_object() => {
            of_refund(&object["refunds"]["data"][0])
        }
        _ => Ok(Heard::Nothing),
    }
}

pub(super) fn refs(object: &Value) -> Vec<String> {
    [text(object, "payment_intent"), text(object, "charge")]
        .into_iter()
        .flatten()
        .collect()
}

fn wanting(what: &str) -> Trouble {
    Trouble::Unreadable(format!("no {what}"))
}

fn of_intent(kind: &str, intent: &Value) -> std::result::Result<Heard, Trouble> {
    let fact = match kind {
        // How much of a reserved payment was taken is told by the intent, or by the answer to whoever took it.
        "payment_intent.succeeded" if money(&intent["amount"], &intent["currency"]).is_none() => {
            return Err(Trouble::Mismatch("currency"));
        }
        "payment_intent.succeeded" => match taken(intent) {
            Some(amount) => Fact::Captured(amount),
            None => return Ok(Heard::Nothing),
        },
        "payment_intent.amount_capturable_updated" => Fact::Authorized,
        "payment_intent.payment_failed" => Fact::Failed,
        "payment_intent.canceled" => Fact::Voided,
        "payment_intent.created" | "payment_intent.processing" | "payment_intent.requires_action" => {
            Fact::RequiresAction
        }
        _ => return Ok(Heard::Nothing),
    };
    let failure = intent["last_payment_error"]["message"]
        .as_str()
        .map(str::to_owned);
    heard(intent, text(intent, "id"), None, fact, &intent["amount"], failure)
}

fn of_session(kind: &str, session: &Value) -> std::result::Result<Heard, Trouble> {
    let total = &session["amount_total"];
    let is_paid = session["payment_status"] == "paid";
    let fact = match kind {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" if is_paid => {
            Fact::Captured(money(total, &session["currency"]).ok_or_else(|| wanting("amount_total"))?)
        }
        "checkout.session.completed" => Fact::RequiresAction,
        "checkout.session.async_payment_failed" => Fact::Failed,
        "checkout.session.expired" => Fact::Voided,
        _ => return Ok(Heard::Nothing),
    };
    let intent = text(session, "payment_intent");
    heard(session, text(session, "id"), intent, fact, total, None)
}

fn heard(
    object: &Value,
    name: Option<String>,
    charge_ref: Option<String>,
    fact: Fact,
    amount: &Value,
    failure: Option<String>,
) -> std::result::Result<Heard, Trouble> {
    let amount = money(amount, &object["currency"]).ok_or(Trouble::Mismatch("currency"))?;
    Ok(Heard::Payment(PaymentHeard {
        refs: vec![name.ok_or_else(|| wanting("id"))?],
        charge_ref,
        fact,
        amount: amount.minor(),
        currency: text(object, "currency").unwrap_or_default(),
        payment: None,
        order: None,
        failure,
    }))
}

fn of_refund(refund: &Value) -> std::result::Result<Heard, Trouble> {
    let amount = money(&refund["amount"], &refund["currency"]).ok_or(Trouble::Mismatch("currency"))?;
    Ok(Heard::Refund(RefundHeard {
        refs: refs(refund),
        refund_ref: text(refund, "id").ok_or_else(|| wanting("id"))?,
        refund: refund["metadata"]["till_refund"]
            .as_str()
            .and_then(|id| id.parse().ok()),
        amount: amount.minor(),
        currency: text(refund, "currency").unwrap_or_default(),
        state: refund_state(refund),
    }))
}
