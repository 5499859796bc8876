//! What breaks whoever takes it in is dead soon, and holds up nothing else; what is long is not told with the rest.

use serde_json::Value;
use serde_json::json;

use crate::pages::Browser;
use crate::payments::begin;
use crate::payments::order;
use crate::payments::standing;
use crate::payments_inbox::news;
use crate::payments_inbox::shop;
use crate::payments_inbox::tell;

/// LIF-08: a message that breaks whoever reads it is dead after three times in a row; the others are applied, and whoever
/// has it tried again gives it three more.
#[test]
fn a_message_that_breaks_its_reader_is_dead_after_three_times() {
    let app = shop();
    for id in ["evt_1", "evt_2", "evt_3"] {
        assert_eq!(tell(&app, &json!({ "id": id, "type": "ping" })).status, 200);
    }
    let step = || {
        let read = |app: &till::app::App, message: &till::domain::inbox::Message| {
            assert_ne!(message.event_id, "evt_2", "as planned");
            till::gateway::payments::read(app, message)
        };
        let change = till::shop::payments::apply_message;
        app.block_on(till::worker::inbox::step_by(app.app(), read, change))
            .unwrap();
        app.clock.pass(60_000);
        app.number("SELECT state * 10 + attempts FROM inbox WHERE event_id = 'evt_2'")
    };
    assert_eq!((step(), step(), step(), step()), (21, 22, 43, 43));
    assert_eq!(app.number("SELECT count(*) FROM inbox WHERE state = 1"), 2);
    app.forget_tokens();
    let dead = app
        .get("owner", "/api/v1/payments/webhook-events?status=dead")
        .json()["data"][0]
        .clone();
    let path = format!("/api/v1/payments/webhook-events/{}/retry", dead["id"]);
    assert_eq!(app.send("POST", "owner", &path, &[], None).status, 200);
    assert_eq!((step(), step(), step()), (21, 22, 43));
    assert_eq!(app.send("POST", "owner", &path, &[], None).status, 200);
    app.settle();
    assert_eq!(app.number("SELECT count(*) FROM inbox WHERE state = 1"), 3);
}

/// LIF-08: so is one that breaks the change that it makes; what the others change, in the same commit, stands.
#[test]
fn a_message_that_breaks_its_change_is_dead_after_three_times() {
    let app = shop();
    let payments: Vec<Value> = (0..3).map(|_| begin(&app, order(&app))).collect();
    for (at, payment) in payments.iter().enumerate() {
        let body = news(&format!("evt_{at}"), "payment.succeeded", payment);
        assert_eq!(tell(&app, &body).status, 200);
    }
    let step = || {
        let change = |tx: &till::shop::Tx,
                      by: &till::domain::actor::Actor,
                      message: &till::domain::inbox::Message,
                      read: &till::worker::inbox::Read| {
            let done = till::shop::payments::apply_message(tx, by, message, read);
            assert!(message.event_id != "evt_1" || read.is_err(), "as planned");
            done
        };
        let read = till::gateway::payments::read;
        app.block_on(till::worker::inbox::step_by(app.app(), read, change))
            .unwrap();
        app.clock.pass(60_000);
        app.number("SELECT state * 10 + attempts FROM inbox WHERE event_id = 'evt_1'")
    };
    assert_eq!((step(), step(), step(), step()), (21, 22, 43, 43));
    app.forget_tokens();
    let paid = |payment: &Value| standing(&app, payment["order_id"].as_i64().unwrap())[1].clone();
    assert_eq!(
        payments.iter().map(paid).collect::<Vec<Value>>(),
        ["paid", "unpaid", "paid"]
    );
    let path = format!(
        "/api/v1/payments/webhook-events/{}/retry",
        app.number("SELECT id FROM inbox WHERE event_id = 'evt_1'")
    );
    assert_eq!(app.send("POST", "owner", &path, &[], None).status, 200);
    app.settle();
    assert_eq!(paid(&payments[1]), "paid");
}

