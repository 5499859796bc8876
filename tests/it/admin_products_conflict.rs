//! Two people change one product.

use serde_json::json;

use crate::admin_products::of_variants;
use crate::admin_products::page;
use crate::admin_products::pens;
use crate::admin_products::product;
use crate::app::TestApp;
use crate::pages::Browser;
use crate::pages::marked;

/// CON-04, PAGES *Conflict*: both versions, and one's own again on top of the other's.
#[test]
fn whoever_comes_second_sees_both_versions() {
    let app = TestApp::start();
    let id = pens(&app);
    let browser = Browser::signed_in(&app, "staff");
    let form = browser.get(&page(id));
    let first = json!({ "name": "Their pen", "version": 1, "variants": [
        { "id": 1, "price": "1" }, { "sku": "PEN-X", "price": "5" },
    ] });
    assert_eq!(
        app.patch("owner", &format!("/api/v1/products/{id}"), first)
            .status,
        200
    );
    let typed = [
        ("name", "My pen"),
        ("variants[0].price", "2"),
        ("variants[1].price", "3"),
        ("description", "Mine <b>"),
    ];
    let answer = browser.submit(&form, &page(id), &typed);
    assert_eq!(answer.status, 412, "{}", answer.body);
    for told in [
        "Their pen",
        "My pen",
        "Price, PEN-F",
        "1.00",
        "PEN-M",
        "Removed",
        "Mine &#60;b&#62;",
    ] {
        assert!(answer.body.contains(told), "{told}");
    }
    assert_eq!(marked(&answer, "data-first"), "owner");
    assert!(
        answer.body.contains("<h1>Someone else changed"),
        "{}",
        answer.body
    );
    assert_eq!(product(&app, id)["version"], 2);
    let again = browser.submit(&answer, &page(id), &[]);
    assert_eq!(again.status, 303, "{}", again.body);
    let now = product(&app, id);
    let variants = of_variants(&now, &["sku", "price"]);
    assert_eq!(
        variants,
        [json!(["PEN-F", "2.00"]), json!(["PEN-X", "5.00"])],
        "what they added stays"
    );
    assert_eq!(
        (&now["name"], &now["description"], &now["version"]),
        (&json!("My pen"), &json!("Mine <b>"), &json!(3))
    );
    for way in ["delete", "approve"] {
        let old = [("version", "1")];
        let path = format!("{}/{way}", page(id));
        if way == "approve" {
            app.post("owner", &format!("/api/v1/products/{id}/reject"), json!({}));
        }
        let asked = browser.get(&page(id));
        assert_eq!(browser.submit(&asked, &path, &old).status, 412, "{way}");
    }
}

/// CON-04: what one did not touch is taken as it is now, also when one's own is applied again.
#[test]
fn applying_ones_own_again_undoes_nothing_of_theirs() {
    let app = TestApp::start();
    let id = pens(&app);
    let browser = Browser::signed_in(&app, "staff");
    let form = browser.get(&page(id));
    let first = json!({ "name": "Their pen", "description": "One\nTwo", "version": 1, "variants": [
        { "sku": "PEN-A", "price": "5" }, { "id": 2 }, { "id": 1, "title": "Theirs" },
    ] });
    let path = format!("/api/v1/products/{id}");
    assert_eq!(app.patch("owner", &path, first).status, 200);
    let clash = browser.submit(&form, &page(id), &[("variants[0].price", "2")]);
    assert_eq!(clash.status, 412, "{}", clash.body);
    assert!(
        clash.body.contains("Price, PEN-F") && !clash.body.contains("Name</th>"),
        "{}",
        clash.body
    );
    // And once more, from the page of the conflict.
    let second = json!({ "category": "Pens", "version": 2 });
    assert_eq!(app.patch("owner", &path, second).status, 200);
    let clash = browser.submit(&clash, &page(id), &[]);
    assert_eq!(clash.status, 412, "{}", clash.body);
    let applied = browser.submit(&clash, &page(id), &[]);
    assert_eq!(applied.status, 303, "{}", applied.body);
    let now = product(&app, id);
    assert_eq!(
        (&now["name"], &now["description"], &now["category"]),
        (&json!("Their pen"), &json!("One\nTwo"), &json!("Pens"))
    );
    let variants = of_variants(&now, &["sku", "title", "price"]);
    assert!(
        variants.contains(&json!(["PEN-F", "Theirs", "2.00"])),
        "{variants:?}"
    );
    assert!(variants.contains(&json!(["PEN-A", null, "5.00"])), "{variants:?}");
}
