//! Sessions: cookies, what a browser may do with them, how long they last, and how they end.

use serde_json::Value;
use serde_json::json;
use till::http::api;
use till::http::route::Access;
use till::http::route::Row;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;
use crate::permissions;

const LOGIN: &str = "/api/v1/auth/login";
const LOGOUT: &str = "/api/v1/auth/logout";
const ME: &str = "/api/v1/auth/me";
const ORIGIN: &str = "https://till.shop.test";
const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A shop behind TLS.
fn shop() -> TestApp {
    TestApp::start_with(|config| config.server.public_url = ORIGIN.to_owned())
}

fn set_cookies(answer: &Answer) -> Vec<&str> {
    let lines = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
    lines.map(|(_, line)| line.as_str()).collect()
}

/// Signs in by cookie; the session's cookie as a request sends it.
fn come_in(app: &TestApp, who: &str) -> String {
    app.token(who);
    let body = json!({ "username": who, "password": PASSWORD, "session": "cookie" });
    let answer = app.post("nobody", LOGIN, body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let cookies = set_cookies(&answer);
    let line = cookies.iter().find(|line| !line.contains("till-device="));
    line.unwrap().split(';').next().unwrap().to_owned()
}

fn with(
    app: &TestApp,
    cookie: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Answer {
    let mut all = vec![("cookie", cookie)];
    all.extend_from_slice(headers);
    app.client().send(method, path, None, &all, body)
}

fn look(app: &TestApp, cookie: &str) -> u16 {
    with(app, cookie, "GET", ME, &[], None).status
}

/// A4, TOK-06
#[test]
fn a_cookie_carries_a_session_and_no_tokens_are_told() {
    let app = shop();
    app.token("ann");
    let body = json!({ "username": "ann", "password": PASSWORD, "session": "Cookie" });
    let answer = app.post("nobody", LOGIN, body.clone());
    let told = answer.json();
    let mut names: Vec<&String> = told.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["expires_in", "user"]);
    let cookies = set_cookies(&answer);
    assert!(cookies[0].starts_with("__Host-till-device="), "{cookies:?}");
    let session = cookies[1];
    let (pair, attributes) = session.split_once(';').unwrap();
    let (name, value) = pair.split_once('=').unwrap();
    assert_eq!((name, value.len()), ("__Host-till", 43));
    assert_eq!(
        attributes,
        " Path=/; Max-Age=7776000; HttpOnly; SameSite=Lax; Secure"
    );
    assert_eq!(with(&app, pair, "GET", ME, &[], None).json()["username"], "ann");
    assert_eq!(
        app.number("SELECT count(*) FROM sessions WHERE kind = 1 AND length(secret) = 32"),
        1
    );

    // Each login has a session of its own, whatever cookie it came with.
    let again = app.send("POST", "nobody", LOGIN, &[("cookie", pair)], Some(&body));
    assert!(!set_cookies(&again).iter().any(|line| line.starts_with(pair)));
    for (cookie, status) in [
        ("__Host-till=", 401),
        ("__Host-till=AAAA", 401),
        ("__Host-till=!!", 401),
        (&format!("till={value}"), 401),
        (&format!("other=1; __Host-till={value}; x=y"), 200),
        (&format!("__Host-till={}", value.to_lowercase()), 401),
    ] {
        assert_eq!(look(&app, cookie), status, "{cookie}");
    }
}

/// A4
#[test]
fn on_this_machine_the_cookie_goes_without_tls() {
    let app = TestApp::start_with(|config| config.server.public_url = "http://127.0.0.1:8080".to_owned());
    let cookie = come_in(&app, "ann");
    assert!(cookie.starts_with("till="), "{cookie}");
    assert_eq!(look(&app, &cookie), 200);
    let headers = [("origin", "http://127.0.0.1:8080")];
    let out = with(&app, &cookie, "POST", LOGOUT, &headers, None);
    assert_eq!(out.status, 200, "{}", out.body);
    assert_eq!(
        set_cookies(&out),
        ["till=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"]
    );
}

/// Headers of requests that do not come from our pages, or do not say so.
const NOT_OURS: &[&[(&str, &str)]] = &[
    &[],
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "")],
    &[("sec-fetch-site", "Same-Origin ")],
    &[("sec-fetch-site", "cross-site"), ("origin", ORIGIN)],
    &[("origin", "https://evil.test")],
    &[("origin", "null")],
    &[("origin", "")],
    &[("origin", "http://till.shop.test")],
    &[("origin", "https://till.shop.test.evil.test")],
    &[("origin", "https://till.shop.test:8443")],
    &[("origin", "https://evil.test/https://till.shop.test")],
    &[("referer", "https://till.shop.test/admin")],
    &[("x-csrf-token", "1"), ("x-requested-with", "XMLHttpRequest")],
    &[("sec-fetch-site", "same-site"), ("origin", ORIGIN)],
    &[("sec-fetch-site", "same-origin, cross-site")],
    &[("sec-fetch-site", "none;same-origin")],
    &[("sec-fetch-mode", "same-origin"), ("sec-fetch-dest", "empty")],
    &[("origin", "https://till.shop.test/")],
    &[("origin", "https://till.shop.test.")],
    &[("origin", "https://evil@till.shop.test")],
    &[("origin", "https://a.till.shop.test")],
    &[("origin", "https://shop.test")],
    &[("origin", "https://till-shop.test")],
    &[("origin", "https://till.shop.test https://evil.test")],
    &[("origin", "file://")],
    &[("origin", "https://evil.test"), ("x-forwarded-host", "evil.test")],
    &[("origin", "https://127.0.0.1")],
    &[("origin", "null"), ("referer", "https://till.shop.test/admin")],
];
/// Headers of requests that do.
const OURS: &[&[(&str, &str)]] = &[
    &[("sec-fetch-site", "same-origin")],
    &[("sec-fetch-site", "none")],
    &[("origin", ORIGIN)],
    &[("origin", "https://TILL.shop.test")],
    &[("sec-fetch-site", "same-origin"), ("origin", "null")],
];

