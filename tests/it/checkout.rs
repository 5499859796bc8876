//! From a cart to an order: once, whole or not at all, at no price that the customer did not see.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;

const CART: &str = "/api/v1/cart";
const ITEMS: &str = "/api/v1/cart/items";
pub const CHECKOUT: &str = "/api/v1/cart/checkout";
const OURS: (&str, &str) = ("sec-fetch-site", "same-origin");

pub fn shop() -> TestApp {
    let app = TestApp::start_with(|config| config.payments.sandbox = true);
    app.product("MUG", "4.50", 100);
    app.product("POT", "30.00", 3);
    app
}

pub fn add(app: &TestApp, who: &str, sku: &str, quantity: i64) {
    let added = app.post(who, ITEMS, json!({ "sku": sku, "quantity": quantity }));
    assert_eq!(added.status, 201, "{}", added.body);
}

fn body() -> Value {
    json!({ "shipping_address": { "name": "Ann", "line1": "1 Road", "city": "Rye", "postcode": "TN31", "country": "GB" } })
}

pub fn with(more: Value) -> Value {
    let mut body = body();
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

pub fn check_out(app: &TestApp, more: Value) -> Answer {
    app.post("ann", CHECKOUT, with(more))
}

pub fn reprice(app: &TestApp, price: i64) {
    app.change(&format!("UPDATE variants SET price = {price} WHERE sku = 'MUG'"));
    let of = "(SELECT product_id FROM variants WHERE sku = 'MUG')";
    app.change(&format!(
        "UPDATE products SET price_from = {price} WHERE id = {of}"
    ));
}

fn orders(app: &TestApp) -> i64 {
    app.number("SELECT count(*) FROM orders")
}

/// Everything at once: coupon, sending, tax, stock, an empty cart, one event, and the order as it is found again.
#[test]
fn a_cart_becomes_an_order() {
    let app = shop();
    app.post(
        "owner",
        "/api/v1/coupons",
        json!({ "code": "TENTH", "kind": "percentage", "value": "10", "limit": 1 }),
    );
    app.post(
        "owner",
        "/api/v1/tax-rates",
        json!({ "name": "VAT", "country": "GB", "rate": "20" }),
    );
    let post = app
        .post(
            "owner",
            "/api/v1/shipping-methods",
            json!({ "name": "Post", "price": "3.00" }),
        )
        .json();
    add(&app, "ann", "MUG", 2);
    add(&app, "ann", "POT", 1);
    assert_eq!(
        app.post("ann", "/api/v1/cart/coupon", json!({ "code": "tenth" }))
            .status,
        200
    );
    let unsent = check_out(&app, json!({}));
    assert_eq!((unsent.status, unsent.code()), (400, 2003), "{}", unsent.body);
    let done = check_out(
        &app,
        json!({ "shipping_method": post["id"], "total_price": "38.10", "note": "Ring twice." }),
    );
    assert_eq!(done.status, 201, "{}", done.body);
    let order = done.json();
    let figures = ["subtotal", "discount", "shipping", "tax", "total"].map(|figure| order[figure].clone());
    assert_eq!(
        figures,
        ["39.00", "3.90", "3.00", "6.35", "38.10"].map(|text| json!(text))
    );
    assert_eq!(
        (&order["payment"], &order["note"], &order["status"]),
        (&Value::Null, &json!("Ring twice."), &json!("pending"))
    );
    assert!(order.get("private_url").is_none());
    let cart = app.get("ann", CART).json();
    assert_eq!((&cart["items"], &cart["coupon"]), (&json!([]), &Value::Null));
    assert_eq!(
        app.number("SELECT available FROM stock JOIN variants ON id = variant_id WHERE sku = 'POT'"),
        2
    );
    assert_eq!(app.number("SELECT count(*) FROM events WHERE type = 1"), 1);
    let mut found = app.get("ann", &format!("/api/v1/orders/{}", order["id"])).json();
    found["payment"] = Value::Null;
    assert_eq!(found, order);
    let empty = check_out(&app, json!({ "shipping_method": post["id"] }));
    assert_eq!((empty.status, empty.code()), (422, 6001));
}

/// N3, D3: ten presses of one button are one order; without a key the second finds the cart empty.
#[test]
fn a_button_pressed_ten_times_makes_one_order() {
    let app = shop();
    add(&app, "ann", "MUG", 1);
    let sent = with(json!({ "client_token": "press-1" }));
    let press = || app.post("ann", CHECKOUT, sent.clone());
    let all: Vec<Answer> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..10).map(|_| scope.spawn(press)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(
        all.iter()
            .all(|answer| answer.status == 201 && answer.body == all[0].body),
        "{}",
        all[0].body
    );
    assert_eq!(
        all.iter()
            .filter(|answer| answer.header("idempotent-replayed").is_some())
            .count(),
        9
    );
    assert_eq!(orders(&app), 1);
    let other = app.post(
        "ann",
        CHECKOUT,
        with(json!({ "client_token": "press-1", "note": "More." })),
    );
    assert_eq!((other.status, other.code()), (422, 3003));
}

/// D13, MON-05: what was seen holds for a day, the lower price is charged, much movement is audited and flagged; a total
/// that is higher than what was seen is refused with a fresh quote, a lower one is charged.
#[test]
fn nobody_pays_a_price_they_did_not_see() {
    let app = shop();
    add(&app, "ann", "MUG", 2);
    reprice(&app, 600);
    let order = check_out(&app, json!({ "total_price": "9.00" })).json();
    let line = &order["items"][0];
    assert_eq!(
        (&line["unit_price"], &line["list_price"], &line["price_drift"]),
        (&json!("4.50"), &json!("6.00"), &json!(true))
    );
    let told: String = app
        .db()
        .query_row("SELECT content FROM audit WHERE action = 189", [], |row| {
            row.get(0)
        })
        .unwrap();
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        told,
        json!({ "sku": "MUG", "seen": 450, "current": 600, "charged": 450 })
    );
    add(&app, "ann", "MUG", 1);
    reprice(&app, 400);
    let order = check_out(&app, json!({ "total_price": "6.00" })).json();
    assert_eq!(
        (&order["total"], &order["items"][0]["price_drift"]),
        (&json!("4.00"), &json!(true))
    );
    add(&app, "ann", "MUG", 1);
    reprice(&app, 430);
    app.clock.pass(86_400_001);
    app.forget_tokens();
    let dearer = check_out(&app, json!({ "total_price": "4.00" }));
    assert_eq!((dearer.status, dearer.code()), (409, 6006), "{}", dearer.body);
    assert_eq!(dearer.json()["error"]["details"]["quote"]["total"], "4.30");
    assert_eq!(
        (orders(&app), app.get("ann", CART).json()["item_count"].clone()),
        (2, json!(1))
    );
    let order = check_out(&app, json!({ "total_price": "4.30" })).json();
    assert_eq!(
        (&order["total"], order["items"][0].get("price_drift")),
        (&json!("4.30"), None)
    );
}

