//! What breaks one delivery, or one step of the worker, breaks nothing else, and nothing for ever.

use serde_json::json;
use till::shop::webhooks;

use crate::app::TestApp;
use crate::sink::Sink;
use crate::webhooks::ENDPOINTS;
use crate::webhooks::HOUR;
use crate::webhooks::SECOND;
use crate::webhooks::endpoint;
use crate::webhooks::order;
use crate::webhooks::pass;
use crate::webhooks::shop;

/// How many deliveries stand at a status.
fn at(app: &TestApp, status: i64) -> i64 {
    app.number(&format!(
        "SELECT count(*) FROM deliveries WHERE status = {status}"
    ))
}

const DELIVERED: i64 = 3;
const DEAD: i64 = 4;

/// LIF-08: of a thousand deliveries one is of an event that nobody can read: it is given up at its third attempt, and 999
/// arrive. So it is with an endpoint whose secret was sealed by a key that is gone.
#[test]
fn one_that_cannot_be_read_stands_in_nobodys_way() {
    let (app, sink, other) = (shop(), Sink::start(), Sink::start());
    let first = endpoint(&app, &sink.url(), &["order.*"]);
    let tested = app.post("owner", &format!("{ENDPOINTS}/{}/test", first["id"]), json!({}));
    let event = tested.json()["event_id"].clone();
    app.execute(&format!("UPDATE events SET type = 250 WHERE id = {event}"));
    for _ in 1..10 {
        endpoint(&app, &sink.url(), &["order.*"]);
    }
    let sealed = endpoint(&app, &other.url(), &["order.*"]);
    app.execute(&format!(
        "UPDATE webhook_endpoints SET secret = x'00' WHERE id = {}",
        sealed["id"]
    ));
    for _ in 0..100 {
        order(&app);
    }
    for _ in 0..5 {
        app.deliver();
        pass(&app, HOUR);
    }
    assert_eq!((at(&app, DELIVERED), sink.heard().len()), (1000, 1000));
    assert_eq!((at(&app, DEAD), other.connections()), (1, 0));
    let left = "SELECT count(*) FROM deliveries WHERE status <> 3";
    assert_eq!(app.number(left), 101, "its breaker is open, and asks by one");
}

/// J2: how much waits to be sent, and since when.
#[test]
fn what_waits_is_counted() {
    let (app, sink) = (shop(), Sink::start());
    let pending = || {
        let now = app.clock.now();
        let found = app.app().store().read(|db| webhooks::pending(db, now)).unwrap();
        (found.count, found.oldest_ms)
    };
    order(&app);
    assert_eq!(pending(), (0, 0), "nobody is told");
    let made = endpoint(&app, &sink.url(), &["order.*"]);
    assert_eq!(pending(), (0, 0));
    order(&app);
    pass(&app, 2 * SECOND);
    order(&app);
    assert_eq!(pending(), (2, 2 * SECOND), "not fanned out");
    sink.answer(500);
    app.deliver();
    pass(&app, SECOND);
    assert_eq!(pending(), (2, 3 * SECOND), "not taken");
    sink.answer(204);
    pass(&app, 9 * SECOND);
    app.deliver();
    assert_eq!(pending(), (0, 0));
    app.post("owner", &format!("{ENDPOINTS}/{}/pause", made["id"]), json!({}));
    order(&app);
    pass(&app, SECOND);
    assert_eq!(pending(), (1, SECOND));
}
