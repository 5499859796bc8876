//! The pages of orders: what a browser without a script sees and does, and what it cannot.

use serde_json::json;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;
use crate::pages::Browser;
use crate::pages::OURS;
use crate::pages::filled;
use crate::pages::has_form;
use crate::pages::marked;
use crate::pages::plain;

pub const LIST: &str = "/admin/orders";
pub const PAGE: &str = "/admin/orders/1";
pub const STEP: &str = "/admin/orders/1/status";
const CANCEL: &str = "/admin/orders/1/cancel";
const NOTES: &str = "/admin/orders/1/notes";
const TAGS: &str = "/admin/orders/1/tags";

/// What people and those who mean no good put into fields.
pub const WORDS: [&str; 6] = [
    "<script>alert(1)</script>",
    r#"O'Brien "the brew" & co"#,
    "🎁 wrap it, 👩‍👩‍👧",
    "مرحبا بالعالم שלום",
    "</textarea><img src=x onerror=alert(1)>",
    "{{ 7*7 }} &lt;b&gt; ${x}",
];

/// A shop with one pending order of two mugs by ann.
pub fn shop() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 200);
    place(&app, "ann");
    app
}

pub fn place(app: &TestApp, who: &str) -> i64 {
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }] });
    let placed = app.post(who, "/api/v1/orders", body);
    assert_eq!(placed.status, 201, "{}", placed.body);
    placed.json()["id"].as_i64().unwrap()
}

/// What the shop keeps of its orders, their notes and tags.
pub fn kept(app: &TestApp) -> [i64; 5] {
    [
        app.number("SELECT sum(status) FROM orders"),
        app.number("SELECT count(*) FROM order_changes"),
        app.number("SELECT count(*) FROM order_tags"),
        app.number("SELECT count(*) FROM events"),
        app.number("SELECT sum(available) FROM stock"),
    ]
}

fn deed(page: &Answer) -> &str {
    let rest = page.body.split_once("data-done=\"");
    rest.map_or("", |(_, rest)| rest.split('"').next().unwrap())
}

/// T3: without a session the sign-in stands in the place of the page, and leads to it.
#[test]
fn whoever_is_not_signed_in_finds_the_sign_in_in_place() {
    let app = shop();
    app.token("staff");
    let browser = Browser::new(&app);
    let wanted = "/admin/orders?status=pending&q=x";
    let turned_away = browser.get(wanted);
    assert_eq!(turned_away.status, 401);
    let wrong = [("email", "staff"), ("password", "not this one")];
    let refused = browser.submit(&turned_away, "/admin/login", &wrong);
    assert_eq!(refused.status, 401);
    assert!(refused.body.contains("data-focus") && !refused.body.contains("not this one"));
    let right = [("email", "staff"), ("password", PASSWORD)];
    let come_in = browser.submit(&refused, "/admin/login", &right);
    assert_eq!((come_in.status, come_in.header("location")), (303, Some(wanted)));
    assert_eq!(browser.follow(&come_in).status, 200);
}

/// T3: a form whose session is over is kept, shown after the sign-in, and sent by the person alone.
#[test]
fn a_form_outlives_its_session() {
    let app = shop();
    let browser = Browser::signed_in(&app, "staff");
    let page = browser.get(PAGE);
    browser.forget();
    let turned_away = browser.submit(&page, NOTES, &[("note", WORDS[0])]);
    assert_eq!(turned_away.status, 401);
    let right = [("email", "staff"), ("password", PASSWORD)];
    let resumed = browser.submit(&turned_away, "/admin/login", &right);
    assert_eq!(resumed.status, 200, "{}", resumed.body);
    assert_eq!(app.number("SELECT count(*) FROM order_changes"), 0);
    let sent = browser.submit(&resumed, NOTES, &[]);
    assert_eq!(deed(&browser.follow(&sent)), "order.noted");
    assert!(!has_form(&browser.get(PAGE), "/admin/login"));
}

