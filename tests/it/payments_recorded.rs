//! What Stripe and Razorpay have been recorded to say goes through the inbox; their signatures are held to their rules.

use serde_json::Value;
use serde_json::json;
use till::config::Secret;
use till::domain::payment::Provider;
use till::secret;

use crate::app::TestApp;
use crate::client::Answer;
use crate::payments::standing;
use crate::sink::Say;
use crate::sink::Sink;

const SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";

/// A shop in another currency with one order, and a payment of it that its provider calls by these names.
pub fn shop(provider: Provider, currency: &str, total: i64, name: &str, charge: Option<&str>) -> TestApp {
    // Nothing listens there.
    shop_at("http://127.0.0.1:9", provider, (currency, total), (name, charge))
}

/// The same, where a provider listens that fails at first.
pub fn shop_at(
    url: &str,
    provider: Provider,
    (currency, total): (&str, i64),
    (name, charge): (&str, Option<&str>),
) -> TestApp {
    let app = TestApp::start_with(|config| {
        let secrets = &mut config.payments.secrets;
        for place in [
            &mut secrets.stripe_key,
            &mut secrets.stripe_webhook,
            &mut secrets.razorpay_key,
            &mut secrets.razorpay_webhook,
        ] {
            *place = Some(Secret::new(SECRET.to_owned()));
        }
        config.payments.razorpay_key_id = "rzp_test".to_owned();
        config.payments.stripe_url = url.to_owned();
        config.payments.razorpay_url = url.to_owned();
    });
    app.change(&format!(
        "UPDATE settings SET value = '{currency}' WHERE name = 'currency'"
    ));
    app.product("MUG", &format!("{}.{:02}", total / 100, total % 100), 10);
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }], "payment_method": provider.name() });
    let placed = app.post("ann", "/api/v1/orders", body);
    assert_eq!(placed.status, 201, "{}", placed.body);
    let begun = app.post("ann", "/api/v1/payments/initiate", json!({ "order_id": 1 }));
    assert_eq!((begun.status, begun.code()), (502, 5002), "{}", begun.body);
    let charge = charge.map_or("NULL".to_owned(), |charge| format!("'{charge}'"));
    app.change(&format!(
        "UPDATE payments SET state = 1, provider_ref = '{name}', charge_ref = {charge}"
    ));
    app.change("UPDATE payment_tasks SET state = 2");
    app
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn recorded(path: &str) -> Vec<u8> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fixtures/");
    std::fs::read(format!("{root}{path}")).unwrap()
}

/// Tells the shop by Stripe's rules.
pub fn stripe(app: &TestApp, body: &[u8]) -> Answer {
    let at = (app.clock.now().ms() / 1000).to_string();
    let mac = secret::mac(SECRET.as_bytes(), &[at.as_bytes(), b".", body]);
    let header = format!("t={at},v1={}", hex(&mac));
    let answer = app.client().send_bytes(
        "POST",
        "/api/v1/payments/webhook/stripe",
        &[("stripe-signature", &header)],
        body,
    );
    app.settle();
    answer
}

/// Tells the shop by Razorpay's rules.
pub fn razorpay(app: &TestApp, id: &str, body: &[u8]) -> Answer {
    let mac = hex(&secret::mac(SECRET.as_bytes(), &[body]));
    let headers = [
        ("x-razorpay-signature", mac.as_str()),
        ("x-razorpay-event-id", id),
    ];
    let answer = app
        .client()
        .send_bytes("POST", "/api/v1/payments/webhook/razorpay", &headers, body);
    app.settle();
    answer
}

/// What is otherwise in a message.
type Change = fn(&mut Value);

fn changed(path: &str, id: &str, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(&recorded(path)).unwrap();
    body["id"] = json!(id);
    change(&mut body);
    body.to_string().into_bytes()
}

