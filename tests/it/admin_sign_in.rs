//! The sign-in by a form, however often its button is pressed.

use std::collections::BTreeSet;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;
use crate::pages::Browser;
use crate::pages::OURS;
use crate::pages::filled;
use crate::pages::has_form;

/// Sends a form so many times at once.
fn press(browser: &Browser, path: &str, fields: &[(String, String)], times: usize) -> Vec<Answer> {
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

/// The cookies that a page has set.
fn page_cookies(page: &Answer) -> String {
    let lines = page.headers.iter().filter(|(name, _)| name == "set-cookie");
    let pairs: Vec<&str> = lines.map(|(_, line)| line.split(';').next().unwrap()).collect();
    pairs.join("; ")
}
