//! The daily comparison of payments, orders and the providers' lists: what is planted is found, what is not is not, and
//! nothing is moved (MON-09).

use std::sync::Arc;
use std::sync::Mutex;

use serde_json::Value;
use serde_json::json;
use till::domain::payment::Provider;
use till::worker::Outcome;

use crate::app::TestApp;
use crate::judges::python;
use crate::pages::Browser;
use crate::payments::charge;
use crate::payments::order;
use crate::payments::shop;
use crate::payments_recorded;
use crate::payments_recorded::recorded;
use crate::payments_stripe;
use crate::payments_stripe::Stripe;
use crate::sink::Heard;
use crate::sink::Say;
use crate::sink::Sink;

const DAY: i64 = 24 * 3_600_000;

/// The differences of a state: kind, provider, ours, theirs.
fn told(app: &TestApp, status: &str) -> Vec<Value> {
    app.forget_tokens();
    let path = format!("/api/v1/payments/differences?status={status}");
    let found = app.get("owner", &path).json()["data"].clone();
    let row = |row: &Value| json!([row["kind"], row["provider"], row["ours"], row["theirs"]]);
    let mut rows: Vec<Value> = found.as_array().unwrap().iter().map(row).collect();
    rows.reverse();
    rows
}

/// A day later the books are compared once more.
fn another_day(app: &TestApp) {
    app.clock.pass(DAY);
    assert_eq!(app.reconcile(), Outcome::Worked);
    assert_eq!(app.reconcile(), Outcome::NothingDue);
}

fn refund(app: &TestApp, order: i64, amount: &str) {
    let body = json!({ "amount": amount, "reason": "a chip" });
    let answer = app.post("owner", &format!("/api/v1/orders/{order}/refunds"), body);
    assert_eq!(answer.status, 201, "{}", answer.body);
}

/// A shop with payments of every sort, all in order.
fn busy() -> TestApp {
    let app = shop();
    for round in 0..4 {
        let paid = order(&app);
        assert_eq!(charge(&app, paid, "tok_good")["status"], "captured");
        if round == 1 {
            refund(&app, paid, "4.00");
        }
    }
    charge(&app, order(&app), "tok_decline");
    let by_hand = order(&app);
    let body = json!({ "order_id": by_hand, "amount": "5.00" });
    assert_eq!(app.post("owner", "/api/v1/payments/manual", body).status, 201);
    app.settle();
    app
}

/// Everything about money, to show that nothing was moved.
fn money(app: &TestApp) -> String {
    let sums = "SELECT (SELECT group_concat(state || ' ' || captured || ' ' || refunded) FROM payments)
      || (SELECT group_concat(payment_status || ' ' || paid || ' ' || refunded) FROM orders)
      || (SELECT count(*) FROM refunds) || ' ' || (SELECT count(*) FROM events) || ' ' || (SELECT count(*) FROM payment_tasks)";
    app.db().query_row(sums, [], |row| row.get(0)).unwrap()
}

/// MON-09: in a shop whose books agree nothing is found, today or tomorrow.
#[test]
fn books_that_agree_differ_in_nothing() {
    let app = busy();
    let before = money(&app);
    another_day(&app);
    another_day(&app);
    assert_eq!(told(&app, ""), Vec::<Value>::new());
    assert_eq!(
        app.number("SELECT count(*) FROM reconciliations WHERE found = 0 AND compared > 0"),
        2
    );
    assert_eq!(money(&app), before);
}

