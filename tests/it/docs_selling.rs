//! Good bodies of what is bought, and of what makes it cheaper or dearer, with every field that has a limit.

use serde_json::Value;
use serde_json::json;

fn address() -> Value {
    json!({ "name": "Ann", "company": "Ann & Co", "line1": "Lane 1", "line2": "Back door", "city": "Bath",
        "postcode": "BA1", "region": "Avon", "country": "GB", "phone": "+441632960961" })
}

/// The bodies, and where they go.
#[allow(clippy::too_many_lines, reason = "a table")]
pub fn good_bodies() -> Vec<(&'static str, String, Value)> {
    [
        (
            "POST",
            "/cart/items",
            json!({ "sku": "MUG", "quantity": 1, "client_token": "t" }),
        ),
        ("PATCH", "/cart/items/1", json!({ "quantity": 1 })),
        (
            "PATCH",
            "/products/1/images/{image_id}",
            json!({ "alt": "A mug", "position": 1, "version": 1 }),
        ),
        ("POST", "/cart/coupon", json!({ "code": "A" })),
        (
            "POST",
            "/cart/checkout",
            json!({ "email": "ann@shop.test", "shipping_address": { "name": "Ann", "line1": "1", "city": "Rye",
            "postcode": "1", "country": "GB" }, "payment_method": "manual", "note": "n", "client_token": "t" }),
        ),
        (
            "POST",
            "/coupons",
            json!({ "code": "A", "kind": "fixed", "value": "1.00", "limit": 1, "per_customer": 1, "min_subtotal": "1.00",
            "starts_at": "2026-03-01T00:00:00Z", "ends_at": "2026-04-01T00:00:00Z", "products": [1], "groups": [1],
            "client_token": "t" }),
        ),
        (
            "PATCH",
            "/coupons/1",
            json!({ "code": "A", "kind": "fixed", "value": "1.00", "limit": 1, "per_customer": 1, "min_subtotal": "1.00",
            "starts_at": "2026-03-01T00:00:00Z", "ends_at": "2026-04-01T00:00:00Z", "products": [1], "groups": [1],
            "version": 1 }),
        ),
        (
            "POST",
            "/orders/drafts",
            json!({ "channel": "phone", "items": [{ "sku": "MUG", "quantity": 1 }], "email": "ann@shop.test",
            "shipping_address": address(), "payment_method": "manual", "note": "n", "reason": "r", "client_token": "t" }),
        ),
        (
            "PATCH",
            "/orders/drafts/1",
            json!({ "channel": "mail", "items": [{ "sku": "MUG", "quantity": 1 }], "email": "ann@shop.test",
            "payment_method": "manual", "note": "n", "reason": "r", "version": 1 }),
        ),
        (
            "POST",
            "/orders/drafts/1/place",
            json!({ "total_price": "4.50", "client_token": "t" }),
        ),
        (
            "POST",
            "/shipping-methods",
            json!({ "name": "A", "bands": [{ "up_to_weight": 1, "price": "1.00" }], "tax_category": "t",
            "client_token": "t" }),
        ),
        (
            "POST",
            "/shipping-methods",
            json!({ "name": "A", "bands": [{ "from_total": "1.00", "price": "1.00" }] }),
        ),
        ("POST", "/shipping-methods", json!({ "name": "A", "price": "1.00" })),
        (
            "PATCH",
            "/shipping-methods/1",
            json!({ "name": "A", "bands": [{ "up_to_weight": 1, "price": "1.00" }], "tax_category": "t", "version": 1 }),
        ),
        ("PATCH", "/shipping-methods/1", json!({ "price": "1.00", "version": 1 })),
        (
            "POST",
            "/tax-rates",
            json!({ "name": "A", "country": "GB", "category": "c", "rate": "20", "client_token": "t" }),
        ),
        (
            "PATCH",
            "/tax-rates/1",
            json!({ "name": "A", "country": "GB", "category": "c", "rate": "20", "version": 1 }),
        ),
    ]
    .map(|(method, path, body)| (method, path.to_owned(), body))
    .into()
}
