//! Receivers that refuse, drip, are never done, ask to be left alone, or are dead: what each gets, and that no other waits.

use std::io::Write;
use std::sync::Barrier;
use std::sync::Condvar;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use till::clock::Stopwatch;
use till::domain::time::Timestamp;
use till::domain::webhook::FailureKind;
use till::domain::webhook::Missed;
use till::domain::webhook::Scale;
use till::domain::webhook::Tried;
use till::shop::webhooks;
use till::worker::Outcome;
use till::worker::watch::watched;

use crate::app::TestApp;
use crate::sink::Say;
use crate::sink::Sink;
use crate::webhooks::DELIVERIES;
use crate::webhooks::ENDPOINTS;
use crate::webhooks::HOUR;
use crate::webhooks::SECOND;
use crate::webhooks::deliveries;
use crate::webhooks::endpoint;
use crate::webhooks::order;
use crate::webhooks::pass;
use crate::webhooks::shop;
use crate::webhooks::statuses;

/// Status, Retry-After, what becomes of it, and the seconds until the next attempt.
const CASES: &[(u16, &str, &str, (i64, i64))] = &[
    (200, "", "delivered", (0, 0)),
    (201, "", "delivered", (0, 0)),
    (202, "", "delivered", (0, 0)),
    (204, "", "delivered", (0, 0)),
    (206, "", "delivered", (0, 0)),
    (299, "", "delivered", (0, 0)),
    (300, "", "failed", (4, 6)),
    (301, "", "failed", (4, 6)),
    (302, "", "failed", (4, 6)),
    (303, "", "failed", (4, 6)),
    (304, "", "failed", (4, 6)),
    (307, "", "failed", (4, 6)),
    (308, "", "failed", (4, 6)),
    (400, "", "failed", (4, 6)),
    (401, "", "failed", (4, 6)),
    (403, "", "failed", (4, 6)),
    (404, "", "failed", (4, 6)),
    (405, "", "failed", (4, 6)),
    (408, "", "failed", (4, 6)),
    (409, "", "failed", (4, 6)),
    (410, "", "dead", (0, 0)),
    (413, "", "failed", (4, 6)),
    (418, "", "failed", (4, 6)),
    (422, "", "failed", (4, 6)),
    (429, "", "failed", (60, 60)),
    (500, "", "failed", (4, 6)),
    (501, "", "failed", (4, 6)),
    (502, "", "failed", (60, 60)),
    (503, "", "failed", (4, 6)),
    (504, "", "failed", (60, 60)),
    (599, "", "failed", (4, 6)),
    (200, "3600", "delivered", (0, 0)),
    (503, "0", "failed", (5, 5)),
    (503, "7", "failed", (7, 7)),
    (503, "3600", "failed", (10, 10)),
    (429, "1", "failed", (60, 60)),
    (429, "90", "failed", (90, 90)),
    (429, "86400", "failed", (120, 120)),
    (503, "Sun, 01 Mar 2026 12:00:08 GMT", "failed", (8, 8)),
    (503, "tomorrow", "failed", (4, 6)),
    (503, "-1", "failed", (4, 6)),
];

/// OWH-04
#[test]
fn each_status_has_its_consequence() {
    let (app, sink) = (shop(), Sink::start());
    sink.say(|heard| {
        let case: usize = heard.path.rsplit('/').next().unwrap().parse().unwrap();
        match CASES[case] {
            (status, "", ..) => Say::Status(status),
            (status, after, ..) => Say::With(status, "retry-after", after.to_owned()),
        }
    });
    let mut ids = Vec::new();
    for case in 0..CASES.len() {
        let made = endpoint(&app, &format!("{}/{case}", sink.url()), &["order.paid"]);
        let sent = app.post("owner", &format!("{ENDPOINTS}/{}/test", made["id"]), json!({}));
        ids.push(sent.json()["id"].clone());
    }
    assert_eq!(app.deliver(), Outcome::Worked);
    app.fan_out();
    for (case, id) in CASES.iter().zip(&ids) {
        let one = app.get("owner", &format!("{DELIVERIES}/{id}")).json();
        let (status, after, becomes, (least, most)) = *case;
        assert_eq!(one["status"], becomes, "{case:?}: {one}");
        assert_eq!(one["tries"][0]["status"], status, "{after}");
        let wait = one["next_attempt_at"]
            .as_str()
            .map_or(0, |at| Timestamp::parse(at).unwrap().ms() - app.clock.now().ms());
        assert!(
            (least * SECOND..=most * SECOND).contains(&wait),
            "{case:?}: {wait}"
        );
    }
}

fn slow_shop() -> TestApp {
    let app = TestApp::start_with(|config| {
        config.webhooks.allow_http = true;
        config.webhooks.timeout_seconds = 3;
        config.webhooks.allow_networks = vec!["127.0.0.0/8".parse().unwrap()];
    });
    app.product("MUG", "4.50", 1_000);
    app
}

