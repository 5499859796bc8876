//! The page of who is signed in: everybody who is, nobody who is not, and ending a session from there.

use crate::app::TestApp;
use crate::client::Answer;
use crate::factors::enrol;
use crate::pages::Browser;
use crate::pages::OURS;
use crate::pages::attribute;
use crate::pages::filled;
use crate::pages::has_form;
use crate::pages::plain;

const PAGE: &str = "/admin/sessions";
const OTHERS: &str = "/admin/sessions?staff=false";
const MINUTE: i64 = 60_000;

/// Whose sessions a page lists, in its order, with the number of each.
fn listed(page: &Answer) -> Vec<(String, String)> {
    assert_eq!(page.status, 200, "{}", page.body);
    let rows = page.body.split("<tr data-session=").skip(1);
    rows.map(|row| {
        let tag = format!(" data-session={}", row.split('>').next().unwrap());
        (
            attribute(&tag, "data-user").unwrap(),
            attribute(&tag, "data-session").unwrap(),
        )
    })
    .collect()
}

fn users(page: &Answer) -> Vec<String> {
    listed(page).into_iter().map(|(user, _)| user).collect()
}

/// Of whom a page lists sessions, each once, in the order of their names.
fn whose(page: &Answer) -> Vec<String> {
    let mut users = users(page);
    users.sort_unstable();
    users.dedup();
    users
}

/// The row of somebody's latest session.
fn row<'a>(page: &'a Answer, user: &str) -> &'a str {
    let (_, rest) = page.body.split_once(&format!("data-user=\"{user}\"")).unwrap();
    rest.split("</tr>").next().unwrap()
}

/// T2, TOK-06: all open sessions, of staff and of the others, with who, where from, when and by what; nothing that is over.
#[test]
fn who_is_signed_in_is_listed() {
    let app = TestApp::start();
    enrol(&app, "staff");
    let browser = Browser::signed_in(&app, "owner");
    app.token("ann");
    app.token("seller");
    let page = browser.get(PAGE);
    assert_eq!(whose(&page), ["owner", "staff"]);
    assert!(row(&page, "owner").contains("127.0.0.1") && row(&page, "owner").contains("None"));
    assert!(row(&page, "staff").contains("Shown") && row(&page, "staff").contains("by token"));
    assert_eq!(whose(&browser.get(OTHERS)), ["ann", "seller"]);
    // One page after the other shows each session once.
    let (mut seen, mut at) = (Vec::new(), format!("{PAGE}?limit=1"));
    for _ in 0..listed(&page).len() {
        let one = browser.get(&at);
        seen.extend(listed(&one));
        let links = one
            .body
            .split("href=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap());
        let next = links.map(plain).find(|link| link.contains("after="));
        at = next.unwrap_or_default();
    }
    assert_eq!((seen, at.as_str()), (listed(&page), ""));
    app.execute("UPDATE users SET status = 2 WHERE username = 'ann'");
    app.execute("UPDATE users SET token_epoch = token_epoch + 1 WHERE username = 'seller'");
    assert!(browser.get(OTHERS).body.contains("data-empty"));
    // A browser that was left alone is signed in no more; programs are, for as long as their tokens live.
    app.clock.pass(31 * MINUTE);
    let later = Browser::signed_in(&app, "owner");
    let cookies = app.number("SELECT count(*) FROM sessions WHERE kind = 1 AND user_id = (SELECT id FROM users WHERE username = 'owner')");
    let owners = users(&later.get(PAGE)).into_iter().filter(|user| user == "owner");
    assert_eq!((owners.count() as i64, cookies), (2, 2));
}

/// T2, AUT-08: whoever may ends a session there, and its browser is out; one's own has no button.
#[test]
fn a_session_is_ended_from_the_list() {
    let app = TestApp::start();
    let owner = Browser::signed_in(&app, "owner");
    let ann = Browser::signed_in(&app, "ann");
    let staff = Browser::signed_in(&app, "staff");
    let (page, others) = (owner.get(PAGE), owner.get(OTHERS));
    let number = |page: &Answer, user: &str| {
        let found = listed(page).into_iter().find(|(other, _)| other == user);
        found.unwrap().1
    };
    assert!(row(&page, "owner").contains("this one") && !row(&page, "owner").contains("<form"));
    let end = format!("{PAGE}/{}", number(&page, "staff"));
    let ended = owner.submit(&page, &end, &[]);
    let after = owner.follow(&ended);
    assert!(
        after.body.contains("data-done=\"auth.session_revoked\""),
        "{}",
        after.body
    );
    assert_eq!(staff.get("/admin/orders").status, 401);
    assert_eq!(
        ann.get("/admin/orders").status,
        403,
        "still signed in, as a customer"
    );
    let end = format!("{PAGE}/{}", number(&others, "ann"));
    let ended = owner.submit(&others, &end, &[]);
    let back = ended.header("location").unwrap();
    assert!(back.starts_with(&format!("{OTHERS}&done=")), "{back}");
    assert_eq!(ann.get("/admin/orders").status, 401);
    let late = [("idempotency_key", "another")];
    assert_eq!(owner.submit(&others, &end, &late).status, 404, "it has ended");
    for odd in ["0", "x", "999999999"] {
        let fields = filled(&page, "/admin/logout", &[]);
        assert_eq!(
            owner.post(&format!("{PAGE}/{odd}"), &fields, &[OURS]).status,
            404,
            "{odd}"
        );
    }
}

/// T2, AZ-02: the page needs its right, and nobody ends the session of somebody who may more.
#[test]
fn who_may_more_is_out_of_reach() {
    let app = TestApp::start();
    app.token("owner");
    let staff = Browser::signed_in(&app, "staff");
    assert_eq!(staff.get(PAGE).status, 403);
    app.change("INSERT INTO role_permissions VALUES (2, 'users:*')");
    let staff = Browser::signed_in(&app, "staff");
    let page = staff.get(PAGE);
    let (_, session) = listed(&page)
        .into_iter()
        .find(|(user, _)| user == "owner")
        .unwrap();
    let end = format!("{PAGE}/{session}");
    assert!(!has_form(&page, &end), "{}", page.body);
    let fields = filled(&page, "/admin/logout", &[]);
    assert_eq!(staff.post(&end, &fields, &[OURS]).status, 403);
    assert_eq!(
        app.number("SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL"),
        0
    );
}
