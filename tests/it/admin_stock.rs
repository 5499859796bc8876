//! Stock on the pages: how much there is, what is low, and moving it by hand.

use serde_json::json;

use crate::admin_products::ODD;
use crate::admin_products::fault;
use crate::admin_products::ten_at_once;
use crate::app::TestApp;
use crate::client::Answer;
use crate::pages::Browser;
use crate::pages::OURS;
use crate::pages::filled;
use crate::pages::has_form;
use crate::pages::marked;
use crate::pages::plain;

const MUG: &str = "/admin/stock/1";

fn there(app: &TestApp) -> i64 {
    app.number("SELECT available FROM stock WHERE variant_id = 1")
}

fn variants(answer: &Answer) -> Vec<i64> {
    let rows = answer.body.split("<tr data-variant=\"").skip(1);
    rows.map(|row| row.split('"').next().unwrap().parse().unwrap())
        .collect()
}

/// T9
#[test]
fn levels_are_listed_found_and_paged() {
    let app = TestApp::start();
    for (sku, quantity) in [("MUG", 50), ("BOWL", 2), ("CUP", 0), ("PLATE", 9)] {
        app.product(sku, "1", quantity);
    }
    let browser = Browser::signed_in(&app, "staff");
    for (query, found) in [
        ("", &[1, 2, 3, 4][..]),
        ("?q=bowl", &[2]),
        ("?q=nothing", &[]),
        ("?low=1", &[2, 3]),
        ("?limit=3", &[1, 2, 3]),
        ("?limit=3&page=2", &[4]),
    ] {
        let answer = browser.get(&format!("/admin/stock{query}"));
        assert_eq!(
            (answer.status, variants(&answer).as_slice()),
            (200, found),
            "{query}"
        );
    }
    let all = browser.get("/admin/stock?limit=3");
    assert!(all.body.contains("Low <span class=\"n\">2</span>"));
    let pager = all.body.split("class=\"pages\"").nth(1).unwrap();
    let next = pager.split("<a ").find(|link| link.contains(">Next<")).unwrap();
    let next = plain(next.split('"').nth(3).unwrap());
    assert_eq!(variants(&browser.get(&next)), [4]);
    for bad in ["?low=2", "?limit=x", "?after=1", "?x=1"] {
        assert_eq!(browser.get(&format!("/admin/stock{bad}")).status, 400, "{bad}");
    }
}

/// T9, D4: what words find is paged product by product, and counted.
#[test]
fn what_words_find_is_paged_product_by_product() {
    let app = TestApp::start();
    for at in 1..=4 {
        let variants =
            ["A", "B"].map(|end| json!({ "sku": format!("MUG-{at}{end}"), "price": "1", "quantity": 9 }));
        let made = app.post("owner", "/api/v1/products", json!({ "variants": variants }));
        assert_eq!(made.status, 201, "{}", made.body);
    }
    app.product("BOWL", "1", 9);
    app.change("UPDATE variants SET product_id = 1 WHERE id = 8");
    let browser = Browser::signed_in(&app, "staff");
    for _ in ["before", "after"] {
        let mut at = "/admin/stock?q=mug&limit=3".to_owned();
        let mut found = Vec::new();
        for rows in [3, 3, 2] {
            let answer = browser.get(&at);
            let here = variants(&answer);
            assert_eq!(here.len(), rows, "{at}");
            assert!(answer.body.contains(&format!("{rows} of 8")), "{at}");
            found.extend(here);
            let pager = answer.body.split("class=\"pages\"").nth(1).unwrap();
            let next = pager.split("<a ").find(|link| link.contains(">Next<"));
            at = next.map_or_else(String::new, |next| plain(next.split('"').nth(3).unwrap()));
        }
        assert_eq!(
            (found.as_slice(), at.as_str()),
            (&[1, 2, 8, 3, 4, 5, 6, 7][..], "")
        );
        assert_eq!(
            variants(&browser.get("/admin/stock?q=mug&limit=3&page=3")),
            [6, 7]
        );
        app.derive();
    }
}

