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
