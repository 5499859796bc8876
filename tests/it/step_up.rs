//! Step-up: dangerous actions ask for a proof of the last five minutes, in the same session (AUT-06).

use serde_json::Value;
use serde_json::json;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;
use crate::factors;

const STEP_UP: &str = "/api/v1/auth/step-up";
const ME: &str = "/api/v1/auth/me";
const MINUTE: i64 = 60_000;

/// A session as a request carries it.
struct Pass {
    token: Option<String>,
    cookie: Option<String>,
}

impl Pass {
    fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.body);
        Self {
            token: answer.json()["access_token"].as_str().map(str::to_owned),
            cookie: session_cookie(answer),
        }
    }

    fn send(&self, app: &TestApp, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let mut headers = vec![("sec-fetch-site", "same-origin")];
        if let Some(cookie) = &self.cookie {
            headers.push(("cookie", cookie));
        }
        app.client()
            .send(method, path, self.token.as_deref(), &headers, body)
    }
}

fn session_cookie(answer: &Answer) -> Option<String> {
    let lines = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
    let line = lines
        .map(|(_, line)| line)
        .find(|line| line.starts_with("till="))?;
    Some(line.split(';').next().unwrap().to_owned())
}

fn sign_in(app: &TestApp, kind: &str, totp: Option<String>) -> Pass {
    sign_in_as(app, "ann", kind, totp)
}

fn sign_in_as(app: &TestApp, who: &str, kind: &str, totp: Option<String>) -> Pass {
    let body = json!({ "username": who, "password": PASSWORD, "session": kind, "totp": totp });
    Pass::of(&app.post("nobody", "/api/v1/auth/login", body))
}

type Action = (&'static str, &'static str, Option<Value>);

/// What asks for a proof, and is refused for other reasons after it.
fn actions() -> Vec<Action> {
    vec![
        (
            "POST",
            "/api/v1/auth/me/password",
            Some(json!({ "current": PASSWORD, "new": PASSWORD })),
        ),
        ("PATCH", ME, Some(json!({ "email": "new@shop.test" }))),
        ("POST", "/api/v1/auth/totp", None),
        ("POST", "/api/v1/auth/totp/recovery-codes", None),
        ("DELETE", "/api/v1/auth/totp", Some(json!({ "code": "000000" }))),
    ]
}

fn wants_proof(answer: &Answer) -> bool {
    answer.code() == 1007 && answer.json()["error"]["details"]["step_up"] == true
}

fn is_refused(app: &TestApp, pass: &Pass, (method, path, body): &Action) -> bool {
    let answer = pass.send(app, method, path, body.as_ref());
    !answer.body.is_empty() && wants_proof(&answer)
}

/// AUT-06
#[test]
fn each_dangerous_action_asks_for_a_fresh_proof_in_its_session() {
    for kind in ["token", "cookie"] {
        for has_factor in [false, true] {
            let app = TestApp::start();
            app.token("ann");
            let factor = has_factor.then(|| factors::enrol(&app, "ann"));
            let code = |app: &TestApp| {
                app.clock.pass(30_000);
                factor.as_ref().map(|factor| factor.code(app))
            };
            let fits = |action: &&Action| match action.1 {
                // One that is on cannot be set up, and one that is off has no codes.
                "/api/v1/auth/totp" if action.0 == "POST" => !has_factor,
                path if path.contains("totp") => has_factor,
                _ => true,
            };
            let all = actions();
            let stale = sign_in(&app, kind, code(&app));
            app.clock.pass(5 * MINUTE);
            for action in all.iter().filter(fits) {
                let (method, path, body) = action;
                let none = app.client().send(method, path, None, &[], body.as_ref());
                assert_eq!(none.code(), 1001, "{path} by nobody");
                assert!(is_refused(&app, &stale, action), "{kind} {path}, stale");
            }
            let fresh = sign_in(&app, kind, code(&app));
            for action in all.iter().filter(fits) {
                let path = action.1;
                assert!(
                    is_refused(&app, &stale, action),
                    "{kind} {path}, another session's proof"
                );
                if path != "/api/v1/auth/me/password" {
                    assert!(!is_refused(&app, &fresh, action), "{kind} {path}, fresh");
                }
            }
            // The first ends the other sessions, so it comes last.
            assert!(!is_refused(&app, &fresh, &all[0]), "{kind} password, fresh");
            app.clock.pass(5 * MINUTE);
            assert!(is_refused(&app, &fresh, &all[0]), "{kind} password, stale again");
        }
    }
}

