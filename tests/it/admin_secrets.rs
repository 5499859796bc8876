//! What is told once (an API key, recovery codes, an endpoint's secret) stands sealed in the session until somebody says
//! that they have it, and for ten minutes at most.

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;
use crate::factors::enrol;
use crate::pages::Browser;
use crate::pages::OURS;
use crate::pages::filled;
use crate::pages::marked;
use crate::sink::Sink;
use crate::webhooks::endpoint;
use crate::webhooks::shop;

const SECRETS: &str = "/admin/secrets";
const KEYS: &str = "/admin/api-keys";
const MINUTE: i64 = 60_000;

/// A form that makes something: its page, where it goes, what is typed; the mark of what it makes, and where one goes on.
type Making<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);

const KEY: Making = (
    "/admin/api-keys/new",
    KEYS,
    &[("name", "Scales"), ("permission", "orders:read"), ("days", "30")],
    "data-key>",
    KEYS,
);

fn make(browser: &Browser<'_>, (page, action, typed, ..): Making) -> Answer {
    browser.submit(&browser.get(page), action, typed)
}

/// The action of the form by which the only secret is taken.
fn taking(page: &Answer) -> String {
    let (_, rest) = page.body.split_once("action=\"/admin/secrets/").unwrap();
    format!("{SECRETS}/{}", rest.split('"').next().unwrap())
}

fn kept(app: &TestApp) -> i64 {
    app.number("SELECT count(*) FROM one_time_secrets")
}

/// The text behind a mark, up to the end of its line or list.
fn of(page: &Answer, mark: &str) -> String {
    let found = page.body.split_once(mark);
    let (_, rest) = found.unwrap_or_else(|| panic!("no {mark} in {}", page.body));
    let end = rest.find("</p>").into_iter().chain(rest.find("</ul>")).min();
    rest[..end.unwrap()].to_owned()
}

/// Signs in by the password and a code.
fn by_code<'a>(app: &'a TestApp, code: &str) -> Browser<'a> {
    let browser = Browser::new(app);
    let typed = [("email", "owner"), ("password", PASSWORD)];
    let asked = browser.submit(&browser.get("/admin/login"), "/admin/login", &typed);
    let entered = browser.submit(&asked, "/admin/totp", &[("code", code)]);
    assert_eq!(entered.status, 303, "{}", entered.body);
    browser
}

/// T2, T13, T14: what is told once is shown however often its form is sent and its page opened, in its own session alone,
/// until somebody says that they have it.
#[test]
fn what_is_told_once_stands_until_it_is_taken() {
    let (app, sink) = (shop(), Sink::start());
    endpoint(&app, &sink.url(), &["order.created"]);
    let recovery = enrol(&app, "owner").recovery;
    let (browser, other) = (by_code(&app, &recovery[0]), by_code(&app, &recovery[1]));
    let staff = Browser::signed_in(&app, "staff");
    let (rotate, codes) = ("/admin/webhooks/1/rotate", "/admin/factor/codes");
    let url = format!("{}/other", sink.url());
    let typed = [("url", url.as_str()), ("events", "order.*")];
    let hooks = "/admin/webhooks";
    let makings: [Making; 4] = [
        KEY,
        (
            "/admin/webhooks/new",
            hooks,
            &typed,
            "data-secret>",
            "/admin/webhooks/2",
        ),
        (rotate, rotate, &[], "data-secret>", "/admin/webhooks/1"),
        ("/admin/profile", codes, &[], "data-codes>", "/admin/profile"),
    ];
    for (page, action, typed, mark, back) in makings {
        let fields = filled(&browser.get(page), action, typed);
        let shown = browser.follow(&browser.post(action, &fields, &[OURS]));
        assert_eq!(shown.header("cache-control"), Some("no-store"));
        let text = of(&shown, mark);
        assert!(text.len() > 20, "{action}: {text}");
        let again = browser.follow(&browser.post(action, &fields, &[OURS]));
        assert_eq!(of(&again, mark), text, "{action}: sent twice");
        assert_eq!(of(&browser.get(SECRETS), mark), text, "{action}: opened again");
        let take = taking(&shown);
        for elsewhere in [&other, &staff] {
            let page = elsewhere.get(SECRETS);
            assert!(page.body.contains("data-empty"), "{action}: {}", page.body);
            let fields = filled(&elsewhere.get("/admin/profile"), "/admin/profile", &[]);
            assert_eq!(elsewhere.post(&take, &fields, &[OURS]).status, 303);
        }
        assert_eq!(kept(&app), 1, "{action}: taken by another");
        for _ in 0..2 {
            let taken = browser.submit(&shown, &take, &[]);
            assert_eq!(taken.header("location"), Some(back), "{action}");
            assert!(browser.get(SECRETS).body.contains("data-empty"), "{action}");
        }
        // The form that is sent once more is still done, and tells nothing.
        let late = browser.follow(&browser.post(action, &fields, &[OURS]));
        assert!(late.body.contains("data-empty"), "{action}: {}", late.body);
        assert_eq!(kept(&app), 0, "{action}");
    }
}

/// LOG-01: what nobody takes is shown for ten minutes, and goes with its session; until then the file does not tell it. An
/// old page takes no later secret.
#[test]
fn what_nobody_takes_is_over_in_time() {
    let app = TestApp::start();
    let browser = Browser::signed_in(&app, "owner");
    let old = browser.follow(&make(&browser, KEY));
    browser.submit(&old, &taking(&old), &[]);
    let shown = browser.follow(&make(&browser, KEY));
    browser.submit(&old, &taking(&old), &[]);
    let key = marked(&browser.get(SECRETS), "data-key");
    assert!(key.starts_with("till_"), "{key}");
    let sealed: Vec<u8> = app
        .db()
        .query_row("SELECT sealed FROM one_time_secrets", [], |row| row.get(0))
        .unwrap();
    assert!(!String::from_utf8_lossy(&sealed).contains(&key[5..20]));
    // Two at a time stand side by side, each with a form of its own.
    make(&browser, KEY);
    let both = browser.get(SECRETS);
    assert_eq!(both.body.matches("data-key>").count(), 2);
    let one = browser.submit(&shown, &taking(&shown), &[]);
    assert_eq!(one.status, 303);
    assert_eq!(kept(&app), 1);
    app.clock.pass(10 * MINUTE - 1);
    assert!(browser.get(SECRETS).body.contains("data-key>"));
    app.clock.pass(1);
    assert!(browser.get(SECRETS).body.contains("data-empty"));
    app.sweep();
    assert_eq!(kept(&app), 0);
    let other = Browser::signed_in(&app, "owner");
    make(&other, KEY);
    assert_eq!(kept(&app), 1);
    let out = other.submit(&other.get("/admin/profile"), "/admin/logout", &[]);
    assert_eq!((out.status, kept(&app)), (303, 0));
}

/// WEB-06: whoever has taken a secret is led on within the admin and nowhere else.
#[test]
fn a_taken_secret_leads_nowhere_else() {
    let app = TestApp::start();
    let browser = Browser::signed_in(&app, "owner");
    let shown = browser.follow(&make(&browser, KEY));
    for elsewhere in [
        "//evil.test",
        "https://evil.test/admin",
        "/\\evil.test",
        "/orders",
        "",
    ] {
        let taken = browser.submit(&shown, &taking(&shown), &[("back", elsewhere)]);
        assert_eq!(taken.header("location"), Some(SECRETS), "{elsewhere}");
    }
}
