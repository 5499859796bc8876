//! The feed: what happened, in the order of the commits, the same bytes for every reader.

use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use till::clock::Stopwatch;

use crate::app::TestApp;

fn order(app: &TestApp, who: &str, sku: &str) -> i64 {
    let body = json!({ "items": [{ "sku": sku, "quantity": 1 }] });
    let answer = app.post(who, "/api/v1/orders", body);
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["id"].as_i64().unwrap()
}

fn feed(app: &TestApp, query: &str) -> Value {
    let answer = app.get("staff", &format!("/api/v1/events?{query}"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

fn types(page: &Value) -> Vec<&str> {
    page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect()
}

/// H1, H2, OWH-01: each order has its event, in the order of the commits, and a reader resumes behind the last.
#[test]
fn a_reader_follows_the_feed_from_where_it_stopped() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let orders: Vec<i64> = (0..5).map(|_| order(&app, "ann", "MUG")).collect();
    let mut after = 0;
    let mut told = Vec::new();
    loop {
        let page = feed(&app, &format!("stream=orders&limit=2&after={after}"));
        let events = page["data"].as_array().unwrap();
        told.extend(events.iter().map(|event| event["data"]["id"].as_i64().unwrap()));
        if events.is_empty() {
            assert_eq!(
                page["next"], after,
                "the next of an empty page is the given after"
            );
            break;
        }
        after = page["next"].as_i64().unwrap();
        assert_eq!(events.last().unwrap()["id"], after);
    }
    assert_eq!(told, orders);
}

/// H1, H3: an order shows in its own stream and, with the stock it took, in the inventory's.
#[test]
fn an_order_is_told_in_both_of_its_streams() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 1);
    order(&app, "ann", "MUG");
    let short = json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
    assert_eq!(app.post("ann", "/api/v1/orders", short).code(), 6004);
    assert_eq!(
        types(&feed(&app, "stream=orders")),
        ["order.created", "order.refused"]
    );
    let inventory = feed(&app, "stream=inventory");
    assert_eq!(
        types(&inventory),
        ["product.created", "order.created", "order.refused"]
    );
    let stock = &inventory["data"][1]["data"]["stock"][0];
    assert_eq!(stock, &json!({ "sku": "MUG", "delta": -1, "available": 0 }));
    assert_eq!(types(&feed(&app, "type=order.refused")), ["order.refused"]);
    assert_eq!(types(&feed(&app, "type=order.created")), ["order.created"]);
    let people = feed(&app, "stream=customers&type=user.created");
    assert_eq!(types(&people), ["user.created", "user.created", "user.created"]);
    assert_eq!(types(&feed(&app, "stream=payments")), Vec::<&str>::new());
    assert_eq!(
        types(&feed(&app, "stream=payments&type=order.created")),
        Vec::<&str>::new()
    );
}

/// H8: what is told is what was kept, byte for byte, and holds nothing personal.
#[test]
fn every_reader_gets_the_bytes_that_were_kept() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let body = json!({
        "items": [{ "sku": "MUG", "quantity": 1 }], "email": "canary@shop.test", "note": "canary note",
    });
    assert_eq!(app.post("ann", "/api/v1/orders", body).status, 201);
    let db = rusqlite::Connection::open(app.dir().join("till.db")).unwrap();
    let kept: String = db
        .query_row("SELECT data FROM events WHERE type = 1", [], |row| row.get(0))
        .unwrap();
    let answer = app.get("staff", "/api/v1/events?type=order.created");
    assert!(answer.body.contains(&kept), "{}", answer.body);
    assert!(!answer.body.contains("canary"), "{}", answer.body);
    let event = &answer.json()["data"][0];
    assert_eq!(event["created_at"], "2026-03-01T12:00:00.000Z");
    assert_eq!(event["data"]["seq"], 1);
}

/// H2: a long poll ends when something happens, and after its time when nothing does.
#[test]
fn a_long_poll_waits_for_the_next_event() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    app.token("staff");
    app.token("ann");
    let started = Stopwatch::start();
    let nothing = feed(&app, "type=order.created&wait=1");
    assert_eq!(types(&nothing), Vec::<&str>::new());
    assert!(started.elapsed() >= Duration::from_secs(1));
    let started = Stopwatch::start();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| feed(&app, "type=order.created&wait=30"));
        order(&app, "ann", "MUG");
        assert_eq!(types(&waiting.join().unwrap()), ["order.created"]);
    });
    assert!(started.elapsed() < Duration::from_secs(20));
}

/// AZ-01, API.md *Events*
#[test]
fn the_feed_is_for_those_with_the_right_and_its_filters_are_checked() {
    let app = TestApp::start();
    for (who, query, status, code) in [
        ("nobody", "", 401, 1001),
        ("ann", "", 403, 1005),
        ("seller", "", 403, 1005),
        ("staff", "stream=weather", 400, 2002),
        ("staff", "type=order.dreamt", 400, 2002),
        ("staff", "limit=201", 400, 2002),
        ("staff", "limit=0", 400, 2002),
        ("staff", "wait=31", 400, 2002),
        ("staff", "wait=-1", 400, 2002),
        ("staff", "after=-1", 400, 2002),
        ("staff", "after=x", 400, 2002),
        ("staff", "colour=red", 400, 2002),
    ] {
        let answer = app.get(who, &format!("/api/v1/events?{query}"));
        assert_eq!(
            (answer.status, answer.code()),
            (status, code),
            "{who} {query}: {}",
            answer.body
        );
    }
}