/// One of each kind: how it is planted, how it is mended, and how it is told.
fn planted() -> [(&'static str, &'static str, Value); 7] {
    [
        // The bank holds money that no payment here tells of.
        (
            "INSERT INTO sandbox_payments (ref, key, payment_id, order_id, number, amount, currency, at_once, state, captured)
             VALUES ('sbx_lost', 'lost', 99, 99, '99', 700, 'EUR', 1, 4, 700)",
            "DELETE FROM sandbox_payments WHERE ref = 'sbx_lost'",
            json!(["unknown", "sandbox", "0.00", "7.00"]),
        ),
        // A payment here of which the bank knows nothing.
        (
            "UPDATE sandbox_payments SET ref = ref || '_', captured = 0 WHERE id = 1",
            "UPDATE sandbox_payments SET ref = substr(ref, 1, length(ref) - 1), captured = 900 WHERE id = 1",
            json!(["missing", "sandbox", "9.00", "0.00"]),
        ),
        // The bank has given back what we know nothing of.
        (
            "UPDATE sandbox_payments SET refunded = 300 WHERE id = 3",
            "UPDATE sandbox_payments SET refunded = 0 WHERE id = 3",
            json!(["kept", "sandbox", "9.00", "6.00"]),
        ),
        // The bank has taken what we have not heard of.
        (
            "UPDATE sandbox_payments SET state = 4, captured = 900 WHERE id = 5",
            "UPDATE sandbox_payments SET state = 1, captured = 0 WHERE id = 5",
            json!(["kept", "sandbox", "0.00", "9.00"]),
        ),
        (
            "UPDATE sandbox_payments SET currency = 'USD' WHERE id = 4",
            "UPDATE sandbox_payments SET currency = 'EUR' WHERE id = 4",
            json!(["currency", "sandbox", "9.00", "9.00"]),
        ),
        (
            "UPDATE orders SET paid = paid - 1 WHERE id = 4",
            "UPDATE orders SET paid = paid + 1 WHERE id = 4",
            json!(["order_paid", "manual", "8.99", "9.00"]),
        ),
        (
            "UPDATE orders SET refunded = refunded + 1 WHERE id = 3",
            "UPDATE orders SET refunded = refunded - 1 WHERE id = 3",
            json!(["order_refunded", "manual", "0.01", "0.00"]),
        ),
    ]
}

/// MON-09: each kind of difference is found, once however often it is looked for, and is gone when they agree again.
#[test]
fn each_kind_of_difference_is_found() {
    let app = busy();
    app.expect_findings();
    for (plant, mend, found) in planted() {
        app.change(plant);
        let before = money(&app);
        another_day(&app);
        assert_eq!(told(&app, "open"), std::slice::from_ref(&found), "{plant}");
        another_day(&app);
        assert_eq!(
            told(&app, "open"),
            std::slice::from_ref(&found),
            "{plant}, looked for again"
        );
        assert_eq!(money(&app), before, "{plant}: something was moved");
        app.change(mend);
        another_day(&app);
        assert_eq!(told(&app, "open"), Vec::<Value>::new(), "{mend}");
    }
    assert_eq!(told(&app, "gone").len(), 7);
    app.change("UPDATE sandbox_payments SET refunded = 300 WHERE id = 3");
    another_day(&app);
    let page = Browser::signed_in(&app, "owner").get("/admin/payments/differences?status=open");
    assert!(
        page.body.contains("data-kind=\"kept\"") && page.body.contains("€6.00"),
        "{}",
        page.body
    );
    let doctor = std::process::Command::new(env!("CARGO_BIN_EXE_till"))
        .args(["--data", app.dir().to_str().unwrap(), "doctor"])
        .output()
        .unwrap();
    let words = String::from_utf8(doctor.stdout).unwrap();
    assert!(words.contains("payment.differences: 1 found"), "{words}");
}

/// MON-09: of each thousand payments one differs, in one way or another: each is told, nothing else is, and nothing is
/// moved.
#[test]
#[ignore = "nightly: minutes: cargo test --test it -- --ignored --nocapture one_payment_in_a_thousand"]
fn one_payment_in_a_thousand_that_differs_is_found() {
    let (app, count) = (shop(), 12_000);
    let stock = json!({ "sku": "MUG", "set_to": 2 * count, "reason": "restock" });
    assert_eq!(app.post("owner", "/api/v1/stock/adjustments", stock).status, 201);
    app.expect_findings();
    for _ in 0..count {
        assert_eq!(charge(&app, order(&app), "tok_good")["status"], "captured");
    }
    app.settle();
    another_day(&app);
    assert_eq!(told(&app, ""), Vec::<Value>::new());
    let kinds = [
        (
            "UPDATE sandbox_payments SET ref = ref || '_', captured = 0",
            "missing",
        ),
        ("UPDATE sandbox_payments SET refunded = 1", "kept"),
        ("UPDATE sandbox_payments SET captured = captured - 1", "kept"),
        ("UPDATE sandbox_payments SET currency = 'USD'", "currency"),
        ("UPDATE orders SET paid = paid - 1", "order_paid"),
        ("UPDATE orders SET refunded = refunded + 1", "order_refunded"),
    ];
    let mut planted = Vec::new();
    for number in 0..count / 1000 {
        let (plant, kind) = kinds[number as usize % kinds.len()];
        // Anywhere within its thousand.
        let id = number * 1000 + 1 + number * 389 % 1000;
        app.change(&format!("{plant} WHERE id = {id}"));
        planted.push(kind);
    }
    let before = money(&app);
    another_day(&app);
    let mut found: Vec<String> = told(&app, "open")
        .iter()
        .map(|row| row[0].as_str().unwrap().to_owned())
        .collect();
    found.sort();
    planted.sort_unstable();
    assert_eq!(found, planted);
    assert_eq!(money(&app), before, "something was moved");
    println!("{count} payments, {} differ, {} told", planted.len(), found.len());
}

