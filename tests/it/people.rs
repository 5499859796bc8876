//! Users by those who look after them: invited, given roles, kept out, and never beyond what one may oneself.

use serde_json::Value;
use serde_json::json;
use till::domain::actor::Actor;
use till::domain::mail::Template;
use till::domain::mail::Wanted;
use till::domain::page::Limit;
use till::domain::page::Paging;
use till::shop::mails;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;

const USERS: &str = "/api/v1/users";
const ME: &str = "/api/v1/auth/me";
const MINUTE: i64 = 60_000;

pub fn somebody(username: &str, role: &str) -> Value {
    json!({ "username": username, "email": format!("{username}@shop.test"), "name": "Some Body", "role": role })
}

/// Invites somebody as the owner; the id.
fn invite(app: &TestApp, username: &str, role: &str) -> i64 {
    let answer = app.post("owner", USERS, somebody(username, role));
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["id"].as_i64().unwrap()
}

/// The secret in the newest invitation to an address.
pub fn invitation(app: &TestApp, username: &str) -> String {
    let keys = app.app().keys().clone();
    let to = format!("{username}@shop.test");
    let link = app.app().store().write(move |tx| {
        let paging = Paging::first(Limit::MAX, 0);
        let all = mails::list(tx, &Actor::system(), Wanted::default(), &paging)?;
        let mail = all
            .rows
            .iter()
            .find(|mail| mail.recipient == to && mail.template == Template::Invitation);
        mails::reveal(tx, &Actor::system(), &keys, mail.unwrap().id)
    });
    link.unwrap().unwrap().1
}

fn id(app: &TestApp, who: &str) -> i64 {
    app.token(who);
    app.number(&format!("SELECT id FROM users WHERE username = '{who}'"))
}

fn change(app: &TestApp, by: &str, who: &str, mut body: Value) -> Answer {
    let path = format!("{USERS}/{}", id(app, who));
    body["version"] = app.get("owner", &path).json()["version"].clone();
    app.patch(by, &path, body)
}

fn act(app: &TestApp, by: &str, who: &str, deed: &str) -> Answer {
    app.post(by, &format!("{USERS}/{}/{deed}", id(app, who)), json!({}))
}

fn sign_in(app: &TestApp, who: &str) -> u16 {
    let body = json!({ "username": who, "password": PASSWORD });
    app.client()
        .send("POST", "/api/v1/auth/login", None, &[], Some(&body))
        .status
}

/// A15, AUT-08: whoever invites chooses no password, and an invited user is nobody yet.
#[test]
fn an_invitation_makes_a_user_who_cannot_come_in_yet() {
    let app = TestApp::start();
    let number = invite(&app, "mia", "staff");
    let shown = app.get("owner", &format!("{USERS}/{number}")).json();
    assert_eq!(
        (&shown["status"], &shown["role"]),
        (&json!("invited"), &json!("staff"))
    );
    assert_eq!(sign_in(&app, "mia"), 401);
    assert_eq!(invitation(&app, "mia").len(), 43);
    let mut with_password = somebody("eve", "staff");
    with_password["password"] = json!(PASSWORD);
    let refused = app.post("owner", USERS, with_password);
    assert_eq!((refused.status, refused.code()), (400, 2001));
    for (body, code) in [
        (somebody("mia", "staff"), 3002),
        (
            json!({ "username": "m", "email": "m@shop.test", "role": "staff" }),
            2001,
        ),
        (
            json!({ "username": "max", "email": "nowhere", "role": "staff" }),
            2001,
        ),
        (
            json!({ "username": "max", "email": "max@shop.test", "role": "king" }),
            2001,
        ),
        (json!({ "username": "max", "email": "max@shop.test" }), 2003),
    ] {
        assert_eq!(app.post("owner", USERS, body.clone()).code(), code, "{body}");
    }
    let mut once = somebody("max", "customer");
    once["client_token"] = json!("k-1");
    let first = app.post("owner", USERS, once.clone());
    let again = app.post("owner", USERS, once);
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(
        app.number("SELECT count(*) FROM mails WHERE recipient = 'max@shop.test'"),
        1
    );
}

