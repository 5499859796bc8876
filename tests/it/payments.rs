//! Payments through a provider: the sandbox, from the order to its signed message over HTTP and back.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::pages::Browser;

/// A shop with the sandbox and one product.
pub fn shop() -> TestApp {
    shop_with(|_| {})
}

/// The same, set up otherwise.
pub fn shop_with(change: impl FnOnce(&mut till::config::Payments)) -> TestApp {
    let app = TestApp::start_with(|config| {
        config.payments.sandbox = true;
        change(&mut config.payments);
    });
    app.product("MUG", "4.50", 1000);
    app
}

/// An order of two mugs by ann, to be paid in the sandbox.
pub fn order(app: &TestApp) -> i64 {
    order_by(app, "ann")
}

/// The same by somebody else.
pub fn order_by(app: &TestApp, who: &str) -> i64 {
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }], "payment_method": "sandbox" });
    let placed = app.post(who, "/api/v1/orders", body);
    assert_eq!(placed.status, 201, "{}", placed.body);
    placed.json()["id"].as_i64().unwrap()
}

/// A payment that ann begins on an order.
pub fn begin(app: &TestApp, order: i64) -> Value {
    let begun = app.post("ann", "/api/v1/payments/initiate", json!({ "order_id": order }));
    assert_eq!(begun.status, 201, "{}", begun.body);
    begun.json()
}

/// A payment that ann has a token for: the sandbox decides at once.
pub fn charge(app: &TestApp, order: i64, token: &str) -> Value {
    let body = json!({ "order_id": order, "provider": "sandbox", "payment_method": token });
    let begun = app.post("ann", "/api/v1/payments/initiate", body);
    assert_eq!(begun.status, 201, "{}", begun.body);
    begun.json()
}

/// What the shopper says on the sandbox's page, past the page itself.
pub fn decide(app: &TestApp, payment: &Value, outcome: &str) {
    let name = payment["provider_ref"].as_str().unwrap().to_owned();
    let outcome = till::domain::sandbox::Outcome::parse(outcome).unwrap();
    let post = till::gateway::payments::sandbox_post(app.app());
    let by = till::domain::actor::Actor::system();
    app.app()
        .store()
        .write(move |tx| till::shop::sandbox::decide(tx, &by, &name, outcome, &post))
        .unwrap();
}

pub fn standing(app: &TestApp, order: i64) -> Value {
    let order = app.get("owner", &format!("/api/v1/orders/{order}")).json();
    json!([
        order["status"],
        order["payment_status"],
        order["paid"],
        order["refunded"],
        order["due"]
    ])
}

fn types(app: &TestApp, order: i64) -> Vec<String> {
    let mut told = app.file();
    let events = told.transaction().unwrap();
    let mut rows = events
        .prepare("SELECT type FROM events WHERE subject = ?1 AND type < 20 ORDER BY id")
        .unwrap();
    let numbers = rows.query_map([order], |row| row.get::<_, i64>(0)).unwrap();
    numbers
        .map(|number| {
            till::domain::event::EventType::from_number(number.unwrap())
                .unwrap()
                .name()
                .to_owned()
        })
        .collect()
}

/// E1, E2, E4: an order is paid in the sandbox, which tells of it by a signed message over HTTP; work begins by itself.
#[test]
fn an_order_is_paid_and_the_providers_message_moves_it_on() {
    let app = shop();
    let order = order(&app);
    assert_eq!(
        standing(&app, order),
        json!(["pending", "unpaid", "0.00", "0.00", "9.00"])
    );
    let payment = begin(&app, order);
    assert_eq!(
        json!([
            payment["provider"],
            payment["status"],
            payment["amount"],
            payment["currency"]
        ]),
        json!(["sandbox", "requires_action", "9.00", "EUR"])
    );
    let page = payment["redirect_url"].as_str().unwrap();
    assert_eq!(
        page,
        format!("/pay/sandbox/{}", payment["provider_ref"].as_str().unwrap())
    );
    assert_eq!(begin(&app, order), payment, "the same payment while it is open");
    decide(&app, &payment, "approve");
    assert_eq!(standing(&app, order)[0], "pending", "nobody has heard of it yet");
    app.settle();
    assert_eq!(
        standing(&app, order),
        json!(["processing", "paid", "9.00", "0.00", "0.00"])
    );
    assert_eq!(
        types(&app, order),
        [
            "order.created",
            "payment.succeeded",
            "order.paid",
            "invoice.issued"
        ]
    );
    assert_eq!(app.number("SELECT count(*) FROM inbox WHERE state = 1"), 1);
    let again = app.post("ann", "/api/v1/payments/initiate", json!({ "order_id": order }));
    assert_eq!((again.status, again.code()), (409, 6003), "{}", again.body);
}