/// N1: what is low by its own mark, high or low, stands in the list in its place, and the tab counts it.
#[test]
fn each_variant_is_low_by_its_own_mark() {
    let app = TestApp::start();
    for (sku, quantity) in [
        ("A", 40),
        ("B", 5),
        ("C", 12),
        ("D", 10),
        ("E", 0),
        ("F", 11),
        ("G", 0),
    ] {
        app.product(sku, "1", quantity);
    }
    for (variant, mark) in [(1, 40), (2, 4), (3, 11), (4, 10), (6, 25)] {
        app.change(&format!(
            "UPDATE variants SET low_at = {mark} WHERE id = {variant}"
        ));
    }
    app.change("UPDATE products SET status = 4 WHERE id = 7");
    let browser = Browser::signed_in(&app, "staff");
    let low = |query: &str| variants(&browser.get(&format!("/admin/stock?low=1{query}")));
    for (shop, wanted) in [(5, &[1, 4, 5, 6][..]), (0, &[1, 4, 5, 6]), (12, &[1, 4, 5, 6])] {
        app.change(&format!(
            "INSERT OR REPLACE INTO settings (name, value) VALUES ('stock.low_at', '{shop}')"
        ));
        assert_eq!(low(""), wanted, "{shop}");
        assert_eq!(low("&limit=3&page=2"), wanted[3..], "{shop}");
        let page = browser.get("/admin/stock?limit=3");
        assert!(
            page.body
                .contains(&format!("Low <span class=\"n\">{}</span>", wanted.len())),
            "{shop}"
        );
    }
    app.change("UPDATE variants SET low_at = NULL WHERE id = 3");
    assert_eq!(low(""), [1, 3, 4, 5, 6], "by the shop's own mark of 12");
}

/// N3, B12: typed as people type, sent ten times at once, moved once.
#[test]
fn stock_is_moved_once_and_the_ledger_tells_of_it() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let order = json!({ "items": [{ "sku": "MUG", "quantity": 2 }] });
    let order = app.post("ann", "/api/v1/orders", order).json();
    let browser = Browser::signed_in(&app, "staff");
    let form = browser.get(MUG);
    let typed = [("pieces", "+1,200"), ("reason", "restock"), ("note", "Crate <7>")];
    let fields = filled(&form, MUG, &typed);
    let answers = ten_at_once(&app, &browser, MUG, &fields);
    for answer in &answers {
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, answers[0].header("location")),
            "{}",
            answer.body
        );
    }
    assert_eq!(there(&app), 1208);
    let shown = browser.follow(&answers[0]);
    assert!(
        shown.body.contains("data-done=\"stock.adjusted\""),
        "{}",
        shown.body
    );
    assert_eq!(marked(&shown, "data-available"), "1208");
    for told in ["+1200", "Crate &#60;7&#62;", "Delivery arrived", "staff", "−2"] {
        assert!(shown.body.contains(told), "{told}: {}", shown.body);
    }
    let number = order["number"].as_str().unwrap();
    assert!(
        shown
            .body
            .contains(&format!("/admin/orders/{}\">#{number}</a>", order["id"])),
        "{}",
        shown.body
    );
}

/// B12: what an order brings back is no delivery, and a ledger that is empty says so.
#[test]
fn what_a_canceled_order_brings_back_is_no_delivery() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 0);
    let browser = Browser::signed_in(&app, "staff");
    assert!(browser.get(MUG).body.contains("Nothing has moved yet."));
    app.post(
        "owner",
        "/api/v1/stock/adjustments",
        json!({ "sku": "MUG", "delta": 3, "reason": "restock" }),
    );
    let order = json!({ "items": [{ "sku": "MUG", "quantity": 2 }] });
    let id = app.post("ann", "/api/v1/orders", order).json()["id"].clone();
    let canceled = app.post("ann", &format!("/api/v1/orders/{id}/cancel"), json!({}));
    assert_eq!(canceled.status, 200, "{}", canceled.body);
    let shown = browser.get(MUG).body;
    let told = |words: &str| shown.matches(&format!("<td class=\"any\">{words}")).count();
    assert_eq!(
        (told("Back on the shelf"), told("Sale"), told("Delivery arrived")),
        (1, 1, 1),
        "{shown}"
    );
}

