//! One's own account in the browser: the second factor on its own page, its enrolment, a forgotten password, the fresh
//! proof that dangerous things ask for, and sessions.

use serde_json::json;
use till::domain::link::Purpose;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;
use crate::factors::enrol;
use crate::factors::strict;
use crate::pages::Browser;
use crate::pages::OURS;
use crate::pages::attribute;
use crate::pages::filled;
use crate::pages::has_form;
use crate::pages::plain;
use crate::passwords::newest_link;

const LOGIN: &str = "/admin/login";
const CODE: &str = "/admin/totp";
const PROFILE: &str = "/admin/profile";
const STEP_UP: &str = "/admin/step-up";
const MINUTE: i64 = 60_000;
const NEW: &str = "another long walk in 9 boots";

fn by_password<'a>(app: &'a TestApp, who: &str, password: &str) -> (Browser<'a>, Answer) {
    let browser = Browser::new(app);
    let page = browser.get(LOGIN);
    let answer = browser.submit(&page, LOGIN, &[("email", who), ("password", password)]);
    (browser, answer)
}

/// AUT-05: the password alone opens nothing, a wrong code opens nothing, a right one opens one session.
#[test]
fn the_second_factor_stands_on_a_page_of_its_own() {
    let app = TestApp::start();
    let factor = enrol(&app, "owner");
    let (browser, asked) = by_password(&app, "owner", PASSWORD);
    assert!(asked.status == 200 && has_form(&asked, CODE), "{}", asked.body);
    assert_eq!(browser.get("/admin/orders").status, 401);
    let wrong = browser.submit(&asked, CODE, &[("code", "000000")]);
    assert!(wrong.status == 401 && has_form(&wrong, CODE), "{}", wrong.body);
    let code = factor.code(&app);
    let right = browser.submit(&wrong, CODE, &[("code", &code)]);
    assert_eq!(right.header("location"), Some("/admin/orders"));
    assert_eq!(browser.follow(&right).status, 200);
    let (thief, asked) = by_password(&app, "owner", PASSWORD);
    assert_eq!(thief.submit(&asked, CODE, &[("code", &code)]).status, 401);
    assert_eq!(thief.get("/admin/orders").status, 401);
}

/// What a camera reads from the drawing on a page: dark rectangles (`M8 8h4v4H8V8`) on white.
fn scanned(page: &Answer) -> String {
    let (_, rest) = page.body.split_once("<svg xmlns").expect("a drawn code");
    let svg = format!("<svg xmlns{}", rest.split("</svg>").next().unwrap());
    let side: usize = attribute(&svg, "width").unwrap().parse().unwrap();
    let (_, path) = svg.split_once("<path").unwrap();
    let mut pixels = vec![255; side * side];
    for piece in attribute(path, "d").unwrap().split('M').skip(1) {
        let numbers = piece.split(|sign: char| !sign.is_ascii_digit());
        let numbers: Vec<usize> = numbers.filter_map(|number| number.parse().ok()).collect();
        let [left, top, width, height] = numbers[..4] else {
            panic!("{piece} is no rectangle");
        };
        for row in top..top + height {
            pixels[row * side + left..][..width].fill(0);
        }
    }
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| pixels[y * side + x]);
    let codes = image.detect_grids();
    assert_eq!(codes.len(), 1, "one code");
    codes[0].decode().unwrap().1
}