/// Deleted, rejected, sold out and short between the look and the checkout: refused whole, every one of them listed.
#[test]
fn what_is_gone_is_not_sold() {
    let app = shop();
    app.product("LID", "1.00", 5);
    for sku in ["LID", "POT", "MUG"] {
        add(&app, "ann", sku, 3);
    }
    let lid = app.number("SELECT product_id FROM variants WHERE sku = 'LID'");
    app.post("owner", &format!("/api/v1/products/{lid}/reject"), json!({}));
    let moved = json!({ "sku": "POT", "set_to": 2, "reason": "adjust" });
    assert_eq!(app.post("owner", "/api/v1/stock/adjustments", moved).status, 201);
    let refused = check_out(&app, json!({}));
    let items = json!([{ "sku": "POT", "requested": 3, "available": 2 },
        { "sku": "LID", "requested": 3, "available": 0 }]);
    assert_eq!(
        (
            refused.status,
            refused.code(),
            &refused.json()["error"]["details"]["items"]
        ),
        (409, 6004, &items)
    );
    let id = app.number("SELECT id FROM variants WHERE sku = 'LID'");
    app.send("DELETE", "ann", &format!("{ITEMS}/{id}"), &[], None);
    let refused = check_out(&app, json!({}));
    let items = json!([{ "sku": "POT", "requested": 3, "available": 2 }]);
    assert_eq!(
        (refused.status, &refused.json()["error"]["details"]["items"]),
        (409, &items)
    );
    assert_eq!(
        (orders(&app), app.get("ann", CART).json()["item_count"].clone()),
        (0, json!(6))
    );
}

