//! Ids of what is another's, in every field that names something inside a body or behind an own id in a path: refused, and
//! nothing moves.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::shipments::order;
use crate::shipments::path;
use crate::shipments::pieces;
use crate::shipments::shipped;
use crate::shipments::shop;

/// An order that has left, of which something comes back: the order, its parcel, its return and its payment.
struct Sold {
    order: Value,
    parcel: Value,
    coming: Value,
    payment: Value,
}

fn sold(app: &TestApp) -> Sold {
    let order = order(app, 2, 1);
    let parcel = shipped(app, &order, json!({}));
    let body = json!({ "lines": [pieces(&order, 0, 1)], "reason": "chipped" });
    let coming = app.post("ann", &format!("{}/returns", path(&order)), body);
    assert_eq!(coming.status, 201, "{}", coming.body);
    let paid = app.get("owner", &format!("/api/v1/payments/status/{}", order["id"]));
    Sold {
        parcel,
        coming: coming.json(),
        payment: paid.json()["payments"][0]["id"].clone(),
        order,
    }
}

/// Everything that is done leaves one of these behind.
fn traces(app: &TestApp) -> [i64; 4] {
    [
        "SELECT count(*) FROM events",
        "SELECT count(*) FROM audit",
        "SELECT total(version) FROM orders",
        "SELECT count(*) FROM idempotency",
    ]
    .map(|sql| app.number(&format!("SELECT CAST(({sql}) AS INTEGER)")))
}

