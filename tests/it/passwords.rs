//! Passwords: changed by who knows the present one, reset by who reads the mails, and what ends by it.

use serde_json::Value;
use serde_json::json;
use till::clock::Clock;
use till::domain::actor::Actor;
use till::domain::id::MailId;
use till::domain::link::Purpose;
use till::shop::mails;
use till::shop::users;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;
use crate::factors;
use crate::imports::till;
use crate::kill;
use crate::kill::Server;

const LOGIN: &str = "/api/v1/auth/login";
const ME: &str = "/api/v1/auth/me";
const CHANGE: &str = "/api/v1/auth/me/password";
const FORGOT: &str = "/api/v1/auth/password/forgot";
const RESET: &str = "/api/v1/auth/password/reset";
const NEW: &str = "narwhal horn 7 of nine";
const MINUTE: i64 = 60_000;

/// The secret in the newest mail with a link.
pub fn newest_link(app: &TestApp) -> (Purpose, String) {
    let id = MailId(app.number("SELECT max(id) FROM mails WHERE link_id IS NOT NULL"));
    let keys = app.app().keys().clone();
    let act = move |tx: &till::shop::Tx| mails::reveal(tx, &Actor::system(), &keys, id);
    app.app().store().write(act).unwrap().unwrap()
}

fn forgot(app: &TestApp, email: &str) -> Answer {
    app.post("nobody", FORGOT, json!({ "email": email }))
}

fn link(app: &TestApp, email: &str) -> String {
    assert_eq!(forgot(app, email).status, 202);
    let (purpose, secret) = newest_link(app);
    assert_eq!(purpose, Purpose::Reset);
    secret
}

fn reset(app: &TestApp, token: &str, password: &str) -> Answer {
    app.post("nobody", RESET, json!({ "token": token, "password": password }))
}

