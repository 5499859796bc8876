//! API keys: told once, kept as a hash, good within their scope and their owner's rights, until they end.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;

const KEYS: &str = "/api/v1/api-keys";
const ORDERS: &str = "/api/v1/orders";
const MINUTE: i64 = 60_000;

fn shop() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    app
}

fn asked(permissions: &[&str]) -> Value {
    json!({ "name": "till", "permissions": permissions, "expires_at": "2026-06-01T00:00:00Z" })
}

/// A key of the owner's: its id and itself.
fn key(app: &TestApp, permissions: &[&str]) -> (i64, String) {
    let made = app.post("owner", KEYS, asked(permissions));
    assert_eq!(made.status, 201, "{}", made.body);
    let key = made.json()["key"].as_str().unwrap().to_owned();
    (made.json()["id"].as_i64().unwrap(), key)
}

fn with(app: &TestApp, key: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
    app.client().send(method, path, Some(key), &[], body)
}

fn get(app: &TestApp, key: &str, path: &str) -> (u16, u64) {
    let answer = with(app, key, "GET", path, None);
    (answer.status, answer.code())
}

fn revoke(app: &TestApp, id: i64) -> u16 {
    app.send("DELETE", "owner", &format!("{KEYS}/{id}"), &[], None)
        .status
}

fn one_mug() -> Value {
    json!({ "items": [{ "sku": "MUG", "quantity": 1 }] })
}

/// T14, TOK-05
#[test]
fn a_key_is_told_once_and_kept_as_a_hash() {
    let app = shop();
    let made = app.post("owner", KEYS, asked(&["orders:read", "stock:*"]));
    assert_eq!(made.status, 201, "{}", made.body);
    let key = made.json()["key"].as_str().unwrap().to_owned();
    let (prefix, secret) = key.split_at(5);
    assert_eq!((prefix, secret.len()), ("till_", 43));
    assert_eq!(made.json()["permissions"], json!(["orders:read", "stock:*"]));
    assert_eq!(made.json()["username"], "owner");

    let list = app.get("owner", KEYS);
    assert_eq!((list.status, &list.json()["total"]), (200, &json!(1)));
    assert!(!list.body.contains(secret) && list.json()["data"][0].get("key").is_none());
    let wal = std::fs::read(app.dir().join("till.db-wal")).unwrap_or_default();
    let file = [std::fs::read(app.dir().join("till.db")).unwrap(), wal].concat();
    assert!(!file.windows(43).any(|some| some == secret.as_bytes()));

    let sent = json!({ "name": "again", "permissions": ["stock:read"], "expires_at": "2026-06-01T00:00:00Z", "client_token": "once-1" });
    let first = app.post("owner", KEYS, sent.clone());
    let again = app.post("owner", KEYS, sent);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert!(first.json()["key"].is_string() && again.json().get("key").is_none());
}

/// TOK-05, A17: what is not in its scope is forbidden, its owner's own things too.
#[test]
fn a_key_does_what_it_is_for_and_no_more() {
    let app = shop();
    let mine = app.post("owner", ORDERS, one_mug()).json()["id"]
        .as_i64()
        .unwrap();
    let order = format!("{ORDERS}/{mine}");
    let (_, reader) = key(&app, &["orders:read"]);
    assert_eq!(get(&app, &reader, ORDERS), (200, 0));
    assert_eq!(get(&app, &reader, &order), (200, 0));
    assert_eq!(get(&app, &reader, "/api/v1/auth/me"), (200, 0));
    assert_eq!(get(&app, &reader, "/api/v1/stock/movements"), (403, 1005));
    assert_eq!(get(&app, &reader, "/api/v1/products"), (403, 1005));
    for (method, path, body) in [
        ("POST", ORDERS.to_owned(), one_mug()),
        ("POST", format!("{order}/cancel"), json!({})),
        ("PATCH", "/api/v1/auth/me".into(), json!({ "name": "Eve" })),
        (
            "POST",
            "/api/v1/auth/logout".into(),
            json!({ "all_devices": true }),
        ),
        ("POST", KEYS.into(), asked(&["orders:read"])),
    ] {
        let answer = with(&app, &reader, method, &path, Some(&body));
        assert_eq!((answer.status, answer.code()), (403, 1005), "{method} {path}");
    }
    let (_, stock) = key(&app, &["stock:read"]);
    assert_eq!(get(&app, &stock, ORDERS), (403, 1005));
    assert_eq!(get(&app, &stock, &order), (403, 1005));
    let (_, clerk) = key(&app, &["orders:*"]);
    let placed = with(&app, &clerk, "POST", ORDERS, Some(&one_mug()));
    assert_eq!(placed.status, 201, "{}", placed.body);
    let history = app.get(
        "owner",
        &format!("{ORDERS}/{}/history", placed.json()["id"].as_i64().unwrap()),
    );
    let by = &history.json()["data"][0]["by"];
    assert_eq!((&by["kind"], &by["name"]), (&json!("api_key"), &json!("owner")));
}