/// What changes who may do what, or gives much money back; each can be done once in a shop of [`shop_of_dangers`].
fn dangers(app: &TestApp, order: i64) -> Vec<(&'static str, String, Option<Value>)> {
    let bob = app.number("SELECT id FROM users WHERE username = 'bob'");
    let role = app.number("SELECT id FROM roles WHERE name = 'packer'");
    let of = |method, path: &str, body: Option<Value>| (method, format!("/api/v1{path}"), body);
    vec![
        of(
            "POST",
            "/users",
            Some(json!({ "username": "mia", "email": "mia@shop.test", "role": "staff" })),
        ),
        of(
            "PATCH",
            &format!("/users/{bob}"),
            Some(json!({ "role": "staff", "version": 1 })),
        ),
        of("POST", "/roles", Some(role_of("clerk"))),
        of(
            "PUT",
            &format!("/roles/{role}"),
            Some(json!({ "permissions": ["orders:read", "products:read"], "version": 1 })),
        ),
        of("DELETE", &format!("/roles/{}", role + 1), None),
        of("POST", "/api-keys", Some(crate::permissions_bodies::api_key())),
        of("POST", "/webhooks/endpoints/1/rotate-secret", Some(json!({}))),
        of(
            "POST",
            &format!("/orders/{order}/refunds"),
            Some(json!({ "amount": "1.00", "reason": "broken" })),
        ),
    ]
}

fn role_of(name: &str) -> Value {
    json!({ "name": name, "permissions": ["orders:read"] })
}

fn shop_of_dangers() -> (TestApp, i64) {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    app.token("bob");
    for role in ["packer", "painter"] {
        assert_eq!(app.post("owner", "/api/v1/roles", role_of(role)).status, 201);
    }
    let endpoint = crate::permissions_bodies::endpoint();
    assert_eq!(
        app.post("owner", "/api/v1/webhooks/endpoints", endpoint).status,
        201
    );
    let order = crate::permissions::paid(&app);
    app.execute("INSERT INTO settings (name, value) VALUES ('refunds.step_up_above', '0')");
    app.make_user("owner2");
    (app, order)
}

/// AUT-06: roles, rights, invitations, keys, secrets of endpoints and refunds ask for the proof of their own session: a
/// stale one, another's proof and one that has run out by now are not enough, and a change of role ends it.
#[test]
fn whatever_gives_rights_or_money_asks_for_its_own_fresh_proof() {
    for kind in ["token", "cookie"] {
        let (app, order) = shop_of_dangers();
        let all = dangers(&app, order);
        let (stale, other) = (
            sign_in_as(&app, "owner", kind, None),
            sign_in_as(&app, "owner", kind, None),
        );
        app.clock.pass(5 * MINUTE);
        let proved = other.send(&app, "POST", STEP_UP, Some(&json!({ "password": PASSWORD })));
        assert_eq!(proved.status, 204, "{}", proved.body);
        let changed = sign_in_as(&app, "owner2", kind, None);
        for (method, path, body) in &all {
            let none = app.client().send(method, path, None, &[], body.as_ref());
            assert_eq!(none.code(), 1001, "{method} {path} by nobody");
            let refused = stale.send(&app, method, path, body.as_ref());
            assert!(
                wants_proof(&refused),
                "{kind} {method} {path}, another's proof: {}",
                refused.body
            );
        }
        let fresh = sign_in_as(&app, "owner", kind, None);
        for (method, path, body) in &all {
            let done = fresh.send(&app, method, path, body.as_ref());
            assert!(
                done.status < 300,
                "{kind} {method} {path}, fresh: {} {}",
                done.status,
                done.body
            );
        }
        let id = app.number("SELECT id FROM users WHERE username = 'owner2'");
        let role = Some(
            json!({ "role": "staff", "version": app.number("SELECT version FROM users WHERE username = 'owner2'") }),
        );
        let given = fresh.send(&app, "PATCH", &format!("/api/v1/users/{id}"), role.as_ref());
        assert_eq!(given.status, 200, "{}", given.body);
        for (method, path, body) in &all {
            let over = changed.send(&app, method, path, body.as_ref());
            assert_eq!(
                over.status, 401,
                "{kind} {method} {path}, another role: {}",
                over.body
            );
        }
        app.clock.pass(5 * MINUTE);
        for (method, path, body) in again(&app, order) {
            let expired = fresh.send(&app, method, &path, body.as_ref());
            assert!(
                wants_proof(&expired),
                "{kind} {method} {path}, expired: {}",
                expired.body
            );
        }
    }
}