/// N2: twenty carts with the last three pots: three orders.
#[test]
fn the_last_ones_are_sold_once() {
    let app = shop();
    let cookies: Vec<String> = (0..20).map(|_| guest(&app, "POT", 1)).collect();
    let buy = |cookie: &String| as_guest(&app, cookie, with(json!({ "email": "g@shop.test" }))).status;
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let all: Vec<_> = cookies
            .iter()
            .map(|cookie| scope.spawn(move || buy(cookie)))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        3,
        "{statuses:?}"
    );
    assert!(
        statuses.iter().all(|status| [201, 409].contains(status)),
        "{statuses:?}"
    );
    assert_eq!(
        (
            orders(&app),
            app.number("SELECT count(*) FROM customers WHERE user_id IS NULL")
        ),
        (3, 1)
    );
}

fn guest(app: &TestApp, sku: &str, quantity: i64) -> String {
    let body = json!({ "sku": sku, "quantity": quantity });
    let added = app.client().send("POST", ITEMS, None, &[OURS], Some(&body));
    assert_eq!(added.status, 201, "{}", added.body);
    added
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned()
}

fn as_guest(app: &TestApp, cookie: &str, body: Value) -> Answer {
    let headers = [("cookie", cookie), OURS];
    app.client().send("POST", CHECKOUT, None, &headers, Some(&body))
}

/// C6: a guest says where to write, gets a private link of 128 bits, and a record of their address; pressed again, the
/// same order.
#[test]
fn a_guest_buys() {
    let app = shop();
    let cookie = guest(&app, "MUG", 2);
    let nameless = as_guest(&app, &cookie, body());
    assert_eq!(
        (
            nameless.status,
            nameless.code(),
            &nameless.json()["error"]["fields"][0]["field"]
        ),
        (400, 2003, &json!("email"))
    );
    let sent = with(json!({ "email": "Guest@shop.test", "client_token": "press-1" }));
    let done = as_guest(&app, &cookie, sent.clone());
    assert_eq!(done.status, 201, "{}", done.body);
    let order = done.json();
    assert_eq!(
        (&order["user_id"], &order["email"], &order["total"]),
        (&Value::Null, &json!("Guest@shop.test"), &json!("9.00"))
    );
    let url = order["private_url"].as_str().unwrap();
    let token = url.rsplit_once('/').unwrap().1.split_once('-').unwrap();
    assert_eq!((token.0.to_owned(), token.1.len()), (order["id"].to_string(), 22));
    let again = as_guest(&app, &cookie, sent);
    assert_eq!(
        (&again.body, again.header("idempotent-replayed")),
        (&done.body, Some("true"))
    );
    assert_eq!(app.number("SELECT count(*) FROM carts"), 0);
    let customer = app
        .get("owner", &format!("/api/v1/orders/{}", order["id"]))
        .json()["customer_id"]
        .clone();
    let other = as_guest(
        &app,
        &guest(&app, "MUG", 1),
        with(json!({ "email": "guest@shop.test" })),
    )
    .json();
    assert_eq!(other["customer_id"], customer);
    for (who, status) in [("ann", 404), ("staff", 200)] {
        assert_eq!(
            app.get(who, &format!("/api/v1/orders/{}", order["id"])).status,
            status,
            "{who}"
        );
    }
    let cookie = guest(&app, "MUG", 1);
    let wallet = as_guest(
        &app,
        &cookie,
        with(json!({ "email": "guest@shop.test", "payment_method": "wallet" })),
    );
    assert_eq!(wallet.status, 401, "{}", wallet.body);
}

