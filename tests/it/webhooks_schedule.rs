//! When deliveries that fail are tried again: a thousand of them, by the shop's clock.

use till::domain::id::DeliveryId;
use till::domain::time::Timestamp;
use till::domain::webhook::Answer;
use till::domain::webhook::Scale;
use till::domain::webhook::Tried;
use till::shop::Tx;
use till::shop::orders;
use till::shop::webhooks;

use crate::conservation::actor;
use crate::conservation::order;
use crate::sink::Sink;
use crate::webhooks::HOUR;
use crate::webhooks::MINUTE;
use crate::webhooks::SECOND;
use crate::webhooks::endpoint;
use crate::webhooks::shop;

const EVENTS: i64 = 1000;
/// What lies between one attempt and the next, as published.
const PUBLISHED: [i64; 9] = [
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];

/// An attempt at a delivery that was answered with 500.
fn refused(delivery: i64, attempts: usize, at: Timestamp) -> Tried {
    Tried {
        delivery: DeliveryId(delivery),
        attempts: attempts as i64,
        at,
        duration_ms: 1,
        request: "{}".to_owned(),
        answer: Ok(Answer {
            status: 500,
            headers: "{}".to_owned(),
            body: Vec::new(),
            retry_after: None,
        }),
    }
}

/// OWH-03: each wait of each of a thousand events is the published one, a fifth more or less, and not the same for all;
/// after the tenth attempt they are dead.
#[test]
fn a_thousand_events_keep_to_the_schedule_each_at_its_own_moment() {
    let (app, sink) = (shop(), Sink::start());
    app.product("A", "1.00", 1_000_000);
    endpoint(&app, &sink.url(), &["order.created"]);
    let place = |tx: &Tx| {
        for _ in 0..EVENTS {
            orders::place(tx, &actor(), None, &order(&[(0, 1)]))?;
        }
        Ok(())
    };
    app.app().store().write(place).unwrap();
    app.fan_out();
    let file = app.file();
    let mut all = file.prepare("SELECT id FROM deliveries ORDER BY id").unwrap();
    let ids: Vec<i64> = all
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(ids.len() as i64, EVENTS);
    for attempts in 0..=PUBLISHED.len() {
        let tried: Vec<Tried> = ids
            .iter()
            .map(|id| refused(*id, attempts, app.clock.now()))
            .collect();
        let settle = move |tx: &Tx| webhooks::settle(tx, &tried, Scale::WHOLE).map(drop);
        app.app().store().write(settle).unwrap();
        let Some(published) = PUBLISHED.get(attempts) else {
            break;
        };
        let wait = |which: &str| {
            app.number(&format!(
                "SELECT {which}(due_at) FROM deliveries WHERE status = 1"
            )) - app.clock.now().ms()
        };
        let (least, most) = (wait("min"), wait("max"));
        assert_eq!(
            app.number("SELECT count(due_at) FROM deliveries WHERE status = 1"),
            EVENTS
        );
        let is_in_band = least * 10 >= published * 8 && most * 10 <= published * 12;
        assert!(is_in_band, "{published}: {least} to {most}");
        assert!(
            (most - least) * 10 > published * 3,
            "{published}: they come together"
        );
        app.clock.pass(most);
    }
    assert_eq!(
        app.number("SELECT count(*) FROM deliveries WHERE status = 4"),
        EVENTS
    );
    assert_eq!(app.number("SELECT count(*) FROM delivery_attempts"), 10 * EVENTS);
}