/// E1: the shopper comes back before the message does; both are one settling.
#[test]
fn the_return_of_the_browser_settles_as_the_message_does() {
    let app = shop();
    let order = order(&app);
    let payment = begin(&app, order);
    decide(&app, &payment, "approve");
    let body = json!({ "payment_id": payment["id"] });
    let back = app.post("ann", "/api/v1/payments/verify", body.clone());
    assert_eq!(
        (back.status, &back.json()["status"]),
        (200, &json!("captured")),
        "{}",
        back.body
    );
    assert_eq!(standing(&app, order)[0], "processing");
    app.settle();
    assert_eq!(app.post("ann", "/api/v1/payments/verify", body).status, 200);
    assert_eq!(
        types(&app, order),
        [
            "order.created",
            "payment.succeeded",
            "order.paid",
            "invoice.issued"
        ]
    );
    assert_eq!(
        standing(&app, order),
        json!(["processing", "paid", "9.00", "0.00", "0.00"])
    );
}

/// E1: a payment that is declined leaves the order pending, to be paid in another way.
#[test]
fn a_declined_payment_leaves_the_order_pending() {
    let app = shop();
    let order = order(&app);
    let payment = begin(&app, order);
    decide(&app, &payment, "decline");
    app.settle();
    assert_eq!(
        standing(&app, order),
        json!(["pending", "failed", "0.00", "0.00", "9.00"])
    );
    let shown = app
        .get("ann", &format!("/api/v1/payments/{}", payment["id"]))
        .json();
    assert_eq!(
        json!([shown["status"], shown["failure"]]),
        json!(["failed", "The bank has declined it."])
    );
    let second = begin(&app, order);
    assert_ne!(second["id"], payment["id"]);
    assert_eq!(standing(&app, order)[1], "unpaid");
    decide(&app, &second, "approve");
    app.settle();
    assert_eq!(
        standing(&app, order),
        json!(["processing", "paid", "9.00", "0.00", "0.00"])
    );
}

/// MONEY, payments: with `on_ship` the money is reserved, work begins, and it is taken when the goods leave.
#[test]
fn reserved_money_is_taken_when_the_goods_leave() {
    let app = shop();
    app.db()
        .execute("INSERT INTO settings VALUES ('payments.capture', 'on_ship')", [])
        .unwrap();
    let order = order(&app);
    let payment = charge(&app, order, "tok_good");
    assert_eq!(payment["status"], "authorized");
    assert_eq!(
        standing(&app, order),
        json!(["processing", "authorized", "0.00", "0.00", "9.00"])
    );
    let again = app.post("ann", "/api/v1/payments/initiate", json!({ "order_id": order }));
    assert_eq!((again.status, again.code()), (409, 6003), "{}", again.body);
    let path = format!("/api/v1/orders/{order}");
    let version = app.get("owner", &path).json()["version"].clone();
    let body = json!({ "status": "shipped", "version": version });
    assert_eq!(app.patch("owner", &format!("{path}/status"), body).status, 200);
    app.settle();
    assert_eq!(
        standing(&app, order),
        json!(["shipped", "paid", "9.00", "0.00", "0.00"])
    );
}