/// B12
#[test]
fn stock_is_moved_by_so_many_or_to_what_was_counted() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 1208);
    let browser = Browser::signed_in(&app, "staff");
    for (how, pieces, after) in [
        ("take", "8", 1200),
        ("to", "40", 40),
        ("to", "0", 0),
        ("add", "+3", 3),
    ] {
        let form = browser.get(MUG);
        let done = browser.submit(
            &form,
            MUG,
            &[("how", how), ("pieces", pieces), ("reason", "adjust")],
        );
        assert_eq!(
            (done.status, there(&app)),
            (303, after),
            "{how} {pieces}: {}",
            done.body
        );
    }
    let mut path = format!("{MUG}?limit=2");
    let mut seen = 0;
    loop {
        let answer = browser.get(&path);
        seen += answer.body.matches("data-movement=").count();
        let pager = answer.body.split("class=\"pages\"").nth(1).unwrap();
        match pager.split("<a ").find(|link| link.contains(">Next<")) {
            Some(next) => path = plain(next.split('"').nth(3).unwrap()),
            None => break,
        }
    }
    assert_eq!(seen, 5);
}

/// L4: what is wrong stands where it was typed
#[test]
fn what_cannot_be_moved_is_said_beside_the_field() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let browser = Browser::signed_in(&app, "staff");
    let form = browser.get(MUG);
    let long = "x".repeat(10_000);
    for (how, field, typed) in [
        ("add", "pieces", ""),
        ("add", "pieces", "0"),
        ("add", "pieces", "-1"),
        ("take", "pieces", "11"),
        ("add", "pieces", "1,20"),
        ("add", "pieces", "some"),
        ("add", "pieces", "<script>alert(1)</script>"),
        ("add", "pieces", "1000000001"),
        ("add", "pieces", "999999999"),
        ("add", "pieces", "99999999999999999999"),
        ("to", "pieces", "-1"),
        ("to", "pieces", "10"),
        ("to", "pieces", "1000000001"),
        ("add", "reason", "sale"),
        ("add", "reason", ""),
        ("add", "note", long.as_str()),
    ] {
        let good = [
            ("how", how),
            ("pieces", "1"),
            ("reason", "adjust"),
            ("note", "kept"),
        ];
        let mut all: Vec<_> = good.into_iter().filter(|(name, _)| *name != field).collect();
        all.push((field, typed));
        let answer = browser.submit(&form, MUG, &all);
        let short: String = typed.chars().take(30).collect();
        assert_eq!(answer.status, 400, "{how} {field} {short}: {}", answer.body);
        assert!(
            fault(&answer, field).is_some(),
            "{how} {field} {short}: {}",
            answer.body
        );
        let shown = filled(&answer, MUG, &[]);
        for (name, value) in all.iter().filter(|(name, _)| *name != "reason") {
            assert!(
                shown.contains(&((*name).to_owned(), (*value).to_owned())),
                "{how} {field} {short} {name}"
            );
        }
        assert_eq!(there(&app), 10);
    }
    for (at, odd) in ODD.into_iter().enumerate() {
        let form = browser.get(MUG);
        let done = browser.submit(
            &form,
            MUG,
            &[("pieces", "1"), ("reason", "return"), ("note", odd)],
        );
        let shown = browser.follow(&done);
        assert!(plain(&shown.body).contains(odd), "{odd}");
        assert!(!shown.body.contains("<script>alert"));
        assert_eq!(there(&app), 11 + at as i64);
    }
}

/// AZ-01, WEB-02
#[test]
fn who_only_looks_moves_nothing() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let browser = Browser::signed_in(&app, "staff");
    let form = browser.get(MUG);
    let fields = filled(&form, MUG, &[("pieces", "1"), ("reason", "adjust")]);
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("origin", "https://evil.test")],
    ] {
        assert_eq!(browser.post(MUG, &fields, headers).status, 403);
    }
    let without = fields.iter().filter(|(name, _)| name != "form_token");
    assert_eq!(
        browser
            .post(MUG, &without.cloned().collect::<Vec<_>>(), &[OURS])
            .status,
        403
    );
    app.change("DELETE FROM role_permissions WHERE role_id = 2 AND permission = 'stock:*'");
    app.change("INSERT INTO role_permissions VALUES (2, 'stock:read')");
    let shown = browser.get(MUG);
    assert!(shown.status == 200 && !has_form(&shown, MUG));
    assert_eq!(browser.post(MUG, &fields, &[OURS]).status, 403);
    assert_eq!(there(&app), 10);
    app.change("DELETE FROM role_permissions WHERE role_id = 2 AND permission = 'stock:read'");
    assert_eq!(browser.get("/admin/stock").status, 403);
}
