//! The sign-in by a form, however often its button is pressed.

use std::collections::BTreeSet;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;
use crate::pages::Browser;
use crate::pages::OURS;
use crate::pages::filled;
use crate::pages::has_form;

const STEP_UP: &str = "/admin/step-up";
const NEW: &str = "another long walk in 9 boots";

/// Sends a form so many times at once.
pub fn press(browser: &Browser, path: &str, fields: &[(String, String)], times: usize) -> Vec<Answer> {
    let cookies = browser.cookie();
    std::thread::scope(|scope| {
        let sent: Vec<_> = (0..times)
            .map(|_| {
                let (app, cookies) = (browser.app(), &cookies);
                scope.spawn(move || Browser::holding(app, cookies).post(path, fields, &[OURS]))
            })
            .collect();
        sent.into_iter().map(|sent| sent.join().unwrap()).collect()
    })
}

/// N3, AUT-04: a sign-in sent ten times at once is one: one session, or one failure.
#[test]
fn a_sign_in_sent_ten_times_is_one() {
    let app = TestApp::start();
    app.token("staff");
    let sessions = || app.number("SELECT count(*) FROM sessions WHERE kind = 1");
    let failures = || app.number("SELECT ifnull(max(failures), 0) FROM login_failures");
    let devices = || app.number("SELECT count(*) FROM known_devices");
    let known = devices();
    let browser = Browser::new(&app);
    let page = browser.get("/admin/login");
    let typed = |password: &'static str| [("email", "staff"), ("password", password)];
    let wrong = press(
        &browser,
        "/admin/login",
        &filled(&page, "/admin/login", &typed("not it")),
        10,
    );
    assert!(
        wrong
            .iter()
            .all(|answer| answer.status == 401 && has_form(answer, "/admin/login"))
    );
    assert_eq!((sessions(), failures()), (0, 1));
    // Another password under the same key is another try.
    let right = filled(&page, "/admin/login", &typed(PASSWORD));
    let let_in = press(&browser, "/admin/login", &right, 10);
    let told: BTreeSet<_> = let_in
        .iter()
        .map(|answer| (answer.status, answer.header("set-cookie")))
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((let_in[0].status, sessions(), failures()), (303, 1, 0));
    assert_eq!(devices(), known + 1);
    // Once the reply has come, the button pressed again leads on.
    browser.post("/admin/login", &right, &[OURS]);
    let again = browser.post("/admin/login", &right, &[OURS]);
    assert_eq!(
        (again.status, again.header("location")),
        (303, Some("/admin/orders"))
    );
    assert_eq!(sessions(), 1);
    // Later the form is a new one: what it gave is no longer told.
    app.clock.pass(11_000);
    assert_eq!(
        press(
            &Browser::holding(&app, &page_cookies(&page)),
            "/admin/login",
            &right,
            1
        )[0]
        .status,
        303
    );
    assert_eq!(sessions(), 2);
}

/// What ten answers have alike: the status, where they lead and what they set.
pub fn alike(sent: &[Answer]) -> (u16, Option<String>) {
    let told: BTreeSet<_> = sent
        .iter()
        .map(|answer| {
            let cookie = answer.header("set-cookie");
            (answer.status, answer.header("location"), cookie)
        })
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    let (status, location, _) = told.into_iter().next().unwrap();
    (status, location.map(str::to_owned))
}

pub fn failures(app: &TestApp) -> i64 {
    app.number("SELECT ifnull(max(failures), 0) FROM login_failures")
}

pub fn done(app: &TestApp, action: &str) -> i64 {
    let action = till::domain::audit::Action::ALL
        .iter()
        .find(|known| known.name() == action);
    app.number(&format!(
        "SELECT count(*) FROM audit WHERE action = {}",
        action.unwrap().number()
    ))
}

/// N3, AUT-04: a password changed by a form that is sent ten times at once is changed once; a wrong one is one failure.
#[test]
fn a_password_changed_ten_times_at_once_is_changed_once() {
    let app = TestApp::start();
    let owner = Browser::signed_in(&app, "owner");
    let change = "/admin/profile/password";
    let form = |present: &str| {
        let typed = [("present_password", present), ("password", NEW)];
        filled(&owner.get("/admin/profile"), change, &typed)
    };
    let wrong = press(&owner, change, &form("not it at all"), 10);
    assert_eq!((alike(&wrong).0, failures(&app)), (400, 1));
    let right = press(&owner, change, &form(PASSWORD), 10);
    let (status, to) = alike(&right);
    assert!(status == 303 && to.unwrap().starts_with("/admin/profile?done="));
    assert_eq!((done(&app, "user.password_changed"), failures(&app)), (1, 0));
}

