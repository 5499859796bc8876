//! Prices and stock of many products at once: asked, shown, and only then done.

use serde_json::Value;
use serde_json::json;

use crate::admin_products::product;
use crate::app::TestApp;
use crate::client::Answer;
use crate::pages::Browser;
use crate::pages::OURS;
use crate::pages::filled;
use crate::pages::has_form;
use crate::pages::plain;

const BULK: &str = "/admin/products/bulk";
const LIST: &str = "/admin/products";

fn new(app: &TestApp, sku: &str, price: Value, quantity: i64) -> i64 {
    let body = json!({ "name": format!("The {sku}"), "sku": sku, "price": price, "quantity": quantity });
    let made = app.post("owner", "/api/v1/products", body);
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()["id"].as_i64().unwrap()
}

/// What a page says of itself in a `data-` attribute.
fn said(answer: &Answer, name: &str) -> String {
    let (_, rest) = answer
        .body
        .split_once(&format!("data-{name}=\""))
        .unwrap_or_else(|| panic!("no {name} in {}", answer.body));
    rest.split('"').next().unwrap().to_owned()
}

fn with(mut fields: Vec<(String, String)>, more: &[(&str, String)]) -> Vec<(String, String)> {
    fields.retain(|(name, _)| more.iter().all(|(other, _)| name == "id" || other != name));
    let more = more.iter();
    fields.extend(more.map(|(name, value)| ((*name).to_owned(), value.clone())));
    fields
}

/// Opens the page about these products from the list.
fn opened(browser: &Browser, what: &str, ids: &[i64]) -> Answer {
    let mut fields = filled(&browser.get(LIST), BULK, &[("do", what)]);
    fields.extend(ids.iter().map(|id| ("id".to_owned(), id.to_string())));
    let page = browser.post(BULK, &fields, &[OURS]);
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(said(&page, "many"), what);
    page
}

/// Sends the page's own form.
fn send(browser: &Browser, page: &Answer, what: &str, typed: &[(&str, &str)]) -> Answer {
    let typed: Vec<(&str, String)> = typed
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    let fields = with(filled(page, BULK, &[("do", what)]), &typed);
    browser.post(BULK, &fields, &[OURS])
}

fn prices(app: &TestApp, ids: &[i64]) -> Vec<Value> {
    ids.iter()
        .map(|id| product(app, *id)["variants"][0]["price"].clone())
        .collect()
}

fn pieces(app: &TestApp) -> Vec<i64> {
    let db = app.db();
    let mut rows = db
        .prepare("SELECT available FROM stock ORDER BY variant_id")
        .unwrap();
    let rows = rows.query_map([], |row| row.get(0)).unwrap();
    rows.map(|row| row.unwrap()).collect()
}

fn noted(app: &TestApp, action: i64) -> i64 {
    app.number(&format!("SELECT count(*) FROM audit WHERE action = {action}"))
}

/// T9: prices change by percent or to one price, once what they would be has been shown; each product's outcome is told.
#[test]
fn many_prices_change_once_they_were_shown() {
    let app = TestApp::start();
    let all = [
        new(&app, "BOWL", json!("19.99"), 1),
        new(&app, "DISH", json!("4.00"), 1),
        new(&app, "VASE", Value::Null, 1),
    ];
    let browser = Browser::signed_in(&app, "staff");
    let page = opened(&browser, "price", &all);
    assert_eq!(page.body.matches("data-now").count(), 3);
    for wrong in ["", "ten", "0", "-101", "<script>alert(1)</script>"] {
        let refused = send(&browser, &page, "price-count", &[("how", "by"), ("value", wrong)]);
        assert_eq!(refused.status, 400, "{wrong}: {}", refused.body);
        assert!(refused.body.contains("value-e") && !refused.body.contains("<script>alert"));
    }
    let by = [("how", "by"), ("value", "+10 %")];
    // What has not been shown is not done.
    let counted = send(&browser, &page, "price-set", &by);
    assert_eq!((counted.status, said(&counted, "changed").as_str()), (200, "2"));
    let text = plain(&counted.body);
    assert!(
        text.contains("€21.99") && text.contains("€4.40") && text.contains("no price"),
        "{text}"
    );
    assert_eq!(prices(&app, &all), [json!("19.99"), json!("4.00"), Value::Null]);
    let other = send(&browser, &counted, "price-set", &[("how", "by"), ("value", "20")]);
    assert_eq!(other.status, 200, "{}", other.body);
    // Somebody else changes one meanwhile: it stays.
    let path = format!("/api/v1/products/{}", all[1]);
    let changed = app.patch("owner", &path, json!({ "name": "The other dish", "version": 1 }));
    assert_eq!(changed.status, 200, "{}", changed.body);
    let fields = with(
        filled(&counted, BULK, &[("do", "price-set")]),
        &[("how", "by".into()), ("value", "+10 %".into())],
    );
    let done = browser.post(BULK, &fields, &[OURS]);
    let told = browser.follow(&done);
    assert_eq!(
        (said(&told, "changed"), said(&told, "refused")),
        ("1".into(), "2".into()),
        "{}",
        told.body
    );
    assert!(told.body.contains("changed it since") && told.body.contains("no price"));
    assert_eq!(prices(&app, &all), [json!("21.99"), json!("4.00"), Value::Null]);
    // A row for the one that has changed beside the other's own, and one for all; sent again it is the same deed.
    assert_eq!((noted(&app, 22), noted(&app, 26)), (2, 1));
    let again = browser.post(BULK, &fields, &[OURS]);
    assert_eq!(again.header("location"), done.header("location"));
    assert_eq!((noted(&app, 22), noted(&app, 26)), (2, 1));
    let page = opened(&browser, "price", &all);
    let to = [("how", "to"), ("value", "€5")];
    let counted = send(&browser, &page, "price-count", &to);
    assert_eq!(said(&counted, "changed"), "3");
    let told = browser.follow(&send(&browser, &counted, "price-set", &to));
    assert_eq!(
        (said(&told, "changed"), said(&told, "refused")),
        ("3".into(), "0".into())
    );
    assert_eq!(prices(&app, &all), ["5.00"; 3].map(|price| json!(price)));
}

