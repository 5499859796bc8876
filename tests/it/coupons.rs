//! Coupons: made and changed by staff, held to their limits by every order, also by two hundred at once.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;

const COUPONS: &str = "/api/v1/coupons";
const ORDERS: &str = "/api/v1/orders";
const COUPON: &str = "/api/v1/cart/coupon";
const DAY: i64 = 86_400_000;

fn shop() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100_000);
    app.product("POT", "30.00", 100_000);
    app
}

fn make(app: &TestApp, body: Value) -> Value {
    let made = app.post("owner", COUPONS, body);
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()
}

/// An order of a mug and a pot with a coupon.
fn buy(app: &TestApp, who: &str, code: &str) -> Answer {
    let items = json!([{ "sku": "MUG", "quantity": 1 }, { "sku": "POT", "quantity": 1 }]);
    app.post(who, ORDERS, json!({ "items": items, "coupon": code }))
}

fn used(app: &TestApp) -> i64 {
    app.number("SELECT sum(used) FROM coupons")
}

/// T11: a coupon is made, found whatever the case, changed under its version, and deleted; each is audited.
#[test]
fn a_coupon_is_made_changed_and_deleted() {
    let app = shop();
    let made = make(
        &app,
        json!({ "code": "spring-5", "kind": "fixed", "value": 5, "limit": 2 }),
    );
    assert_eq!(
        (&made["code"], &made["value"], &made["used"]),
        (&json!("SPRING-5"), &json!("5.00"), &json!(0))
    );
    let taken = app.post(
        "owner",
        COUPONS,
        json!({ "code": "Spring-5", "kind": "free_shipping" }),
    );
    assert_eq!((taken.status, taken.code()), (409, 3002), "{}", taken.body);
    let path = format!("{COUPONS}/{}", made["id"]);
    assert_eq!(app.patch("owner", &path, json!({ "enabled": false })).status, 428);
    let stale = app.patch("owner", &path, json!({ "enabled": false, "version": 9 }));
    assert_eq!(
        (
            stale.status,
            &stale.json()["error"]["details"]["current"]["version"]
        ),
        (412, &json!(1))
    );
    let change = json!({ "kind": "percentage", "value": "12.5", "limit": null, "version": 1 });
    let changed = app.patch("owner", &path, change).json();
    assert_eq!(
        (&changed["value"], &changed["limit"], &changed["version"]),
        (&json!("12.5"), &Value::Null, &json!(2))
    );
    let listed = app.get("staff", COUPONS).json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    assert_eq!(app.send("DELETE", "owner", &path, &[], None).status, 204);
    assert_eq!(app.send("DELETE", "owner", &path, &[], None).status, 404);
    make(&app, json!({ "code": "SPRING-5", "kind": "free_shipping" }));
    assert_eq!(
        app.number("SELECT count(*) FROM audit WHERE action BETWEEN 180 AND 182"),
        4
    );
}

/// T11: what is no coupon is refused at its field.
#[test]
fn what_is_no_coupon_is_refused() {
    let app = shop();
    for (body, field) in [
        (json!({ "code": "a b", "kind": "fixed", "value": 1 }), "code"),
        (json!({ "code": "A", "kind": "fixed", "value": 0 }), "value"),
        (
            json!({ "code": "A", "kind": "percentage", "value": "100.1" }),
            "value",
        ),
        (json!({ "code": "A", "kind": "percentage" }), "value"),
        (json!({ "code": "A", "kind": "gift" }), "kind"),
        (
            json!({ "code": "A", "kind": "fixed", "value": 1, "limit": 0 }),
            "limit",
        ),
        (
            json!({ "code": "A", "kind": "fixed", "value": 1, "products": [987_654] }),
            "products[0]",
        ),
        (
            json!({ "code": "A", "kind": "fixed", "value": 1, "starts_at": "2026-03-02T00:00:00Z",
            "ends_at": "2026-03-01T00:00:00Z" }),
            "ends_at",
        ),
    ] {
        let refused = app.post("owner", COUPONS, body.clone());
        assert_eq!(
            (refused.status, &refused.json()["error"]["fields"][0]["field"]),
            (400, &json!(field)),
            "{body}"
        );
    }
}

