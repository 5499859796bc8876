//! The limits that the documents tell, of queries and of bodies: they are the limits of the code.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::docs::parts;
use crate::docs::shape;
use crate::docs_people;
use crate::docs_selling;

/// I12: what a route reads from its query is told, with its kind, and nothing else is taken.
#[test]
fn a_query_holds_what_is_told_and_nothing_else() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
    assert_eq!(app.post("owner", "/api/v1/orders", body).status, 201);
    let document = app.get("nobody", "/api/openapi.json").json();
    let mut told = BTreeSet::new();
    for (template, item) in document["paths"].as_object().unwrap() {
        let all = item["get"]["parameters"].as_array();
        let names = all.into_iter().flatten().filter(|one| one["in"] == "query");
        let path = template.replace("{id}", "1");
        for parameter in names {
            let name = parameter["name"].as_str().unwrap();
            told.insert(format!("{template}?{name}"));
            let ask = |value: &str| app.get("owner", &format!("{path}?{name}={value}"));
            let blank = ask("");
            assert!(
                !blank.body.contains("is no filter"),
                "{path}?{name}: {}",
                blank.body
            );
            let schema = shape(&document, &parameter["schema"]);
            for bad in just_over(schema) {
                let answer = ask(bad.as_str().unwrap_or(&bad.to_string()));
                assert_eq!((answer.status, answer.code()), (400, 2002), "{path}?{name}={bad}");
            }
            for good in schema["enum"].as_array().into_iter().flatten() {
                let answer = ask(good.as_str().unwrap());
                let is_refused = path.ends_with("export.csv") && good.as_str().unwrap().ends_with("total");
                assert_eq!(
                    answer.status == 400,
                    is_refused,
                    "{path}?{name}={good}: {}",
                    answer.body
                );
            }
        }
        if item["get"]["responses"]["400"].is_object() {
            let answer = app.get("owner", &format!("{path}?surely_not=1"));
            assert_eq!((answer.status, answer.code()), (400, 2002), "{path}");
        }
    }
    for name in [
        "orders?fulfilment_status",
        "orders?min_total",
        "orders?tag",
        "orders?after",
        "orders/{id}?at",
        "orders/export.csv?sku",
        "products/public?category",
        "events?wait",
        "audit-logs?actor",
        "stock/movements?order_id",
    ] {
        assert!(told.contains(&format!("/api/v1/{name}")), "{name}: {told:?}");
    }
    assert!(!told.contains("/api/v1/stock/low?sort"), "{told:?}");
}

/// Values that are just beyond what a schema allows.
fn just_over(schema: &Value) -> Vec<Value> {
    let mut bad = Vec::new();
    let kinds = schema["type"]
        .as_array()
        .cloned()
        .unwrap_or(vec![schema["type"].clone()]);
    let is = |kind: &str| kinds.contains(&json!(kind));
    if let Some(most) = schema["maximum"].as_f64() {
        bad.push(json!(most as i64 + 1));
    }
    if let Some(least) = schema["minimum"].as_f64() {
        bad.push(json!(least as i64 - 1));
    }
    if let Some(most) = schema["maxLength"].as_u64() {
        bad.push(json!("x".repeat(most as usize + 1)));
    }
    if let Some(least) = schema["minLength"].as_u64() {
        bad.push(json!("x".repeat(least as usize - 1)));
    }
    if schema["pattern"].is_string() || schema["enum"].is_array() || (is("integer") && !is("string")) {
        bad.push(json!("~\u{e9}~"));
    }
    bad
}

