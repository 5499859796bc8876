//! A receiver that is away for an hour, and one that is away for too long: in the end it has heard everything.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::sink::Heard;
use crate::sink::Sink;
use crate::webhooks::ENDPOINTS;
use crate::webhooks::HOUR;
use crate::webhooks::SECOND;
use crate::webhooks::endpoint;
use crate::webhooks::order;
use crate::webhooks::pass;
use crate::webhooks::shop;

fn at(app: &TestApp, status: i64) -> usize {
    let sql = format!("SELECT count(*) FROM deliveries WHERE status = {status}");
    usize::try_from(app.number(&sql)).unwrap()
}

/// The messages, and the orders that they tell of.
fn told(heard: &[Heard]) -> (BTreeSet<String>, BTreeSet<i64>) {
    let ids = heard.iter().map(|one| one.header("webhook-id").to_owned());
    let orders = heard.iter().map(|one| one.json()["data"]["id"].as_i64().unwrap());
    (ids.collect(), orders.collect())
}

fn outage(count: usize) {
    let (app, sink) = (shop(), Sink::start());
    let made = endpoint(&app, &sink.url(), &["order.*"]);
    sink.answer(503);
    for _ in 0..count {
        order(&app);
    }
    for _ in 0..120 {
        app.deliver();
        pass(&app, 31 * SECOND);
    }
    assert!(
        at(&app, 3) == 0 && sink.take().len() < 140,
        "it is asked by one at a time"
    );
    sink.answer(204);
    while at(&app, 3) < count {
        app.deliver();
        pass(&app, 31 * SECOND);
    }
    let (first, orders) = told(&sink.take());
    assert_eq!((first.len(), orders.len()), (count, count));
    // Away for five days: what waits is given up.
    sink.answer(503);
    for _ in 0..count {
        order(&app);
    }
    let path = format!("{ENDPOINTS}/{}", made["id"]);
    let state = || app.get("owner", &path).json();
    while state()["state"] == "on" {
        app.deliver();
        pass(&app, HOUR);
    }
    app.fan_out();
    assert_eq!(at(&app, 4), count);
    sink.take();
    sink.answer(204);
    let on = json!({ "enabled": true, "version": state()["version"] });
    assert_eq!(app.patch("owner", &path, on).status, 200);
    let since = json!({ "failed_since": "2026-03-01" });
    assert_eq!(app.post("owner", &format!("{path}/replay"), since).status, 202);
    app.deliver();
    let heard = sink.take();
    let (second, orders) = told(&heard);
    assert_eq!((heard.len(), second.len(), orders.len()), (count, count, count));
    assert!(second.is_disjoint(&first) && at(&app, 3) == 2 * count);
    assert_eq!(state()["failing_since"], Value::Null);
}

/// OWH-07
#[test]
fn after_an_outage_everything_arrives() {
    outage(60);
}

/// OWH-07
#[test]
#[ignore = "nightly: half a minute: cargo test --test it -- --ignored webhooks_outage"]
fn after_an_outage_of_five_thousand_events_everything_arrives() {
    outage(5_000);
}
