//! The catalogue: who sees what, and who changes what.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;
use crate::products_list::names;

pub fn make(app: &TestApp, who: &str, body: Value) -> Value {
    let made = app.post(who, "/api/v1/products", body);
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()
}

fn change(app: &TestApp, who: &str, id: &Value, body: Value) -> Answer {
    app.patch(who, &format!("/api/v1/products/{id}"), body)
}

fn events(app: &TestApp, product: &Value) -> Vec<(String, i64)> {
    let feed = app.get("owner", "/api/v1/events?stream=inventory").json();
    let events = feed["data"].as_array().unwrap();
    events
        .iter()
        .filter(|event| event["type"].as_str().unwrap().starts_with("product."))
        .filter(|event| event["data"]["id"] == *product)
        .map(|event| {
            let kind = event["type"].as_str().unwrap().to_owned();
            (kind, event["data"]["seq"].as_i64().unwrap())
        })
        .collect()
}

/// B3, B4, B13, B16
#[test]
fn a_sellers_product_waits_until_it_is_approved() {
    let app = TestApp::start();
    let mug = make(
        &app,
        "seller",
        json!({ "name": "Mug", "price": "4", "quantity": 2, "sku": "M" }),
    );
    let id = &mug["id"];
    let path = format!("/api/v1/products/{id}");
    assert_eq!(mug["status"], "pending");
    assert_eq!(names(&app.get("nobody", "/api/v1/products/public")), [""; 0]);
    assert_eq!(app.get("ann", &path).status, 404);
    assert_eq!(app.get("seller2", &path).status, 404);
    assert_eq!(app.get("seller", &path).status, 200);
    assert_eq!(app.get("staff", &path).status, 200);
    let buy = || {
        app.post(
            "ann",
            "/api/v1/orders",
            json!({ "items": [{ "sku": "M", "quantity": 1 }] }),
        )
    };
    assert_eq!(buy().status, 404);
    for who in ["seller", "ann"] {
        assert_eq!(
            app.post(who, &format!("{path}/approve"), json!({})).status,
            403,
            "{who}"
        );
    }
    let rejected = app.post("staff", &format!("{path}/reject"), json!({ "reason": "blurred" }));
    assert_eq!(rejected.json()["status"], "rejected");
    let again = app.post("staff", &format!("{path}/reject"), json!({}));
    assert_eq!((again.status, again.code()), (409, 6003));
    let approved = app.send("POST", "staff", &format!("{path}/approve"), &[], None);
    assert_eq!(
        (approved.status, &approved.json()["status"]),
        (200, &json!("approved"))
    );
    assert_eq!(buy().status, 201);
    assert_eq!(names(&app.get("ann", "/api/v1/products/my-home")), ["Mug"]);
    assert_eq!(names(&app.get("seller", "/api/v1/products/my-home")), [""; 0]);
    assert_eq!(names(&app.get("seller", "/api/v1/products")), ["Mug"]);
    assert_eq!(names(&app.get("seller2", "/api/v1/products")), [""; 0]);
    assert_eq!(
        names(&app.get("staff", "/api/v1/products?status=approved")),
        ["Mug"]
    );
    let reworded = change(&app, "seller", id, json!({ "name": "Mug!", "version": 3 }));
    assert_eq!(reworded.json()["status"], "pending", "{}", reworded.body);
    assert_eq!(app.get("ann", &path).status, 404);
    assert_eq!(
        events(&app, id),
        [
            ("product.created".to_owned(), 1),
            ("product.rejected".to_owned(), 2),
            ("product.approved".to_owned(), 3),
            ("product.updated".to_owned(), 4),
        ]
    );
}

/// Defect 2: nobody changes what is another's; to a seller it is not there.
#[test]
fn a_foreign_product_cannot_be_changed() {
    let app = TestApp::start();
    let mug = make(&app, "seller", json!({ "name": "Mug", "price": "4" }));
    let path = format!("/api/v1/products/{}", mug["id"]);
    app.post("staff", &format!("{path}/approve"), json!({}));
    for (who, status) in [("seller2", 404), ("ann", 403), ("nobody", 401)] {
        let changed = app.patch(who, &path, json!({ "price": "0.01", "version": 2 }));
        assert_eq!(changed.status, status, "{who} {}", changed.body);
        assert_eq!(app.send("DELETE", who, &path, &[], None).status, status, "{who}");
    }
    let shown = app
        .get("nobody", &format!("/api/v1/products/public/{}", mug["id"]))
        .json();
    assert_eq!((&shown["price"], &shown["version"]), (&json!("4.00"), &json!(2)));
}

