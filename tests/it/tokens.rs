//! Tokens: forged ones, old ones, and refresh tokens that are used once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::Value;
use serde_json::json;
use till::secret;
use till::secret::Keys;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;

const ME: &str = "/api/v1/auth/me";
const REFRESH: &str = "/api/v1/auth/refresh-token";

fn part(value: &Value) -> String {
    BASE64.encode(value.to_string())
}

fn read(part: &str) -> Value {
    serde_json::from_slice(&BASE64.decode(part).unwrap()).unwrap()
}

/// A token's three parts as they would be signed with a key.
fn signed(key: &[u8], header: &Value, claims: &Value) -> String {
    let text = format!("{}.{}", part(header), part(claims));
    let mac = BASE64.encode(secret::mac(key, &[text.as_bytes()]));
    format!("{text}.{mac}")
}

struct Bench {
    app: TestApp,
    key: Vec<u8>,
    header: Value,
    claims: Value,
    good: String,
}

fn bench() -> Bench {
    let app = TestApp::start();
    let good = app.token("ann").unwrap();
    let parts: Vec<&str> = good.split('.').collect();
    Bench {
        key: app.app().keys().token.clone(),
        header: read(parts[0]),
        claims: read(parts[1]),
        good: good.clone(),
        app,
    }
}

impl Bench {
    fn show(&self, token: &str) -> Answer {
        self.app.client().send("GET", ME, Some(token), &[], None)
    }

    fn header_with(&self, name: &str, value: Value) -> String {
        let mut header = self.header.clone();
        header[name] = value;
        signed(&self.key, &header, &self.claims)
    }

    fn claims_with(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[name] = value;
        signed(&self.key, &self.header, &claims)
    }
}

/// TOK-01, A3
#[test]
fn a_token_says_what_it_must_and_is_signed_by_one_algorithm() {
    let bench = bench();
    assert_eq!(bench.header, json!({ "typ": "at+jwt", "alg": "HS256" }));
    let mut names: Vec<_> = bench.claims.as_object().unwrap().keys().cloned().collect();
    names.sort();
    assert_eq!(
        names,
        [
            "aud", "exp", "iat", "iss", "jti", "nbf", "role", "sid", "sub", "ver"
        ]
    );
    let age = bench.claims["exp"].as_i64().unwrap() - bench.claims["iat"].as_i64().unwrap();
    assert_eq!(age, 600);
    // Our own signer makes the same token, so that what is refused below is refused for what was changed.
    assert_eq!(
        bench
            .show(&signed(&bench.key, &bench.header, &bench.claims))
            .status,
        200
    );
}

/// TOK-01, TOK-02
#[test]
fn sixty_forged_tokens_open_nothing() {
    let bench = bench();
    let parts: Vec<&str> = bench.good.split('.').collect();
    let (head, body, mac) = (parts[0], parts[1], parts[2]);
    let mut forged = Vec::new();
    for alg in [
        "none", "None", "NONE", "nOnE", "hs256", "Hs256", "HS384", "HS512", "RS256", "RS384", "RS512",
        "ES256", "ES384", "PS256", "EdDSA", "", "HS256 ", "A256KW",
    ] {
        let header = json!({ "typ": "at+jwt", "alg": alg });
        forged.push(signed(&bench.key, &header, &bench.claims));
        forged.push(format!("{}.{body}.", part(&header)));
    }
    for (name, value) in [
        ("kid", json!("unknown")),
        ("kid", json!("../../../dev/null")),
        ("jku", json!("https://evil.test/keys")),
        ("jwk", json!({ "kty": "oct", "k": "AAAA" })),
        ("x5u", json!("https://evil.test/cert")),
        ("crit", json!(["exp"])),
        ("typ", json!("JWT")),
        ("typ", json!("rt+jwt")),
        ("typ", json!("AT+JWT")),
        ("typ", Value::Null),
    ] {
        forged.push(bench.header_with(name, value));
    }
    for key in [&b""[..], b"secret", &[0; 32], head.as_bytes(), b"till"] {
        forged.push(signed(key, &bench.header, &bench.claims));
    }
    let admin = {
        let mut claims = bench.claims.clone();
        claims["role"] = json!("admin");
        claims["sub"] = json!("2");
        part(&claims)
    };
    for text in [
        format!("{head}.{body}"),
        format!("{head}.{body}."),
        format!("{head}.{body}.{}", &mac[..42]),
        format!("{head}.{body}.{mac}A"),
        format!("{head}.{body}.{mac}.{mac}"),
        format!("{head}.{admin}.{mac}"),
        format!("{body}.{head}.{mac}"),
        format!(".{body}.{mac}"),
        format!("{head}..{mac}"),
        "..".to_owned(),
        "a.b.c".to_owned(),
        format!("{head}.{body}={mac}"),
        bench.good.to_uppercase(),
        "null".to_owned(),
        "x".repeat(4000),
    ] {
        forged.push(text);
    }
    assert!(forged.len() >= 60, "{}", forged.len());
    for token in forged {
        let answer = bench.show(&token);
        assert_eq!((answer.status, answer.code()), (401, 1004), "{token}");
    }
}

