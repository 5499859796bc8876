//! Orders: a request with a key happens once.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;

const ORDERS: &str = "/api/v1/orders";

fn shop() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100_000);
    app.product("POT", "30.00", 100_000);
    app
}

fn body() -> Value {
    json!({
        "items": [{ "sku": "MUG", "quantity": 2, "price": "4.50" }], "email": "a@shop.test", "note": "Ring twice.",
        "customer_id": 1, "total_price": "9.00", "payment_method": "manual",
        "shipping_address": { "name": "Ann", "line1": "1 Road", "city": "Rye", "postcode": "TN31", "country": "GB" },
        "billing_address": { "name": "Ann", "line1": "1 Road", "city": "Rye", "postcode": "TN31", "country": "GB" },
    })
}

fn place(app: &TestApp, who: &str, key: &str, body: &Value) -> Answer {
    app.send("POST", who, ORDERS, &[("idempotency-key", key)], Some(body))
}

fn count(app: &TestApp, table: &str) -> i64 {
    let file = rusqlite::Connection::open(app.dir().join("till.db")).unwrap();
    file.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
        .unwrap()
}

/// IDM-01: twelve keys that are none, in the header and in the body; nothing happens.
#[test]
fn a_malformed_key_is_refused() {
    let app = shop();
    let long = "x".repeat(256);
    let keys = [
        "",
        " \t",
        "a\tb",
        "\u{e9}",
        "key\u{7f}",
        "a\u{1}b",
        &long,
        "clé",
        "鍵",
        "\u{0}",
        "a\u{200b}b",
        "x\u{1f}",
    ];
    for key in keys {
        let mut with = body();
        with["client_token"] = json!(key);
        if key.trim().is_empty() && !key.is_empty() {
            with["client_token"] = json!("a\nb");
        }
        let answer = app.post("ann", ORDERS, with);
        assert_eq!(
            (answer.status, answer.code()),
            (400, 2001),
            "{key:?}: {}",
            answer.body
        );
    }
    for key in ["", &long, "clé", "a\tb"] {
        let answer = place(&app, "ann", key, &body());
        assert_eq!(
            (answer.status, answer.code()),
            (400, 2001),
            "{key:?}: {}",
            answer.body
        );
    }
    let mut both = body();
    both["client_token"] = json!("one");
    let answer = place(&app, "ann", "another", &both);
    assert_eq!((answer.status, answer.code()), (400, 2001));
    assert_eq!(count(&app, "orders"), 0);
}

/// IDM-06, IDM-07: the same bytes again, the header says so, the key of an order never ends, in either place.
#[test]
fn a_request_that_comes_again_gets_the_same_order() {
    let app = shop();
    let first = place(&app, "ann", "key-1", &body());
    assert_eq!(first.status, 201, "{}", first.body);
    assert_eq!(first.header("idempotent-replayed"), None);
    let mut token = body();
    token["client_token"] = json!("key-1");
    for _ in 0..3 {
        for again in [
            place(&app, "ann", "key-1", &body()),
            app.post("ann", ORDERS, token.clone()),
        ] {
            assert_eq!((again.status, &again.body), (201, &first.body));
            assert_eq!(again.header("idempotent-replayed"), Some("true"));
        }
        app.clock.pass(60_000);
    }
    let short = app.send(
        "POST",
        "ann",
        "/api/orders",
        &[("idempotency-key", "key-1")],
        Some(&body()),
    );
    assert_eq!(short.body, first.body);
    assert_eq!((count(&app, "orders"), count(&app, "idempotency")), (1, 1));
}

/// IDM-06: a thousand times the same bytes.
#[test]
fn a_thousand_replays_tell_the_same() {
    let app = shop();
    let firsts: Vec<Answer> = (0..20)
        .map(|number| place(&app, "ann", &format!("key-{number}"), &body()))
        .collect();
    for _ in 0..50 {
        for (number, first) in firsts.iter().enumerate() {
            let again = place(&app, "ann", &format!("key-{number}"), &body());
            assert_eq!((again.status, &again.body), (201, &first.body));
            assert_eq!(again.header("idempotent-replayed"), Some("true"));
        }
    }
    assert_eq!(count(&app, "orders"), 20);
}

