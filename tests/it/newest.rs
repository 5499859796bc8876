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
