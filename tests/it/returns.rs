//! Returns: what comes back, from its announcement to the money; never more than has left, and each piece once.

use serde_json::Value;
use serde_json::json;
use till::domain::time::Timestamp;

use crate::app::TestApp;
use crate::client::Answer;
use crate::payments;
use crate::payments_inbox;
use crate::shipments::axes;
use crate::shipments::now;
use crate::shipments::order;
use crate::shipments::path;
use crate::shipments::pieces;
use crate::shipments::placed;
use crate::shipments::refund;
use crate::shipments::shelves;
use crate::shipments::shipped;
use crate::shipments::shop;
use crate::shipments::told;

/// An order by ann that has left.
fn sent(app: &TestApp, mugs: i64, cups: i64) -> Value {
    let order = order(app, mugs, cups);
    shipped(app, &order, json!({}));
    order
}

fn ask(app: &TestApp, order: &Value, lines: &[Value]) -> Answer {
    let body = json!({ "lines": lines, "reason": "chipped" });
    app.post("ann", &format!("{}/returns", path(order)), body)
}

fn asked(app: &TestApp, order: &Value, lines: &[Value]) -> Value {
    let answer = ask(app, order, lines);
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

fn step(app: &TestApp, found: &Value, body: Value) -> Answer {
    let at = format!("/api/v1/orders/{}/returns/{}", found["order_id"], found["id"]);
    app.patch("owner", &at, body)
}

fn stepped(app: &TestApp, found: &Value, body: Value) -> Value {
    let answer = step(app, found, body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

fn came(order: &Value, line: usize, received: i64, restock: bool) -> Value {
    json!({ "item_id": order["items"][line]["id"], "received": received, "restock": restock })
}

fn is(answer: &Answer, status: u16, code: u64) {
    assert_eq!((answer.status, answer.code()), (status, code), "{}", answer.body);
}

/// T7, N5: announced by the buyer, received onto the shelf, given back for and credited; each moment can be seen again.
#[test]
fn a_mug_comes_back_and_is_given_back_for() {
    let app = shop();
    let order = sent(&app, 2, 1);
    let version = now(&app, &order)["version"].as_i64().unwrap();
    let mut moments = vec![("none", app.clock.now())];
    app.clock.pass(1_000);
    let found = asked(&app, &order, &[pieces(&order, 0, 1)]);
    assert_eq!(
        json!([
            found["status"],
            found["reason"],
            found["lines"][0]["received"],
            found["version"]
        ]),
        json!(["requested", "chipped", 0, 1])
    );
    assert_eq!(axes(&app, &order), ["shipped", "fulfilled", "requested"]);
    moments.push(("requested", app.clock.now()));
    app.clock.pass(1_000);
    let body = json!({ "status": "received", "lines": [came(&order, 0, 1, true)], "version": 1 });
    let received = stepped(&app, &found, body);
    assert_eq!(
        json!([
            received["status"],
            received["lines"][0]["restocked"],
            received["version"]
        ]),
        json!(["received", true, 2])
    );
    assert_eq!(shelves(&app), [99, 99]);
    assert_eq!(axes(&app, &order), ["shipped", "fulfilled", "received"]);
    moments.push(("received", app.clock.now()));
    app.clock.pass(1_000);
    let given = refund(
        &app,
        &order,
        json!({ "return_id": found["id"], "reason": "chipped" }),
    );
    assert_eq!(given.status, 201, "{}", given.body);
    let given = given.json();
    assert_eq!(
        json!([given["amount"], given["return_id"], given["lines"][0]["quantity"]]),
        json!(["4.50", found["id"], 1])
    );
    assert_eq!(axes(&app, &order), ["shipped", "fulfilled", "refunded"]);
    moments.push(("refunded", app.clock.now()));
    assert_eq!(shelves(&app), [99, 99], "once");
    is_credited(&app, &order, &given, version + 3);
    can_be_seen_again(&app, &order, &moments);
}

/// The return knows its refund, the order its money, and the invoice what was taken back from it.
fn is_credited(app: &TestApp, order: &Value, given: &Value, version: i64) {
    let all = app.get("ann", &format!("{}/returns", path(order))).json()["data"].clone();
    assert_eq!(
        json!([
            all[0]["status"],
            all[0]["refund_id"],
            all[0]["ended_at"].is_string()
        ]),
        json!(["refunded", given["id"], true])
    );
    let after = now(app, order);
    assert_eq!(
        json!([after["payment_status"], after["refunded"], after["version"]]),
        json!(["partially_refunded", "4.50", version])
    );
    let invoice = app.get("ann", &format!("{}/invoice", path(order))).json();
    assert_eq!(invoice["credit_notes"][0]["total"], "4.50");
}

/// What the order showed of its returns at each moment, and what the world was told.
fn can_be_seen_again(app: &TestApp, order: &Value, moments: &[(&str, Timestamp)]) {
    for (shown, at) in moments {
        let then = app.get("ann", &format!("{}?at={at}", path(order))).json();
        assert_eq!(then["return_status"], *shown, "{at}");
    }
    let told = told(app, order);
    let news: Vec<&str> = told
        .iter()
        .map(String::as_str)
        .filter(|kind| kind.starts_with("return."))
        .collect();
    assert_eq!(news, ["return.requested", "return.received"]);
    let last = app.get("owner", "/api/v1/events?type=return.received").json()["data"][0]["data"].clone();
    assert_eq!(
        last["stock"],
        json!([{ "sku": "MUG", "delta": 1, "available": 99 }])
    );
}

/// T7: what is received need not go on the shelf; the step to refunded gives back for all that came, by who may.
#[test]
fn what_came_is_given_back_for_by_the_step() {
    let app = shop();
    let order = sent(&app, 2, 1);
    let found = asked(&app, &order, &[pieces(&order, 0, 2), pieces(&order, 1, 1)]);
    let body = json!({ "status": "received", "lines": [came(&order, 0, 1, false)], "version": 1 });
    stepped(&app, &found, body);
    assert_eq!(shelves(&app), [98, 99]);
    let at = format!("{}/returns/{}", path(&order), found["id"]);
    let body = json!({ "status": "refunded", "version": 2 });
    is(&app.patch("staff", &at, body.clone()), 403, 1005);
    let done = stepped(&app, &found, body);
    assert_eq!(json!([done["status"], done["version"]]), json!(["refunded", 3]));
    assert_eq!(now(&app, &order)["refunded"], "4.50");
    assert_eq!(shelves(&app), [98, 99]);
    // What did not come may still come.
    asked(&app, &order, &[pieces(&order, 0, 1), pieces(&order, 1, 1)]);
    assert_eq!(axes(&app, &order)[2], "requested");
    is(&ask(&app, &order, &[pieces(&order, 0, 1)]), 422, 6001);
}

/// T7: never more than has left, and each piece once, until it is turned down or does not come.
#[test]
fn each_piece_that_has_left_comes_back_once() {
    let app = shop();
    let order = order(&app, 3, 1);
    is(&ask(&app, &order, &[pieces(&order, 0, 1)]), 409, 6002);
    shipped(&app, &order, json!({ "items": [pieces(&order, 0, 2)] }));
    is(&ask(&app, &order, &[pieces(&order, 0, 3)]), 422, 6001);
    is(&ask(&app, &order, &[pieces(&order, 1, 1)]), 422, 6001);
    let first = asked(&app, &order, &[pieces(&order, 0, 1)]);
    is(&ask(&app, &order, &[pieces(&order, 0, 2)]), 422, 6001);
    let second = asked(&app, &order, &[pieces(&order, 0, 1)]);
    is(&ask(&app, &order, &[pieces(&order, 0, 1)]), 422, 6001);
    stepped(&app, &first, json!({ "status": "rejected", "version": 1 }));
    assert_eq!(axes(&app, &order), ["processing", "partial", "requested"]);
    stepped(&app, &second, json!({ "status": "canceled", "version": 1 }));
    assert_eq!(axes(&app, &order), ["processing", "partial", "none"]);
    asked(&app, &order, &[pieces(&order, 0, 2)]);
    shipped(&app, &order, json!({}));
    asked(&app, &order, &[pieces(&order, 0, 1), pieces(&order, 1, 1)]);
}

/// T7, AZ-02: what cannot be read or does not fit has its code, and nothing moves.
#[test]
fn what_does_not_fit_moves_nothing() {
    let app = shop();
    let (order, other) = (sent(&app, 2, 1), sent(&app, 1, 1));
    let before = now(&app, &order);
    let stale = before["version"].as_i64().unwrap() - 1;
    let mug = pieces(&order, 0, 1);
    for (body, status, code) in [
        (json!({ "reason": "x" }), 400, 2003),
        (json!({ "lines": [mug] }), 400, 2003),
        (json!({ "lines": [], "reason": "x" }), 400, 2001),
        (json!({ "lines": [mug], "reason": "" }), 400, 2003),
        (
            json!({ "lines": [pieces(&order, 0, 0)], "reason": "x" }),
            400,
            2001,
        ),
        (
            json!({ "lines": [pieces(&other, 0, 1)], "reason": "x" }),
            400,
            2001,
        ),
        (json!({ "lines": [mug, mug], "reason": "x" }), 400, 2001),
        (
            json!({ "lines": [mug], "reason": "x", "status": "received" }),
            400,
            2001,
        ),
        (
            json!({ "lines": [mug], "reason": "x", "version": stale }),
            412,
            3003,
        ),
        (
            json!({ "lines": [pieces(&order, 0, 3)], "reason": "x" }),
            422,
            6001,
        ),
    ] {
        let refused = app.post("ann", &format!("{}/returns", path(&order)), body.clone());
        assert_eq!(
            (refused.status, refused.code()),
            (status, code),
            "{body}: {}",
            refused.body
        );
    }
    assert_eq!(now(&app, &order), before);
    let bob = app.post(
        "bob",
        &format!("{}/returns", path(&order)),
        json!({ "lines": [mug], "reason": "x" }),
    );
    is(&bob, 404, 3001);
    is(&app.get("bob", &format!("{}/returns", path(&order))), 404, 3001);
    assert_eq!(app.number("SELECT count(*) FROM returns"), 0);
}

/// T7: nothing comes back of an order that is no more.
#[test]
fn nothing_comes_back_of_a_canceled_order() {
    let app = shop();
    let ended = placed(&app, 1, 1);
    assert_eq!(
        app.post("ann", &format!("{}/cancel", path(&ended)), json!({}))
            .status,
        200
    );
    is(&ask(&app, &ended, &[pieces(&ended, 0, 1)]), 409, 6002);
}

/// What a return that has just been asked for refuses: the body, and how.
fn misfits(order: &Value, other: &Value) -> Vec<(Value, u16, u64)> {
    vec![
        (json!({ "version": 1 }), 400, 2003),
        (json!({ "status": "lost", "version": 1 }), 400, 2001),
        (json!({ "status": "received" }), 428, 2003),
        (json!({ "status": "received", "version": 2 }), 412, 3003),
        (json!({ "status": "refunded", "version": 1 }), 409, 6002),
        (json!({ "status": "requested", "version": 1 }), 409, 6002),
        (
            json!({ "status": "rejected", "lines": [came(order, 0, 1, false)], "version": 1 }),
            400,
            2001,
        ),
        (
            json!({ "status": "received", "lines": [], "version": 1 }),
            400,
            2001,
        ),
        (
            json!({ "status": "received", "lines": [came(order, 0, 0, false)], "version": 1 }),
            400,
            2001,
        ),
        (
            json!({ "status": "received", "lines": [came(order, 0, -1, false)], "version": 1 }),
            400,
            2001,
        ),
        (
            json!({ "status": "received", "lines": [came(order, 1, 1, false)], "version": 1 }),
            400,
            2001,
        ),
        (
            json!({ "status": "received", "lines": [came(other, 0, 1, false)], "version": 1 }),
            400,
            2001,
        ),
        (
            json!({ "status": "received", "lines": [came(order, 0, 1, true), came(order, 0, 1, true)], "version": 1 }),
            400,
            2001,
        ),
        (
            json!({ "status": "received", "lines": [came(order, 0, 2, true)], "version": 1 }),
            422,
            6001,
        ),
    ]
}

/// T7, D7: a return goes on from where it is, at the version that was seen, with no more than was announced.
#[test]
fn a_return_goes_only_where_its_life_leads() {
    let app = shop();
    let (order, other) = (sent(&app, 2, 1), sent(&app, 1, 1));
    let found = asked(&app, &order, &[pieces(&order, 0, 1)]);
    let elsewhere = json!({ "order_id": other["id"], "id": found["id"] });
    is(
        &step(&app, &elsewhere, json!({ "status": "received", "version": 1 })),
        404,
        3001,
    );
    for (body, status, code) in misfits(&order, &other) {
        let refused = step(&app, &found, body.clone());
        assert_eq!(
            (refused.status, refused.code()),
            (status, code),
            "{body}: {}",
            refused.body
        );
    }
    assert_eq!(
        (shelves(&app), app.number("SELECT max(version) FROM returns")),
        ([97, 98], 1)
    );
    stepped(&app, &found, json!({ "status": "received", "version": 1 }));
    let again = step(&app, &found, json!({ "status": "received", "version": 2 }));
    is(&again, 409, 6002);
    assert_eq!(again.json()["error"]["details"]["allowed"], json!(["refunded"]));
    for to in ["rejected", "canceled", "requested"] {
        is(
            &step(&app, &found, json!({ "status": to, "version": 2 })),
            409,
            6002,
        );
    }
    stepped(&app, &found, json!({ "status": "refunded", "version": 2 }));
    is(
        &step(&app, &found, json!({ "status": "refunded", "version": 3 })),
        409,
        6002,
    );
    let late = json!({ "order_id": order["id"], "id": 99 });
    is(
        &step(&app, &late, json!({ "status": "received", "version": 1 })),
        404,
        3001,
    );
}

/// T7, MON-06: a refund that names a return gives back for what came with it, once.
#[test]
fn a_refund_answers_its_return_and_no_other() {
    let app = shop();
    let (order, other) = (sent(&app, 3, 1), sent(&app, 1, 1));
    let found = asked(&app, &order, &[pieces(&order, 0, 2)]);
    let give = |order: &Value, lines: Value| {
        let mut body = json!({ "return_id": found["id"], "reason": "chipped" });
        if !lines.is_null() {
            body["lines"] = json!([lines]);
        }
        refund(&app, order, body)
    };
    is(&give(&order, Value::Null), 409, 6002);
    stepped(&app, &found, json!({ "status": "received", "version": 1 }));
    is(&give(&other, Value::Null), 400, 2001);
    is(&give(&order, pieces(&order, 0, 3)), 422, 6001);
    is(&give(&order, pieces(&order, 1, 1)), 400, 2001);
    let mut twice = pieces(&order, 0, 1);
    twice["restock"] = json!(true);
    is(&give(&order, twice), 400, 2001);
    assert_eq!(
        (now(&app, &order)["refunded"].clone(), shelves(&app)),
        (json!("0.00"), [96, 98])
    );
    let given = give(&order, pieces(&order, 0, 1));
    assert_eq!(given.status, 201, "{}", given.body);
    assert_eq!(given.json()["amount"], "4.50");
    is(&give(&order, pieces(&order, 0, 1)), 409, 6002);
    is(
        &refund(&app, &order, json!({ "return_id": 99, "reason": "x" })),
        400,
        2001,
    );
}

/// T7: what left before parcels were noted left whole, and may come back.
#[test]
fn what_left_before_there_were_parcels_may_come_back() {
    let app = shop();
    let order = sent(&app, 2, 1);
    app.change("DELETE FROM shipment_lines");
    app.change("DELETE FROM shipments");
    is(&ask(&app, &order, &[pieces(&order, 0, 3)]), 422, 6001);
    asked(&app, &order, &[pieces(&order, 0, 2)]);
}

/// T7, D11: what came back broken stays off the shelf when the order is canceled after all.
#[test]
fn what_was_kept_off_the_shelf_stays_off() {
    let app = shop();
    let order = sent(&app, 3, 1);
    let found = asked(&app, &order, &[pieces(&order, 0, 2)]);
    let body = json!({ "status": "received", "lines": [came(&order, 0, 1, false)], "version": 1 });
    stepped(&app, &found, body);
    let second = asked(&app, &order, &[pieces(&order, 0, 1)]);
    let body = json!({ "status": "received", "lines": [came(&order, 0, 1, true)], "version": 1 });
    stepped(&app, &second, body);
    assert_eq!(shelves(&app), [98, 99]);
    let canceled = app.post(
        "owner",
        &format!("{}/cancel", path(&order)),
        json!({ "restock": true }),
    );
    assert_eq!(canceled.status, 200, "{}", canceled.body);
    assert_eq!(shelves(&app), [99, 100]);
}

/// E5, T7: where the money does not go back after all, the return waits for it again, and so does what was not sent.
#[test]
fn a_refund_that_fails_leaves_its_return_received() {
    let app = payments_inbox::shop();
    let order = json!({ "id": payments::order(&app) });
    let payment = payments::charge(&app, order["id"].as_i64().unwrap(), "tok_good");
    let order = now(&app, &order);
    shipped(&app, &order, json!({ "items": [pieces(&order, 0, 1)] }));
    let fail = |refund: &Answer, event: &str| {
        assert_eq!(refund.status, 201, "{}", refund.body);
        app.settle();
        let id = refund.json()["id"].as_i64().unwrap();
        let name: String = app
            .db()
            .query_row("SELECT provider_ref FROM refunds WHERE id = ?1", [id], |row| {
                row.get(0)
            })
            .unwrap();
        let mut news = payments_inbox::news(event, "refund.failed", &payment);
        news["data"]["refund_ref"] = json!(name);
        news["data"]["refund_id"] = json!(id);
        news["data"]["amount"] = json!("4.50");
        assert_eq!(payments_inbox::tell(&app, &news).status, 200);
        app.settle();
    };
    let found = asked(&app, &order, &[pieces(&order, 0, 1)]);
    stepped(&app, &found, json!({ "status": "received", "version": 1 }));
    fail(
        &refund(&app, &order, json!({ "return_id": found["id"], "reason": "x" })),
        "e1",
    );
    assert_eq!(axes(&app, &order), ["processing", "partial", "received"]);
    let all = app.get("ann", &format!("{}/returns", path(&order))).json()["data"][0].clone();
    assert_eq!(
        json!([all["status"], all["refund_id"], all["ended_at"]]),
        json!(["received", null, null])
    );
    // The other mug was given back for before it left, and then it was not.
    let unsent = json!({ "lines": [pieces(&order, 0, 1)], "reason": "x" });
    fail(&refund(&app, &order, unsent), "e2");
    assert_eq!(axes(&app, &order), ["shipped", "fulfilled", "received"]);
    shipped(&app, &order, json!({}));
    is(&crate::shipments::ship(&app, &order, json!({})), 409, 6002);
    stepped(&app, &found, json!({ "status": "refunded", "version": 4 }));
    assert_eq!(axes(&app, &order)[2], "refunded");
}
