//! What the shop decides, over JSON: changed under its version, audited, and held to at once by everything that reads it.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;

pub const SETTINGS: &str = "/api/v1/settings";

/// Changes settings as the owner, on the version that stands.
pub fn set(app: &TestApp, mut body: Value) -> Answer {
    body["version"] = app.get("owner", SETTINGS).json()["version"].clone();
    app.patch("owner", SETTINGS, body)
}

fn audited(app: &TestApp) -> i64 {
    app.number("SELECT count(*) FROM audit WHERE action = 62")
}

/// T1, D7: what is said changes, the rest stays; a version is asked for and raised; the audit holds what was.
#[test]
fn settings_change_under_their_version_and_are_audited() {
    let app = TestApp::start();
    let before = app.get("owner", SETTINGS);
    assert_eq!(
        (before.status, before.header("etag")),
        (200, Some("\"1\"")),
        "{}",
        before.body
    );
    let body = json!({ "shop": { "name": "Fennel", "address": { "city": "Rye" } }, "wallet": { "daily_deposits": 12.5 } });
    let missing = app.patch("owner", SETTINGS, body.clone());
    assert_eq!((missing.status, missing.code()), (428, 2003));
    let sent = app.send("PATCH", "owner", SETTINGS, &[("if-match", "\"1\"")], Some(&body));
    assert_eq!(
        (sent.status, sent.header("etag")),
        (200, Some("\"2\"")),
        "{}",
        sent.body
    );
    let mut wanted = before.json();
    wanted["shop"]["name"] = json!("Fennel");
    wanted["shop"]["address"]["city"] = json!("Rye");
    wanted["wallet"]["daily_deposits"] = json!("12.50");
    wanted["version"] = json!(2);
    assert_eq!(app.get("owner", SETTINGS).json(), wanted);
    let stale = app.send("PATCH", "owner", SETTINGS, &[("if-match", "\"1\"")], Some(&body));
    assert_eq!((stale.status, stale.code()), (412, 3003));
    assert_eq!(stale.json()["error"]["details"]["current"], wanted);
    let held = app.send("GET", "owner", SETTINGS, &[("if-none-match", "\"2\"")], None);
    assert_eq!(held.status, 304);
    let content: String = app
        .db()
        .query_row("SELECT content FROM audit WHERE action = 62", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&content).unwrap(),
        json!({ "shop.name": "Till", "shop.address.city": null, "wallet.daily_deposits": "10000.00" })
    );
    // What stands so already is no change.
    assert_eq!(set(&app, body).json()["version"], 2);
    let open = set(&app, json!({ "shop": { "address": { "city": null } } }));
    assert_eq!(
        open.json()["shop"]["address"]["city"],
        Value::Null,
        "{}",
        open.body
    );
    assert_eq!(audited(&app), 2);
}

/// Every setting, with another value than it begins with.
fn others() -> Vec<(&'static str, Value)> {
    vec![
        ("shop.name", json!("Fennel")),
        ("shop.address.line1", json!("1 Road")),
        ("shop.address.line2", json!("Back yard")),
        ("shop.address.city", json!("Rye")),
        ("shop.address.postcode", json!("TN31")),
        ("shop.address.region", json!("Sussex")),
        ("shop.address.country", json!("GB")),
        ("currency", json!("GBP")),
        ("time_zone", json!("Europe/London")),
        ("tax.inclusive", json!(false)),
        ("products.moderation", json!(false)),
        ("stock.low_at", json!(7)),
        ("orders.unpaid_minutes", json!(90)),
        ("orders.transfer_days", json!(14)),
        ("payments.capture", json!("on_ship")),
        ("refunds.step_up_above", json!("90.00")),
        ("commissions.rate", json!("12.5")),
        ("wallet.deposits", json!("open")),
        ("wallet.withdrawals", json!("off")),
        ("wallet.daily_deposits", json!("90.00")),
        ("wallet.daily_withdrawals", json!("80.00")),
        ("mail.from", json!("shop@shop.test")),
        ("mail.reply_to", json!("desk@shop.test")),
        ("staff.second_factor", json!(true)),
        ("keep_days.deliveries", json!(31)),
        ("keep_days.mails", json!(181)),
        ("keep_days.audit", json!(366)),
        ("keep_days.events", json!(401)),
    ]
}

/// The names of all that an object holds that is no object itself.
fn leaves(at: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(all) => all
            .iter()
            .for_each(|(name, value)| leaves(&format!("{at}.{name}"), value, found)),
        _ => found.push(at.trim_start_matches('.').to_owned()),
    }
}

