//! Carts of who is signed in: what goes in, at which price, held against the stock, and what is told of it.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;

const CART: &str = "/api/v1/cart";
const ITEMS: &str = "/api/v1/cart/items";
const HOUR: i64 = 3_600_000;

fn shop() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    app.product("POT", "30.00", 3);
    app
}

/// Puts something in, a moment after what was put in before.
fn add(app: &TestApp, sku: &str, quantity: i64) -> Answer {
    app.clock.pass(1);
    app.post("ann", ITEMS, json!({ "sku": sku, "quantity": quantity }))
}

fn cart(app: &TestApp) -> Value {
    let shown = app.get("ann", CART);
    assert_eq!(shown.status, 200, "{}", shown.body);
    shown.json()
}

fn set(app: &TestApp, item: &Value, quantity: i64) -> Answer {
    app.patch(
        "ann",
        &format!("{ITEMS}/{}", item["id"]),
        json!({ "quantity": quantity }),
    )
}

fn codes(notices: &Value) -> Vec<&str> {
    let all = notices.as_array().unwrap().iter();
    all.map(|notice| notice["code"].as_str().unwrap()).collect()
}

fn reprice(app: &TestApp, sku: &str, price: i64) {
    app.change(&format!(
        "UPDATE variants SET price = {price} WHERE sku = '{sku}'"
    ));
    let of = format!("(SELECT product_id FROM variants WHERE sku = '{sku}')");
    app.change(&format!(
        "UPDATE products SET price_from = {price} WHERE id = {of}"
    ));
}

/// C1, C5: put in, put in again, changed, taken out, emptied; each figure is the catalogue's and tells why.
#[test]
fn a_cart_is_filled_and_emptied() {
    let app = shop();
    assert_eq!(cart(&app)["total"], "0.00");
    assert_eq!(add(&app, "MUG", 2).status, 201);
    let added = add(&app, "MUG", 1).json();
    assert_eq!(added["items"][0]["quantity"], 3);
    add(&app, "POT", 1);
    let shown = cart(&app);
    let (mug, pot) = (&shown["items"][0], &shown["items"][1]);
    assert_eq!((&mug["sku"], &pot["sku"]), (&json!("MUG"), &json!("POT")));
    assert_eq!(
        (&mug["snapshot_price"], &mug["current_price"]),
        (&json!("4.50"), &json!("4.50"))
    );
    assert_eq!((&mug["total"], &mug["available"]), (&json!("13.50"), &json!(10)));
    let why = json!([{ "figure": "unit_price", "reason": "list", "amount": "4.50", "percent": null, "name": null,
        "at": null }]);
    assert_eq!(mug["reasons"], why);
    assert_eq!(
        (&shown["subtotal"], &shown["total"]),
        (&json!("43.50"), &json!("43.50"))
    );
    assert_eq!(
        (&shown["item_count"], &shown["currency"]),
        (&json!(4), &json!("EUR"))
    );
    assert_eq!(set(&app, mug, 5).json()["items"][0]["quantity"], 5);
    assert_eq!(set(&app, mug, 0).json()["items"].as_array().unwrap().len(), 1);
    let gone = app.send("DELETE", "ann", &format!("{ITEMS}/{}", pot["id"]), &[], None);
    assert_eq!(
        (gone.status, cart(&app)["items"].as_array().unwrap().len()),
        (204, 0)
    );
    add(&app, "MUG", 1);
    assert_eq!(app.send("DELETE", "ann", CART, &[], None).status, 204);
    assert_eq!(cart(&app)["items"], json!([]));
    let other = app.get("bob", CART).json();
    assert_eq!(other["items"], json!([]));
}