/// AUT-05: staff without a factor come to its enrolment and nowhere else; the codes on paper are shown once.
#[test]
fn who_has_no_factor_sets_one_up_first() {
    let app = strict();
    app.execute("INSERT OR REPLACE INTO settings (name, value) VALUES ('shop.name', 'Fennel: paper & ink')");
    let browser = Browser::signed_in(&app, "owner");
    for path in ["/admin/orders", PROFILE] {
        assert_eq!(
            browser.get(path).header("location"),
            Some("/admin/factor"),
            "{path}"
        );
    }
    let begun = browser.submit(&browser.get("/admin/factor"), "/admin/factor", &[]);
    let page = browser.follow(&begun);
    assert!(
        page.body.contains("<svg") && !page.body.contains("&lt;svg"),
        "{}",
        page.body
    );
    let refused = browser.submit(&page, "/admin/factor/confirm", &[("code", "000000")]);
    assert_eq!(refused.status, 400);
    // What a device scans is what somebody else would type, and its codes are good.
    let at = page.body.find("data-seed").expect("the seed is told");
    let seed = attribute(&page.body[at - 1..], "data-seed").unwrap();
    let url = url::Url::parse(&scanned(&page)).unwrap();
    // Nobody scans the screen of the device that they hold: there the same is opened.
    let (_, link) = page.body.split_once("href=\"otpauth:").expect("a link to open");
    let link = format!("otpauth:{}", plain(link.split('"').next().unwrap()));
    assert_eq!(link, url.as_str());
    // Where nothing can be found yet nothing is to be looked for.
    assert!(!page.body.contains("data-dialog=\"find\""), "{}", page.body);
    assert_eq!(
        (url.scheme(), url.host_str(), url.path()),
        (
            "otpauth",
            Some("totp"),
            "/Fennel%20paper%20%26%20ink:owner%40shop.test"
        )
    );
    let told: std::collections::BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(
        (&told["secret"], told["issuer"].as_str()),
        (&seed, "Fennel paper & ink")
    );
    assert_eq!((told["digits"].as_str(), told["period"].as_str()), ("6", "30"));
    let code = crate::factors::code_of(&app, &told["secret"]);
    let codes = |sent: &Answer| {
        let page = browser.follow(sent);
        let (_, codes) = page.body.split_once("data-codes").unwrap();
        let codes = codes.split("</ul>").next().unwrap();
        assert_eq!(codes.matches("<code>").count(), 10, "{}", page.body);
        codes.to_owned()
    };
    let first = codes(&browser.submit(&refused, "/admin/factor/confirm", &[("code", &code)]));
    let again = browser.submit(&refused, "/admin/factor/confirm", &[("code", &code)]);
    assert_eq!(codes(&again), first);
    let orders = browser.get("/admin/orders");
    assert!(orders.status == 200 && orders.body.contains("data-dialog=\"find\""));
    // New ones are made once, however often the form is sent, and stand in the place of the former.
    let profile = browser.get(PROFILE);
    let renewed = [(); 3].map(|()| codes(&browser.submit(&profile, "/admin/factor/codes", &[])));
    assert!(renewed[0] != first && renewed.iter().all(|shown| *shown == renewed[0]));
    assert_eq!(browser.get("/admin/factor").header("location"), Some(PROFILE));
}

/// AUT-07: the page of a link uses nothing up, its form does, once; the address is told to no other site.
#[test]
fn a_forgotten_password_is_set_by_a_link() {
    let app = TestApp::start();
    let old = Browser::signed_in(&app, "owner");
    let browser = Browser::new(&app);
    for (email, sent) in [("nobody@shop.test", 0), ("owner@shop.test", 1)] {
        let answer = browser.submit(&browser.get("/forgot"), "/forgot", &[("email", email)]);
        assert_eq!(answer.status, 202);
        assert_eq!(
            app.number("SELECT count(*) FROM mails WHERE link_id IS NOT NULL"),
            sent
        );
    }
    let (purpose, secret) = newest_link(&app);
    assert_eq!(purpose, Purpose::Reset);
    let path = format!("/reset/{secret}");
    let page = browser.get(&path);
    assert_eq!(
        (browser.get(&path).status, page.header("referrer-policy")),
        (200, Some("no-referrer"))
    );
    let short = browser.submit(&page, &path, &[("password", "short")]);
    assert!(short.status == 400 && has_form(&short, &path), "{}", short.body);
    assert_eq!(browser.submit(&short, &path, &[("password", NEW)]).status, 200);
    assert_eq!(
        browser.get("/admin/orders").status,
        401,
        "nobody is signed in by a link"
    );
    assert_eq!(old.get("/admin/orders").status, 401);
    assert_eq!(
        browser.submit(&page, &path, &[("password", PASSWORD)]).status,
        400
    );
    assert_eq!(
        (browser.get(&path).status, browser.get("/reset/garbage").status),
        (410, 410)
    );
    assert_eq!(by_password(&app, "owner", NEW).1.status, 303);
}

