//! What was sold for sellers: each sees their own, and of it nothing of who bought it.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::commissions::delivered;
use crate::commissions::order;
use crate::commissions::refund;
use crate::commissions::sell;
use crate::commissions::shop;
use crate::commissions::step;

const SALES: &str = "/api/v1/sales";

fn list(app: &TestApp, who: &str, query: &str) -> Vec<Value> {
    let told = app.get(who, &format!("{SALES}?{query}"));
    assert_eq!(told.status, 200, "{who} {query}: {}", told.body);
    told.json()["data"].as_array().unwrap().clone()
}

fn skus(app: &TestApp, who: &str, query: &str) -> Vec<String> {
    let rows = list(app, who, query);
    rows.iter()
        .map(|row| row["sku"].as_str().unwrap().to_owned())
        .collect()
}

/// A seller's vases, another's bowls, and the shop's own mugs.
fn market() -> TestApp {
    let app = shop();
    sell(&app, "seller2", "BOWL", "20.00");
    app
}

/// B16, D14: a line with what it brought, what is left of that, and where its order stands.
#[test]
fn a_sale_is_told_with_its_commission() {
    let app = market();
    let id = delivered(&app, &[("MUG", 1), ("VASE", 2)]);
    let line = app.get("owner", &format!("/api/v1/orders/{id}")).json()["items"][1].clone();
    let body = json!({ "lines": [{ "item_id": line["id"], "quantity": 1 }], "reason": "chipped" });
    refund(&app, id, body);
    let told = list(&app, "seller", "");
    assert_eq!(told.len(), 1);
    let sale = &told[0];
    assert_eq!(
        (
            &sale["item_id"],
            &sale["order_id"],
            &sale["number"],
            &sale["status"]
        ),
        (&line["id"], &json!(id), &json!("1001"), &json!("delivered"))
    );
    assert_eq!(
        (
            &sale["sku"],
            &sale["quantity"],
            &sale["unit_price"],
            &sale["total"],
            &sale["currency"]
        ),
        (
            &json!("VASE"),
            &json!(2),
            &json!("10.00"),
            &json!("20.00"),
            &json!("EUR")
        )
    );
    let of = &sale["commission"];
    assert_eq!(
        (&of["rate"], &of["amount"], &of["left"], &of["status"]),
        (&json!("30"), &json!("14.00"), &json!("7.00"), &json!("approved"))
    );
    let text = sale.to_string();
    for personal in ["ann", "customer", "email", "address", "user_id", "note"] {
        assert!(!text.contains(personal), "{personal}: {text}");
    }
}

/// B16, AZ-02: nobody sees what was sold for somebody else, whatever they ask for.
#[test]
fn a_seller_sees_their_own_and_nothing_else() {
    let app = market();
    let both = order(&app, &[("VASE", 1), ("BOWL", 1), ("MUG", 1)]);
    let other = app.number("SELECT id FROM users WHERE username = 'seller2'");
    assert_eq!(skus(&app, "seller", ""), ["VASE"]);
    assert_eq!(skus(&app, "seller2", ""), ["BOWL"]);
    assert_eq!(skus(&app, "seller2", &format!("seller_id={other}")), ["BOWL"]);
    assert!(skus(&app, "ann", "").is_empty());
    for query in ["sku=BOWL".to_owned(), format!("order_id={both}&sku=BOWL")] {
        assert!(skus(&app, "seller", &query).is_empty(), "{query}");
    }
    let foreign = app.get("seller", &format!("{SALES}?seller_id={other}"));
    assert_eq!((foreign.status, foreign.code()), (403, 1005));
    assert_eq!(skus(&app, "owner", ""), ["BOWL", "VASE"]);
    assert_eq!(skus(&app, "owner", &format!("seller_id={other}")), ["BOWL"]);
    assert_eq!(app.get("nobody", SALES).status, 401);
}

/// B16: by the order's state, the thing, the commission and the time; page after page, to and fro.
#[test]
fn sales_are_filtered_and_paged() {
    let app = market();
    sell(&app, "seller", "DISH", "3.00");
    for _ in 0..5 {
        order(&app, &[("VASE", 1)]);
    }
    app.clock.pass(86_400_000);
    app.forget_tokens();
    let moved = order(&app, &[("DISH", 1)]);
    step(&app, moved, "canceled");
    for (query, count) in [
        ("", 6),
        ("sku=VASE", 5),
        ("sku=NONE", 0),
        ("status=canceled", 1),
        ("status=pending", 5),
        ("commission_status=reversed", 1),
        ("commission_status=pending", 5),
        ("from=2026-03-02", 1),
        ("to=2026-03-01", 5),
        ("from=2026-03-01&to=2026-03-02", 6),
    ] {
        assert_eq!(skus(&app, "seller", query).len(), count, "{query}");
    }
    let page = |query: &str| app.get("seller", &format!("{SALES}?limit=4{query}")).json();
    let first = page("");
    let second = page(&format!("&after={}", first["next"].as_str().unwrap()));
    let ids = |page: &Value| -> Vec<i64> {
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["item_id"].as_i64().unwrap())
            .collect()
    };
    assert_eq!(ids(&page("&page=2")), ids(&second));
    let mut all = [ids(&first), ids(&second)].concat();
    assert_eq!((all.len(), &second["next"]), (6, &Value::Null));
    assert!(all.is_sorted_by(|one, other| one > other), "{all:?}");
    all.dedup();
    assert_eq!(all.len(), 6);
    for query in [
        "status=lost",
        "sku=%07",
        "seller_id=x",
        "from=x",
        "after=x",
        "customer_id=1",
    ] {
        let told = app.get("seller", &format!("{SALES}?{query}"));
        assert_eq!((told.status, told.code()), (400, 2002), "{query}");
    }
}
