//! An event that cannot be read stands in nobody's way: each reader of the feed passes over it, and hears the others.

use serde_json::Value;
use serde_json::json;
use till::shop::webhooks;

use crate::app::TestApp;
use crate::client::Answer;
use crate::live_streams::place;
use crate::live_streams::place_some;
use crate::live_streams::shop;
use crate::streams::Stream;
use crate::streams::bearer;

const CONSUMERS: &str = "/api/v1/events/consumers";

/// What a file that was mended by hand may hold: a type of which nobody knows, no JSON, no text.
const BROKEN: [&str; 3] = [
    "type = 250",
    "data = '{\"id\":'",
    "data = CAST(x'7bff7d' AS TEXT)",
];

fn ids(events: &[Value]) -> Vec<i64> {
    events.iter().map(|event| event["id"].as_i64().unwrap()).collect()
}

fn ok(answer: &Answer) -> Value {
    assert!(answer.status < 300, "{}", answer.body);
    answer.json()
}

/// The feed behind a place, asked for page by page.
fn walked(app: &TestApp, query: &str, from: i64) -> Vec<i64> {
    let (mut all, mut after) = (Vec::new(), from);
    loop {
        let page = ok(&app.get("owner", &format!("/api/v1/events?after={after}&{query}")));
        let found = ids(page["data"].as_array().unwrap());
        if found.is_empty() {
            return all;
        }
        after = page["next"].as_i64().unwrap();
        all.extend(found);
    }
}

fn newest(app: &TestApp) -> i64 {
    app.number("SELECT max(id) FROM events")
}

/// Some orders, of whose events every second cannot be read; the place before them, and the ids of the others.
fn broken() -> (TestApp, i64, Vec<i64>) {
    let app = shop();
    app.token("ann");
    app.token("staff");
    let before = newest(&app);
    place_some(&app, "ann", 7);
    for (at, how) in BROKEN.iter().enumerate() {
        app.execute(&format!(
            "UPDATE events SET {how} WHERE id = {}",
            before + 2 + 2 * at as i64
        ));
    }
    (app, before, [1, 3, 5, 7].map(|at| before + at).to_vec())
}

/// LIF-08, H2: the feed goes on behind it, however it is asked for: whole, of a type, in small pages, backwards, by a consumer
/// and on the desk.
#[test]
fn the_feed_goes_on_behind_what_cannot_be_read() {
    let (app, before, legible) = broken();
    for query in [
        "limit=1",
        "limit=2",
        "limit=200",
        "stream=orders&limit=1",
        "type=order.created",
    ] {
        assert_eq!(walked(&app, query, before), legible, "{query}");
    }
    ok(&app.post("owner", CONSUMERS, json!({ "name": "books", "after": before })));
    let read = |limit: i64| {
        ok(&app.post(
            "owner",
            &format!("{CONSUMERS}/books/read"),
            json!({ "limit": limit }),
        ))
    };
    let (first, second) = (read(2), read(200));
    assert_eq!(ids(first["data"].as_array().unwrap()), legible[..2]);
    assert_eq!(ids(second["data"].as_array().unwrap()), legible[2..]);
    for read in [&first, &second] {
        let done = app.post(
            "owner",
            &format!("{CONSUMERS}/books/ack"),
            json!({ "lease": read["lease"] }),
        );
        assert_eq!(done.status, 204, "{}", done.body);
    }
    let all = ok(&app.get("owner", CONSUMERS));
    assert_eq!(all["data"][0]["cursor"], newest(&app));
    let desk = crate::pages::Browser::signed_in(&app, "owner").get("/admin/events");
    assert_eq!(desk.status, 200);
    for id in &legible {
        assert!(desk.body.contains(&format!("/admin/events/{id}\"")), "{id}");
    }
}

