//! A receiver that is not there for a while: it hears of what it missed at once, and in order.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::sink::Say;
use crate::sink::Sink;
use crate::webhooks::DELIVERIES;
use crate::webhooks::ENDPOINTS;
use crate::webhooks::HOUR;
use crate::webhooks::MINUTE;
use crate::webhooks::SECOND;
use crate::webhooks::deliveries;
use crate::webhooks::endpoint;
use crate::webhooks::order;
use crate::webhooks::pass;
use crate::webhooks::shop;

/// A shop and the address of a receiver that is not there.
fn away() -> (TestApp, String) {
    let (app, sink) = (shop(), Sink::start());
    endpoint(&app, &sink.url(), &["order.created"]);
    let at = sink.at().to_string();
    drop(sink);
    (app, at)
}

/// The receiver, once its address is free again.
fn back(at: &str) -> Sink {
    loop {
        match Sink::try_start_at(at) {
            Some(sink) => return sink,
            None => std::thread::yield_now(),
        }
    }
}

/// An order each three seconds, that nobody hears of; the clock stands three seconds behind the last.
fn orders(app: &TestApp, count: usize) -> Vec<i64> {
    let place = |_| {
        let id = order(app);
        app.deliver();
        pass(app, 3 * SECOND);
        app.deliver();
        id
    };
    (0..count).map(place).collect()
}

fn heard(sink: &Sink) -> Vec<i64> {
    let all = sink.heard();
    let ids = all.iter().map(|one| one.json()["data"]["id"].as_i64().unwrap());
    ids.collect()
}

/// How often each delivery was tried, the oldest first.
fn tries(app: &TestApp) -> Vec<i64> {
    let all = deliveries(app, "");
    let tries = all.iter().rev().map(|one| one["attempts"].as_i64().unwrap());
    tries.collect()
}

/// OWH-06: what outlasted the first wait of only some is told as it happened, not five minutes later.
#[test]
fn what_it_missed_comes_at_once_and_in_order() {
    let (app, at) = away();
    let missed = orders(&app, 4);
    assert_eq!(tries(&app), [2, 2, 2, 1], "the first three wait for five minutes");
    let sink = back(&at);
    pass(&app, 3 * SECOND);
    let new = order(&app);
    app.deliver();
    let all: Vec<i64> = missed.into_iter().chain([new]).collect();
    assert_eq!((heard(&sink), sink.most_under_way()), (all, 1));
}

/// OWH-06: so it is too when nothing of them is due, but something new.
#[test]
fn what_is_new_comes_behind_what_it_missed() {
    let (app, at) = away();
    let missed = orders(&app, 2);
    pass(&app, 10 * SECOND);
    app.deliver();
    assert_eq!(tries(&app), [2, 2], "both wait for five minutes");
    let sink = back(&at);
    let new = order(&app);
    app.deliver();
    assert_eq!(heard(&sink), [missed[0], missed[1], new]);
    assert_eq!(deliveries(&app, "status=delivered").len(), 3);
}

/// OWH-08: though nothing is due it is seen every half minute whether it is back, and nothing is noted of it if not.
#[test]
fn it_need_not_wait_for_the_schedule() {
    let (app, at) = away();
    let missed = orders(&app, 2);
    pass(&app, 10 * SECOND);
    for _ in 0..3 {
        app.deliver();
        assert_eq!(tries(&app), [2, 2], "both wait for five minutes");
        pass(&app, 31 * SECOND);
    }
    let failing = app.get("owner", ENDPOINTS).json()["data"][0]["last_24_hours"]["failed"].clone();
    assert_eq!(failing, 4);
    let sink = back(&at);
    app.deliver();
    assert_eq!(heard(&sink), missed);
    assert_eq!(tries(&app), [3, 3]);
}

