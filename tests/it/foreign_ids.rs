//! Ids of what is another's, in every field that names something inside a body or behind an own id in a path: refused, and
//! nothing moves.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::shipments::is;
use crate::shipments::order;
use crate::shipments::path;
use crate::shipments::pieces;
use crate::shipments::placed;
use crate::shipments::shipped;
use crate::shipments::shop;

/// Of nothing.
const NONE: i64 = 999_999;
const DRAFTS: &str = "/api/v1/orders/drafts";

/// An order that has left, of which something comes back: the order, its parcel, its return and its payment.
struct Sold {
    order: Value,
    parcel: Value,
    coming: Value,
    payment: Value,
}

impl Sold {
    fn new(app: &TestApp) -> Self {
        let order = order(app, 2, 1);
        let parcel = shipped(app, &order, json!({}));
        let body = json!({ "lines": [pieces(&order, 0, 1)], "reason": "chipped" });
        let coming = app.post("ann", &format!("{}/returns", path(&order)), body);
        assert_eq!(coming.status, 201, "{}", coming.body);
        let paid = app.get("owner", &format!("/api/v1/payments/status/{}", order["id"]));
        Self {
            parcel,
            coming: coming.json(),
            payment: paid.json()["payments"][0]["id"].clone(),
            order,
        }
    }

    fn item(&self) -> &Value {
        &self.order["items"][0]["id"]
    }
}

/// Everything that is done leaves one of these behind; a right that is lacking is noted, and nothing done.
fn traces(app: &TestApp) -> [i64; 4] {
    [
        "SELECT count(*) FROM events",
        "SELECT count(*) FROM audit WHERE action <> 50",
        "SELECT total(version) FROM orders",
        "SELECT count(*) FROM idempotency",
    ]
    .map(|sql| app.number(&format!("SELECT CAST(({sql}) AS INTEGER)")))
}

