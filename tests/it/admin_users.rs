//! The pages of users, invitations, roles and API keys: what people see of them and do with them.

use serde_json::json;

use crate::admin_orders::WORDS;
use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;
use crate::pages::Browser;
use crate::pages::OURS;
use crate::pages::filled;
use crate::pages::has_form;
use crate::pages::marked;
use crate::pages::plain;
use crate::people::invitation;

const USERS: &str = "/admin/users";
const KEYS: &str = "/admin/api-keys";

fn deed(page: &Answer) -> &str {
    let rest = page.body.split_once("data-done=\"");
    rest.map_or("", |(_, rest)| rest.split('"').next().unwrap())
}

fn page_of(app: &TestApp, who: &str) -> String {
    app.token(who);
    let id = app.number(&format!("SELECT id FROM users WHERE username = '{who}'"));
    format!("{USERS}/{id}")
}

fn invite(browser: &Browser, username: &str, role: &str) -> Answer {
    let page = browser.get("/admin/users/new");
    let email = format!("{username}@shop.test");
    browser.submit(
        &page,
        USERS,
        &[
            ("username", username),
            ("email", &email),
            ("name", "Mia"),
            ("role", role),
        ],
    )
}

/// A15, T2: somebody is invited, comes in by the link with a password of their own, once.
#[test]
fn an_invitation_is_sent_accepted_and_over() {
    let app = TestApp::start();
    let owner = Browser::signed_in(&app, "owner");
    let sent = owner.follow(&invite(&owner, "mia", "staff"));
    assert_eq!(deed(&sent), "user.invited");
    assert!(sent.body.contains("data-user=\"mia\""));
    let path = format!("/admin/invitation/{}", invitation(&app, "mia"));
    let (mia, other) = (Browser::new(&app), Browser::new(&app));
    let page = mia.get(&path);
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    let others = other.get(&path);
    for bad in ["", "short", "mia@shop.test", "mia@shop.test1"] {
        let refused = mia.submit(&page, &path, &[("password", bad)]);
        assert_eq!(refused.status, 400, "{bad}");
        assert!(refused.body.contains("aria-invalid"), "{bad}");
    }
    let inside = mia.submit(&page, &path, &[("password", PASSWORD)]);
    assert_eq!(inside.status, 303, "{}", inside.body);
    assert_eq!(mia.get("/admin/orders").status, 200);
    assert_eq!(mia.get(USERS).status, 403, "staff look after no users");
    assert_eq!(other.get(&path).status, 410, "used");
    assert_eq!(
        other.submit(&others, &path, &[("password", PASSWORD)]).status,
        410
    );
    let shown = app
        .get("owner", &page_of(&app, "mia").replace("/admin", "/api/v1"))
        .json();
    assert_eq!(
        (&shown["status"], &shown["email_verified"]),
        (&json!("active"), &json!(true))
    );
}

/// AUT-07, A15: a link is over after a week, after another was sent, and when its user is kept out.
#[test]
fn an_invitation_ends_by_time_by_the_next_and_by_suspension() {
    let app = TestApp::start();
    let owner = Browser::signed_in(&app, "owner");
    invite(&owner, "mia", "staff");
    let link = || format!("/admin/invitation/{}", invitation(&app, "mia"));
    let id = app.number("SELECT id FROM users WHERE username = 'mia'");
    let path = format!("{USERS}/{id}");
    let first = link();
    let again = owner.submit(&owner.get(&path), &format!("{path}/invitation"), &[]);
    assert_eq!(deed(&owner.follow(&again)), "user.invited");
    let second = link();
    assert_ne!(first, second);
    let stranger = Browser::new(&app);
    assert_eq!(
        (stranger.get(&first).status, stranger.get(&second).status),
        (410, 200)
    );
    let page = stranger.get(&second);
    let gone = owner.submit(&owner.get(&path), &format!("{path}/suspend"), &[]);
    assert_eq!(deed(&owner.follow(&gone)), "user.suspended");
    assert_eq!(
        stranger.submit(&page, &second, &[("password", PASSWORD)]).status,
        410
    );
    owner.submit(&owner.get(&path), &format!("{path}/unlock"), &[]);
    assert!(owner.get(&path).body.contains("data-status=\"invited\""));
    owner.submit(&owner.get(&path), &format!("{path}/invitation"), &[]);
    let third = link();
    app.clock.pass(7 * 24 * 3_600_000);
    assert_eq!(stranger.get(&third).status, 410);
    assert_eq!(stranger.get("/admin/invitation/none").status, 410);
}

