//! Second factors: set up, asked for, used once, lost, and the fence around staff who have none.

use serde_json::Value;
use serde_json::json;
use till::domain::actor::Actor;
use till::domain::actor::Origin;
use till::domain::user::SessionKind;
use till::error::Result;
use till::shop::factors;
use till::shop::login;
use till::shop::login::Entered;
use till::shop::login::Entry;
use till::shop::login::Second;
use till::shop::sessions::Device;
use till::shop::sessions::Opened;
use till::shop::waiting;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;

const LOGIN: &str = "/api/v1/auth/login";
const ME: &str = "/api/v1/auth/me";
const SECOND: i64 = 1000;
const STEP: i64 = 30 * SECOND;
const MINUTE: i64 = 60 * SECOND;

/// Somebody's device and the codes on paper.
pub struct Factor {
    seed: Vec<u8>,
    pub recovery: Vec<String>,
}

impl Factor {
    /// The code of now.
    pub fn code(&self, app: &TestApp) -> String {
        self.code_in(app, 0)
    }

    fn code_in(&self, app: &TestApp, steps: i64) -> String {
        let totp = totp_rs::Builder::new()
            .with_secret(self.seed.clone())
            .build()
            .unwrap();
        let at = (app.clock.now().ms() + steps * STEP) / 1000;
        totp.generate(at as u64).to_string()
    }
}

/// The code of now of a seed as it is typed.
pub fn code_of(app: &TestApp, secret: &str) -> String {
    let seed = totp_rs::Secret::try_from_base32(secret)
        .unwrap()
        .as_bytes()
        .to_vec();
    Factor {
        seed,
        recovery: Vec::new(),
    }
    .code(app)
}

/// Sets up a second factor for a user.
pub fn enrol(app: &TestApp, who: &str) -> Factor {
    let begun = app.send("POST", who, "/api/v1/auth/totp", &[], None);
    assert_eq!(begun.status, 200, "{}", begun.body);
    let told = begun.json();
    let secret = told["secret"].as_str().unwrap();
    let url = told["otpauth_url"].as_str().unwrap();
    assert!(url.starts_with(&format!(
        "otpauth://totp/Till:{who}%40shop.test?secret={secret}&issuer=Till"
    )));
    let mut factor = Factor {
        seed: totp_rs::Secret::try_from_base32(secret)
            .unwrap()
            .as_bytes()
            .to_vec(),
        recovery: Vec::new(),
    };
    let body = json!({ "code": factor.code(app) });
    let done = app.post(who, "/api/v1/auth/totp/confirm", body);
    assert_eq!(done.status, 200, "{}", done.body);
    let codes = done.json()["recovery_codes"].clone();
    factor.recovery = serde_json::from_value(codes).unwrap();
    assert_eq!(factor.recovery.len(), 10);
    // The code that confirmed it has been used.
    app.clock.pass(STEP);
    factor
}

pub fn sign_in(app: &TestApp, who: &str, totp: Option<&str>) -> Answer {
    let mut body = json!({ "username": who, "password": PASSWORD });
    if let Some(totp) = totp {
        body["totp"] = json!(totp);
    }
    app.post("nobody", LOGIN, body)
}

fn facts(answer: &Answer) -> (u16, u64) {
    (answer.status, answer.code())
}

