//! Asked again: a shopper whose answer was lost tries once more, a clerk takes less after too much was refused, the worker
//! asks for a refund that it may have been given. However often, the provider moves the money once.

use serde_json::Value;
use serde_json::json;
use till::config::Secret;

use crate::app::TestApp;
use crate::client::Answer;
use crate::payments::standing;
use crate::payments_stripe::charge;
use crate::payments_stripe::order;
use crate::sink::Heard;
use crate::sink::Say;
use crate::sink::Sink;

const INTENTS: &str = "/v1/payment_intents";
const CONFIRM: &str = "/v1/payment_intents/pi_1/confirm";

/// A shop whose Stripe is this receiver: what it says is up to the test.
pub fn shop(stripe: &Sink) -> TestApp {
    let url = format!("http://{}", stripe.at());
    let app = TestApp::start_with(|config| {
        config.payments.stripe_url = url;
        config.payments.secrets.stripe_key = Some(Secret::new("sk_test_12345".to_owned()));
    });
    app.product("MUG", "4.50", 1000);
    app
}

pub fn said(status: u16, body: &Value) -> Say {
    Say::Body(status, body.to_string().into_bytes())
}

/// An intent over the whole order, of which so much has been taken.
pub fn intent(status: &str, taken: i64) -> Value {
    json!({
        "object": "payment_intent", "id": "pi_1", "status": status, "amount": 900, "currency": "eur",
        "amount_received": taken, "capture_method": "automatic", "client_secret": "pi_1_secret",
    })
}

fn refusal(words: &str) -> Value {
    json!({ "error": { "message": words } })
}

/// What was heard at a path.
fn at<'a>(heard: &'a [Heard], path: &str) -> Vec<&'a Heard> {
    heard.iter().filter(|heard| heard.path == path).collect()
}

fn initiate(app: &TestApp, order: i64, more: Value) -> Answer {
    let mut body = more;
    body["order_id"] = json!(order);
    app.post("ann", "/api/v1/payments/initiate", body)
}

/// Time passes, and the worker asks again.
fn later(app: &TestApp, minutes: i64) {
    app.clock.pass(minutes * 60_000);
    app.forget_tokens();
    app.settle();
}

/// IDM-08, E4: whoever asks again with the same token has the same payment; beside one that may have been charged nothing
/// else is begun, by whomever it would be paid.
#[test]
fn a_charge_whose_answer_was_lost_is_not_made_twice() {
    let stripe = Sink::start();
    stripe.say(|heard| match heard.path.as_str() {
        INTENTS => said(200, &intent("requires_confirmation", 0)),
        _ => Say::Close,
    });
    let app = shop(&stripe);
    let order = order(&app);
    let first = charge(&app, order, "pm_1");
    assert_eq!(first["status"], "requires_action");
    assert_eq!(charge(&app, order, "pm_1")["id"], first["id"]);
    for other in [
        json!({ "payment_method": "pm_2" }),
        json!({ "provider": "wallet" }),
        json!({ "provider": "manual" }),
    ] {
        let refused = initiate(&app, order, other);
        assert_eq!((refused.status, refused.code()), (409, 6003), "{}", refused.body);
    }
    stripe.say(|_| said(200, &intent("succeeded", 900)));
    later(&app, 1);
    assert_eq!(
        standing(&app, order),
        json!(["processing", "paid", "9.00", "0.00", "0.00"])
    );
    let heard = stripe.heard();
    assert_eq!(at(&heard, INTENTS).len(), 1);
    let keys: std::collections::BTreeSet<&str> = at(&heard, CONFIRM)
        .iter()
        .map(|heard| heard.header("idempotency-key"))
        .collect();
    assert_eq!(keys.len(), 1, "{keys:?}");
    // Whoever missed the answer gets it; whoever wants to pay once more does not.
    let again = charge(&app, order, "pm_1");
    assert_eq!(
        json!([again["id"], again["status"]]),
        json!([first["id"], "captured"])
    );
    let refused = initiate(&app, order, json!({ "payment_method": "pm_2" }));
    assert_eq!((refused.status, refused.code()), (409, 6003), "{}", refused.body);
    assert_eq!(app.number("SELECT count(*) FROM payments"), 1);
}

