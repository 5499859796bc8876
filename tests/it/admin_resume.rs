//! What was about to be done when a session ended, or when a proof was asked for: it waits, is named, and is sent by one
//! button.

use till::domain::link::Purpose;

use crate::admin_orders::shop;
use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;
use crate::pages::Browser;
use crate::pages::has_form;
use crate::pages::marked;
use crate::passwords::newest_link;

const STEP_UP: &str = "/admin/step-up";
const MINUTE: i64 = 60_000;
const RIGHT: [(&str, &str); 2] = [("email", "owner"), ("password", PASSWORD)];

/// Sends the form of a page when its session is over, and signs in where it stood.
fn signed_in_again(browser: &Browser, at: &str, action: &str, typed: &[(&str, &str)]) -> Answer {
    let page = browser.get(at);
    browser.forget();
    let turned_away = browser.submit(&page, action, typed);
    assert_eq!(turned_away.status, 401, "{action}: {}", turned_away.body);
    browser.submit(&turned_away, "/admin/login", &RIGHT)
}

/// T3: a bare button outlives its session: the page behind the sign-in says what it does and to what, and nothing of how
/// the form works; nothing happens before it is pressed there, once.
#[test]
fn a_button_outlives_its_session() {
    let app = shop();
    let owner = Browser::signed_in(&app, "owner");
    for (at, action, typed, wish, told) in [
        (
            "/admin/orders/1",
            "/admin/orders/1/status",
            &[][..],
            "Start work on order #1001",
            None,
        ),
        (
            "/admin/orders/1/cancel",
            "/admin/orders/1/cancel",
            &[("reason", "too late")][..],
            "Cancel order #1001",
            Some("too late"),
        ),
        (
            "/admin/products/1/delete",
            "/admin/products/1/delete",
            &[][..],
            "Delete product MUG",
            None,
        ),
    ] {
        let before = app.number("SELECT count(*) FROM audit WHERE action IN (2, 3, 23)");
        let resumed = signed_in_again(&owner, at, action, typed);
        assert_eq!(resumed.status, 200, "{}", resumed.body);
        assert_eq!(marked(&resumed, "data-wish"), wish);
        assert!(
            resumed.body.contains(&format!("wide\">{wish}</button>")),
            "{}",
            resumed.body
        );
        let shown: Vec<&str> = resumed.body.split("<dd").skip(1).collect();
        assert_eq!(shown.len(), told.iter().count(), "{}", resumed.body);
        assert!(
            told.is_none_or(|told| shown[0].contains(told)),
            "{}",
            resumed.body
        );
        let count = || app.number("SELECT count(*) FROM audit WHERE action IN (2, 3, 23)");
        assert_eq!(count(), before, "{wish}: nothing is sent by itself");
        for _ in 0..2 {
            let done = owner.submit(&resumed, action, &[]);
            assert_eq!(done.status, 303, "{}", done.body);
        }
        assert_eq!(count(), before + 1, "{wish}");
    }
}

/// AUT-06, T3: a form without a single field of its own waits for a proof too, and its proof for a sign-in when the session
/// ends between.
#[test]
fn a_form_without_fields_waits_for_its_proof() {
    let app = TestApp::start();
    let owner = Browser::signed_in(&app, "owner");
    let begin = "/admin/factor";
    let page = owner.get(begin);
    app.clock.pass(6 * MINUTE);
    let asked = owner.submit(&page, begin, &[]);
    assert!(asked.status == 401 && has_form(&asked, STEP_UP), "{}", asked.body);
    owner.forget();
    let over = owner.submit(&asked, STEP_UP, &[("password", PASSWORD)]);
    assert!(
        over.status == 401 && has_form(&over, "/admin/login"),
        "{}",
        over.body
    );
    let resumed = owner.submit(&over, "/admin/login", &RIGHT);
    assert_eq!(marked(&resumed, "data-wish"), "Begin with an authenticator");
    assert_eq!(owner.submit(&resumed, begin, &[]).status, 303);
    app.clock.pass(6 * MINUTE);
    let asked = owner.submit(&owner.get(begin), begin, &[]);
    let proved = owner.submit(&asked, STEP_UP, &[("password", PASSWORD)]);
    assert_eq!(marked(&proved, "data-wish"), "Begin with an authenticator");
    assert_eq!(owner.submit(&proved, begin, &[]).status, 303);
}

/// T2: who signs in as somebody else is not told what the thing is called that they may not read.
#[test]
fn a_wish_names_no_thing_to_those_who_may_not_read_it() {
    let app = TestApp::start();
    let owner = Browser::signed_in(&app, "owner");
    let staff = app.number("SELECT id FROM users WHERE username = 'owner'");
    app.token("staff");
    let at = format!("/admin/users/{staff}");
    let page = owner.get(&at);
    owner.forget();
    let turned_away = owner.submit(&page, &at, &[("name", "Olga")]);
    let other = [("email", "staff"), ("password", PASSWORD)];
    let resumed = owner.submit(&turned_away, "/admin/login", &other);
    assert_eq!(marked(&resumed, "data-wish"), format!("Save user (id {staff})"));
}

/// AUT-10: the link to an address waits for the sign-in of whoever opens it, also where its button was pressed.
#[test]
fn an_address_is_proved_after_signing_in() {
    let app = TestApp::start();
    let owner = Browser::signed_in(&app, "owner");
    let action = "/admin/profile/email";
    owner.submit(
        &owner.get("/admin/profile"),
        action,
        &[("email", "new@shop.test")],
    );
    let (purpose, link) = newest_link(&app);
    assert_eq!(purpose, Purpose::Address);
    let path = format!("/address/{link}");
    let stranger = Browser::new(&app);
    let asked = stranger.get(&path);
    assert_eq!(
        (asked.status, asked.header("referrer-policy")),
        (401, Some("no-referrer"))
    );
    let come_in = stranger.submit(&asked, "/admin/login", &RIGHT);
    assert_eq!(
        (come_in.status, come_in.header("location")),
        (303, Some(path.as_str()))
    );
    let resumed = signed_in_again(&stranger, &path, &path, &[]);
    assert_eq!(marked(&resumed, "data-wish"), "Make the address yours");
    app.clock.pass(MINUTE);
    assert_eq!(stranger.submit(&resumed, &path, &[]).status, 303);
    let proved = "SELECT count(*) FROM users WHERE email = 'new@shop.test' AND email_verified = 1";
    assert_eq!(app.number(proved), 1);
}