fn tokens(app: &TestApp, password: &str) -> Value {
    let answer = app.post(
        "nobody",
        LOGIN,
        json!({ "username": "ann", "password": password }),
    );
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

fn look(app: &TestApp, tokens: &Value) -> u16 {
    app.client()
        .send("GET", ME, tokens["access_token"].as_str(), &[], None)
        .status
}

fn refresh(app: &TestApp, tokens: &Value) -> u16 {
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    app.post("nobody", "/api/v1/auth/refresh-token", body).status
}

fn templates(app: &TestApp) -> Vec<i64> {
    let db = app.db();
    let mut statement = db.prepare("SELECT template FROM mails ORDER BY id").unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// AUT-08: a change ends every other session, and leaves the one it came through.
#[test]
fn a_new_password_ends_every_other_session() {
    let app = TestApp::start();
    app.token("ann");
    let (own, other) = (tokens(&app, PASSWORD), tokens(&app, PASSWORD));
    let change = |current: &str, new: &str| {
        let body = json!({ "current": current, "new": new });
        app.client()
            .send("POST", CHANGE, own["access_token"].as_str(), &[], Some(&body))
    };
    for (current, new, code) in [
        ("not the password", NEW, 1002),
        (PASSWORD, "short", 2001),
        (PASSWORD, "password123", 2001),
        (PASSWORD, "ann@shop.test", 2001),
        (PASSWORD, "", 2003),
    ] {
        assert_eq!(change(current, new).code(), code, "{new}");
    }
    assert_eq!((look(&app, &other), templates(&app).len()), (200, 0));
    let stale_link = link(&app, "ann@shop.test");
    assert_eq!(change(PASSWORD, NEW).status, 204);
    assert_eq!((look(&app, &own), refresh(&app, &own)), (200, 200));
    assert_eq!((look(&app, &other), refresh(&app, &other)), (401, 401));
    assert_eq!(app.get("ann", ME).status, 401);
    assert_eq!(
        reset(&app, &stale_link, PASSWORD).code(),
        2001,
        "a link from before"
    );
    assert_eq!(templates(&app), [1, 4]);
    let old = json!({ "username": "ann", "password": PASSWORD });
    assert_eq!(app.post("nobody", LOGIN, old).code(), 1002);
    tokens(&app, NEW);
    let told: String = app
        .db()
        .query_row("SELECT group_concat(ifnull(content, '')) FROM audit", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert!(!told.contains(NEW) && !told.contains(PASSWORD));
}

/// A20, AUT-04: whoever has the session has five guesses at the password.
#[test]
fn five_wrong_present_passwords_lock() {
    let app = TestApp::start();
    app.token("ann");
    let change = |current: &str| app.post("ann", CHANGE, json!({ "current": current, "new": NEW }));
    for _ in 0..5 {
        assert_eq!(change("not the password").code(), 1002);
    }
    assert_eq!(change(PASSWORD).code(), 1006);
    let step_up = app.post("ann", "/api/v1/auth/step-up", json!({ "password": PASSWORD }));
    assert_eq!(step_up.code(), 1006);
    assert_eq!(
        look(&app, &tokens(&app, PASSWORD)),
        200,
        "a sign-in is counted apart"
    );
}

/// All that a caller is told, but for what differs with each request.
fn told(answer: &Answer) -> (u16, String, Vec<(String, String)>) {
    let mut headers = answer.headers.clone();
    headers.retain(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()));
    (answer.status, answer.body.clone(), headers)
}

/// AUT-03, AUT-07: the reply is the same for everybody and nobody; three links an hour, and then as before, without one.
#[test]
fn who_has_forgotten_is_told_nothing() {
    let app = TestApp::start();
    for who in ["ann", "bob", "carl"] {
        app.token(who);
    }
    app.change("UPDATE users SET status = 2 WHERE username = 'bob'");
    app.change("UPDATE users SET status = 1 WHERE username = 'carl'");
    let first = told(&forgot(&app, "ann@shop.test"));
    assert_eq!((first.0, first.1.as_str()), (202, ""));
    for email in [
        "ANN@shop.test",
        "bob@shop.test",
        "carl@shop.test",
        "nobody@shop.test",
        "",
        "no address",
        "ann",
    ] {
        assert_eq!(told(&forgot(&app, email)), first, "{email}");
    }
    assert_eq!(templates(&app), [1, 1], "links for ann alone");
    for _ in 0..5 {
        assert_eq!(told(&forgot(&app, "ann@shop.test")), first);
    }
    assert_eq!(templates(&app).len(), 3, "three an hour");
    app.clock.pass(60 * MINUTE);
    forgot(&app, "ann@shop.test");
    assert_eq!(templates(&app).len(), 4);
}

/// AUT-07, AUT-08
#[test]
fn a_reset_sets_the_password_once_and_ends_everything() {
    let app = TestApp::start();
    app.token("ann");
    let before = tokens(&app, PASSWORD);
    let secret = link(&app, "ann@shop.test");
    let weak = reset(&app, &secret, "short");
    assert_eq!(
        (weak.status, weak.json()["error"]["fields"][0]["field"].as_str()),
        (400, Some("password"))
    );
    let done = reset(&app, &secret, NEW);
    assert_eq!(
        (done.status, done.body.as_str()),
        (204, ""),
        "nobody is signed in by it"
    );
    assert!(done.header("set-cookie").is_none());
    assert_eq!((look(&app, &before), refresh(&app, &before)), (401, 401));
    assert_eq!(app.number("SELECT count(*) FROM sessions WHERE kind = 1"), 0);
    let again = reset(&app, &secret, PASSWORD);
    assert_eq!(
        (again.status, again.json()["error"]["fields"][0]["field"].as_str()),
        (400, Some("token"))
    );
    tokens(&app, NEW);
    assert_eq!(templates(&app), [1, 4]);
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 84"), 1);
}

/// Asserts that a token resets nothing.
fn refused(app: &TestApp, token: &str, case: &str) {
    let answer = reset(app, token, NEW);
    assert_eq!(
        (answer.status, answer.code()),
        (400, 2001),
        "{case}: {}",
        answer.body
    );
}

/// AUT-07: what looks like a link, or is one for something else.
#[test]
fn what_is_no_reset_link_resets_nothing() {
    let app = TestApp::start();
    app.token("ann");
    for (token, case) in [
        ("", "none"),
        ("AAAA", "short"),
        ("!", "no text"),
        (&"A".repeat(43), "made up"),
    ] {
        refused(&app, token, case);
    }
    let secret = link(&app, "ann@shop.test");
    refused(&app, &secret[..42], "cut");
    refused(&app, &format!("{secret}A"), "longer");
    refused(&app, &secret.to_lowercase(), "in lower case");
    let newest = "SELECT lower(hex(hash)) FROM links ORDER BY id DESC LIMIT 1";
    let hash: String = app.db().query_row(newest, [], |row| row.get(0)).unwrap();
    refused(&app, &hash, "what the file holds");
    let confirm = json!({ "token": secret });
    assert_eq!(
        app.post("ann", "/api/v1/auth/email/confirm", confirm).code(),
        2001
    );
    let refresh = json!({ "refresh_token": secret });
    assert_eq!(
        app.post("nobody", "/api/v1/auth/refresh-token", refresh).code(),
        1004
    );
    assert_eq!(
        app.client().send("GET", ME, Some(&secret), &[], None).code(),
        1004
    );
    let in_query = format!("{RESET}?token={secret}");
    assert_eq!(
        app.post("nobody", &in_query, json!({ "password": NEW })).code(),
        2003
    );
    assert_eq!(reset(&app, &secret, NEW).status, 204, "it was good all the while");
}

/// AUT-07, AUT-08: a link that was one ends with its time, with the next, and with the account.
#[test]
fn a_reset_link_does_not_outlive_its_reason() {
    let app = TestApp::start();
    for who in ["ann", "bob"] {
        app.token(who);
    }
    let first = link(&app, "ann@shop.test");
    app.clock.pass(20 * MINUTE);
    refused(&app, &first, "after its time");
    let second = link(&app, "ann@shop.test");
    let third = link(&app, "ann@shop.test");
    refused(&app, &second, "before the next one");
    let ann = till::domain::id::UserId(1);
    let store = app.app().store();
    store
        .write(move |tx| users::suspend(tx, &Actor::system(), ann))
        .unwrap();
    refused(&app, &third, "of who is suspended");
    store
        .write(move |tx| users::unlock(tx, &Actor::system(), ann))
        .unwrap();
    refused(&app, &third, "from before");
    app.clock.pass(60 * MINUTE);
    assert_eq!(reset(&app, &link(&app, "ann@shop.test"), NEW).status, 204);
    let bob = json!({ "username": "bob", "password": PASSWORD });
    assert_eq!(app.post("nobody", LOGIN, bob).status, 200, "nobody else's");
}

/// AUT-07
#[test]
fn of_many_who_use_a_link_at_once_one_does() {
    let app = TestApp::start();
    app.token("ann");
    let secret = link(&app, "ann@shop.test");
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|number| {
                let (app, secret) = (&app, &secret);
                scope.spawn(move || reset(app, secret, &format!("{NEW} {number}")).status)
            })
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 204).count(),
        1,
        "{statuses:?}"
    );
}

