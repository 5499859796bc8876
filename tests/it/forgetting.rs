//! Forgetting a person: nothing of them is left in the file but what the law asks for, and the audit still proves itself.

use std::path::Path;

use serde_json::Value;
use serde_json::json;
use till::worker;
use till::worker::Outcome;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;
use crate::customers::CUSTOMERS;
use crate::customers::make;

/// Words that stand nowhere else.
const PERSONAL: [&str; 12] = [
    "zyxquill",
    "vrontag",
    "441632777333",
    "quovadry",
    "blimrane",
    "TQ9 4ZZ",
    "brindlewax",
    "sklovenik",
    "fremblaine",
    "wuntergast",
    "hexorbian",
    "plomzarrow",
];

/// Where a step-up is fresh.
pub fn forget(app: &TestApp, id: &Value, body: Value) -> Answer {
    app.post("staff", &format!("{CUSTOMERS}/{id}/anonymise"), body)
}

/// The worker goes on until nothing is left to forget; how many steps.
pub fn settle(app: &TestApp) -> usize {
    let mut steps = 0;
    while app.block_on(worker::forget::step(app.app())).unwrap() == Outcome::Worked {
        steps += 1;
        assert!(steps < 1_000, "it never ends");
    }
    steps
}

/// What of these words is in the files, once the log has been moved into the file.
pub fn left(app: &TestApp, words: &[&'static str]) -> Vec<&'static str> {
    let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
    app.file().query_row(checkpoint, [], |_| Ok(())).unwrap();
    let mut bytes = Vec::new();
    for name in ["till.db", "till.db-wal"] {
        bytes.extend(read(&app.dir().join(name)));
    }
    let has = |word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    words.iter().copied().filter(|word| has(word)).collect()
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_default()
}

pub fn shop() -> TestApp {
    let app = crate::payments::shop();
    for who in ["staff", "ann"] {
        app.token(who);
    }
    app
}

fn address() -> Value {
    json!({ "name": "Zyx zyxquill", "line1": "7 quovadry", "city": "blimrane", "postcode": "TQ9 4ZZ", "country": "GB",
        "phone": "+441632777333" })
}

fn order(app: &TestApp, who: &str, body: Value) -> i64 {
    let mut order = json!({ "items": [{ "sku": "MUG", "quantity": 1 }], "shipping_address": address(),
        "note": "for brindlewax" });
    for (name, value) in body.as_object().unwrap() {
        order[name] = value.clone();
    }
    let placed = app.post(who, "/api/v1/orders", order);
    assert_eq!(placed.status, 201, "{}", placed.body);
    placed.json()["id"].as_i64().unwrap()
}

/// Orders that staff prepare for them: by their record, and by the address alone.
fn prepare(app: &TestApp, customer: &Value) {
    for whose in [
        json!({ "customer_id": customer }),
        json!({ "email": "zyxquill@shop.test" }),
    ] {
        let mut draft = json!({ "channel": "phone", "items": [{ "sku": "MUG", "quantity": 1 }],
            "shipping_address": address(), "note": "for brindlewax" });
        for (name, value) in whose.as_object().unwrap() {
            draft[name] = value.clone();
        }
        let made = app.post("staff", "/api/v1/orders/drafts", draft);
        assert_eq!(made.status, 201, "{}", made.body);
    }
}

/// The note on their order is taken back: it stands only in what the order was.
fn rewrite(app: &TestApp, order: &Value) {
    let path = format!("/api/v1/orders/{order}");
    let version = app.get("staff", &path).json()["version"].clone();
    let change = json!({ "note": null, "version": version });
    let edited = app.send("PATCH", "staff", &path, &[], Some(&change));
    assert_eq!(edited.status, 200, "{}", edited.body);
}

/// A person who has an account, an order that was paid, refunded and canceled, mails, deliveries, a cart.
#[allow(clippy::too_many_lines, reason = "one story")]
fn live(app: &TestApp) -> Value {
    let body = json!({ "username": "vrontag", "email": "zyxquill@shop.test", "name": "Zyx zyxquill", "password": PASSWORD });
    let user = app.post("nobody", "/api/v1/auth/signup", body);
    assert_eq!(user.status, 201, "{}", user.body);
    let token = user.json()["access_token"].as_str().unwrap().to_owned();
    let send = |method: &str, path: &str, body: Value| {
        let answer = app.client().send(method, path, Some(&token), &[], Some(&body));
        assert!(answer.status < 300, "{path}: {}", answer.body);
        answer.json()
    };
    send("PATCH", "/api/v1/auth/me", json!({ "phone": "+441632777333" }));
    send(
        "POST",
        "/api/v1/cart/items",
        json!({ "sku": "MUG", "quantity": 1 }),
    );
    let placed = send(
        "POST",
        "/api/v1/orders",
        json!({ "items": [{ "sku": "MUG", "quantity": 2 }], "shipping_address": address(), "note": "for brindlewax" }),
    );
    let (id, customer) = (placed["id"].clone(), placed["customer_id"].clone());
    let version = app.get("staff", &format!("{CUSTOMERS}/{customer}")).json()["version"].clone();
    let change = json!({ "note": "sklovenik", "tags": ["fremblaine"], "addresses": [address()],
        "custom_fields": { "likes": "wuntergast" }, "version": version });
    let changed = app.send(
        "PUT",
        "staff",
        &format!("{CUSTOMERS}/{customer}"),
        &[],
        Some(&change),
    );
    assert_eq!(changed.status, 200, "{}", changed.body);
    let again = json!({ "note": "another", "version": changed.json()["version"] });
    app.send(
        "PUT",
        "staff",
        &format!("{CUSTOMERS}/{customer}"),
        &[],
        Some(&again),
    );
    prepare(app, &customer);
    rewrite(app, &id);
    let begun = send(
        "POST",
        "/api/v1/payments/initiate",
        json!({ "order_id": id, "provider": "sandbox" }),
    );
    crate::payments::decide(app, &begun, "decline");
    app.settle();
    let noted = app.post(
        "staff",
        &format!("/api/v1/orders/{id}/notes"),
        json!({ "note": "rang hexorbian" }),
    );
    assert_eq!(noted.status, 201, "{}", noted.body);
    let canceled = app.post(
        "staff",
        &format!("/api/v1/orders/{id}/cancel"),
        json!({ "reason": "plomzarrow asked" }),
    );
    assert_eq!(canceled.status, 200, "{}", canceled.body);
    app.settle();
    app.derive();
    app.queue_mails();
    json!({ "customer": customer, "order": id, "token": token })
}

/// G2, T10, LOG-03: of a person with an account nothing is left in the file, whoever reads its bytes; the audit says what
/// was taken out of it, by whom and why, and is whole.
#[test]
fn nothing_of_a_person_is_left_in_the_file() {
    let app = shop();
    let person = live(&app);
    let (id, order) = (&person["customer"], &person["order"]);
    assert_eq!(left(&app, &PERSONAL), PERSONAL, "all of it was there");
    let begun = forget(&app, id, json!({ "reason": "asked by letter" }));
    assert_eq!(begun.status, 202, "{}", begun.body);
    assert_eq!(begun.json()["status"], "running");
    assert_eq!(begun.json()["kept"], json!({ "invoices": 0, "years": 10 }));
    let me = app
        .client()
        .send("GET", "/api/v1/auth/me", person["token"].as_str(), &[], None);
    assert_eq!(me.status, 401, "the account is closed at once");
    assert!(settle(&app) > 5);
    app.derive();
    app.queue_mails();
    assert_eq!(left(&app, &PERSONAL), [""; 0]);
    assert_eq!(app.number("SELECT count(*) FROM drafts"), 0);
    assert_eq!(app.number("SELECT count(*) FROM order_contact_changes"), 0);
    let again = forget(&app, id, json!({}));
    assert_eq!((again.status, &again.json()["status"]), (202, &json!("done")));
    let customer = app.get("staff", &format!("{CUSTOMERS}/{id}")).json();
    assert_eq!(
        (
            &customer["name"],
            &customer["email"],
            &customer["tags"],
            &customer["orders_count"]
        ),
        (&json!("(forgotten)"), &Value::Null, &json!([]), &json!(0))
    );
    let order = app.get("staff", &format!("/api/v1/orders/{order}")).json();
    assert_eq!(
        (
            &order["total"],
            &order["email"],
            &order["shipping_address"],
            &order["note"]
        ),
        (&json!("9.00"), &Value::Null, &Value::Null, &Value::Null)
    );
    let verdict = app.get("owner", "/api/v1/audit-logs/verify").json();
    assert_eq!(verdict["ok"], true, "{verdict}");
    let told = &verdict["redacted"][0];
    assert!(told["rows"].as_i64().unwrap() >= 4, "{verdict}");
    assert_eq!(
        (&told["by"], &told["why"]["reason"]),
        (&json!("staff"), &json!("asked by letter")),
        "{verdict}"
    );
    let login = json!({ "username": "vrontag", "password": PASSWORD });
    assert_eq!(app.post("nobody", "/api/v1/auth/login", login).status, 401);
}

/// G2: a guest, found by the record of the address; the private link opens nothing any more.
#[test]
fn a_guest_is_forgotten() {
    let app = shop();
    let cookie = crate::private_orders::guest(&app, "MUG", 1);
    let order = crate::private_orders::check_out(&app, &cookie, "vrontag@shop.test");
    let link = format!(
        "/api/v1/orders/private/{}",
        order["order_token"].as_str().unwrap()
    );
    assert_eq!(app.get("nobody", &link).status, 200);
    let open = forget(&app, &order["customer_id"], json!({}));
    assert_eq!(
        (open.status, open.code()),
        (409, 6003),
        "an open order goes first"
    );
    let path = format!("/api/v1/orders/{}/cancel", order["id"]);
    assert_eq!(app.post("staff", &path, json!({})).status, 200);
    app.derive();
    app.queue_mails();
    assert_eq!(
        app.number("SELECT count(*) FROM mails WHERE recipient LIKE 'vrontag%'"),
        2
    );
    assert_eq!(forget(&app, &order["customer_id"], json!({})).status, 202);
    settle(&app);
    app.derive();
    assert_eq!(left(&app, &["vrontag", "Gus Guest", "TN31"]), [""; 0]);
    assert_eq!(app.get("nobody", &link).status, 404);
    assert_eq!(app.get("owner", "/api/v1/audit-logs/verify").json()["ok"], true);
}

/// LOG-03: who has the file and not the key passes nothing off as forgotten, and what was broken stays so.
#[test]
fn nobody_else_redacts() {
    let app = shop();
    let id = make(
        &app,
        json!({ "name": "Zyx zyxquill", "email": "zyxquill@shop.test" }),
    )["id"]
        .clone();
    let other = make(&app, json!({ "name": "Other", "email": "other@shop.test" }))["id"].clone();
    for id in [&id, &other] {
        let change = json!({ "note": "brindlewax", "version": 1 });
        app.send("PUT", "staff", &format!("{CUSTOMERS}/{id}"), &[], Some(&change));
    }
    assert_eq!(forget(&app, &id, json!({})).status, 202);
    settle(&app);
    let verify = || app.get("owner", "/api/v1/audit-logs/verify").json();
    assert_eq!(verify()["ok"], true);
    let of = |id: &Value| {
        app.number(&format!(
            "SELECT id FROM audit WHERE action = 221 AND target_id = {id}"
        ))
    };
    let (theirs, others) = (of(&id), of(&other));
    let db = app.file();
    db.execute_batch(
        "DROP TRIGGER audit_fixed; DROP TRIGGER audit_kept; CREATE TABLE kept AS SELECT * FROM audit;
         CREATE TABLE kept_redactions AS SELECT * FROM audit_redactions;",
    )
    .unwrap();
    for (sql, broken) in [
        (format!("UPDATE audit SET content = NULL WHERE id = {others}"), others),
        (
            format!(
                "UPDATE audit SET content = NULL WHERE id = {others}; INSERT INTO audit_redactions
                 SELECT {others}, max(told_by, {others} + 1), mac FROM audit_redactions WHERE audit_id = {theirs}"
            ),
            others,
        ),
        (
            format!("UPDATE audit_redactions SET told_by = told_by + 1 WHERE audit_id = {theirs}"),
            theirs,
        ),
        (format!("DELETE FROM audit_redactions WHERE audit_id = {theirs}"), theirs),
        (format!("UPDATE audit SET at = at + 1 WHERE id = {theirs}"), theirs),
        (format!("UPDATE audit SET content = 'x' WHERE id = {theirs}"), theirs),
        (format!("UPDATE audit SET digest = zeroblob(32) WHERE id = {theirs}"), theirs),
    ] {
        db.execute_batch(&sql).unwrap();
        let found = verify();
        assert_eq!(
            (&found["ok"], &found["broken"]["id"]),
            (&json!(false), &json!(broken)),
            "{sql}: {found}"
        );
        db.execute_batch(
            "DELETE FROM audit; INSERT INTO audit SELECT * FROM kept;
             DELETE FROM audit_redactions; INSERT INTO audit_redactions SELECT * FROM kept_redactions;",
        )
        .unwrap();
    }
    assert_eq!(verify()["ok"], true);
    app.expect_findings();
}

/// G2: whoever works here, owns something here or waits for something is not forgotten; a bad version, no right and no
/// proof are refused, and leave nothing behind.
#[test]
fn what_stands_against_forgetting() {
    let app = shop();
    app.token("bob");
    let record = |who: &str| {
        json!(app.number(&format!(
            "SELECT c.id FROM customers c JOIN users u ON u.id = c.user_id WHERE u.username = '{who}'"
        )))
    };
    let before = app.number("SELECT count(*) FROM audit");
    assert_eq!(forget(&app, &json!(987_654), json!({})).code(), 3001);
    let ann = record("ann");
    let stale = forget(&app, &ann, json!({ "version": 9 }));
    assert_eq!((stale.status, stale.code()), (412, 3003));
    assert_eq!(
        app.post("bob", &format!("{CUSTOMERS}/{ann}/anonymise"), json!({}))
            .code(),
        1005
    );
    assert_eq!(
        forget(&app, &ann, json!({ "reason": "x".repeat(501) })).code(),
        2001
    );
    app.clock.pass(301_000);
    let old = forget(&app, &ann, json!({}));
    assert_eq!((old.status, old.code()), (401, 1007), "{}", old.body);
    let proof = json!({ "password": PASSWORD });
    assert_eq!(app.post("staff", "/api/v1/auth/step-up", proof).status, 204);
    order(&app, "ann", json!({}));
    order(&app, "staff", json!({}));
    let placed = app.number("SELECT count(*) FROM audit");
    assert_eq!(forget(&app, &ann, json!({})).code(), 6003);
    let canceled = app.post("staff", "/api/v1/orders/2/cancel", json!({}));
    assert_eq!(canceled.status, 200);
    assert_eq!(
        forget(&app, &record("staff"), json!({})).code(),
        6003,
        "who works here"
    );
    let into = json!({ "amount": "5.00", "reason": "a gift" });
    let user = app.number("SELECT id FROM users WHERE username = 'bob'");
    assert_eq!(
        app.post("owner", &format!("/api/v1/wallets/{user}/adjust"), into)
            .status,
        201
    );
    assert_eq!(
        forget(&app, &record("bob"), json!({})).code(),
        6003,
        "money of theirs"
    );
    assert!(placed > before);
    assert_eq!(app.number("SELECT count(*) FROM forgettings"), 0);
    assert_eq!(
        app.number("SELECT count(*) FROM customers WHERE anonymised_at IS NOT NULL"),
        0
    );
}

/// MONEY *Invoices*: a paper that was issued stays, with the name on it, and that is said.
#[test]
fn papers_are_kept() {
    let app = shop();
    let customer = make(
        &app,
        json!({ "name": "Zyx zyxquill", "email": "vrontag@shop.test" }),
    )["id"]
        .clone();
    let id = order(&app, "staff", json!({ "customer_id": customer }));
    let paid = app.post(
        "owner",
        "/api/v1/payments/manual",
        json!({ "order_id": id, "reference": "hexorbian" }),
    );
    assert_eq!(paid.status, 201, "{}", paid.body);
    for (step, state) in ["shipped", "delivered"].iter().enumerate() {
        let version = app.get("staff", &format!("/api/v1/orders/{id}")).json()["version"].clone();
        let moved = app.patch(
            "staff",
            &format!("/api/v1/orders/{id}/status"),
            json!({ "status": state, "version": version }),
        );
        assert_eq!(moved.status, 200, "{step}: {}", moved.body);
    }
    let begun = forget(&app, &customer, json!({}));
    assert_eq!(
        (begun.status, &begun.json()["kept"]["invoices"]),
        (202, &json!(1)),
        "{}",
        begun.body
    );
    settle(&app);
    let paper = app.get("staff", &format!("/api/v1/orders/{id}/invoice"));
    assert!(paper.body.contains("zyxquill"), "{}", paper.body);
    assert_eq!(left(&app, &["hexorbian", "brindlewax", "vrontag"]), [""; 0]);
}

/// T10: everything that is kept about a person leaves as one JSON document, and that is noted.
#[test]
fn everything_about_a_person_leaves_as_json() {
    let app = shop();
    let person = live(&app);
    let path = format!("{CUSTOMERS}/{}/export", person["customer"]);
    let file = app.get("staff", &path);
    assert_eq!(
        (file.status, file.header("content-type")),
        (200, Some("application/json"))
    );
    let told = file.json();
    for word in PERSONAL {
        assert!(file.body.contains(word), "{word}: {}", file.body);
    }
    assert_eq!(told["account"][0]["username"], "vrontag");
    assert_eq!(told["orders"][0]["order"]["id"], person["order"]);
    assert_eq!(told["orders"][0]["payments"].as_array().unwrap().len(), 1);
    assert!(told["sessions"][0]["ip"].is_string());
    assert_eq!(told["cart"][0]["sku"], "MUG");
    let noted = format!(
        "SELECT count(*) FROM audit WHERE action = 223 AND target_id = {}",
        person["customer"]
    );
    assert_eq!(app.number(&noted), 1);
    assert_eq!(app.get("ann", &path).code(), 1005);
    assert_eq!(app.number(&noted), 1);
    assert_eq!(
        app.get("staff", &format!("{CUSTOMERS}/987654/export")).code(),
        3001
    );
}

/// T10: an export of many orders is whole: each once, in their order.
#[test]
fn a_long_export_is_whole() {
    let app = shop();
    let customer = make(&app, json!({ "name": "Zyx" }))["id"].clone();
    let ids: Vec<i64> = (0..45)
        .map(|_| order(&app, "staff", json!({ "customer_id": customer })))
        .collect();
    let file = app.get("staff", &format!("{CUSTOMERS}/{customer}/export")).json();
    let told: Vec<i64> = file["orders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["order"]["id"].as_i64().unwrap())
        .collect();
    assert_eq!(told, ids);
}
