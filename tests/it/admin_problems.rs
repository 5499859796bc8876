//! Failures as pages: each status with its code and request number, within the layout for the shop's people, and as a
//! page as well where the shell refuses before anybody has looked at who asks.

use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;
use crate::pages::Browser;
use crate::pages::OURS;
use crate::pages::filled;
use crate::pages::marked;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn shop() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }] });
    assert_eq!(app.post("ann", "/api/v1/orders", body).status, 201);
    app
}

/// A page of a failure, as it must be.
fn is_told(answer: &Answer, status: u16, code: u16) {
    assert_eq!(answer.status, status, "{}", answer.body);
    let kind = answer.header("content-type").unwrap();
    assert!(kind.starts_with("text/html"), "{status}: {kind}");
    assert!(answer.header("content-security-policy").is_some());
    assert!(
        answer.body.contains(&format!("data-code=\"{code}\"")),
        "{}",
        answer.body
    );
    assert_eq!(answer.body.matches("<h1").count(), 1, "{}", answer.body);
    assert!(answer.body.contains(&format!("{status} · code <b>{code}</b>")));
    assert_eq!(
        Some(marked(answer, "data-request").as_str()),
        answer.header("x-request-id"),
        "{}",
        answer.body
    );
    let is_late = [423, 429, 503].contains(&status);
    assert_eq!(answer.header("retry-after").is_some(), is_late, "{status}");
}

fn is_within(answer: &Answer) -> bool {
    answer.body.contains("id=\"nav\"")
}

/// PAGES: the failures of people who are signed in stand within the layout, everybody else's outside of it.
#[test]
fn every_failure_has_its_page() {
    let app = shop();
    let owner = Browser::signed_in(&app, "owner");
    let page = owner.get("/admin/orders/1");
    let form = "/admin/orders/1/status";
    let step = filled(&page, form, &[]);
    let with = |name: &str, value: &str| {
        let mut fields = step.clone();
        fields.retain(|(field, _)| field != name);
        fields.push((name.to_owned(), value.to_owned()));
        fields
    };
    is_told(&owner.get("/admin/nope"), 404, 3001);
    is_told(&owner.get("/admin/orders/77"), 404, 3001);
    is_told(&owner.get("/admin/events?type=sideways"), 400, 2002);
    is_told(&owner.post(form, &with("form_token", "x"), &[OURS]), 403, 1008);
    is_told(&owner.ask("DELETE", "/admin/orders", &[OURS], None), 405, 2005);
    let long = "x".repeat(300 * 1024);
    is_told(&owner.post(form, &with("note", &long), &[OURS]), 413, 2007);
    let cookie = owner.cookie();
    let sent = [OURS, ("cookie", cookie.as_str())];
    let json = app.client().send("POST", form, None, &sent, Some(&json!({})));
    is_told(&json, 415, 2006);
    assert_eq!(owner.post(form, &step, &[OURS]).status, 303);
    is_told(&owner.post(form, &with("status", "shipped"), &[OURS]), 422, 3003);
    let fresh = owner.get("/admin/orders/1");
    let back = filled(&fresh, form, &[("status", "pending")]);
    is_told(&owner.post(form, &back, &[OURS]), 409, 6002);
    for answer in [owner.get("/admin/nope"), owner.post(form, &back, &[OURS])] {
        assert!(is_within(&answer), "{}", answer.body);
    }
    let ann = Browser::signed_in(&app, "ann");
    let turned_away = ann.get("/admin/orders");
    is_told(&turned_away, 403, 1005);
    assert!(!is_within(&turned_away) && !turned_away.body.contains("href=\"/admin\""));
    let stranger = Browser::new(&app).get("/admin/nope");
    is_told(&stranger, 404, 3001);
    assert!(!is_within(&stranger));
    // What was typed into a form that could not be done is still in the page before; a press and a look are not typed.
    let is_kept = |answer: &Answer| answer.body.contains("go back with your browser");
    let typed = filled(&fresh, form, &[("status", "pending"), ("note", "Wrapped")]);
    assert!(is_kept(&owner.post(form, &typed, &[OURS])));
    assert!(!is_kept(&owner.post(form, &back, &[OURS])) && !is_kept(&owner.get("/admin/nope")));
}

