//! Drafts and edits that are not well formed, or name what is not theirs: they leave nothing behind.

use serde_json::Value;
use serde_json::json;

use crate::drafts;
use crate::edits;
use crate::edits::edit;
use crate::edits::kept;
use crate::edits::new;
use crate::shipments::is;
use crate::shipments::now;
use crate::shipments::order;
use crate::shipments::shelves;
use crate::shipments::shop;

/// What is not well formed makes no draft, and changes none.
#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn a_bad_draft_is_refused() {
    let app = shop();
    let draft = drafts::made(&app, drafts::body());
    let many: Vec<Value> = (0..1001)
        .map(|_| json!({ "sku": "MUG", "quantity": 1 }))
        .collect();
    for (more, field, code) in [
        (json!({ "items": [] }), "items", 2001),
        (json!({ "items": many }), "items", 2001),
        (
            json!({ "items": [{ "sku": "MUG", "quantity": 0 }] }),
            "items[0].quantity",
            2001,
        ),
        (
            json!({ "items": [{ "sku": "MUG", "quantity": 100_001 }] }),
            "items[0].quantity",
            2001,
        ),
        (
            json!({ "items": [{ "quantity": 1 }] }),
            "items[0].variant_id",
            2003,
        ),
        (
            json!({ "items": [{ "sku": "MUG", "product_id": 1, "quantity": 1 }] }),
            "items[0]",
            2001,
        ),
        (
            json!({ "items": [{ "sku": "a b", "quantity": 1 }] }),
            "items[0].sku",
            2001,
        ),
        (
            json!({ "items": [{ "sku": "MUG", "quantity": 1, "price": "1e3" }] }),
            "items[0].price",
            2004,
        ),
        (
            json!({ "items": [{ "sku": "MUG", "quantity": 1, "price": "-1" }] }),
            "items[0].price",
            2001,
        ),
        (
            json!({ "items": [{ "sku": "MUG", "quantity": 1, "id": 1 }] }),
            "items[0].id",
            2001,
        ),
        (json!({ "channel": "pigeon" }), "channel", 2001),
        (json!({ "email": "nobody" }), "email", 2001),
        (json!({ "note": "x".repeat(1001) }), "note", 2001),
        (json!({ "reason": "" }), "reason", 2003),
        (json!({ "payment_method": "gold" }), "payment_method", 2002),
        (
            json!({ "shipping_address": drafts::address("XX") }),
            "shipping_address.country",
            2001,
        ),
        (json!({ "total": "1.00" }), "total", 2001),
        (json!({ "order_id": 1 }), "order_id", 2001),
    ] {
        let answer = app.post("staff", drafts::DRAFTS, drafts::with(more.clone()));
        let short = more.to_string().chars().take(100).collect::<String>();
        assert_eq!(answer.status, 400, "{short}: {}", answer.body);
        let fault = &answer.json()["error"]["fields"][0];
        assert_eq!(
            (fault["field"].as_str(), fault["code"].as_u64()),
            (Some(field), Some(code)),
            "{short}: {}",
            answer.body
        );
        let mut change = more;
        change["version"] = json!(1);
        assert_eq!(
            app.patch("staff", &drafts::path(&draft), change).status,
            400,
            "{short}"
        );
    }
    assert_eq!(app.number("SELECT count(*) FROM drafts"), 1);
    assert_eq!(app.get("staff", &drafts::path(&draft)).json()["version"], 1);
}

/// What is not well formed, or not of this order, changes nothing.
#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn a_bad_edit_is_refused() {
    let app = shop();
    let other = order(&app, 1, 1);
    let order = order(&app, 2, 1);
    let mine = kept(&order, 0, 1);
    let id = order["items"][0]["id"].clone();
    let many: Vec<Value> = (0..1001).map(|_| new("MUG", 1)).collect();
    for (body, field, code) in [
        (json!({ "items": [] }), "items", 2001),
        (json!({ "items": many }), "items", 2001),
        (
            json!({ "items": [kept(&order, 0, 0)] }),
            "items[0].quantity",
            2001,
        ),
        (
            json!({ "items": [mine, kept(&order, 1, 100_001)] }),
            "items[1].quantity",
            2001,
        ),
        (json!({ "items": [mine, mine] }), "items[1].id", 2001),
        (json!({ "items": [kept(&other, 0, 1)] }), "items[0].id", 2001),
        (
            json!({ "items": [{ "id": id, "sku": "MUG", "quantity": 1 }] }),
            "items[0]",
            2001,
        ),
        (
            json!({ "items": [{ "id": id, "quantity": 1, "price": "-1" }] }),
            "items[0].price",
            2001,
        ),
        (
            json!({ "items": [{ "id": id, "quantity": 1, "price": "1.001" }] }),
            "items[0].price",
            2004,
        ),
        (
            json!({ "items": [{ "quantity": 1 }] }),
            "items[0].variant_id",
            2003,
        ),
        (
            json!({ "items": [mine, { "sku": "MUG", "quantity": 1, "total": "1" }] }),
            "items[1].total",
            2001,
        ),
        (json!({ "email": "nobody" }), "email", 2001),
        (json!({ "note": "x".repeat(1001) }), "note", 2001),
        (json!({ "reason": "x".repeat(1001) }), "reason", 2001),
        (
            json!({ "billing_address": edits::address("XX", "1 Road") }),
            "billing_address.country",
            2001,
        ),
        (json!({ "total": "1.00" }), "total", 2001),
        (json!({ "coupon": "FREE" }), "coupon", 2001),
    ] {
        let answer = edit(&app, &order, body.clone());
        let short = body.to_string().chars().take(100).collect::<String>();
        assert_eq!(answer.status, 400, "{short}: {}", answer.body);
        let fault = &answer.json()["error"]["fields"][0];
        assert_eq!(
            (fault["field"].as_str(), fault["code"].as_u64()),
            (Some(field), Some(code)),
            "{short}: {}",
            answer.body
        );
    }
    is(
        &edit(&app, &order, json!({ "items": [new("NONE", 1)] })),
        404,
        3001,
    );
    assert_eq!(now(&app, &order), order);
    assert_eq!(shelves(&app), [97, 98]);
}
