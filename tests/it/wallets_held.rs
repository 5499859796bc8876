//! Orders paid by wallet in part: what the wallet gives waits until the others have come, or is available again.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::payments::charge;
use crate::payments::decide;
use crate::payments::shop_with;
use crate::payments::standing;
use crate::wallets::balance;
use crate::wallets::deposit;
use crate::wallets::set;

const INITIATE: &str = "/api/v1/payments/initiate";

/// A shop with the sandbox, in which ann has 20.00; her order of 9.00, of which her wallet keeps 4.00 ready.
pub fn held() -> (TestApp, i64, Value) {
    let app = shop_with(|_| {});
    set(&app, "wallet.deposits", "open");
    deposit(&app, "ann", "20.00");
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }], "payment_method": "sandbox" });
    let order = app.post("ann", "/api/v1/orders", body).json()["id"]
        .as_i64()
        .unwrap();
    let body = json!({ "order_id": order, "provider": "wallet", "amount": "4.00" });
    let begun = app.post("ann", INITIATE, body);
    assert_eq!(begun.status, 201, "{}", begun.body);
    assert_eq!(begun.json()["status"], "authorized");
    assert_eq!(balance(&app, "ann"), json!(["20.00", "4.00", "16.00"]));
    assert_eq!(
        standing(&app, order),
        json!(["pending", "unpaid", "0.00", "0.00", "9.00"])
    );
    (app, order, begun.json())
}

/// MON-08: the other provider is asked for the rest alone; when it has come, what was held is taken with it.
#[test]
fn what_is_held_is_taken_when_the_rest_has_come() {
    let (app, order, _) = held();
    let more = json!({ "order_id": order, "provider": "wallet", "amount": "5.01" });
    assert_eq!(app.post("ann", INITIATE, more).code(), 6001);
    let rest = app.post("ann", INITIATE, json!({ "order_id": order })).json();
    assert_eq!(
        json!([rest["provider"], rest["amount"]]),
        json!(["sandbox", "5.00"])
    );
    decide(&app, &rest, "approve");
    app.settle();
    assert_eq!(
        standing(&app, order),
        json!(["processing", "paid", "9.00", "0.00", "0.00"])
    );
    assert_eq!(balance(&app, "ann"), json!(["16.00", "0.00", "16.00"]));
    let body = json!({ "reason": "all of it", "amount": "4.00", "payment_id": 1 });
    let back = app.post("owner", &format!("/api/v1/orders/{order}/refunds"), body);
    assert_eq!(back.status, 201, "{}", back.body);
    assert_eq!(balance(&app, "ann")[0], "20.00");
}

/// MON-08: the rest may come out of the same wallet, and what is held cannot be spent elsewhere.
#[test]
fn what_is_held_is_not_available() {
    let (app, order, _) = held();
    set(&app, "wallet.withdrawals", "open");
    let over = app.post("ann", "/api/v1/balance/withdraw", json!({ "amount": "16.01" }));
    assert_eq!((over.status, over.code()), (422, 6005), "{}", over.body);
    let rest = app
        .post(
            "ann",
            INITIATE,
            json!({ "order_id": order, "provider": "wallet" }),
        )
        .json();
    assert_eq!(
        json!([rest["amount"], rest["status"]]),
        json!(["5.00", "captured"])
    );
    assert_eq!(
        standing(&app, order),
        json!(["processing", "paid", "9.00", "0.00", "0.00"])
    );
    assert_eq!(balance(&app, "ann"), json!(["11.00", "0.00", "11.00"]));
}

/// MONEY, payments: what is not needed after all is available again: canceled, voided, unpaid too long, paid by others.
#[test]
fn what_is_not_needed_is_available_again() {
    let ends: [fn(&TestApp, i64, &Value); 4] = [
        |app, order, _| {
            let path = format!("/api/v1/orders/{order}/cancel");
            assert_eq!(app.post("ann", &path, json!({})).status, 200);
        },
        |app, _, payment| {
            let path = format!("/api/v1/payments/{}/void", payment["id"]);
            assert_eq!(app.post("owner", &path, json!({})).json()["status"], "voided");
        },
        |app, _, _| {
            app.clock.pass(61 * 60_000);
            app.forget_tokens();
            app.settle();
            assert_eq!(app.number("SELECT status FROM orders"), 4);
        },
        |app, order, _| {
            let body = json!({ "order_id": order, "amount": "9.00" });
            assert_eq!(app.post("owner", "/api/v1/payments/manual", body).status, 201);
            assert_eq!(standing(app, order)[1], "paid");
        },
    ];
    for end in ends {
        let (app, order, payment) = held();
        end(&app, order, &payment);
        assert_eq!(balance(&app, "ann"), json!(["20.00", "0.00", "20.00"]));
    }
}

/// MONEY, payments: with `on_ship` both parts are taken when the goods leave; staff may take a part of what is held.
#[test]
fn what_is_held_is_taken_when_the_goods_leave() {
    let (app, order, _) = held();
    set(&app, "payments.capture", "on_ship");
    assert_eq!(charge(&app, order, "tok_good")["status"], "authorized");
    assert_eq!(
        standing(&app, order),
        json!(["processing", "authorized", "0.00", "0.00", "9.00"])
    );
    assert_eq!(balance(&app, "ann")[1], "4.00");
    let version = app.number("SELECT version FROM orders");
    let body = json!({ "status": "shipped", "version": version });
    let shipped = app.patch("owner", &format!("/api/v1/orders/{order}/status"), body);
    assert_eq!(
        (shipped.status, &shipped.json()["paid"]),
        (200, &json!("4.00")),
        "{}",
        shipped.body
    );
    app.settle();
    assert_eq!(
        standing(&app, order),
        json!(["shipped", "paid", "9.00", "0.00", "0.00"])
    );
    assert_eq!(balance(&app, "ann"), json!(["16.00", "0.00", "16.00"]));

    let (app, order, payment) = held();
    let path = format!("/api/v1/payments/{}/capture", payment["id"]);
    let taken = app.post("owner", &path, json!({ "amount": "1.00" }));
    assert_eq!(
        (taken.status, &taken.json()["captured"]),
        (200, &json!("1.00")),
        "{}",
        taken.body
    );
    assert_eq!(balance(&app, "ann"), json!(["19.00", "0.00", "19.00"]));
    assert_eq!(
        standing(&app, order),
        json!(["pending", "partially_paid", "1.00", "0.00", "8.00"])
    );
    let body = json!({ "order_id": order, "provider": "sandbox", "amount": "1.00" });
    assert_eq!(app.post("ann", INITIATE, body).code(), 2001);
}