/// MON-09: what is still on its way is no difference, nor is what has happened a moment ago.
#[test]
fn what_is_on_its_way_is_left_for_the_next_day() {
    let app = busy();
    another_day(&app);
    app.clock.pass(DAY - 60_000);
    app.forget_tokens();
    let paid = order(&app);
    charge(&app, paid, "tok_good");
    app.change("UPDATE sandbox_payments SET refunded = 100 WHERE id = 6");
    app.clock.pass(60_000);
    app.reconcile();
    assert_eq!(told(&app, "open"), Vec::<Value>::new());
    another_day(&app);
    assert_eq!(told(&app, "open"), [json!(["kept", "sandbox", "9.00", "8.00"])]);
    app.expect_findings();
}

/// MON-09: Stripe's own list; one that does not answer is asked again within the hour, and finds nothing gone.
#[test]
fn stripes_list_is_held_beside_ours() {
    let Some(python) = python("localstripe, stripe") else {
        return;
    };
    let stripe = Stripe::start(&python);
    let app = stripe.shop();
    let card = stripe.card("4242424242424242");
    for _ in 0..3 {
        payments_stripe::charge(&app, payments_stripe::order(&app), &card);
    }
    refund(&app, 2, "4.00");
    // Its clock is the machine's: tomorrow by both.
    let now = till::clock::Clock::System.now().ms().max(app.clock.now().ms());
    app.clock.pass(now - app.clock.now().ms());
    app.change("UPDATE payments SET created_at = created_at + 0");
    another_day(&app);
    assert_eq!(told(&app, "open"), Vec::<Value>::new());
    assert!(app.number("SELECT compared FROM reconciliations") >= 3);
    // Given back and taken past us.
    let name = |id: i64| -> String {
        let sql = format!("SELECT provider_ref FROM payments WHERE id = {id}");
        app.db().query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    stripe.ask(
        "POST",
        "/v1/refunds",
        &format!("payment_intent={}&amount=250", name(1)),
    );
    let stray = stripe.ask(
        "POST",
        "/v1/payment_intents",
        &format!("amount=1100&currency=eur&payment_method={card}"),
    );
    let id = stray["id"].as_str().unwrap();
    stripe.ask("POST", &format!("/v1/payment_intents/{id}/confirm"), "");
    another_day(&app);
    assert_eq!(
        told(&app, "open"),
        [
            json!(["kept", "stripe", "9.00", "6.50"]),
            json!(["unknown", "stripe", "0.00", "11.00"])
        ]
    );
    drop(stripe);
    app.clock.pass(DAY);
    assert_eq!(app.reconcile(), Outcome::Worked);
    assert_eq!(told(&app, "open").len(), 2, "not gone: nobody has looked");
    app.clock.pass(DAY / 24);
    assert_eq!(app.reconcile(), Outcome::Worked, "asked again within the hour");
    app.expect_findings();
}

/// A try as Razorpay has been recorded to tell of it, changed.
fn tried(path: &str, changes: Value) -> Value {
    let event: Value = serde_json::from_slice(&recorded(path)).unwrap();
    let mut entity = event["payload"]["payment"]["entity"].clone();
    for (name, value) in changes.as_object().unwrap() {
        entity[name] = value.clone();
    }
    entity
}

/// Razorpay's list: the newest first, so many from so many on, begun between two moments.
fn page_of(list: &[Value], heard: &Heard) -> Say {
    // Stripe is asked too, and holds nothing.
    let Some((_, query)) = heard.path.split_once("/v1/payments?") else {
        return Say::Body(200, br#"{"data":[],"has_more":false}"#.to_vec());
    };
    let number = |name: &str| -> i64 {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(found, _)| *found == name).unwrap();
        value.parse().unwrap()
    };
    let during = number("from")..=number("to");
    let items: Vec<&Value> = list
        .iter()
        .filter(|entity| during.contains(&entity["created_at"].as_i64().unwrap()))
        .skip(number("skip") as usize)
        .take(number("count").min(100) as usize)
        .collect();
    let page = json!({ "entity": "collection", "count": items.len(), "items": items });
    Say::Body(200, page.to_string().into_bytes())
}

/// MON-09: Razorpay's own list is read to its end; what it says is held to our books by its names for the try and the
/// order, and a second try that was taken is money that no payment tells of.
#[test]
fn razorpays_list_is_held_beside_ours() {
    const TAKEN: &str = "razorpay/payment.captured.card.json";
    let sink = Sink::start();
    sink.answer(500);
    let (url, names) = (format!("http://{}", sink.at()), ("order_DESoU0U4ikYA19", None));
    let app = payments_recorded::shop_at(&url, Provider::Razorpay, ("INR", 100), names);
    let now = app.clock.now().ms() / 1000;
    assert_eq!(
        payments_recorded::razorpay(&app, "c", &recorded(TAKEN)).status,
        200
    );
    // Its list holds what failed too, more than a page of it, and what is too old to be compared.
    let list: Arc<Mutex<Vec<Value>>> = Arc::default();
    let failed = |n: i64| {
        let changes = json!({ "id": format!("pay_failed{n}"), "created_at": now - n });
        tried("razorpay/payment.failed.card.json", changes)
    };
    list.lock().unwrap().extend((0..150).map(failed));
    list.lock()
        .unwrap()
        .push(tried(TAKEN, json!({ "created_at": now - 200 })));
    list.lock()
        .unwrap()
        .push(tried(TAKEN, json!({ "id": "pay_old" })));
    let told_by = Arc::clone(&list);
    sink.say(move |heard| page_of(&told_by.lock().unwrap(), heard));
    another_day(&app);
    assert_eq!(told(&app, ""), Vec::<Value>::new());
    assert_eq!(app.number("SELECT compared FROM reconciliations"), 2);
    // Given back there, taken there, and taken there twice.
    list.lock().unwrap()[150]["amount_refunded"] = json!(30);
    let stray = json!({ "id": "pay_stray", "order_id": null, "amount": 700, "created_at": now });
    let twice = json!({ "id": "pay_twice", "created_at": now });
    list.lock()
        .unwrap()
        .splice(..0, [tried(TAKEN, stray), tried(TAKEN, twice)]);
    another_day(&app);
    assert_eq!(
        told(&app, "open"),
        [
            json!(["unknown", "razorpay", "0.00", "7.00"]),
            json!(["unknown", "razorpay", "0.00", "1.00"]),
            json!(["kept", "razorpay", "1.00", "0.70"])
        ]
    );
    list.lock()
        .unwrap()
        .retain(|entity| entity["order_id"] != "order_DESoU0U4ikYA19" || entity["status"] == "failed");
    another_day(&app);
    assert_eq!(
        told(&app, "open"),
        [
            json!(["unknown", "razorpay", "0.00", "7.00"]),
            json!(["missing", "razorpay", "1.00", "0.00"])
        ]
    );
    // What nobody has looked at is not gone, and is asked for again within the hour.
    sink.answer(503);
    app.clock.pass(DAY);
    assert_eq!(app.reconcile(), Outcome::Worked);
    assert_eq!(told(&app, "open").len(), 2);
    app.clock.pass(DAY / 24);
    assert_eq!(app.reconcile(), Outcome::Worked);
    app.expect_findings();
}