/// C2: what is there and what is wanted are held together at each change, also over several adds.
#[test]
fn a_cart_holds_no_more_than_there_is() {
    let app = shop();
    assert_eq!(add(&app, "POT", 2).status, 201);
    let more = add(&app, "POT", 2);
    assert_eq!((more.status, more.code()), (409, 6004));
    let items = json!([{ "sku": "POT", "requested": 4, "available": 3 }]);
    assert_eq!(more.json()["error"]["details"]["items"], items);
    let shown = cart(&app);
    let over = set(&app, &shown["items"][0], 4);
    assert_eq!((over.status, over.code()), (409, 6004));
    assert_eq!(set(&app, &shown["items"][0], 3).status, 200);
    for (body, field, code) in [
        (json!({ "sku": "POT", "quantity": 0 }), "quantity", 2001),
        (json!({ "sku": "POT", "quantity": 100_001 }), "quantity", 2001),
        (
            json!({ "sku": "POT", "quantity": 1, "price": "0.01" }),
            "price",
            2001,
        ),
        (json!({ "quantity": 1 }), "variant_id", 2003),
        (json!({ "sku": "POT", "variant_id": 1, "quantity": 1 }), "", 2001),
    ] {
        let answer = app.post("ann", ITEMS, body.clone());
        let fault = &answer.json()["error"]["fields"][0];
        assert_eq!(
            (answer.status, &fault["field"], &fault["code"]),
            (400, &json!(field), &json!(code)),
            "{body}"
        );
    }
    assert_eq!(add(&app, "NOPE", 1).status, 404);
    assert_eq!(cart(&app)["item_count"], 3);
}

/// C4: deleted, rejected, sold out, short and repriced between two looks; each is told, and what cannot be bought costs
/// nothing.
#[test]
fn a_cart_tells_what_has_become_of_it() {
    let app = shop();
    for sku in ["GONE", "HELD", "OUT"] {
        app.product(sku, "1.00", 5);
    }
    for sku in ["GONE", "HELD", "OUT", "MUG", "POT"] {
        assert_eq!(add(&app, sku, 3).status, 201);
    }
    let verdict = app.post("ann", "/api/v1/cart/validate", json!({})).json();
    assert_eq!(verdict, json!({ "valid": true, "errors": [], "warnings": [] }));
    let id = |sku: &str| app.number(&format!("SELECT product_id FROM variants WHERE sku = '{sku}'"));
    let gone = app.send(
        "DELETE",
        "owner",
        &format!("/api/v1/products/{}", id("GONE")),
        &[],
        None,
    );
    assert_eq!(gone.status, 204);
    app.post(
        "owner",
        &format!("/api/v1/products/{}/reject", id("HELD")),
        json!({}),
    );
    for (sku, left) in [("OUT", 0), ("POT", 1)] {
        let moved = json!({ "sku": sku, "set_to": left, "reason": "adjust" });
        assert_eq!(app.post("owner", "/api/v1/stock/adjustments", moved).status, 201);
    }
    reprice(&app, "MUG", 400);
    let verdict = app.post("ann", "/api/v1/cart/validate", json!({})).json();
    assert_eq!(
        codes(&verdict["errors"]),
        ["gone", "not_approved", "out_of_stock", "short"]
    );
    assert_eq!(codes(&verdict["warnings"]), ["price_dropped"]);
    assert_eq!(
        (
            &verdict["errors"][3]["requested"],
            &verdict["errors"][3]["available"]
        ),
        (&json!(3), &json!(1))
    );
    let shown = cart(&app);
    assert_eq!(codes(&shown["warnings"]).len(), 5);
    // 3 x 1.00 that are out, 3 x 4.00, 3 x 30.00.
    assert_eq!(shown["total"], "105.00");
    assert_eq!(
        (&shown["items"][0]["current_price"], &shown["items"][0]["total"]),
        (&Value::Null, &Value::Null)
    );
    let stays = set(&app, &shown["items"][1], 1);
    assert_eq!((stays.status, stays.code()), (409, 6003));
    assert_eq!(set(&app, &shown["items"][0], 0).status, 200);
    app.send("DELETE", "ann", CART, &[], None);
    let empty = app.post("ann", "/api/v1/cart/validate", json!({})).json();
    assert_eq!(
        (&empty["valid"], codes(&empty["errors"])),
        (&json!(false), vec!["empty"])
    );
}