const HOUR: i64 = 3_600_000;

/// IDM-07: a retry after a day, after the three days that other keys are kept, and after a year finds the order.
#[test]
fn the_key_of_an_order_never_ends() {
    let app = shop();
    let first = place(&app, "ann", "key-1", &body());
    assert_eq!(first.status, 201, "{}", first.body);
    let mut token = body();
    token["client_token"] = json!("key-1");
    let mut other = body();
    other["note"] = json!("Ring once.");
    let mut age = 0;
    for hours in [25, 73, 365 * 24, 20 * 365 * 24] {
        app.clock.pass((hours - age) * HOUR);
        age = hours;
        app.forget_tokens();
        app.derive();
        for again in [
            place(&app, "ann", "key-1", &body()),
            app.post("ann", ORDERS, token.clone()),
        ] {
            assert_eq!((again.status, &again.body), (201, &first.body), "{hours} h");
            assert_eq!(again.header("idempotent-replayed"), Some("true"), "{hours} h");
        }
        let reused = place(&app, "ann", "key-1", &other);
        assert_eq!((reused.status, reused.code()), (422, 3003), "{hours} h");
        assert_eq!(count(&app, "orders"), 1, "{hours} h");
        assert_eq!(
            app.number("SELECT sum(quantity) FROM order_lines"),
            2,
            "{hours} h"
        );
    }
}

/// IDM-07: every other key is known for 24 hours at least; ours for 72.
#[test]
fn the_key_of_anything_else_is_known_for_three_days() {
    let app = shop();
    assert_eq!(place(&app, "ann", "order", &body()).status, 201);
    let requests = [
        (
            "/api/v1/products",
            json!({ "name": "Jug", "sku": "JUG", "price": "1.00" }),
        ),
        (
            "/api/v1/stock/adjustments",
            json!({ "sku": "MUG", "delta": 1, "reason": "restock" }),
        ),
        ("/api/v1/orders/1/notes", json!({ "note": "as agreed" })),
        ("/api/v1/orders/1/cancel", json!({})),
    ];
    let send =
        |path: &str, body: &Value| app.send("POST", "owner", path, &[("idempotency-key", path)], Some(body));
    let first = requests.clone().map(|(path, body)| send(path, &body));
    let rows = |app: &TestApp| {
        ["products", "stock_movements", "order_changes", "events"].map(|table| count(app, table))
    };
    let before = rows(&app);
    let mut age = 0;
    for hours in [24, 25, 71] {
        app.clock.pass((hours - age) * HOUR);
        age = hours;
        app.forget_tokens();
        for ((path, body), first) in requests.iter().zip(&first) {
            let again = send(path, body);
            assert_eq!(again.status, first.status, "{path} {hours} h: {}", again.body);
            assert_eq!(
                again.header("idempotent-replayed"),
                Some("true"),
                "{path} {hours} h"
            );
            assert_eq!(again.json()["id"], first.json()["id"], "{path} {hours} h");
        }
    }
    assert_eq!(rows(&app), before);
}

/// IDM-03: each field changed once is another request: 422, and nothing is done.
#[test]
fn a_key_stands_for_one_body() {
    let app = shop();
    assert_eq!(place(&app, "ann", "key-1", &body()).status, 201);
    let changes: [(&str, Value); 9] = [
        ("/items/0/sku", json!("POT")),
        ("/items/0/quantity", json!(3)),
        ("/items/0/price", json!("4.51")),
        ("/email", json!("b@shop.test")),
        ("/note", json!("Ring once.")),
        ("/customer_id", json!(2)),
        ("/total_price", json!("9.01")),
        ("/shipping_address/line1", json!("2 Road")),
        ("/billing_address/city", json!("Hythe")),
    ];
    for (field, value) in changes {
        let mut other = body();
        *other.pointer_mut(field).unwrap() = value;
        let answer = place(&app, "ann", "key-1", &other);
        assert_eq!(
            (answer.status, answer.code()),
            (422, 3003),
            "{field}: {}",
            answer.body
        );
    }
    for same in [json!(9), json!("9"), json!("9.0")] {
        let mut other = body();
        other["total_price"] = same;
        assert_eq!(place(&app, "ann", "key-1", &other).status, 201);
    }
    assert_eq!(
        (count(&app, "orders"), count(&app, "events WHERE type = 1")),
        (1, 1)
    );
}