/// TOK-02
#[test]
fn every_claim_must_be_there_and_ours() {
    let bench = bench();
    let names: Vec<String> = bench.claims.as_object().unwrap().keys().cloned().collect();
    for name in &names {
        let mut claims = bench.claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        let answer = bench.show(&signed(&bench.key, &bench.header, &claims));
        assert_eq!((answer.status, answer.code()), (401, 1004), "without {name}");
        assert_eq!(
            bench.show(&bench.claims_with(name, Value::Null)).status,
            401,
            "{name} null"
        );
    }
    let exp = bench.claims["exp"].as_i64().unwrap();
    for (name, value) in [
        ("iss", json!("https://evil.test")),
        ("iss", json!("")),
        ("aud", json!("refresh")),
        ("aud", json!(["other"])),
        ("sub", json!("2")),
        ("sub", json!(1)),
        ("sub", json!("1 ")),
        ("sid", json!(999)),
        ("sid", json!(-1)),
        ("sid", json!("1")),
        ("ver", json!(7)),
        ("exp", json!(exp.to_string())),
        ("exp", json!(1e300)),
        ("nbf", json!(exp)),
        ("iat", json!("now")),
    ] {
        let answer = bench.show(&bench.claims_with(name, value.clone()));
        assert_eq!((answer.status, answer.code()), (401, 1004), "{name} {value}");
    }
    // A role in the token gives no right: the role's row does.
    let claimed = bench.claims_with("role", json!("admin"));
    let answer = bench.app.client().send(
        "POST",
        "/api/v1/products",
        Some(&claimed),
        &[],
        Some(&json!({ "name": "x" })),
    );
    assert_eq!((answer.status, answer.code()), (403, 1005));
}

/// TOK-02
#[test]
fn a_token_is_good_for_ten_minutes_and_five_seconds_of_leeway() {
    let bench = bench();
    bench.app.clock.pass(604_000);
    assert_eq!(bench.show(&bench.good).status, 200);
    bench.app.clock.pass(2_000);
    let answer = bench.show(&bench.good);
    assert_eq!((answer.status, answer.code()), (401, 1003));
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    let now = bench.app.clock.now().ms() / 1000;
    for (ahead, status) in [(4, 200), (5, 200), (6, 401), (3600, 401)] {
        let mut claims = bench.claims.clone();
        claims["nbf"] = json!(now + ahead);
        claims["exp"] = json!(now + 7200);
        let answer = bench.show(&signed(&bench.key, &bench.header, &claims));
        assert_eq!(answer.status, status, "nbf {ahead} s ahead");
    }
}

/// TOK-01
#[test]
fn a_short_key_stops_the_start() {
    let app = TestApp::start();
    let words = |key: &str| {
        Keys::load(app.dir(), Some(key))
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert!(words(&"k".repeat(31)).unwrap_err().contains("32"));
    assert!(words("").is_err());
    assert!(words(&"k".repeat(32)).is_ok());
}

fn refresh(app: &TestApp, token: &str) -> Answer {
    app.post("nobody", REFRESH, json!({ "refresh_token": token }))
}

fn come_in(app: &TestApp) -> Value {
    app.token("ann");
    let body = json!({ "username": "ann", "password": PASSWORD });
    app.post("nobody", "/api/v1/auth/login", body).json()
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}

/// TOK-04, A6
#[test]
fn a_hundred_refreshes_at_once_have_one_successor() {
    let app = TestApp::start();
    let first = text(&come_in(&app), "refresh_token");
    assert_eq!(first.len(), 43);
    let mut successors: Vec<String> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..100)
            .map(|_| scope.spawn(|| text(&refresh(&app, &first).json(), "refresh_token")))
            .collect();
        all.into_iter().map(|it| it.join().unwrap()).collect()
    });
    successors.dedup();
    assert_eq!(successors.len(), 1);
    assert_ne!(successors[0], first);
    assert_eq!(
        app.number("SELECT count(*) FROM refresh_tokens WHERE used_at IS NOT NULL"),
        1
    );
    let next = refresh(&app, &successors[0]);
    assert_eq!(next.status, 200);
    let access = text(&next.json(), "access_token");
    assert_eq!(app.client().send("GET", ME, Some(&access), &[], None).status, 200);
}

/// TOK-04
#[test]
fn a_stolen_refresh_token_ends_the_whole_family() {
    let app = TestApp::start();
    let mine = come_in(&app);
    let other = come_in(&app);
    let stolen = text(&mine, "refresh_token");
    let thief = refresh(&app, &stolen).json();
    app.clock.pass(10_000);
    assert_eq!(
        refresh(&app, &stolen).status,
        200,
        "a lost reply within ten seconds"
    );
    app.clock.pass(1_000);
    let late = refresh(&app, &stolen);
    assert_eq!((late.status, late.code()), (401, 1004));
    for token in [text(&thief, "access_token"), text(&mine, "access_token")] {
        assert_eq!(app.client().send("GET", ME, Some(&token), &[], None).code(), 1004);
    }
    assert_eq!(refresh(&app, &text(&thief, "refresh_token")).code(), 1004);
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 49"), 1);
    assert_eq!(
        refresh(&app, &text(&other, "refresh_token")).status,
        200,
        "another login is another family"
    );
}