/// A15, R2: users are listed by role, by how they stand, and by what one types.
#[test]
fn users_are_found() {
    let app = TestApp::start();
    for who in ["ann", "anna", "bob", "seller", "staff", "owner"] {
        app.token(who);
    }
    invite(&app, "mia", "staff");
    for (query, names) in [
        ("", vec!["mia", "owner", "staff", "seller", "bob", "anna", "ann"]),
        ("?role=customer", vec!["bob", "anna", "ann"]),
        ("?staff=true", vec!["mia", "owner", "staff"]),
        ("?staff=false&limit=2", vec!["seller", "bob"]),
        ("?status=invited", vec!["mia"]),
        ("?q=AN", vec!["anna", "ann"]),
        ("?q=bob%40shop", vec!["bob"]),
        ("?q=hop.test", vec![]),
        ("?page=2&limit=3", vec!["seller", "bob", "anna"]),
    ] {
        let answer = app.get("owner", &format!("{USERS}{query}"));
        let found: Vec<String> = answer.json()["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["username"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(found, names, "{query}");
    }
    let first = app.get("owner", &format!("{USERS}?limit=3")).json();
    assert_eq!(first["total"], 7);
    let next = app.get(
        "owner",
        &format!("{USERS}?limit=3&after={}", first["next"].as_str().unwrap()),
    );
    assert_eq!(next.json()["data"][0]["username"], "seller");
    for bad in ["?role=", "?status=gone", "?staff=maybe", "?colour=red"] {
        let answer = app.get("owner", &format!("{USERS}{bad}"));
        let is_fine = bad == "?role=" && answer.status == 200;
        assert!(is_fine || (answer.status, answer.code()) == (400, 2002), "{bad}");
    }
}

/// AUT-08: a role change ends every session and token of before, at once.
#[test]
fn another_role_ends_what_was_open() {
    let app = TestApp::start();
    let token = app.token("staff").unwrap();
    let old = |app: &TestApp| app.client().send("GET", ME, Some(&token), &[], None).status;
    assert_eq!(old(&app), 200);
    let named = change(&app, "owner", "staff", json!({ "name": "Sam" }));
    assert_eq!((named.status, &named.json()["name"]), (200, &json!("Sam")));
    assert_eq!(old(&app), 200);
    let changed = change(&app, "owner", "staff", json!({ "role": "seller" }));
    assert_eq!((changed.status, &changed.json()["role"]), (200, &json!("seller")));
    assert_eq!(old(&app), 401);
    assert_eq!(sign_in(&app, "staff"), 200);
}

/// D7, A15
#[test]
fn a_change_says_which_version_it_has_seen() {
    let app = TestApp::start();
    let path = format!("{USERS}/{}", id(&app, "ann"));
    let silent = app.patch("owner", &path, json!({ "name": "Ann" }));
    assert_eq!((silent.status, silent.code()), (428, 2003));
    let stale = app.patch("owner", &path, json!({ "name": "Ann", "version": 7 }));
    assert_eq!((stale.status, stale.code()), (412, 3003));
    assert_eq!(stale.json()["error"]["details"]["current"]["username"], "ann");
    let tag = app.get("owner", &path).header("etag").unwrap().to_owned();
    let held = app.send("GET", "owner", &path, &[("if-none-match", &tag)], None);
    assert_eq!(held.status, 304);
    let changed = app.send(
        "PATCH",
        "owner",
        &path,
        &[("if-match", &tag)],
        Some(&json!({ "name": null })),
    );
    assert_eq!((changed.status, &changed.json()["name"]), (200, &Value::Null));
}

/// API.md *Versions*: one's own user has its tag, and is not sent again to whoever holds it.
#[test]
fn ones_own_user_is_sent_once() {
    let app = TestApp::start();
    let first = app.get("ann", ME);
    let tag = first.header("etag").unwrap().to_owned();
    assert_eq!(tag, "\"1\"");
    let look = |tag: &str| app.send("GET", "ann", ME, &[("if-none-match", tag)], None);
    assert_eq!((look(&tag).status, look(&tag).body.as_str()), (304, ""));
    let changed = app.patch("ann", ME, json!({ "name": "Ann" }));
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"2\"")));
    let now = look(&tag);
    assert_eq!((now.status, now.json()), (200, changed.json()));
    assert_eq!(look("\"2\"").status, 304);
}

/// AUT-08, TOK-05: who is kept out is out at once, by whatever token; and may come in again when let, but by no key that
/// was made before.
#[test]
fn a_suspended_user_is_out_at_once() {
    let app = TestApp::start();
    app.change("INSERT INTO role_permissions VALUES (2, 'api-keys:*')");
    let token = app.token("staff").unwrap();
    let key = app.post(
        "staff",
        "/api/v1/api-keys",
        json!({ "name": "k", "permissions": ["orders:read"], "expires_at": "2026-06-01T00:00:00Z" }),
    );
    let key = key.json()["key"].as_str().unwrap().to_owned();
    let body = json!({ "username": "staff", "password": PASSWORD });
    let signed = app.post("nobody", "/api/v1/auth/login", body);
    let refresh = signed.json()["refresh_token"].as_str().unwrap().to_owned();
    let seen = |token: &str| {
        app.client()
            .send("GET", "/api/v1/orders", Some(token), &[], None)
            .status
    };
    assert_eq!((seen(&token), seen(&key)), (200, 200));
    let gone = act(&app, "owner", "staff", "suspend");
    assert_eq!((gone.status, &gone.json()["status"]), (200, &json!("suspended")));
    assert_eq!(
        (seen(&token), seen(&key), sign_in(&app, "staff")),
        (401, 401, 401)
    );
    let body = json!({ "refresh_token": refresh });
    let refreshed = app.post("nobody", "/api/v1/auth/refresh-token", body);
    assert_eq!(refreshed.status, 401);
    let twice = act(&app, "owner", "staff", "suspend");
    assert_eq!((twice.status, twice.code()), (409, 6003));
    assert_eq!(act(&app, "owner", "staff", "unlock").json()["status"], "active");
    assert_eq!(
        (sign_in(&app, "staff"), seen(&key), seen(&token)),
        (200, 401, 401)
    );
    let listed = app.get("owner", "/api/v1/api-keys").json();
    assert_eq!(listed["total"], json!(0));
    // 97: the key was revoked, by whom and of whom.
    let revoked = "SELECT count(*) FROM audit a JOIN users u ON u.id = a.actor_id
                   WHERE a.action = 97 AND u.username = 'owner' AND a.content = '{\"name\":\"k\"}'";
    assert_eq!(app.number(revoked), 1);
}

