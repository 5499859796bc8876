//! Shipments beside the money and the stock of their order: what is given back for, canceled or only reserved.

use serde_json::json;

use crate::payments;
use crate::shipments::axes;
use crate::shipments::is;
use crate::shipments::now;
use crate::shipments::order;
use crate::shipments::path;
use crate::shipments::pieces;
use crate::shipments::refund;
use crate::shipments::shelves;
use crate::shipments::ship;
use crate::shipments::shipped;
use crate::shipments::shop;

/// MONEY, shipments and stock: what was given back for before it left is not sent, and where that was the last of it the
/// order moves on.
#[test]
fn what_was_given_back_for_before_it_left_is_not_sent() {
    let app = shop();
    let order = order(&app, 3, 1);
    let back = |line: usize, quantity: i64, restock: bool| {
        let mut pieces = pieces(&order, line, quantity);
        pieces["restock"] = json!(restock);
        let given = refund(
            &app,
            &order,
            json!({ "lines": [pieces], "reason": "changed my mind" }),
        );
        assert_eq!(given.status, 201, "{}", given.body);
    };
    back(0, 1, true);
    assert_eq!(shelves(&app), [98, 99]);
    is(
        &ship(&app, &order, json!({ "items": [pieces(&order, 0, 3)] })),
        422,
        6001,
    );
    shipped(&app, &order, json!({ "items": [pieces(&order, 0, 1)] }));
    back(0, 1, true);
    assert_eq!(axes(&app, &order), ["processing", "partial", "none"]);
    back(1, 1, false);
    assert_eq!(axes(&app, &order), ["shipped", "fulfilled", "none"]);
    assert_eq!(shelves(&app), [99, 99]);
    is(&ship(&app, &order, json!({})), 409, 6002);
}

/// MONEY, shipments and stock: an order of which nothing is left moves on without a parcel.
#[test]
fn nothing_is_sent_of_what_was_given_back_for_whole() {
    let app = shop();
    let order = order(&app, 1, 1);
    let lines = [pieces(&order, 0, 1), pieces(&order, 1, 1)];
    assert_eq!(
        refund(&app, &order, json!({ "lines": lines, "reason": "x" })).status,
        201
    );
    is(&ship(&app, &order, json!({})), 409, 6003);
    let body = json!({ "status": "shipped", "version": now(&app, &order)["version"] });
    assert_eq!(
        app.patch("staff", &format!("{}/status", path(&order)), body)
            .status,
        200
    );
    assert_eq!(axes(&app, &order), ["shipped", "fulfilled", "none"]);
    assert_eq!(app.number("SELECT count(*) FROM shipments"), 0);
}

/// D11: a cancellation puts back what has not left, and the rest only where that is said; its owner is too late.
#[test]
fn a_cancellation_puts_back_what_has_not_left() {
    for (restock, back) in [(false, [99, 98]), (true, [100, 100])] {
        let app = shop();
        let order = order(&app, 2, 3);
        shipped(
            &app,
            &order,
            json!({ "items": [pieces(&order, 0, 1), pieces(&order, 1, 2)] }),
        );
        let cancel = |who: &str| {
            app.post(
                who,
                &format!("{}/cancel", path(&order)),
                json!({ "restock": restock }),
            )
        };
        is(&cancel("ann"), 409, 6002);
        assert_eq!(shelves(&app), [98, 97]);
        assert_eq!(cancel("owner").status, 200);
        assert_eq!(shelves(&app), back, "{restock}");
        assert_eq!(axes(&app, &order), ["canceled", "partial", "none"]);
    }
}

/// MONEY, payments: what is reserved is taken when the first parcel leaves.
#[test]
fn reserved_money_is_taken_with_the_first_parcel() {
    let app = payments::shop();
    app.change("INSERT INTO settings VALUES ('payments.capture', 'on_ship')");
    let order = json!({ "id": payments::order(&app) });
    let id = order["id"].as_i64().unwrap();
    assert_eq!(payments::charge(&app, id, "tok_good")["status"], "authorized");
    let order = now(&app, &order);
    shipped(&app, &order, json!({ "items": [pieces(&order, 0, 1)] }));
    app.settle();
    assert_eq!(
        payments::standing(&app, id),
        json!(["processing", "paid", "9.00", "0.00", "0.00"])
    );
    shipped(&app, &order, json!({}));
    app.settle();
    assert_eq!(
        payments::standing(&app, id),
        json!(["shipped", "paid", "9.00", "0.00", "0.00"])
    );
    assert_eq!(app.number("SELECT sum(captured) FROM sandbox_payments"), 900);
}