/// MON-04: what it takes off stands on the order and on its lines, and they add up.
#[test]
fn an_order_with_a_coupon_costs_less() {
    let app = shop();
    make(
        &app,
        json!({ "code": "TENTH", "kind": "percentage", "value": "10" }),
    );
    let order = buy(&app, "ann", "tenth");
    assert_eq!(order.status, 201, "{}", order.body);
    let order = order.json();
    let figures = ["subtotal", "discount", "shipping", "tax", "total"].map(|figure| order[figure].clone());
    assert_eq!(
        figures,
        ["34.50", "3.45", "0.00", "0.00", "31.05"].map(|text| json!(text))
    );
    let lines = order["items"].as_array().unwrap();
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line["discount"].clone(), line["total"].clone()))
        .collect();
    assert_eq!(
        told,
        [(json!("0.45"), json!("4.05")), (json!("3.00"), json!("27.00"))]
    );
    let again = app.get("ann", &format!("{ORDERS}/{}", order["id"])).json();
    assert_eq!(again, order);
    let product = app.number("SELECT product_id FROM variants WHERE sku = 'POT'");
    make(
        &app,
        json!({ "code": "POTS", "kind": "fixed", "value": "50.00", "products": [product] }),
    );
    let order = buy(&app, "ann", "POTS").json();
    // Never more than what it is good for costs.
    assert_eq!(
        (&order["discount"], &order["total"]),
        (&json!("30.00"), &json!("4.50"))
    );
    let seen =
        json!({ "items": [{ "sku": "POT", "quantity": 1 }], "coupon": "TENTH", "total_price": "30.00" });
    let dearer = app.post("ann", ORDERS, seen);
    assert_eq!((dearer.status, dearer.code()), (409, 6006));
    assert_eq!(dearer.json()["error"]["details"]["quote"]["total"], "27.00");
}

/// 422/6001 where it does not hold, 409/6003 where it is used up; nothing is taken then.
#[test]
fn a_coupon_that_does_not_hold_is_refused() {
    let app = shop();
    let fixed = |code: &str, more: Value| {
        let mut body = json!({ "code": code, "kind": "fixed", "value": "1.00" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        make(&app, body);
    };
    fixed("DEAR", json!({ "min_subtotal": "34.51" }));
    fixed("OFF", json!({ "enabled": false }));
    fixed("LATER", json!({ "starts_at": "2030-01-01T00:00:00Z" }));
    fixed("PAST", json!({ "ends_at": "2020-01-01T00:00:00Z" }));
    let other = app.product("LID", "1.00", 9);
    fixed("LIDS", json!({ "products": [other] }));
    fixed("TWICE", json!({ "limit": 2 }));
    fixed("EACH", json!({ "per_customer": 1 }));
    for code in ["NONE", "", "DEAR", "OFF", "LATER", "PAST", "LIDS"] {
        let refused = buy(&app, "ann", code);
        assert_eq!(
            (refused.status, refused.code()),
            (422, 6001),
            "{code}: {}",
            refused.body
        );
    }
    assert_eq!(
        (buy(&app, "ann", "TWICE").status, buy(&app, "bob", "TWICE").status),
        (201, 201)
    );
    for (who, code, status) in [
        ("ann", "TWICE", 409),
        ("ann", "EACH", 201),
        ("ann", "EACH", 409),
        ("bob", "EACH", 201),
    ] {
        assert_eq!(buy(&app, who, code).status, status, "{who} {code}");
    }
    assert_eq!(buy(&app, "ann", "EACH").code(), 6003);
    assert_eq!((used(&app), app.number("SELECT count(*) FROM orders")), (4, 4));
}

/// CON-03: a thousand uses at once of a coupon of a hundred: a hundred, and as many discounts; a customer's own limit as
/// well.
#[test]
fn a_thousand_at_once_use_it_as_often_as_they_may() {
    let app = shop();
    make(
        &app,
        json!({ "code": "RUSH", "kind": "fixed", "value": "1.00", "limit": 100 }),
    );
    make(
        &app,
        json!({ "code": "ONCE", "kind": "fixed", "value": "1.00", "per_customer": 1 }),
    );
    for who in ["ann", "bob"] {
        app.token(who);
    }
    let rush = |code: &'static str, times: usize| -> Vec<u16> {
        let one = |at: usize| buy(&app, if at.is_multiple_of(2) { "ann" } else { "bob" }, code).status;
        let side_by_side = times.min(250);
        let some = |at: usize| (at..times).step_by(side_by_side).map(one).collect::<Vec<u16>>();
        std::thread::scope(|scope| {
            let all: Vec<_> = (0..side_by_side)
                .map(|at| scope.spawn(move || some(at)))
                .collect();
            all.into_iter().flat_map(|some| some.join().unwrap()).collect()
        })
    };
    let statuses = rush("RUSH", 1000);
    let of = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((of(201), of(409)), (100, 900), "{statuses:?}");
    assert_eq!(
        app.number("SELECT count(*) FROM orders WHERE discount = 100"),
        100
    );
    assert_eq!(app.number("SELECT count(*) FROM orders"), 100);
    let statuses = rush("ONCE", 40);
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        2,
        "{statuses:?}"
    );
    assert_eq!(used(&app), 102);
}