/// E2, PWH-05: an intent that is tried, declined, and then succeeds.
#[test]
fn an_intent_of_stripe_fails_and_then_succeeds() {
    let intent = "pi_000000000000000000000000";
    let app = shop(Provider::Stripe, "USD", 2000, intent, None);
    for (path, id, status) in [
        ("stripe/payment_intent.requires_action.json", "evt_1", "unpaid"),
        ("stripe/payment_intent.payment_failed.json", "evt_2", "failed"),
        ("stripe/payment_intent.succeeded.json", "evt_3", "paid"),
        ("stripe/payment_intent.canceled.json", "evt_4", "paid"),
    ] {
        let answer = stripe(&app, &changed(path, id, |_| {}));
        assert_eq!(
            answer.json(),
            json!({ "received": true, "duplicate": false }),
            "{path}"
        );
        assert_eq!(standing(&app, 1)[1], status, "{path}");
    }
    assert_eq!(
        standing(&app, 1),
        json!(["processing", "paid", "20.00", "0.00", "0.00"])
    );
    let again = stripe(
        &app,
        &changed("stripe/payment_intent.succeeded.json", "evt_3", |_| {}),
    );
    assert_eq!(again.json()["duplicate"], true);
}

/// E2: the hosted page tells of its session, and from then on the intent is known too.
#[test]
fn a_session_of_stripe_pays_and_is_refunded_by_its_intent() {
    let app = shop(Provider::Stripe, "USD", 25_000, "cs_00000000000000", None);
    let path = "stripe/checkout.session.completed.payment_mode.json";
    assert_eq!(stripe(&app, &recorded(path)).status, 200);
    assert_eq!(
        standing(&app, 1),
        json!(["processing", "paid", "250.00", "0.00", "0.00"])
    );
    let shown = app.get("ann", "/api/v1/payments/1").json();
    assert_eq!(shown["status"], "captured");
    // A refund that was made in Stripe's own pages, told as it is since, and as it was.
    let refund = |id: &str, name: &str| {
        changed("stripe/charge.refund.updated.json", id, |body| {
            body["data"]["object"]["payment_intent"] = json!("pi_00000000000000");
            body["data"]["object"]["id"] = json!(name);
        })
    };
    stripe(&app, &refund("evt_r1", "re_1"));
    stripe(&app, &refund("evt_r2", "re_1"));
    assert_eq!(standing(&app, 1)[3], "1.00");
    stripe(&app, &refund("evt_r3", "re_2"));
    assert_eq!(
        standing(&app, 1),
        json!(["processing", "partially_refunded", "250.00", "2.00", "0.00"])
    );
    let dispute = changed("stripe/charge.dispute.created.json", "evt_d", |body| {
        body["data"]["object"]["payment_intent"] = json!("pi_00000000000000");
    });
    stripe(&app, &dispute);
    assert_eq!(app.get("ann", "/api/v1/payments/1").json()["disputed"], true);
    assert_eq!(standing(&app, 1)[3], "2.00", "a dispute moves nothing");
}

/// PWH-07: another amount, currency, mode or account is set aside.
#[test]
fn what_stripe_says_of_another_thing_is_set_aside() {
    let app = shop(Provider::Stripe, "USD", 2000, "pi_000000000000000000000000", None);
    let path = "stripe/payment_intent.succeeded.json";
    let vectors: [(&str, Change); 6] = [
        ("amount", |body| body["data"]["object"]["amount"] = json!(2001)),
        ("received", |body| {
            body["data"]["object"]["amount_received"] = json!(2001)
        }),
        ("currency", |body| {
            body["data"]["object"]["currency"] = json!("eur")
        }),
        ("coin", |body| body["data"]["object"]["currency"] = json!("xxx")),
        ("livemode", |body| body["livemode"] = json!(true)),
        ("account", |body| body["account"] = json!("acct_other")),
    ];
    for (what, change) in vectors {
        assert_eq!(stripe(&app, &changed(path, what, change)).status, 200);
        let shown = app.get("owner", "/api/v1/payments/webhook-events").json()["data"][0].clone();
        assert_eq!(
            json!([shown["event_id"], shown["status"]]),
            json!([what, "quarantined"])
        );
    }
    assert_eq!(standing(&app, 1)[1], "unpaid");
}