/// T4: only the steps that the state has are offered, one after the other up to the end.
#[test]
fn an_order_is_moved_along() {
    let app = shop();
    let browser = Browser::signed_in(&app, "staff");
    for (state, word) in [
        ("processing", "Processing"),
        ("shipped", "Shipped"),
        ("delivered", "Delivered"),
    ] {
        let page = browser.get(PAGE);
        let offered = filled(&page, STEP, &[]);
        assert!(
            offered.contains(&("status".to_owned(), state.to_owned())),
            "{offered:?}"
        );
        let moved = browser.submit(&page, STEP, &[]);
        let told = browser.follow(&moved);
        assert_eq!(deed(&told), "order.status_changed");
        assert!(told.body.contains(&format!("to {word}")), "{}", told.body);
        // The page says it for a minute, to whoever has done it.
        app.clock.pass(61_000);
        assert_eq!(deed(&browser.follow(&moved)), "");
    }
    let end = browser.get(PAGE);
    assert!(!has_form(&end, STEP) && !has_form(&end, CANCEL));
}

/// T4: the question has a page of its own, and says what becomes of the goods.
#[test]
fn an_order_is_canceled_with_a_reason() {
    let app = shop();
    let browser = Browser::signed_in(&app, "staff");
    let question = browser.get(CANCEL);
    assert!(
        question.body.contains("2 items go back into stock"),
        "{}",
        question.body
    );
    let reason = [("reason", WORDS[1])];
    let canceled = browser.submit(&question, CANCEL, &reason);
    let told = browser.follow(&canceled);
    assert_eq!(deed(&told), "order.canceled");
    let words = "is canceled: 2 pieces are back on the shelf, nothing had been paid.";
    assert!(told.body.contains(words), "{}", told.body);
    // Nothing is left to do, and all four states look so.
    assert_eq!(told.body.matches("class=\"state grey soft\"").count(), 4);
    assert!(plain(&told.body).contains(WORDS[1]));
    assert_eq!(app.number("SELECT sum(available) FROM stock"), 200);
    // It is over: what comes later is refused, with its reason.
    let late = browser.submit(
        &question,
        CANCEL,
        &[("version", "2"), ("idempotency_key", "other")],
    );
    assert_eq!(
        (late.status, marked(&late, "<h1").is_empty()),
        (409, false),
        "{}",
        late.body
    );
    assert!(!late.body.contains("What you typed"), "{}", late.body);
}

/// N3
#[test]
fn a_form_that_is_sent_ten_times_at_once_has_one_effect() {
    let app = shop();
    let browser = Browser::signed_in(&app, "staff");
    let page = browser.get(PAGE);
    let forms = [
        (STEP, filled(&page, STEP, &[])),
        (NOTES, filled(&page, NOTES, &[("note", "call first")])),
        (TAGS, filled(&page, TAGS, &[("tags", "gift, fragile")])),
    ];
    let cookie = browser.cookie();
    for (path, fields) in forms {
        let before = app.number("SELECT count(*) FROM order_changes");
        let answers: Vec<Answer> = std::thread::scope(|threads| {
            let one = || {
                let browser = Browser::holding(&app, &cookie);
                browser.post(path, &fields, &[OURS])
            };
            let sent: Vec<_> = (0..10).map(|_| threads.spawn(one)).collect();
            sent.into_iter().map(|sent| sent.join().unwrap()).collect()
        });
        let to = answers[0].header("location");
        assert!(to.is_some(), "{path}: {}", answers[0].body);
        assert!(
            answers
                .iter()
                .all(|answer| answer.status == 303 && answer.header("location") == to)
        );
        assert_eq!(
            app.number("SELECT count(*) FROM order_changes"),
            before + 1,
            "{path}"
        );
    }
}

