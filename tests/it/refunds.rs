//! Refunds: whole, in part, for lines, with and without their goods; never more than was taken.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;
use crate::payments::charge;
use crate::payments::order;
use crate::payments::shop;
use crate::payments::standing;

fn paid(app: &TestApp) -> i64 {
    let order = order(app);
    assert_eq!(charge(app, order, "tok_good")["status"], "captured");
    order
}

fn refund(app: &TestApp, order: i64, body: Value) -> Answer {
    app.post("owner", &format!("/api/v1/orders/{order}/refunds"), body)
}

/// T7, MON-06: half, the rest, and nothing more.
#[test]
fn half_then_the_rest_and_nothing_more() {
    let app = shop();
    let order = paid(&app);
    let half = refund(&app, order, json!({ "amount": "4.00", "reason": "a chip" }));
    assert_eq!(half.status, 201, "{}", half.body);
    let half = half.json();
    assert_eq!(
        json!([
            half["amount"],
            half["status"],
            half["source"],
            half["reason"],
            half["lines"]
        ]),
        json!(["4.00", "succeeded", "staff", "a chip", []])
    );
    assert_eq!(
        standing(&app, order),
        json!(["processing", "partially_refunded", "9.00", "4.00", "0.00"])
    );
    let refused = refund(&app, order, json!({ "amount": "5.01", "reason": "more" }));
    assert_eq!((refused.status, refused.code()), (422, 6001), "{}", refused.body);
    assert_eq!(
        refund(&app, order, json!({ "reason": "the rest" })).json()["amount"],
        "5.00"
    );
    assert_eq!(
        standing(&app, order),
        json!(["processing", "refunded", "9.00", "9.00", "0.00"])
    );
    let refused = refund(&app, order, json!({ "reason": "more" }));
    assert_eq!((refused.status, refused.code()), (422, 6001), "{}", refused.body);
    app.settle();
    assert_eq!(app.number("SELECT sum(refunded) FROM sandbox_payments"), 900);
    let told = app.get("ann", &format!("/api/v1/payments/status/{order}")).json();
    assert_eq!(told["refunds"].as_array().unwrap().len(), 2);
}

/// T7: pieces of a line are worth their share, each is given back once, and goes on the shelf only where that is said.
#[test]
fn a_line_goes_back_piece_by_piece() {
    let app = shop();
    app.product("CUP", "3.33", 10);
    let body = json!({ "items": [{ "sku": "CUP", "quantity": 3 }], "payment_method": "sandbox" });
    let placed = app.post("ann", "/api/v1/orders", body).json();
    let order = placed["id"].as_i64().unwrap();
    charge(&app, order, "tok_good");
    let item = &placed["items"][0]["id"];
    let stock = || app.number("SELECT available FROM stock WHERE variant_id = 2");
    let back = |quantity: i64, restock: bool| {
        let line = json!({ "item_id": item, "quantity": quantity, "restock": restock });
        refund(&app, order, json!({ "lines": [line], "reason": "broken" }))
    };
    assert_eq!(back(1, false).json()["amount"], "3.33");
    assert_eq!(stock(), 7);
    assert_eq!(back(1, true).json()["lines"][0]["restocked"], true);
    assert_eq!(stock(), 8);
    let refused = back(2, true);
    assert_eq!((refused.status, refused.code()), (422, 6001), "{}", refused.body);
    assert_eq!(back(1, false).json()["amount"], "3.33");
    assert_eq!(standing(&app, order)[1], "refunded");
    // What is on its way back already is put back once.
    let cancel = app.post("owner", &format!("/api/v1/orders/{order}/cancel"), json!({}));
    assert_eq!(cancel.status, 200, "{}", cancel.body);
    assert_eq!(stock(), 10);
}

/// T7, T12: staff say whether the buyer is written to of this refund; of the next one it is said anew.
#[test]
fn a_refund_is_given_quietly_where_staff_say_so() {
    let app = shop();
    let order = paid(&app);
    let told = || {
        let mails = crate::mails::all(&app, &format!("order_id={order}"));
        let of_refunds = mails.iter().filter(|mail| mail["template"] == "order_refunded");
        of_refunds.count()
    };
    for (body, mails) in [
        (
            json!({ "amount": "1.00", "reason": "a chip", "notify": false }),
            0,
        ),
        (json!({ "amount": "1.00", "reason": "a chip" }), 1),
        (json!({ "amount": "1.00", "reason": "a chip", "notify": true }), 2),
        (
            json!({ "amount": "1.00", "reason": "a chip", "notify": false }),
            2,
        ),
    ] {
        assert_eq!(refund(&app, order, body).status, 201);
        app.settle();
        assert_eq!(told(), mails);
    }
}

