//! Roles that staff make: granted within one's own rights, changed for all who have them at once, and an admin always left.

use serde_json::Value;
use serde_json::json;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;
use crate::people::invitation;
use crate::people::somebody;

const ROLES: &str = "/api/v1/roles";
const MINUTE: i64 = 60_000;

fn make(app: &TestApp, who: &str, name: &str, permissions: Value) -> Answer {
    app.post(who, ROLES, json!({ "name": name, "permissions": permissions }))
}

fn change(app: &TestApp, who: &str, id: &Value, body: Value) -> Answer {
    app.send("PUT", who, &format!("{ROLES}/{id}"), &[], Some(&body))
}

/// Invites somebody to a role and lets them in; their token.
fn member(app: &TestApp, username: &str, role: &str) -> String {
    let invited = app.post("owner", "/api/v1/users", somebody(username, role));
    assert_eq!(invited.status, 201, "{}", invited.body);
    let token = invitation(app, username);
    let hash = till::secret::hash_password(PASSWORD).unwrap();
    let keys = app.app().keys().clone();
    let admitted = app.app().store().write(move |tx| {
        let by = till::domain::actor::Actor::guest(till::domain::actor::Origin::default());
        till::shop::users::accept(tx, &by, &keys, &token, &hash)
    });
    admitted.unwrap();
    let body = json!({ "username": username, "password": PASSWORD });
    app.post("nobody", "/api/v1/auth/login", body).json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// A11: a role is made, changed under its version, and deleted, but not while somebody has it; each is audited.
#[test]
fn a_role_is_made_changed_and_deleted() {
    let app = TestApp::start();
    let grants = json!(["orders:update-status", "orders:read", "orders:read"]);
    let made = make(&app, "owner", "Packer", grants);
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    assert_eq!(
        (&made["permissions"], &made["staff"], &made["built_in"]),
        (
            &json!(["orders:read", "orders:update-status"]),
            &json!(true),
            &json!(false)
        )
    );
    let path = format!("{ROLES}/{}", made["id"]);
    let body = json!({ "permissions": ["stock:*"] });
    assert_eq!(change(&app, "owner", &made["id"], body).status, 428);
    let stale = json!({ "permissions": ["stock:*"], "version": 5 });
    let stale = change(&app, "owner", &made["id"], stale);
    assert_eq!(
        (stale.status, &stale.json()["error"]["details"]["current"]["name"]),
        (412, &json!("Packer"))
    );
    member(&app, "pat", "packer");
    let used = app.send("DELETE", "owner", &path, &[], None);
    assert_eq!((used.status, used.code()), (409, 6003));
    let body = json!({ "permissions": ["stock:*"], "name": "Stockist", "version": 1 });
    let changed = change(&app, "owner", &made["id"], body);
    assert_eq!(
        (changed.status, &changed.json()["users"]),
        (200, &json!(1)),
        "{}",
        changed.body
    );
    let pat = app.number("SELECT id FROM users WHERE username = 'pat'");
    let user = format!("/api/v1/users/{pat}");
    let version = app.get("owner", &user).json()["version"].clone();
    let moved = app.patch("owner", &user, json!({ "role": "customer", "version": version }));
    assert_eq!(moved.status, 200);
    assert_eq!(app.send("DELETE", "owner", &path, &[], None).status, 204);
    assert_eq!(app.get("owner", &path).status, 404);
    // 230 to 232: made, changed, deleted.
    let noted = "SELECT count(*) FROM audit WHERE action BETWEEN 230 AND 232";
    assert_eq!(app.number(noted), 3);
}

/// T2, TOK-05: who has a role that is changed may otherwise at once, by the token they hold.
#[test]
fn a_changed_role_holds_at_once() {
    let app = TestApp::start();
    let id = make(&app, "owner", "Packer", json!(["orders:read"])).json()["id"].clone();
    let token = member(&app, "pat", "packer");
    let get = |path: &str| app.client().send("GET", path, Some(&token), &[], None).status;
    let both = || (get("/api/v1/orders/statistics"), get("/api/v1/stock/low"));
    assert_eq!(both(), (200, 403));
    let body = json!({ "permissions": ["stock:*"], "version": 1 });
    assert_eq!(change(&app, "owner", &id, body).status, 200);
    assert_eq!(both(), (403, 200));
}

/// A12, AZ-05: nobody grants beyond their own rights, or lays hands on a role that may more; and nothing moves.
#[test]
fn nobody_grants_beyond_their_own_rights() {
    let app = TestApp::start();
    app.change("INSERT INTO role_permissions VALUES (2, 'roles:*')");
    let strong = make(&app, "owner", "Cashier", json!(["refunds:*"])).json()["id"].clone();
    for grants in [
        json!(["*"]),
        json!(["refunds:create"]),
        json!(["orders:read", "settings:*"]),
    ] {
        let refused = make(&app, "staff", "Sneak", grants.clone());
        assert_eq!((refused.status, refused.code()), (403, 1005), "{grants}");
    }
    let weak = make(&app, "staff", "Helper", json!(["orders:*"]));
    assert_eq!(weak.status, 201, "{}", weak.body);
    let weak = weak.json()["id"].clone();
    for (id, body) in [
        (
            &weak,
            json!({ "permissions": ["orders:*", "refunds:create"], "version": 1 }),
        ),
        (&strong, json!({ "permissions": ["orders:read"], "version": 1 })),
        (&strong, json!({ "name": "Mine", "version": 1 })),
        (&json!(1), json!({ "name": "Mine", "version": 1 })),
        (&json!(2), json!({ "permissions": ["*"], "version": 1 })),
    ] {
        let refused = change(&app, "staff", id, body.clone());
        assert_eq!((refused.status, refused.code()), (403, 1005), "{id} {body}");
    }
    let path = format!("{ROLES}/{strong}");
    assert_eq!(app.send("DELETE", "staff", &path, &[], None).code(), 1005);
    assert_eq!(app.number("SELECT sum(version) FROM roles"), 6);
}

/// A11: the built-in roles keep their names, the admin's its rights; whoever signs up is never of staff.
#[test]
fn the_built_in_roles_stay() {
    let app = TestApp::start();
    for (id, body) in [
        (1, json!({ "permissions": ["orders:read"], "version": 1 })),
        (1, json!({ "name": "boss", "version": 1 })),
        (2, json!({ "name": "crew", "version": 1 })),
        (
            3,
            json!({ "permissions": ["products:own", "orders:read"], "version": 1 }),
        ),
        (4, json!({ "permissions": ["orders:read"], "version": 1 })),
    ] {
        let refused = change(&app, "owner", &json!(id), body.clone());
        assert_eq!((refused.status, refused.code()), (409, 6003), "{id} {body}");
        let path = format!("{ROLES}/{id}");
        assert_eq!(app.send("DELETE", "owner", &path, &[], None).code(), 6003, "{id}");
    }
    let less = change(
        &app,
        "owner",
        &json!(2),
        json!({ "permissions": ["orders:read"], "version": 1 }),
    );
    assert_eq!(
        (less.status, &less.json()["permissions"]),
        (200, &json!(["orders:read"]))
    );
    assert_eq!(app.get("staff", "/api/v1/stock/low").code(), 1005);
}

/// A11: what is no role is refused at its field.
#[test]
fn what_is_no_role_is_refused() {
    let app = TestApp::start();
    for (body, code, field) in [
        (json!({ "name": "x", "permissions": [] }), 2001, "name"),
        (json!({ "name": "crew" }), 2003, "permissions"),
        (
            json!({ "name": "crew", "permissions": ["orders:read", "orders:fly"] }),
            2001,
            "permissions[1]",
        ),
        (
            json!({ "name": "crew", "permissions": ["orders"] }),
            2001,
            "permissions[0]",
        ),
        (json!({ "name": "crew", "permissions": "*" }), 2001, "permissions"),
        (
            json!({ "name": "crew", "permissions": [], "staff": true }),
            2001,
            "staff",
        ),
    ] {
        let refused = app.post("owner", ROLES, body.clone());
        assert_eq!(
            (refused.status, refused.code()),
            (400, code),
            "{body}: {}",
            refused.body
        );
        assert_eq!(refused.json()["error"]["fields"][0]["field"], field, "{body}");
    }
    for name in ["Staff", "user", "ADMIN"] {
        let taken = make(&app, "owner", name, json!([]));
        assert_eq!((taken.status, taken.code()), (409, 3002), "{name}");
    }
    assert_eq!(app.number("SELECT count(*) FROM roles"), 4);
}

/// AUT-06: a role's rights ask for a fresh proof, and no program has one.
#[test]
fn a_role_asks_for_a_proof() {
    let app = TestApp::start();
    let id = make(&app, "owner", "Packer", json!(["orders:read"])).json()["id"].clone();
    app.clock.pass(5 * MINUTE);
    for refused in [
        make(&app, "owner", "Other", json!([])),
        change(&app, "owner", &id, json!({ "permissions": [], "version": 1 })),
        app.send("DELETE", "owner", &format!("{ROLES}/{id}"), &[], None),
    ] {
        assert_eq!((refused.status, refused.code()), (401, 1007), "{}", refused.body);
        assert_eq!(refused.json()["error"]["details"]["step_up"], true);
    }
    assert_eq!(app.number("SELECT count(*) FROM roles"), 5);
}

/// A15: two admins who demote one another at once: one of them stays, time and again.
#[test]
fn two_at_once_leave_an_admin() {
    let app = TestApp::start();
    let admins = ["owner", "owner2"];
    for _ in 0..10 {
        let ids = admins.map(|who| {
            app.token(who);
            app.number(&format!("SELECT id FROM users WHERE username = '{who}'"))
        });
        app.change("UPDATE users SET role_id = 1, status = 0");
        let versions = ids.map(|id| app.number(&format!("SELECT version FROM users WHERE id = {id}")));
        let demote = |by: usize| {
            let path = format!("/api/v1/users/{}", ids[1 - by]);
            let body = json!({ "role": "staff", "version": versions[1 - by] });
            app.patch(admins[by], &path, body).status
        };
        let statuses = std::thread::scope(|scope| {
            let both = [scope.spawn(|| demote(0)), scope.spawn(|| demote(1))];
            both.map(|one| one.join().unwrap())
        });
        assert_eq!(
            statuses.iter().filter(|status| **status == 200).count(),
            1,
            "{statuses:?}"
        );
        assert_eq!(
            app.number("SELECT count(*) FROM users WHERE role_id = 1 AND status = 0"),
            1
        );
        app.change("UPDATE users SET role_id = 1");
        app.forget_tokens();
    }
}