/// E1: once it is known that the first was declined, another may be tried.
#[test]
fn another_token_has_its_turn_when_the_answer_is_there() {
    let stripe = Sink::start();
    stripe.say(|heard| match heard.path.as_str() {
        INTENTS => said(200, &intent("requires_confirmation", 0)),
        _ => Say::Close,
    });
    let app = shop(&stripe);
    let order = order(&app);
    let first = charge(&app, order, "pm_1");
    stripe.say(|heard| match heard.path.as_str() {
        INTENTS => {
            let mut second = intent("requires_confirmation", 0);
            second["id"] = json!("pi_2");
            said(200, &second)
        }
        CONFIRM => said(402, &refusal("Your card was declined.")),
        "/v1/payment_intents/pi_2/confirm" => {
            let mut second = intent("succeeded", 900);
            second["id"] = json!("pi_2");
            said(200, &second)
        }
        _ => said(200, &intent("canceled", 0)),
    });
    later(&app, 1);
    assert_eq!(standing(&app, order)[1], "failed");
    let second = charge(&app, order, "pm_2");
    assert_ne!(second["id"], first["id"]);
    app.settle();
    assert_eq!(
        standing(&app, order),
        json!(["processing", "paid", "9.00", "0.00", "0.00"])
    );
}

/// An order whose money is reserved.
fn reserved(app: &TestApp) -> i64 {
    app.change("INSERT INTO settings VALUES ('payments.capture', 'on_ship')");
    let order = order(app);
    assert_eq!(charge(app, order, "pm_1")["status"], "authorized");
    order
}

fn capture(app: &TestApp, amount: &str) -> Answer {
    app.post("owner", "/api/v1/payments/1/capture", json!({ "amount": amount }))
}

const CAPTURE: &str = "/v1/payment_intents/pi_1/capture";

/// IDM-08, T7: what is asked anew after a refusal is asked for its own amount, under a key of its own.
#[test]
fn a_capture_after_a_refused_one_takes_its_own_amount() {
    let stripe = Sink::start();
    stripe.say(|heard| match heard.path.as_str() {
        CAPTURE => said(400, &refusal("Not now.")),
        _ => said(200, &intent("requires_capture", 0)),
    });
    let app = shop(&stripe);
    let order = reserved(&app);
    let refused = capture(&app, "9.00");
    assert_eq!((refused.status, refused.code()), (409, 6003), "{}", refused.body);
    assert!(refused.body.contains("400: Not now."), "{}", refused.body);
    let shown = app.get("owner", "/api/v1/payments/1").json();
    assert_eq!(
        json!([shown["status"], shown["failure"]]),
        json!(["authorized", "400: Not now."])
    );
    stripe.say(|_| said(200, &intent("succeeded", 400)));
    let taken = capture(&app, "4.00").json();
    assert_eq!(
        json!([taken["status"], taken["captured"]]),
        json!(["captured", "4.00"])
    );
    let heard = stripe.heard();
    let asked: Vec<(&str, &str)> = at(&heard, CAPTURE)
        .iter()
        .map(|heard| (heard.body.as_str(), heard.header("idempotency-key")))
        .collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert_eq!(asked[0].0, "amount_to_capture=900");
    assert_eq!(asked[1].0, "amount_to_capture=400");
    assert_ne!(asked[0].1, asked[1].1, "the first is refused for ever");
    assert_eq!(
        standing(&app, order),
        json!(["processing", "partially_paid", "4.00", "0.00", "5.00"])
    );
}

/// T7: while one amount is being taken another is refused, not forgotten; the same one is the same.
#[test]
fn another_amount_waits_for_the_answer() {
    let stripe = Sink::start();
    stripe.say(|heard| match heard.path.as_str() {
        CAPTURE => Say::Close,
        _ => said(200, &intent("requires_capture", 0)),
    });
    let app = shop(&stripe);
    reserved(&app);
    assert_eq!(capture(&app, "4.00").status, 200);
    let refused = capture(&app, "5.00");
    assert_eq!((refused.status, refused.code()), (409, 6003), "{}", refused.body);
    assert_eq!(capture(&app, "4.00").status, 200);
    let whole = app.send("POST", "owner", "/api/v1/payments/1/capture", &[], None);
    assert_eq!((whole.status, whole.code()), (409, 6003), "{}", whole.body);
    stripe.say(|_| said(200, &intent("succeeded", 400)));
    later(&app, 1);
    assert_eq!(app.number("SELECT captured FROM payments"), 400);
    let heard = stripe.heard();
    assert!(
        at(&heard, CAPTURE)
            .iter()
            .all(|heard| heard.body == "amount_to_capture=400")
    );
}

