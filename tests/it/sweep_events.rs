//! Events and the audit are not kept for ever (K12): what goes, in what order, and that whoever reads them is told.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;
use crate::sink::Sink;
use crate::streams::Heard;
use crate::streams::Socket;
use crate::streams::Stream;
use crate::streams::bearer;
use crate::webhooks::DAY;
use crate::webhooks::ENDPOINTS;
use crate::webhooks::endpoint;
use crate::webhooks::order;
use crate::webhooks::pass;
use crate::webhooks::shop;
use crate::webhooks::step;

const CONSUMERS: &str = "/api/v1/events/consumers";

/// Lets so many days go by and sweeps; the worker has seen everything before.
fn days(app: &TestApp, days: i64) {
    seen(app);
    pass(app, days * DAY);
    app.sweep();
}

/// Lets the worker look at every event.
fn seen(app: &TestApp) {
    app.derive();
    app.queue_mails();
    app.deliver();
}

fn oldest(app: &TestApp, table: &str) -> i64 {
    app.number(&format!("SELECT min(id) FROM {table}"))
}

fn count(app: &TestApp, table: &str) -> i64 {
    app.number(&format!("SELECT count(*) FROM {table}"))
}

fn verify(app: &TestApp) -> Value {
    app.get("owner", "/api/v1/audit-logs/verify").json()
}

/// K12, LOG-03, J7: the audit goes after a year and the events after 400 days, never the newest; what is left of the audit
/// is chained to an anchor, and no event goes before the row that proves it.
#[test]
fn the_audit_goes_after_a_year_and_the_events_after_four_hundred_days() {
    let app = shop();
    for _ in 0..3 {
        order(&app);
    }
    let (events, audit) = (count(&app, "events"), count(&app, "audit"));
    days(&app, 364);
    assert_eq!((count(&app, "events"), count(&app, "audit")), (events, audit));
    order(&app);
    let kept = app.number("SELECT min(id) FROM audit WHERE at = (SELECT max(at) FROM audit)");
    days(&app, 2);
    assert_eq!(oldest(&app, "audit"), kept);
    assert_eq!(count(&app, "events"), events + 1);
    let verdict = verify(&app);
    assert_eq!(verdict["ok"], true, "{verdict}");
    days(&app, 33);
    assert_eq!(count(&app, "events"), events + 1);
    days(&app, 2);
    assert_eq!((oldest(&app, "events"), count(&app, "events")), (events + 1, 1));
    // The shop is left alone for ten years: the newest of each stays, and what comes then goes on behind it.
    let newest = app.number("SELECT max(id) FROM audit");
    days(&app, 3_650);
    assert_eq!(
        (oldest(&app, "events"), oldest(&app, "audit")),
        (events + 1, newest)
    );
    assert!(verify(&app)["ok"] == true && count(&app, "audit_anchors") == 1);
    let last = order(&app);
    assert_eq!(app.number("SELECT max(id) FROM events"), events + 2);
    assert_eq!(last, 5);
    assert_eq!(verify(&app)["ok"], true);
}

/// LOG-03: what does not prove itself is not swept: its traces would go with it.
#[test]
fn what_was_tampered_with_is_not_swept() {
    let app = shop();
    order(&app);
    let rows = count(&app, "audit");
    app.execute("DROP TRIGGER audit_fixed; UPDATE audit SET at = at - 1 WHERE id = 2");
    days(&app, 500);
    assert!(count(&app, "audit") >= rows);
    assert_eq!(oldest(&app, "audit"), 1);
    assert_eq!(oldest(&app, "events"), 1, "the audit proves it");
    assert_eq!(verify(&app)["ok"], false);
}

/// LOG-03: whoever cuts the beginning off and has not the chain's key makes no anchor that holds.
#[test]
fn an_anchor_of_others_is_none() {
    let app = shop();
    order(&app);
    assert_eq!(verify(&app)["ok"], true);
    app.execute(
        "INSERT INTO audit_anchors (upto, mac) SELECT id, CAST(mac || zeroblob(32) AS BLOB) FROM audit WHERE id = 2;
         DELETE FROM audit WHERE id <= 2",
    );
    assert_eq!(app.number("SELECT length(mac) FROM audit_anchors"), 64);
    assert_eq!(verify(&app)["ok"], false);
}

