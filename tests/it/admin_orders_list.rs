//! The list of orders: what is done to many at once, the file of a view, and views that are empty or cannot be read.

use crate::admin_orders::LIST;
use crate::admin_orders::PAGE;
use crate::admin_orders::STEP;
use crate::admin_orders::WORDS;
use crate::admin_orders::kept;
use crate::admin_orders::place;
use crate::admin_orders::shop;
use crate::app::TestApp;
use crate::client::Answer;
use crate::pages::Browser;
use crate::pages::OURS;
use crate::pages::attribute;
use crate::pages::filled;
use crate::pages::has_form;
use crate::pages::plain;

/// A page's `data-` mark.
fn mark(page: &Answer, name: &str) -> String {
    let found = page.body.split_once(&format!(" data-{name}=\""));
    let (_, rest) = found.unwrap_or_else(|| panic!("no {name} in {}", page.body));
    plain(rest.split('"').next().unwrap())
}

const BULK: &str = "/admin/orders/bulk";

/// T3: what is done to many orders is done to those that allow it; the others are told with their reason.
#[test]
fn many_orders_are_moved_at_once() {
    let app = shop();
    for _ in 0..3 {
        place(&app, "bob");
    }
    let browser = Browser::signed_in(&app, "staff");
    let first = browser.get(PAGE);
    assert_eq!(browser.submit(&first, STEP, &[]).status, 303);
    let list = browser.get("/admin/orders?sort=newest");
    let mut fields = filled(&list, BULK, &[("do", "processing")]);
    fields.extend(["1", "2", "3", "3", "987654"].map(|id| ("id".to_owned(), id.to_owned())));
    let changed = browser.post(BULK, &fields, &[OURS]);
    let told = browser.follow(&changed);
    assert_eq!(
        (mark(&told, "changed"), mark(&told, "refused")),
        ("2".into(), "2".into())
    );
    assert!(told.body.contains("The order is processing") && told.body.contains("no such order"));
    assert!(
        changed
            .header("location")
            .unwrap()
            .starts_with("/admin/orders?sort=newest&done=")
    );
    assert_eq!(app.number("SELECT count(*) FROM orders WHERE status = 1"), 3);
    // Once more is once, and tells the same.
    let rows = app.number("SELECT count(*) FROM audit");
    let again = browser.post(BULK, &fields, &[OURS]);
    assert_eq!(again.header("location"), changed.header("location"));
    assert_eq!(app.number("SELECT count(*) FROM audit"), rows);
}

/// T3: tags on many orders, added and removed, whatever stands in them.
#[test]
fn many_orders_are_tagged_at_once() {
    let app = shop();
    place(&app, "bob");
    let browser = Browser::signed_in(&app, "staff");
    let tagged = |number: i64| assert_eq!(app.number("SELECT count(*) FROM order_tags"), number);
    let send = |what: &str, tag: &str| {
        let list = browser.get(LIST);
        let mut fields = filled(&list, BULK, &[("do", what), ("tag", tag)]);
        fields.extend(["1", "2"].map(|id| ("id".to_owned(), id.to_owned())));
        browser.post(BULK, &fields, &[OURS])
    };
    for (number, words) in WORDS.into_iter().enumerate() {
        let told = browser.follow(&send("tag", words));
        assert_eq!(mark(&told, "changed"), "2");
        assert!(plain(&told.body).contains(words), "{words}");
        tagged(2 * (number as i64 + 1));
    }
    let list = browser.get(LIST);
    assert!(!list.body.contains("<script>alert") && !list.body.contains("<img"));
    // A tag that is there, and one that is not, are as they should be.
    for what in ["tag", "untag", "untag"] {
        assert_eq!(mark(&browser.follow(&send(what, WORDS[0])), "changed"), "2");
    }
    tagged(2 * (WORDS.len() as i64 - 1));
    // What cannot be read stays, ticks and all.
    for (what, tag) in [("tag", ""), ("tag", "x".repeat(51).as_str()), ("nothing", "x")] {
        let refused = send(what, tag);
        assert_eq!(refused.status, 400, "{what}");
        assert_eq!(refused.body.matches(" checked").count(), 2);
        assert_eq!(mark(&refused, "faults"), "1");
    }
}

/// T3: the bar refuses what its fields cannot mean, and what one may not do.
#[test]
fn the_bar_is_held_to_rights_and_sense() {
    let app = shop();
    let browser = Browser::signed_in(&app, "staff");
    let list = browser.get(LIST);
    let before = kept(&app);
    for (id, status) in [("", 400), ("x", 400), ("-1", 200), ("99999999999999999999", 400)] {
        let fields = filled(
            &list,
            BULK,
            &[("do", "processing"), ("id", id), ("idempotency_key", id)],
        );
        let sent = browser.post(BULK, &fields, &[OURS]);
        assert!(sent.status == 400 || status == 200, "{id}: {}", sent.body);
    }
    let untidy = filled(
        &list,
        BULK,
        &[
            ("do", "processing"),
            ("id", "1"),
            ("view", "//evil.example\r\nx: y"),
        ],
    );
    let sent = browser.post(BULK, &untidy, &[("sec-fetch-site", "cross-site")]);
    assert_eq!(sent.status, 403);
    app.change("DELETE FROM role_permissions WHERE permission = 'orders:*'");
    app.change("INSERT INTO role_permissions VALUES (2, 'orders:read')");
    assert!(!has_form(&browser.get(LIST), BULK) && !browser.get(LIST).body.contains("data-csv"));
    let forbidden = browser.submit(&list, BULK, &[("do", "processing"), ("id", "1")]);
    assert_eq!(forbidden.status, 403);
    assert_eq!(browser.get("/admin/orders.csv").status, 403);
    assert_eq!(kept(&app), before);
}

