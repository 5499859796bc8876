//! What is wrong, foreign or not allowed on the pages of products: nothing moves, and nothing typed is lost.

use serde_json::json;

use crate::admin_products::ODD;
use crate::admin_products::fault;
use crate::admin_products::page;
use crate::admin_products::pens;
use crate::admin_products::product;
use crate::admin_products::rows;
use crate::admin_products::value;
use crate::app::TestApp;
use crate::pages::Browser;
use crate::pages::OURS;
use crate::pages::filled;
use crate::pages::has_form;

/// A field, and what is wrong in it.
fn wrong<'a>(long: &'a str, longer: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![
        ("name", ""),
        ("name", "   "),
        ("name", long),
        ("name", "two\u{2028}lines"),
        ("description", longer),
        ("category", long),
        ("tax_category", long),
        ("status", "rejected"),
        ("status", "gone"),
        ("variants[0].sku", ""),
        ("variants[0].sku", "has blank"),
        ("variants[0].sku", "MUG"),
        ("variants[1].sku", "PEN-F"),
        ("variants[2].sku", "PEN-F"),
        ("variants[2].sku", "<script>"),
        ("variants[0].title", long),
        ("variants[0].price", "-1"),
        ("variants[0].price", "4,50"),
        ("variants[0].price", "1e3"),
        ("variants[0].price", "4.505"),
        ("variants[0].price", "99999999999999999999"),
        ("variants[0].price", long),
        ("variants[0].low_at", "-1"),
        ("variants[0].low_at", "many"),
        ("variants[0].weight_g", "99999999999"),
        ("variants[2].price", "NaN"),
    ]
}

/// WEB-04: it is shown back as text beside what is wrong with it, and nothing moves.
#[test]
fn what_is_wrong_is_said_beside_the_field_and_what_was_typed_stays() {
    let app = TestApp::start();
    let id = pens(&app);
    app.product("MUG", "4.50", 1);
    let browser = Browser::signed_in(&app, "staff");
    let form = browser.get(&page(id));
    let before = product(&app, id);
    let long = "x".repeat(10_000);
    let longer = "ü".repeat(20_001);
    for (field, typed) in wrong(&long, &longer) {
        let answer = browser.submit(&form, &page(id), &[(field, typed)]);
        let short: String = typed.chars().take(30).collect();
        assert_eq!(answer.status, 400, "{field} {short}: {}", answer.body);
        assert!(
            fault(&answer, field).is_some(),
            "{field} {short}: {}",
            answer.body
        );
        assert!(answer.body.contains("data-focus"));
        if field != "status" {
            assert_eq!(value(&answer, &page(id), field), typed, "{field} {short}");
        }
        assert_eq!(value(&answer, &page(id), "version"), "1");
        assert_eq!(product(&app, id), before, "{field} {short}");
    }
    let both = browser.submit(&form, &page(id), &[("name", ""), ("variants[1].price", "x")]);
    assert!(both.body.contains("data-faults=\"2\""));
}

/// WEB-04: what people paste is kept and shown back as text.
#[test]
fn odd_words_are_words() {
    let app = TestApp::start();
    let id = pens(&app);
    let browser = Browser::signed_in(&app, "staff");
    for odd in ODD {
        let shown = browser.get(&page(id));
        let typed = [
            ("name", odd),
            ("description", odd),
            ("category", odd),
            ("variants[0].title", odd),
        ];
        let saved = browser.submit(&shown, &page(id), &typed);
        assert_eq!(saved.status, 303, "{odd}: {}", saved.body);
        let answer = browser.follow(&saved);
        for (field, _) in typed {
            assert_eq!(value(&answer, &page(id), field), odd, "{field}");
        }
        assert!(!answer.body.contains("<script>alert"));
        assert!(rows(&browser.get("/admin/products")).contains(&odd.to_owned()));
    }
}

