//! Named consumers: each event comes at least once and never to two at once, and what is not acknowledged in time comes
//! again.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use till::clock::Stopwatch;

use crate::app::TestApp;
use crate::client::Answer;
use crate::live_streams::feed;
use crate::live_streams::place;
use crate::live_streams::place_some;
use crate::live_streams::shop;

const CONSUMERS: &str = "/api/v1/events/consumers";
const SECOND: i64 = 1000;

fn create(app: &TestApp, body: Value) -> Value {
    let made = app.post("owner", CONSUMERS, body);
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()
}

fn read(app: &TestApp, name: &str, body: Value) -> Value {
    let read = app.post("owner", &format!("{CONSUMERS}/{name}/read"), body);
    assert_eq!(read.status, 200, "{}", read.body);
    read.json()
}

fn ack(app: &TestApp, name: &str, read: &Value) -> Answer {
    let body = json!({ "lease": read["lease"] });
    app.post("owner", &format!("{CONSUMERS}/{name}/ack"), body)
}

fn acked(app: &TestApp, name: &str, read: &Value) {
    let done = ack(app, name, read);
    assert_eq!(done.status, 204, "{}", done.body);
}

fn ids(page: &Value) -> Vec<i64> {
    let events = page["data"].as_array().unwrap().iter();
    events.map(|event| event["id"].as_i64().unwrap()).collect()
}

fn cursor(app: &TestApp, name: &str) -> i64 {
    let all = app.get("owner", CONSUMERS).json();
    let mut all = all["data"].as_array().unwrap().iter();
    all.find(|one| one["name"] == name).unwrap()["cursor"]
        .as_i64()
        .unwrap()
}

/// A shop with ten orders; the place before them.
fn busy() -> (TestApp, i64) {
    let app = shop();
    app.token("ann");
    let before = feed(&app, "").len() as i64;
    place_some(&app, "ann", 10);
    (app, before)
}

/// H2, H5: what was acknowledged is done, what was not comes again, and the cursor is the lowest that is not.
#[test]
fn what_is_not_acknowledged_in_time_comes_again() {
    let (app, before) = busy();
    create(&app, json!({ "name": "stock-2", "after": before }));
    let four = json!({ "limit": 4, "lease_seconds": 10 });
    let first = read(&app, "stock-2", four.clone());
    let second = read(&app, "stock-2", four.clone());
    assert_eq!(ids(&first), (before + 1..=before + 4).collect::<Vec<i64>>());
    assert_eq!(ids(&second), (before + 5..=before + 8).collect::<Vec<i64>>());
    assert_eq!(first["data"][0], feed(&app, &format!("after={before}"))[0]);
    assert_eq!(first["expires_at"], "2026-03-01T12:00:10.000Z");
    acked(&app, "stock-2", &second);
    assert_eq!(cursor(&app, "stock-2"), before);
    app.clock.pass(10 * SECOND);
    // Too late: somebody else may have it.
    let late = ack(&app, "stock-2", &first);
    assert_eq!((late.status, late.code()), (409, 6003));
    // What has expired goes out first, in pieces if fewer are asked for.
    let again = read(&app, "stock-2", json!({ "limit": 3, "lease_seconds": 600 }));
    assert_eq!(ids(&again), (before + 1..=before + 3).collect::<Vec<i64>>());
    let rest = read(&app, "stock-2", four.clone());
    assert_eq!(ids(&rest), [before + 4]);
    let last = read(&app, "stock-2", four.clone());
    assert_eq!(ids(&last), [before + 9, before + 10]);
    acked(&app, "stock-2", &last);
    acked(&app, "stock-2", &rest);
    assert_eq!(cursor(&app, "stock-2"), before);
    acked(&app, "stock-2", &again);
    assert_eq!(cursor(&app, "stock-2"), before + 10);
    let nothing = read(&app, "stock-2", json!({}));
    assert_eq!(nothing, json!({ "data": [], "lease": null, "expires_at": null }));
    for lease in [
        again["lease"].clone(),
        json!(""),
        json!("AAAA"),
        json!("nonsense!"),
    ] {
        let unknown = ack(&app, "stock-2", &json!({ "lease": lease }));
        assert_eq!((unknown.status, unknown.code()), (409, 6003), "{lease}");
    }
}

/// H5: several readers get disjoint ranges while orders come in, and all of it is read.
#[test]
fn readers_at_once_get_different_events() {
    let app = shop();
    for who in ["ann", "owner"] {
        app.token(who);
    }
    let before = feed(&app, "").len() as i64;
    create(
        &app,
        json!({ "name": "crew", "stream": "orders", "after": before }),
    );
    let times: Mutex<BTreeMap<i64, u32>> = Mutex::default();
    std::thread::scope(|scope| {
        scope.spawn(|| place_some(&app, "ann", 40));
        for _ in 0..3 {
            scope.spawn(|| {
                while times.lock().unwrap().len() < 40 {
                    let page = read(&app, "crew", json!({ "limit": 3, "wait": 1 }));
                    let mut times = times.lock().unwrap();
                    ids(&page)
                        .iter()
                        .for_each(|id| *times.entry(*id).or_default() += 1);
                    drop(times);
                    if !page["lease"].is_null() {
                        acked(&app, "crew", &page);
                    }
                }
            });
        }
    });
    let times = times.into_inner().unwrap();
    assert!(times.values().all(|times| *times == 1), "{times:?}");
    let told: Vec<i64> = feed(&app, &format!("stream=orders&after={before}"))
        .iter()
        .map(|event| event["id"].as_i64().unwrap())
        .collect();
    assert_eq!(times.into_keys().collect::<Vec<i64>>(), told);
    assert_eq!(cursor(&app, "crew"), *told.last().unwrap());
}