/// T4: a page that is older than the order leads to both versions, and one's own applies from there.
#[test]
fn somebody_else_was_first() {
    let app = shop();
    let (first, second) = (
        Browser::signed_in(&app, "staff"),
        Browser::signed_in(&app, "owner"),
    );
    let (theirs, mine) = (first.get(PAGE), second.get(PAGE));
    assert_eq!(first.submit(&theirs, TAGS, &[("tags", "gift")]).status, 303);
    let conflict = second.submit(&mine, STEP, &[]);
    assert_eq!(conflict.status, 412, "{}", conflict.body);
    assert!(conflict.body.contains("data-conflict"));
    assert_eq!(marked(&conflict, "data-first"), "staff");
    assert_eq!(app.number("SELECT sum(status) FROM orders"), 0);
    let applied = second.submit(&conflict, STEP, &[]);
    assert_eq!(deed(&second.follow(&applied)), "order.status_changed");
    // Both wanted the same: there is nothing left to apply.
    let same = first.submit(&theirs, STEP, &[]);
    assert_eq!(same.status, 412);
    assert!(same.body.contains("data-done") && !same.body.contains("Apply mine again"));
    // What was typed into the question goes along.
    let late = first.submit(&theirs, CANCEL, &[("reason", WORDS[0])]);
    assert_eq!(late.status, 412);
    let canceled = first.submit(&late, CANCEL, &[]);
    assert!(plain(&first.follow(&canceled).body).contains(WORDS[0]));
}

/// T4: the tags that two people set at the same time are merged: neither's are lost, and what one took away stays away.
#[test]
fn tags_of_two_people_merge() {
    let app = shop();
    let (first, second) = (
        Browser::signed_in(&app, "staff"),
        Browser::signed_in(&app, "owner"),
    );
    first.submit(&first.get(PAGE), TAGS, &[("tags", "late, gift")]);
    let (theirs, mine) = (first.get(PAGE), second.get(PAGE));
    assert_eq!(
        first.submit(&theirs, TAGS, &[("tags", "gift, fragile")]).status,
        303
    );
    assert_eq!(
        second.submit(&mine, TAGS, &[("tags", "Gift, late, blue")]).status,
        303
    );
    let tags = "SELECT group_concat(name) FROM
      (SELECT t.name FROM order_tags o JOIN tags t ON t.id = o.tag_id ORDER BY t.name)";
    let held: String = app.db().query_row(tags, [], |row| row.get(0)).unwrap();
    assert_eq!(held, "blue,fragile,gift");
    let many: Vec<String> = (0..50).map(|number| format!("t{number}")).collect();
    let page = second.get(PAGE);
    first.submit(&page_of(&first), TAGS, &[("tags", "")]);
    first.submit(&page_of(&first), TAGS, &[("tags", "one more")]);
    let full = second.submit(&page, TAGS, &[("tags", &many.join(","))]);
    assert!(
        full.status == 400 && full.body.contains("tags-e"),
        "{}",
        full.body
    );
}

fn page_of(browser: &Browser) -> Answer {
    browser.get(PAGE)
}

/// WEB-04: whatever is typed comes back as text, and nowhere as a page.
#[test]
fn words_are_shown_as_text() {
    let app = shop();
    let browser = Browser::signed_in(&app, "staff");
    for words in WORDS {
        let page = browser.get(PAGE);
        let noted = browser.submit(&page, NOTES, &[("note", words)]);
        let told = browser.follow(&noted);
        assert!(plain(&told.body).contains(words), "{words}");
        let raw = words.contains(['<', '"', '&']);
        assert!(!raw || !told.body.contains(words), "{words} stands in the page");
        let tagged = browser.submit(&told, TAGS, &[("tags", words)]);
        assert_eq!(tagged.status, 303, "{}", tagged.body);
        for path in [PAGE, LIST] {
            let shown = browser.get(path);
            let tag = words.split(',').next().unwrap();
            assert!(plain(&shown.body).contains(tag), "{path} {words}");
            assert!(!raw || !shown.body.contains(words), "{path} {words}");
        }
    }
}