/// Razorpay's own vector.
#[test]
fn the_vector_of_razorpay_verifies() {
    let app = TestApp::start_with(|config| {
        config.payments.secrets.razorpay_webhook = Some(Secret::new("123456".to_owned()));
    });
    let vector: Value = serde_json::from_slice(&recorded("razorpay/signature_vector.json")).unwrap();
    let body = recorded("razorpay/signature_vector.body");
    let door = "/api/v1/payments/webhook/razorpay";
    let good = vector["signature"].as_str().unwrap();
    let taken = app
        .client()
        .send_bytes("POST", door, &[("x-razorpay-signature", good)], &body);
    assert_eq!(taken.status, 200, "{}", taken.body);
    // Without a name of its own a message goes by its digest.
    let again = app
        .client()
        .send_bytes("POST", door, &[("x-razorpay-signature", good)], &body);
    assert_eq!(again.json()["duplicate"], true);
    let bad = good.replace('5', "6");
    let refused = app
        .client()
        .send_bytes("POST", door, &[("x-razorpay-signature", &bad)], &body);
    assert_eq!((refused.status, refused.code()), (400, 1004), "{}", refused.body);
}

/// E2, PWH-05: Razorpay tells of a try that failed, one that is reserved, the money, the order, and a refund.
#[test]
fn razorpay_tells_of_an_order_until_it_is_refunded() {
    let app = shop(Provider::Razorpay, "INR", 100, "order_DESoU0U4ikYA19", None);
    for (path, status) in [
        ("razorpay/payment.failed.card.json", "failed"),
        ("razorpay/order.paid.card.json", "paid"),
        ("razorpay/payment.authorized.card.json", "paid"),
        ("razorpay/payment.captured.card.json", "paid"),
    ] {
        assert_eq!(razorpay(&app, path, &recorded(path)).status, 200);
        assert_eq!(standing(&app, 1)[1], status, "{path}");
    }
    assert_eq!(razorpay(&app, "razorpay/order.paid.card.json", b"{}").status, 200);
    let refund = |id: &str, path: &str, name: &str| {
        let body = changed(path, id, |body| {
            let entity = &mut body["payload"]["refund"]["entity"];
            entity["payment_id"] = json!("pay_DESp9bgForNoUd");
            entity["amount"] = json!(40);
            entity["id"] = json!(name);
        });
        razorpay(&app, id, &body);
    };
    refund("r1", "razorpay/refund.processed.json", "rfnd_1");
    refund("r2", "razorpay/refund.failed.json", "rfnd_2");
    refund("r3", "razorpay/refund.processed.json", "rfnd_2");
    assert_eq!(
        standing(&app, 1),
        json!(["processing", "partially_refunded", "1.00", "0.40", "0.00"])
    );
    assert_eq!(app.number("SELECT count(*) FROM inbox WHERE state <> 1"), 0);
}

/// E2: the link that the shopper was sent to has been paid; the browser's return is held to its signature.
#[test]
fn a_payment_link_of_razorpay_is_paid() {
    let app = shop(Provider::Razorpay, "INR", 1000, "plink_QflcnnZqCekuvL", None);
    assert_eq!(
        razorpay(&app, "e1", &recorded("razorpay/payment_link.paid.standard.json")).status,
        200
    );
    assert_eq!(
        standing(&app, 1),
        json!(["processing", "paid", "10.00", "0.00", "0.00"])
    );
    let forged =
        json!({ "payment_id": 1, "razorpay_payment_id": "pay_1", "razorpay_signature": hex(&[7; 32]) });
    let refused = app.post("ann", "/api/v1/payments/verify", forged);
    assert_eq!((refused.status, refused.code()), (400, 1004), "{}", refused.body);
}

