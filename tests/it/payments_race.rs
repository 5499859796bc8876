//! The shopper's return and the provider's message race: one capture, one booking, whoever is first.

use std::sync::Barrier;

use serde_json::json;
use till::clock::Stopwatch;

use crate::app::TestApp;
use crate::payments::begin;
use crate::payments::decide;
use crate::payments::order;
use crate::payments::standing;
use crate::payments_inbox::news;
use crate::payments_inbox::shop;
use crate::payments_inbox::tell;

/// One payment that two returns, two copies of a message and the worker settle at the same moment.
fn race(app: &TestApp, number: usize) {
    let order = order(app);
    let payment = begin(app, order);
    decide(app, &payment, "approve");
    let message = news(&format!("evt_{number}"), "payment.succeeded", &payment);
    let (verify, start) = (json!({ "payment_id": payment["id"] }), Barrier::new(5));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                start.wait();
                let answer = app.post("ann", "/api/v1/payments/verify", verify.clone());
                assert_eq!(answer.status, 200, "{}", answer.body);
            });
            scope.spawn(|| {
                start.wait();
                assert_eq!(tell(app, &message).status, 200);
            });
        }
        scope.spawn(|| {
            start.wait();
            app.settle_once();
        });
    });
    app.settle();
    let paid = json!(["processing", "paid", "9.00", "0.00", "0.00"]);
    assert_eq!(standing(app, order), paid, "race {number}");
}

fn races(count: usize) {
    let watch = Stopwatch::start();
    let app = shop();
    app.token("ann");
    let more = json!({ "sku": "MUG", "delta": 2 * count, "reason": "restock" });
    assert_eq!(app.post("owner", "/api/v1/stock/adjustments", more).status, 201);
    for number in 0..count {
        race(&app, number);
    }
    let count = count as i64;
    // payment.succeeded
    assert_eq!(app.number("SELECT count(*) FROM events WHERE type = 8"), count);
    let books = "SELECT count(*) FROM sandbox_payments WHERE captured = 900 AND refunded = 0";
    assert_eq!(app.number(books), count);
    assert_eq!(
        app.number("SELECT count(*) FROM payments WHERE captured = 900"),
        count
    );
    println!(
        "{count} races in {:.0} s: {count} captures, {count} bookings",
        watch.seconds()
    );
}

/// PWH-06
#[test]
fn return_and_message_race_and_one_books() {
    races(25);
}

/// PWH-06
#[test]
#[ignore = "nightly: minutes of races: cargo test --test it -- --ignored payments_race"]
fn ten_thousand_races_book_ten_thousand_times() {
    races(10_000);
}