/// D7, CON-04
#[test]
fn a_change_says_which_version_it_saw() {
    let app = TestApp::start();
    let id = json!(app.product("MUG", "4.50", 10));
    let path = format!("/api/v1/products/{id}");
    let missing = change(&app, "staff", &id, json!({ "name": "Cup" }));
    assert_eq!((missing.status, missing.code()), (428, 2003));
    let star = app.send(
        "PATCH",
        "staff",
        &path,
        &[("if-match", "*")],
        Some(&json!({ "name": "Cup" })),
    );
    assert_eq!((star.status, star.code()), (428, 2003));
    let stale = change(&app, "staff", &id, json!({ "name": "Cup", "version": 2 }));
    assert_eq!((stale.status, stale.code()), (412, 3003));
    assert_eq!(stale.json()["error"]["details"]["current"]["name"], "MUG");
    let both = app.send(
        "PATCH",
        "staff",
        &path,
        &[("if-match", "\"1\"")],
        Some(&json!({ "name": "Cup", "version": 2 })),
    );
    assert_eq!((both.status, both.code()), (400, 2001));
}

/// D7: the entity tag follows the stock, and a change looks at the version in it alone.
#[test]
fn an_entity_tag_follows_the_stock() {
    let app = TestApp::start();
    let id = json!(app.product("MUG", "4.50", 10));
    let path = format!("/api/v1/products/{id}");
    let seen = app.get("staff", &path);
    let tag = seen.header("etag").unwrap().to_owned();
    assert!(tag.starts_with("\"1-"), "{tag}");
    let held = |tag: &str| {
        app.send("GET", "staff", &path, &[("if-none-match", tag)], None)
            .status
    };
    assert_eq!(held(&tag), 304);
    app.post(
        "ann",
        "/api/v1/orders",
        json!({ "items": [{ "sku": "MUG", "quantity": 1 }] }),
    );
    assert_eq!(held(&tag), 200);
    let fits = app.send(
        "PATCH",
        "staff",
        &path,
        &[("if-match", &tag)],
        Some(&json!({ "name": "Cup" })),
    );
    assert_eq!(
        (fits.status, &fits.json()["version"]),
        (200, &json!(2)),
        "{}",
        fits.body
    );
    for bad in ["1", "\"x\"", "\"\"", "é"] {
        let answer = app.send(
            "PATCH",
            "staff",
            &path,
            &[("if-match", bad)],
            Some(&json!({ "name": "Cup" })),
        );
        assert_eq!((answer.status, answer.code()), (400, 2004), "{bad}");
    }
}

/// B10
#[test]
fn variants_are_added_changed_and_removed() {
    let app = TestApp::start();
    let cup = make(
        &app,
        "owner",
        json!({ "name": "Cup", "variants": [
        { "sku": "CUP-S", "title": "small", "price": "3", "quantity": 5 },
        { "sku": "CUP-L", "title": "large", "price": "6", "quantity": 5 },
    ] }),
    );
    let large = &cup["variants"][1]["id"];
    let changed = change(
        &app,
        "staff",
        &cup["id"],
        json!({ "version": 1, "variants": [
        { "id": large, "price": "5.50", "title": null, "weight_g": 300, "low_at": 9 },
        { "sku": "CUP-S", "title": "tiny", "price": "2.10" },
    ] }),
    )
    .json();
    assert_eq!(changed["variants"][0]["id"], *large, "{changed}");
    assert_eq!(
        (
            &changed["variants"][0]["price"],
            &changed["variants"][0]["title"],
            &changed["variants"][0]["version"]
        ),
        (&json!("5.50"), &json!(null), &json!(2))
    );
    assert_eq!(
        (
            &changed["variants"][1]["sku"],
            &changed["variants"][1]["quantity"]
        ),
        (&json!("CUP-S"), &json!(0))
    );
    let low = app.get("staff", "/api/v1/stock/low").json();
    assert_eq!(
        (&low["data"][0]["sku"], &low["data"][0]["low_at"]),
        (&json!("CUP-L"), &json!(9))
    );
    let cheapest = app.get("nobody", "/api/v1/products/public?max_price=2.10");
    assert_eq!(names(&cheapest), ["Cup"]);
    let foreign = change(
        &app,
        "staff",
        &cup["id"],
        json!({ "version": 2, "variants": [{ "id": 99 }] }),
    );
    assert_eq!((foreign.status, foreign.code()), (404, 3001));
    app.product("MUG", "1", 1);
    let taken = change(
        &app,
        "staff",
        &cup["id"],
        json!({ "version": 2, "variants": [{ "id": large, "sku": "MUG" }] }),
    );
    assert_eq!((taken.status, taken.code()), (409, 3002));
    let several = change(&app, "staff", &cup["id"], json!({ "version": 2, "price": "1" }));
    assert_eq!((several.status, several.code()), (400, 2003));
}

