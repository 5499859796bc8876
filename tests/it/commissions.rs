//! Commissions: made with the order, approved when it has arrived, undone with what goes back.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;
use crate::wallets::set;
use crate::wallets::user;

const ORDERS: &str = "/api/v1/orders";
const COMMISSIONS: &str = "/api/v1/commissions";

/// A shop with mugs of its own, and vases that a seller sells.
pub fn shop() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10_000);
    sell(&app, "seller", "VASE", "10.00");
    app
}

/// A product of a seller's, approved.
pub fn sell(app: &TestApp, seller: &str, sku: &str, price: &str) {
    let body = json!({ "name": sku, "sku": sku, "price": price, "quantity": 10_000 });
    let made = app.post(seller, "/api/v1/products", body);
    assert_eq!(made.status, 201, "{}", made.body);
    let approved = app.post(
        "owner",
        &format!("/api/v1/products/{}/approve", made.json()["id"]),
        json!({}),
    );
    assert_eq!(approved.status, 200, "{}", approved.body);
}

/// An order of ann's: so many pieces of each SKU, a line each.
pub fn order(app: &TestApp, lines: &[(&str, i64)]) -> i64 {
    let items: Vec<Value> = lines
        .iter()
        .map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity }))
        .collect();
    let placed = app.post("ann", ORDERS, json!({ "items": items }));
    assert_eq!(placed.status, 201, "{}", placed.body);
    placed.json()["id"].as_i64().unwrap()
}

pub fn pay(app: &TestApp, order: i64) {
    let paid = app.post("owner", "/api/v1/payments/manual", json!({ "order_id": order }));
    assert_eq!(paid.status, 201, "{}", paid.body);
}

pub fn step(app: &TestApp, order: i64, status: &str) {
    let version = app.number(&format!("SELECT version FROM orders WHERE id = {order}"));
    let body = json!({ "status": status, "version": version });
    let moved = app.patch("owner", &format!("{ORDERS}/{order}/status"), body);
    assert_eq!(moved.status, 200, "{}", moved.body);
}

/// An order that is paid and has arrived.
pub fn delivered(app: &TestApp, lines: &[(&str, i64)]) -> i64 {
    let order = order(app, lines);
    pay(app, order);
    step(app, order, "shipped");
    step(app, order, "delivered");
    order
}

pub fn refund(app: &TestApp, order: i64, body: Value) -> Answer {
    let made = app.post("owner", &format!("{ORDERS}/{order}/refunds"), body);
    assert_eq!(made.status, 201, "{}", made.body);
    made
}

/// Amount and status of every row, oldest first.
pub fn rows(app: &TestApp, who: &str, query: &str) -> Value {
    let mut rows = app.get(who, &format!("{COMMISSIONS}?{query}")).json()["data"]
        .as_array()
        .unwrap()
        .clone();
    rows.reverse();
    rows.iter()
        .map(|row| json!([row["amount"], row["status"]]))
        .collect()
}

/// Pending, approved, paid, all of them.
pub fn sums(app: &TestApp, who: &str) -> Value {
    let told = app.get(who, &format!("{COMMISSIONS}/summary")).json();
    json!([told["pending"], told["approved"], told["paid"], told["total"]])
}

/// D14: a row a line of a seller's, in the order's own transaction; lines of the shop's bring none.
#[test]
fn each_line_of_a_sellers_brings_its_commission() {
    let app = shop();
    order(&app, &[("MUG", 3)]);
    assert_eq!(app.number("SELECT count(*) FROM commissions"), 0);
    let id = order(&app, &[("MUG", 1), ("VASE", 2), ("VASE", 1)]);
    assert_eq!(
        rows(&app, "seller", ""),
        json!([["14.00", "pending"], ["7.00", "pending"]])
    );
    let row = &app.get("seller", COMMISSIONS).json()["data"][0];
    assert_eq!(
        json!([
            row["order_id"],
            row["rate"],
            row["seller_id"],
            row["item_id"],
            row["currency"]
        ]),
        json!([id, "30", user(&app, "seller"), (id << 12) + 3, "EUR"])
    );
    assert_eq!(sums(&app, "seller"), json!(["21.00", "0.00", "0.00", "21.00"]));
    let short = app.post(
        "ann",
        ORDERS,
        json!({ "items": [{ "sku": "VASE", "quantity": 99_999 }] }),
    );
    assert_eq!(short.code(), 6004);
    assert_eq!(app.number("SELECT count(*) FROM commissions"), 2);
}