/// AUT-06, AUT-07: a link in another's hands is its owner's all the same: it changes nothing of theirs, and lets nobody in.
#[test]
fn a_link_in_anothers_browser_stays_its_owners() {
    let app = TestApp::start();
    let owner = Browser::signed_in(&app, "owner");
    let other = Browser::signed_in(&app, "staff");
    let stranger = Browser::new(&app);
    stranger.submit(
        &stranger.get("/forgot"),
        "/forgot",
        &[("email", "owner@shop.test")],
    );
    let path = format!("/reset/{}", newest_link(&app).1);
    // A form of another's session, or of none, does not fit the page of this one.
    let page = other.get(&path);
    let forged = filled(&owner.get(PROFILE), "/admin/logout", &[("password", NEW)]);
    assert_eq!(other.post(&path, &forged, &[OURS]).status, 403);
    let set = other.submit(&page, &path, &[("password", NEW)]);
    assert_eq!(set.status, 200, "{}", set.body);
    let mine = other.get(PROFILE);
    assert!(
        mine.status == 200 && mine.body.contains("staff@shop.test"),
        "{}",
        mine.body
    );
    assert_eq!(owner.get(PROFILE).status, 401, "its owner's sessions are over");
    for (who, password, status) in [
        ("staff", PASSWORD, 303),
        ("staff", NEW, 401),
        ("owner", PASSWORD, 401),
        ("owner", NEW, 303),
    ] {
        assert_eq!(
            by_password(&app, who, password).1.status,
            status,
            "{who} {password}"
        );
    }
}

/// AUT-06: what was typed waits for the proof and is then offered with one button; nothing is sent by itself.
#[test]
fn what_is_dangerous_asks_once_more_and_loses_nothing() {
    let app = TestApp::start();
    let browser = Browser::signed_in(&app, "owner");
    app.clock.pass(6 * MINUTE);
    let action = "/admin/profile/email";
    let typed = [("email", "new@shop.test")];
    let asked = browser.submit(&browser.get(PROFILE), action, &typed);
    assert!(asked.status == 401 && has_form(&asked, STEP_UP), "{}", asked.body);
    let wrong = browser.submit(&asked, STEP_UP, &[("password", "wrong wrong wrong")]);
    assert_eq!(wrong.status, 401);
    let before = browser.cookie();
    let resumed = browser.submit(&wrong, STEP_UP, &[("password", PASSWORD)]);
    assert_ne!(browser.cookie(), before, "another value of the cookie (TOK-06)");
    assert_eq!(app.number("SELECT count(*) FROM mails"), 0);
    let kept = filled(&resumed, action, &[]);
    assert!(
        kept.contains(&("email".to_owned(), "new@shop.test".to_owned())),
        "{kept:?}"
    );
    let done = browser.submit(&resumed, action, &[]);
    assert_eq!(browser.follow(&done).status, 200);
    assert_eq!(newest_link(&app).0, Purpose::Address);
}

/// AUT-10: an address is proved by its own user with one button, and by nobody else.
#[test]
fn an_address_is_proved_by_its_own_user() {
    let app = TestApp::start();
    let browser = Browser::signed_in(&app, "owner");
    let action = "/admin/profile/email";
    browser.submit(&browser.get(PROFILE), action, &[("email", "new@shop.test")]);
    let path = format!("/address/{}", newest_link(&app).1);
    let other = Browser::signed_in(&app, "staff");
    let page = browser.get(&path);
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    let theirs = other.get(&path);
    assert!(
        theirs.status == 410 && !has_form(&theirs, &path),
        "{}",
        theirs.body
    );
    let pressed = filled(&other.get(PROFILE), PROFILE, &[]);
    assert_eq!(other.post(&path, &pressed, &[OURS]).status, 410);
    assert_eq!(browser.get("/address/none").status, 410);
    let proved = "SELECT count(*) FROM users WHERE email = 'new@shop.test' AND email_verified = 1";
    assert_eq!(
        (page.status, app.number(proved)),
        (200, 0),
        "a GET changes nothing"
    );
    assert_eq!(browser.submit(&page, &path, &[]).status, 303);
    assert_eq!(app.number(proved), 1);
    assert_eq!(browser.get(&path).status, 410, "it was used");
}

