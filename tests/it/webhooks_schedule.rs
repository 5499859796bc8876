//! When deliveries that fail are tried again: a thousand of them, by the shop's clock; and in which order.

use serde_json::json;
use till::domain::id::DeliveryId;
use till::domain::time::Timestamp;
use till::domain::webhook::Answer;
use till::domain::webhook::Scale;
use till::domain::webhook::Tried;
use till::shop::Tx;
use till::shop::orders;
use till::shop::webhooks;
use till::shop::webhooks::Room;

use crate::app::TestApp;
use crate::conservation::actor;
use crate::conservation::order;
use crate::sink::Sink;
use crate::webhooks::HOUR;
use crate::webhooks::MINUTE;
use crate::webhooks::SECOND;
use crate::webhooks::endpoint;
use crate::webhooks::shop;

const ENDPOINTS: i64 = 40;
/// To each of them.
const EVENTS: i64 = 25;
const ALL: i64 = ENDPOINTS * EVENTS;
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

/// OWH-03: each wait of each of a thousand deliveries is the published one, a fifth more or less, and not the same for all
/// endpoints; after the tenth attempt they are dead.
#[test]
fn a_thousand_deliveries_keep_to_the_schedule_each_endpoint_at_its_own_moments() {
    let (app, sink) = (shop(), Sink::start());
    app.product("A", "1.00", 1_000_000);
    for _ in 0..ENDPOINTS {
        endpoint(&app, &sink.url(), &["order.created"]);
    }
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
    assert_eq!(ids.len() as i64, ALL);
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
            ALL
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
        ALL
    );
    assert_eq!(app.number("SELECT count(*) FROM delivery_attempts"), 10 * ALL);
}

/// OWH-03, OWH-06: a receiver that is away for a moment hears of the orders meanwhile in the order in which they were placed,
/// whatever the waits; so it is twenty times.
#[test]
fn what_failed_one_after_the_other_comes_again_in_that_order() {
    let (app, sink) = (shop(), Sink::start());
    endpoint(&app, &sink.url(), &["order.created"]);
    for _ in 0..20 {
        app.forget_tokens();
        sink.answer(503);
        let mut placed = Vec::new();
        for _ in 0..3 {
            placed.push(crate::webhooks::order(&app));
            app.deliver();
            app.clock.pass(100);
        }
        sink.take();
        sink.answer(204);
        while sink.heard().len() < 3 {
            app.deliver();
            app.clock.pass(50);
        }
        let told = sink.take();
        let told: Vec<i64> = told
            .iter()
            .map(|one| one.json()["data"]["id"].as_i64().unwrap())
            .collect();
        assert_eq!(told, placed);
    }
}

/// What an endpoint that is sent one at a time is sent, until nothing is due; each is taken.
fn one_at_a_time(app: &TestApp) -> Vec<i64> {
    let room = Room {
        left: 1,
        for_each: 1,
        ..Room::default()
    };
    let (store, keys) = (app.app().store(), app.app().keys());
    std::iter::from_fn(|| {
        let now = app.clock.now();
        let picked = store.read(|db| webhooks::pick(db, keys, now, &room)).unwrap();
        let sending = picked.sendings.into_iter().next()?;
        let mut taken = refused(sending.delivery.0, sending.attempts as usize, now);
        taken.answer.as_mut().unwrap().status = 204;
        let taken = [taken];
        let settle = move |tx: &Tx| webhooks::settle(tx, &taken, Scale::WHOLE).map(drop);
        store.write(settle).unwrap();
        app.clock.pass(1);
        Some(sending.delivery.event().0)
    })
    .collect()
}

/// OWH-06, OWH-07: events are begun in their order, at first and when they are sent again, although those of one order wait
/// for each other.
#[test]
fn events_are_sent_and_replayed_in_their_order() {
    let (app, sink) = (shop(), Sink::start());
    let made = endpoint(&app, &sink.url(), &["order.*"]);
    let orders: Vec<i64> = (0..3).map(|_| crate::webhooks::order(&app)).collect();
    for (status, version) in [("processing", 1), ("canceled", 2)] {
        for order in orders.iter().rev() {
            app.clock.pass(10);
            crate::webhooks::step(&app, *order, status, version);
        }
    }
    app.clock.pass(SECOND);
    app.fan_out();
    let sent = one_at_a_time(&app);
    assert!(sent.len() == 9 && sent.is_sorted(), "{sent:?}");
    app.clock.pass(SECOND);
    let path = format!("{}/{}/replay", crate::webhooks::ENDPOINTS, made["id"]);
    let all = json!({ "from": "2026-03-01", "to": "2026-03-01" });
    assert_eq!(app.post("owner", &path, all).status, 202);
    app.fan_out();
    assert_eq!(one_at_a_time(&app), sent);
}