/// AZ-01, AZ-02: a page of nothing, and what a role may not.
#[test]
fn rights_and_ids_hold_on_every_page() {
    let app = TestApp::start();
    let id = pens(&app);
    let staff = Browser::signed_in(&app, "staff");
    let shown = staff.get(&page(id));
    let ways = ["", "/delete", "/reject"];
    for odd in [
        "987654",
        "0",
        "-1",
        "x",
        "9223372036854775808",
        "%3Cscript%3E",
        "1%20OR%201",
    ] {
        for way in ways {
            let path = format!("/admin/products/{odd}{way}");
            assert_eq!(staff.get(&path).status, 404, "{path}");
            let fields = filled(&shown, &page(id), &[("reason", "no")]);
            assert_eq!(staff.post(&path, &fields, &[OURS]).status, 404, "{path}");
        }
        assert_eq!(staff.get(&format!("/admin/stock/{odd}")).status, 404, "{odd}");
    }
    let stolen = filled(
        &shown,
        &page(id),
        &[("variants[0].id", "987654"), ("variants[0].sku", "NEW")],
    );
    assert_eq!(
        staff.post(&page(id), &stolen, &[OURS]).status,
        404,
        "a variant of nobody's"
    );
}

/// AZ-01: who may look and no more is shown no button, and their forms change nothing.
#[test]
fn who_only_looks_changes_nothing() {
    let app = TestApp::start();
    let id = pens(&app);
    let staff = Browser::signed_in(&app, "staff");
    let shown = staff.get(&page(id));
    app.change("DELETE FROM role_permissions WHERE role_id = 2 AND permission IN ('products:*', 'stock:*')");
    app.change("INSERT INTO role_permissions VALUES (2, 'products:read')");
    let looked = staff.get(&page(id));
    assert_eq!(looked.status, 200);
    assert!(looked.body.contains("<fieldset disabled>"));
    assert!(!looked.body.contains("Save product</button></div>"));
    let list = staff.get("/admin/products");
    assert!(!list.body.contains("/admin/products/new") && !list.body.contains("/admin/stock"));
    for way in ["", "/delete", "/reject", "/approve"] {
        let path = format!("{}{way}", page(id));
        let fields = filled(&shown, &page(id), &[("name", "Mine"), ("reason", "no")]);
        assert_eq!(staff.post(&path, &fields, &[OURS]).status, 403, "{path}");
    }
    for path in ["/admin/products/new", "/admin/stock", "/admin/stock/1"] {
        assert_eq!(staff.get(path).status, 403, "{path}");
        assert_eq!(
            staff.post(path, &filled(&shown, &page(id), &[]), &[OURS]).status,
            if path == "/admin/stock" { 405 } else { 403 },
            "{path}"
        );
    }
    assert_eq!(product(&app, id)["version"], 1);
    for who in ["ann", "seller"] {
        assert_eq!(
            Browser::signed_in(&app, who).get("/admin/products").status,
            403,
            "{who}"
        );
    }
    assert_eq!(Browser::new(&app).get(&page(id)).status, 401);
}

/// AZ-01, B13: who may change products but not approve them.
#[test]
fn who_may_not_approve_decides_nothing() {
    let app = TestApp::start();
    app.token("staff");
    app.change("DELETE FROM role_permissions WHERE role_id = 2 AND permission = 'products:*'");
    app.change("INSERT INTO role_permissions VALUES (2, 'products:read')");
    let staff = Browser::signed_in(&app, "staff");
    app.change("INSERT INTO role_permissions VALUES (2, 'products:update'), (2, 'products:delete')");
    let bowl = json!({ "name": "Bowl", "sku": "BOWL", "price": "9" });
    let bowl = app.post("seller", "/api/v1/products", bowl).json()["id"]
        .as_i64()
        .unwrap();
    let looked = staff.get(&page(bowl));
    assert!(has_form(&looked, &page(bowl)) && !has_form(&looked, &format!("{}/approve", page(bowl))));
    assert!(!looked.body.contains("/reject"));
    let forged = filled(&looked, &page(bowl), &[("status", "approved")]);
    assert_eq!(staff.post(&page(bowl), &forged, &[OURS]).status, 400);
    assert_eq!(product(&app, bowl)["status"], "pending");
}
