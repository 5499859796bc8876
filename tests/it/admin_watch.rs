//! The pages that one watches the shop by: the audit and its chain, the feed, how the system is, and help.

use serde_json::json;
use till::error::Code;
use till::telemetry;
use till::telemetry::Lines;

use crate::app::TestApp;
use crate::client::Answer;
use crate::pages::Browser;
use crate::pages::marked;
use crate::pages::plain;

/// A shop in which ann has ordered, staff has moved the order along, noted and tagged it, and the owner has made a
/// product dearer.
fn shop() -> TestApp {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 100);
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }] });
    let order = app.post("ann", "/api/v1/orders", body).json()["id"].clone();
    let step = json!({ "status": "processing", "version": 1 });
    let path = format!("/api/v1/orders/{order}");
    assert_eq!(app.patch("staff", &format!("{path}/status"), step).status, 200);
    let note = json!({ "note": "wrap <b>it</b>" });
    assert_eq!(app.post("staff", &format!("{path}/notes"), note).status, 201);
    let tags = json!({ "tags": ["gift"] });
    assert_eq!(
        app.send("PUT", "staff", &format!("{path}/tags"), &[], Some(&tags))
            .status,
        200
    );
    let tags = json!({ "tags": ["gift", "rush"] });
    assert_eq!(
        app.send("PUT", "staff", &format!("{path}/tags"), &[], Some(&tags))
            .status,
        200
    );
    let dearer = json!({ "price": "5.00", "version": 1 });
    let changed = app.patch("owner", &format!("/api/v1/products/{mug}"), dearer);
    assert_eq!(changed.status, 200, "{}", changed.body);
    app
}

/// The ids of the rows that a page shows.
fn rows(page: &Answer, mark: &str) -> Vec<i64> {
    assert_eq!(page.status, 200, "{}", page.body);
    let mark = format!(" {mark}=\"");
    let rest = page.body.split(mark.as_str()).skip(1);
    rest.map(|rest| rest.split('"').next().unwrap().parse().unwrap())
        .collect()
}

/// The part of the page that belongs to the first row with this action.
fn row(page: &Answer, action: &str) -> String {
    let rest = page.body.split("<details ");
    let mut found = rest.filter(|part| part.contains(&format!("data-action=\"{action}\"")));
    let part = found
        .next()
        .unwrap_or_else(|| panic!("no {action} in {}", page.body));
    plain(part.split("</details>").next().unwrap())
}