/// AZ-02: of another order, of another noun, and of nothing.
#[test]
fn nothing_is_done_with_what_is_anothers() {
    let app = shop();
    let (one, other) = (sold(&app), sold(&app));
    let waiting = order(&app, 1, 1);
    let (at, free) = (path(&one.order), path(&waiting));
    let customer = app
        .post("owner", "/api/v1/customers", json!({ "name": "Cara" }))
        .json();
    let group = app
        .post("owner", "/api/v1/customers/groups", json!({ "name": "Regulars" }))
        .json();
    let none = 999_999;
    let item = |id: &Value| json!([{ "item_id": id, "quantity": 1 }]);
    let theirs = &other.order["items"][0]["id"];
    let new = json!([{ "sku": "MUG", "quantity": 1 }]);
    let address = json!({ "name": "A", "line1": "1", "city": "B", "postcode": "1", "country": "DE" });
    app.post(
        "ann",
        "/api/v1/cart/items",
        json!({ "sku": "MUG", "quantity": 1 }),
    );
    let calls = [
        (
            "POST",
            "owner",
            format!("{free}/shipments"),
            json!({ "items": item(theirs) }),
        ),
        (
            "POST",
            "owner",
            format!("{free}/shipments"),
            json!({ "items": item(&json!(none)) }),
        ),
        (
            "PATCH",
            "owner",
            format!("{at}/shipments/{}", other.parcel["id"]),
            json!({ "carrier": "X", "version": 1 }),
        ),
        (
            "POST",
            "ann",
            format!("{at}/returns"),
            json!({ "lines": item(theirs), "reason": "x" }),
        ),
        (
            "PATCH",
            "owner",
            format!("{at}/returns/{}", other.coming["id"]),
            json!({ "status": "received", "version": 1 }),
        ),
        (
            "PATCH",
            "owner",
            format!("{at}/returns/{}", one.coming["id"]),
            json!({ "status": "received", "version": 1, "lines": [{ "item_id": theirs, "received": 1, "restock": true }] }),
        ),
        (
            "POST",
            "owner",
            format!("{at}/refunds"),
            json!({ "lines": item(theirs), "reason": "x" }),
        ),
        (
            "POST",
            "owner",
            format!("{at}/refunds"),
            json!({ "lines": item(&one.order["items"][0]["id"]), "reason": "x", "payment_id": other.payment }),
        ),
        (
            "POST",
            "owner",
            format!("{at}/refunds"),
            json!({ "lines": item(&one.order["items"][0]["id"]), "reason": "x", "return_id": other.coming["id"] }),
        ),
        (
            "PATCH",
            "owner",
            free.clone(),
            json!({ "items": [{ "id": theirs, "quantity": 1 }], "version": waiting["version"] }),
        ),
        (
            "POST",
            "owner",
            "/api/v1/orders".into(),
            json!({ "items": new, "customer_id": none }),
        ),
        (
            "POST",
            "ann",
            "/api/v1/orders".into(),
            json!({ "items": new, "customer_id": customer["id"] }),
        ),
        (
            "POST",
            "ann",
            "/api/v1/orders".into(),
            json!({ "items": new, "shipping_method": none }),
        ),
        (
            "POST",
            "ann",
            "/api/v1/orders".into(),
            json!({ "items": [{ "variant_id": none, "quantity": 1 }] }),
        ),
        (
            "POST",
            "ann",
            "/api/v1/orders".into(),
            json!({ "items": [{ "product_id": none, "quantity": 1 }] }),
        ),
        (
            "POST",
            "ann",
            "/api/v1/cart/checkout".into(),
            json!({ "shipping_address": address, "shipping_method": none }),
        ),
        (
            "POST",
            "ann",
            "/api/v1/cart/items".into(),
            json!({ "variant_id": none, "quantity": 1 }),
        ),
        (
            "PATCH",
            "ann",
            "/api/v1/cart/items/2".into(),
            json!({ "quantity": 2 }),
        ),
        (
            "POST",
            "owner",
            "/api/v1/orders/drafts".into(),
            json!({ "channel": "phone", "items": new, "customer_id": none }),
        ),
        (
            "POST",
            "owner",
            "/api/v1/orders/drafts".into(),
            json!({ "channel": "phone", "items": [{ "variant_id": none, "quantity": 1 }] }),
        ),
        (
            "POST",
            "owner",
            "/api/v1/coupons".into(),
            json!({ "code": "A", "kind": "fixed", "value": "1", "products": [none] }),
        ),
        (
            "POST",
            "owner",
            "/api/v1/coupons".into(),
            json!({ "code": "A", "kind": "fixed", "value": "1", "groups": [none] }),
        ),
        (
            "POST",
            "owner",
            "/api/v1/customers".into(),
            json!({ "name": "Dan", "groups": [none] }),
        ),
        (
            "PUT",
            "owner",
            format!("/api/v1/customers/{}", customer["id"]),
            json!({ "groups": [group["id"], none], "version": 1 }),
        ),
        (
            "PATCH",
            "owner",
            "/api/v1/customers/batch".into(),
            json!({ "updates": [{ "id": customer["id"], "data": { "note": "x" } }, { "id": none, "data": { "note": "x" } }] }),
        ),
        (
            "POST",
            "owner",
            format!("/api/v1/customers/groups/{}/customers", group["id"]),
            json!({ "customer_ids": [customer["id"], none] }),
        ),
        (
            "POST",
            "bob",
            "/api/v1/payments/initiate".into(),
            json!({ "order_id": waiting["id"] }),
        ),
        (
            "POST",
            "owner",
            "/api/v1/payments/manual".into(),
            json!({ "order_id": none }),
        ),
        ("POST", "bob", format!("{free}/cancel"), json!({})),
        ("POST", "bob", format!("{free}/reorder?add_to_cart=1"), json!({})),
    ];
    app.token("bob");
    let (before, stood) = (traces(&app), app.get("owner", &at).json());
    for (method, who, path, body) in calls {
        let answer = app.send(method, who, &path, &[], Some(&body));
        let is_refused = [400, 404, 422].contains(&answer.status);
        assert!(
            is_refused,
            "{method} {path} {body}: {} {}",
            answer.status, answer.body
        );
        assert_eq!(traces(&app), before, "{method} {path} {body}");
    }
    assert_eq!(app.get("owner", &at).json(), stood);
}