/// TOK-05, AZ-05: a key never grants beyond its maker, and its making asks for a proof.
#[test]
fn a_key_that_asks_for_too_much_is_refused() {
    let app = shop();
    app.change("INSERT INTO role_permissions VALUES (2, 'api-keys:manage')");
    let clerk = app.post("staff", KEYS, asked(&["orders:read"]));
    assert_eq!(clerk.status, 201, "{}", clerk.body);
    for beyond in ["*", "refunds:create", "users:*"] {
        let answer = app.post("staff", KEYS, asked(&["orders:read", beyond]));
        assert_eq!((answer.status, answer.code()), (403, 1005), "{beyond}");
    }
    let owners = key(&app, &["*"]).0;
    let others = app.send("DELETE", "staff", &format!("{KEYS}/{owners}"), &[], None);
    assert_eq!((others.status, others.code()), (403, 1005));
    for (body, code) in [
        (
            json!({ "name": "", "permissions": ["orders:read"], "expires_at": "2026-06-01T00:00:00Z" }),
            2003,
        ),
        (
            json!({ "name": "x", "permissions": [], "expires_at": "2026-06-01T00:00:00Z" }),
            2001,
        ),
        (
            json!({ "name": "x", "permissions": ["orders:fly"], "expires_at": "2026-06-01T00:00:00Z" }),
            2001,
        ),
        (
            json!({ "name": "x", "permissions": ["orders:read"], "expires_at": "2026-03-01T12:00:00Z" }),
            2001,
        ),
        (
            json!({ "name": "x", "permissions": ["orders:read"], "expires_at": "soon" }),
            2004,
        ),
        (json!({ "name": "x", "permissions": ["orders:read"] }), 2003),
    ] {
        let answer = app.post("owner", KEYS, body.clone());
        assert_eq!((answer.status, answer.code()), (400, code), "{body}");
    }
    app.clock.pass(5 * MINUTE);
    let stale = app.post("owner", KEYS, asked(&["orders:read"]));
    assert_eq!((stale.status, stale.code()), (401, 1007));
    assert_eq!(stale.json()["error"]["details"]["step_up"], true);
    let by_key = key_by_key(&app);
    assert_eq!((by_key.status, by_key.code()), (403, 1005));
}

/// A key that may manage keys makes none: that is for people.
fn key_by_key(app: &TestApp) -> Answer {
    app.forget_tokens();
    let (_, manager) = key(app, &["api-keys:*"]);
    with(app, &manager, "POST", KEYS, Some(&asked(&["api-keys:read"])))
}

/// TOK-05: whatever becomes of its owner becomes of the key, at once.
#[test]
fn a_key_falls_with_its_owners_rights() {
    let app = shop();
    app.change("INSERT INTO role_permissions VALUES (2, 'api-keys:*')");
    let made = app.post("staff", KEYS, asked(&["orders:read", "stock:read"]));
    let key = made.json()["key"].as_str().unwrap().to_owned();
    assert_eq!(get(&app, &key, ORDERS), (200, 0));
    let role = |role: i64, status: i64| {
        app.change(&format!(
            "UPDATE users SET role_id = {role}, status = {status} WHERE username = 'staff'"
        ));
        (
            get(&app, &key, ORDERS),
            get(&app, &key, "/api/v1/stock/movements"),
        )
    };
    assert_eq!(role(4, 0), ((403, 1005), (403, 1005)));
    assert_eq!(role(2, 2), ((401, 1004), (401, 1004)));
    assert_eq!(role(2, 1), ((401, 1004), (401, 1004)));
    assert_eq!(role(2, 0), ((200, 0), (200, 0)));
    app.change("DELETE FROM role_permissions WHERE role_id = 2 AND permission = 'stock:*'");
    assert_eq!(role(2, 0), ((200, 0), (403, 1005)));
}

