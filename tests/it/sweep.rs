//! What is over goes, and nothing that anybody can still use.

use serde_json::json;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn adjust(app: &TestApp, key: &str) -> Answer {
    let body = json!({ "sku": "MUG", "delta": 1, "reason": "restock" });
    let key = [("idempotency-key", key)];
    app.send("POST", "owner", "/api/v1/stock/adjustments", &key, Some(&body))
}

fn order(app: &TestApp, key: &str) -> Answer {
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
    let key = [("idempotency-key", key)];
    app.send("POST", "owner", "/api/v1/orders", &key, Some(&body))
}

fn is_again(answer: &Answer) -> bool {
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.header("idempotent-replayed").is_some()
}

/// K12, D3: a key is good for 72 hours, an order's for ever.
#[test]
fn a_key_is_forgotten_after_three_days_unless_it_made_an_order() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    assert!(!is_again(&adjust(&app, "k-1")));
    assert!(!is_again(&order(&app, "k-2")));
    app.clock.pass(71 * HOUR);
    app.forget_tokens();
    assert!(!is_again(&adjust(&app, "k-3")));
    app.sweep();
    assert!(is_again(&adjust(&app, "k-1")));
    app.clock.pass(2 * HOUR);
    app.forget_tokens();
    app.sweep();
    assert!(is_again(&order(&app, "k-2")));
    assert!(is_again(&adjust(&app, "k-3")));
    assert!(!is_again(&adjust(&app, "k-1")), "it happens once more");
    app.clock.pass(300 * DAY);
    app.forget_tokens();
    app.sweep();
    assert!(is_again(&order(&app, "k-2")));
    assert_eq!(
        app.number("SELECT count(*) FROM idempotency WHERE kind = 3"),
        1,
        "the newest row stays"
    );
}

fn come_in(app: &TestApp) -> String {
    let body = json!({ "username": "ann", "password": PASSWORD });
    let answer = app.post("nobody", "/api/v1/auth/login", body);
    answer.json()["refresh_token"].as_str().unwrap().to_owned()
}

fn refresh(app: &TestApp, token: &str) -> Answer {
    let body = json!({ "refresh_token": token });
    app.post("nobody", "/api/v1/auth/refresh-token", body)
}

fn successor(app: &TestApp, token: &str) -> String {
    let answer = refresh(app, token);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["refresh_token"].as_str().unwrap().to_owned()
}

/// K12, TOK-04: what has ended goes a week later; a session that lives keeps what betrays a thief.
#[test]
fn sessions_and_refresh_tokens_go_a_week_after_their_end() {
    let app = TestApp::start();
    app.token("ann");
    let out = app.post("ann", "/api/v1/auth/logout", json!({}));
    assert_eq!(out.status, 200, "{}", out.body);
    let first = come_in(&app);
    let second = successor(&app, &first);
    app.clock.pass(6 * DAY);
    let third = successor(&app, &second);
    app.sweep();
    assert_eq!(app.number("SELECT count(*) FROM sessions"), 2);
    app.clock.pass(2 * DAY);
    app.sweep();
    assert_eq!(
        app.number("SELECT count(*) FROM sessions"),
        1,
        "the one that was left"
    );
    assert_eq!(refresh(&app, &first).code(), 1003, "it has expired");
    app.clock.pass(4 * DAY);
    let fourth = successor(&app, &third);
    app.clock.pass(5 * DAY / 2);
    app.sweep();
    assert_eq!(app.number("SELECT count(*) FROM refresh_tokens"), 2);
    assert_eq!(refresh(&app, &first).code(), 1004, "it is forgotten");
    let fifth = successor(&app, &fourth);
    app.clock.pass(DAY);
    assert_eq!(refresh(&app, &fourth).code(), 1004, "a used one ends the family");
    assert_eq!(refresh(&app, &fifth).code(), 1004);
    app.clock.pass(200 * DAY);
    come_in(&app);
    app.sweep();
    assert_eq!(app.number("SELECT count(*) FROM sessions"), 1);
    assert_eq!(app.number("SELECT count(*) FROM refresh_tokens"), 1);
}

/// K12: mails and deliveries go by the shop's own settings; the newest mail stays.
#[test]
fn mails_and_deliveries_go_in_time() {
    let (app, sink) = (crate::webhooks::shop(), crate::sink::Sink::start());
    crate::webhooks::endpoint(&app, &sink.url(), &["order.*"]);
    for _ in 0..2 {
        crate::mails::order(&app, "ann@shop.test");
    }
    app.queue_mails();
    app.deliver();
    let pass = |days: i64| {
        app.clock.pass(days * DAY);
        app.sweep();
        ["mails", "deliveries", "delivery_attempts"]
            .map(|table| app.number(&format!("SELECT count(*) FROM {table}")))
    };
    assert_eq!(pass(29), [2, 2, 2]);
    assert_eq!(pass(2), [2, 0, 0]);
    app.change("INSERT INTO settings (name, value) VALUES ('mails.keep_days', '32')");
    assert_eq!(pass(0), [2, 0, 0]);
    assert_eq!(pass(2), [1, 0, 0]);
}

/// K12: what the sandbox has sent goes after 90 days; its newest message stays.
#[test]
fn messages_of_the_sandbox_go_in_time() {
    let app = crate::payments::shop();
    for _ in 0..3 {
        let order = crate::payments::order(&app);
        crate::payments::charge(&app, order, "tok_good");
    }
    app.settle();
    let left = || {
        app.sweep();
        app.number("SELECT count(*) FROM sandbox_messages")
    };
    assert_eq!(left(), 3);
    app.clock.pass(89 * DAY);
    assert_eq!(left(), 3);
    app.clock.pass(2 * DAY);
    assert_eq!(left(), 1);
}