/// B5: deleted softly; orders keep their lines, SKUs are free, and only staff and owner learn that it was there.
#[test]
fn a_deleted_product_is_gone_but_not_from_orders() {
    let app = TestApp::start();
    let mug = make(
        &app,
        "seller",
        json!({ "name": "Mug", "price": "4", "quantity": 9, "sku": "M" }),
    );
    let path = format!("/api/v1/products/{}", mug["id"]);
    app.post("staff", &format!("{path}/approve"), json!({}));
    let order = app.post(
        "ann",
        "/api/v1/orders",
        json!({ "items": [{ "sku": "M", "quantity": 2 }] }),
    );
    let stale = app.send("DELETE", "seller", &path, &[("if-match", "\"1\"")], None);
    assert_eq!(stale.status, 412);
    assert_eq!(app.send("DELETE", "seller", &path, &[], None).status, 204);
    for (who, status) in [("staff", 410), ("seller", 410), ("ann", 404), ("seller2", 404)] {
        assert_eq!(app.get(who, &path).status, status, "{who}");
    }
    assert_eq!(app.get("staff", &path).code(), 3004);
    assert_eq!(app.send("DELETE", "seller", &path, &[], None).status, 410);
    assert_eq!(
        change(&app, "staff", &mug["id"], json!({ "name": "x", "version": 3 })).status,
        410
    );
    assert_eq!(names(&app.get("nobody", "/api/v1/products/public")), [""; 0]);
    assert_eq!(names(&app.get("staff", "/api/v1/products")), [""; 0]);
    let again = app.post(
        "ann",
        "/api/v1/orders",
        json!({ "items": [{ "sku": "M", "quantity": 1 }] }),
    );
    assert_eq!(again.status, 404);
    let shown = app.get("ann", &format!("/api/v1/orders/{}", order.json()["id"]));
    assert_eq!(shown.json()["items"][0]["sku"], "M");
    app.derive();
    assert_eq!(names(&app.get("staff", "/api/v1/products?q=mug")), [""; 0]);
    app.product("M", "1", 1);
}

/// A product without a price is a draft; it is put up for sale step by step, and archived and taken back.
#[test]
fn a_product_goes_from_status_to_status() {
    let app = TestApp::start();
    let draft = make(&app, "owner", json!({ "sku": "MUG" }));
    let id = &draft["id"];
    assert_eq!(
        (&draft["status"], &draft["name"], &draft["price"]),
        (&json!("draft"), &json!("MUG"), &json!(null))
    );
    let path = format!("/api/v1/products/{id}");
    let approve = app.post("staff", &format!("{path}/approve"), json!({}));
    assert_eq!((approve.status, approve.code()), (409, 6003));
    let steps = [
        (json!({ "status": "pending" }), 409),
        (json!({ "status": "approved" }), 409),
        (json!({ "price": "3" }), 200),
        (json!({ "status": "Pending" }), 200),
        (json!({ "status": "approved" }), 409),
        (json!({ "status": "archived" }), 200),
        (json!({ "status": "approved" }), 200),
        (json!({ "price": null }), 200),
    ];
    let mut version = 1;
    for (mut body, status) in steps {
        body["version"] = json!(version);
        let answer = change(&app, "staff", id, body.clone());
        assert_eq!(answer.status, status, "{body} {}", answer.body);
        version += i64::from(status == 200);
    }
    assert_eq!(app.get("staff", &path).json()["status"], "draft");
    let made_up = make(&app, "owner", json!({ "price": "1" }));
    assert_eq!(made_up["name"], made_up["sku"]);
    assert!(made_up["sku"].as_str().is_some_and(|sku| sku.starts_with("P-")));
}