/// TOK-05: under load, the last good reply to a suspended user comes within a second of the suspension.
#[test]
fn under_load_nothing_is_answered_after_a_suspension() {
    let app = TestApp::start();
    let token = app.token("staff").unwrap();
    app.token("owner");
    let knock = || {
        let seen = app.client().send("GET", ME, Some(&token), &[], None).status;
        seen == 200
    };
    let late = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..25).filter(|_| knock()).count()))
            .collect();
        assert_eq!(act(&app, "owner", "staff", "suspend").status, 200);
        // The writer drops the copies before it answers: what is asked from now on is refused.
        let late = (0..25).filter(|_| knock()).count();
        for client in clients {
            client.join().unwrap();
        }
        late
    });
    assert_eq!(late, 0);
}

/// A9: a name that failed too often is let in again.
#[test]
fn a_locked_name_is_unlocked() {
    let app = TestApp::start();
    app.token("ann");
    let wrong = json!({ "username": "ann", "password": "not this one" });
    for _ in 0..5 {
        app.post("nobody", "/api/v1/auth/login", wrong.clone());
    }
    assert_eq!(sign_in(&app, "ann"), 423);
    assert_eq!(act(&app, "owner", "ann", "unlock").status, 200);
    assert_eq!(sign_in(&app, "ann"), 200);
}

/// AZ-05: nobody grants, or lays hands on, more than their own; and an admin is always left.
#[test]
fn nobody_reaches_beyond_their_own_rights() {
    let app = TestApp::start();
    app.change("INSERT INTO role_permissions VALUES (2, 'users:*')");
    app.token("staff2");
    for (who, role) in [("staff2", "admin"), ("owner", "staff"), ("staff", "admin")] {
        let answer = change(&app, "staff", who, json!({ "role": role }));
        assert_eq!((answer.status, answer.code()), (403, 1005), "{who} {role}");
    }
    let renamed = change(&app, "staff", "owner", json!({ "name": "Eve" }));
    assert_eq!((renamed.status, renamed.code()), (403, 1005));
    for deed in ["suspend", "unlock"] {
        assert_eq!(act(&app, "staff", "owner", deed).code(), 1005, "{deed}");
    }
    assert_eq!(app.post("staff", USERS, somebody("eve", "admin")).code(), 1005);
    assert_eq!(app.post("staff", USERS, somebody("mia", "staff")).status, 201);
    assert_eq!(
        change(&app, "staff", "staff2", json!({ "role": "customer" })).status,
        200
    );
    for answer in [
        change(&app, "owner", "owner", json!({ "role": "staff" })),
        act(&app, "owner", "owner", "suspend"),
    ] {
        assert_eq!((answer.status, answer.code()), (409, 6003), "{}", answer.body);
    }
    assert_eq!(
        app.number("SELECT count(*) FROM users WHERE role_id = 1 AND status = 0"),
        1
    );
}

/// AUT-06: a role and an invitation ask for a fresh proof; a name and a suspension do not.
#[test]
fn a_role_and_an_invitation_ask_for_a_proof() {
    let app = TestApp::start();
    let version = app.get("owner", &format!("{USERS}/{}", id(&app, "staff"))).json()["version"].clone();
    app.clock.pass(5 * MINUTE);
    let path = format!("{USERS}/{}", id(&app, "staff"));
    for answer in [
        app.patch("owner", &path, json!({ "role": "seller", "version": version })),
        app.post("owner", USERS, somebody("mia", "staff")),
    ] {
        assert_eq!((answer.status, answer.code()), (401, 1007), "{}", answer.body);
        assert_eq!(answer.json()["error"]["details"]["step_up"], true);
    }
    let named = app.patch("owner", &path, json!({ "name": "Sam", "version": version }));
    assert_eq!(named.status, 200);
    assert_eq!(
        app.post("owner", &format!("{path}/suspend"), json!({})).status,
        200
    );
}