/// T3: the file holds the orders of the view, all of them, and its leaving is noted.
#[test]
fn the_file_is_of_exactly_this_view() {
    let app = shop();
    for _ in 0..60 {
        place(&app, "bob");
    }
    let browser = Browser::signed_in(&app, "staff");
    let page = browser.get(PAGE);
    assert_eq!(browser.submit(&page, STEP, &[]).status, 303);
    let link = |path: &str| {
        let page = browser.get(path);
        let at = page.body.find(" data-csv").unwrap();
        let tag = &page.body[page.body[..at].rfind('<').unwrap()..at];
        attribute(tag, "href").unwrap()
    };
    for (view, rows) in [
        (LIST, 61),
        ("/admin/orders?status=processing", 1),
        ("/admin/orders?status=pending&sort=-total&limit=10", 60),
        ("/admin/orders?from=2026-03-02", 0),
        ("/admin/orders?min_total=9.01", 0),
    ] {
        let path = link(view);
        let file = browser.get(&path);
        assert_eq!(
            file.header("content-type"),
            Some("text/csv; charset=utf-8"),
            "{path}"
        );
        assert_eq!(file.body.lines().count(), rows + 1, "{path}");
    }
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 7"), 5);
}

/// T3: a filter that cannot be read is told on the list, with all that was typed.
#[test]
fn what_is_wrong_with_a_filter_is_said_beside_it() {
    let app = shop();
    let browser = Browser::signed_in(&app, "staff");
    for (query, faults) in [
        ("from=yesterday&to=2026-13-40&min_total=1.234&max_total=-1", 4),
        ("sku=%3Cscript%3E+%22&tag=ok", 1),
        ("status=lost", 1),
        ("after=x&limit=0", 2),
        ("nothing=1", 1),
    ] {
        let page = browser.get(&format!("/admin/orders?{query}"));
        assert_eq!(page.status, 400, "{query}");
        assert_eq!(mark(&page, "faults"), faults.to_string(), "{query}");
        assert!(!page.body.contains("<script> "));
    }
    let page = browser.get("/admin/orders?from=yesterday&max_total=%22%3E");
    assert!(page.body.contains("aria-describedby=\"f-from-e\"") && page.body.contains("value=\"yesterday\""));
    assert_eq!(page.body.matches("aria-invalid").count(), 2);
}

/// What a tab counts; nothing where it says no number.
fn counted(page: &Answer, tab: &str) -> String {
    let (_, tabs) = page.body.split_once("<nav class=\"tabs\"").unwrap();
    let tabs = tabs.split("</nav>").next().unwrap();
    let mut texts = tabs.split("<a ").filter_map(|link| Some(link.split_once('>')?.1));
    let text = texts.find(|text| text.split('<').next().unwrap().trim() == tab);
    let text = text.unwrap_or_else(|| panic!("no tab {tab} in {tabs}"));
    let count = text.split("class=\"n\">").nth(1);
    count.map_or_else(String::new, |count| count.split('<').next().unwrap().to_owned())
}

/// T3: every tab says how many orders it leads to, also under a filter.
#[test]
fn tabs_tell_how_many_they_lead_to() {
    let app = shop();
    place(&app, "ann");
    for _ in 0..3 {
        place(&app, "bob");
    }
    let browser = Browser::signed_in(&app, "staff");
    browser.submit(&browser.get(PAGE), STEP, &[]);
    let orders = app.number("SELECT count(*) FROM orders");
    let bobs = app.number("SELECT customer_id FROM orders ORDER BY id DESC LIMIT 1");
    for (view, all, pending, processing, delivered) in [
        (LIST.to_owned(), orders, orders - 1, 1, 0),
        (format!("{LIST}?status=processing"), orders, orders - 1, 1, 0),
        (format!("{LIST}?status=processing&customer_id={bobs}"), 3, 3, 0, 0),
        (format!("{LIST}?q=MUG"), orders, orders - 1, 1, 0),
        (format!("{LIST}?q=nowhere"), 0, 0, 0, 0),
        (format!("{LIST}?fulfilment_status=fulfilled"), 0, 0, 0, 0),
    ] {
        let page = browser.get(&view);
        assert_eq!(page.status, 200, "{view}");
        let told = ["All", "Pending", "Processing", "Delivered"].map(|tab| counted(&page, tab));
        assert_eq!(
            told,
            [all, pending, processing, delivered].map(|count| count.to_string()),
            "{view}"
        );
    }
    let owing = browser.get(&format!("{LIST}?payment_status=unpaid"));
    assert_eq!(
        (counted(&owing, "All"), counted(&owing, "Canceled")),
        (orders.to_string(), String::new())
    );
}

/// T3: what is empty says why, and days are those of the shop.
#[test]
fn an_empty_view_says_why() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    let browser = Browser::signed_in(&app, "staff");
    assert!(browser.get(LIST).body.contains("No orders yet"));
    place(&app, "ann");
    let day = |query: &str| {
        browser
            .get(&format!("/admin/orders?{query}"))
            .body
            .contains("data-empty")
    };
    assert!(!day("from=2026-03-01&to=2026-03-01") && day("from=2026-03-02") && day("to=2026-02-28"));
    // A quarter to midnight in Greenwich is the next day in London in summer.
    app.change("UPDATE orders SET placed_at = 1782863100000");
    app.expect_findings();
    app.change("UPDATE settings SET value = 'Europe/London' WHERE name LIKE '%zone'");
    assert!(!day("from=2026-07-01&to=2026-07-01") && day("to=2026-06-30"));
    let searched = browser.get("/admin/orders?q=%3Cb%3Enothing");
    assert!(
        searched.body.contains("data-empty") && plain(&searched.body).contains("“<bdi><b>nothing</bdi>”")
    );
}