/// WEB-02
#[test]
fn a_cookie_changes_nothing_unless_the_request_comes_from_our_pages() {
    let app = shop();
    let cookie = come_in(&app, "ann");
    for headers in NOT_OURS {
        for (method, path, body) in [
            ("POST", LOGOUT, json!({})),
            ("PATCH", ME, json!({ "name": "Eve" })),
            (
                "POST",
                "/api/v1/orders",
                json!({ "items": [{ "sku": "MUG", "quantity": 1 }] }),
            ),
        ] {
            let answer = with(&app, &cookie, method, path, headers, Some(&body));
            assert_eq!(
                (answer.status, answer.code()),
                (403, 1008),
                "{method} {path} {headers:?}"
            );
        }
        assert_eq!(
            with(&app, &cookie, "GET", ME, headers, None).status,
            200,
            "{headers:?}"
        );
    }
    assert_eq!(with(&app, &cookie, "GET", ME, &[], None).json()["version"], 1);
    for (number, headers) in OURS.iter().enumerate() {
        let body = json!({ "name": format!("Ann {number}") });
        let answer = with(&app, &cookie, "PATCH", ME, headers, Some(&body));
        assert_eq!(answer.status, 200, "{headers:?} {}", answer.body);
    }
    // Nor can others' pages sign somebody in.
    let body = json!({ "username": "ann", "password": PASSWORD, "session": "cookie" });
    let answer = app.send(
        "POST",
        "nobody",
        LOGIN,
        &[("sec-fetch-site", "cross-site")],
        Some(&body),
    );
    assert_eq!((answer.status, answer.code()), (403, 1008));
}