/// AUT-05
#[test]
fn a_code_is_asked_for_and_good_once() {
    let app = TestApp::start();
    let factor = enrol(&app, "ann");
    assert_eq!(app.get("ann", ME).json()["totp"], true);
    let none = sign_in(&app, "ann", None);
    assert_eq!(
        (facts(&none), &none.json()["error"]["details"]["totp"]),
        ((401, 1007), &json!(true))
    );
    // To forget the code is no failure.
    for _ in 0..10 {
        assert_eq!(facts(&sign_in(&app, "ann", None)), (401, 1007));
    }
    let code = factor.code(&app);
    assert_eq!(sign_in(&app, "ann", Some(&code)).status, 200);
    for _ in 0..100 {
        app.change("DELETE FROM login_failures");
        assert_eq!(facts(&sign_in(&app, "ann", Some(&code))), (401, 1007));
    }
    app.change("DELETE FROM login_failures");
    // One step before is behind the last that was used, one after is not.
    assert_eq!(sign_in(&app, "ann", Some(&factor.code_in(&app, -1))).status, 401);
    let ahead = factor.code_in(&app, 1);
    assert_eq!(sign_in(&app, "ann", Some(&ahead)).status, 200);
    app.clock.pass(STEP);
    assert_eq!(sign_in(&app, "ann", Some(&ahead)).status, 401);
    assert_eq!(sign_in(&app, "ann", Some(&factor.code_in(&app, 2))).status, 401);
    let wrong = json!({ "username": "ann", "password": "not the password", "totp": factor.code_in(&app, 1) });
    assert_eq!(app.post("nobody", LOGIN, wrong).code(), 1002);
    assert_eq!(sign_in(&app, "ann", Some(&factor.code_in(&app, 1))).status, 200);
}

/// AUT-05
#[test]
fn a_recovery_code_goes_where_the_code_goes_and_is_good_once() {
    let app = TestApp::start();
    let factor = enrol(&app, "ann");
    let of_bob = enrol(&app, "bob");
    let typed = factor.recovery[0].to_uppercase().replace('-', " ");
    assert_eq!(sign_in(&app, "ann", Some(&typed)).status, 200);
    assert_eq!(sign_in(&app, "ann", Some(&factor.recovery[0])).status, 401);
    assert_eq!(sign_in(&app, "ann", Some(&of_bob.recovery[1])).status, 401);
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 91"), 1);
    let renewed = app.send("POST", "ann", "/api/v1/auth/totp/recovery-codes", &[], None);
    let codes = renewed.json()["recovery_codes"].clone();
    assert_eq!(sign_in(&app, "ann", Some(&factor.recovery[1])).status, 401);
    assert_eq!(sign_in(&app, "ann", codes[9].as_str()).status, 200);
    // Their 120 bits stand nowhere but on paper.
    let file = std::fs::read(app.dir().join("till.db-wal")).unwrap();
    for code in &of_bob.recovery {
        assert!(!file.windows(code.len()).any(|part| part == code.as_bytes()));
    }
}

/// AUT-05, AUT-04
#[test]
fn five_wrong_codes_lock_the_codes_of_a_user() {
    let app = TestApp::start();
    let factor = enrol(&app, "ann");
    for _ in 0..5 {
        assert_eq!(facts(&sign_in(&app, "ann", Some("000000"))), (401, 1007));
    }
    let good = factor.code(&app);
    let locked = sign_in(&app, "ann", Some(&good));
    assert_eq!(
        (facts(&locked), locked.header("retry-after")),
        ((423, 1006), Some("900"))
    );
    let body = json!({ "totp": good });
    assert_eq!(app.post("ann", "/api/v1/auth/step-up", body).status, 423);
    app.clock.pass(15 * MINUTE);
    assert_eq!(sign_in(&app, "ann", Some(&factor.code(&app))).status, 200);
}

/// AUT-05: what a code is asked of, it is asked on every road.
#[test]
fn a_factor_is_taken_away_by_its_own_code() {
    let app = TestApp::start();
    let missing = app.send(
        "DELETE",
        "ann",
        "/api/v1/auth/totp",
        &[],
        Some(&json!({ "code": "123456" })),
    );
    assert_eq!(facts(&missing), (409, 6003));
    let factor = enrol(&app, "ann");
    assert_eq!(
        app.send("POST", "ann", "/api/v1/auth/totp", &[], None).code(),
        6003
    );
    let remove = |code: &str| {
        let body = json!({ "code": code });
        app.send("DELETE", "ann", "/api/v1/auth/totp", &[], Some(&body))
    };
    assert_eq!(facts(&remove("000000")), (401, 1007));
    assert_eq!(remove(&factor.code(&app)).status, 204);
    assert_eq!(sign_in(&app, "ann", None).status, 200);
    assert_eq!(app.get("ann", ME).json()["totp"], false);
    let sent = "SELECT group_concat(template) FROM (SELECT template FROM mails ORDER BY id)";
    let told: String = app.db().query_row(sent, [], |row| row.get(0)).unwrap();
    assert_eq!(told, "6,7");
    let again = enrol(&app, "ann");
    let seen = app
        .app()
        .store()
        .write(|tx| factors::reset(tx, &Actor::system(), till::domain::id::UserId(1)));
    assert!(!seen.unwrap().has_factor);
    assert_eq!(app.get("ann", ME).status, 401, "all sessions have ended");
    app.forget_tokens();
    assert_eq!(
        sign_in(&app, "ann", Some(&again.recovery[0])).status,
        200,
        "whatever is sent for a code"
    );
}