/// T7, E1: staff take what is reserved, or a part of it, and never more; or give it up.
#[test]
fn staff_take_what_is_reserved_or_give_it_up() {
    let app = shop();
    app.db()
        .execute("INSERT INTO settings VALUES ('payments.capture', 'on_ship')", [])
        .unwrap();
    let first = order(&app);
    let path = format!("/api/v1/payments/{}", charge(&app, first, "tok_good")["id"]);
    let refused = app.post("owner", &format!("{path}/capture"), json!({ "amount": "9.01" }));
    assert_eq!((refused.status, refused.code()), (422, 6001), "{}", refused.body);
    let taken = app.post("owner", &format!("{path}/capture"), json!({ "amount": "4.00" }));
    assert_eq!(
        json!([taken.json()["status"], taken.json()["captured"]]),
        json!(["captured", "4.00"])
    );
    let again = app.post("owner", &format!("{path}/capture"), json!({}));
    assert_eq!((again.status, again.code()), (409, 6003), "{}", again.body);
    app.settle();
    assert_eq!(
        standing(&app, first),
        json!(["processing", "partially_paid", "4.00", "0.00", "5.00"])
    );
    let second = order(&app);
    let path = format!("/api/v1/payments/{}", charge(&app, second, "tok_good")["id"]);
    let given_up = app.send("POST", "owner", &format!("{path}/void"), &[], None);
    assert_eq!(given_up.json()["status"], "voided", "{}", given_up.body);
    app.settle();
    assert_eq!(
        standing(&app, second),
        json!(["processing", "unpaid", "0.00", "0.00", "9.00"])
    );
}

/// MONEY, payments: an order that waits for its provider gives its goods back after an hour; one by hand does not.
#[test]
fn an_order_that_nobody_pays_gives_its_goods_back() {
    let app = shop();
    let waits = order(&app);
    let payment = begin(&app, waits);
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }] });
    let by_hand = app.post("ann", "/api/v1/orders", body).json()["id"]
        .as_i64()
        .unwrap();
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }], "payment_method": "sandbox" });
    let customer = app.number("SELECT customer_id FROM orders LIMIT 1");
    let mut of_staff = body.clone();
    of_staff["customer_id"] = json!(customer);
    let of_staff = app.post("owner", "/api/v1/orders", of_staff).json()["id"]
        .as_i64()
        .unwrap();
    app.clock.pass(59 * 60_000);
    app.forget_tokens();
    app.settle();
    assert_eq!(standing(&app, waits)[0], "pending");
    app.clock.pass(2 * 60_000);
    app.settle();
    assert_eq!(
        standing(&app, waits),
        json!(["canceled", "unpaid", "0.00", "0.00", "0.00"])
    );
    assert_eq!(standing(&app, by_hand)[0], "pending");
    assert_eq!(standing(&app, of_staff)[0], "pending");
    assert_eq!(app.number("SELECT available FROM stock"), 996);
    let shown = app
        .get("owner", &format!("/api/v1/payments/{}", payment["id"]))
        .json();
    assert_eq!(shown["status"], "voided");
}

/// PWH-08: money that comes after the order was canceled goes back by itself, whatever comes first.
#[test]
fn money_that_comes_too_late_goes_back() {
    let app = shop();
    let late = order(&app);
    let payment = begin(&app, late);
    // The shopper pays, and nobody hears of it before the hour is over.
    decide(&app, &payment, "approve");
    app.db()
        .execute(
            "UPDATE sandbox_messages SET due_at = due_at + 7200000 WHERE sent_at IS NULL",
            [],
        )
        .unwrap();
    app.clock.pass(61 * 60_000);
    app.forget_tokens();
    app.settle();
    assert_eq!(
        standing(&app, late),
        json!(["canceled", "refunded", "9.00", "9.00", "0.00"])
    );
    app.clock.pass(120 * 60_000);
    app.forget_tokens();
    app.settle();
    assert_eq!(
        standing(&app, late),
        json!(["canceled", "refunded", "9.00", "9.00", "0.00"])
    );
    assert_eq!(app.number("SELECT captured - refunded FROM sandbox_payments"), 0);
    assert_eq!(app.number("SELECT count(*) FROM refunds WHERE state = 1"), 1);
}

/// E1: the sandbox is not there unless the shop says so, and no provider is that is not set up.
#[test]
fn what_is_not_set_up_cannot_be_paid_with() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    for method in ["sandbox", "stripe", "razorpay"] {
        let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }], "payment_method": method });
        let refused = app.post("ann", "/api/v1/orders", body);
        assert_eq!((refused.status, refused.code()), (400, 2002), "{}", refused.body);
    }
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }] });
    assert_eq!(app.post("ann", "/api/v1/orders", body).status, 201);
    let body = json!({ "order_id": 1, "provider": "stripe" });
    let refused = app.post("ann", "/api/v1/payments/initiate", body);
    assert_eq!((refused.status, refused.code()), (400, 2002), "{}", refused.body);
    for url in [
        "https://evil.example/",
        "//evil.example",
        "javascript:alert(1)",
        "http://127.0.0.1:8080.evil.example/",
    ] {
        let body = json!({ "order_id": 1, "return_url": url });
        let refused = app.post("ann", "/api/v1/payments/initiate", body);
        assert_eq!(
            (refused.status, refused.code()),
            (400, 2001),
            "{url}: {}",
            refused.body
        );
    }
}