/// TOK-05
#[test]
fn a_key_ends_with_its_time_and_when_it_is_revoked() {
    let app = shop();
    let (id, revoked) = key(&app, &["orders:read"]);
    let (_, kept) = key(&app, &["orders:read"]);
    assert_eq!(get(&app, &revoked, ORDERS), (200, 0));
    assert_eq!(revoke(&app, id), 204);
    assert_eq!(get(&app, &revoked, ORDERS), (401, 1004));
    assert_eq!((revoke(&app, id), revoke(&app, 987)), (404, 404));
    assert_eq!(get(&app, &kept, ORDERS), (200, 0));
    app.clock.pass(92 * 24 * 60 * MINUTE);
    assert_eq!(get(&app, &kept, ORDERS), (401, 1003));
    for forged in [
        "till_",
        "till_AAAA",
        &kept.to_uppercase(),
        &format!("{kept}A"),
        &kept[5..],
    ] {
        let (status, code) = get(&app, forged, ORDERS);
        assert_eq!((status, code), (401, 1004), "{forged}");
    }
    let told = "SELECT count(*) FROM audit WHERE action IN (96, 97) AND actor_id = 1";
    assert_eq!(app.number(told), 3);
}

/// T14: its use is noted at most once a minute.
#[test]
fn the_use_of_a_key_is_noted_once_a_minute() {
    let app = shop();
    let (_, key) = key(&app, &["orders:read"]);
    let used = || app.get("owner", KEYS).json()["data"][0]["last_used_at"].clone();
    assert_eq!(used(), Value::Null);
    get(&app, &key, ORDERS);
    assert_eq!(used(), "2026-03-01T12:00:00.000Z");
    app.clock.pass(MINUTE - 1);
    get(&app, &key, ORDERS);
    assert_eq!(used(), "2026-03-01T12:00:00.000Z");
    app.clock.pass(1);
    get(&app, &key, ORDERS);
    assert_eq!(used(), "2026-03-01T12:01:00.000Z");
}

/// RL-02: each key has a bucket of its own, and none of its address's.
#[test]
fn each_key_has_a_limit_of_its_own() {
    let app = TestApp::start_with(|config| {
        config.limits.enabled = true;
        config.limits.user_per_minute = 20;
        config.limits.anonymous_per_minute = 100;
    });
    let (_, one) = key(&app, &["orders:read"]);
    let (_, other) = key(&app, &["orders:read"]);
    let statuses: Vec<u16> = (0..25).map(|_| get(&app, &one, ORDERS).0).collect();
    let held = statuses.iter().filter(|status| **status == 429).count();
    assert_eq!((statuses[0], held), (200, 5), "{statuses:?}");
    assert_eq!(get(&app, &other, ORDERS), (200, 0));
}

/// A15, T2: roles are read with what they may; every permission has its name.
#[test]
fn roles_and_permissions_are_read() {
    let app = TestApp::start();
    let roles = app.get("owner", "/api/v1/roles").json();
    let names: Vec<&str> = roles["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| role["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["admin", "staff", "seller", "customer"]);
    assert_eq!(roles["data"][0]["permissions"], json!(["*"]));
    let staff = app.get("owner", "/api/v1/roles/2").json();
    assert!(
        staff["permissions"]
            .as_array()
            .unwrap()
            .contains(&json!("orders:*"))
    );
    assert!(!staff["permissions"].to_string().contains("refunds"));
    let all = app.get("owner", "/api/v1/permissions").json();
    assert!(
        all["data"]
            .as_array()
            .unwrap()
            .contains(&json!({ "name": "refunds:create" }))
    );
}
