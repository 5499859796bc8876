//! A checkout that a provider is asked about: the order is durable first, the provider is asked once by its key, and whoever
//! asks a second time hears the same.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;
use crate::payments_again::intent;
use crate::payments_again::said;
use crate::payments_again::shop;
use crate::sink::Say;
use crate::sink::Sink;

const WAITING: &str = "SELECT count(*) FROM payment_tasks WHERE state < 2";

/// Two mugs by ann, to be paid by whom she says.
fn check_out(app: &TestApp, method: &str, token: &str) -> Answer {
    let body = json!({
        "shipping_address": { "name": "Ann", "line1": "1 Road", "city": "Rye", "postcode": "TN31", "country": "GB" },
        "payment_method": method, "client_token": token,
    });
    app.post("ann", "/api/v1/cart/checkout", body)
}

fn fill(app: &TestApp) {
    let added = app.post(
        "ann",
        "/api/v1/cart/items",
        json!({ "sku": "MUG", "quantity": 2 }),
    );
    assert_eq!(added.status, 201, "{}", added.body);
}

/// IDM-08, N3: ten presses are one order and one charge at the provider, and all ten hear what it said.
#[test]
fn ten_presses_ask_a_provider_once() {
    let stripe = Sink::start();
    stripe.say(|_| said(200, &intent("requires_payment_method", 0)));
    let app = shop(&stripe);
    fill(&app);
    let all: Vec<Answer> = std::thread::scope(|scope| {
        let press = || check_out(&app, "stripe", "press-1");
        let all: Vec<_> = (0..10).map(|_| scope.spawn(press)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for answer in &all {
        assert_eq!(answer.status, 201, "{}", answer.body);
        let payment = &answer.json()["payment"];
        assert_eq!(
            (&payment["status"], &payment["client_secret"]),
            (&json!("requires_action"), &json!("pi_1_secret"))
        );
    }
    assert_eq!(stripe.take().len(), 1);
    assert_eq!(app.number("SELECT count(*) FROM orders"), 1);
    assert_eq!(app.number(WAITING), 0);
}

/// IDM-08: an order stands though its provider does not answer, which is asked again under the same key.
#[test]
fn an_order_does_not_wait_for_its_provider() {
    let stripe = Sink::start();
    stripe.say(|_| Say::Close);
    let app = shop(&stripe);
    fill(&app);
    let done = check_out(&app, "stripe", "press-1");
    assert_eq!(done.status, 201, "{}", done.body);
    assert_eq!(done.json()["payment"]["status"], "created");
    assert_eq!(app.number(WAITING), 1);
    let first = stripe.take();
    stripe.say(|_| said(200, &intent("requires_payment_method", 0)));
    app.clock.pass(60_000);
    app.settle();
    let again = stripe.take();
    assert_eq!((first.len(), again.len()), (1, 1));
    assert!(!first[0].header("idempotency-key").is_empty());
    assert_eq!(
        first[0].header("idempotency-key"),
        again[0].header("idempotency-key")
    );
    app.forget_tokens();
    let payment = check_out(&app, "stripe", "press-1").json()["payment"].clone();
    assert_eq!(payment["client_secret"], "pi_1_secret", "{payment}");
    assert_eq!(app.number("SELECT count(*) FROM payments"), 1);
}

/// E1, IDM-08: the sandbox opens a charge with the order; where it plays at losing answers it is asked until one is heard.
#[test]
fn the_sandbox_opens_one_charge_an_order() {
    for lost in [0, 40] {
        let app = TestApp::start_with(|config| {
            config.payments.sandbox = true;
            config.payments.sandbox_lose_percent = lost;
        });
        app.product("MUG", "4.50", 1000);
        app.change("INSERT INTO settings VALUES ('orders.unpaid_minutes', '43200')");
        for number in 0..8 {
            fill(&app);
            let done = check_out(&app, "sandbox", &format!("press-{number}"));
            assert_eq!(done.status, 201, "{}", done.body);
            assert!(lost > 0 || is_opened(&done.json()["payment"]), "{}", done.body);
        }
        assert!(lost > 0 || app.number("SELECT count(*) FROM payment_tasks") == 0);
        for _ in 0..1000 {
            if app.number(WAITING) == 0 {
                break;
            }
            app.clock.pass(60_000);
            app.settle();
        }
        let opened = "SELECT count(*) FROM payments p JOIN sandbox_payments s ON s.ref = p.provider_ref
            WHERE p.state = 1 AND s.payment_id = p.id AND s.order_id = p.order_id AND s.amount = p.amount";
        assert_eq!(app.number(opened), 8);
        assert_eq!(app.number("SELECT count(*) FROM sandbox_payments"), 8);
    }
}

fn is_opened(payment: &Value) -> bool {
    payment["status"] == "requires_action" && payment["redirect_url"].is_string()
}
