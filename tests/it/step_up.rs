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
    let body = json!({ "username": "ann", "password": PASSWORD, "session": kind, "totp": totp });
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
