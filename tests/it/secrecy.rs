//! Tokens, cookies and passwords: where they must not be. Not in what is kept on the way, not in a URL, not in the log,
//! not in the file.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;
use till::http;
use till::http::route::Access;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;
use crate::client::Client;
use crate::kill;
use crate::kill::Server;

const LOGIN: &str = "/api/v1/auth/login";
const REFRESH: &str = "/api/v1/auth/refresh-token";

/// Method, path to something that is there, and who may, of every route on every face.
fn routes() -> Vec<(String, String, Access)> {
    let mut all = Vec::new();
    for (root, table) in http::faces().into_iter().chain(http::pages()) {
        // A stream has no end: its own test looks at its head.
        let rows = table.rows().iter();
        for row in rows.filter(|row| row.good.media != Some("text/event-stream")) {
            let path = row.path.replace("{id}", "1").replace("{sku}", "MUG");
            let path = path.replace("{*file}", "index.css").replace("{name}", "till.css");
            let path = path.replace("{order_id}", "1").replace("{provider}", "stripe");
            let path = path.replace("{token}", "none").replace("{variant}", "1");
            let path = path
                .replace("{user_id}", "1")
                .replace("{sid}", "1")
                .replace("{image_id}", "1")
                .replace("{rid}", "1");
            assert!(!path.contains('{'), "{path}");
            all.push((row.method.to_string(), format!("{root}{path}"), row.access));
        }
    }
    // What takes the session away comes last.
    all.sort_by_key(|(_, path, _)| path.ends_with("/logout") || path.contains("/sessions/"));
    all
}

/// A shop with an order and a product to look at.
fn shop() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let order = json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
    assert_eq!(app.post("owner", "/api/v1/orders", order).status, 201);
    app
}

/// The value of the session's cookie, and of the known device's, as `name=value`.
fn cookies(answer: &Answer) -> Vec<String> {
    let lines = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
    lines
        .map(|(_, line)| line.split(';').next().unwrap().to_owned())
        .collect()
}

fn is_look(method: &str) -> bool {
    method == "GET"
}

/// TOK-07: every route there is, by token and by cookie, well or badly asked; and whatever changes something.
#[test]
fn what_belongs_to_somebody_is_kept_by_nobody_on_the_way() {
    let app = shop();
    let token = app.token("owner").unwrap();
    let body = json!({ "username": "owner", "password": PASSWORD, "session": "cookie" });
    let cookie = cookies(&app.post("nobody", LOGIN, body)).pop().unwrap();
    let mut seen = 0;
    let mut good = 0;
    for (method, path, _) in routes() {
        let body = (!is_look(&method)).then(|| json!({}));
        let methods = [method.as_str(), if is_look(&method) { "HEAD" } else { &method }];
        for method in methods {
            let send = |token: Option<&str>, headers: &[(&str, &str)]| {
                app.client().send(method, &path, token, headers, body.as_ref())
            };
            let by_cookie = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
            let known = [("if-none-match", "*")];
            let mut answers = vec![
                send(Some(&token), &[]),
                send(None, &by_cookie),
                send(Some(&token), &known),
                send(Some("a.b.c"), &[]),
            ];
            if body.is_some() {
                answers.push(send(None, &[]));
            }
            for answer in answers {
                assert_eq!(
                    answer.header("cache-control"),
                    Some("no-store"),
                    "{method} {path}: {answer:?}"
                );
                seen += 1;
                good += usize::from(answer.status < 400);
            }
        }
    }
    assert!(seen > 300 && good > 100, "{good} of {seen}");
}

/// TOK-07: a token in a URL lets nobody in, whatever it is called there.
#[test]
fn a_token_in_a_url_is_no_token() {
    let app = shop();
    let token = app.token("owner").unwrap();
    for (method, path, access) in routes() {
        if access == Access::Public {
            continue;
        }
        for name in ["access_token", "token", "authorization", "session", "till"] {
            let answer = app
                .client()
                .send(&method, &format!("{path}?{name}={token}"), None, &[], None);
            let is_page = !path.starts_with("/api");
            let is_refused = match (is_page, method.as_str()) {
                (false, _) => (answer.status, answer.code()) == (401, 1001),
                (true, "GET") => answer.status == 401,
                (true, _) => answer.status == 403,
            };
            assert!(is_refused, "{method} {path} {name}: {answer:?}");
        }
    }
}

