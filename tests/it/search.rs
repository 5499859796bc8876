//! The search index: derived by the worker, and never the reason that something just written is not found.

use serde_json::json;
use till::domain::id::OrderId;
use till::domain::search::Find;
use till::domain::text::Sku;
use till::store::search::Side;
use till::store::search::order_ids;

use crate::app::TestApp;

fn found(app: &TestApp, typed: Option<&str>, sku: Option<&str>) -> Vec<i64> {
    let find = Find::new(typed, sku.map(|sku| Sku::parse(sku).unwrap()));
    let found = app
        .app()
        .store()
        .read(|db| order_ids(db, &find, Side::Below(i64::MAX), 50))
        .unwrap();
    assert_eq!(found.behind, None);
    found.ids.into_iter().map(|OrderId(id)| id).collect()
}

fn place(app: &TestApp, who: &str, items: serde_json::Value, note: &str) -> i64 {
    let body = json!({ "items": items, "note": note });
    let placed = app.post(who, "/api/v1/orders", body);
    assert_eq!(placed.status, 201, "{}", placed.body);
    placed.json()["id"].as_i64().unwrap()
}

/// D4
#[test]
fn an_order_is_found_before_and_after_the_index_knows_it() {
    let app = TestApp::start();
    app.product("MUG-blue", "4.50", 100);
    app.product("mug-blue", "4.50", 100);
    let first = place(
        &app,
        "ann",
        json!([{ "sku": "MUG-blue", "quantity": 1 }]),
        "Für Zoë, “please” ring",
    );
    let second = place(&app, "bob", json!([{ "sku": "mug-blue", "quantity": 1 }]), "");
    for _ in ["before", "after"] {
        assert_eq!(found(&app, Some("zoe"), None), [first]);
        assert_eq!(found(&app, Some("ring FÜR"), None), [first]);
        assert_eq!(found(&app, Some("mug bl"), None), [second, first]);
        assert_eq!(found(&app, Some("1002"), None), [second]);
        assert_eq!(found(&app, Some("bob@shop.test"), None), [second]);
        assert_eq!(found(&app, None, Some("MUG-blue")), [first]);
        assert_eq!(found(&app, Some("bob"), Some("MUG-blue")), [0; 0]);
        for nothing in ["\"", "*", "zoe OR bob", "NEAR(zoe ring, 5)", "words:zoe", "\u{0}"] {
            assert_eq!(found(&app, Some(nothing), None), [0; 0], "{nothing}");
        }
        app.derive();
    }
}

/// D4: orders of 700 lines are in the index whole.
#[test]
fn every_line_of_a_long_order_is_found() {
    let app = TestApp::start();
    let variants: Vec<_> = (0..100)
        .map(|at| json!({ "sku": format!("S{at}"), "price": "1", "quantity": 100 }))
        .collect();
    for at in 0..7 {
        let variants: Vec<_> = variants
            .iter()
            .map(|variant| {
                let mut variant = variant.clone();
                variant["sku"] = json!(format!("P{at}{}", variant["sku"].as_str().unwrap()));
                variant
            })
            .collect();
        let made = app.post("owner", "/api/v1/products", json!({ "variants": variants }));
        assert_eq!(made.status, 201, "{}", made.body);
    }
    let items: Vec<_> = (0..700)
        .map(|at| json!({ "sku": format!("P{}S{}", at / 100, at % 100), "quantity": 1 }))
        .collect();
    let id = place(&app, "ann", json!(items), "");
    for _ in ["before", "after"] {
        for at in [0, 1, 350, 699] {
            let sku = format!("P{}S{}", at / 100, at % 100);
            assert_eq!(found(&app, None, Some(&sku)), [id], "{sku}");
            assert_eq!(found(&app, Some(&sku), None), [id], "{sku}");
        }
        app.derive();
    }
}