/// IDM-02, defect 7: the same key of another caller is another key and leaks nothing.
#[test]
fn a_key_is_its_callers_own() {
    let app = shop();
    let mut plain = body();
    plain.as_object_mut().unwrap().remove("customer_id");
    let mut ids = std::collections::BTreeSet::new();
    for number in 0..50 {
        for who in ["ann", "ben"] {
            let placed = place(&app, who, &format!("key-{number}"), &plain);
            assert_eq!(placed.status, 201, "{}", placed.body);
            assert_eq!(placed.header("idempotent-replayed"), None);
            assert!(ids.insert(placed.json()["id"].as_i64().unwrap()));
        }
    }
    assert_eq!(count(&app, "orders"), 100);
}

/// IDM-06: a refusal is not remembered; the same key decides afresh.
#[test]
fn a_refusal_leaves_the_key_free() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 1);
    let two = json!({ "items": [{ "sku": "MUG", "quantity": 2 }] });
    let short = place(&app, "ann", "key-1", &two);
    assert_eq!((short.status, short.code()), (409, 6004));
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
    assert_eq!(place(&app, "ann", "key-1", &body).status, 201);
}

/// IDM-01: a cancellation with a key puts the goods back once.
#[test]
fn a_cancellation_happens_once() {
    let app = shop();
    assert_eq!(place(&app, "ann", "key-1", &body()).status, 201);
    let key = [("idempotency-key", "key-1")];
    let path = format!("{ORDERS}/1/cancel");
    let first = app.send("POST", "ann", &path, &key, Some(&json!({})));
    let again = app.send("POST", "ann", &path, &key, Some(&json!({})));
    assert_eq!((first.status, again.status), (200, 200), "{}", again.body);
    assert_eq!(first.body, again.body);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let other = app.send("POST", "ann", &path, &key, Some(&json!({ "reason": "Late." })));
    assert_eq!((other.status, other.code()), (422, 3003));
    assert_eq!(count(&app, "stock_movements WHERE delta = 2"), 1);
}

/// Sends the same order from many clients at once; how often it was made.
fn storm(app: &TestApp, clients: usize, key: &str) -> usize {
    let token = app.token("ann");
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let sent: Vec<_> = (0..clients)
            .map(|_| {
                scope.spawn(|| {
                    let key = [("idempotency-key", key)];
                    app.client()
                        .send("POST", ORDERS, token.as_deref(), &key, Some(&body()))
                })
            })
            .collect();
        sent.into_iter().map(|sent| sent.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    answers
        .iter()
        .filter(|answer| answer.header("idempotent-replayed").is_none())
        .count()
}

/// IDM-04: of twenty at once one is made, and all get it.
#[test]
fn twenty_clicks_are_one_order() {
    let app = shop();
    assert_eq!(storm(&app, 20, "key-1"), 1);
    assert_eq!(count(&app, "orders"), 1);
}

/// IDM-01: twenty double clicks are twenty orders.
#[test]
fn a_double_click_is_one_order() {
    let app = shop();
    for number in 0..20 {
        assert_eq!(storm(&app, 2, &format!("key-{number}")), 1);
    }
    assert_eq!(count(&app, "orders"), 20);
}

/// IDM-04
#[test]
#[ignore = "10,000 requests"]
fn fifty_clicks_on_two_hundred_keys_are_two_hundred_orders() {
    let app = shop();
    for number in 0..200 {
        assert_eq!(storm(&app, 50, &format!("key-{number}")), 1);
    }
    assert_eq!(count(&app, "orders"), 200);
}
