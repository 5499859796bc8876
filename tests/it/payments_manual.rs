//! Payments: money that comes by hand.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;

const ORDER: &str = "/api/v1/orders/1";

/// A shop with one order of two mugs by ann, a minute old.
fn shop() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }] });
    assert_eq!(app.post("ann", "/api/v1/orders", body).status, 201);
    app.clock.pass(60_000);
    app
}

fn pay(app: &TestApp) -> Answer {
    app.post("owner", "/api/v1/payments/manual", json!({ "order_id": 1 }))
}

fn go(app: &TestApp, to: &str) -> Value {
    let version = app.get("owner", ORDER).json()["version"].clone();
    let body = json!({ "status": to, "version": version });
    let moved = app.patch("owner", &format!("{ORDER}/status"), body);
    assert_eq!(moved.status, 200, "{}", moved.body);
    moved.json()
}

/// The fields that money moves.
fn standing(order: &Value) -> Value {
    json!([
        order["status"],
        order["payment_status"],
        order["paid"],
        order["due"],
        order["processing_at"],
        order["version"]
    ])
}

/// E1, D9: what was due is paid, work begins, and the order, its history, the feed, the audit and the past tell it.
#[test]
fn a_pending_order_that_is_paid_moves_on() {
    let app = shop();
    let unpaid = json!(["pending", "unpaid", "0.00", "9.00", null, 1]);
    assert_eq!(standing(&app.get("ann", ORDER).json()), unpaid);
    assert_eq!(pay(&app).status, 201);
    let at = "2026-03-01T12:01:00.000Z";
    let paid = app.get("ann", ORDER).json();
    assert_eq!(
        standing(&paid),
        json!(["processing", "paid", "9.00", "0.00", at, 2])
    );
    assert_eq!(paid["updated_at"], at);
    let told = app.get("owner", "/api/v1/events?stream=orders&after=0").json();
    let types: Vec<&Value> = told["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["type"])
        .collect();
    assert_eq!(types, ["order.created", "order.paid", "invoice.issued"]);
    let data = &told["data"][1]["data"];
    assert_eq!((&data["seq"], &data["paid"]), (&json!(3), &json!("9.00")));
    let told = app.get("owner", "/api/v1/events?stream=payments&after=0").json();
    let data = &told["data"][0];
    assert_eq!(
        json!([data["type"], data["data"]["seq"], data["data"]["captured"]]),
        json!(["payment.succeeded", 2, "9.00"])
    );
    let audited = app.get("owner", "/api/v1/audit-logs?action=order.paid").json();
    assert_eq!(audited["data"].as_array().unwrap().len(), 1, "{audited}");
    let entry = app.get("ann", &format!("{ORDER}/history")).json()["data"][1].clone();
    assert_eq!(
        json!([entry["action"], entry["from"], entry["to"], entry["public"]]),
        json!(["paid", "pending", "processing", true])
    );
    let before = app
        .get("owner", &format!("{ORDER}?at=2026-03-01T12:00:59Z"))
        .json();
    assert_eq!(standing(&before), unpaid);
}

/// E1, D8: an order that is further along stays where it is, and can be refunded.
#[test]
fn an_order_under_way_is_paid_where_it_stands() {
    let app = shop();
    for to in ["processing", "shipped", "delivered"] {
        go(&app, to);
    }
    let before = app.get("owner", ORDER).json();
    app.clock.pass(60_000);
    assert_eq!(pay(&app).status, 201);
    let paid = app.get("owner", ORDER).json();
    assert_eq!(
        standing(&paid),
        json!(["delivered", "paid", "9.00", "0.00", before["processing_at"], 5])
    );
    let refunded = go(&app, "refunded");
    assert_eq!(
        json!([refunded["payment_status"], refunded["refunded"], refunded["due"]]),
        json!(["refunded", "9.00", "0.00"])
    );
}

/// E1: where nothing is due nothing can be paid: not twice, and not for what was canceled.
#[test]
fn nothing_is_paid_where_nothing_is_due() {
    let is_refused = |app: &TestApp| {
        let before = app.get("owner", ORDER).json();
        let refused = pay(app);
        assert_eq!((refused.status, refused.code()), (409, 6003), "{}", refused.body);
        assert_eq!(app.get("owner", ORDER).json(), before);
    };
    let app = shop();
    assert_eq!(pay(&app).status, 201);
    is_refused(&app);
    let app = shop();
    go(&app, "canceled");
    is_refused(&app);
}

/// E1: a part of what is due is a payment of its own, and more than that is none.
#[test]
fn what_is_due_comes_in_parts_and_no_more_than_it() {
    let app = shop();
    let part = |amount: &str| {
        let body = json!({ "order_id": 1, "amount": amount, "method": "cash", "reference": "till 2" });
        app.post("owner", "/api/v1/payments/manual", body)
    };
    for (amount, status, code) in [
        ("9.01", 422, 6001),
        ("0", 400, 2001),
        ("-1", 400, 2001),
        ("1.005", 400, 2004),
    ] {
        let refused = part(amount);
        assert_eq!(
            (refused.status, refused.code()),
            (status, code),
            "{}",
            refused.body
        );
    }
    let first = part("4.00").json();
    assert_eq!(
        json!([
            first["status"],
            first["captured"],
            first["method"],
            first["reference"]
        ]),
        json!(["captured", "4.00", "cash", "till 2"])
    );
    let standing = app.get("ann", "/api/v1/payments/status/1").json();
    assert_eq!(
        json!([standing["payment_status"], standing["paid"], standing["due"]]),
        json!(["partially_paid", "4.00", "5.00"])
    );
    assert_eq!(app.get("ann", ORDER).json()["status"], "pending");
    assert_eq!(part("5.00").status, 201);
    assert_eq!(app.get("ann", ORDER).json()["status"], "processing");
}

/// E1, IDM-01: a key records the money once.
#[test]
fn a_payment_by_hand_happens_once_for_its_key() {
    let app = shop();
    let send = || {
        let key = [("idempotency-key", "the transfer of Monday")];
        let body = json!({ "order_id": 1, "amount": "4.00" });
        app.send("POST", "owner", "/api/v1/payments/manual", &key, Some(&body))
    };
    let (first, again) = (send(), send());
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.json(), again.json());
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(app.number("SELECT sum(captured) FROM payments"), 400);
}
