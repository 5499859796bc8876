//! Mails: which are queued, once, to whom; what is shown of them; and sending again. No mail server is set up here.

use serde_json::Value;
use serde_json::json;
use till::domain::actor::Actor;
use till::domain::mail::LEASE;
use till::domain::mail::MOST_ATTEMPTS;
use till::secret;
use till::shop::demo;
use till::shop::demo::Passwords;
use till::shop::mails;

use crate::app::TestApp;

pub const MAILS: &str = "/api/v1/mails";

/// A shop with a mug to sell.
fn shop() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 1_000_000);
    app
}

/// An order to be written about; its id.
pub fn order(app: &TestApp, email: &str) -> i64 {
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }], "email": email });
    let made = app.post("owner", "/api/v1/orders", body);
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()["id"].as_i64().unwrap()
}

fn step(app: &TestApp, order: i64, to: &str) {
    let path = format!("/api/v1/orders/{order}");
    let version = &app.get("owner", &path).json()["version"];
    let moved = app.patch(
        "owner",
        &format!("{path}/status"),
        json!({ "status": to, "version": version }),
    );
    assert_eq!(moved.status, 200, "{}", moved.body);
}

pub fn all(app: &TestApp, query: &str) -> Vec<Value> {
    app.queue_mails();
    let answer = app.get("owner", &format!("{MAILS}?limit=200&{query}"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["data"].as_array().unwrap().clone()
}

fn told(app: &TestApp) -> Vec<String> {
    let all = all(app, "");
    let names = all.iter().rev().map(|mail| {
        let words = (&mail["template"], &mail["recipient"]);
        format!("{} {}", words.0.as_str().unwrap(), words.1.as_str().unwrap())
    });
    names.collect()
}

fn show(app: &TestApp, id: &Value) -> Value {
    app.get("owner", &format!("{MAILS}/{id}")).json()
}

fn resend(app: &TestApp, id: &Value) -> Value {
    let answer = app.post("owner", &format!("{MAILS}/{id}/resend"), json!({}));
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

/// T12, CON-06
#[test]
fn an_order_is_written_about_at_each_step_and_once() {
    let app = shop();
    let first = order(&app, "ann@shop.test");
    let paid = app.post("owner", "/api/v1/payments/manual", json!({ "order_id": first }));
    assert_eq!(paid.status, 201, "{}", paid.body);
    step(&app, first, "shipped");
    step(&app, first, "delivered");
    step(&app, first, "refunded");
    let second = order(&app, "bob@shop.test");
    let reason = json!({ "reason": "changed my mind" });
    let canceled = app.post("owner", &format!("/api/v1/orders/{second}/cancel"), reason);
    assert_eq!(canceled.status, 200, "{}", canceled.body);
    let wanted = [
        "order_placed ann@shop.test",
        "order_paid ann@shop.test",
        "order_shipped ann@shop.test",
        "order_refunded ann@shop.test",
        "order_placed bob@shop.test",
        "order_canceled bob@shop.test",
    ];
    assert_eq!(told(&app), wanted);
    // The worker died, and its mark with it.
    app.change("UPDATE marks SET upto = 0 WHERE name = 'mails.events'");
    assert_eq!(told(&app), wanted);
    assert_eq!(all(&app, &format!("order_id={second}")).len(), 2);
    assert_eq!(app.send_mails(), 0, "no server is set up");
    assert_eq!(all(&app, "status=queued").len(), 6);
}

/// T12, CON-06: an event that nobody can read is named, its mail is among those that have failed, and the others go.
#[test]
fn one_event_that_cannot_be_read_holds_up_no_other() {
    let app = shop();
    for who in ["ann", "bob", "carl", "dora", "eve"] {
        order(&app, &format!("{who}@shop.test"));
    }
    let event = |order: i64| format!("WHERE type = 1 AND subject = {order}");
    app.execute(&format!(
        "UPDATE events SET data = '{{\"number\":' {}; UPDATE events SET data = CAST(x'7bff7d' AS TEXT) {};
         UPDATE order_contacts SET email = CAST(x'ff' AS TEXT) WHERE order_id = 3; UPDATE events SET type = 250 {}",
        event(1),
        event(2),
        event(4)
    ));
    let untold = app.app().store().write(mails::catch_up).unwrap();
    assert_eq!(untold.len(), 4, "{untold:?}");
    let names: Vec<Value> = all(&app, "")
        .iter()
        .rev()
        .map(|mail| json!([mail["recipient"], mail["status"]]))
        .collect();
    let wanted = [
        json!(["ann@shop.test", "failed"]),
        json!(["bob@shop.test", "failed"]),
        json!(["eve@shop.test", "queued"]),
    ];
    assert_eq!(names, wanted);
    assert!(!app.app().store().read(mails::is_behind).unwrap());
    let failed = all(&app, "status=failed");
    assert!(
        failed[0]["failure"].as_str().unwrap().contains("cannot be read"),
        "{failed:?}"
    );
    assert_eq!(
        app.get("owner", &format!("{MAILS}/{}", failed[0]["id"])).status,
        200
    );
    let again = app.post("owner", &format!("{MAILS}/{}/resend", failed[0]["id"]), json!({}));
    assert_eq!((again.status, again.code()), (409, 6003), "{}", again.body);
    // The worker died, and its mark with it.
    app.change("UPDATE marks SET upto = 0 WHERE name = 'mails.events'");
    assert_eq!(all(&app, "").len(), 3);
}

/// T12
#[test]
fn nobody_is_written_to_where_no_address_is_known() {
    let app = shop();
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
    assert_eq!(app.post("owner", "/api/v1/orders", body).status, 201);
    app.change("UPDATE order_contacts SET email = NULL");
    assert_eq!(told(&app), [""; 0]);
}

/// T12: a past that was made up, or came from elsewhere, is told to nobody, and neither is what happens to it later.
#[test]
fn orders_of_a_demo_and_of_an_import_are_not_written_about() {
    let app = TestApp::start();
    let passwords = Passwords {
        owner: secret::hash_password("owner of a demo").unwrap(),
        demo: secret::hash_password("demotest").unwrap(),
    };
    let store = app.app().store();
    store
        .write(move |tx| demo::seed(tx, &Actor::system(), &passwords))
        .unwrap();
    app.queue_mails();
    assert_eq!(app.number("SELECT count(*) FROM mails"), 0);
    app.change("UPDATE users SET password = (SELECT password FROM users WHERE username = 'demo') WHERE username = 'owner'");
    let login = json!({ "username": "owner", "password": "demotest" });
    let login = app.post("nobody", "/api/v1/auth/login", login).json();
    let token = login["access_token"].as_str();
    let order = app.number("SELECT id FROM orders WHERE status = 1 LIMIT 1");
    let version = app.number(&format!("SELECT version FROM orders WHERE id = {order}"));
    let body = json!({ "status": "shipped", "version": version });
    let path = format!("/api/v1/orders/{order}/status");
    let moved = app.client().send("PATCH", &path, token, &[], Some(&body));
    assert_eq!(moved.status, 200, "{}", moved.body);
    app.queue_mails();
    assert_eq!(app.number("SELECT count(*) FROM mails"), 0);
    let sku: String = app
        .db()
        .query_row(
            "SELECT sku FROM variants v JOIN stock s ON s.variant_id = v.id WHERE s.available > 9",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let new = json!({ "items": [{ "sku": sku, "quantity": 1 }], "email": "new@shop.test" });
    let made = app
        .client()
        .send("POST", "/api/v1/orders", token, &[], Some(&new));
    assert_eq!(made.status, 201, "{}", made.body);
    app.queue_mails();
    assert_eq!(app.number("SELECT count(*) FROM mails"), 1, "a new one is");
    let forget = "DELETE FROM mails; UPDATE marks SET upto = 0 WHERE name LIKE 'mails.%';
        UPDATE orders SET imported_at = placed_at, channel = 3";
    app.execute(forget);
    app.queue_mails();
    let about_orders = "SELECT count(*) FROM mails WHERE order_id IS NOT NULL";
    assert_eq!(app.number(about_orders), 0, "none that came from elsewhere");
}

/// T12
#[test]
fn owners_hear_once_when_stock_gets_low() {
    let app = TestApp::start();
    app.product("CUP", "3.50", 20);
    for quantity in [14, 2, 1] {
        let body = json!({ "items": [{ "sku": "CUP", "quantity": quantity }] });
        assert_eq!(app.post("owner", "/api/v1/orders", body).status, 201);
    }
    app.change("UPDATE order_contacts SET email = NULL");
    app.queue_mails();
    let low = all(&app, "");
    let low: Vec<&Value> = low
        .iter()
        .filter(|mail| mail["template"] == "stock_low")
        .collect();
    assert_eq!(low.len(), 1, "{low:?}");
    let text = show(&app, &low[0]["id"])["text"].clone();
    assert!(text.as_str().unwrap().contains("CUP"), "{text}");
}

/// T12: the letter as text and as HTML, with what the order was.
#[test]
fn a_mail_is_shown_as_it_will_be_read() {
    let app = shop();
    app.change("INSERT OR REPLACE INTO settings (name, value) VALUES ('shop.name', 'Mugs & <b>more</b>')");
    order(&app, "ann@shop.test");
    let mails = all(&app, "");
    let shown = show(&app, &mails[0]["id"]);
    assert_eq!(shown["subject"], "Your order 1001");
    let (text, html) = (shown["text"].as_str().unwrap(), shown["html"].as_str().unwrap());
    assert!(
        text.contains("2 x MUG (MUG): 9.00 EUR") && text.contains("Total: 9.00 EUR"),
        "{text}"
    );
    assert!(text.contains("Mugs & <b>more</b>"), "{text}");
    assert!(
        html.contains("<td align=\"right\">9.00</td>") && !html.contains("<b>more"),
        "{html}"
    );
    assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("style="));
    assert_eq!(
        (&shown["status"], &shown["failure"]),
        (&json!("queued"), &Value::Null)
    );
}

/// T12: a link is in no answer, and one that is sent again is another.
#[test]
fn a_link_is_never_shown_and_a_resend_makes_another() {
    let app = shop();
    app.token("ann");
    let asked = json!({ "email": "ann@shop.test" });
    assert_eq!(
        app.post("nobody", "/api/v1/auth/password/forgot", asked).status,
        202
    );
    let reveal = |id: i64| {
        let keys = app.app().keys().clone();
        let act = move |tx: &till::shop::Tx| {
            mails::reveal(tx, &Actor::system(), &keys, till::domain::id::MailId(id))
        };
        app.app().store().write(act).unwrap().unwrap().1
    };
    let mail = app.number("SELECT max(id) FROM mails WHERE template = 1");
    let secret = reveal(mail);
    let shown = app.get("owner", &format!("{MAILS}/{mail}"));
    assert!(!shown.body.contains(&secret), "{}", shown.body);
    assert!(
        shown.json()["text"]
            .as_str()
            .unwrap()
            .contains("the link stands here")
    );
    assert_eq!(shown.json()["has_link"], true);
    let again = resend(&app, &json!(mail));
    assert_ne!(again["id"], mail);
    let other = reveal(again["id"].as_i64().unwrap());
    let reset = |token: &str| {
        let body = json!({ "token": token, "password": "another walrus 9 of ten" });
        app.post("nobody", "/api/v1/auth/password/reset", body).status
    };
    assert_ne!(secret, other);
    assert_eq!((reset(&secret), reset(&other)), (400, 204));
    // The address is somebody else's by now: no link goes there.
    app.change("UPDATE users SET email = 'ann2@shop.test' WHERE username = 'ann'");
    let refused = app.post("owner", &format!("{MAILS}/{mail}/resend"), json!({}));
    assert_eq!(refused.status, 409, "{}", refused.body);
}

/// LIF-08: a mail whose row was damaged in the file has failed, and stands in no other's way.
#[test]
fn a_mail_whose_row_is_damaged_is_given_up() {
    let app = shop();
    for name in ["ann", "bob", "eve"] {
        order(&app, &format!("{name}@shop.test"));
    }
    app.queue_mails();
    app.execute(
        "UPDATE mails SET template = 99 WHERE recipient LIKE 'ann@%';
         UPDATE mails SET recipient = CAST(x'ff' AS TEXT) WHERE recipient LIKE 'bob@%'",
    );
    let keys = app.app().keys().clone();
    let act = move |tx: &till::shop::Tx| mails::claim(tx, &keys, 8);
    let (taken, lost) = app.app().store().write(act).unwrap();
    let taken: Vec<&str> = taken.iter().map(|one| one.mail.recipient.as_str()).collect();
    assert_eq!((taken, lost.len()), (vec!["eve@shop.test"], 2));
    assert_eq!(
        app.number("SELECT count(*) FROM mails WHERE state = 2 AND failure LIKE 'it cannot be read: %'"),
        2
    );
    let shown = all(&app, "");
    assert_eq!(shown.len(), 1, "{shown:?}");
}

/// T12, CON-06: whoever takes a mail and dies leaves it due again, and not for ever.
#[test]
fn what_a_dead_sender_has_taken_is_due_again() {
    let app = shop();
    order(&app, "ann@shop.test");
    app.queue_mails();
    let claim = || {
        let keys = app.app().keys().clone();
        let act = move |tx: &till::shop::Tx| mails::claim(tx, &keys, 8);
        app.app().store().write(act).unwrap().0.len()
    };
    for _ in 0..MOST_ATTEMPTS {
        assert_eq!((claim(), claim()), (1, 0));
        app.clock.pass(LEASE);
    }
    assert_eq!(claim(), 0);
    app.forget_tokens();
    let failed = all(&app, "status=failed");
    assert_eq!(failed.len(), 1);
    assert!(failed[0]["failure"].as_str().unwrap().contains("ended each time"));
    let again = resend(&app, &failed[0]["id"]);
    assert_eq!(
        (&again["id"], &again["status"]),
        (&failed[0]["id"], &json!("queued"))
    );
    assert_eq!(claim(), 1);
}
