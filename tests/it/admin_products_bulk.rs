//! What is done to many products at once, from the list of them.

use serde_json::Value;
use serde_json::json;

use crate::admin_products::ODD;
use crate::admin_products::pens;
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
const VIEW: &str = "/admin/products?sort=name";

/// What a page says of itself in a `data-` attribute.
fn said(answer: &Answer, name: &str) -> String {
    let (_, rest) = answer.body.split_once(&format!("data-{name}=\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn statuses(app: &TestApp, ids: &[i64]) -> Vec<String> {
    let status = |id: &i64| product(app, *id)["status"].as_str().unwrap().to_owned();
    ids.iter().map(status).collect()
}

fn new(app: &TestApp, who: &str, sku: &str, price: Value) -> i64 {
    let body = json!({ "name": format!("The {sku}"), "sku": sku, "price": price });
    let made = app.post(who, "/api/v1/products", body);
    made.json()["id"].as_i64().unwrap()
}

/// Sends the bar of the list with these ticked, and what was sent.
fn send(browser: &Browser, what: &str, category: &str, ids: &[i64]) -> (Answer, Vec<(String, String)>) {
    let list = browser.get(VIEW);
    let mut fields = filled(&list, BULK, &[("do", what), ("category", category)]);
    fields.extend(ids.iter().map(|id| ("id".to_owned(), id.to_string())));
    (browser.post(BULK, &fields, &[OURS]), fields)
}

fn outcome(answer: &Answer) -> (String, String) {
    (said(answer, "changed"), said(answer, "refused"))
}

fn noted(app: &TestApp, action: i64) -> i64 {
    app.number(&format!("SELECT count(*) FROM audit WHERE action = {action}"))
}

/// B13: what waits is put on sale by the verb of one product, where that is allowed; the others are told, with why.
#[test]
fn many_products_are_put_on_sale_at_once() {
    let app = TestApp::start();
    let all = [
        new(&app, "seller", "BOWL", json!("9")),
        new(&app, "seller", "DISH", json!("4")),
        new(&app, "owner", "VASE", Value::Null),
        new(&app, "owner", "MUG", json!("3")),
    ];
    let browser = Browser::signed_in(&app, "staff");
    let ids = [all[0], all[1], all[2], all[3], 987_654];
    let (approved, fields) = send(&browser, "approve", "", &ids);
    let told = browser.follow(&approved);
    assert_eq!(outcome(&told), ("3".into(), "2".into()), "{}", told.body);
    assert!(told.body.contains("without a price") && told.body.contains("no such product"));
    assert_eq!(
        statuses(&app, &all),
        ["approved", "approved", "draft", "approved"]
    );
    // A row for each that has changed, and one for all of them.
    assert_eq!((noted(&app, 24), noted(&app, 26)), (2, 1));
    assert_eq!(app.number("SELECT count(*) FROM events WHERE type = 24"), 2);
    // Once more is once, and tells the same.
    let again = browser.post(BULK, &fields, &[OURS]);
    assert_eq!(again.header("location"), approved.header("location"));
    assert!(approved.header("location").unwrap().starts_with(VIEW));
    assert_eq!((noted(&app, 24), noted(&app, 26)), (2, 1));
}

/// T9: a category and the archive take many products at once; what is so already stays as it is.
#[test]
fn many_products_are_sorted_and_archived_at_once() {
    let app = TestApp::start();
    let all = ["BOWL", "DISH", "MUG"].map(|sku| new(&app, "owner", sku, json!("3")));
    let browser = Browser::signed_in(&app, "staff");
    for (number, category) in ODD.into_iter().enumerate() {
        let told = browser.follow(&send(&browser, "category", category, &all[..2]).0);
        assert_eq!(outcome(&told), ("2".into(), "0".into()), "{category}");
        assert!(plain(&told.body).contains(category), "{category}");
        assert_eq!(product(&app, all[1])["category"], category);
        assert_eq!(noted(&app, 22), 2 * (number as i64 + 1));
    }
    assert!(!browser.get(LIST).body.contains("<script>alert"));
    for _ in 0..2 {
        let told = browser.follow(&send(&browser, "archive", "", &all).0);
        assert_eq!(outcome(&told), ("3".into(), "0".into()));
        assert_eq!(noted(&app, 22), 2 * ODD.len() as i64 + 3);
    }
    assert_eq!(statuses(&app, &all), ["archived"; 3]);
    let told = browser.follow(&send(&browser, "approve", "", &all[..1]).0);
    assert_eq!(outcome(&told), ("0".into(), "1".into()));
    assert!(told.body.contains("The BOWL") && told.body.contains("archived"));
}

/// T9: the bar refuses what its fields cannot mean, keeps the ticks, and is held to rights.
#[test]
fn the_bar_of_products_is_held_to_rights_and_sense() {
    let app = TestApp::start();
    let id = pens(&app).to_string();
    let browser = Browser::signed_in(&app, "staff");
    let list = browser.get(LIST);
    for (what, category, ids) in [
        ("category", "", vec![id.as_str()]),
        ("category", &"x".repeat(101), vec![id.as_str()]),
        ("explode", "x", vec![id.as_str()]),
        ("archive", "x", vec![]),
        ("archive", "x", vec!["pen"]),
    ] {
        let mut fields = filled(&list, BULK, &[("do", what), ("category", category)]);
        fields.extend(ids.iter().map(|id| ("id".to_owned(), (*id).to_owned())));
        let refused = browser.post(BULK, &fields, &[OURS]);
        assert_eq!(
            (refused.status, said(&refused, "faults")),
            (400, "1".into()),
            "{what} {category}"
        );
        let ticked = ids.iter().filter(|ticked| **ticked == id).count();
        assert_eq!(refused.body.matches(" checked").count(), ticked, "{what}");
    }
    let sent = browser.post(
        BULK,
        &filled(&list, BULK, &[("do", "archive"), ("id", &id)]),
        &[("sec-fetch-site", "cross-site")],
    );
    assert_eq!(sent.status, 403);
    app.change(
        "DELETE FROM role_permissions WHERE role_id = 2 AND substr(permission, 1, 5) IN ('produ', 'stock')",
    );
    app.change("INSERT INTO role_permissions VALUES (2, 'products:read')");
    assert!(!has_form(&browser.get(LIST), BULK) && !browser.get(LIST).body.contains("class=\"pick\""));
    for what in ["approve", "archive", "category"] {
        let fields = [
            ("do", what),
            ("id", id.as_str()),
            ("category", "x"),
            ("idempotency_key", what),
        ];
        assert_eq!(browser.submit(&list, BULK, &fields).status, 403, "{what}");
    }
    assert_eq!(product(&app, id.parse().unwrap())["status"], "approved");
}
