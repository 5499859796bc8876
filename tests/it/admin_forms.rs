//! What every form of the pages has in common: a summary that calls fields what their labels call them.

use serde_json::json;
use till::domain::actor::Actor;
use till::shop::setup;

use crate::admin_orders::shop;
use crate::app::TestApp;
use crate::client::Answer;
use crate::pages::Browser;
use crate::pages::plain;

/// The fields that the summary on top leads to, each with what it calls them.
fn summed_up(page: &Answer) -> Vec<(String, String)> {
    let (_, rest) = page.body.split_once("data-faults=").expect(&page.body);
    let (summary, _) = rest.split_once("</div></div>").unwrap();
    let links = summary.split("href=\"#").skip(1);
    links
        .map(|link| {
            let (id, rest) = link.split_once("\">").unwrap();
            (plain(id), plain(rest.split('<').next().unwrap()))
        })
        .collect()
}

/// What the field of that id is called beside it.
fn label(page: &Answer, id: &str) -> String {
    let by_label = page.body.split_once(&format!("<label for=\"{id}\">"));
    let by_label = by_label.or_else(|| {
        page.body
            .split_once(&format!("<label class=\"vh\" for=\"{id}\">"))
    });
    let text = by_label.map(|(_, rest)| rest.split('<').next().unwrap());
    let (_, own) = page.body.split_once(&format!(" id=\"{id}\"")).expect(id);
    let by_name = || {
        own.split('>')
            .next()?
            .split_once("aria-label=\"")?
            .1
            .split('"')
            .next()
    };
    plain(text.or_else(by_name).expect(id)).trim().to_owned()
}

/// Sends a form that is bad in these fields: the summary leads to each of them, and to each by its label.
fn refused(browser: &Browser, at: &str, action: &str, typed: &[(&str, &str)], bad: &[&str]) {
    let answer = browser.submit(&browser.get(at), action, typed);
    assert_eq!(answer.status, 400, "{action}: {}", answer.body);
    let told = summed_up(&answer);
    let ids: Vec<&str> = told.iter().map(|(id, _)| id.as_str()).collect();
    assert!(bad.iter().all(|id| ids.contains(id)), "{action}: {ids:?}");
    for (id, called) in &told {
        let known = label(&answer, id);
        assert!(
            known.starts_with(called.as_str()),
            "{action} {id}: {called} is labelled {known}"
        );
        assert!(called.starts_with(char::is_uppercase), "{action} {id}: {called}");
    }
}

/// T1, T2: what is wrong is said on top by the labels that people see, each a link to its field.
#[test]
fn a_summary_calls_fields_as_their_labels_do() {
    let app = shop();
    let owner = Browser::signed_in(&app, "owner");
    refused(
        &owner,
        "/admin/users/new",
        "/admin/users",
        &[],
        &["username", "email"],
    );
    let long = "x".repeat(10_000);
    let key = [("name", "Scales"), ("days", "30")];
    refused(
        &owner,
        "/admin/api-keys/new",
        "/admin/api-keys",
        &key,
        &["permissions"],
    );
    let ann = format!(
        "/admin/users/{}",
        app.number("SELECT id FROM users WHERE username = 'ann'")
    );
    refused(&owner, &ann, &ann, &[("name", &long)], &["name"]);
    for (at, action, typed, bad) in [
        (
            "/admin/profile",
            "/admin/profile",
            ("name", long.as_str()),
            "name",
        ),
        (
            "/admin/profile",
            "/admin/profile/email",
            ("email", "nowhere"),
            "email",
        ),
        (
            "/admin/profile",
            "/admin/profile/password",
            ("present_password", "not this"),
            "new",
        ),
        ("/admin/orders/1", "/admin/orders/1/notes", ("note", " "), "note"),
        (
            "/admin/orders/1",
            "/admin/orders/1/tags",
            ("tags", long.as_str()),
            "tags",
        ),
        ("/admin/stock/1", "/admin/stock/1", ("pieces", "many"), "pieces"),
        ("/admin/products/1", "/admin/products/1", ("name", ""), "name"),
    ] {
        refused(&owner, at, action, &[typed], &[bad]);
    }
}

/// T1: so does the first form of all.
#[test]
fn the_first_form_calls_its_fields_as_their_labels_do() {
    let app = TestApp::start();
    let keys = app.app().keys().clone();
    let made = app
        .app()
        .store()
        .write(move |tx| setup::offer(tx, &Actor::system(), &keys));
    let path = format!("/admin/setup/{}", made.unwrap().unwrap().secret);
    let long = "x".repeat(201);
    let typed = [
        ("line1", long.as_str()),
        ("city", &long),
        ("postcode", &long),
        ("country", "Atlantis"),
        ("currency", "DOUBLOON"),
        ("zone", "Mars/Olympus"),
    ];
    let bad = [
        "name", "email", "username", "password", "shop", "line1", "city", "postcode", "country", "currency",
        "zone",
    ];
    refused(&Browser::new(&app), &path, &path, &typed, &bad);
}

/// T4: an address ends in the name of the country, by whatever case its code was sent in.
#[test]
fn an_address_ends_in_the_name_of_its_country() {
    let app = shop();
    let mut address = json!({
        "name": "Ann Weaver", "line1": "27 Saddler's Row", "city": "Abidjan", "postcode": "01", "country": "ci",
    });
    for (order, country) in [(2, "Côte d’Ivoire"), (3, "United Kingdom")] {
        let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }], "shipping_address": address });
        assert_eq!(app.post("ann", "/api/v1/orders", body).status, 201);
        let page = Browser::signed_in(&app, "staff").get(&format!("/admin/orders/{order}"));
        let (_, shown) = page.body.split_once("<address>").unwrap();
        let (shown, _) = shown.split_once("</address>").unwrap();
        assert!(
            plain(shown).ends_with(&format!("Abidjan 01<br>{country}<br>")),
            "{shown}"
        );
        address["country"] = json!("GB");
    }
}