/// N3, AUT-06: so is a proof, by the password and by a code: one proof, one new cookie, told to each; wrong, it is one
/// failure.
#[test]
fn a_proof_sent_ten_times_at_once_is_one() {
    for has_factor in [false, true] {
        let app = TestApp::start();
        let owner = Browser::signed_in(&app, "owner");
        let factor = has_factor.then(|| crate::factors::enrol(&app, "owner"));
        let owner = match &factor {
            None => owner,
            Some(factor) => {
                let owner = Browser::new(&app);
                let typed = [("email", "owner"), ("password", PASSWORD)];
                let asked = owner.submit(&owner.get("/admin/login"), "/admin/login", &typed);
                let come_in = owner.submit(&asked, "/admin/totp", &[("code", &factor.code(&app))]);
                assert_eq!(come_in.status, 303, "{}", come_in.body);
                owner
            }
        };
        app.clock.pass(360_000);
        let email = "/admin/profile/email";
        let asked = owner.submit(&owner.get("/admin/profile"), email, &[("email", "new@shop.test")]);
        let form = |text: &str| {
            let typed = [(if has_factor { "code" } else { "password" }, text)];
            filled(&asked, STEP_UP, &typed)
        };
        let wrong = press(&owner, STEP_UP, &form("000000"), 10);
        assert_eq!((alike(&wrong).0, failures(&app)), (401, 1));
        let proof = factor.map_or_else(|| PASSWORD.to_owned(), |factor| factor.code(&app));
        let right = press(&owner, STEP_UP, &form(&proof), 10);
        assert_eq!((alike(&right).0, failures(&app)), (200, 0));
        assert_eq!(done(&app, "auth.stepped_up"), 1);
        // Whoever comes after all of them with the former cookie is told the same.
        let late = press(&owner, STEP_UP, &form(&proof), 1);
        assert_eq!(late[0].header("set-cookie"), right[0].header("set-cookie"));
        app.clock.pass(11_000);
        assert_eq!(
            press(&owner, STEP_UP, &form(&proof), 1)[0].status,
            401,
            "and no longer"
        );
    }
}

/// N3, AUT-07: a link whose form is sent ten times at once is used once, and each is told the same: a new password, an
/// invitation, the owner of a shop.
#[test]
fn a_link_used_ten_times_at_once_is_used_once() {
    let app = TestApp::start();
    let browser = Browser::new(&app);
    let setup = crate::setup::link(&app);
    let form = filled(&browser.get(&setup), &setup, &crate::setup::FORM);
    let made = press(&browser, &setup, &form, 10);
    assert_eq!(alike(&made), (303, Some("/admin/orders".to_owned())));
    assert_eq!(done(&app, "file.set_up"), 1);

    let app = TestApp::start();
    let owner = Browser::signed_in(&app, "owner");
    let typed = [("username", "mia"), ("email", "mia@shop.test"), ("role", "staff")];
    owner.submit(&owner.get("/admin/users/new"), "/admin/users", &typed);
    let invitation = format!("/admin/invitation/{}", crate::people::invitation(&app, "mia"));
    let browser = Browser::new(&app);
    let form = filled(&browser.get(&invitation), &invitation, &[("password", NEW)]);
    let come_in = press(&browser, &invitation, &form, 10);
    assert_eq!(alike(&come_in), (303, Some("/admin/orders".to_owned())));
    assert_eq!(done(&app, "user.invitation_accepted"), 1);

    let browser = Browser::new(&app);
    browser.submit(
        &browser.get("/forgot"),
        "/forgot",
        &[("email", "owner@shop.test")],
    );
    let reset = format!("/reset/{}", crate::passwords::newest_link(&app).1);
    let form = filled(&browser.get(&reset), &reset, &[("password", NEW)]);
    let set = press(&browser, &reset, &form, 10);
    assert_eq!(alike(&set), (200, None));
    assert!(
        set.iter()
            .all(|answer| answer.body.contains("The password is set"))
    );
    assert_eq!(done(&app, "user.password_reset"), 1);
}

/// N3, AUT-05: a code that is wrong is one failure, however often its form is sent at once.
#[test]
fn a_wrong_code_sent_ten_times_is_one_failure() {
    let app = TestApp::start();
    let owner = Browser::signed_in(&app, "owner");
    owner.submit(&owner.get("/admin/factor"), "/admin/factor", &[]);
    let confirm = "/admin/factor/confirm";
    let form = filled(&owner.get("/admin/factor"), confirm, &[("code", "000000")]);
    let wrong = press(&owner, confirm, &form, 10);
    assert_eq!((alike(&wrong).0, failures(&app)), (400, 1));
    assert!(wrong.iter().all(|answer| answer.body.contains("href=\"#code\"")));
}

