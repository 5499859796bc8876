//! Orders: placing them, once, within the stock, at the price that was seen.

use serde_json::json;

use crate::app::TestApp;

/// N1, MON-05
#[test]
fn an_order_takes_its_stock_and_shows_its_totals() {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 10);
    let placed = app.post(
        "ann",
        "/api/v1/orders",
        json!({ "items": [
        { "sku": "MUG", "quantity": 3 }, { "product_id": mug, "quantity": 1 },
    ] }),
    );
    assert_eq!(placed.status, 201, "{}", placed.body);
    let order = placed.json();
    assert_eq!(order["total"], "18.00");
    assert_eq!(order["item_count"], 4);
    assert_eq!(order["status"], "pending");
    let shown = app.get("ann", "/api/v1/orders/1");
    assert_eq!(shown.json(), order);
    let left = app
        .get("nobody", &format!("/api/v1/products/public/{mug}"))
        .json();
    assert_eq!(left["quantity"], 6);
}

/// Defects 1 and 4: a price from the client is compared, never used.
#[test]
fn nobody_pays_a_price_they_did_not_see() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    for body in [
        json!({ "items": [{ "sku": "MUG", "quantity": 1, "price": "0.01" }] }),
        json!({ "items": [{ "sku": "MUG", "quantity": 2 }], "total_price": "4.50" }),
    ] {
        let answer = app.post("ann", "/api/v1/orders", body);
        assert_eq!((answer.status, answer.code()), (409, 6006), "{}", answer.body);
        assert_eq!(
            answer.json()["error"]["details"]["quote"]["items"][0]["unit_price"],
            "4.50"
        );
    }
    let status = app.post(
        "ann",
        "/api/v1/orders",
        json!({
            "items": [{ "sku": "MUG", "quantity": 1 }], "status": "COMPLETED",
        }),
    );
    assert_eq!((status.status, status.code()), (400, 2001), "{}", status.body);
}

/// Defect 3: the event is there with the order, whoever comes to read it later, and once.
#[test]
fn who_reads_the_feed_late_misses_nothing() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    for _ in 0..3 {
        let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
        assert_eq!(app.post("ann", "/api/v1/orders", body).status, 201);
    }
    let told = app.get("owner", "/api/v1/events?type=order.created").json();
    let told: Vec<i64> = told["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["data"]["id"].as_i64().unwrap())
        .collect();
    assert_eq!(told, [1, 2, 3]);
}

/// Defects 8 and 13: an order that cannot be leaves nothing behind, not even of the lines that could be had.
#[test]
fn a_refused_order_leaves_nothing_behind() {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 10);
    app.product("POT", "30.00", 1);
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 4 }, { "sku": "POT", "quantity": 2 }] });
    let answer = app.post("ann", "/api/v1/orders", body);
    assert_eq!((answer.status, answer.code()), (409, 6004), "{}", answer.body);
    assert_eq!(
        answer.json()["error"]["details"]["items"],
        json!([{ "sku": "POT", "requested": 2, "available": 1 }])
    );
    let left = app.get("nobody", &format!("/api/v1/products/public/{mug}"));
    assert_eq!(left.json()["quantity"], 10);
    assert_eq!(app.get("staff", "/api/v1/orders").json()["total"], 0);
}

/// Each is refused with its code, and no order and no stock is touched.
fn assert_refused(cases: Vec<(serde_json::Value, u16, u64)>) {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 100_000);
    for (body, status, code) in cases {
        let answer = app.post("ann", "/api/v1/orders", body.clone());
        assert_eq!(
            (answer.status, answer.code()),
            (status, code),
            "{body}: {}",
            answer.body
        );
    }
    assert_eq!(app.get("staff", "/api/v1/orders").json()["total"], 0);
    let left = app.get("nobody", &format!("/api/v1/products/public/{mug}"));
    assert_eq!(left.json()["quantity"], 100_000);
}

/// D1: what cannot be a line is refused with its reason, and changes nothing.
#[test]
fn bad_lines_place_nothing() {
    let items = |items| json!({ "items": items });
    let quantity = |quantity| json!({ "items": [{ "sku": "MUG", "quantity": quantity }] });
    let price = |price| json!({ "items": [{ "sku": "MUG", "quantity": 1, "price": price }] });
    assert_refused(vec![
        (json!({}), 400, 2003),
        (items(json!([])), 400, 2001),
        (items(json!("MUG")), 400, 2001),
        (
            items(json!(vec![json!({ "sku": "MUG", "quantity": 1 }); 1001])),
            400,
            2001,
        ),
        (quantity(json!(0)), 400, 2001),
        (quantity(json!(-1)), 400, 2001),
        (quantity(json!(1.5)), 400, 2001),
        (quantity(json!("1")), 400, 2001),
        (quantity(json!(100_001)), 400, 2001),
        (quantity(json!(u64::MAX)), 400, 2001),
        (items(json!([{ "sku": "MUG" }])), 400, 2003),
        (items(json!([{ "quantity": 1 }])), 400, 2003),
        (items(json!([{ "sku": "NONE", "quantity": 1 }])), 404, 3001),
        (items(json!([{ "sku": "a b", "quantity": 1 }])), 400, 2001),
        (
            items(json!([{ "sku": "MUG", "product_id": 1, "quantity": 1 }])),
            400,
            2001,
        ),
        (
            items(json!([{ "sku": "MUG", "quantity": 1, "total": "4.50" }])),
            400,
            2001,
        ),
        (price(json!("4.505")), 400, 2004),
        (price(json!("1e3")), 400, 2004),
    ]);
}

/// D1: the same of what stands around the lines.
#[test]
fn bad_fields_place_nothing() {
    let with = |field: &str, value| json!({ "items": [{ "sku": "MUG", "quantity": 1 }], field: value });
    assert_refused(vec![
        (with("total_price", json!(true)), 400, 2001),
        (with("note", json!("a\u{0}b")), 400, 2001),
        (with("email", json!("nobody")), 400, 2001),
        (with("coupon", json!("TEN")), 422, 6001),
        (with("shipping_method", json!(1)), 400, 2002),
        (with("payment_method", json!("gold")), 400, 2002),
        (with("customer_id", json!(999)), 403, 1005),
        (with("status", json!("COMPLETED")), 400, 2001),
    ]);
}

/// D1: of many lines the one that is not for sale is named by its place; nothing else of the order is done.
#[test]
fn what_is_not_for_sale_is_named() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let lines =
        |sku: &str| json!({ "items": [{ "sku": "MUG", "quantity": 1 }, { "sku": sku, "quantity": 1 }] });
    let refused = app.post("ann", "/api/v1/orders", lines("NONE"));
    assert_eq!((refused.status, refused.code()), (404, 3001));
    let told = refused.json()["error"].clone();
    assert_eq!(told["details"], json!({ "at": "items[1]" }));
    assert_eq!(told["message"], "There is no such product here: items[1].");
    assert_eq!(app.number("SELECT count(*) FROM orders"), 0);
    // A draft tells the same before it is placed.
    let mut draft = lines("NONE");
    draft["channel"] = json!("phone");
    let made = app.post("owner", "/api/v1/orders/drafts", draft).json();
    assert_eq!(made["problem"]["message"], told["message"], "{made}");
}