/// A6
#[test]
fn a_refresh_token_lives_a_week_and_its_family_ninety_days() {
    const DAY: i64 = 24 * 3600 * 1000;
    let app = TestApp::start();
    let mut token = text(&come_in(&app), "refresh_token");
    for _ in 0..14 {
        app.clock.pass(6 * DAY);
        let answer = refresh(&app, &token);
        assert_eq!(answer.status, 200, "{}", answer.body);
        token = text(&answer.json(), "refresh_token");
    }
    app.clock.pass(6 * DAY);
    assert_eq!(refresh(&app, &token).status, 401, "ninety days are over");
    let token = text(&come_in(&app), "refresh_token");
    app.clock.pass(7 * DAY + 1);
    assert_eq!(refresh(&app, &token).code(), 1003);
    for wrong in ["", "AAAA", "!!", &"A".repeat(43)] {
        assert_eq!(refresh(&app, wrong).code(), 1004, "{wrong}");
    }
    let long = refresh(&app, &"x".repeat(10_000));
    assert_eq!(
        (long.status, long.code()),
        (400, 2001),
        "longer than the field may be"
    );
}

/// TOK-05, AZ-03
#[test]
fn whoever_is_suspended_is_out_within_a_second() {
    let app = TestApp::start();
    let tokens = come_in(&app);
    let body = json!({ "username": "ann", "password": PASSWORD, "session": "cookie" });
    let answer = app.post("nobody", "/api/v1/auth/login", body.clone());
    let mut cookies = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
    let cookie = cookies
        .next_back()
        .unwrap()
        .1
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let by_token = || {
        app.client()
            .send("GET", ME, Some(&text(&tokens, "access_token")), &[], None)
            .status
    };
    let by_cookie = || {
        app.client()
            .send("GET", ME, None, &[("cookie", &cookie)], None)
            .status
    };
    for status in [1, 2] {
        assert_eq!((by_token(), by_cookie()), (200, 200));
        // By hand, so that nothing tells the copies in memory: only their age does.
        app.db()
            .execute("UPDATE users SET status = ?1 WHERE username = 'ann'", [status])
            .unwrap();
        app.clock.pass(1000);
        assert_eq!((by_token(), by_cookie()), (401, 401), "status {status}");
        assert_eq!(refresh(&app, &text(&tokens, "refresh_token")).code(), 1004);
        let again = app.post("nobody", "/api/v1/auth/login", body.clone());
        assert_eq!((again.status, again.code()), (401, 1002));
        app.db()
            .execute("UPDATE users SET status = 0 WHERE username = 'ann'", [])
            .unwrap();
        app.clock.pass(1000);
    }
    app.db()
        .execute("UPDATE users SET token_epoch = token_epoch + 1", [])
        .unwrap();
    app.clock.pass(1000);
    assert_eq!((by_token(), by_cookie()), (401, 401));
}

/// A8, TOK-05: behind a token stands the row of its sign-in, looked at on each request: ended from another device it is good
/// no more, nor is what would renew it, while the others go on; ended by hand, within a second.
#[test]
fn a_token_goes_with_its_session() {
    let app = TestApp::start();
    let [first, second, third] = [come_in(&app), come_in(&app), come_in(&app)];
    let sent = |method: &str, path: &str, by: &Value| {
        let token = text(by, "access_token");
        app.client().send(method, path, Some(&token), &[], None)
    };
    let is_in = |by: &Value| sent("GET", ME, by).status == 200;
    assert!(is_in(&first) && is_in(&second) && is_in(&third));
    let listed = sent("GET", "/api/v1/auth/sessions", &first).json();
    let own = listed["data"].as_array().unwrap();
    let own = own.iter().find(|session| session["current"] == true).unwrap();
    let revoked = sent("DELETE", &format!("/api/v1/auth/sessions/{}", own["id"]), &second);
    assert_eq!(revoked.status, 204, "{}", revoked.body);
    let late = sent("GET", ME, &first);
    assert_eq!((late.status, late.code()), (401, 1004));
    assert_eq!(refresh(&app, &text(&first, "refresh_token")).code(), 1004);
    assert!(is_in(&second) && is_in(&third));
    let renewed = refresh(&app, &text(&second, "refresh_token"));
    assert_eq!(renewed.status, 200, "{}", renewed.body);
    // By hand, so that nothing tells the copies in memory: only their age does.
    app.db()
        .execute(
            "UPDATE sessions SET ended_at = created_at WHERE ended_at IS NULL",
            [],
        )
        .unwrap();
    app.clock.pass(1000);
    assert!(!is_in(&second) && !is_in(&renewed.json()) && !is_in(&third));
}