/// AUT-08: a suspended user is out at once, on every road, and comes back only by being let in.
#[test]
fn who_is_suspended_is_out() {
    let app = TestApp::start();
    app.token("ann");
    app.token("owner");
    let before = tokens(&app, PASSWORD);
    let of = |who: &str| app.number(&format!("SELECT id FROM users WHERE username = '{who}'"));
    let ann = till::domain::id::UserId(of("ann"));
    let owner = till::domain::id::UserId(of("owner"));
    let store = app.app().store();
    assert!(
        store
            .write(move |tx| users::suspend(tx, &Actor::system(), owner))
            .is_err(),
        "the last admin"
    );
    store
        .write(move |tx| users::suspend(tx, &Actor::system(), ann))
        .unwrap();
    assert_eq!((look(&app, &before), refresh(&app, &before)), (401, 401));
    let body = json!({ "username": "ann", "password": PASSWORD });
    assert_eq!(app.post("nobody", LOGIN, body).code(), 1002);
    store
        .write(move |tx| users::unlock(tx, &Actor::system(), ann))
        .unwrap();
    assert_eq!(look(&app, &before), 401, "an older token stays dead");
    assert_eq!(look(&app, &tokens(&app, PASSWORD)), 200);
}

/// The output of a command beside the running shop.
fn run(app: &TestApp, words: &[&str]) -> String {
    let done = till(app.dir(), words);
    let told = String::from_utf8(done.stdout).unwrap();
    assert!(
        done.status.success(),
        "{words:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    told.trim_end().to_owned()
}

/// A20: the operator has the links where no mail is sent yet; they lead to the shop's own address.
#[test]
fn the_operator_reads_the_links_and_lets_people_in() {
    let app = TestApp::start();
    // The commands ask the machine what time it is; the shop is a little ahead of it.
    app.clock
        .pass(Clock::System.now().ms() - app.clock.now().ms() + MINUTE);
    app.token("ann");
    let secret = link(&app, "ann@shop.test");
    let listed = run(&app, &["mails", "list"]);
    assert!(
        listed.contains("queued   reset_password       ann@shop.test"),
        "{listed}"
    );
    assert!(!listed.contains(&secret));
    let shown = run(&app, &["mails", "show", "1"]);
    let url = shown.lines().last().unwrap();
    assert!(
        url.starts_with("http://127.0.0.1:") && url.ends_with(&format!("/reset/{secret}")),
        "{url}"
    );
    let shown_twice = app.number("SELECT count(*) FROM audit WHERE action = 93");
    assert_eq!(shown_twice, 2, "by the test, and by the command");
    assert!(!till(app.dir(), &["mails", "show", "2"]).status.success());
    let by_hand = run(&app, &["user", "reset-link", "ann@shop.test"]);
    let token = by_hand.rsplit('/').next().unwrap();
    assert_eq!(reset(&app, token, NEW).status, 204);
    let factor = {
        app.forget_tokens();
        reset(
            &app,
            run(&app, &["user", "reset-link", "ann@shop.test"])
                .rsplit('/')
                .next()
                .unwrap(),
            PASSWORD,
        );
        factors::enrol(&app, "ann")
    };
    assert_eq!(factors::sign_in(&app, "ann", None).code(), 1007);
    run(&app, &["user", "totp-reset", "ann@shop.test"]);
    assert_eq!(factors::sign_in(&app, "ann", None).status, 200);
    assert!(!factor.recovery.is_empty());
    let suspended = run(&app, &["user", "suspend", "ann@shop.test", "--json"]);
    assert!(suspended.contains(r#""status":"suspended""#), "{suspended}");
    assert_eq!(factors::sign_in(&app, "ann", None).code(), 1002);
    assert!(
        !till(app.dir(), &["user", "reset-link", "ann@shop.test"])
            .status
            .success()
    );
    run(&app, &["user", "unlock", "ann@shop.test"]);
    assert_eq!(factors::sign_in(&app, "ann", None).status, 200);
}

/// T1: a link that a command prints leads to where the shop is served.
#[test]
fn a_printed_link_leads_to_the_server_beside() {
    let dir = kill::folder("links");
    kill::open_shop(&dir);
    let link = || {
        let words = ["user", "reset-link", "o@shop.test"];
        let told = till(&dir, &words);
        assert!(told.status.success(), "{told:?}");
        String::from_utf8(told.stdout).unwrap()
    };
    assert!(link().starts_with("http://127.0.0.1:8080/reset/"));
    let server = Server::start(&dir);
    assert!(link().starts_with(&format!("http://{}/reset/", server.at)));
    server.stop();
    assert!(link().starts_with("http://127.0.0.1:8080/reset/"));
    std::fs::remove_dir_all(&dir).unwrap();
}
