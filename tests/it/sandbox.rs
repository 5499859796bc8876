//! The sandbox as it is told to be: late, saying everything thrice, or out of order. What it says happens once.

use crate::app::TestApp;
use crate::payments::begin;
use crate::payments::decide;
use crate::payments::order;
use crate::payments::shop_with;
use crate::payments::standing;

/// An order whose payment was approved a moment ago.
fn approved(app: &TestApp) -> i64 {
    let order = order(app);
    decide(app, &begin(app, order), "approve");
    order
}

/// E1, E2: nothing is heard before its time, and what is said three times is kept and happens once.
#[test]
fn it_is_late_and_says_everything_thrice() {
    let app = shop_with(|payments| {
        payments.sandbox_copies = 3;
        payments.sandbox_delay_seconds = 60;
    });
    let order = approved(&app);
    for wait in [0, 59_000] {
        app.clock.pass(wait);
        app.settle();
        assert_eq!(app.number("SELECT count(*) FROM inbox"), 0, "{wait}");
        assert_eq!(standing(&app, order)[1], "unpaid");
    }
    app.clock.pass(1_000);
    app.settle();
    assert_eq!(standing(&app, order)[1], "paid");
    let events = app.number("SELECT count(DISTINCT event_id) FROM sandbox_messages");
    let said = app.number("SELECT count(sent_at) FROM sandbox_messages");
    let kept = app.number("SELECT count(*) FROM inbox WHERE state = 1");
    assert_eq!((said, kept), (3 * events, events));
    // payment.succeeded
    assert_eq!(app.number("SELECT count(*) FROM events WHERE type = 8"), 1);
}

/// E1, PWH-05: thirty payments are told of in another order than they were made in.
#[test]
fn it_says_things_out_of_order() {
    let app = shop_with(|payments| payments.sandbox_shuffle_seconds = 30);
    let orders: Vec<i64> = (0..30).map(|_| approved(&app)).collect();
    let now = app.clock.now().ms();
    let odd =
        format!("SELECT count(*) FROM sandbox_messages WHERE due_at NOT BETWEEN {now} AND {now} + 30000");
    assert_eq!(app.number(&odd), 0);
    let turned = "SELECT count(*) FROM sandbox_messages a JOIN sandbox_messages b
      ON a.id < b.id AND a.due_at > b.due_at";
    assert!(app.number(turned) > 0, "all of them in order");
    for _ in 0..31 {
        app.settle();
        app.clock.pass(1_000);
    }
    for order in orders {
        assert_eq!(standing(&app, order)[1], "paid");
    }
    assert_eq!(app.number("SELECT sum(captured) FROM sandbox_payments"), 30 * 900);
}