/// LIF-08: a message whose row was damaged in the file is dead at once, and stands in no other's way; staff see the others,
/// and what of it can be shown. Letters of which nothing hangs keep nobody from applying what it says.
#[test]
fn a_message_whose_row_is_damaged_is_given_up() {
    let app = shop();
    let payments: Vec<Value> = (0..4).map(|_| begin(&app, order(&app))).collect();
    for (at, payment) in payments.iter().enumerate() {
        let body = news(&format!("evt_{at}"), "payment.succeeded", payment);
        assert_eq!(tell(&app, &body).status, 200);
    }
    app.execute(
        "PRAGMA ignore_check_constraints = ON;
         UPDATE inbox SET provider = 9 WHERE event_id = 'evt_0';
         UPDATE inbox SET kind = CAST(x'41ff' AS TEXT) WHERE event_id = 'evt_1';
         UPDATE inbox SET failure = CAST(x'ff' AS TEXT), state = 2 WHERE event_id = 'evt_2'",
    );
    app.settle();
    assert_eq!(
        app.number("SELECT CAST(group_concat(state * 10 + attempts, '') AS INTEGER) FROM (SELECT * FROM inbox ORDER BY id)"),
        41_114_111
    );
    assert_eq!(app.number("SELECT count(*) FROM orders WHERE paid = total"), 2);
    app.forget_tokens();
    let list = app.get("staff", "/api/v1/payments/webhook-events?limit=3").json();
    let shown = |at: usize, name: &str| list["data"][at][name].as_str().unwrap_or_default().to_owned();
    assert_eq!(list["data"].as_array().unwrap().len(), 3, "{list}");
    assert_eq!(shown(2, "type"), "A\u{fffd}");
    assert!(shown(1, "failure").starts_with("It cannot be read: "), "{list}");
    let page = Browser::signed_in(&app, "owner").get("/admin/payments/inbox");
    assert_eq!(page.status, 200);
    let path = format!("/api/v1/payments/webhook-events/{}/retry", list["data"][1]["id"]);
    assert_eq!(app.send("POST", "owner", &path, &[], None).status, 200);
    app.settle();
    assert_eq!(app.number("SELECT count(*) FROM orders WHERE paid = total"), 3);
}

/// LIF-08, IDM-08: a payment whose row was damaged in the file holds up no other's: it waits for somebody, and is asked
/// about once it can be read again. Money that is to move is not given up.
#[test]
fn a_payment_whose_row_is_damaged_waits() {
    let app = shop();
    let payments: Vec<Value> = (0..3).map(|_| begin(&app, order(&app))).collect();
    assert_eq!(payments[0]["id"], 1);
    app.execute("INSERT INTO payment_tasks (payment_id, op, state, created_at, due_at) SELECT id, 3, 0, 0, 0 FROM payments");
    app.execute("PRAGMA ignore_check_constraints = ON; UPDATE payments SET provider = 9 WHERE id = 1");
    let step = || app.block_on(till::worker::complete::step(app.app()));
    let waits = || app.number("SELECT count(*) FROM payment_tasks WHERE state < 2");
    assert_eq!(step().unwrap(), till::worker::Outcome::Worked);
    assert_eq!(waits(), 1);
    assert_eq!(step().unwrap(), till::worker::Outcome::NothingDue);
    assert_eq!(
        app.number("SELECT failure IS NOT NULL FROM payment_tasks WHERE payment_id = 1 AND state < 2"),
        1
    );
    app.execute("UPDATE payments SET provider = (SELECT provider FROM payments WHERE id = 2) WHERE id = 1");
    app.clock.pass(600_000);
    assert_eq!(step().unwrap(), till::worker::Outcome::Worked);
    assert_eq!(waits(), 0);
}

/// NET-02, E3: a list of messages does not carry what may be a mebibyte each: it says how long they are, and one that is
/// asked for by itself has all its bytes.
#[test]
fn bodies_are_shown_one_at_a_time() {
    let app = shop();
    let long = json!({ "id": "evt_1", "type": "ping", "data": "x".repeat(1 << 19) });
    assert_eq!(tell(&app, &long).status, 200);
    assert_eq!(tell(&app, &json!({ "id": "evt_2", "type": "ping" })).status, 200);
    let list = app.get("staff", "/api/v1/payments/webhook-events");
    assert!(list.body.len() < 2000, "{}", list.body.len());
    let listed = list.json()["data"].clone();
    assert_eq!(listed[1]["size"], long.to_string().len());
    assert_eq!(listed[0].get("body"), None, "{listed}");
    let path = format!("/api/v1/payments/webhook-events/{}", listed[1]["id"]);
    let whole = app.get("staff", &path).json();
    assert_eq!(whole["body"], long.to_string());
    assert_eq!(whole["event_id"], "evt_1");
    let page = Browser::signed_in(&app, "owner").get("/admin/payments/inbox");
    assert!(
        page.body.len() < 60_000 && page.body.contains("The first 16 kB of"),
        "{}",
        page.body.len()
    );
    assert_eq!(page.body.matches("The first 16 kB of").count(), 1);
}
