//! What the matrix of permissions sends where a thing is made.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::images;
use crate::permissions::Line;
use crate::permissions::fresh;
use crate::permissions::made;
use crate::permissions::paid;

/// A coupon of a code that nothing has had.
pub fn coupon() -> Value {
    json!({ "code": format!("C{}", fresh()), "kind": "free_shipping" })
}

/// A way of sending that no buyer is asked to choose.
pub fn switched_off() -> Value {
    json!({ "name": "Post", "price": "4.90", "enabled": false })
}

/// A rate of a category that nothing has had.
pub fn tax_rate() -> Value {
    json!({ "name": "VAT", "country": "GB", "category": format!("c{}", fresh()), "rate": "20" })
}

/// Where something goes.
pub fn address() -> Value {
    json!({ "name": "Ann", "line1": "1 Road", "city": "Rye", "postcode": "TN31", "country": "GB" })
}

pub fn endpoint() -> Value {
    json!({ "url": "https://hooks.example/till", "events": ["order.*"] })
}

pub fn api_key() -> Value {
    json!({ "name": "Scales", "permissions": ["orders:read"], "expires_at": "2026-06-01T00:00:00Z" })
}

/// An order of ann's that has left, and its parcel.
pub fn sent(app: &TestApp) -> (i64, i64) {
    let order = paid(app);
    let parcel = made(&app.post("owner", &format!("/api/v1/orders/{order}/shipments"), json!({})));
    (order, parcel)
}

/// The path to a picture of a product: `missing` and `odd` are pictures of one that is there.
fn below_a_product(app: &TestApp, line: &Line) -> String {
    let whose = match line.thing {
        "seller's" | "deleted" | "missing" | "odd" => "seller",
        _ => "staff",
    };
    let body = json!({ "name": "Thing", "sku": format!("T{}", fresh()), "price": "1.00" });
    let product = made(&app.post(whose, "/api/v1/products", body));
    let image = images::send(app, whose, product, &images::dot(1)).json()["id"].to_string();
    if line.thing == "deleted" {
        let gone = app.send("DELETE", whose, &format!("/api/v1/products/{product}"), &[], None);
        assert_eq!(gone.status, 204, "{}", gone.body);
    }
    let image = match line.thing {
        "missing" => "987654",
        "odd" => "x",
        _ => image.as_str(),
    };
    let path = line.path.replace("{id}", &product.to_string());
    path.replace("{image_id}", image)
}

/// The path to what belongs to an order: a parcel, or a return.
pub fn below_an_order(app: &TestApp, line: &Line) -> Option<String> {
    if line.path.contains("{image_id}") {
        return Some(below_a_product(app, line));
    }
    let name = ["{sid}", "{rid}"]
        .into_iter()
        .find(|name| line.path.contains(name))?;
    let (order, parcel) = sent(app);
    let id = match (line.thing, name) {
        ("missing", _) => "987654".to_owned(),
        ("odd", _) => "x".to_owned(),
        (_, "{sid}") => parcel.to_string(),
        _ => {
            let body = json!({ "lines": [last_line(app)], "reason": "broken" });
            made(&app.post("ann", &format!("/api/v1/orders/{order}/returns"), body)).to_string()
        }
    };
    Some(line.path.replace("{id}", &order.to_string()).replace(name, &id))
}

/// The one piece of the order that was placed last.
fn last_line(app: &TestApp) -> Value {
    json!({ "item_id": app.number("SELECT max(id) FROM order_lines"), "quantity": 1 })
}

/// A draft by somebody who may.
pub fn drafted(app: &TestApp, whose: &str) -> i64 {
    made(&app.post(whose, "/api/v1/orders/drafts", draft()))
}

/// An order of a mug that is prepared, for a guest.
fn draft() -> Value {
    json!({ "channel": "phone", "items": [{ "sku": "MUG", "quantity": 1 }], "email": "g@shop.test" })
}

/// What is sent about parcels, returns, drafts and edits.
pub fn about_goods(app: &TestApp, line: &Line) -> Option<Option<Value>> {
    Some(Some(match (line.method, line.path) {
        ("PATCH", "/orders/{id}") => json!({ "items": [{ "sku": "MUG", "quantity": 2 }], "version": 1 }),
        ("POST", "/orders/drafts") => draft(),
        ("PATCH", "/orders/drafts/{id}") => json!({ "note": "Ring twice", "version": 1 }),
        ("PATCH", "/products/{id}/images/{image_id}") => json!({ "alt": "A thing", "version": 2 }),
        ("PATCH", "/orders/{id}/shipments/{sid}") => json!({ "carrier": "Post", "version": 1 }),
        ("POST", "/orders/{id}/returns") => json!({ "lines": [last_line(app)], "reason": "broken" }),
        ("PATCH", "/orders/{id}/returns/{rid}") => json!({ "status": "received", "version": 1 }),
        _ => return None,
    }))
}

/// A group of a name that nothing has had.
pub fn group() -> Value {
    json!({ "name": format!("Group {}", fresh()), "discount": "5" })
}

/// A role of a name that nothing has had.
pub fn role() -> Value {
    json!({ "name": format!("role{}", fresh()), "permissions": ["orders:read"] })
}

/// A body about customers, their groups or roles; none where nothing is sent.
pub fn about_people(method: &str, path: &str, customer: impl Fn() -> i64) -> Option<Value> {
    Some(match (method, path) {
        ("POST", "/customers") => json!({ "name": "Some Body" }),
        ("POST", "/customers/groups") => group(),
        ("POST", "/roles") => role(),
        ("PUT", "/roles/{id}") => json!({ "permissions": ["orders:read"], "version": 1 }),
        ("PUT", "/customers/groups/{id}") => json!({ "description": "Friends", "version": 1 }),
        ("PUT", "/customers/{id}") => json!({ "note": "Rings twice", "version": 1 }),
        ("PATCH", "/customers/batch") => {
            json!({ "updates": [{ "id": customer(), "data": { "country": "GB" } }] })
        }
        (_, "/customers/groups/{id}/customers") => json!({ "customer_ids": [customer()] }),
        ("POST" | "DELETE", _) => json!({}),
        _ => return None,
    })
}

/// A mail that waits.
pub fn mail(app: &TestApp) -> i64 {
    let row = format!(
        "INSERT INTO mails (template, recipient, facts, state, created_at, due_at)
         VALUES (4, 'ann{}@shop.test', '{{\"username\":\"ann\"}}', 0, 0, 0)",
        fresh()
    );
    app.db().execute(&row, []).unwrap();
    app.number("SELECT max(id) FROM mails")
}