/// An order that was paid, and a refund of it whose answer was lost.
fn refund_whose_answer_was_lost(app: &TestApp, stripe: &Sink) -> i64 {
    stripe.say(|heard| match heard.path.as_str() {
        "/v1/refunds" => Say::Close,
        _ => said(200, &intent("succeeded", 900)),
    });
    let order = order(app);
    assert_eq!(charge(app, order, "pm_1")["status"], "captured");
    let body = json!({ "amount": "4.00", "reason": "a chip" });
    let path = format!("/api/v1/orders/{order}/refunds");
    assert_eq!(app.post("owner", &path, body).json()["status"], "pending");
    order
}

fn refund_of(id: &str, ours: &str) -> Value {
    json!({
        "object": "refund", "id": id, "status": "succeeded", "amount": 400, "currency": "eur",
        "payment_intent": "pi_1", "metadata": { "till_refund": ours },
    })
}

/// MONEY, payments: a provider forgets its keys; a refund that was asked for long ago is looked for, on every page of its
/// list, and never asked for twice.
#[test]
fn a_refund_that_was_made_is_found_and_not_made_again() {
    let stripe = Sink::start();
    let app = shop(&stripe);
    let order = refund_whose_answer_was_lost(&app, &stripe);
    // Nobody answers for ten minutes.
    stripe.say(|_| Say::Close);
    later(&app, 9);
    stripe.take();
    stripe.say(|heard| {
        let page = |refund: Value, more: bool| said(200, &json!({ "data": [refund], "has_more": more }));
        match heard.path.as_str() {
            "/v1/refunds" => said(200, &refund_of("re_twice", "1")),
            path if path.contains("starting_after=re_other") => page(refund_of("re_1", "1"), false),
            _ => page(refund_of("re_other", "7"), true),
        }
    });
    later(&app, 2);
    let heard = stripe.heard();
    assert_eq!(at(&heard, "/v1/refunds").len(), 0, "{heard:?}");
    assert_eq!(heard[0].path, "/v1/refunds?payment_intent=pi_1&limit=100");
    let made = app.get("ann", &format!("/api/v1/payments/status/{order}")).json();
    assert_eq!(made["refunds"][0]["status"], "succeeded");
    assert_eq!(
        app.number("SELECT count(*) FROM refunds WHERE provider_ref = 're_1'"),
        1
    );
    assert_eq!(standing(&app, order)[3], "4.00");
}

/// The same, where the first try never came there: it is asked for once the list has been seen, and not before.
#[test]
fn a_refund_that_was_never_made_is_made_once() {
    let stripe = Sink::start();
    let app = shop(&stripe);
    let order = refund_whose_answer_was_lost(&app, &stripe);
    stripe.take();
    stripe.say(|heard| match heard.path.as_str() {
        "/v1/refunds" => said(200, &refund_of("re_1", "1")),
        _ => said(503, &refusal("Later.")),
    });
    later(&app, 11);
    assert_eq!(
        at(&stripe.take(), "/v1/refunds").len(),
        0,
        "nobody knows whether it was made"
    );
    stripe.say(|heard| match heard.path.as_str() {
        "/v1/refunds" => said(200, &refund_of("re_1", "1")),
        _ => said(200, &json!({ "data": [], "has_more": false })),
    });
    later(&app, 11);
    assert_eq!(at(&stripe.heard(), "/v1/refunds").len(), 1);
    let made = app.get("ann", &format!("/api/v1/payments/status/{order}")).json();
    assert_eq!(made["refunds"][0]["status"], "succeeded");
}

/// E4, API: whoever comes back from Stripe's page brings Stripe's own name of the payment; it leads nobody else there.
#[test]
fn what_stripe_calls_it_leads_back_to_the_payment() {
    let stripe = Sink::start();
    let page = |status: &str, paid: &str, intent: Value| {
        json!({
            "object": "checkout.session", "id": "cs_1", "url": "https://pay.example/cs_1", "status": status,
            "payment_status": paid, "payment_intent": intent, "amount_total": 900, "currency": "eur",
        })
    };
    let open = page("open", "unpaid", Value::Null);
    stripe.say(move |_| said(200, &open));
    let app = shop(&stripe);
    let order = order(&app);
    let begun = initiate(&app, order, json!({ "return_url": "/thanks" }));
    assert_eq!(
        begun.json()["redirect_url"],
        "https://pay.example/cs_1",
        "{}",
        begun.body
    );
    let paid = page("complete", "paid", json!("pi_1"));
    stripe.say(move |_| said(200, &paid));
    let verify = |who: &str, body: Value| app.post(who, "/api/v1/payments/verify", body);
    for (who, body, status, code) in [
        ("bob", json!({ "session_id": "cs_1" }), 404, 3001),
        ("ann", json!({ "session_id": "cs_2" }), 404, 3001),
        ("ann", json!({ "razorpay_order_id": "cs_1" }), 404, 3001),
        ("ann", json!({}), 400, 2003),
    ] {
        let refused = verify(who, body);
        assert_eq!(
            (refused.status, refused.code()),
            (status, code),
            "{}",
            refused.body
        );
    }
    for name in [
        json!({ "session_id": "cs_1" }),
        json!({ "payment_intent": "pi_1" }),
    ] {
        let back = verify("ann", name);
        assert_eq!(
            (back.status, &back.json()["status"]),
            (200, &json!("captured")),
            "{}",
            back.body
        );
    }
    assert_eq!(standing(&app, order)[1], "paid");
}