/// D14: the shop's rate is a setting, a seller may have another; what was sold before keeps the rate of its day.
#[test]
fn the_rate_is_the_shops_or_the_sellers_own() {
    let app = shop();
    let path = format!("{COMMISSIONS}/rates/{}", user(&app, "seller"));
    order(&app, &[("VASE", 1)]);
    set(&app, "commissions.rate", "12.5");
    order(&app, &[("VASE", 1)]);
    let rate = app.get("owner", &path).json();
    assert_eq!(json!([rate["rate"], rate["own"]]), json!(["12.5", false]));
    let put = |rate: Value| app.send("PUT", "owner", &path, &[], Some(&json!({ "rate": rate })));
    let rate = put(json!("0.125")).json();
    assert_eq!(json!([rate["rate"], rate["own"]]), json!(["0.125", true]));
    order(&app, &[("VASE", 1)]);
    for bad in ["101", "-1", "thirty", "12.3456", ""] {
        assert_eq!(put(json!(bad)).status, 400, "{bad}");
    }
    assert_eq!(put(Value::Null).json()["own"], false);
    order(&app, &[("VASE", 1)]);
    let expected = [
        ["7.00", "pending"],
        ["8.75", "pending"],
        ["9.99", "pending"],
        ["8.75", "pending"],
    ];
    assert_eq!(rows(&app, "seller", ""), json!(expected));
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 172"), 2);
    assert_eq!(
        app.send("PUT", "seller", &path, &[], Some(&json!({ "rate": "0" })))
            .code(),
        1005
    );
}

/// AZ-02: a seller sees their own, who pays them sees all.
#[test]
fn a_seller_sees_their_own() {
    let app = shop();
    sell(&app, "seller2", "BOWL", "20.00");
    let id = order(&app, &[("VASE", 1), ("BOWL", 1)]);
    assert_eq!(rows(&app, "seller", ""), json!([["7.00", "pending"]]));
    assert_eq!(rows(&app, "seller2", ""), json!([["14.00", "pending"]]));
    assert_eq!(rows(&app, "ann", ""), json!([]));
    assert_eq!(
        rows(&app, "owner", &format!("order_id={id}")),
        json!([["7.00", "pending"], ["14.00", "pending"]])
    );
    let second = user(&app, "seller2");
    assert_eq!(
        rows(&app, "owner", &format!("seller_id={second}")),
        json!([["14.00", "pending"]])
    );
    for path in ["", "/summary"] {
        let foreign = app.get("seller", &format!("{COMMISSIONS}{path}?seller_id={second}"));
        assert_eq!((foreign.status, foreign.code()), (403, 1005), "{}", foreign.body);
    }
    assert_eq!(sums(&app, "owner")[0], "21.00");
    assert_eq!(sums(&app, "ann")[0], "0.00");
}

/// D14: what has arrived is approved; what is canceled before is reversed.
#[test]
fn what_has_arrived_is_approved_and_what_is_canceled_is_reversed() {
    let app = shop();
    let first = order(&app, &[("VASE", 1)]);
    for status in ["processing", "shipped"] {
        step(&app, first, status);
        assert_eq!(rows(&app, "seller", ""), json!([["7.00", "pending"]]));
    }
    step(&app, first, "delivered");
    assert_eq!(rows(&app, "seller", ""), json!([["7.00", "approved"]]));
    let second = order(&app, &[("VASE", 2)]);
    let canceled = app.post("ann", &format!("{ORDERS}/{second}/cancel"), json!({}));
    assert_eq!(canceled.status, 200, "{}", canceled.body);
    assert_eq!(
        rows(&app, "seller", ""),
        json!([["7.00", "approved"], ["14.00", "reversed"]])
    );
    assert_eq!(sums(&app, "seller"), json!(["0.00", "7.00", "0.00", "7.00"]));
}