/// F4, T4: too much is refused beside its field, and what was typed stays.
#[test]
fn what_is_too_long_stays_in_its_field() {
    let app = shop();
    let browser = Browser::signed_in(&app, "staff");
    let page = browser.get(PAGE);
    let long = "ä<".repeat(5_000);
    let before = kept(&app);
    for (path, field, typed) in [
        (NOTES, "note", long.as_str()),
        (NOTES, "note", "  "),
        (TAGS, "tags", long.as_str()),
    ] {
        let again = browser.submit(&page, path, &[(field, typed)]);
        assert_eq!(again.status, 400, "{field}");
        assert!(again.body.contains("data-focus") && again.body.contains(&format!("id=\"{field}-e\"")));
        assert!(plain(&again.body).contains(typed), "{field}");
    }
    let again = browser.submit(&page, CANCEL, &[("reason", long.as_str())]);
    assert_eq!(again.status, 400);
    assert!(again.body.contains("id=\"reason-e\"") && plain(&again.body).contains(long.as_str()));
    let far_too_long = "x".repeat(300 * 1024);
    assert_eq!(
        browser.submit(&page, NOTES, &[("note", &far_too_long)]).status,
        413
    );
    assert_eq!(kept(&app), before);
}

/// AZ-03: an id may be missing, or no id at all.
#[test]
fn what_is_not_there_is_a_page_that_says_so() {
    let app = shop();
    let browser = Browser::signed_in(&app, "staff");
    let page = browser.get(PAGE);
    for id in [
        "987654",
        "0",
        "-1",
        "x",
        "1x",
        "99999999999999999999",
        "%00",
        "%F0%9F%8E%81",
        "'--",
    ] {
        let looked = browser.get(&format!("/admin/orders/{id}"));
        assert_eq!(looked.status, 404, "{id}: {}", looked.body);
        assert!(
            looked.body.contains("data-code=\"3001\""),
            "{id}: {}",
            looked.body
        );
        for (path, form, typed) in [
            ("status", STEP, ("status", "processing")),
            ("cancel", CANCEL, ("reason", "")),
            ("notes", NOTES, ("note", "x")),
            ("tags", TAGS, ("tags", "x")),
        ] {
            let fields = filled(
                &page,
                form,
                &[typed, ("idempotency_key", &format!("k{}", id.len()))],
            );
            let sent = browser.post(&format!("/admin/orders/{id}/{path}"), &fields, &[OURS]);
            assert_eq!(sent.status, 404, "{path} {id}: {}", sent.body);
        }
    }
    let odd = [("status", "nowhere"), ("version", "1")];
    assert_eq!(browser.submit(&page, STEP, &odd).status, 400);
    for version in ["", "x", "-"] {
        assert_eq!(browser.submit(&page, STEP, &[("version", version)]).status, 400);
    }
}

/// WEB-02: what is forged, from elsewhere, or without its token moves nothing.
#[test]
fn only_our_own_pages_move_anything() {
    let app = shop();
    let browser = Browser::signed_in(&app, "staff");
    let page = browser.get(PAGE);
    let before = kept(&app);
    let others = Browser::signed_in(&app, "owner").get(PAGE);
    let others = filled(&others, STEP, &[]).into_iter();
    let mut tokens = others.filter(|(name, _)| name == "form_token");
    let (_, foreign) = tokens.next().unwrap();
    for (path, typed) in [
        (STEP, ("status", "processing")),
        (CANCEL, ("reason", "x")),
        (NOTES, ("note", "x")),
        (TAGS, ("tags", "x")),
        ("/admin/logout", ("x", "y")),
    ] {
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[],
        ] {
            let sent = browser.post(path, &filled(&page, path, &[typed]), headers);
            assert_eq!(sent.status, 403, "{path} {headers:?}");
        }
        for token in ["", "AAAA", &foreign] {
            let forged = filled(&page, path, &[typed, ("form_token", token)]);
            assert_eq!(browser.post(path, &forged, &[OURS]).status, 403, "{path} {token}");
        }
        let mut without = filled(&page, path, &[typed]);
        without.retain(|(name, _)| name != "form_token");
        assert_eq!(browser.post(path, &without, &[OURS]).status, 403, "{path}");
        let keyless = filled(&page, path, &[typed, ("idempotency_key", "")]);
        assert_eq!(browser.post(path, &keyless, &[OURS]).status, 400, "{path}");
    }
    assert_eq!(kept(&app), before);
    assert_eq!(browser.get(PAGE).status, 200);
}

