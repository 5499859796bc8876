//! Webhooks out: endpoints, and deliveries that arrive, wait, come again, and end.

use serde_json::Value;
use serde_json::json;
use till::worker::Outcome;

use crate::app::TestApp;
use crate::client::Answer;
use crate::sink::Sink;

pub const ENDPOINTS: &str = "/api/v1/webhooks/endpoints";
pub const DELIVERIES: &str = "/api/v1/webhooks/deliveries";
pub const SECOND: i64 = 1000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// A shop whose webhooks may go to this machine, with a mug to sell.
pub fn shop() -> TestApp {
    let app = TestApp::start_with(|config| {
        config.webhooks.allow_http = true;
        config.webhooks.allow_networks = vec!["127.0.0.0/8".parse().unwrap()];
    });
    app.product("MUG", "4.50", 1_000_000);
    app
}

/// An endpoint that is told of these; as it was told when it was made.
pub fn endpoint(app: &TestApp, url: &str, events: &[&str]) -> Value {
    let made = app.post("owner", ENDPOINTS, json!({ "url": url, "events": events }));
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()
}

pub fn order(app: &TestApp) -> i64 {
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
    let made = app.post("owner", "/api/v1/orders", body);
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()["id"].as_i64().unwrap()
}

pub fn step(app: &TestApp, order: i64, status: &str, version: i64) {
    let path = format!("/api/v1/orders/{order}/status");
    let moved = app.patch("owner", &path, json!({ "status": status, "version": version }));
    assert_eq!(moved.status, 200, "{}", moved.body);
}

/// Moves the clock on, past the life of tokens.
pub fn pass(app: &TestApp, ms: i64) {
    app.clock.pass(ms);
    app.forget_tokens();
}