/// WEB-02: thirty ways to come from elsewhere, to every route that changes something by a cookie.
#[test]
fn no_route_changes_anything_by_a_cookie_from_elsewhere() {
    assert_eq!(NOT_OURS.len(), 30);
    let app = shop();
    app.product("MUG", "4.50", 10);
    app.post(
        "ann",
        "/api/v1/orders",
        json!({ "items": [{ "sku": "MUG", "quantity": 1 }] }),
    );
    let cookie = come_in(&app, "owner");
    let sessions = "SELECT count(*) FROM sessions";
    let before = (permissions::census(&app), app.number(sessions));
    let table = api::table();
    let by_cookie = |row: &&Row| row.access != Access::Public || row.takes("Shopper");
    let changing = table.rows().iter().filter(|row| !row.method.is_safe());
    let mut seen = 0;
    for row in changing.filter(by_cookie) {
        let parts = row.path.split('/').map(|part| match part.starts_with('{') {
            true => "1",
            false => part,
        });
        let path = format!("/api/v1{}", parts.collect::<Vec<_>>().join("/"));
        for headers in NOT_OURS {
            let method = row.method.as_str();
            let answer = with(&app, &cookie, method, &path, headers, Some(&json!({})));
            let told = format!("{method} {path} {headers:?}: {}", answer.body);
            assert_eq!((answer.status, answer.code()), (403, 1008), "{told}");
        }
        seen += 1;
    }
    assert!(seen > 60, "{seen}");
    assert_eq!((permissions::census(&app), app.number(sessions)), before);
}

/// WEB-03
#[test]
fn beside_a_word_of_authorization_a_cookie_counts_for_nothing() {
    let app = shop();
    let cookie = come_in(&app, "ann");
    let bob = app.token("bob").unwrap();
    let headers = [("cookie", cookie.as_str())];
    let both = app
        .client()
        .send("PATCH", ME, Some(&bob), &headers, Some(&json!({ "name": "Bob" })));
    assert_eq!((both.status, &both.json()["username"]), (200, &json!("bob")));
    for word in ["Bearer nonsense", "Bearer", "Basic YW5uOmE=", "", "Token x"] {
        let headers = [("authorization", word), ("sec-fetch-site", "same-origin")];
        let answer = with(&app, &cookie, "GET", ME, &headers, None);
        assert_eq!((answer.status, answer.code()), (401, 1004), "{word:?}");
    }
}

/// WEB-03
#[test]
fn a_body_that_is_not_called_json_is_refused() {
    let app = shop();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "text/json",
        "",
    ] {
        let body = json!({ "username": "ann", "password": PASSWORD });
        for path in [LOGIN, "/api/v1/auth/signup", "/api/v1/auth/refresh-token"] {
            let answer = app.send("POST", "nobody", path, &[("content-type", kind)], Some(&body));
            assert_eq!((answer.status, answer.code()), (415, 2006), "{kind} {path}");
        }
    }
}

/// TOK-06, A7
#[test]
fn signing_out_ends_the_session_here_and_there() {
    let app = shop();
    let cookie = come_in(&app, "ann");
    let other = come_in(&app, "ann");
    let token = app.token("ann").unwrap();
    let ours = [("sec-fetch-site", "same-origin")];
    let out = with(&app, &cookie, "POST", LOGOUT, &ours, None);
    assert_eq!(out.status, 200, "{}", out.body);
    assert_eq!(
        out.json(),
        json!({ "cleared": { "cart": true }, "clear_local_storage": true })
    );
    assert_eq!(out.header("clear-site-data"), Some("\"storage\""));
    assert_eq!(
        set_cookies(&out),
        ["__Host-till=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"]
    );
    assert_eq!(look(&app, &cookie), 401);
    assert_eq!(look(&app, &other), 200);
    let all = with(
        &app,
        &other,
        "POST",
        LOGOUT,
        &ours,
        Some(&json!({ "all_devices": true })),
    );
    assert_eq!(all.status, 200);
    assert_eq!(look(&app, &other), 401);
    assert_eq!(app.client().send("GET", ME, Some(&token), &[], None).status, 401);
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 47"), 2);
}