/// Tries calls, each with who makes it, its method, path and body, and the status and code it is refused with.
fn nothing_is_done(app: &TestApp, calls: &Value) {
    let before = traces(app);
    let mut wrong = Vec::new();
    for call in calls.as_array().unwrap() {
        let text = |at: usize| call[at].as_str().unwrap();
        let body = Some(&call[3]).filter(|body| !body.is_null());
        let answer = app.send(text(1), text(0), text(2), &[], body);
        if json!([answer.status, answer.code()]) != json!([call[4], call[5]]) {
            wrong.push(format!("{call}: {} {}", answer.status, answer.body));
        }
        assert_eq!(traces(app), before, "{call}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// AZ-02: lines, parcels and returns of another order.
#[test]
fn what_leaves_and_comes_back_is_the_orders_own() {
    let app = shop();
    let (one, other, waiting) = (Sold::new(&app), Sold::new(&app), order(&app, 1, 1));
    let (at, free) = (path(&one.order), path(&waiting));
    let of = |id: &Value| json!([{ "item_id": id, "quantity": 1 }]);
    let (theirs, none) = (of(other.item()), of(&json!(NONE)));
    let got = json!([{ "item_id": other.item(), "received": 1, "restock": true }]);
    let parcel = |of: &Sold, on: &str| format!("{on}/shipments/{}", of.parcel["id"]);
    let coming = |of: &Sold, on: &str| format!("{on}/returns/{}", of.coming["id"]);
    let calls = json!([
        ["owner", "POST", format!("{free}/shipments"), { "items": theirs }, 400, 2001],
        ["owner", "POST", format!("{free}/shipments"), { "items": none }, 400, 2001],
        ["owner", "PATCH", parcel(&other, &at), { "carrier": "X", "version": 1 }, 404, 3001],
        ["ann", "POST", format!("{at}/returns"), { "lines": theirs, "reason": "x" }, 400, 2001],
        ["ann", "POST", format!("{at}/returns"), { "lines": none, "reason": "x" }, 400, 2001],
        ["bob", "POST", format!("{at}/returns"), { "lines": of(one.item()), "reason": "x" }, 404, 3001],
        ["owner", "PATCH", coming(&other, &at), { "status": "received", "version": 1 }, 404, 3001],
        ["owner", "PATCH", coming(&one, &at), { "status": "received", "version": 1, "lines": got }, 400, 2001],
        ["owner", "PATCH", free, { "items": [{ "id": other.item(), "quantity": 1 }], "version": waiting["version"] }, 400, 2001],
        ["bob", "POST", format!("{free}/cancel"), {}, 404, 3001],
        ["bob", "POST", format!("{free}/reorder?add_to_cart=1"), {}, 404, 3001],
    ]);
    app.token("bob");
    let stood = app.get("owner", &at).json();
    nothing_is_done(&app, &calls);
    assert_eq!(app.get("owner", &at).json(), stood);
}

/// AZ-02: lines, payments and returns of another order.
#[test]
fn money_goes_back_for_the_orders_own() {
    let app = shop();
    let (one, other, waiting) = (Sold::new(&app), Sold::new(&app), placed(&app, 1, 1));
    let refunds = format!("{}/refunds", path(&one.order));
    let of = |id: &Value| json!([{ "item_id": id, "quantity": 1 }]);
    let (own, theirs, none) = (of(one.item()), of(other.item()), of(&json!(NONE)));
    let (payment, coming) = (&other.payment, &other.coming["id"]);
    let calls = json!([
        ["owner", "POST", refunds, { "lines": theirs, "reason": "x" }, 400, 2001],
        ["owner", "POST", refunds, { "lines": none, "reason": "x" }, 400, 2001],
        ["owner", "POST", refunds, { "lines": own, "reason": "x", "payment_id": payment }, 400, 2001],
        ["owner", "POST", refunds, { "lines": own, "reason": "x", "payment_id": NONE }, 400, 2001],
        ["owner", "POST", refunds, { "lines": own, "reason": "x", "return_id": coming }, 400, 2001],
        ["owner", "POST", refunds, { "lines": own, "reason": "x", "return_id": NONE }, 400, 2001],
        ["bob", "POST", "/api/v1/payments/initiate", { "order_id": waiting["id"] }, 404, 3001],
        ["bob", "POST", "/api/v1/payments/verify", { "payment_id": payment }, 404, 3001],
        ["owner", "POST", "/api/v1/payments/initiate", { "order_id": NONE }, 404, 3001],
        ["owner", "POST", "/api/v1/payments/manual", { "order_id": NONE }, 404, 3001],
    ]);
    app.token("bob");
    nothing_is_done(&app, &calls);
}

/// AZ-02, AZ-03: goods that are not there or not for sale, ways of sending, customers, carts of others.
#[test]
fn what_is_asked_for_is_there_to_be_had() {
    let app = shop();
    let hidden = app.product("HID", "1.00", 9);
    app.change("UPDATE products SET status = 0 WHERE id = (SELECT max(id) FROM products)");
    let theirs = app.post(
        "ann",
        "/api/v1/cart/items",
        json!({ "sku": "MUG", "quantity": 1 }),
    );
    let line = format!("/api/v1/cart/items/{}", theirs.json()["items"][0]["id"]);
    let address = json!({ "name": "A", "line1": "1", "city": "B", "postcode": "1", "country": "DE" });
    let by = |field: &str, id: i64| json!([{ field: id, "quantity": 1 }]);
    let (orders, cart) = ("/api/v1/orders", "/api/v1/cart/items");
    let mug = json!([{ "sku": "MUG", "quantity": 1 }]);
    let own =
        app.number("SELECT id FROM customers WHERE user_id = (SELECT id FROM users WHERE username = 'ann')");
    let calls = json!([
        ["bob", "POST", orders, { "items": mug, "customer_id": own }, 403, 1005],
        ["bob", "POST", orders, { "items": mug, "customer_id": NONE }, 403, 1005],
        ["owner", "POST", orders, { "items": mug, "customer_id": NONE }, 404, 3001],
        ["ann", "POST", orders, { "items": mug, "shipping_method": NONE }, 400, 2002],
        ["ann", "POST", orders, { "items": by("variant_id", NONE) }, 404, 3001],
        ["ann", "POST", orders, { "items": by("product_id", NONE) }, 404, 3001],
        ["ann", "POST", orders, { "items": by("product_id", hidden) }, 404, 3001],
        ["ann", "POST", "/api/v1/cart/checkout", { "shipping_address": address, "shipping_method": NONE }, 400, 2002],
        ["ann", "POST", cart, { "variant_id": NONE, "quantity": 1 }, 404, 3001],
        ["ann", "POST", cart, { "product_id": hidden, "quantity": 1 }, 404, 3001],
        ["bob", "PATCH", line, { "quantity": 2 }, 404, 3001],
        ["bob", "DELETE", line, null, 404, 3001],
        ["owner", "POST", DRAFTS, { "channel": "phone", "items": mug, "customer_id": NONE }, 404, 3001],
    ]);
    app.token("bob");
    app.get("bob", "/api/v1/cart");
    nothing_is_done(&app, &calls);
}

/// AZ-02, T5: a draft may be of what is not there (yet): it says so, and is not placed.
#[test]
fn a_draft_of_nothing_is_not_placed() {
    let app = shop();
    let mug = json!([{ "sku": "MUG", "quantity": 1 }]);
    for (field, ids, status, code) in [
        ("items", json!([{ "variant_id": NONE, "quantity": 1 }]), 404, 3001),
        ("shipping_method", json!(NONE), 400, 2002),
    ] {
        let mut draft = json!({ "channel": "phone", "items": mug, "email": "a@shop.test" });
        draft[field] = ids;
        let made = app.post("owner", DRAFTS, draft);
        assert_eq!(made.status, 201, "{}", made.body);
        let draft = made.json();
        let place = format!("{DRAFTS}/{}/place", draft["id"]);
        assert_eq!(draft["problem"]["code"], code, "{draft}");
        let calls = json!([["owner", "POST", place, {}, status, code]]);
        nothing_is_done(&app, &calls);
    }
}

/// AZ-02: groups, customers and products that are not there.
#[test]
fn what_records_name_is_there() {
    let app = shop();
    let customer = app.post("owner", "/api/v1/customers", json!({ "name": "Cara" }));
    let group = app.post("owner", "/api/v1/customers/groups", json!({ "name": "Regulars" }));
    let (customer, group) = (customer.json()["id"].clone(), group.json()["id"].clone());
    let (customers, coupons) = ("/api/v1/customers", "/api/v1/coupons");
    let members = format!("{customers}/groups/{group}/customers");
    let note = |id: Value| json!({ "id": id, "data": { "note": "x" } });
    let batch = json!([note(customer.clone()), note(json!(NONE))]);
    let calls = json!([
        ["owner", "POST", coupons, { "code": "A", "kind": "fixed", "value": "1", "products": [NONE] }, 400, 2002],
        ["owner", "POST", coupons, { "code": "A", "kind": "fixed", "value": "1", "groups": [group, NONE] }, 400, 2002],
        ["owner", "POST", customers, { "name": "Dan", "groups": [NONE] }, 400, 2002],
        ["owner", "PUT", format!("{customers}/{customer}"), { "groups": [group, NONE], "version": 1 }, 400, 2002],
        ["owner", "PATCH", format!("{customers}/batch"), { "updates": batch }, 404, 3001],
        ["owner", "POST", members, { "customer_ids": [customer, NONE] }, 400, 2002],
        ["owner", "DELETE", members, { "customer_ids": [NONE] }, 400, 2002],
    ]);
    nothing_is_done(&app, &calls);
    assert_eq!(app.number("SELECT count(*) FROM customer_group_members"), 0);
    let is_there = app.post("owner", &members, json!({ "customer_ids": [customer] }));
    is(&is_there, 200, 0);
}