/// OWH-03: whoever knocks for another has no attempt of its own noted when nobody is there.
#[test]
fn a_knock_is_the_attempt_of_what_was_due() {
    let (app, _) = away();
    order(&app);
    app.deliver();
    pass(&app, 10 * SECOND);
    app.deliver();
    assert_eq!(tries(&app), [2]);
    for _ in 0..4 {
        pass(&app, SECOND);
        order(&app);
        app.deliver();
    }
    assert_eq!(tries(&app), [2, 1, 1, 1, 1]);
    let all = deliveries(&app, "");
    let last = app.get("owner", &format!("{DELIVERIES}/{}", all[0]["id"])).json();
    let sent = &last["tries"][0]["request"];
    let id = last["event_id"].to_string();
    let message = sent["headers"]["webhook-id"].as_str().unwrap();
    assert!(message.ends_with(&format!("_{id}")), "{message} of {id}");
    let body: Value = serde_json::from_str(sent["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["type"], "order.created");
}

/// LIF-08: whose message is the reason that nobody answers holds up nothing.
#[test]
fn what_breaks_the_connection_off_knocks_for_nobody() {
    let (app, sink) = (shop(), Sink::start());
    endpoint(&app, &sink.url(), &["order.created"]);
    let poison = order(&app);
    sink.say(move |heard| match heard.json()["data"]["id"] == json!(poison) {
        true => Say::Close,
        false => Say::Status(204),
    });
    app.deliver();
    pass(&app, 2 * SECOND);
    let good = order(&app);
    app.deliver();
    assert_eq!(heard(&sink), [poison, good]);
    assert_eq!(tries(&app), [1, 1]);
    for _ in 0..3 {
        pass(&app, MINUTE);
        order(&app);
        app.deliver();
    }
    assert_eq!(tries(&app), [2, 1, 1, 1, 1], "by its own schedule");
}

/// OWH-03: an outage takes nothing of the schedule of the next one.
#[test]
fn the_schedule_begins_anew_when_it_is_back() {
    let (app, at) = away();
    let (first, _) = (order(&app), order(&app));
    for _ in 0..3 {
        app.deliver();
        pass(&app, HOUR);
    }
    assert_eq!(tries(&app), [3, 3]);
    let sink = back(&at);
    sink.say(move |heard| match heard.json()["data"]["id"] == json!(first) {
        true => Say::Status(204),
        false => Say::Close,
    });
    app.deliver();
    assert_eq!(tries(&app), [4, 4]);
    assert_eq!(deliveries(&app, "status=delivered").len(), 1);
    sink.answer(204);
    pass(&app, 6 * SECOND);
    app.deliver();
    assert_eq!(tries(&app), [4, 5], "after the first wait, not after two hours");
    assert_eq!(deliveries(&app, "status=delivered").len(), 2);
}

/// T13: whoever knows that it is back need not wait for the schedule.
#[test]
fn what_it_missed_is_sent_when_somebody_says_that_it_is_back() {
    let (app, at) = away();
    let missed = orders(&app, 10);
    let first = "/api/v1/webhooks/endpoints/1";
    assert_eq!(app.get("owner", first).json()["breaker"], "open");
    let sink = back(&at);
    app.deliver();
    assert_eq!(heard(&sink), Vec::<i64>::new());
    let resumed = app.post("owner", &format!("{first}/resume"), json!({}));
    assert_eq!(resumed.status, 200, "{}", resumed.body);
    app.deliver();
    assert_eq!(heard(&sink), missed);
}

/// T13: what came of the attempts of a day, and since when something waits.
#[test]
fn a_day_of_attempts_is_told() {
    let (app, sink) = (shop(), Sink::start());
    let path = format!(
        "/api/v1/webhooks/endpoints/{}",
        endpoint(&app, &sink.url(), &["order.created"])["id"]
    );
    let told = || {
        app.forget_tokens();
        let shown = app.get("owner", &path).json();
        (
            shown["last_24_hours"].clone(),
            shown["oldest_unfinished_at"].clone(),
        )
    };
    assert_eq!(told(), (json!({ "delivered": 0, "failed": 0 }), Value::Null));
    order(&app);
    app.deliver();
    sink.answer(500);
    pass(&app, 2 * HOUR);
    let at = app.clock.now();
    order(&app);
    app.deliver();
    assert_eq!(told(), (json!({ "delivered": 1, "failed": 1 }), json!(at)));
    sink.answer(204);
    pass(&app, 22 * HOUR);
    app.deliver();
    assert_eq!(
        told(),
        (json!({ "delivered": 1, "failed": 1 }), Value::Null),
        "the first was 24 hours ago"
    );
    pass(&app, 24 * HOUR);
    order(&app);
    app.deliver();
    assert_eq!(told().0, json!({ "delivered": 1, "failed": 0 }));
    assert_eq!(
        app.number("SELECT count(*) FROM delivery_hours"),
        1,
        "nobody is shown the others"
    );
}