/// TOK-03: a link made for something else is no invitation.
#[test]
fn a_link_for_another_end_is_no_invitation() {
    let app = TestApp::start();
    let owner = Browser::signed_in(&app, "owner");
    invite(&owner, "mia", "staff");
    let secret = invitation(&app, "mia");
    for path in ["/reset", "/admin/setup"] {
        let answer = Browser::new(&app).get(&format!("{path}/{secret}"));
        assert!([404, 410].contains(&answer.status), "{path} {}", answer.status);
    }
    let count = "SELECT count(*) FROM users WHERE status = 1";
    assert_eq!(app.number(count), 1);
}

/// T2, AUT-08, D7: a role is given on the page, a stale form meets the conflict, a session is ended.
#[test]
fn a_user_is_changed_on_its_page() {
    let app = TestApp::start();
    let owner = Browser::signed_in(&app, "owner");
    let path = page_of(&app, "staff");
    let staff = Browser::signed_in(&app, "staff");
    app.change(
        "UPDATE sessions SET user_agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'",
    );
    let page = owner.get(&path);
    assert!(page.body.contains("Firefox on Linux") && !page.body.contains("Mozilla"));
    let ended = owner.submit(&page, &format!("{path}/sessions"), &[]);
    assert_eq!(deed(&owner.follow(&ended)), "auth.session_revoked");
    let stale = owner.get(&path);
    let done = owner.submit(&owner.get(&path), &path, &[("role", "seller"), ("name", "Sam")]);
    assert_eq!(deed(&owner.follow(&done)), "user.role_changed");
    assert_eq!(staff.get("/admin/orders").status, 401);
    let clash = owner.submit(&stale, &path, &[("role", "staff"), ("name", "Mia")]);
    assert_eq!(clash.status, 412);
    assert!(clash.body.contains("data-conflict") && clash.body.contains("Sam"));
    assert_eq!(marked(&clash, "data-first"), "owner");
    assert!(clash.body.contains("in another window"));
    let mine = owner.submit(&clash, &path, &[]);
    assert_eq!(mine.status, 303);
    let role = "SELECT role_id FROM users WHERE username = 'staff' AND name = 'Mia'";
    assert_eq!(
        app.number(role),
        3,
        "the role that was not touched stays as it is now"
    );
    let own = page_of(&app, "owner");
    let last = owner.submit(&owner.get(&own), &format!("{own}/suspend"), &[]);
    assert_eq!(last.status, 409);
    assert_eq!(owner.get(&format!("{USERS}/987")).status, 404);
    assert_eq!(owner.get(&format!("{USERS}/x")).status, 404);
}

/// AZ-05: on pages, too, nobody reaches beyond their own rights, and what is not offered is refused.
#[test]
fn pages_offer_no_more_than_one_may() {
    let app = TestApp::start();
    app.change("INSERT INTO role_permissions VALUES (2, 'users:*')");
    let own = page_of(&app, "owner");
    let clerk = Browser::signed_in(&app, "staff");
    let page = clerk.get(&own);
    assert_eq!(page.status, 200);
    assert!(!has_form(&page, &own) && !has_form(&page, &format!("{own}/suspend")));
    let new = clerk.get("/admin/users/new");
    assert!(new.body.contains("value=\"staff\"") && !new.body.contains("value=\"admin\""));
    assert_eq!(invite(&clerk, "eve", "admin").status, 403);
    let mut forged = filled(&new, USERS, &[]);
    forged.retain(|(name, _)| !["username", "email", "name", "role"].contains(&name.as_str()));
    assert_eq!(
        clerk.post(&format!("{own}/suspend"), &forged, &[OURS]).status,
        403
    );
    assert_eq!(
        (clerk.get(KEYS).status, clerk.get("/admin/roles").status),
        (403, 403)
    );
    assert_eq!(app.number("SELECT count(*) FROM users WHERE status <> 0"), 0);
}