/// D14: a refund takes back its part: of the lines it names, else of all; a whole one reverses.
#[test]
fn a_refund_takes_back_its_part() {
    let app = shop();
    let id = order(&app, &[("VASE", 3), ("MUG", 2)]);
    pay(&app, id);
    let vases = (id << 12) + 1;
    refund(
        &app,
        id,
        json!({ "lines": [{ "item_id": vases, "quantity": 1 }], "reason": "broken" }),
    );
    assert_eq!(
        rows(&app, "seller", ""),
        json!([["21.00", "pending"], ["-7.00", "pending"]])
    );
    // Of the 29.00 that are left, a tenth: of the vases' 20.00 that is 2.00.
    refund(&app, id, json!({ "amount": "2.90", "reason": "late" }));
    assert_eq!(sums(&app, "seller")[0], "12.60");
    refund(
        &app,
        id,
        json!({ "lines": [{ "item_id": vases + 1, "quantity": 2 }], "reason": "ugly", "amount": "1.00" }),
    );
    assert_eq!(sums(&app, "seller")[0], "12.60");
    step(&app, id, "shipped");
    step(&app, id, "delivered");
    assert_eq!(sums(&app, "seller")[1], "12.60");
    refund(&app, id, json!({ "reason": "all of it" }));
    assert_eq!(sums(&app, "seller"), json!(["0.00", "0.00", "0.00", "0.00"]));
    assert_eq!(app.number("SELECT count(*) FROM commissions WHERE state <> 3"), 0);

    let whole = order(&app, &[("VASE", 1)]);
    pay(&app, whole);
    refund(&app, whole, json!({ "reason": "never mind" }));
    assert_eq!(
        rows(&app, "seller", &format!("order_id={whole}")),
        json!([["7.00", "reversed"]])
    );
    let mugs = order(&app, &[("MUG", 2), ("VASE", 1)]);
    pay(&app, mugs);
    let line = (mugs << 12) + 1;
    refund(
        &app,
        mugs,
        json!({ "lines": [{ "item_id": line, "quantity": 2 }], "reason": "mugs only" }),
    );
    assert_eq!(
        rows(&app, "seller", &format!("order_id={mugs}")),
        json!([["7.00", "pending"]])
    );
}

/// D14, any refunds of any order: a commission is what is left of its line, never below nothing; the doctor agrees.
#[test]
fn any_refunds_leave_what_is_left() {
    use proptest::test_runner::Config;
    use proptest::test_runner::TestRunner;

    let app = shop();
    let mut runner = TestRunner::new(Config {
        cases: 12,
        failure_persistence: None,
        ..Config::default()
    });
    let parts = proptest::collection::vec((proptest::bool::ANY, 1..900i64), 1..6);
    runner
        .run(&((1..4i64, 1..4i64, proptest::bool::ANY), parts), |((vases, mugs, arrives), parts)| {
            let id = match arrives {
                true => delivered(&app, &[("VASE", vases), ("MUG", mugs)]),
                false => order(&app, &[("VASE", vases), ("MUG", mugs)]),
            };
            if !arrives {
                pay(&app, id);
            }
            let left = format!("SELECT ifnull(sum(amount), 0) FROM commissions WHERE state < 3 AND order_id = {id}");
            let mut before = app.number(&left);
            assert_eq!(before, vases * 700);
            for (is_line, minor) in parts {
                let amount = format!("{}.{:02}", minor / 100, minor % 100);
                let body = match is_line {
                    true => json!({ "lines": [{ "item_id": (id << 12) + 1, "quantity": 1 }], "reason": "broken" }),
                    false => json!({ "amount": amount, "reason": "late" }),
                };
                let answer = app.post("owner", &format!("{ORDERS}/{id}/refunds"), body);
                assert!([201, 422].contains(&answer.status), "{}", answer.body);
                let now = app.number(&left);
                proptest::prop_assert!((0..=before).contains(&now), "{before} then {now}");
                before = now;
            }
            app.post("owner", &format!("{ORDERS}/{id}/refunds"), json!({ "reason": "the rest" }));
            proptest::prop_assert_eq!(app.number(&left), 0);
            Ok(())
        })
        .unwrap();
}
