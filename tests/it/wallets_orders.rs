//! Orders paid by wallet: with the order or not at all, once, and back to where it came from.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;
use crate::payments::standing;
use crate::wallets::at_once;
use crate::wallets::balance;
use crate::wallets::deposit;
use crate::wallets::keys;
use crate::wallets::shop;
use crate::wallets::user;

const ORDERS: &str = "/api/v1/orders";
const INITIATE: &str = "/api/v1/payments/initiate";

/// An order of so many mugs by ann, paid by wallet.
fn order(app: &TestApp, mugs: i64, key: &str) -> Answer {
    let body = json!({ "items": [{ "sku": "MUG", "quantity": mugs }], "payment_method": "wallet" });
    let headers = [("idempotency-key", key)];
    app.send("POST", "ann", ORDERS, &headers, Some(&body))
}

/// MONEY, wallet: an order is paid in the transaction that places it; its money comes with it or not at all.
#[test]
fn an_order_paid_by_wallet_is_paid_when_it_is_placed() {
    let app = shop();
    deposit(&app, "ann", "10.00");
    let placed = order(&app, 2, "one");
    assert_eq!(placed.status, 201, "{}", placed.body);
    let told = placed.json();
    assert_eq!(
        json!([
            told["status"],
            told["payment_status"],
            told["paid"],
            told["due"],
            told["payment_method"]
        ]),
        json!(["processing", "paid", "9.00", "0.00", "wallet"])
    );
    let again = order(&app, 2, "one");
    assert_eq!(
        (again.status, &again.json()["id"]),
        (201, &told["id"]),
        "{}",
        again.body
    );
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(balance(&app, "ann")[0], "1.00");
    let before = app.number("SELECT count(*) FROM events");
    let short = order(&app, 1, "two");
    assert_eq!((short.status, short.code()), (422, 6005), "{}", short.body);
    assert_eq!(
        (
            app.number("SELECT count(*) FROM orders"),
            app.number("SELECT available FROM stock"),
            app.number("SELECT count(*) FROM events") - before,
        ),
        (1, 998, 0)
    );
    let types = "SELECT group_concat(type, ' ') = '1 8 7 13' FROM (SELECT type FROM events WHERE subject = 1 AND type < 20 ORDER BY id)";
    assert_eq!(app.number(types), 1, "created, payment succeeded, paid, invoiced");
    let entry = app
        .get("ann", "/api/v1/balance/transactions?type=order_payment")
        .json();
    assert_eq!(
        json!([entry["data"][0]["amount"], entry["data"][0]["order_id"]]),
        json!(["-9.00", told["id"]])
    );
}

/// MON-08: the last money pays one of two orders that are placed at once.
#[test]
fn two_orders_at_once_are_paid_by_the_last_money_once() {
    let app = shop();
    deposit(&app, "ann", "9.00");
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }], "payment_method": "wallet" });
    let answers = at_once(&app, ORDERS, &body, &keys(8));
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(won.len(), 1);
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 201 || answer.code() == 6005)
    );
    assert_eq!(app.number("SELECT count(*) FROM orders"), 1);
    assert_eq!(app.number("SELECT available FROM stock"), 998);
}

/// E1: an order that waits is paid out of the wallet once, by the same key or by two at once.
#[test]
fn a_waiting_order_is_paid_once() {
    let app = shop();
    deposit(&app, "ann", "20.00");
    let wait = || {
        let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }] });
        app.post("ann", ORDERS, body).json()["id"].as_i64().unwrap()
    };
    let (first, second) = (wait(), wait());
    let body = json!({ "order_id": first, "provider": "wallet" });
    let answers = at_once(&app, INITIATE, &body, &vec!["same".to_owned(); 4]);
    let payment = answers[0].json()["id"].clone();
    for answer in &answers {
        assert_eq!(
            (answer.status, &answer.json()["id"]),
            (201, &payment),
            "{}",
            answer.body
        );
        assert_eq!(answer.json()["status"], "captured");
    }
    let body = json!({ "order_id": second, "provider": "wallet" });
    let answers = at_once(&app, INITIATE, &body, &keys(2));
    let mut told: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    told.sort_unstable();
    assert_eq!(told, [201, 409]);
    assert_eq!(balance(&app, "ann")[0], "2.00");
    for order in [first, second] {
        assert_eq!(
            standing(&app, order),
            json!(["processing", "paid", "9.00", "0.00", "0.00"])
        );
    }
    let third = wait();
    let short = app.post(
        "ann",
        INITIATE,
        json!({ "order_id": third, "provider": "wallet" }),
    );
    assert_eq!((short.status, short.code()), (422, 6005), "{}", short.body);
    assert_eq!(
        standing(&app, third),
        json!(["pending", "unpaid", "0.00", "0.00", "9.00"])
    );
}