/// TOK-06
#[test]
fn a_cookie_session_ends_by_rest_and_by_age() {
    for (who, idle, life) in [("staff", 30 * MINUTE, 12 * HOUR), ("ann", 14 * DAY, 90 * DAY)] {
        let app = shop();
        let cookie = come_in(&app, who);
        app.clock.pass(idle - SECOND);
        assert_eq!(look(&app, &cookie), 200, "{who} just before it rests too long");
        app.clock.pass(idle - SECOND);
        assert_eq!(look(&app, &cookie), 200, "{who} was in use meanwhile");
        app.clock.pass(idle);
        assert_eq!(look(&app, &cookie), 401, "{who} has rested");

        let cookie = come_in(&app, who);
        let mut age = 0;
        while age + idle / 2 < life {
            age += idle / 2;
            app.clock.pass(idle / 2);
            assert_eq!(look(&app, &cookie), 200, "{who} in use");
        }
        app.clock.pass(life - age);
        assert_eq!(look(&app, &cookie), 401, "{who} is over age");
    }
}

/// TOK-06
#[test]
fn that_a_session_is_in_use_is_noted_once_a_minute() {
    let app = shop();
    let cookie = come_in(&app, "ann");
    let seen = || app.number("SELECT seen_at FROM sessions WHERE kind = 1");
    let first = seen();
    for _ in 0..5 {
        app.clock.pass(11 * SECOND);
        look(&app, &cookie);
    }
    assert_eq!(seen(), first);
    app.clock.pass(5 * SECOND);
    look(&app, &cookie);
    assert_eq!(seen(), first + MINUTE);
}

/// A16, TOK-06: one sees where one is signed in, and ends what one does not know.
#[test]
fn sessions_are_listed_and_revoked() {
    let app = TestApp::start();
    app.token("bob");
    app.token("ann");
    let body = json!({ "username": "ann", "password": PASSWORD, "session": "cookie" });
    let headers = [("user-agent", "Phone"), ("x-forwarded-for", "203.0.113.7")];
    app.clock.pass(MINUTE);
    let answer = app.send("POST", "nobody", LOGIN, &headers, Some(&body));
    let cookie = set_cookies(&answer)[1].split(';').next().unwrap().to_owned();
    let list = || app.get("ann", "/api/v1/auth/sessions").json()["data"].clone();
    let all = list();
    assert_eq!(all.as_array().unwrap().len(), 2, "{all}");
    let phone = &all[0];
    assert_eq!(
        (
            &phone["kind"],
            &phone["user_agent"],
            &phone["ip"],
            &phone["current"]
        ),
        (
            &json!("cookie"),
            &json!("Phone"),
            &json!("203.0.113.7"),
            &json!(false)
        )
    );
    assert_eq!(all[1]["current"], true);
    assert!(!all.to_string().contains("secret"));
    let path = format!("/api/v1/auth/sessions/{}", phone["id"]);
    assert_eq!(app.send("DELETE", "bob", &path, &[], None).status, 404);
    assert_eq!(look(&app, &cookie), 200);
    assert_eq!(app.send("DELETE", "ann", &path, &[], None).status, 204);
    assert_eq!(look(&app, &cookie), 401);
    assert_eq!(
        app.send("DELETE", "ann", &path, &[], None).status,
        404,
        "it has ended"
    );
    assert_eq!(list().as_array().unwrap().len(), 1);
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 81"), 1);
    // What has ended by itself is not listed: a cookie that rests, a sign-out everywhere.
    app.send("POST", "nobody", LOGIN, &headers, Some(&body));
    assert_eq!(list().as_array().unwrap().len(), 2);
    app.clock.pass(14 * DAY);
    app.forget_tokens();
    assert_eq!(
        list().as_array().unwrap().len(),
        2,
        "two by token, none by cookie"
    );
}
