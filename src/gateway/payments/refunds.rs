//! The refunds that Stripe has made of an intent, by its own list: what was asked for so long ago that it may have forgotten
//! the key is looked for before it is asked for again, so that nobody is given the same money twice.

use serde_json::Value;

use crate::app::App;
use crate::domain::payment::Asked;
use crate::gateway::payments::stripe::Fields;
use crate::gateway::payments::stripe::call;
use crate::gateway::payments::stripe::text;
use crate::gateway::payments::stripe::words_of;

/// How much of the list comes at once: the most that it gives.
const LISTED: usize = 100;
/// No payment has more pages of refunds.
const MOST_PAGES: usize = 100;

/// The refund that an earlier try has made, if it got so far; in words why nobody can say.
pub(super) async fn made(
    app: &App,
    asked: &Asked,
    intent: &str,
) -> std::result::Result<Option<Value>, String> {
    let id = asked.refund.as_ref().map_or(0, |refund| refund.id.0).to_string();
    let mut after = None;
    for _ in 0..MOST_PAGES {
        let path = format!("/v1/refunds?{}", of_intent(intent, after.as_deref()));
        let body = match call(app, "GET", &path, Fields::new(), None).await? {
            (200, body) => body,
            (status, body) => return Err(format!("{status}: {}", words_of(&body))),
        };
        let refunds = body["data"].as_array().ok_or("no list of refunds")?;
        let ours = refunds
            .iter()
            .find(|refund| refund["metadata"]["till_refund"] == *id);
        if let Some(made) = ours {
            return Ok(Some(made.clone()));
        }
        after = refunds.last().and_then(|refund| text(refund, "id"));
        if body["has_more"] != true || after.is_none() {
            return Ok(None);
        }
    }
    Err("a list of refunds without an end".to_owned())
}

fn of_intent(intent: &str, after: Option<&str>) -> String {
    let mut asked = form_urlencoded::Serializer::new(String::new());
    asked.append_pair("payment_intent", intent);
    asked.append_pair("limit", &LISTED.to_string());
    if let Some(after) = after {
        asked.append_pair("starting_after", after);
    }
    asked.finish()
}