/// T1, J7: each setting is changed by itself, touches no other, and stands in the audit with what it was.
#[test]
fn each_setting_is_changed_by_itself() {
    let app = TestApp::start();
    let mut wanted = app.get("owner", SETTINGS).json();
    let mut all = Vec::new();
    leaves("", &wanted, &mut all);
    let mut told: Vec<&str> = others().iter().map(|(name, _)| *name).collect();
    told.push("version");
    told.sort_unstable();
    assert_eq!(all, told);
    for (at, (name, value)) in others().into_iter().enumerate() {
        let pointer = format!("/{}", name.replace('.', "/"));
        let former = std::mem::replace(wanted.pointer_mut(&pointer).unwrap(), value.clone());
        assert_ne!(former, value, "{name}");
        wanted["version"] = json!(at + 2);
        let body = name.rsplit('.').fold(value, |inner, part| json!({ part: inner }));
        let done = set(&app, body);
        assert_eq!((done.status, done.json()), (200, wanted.clone()), "{name}");
        assert_eq!(app.get("owner", SETTINGS).json(), wanted, "{name}");
        let kept: String = app
            .db()
            .query_row(
                "SELECT content FROM audit WHERE action = 62 ORDER BY id DESC LIMIT 1",
                [],
                |row| row.get(0),
            )
            .unwrap();
        let kept: Value = serde_json::from_str(&kept).unwrap();
        let written = former.to_string();
        let was = |text: &str| former == text || written == text;
        assert!(
            kept[name] == former || kept[name].as_str().is_some_and(was),
            "{name}: {kept}"
        );
        assert_eq!(kept.as_object().unwrap().len(), 1, "{name}: {kept}");
    }
    assert_eq!(audited(&app), others().len() as i64);
}

/// Bodies with something wrong, and what is told at which field.
fn wrong() -> Vec<(Value, Value)> {
    vec![
        (json!({ "shop": { "name": " " } }), json!([["shop.name", 2003]])),
        (
            json!({ "shop": { "address": { "country": "QQ" } } }),
            json!([["shop.address.country", 2001]]),
        ),
        (
            json!({ "time_zone": "Mars/Olympus", "currency": "DOG" }),
            json!([["currency", 2001], ["time_zone", 2001]]),
        ),
        (
            json!({ "wallet": { "daily_deposits": "12.500" } }),
            json!([["wallet.daily_deposits", 2004]]),
        ),
        (
            json!({ "wallet": { "daily_withdrawals": "-1" } }),
            json!([["wallet.daily_withdrawals", 2001]]),
        ),
        (
            json!({ "wallet": { "deposits": "anybody" } }),
            json!([["wallet.deposits", 2001]]),
        ),
        (
            json!({ "commissions": { "rate": "101" } }),
            json!([["commissions.rate", 2001]]),
        ),
        (
            json!({ "payments": { "capture": "never" } }),
            json!([["payments.capture", 2001]]),
        ),
        (
            json!({ "orders": { "unpaid_minutes": 0, "transfer_days": 366 } }),
            json!([["orders.unpaid_minutes", 2001], ["orders.transfer_days", 2001]]),
        ),
        (
            json!({ "mail": { "from": "shop@shop.test\r\nBcc: x@shop.test" } }),
            json!([["mail.from", 2001]]),
        ),
        (
            json!({ "keep_days": { "audit": 36_501 } }),
            json!([["keep_days.audit", 2001]]),
        ),
    ]
}

/// T1, I1: what is wrong is said at its field, all of it at once, and nothing of it stays.
#[test]
fn what_is_wrong_is_said_at_its_field() {
    let app = TestApp::start();
    let before = app.get("owner", SETTINGS).json();
    for (body, fields) in wrong() {
        let refused = set(&app, body.clone());
        assert_eq!(refused.status, 400, "{body}: {}", refused.body);
        let told = refused.json()["error"]["fields"].clone();
        let told: Vec<Value> = told
            .as_array()
            .unwrap()
            .iter()
            .map(|one| json!([one["field"], one["code"]]))
            .collect();
        assert_eq!(Value::from(told), fields, "{body}");
    }
    // SSR-04: what of the network may be reached stands in the configuration alone.
    for body in [
        json!({ "webhooks": { "allow": ["10.0.0.0/8"] } }),
        json!({ "network": { "allow_private": true } }),
        json!({ "demo": true }),
        json!({ "epoch": "0123456789abcdef" }),
        json!({ "shop": { "epoch": "x" } }),
    ] {
        let refused = set(&app, body.clone());
        assert_eq!((refused.status, refused.code()), (400, 2001), "{body}");
    }
    assert_eq!(app.get("owner", SETTINGS).json(), before);
    assert_eq!(audited(&app), 0);
}

/// T1: the currency is fixed by the first amount in it; the time zone is not.
#[test]
fn the_currency_is_fixed_by_the_first_price() {
    let app = TestApp::start();
    assert_eq!(set(&app, json!({ "currency": "jpy" })).json()["currency"], "JPY");
    assert_eq!(set(&app, json!({ "currency": "GBP" })).json()["currency"], "GBP");
    app.product("MUG", "4.50", 10);
    let refused = set(&app, json!({ "currency": "USD", "shop": { "name": "Fennel" } }));
    assert_eq!((refused.status, refused.code()), (409, 6003), "{}", refused.body);
    let stands = app.get("owner", SETTINGS).json();
    assert_eq!(
        (&stands["currency"], &stands["shop"]["name"], &stands["version"]),
        (&json!("GBP"), &json!("Till"), &json!(3))
    );
    assert_eq!(set(&app, json!({ "currency": "GBP" })).status, 200);
    let moved = set(&app, json!({ "time_zone": "europe/london" }));
    assert_eq!(moved.json()["time_zone"], "Europe/London", "{}", moved.body);
}