/// What receivers do that are broken, or mean ill.
pub fn odd_answers() -> Vec<Say> {
    let head = b"HTTP/1.1 200 So\r\ncontent-length: 99999999\r\n\r\n".to_vec();
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![0; 50_000_000]).unwrap();
    let bomb = bomb.finish().unwrap();
    let mut bomb_reply = format!(
        "HTTP/1.1 200 So\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        bomb.len()
    )
    .into_bytes();
    bomb_reply.extend_from_slice(&bomb);
    vec![
        Say::Nothing,
        Say::Drip(Vec::new(), Duration::from_millis(100)),
        Say::Drip(
            b"HTTP/1.1 200 So\r\nx-slow: ".to_vec(),
            Duration::from_millis(100),
        ),
        Say::Drip(head, Duration::from_millis(100)),
        Say::Body(200, vec![b'y'; 3_000_000]),
        Say::Drip(bomb_reply, Duration::from_millis(100)),
        Say::Close,
        Say::Drip(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec(), Duration::from_millis(100)),
    ]
}

/// OWH-05: none of them holds the sender for longer than it may, nor fills the file.
#[test]
fn who_drips_or_is_never_done_is_cut_off() {
    let app = slow_shop();
    let sinks: Vec<Sink> = odd_answers()
        .into_iter()
        .map(|say| {
            let sink = Sink::start();
            sink.say(move |_| say.clone());
            endpoint(&app, &sink.url(), &["order.*"]);
            sink
        })
        .collect();
    order(&app);
    app.fan_out();
    let watch = Stopwatch::start();
    app.send_due();
    assert!(watch.seconds() < 30.0, "{}", watch.seconds());
    let told: Vec<(Value, Value, usize)> = deliveries(&app, "")
        .iter()
        .rev()
        .map(|one| {
            let tries = app.get("owner", &format!("{DELIVERIES}/{}", one["id"])).json()["tries"].clone();
            let body = tries[0]["response"]["body"]
                .as_str()
                .unwrap_or_default()
                .chars()
                .count();
            (one["status"].clone(), tries[0]["failure"].clone(), body)
        })
        .collect();
    let (failed, delivered) = (json!("failed"), json!("delivered"));
    let (timeout, unreachable) = (json!("timeout"), json!("unreachable"));
    assert_eq!(told[0], (failed.clone(), timeout.clone(), 0), "never answers");
    assert_eq!(told[1].0, failed, "drips no head");
    assert_eq!(told[2], (failed.clone(), timeout, 0), "drips its head");
    assert_eq!(
        (&told[3].0, &told[3].1),
        (&delivered, &Value::Null),
        "drips its body"
    );
    assert_eq!(told[4], (delivered.clone(), Value::Null, 20_000), "is endless");
    assert_eq!(told[5].0, delivered, "a bomb");
    assert!(told[5].2 <= 20_000, "and is not unpacked");
    assert_eq!(told[6], (failed.clone(), unreachable, 0), "hangs up");
    assert_eq!(told[7].0, failed, "speaks something else");
    drop(sinks);
}

/// OWH-08
#[test]
fn a_dead_endpoint_is_asked_by_one_every_half_minute() {
    let (app, dead, well) = (shop(), Sink::start(), Sink::start());
    dead.answer(500);
    let made = endpoint(&app, &dead.url(), &["order.*"]);
    endpoint(&app, &well.url(), &["order.*"]);
    for _ in 0..30 {
        order(&app);
    }
    app.deliver();
    let tried = dead.take().len();
    assert!(
        (10..10 + 4).contains(&tried),
        "{tried}: it opens at the tenth, what is under way comes"
    );
    assert_eq!(well.take().len(), 30, "nobody else waits");
    let breaker = || app.get("owner", &format!("{ENDPOINTS}/{}", made["id"])).json()["breaker"].clone();
    assert_eq!(breaker(), "open");
    for _ in 0..10 {
        pass(&app, 31 * SECOND);
        assert_eq!(breaker(), "half_open");
        app.deliver();
        assert_eq!(dead.take().len(), 1);
    }
    dead.answer(204);
    pass(&app, 31 * SECOND);
    app.deliver();
    assert_eq!(breaker(), "closed");
    assert!(dead.take().len() >= 15, "one, and then all that was due");
}