/// What must never be seen again once it was sent or told.
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn add(&mut self, name: &'static str, value: &str) {
        assert!(value.len() >= 7, "{name} is too short to be looked for");
        self.0.push((name, value.to_owned()));
    }

    /// Every token and cookie of a reply.
    fn add_told(&mut self, answer: &Answer) {
        assert!(answer.status < 300, "{}", answer.body);
        let told = answer.json();
        for name in ["access_token", "refresh_token"] {
            if let Some(value) = told[name].as_str() {
                self.add(name, value);
                // The end of a signed token is what makes it one.
                self.add(name, value.rsplit('.').next().unwrap());
            }
        }
        for cookie in cookies(answer) {
            self.add("cookie", cookie.split_once('=').unwrap().1);
        }
    }

    fn assert_not_in(&self, bytes: &[u8], place: &str) {
        for (name, value) in &self.0 {
            let is_there = bytes
                .windows(value.len())
                .any(|window| window == value.as_bytes());
            assert!(!is_there, "the {name} {value} is in {place}");
        }
    }
}

/// Passwords right, wrong, in the wrong place and of the wrong kind.
fn send_passwords(client: Client, secrets: &mut Secrets) {
    let post = |path: &str, body: Value| client.send("POST", path, None, &[], Some(&body));
    let right = "canary plum 3 rivers";
    secrets.add("password", right);
    for (number, path) in ["/api/v1/auth/signup", "/api/v1/auth/register"]
        .iter()
        .enumerate()
    {
        let name = format!("ann{number}");
        let body = json!({ "username": name, "email": format!("{name}@shop.test"), "password": right });
        secrets.add_told(&post(path, body.clone()));
        assert_eq!(post(path, body).status, 409);
    }
    for session in ["token", "cookie"] {
        let body = json!({ "username": "ann0", "password": right, "session": session });
        secrets.add_told(&post(LOGIN, body));
    }
    for body in [
        json!({ "username": "ann0", "password": "canary-wrong-password" }),
        json!({ "username": "canary-password-as-name", "password": "short" }),
        json!({ "email": "canary-password@as-name.test", "password": "short" }),
        json!({ "username": "ann0", "password": 77_665_544_332_211_u64 }),
        json!({ "username": "ann0", "password": ["canary-in-a-list"] }),
        json!({ "username": "ann0", "password": { "canary-in-an-object": 1 } }),
        json!({ "username": 88_776_655_443_322_u64, "password": right }),
        json!({ "username": "ann0", "password": right, "session": "canary-session-kind" }),
        json!({ "username": "ann0", "passwort": "canary-misnamed" }),
        json!({ "canary-as-a-key": right }),
        json!("canary-as-the-body"),
        json!({ "username": "ann", "email": "e@shop.test", "password": "canary" }),
    ] {
        for path in [LOGIN, "/api/v1/auth/signup"] {
            assert!(post(path, body.clone()).status >= 400, "{path} {body}");
        }
    }
    let torn = b"POST /api/v1/auth/login HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
        content-type: application/json\r\ncontent-length: 33\r\n\r\n{\"password\": canary-no-json-at-all";
    assert_eq!(client.raw(torn).status, 400);
    for number in ["77665544332211", "88776655443322"] {
        secrets.add("password", number);
    }
}

/// Tokens good, used up and made up, in their place and in the URL, on every route.
fn send_tokens(client: Client, secrets: &mut Secrets) {
    let body = json!({ "username": "ann1", "password": "canary plum 3 rivers" });
    let first = client.send("POST", LOGIN, None, &[], Some(&body));
    secrets.add_told(&first);
    let used = json!({ "refresh_token": first.json()["refresh_token"] });
    let renewed = client.send("POST", REFRESH, None, &[], Some(&used));
    secrets.add_told(&renewed);
    for body in [
        json!({ "refresh_token": "canary-made-up" }),
        json!({ "refresh_token": 99_887_766_554_433_u64 }),
        json!({ "token": "canary-misnamed" }),
    ] {
        assert!(client.send("POST", REFRESH, None, &[], Some(&body)).status >= 400);
    }
    secrets.add("token", "99887766554433");
    let token = renewed.json()["access_token"].as_str().unwrap().to_owned();
    let made_up = [
        ("authorization", "Basic canary-authorization"),
        ("cookie", "till=canary-cookie; till-device=canary-cookie"),
        ("idempotency-key", "canary-key"),
        ("if-match", "canary-tag"),
        ("x-request-id", "\"canary\" request id"),
        ("referer", "https://shop.test/?token=canary-referer"),
    ];
    for (method, path, _) in routes() {
        let body = (!is_look(&method)).then(|| json!({ "canary-name": "canary-value" }));
        let url = format!("{path}?token=canary-query&access_token={token}");
        client.send(&method, &url, Some(&token), &[], body.as_ref());
        client.send(&method, &url, None, &made_up, body.as_ref());
        let below = format!("{}/canary-path-{token}", path.trim_end_matches("/1"));
        client.send(&method, &below, Some(&token), &[], body.as_ref());
    }
}

/// The token of a guest's order, good and made up, where it is taken and where it is not.
fn send_order_tokens(client: Client, secrets: &mut Secrets) {
    let good = "1-canary-order-token-0123";
    secrets.add("order token", good);
    for (path, body) in [
        (
            "/api/v1/payments/initiate",
            json!({ "order_id": 1, "order_token": good }),
        ),
        (
            "/api/v1/payments/verify",
            json!({ "payment_id": 1, "order_token": good }),
        ),
        ("/api/v1/orders/1/cancel", json!({ "order_token": good })),
        ("/api/v1/orders/1/cancel", json!({ "order_token": [good] })),
        ("/api/v1/orders/1/cancel", json!({ "order_tokens": good })),
        (
            "/api/v1/orders/1/cancel?order_token=1-canary-order-token-0123",
            json!({}),
        ),
    ] {
        assert!(client.send("POST", path, None, &[], Some(&body)).status >= 400);
    }
}

/// The log of a server that was sent all secrets; how they are written makes no difference.
fn log_of(dir: &Path, format: &str, secrets: &mut Secrets) -> String {
    let key = "canary-key-of-this-process-0123456789";
    secrets.add("key", key);
    secrets.add("canary", "canary-");
    let log = dir.with_extension("log");
    let settings = [
        ("TILL_LOG__LEVEL", "trace"),
        ("TILL_LOG__FORMAT", format),
        ("JWT_SECRET", key),
    ];
    let to = Stdio::from(std::fs::File::create(&log).unwrap());
    let server = Server::start_with(dir, &settings, to);
    let client = Client::new(server.at);
    send_passwords(client, secrets);
    send_tokens(client, secrets);
    send_order_tokens(client, secrets);
    server.stop();
    let text = std::fs::read_to_string(&log).unwrap();
    let _ = std::fs::remove_file(&log);
    text
}

/// TOK-07, LOG-01: the log at its most talkative has each request by its route's template, and none of the secrets; nor
/// has the file.
#[test]
fn no_secret_is_in_the_log_or_in_the_file() {
    for format in ["text", "json"] {
        let dir = kill::folder(&format!("secrets-{format}"));
        let mut secrets = Secrets(Vec::new());
        let log = log_of(&dir, format, &mut secrets);
        for told in [
            "/api/v1/orders/{id}",
            "/api/v1/auth/login",
            "unmatched",
            "refused",
        ] {
            assert!(log.contains(told), "{told} is not in the log:\n{log}");
        }
        assert!(log.lines().count() > 200, "{log}");
        secrets.assert_not_in(log.as_bytes(), "the log");
        let file = std::fs::read(dir.join("till.db")).unwrap();
        secrets.assert_not_in(&file, "the file");
        let _ = std::fs::remove_dir_all(&dir);
    }
}