/// D11, T7: an order that is canceled gives back what was paid.
#[test]
fn a_canceled_order_gives_its_money_back() {
    let app = shop();
    let order = paid(&app);
    let canceled = app.post(
        "ann",
        &format!("/api/v1/orders/{order}/cancel"),
        json!({ "reason": "changed my mind" }),
    );
    assert_eq!(canceled.status, 200, "{}", canceled.body);
    assert_eq!(
        standing(&app, order),
        json!(["canceled", "refunded", "9.00", "9.00", "0.00"])
    );
    assert_eq!(
        app.number("SELECT count(*) FROM refunds WHERE state = 0"),
        1,
        "its provider has yet to be asked"
    );
    app.settle();
    assert_eq!(app.number("SELECT count(*) FROM refunds WHERE state = 1"), 1);
    assert_eq!(app.number("SELECT sum(refunded) FROM sandbox_payments"), 900);
}

/// E5, D8: a delivered order whose money went back whole is refunded.
#[test]
fn a_delivered_order_is_refunded_whole() {
    for by_status in [true, false] {
        let app = shop();
        let order = paid(&app);
        let path = format!("/api/v1/orders/{order}");
        let go = |to: &str| {
            let version = app.get("owner", &path).json()["version"].clone();
            app.patch(
                "owner",
                &format!("{path}/status"),
                json!({ "status": to, "version": version }),
            )
        };
        assert_eq!(go("shipped").status, 200);
        assert_eq!(go("delivered").status, 200);
        match by_status {
            true => assert_eq!(go("refunded").status, 200),
            false => assert_eq!(refund(&app, order, json!({ "reason": "unhappy" })).status, 201),
        }
        app.settle();
        assert_eq!(
            standing(&app, order),
            json!(["refunded", "refunded", "9.00", "9.00", "0.00"])
        );
        assert_eq!(app.number("SELECT sum(refunded) FROM sandbox_payments"), 900);
    }
}

/// T7: what cannot be read or does not fit has its code, and moves nothing.
#[test]
fn what_does_not_fit_moves_nothing() {
    let app = shop();
    let order = paid(&app);
    let item = app.get("ann", &format!("/api/v1/orders/{order}")).json()["items"][0]["id"].clone();
    for (body, status, code) in [
        (json!({}), 400, 2003),
        (json!({ "reason": "" }), 400, 2003),
        (json!({ "reason": "x", "amount": "0" }), 400, 2001),
        (json!({ "reason": "x", "amount": "-1" }), 400, 2001),
        (json!({ "reason": "x", "amount": "0.001" }), 400, 2004),
        (json!({ "reason": "x", "shipping": "1.00" }), 422, 6001),
        (json!({ "reason": "x", "payment_id": 99 }), 400, 2001),
        (json!({ "reason": "x", "version": 1 }), 412, 3003),
        (
            json!({ "reason": "x", "lines": [{ "item_id": 7, "quantity": 1 }] }),
            400,
            2001,
        ),
        (
            json!({ "reason": "x", "lines": [{ "item_id": item, "quantity": 0 }] }),
            400,
            2001,
        ),
        (
            json!({ "reason": "x", "lines": [{ "item_id": item, "quantity": 3 }] }),
            422,
            6001,
        ),
    ] {
        let refused = refund(&app, order, body.clone());
        assert_eq!(
            (refused.status, refused.code()),
            (status, code),
            "{body}: {}",
            refused.body
        );
    }
    assert_eq!(app.number("SELECT count(*) FROM refunds"), 0);
    assert_eq!(
        standing(&app, order),
        json!(["processing", "paid", "9.00", "0.00", "0.00"])
    );
}

/// AUT-06: above 500.00 a fresh sign-in is asked for.
#[test]
fn a_large_refund_asks_for_a_fresh_sign_in() {
    let app = shop();
    app.product("SOFA", "600.00", 5);
    let body = json!({ "items": [{ "sku": "SOFA", "quantity": 1 }], "payment_method": "sandbox" });
    let order = app.post("ann", "/api/v1/orders", body).json()["id"]
        .as_i64()
        .unwrap();
    charge(&app, order, "tok_good");
    app.token("owner");
    app.clock.pass(6 * 60_000);
    let refused = refund(&app, order, json!({ "reason": "unhappy" }));
    assert_eq!((refused.status, refused.code()), (401, 1007), "{}", refused.body);
    assert_eq!(refused.json()["error"]["details"]["step_up"], true);
    assert_eq!(
        refund(&app, order, json!({ "reason": "a part", "amount": "500.00" })).status,
        201
    );
}

/// MON-06: of 200 refunds of 30 % at once no more succeed than the money reaches for.
#[test]
fn refunds_at_once_never_give_more_than_was_taken() {
    let app = shop();
    let order = paid(&app);
    let (token, client) = (app.token("owner").unwrap(), *app.client());
    let path = format!("/api/v1/orders/{order}/refunds");
    let won = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..200)
            .map(|_| {
                scope.spawn(|| {
                    let body = json!({ "amount": "2.70", "reason": "race" });
                    client.send("POST", &path, Some(&token), &[], Some(&body)).status
                })
            })
            .collect();
        tries
            .into_iter()
            .map(|one| one.join().unwrap())
            .filter(|status| *status == 201)
            .count()
    });
    assert_eq!(won, 3);
    app.settle();
    assert_eq!(standing(&app, order)[3], "8.10");
    assert_eq!(app.number("SELECT sum(refunded) FROM sandbox_payments"), 810);
}