/// AZ-01: a customer who is signed in has no business here.
#[test]
fn customers_are_turned_away() {
    let app = shop();
    for who in ["ann", "seller"] {
        let browser = Browser::signed_in(&app, who);
        for path in [LIST, PAGE, CANCEL] {
            let page = browser.get(path);
            assert_eq!(page.status, 403, "{who} {path}");
            assert!(!page.body.contains("MUG"));
        }
    }
}

/// AZ-01: what one may not do is not offered, and is refused when it is sent all the same.
#[test]
fn a_missing_right_has_no_button() {
    let app = shop();
    let browser = Browser::signed_in(&app, "staff");
    let whole = browser.get(PAGE);
    app.change("DELETE FROM role_permissions WHERE permission = 'orders:*'");
    let rights = "read'), (2, 'orders:update-status'), (2, 'orders:cancel'), (2, 'orders:note";
    app.change(&format!(
        "INSERT INTO role_permissions VALUES (2, 'orders:{rights}')"
    ));
    for (right, path, typed) in [
        ("orders:update-status", STEP, ("status", "processing")),
        ("orders:cancel", CANCEL, ("reason", "x")),
        ("orders:note", NOTES, ("note", "x")),
        ("orders:note", TAGS, ("tags", "x")),
    ] {
        app.change(&format!(
            "DELETE FROM role_permissions WHERE role_id = 2 AND permission = '{right}'"
        ));
        let before = kept(&app);
        let page = browser.get(PAGE);
        assert_eq!(page.status, 200);
        assert!(!has_form(&page, path), "{path}");
        let sent = browser.submit(&whole, path, &[typed]);
        assert_eq!(sent.status, 403, "{path}: {}", sent.body);
        assert_eq!(kept(&app), before);
    }
    assert_eq!(browser.get(CANCEL).status, 403);
    app.change("DELETE FROM role_permissions WHERE role_id = 2 AND permission = 'orders:read'");
    assert_eq!((browser.get(LIST).status, browser.get(PAGE).status), (403, 403));
}

/// N5, T4: the order as it was after each change, with nothing to be done to it.
#[test]
fn an_order_is_shown_as_it_was() {
    let app = shop();
    let browser = Browser::signed_in(&app, "owner");
    for to in ["processing", "shipped"] {
        app.clock.pass(60_000);
        let sent = browser.submit(&browser.get(PAGE), STEP, &[("status", to)]);
        assert_eq!(sent.status, 303, "{}", sent.body);
    }
    app.clock.pass(60_000);
    let now = browser.get(PAGE);
    assert!(!now.body.contains("data-at="));
    let links: Vec<&str> = now.body.split("href=\"/admin/orders/1?at=").skip(1).collect();
    let then = |link: &str| format!("{PAGE}?at={}", link.split('"').next().unwrap());
    assert_eq!(links.len(), 2, "of three versions two are former");
    for (link, version) in links.iter().zip([2, 1]) {
        let page = browser.get(&then(link));
        assert_eq!(page.status, 200);
        assert!(page.body.contains(&format!("data-version=\"{version}\"")));
        assert_eq!(page.body.matches("data-entry=").count(), version);
        assert!(page.body.contains("data-at="));
        for form in [STEP, CANCEL, NOTES, TAGS] {
            assert!(!has_form(&page, form), "{form}");
        }
    }
    let day = browser.get(&format!("{PAGE}?at=2999-12-31"));
    assert!(day.status == 200 && day.body.contains("data-version=\"3\""));
    for (at, status) in [("1999-12-31", 404), ("yesterday", 400), ("", 400)] {
        assert_eq!(browser.get(&format!("{PAGE}?at={at}")).status, status, "{at}");
    }
}