/// AUT-05, T2: a wrong code is told beside its field and on top, and so is that there were too many; a proof says the same in
/// its place, and keeps what waits for it.
#[test]
fn a_wrong_code_is_told_where_it_was_typed() {
    let app = TestApp::start();
    let factor = enrol(&app, "owner");
    let (owner, asked) = by_password(&app, "owner", PASSWORD);
    owner.submit(&asked, CODE, &[("code", &factor.code(&app))]);
    let remove = "/admin/factor/remove";
    let wrong = || owner.submit(&owner.get(PROFILE), remove, &[("code", "000000")]);
    let told = wrong();
    assert_eq!(told.status, 400, "{}", told.body);
    assert!(
        told.body.contains("data-focus")
            && told.body.contains("href=\"#code\"")
            && told.body.contains("id=\"code-e\""),
        "{}",
        told.body
    );
    assert!(told.body.contains("is wrong, or was used already"));
    app.clock.pass(6 * MINUTE);
    let email = "/admin/profile/email";
    let typed = [("email", "new@shop.test")];
    let mut asked = owner.submit(&owner.get(PROFILE), email, &typed);
    for _ in 0..5 {
        asked = owner.submit(&asked, STEP_UP, &[("code", "000000")]);
    }
    assert!(asked.status == 423 && has_form(&asked, STEP_UP), "{}", asked.body);
    assert!(asked.body.contains("Try again in 15 minutes,"), "{}", asked.body);
    assert_eq!(asked.header("retry-after"), Some("900"));
    app.clock.pass(16 * MINUTE);
    let proved = owner.submit(&asked, STEP_UP, &[("code", &factor.code(&app))]);
    assert!(
        has_form(&proved, email) && proved.body.contains("new@shop.test"),
        "{}",
        proved.body
    );
}

/// AUT-02, T2: the page of a link says how long a password must be for whoever it is for, and what was wrong on top too.
#[test]
fn a_link_says_how_long_a_password_must_be() {
    let app = TestApp::start();
    for (who, least) in [("ann", 8), ("staff", 12)] {
        app.token(who);
        let browser = Browser::new(&app);
        let to = format!("{who}@shop.test");
        browser.submit(&browser.get("/forgot"), "/forgot", &[("email", &to)]);
        let path = format!("/reset/{}", newest_link(&app).1);
        let page = browser.get(&path);
        assert!(
            page.body.contains(&format!("{least} characters or more")),
            "{}",
            page.body
        );
        let short = browser.submit(&page, &path, &[("password", "short")]);
        assert!(
            short.body.contains("data-focus") && short.body.contains("href=\"#password\""),
            "{}",
            short.body
        );
    }
}

/// AUT-10: a customer proves an address by the same page, and is told so there.
#[test]
fn a_customer_proves_an_address() {
    let app = TestApp::start();
    let asked = app.send(
        "PATCH",
        "ann",
        "/api/v1/auth/me",
        &[],
        Some(&json!({ "email": "new@shop.test" })),
    );
    assert_eq!(asked.status, 202, "{}", asked.body);
    let path = format!("/address/{}", newest_link(&app).1);
    let (ann, come_in) = by_password(&app, "ann", PASSWORD);
    assert_eq!(come_in.status, 303, "{}", come_in.body);
    let page = ann.get(&path);
    assert_eq!(page.status, 200, "{}", page.body);
    let fields = filled(&page, &path, &[]);
    for _ in 0..2 {
        let proved = ann.post(&path, &fields, &[OURS]);
        assert!(
            proved.status == 200 && proved.body.contains("data-proved"),
            "{}",
            proved.body
        );
        assert_eq!(proved.header("referrer-policy"), Some("no-referrer"));
    }
    let mine = "SELECT count(*) FROM users WHERE username = 'ann' AND email = 'new@shop.test' AND email_verified = 1";
    assert_eq!(app.number(mine), 1);
}

/// TOK-06: sessions are listed, ended one by one, and by a change of the password.
#[test]
fn sessions_are_listed_and_ended() {
    let app = TestApp::start();
    let (here, there, third) = (
        Browser::signed_in(&app, "owner"),
        Browser::signed_in(&app, "owner"),
        Browser::signed_in(&app, "owner"),
    );
    let page = here.get(PROFILE);
    let at = page
        .body
        .find("/admin/profile/sessions/")
        .expect("a session to end");
    let action = page.body[at..].split('"').next().unwrap();
    let ended = here.submit(&page, action, &[]);
    assert_eq!(here.follow(&ended).status, 200);
    let left = [&there, &third].map(|browser| browser.get(PROFILE).status);
    assert!(left.contains(&401) && left.contains(&200), "{left:?}");
    let change = "/admin/profile/password";
    let wrong = [("present_password", "wrong wrong wrong"), ("password", NEW)];
    let refused = here.submit(&here.get(PROFILE), change, &wrong);
    assert!(
        refused.status == 400 && refused.body.contains("href=\"#current\""),
        "{}",
        refused.body
    );
    let right = [("present_password", PASSWORD), ("password", NEW)];
    assert_eq!(here.submit(&here.get(PROFILE), change, &right).status, 303);
    let left = [&here, &there, &third].map(|browser| browser.get(PROFILE).status);
    assert_eq!(left, [200, 401, 401]);
}