/// AZ-02: nobody spends another's money but who manages wallets.
#[test]
fn a_wallet_is_spent_by_its_owner_and_who_manages_it() {
    let app = shop();
    deposit(&app, "ann", "20.00");
    user(&app, "staff");
    let customer = app.number("SELECT id FROM customers WHERE email = 'ann@shop.test'");
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }], "payment_method": "wallet", "customer_id": customer });
    let refused = app.post("staff", ORDERS, body.clone());
    assert_eq!((refused.status, refused.code()), (403, 1005), "{}", refused.body);
    assert_eq!(balance(&app, "ann")[0], "20.00");
    assert_eq!(app.post("owner", ORDERS, body).status, 201);
    assert_eq!(balance(&app, "ann")[0], "15.50");
    let nobodys = "INSERT INTO customers (name, status, created_at, updated_at) VALUES ('Guest', 0, 0, 0)";
    app.db().execute(nobodys, []).unwrap();
    let guest = app.number("SELECT max(id) FROM customers");
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }], "payment_method": "wallet", "customer_id": guest });
    let refused = app.post("owner", ORDERS, body);
    assert_eq!((refused.status, refused.code()), (422, 6001), "{}", refused.body);
}

/// T7, MON-06: what goes back goes to the wallet that it came from: a part, the rest, never more.
#[test]
fn refunds_go_back_to_the_wallet() {
    let app = shop();
    deposit(&app, "ann", "9.00");
    let id = order(&app, 2, "one").json()["id"].as_i64().unwrap();
    let refund = |body: Value| app.post("owner", &format!("{ORDERS}/{id}/refunds"), body);
    let part = refund(json!({ "amount": "4.00", "reason": "a chip" }));
    assert_eq!(
        (part.status, &part.json()["status"]),
        (201, &json!("succeeded")),
        "{}",
        part.body
    );
    assert_eq!(balance(&app, "ann")[0], "4.00");
    let over = refund(json!({ "amount": "5.01", "reason": "more" }));
    assert_eq!((over.status, over.code()), (422, 6001), "{}", over.body);
    assert_eq!(refund(json!({ "reason": "the rest" })).json()["amount"], "5.00");
    assert_eq!(balance(&app, "ann")[0], "9.00");
    assert_eq!(refund(json!({ "reason": "more" })).code(), 6001);
    let entry = app
        .get("ann", "/api/v1/balance/transactions?type=order_refund")
        .json();
    assert_eq!(
        json!([
            entry["data"][0]["amount"],
            entry["data"][0]["reason"],
            entry["data"][0]["order_id"]
        ]),
        json!(["5.00", "the rest", id])
    );
    assert_eq!(
        app.number("SELECT count(*) FROM transfers WHERE reverses IS NOT NULL"),
        2
    );
}

/// D11: an order that is canceled gives its money back in the same transaction.
#[test]
fn a_canceled_order_gives_the_wallet_its_money_back() {
    let app = shop();
    deposit(&app, "ann", "9.00");
    let id = order(&app, 2, "one").json()["id"].as_i64().unwrap();
    let canceled = app.post("ann", &format!("{ORDERS}/{id}/cancel"), json!({}));
    assert_eq!(canceled.status, 200, "{}", canceled.body);
    assert_eq!(
        standing(&app, id),
        json!(["canceled", "refunded", "9.00", "9.00", "0.00"])
    );
    assert_eq!(balance(&app, "ann")[0], "9.00");
    assert_eq!(app.number("SELECT balance FROM accounts WHERE id = 2"), 0);
}
