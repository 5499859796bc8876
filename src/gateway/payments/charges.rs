//! The money that Stripe has taken, by its own list of charges.

use serde_json::Value;

use crate::app::App;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::reconciliation::Held;
use crate::domain::reconciliation::Listed;
use crate::domain::time::Timestamp;
use crate::gateway::payments::stripe::Fields;
use crate::gateway::payments::stripe::call;
use crate::gateway::payments::stripe::refs;
use crate::gateway::payments::stripe::text;
use crate::gateway::payments::stripe::words_of;
use crate::gateway::payments::units;

/// How much of the list comes at once: a page of a hundred is some hundreds of kilobytes.
const LISTED: usize = 100;

/// A page of the charges made since then.
pub(super) async fn list(
    app: &App,
    since: Timestamp,
    after: Option<String>,
) -> std::result::Result<Listed, String> {
    let path = format!("/v1/charges?{}", charges_since(since, after.as_deref()));
    let body = match call(app, "GET", &path, Fields::new(), None).await? {
        (200, body) => body,
        (status, body) => return Err(format!("{status}: {}", words_of(&body))),
    };
    let charges = body["data"].as_array().ok_or("no list of charges")?;
    let last = charges.last().and_then(|charge| text(charge, "id"));
    Ok(Listed {
        held: charges.iter().filter_map(held_by).collect(),
        next: last.filter(|_| body["has_more"] == true),
    })
}

fn charges_since(since: Timestamp, after: Option<&str>) -> String {
    let mut asked = form_urlencoded::Serializer::new(String::new());
    asked.append_pair("limit", &LISTED.to_string());
    asked.append_pair("created[gt]", &(since.ms() / 1000).to_string());
    if let Some(after) = after {
        asked.append_pair("starting_after", after);
    }
    asked.finish()
}

/// The money of a charge that has been taken. Of a part that was taken the rest counts as given back there.
fn held_by(charge: &Value) -> Option<Held> {
    if charge["status"] != "succeeded" || charge["captured"] != true {
        return None;
    }
    let currency = charge["currency"]
        .as_str()
        .and_then(|code| Currency::parse(code).ok());
    let amount = |name: &str| units::from_stripe(charge[name].as_i64()?, currency?);
    let back = amount("amount_refunded").unwrap_or(Money::ZERO);
    let name = text(charge, "payment_intent").or_else(|| text(charge, "id"))?;
    Some(Held {
        refs: refs(charge).into_iter().chain(text(charge, "id")).collect(),
        name,
        currency,
        kept: amount("amount")
            .and_then(|whole| whole.checked_sub(back))
            .unwrap_or(Money::ZERO),
        at: charge["created"]
            .as_i64()
            .map(|seconds| Timestamp::from_ms(seconds * 1000)),
    })
}