/// D8: each row with its values before and after, and the number of its request.
#[test]
fn the_audit_tells_before_and_after() {
    let app = shop();
    let browser = Browser::signed_in(&app, "owner");
    let page = browser.get("/admin/audit");
    let count = app.number("SELECT count(*) FROM audit");
    assert_eq!(rows(&page, "data-audit").len() as i64, count);
    let between = |before: &str, after: &str| format!("<del>{before}</del></td><td><ins>{after}</ins>");
    let moved = row(&page, "order.status_changed");
    assert!(moved.contains(&between("pending", "processing")), "{moved}");
    assert!(
        moved.contains("Order #1001") && moved.contains("href=\"/admin/orders/1\""),
        "{moved}"
    );
    let priced = row(&page, "product.updated");
    assert!(
        priced.contains("data-field=\"price\"") && priced.contains(&between("4.50", "5.00")),
        "{priced}"
    );
    let tagged = row(&page, "order.tagged");
    assert!(tagged.contains(&between("gift", "gift, rush")), "{tagged}");
    let noted = row(&page, "order.noted");
    assert!(
        noted.contains("wrap <b>it</b>") && !page.body.contains("<b>it</b>"),
        "{noted}"
    );
    let request: String = app
        .db()
        .query_row("SELECT request_id FROM audit WHERE action = 2", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert!(moved.contains(&format!("data-request=\"{request}\"")), "{moved}");
}

/// A15: who has been given another role, from which and to which; the first row tells of the second.
#[test]
fn the_audit_tells_what_became_of_a_role() {
    let app = TestApp::start();
    app.token("staff");
    let by = till::domain::actor::Actor::system();
    for role in ["seller", "customer"] {
        let by = by.clone();
        let set = move |tx: &till::shop::Tx| till::shop::identity::set_role(tx, &by, "staff@shop.test", role);
        app.app().store().write(set).unwrap();
    }
    let page = Browser::signed_in(&app, "owner").get("/admin/audit?action=user.role_changed");
    let told: Vec<&str> = page.body.split("<details data-audit").skip(1).collect();
    let between = |before: &str, after: &str| format!("<del>{before}</del></td><td><ins>{after}</ins>");
    assert!(told[0].contains(&between("seller", "customer")), "{}", told[0]);
    assert!(told[1].contains(&between("staff", "seller")), "{}", told[1]);
}

/// D8: things are called what people call them, not what programs do.
#[test]
fn the_audit_calls_things_by_their_names() {
    let app = TestApp::start();
    let key =
        json!({ "name": "Scales", "permissions": ["orders:read"], "expires_at": "2026-06-01T00:00:00Z" });
    let key = app.post("owner", "/api/v1/api-keys", key);
    let endpoint = json!({ "url": "https://hooks.example/till", "events": ["order.*"] });
    let endpoint = app.post("owner", "/api/v1/webhooks/endpoints", endpoint);
    assert_eq!(
        (key.status, endpoint.status),
        (201, 201),
        "{} {}",
        key.body,
        endpoint.body
    );
    let page = Browser::signed_in(&app, "owner").get("/admin/audit");
    assert!(row(&page, "api_key.created").contains("API key 1"));
    assert!(row(&page, "webhook.endpoint_created").contains("Webhook endpoint 1"));
}

/// D8: the list is narrowed by who, what, on which thing and when; each filter alone and together.
#[test]
fn the_audit_is_narrowed_and_paged() {
    let app = shop();
    let browser = Browser::signed_in(&app, "owner");
    let ids = |query: &str| rows(&browser.get(&format!("/admin/audit?{query}")), "data-audit");
    let count = |filter: &str| app.number(&format!("SELECT count(*) FROM audit WHERE {filter}"));
    let staff = app.number("SELECT id FROM users WHERE username = 'staff'");
    for (query, filter) in [
        (format!("actor={staff}"), format!("actor_id = {staff}")),
        ("actor=system".to_owned(), "actor_kind = 2".to_owned()),
        ("action=order.status_changed".to_owned(), "action = 2".to_owned()),
        ("target=product".to_owned(), "target_kind = 2".to_owned()),
        (
            "target=order:1".to_owned(),
            "target_kind = 1 AND target_id = 1".to_owned(),
        ),
        (
            format!("actor={staff}&target=order&action=order.tagged&from=2026-03-01&to=2026-03-01"),
            "action = 5".to_owned(),
        ),
        ("from=2026-03-02".to_owned(), "0".to_owned()),
        ("to=2026-02-28".to_owned(), "0".to_owned()),
        ("from=&to=&actor=&action=&target=".to_owned(), "1".to_owned()),
    ] {
        assert_eq!(ids(&query).len() as i64, count(&filter), "{query}");
    }
    let mut seen = Vec::new();
    let mut path = "/admin/audit?limit=3".to_owned();
    loop {
        let page = browser.get(&path);
        seen.extend(rows(&page, "data-audit"));
        match next(&page, "Older") {
            Some(older) => path = older,
            None => break,
        }
    }
    let all: Vec<i64> = (1..=app.number("SELECT max(id) FROM audit")).rev().collect();
    assert_eq!(seen, all);
    for bad in [
        "actor=x",
        "action=x",
        "target=order:x",
        "from=x",
        "sort=id",
        "after=x",
        "limit=0",
    ] {
        let page = browser.get(&format!("/admin/audit?{bad}"));
        assert_eq!(page.status, 400, "{bad}");
    }
}

/// Where the link with these words leads.
fn next(page: &Answer, words: &str) -> Option<String> {
    let part = page.body.split("<a class=\"btn low\" href=\"").skip(1);
    let link = part.map(|rest| rest.split("</a>").next().unwrap()).find(|link| {
        let text = link.split_once('>').unwrap().1;
        text.contains(words)
    })?;
    Some(plain(link.split('"').next().unwrap()))
}

/// Presses the button, and looks again until the walk is over.
fn walked(browser: &Browser, head: &str) -> Answer {
    let verify = "/admin/audit/verify";
    let sent = browser.submit(&browser.get(verify), verify, &[("head", head)]);
    assert_eq!(sent.status, 303, "{}", sent.body);
    loop {
        let page = browser.follow(&sent);
        if !page.body.contains("data-under-way") {
            return page;
        }
    }
}

/// LOG-03: a button goes along the whole chain, and says where it breaks. A look at the page begins nothing.
#[test]
fn the_chain_is_verified_by_a_button() {
    let app = shop();
    let browser = Browser::signed_in(&app, "owner");
    assert!(
        browser
            .get("/admin/audit")
            .body
            .contains("href=\"/admin/audit/verify\"")
    );
    let before = browser.get("/admin/audit/verify");
    assert!(!before.body.contains("data-verdict") && !before.body.contains("data-under-way"));
    let rows = app.number("SELECT count(*) FROM audit");
    let page = walked(&browser, "");
    assert!(page.body.contains("data-verdict=\"whole\""), "{}", page.body);
    assert_eq!(marked(&page, "data-rows"), rows.to_string());
    let head = marked(&page, "data-head");
    let again = walked(&browser, &head);
    assert!(
        again.body.contains("data-verdict=\"whole\"") && again.body.contains("that was noted is among them"),
        "{}",
        again.body
    );
    let last = if head.ends_with('0') { '1' } else { '0' };
    let other = walked(&browser, &format!("{}{last}", &head[..head.len() - 1]));
    assert!(other.body.contains("data-verdict=\"broken\""), "{}", other.body);
    let verify = "/admin/audit/verify";
    let odd = browser.submit(&browser.get(verify), verify, &[("head", "x")]);
    assert!(odd.status == 400 && odd.body.contains("head-e"), "{}", odd.body);
    app.execute("DROP TRIGGER audit_fixed; UPDATE audit SET actor_id = 99 WHERE id = 4");
    let page = walked(&browser, "");
    assert!(
        page.body.contains("data-verdict=\"broken\" data-row=\"4\""),
        "{}",
        page.body
    );
}

/// E1: the feed newest first, narrowed by type and stream, with the very data that programs get.
#[test]
fn the_feed_is_shown_newest_first() {
    let app = shop();
    let browser = Browser::signed_in(&app, "staff");
    let ids = |query: &str| rows(&browser.get(&format!("/admin/events?{query}")), "data-event");
    let wanted = |filter: &str| -> Vec<i64> {
        let db = app.db();
        let sql = format!("SELECT id FROM events WHERE {filter} ORDER BY id DESC");
        let mut statement = db.prepare(&sql).unwrap();
        let found = statement.query_map([], |row| row.get(0)).unwrap();
        found.map(Result::unwrap).collect()
    };
    for (query, filter) in [
        ("", "1"),
        ("type=order.created", "type = 1"),
        ("type=order.status_changed", "type = 3"),
        ("stream=customers", "type >= 40"),
        ("stream=customers&type=order.created", "0"),
        ("type=&stream=", "1"),
        ("before=3", "id < 3"),
    ] {
        assert_eq!(ids(query), wanted(filter), "{query}");
    }
    for narrowed in ["", "&stream=orders", "&type=user.created"] {
        let mut seen = Vec::new();
        let mut path = format!("/admin/events?limit=1{narrowed}");
        loop {
            let page = browser.get(&path);
            seen.extend(rows(&page, "data-event"));
            match next(&page, "Older") {
                Some(older) => path = older,
                None => break,
            }
        }
        assert_eq!(seen, ids(narrowed.trim_start_matches('&')), "{narrowed}");
        assert!(!seen.is_empty());
    }
    let page = browser.get("/admin/events?type=product.updated");
    let newest = rows(&page, "data-event")[0];
    assert_eq!(rows(&page, "data-event"), wanted("type = 23"));
    let page = browser.get(&format!("/admin/events/{newest}"));
    let payload: serde_json::Value = serde_json::from_str(&marked(&page, "data-payload")).unwrap();
    let kept = app.get("owner", "/api/v1/events?type=product.updated").json()["data"][0]["data"].clone();
    assert_eq!(payload, kept);
    assert_eq!(browser.get("/admin/events/987654").status, 404);
    for bad in ["type=x", "stream=x", "before=x", "before=0", "after=1"] {
        assert_eq!(browser.get(&format!("/admin/events?{bad}")).status, 400, "{bad}");
    }
}

/// LIF-07: how the shop is, and the last errors, without what else a line of the log may hold.
#[test]
fn the_system_tells_how_it_is() {
    let app = shop();
    let browser = Browser::signed_in(&app, "owner");
    let page = browser.get("/admin/system");
    assert!(page.body.contains("data-ready=\"true\""), "{}", page.body);
    assert!(page.body.contains("data-queue=\"0\"") && page.body.contains("data-wal=\""));
    for mark in [
        "data-uptime",
        "data-memory",
        "data-database",
        "data-disk",
        "data-lag",
    ] {
        assert!(!marked(&page, mark).is_empty(), "{mark}");
    }
    assert_eq!(marked(&page, "data-lag"), "behind by 0 s");
    assert!(!page.body.contains("data-behind=\"0\""));
    app.derive();
    let page = browser.get("/admin/system");
    assert!(page.body.contains("data-behind=\"0\"") && marked(&page, "data-lag") == "nothing waits");

    let log = telemetry::subscriber(Lines::Json, tracing::Level::INFO, std::io::sink);
    tracing::subscriber::with_default(log, || {
        tracing::error!(
            cause = "the <disk> is gone",
            request_id = "r-77",
            password = "walrus-secret",
            "request failed"
        );
        tracing::warn!("only a warning-77");
        for number in 0..49 {
            tracing::error!(cause = %format!("cause-{number:02}-{}", "x".repeat(2000)), "again");
        }
    });
    let page = browser.get("/admin/system");
    let text = plain(&page.body);
    assert!(text.contains("the <disk> is gone") && text.contains("r-77"));
    assert!(!page.body.contains("<disk>") && !text.contains("walrus-secret") && !text.contains("warning-77"));
    assert!(!text.contains(&"x".repeat(501)) && page.body.matches("data-error").count() == 50);
    assert!(text.find("cause-48").unwrap() < text.find("cause-00").unwrap());
    let log = telemetry::subscriber(Lines::Text, tracing::Level::INFO, std::io::sink);
    tracing::subscriber::with_default(log, || tracing::error!("the fifty-first"));
    let text = plain(&browser.get("/admin/system").body);
    assert!(text.contains("the fifty-first") && !text.contains("r-77"));
}

/// AZ-01: what one may not see is not drawn, and not in the navigation either.
#[test]
fn who_lacks_the_right_sees_none_of_it() {
    let app = shop();
    app.change("DELETE FROM role_permissions WHERE permission <> 'orders:read'");
    let browser = Browser::signed_in(&app, "staff2");
    for (path, right) in [
        ("/admin/audit", "audit-logs:read"),
        ("/admin/audit/verify", "audit-logs:read"),
        ("/admin/events", "events:read"),
        ("/admin/events/1", "events:read"),
        ("/admin/system", "system:read"),
    ] {
        let page = browser.get(path);
        assert_eq!(page.status, 403, "{path}");
        assert!(
            page.body.contains(&format!("<b>{right}</b>")),
            "{path}: {}",
            page.body
        );
    }
    let help = browser.get("/admin/help");
    assert_eq!(help.status, 200);
    assert!(!help.body.contains("href=\"/admin/audit\"") && help.body.contains("href=\"/admin/orders\""));
}

/// PAGES, *Keyboard*: every code of the table is explained, and every key that the navigation names is listed.
#[test]
fn help_explains_every_code_and_key() {
    let app = TestApp::start();
    let page = Browser::signed_in(&app, "owner").get("/admin/help");
    let text = plain(&page.body);
    for code in Code::ALL {
        let (status, number, name, sentence) = code.facts();
        assert!(page.body.contains(&format!("id=\"c{number}\"")), "{number}");
        assert!(
            text.contains(name) && text.contains(sentence) && text.contains(&status.to_string()),
            "{name}"
        );
    }
    let keys: Vec<&str> = page
        .body
        .split("data-go=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(keys.len() >= 6, "{keys:?}");
    for key in keys {
        assert!(
            page.body.contains(&format!("<kbd>g</kbd><kbd>{key}</kbd>")),
            "g {key}"
        );
    }
}
