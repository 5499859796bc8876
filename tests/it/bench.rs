//! What `till bench` counts in the file after a run, on a real file with a fault planted in it.

use serde_json::json;
use till::store::bench;
use till::store::bench::Counts;

use crate::app::TestApp;

fn two_orders(app: &TestApp) {
    for key in ["key-one", "key-two"] {
        let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }, { "sku": "CUP", "quantity": 1 }] });
        let headers = [("idempotency-key", key)];
        let answer = app.send("POST", "ann", "/api/v1/orders", &headers, Some(&body));
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
}

/// FEATURES N13: N orders have N events, N audit rows, N keys, their lines and their movements; a row that was taken away
/// is missed.
#[test]
fn a_run_is_counted_above_its_marks_and_a_missing_row_is_missed() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    app.product("CUP", "3.00", 10);
    two_orders(&app);
    let store = app.app().store();
    let marks = store.read(bench::marks).unwrap();
    two_orders_more(&app);
    let whole = Counts {
        orders: 1,
        pieces_told: 3,
        contacts: 1,
        lines: 2,
        lines_of: 1,
        pieces: 3,
        events: 1,
        events_of: 1,
        audit: 1,
        audit_of: 1,
        keys: 1,
        keys_of: 1,
        movements_of: 1,
        pieces_moved: 3,
    };
    assert_eq!(store.read(|db| bench::above(db, &marks)).unwrap(), whole);
    let db = rusqlite::Connection::open(app.dir().join("till.db")).unwrap();
    db.execute("DELETE FROM idempotency WHERE id > ?1", [marks.keys])
        .unwrap();
    let short = Counts {
        keys: 0,
        keys_of: 0,
        ..whole
    };
    assert_eq!(store.read(|db| bench::above(db, &marks)).unwrap(), short);
}

/// One order is new, the other was placed before: it counts once.
fn two_orders_more(app: &TestApp) {
    for (key, status) in [("key-two", "true"), ("key-three", "")] {
        let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }, { "sku": "CUP", "quantity": 1 }] });
        let headers = [("idempotency-key", key)];
        let answer = app.send("POST", "ann", "/api/v1/orders", &headers, Some(&body));
        assert_eq!(
            answer.header("idempotent-replayed").unwrap_or_default(),
            status,
            "{}",
            answer.body
        );
    }
}

/// FEATURES N13, N11: the orders of a file that is made for measuring are as sound as any, and so are those of a file from
/// before they had payments.
#[test]
fn aged_orders_are_sound() {
    for is_from_before in [false, true] {
        let app = TestApp::start();
        app.product("MUG", "4.50", 100);
        app.product("CUP", "3.00", 100);
        two_orders(&app);
        for _ in 0..4 {
            let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }] });
            assert_eq!(app.post("ann", "/api/v1/orders", body).status, 201);
        }
        let store = app.app().store();
        match is_from_before {
            false => store.write(|tx| bench::age_orders(tx, 0)).unwrap(),
            true => {
                app.change(
                    "UPDATE orders
                     SET status = 3, payment_status = 4, fulfilment_status = 2, paid = total, version = 2,
                       updated_at = placed_at, delivered_at = placed_at
                     WHERE id % 100 >= 3",
                );
                assert!(store.read(bench::is_unpaid).unwrap());
                store.write(|tx| bench::pay_for(tx, (0, 100))).unwrap();
            }
        }
        assert!(!store.read(bench::is_unpaid).unwrap());
        let paid =
            "SELECT count(*) FROM payments p JOIN orders o ON o.id = p.order_id WHERE o.paid = p.captured";
        assert_eq!(app.number(paid), 4);
    }
}

/// What a case has left of webhooks is gone before the next: nothing of an endpoint stays.
#[test]
fn endpoints_go_with_all_that_is_theirs() {
    let (app, sink) = (crate::webhooks::shop(), crate::sink::Sink::start());
    crate::webhooks::endpoint(&app, &sink.url(), &["order.*"]);
    crate::webhooks::order(&app);
    app.deliver();
    let store = app.app().store();
    while store.write(|tx| bench::forget_deliveries(tx, 100)).unwrap() > 0 {}
    assert_eq!(app.number("SELECT count(*) FROM webhook_endpoints"), 0);
}