/// AUT-05: a code that confirms is held to the same rules.
#[test]
fn an_enrolment_waits_a_while_for_its_first_code() {
    let app = TestApp::start();
    let confirm = |code: &str| app.post("ann", "/api/v1/auth/totp/confirm", json!({ "code": code }));
    assert_eq!(facts(&confirm("123456")), (409, 6003));
    app.send("POST", "ann", "/api/v1/auth/totp", &[], None);
    assert_eq!(facts(&confirm("000000")), (400, 2001));
    assert_eq!(
        sign_in(&app, "ann", None).status,
        200,
        "nothing is asked before it is confirmed"
    );
    for _ in 0..4 {
        confirm("000000");
    }
    assert_eq!(confirm("000000").status, 423);
    app.clock.pass(15 * MINUTE);
    app.forget_tokens();
    assert_eq!(facts(&confirm("000000")), (409, 6003), "it has waited too long");
}

/// Signs in by cookie; the session's cookie as a browser sends it.
fn come_in(app: &TestApp, who: &str) -> String {
    let body = json!({ "username": who, "password": PASSWORD, "session": "cookie" });
    let answer = app.post("nobody", LOGIN, body);
    let lines = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
    let line = lines
        .map(|(_, line)| line.clone())
        .find(|line| line.starts_with("till="));
    line.unwrap().split(';').next().unwrap().to_owned()
}

fn with(app: &TestApp, cookie: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
    let headers = [("cookie", cookie), ("sec-fetch-site", "same-origin")];
    app.client().send(method, path, None, &headers, body)
}

/// A shop that asks its staff for a second factor.
pub fn strict() -> TestApp {
    let app = TestApp::start();
    for who in ["ann", "staff", "owner"] {
        app.token(who);
    }
    app.change("UPDATE settings SET value = '1' WHERE name = 'staff.second_factor'");
    app
}

/// AUT-05
#[test]
fn staff_without_a_factor_reach_only_its_enrolment() {
    let app = strict();
    for who in ["staff", "owner"] {
        let cookie = come_in(&app, who);
        for (method, path) in [
            ("GET", "/api/v1/orders"),
            ("GET", "/api/v1/audit-logs"),
            ("GET", "/api/v1/auth/sessions"),
            ("POST", "/api/v1/auth/me/password"),
            ("POST", "/api/v1/products"),
        ] {
            let body = json!({});
            let answer = with(
                &app,
                &cookie,
                method,
                path,
                Some(&body).filter(|_| method == "POST"),
            );
            assert_eq!(facts(&answer), (401, 1007), "{who} {path}");
            assert_eq!(answer.json()["error"]["details"]["enrol"], true);
        }
        let page = with(&app, &cookie, "GET", "/admin/orders", None);
        assert_eq!(
            (page.status, page.header("location")),
            (303, Some("/admin/factor"))
        );
        assert_eq!(
            app.get(who, "/api/v1/orders").status,
            200,
            "a token session is not fenced"
        );
        assert_eq!(with(&app, &cookie, "GET", ME, None).status, 200);
        let name = json!({ "name": "New" });
        assert_eq!(with(&app, &cookie, "PATCH", ME, Some(&name)).status, 200);
        let out = with(&app, &cookie, "POST", "/api/v1/auth/logout", None);
        assert_eq!(
            (out.status, out.header("clear-site-data")),
            (200, Some("\"storage\""))
        );
    }
    let cookie = come_in(&app, "ann");
    let orders = with(&app, &cookie, "GET", "/api/v1/orders", None);
    assert_eq!(orders.status, 200, "customers as they like");
}