/// Good bodies with every field that has a limit, and where they go.
fn good_orders(order: &str) -> Vec<(&'static str, String, Value)> {
    let address = json!({ "name": "Ann", "company": "Ann & Co", "line1": "Lane 1", "line2": "Back door", "city": "Bath",
        "postcode": "BA1", "region": "Avon", "country": "GB", "phone": "+441632960961" });
    let item = json!({ "sku": "MUG", "quantity": 1 });
    let line = json!({ "item_id": 4097, "quantity": 1 });
    vec![
        (
            "POST",
            "/orders".to_owned(),
            json!({ "items": [item], "client_token": "t", "email": "ann@shop.test",
            "payment_method": "manual", "note": "n", "shipping_address": address }),
        ),
        (
            "PATCH",
            order.to_owned(),
            json!({ "items": [item], "email": "ann@shop.test", "note": "n", "reason": "r", "version": 1 }),
        ),
        (
            "PATCH",
            format!("{order}/status"),
            json!({ "status": "processing", "note": "n" }),
        ),
        (
            "POST",
            format!("{order}/cancel"),
            json!({ "reason": "r", "client_token": "t" }),
        ),
        ("POST", format!("{order}/cancel"), json!({ "order_token": "t" })),
        (
            "POST",
            format!("{order}/notes"),
            json!({ "note": "n", "client_token": "t" }),
        ),
        ("PUT", format!("{order}/tags"), json!({ "tags": ["a"] })),
        (
            "POST",
            format!("{order}/shipments"),
            json!({ "items": [line], "carrier": "c", "tracking": "t", "tracking_url": "https://a.example", "client_token": "t" }),
        ),
        (
            "PATCH",
            format!("{order}/shipments/1"),
            json!({ "carrier": "c", "tracking": "t", "tracking_url": "https://a.example", "version": 1 }),
        ),
        (
            "POST",
            format!("{order}/returns"),
            json!({ "lines": [line], "reason": "r", "client_token": "t" }),
        ),
        (
            "PATCH",
            format!("{order}/returns/1"),
            json!({ "status": "received", "lines": [{ "item_id": 4097, "received": 1 }], "version": 1 }),
        ),
    ]
}

fn other_good_bodies(product: &str) -> Vec<(&'static str, String, Value)> {
    let variant = json!({ "sku": "V-1", "title": "Red", "quantity": 1, "weight_g": 5 });
    let changed = json!({ "sku": "V-2", "title": "Red", "weight_g": 5, "low_at": 1 });
    vec![
        (
            "POST",
            "/products".to_owned(),
            json!({ "name": "Bowl", "category": "Clay", "description": "d",
            "quantity": 1, "sku": "BOWL", "weight_g": 1, "client_token": "t" }),
        ),
        (
            "POST",
            "/products".to_owned(),
            json!({ "name": "Bowl", "variants": [variant] }),
        ),
        (
            "PATCH",
            product.to_owned(),
            json!({ "name": "Bowl", "description": "d", "category": "Clay",
            "tax_category": "t", "sku": "MUG", "weight_g": 1, "low_at": 1, "version": 9 }),
        ),
        (
            "PATCH",
            product.to_owned(),
            json!({ "variants": [changed], "version": 9 }),
        ),
        (
            "POST",
            format!("{product}/reject"),
            json!({ "reason": "r", "version": 9 }),
        ),
        (
            "POST",
            "/stock/adjustments".to_owned(),
            json!({ "sku": "MUG", "delta": 1, "reason": "restock", "note": "n",
            "client_token": "t" }),
        ),
        (
            "POST",
            "/stock/adjustments".to_owned(),
            json!({ "sku": "MUG", "set_to": 1, "reason": "restock" }),
        ),
        (
            "POST",
            "/auth/signup".to_owned(),
            json!({ "username": "walrus", "email": "w@shop.test", "name": "W",
            "password": "tusk 9 of ten" }),
        ),
        (
            "PATCH",
            "/auth/me".to_owned(),
            json!({ "name": "Ann", "phone": "+441632960961" }),
        ),
    ]
}

fn good_bodies_of_people() -> Vec<(&'static str, String, Value)> {
    vec![
        (
            "POST",
            "/users".to_owned(),
            json!({ "username": "mia", "email": "mia@shop.test", "name": "Mia", "role": "staff", "client_token": "t" }),
        ),
        (
            "PATCH",
            "/users/1".to_owned(),
            json!({ "name": "Mia", "version": 1 }),
        ),
        (
            "POST",
            "/api-keys".to_owned(),
            json!({ "name": "Scales", "permissions": ["orders:read"], "expires_at": "2026-06-01T00:00:00Z",
            "client_token": "t" }),
        ),
        (
            "POST",
            "/webhooks/endpoints".to_owned(),
            json!({ "url": "https://hooks.example/", "events": ["order.*"], "description": "d", "client_token": "t" }),
        ),
        (
            "POST",
            "/events/consumers".to_owned(),
            json!({ "name": "crew", "stream": "orders", "type": "order.created", "after": 0, "client_token": "t" }),
        ),
        (
            "POST",
            "/events/consumers/crew/read".to_owned(),
            json!({ "limit": 1, "lease_seconds": 5, "wait": 0 }),
        ),
        (
            "PATCH",
            "/webhooks/endpoints/1".to_owned(),
            json!({ "url": "https://hooks.example/", "events": ["order.*"], "description": "d", "version": 1 }),
        ),
    ]
}

