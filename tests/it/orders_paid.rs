//! Orders: money that comes by hand. No route takes it yet; the verb is asked itself, what it left is read over HTTP.

use serde_json::Value;
use serde_json::json;
use till::domain::actor::Actor;
use till::domain::id::OrderId;
use till::domain::permission::Permission;
use till::domain::permission::Rights;
use till::domain::refusal::Refusal;
use till::error::Error;
use till::error::Result;
use till::shop::orders;

use crate::app::TestApp;

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

fn pay(app: &TestApp, rights: Rights) -> Result<()> {
    let by = Actor {
        rights,
        ..Actor::system()
    };
    let paid = app
        .app()
        .store()
        .write(move |tx| orders::paid_by_hand(tx, &by, OrderId(1)));
    paid.map(|_| ())
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
    pay(&app, Rights::ALL).unwrap();
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
    assert_eq!(types, ["order.created", "order.paid"]);
    let data = &told["data"][1]["data"];
    assert_eq!((&data["seq"], &data["paid"]), (&json!(2), &json!("9.00")));
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
    pay(&app, Rights::ALL).unwrap();
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
        let refused = pay(app, Rights::ALL);
        assert!(
            matches!(refused, Err(Error::Refused(Refusal::NotAllowed(_)))),
            "{refused:?}"
        );
        assert_eq!(app.get("owner", ORDER).json(), before);
    };
    let app = shop();
    pay(&app, Rights::ALL).unwrap();
    is_refused(&app);
    let app = shop();
    go(&app, "canceled");
    is_refused(&app);
}

/// E1: recording money is a right of its own.
#[test]
fn who_may_not_take_payments_records_none() {
    let app = shop();
    let rights = Rights::parse("orders:*")
        .unwrap()
        .and(Rights::parse("payments:read").unwrap());
    let refused = pay(&app, rights);
    let needs = Permission::PaymentsCreate;
    assert!(
        matches!(&refused, Err(Error::Refused(Refusal::Forbidden { needs: lacks, .. })) if *lacks == needs),
        "{refused:?}"
    );
    assert_eq!(app.get("owner", ORDER).json()["payment_status"], "unpaid");
}