/// A body that changes nothing, and the number of its refusal.
const BAD_CHANGES: &[(&str, u64)] = &[
    (r#"{"quantity":5,"version":1}"#, 2001),
    (r#"{"version":1}"#, 2003),
    (r#"{"name":"","version":1}"#, 2003),
    (r#"{"name":"a\u0000b","version":1}"#, 2001),
    (r#"{"name":5,"version":1}"#, 2001),
    (r#"{"price":-1,"version":1}"#, 2001),
    (r#"{"price":"1.234","version":1}"#, 2004),
    (r#"{"price":99999999999999999999,"version":1}"#, 2004),
    (r#"{"price":"free","version":1}"#, 2004),
    (r#"{"status":"sold","version":1}"#, 2001),
    (r#"{"seller_id":1,"version":1}"#, 2001),
    (r#"{"variants":[],"version":1}"#, 2001),
    (r#"{"variants":[{"quantity":4}],"version":1}"#, 2001),
    (r#"{"variants":[{"id":1},{"id":1}],"version":1}"#, 2001),
    (r#"{"variants":[{"id":1}],"price":"1","version":1}"#, 2001),
    (r#"{"low_at":-1,"version":1}"#, 2001),
    (r#"{"weight_g":-1,"version":1}"#, 2001),
    (r#"{"sku":"a b","version":1}"#, 2001),
    (r#"{"name":"x","version":"1"}"#, 2001),
    (r#"{"name":"x","name":"y","version":1}"#, 2001),
    ("[1]", 2001),
];

/// B5: what cannot be is refused field by field, and changes nothing.
#[test]
fn a_bad_product_is_refused_and_changes_nothing() {
    let app = TestApp::start();
    let id = json!(app.product("MUG", "4.50", 10));
    let before = app.get("staff", &format!("/api/v1/products/{id}")).body;
    for (body, code) in BAD_CHANGES {
        let head = format!(
            "PATCH /api/v1/products/{id} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
             connection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            app.client().at(),
            app.token("staff").unwrap(),
            body.len()
        );
        let answer = app.client().raw(head.as_bytes());
        assert_eq!(
            (answer.status, answer.code()),
            (400, *code),
            "{body} {}",
            answer.body
        );
    }
    assert_eq!(app.get("staff", &format!("/api/v1/products/{id}")).body, before);
    for (body, status, code) in [
        (json!({ "sku": "MUG", "price": "1" }), 409, 3002),
        (json!({ "sku": "mug", "price": "1", "quantity": -1 }), 400, 2001),
        (json!({ "price": "1", "quantity": 1_000_000_001_i64 }), 400, 2001),
        (json!({ "price": "1", "weight_g": -1 }), 400, 2001),
        (json!({ "price": "1", "category": "x".repeat(101) }), 400, 2001),
        (json!({ "price": "1", "variants": [{ "price": "1" }] }), 400, 2001),
        (json!({ "price": "1", "status": "approved" }), 400, 2001),
        (json!({ "variants": [{ "sku": "A" }, { "sku": "A" }] }), 409, 3002),
    ] {
        let answer = app.post("owner", "/api/v1/products", body.clone());
        assert_eq!(
            (answer.status, answer.code()),
            (status, code),
            "{body} {}",
            answer.body
        );
    }
    assert_eq!(app.get("staff", "/api/v1/products").json()["total"], 1);
}

/// J8: the audit holds the former values of what was changed.
#[test]
fn a_change_is_noted_with_the_former_values() {
    let app = TestApp::start();
    let id = json!(app.product("MUG", "4.50", 10));
    change(
        &app,
        "staff",
        &id,
        json!({ "category": "Mugs", "tax_category": "reduced", "version": 1 }),
    );
    let changed = change(&app, "staff", &id, json!({ "name": "Cup", "version": 2 })).json();
    assert_eq!(
        (&changed["category"], &changed["tax_category"]),
        (&json!("Mugs"), &json!("reduced"))
    );
    let content: String = app
        .file()
        .query_row(
            "SELECT content FROM audit WHERE action = 22 ORDER BY id DESC",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&content).unwrap(),
        json!({ "name": "MUG" })
    );
    let categories = app.get("nobody", "/api/v1/categories").json();
    assert_eq!(
        (&categories["data"][0]["name"], &categories["data"][0]["products"]),
        (&json!("Mugs"), &json!(1))
    );
}
