//! Addresses: nobody's until proved by the user who asked, and no road by which one comes to be another's (AUT-10).

use serde_json::json;
use till::domain::link::Purpose;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;
use crate::passwords::newest_link;

const ME: &str = "/api/v1/auth/me";
const CONFIRM: &str = "/api/v1/auth/email/confirm";
const MINUTE: i64 = 60_000;

fn ask(app: &TestApp, who: &str, email: &str) -> Answer {
    app.patch(who, ME, json!({ "email": email }))
}

fn confirm(app: &TestApp, who: &str, token: &str) -> Answer {
    app.post(who, CONFIRM, json!({ "token": token }))
}

fn link(app: &TestApp, who: &str, email: &str) -> String {
    let asked = ask(app, who, email);
    assert_eq!(asked.status, 202, "{}", asked.body);
    let (purpose, secret) = newest_link(app);
    assert_eq!(purpose, Purpose::Address);
    secret
}

fn mails(app: &TestApp) -> Vec<(i64, String)> {
    let db = app.db();
    let mut statement = db
        .prepare("SELECT template, recipient FROM mails ORDER BY id")
        .unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    rows.map(Result::unwrap).collect()
}

/// AUT-10
#[test]
fn an_address_is_ones_own_once_it_is_proved() {
    let app = TestApp::start();
    let secret = link(&app, "ann", "new@shop.test");
    let me = app.get("ann", ME).json();
    assert_eq!(
        (&me["email"], &me["email_verified"]),
        (&json!("ann@shop.test"), &json!(false))
    );
    let done = confirm(&app, "ann", &secret);
    assert_eq!(done.status, 200, "{}", done.body);
    assert_eq!(done.json()["email"], "new@shop.test");
    assert_eq!(done.json()["email_verified"], true);
    assert_eq!(confirm(&app, "ann", &secret).code(), 2001, "once");
    let told: Vec<(i64, String)> = [(3, "new"), (5, "ann"), (5, "new")]
        .map(|(template, who)| (template, format!("{who}@shop.test")))
        .to_vec();
    assert_eq!(mails(&app), told);
    let body = json!({ "email": "new@shop.test", "password": PASSWORD });
    assert_eq!(app.post("nobody", "/api/v1/auth/login", body).status, 200);
    assert_eq!(ask(&app, "ann", "not an address").code(), 2001);
}

/// AUT-10: who signs up is sent a link to the address it gave.
#[test]
fn an_address_given_at_sign_up_is_proved_by_its_link() {
    let app = TestApp::start();
    let body = json!({ "username": "eve", "email": "eve@shop.test", "password": PASSWORD });
    let answer = app.post("nobody", "/api/v1/auth/signup", body);
    assert_eq!(answer.json()["user"]["email_verified"], false);
    let (purpose, secret) = newest_link(&app);
    assert_eq!(purpose, Purpose::Address);
    assert_eq!(confirm(&app, "eve", &secret).json()["email_verified"], true);
    assert_eq!(
        mails(&app).len(),
        1,
        "nothing has changed that anybody must hear of"
    );
}

/// AUT-10: ways by which somebody might come to another's account or address.
#[test]
fn no_address_is_taken_before_or_after_its_owner() {
    let app = TestApp::start();
    for who in ["ann", "eve"] {
        app.token(who);
    }
    // 1: the link is in the owner's mail; whoever opens it for another proves nothing.
    let for_eve = link(&app, "eve", "victim@shop.test");
    assert_eq!(confirm(&app, "ann", &for_eve).code(), 2001);
    assert_eq!(app.get("ann", ME).json()["email"], "ann@shop.test");
    // 2: nobody at all.
    assert_eq!(confirm(&app, "nobody", &for_eve).code(), 1001);
    // 3: a client says that it is proved, or whose link it is.
    for body in [
        json!({ "email_verified": true }),
        json!({ "email": "a@b.test", "email_verified": true }),
    ] {
        assert_eq!(app.patch("eve", ME, body).code(), 2001);
    }
    let body = json!({ "token": for_eve, "email": "other@shop.test" });
    assert_eq!(app.post("eve", CONFIRM, body).code(), 2001);
    // 4: another's address is neither taken nor told of.
    let before = mails(&app).len();
    let (taken, free) = (
        ask(&app, "eve", "ANN@shop.test"),
        ask(&app, "eve", "free@shop.test"),
    );
    assert_eq!((taken.status, free.status), (202, 202));
    assert_eq!(taken.body, free.body);
    assert_eq!(mails(&app).len(), before + 1);
    // 5: the later wish ends the earlier one.
    assert_eq!(confirm(&app, "eve", &for_eve).code(), 2001);
}

/// AUT-10: five more, when two want the same or the owner takes the account back.
#[test]
fn no_link_outlives_what_it_was_for() {
    let app = TestApp::start();
    for who in ["ann", "eve"] {
        app.token(who);
    }
    // 6: somebody else was there first.
    let slow = link(&app, "eve", "fought@shop.test");
    let quick = link(&app, "ann", "fought@shop.test");
    assert_eq!(confirm(&app, "ann", &quick).status, 200);
    let late = confirm(&app, "eve", &slow);
    assert_eq!((late.status, late.code()), (409, 3002));
    // 7: a link for a password is none for an address.
    app.post(
        "nobody",
        "/api/v1/auth/password/forgot",
        json!({ "email": "eve@shop.test" }),
    );
    let (_, reset) = newest_link(&app);
    assert_eq!(confirm(&app, "eve", &reset).code(), 2001);
    // 8: nor the other way round.
    app.clock.pass(61 * MINUTE);
    app.forget_tokens();
    let address = link(&app, "eve", "third@shop.test");
    let body = json!({ "token": address, "password": "narwhal horn 7 of nine" });
    assert_eq!(
        app.post("nobody", "/api/v1/auth/password/reset", body).code(),
        2001
    );
    // 9: a wish from before the owner took the account back by its mail is void.
    app.post(
        "nobody",
        "/api/v1/auth/password/forgot",
        json!({ "email": "eve@shop.test" }),
    );
    let (_, reset) = newest_link(&app);
    let body = json!({ "token": reset, "password": PASSWORD });
    assert_eq!(
        app.post("nobody", "/api/v1/auth/password/reset", body).status,
        204
    );
    app.forget_tokens();
    assert_eq!(confirm(&app, "eve", &address).code(), 2001);
    // 10: what was sent to the former address opens nothing after the change.
    app.clock.pass(61 * MINUTE);
    app.forget_tokens();
    let address = link(&app, "eve", "fourth@shop.test");
    app.post(
        "nobody",
        "/api/v1/auth/password/forgot",
        json!({ "email": "eve@shop.test" }),
    );
    let (_, reset) = newest_link(&app);
    assert_eq!(confirm(&app, "eve", &address).status, 200);
    let body = json!({ "token": reset, "password": "narwhal horn 7 of nine" });
    assert_eq!(
        app.post("nobody", "/api/v1/auth/password/reset", body).code(),
        2001
    );
}

/// AUT-10, RL-02: nobody's letter box is filled.
#[test]
fn an_address_gets_few_links_an_hour() {
    let app = TestApp::start();
    for number in 0..6 {
        assert_eq!(ask(&app, "ann", &format!("n{number}@shop.test")).status, 202);
    }
    assert_eq!(mails(&app).len(), 3);
}