/// H2: a read waits for the next event that it asks for, and no longer than it says.
#[test]
fn a_read_waits_for_what_it_asks_for() {
    let (app, _) = busy();
    create(&app, json!({ "name": "made", "type": "product.created" }));
    let first = read(&app, "made", json!({}));
    assert_eq!(first["data"].as_array().unwrap().len(), 1);
    acked(&app, "made", &first);
    let watch = Stopwatch::start();
    assert_eq!(read(&app, "made", json!({ "wait": 1 }))["lease"], Value::Null);
    assert!(watch.elapsed() >= Duration::from_secs(1));
    let watch = Stopwatch::start();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| read(&app, "made", json!({ "wait": 30 })));
        place(&app, "ann");
        app.product("CUP", "1.00", 1);
        assert_eq!(waiting.join().unwrap()["data"][0]["type"], "product.created");
    });
    assert!(watch.elapsed() < Duration::from_secs(20));
}

/// K5: a lease outlives the server, and its end, too.
#[test]
fn a_name_is_one_consumer_and_its_end_ends_its_leases() {
    let (app, before) = busy();
    let made = create(&app, json!({ "name": "crew", "client_token": "once" }));
    assert_eq!(made["cursor"], 0);
    assert_eq!(made["leases"], 0);
    let again = app.post(
        "owner",
        CONSUMERS,
        json!({ "name": "crew", "client_token": "once" }),
    );
    assert_eq!(
        (again.status, again.header("idempotent-replayed")),
        (201, Some("true"))
    );
    let taken = app.post("owner", CONSUMERS, json!({ "name": "crew" }));
    assert_eq!((taken.status, taken.code()), (409, 3002));
    let page = read(&app, "crew", json!({ "limit": 200 }));
    assert_eq!(ids(&page).len() as i64, before + 10);
    assert_eq!(app.get("owner", CONSUMERS).json()["data"][0]["leases"], 1);
    let path = format!("{CONSUMERS}/crew");
    assert_eq!(app.send("DELETE", "owner", &path, &[], None).status, 204);
    assert_eq!(app.send("DELETE", "owner", &path, &[], None).status, 404);
    assert_eq!(ack(&app, "crew", &page).status, 404);
    create(&app, json!({ "name": "crew" }));
    assert_eq!(ack(&app, "crew", &page).code(), 6003);
    let audit = app
        .get("owner", "/api/v1/audit-logs?target=event_consumer")
        .json();
    let done: Vec<&Value> = audit["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["action"])
        .collect();
    assert_eq!(done, ["consumer.created", "consumer.deleted", "consumer.created"]);
}

/// AZ-01, API.md *Events*
#[test]
fn what_is_asked_of_a_consumer_is_checked() {
    let (app, _) = busy();
    create(&app, json!({ "name": "crew" }));
    for (body, code) in [
        (json!({}), 2003),
        (json!({ "name": "" }), 2001),
        (json!({ "name": "a b" }), 2001),
        (json!({ "name": "../x" }), 2001),
        (json!({ "name": "x".repeat(65) }), 2001),
        (json!({ "name": "x", "stream": "weather" }), 2002),
        (json!({ "name": "x", "type": "order.dreamt" }), 2002),
        (json!({ "name": "x", "after": -1 }), 2002),
        (json!({ "name": "x", "limit": 1 }), 2001),
    ] {
        let refused = app.post("owner", CONSUMERS, body.clone());
        assert_eq!(
            (refused.status, refused.code()),
            (400, code),
            "{body}: {}",
            refused.body
        );
    }
    for body in [
        json!({ "limit": 0 }),
        json!({ "limit": 201 }),
        json!({ "lease_seconds": 4 }),
        json!({ "lease_seconds": 601 }),
        json!({ "wait": 31 }),
        json!({ "wait": -1 }),
    ] {
        let refused = app.post("owner", &format!("{CONSUMERS}/crew/read"), body.clone());
        assert_eq!((refused.status, refused.code()), (400, 2002), "{body}");
    }
    for path in ["read", "ack"] {
        let missing = app.post(
            "owner",
            &format!("{CONSUMERS}/nobody/{path}"),
            json!({ "lease": "A" }),
        );
        let is_refused = path == "read" && missing.code() == 2001;
        assert!(missing.status == 404 || is_refused, "{}", missing.body);
    }
    let none = app.post("ann", &format!("{CONSUMERS}/nobody/read"), json!({}));
    assert_eq!((none.status, none.code()), (403, 1005));
}