/// Passwords, codes and the secrets of links: none is right, and none is looked at that is too long.
fn good_proofs() -> Vec<(&'static str, String, Value)> {
    [
        (
            "POST",
            "/auth/login",
            json!({ "email": "ann@shop.test", "username": "ann@shop.test", "password": "p", "totp": "1" }),
        ),
        ("POST", "/auth/refresh-token", json!({ "refresh_token": "t" })),
        (
            "POST",
            "/auth/me/password",
            json!({ "current": "p", "new": "walrus tusk 9 of ten" }),
        ),
        (
            "POST",
            "/auth/password/forgot",
            json!({ "email": "ann@shop.test" }),
        ),
        (
            "POST",
            "/auth/password/reset",
            json!({ "token": "t", "password": "walrus tusk 9 of ten" }),
        ),
        ("POST", "/auth/email/confirm", json!({ "token": "t" })),
        ("POST", "/auth/totp/confirm", json!({ "code": "1" })),
        ("DELETE", "/auth/totp", json!({ "code": "1" })),
        ("POST", "/auth/step-up", json!({ "password": "p", "totp": "1" })),
        ("PATCH", "/auth/me", json!({ "email": "ann@shop.test" })),
    ]
    .map(|(method, path, body)| (method, path.to_owned(), body))
    .into()
}

fn good_bodies_of_money(order: &str) -> Vec<(&'static str, String, Value)> {
    let line = json!({ "item_id": 4097, "quantity": 1 });
    vec![
        (
            "POST",
            format!("{order}/refunds"),
            json!({ "lines": [line], "reason": "r", "reference": "r", "note": "n", "client_token": "t" }),
        ),
        (
            "POST",
            "/payments/manual".to_owned(),
            json!({ "order_id": 1, "method": "cash", "reference": "r", "client_token": "t" }),
        ),
        (
            "POST",
            "/payments/initiate".to_owned(),
            json!({ "order_id": 1, "provider": "manual", "return_url": "/", "payment_method": "tok" }),
        ),
        (
            "POST",
            "/payments/initiate".to_owned(),
            json!({ "order_id": 1, "order_token": "t" }),
        ),
        (
            "POST",
            "/payments/verify".to_owned(),
            json!({ "payment_id": 1, "order_token": "t" }),
        ),
        (
            "POST",
            "/commissions/payouts".to_owned(),
            json!({ "reference": "r", "client_token": "t" }),
        ),
        ("PUT", "/commissions/rates/1".to_owned(), json!({ "rate": "30" })),
        (
            "POST",
            "/balance/deposit".to_owned(),
            json!({ "amount": "1.00", "client_token": "t" }),
        ),
        (
            "POST",
            "/wallets/1/adjust".to_owned(),
            json!({ "amount": "1.00", "reason": "r", "client_token": "t" }),
        ),
        (
            "POST",
            "/payments/verify".to_owned(),
            json!({ "payment_id": 1, "payment_intent": "pi_1", "session_id": "cs_1",
                "razorpay_order_id": "order_1", "razorpay_payment_id": "pay_1",
                "razorpay_payment_link_id": "plink_1", "razorpay_payment_link_reference_id": "r",
                "razorpay_payment_link_status": "paid", "razorpay_signature": "00" }),
        ),
    ]
}

/// The path as the documents have it.
fn template(path: &str, order: &str, product: &str) -> String {
    path.replace("/drafts/1", "/drafts/{id}")
        .replace(order, "/orders/{id}")
        .replace("/shipments/1", "/shipments/{sid}")
        .replace("/returns/1", "/returns/{rid}")
        .replace(product, "/products/{id}")
        .replace("/users/1", "/users/{id}")
        .replace("/items/1", "/items/{id}")
        .replace("/coupons/1", "/coupons/{id}")
        .replace("/shipping-methods/1", "/shipping-methods/{id}")
        .replace("/tax-rates/1", "/tax-rates/{id}")
        .replace("/customers/1", "/customers/{id}")
        .replace("/groups/1", "/groups/{id}")
        .replace("/roles/1", "/roles/{id}")
        .replace("/rates/1", "/rates/{user_id}")
        .replace("/wallets/1", "/wallets/{user_id}")
        .replace("/consumers/crew", "/consumers/{name}")
        .replace("/endpoints/1", "/endpoints/{id}")
}

