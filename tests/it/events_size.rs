//! However long an order is, and whatever its goods are called: what is told of it stays below 20,000 bytes, and says how
//! much it leaves out.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::sink::Sink;
use crate::webhooks::endpoint;
use crate::webhooks::shop;

const MOST: usize = 20_000;
const LINES: usize = 1000;
/// A product has so many variants at most.
const VARIANTS: usize = 100;

fn sku(at: usize) -> String {
    format!("{at:-<64}")
}

/// Goods for the longest order, called as long as goods may be, by letters of four bytes.
fn stocked() -> TestApp {
    let app = shop();
    for product in 0..LINES / VARIANTS {
        let variants: Vec<Value> = (0..VARIANTS)
            .map(|at| {
                let title = format!("{at:03}{}", "😀".repeat(97));
                json!({ "sku": sku(product * VARIANTS + at), "title": title, "price": "4.50", "quantity": 1_000_000 })
            })
            .collect();
        let body = json!({
            "name": "😀".repeat(255), "description": "é\"".repeat(10_000), "category": "😀".repeat(100),
            "variants": variants,
        });
        let made = app.post("owner", "/api/v1/products", body);
        assert_eq!(made.status, 201, "{}", made.body);
    }
    app
}

fn order(app: &TestApp, lines: usize) -> Value {
    let items: Vec<Value> = (0..lines)
        .map(|at| json!({ "sku": sku(at), "quantity": 1 }))
        .collect();
    let made = app.post("owner", "/api/v1/orders", json!({ "items": items }));
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()["id"].clone()
}

/// What was told of an order, by the type.
fn told(app: &TestApp, order: &Value, kind: &str) -> Value {
    let found = app
        .get("owner", &format!("/api/v1/events?type={kind}&limit=200"))
        .json();
    let events = found["data"].as_array().unwrap().clone();
    let is_of = |event: &&Value| event["data"]["id"] == *order || event["data"]["order_id"] == *order;
    events.iter().find(is_of).unwrap()["data"].clone()
}

/// The entries of a list that are told, and all there are.
fn counted(data: &Value, list: &str) -> (usize, usize) {
    let told = data[list].as_array().unwrap().len();
    let left = data[format!("{list}_left")].as_u64().unwrap_or(0);
    assert_eq!(data[format!("{list}_truncated")] == true, left > 0, "{list}");
    (told, told + usize::try_from(left).unwrap())
}

/// OWH-10
#[test]
fn no_event_is_too_large_for_a_webhook() {
    let (app, sink) = (stocked(), Sink::start());
    endpoint(&app, &sink.url(), &["*"]);
    let fits = |lines: usize| {
        let order = order(&app, lines);
        let data = told(&app, &order, "order.created");
        let (items, stock) = (counted(&data, "items"), counted(&data, "stock"));
        assert_eq!((items.1, stock.1), (lines, lines));
        assert!(
            items.0 >= lines.min(4) && stock.0 >= lines.min(80),
            "{lines}: {items:?} {stock:?}"
        );
        order
    };
    for lines in [1, 2, 5, 99, 100, 101] {
        fits(lines);
    }
    let config = ProptestConfig {
        cases: 6,
        max_shrink_iters: 0,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = TestRunner::new(config);
    runner
        .run(&(1..=LINES), |lines| {
            fits(lines);
            Ok(())
        })
        .unwrap();
    let (sent, canceled) = (fits(LINES), fits(LINES));
    for (status, version) in [("processing", 1), ("shipped", 2)] {
        let body = json!({ "status": status, "version": version });
        let moved = app.patch("owner", &format!("/api/v1/orders/{sent}/status"), body);
        assert_eq!(moved.status, 200, "{}", moved.body);
    }
    assert_eq!(counted(&told(&app, &sent, "shipment.created"), "items").1, LINES);
    let gone = app.post("owner", &format!("/api/v1/orders/{canceled}/cancel"), json!({}));
    assert_eq!(gone.status, 200, "{}", gone.body);
    assert_eq!(
        counted(&told(&app, &canceled, "order.canceled"), "stock").1,
        LINES
    );
    app.execute("UPDATE stock SET available = 0");
    let items: Vec<Value> = (0..LINES)
        .map(|at| json!({ "sku": sku(at), "quantity": 1 }))
        .collect();
    let refused = app.post("owner", "/api/v1/orders", json!({ "items": items }));
    assert_eq!(refused.status, 409, "{}", refused.body);
    let found = app.get("owner", "/api/v1/events?type=order.refused").json();
    assert_eq!(counted(&found["data"][0]["data"], "items").1, LINES);
    assert_all_fit(&app, &sink);
}

/// As they are kept, as they are sent, and as the feed tells them.
fn assert_all_fit(app: &TestApp, sink: &Sink) {
    let longest = app.number("SELECT max(length(CAST(data AS BLOB))) FROM events");
    assert!((15_000..MOST as i64).contains(&longest), "{longest}");
    app.deliver();
    let heard = sink.take();
    assert!(heard.len() > 10, "{}", heard.len());
    let longest = heard.iter().map(|heard| heard.body.len()).max().unwrap();
    assert!(longest < MOST, "{longest}");
    let feed = app.get("owner", "/api/v1/events?limit=200").json()["data"].clone();
    let longest = feed
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event.to_string().len())
        .max()
        .unwrap();
    assert!(longest < MOST, "{longest}");
}