/// E4: what Razorpay signs when the shopper comes back, by Python's `hmac`: over an order and its payment, and over a link,
/// our name of it, where it stands and its payment. Each part is held to it.
#[test]
fn the_return_from_razorpays_pages_verifies() {
    let paid = json!({ "status": "paid", "payments": [
        { "payment_id": "pay_Qfldmt5StKZFCB", "amount": 1000, "status": "captured" }] });
    let of_link = json!({
        "payment_id": 1, "razorpay_payment_id": "pay_Qfldmt5StKZFCB",
        "razorpay_payment_link_reference_id": "23", "razorpay_payment_link_status": "paid",
        "razorpay_signature": "118e8667aff7398715934359ffaf23e9d44db5e4f78deca451d967dfaa0861d4",
    });
    let entity = json!({ "items": [{ "id": "pay_DESp9bgForNoUd", "amount": 100, "status": "captured" }] });
    let of_order = json!({
        "payment_id": 1, "razorpay_payment_id": "pay_DESp9bgForNoUd",
        "razorpay_signature": "69f36090324b5bd59d6df0cf9a19efc70914d811ced0063fc738864a7e7c8ce3",
    });
    for (name, total, says, body) in [
        ("plink_QflcnnZqCekuvL", 1000, paid, of_link),
        ("order_DESoU0U4ikYA19", 100, entity, of_order),
    ] {
        let sink = Sink::start();
        sink.answer(500);
        let url = format!("http://{}", sink.at());
        let app = shop_at(&url, Provider::Razorpay, ("INR", total), (name, None));
        sink.say(move |_| Say::Body(200, says.to_string().into_bytes()));
        sink.take();
        for field in body
            .as_object()
            .unwrap()
            .keys()
            .filter(|field| *field != "payment_id")
        {
            let mut forged = body.clone();
            let text = forged[field].as_str().unwrap().replace(['2', 'p'], "3");
            assert_ne!(forged[field], text);
            forged[field] = json!(text);
            let refused = app.post("ann", "/api/v1/payments/verify", forged);
            assert_eq!(
                (refused.status, refused.code()),
                (400, 1004),
                "{field}: {}",
                refused.body
            );
        }
        assert_eq!(sink.heard().len(), 0, "nobody was asked");
        let back = app.post("ann", "/api/v1/payments/verify", body);
        assert_eq!(
            (back.status, &back.json()["status"]),
            (200, &json!("captured")),
            "{}",
            back.body
        );
        assert_eq!(standing(&app, 1)[1], "paid");
    }
}

/// E4: the money is in the try that was taken, whatever was tried before.
#[test]
fn what_razorpay_has_taken_is_not_looked_for_in_a_try_that_failed() {
    let sink = Sink::start();
    sink.answer(500);
    let url = format!("http://{}", sink.at());
    let names = ("order_DESoU0U4ikYA19", None);
    let app = shop_at(&url, Provider::Razorpay, ("INR", 100), names);
    let entity = |path: &str| {
        let event: Value = serde_json::from_slice(&recorded(path)).unwrap();
        event["payload"]["payment"]["entity"].clone()
    };
    let mut failed = entity("razorpay/payment.failed.card.json");
    failed["id"] = json!("pay_00000000000000");
    let taken = entity("razorpay/payment.captured.card.json");
    for (tries, status) in [(vec![&failed], "failed"), (vec![&failed, &taken], "paid")] {
        let list = json!({ "entity": "collection", "count": tries.len(), "items": tries }).to_string();
        sink.say(move |_| Say::Body(200, list.clone().into_bytes()));
        let back = app.post("ann", "/api/v1/payments/verify", json!({ "payment_id": 1 }));
        assert_eq!(back.status, 200, "{}", back.body);
        assert_eq!(standing(&app, 1)[1], status);
    }
    let charge = "SELECT count(*) FROM payments WHERE charge_ref = 'pay_DESp9bgForNoUd'";
    assert_eq!(app.number(charge), 1);
}