/// I12: what is just beyond a limit of the document is refused at that field, and every body's limits are tried.
#[test]
fn a_body_is_held_to_its_told_limits() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    let placed = app.post(
        "owner",
        "/api/v1/orders",
        json!({ "items": [{ "sku": "MUG", "quantity": 1 }] }),
    );
    let order = format!("/orders/{}", placed.json()["id"]);
    let product = format!("/products/{}", placed.json()["items"][0]["product_id"]);
    let document = app.get("nobody", "/api/openapi.json").json();
    let mut tried = BTreeSet::new();
    for (method, path, good) in good_orders(&order)
        .into_iter()
        .chain(other_good_bodies(&product))
        .chain(good_bodies_of_people())
        .chain(good_proofs())
        .chain(good_bodies_of_money(&order))
        .chain(docs_selling::good_bodies())
        .chain(docs_people::good_bodies())
    {
        let template = template(&path, &order, &product);
        let operation = &document["paths"][format!("/api/v1{template}")][method.to_lowercase()];
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        for limit in limits(&document, schema, &good, "", "") {
            let mut body = good.clone();
            *body.pointer_mut(&limit.pointer).unwrap() = limit.bad.clone();
            let answer = app.send(method, "owner", &format!("/api/v1{path}"), &[], Some(&body));
            let at = format!("{path} {} {}: {}", limit.field, limit.bad, answer.body);
            assert_eq!(answer.status, 400, "{at}");
            let fields = answer.json()["error"]["fields"].clone();
            let named = fields
                .as_array()
                .unwrap()
                .iter()
                .any(|one| one["field"] == limit.field.as_str());
            assert!(named, "{at}");
            tried.insert(limit.told);
        }
    }
    let mut told = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            told_limits(
                &document,
                &operation["requestBody"]["content"]["application/json"]["schema"],
                &mut told,
            );
        }
    }
    assert_eq!(
        told.difference(&tried).collect::<Vec<_>>(),
        [""; 0],
        "limits that were not tried"
    );
    assert!(tried.len() > 30, "{tried:?}");
}

/// A limit of a body, and a value just beyond it.
struct Limit {
    pointer: String,
    field: String,
    told: String,
    bad: Value,
}

/// The limits of a schema that a good body shows.
fn limits(document: &Value, schema: &Value, good: &Value, pointer: &str, field: &str) -> Vec<Limit> {
    let mut all = Vec::new();
    let parts = parts(document, schema);
    let objects = parts.iter().filter_map(|part| part["properties"].as_object());
    for (name, schema) in objects.flatten() {
        let Some(value) = good.get(name) else {
            continue;
        };
        let pointer = format!("{pointer}/{name}");
        let field = match field {
            "" => name.clone(),
            outer => format!("{outer}.{name}"),
        };
        let told = as_told(name, schema);
        let mut bad = just_over(schema);
        if let (Some(most), Some(items)) = (schema["maxItems"].as_u64(), value.as_array()) {
            bad.push(vec![items[0].clone(); most as usize + 1].into());
        }
        if let Some(1) = schema["minItems"].as_u64() {
            bad.push(json!([]));
        }
        all.extend(bad.into_iter().map(|bad| Limit {
            pointer: pointer.clone(),
            field: field.clone(),
            told: told.clone(),
            bad,
        }));
        match value.as_array() {
            Some(items) => {
                let inner = (format!("{pointer}/0"), format!("{field}[0]"));
                let of_one = shape(document, &schema["items"]);
                all.extend(just_over(of_one).into_iter().map(|bad| Limit {
                    pointer: inner.0.clone(),
                    field: inner.1.clone(),
                    told: as_told(name, of_one),
                    bad,
                }));
                all.extend(limits(document, &schema["items"], &items[0], &inner.0, &inner.1));
            }
            None => all.extend(limits(document, schema, value, &pointer, &field)),
        }
    }
    all
}

/// A limit as the document has it, to know which were tried.
fn as_told(name: &str, schema: &Value) -> String {
    format!("{name} {schema}")
}

fn told_limits(document: &Value, schema: &Value, told: &mut BTreeSet<String>) {
    for part in parts(document, schema) {
        for (name, schema) in part["properties"].as_object().into_iter().flatten() {
            let limits = ["maxLength", "maximum", "maxItems"];
            if limits.iter().any(|limit| !schema[limit].is_null()) {
                told.insert(as_told(name, schema));
            }
            let of_one = shape(document, &schema["items"]);
            if !of_one["maxLength"].is_null() {
                told.insert(as_told(name, of_one));
            }
            told_limits(document, schema, told);
            told_limits(document, &schema["items"], told);
        }
    }
}