/// LIF-08: what is rare is found by its type, and a page that lost some of its events is not the last.
#[test]
fn a_page_of_what_is_rare_is_not_the_last_because_it_is_short() {
    let app = shop();
    let refused = json!({ "items": [{ "sku": "MUG", "quantity": 100_000 }] });
    place(&app, "ann");
    let before = newest(&app);
    for _ in 0..6 {
        assert_eq!(app.post("ann", "/api/v1/orders", refused.clone()).code(), 6004);
    }
    app.execute(&format!(
        "UPDATE events SET data = 'no' WHERE id IN ({}, {}, {})",
        before + 1,
        before + 2,
        before + 4
    ));
    let legible = vec![before + 3, before + 5, before + 6];
    for limit in [1, 2, 3, 4] {
        let query = format!("type=order.refused&limit={limit}");
        assert_eq!(walked(&app, &query, before), legible, "{limit}");
    }
    let mut shown = Vec::new();
    let mut path = "/admin/events?type=order.refused&limit=1".to_owned();
    let browser = crate::pages::Browser::signed_in(&app, "owner");
    loop {
        let page = browser.get(&path);
        assert_eq!(page.status, 200);
        shown.extend(
            (before + 1..=before + 6)
                .rev()
                .filter(|id| page.body.contains(&format!("/admin/events/{id}\""))),
        );
        let Some((_, rest)) = page.body.split_once("before=") else {
            break;
        };
        let next = rest.split(['"', '&']).next().unwrap();
        path = format!("/admin/events?type=order.refused&limit=1&before={next}");
    }
    assert_eq!(shown, [before + 6, before + 5, before + 3]);
}

/// LIF-08, H9, D17: whoever listens hears what comes after it, and whoever comes back hears what lies before and behind.
#[test]
fn whoever_listens_hears_what_comes_after_it() {
    let (app, before, legible) = broken();
    let listen = |who: &str, query: &str| {
        let token = app.token(who).unwrap();
        let path = format!("/api/v1/events/stream?{query}");
        Stream::open(app.client().at(), &path, &bearer(&token))
    };
    let mut now = [
        listen("staff", ""),
        listen("ann", ""),
        listen("owner", "stream=inventory"),
    ];
    let mut back = ["staff", "ann"].map(|who| listen(who, &format!("after={before}")));
    for stream in &mut back {
        let told: Vec<Value> = legible.iter().map(|_| stream.next()).collect();
        assert_eq!(ids(&told), legible);
    }
    // A page and more of what nobody is told of, and as much that nobody can read.
    let many = |kind: i64, data: &str| {
        app.execute(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
             INSERT INTO events (at, type, subject, seq, data)
             SELECT (SELECT max(at) FROM events), {kind}, 0, 1, '{data}' FROM n"
        ));
    };
    for (kind, data) in [(90, "{}"), (250, "{}"), (1, "no")] {
        many(kind, data);
        let order = place(&app, "ann");
        let id = newest(&app);
        for stream in now.iter_mut().chain(&mut back) {
            let told = stream.next();
            assert_eq!(
                (&told["id"], &told["data"]["id"]),
                (&json!(id), &json!(order)),
                "{kind}"
            );
        }
    }
}

/// LIF-08, J2: neither the figures of what waits nor the page of a delivery fall over it.
#[test]
fn a_delivery_of_what_cannot_be_read_is_shown() {
    let app = crate::webhooks::shop();
    let sink = crate::sink::Sink::start();
    crate::webhooks::endpoint(&app, &sink.url(), &["order.*"]);
    let order = crate::webhooks::order(&app);
    app.derive();
    app.execute("UPDATE events SET data = 'no' WHERE type = 1");
    let now = app.clock.now();
    let pending = app.app().store().read(|db| webhooks::pending(db, now)).unwrap();
    assert!(pending.count > 0, "{order}");
    for _ in 0..4 {
        app.deliver();
        crate::webhooks::pass(&app, crate::webhooks::HOUR);
    }
    app.forget_tokens();
    let dead = ok(&app.get("owner", "/api/v1/webhooks/deliveries?status=dead"))["data"][0].clone();
    let shown = ok(&app.get("owner", &format!("/api/v1/webhooks/deliveries/{}", dead["id"])));
    assert_eq!(shown["tries"].as_array().unwrap().len(), 3, "{shown}");
    assert_eq!(shown["tries"][0]["request"]["body"], Value::Null);
    assert_eq!(sink.heard().len(), 0);
}