/// MONEY: a canceled order gives its use back.
#[test]
fn a_canceled_order_gives_its_use_back() {
    let app = shop();
    make(
        &app,
        json!({ "code": "ONE", "kind": "fixed", "value": "1.00", "limit": 1, "per_customer": 1 }),
    );
    let order = buy(&app, "ann", "ONE").json()["id"].clone();
    assert_eq!(buy(&app, "ann", "ONE").status, 409);
    let canceled = app.post("ann", &format!("{ORDERS}/{order}/cancel"), json!({}));
    assert_eq!((canceled.status, used(&app)), (200, 0));
    assert_eq!(buy(&app, "ann", "ONE").status, 201);
}

/// A cart shows what its coupon takes off, and what became of it; a look takes no use.
#[test]
fn a_cart_has_a_coupon() {
    let app = shop();
    let made = make(
        &app,
        json!({ "code": "TENTH", "kind": "percentage", "value": "10", "limit": 1,
        "min_subtotal": "9.00", "ends_at": "2026-06-01T00:00:00Z" }),
    );
    let put = |quantity: i64| {
        app.post(
            "ann",
            "/api/v1/cart/items",
            json!({ "sku": "MUG", "quantity": quantity }),
        )
    };
    put(1);
    let type_in = |code: &str| app.post("ann", COUPON, json!({ "code": code }));
    assert_eq!((type_in("TENTH").code(), type_in("NOPE").code()), (6001, 6001));
    put(1);
    let cart = type_in("tenth");
    assert_eq!(cart.status, 200, "{}", cart.body);
    let cart = cart.json();
    let coupon = json!({ "code": "TENTH", "kind": "percentage", "applies": true, "reason": null });
    assert_eq!(
        (&cart["coupon"], &cart["discount"], &cart["total"]),
        (&coupon, &json!("0.90"), &json!("8.10"))
    );
    assert_eq!(
        (&cart["reasons"][0]["figure"], &cart["reasons"][0]["reason"]),
        (&json!("discount"), &json!("coupon"))
    );
    assert_eq!(used(&app), 0);
    let id = cart["items"][0]["id"].clone();
    let fewer = app
        .patch(
            "ann",
            &format!("/api/v1/cart/items/{id}"),
            json!({ "quantity": 1 }),
        )
        .json();
    assert_eq!(
        (&fewer["coupon"]["reason"], &fewer["total"]),
        (&json!("below_minimum"), &json!("4.50"))
    );
    assert_eq!(fewer["warnings"][0]["code"], "coupon");
    put(1);
    app.send("DELETE", "owner", &format!("{COUPONS}/{}", made["id"]), &[], None);
    let gone = app.get("ann", "/api/v1/cart").json();
    assert_eq!(
        (&gone["coupon"], &gone["warnings"][0]["message"]),
        (&Value::Null, &json!("There is no such coupon."))
    );
    assert_eq!(app.send("DELETE", "ann", COUPON, &[], None).status, 204);
    assert_eq!(app.get("ann", "/api/v1/cart").json()["warnings"], json!([]));
    app.clock.pass(DAY);
}