/// K12, OWH-01: nothing goes that an endpoint, the mails or the index have not seen; what was never sent goes with its
/// event, and what waited for it is sent.
#[test]
fn what_the_shop_has_not_seen_stays_and_what_nobody_took_goes() {
    let (app, sink) = (shop(), Sink::start());
    let made = endpoint(&app, &sink.url(), &["order.*"]);
    let told = order(&app);
    // A shop that was closed: nobody has looked at anything.
    pass(&app, 500 * DAY);
    order(&app);
    app.sweep();
    assert_eq!(oldest(&app, "events"), 1);
    app.fan_out();
    app.sweep();
    assert_eq!(oldest(&app, "events"), 1, "the mails have not been written");
    app.queue_mails();
    app.sweep();
    assert!(oldest(&app, "events") > 1);
    assert_eq!(count(&app, "deliveries"), 1, "that of the old event is gone");
    app.deliver();
    assert_eq!(sink.take().len(), 1);
    // Paused for too long: the first that waits is gone, the next is due.
    let at = format!("{ENDPOINTS}/{}", made["id"]);
    assert_eq!(app.post("owner", &format!("{at}/pause"), json!({})).status, 200);
    step(&app, told, "processing", 1);
    seen(&app);
    pass(&app, 300 * DAY);
    step(&app, told, "shipped", 2);
    days(&app, 200);
    order(&app);
    seen(&app);
    app.sweep();
    assert_eq!(app.post("owner", &format!("{at}/resume"), json!({})).status, 200);
    app.deliver();
    let heard: BTreeSet<String> = sink
        .take()
        .iter()
        .map(|heard| format!("{} {}", heard.kind(), heard.json()["data"]["status"]))
        .collect();
    let left = ["order.created \"pending\"", "order.status_changed \"shipped\""];
    assert_eq!(heard, left.map(str::to_owned).into());
    // Sending again goes on over what is gone.
    let replay = json!({ "from": "2020-01-01", "to": "2040-01-01" });
    let asked = app.post("owner", &format!("{at}/replay"), replay);
    assert!(asked.status < 300, "{}", asked.body);
    app.deliver();
    let kept = app.number("SELECT count(*) FROM events WHERE type < 8");
    assert_eq!(sink.take().len() as i64, kept);
}

fn create(app: &TestApp, body: Value) -> Answer {
    app.post("owner", CONSUMERS, body)
}

fn read(app: &TestApp, name: &str) -> Answer {
    let path = format!("{CONSUMERS}/{name}/read");
    app.post("owner", &path, json!({ "limit": 1, "lease_seconds": 600 }))
}

/// A shop that has forgotten its first events, with consumers from before; the oldest event that it keeps.
fn forgetful() -> (TestApp, i64) {
    let app = shop();
    app.token("ann");
    for body in [
        json!({ "name": "slow" }),
        json!({ "name": "leased" }),
        json!({ "name": "quiet", "type": "order.refunded" }),
    ] {
        assert_eq!(create(&app, body).status, 201);
    }
    for _ in 0..3 {
        order(&app);
    }
    assert_eq!(read(&app, "leased").status, 200);
    days(&app, 500);
    order(&app);
    seen(&app);
    app.sweep();
    let first = oldest(&app, "events");
    assert!(first > 3);
    (app, first)
}

fn ids(answer: &Answer) -> Vec<i64> {
    let page = answer.json();
    let all = page["data"].as_array().unwrap().iter();
    all.map(|event| event["id"].as_i64().unwrap()).collect()
}

/// K12, H2, API: whoever has stayed behind what is kept is told so by 410 and 3004 with the place to go on from; who begins
/// at the beginning begins with the oldest.
#[test]
fn a_reader_who_has_stayed_behind_is_told() {
    let (app, first) = forgetful();
    let feed = |query: &str| app.get("staff", &format!("/api/v1/events?{query}"));
    let gone = feed("after=1");
    assert_eq!((gone.status, gone.code()), (410, 3004), "{}", gone.body);
    assert_eq!(gone.json()["error"]["details"], json!({ "after": first - 1 }));
    let whole = ids(&feed(""));
    assert_eq!(whole[0], first);
    assert_eq!(ids(&feed("after=0")), whole);
    assert_eq!(ids(&feed(&format!("after={}", first - 1))), whole);
    // Streams and sockets, of staff and of customers.
    for who in ["staff", "ann"] {
        let token = app.token(who).unwrap();
        let stream = |id: i64| {
            let headers = format!("{}last-event-id: {id}\r\n", bearer(&token));
            Stream::open(app.client().at(), "/api/v1/events/stream", &headers)
        };
        let gone = stream(2);
        assert_eq!(gone.status(), 410, "{}", gone.text);
        assert!(gone.text.contains("\"code\":3004,"), "{}", gone.text);
        assert_eq!(stream(0).status(), 200);
        assert_eq!(stream(first - 1).status(), 200);
        let mut socket = Socket::signed_in(app.client().at(), &token);
        socket.say(r#"{"subscribe":["orders"],"after":1}"#);
        assert_eq!(socket.next(), Heard::Failure(3004));
    }
}

/// K12, H5: a consumer that has stayed behind is told the same until it is made anew; one that had nothing to read there has
/// missed nothing.
#[test]
fn a_consumer_that_has_stayed_behind_is_told() {
    let (app, first) = forgetful();
    for name in ["slow", "leased"] {
        let gone = read(&app, name);
        assert_eq!((gone.status, gone.code()), (410, 3004), "{name} {}", gone.body);
    }
    let quiet = read(&app, "quiet");
    assert_eq!(quiet.status, 200, "{}", quiet.body);
    assert_eq!(create(&app, json!({ "name": "late", "after": 1 })).status, 410);
    assert_eq!(create(&app, json!({ "name": "new" })).status, 201);
    assert_eq!(ids(&read(&app, "new")), [first]);
    let path = format!("{CONSUMERS}/slow");
    assert_eq!(app.send("DELETE", "owner", &path, &[], None).status, 204);
    assert_eq!(
        create(&app, json!({ "name": "slow", "after": first - 1 })).status,
        201
    );
    assert_eq!(ids(&read(&app, "slow")), [first]);
}