/// WEB-01, N3: what is typed stands as text and in its place; a form sent ten times invites once.
#[test]
fn what_is_typed_stays_and_happens_once() {
    let app = TestApp::start();
    let owner = Browser::signed_in(&app, "owner");
    let page = owner.get("/admin/users/new");
    for words in WORDS {
        let answer = owner.submit(
            &page,
            USERS,
            &[("username", words), ("email", words), ("name", words)],
        );
        assert_eq!(answer.status, 400, "{words}");
        assert!(!answer.body.contains(words) || !words.contains('<'), "{words}");
        assert!(plain(&answer.body).contains(words), "{words}");
    }
    let long = "x".repeat(10_000);
    assert_eq!(owner.submit(&page, USERS, &[("name", &long)]).status, 400);
    let typed = [("username", "mia"), ("email", "mia@shop.test"), ("role", "staff")];
    let fields = filled(&page, USERS, &typed);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let cookie = owner.cookie();
        let all: Vec<_> = (0..10)
            .map(|_| {
                let (app, cookie, fields) = (&app, cookie.clone(), fields.clone());
                scope.spawn(move || {
                    Browser::holding(app, &cookie)
                        .post(USERS, &fields, &[OURS])
                        .status
                })
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(statuses.iter().all(|status| *status == 303), "{statuses:?}");
    assert_eq!(app.number("SELECT count(*) FROM mails"), 1);
    let taken = owner.submit(&owner.get("/admin/users/new"), USERS, &typed);
    assert_eq!(taken.status, 409);
    assert!(taken.body.contains("aria-invalid") && taken.body.contains("mia@shop.test"));
}

/// T14, AUT-06: a key is made, shown once, used, revoked; and after five minutes its making asks who one is.
#[test]
fn a_key_is_made_on_the_page_and_shown_once() {
    let app = TestApp::start();
    let owner = Browser::signed_in(&app, "owner");
    let page = owner.get("/admin/api-keys/new");
    let bare = owner.submit(&page, KEYS, &[("name", "Scales")]);
    assert_eq!(bare.status, 400);
    assert!(bare.body.contains("Scales"));
    let typed = [("name", "Scales"), ("permission", "orders:read"), ("days", "30")];
    let fields = filled(&page, KEYS, &typed);
    let made = owner.post(KEYS, &fields, &[OURS]);
    let key = marked(&owner.follow(&made), "data-key");
    assert!(key.starts_with("till_") && key.len() == 48, "{key}");
    let again = owner.post(KEYS, &fields, &[OURS]);
    assert_eq!(again.header("location"), made.header("location"));
    let seen = |key: &str| {
        let answer = app.client().send("GET", "/api/v1/orders", Some(key), &[], None);
        answer.status
    };
    assert_eq!(seen(&key), 200);
    let list = owner.get(KEYS);
    assert!(list.body.contains("data-key=\"1\"") && !list.body.contains(&key));
    let revoked = owner.submit(&list, "/admin/api-keys/1", &[]);
    assert_eq!(deed(&owner.follow(&revoked)), "api_key.revoked");
    assert_eq!(seen(&key), 401);
    app.clock.pass(5 * 60_000);
    let asked = owner.submit(&owner.get("/admin/api-keys/new"), KEYS, &typed);
    assert_eq!(asked.status, 401);
    assert!(has_form(&asked, "/admin/step-up"), "{}", asked.body);
    assert_eq!(app.number("SELECT count(*) FROM api_keys"), 1);
}

/// T2: the table of roles says what staff may not.
#[test]
fn roles_are_read_as_a_table() {
    let app = TestApp::start();
    let page = Browser::signed_in(&app, "owner").get("/admin/roles");
    assert_eq!(page.status, 200);
    let row = page.body.split("data-resource=\"refunds\"").nth(1).unwrap();
    let row = row.split("</tr>").next().unwrap();
    assert_eq!(row.matches("all").count(), 1, "{row}");
}
