//! Good bodies about customers, their groups, roles and the shop itself, with every field that has a limit.

use serde_json::Value;
use serde_json::json;

fn customer() -> Value {
    let address = json!({ "name": "Ann", "company": "Ann & Co", "line1": "Lane 1", "line2": "Back door", "city": "Bath",
        "postcode": "BA1", "region": "Avon", "country": "GB", "phone": "+441632960961" });
    json!({ "name": "Ann", "email": "ann@shop.test", "phone": "+441632960961", "country": "GB", "groups": [1],
        "tags": ["a"], "addresses": [address], "note": "n" })
}

fn settings() -> Value {
    let address = json!({ "line1": "Lane 1", "line2": "Back door", "city": "Bath", "postcode": "BA1", "region": "Avon",
        "country": "GB" });
    json!({ "shop": { "name": "Shop", "address": address }, "currency": "EUR", "time_zone": "UTC",
        "stock": { "low_at": 5 }, "orders": { "unpaid_minutes": 60, "transfer_days": 7 },
        "payments": { "capture": "at_once" }, "refunds": { "step_up_above": "500.00" }, "commissions": { "rate": "30" },
        "wallet": { "deposits": "staff", "withdrawals": "staff", "daily_deposits": "9.00", "daily_withdrawals": "9.00" },
        "mail": { "from": "shop@shop.test", "reply_to": "shop@shop.test" },
        "keep_days": { "deliveries": 30, "mails": 180, "audit": 365, "events": 400 }, "version": 1 })
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

/// The bodies, and where they go.
pub fn good_bodies() -> Vec<(&'static str, String, Value)> {
    let rule = json!({ "min_orders": 1, "min_spent": "1.00", "tag": "t" });
    let group = json!({ "name": "Friends", "description": "d", "discount": "5", "rule": rule });
    let role = json!({ "name": "crew", "permissions": ["orders:read"] });
    let (token, version) = (json!("t"), json!(1));
    [
        (
            "POST",
            "/customers",
            with(customer(), "client_token", token.clone()),
        ),
        (
            "PUT",
            "/customers/1",
            with(customer(), "version", version.clone()),
        ),
        (
            "PATCH",
            "/customers/batch",
            json!({ "updates": [{ "id": 1, "version": 1, "data": customer() }] }),
        ),
        (
            "POST",
            "/customers/1/anonymise",
            json!({ "reason": "r", "version": 1 }),
        ),
        (
            "POST",
            "/customers/groups",
            with(group.clone(), "client_token", token.clone()),
        ),
        (
            "PUT",
            "/customers/groups/1",
            with(group, "version", version.clone()),
        ),
        (
            "POST",
            "/customers/groups/1/customers",
            json!({ "customer_ids": [1] }),
        ),
        (
            "DELETE",
            "/customers/groups/1/customers",
            json!({ "customer_ids": [1] }),
        ),
        ("PATCH", "/settings", settings()),
        ("POST", "/roles", with(role.clone(), "client_token", token)),
        ("PUT", "/roles/1", with(role, "version", version)),
    ]
    .map(|(method, path, body)| (method, path.to_owned(), body))
    .into()
}