/// The cookies that a page has set.
fn page_cookies(page: &Answer) -> String {
    let lines = page.headers.iter().filter(|(name, _)| name == "set-cookie");
    let pairs: Vec<&str> = lines.map(|(_, line)| line.split(';').next().unwrap()).collect();
    pairs.join("; ")
}

/// AUT-04, T2: a lock is told in the place of the sign-in, to programs too, with when to come again.
#[test]
fn a_locked_sign_in_says_when_to_come_again() {
    let app = TestApp::start();
    app.token("staff");
    let browser = Browser::new(&app);
    let mut page = browser.get("/admin/login");
    let typed = [("email", "staff"), ("password", "not it at all")];
    for tries in 1..=6 {
        page = browser.submit(&browser.get("/admin/login"), "/admin/login", &typed);
        assert_eq!(page.status, if tries < 6 { 401 } else { 423 }, "{tries}");
        assert_eq!(page.header("retry-after").is_some(), tries == 6, "{tries}");
    }
    assert!(has_form(&page, "/admin/login"), "{}", page.body);
    assert_eq!(page.header("retry-after"), Some("900"));
}

/// T2: a customer who signs in where the shop's people do is told whose account that is, and let out again.
#[test]
fn a_customer_is_told_that_nothing_here_is_for_them() {
    let app = TestApp::start();
    let ann = Browser::signed_in(&app, "ann");
    for path in ["/admin", "/admin/login", "/admin/orders", "/admin/profile"] {
        let mut page = ann.get(path);
        if page.status == 303 {
            page = ann.follow(&page);
        }
        assert_eq!(page.status, 403, "{path}");
        assert!(page.body.contains("data-elsewhere"), "{path}: {}", page.body);
        assert!(
            page.body.contains("<bdi>ann</bdi></b>, role customer"),
            "{}",
            page.body
        );
    }
    let out = ann.submit(&ann.get("/admin/orders"), "/admin/logout", &[]);
    assert_eq!((out.status, out.header("location")), (303, Some("/admin/login")));
    assert_eq!(ann.get("/admin/login").status, 200);
    // Whoever works here and only lacks a right keeps the frame around it.
    let staff = Browser::signed_in(&app, "staff");
    assert!(!staff.get("/admin/settings").body.contains("data-elsewhere"));
}

/// WEB-02: the token of a session that is over is still bound to the cookie that the browser holds. It is good, with that
/// cookie and no other, for what anybody may do; what needs a session asks for one.
#[test]
fn the_token_of_a_session_that_is_over_opens_nothing() {
    let app = TestApp::start();
    let owner = Browser::signed_in(&app, "owner");
    let form = "/admin/profile";
    let page = owner.get(form);
    let other = Browser::signed_in(&app, "staff");
    app.clock.pass(13 * 60 * 60 * 1000);
    let of = |page: &Answer, name: &str| {
        let fields = filled(page, form, &[]);
        fields.into_iter().find(|(field, _)| field == name).unwrap()
    };
    let name = |fields: &[(String, String)]| {
        let mut fields = fields.to_vec();
        fields.push(("name".to_owned(), "Somebody else".to_owned()));
        fields
    };
    let tokens = [of(&page, "form_token"), of(&page, "idempotency_key")];
    let stale = owner.post(form, &name(&tokens), &[OURS]);
    assert!(stale.status == 401 && has_form(&stale, "/admin/login"));
    assert_eq!(
        app.number("SELECT count(*) FROM users WHERE name = 'Somebody else'"),
        0
    );
    let look = |browser: &Browser| {
        let mut fields = tokens.to_vec();
        fields.push(("theme".to_owned(), "dark".to_owned()));
        browser.post("/admin/theme", &fields, &[OURS]).status
    };
    let stranger = Browser::new(&app);
    stranger.get("/admin/login");
    assert_eq!((look(&owner), look(&other), look(&stranger)), (303, 403, 403));
    // Once there is another session, nothing of the former one is good any more.
    let typed = [("email", "owner"), ("password", PASSWORD)];
    let let_in = owner.submit(&stale, "/admin/login", &typed);
    assert_eq!(let_in.status, 200, "{}", let_in.body);
    assert_eq!(look(&owner), 403);
    let sent = owner.post(form, &name(&tokens), &[OURS]);
    assert_eq!(sent.status, 403, "{}", sent.body);
}