/// NET-04, RL-02: what is refused at the door of the pages is a page, at the API's it is JSON.
#[test]
fn what_the_shell_refuses_is_a_page_too() {
    let app = TestApp::start_with(|config| config.limits.enabled = true);
    let at = app.client().at();
    let raw = |head: &str| {
        app.client()
            .raw(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes())
    };
    for path in ["/", "/admin", "/admin/login", "/admin/orders?q=x"] {
        is_told(
            &raw(&format!("GET {path} HTTP/1.1\r\nhost: evil.example")),
            421,
            2002,
        );
        is_told(
            &raw(&format!("GET {path} HTTP/1.1\r\nhost: {at}\r\nhost: {at}")),
            400,
            2004,
        );
        is_told(
            &raw(&format!(
                "POST {path} HTTP/1.1\r\nhost: evil.example\r\ncookie: theme=dark"
            )),
            421,
            2002,
        );
    }
    for path in ["/administrator", "/api/v1/orders", "/health", "/nope"] {
        let answer = raw(&format!("GET {path} HTTP/1.1\r\nhost: evil.example"));
        assert_eq!((answer.status, answer.code()), (421, 2002), "{path}");
    }
    let dark = raw("GET /admin HTTP/1.1\r\nhost: evil.example\r\ncookie: theme=dark");
    assert!(dark.body.contains("data-theme=\"dark\""), "{}", dark.body);
    let tried = |from: &str| {
        let headers = [OURS, FORM, ("x-forwarded-for", from)];
        app.client().send("POST", "/admin/login", None, &headers, None)
    };
    for number in 0..10 {
        assert!(tried("203.0.113.5").status < 429, "{number}");
    }
    is_told(&tried("203.0.113.5"), 429, 5004);
    assert!(tried("203.0.113.6").status < 429);
    let asked = |path: &str| {
        let headers = [("x-forwarded-for", "203.0.113.9")];
        app.client().send("GET", path, None, &headers, None)
    };
    while asked("/admin/login").status == 200 {}
    for path in ["/", "/admin", "/admin/orders/1"] {
        is_told(&asked(path), 429, 5004);
    }
    assert_eq!(asked("/api/v1/orders").code(), 5004);
}

/// NET-05, RELIABILITY *Failures*: what breaks inside is a page with the request's number and no word of the cause.
#[test]
fn what_breaks_inside_says_nothing_of_itself() {
    let app = shop();
    let owner = Browser::signed_in(&app, "owner");
    app.execute("ALTER TABLE marks RENAME TO walrus");
    let broken = owner.get("/admin/system");
    is_told(&broken, 500, 4001);
    assert!(is_within(&broken) && broken.body.contains("href=\"/admin/system\""));
    assert!(
        !broken.body.contains("marks") && !broken.body.contains("SELECT"),
        "{}",
        broken.body
    );
    app.execute("ALTER TABLE walrus RENAME TO marks");
    assert_eq!(owner.get("/admin/system").status, 200);
    app.app().close().unwrap();
    let closed = owner.get("/admin/orders");
    is_told(&closed, 503, 5001);
    assert!(!is_within(&closed));
    assert_eq!(app.get("nobody", "/api/v1/products/public").code(), 5001);
}

/// NET-01: a change that waits too long is given up with a page that says that it may have been done.
#[test]
fn what_takes_too_long_is_a_page() {
    let app = TestApp::start_with(|config| config.server.reply_seconds = 1);
    let owner = Browser::signed_in(&app, "owner");
    let page = owner.get("/admin/orders");
    let other = app.file();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let late = owner.submit(&page, "/admin/logout", &[]);
    is_told(&late, 504, 5003);
    assert!(
        late.body.contains("may have been done all the same"),
        "{}",
        late.body
    );
    other.execute_batch("ROLLBACK").unwrap();
}