/// IDM-01, IDM-06: what is captured or given up with a key is so once, and told again to whoever asks again.
#[test]
fn a_key_captures_and_gives_up_once() {
    let app = crate::payments::shop();
    app.change("INSERT INTO settings VALUES ('payments.capture', 'on_ship')");
    let asked = |path: &str, key: &str, body: Option<&Value>| {
        app.send("POST", "owner", path, &[("idempotency-key", key)], body)
    };
    let reserved = || {
        let order = crate::payments::order(&app);
        let id = crate::payments::charge(&app, order, "tok_good")["id"].clone();
        format!("/api/v1/payments/{id}")
    };
    let (four, five) = (json!({ "amount": "4.00" }), json!({ "amount": "5.00" }));
    let capture = format!("{}/capture", reserved());
    let void = format!("{}/void", reserved());
    for (path, body, status) in [(&capture, Some(&four), "captured"), (&void, None, "voided")] {
        for is_again in [false, true] {
            let answer = asked(path, "k", body);
            assert_eq!(
                (answer.status, &answer.json()["status"]),
                (200, &json!(status)),
                "{}",
                answer.body
            );
            assert_eq!(answer.header("idempotent-replayed").is_some(), is_again, "{path}");
        }
        let refused = asked(path, "another", body);
        assert_eq!((refused.status, refused.code()), (409, 6003), "{}", refused.body);
    }
    let other = asked(&capture, "k", Some(&five));
    assert_eq!((other.status, other.code()), (422, 3003), "{}", other.body);
    assert_eq!(app.number("SELECT sum(captured) FROM sandbox_payments"), 400);
}

/// E4, PWH-08: a page that was approved, and not heard of yet, is heard of before anything else is charged: by a token, by
/// another provider, by hand or out of a wallet.
#[test]
fn what_was_approved_and_not_heard_of_is_not_charged_again() {
    for other in [
        json!({ "payment_method": "tok_ok" }),
        json!({ "provider": "manual" }),
        json!({ "provider": "wallet" }),
    ] {
        let app = crate::payments::shop_with(|payments| payments.sandbox_drop_percent = 100);
        let order = crate::payments::order(&app);
        let page = crate::payments::begin(&app, order);
        crate::payments::decide(&app, &page, "approve");
        assert_eq!(standing(&app, order)[1], "unpaid", "nothing was told");
        let refused = initiate(&app, order, other);
        assert_eq!((refused.status, refused.code()), (409, 6003), "{}", refused.body);
        app.settle();
        assert_eq!(
            standing(&app, order),
            json!(["processing", "paid", "9.00", "0.00", "0.00"])
        );
        assert_eq!(app.number("SELECT sum(captured) FROM sandbox_payments"), 900);
        assert_eq!(app.number("SELECT count(*) FROM payments"), 1);
    }
}

/// E4: one whose provider says nothing of it holds up nobody who pays otherwise.
#[test]
fn a_provider_that_is_silent_leaves_the_others_free() {
    let stripe = Sink::start();
    stripe.say(|heard| match heard.path.as_str() {
        INTENTS => said(200, &intent("requires_confirmation", 0)),
        CONFIRM => said(402, &refusal("Your card was declined.")),
        _ => said(200, &intent("requires_payment_method", 0)),
    });
    let app = shop(&stripe);
    let order = order(&app);
    assert_eq!(charge(&app, order, "pm_1")["status"], "failed");
    stripe.say(|_| Say::Close);
    let other = initiate(&app, order, json!({ "provider": "manual" }));
    assert_eq!(other.status, 201, "{}", other.body);
}
