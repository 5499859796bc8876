//! What the matrix of permissions sends where a thing is made.

use serde_json::Value;
use serde_json::json;

use crate::permissions::fresh;

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
