//! Lists whose newest row comes first: page after page, to and fro.

use serde_json::json;

use crate::app::TestApp;
use crate::commissions::order;
use crate::commissions::pay;
use crate::commissions::shop;

/// The ids of a page, and where the next begins.
fn page(app: &TestApp, path: &str) -> (Vec<i64>, Option<String>) {
    let told = app.get("owner", path);
    assert_eq!(told.status, 200, "{path}: {}", told.body);
    let told = told.json();
    let rows = told["data"].as_array().unwrap().iter();
    let ids = rows.map(|row| row["id"].as_i64().unwrap()).collect();
    (ids, told["next"].as_str().map(str::to_owned))
}

/// D4: each row once, whichever way the list is walked.
#[test]
fn lists_are_walked_to_and_fro() {
    let app = shop();
    for _ in 0..5 {
        let id = order(&app, &[("VASE", 1)]);
        pay(&app, id);
        let draft = json!({ "channel": "phone", "items": [{ "sku": "MUG", "quantity": 1 }] });
        assert_eq!(app.post("owner", "/api/v1/orders/drafts", draft).status, 201);
    }
    for path in [
        "/api/v1/orders/drafts",
        "/api/v1/orders/drafts?status=open",
        "/api/v1/commissions",
        "/api/v1/payments",
    ] {
        let more = if path.contains('?') { "&" } else { "?" };
        let at = |query: &str| page(&app, &format!("{path}{more}limit=2{query}"));
        let all = page(&app, path).0;
        assert_eq!(all.len(), 5, "{path}");
        assert!(all.is_sorted_by(|one, other| one > other), "{path}: {all:?}");
        let (first, next) = at("");
        let (second, last) = at(&format!("&after={}", next.unwrap()));
        let last = last.unwrap();
        let (third, end) = at(&format!("&after={last}"));
        assert_eq!([first, second, third].concat(), all, "{path}");
        assert_eq!(end, None, "{path}");
        // Back from the fourth: the two before it.
        assert_eq!(at(&format!("&before={last}")).0, all[1..3], "{path}");
        assert_eq!(at("&page=2").0, all[2..4], "{path}");
    }
}

/// A list says how many rows it has, whatever is asked of it, on each of its pages.
#[test]
fn lists_tell_how_many_they_have() {
    let app = shop();
    for _ in 0..3 {
        let id = order(&app, &[("VASE", 1)]);
        pay(&app, id);
        let draft = json!({ "channel": "phone", "items": [{ "sku": "MUG", "quantity": 1 }] });
        assert_eq!(app.post("owner", "/api/v1/orders/drafts", draft).status, 201);
    }
    app.settle();
    let draft = "/api/v1/orders/drafts/1/place";
    assert_eq!(app.post("owner", draft, json!({})).status, 400, "it is nobody's");
    let address = json!({ "email": "ann@shop.example", "version": 1 });
    assert_eq!(app.patch("owner", "/api/v1/orders/drafts/1", address).status, 200);
    assert_eq!(app.post("owner", draft, json!({})).status, 201);
    let money = json!({ "amount": "5.00", "reason": "a present" });
    let wallet = app.number("SELECT id FROM users WHERE username = 'owner'");
    for _ in 0..2 {
        let given = app.post(
            "owner",
            &format!("/api/v1/wallets/{wallet}/adjust"),
            money.clone(),
        );
        assert_eq!(given.status, 201, "{}", given.body);
    }
    for (path, total) in [
        ("orders/drafts", 3),
        ("orders/drafts?status=open", 2),
        ("orders/drafts?status=placed", 1),
        ("commissions", 3),
        ("commissions?order_id=1", 1),
        ("commissions?status=paid", 0),
        ("commissions/payouts", 0),
        ("sales", 3),
        ("sales?sku=VASE", 3),
        ("sales?sku=MUG", 0),
        ("balance/transactions", 2),
        ("balance/transactions?type=order_payment", 0),
    ] {
        let more = if path.contains('?') { "&" } else { "?" };
        let told = app.get("owner", &format!("/api/v1/{path}{more}limit=1&page=2"));
        assert_eq!(told.status, 200, "{path}: {}", told.body);
        assert_eq!(told.json()["total"], total, "{path}");
    }
}