/// MONEY, guests: whose account has not proved an address sees nothing of what a guest ordered under it.
#[test]
fn an_address_that_is_not_proved_sees_no_orders() {
    let app = shop();
    app.token("ann");
    let buy = |app: &TestApp| {
        let done = as_guest(
            app,
            &guest(app, "MUG", 1),
            with(json!({ "email": "ann@shop.test" })),
        );
        assert_eq!(done.status, 201, "{}", done.body);
        format!("/api/v1/orders/{}", done.json()["id"])
    };
    app.change("UPDATE users SET email_verified = 0 WHERE username = 'ann'");
    let first = buy(&app);
    assert_eq!(app.get("ann", &first).status, 404);
    app.change("UPDATE users SET email_verified = 1 WHERE username = 'ann'");
    let second = buy(&app);
    // The record that has no account comes first: proving the address is what attaches it.
    assert_eq!(
        (app.get("ann", &first).status, app.get("ann", &second).status),
        (404, 200)
    );
}

/// One transaction from the cart to the intent: the reply has the provider's page.
#[test]
fn a_payment_is_begun_with_the_order() {
    let app = shop();
    add(&app, "ann", "MUG", 1);
    let done = check_out(&app, json!({ "payment_method": "sandbox" }));
    assert_eq!(done.status, 201, "{}", done.body);
    let payment = done.json()["payment"].clone();
    assert_eq!(
        (&payment["amount"], &payment["provider"]),
        (&json!("4.50"), &json!("sandbox"))
    );
    assert!(payment["redirect_url"].is_string(), "{payment}");
    let status = app
        .get("ann", &format!("/api/v1/payments/status/{}", done.json()["id"]))
        .json();
    assert_eq!(status["payments"].as_array().unwrap().len(), 1);
    let deposit = json!({ "amount": "10.00", "reason": "a gift" });
    let ann = app.number("SELECT id FROM users WHERE username = 'ann'");
    assert_eq!(
        app.post("owner", &format!("/api/v1/wallets/{ann}/adjust"), deposit)
            .status,
        201
    );
    add(&app, "ann", "MUG", 2);
    let done = check_out(&app, json!({ "payment_method": "wallet" })).json();
    assert_eq!(
        (&done["payment"]["status"], &done["payment_status"], &done["paid"]),
        (&json!("captured"), &json!("paid"), &json!("9.00"))
    );
    add(&app, "ann", "MUG", 2);
    let poor = check_out(&app, json!({ "payment_method": "wallet" }));
    assert_eq!((poor.status, poor.code()), (422, 6005));
    assert_eq!(
        (orders(&app), app.get("ann", CART).json()["item_count"].clone()),
        (2, json!(2))
    );
    app.settle();
}

/// MON-05: whatever a client says that things cost counts for nothing.
#[test]
fn no_field_changes_what_is_paid() {
    let app = shop();
    add(&app, "ann", "MUG", 1);
    for field in [
        "price",
        "unit_price",
        "total",
        "subtotal",
        "discount",
        "shipping",
        "tax",
        "items",
        "currency",
        "status",
        "paid",
        "payment_status",
        "customer_id",
        "user_id",
        "coupon",
        "channel",
        "number",
        "placed_at",
        "version",
    ] {
        for value in [json!(0), json!("0.01"), json!(null)] {
            let refused = check_out(&app, json!({ field: value }));
            let fault = refused.json()["error"]["fields"][0]["field"].clone();
            assert_eq!((refused.status, fault), (400, json!(field)), "{field}");
        }
    }
    for (total, status) in [
        ("0.00", 409),
        ("-1.00", 409),
        ("4.49", 409),
        ("4.500", 400),
        ("1e9", 400),
        ("99.00", 201),
    ] {
        let answer = check_out(&app, json!({ "total_price": total }));
        assert_eq!(answer.status, status, "{total}: {}", answer.body);
    }
    assert_eq!(app.number("SELECT total FROM orders"), 450);
}