/// OWH-08: six days.
#[test]
fn an_endpoint_that_only_fails_is_turned_off_after_five_days() {
    let (app, sink) = (shop(), Sink::start());
    let made = endpoint(&app, &sink.url(), &["order.*"]);
    let state = || app.get("owner", &format!("{ENDPOINTS}/{}", made["id"])).json();
    sink.answer(204);
    order(&app);
    app.deliver();
    sink.answer(503);
    let mut hours = 0;
    while state()["state"] == "on" && hours < 6 * 24 {
        order(&app);
        app.deliver();
        pass(&app, HOUR);
        hours += 1;
    }
    assert!((5 * 24..=5 * 24 + 2).contains(&hours), "{hours}");
    assert_eq!(state()["off_reason"], "failing");
    assert_eq!(app.number("SELECT count(*) FROM mails WHERE template = 30"), 1);
    app.deliver();
    let kept = statuses(&app);
    assert_eq!(kept.len() as i64, hours + 1, "all are kept, to be sent again");
    assert!(kept[1..].iter().all(|status| status == "dead"));
}

/// OWH-10: four at once to one endpoint, sixty-four in all.
#[test]
fn so_many_are_sent_at_once_and_no_more() {
    let (app, sink) = (shop(), Sink::start());
    // Nobody is answered before so many have asked, and a while after: whoever else is sent comes meanwhile.
    let together = |count: usize| {
        let (barrier, nothing) = (Barrier::new(count), Mutex::new(()));
        sink.say(move |_| {
            if barrier.wait().is_leader() {
                let _ = Condvar::new().wait_timeout(nothing.lock().unwrap(), Duration::from_millis(100));
            }
            barrier.wait();
            Say::Status(204)
        });
    };
    together(4);
    endpoint(&app, &sink.url(), &["order.*"]);
    for _ in 0..20 {
        order(&app);
    }
    app.deliver();
    assert_eq!((sink.take().len(), sink.most_under_way()), (20, 4));
    together(64);
    for _ in 1..32 {
        endpoint(&app, &sink.url(), &["order.*"]);
    }
    for _ in 0..4 {
        order(&app);
    }
    app.deliver();
    assert_eq!((sink.take().len(), sink.most_under_way()), (32 * 4, 64));
}

fn broken(delivery: i64, attempts: i64, at: Timestamp) -> Tried {
    Tried {
        delivery: till::domain::id::DeliveryId(delivery),
        attempts,
        at,
        duration_ms: 1,
        request: "{}".to_owned(),
        answer: Err(Missed::met(FailureKind::Broken)),
    }
}

/// OWH-09, CON-06: each step may run twice, and what was noted is not noted again.
#[test]
fn a_step_that_runs_twice_is_a_step_that_ran_once() {
    let (app, sink) = (shop(), Sink::start());
    endpoint(&app, &sink.url(), &["order.*"]);
    for _ in 0..5 {
        order(&app);
    }
    let store = app.app().store();
    store
        .write(|tx| webhooks::catch_up(tx).and_then(|()| webhooks::catch_up(tx)))
        .unwrap();
    assert_eq!(statuses(&app), ["pending"; 5]);
    let id = deliveries(&app, "")[0]["id"].as_i64().unwrap();
    let tried = [broken(id, 0, app.clock.now())];
    for _ in 0..2 {
        let tried = tried.clone();
        store
            .write(move |tx| webhooks::settle(tx, &tried, Scale::WHOLE))
            .unwrap();
    }
    assert_eq!(deliveries(&app, "")[0]["attempts"], 1);
    app.deliver();
    assert_eq!(sink.heard().len(), 4);
}

/// LIF-08: what panics three times in the sending is given up; the others go.
#[test]
fn a_poisoned_delivery_is_dead_after_three_panics() {
    let (app, sink) = (shop(), Sink::start());
    endpoint(&app, &sink.url(), &["order.*"]);
    order(&app);
    app.fan_out();
    let id = deliveries(&app, "")[0]["id"].as_i64().unwrap();
    for attempts in 0..3 {
        assert_eq!(statuses(&app), [if attempts == 0 { "pending" } else { "failed" }]);
        let tried = [broken(id, attempts, app.clock.now())];
        app.app()
            .store()
            .write(move |tx| webhooks::settle(tx, &tried, Scale::WHOLE))
            .unwrap();
    }
    assert_eq!(statuses(&app), ["dead"]);
    order(&app);
    app.deliver();
    assert_eq!(statuses(&app), ["dead", "delivered"]);
}

/// LIF-08
#[test]
fn a_task_that_panics_begins_anew_five_times_a_minute() {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::sync::atomic::Ordering;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (panics, ends_well) in [(0, true), (5, true), (6, false)] {
        let begun = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&begun);
        let ended = runtime.block_on(watched("test", &|_: &'static str| {}, move || {
            let begun = count.fetch_add(1, Ordering::SeqCst);
            async move { assert!(begun >= panics, "as planned") }
        }));
        assert_eq!(ended.is_ok(), ends_well, "{panics}");
        assert_eq!(
            begun.load(Ordering::SeqCst),
            if ends_well { panics + 1 } else { 6 }
        );
    }
}