/// T1: a fixed coupon and a way of sending are amounts as well.
#[test]
fn any_amount_fixes_the_currency() {
    for (path, body) in [
        (
            "/api/v1/coupons",
            json!({ "code": "TEN", "kind": "fixed", "value": "10.00" }),
        ),
        (
            "/api/v1/shipping-methods",
            json!({ "name": "Post", "price": "4.90" }),
        ),
    ] {
        let app = TestApp::start();
        assert_eq!(app.post("owner", path, body).status, 201);
        assert_eq!(set(&app, json!({ "currency": "JPY" })).code(), 6003, "{path}");
    }
}

/// K1: a change holds for the next request of everybody, without a restart.
#[test]
fn a_change_holds_at_once() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 6);
    let low = |app: &TestApp| {
        app.get("owner", "/api/v1/stock/low").json()["data"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(low(&app), 0);
    assert_eq!(set(&app, json!({ "stock": { "low_at": 6 } })).status, 200);
    assert_eq!(low(&app), 1);
    let deposit = |who: &str| {
        app.post(who, "/api/v1/balance/deposit", json!({ "amount": "3.00" }))
            .status
    };
    assert_eq!(deposit("ann"), 403);
    let wallet = json!({ "wallet": { "deposits": "open", "daily_deposits": "5.00" } });
    assert_eq!(set(&app, wallet).status, 200);
    assert_eq!((deposit("ann"), deposit("ann")), (201, 422));
    assert_eq!(set(&app, json!({ "wallet": { "deposits": "off" } })).status, 200);
    assert_eq!((deposit("ann"), deposit("owner")), (403, 403));
    // A day of the shop's: noon in UTC is the next day on Kiritimati.
    let day = |app: &TestApp| {
        let path = "/api/v1/orders/statistics?by=day";
        app.get("owner", path).json()["series"][0]["period"].clone()
    };
    app.post(
        "ann",
        "/api/v1/orders",
        json!({ "items": [{ "sku": "MUG", "quantity": 1 }] }),
    );
    let before = day(&app);
    assert_eq!(
        set(&app, json!({ "time_zone": "Pacific/Kiritimati" })).status,
        200
    );
    assert_ne!(day(&app), before);
}

/// B13: what sellers offer is for sale at once where nobody looks at it; what was turned down waits.
#[test]
fn moderation_is_a_decision_of_the_shop() {
    let app = TestApp::start();
    let offer = |sku: &str| {
        let body = json!({ "name": "Thing", "sku": sku, "price": "1.00" });
        app.post("seller", "/api/v1/products", body).json()
    };
    let rename = |product: &Value, name: &str| {
        let path = format!("/api/v1/products/{}", product["id"]);
        let version = app.get("seller", &path).json()["version"].clone();
        app.patch("seller", &path, json!({ "name": name, "version": version }))
            .json()["status"]
            .clone()
    };
    let looked_at = offer("A");
    assert_eq!(looked_at["status"], "pending");
    assert_eq!(
        set(&app, json!({ "products": { "moderation": false } })).status,
        200
    );
    let free = offer("B");
    assert_eq!(free["status"], "approved");
    assert_eq!(rename(&free, "Another"), "approved");
    let path = format!("/api/v1/products/{}/reject", free["id"]);
    assert_eq!(app.post("staff", &path, json!({ "reason": "no" })).status, 200);
    assert_eq!(rename(&free, "A third"), "pending");
    let draft = app
        .post(
            "seller",
            "/api/v1/products",
            json!({ "name": "Thing", "sku": "C" }),
        )
        .json();
    assert_eq!(draft["status"], "draft");
    assert_eq!(
        set(&app, json!({ "products": { "moderation": true } })).status,
        200
    );
    assert_eq!(offer("D")["status"], "pending");
}

/// AUT-05, AUT-06: whether staff need a second factor is decided by a person who has just signed in, and holds at once.
#[test]
fn the_second_factor_of_staff_needs_a_step_up() {
    let app = TestApp::start();
    app.get("owner", SETTINGS);
    app.clock.pass(6 * 60_000);
    let turn = |on: bool| set(&app, json!({ "staff": { "second_factor": on } }));
    let stands = app.get("owner", SETTINGS).json()["staff"]["second_factor"]
        .as_bool()
        .unwrap();
    let refused = turn(!stands);
    assert_eq!((refused.status, refused.code()), (401, 1007), "{}", refused.body);
    let body = json!({ "password": crate::app::PASSWORD });
    assert_eq!(app.post("owner", "/api/v1/auth/step-up", body).status, 204);
    assert_eq!(turn(!stands).json()["staff"]["second_factor"], !stands);
}