/// AUT-05: the fence opens for the session that has set the factor up, and every other one ends.
#[test]
fn who_has_set_up_a_factor_is_let_in() {
    let app = strict();
    for who in ["staff", "owner"] {
        let (cookie, other) = (come_in(&app, who), come_in(&app, who));
        let begun = with(&app, &cookie, "POST", "/api/v1/auth/totp", None).json();
        let seed = totp_rs::Secret::try_from_base32(begun["secret"].as_str().unwrap()).unwrap();
        let factor = Factor {
            seed: seed.as_bytes().to_vec(),
            recovery: Vec::new(),
        };
        let body = json!({ "code": factor.code(&app) });
        let done = with(&app, &cookie, "POST", "/api/v1/auth/totp/confirm", Some(&body));
        assert_eq!(done.status, 200, "{}", done.body);
        let orders = with(&app, &cookie, "GET", "/api/v1/orders", None);
        assert_eq!(orders.status, 200, "{who} has one now");
        let former = with(&app, &other, "GET", ME, None);
        assert_eq!(former.status, 401, "a session that never showed it ends");
        assert_eq!(app.get(who, ME).status, 401);
    }
}

/// A sign-in by pages: the password now, the code later.
fn begin(app: &TestApp, who: &str) -> Entered {
    let keys = app.app().keys().clone();
    let device = Device::default();
    let (typed, known) = (who.to_owned(), device.clone());
    let store = app.app().store();
    let attempt = store.write(move |tx| login::begin(tx, &typed, &known)).unwrap();
    let outcome = login::evaluate(&attempt, PASSWORD).unwrap();
    let entry = Entry {
        kind: SessionKind::Cookie,
        device,
        second: Second::Later,
    };
    let by = Actor::guest(Origin::default());
    let entered = store.write(move |tx| login::finish(tx, &by, &keys, &attempt, &outcome, &entry));
    entered.unwrap()
}

fn go_on(app: &TestApp, secret: &str, code: &str) -> Result<Opened> {
    let keys = app.app().keys().clone();
    let (secret, code) = (secret.to_owned(), code.to_owned());
    let by = Actor::guest(Origin::default());
    let act = move |tx: &till::shop::Tx| waiting::finish(tx, &by, &keys, &secret, &code, &Device::default());
    app.app().store().write(act)
}

fn waiting_secret(app: &TestApp, who: &str) -> String {
    match begin(app, who) {
        Entered::Waiting(waiting) => waiting.secret,
        Entered::Opened(_) => panic!("no code was asked for"),
    }
}

/// AUT-05, TOK-04: what waits is gone on with once; a repetition within ten seconds gives the same session.
#[test]
fn a_sign_in_that_waits_is_gone_on_with_once() {
    let app = TestApp::start();
    app.token("bob");
    assert!(matches!(begin(&app, "bob"), Entered::Opened(_)));
    let factor = enrol(&app, "ann");
    let secret = waiting_secret(&app, "ann");
    let sessions = || app.number("SELECT count(*) FROM sessions WHERE kind = 1");
    let before = sessions();
    assert!(go_on(&app, &secret, "000000").is_err());
    let code = factor.code(&app);
    let opened = go_on(&app, &secret, &code).unwrap();
    assert_eq!(opened.kind, SessionKind::Cookie);
    app.clock.pass(10 * SECOND);
    let again = go_on(&app, &secret, &code).unwrap();
    assert_eq!((again.session, &again.secret), (opened.session, &opened.secret));
    assert!(go_on(&app, &secret, "000000").is_err(), "not by another code");
    assert_eq!(sessions(), before + 1);
    let cookie = format!("till={}", opened.secret);
    let look = || {
        app.client()
            .send("GET", ME, None, &[("cookie", &cookie)], None)
            .status
    };
    assert_eq!(look(), 200);
    app.clock.pass(1);
    assert!(go_on(&app, &secret, &code).is_err());
    let carried = format!("till={secret}");
    let answer = app.client().send("GET", ME, None, &[("cookie", &carried)], None);
    assert_eq!(answer.status, 401, "what waits is no session");
    for odd in ["", "AAAA", "!", &opened.secret] {
        assert!(go_on(&app, odd, &code).is_err(), "{odd}");
    }
}