/// MONEY, payments: a total of 0 is paid at placing.
#[test]
fn an_order_of_nothing_is_paid() {
    let app = shop();
    app.product("GIFT", "0.00", 5);
    let body = json!({ "items": [{ "sku": "GIFT", "quantity": 1 }], "payment_method": "sandbox" });
    let placed = app.post("ann", "/api/v1/orders", body).json();
    assert_eq!(
        json!([placed["payment_status"], placed["due"]]),
        json!(["paid", "0.00"])
    );
    let begun = app.post(
        "ann",
        "/api/v1/payments/initiate",
        json!({ "order_id": placed["id"] }),
    );
    assert_eq!((begun.status, begun.code()), (409, 6003), "{}", begun.body);
}

/// E1: the sandbox's page, as the shopper's browser has it: three buttons, one decision, and back to the order.
#[test]
fn the_sandboxs_page_decides_once_and_leads_back() {
    let app = shop();
    let order = order(&app);
    let body = json!({ "order_id": order, "return_url": "/admin/login" });
    let payment = app.post("ann", "/api/v1/payments/initiate", body).json();
    let path = payment["redirect_url"].as_str().unwrap();
    let browser = Browser::new(&app);
    let page = browser.get(path);
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(
        page.body.contains("data-charge=\"open\"") && page.body.contains("€9.00"),
        "{}",
        page.body
    );
    let sent = browser.submit(&page, path, &[("outcome", "approve")]);
    assert_eq!(
        (sent.status, sent.header("location")),
        (303, Some("/admin/login")),
        "{}",
        sent.body
    );
    let twice = browser.submit(&page, path, &[("outcome", "approve")]);
    assert_eq!(twice.status, 303, "{}", twice.body);
    app.settle();
    assert_eq!(standing(&app, order)[1], "paid");
    let page = browser.get(path);
    assert!(page.body.contains("data-charge=\"captured\""), "{}", page.body);
    assert_eq!(browser.get("/pay/sandbox/sbx_none").status, 404);
}

/// IDM-08, CON-06: an answer that gets lost is asked for again under the same key, each step runs twice at once, and every
/// payment ends: charged once.
#[test]
fn an_answer_that_gets_lost_is_asked_for_again() {
    let app = shop_with(|payments| {
        payments.sandbox_lose_percent = 40;
        payments.sandbox_drop_percent = 50;
        payments.sandbox_copies = 3;
    });
    // However often chance loses an answer, its order waits for it.
    app.change("INSERT INTO settings VALUES ('orders.unpaid_minutes', '43200')");
    let orders: Vec<i64> = (0..12).map(|_| order(&app)).collect();
    for order in &orders {
        let body = json!({ "order_id": order, "payment_method": "tok_good" });
        let begun = app.post("ann", "/api/v1/payments/initiate", body);
        assert!([201, 502].contains(&begun.status), "{}", begun.body);
    }
    let waiting = "SELECT (SELECT count(*) FROM payment_tasks WHERE state < 2)
      + (SELECT count(*) FROM sandbox_messages WHERE sent_at IS NULL)";
    for _ in 0..1000 {
        app.clock.pass(60_000);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| app.settle());
            }
        });
        if app.number(waiting) == 0 {
            break;
        }
    }
    app.forget_tokens();
    for order in orders {
        assert_eq!(
            standing(&app, order),
            json!(["processing", "paid", "9.00", "0.00", "0.00"])
        );
    }
    assert_eq!(app.number("SELECT count(*) FROM payments"), 12);
    assert_eq!(app.number("SELECT count(*) FROM sandbox_payments"), 12);
    assert_eq!(app.number("SELECT sum(captured) FROM sandbox_payments"), 10_800);
    assert_eq!(
        app.number("SELECT count(*) FROM payment_tasks WHERE state < 2"),
        0
    );
}