/// T9: stock is set or added with a reason, a movement a variant; below nothing it does not go, and no part of a product
/// moves then.
#[test]
fn much_stock_moves_once_it_was_shown() {
    let app = TestApp::start();
    let all = [new(&app, "BOWL", json!("1"), 5), new(&app, "DISH", json!("1"), 2)];
    let pens = crate::admin_products::pens(&app);
    let browser = Browser::signed_in(&app, "staff");
    let before = pieces(&app);
    let page = opened(&browser, "stock", &[all[0], all[1], pens]);
    for (value, reason, field) in [
        ("", "adjust", "value"),
        ("0", "adjust", "value"),
        ("1.5", "adjust", "value"),
        ("3", "theft", "reason"),
    ] {
        let typed = [("how", "by"), ("value", value), ("reason", reason)];
        let refused = send(&browser, &page, "stock-count", &typed);
        assert_eq!(refused.status, 400, "{value} {reason}: {}", refused.body);
        assert!(refused.body.contains(&format!("{field}-e")), "{value} {reason}");
    }
    let less = [
        ("how", "by"),
        ("value", "−3"),
        ("reason", "adjust"),
        ("note", "broken"),
    ];
    let counted = send(&browser, &page, "stock-count", &less);
    assert!(
        plain(&counted.body).contains("DISH would have less than nothing: there are 2."),
        "{}",
        counted.body
    );
    let told = browser.follow(&send(&browser, &counted, "stock-set", &less));
    assert!(told.body.contains("less than nothing"), "{}", told.body);
    let after = pieces(&app);
    assert_eq!((after[0], after[1]), (2, 2));
    let moved = app.number("SELECT count(*) FROM stock_movements WHERE note = 'broken' AND reason = 2");
    let other = before
        .iter()
        .zip(&after)
        .filter(|(before, after)| before != after)
        .count();
    assert_eq!(moved, other as i64);
    assert_eq!((noted(&app, 20), noted(&app, 26)), (moved, 1));
    let page = opened(&browser, "stock", &all);
    let to = [("how", "to"), ("value", "2"), ("reason", "restock")];
    let counted = send(&browser, &page, "stock-count", &to);
    assert_eq!(said(&counted, "changed"), "0");
    let to = [("how", "to"), ("value", "40"), ("reason", "restock")];
    let counted = send(&browser, &counted, "stock-count", &to);
    let told = browser.follow(&send(&browser, &counted, "stock-set", &to));
    assert_eq!(
        (said(&told, "changed"), said(&told, "refused")),
        ("2".into(), "0".into())
    );
    assert_eq!(pieces(&app)[..2], [40, 40]);
}

/// AZ-01: each is held to the right of the verb that does it to one.
#[test]
fn prices_and_stock_of_many_are_held_to_rights() {
    let app = TestApp::start();
    let id = new(&app, "BOWL", json!("1"), 5);
    let browser = Browser::signed_in(&app, "staff");
    let pages = ["price", "stock"].map(|what| opened(&browser, what, &[id]));
    app.change("DELETE FROM role_permissions WHERE role_id = 2");
    app.change("INSERT INTO role_permissions VALUES (2, 'products:read'), (2, 'stock:read')");
    assert!(!has_form(&browser.get(LIST), BULK));
    for (page, what) in pages.iter().zip(["price", "stock"]) {
        let typed = [
            ("how", "to"),
            ("value", "3"),
            ("reason", "adjust"),
            ("shown", "to 3"),
        ];
        for step in ["", "-count", "-set"] {
            let refused = send(&browser, page, &format!("{what}{step}"), &typed);
            assert_eq!(refused.status, 403, "{what}{step}");
        }
    }
    assert_eq!(
        (prices(&app, &[id]), pieces(&app)),
        (vec![json!("1.00")], vec![5])
    );
}