/// The same once more, of things that are still to be had.
fn again(app: &TestApp, order: i64) -> Vec<(&'static str, String, Option<Value>)> {
    let count = |sql: &str| app.number(sql);
    let version = count("SELECT version FROM roles WHERE name = 'packer'");
    let bob = count("SELECT version FROM users WHERE username = 'bob'");
    let kept = dangers(app, order).into_iter().map(|(method, path, body)| {
        let body = body.map(|mut body| {
            if body.get("version").is_some() {
                body["version"] = json!(if path.contains("/roles/") { version } else { bob });
            }
            match body.get("role").is_some() && path.contains("/users/") {
                true => body["role"] = json!("seller"),
                false if body.get("username").is_some() => {
                    body["username"] = json!("max");
                    body["email"] = json!("max@shop.test");
                }
                false if body.get("name") == Some(&json!("clerk")) => body["name"] = json!("courier"),
                false => {}
            }
            body
        });
        (method, path, body)
    });
    // The role that was deleted is not there any more.
    kept.filter(|(method, ..)| *method != "DELETE").collect()
}

/// AUT-06, TOK-06: a proof makes the session fresh, and gives its cookie another value.
#[test]
fn a_step_up_makes_the_session_fresh_and_its_cookie_new() {
    let app = TestApp::start();
    app.token("ann");
    let (mut by_cookie, by_token) = (sign_in(&app, "cookie", None), sign_in(&app, "token", None));
    app.clock.pass(5 * MINUTE);
    let email = ("PATCH", ME, Some(json!({ "email": "new@shop.test" })));
    for body in [
        json!({}),
        json!({ "password": "not the password" }),
        json!({ "totp": "123456" }),
    ] {
        let answer = by_cookie.send(&app, "POST", STEP_UP, Some(&body));
        assert!(
            answer.status >= 400 && session_cookie(&answer).is_none(),
            "{body}: {}",
            answer.body
        );
        assert!(is_refused(&app, &by_cookie, &email));
    }
    let right = json!({ "password": PASSWORD });
    let done = by_token.send(&app, "POST", STEP_UP, Some(&right));
    assert_eq!((done.status, session_cookie(&done)), (204, None));
    assert!(!is_refused(&app, &by_token, &email));
    assert!(
        is_refused(&app, &by_cookie, &email),
        "a proof is its session's own"
    );
    let done = by_cookie.send(&app, "POST", STEP_UP, Some(&right));
    assert_eq!(done.status, 204, "{}", done.body);
    let renewed = session_cookie(&done).unwrap();
    assert_eq!(
        by_cookie.send(&app, "GET", ME, None).status,
        401,
        "the former value is dead"
    );
    by_cookie.cookie = Some(renewed);
    assert_eq!(by_cookie.send(&app, "GET", ME, None).status, 200);
    assert!(!is_refused(&app, &by_cookie, &email));
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 80"), 2);
}

/// AUT-06: who has a second factor shows that.
#[test]
fn who_has_a_second_factor_steps_up_by_it() {
    let app = TestApp::start();
    let factor = factors::enrol(&app, "ann");
    let answer = app.post("ann", STEP_UP, json!({ "password": PASSWORD }));
    assert_eq!(
        (answer.code(), &answer.json()["error"]["details"]["totp"]),
        (1007, &json!(true))
    );
    let code = factor.code(&app);
    let answer = app.post("ann", STEP_UP, json!({ "password": PASSWORD, "totp": code }));
    assert_eq!(answer.status, 204, "{}", answer.body);
    assert_eq!(
        app.post("ann", STEP_UP, json!({ "totp": code })).code(),
        1007,
        "once"
    );
    assert_eq!(
        app.post("ann", STEP_UP, json!({ "totp": factor.recovery[0] }))
            .status,
        204
    );
}

/// AUT-06: nobody's proof is another's, and who tries with one uses nothing of theirs up.
#[test]
fn a_proof_of_somebody_else_proves_nothing() {
    let app = TestApp::start();
    let (ann, bob) = (factors::enrol(&app, "ann"), factors::enrol(&app, "bob"));
    app.clock.pass(5 * MINUTE);
    let proof = |who: &str, body: serde_json::Value| app.post(who, STEP_UP, body).status;
    let codes = || ("POST", "/api/v1/auth/totp/recovery-codes");
    let is_fresh = |who: &str| {
        let (method, path) = codes();
        app.send(method, who, path, &[], None).status == 200
    };
    assert!(!is_fresh("ann") && !is_fresh("bob"));
    for theirs in [bob.code(&app), bob.recovery[0].clone()] {
        for body in [
            json!({ "totp": theirs }),
            json!({ "password": PASSWORD, "totp": theirs }),
        ] {
            assert_eq!(proof("ann", body.clone()), 401, "{body}");
            assert!(!is_fresh("ann"), "{body}");
        }
    }
    // What they could not use is still bob's, and his session is as stale as it was.
    assert!(!is_fresh("bob"));
    assert_eq!(proof("bob", json!({ "totp": bob.code(&app) })), 204);
    assert!(is_fresh("bob") && !is_fresh("ann"));
    assert_eq!(proof("ann", json!({ "totp": ann.code(&app) })), 204);
    assert!(is_fresh("ann"));
}