/// D13: the price that was seen holds for a day unless today's is lower; more than a tenth is flagged.
#[test]
fn a_price_that_was_seen_holds_for_a_day() {
    let app = shop();
    add(&app, "MUG", 1);
    let mug = |app: &TestApp| cart(app)["items"][0].clone();
    for (now, unit, is_flagged) in [
        (495, "4.50", false),
        (496, "4.50", true),
        (404, "4.04", true),
        (450, "4.50", false),
    ] {
        reprice(&app, "MUG", now);
        let shown = mug(&app);
        assert_eq!(
            (&shown["unit_price"], &shown["price_drift"]),
            (&json!(unit), &json!(is_flagged)),
            "{now}"
        );
        assert_eq!(shown["snapshot_price"], "4.50");
    }
    reprice(&app, "MUG", 500);
    let why = mug(&app)["reasons"].clone();
    assert_eq!(
        (&why[0]["amount"], &why[1]["reason"], &why[1]["amount"]),
        (&json!("5.00"), &json!("seen"), &json!("-0.50"))
    );
    app.clock.pass(24 * HOUR);
    app.forget_tokens();
    assert_eq!(mug(&app)["unit_price"], "4.50");
    app.clock.pass(1);
    assert_eq!(
        (&mug(&app)["unit_price"], &mug(&app)["price_drift"]),
        (&json!("5.00"), &json!(false))
    );
    // Whoever looks again has seen today's price.
    set(&app, &mug(&app), 2);
    assert_eq!(
        (&mug(&app)["snapshot_price"], codes(&cart(&app)["warnings"])),
        (&json!("5.00"), vec![])
    );
}

/// N3: the same request ten times at once puts one in.
#[test]
fn a_button_pressed_ten_times_puts_one_in() {
    let app = shop();
    app.token("ann");
    let body = json!({ "sku": "MUG", "quantity": 1 });
    let press = || {
        app.send(
            "POST",
            "ann",
            ITEMS,
            &[("idempotency-key", "press-1")],
            Some(&body),
        )
    };
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..10).map(|_| scope.spawn(press)).collect();
        all.into_iter().map(|one| one.join().unwrap().status).collect()
    });
    assert_eq!(
        (statuses, cart(&app)["item_count"].clone()),
        (vec![201; 10], json!(1))
    );
    let other = json!({ "sku": "MUG", "quantity": 2 });
    let reused = app.send(
        "POST",
        "ann",
        ITEMS,
        &[("idempotency-key", "press-1")],
        Some(&other),
    );
    assert_eq!((reused.status, reused.code()), (422, 3003));
}

/// C3, A7
#[test]
fn a_logout_empties_the_cart() {
    let app = shop();
    add(&app, "MUG", 2);
    let out = app.post("ann", "/api/v1/auth/logout", json!({}));
    assert_eq!(out.json()["cleared"]["cart"], true);
    app.forget_tokens();
    assert_eq!(cart(&app)["items"], json!([]));
}

/// C7: what can be had goes in, once however often it is asked for, and no more than the order had.
#[test]
fn a_former_order_goes_into_the_cart() {
    let app = shop();
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }, { "sku": "POT", "quantity": 2 }] });
    let order = app.post("ann", "/api/v1/orders", body).json()["id"].clone();
    add(&app, "MUG", 1);
    let again = format!("/api/v1/orders/{order}/reorder?add_to_cart=1");
    for _ in 0..2 {
        let found = app.send("POST", "ann", &again, &[], None);
        assert_eq!(found.status, 200, "{}", found.body);
        assert_eq!(found.json()["available_items"].as_array().unwrap().len(), 2);
        let shown = cart(&app);
        let told: Vec<_> = shown["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["quantity"].clone())
            .collect();
        assert_eq!(told, [json!(2), json!(1)]);
    }
    assert_eq!(app.send("POST", "bob", &again, &[], None).status, 404);
    let odd = app.send("POST", "ann", &again.replace('1', "maybe"), &[], None);
    assert!([400, 404].contains(&odd.status), "{}", odd.body);
}

/// A program has no cart.
#[test]
fn a_key_has_no_cart() {
    let app = shop();
    let key =
        json!({ "name": "Scales", "permissions": ["orders:read"], "expires_at": "2026-06-01T00:00:00Z" });
    let key = app.post("owner", "/api/v1/api-keys", key).json()["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let answer = app.client().send("GET", CART, Some(&key), &[], None);
    assert_eq!((answer.status, answer.code()), (403, 1005), "{}", answer.body);
}