/// AUT-05: five wrong ones count per user, and what waits has its time.
#[test]
fn a_sign_in_does_not_wait_for_ever() {
    let app = TestApp::start();
    let factor = enrol(&app, "ann");
    for _ in 0..5 {
        // Each in a sign-in of its own: it is the user who is counted.
        let secret = waiting_secret(&app, "ann");
        assert_eq!(go_on(&app, &secret, "000000").unwrap_err().code().facts().1, 1007);
    }
    let secret = waiting_secret(&app, "ann");
    let refused = go_on(&app, &secret, &factor.code(&app)).unwrap_err();
    assert_eq!(refused.code().facts().1, 1006);
    app.clock.pass(15 * MINUTE);
    assert!(
        go_on(&app, &secret, &factor.code(&app)).is_err(),
        "over after ten minutes"
    );
    let secret = waiting_secret(&app, "ann");
    app.change("UPDATE users SET token_epoch = token_epoch + 1 WHERE username = 'ann'");
    assert!(
        go_on(&app, &secret, &factor.code(&app)).is_err(),
        "signed out meanwhile"
    );
    let secret = waiting_secret(&app, "ann");
    assert!(go_on(&app, &secret, &factor.code(&app)).is_ok());
}

/// LOG-01: seeds are in no file, and a seed that is put into another's row opens nothing.
#[test]
fn a_seed_is_sealed_into_its_users_row() {
    let app = TestApp::start();
    let (ann, bob) = (enrol(&app, "ann"), enrol(&app, "bob"));
    for name in ["till.db", "till.db-wal"] {
        let file = std::fs::read(app.dir().join(name)).unwrap_or_default();
        for factor in [&ann, &bob] {
            let text = till::secret::totp::seed_text(&factor.seed);
            for canary in [&factor.seed[..], text.as_bytes()] {
                assert!(!file.windows(canary.len()).any(|part| part == canary), "{name}");
            }
        }
    }
    let key = app.dir().join("keys/seal");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(key).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    app.file()
        .execute_batch(
            "CREATE TEMP TABLE former AS SELECT id, seed FROM factors;
             UPDATE factors SET seed = (SELECT seed FROM former WHERE former.id = 3 - factors.id)",
        )
        .unwrap();
    for (who, factor) in [("ann", &bob), ("bob", &ann), ("ann", &ann)] {
        assert_eq!(sign_in(&app, who, Some(&factor.code(&app))).status, 500, "{who}");
    }
    // To change owners instead of seeds is no better.
    app.file()
        .execute_batch(
            "UPDATE factors SET seed = (SELECT seed FROM (SELECT id, seed FROM factors) f WHERE f.id = 3 - factors.id);
             UPDATE factors SET user_id = 99 - user_id",
        )
        .unwrap_err();
}

/// AUT-05
#[test]
fn a_device_scans_what_is_drawn() {
    let app = TestApp::start();
    app.token("ann");
    let mut by = Actor::guest(Origin::default());
    by.user = Some(till::domain::id::UserId(1));
    by.kind = till::domain::actor::ActorKind::System;
    let keys = app.app().keys().clone();
    let enrolment = app
        .app()
        .store()
        .write(move |tx| factors::begin(tx, &by, &keys))
        .unwrap();
    let svg = enrolment.qr_svg().unwrap();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"), "{svg}");
    assert!(svg.len() > 2000 && !svg.contains(&enrolment.secret));
}