pub fn deliveries(app: &TestApp, query: &str) -> Vec<Value> {
    let answer = app.get("owner", &format!("{DELIVERIES}?limit=200&{query}"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["data"].as_array().unwrap().clone()
}

pub fn statuses(app: &TestApp) -> Vec<String> {
    let all = deliveries(app, "");
    let names = all
        .iter()
        .rev()
        .map(|one| one["status"].as_str().unwrap().to_owned());
    names.collect()
}

fn at(endpoint: &Value, verb: &str) -> String {
    format!("{ENDPOINTS}/{}{verb}", endpoint["id"])
}

fn show(app: &TestApp, endpoint: &Value) -> Value {
    let answer = app.get("owner", &at(endpoint, ""));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// H11, OWH-01, OWH-03
#[test]
fn a_delivery_is_retried_until_it_is_accepted() {
    let (app, sink) = (shop(), Sink::start());
    sink.answer(500);
    endpoint(&app, &sink.url(), &["order.*"]);
    assert_eq!(
        app.deliver(),
        Outcome::NothingDue,
        "what was before it is not told"
    );
    order(&app);
    assert_eq!(app.deliver(), Outcome::Worked);
    assert_eq!(statuses(&app), ["failed"]);
    assert_eq!(app.deliver(), Outcome::NothingDue);
    pass(&app, 6 * SECOND);
    sink.answer(204);
    assert_eq!(app.deliver(), Outcome::Worked);
    assert_eq!(statuses(&app), ["delivered"]);
    let heard = sink.heard();
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[0].header("webhook-id"), heard[1].header("webhook-id"));
    assert_eq!(heard[1].kind(), "order.created");
    pass(&app, 30 * DAY);
    assert_eq!(app.deliver(), Outcome::NothingDue);
}

/// T13: what was sent and what came back, for who may see it.
#[test]
fn every_attempt_shows_its_request_and_its_response() {
    let (app, sink) = (shop(), Sink::start());
    endpoint(&app, &sink.url(), &["order.created"]);
    sink.say(|_| crate::sink::Say::Body(503, b"<p>down for a minute</p>".to_vec()));
    let id = order(&app);
    app.deliver();
    pass(&app, 6 * SECOND);
    sink.answer(202);
    app.deliver();
    let all = deliveries(&app, "");
    let one = app.get("owner", &format!("{DELIVERIES}/{}", all[0]["id"])).json();
    assert_eq!(one["status"], "delivered");
    assert_eq!(
        (&one["type"], &one["attempts"]),
        (&json!("order.created"), &json!(2))
    );
    let tries = one["tries"].as_array().unwrap();
    assert_eq!(tries[0]["status"], 503);
    assert_eq!(tries[0]["failure"], "status");
    assert_eq!(tries[0]["response"]["body"], "<p>down for a minute</p>");
    assert_eq!(
        (&tries[1]["status"], &tries[1]["failure"]),
        (&json!(202), &Value::Null)
    );
    let heard = sink.heard();
    for (one, heard) in tries.iter().zip(&heard) {
        assert_eq!(one["request"]["url"], sink.url());
        assert_eq!(one["request"]["body"], heard.body);
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            assert_eq!(one["request"]["headers"][name], heard.header(name), "{name}");
        }
    }
    let body = heard[0].json();
    assert_eq!(
        (&body["data"]["id"], &body["data"]["seq"]),
        (&json!(id), &json!(1))
    );
    assert!(
        heard[0].header("webhook-id").split('_').count() == 3 && !heard[0].header("webhook-id").contains('.')
    );
    assert_eq!(heard[0].header("content-type"), "application/json");
}

/// OWH-06: one after the other of one order; others do not wait.
#[test]
fn what_is_about_one_order_arrives_in_order() {
    let (app, sink) = (shop(), Sink::start());
    endpoint(&app, &sink.url(), &["order.*"]);
    sink.answer(500);
    let first = order(&app);
    step(&app, first, "processing", 1);
    step(&app, first, "shipped", 2);
    app.deliver();
    assert_eq!(statuses(&app), ["failed", "waiting", "waiting"]);
    assert_eq!(sink.heard().len(), 1, "the others have not been sent");
    sink.answer(204);
    order(&app);
    app.deliver();
    assert_eq!(statuses(&app), ["failed", "waiting", "waiting", "delivered"]);
    pass(&app, 6 * SECOND);
    sink.take();
    app.deliver();
    let seqs: Vec<Value> = sink
        .heard()
        .iter()
        .map(|heard| heard.json()["data"]["seq"].clone())
        .collect();
    // The third told of its parcel, which nobody here has asked for.
    assert_eq!(seqs, [1, 2, 4]);
    assert_eq!(statuses(&app), ["delivered"; 4]);
}

/// OWH-07
#[test]
fn what_is_dead_is_sent_again_alone_or_with_all_that_failed() {
    let (app, sink) = (shop(), Sink::start());
    let made = endpoint(&app, &sink.url(), &["order.*"]);
    sink.answer(500);
    for _ in 0..3 {
        order(&app);
    }
    while app.deliver() == Outcome::Worked || statuses(&app) != ["dead"; 3] {
        pass(&app, HOUR);
    }
    let ids: Vec<String> = sink
        .heard()
        .iter()
        .map(|heard| heard.header("webhook-id").to_owned())
        .collect();
    assert_eq!(ids.len(), 30, "ten attempts each");
    sink.take();
    sink.answer(204);
    let dead = deliveries(&app, "status=dead");
    let retried = app.post(
        "owner",
        &format!("{DELIVERIES}/{}/retry", dead[2]["id"]),
        json!({}),
    );
    assert_eq!(retried.json()["status"], "pending", "{}", retried.body);
    app.deliver();
    assert_eq!(statuses(&app), ["delivered", "dead", "dead"]);
    let since = app.post(
        "owner",
        &at(&made, "/replay"),
        json!({ "failed_since": "2026-03-01" }),
    );
    assert_eq!(since.status, 202, "{}", since.body);
    app.deliver();
    assert_eq!(statuses(&app), ["delivered"; 3]);
    assert_eq!(sink.heard().len(), 3);
    assert!(
        sink.heard()
            .iter()
            .all(|heard| ids.contains(&heard.header("webhook-id").to_owned()))
    );
    let all = json!({ "from": "2026-03-01", "to": "2026-03-01" });
    assert_eq!(app.post("owner", &at(&made, "/replay"), all).status, 202);
    sink.take();
    app.deliver();
    let orders: Vec<Value> = sink
        .heard()
        .iter()
        .map(|heard| heard.json()["data"]["id"].clone())
        .collect();
    assert_eq!(orders.len(), 3, "also what was delivered");
}

/// OWH-04
#[test]
fn who_says_gone_is_turned_off_and_its_owners_hear_of_it() {
    let (app, sink) = (shop(), Sink::start());
    let made = endpoint(&app, &sink.url(), &["order.*"]);
    sink.answer(410);
    let first = order(&app);
    step(&app, first, "processing", 1);
    app.deliver();
    let off = show(&app, &made);
    assert_eq!(
        (&off["state"], &off["off_reason"]),
        (&json!("off"), &json!("gone"))
    );
    app.deliver();
    assert_eq!(statuses(&app), ["dead", "dead"]);
    assert_eq!(sink.heard().len(), 1);
    assert_eq!(app.number("SELECT count(*) FROM mails WHERE template = 30"), 1);
    order(&app);
    app.deliver();
    assert_eq!(statuses(&app).len(), 2, "nothing is gathered for it");
    let refused = app.post("owner", &at(&made, "/test"), json!({}));
    assert_eq!((refused.status, refused.code()), (409, 6003));
    sink.answer(204);
    let on = json!({ "enabled": true, "version": off["version"] });
    assert_eq!(app.patch("owner", &at(&made, ""), on).json()["state"], "on");
    app.deliver();
    assert_eq!(sink.heard().len(), 1, "it begins at the newest event");
    let gap = json!({ "failed_since": "2026-03-01" });
    assert_eq!(app.post("owner", &at(&made, "/replay"), gap).status, 202);
    app.deliver();
    assert_eq!(statuses(&app), ["delivered"; 3], "and the gap is filled");
}

/// T13
#[test]
fn a_paused_endpoint_gathers_and_a_test_goes_to_one_alone() {
    let (app, sink, other) = (shop(), Sink::start(), Sink::start());
    let made = endpoint(&app, &sink.url(), &["order.*"]);
    endpoint(&app, &other.url(), &["order.*"]);
    let tested = app.post("owner", &at(&made, "/test"), json!({}));
    assert_eq!(tested.status, 201, "{}", tested.body);
    app.deliver();
    assert_eq!(sink.take()[0].kind(), "webhook.test");
    assert!(other.take().is_empty());
    let feed = app.get("owner", "/api/v1/events?after=0").body;
    assert!(!feed.contains("webhook.test"), "the feed does not tell of it");
    assert_eq!(
        app.post("owner", &at(&made, "/pause"), json!({})).json()["state"],
        "paused"
    );
    order(&app);
    app.deliver();
    assert!(sink.heard().is_empty() && other.heard().len() == 1);
    assert_eq!(show(&app, &made)["unfinished"], 1);
    assert_eq!(
        app.post("owner", &at(&made, "/resume"), json!({})).json()["state"],
        "on"
    );
    app.deliver();
    assert_eq!(sink.heard().len(), 1);
}

fn is_told_no_secret(answer: &Answer) -> bool {
    !answer.body.contains("whsec_") && !answer.body.contains("secret\":")
}

/// T13, D3, D7
#[test]
fn an_endpoint_is_made_changed_and_deleted() {
    let app = shop();
    let body = json!({ "url": "https://hooks.example/a?b=c", "events": ["order.*", "product.created"], "description": " Stock " });
    let key = [("idempotency-key", "k-1")];
    let made = app.send("POST", "owner", ENDPOINTS, &key, Some(&body));
    assert_eq!(made.status, 201, "{}", made.body);
    let endpoint = made.json();
    assert!(endpoint["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!(endpoint["description"], "Stock");
    let again = app.send("POST", "owner", ENDPOINTS, &key, Some(&body));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert!(is_told_no_secret(&again), "it is told once: {}", again.body);
    let listed = app.get("owner", ENDPOINTS);
    assert!(is_told_no_secret(&listed) && listed.json()["total"] == 1);
    let path = at(&endpoint, "");
    assert_eq!(
        app.patch("owner", &path, json!({ "enabled": false })).code(),
        2003
    );
    let stale = app.patch("owner", &path, json!({ "enabled": false, "version": 7 }));
    assert_eq!((stale.status, stale.code()), (412, 3003));
    let changed = app.patch(
        "owner",
        &path,
        json!({ "events": ["*"], "description": null, "version": 1 }),
    );
    assert_eq!(
        (&changed.json()["version"], &changed.json()["events"]),
        (&json!(2), &json!(["*"]))
    );
    assert_eq!(changed.json()["description"], Value::Null);
    let odd = json!({ "url": "ftp://hooks.example", "events": ["order.flown"], "version": 2 });
    let faults = app.patch("owner", &path, odd).json();
    assert_eq!(faults["error"]["fields"].as_array().unwrap().len(), 2);
    assert_eq!(app.send("DELETE", "owner", &path, &[], None).status, 204);
    assert_eq!(app.get("owner", &path).status, 410);
    assert_eq!(app.get("owner", ENDPOINTS).json()["total"], 0);
}
