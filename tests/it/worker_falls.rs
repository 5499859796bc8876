//! The worker itself, whole and at work, while its tasks panic.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use till::clock::Stopwatch;
use till::shop::mails;
use till::shop::payments as money;
use till::shop::search;
use till::shop::webhooks as outbox;
use till::worker;

use crate::app::TestApp;
use crate::payments::begin;
use crate::payments::decide;
use crate::payments::order;
use crate::payments::standing;
use crate::sink::Sink;
use crate::webhooks::endpoint;

/// All of them.
const TASKS: [&str; 13] = [
    "deliver",
    "derive",
    "expiry",
    "forget",
    "groups",
    "mail",
    "mails",
    "outbox",
    "payments",
    "payouts",
    "reconcile",
    "sums",
    "sweep",
];
/// Those that have something to do all the time here.
const BUSY: [&str; 5] = ["deliver", "derive", "mails", "outbox", "payments"];
/// Pieces of work before which a task panics: the first, and some in the midst of it.
const PANICS: [usize; 4] = [1, 3, 6, 10];

/// How many pieces of its work each task has begun, and before how many of them it panicked.
type Pieces = Arc<Mutex<BTreeMap<&'static str, (usize, usize)>>>;

/// Panics before those pieces of each task.
fn trip(pieces: &Pieces) -> impl Fn(&'static str) + Clone + Send + Sync + use<> {
    let pieces = Arc::clone(pieces);
    move |task| {
        let panics = {
            let mut pieces = pieces.lock().unwrap();
            let (begun, fallen) = pieces.entry(task).or_default();
            *begun += 1;
            let panics = PANICS.contains(begun);
            *fallen += usize::from(panics);
            panics
        };
        assert!(!panics, "as planned");
    }
}

fn shop() -> TestApp {
    let app = TestApp::start_with(|config| {
        config.payments.sandbox = true;
        config.webhooks.allow_http = true;
        config.webhooks.allow_networks = vec!["127.0.0.0/8".parse().unwrap()];
    });
    app.product("MUG", "4.50", 1000);
    app
}

/// Whether nothing is left to be done by anybody.
fn is_done(app: &TestApp) -> bool {
    let behind = app.app().store().read(|db| {
        let waits = search::is_behind(db)? || mails::is_behind(db)? || outbox::is_behind(db)?;
        Ok(waits || money::next_work(db)?.is_some())
    });
    !behind.unwrap() && app.number("SELECT count(*) FROM deliveries WHERE status <> 3") == 0
}

/// LIF-08: every task of the worker panics, at its beginning and in the midst of its work; each begins anew, and all that
/// was to be done is done.
#[test]
fn each_task_that_panics_begins_anew_and_its_work_is_done() {
    let (app, sink) = (shop(), Sink::start());
    endpoint(&app, &sink.url(), &["order.*", "payment.*"]);
    let unpaid = order(&app);
    app.clock.pass(61 * 60_000);
    app.forget_tokens();
    let paid = order(&app);
    decide(&app, &begin(&app, paid), "approve");
    let pieces = Pieces::default();
    let fallen = |task: &str| pieces.lock().unwrap().get(task).map_or(0, |(_, fallen)| *fallen);
    let have_fallen =
        || TASKS.iter().all(|task| fallen(task) > 0) && BUSY.iter().all(|task| fallen(task) == PANICS.len());
    let (shop, planned) = (app.app().clone(), trip(&pieces));
    let mut commits = shop.commits();
    let (watch, mut placed) = (Stopwatch::start(), 2);
    app.block_on(async {
        let running = tokio::spawn(async move { worker::run_tripping(shop, &planned).await });
        loop {
            assert!(watch.seconds() < 300.0 && !running.is_finished(), "{pieces:?}");
            match have_fallen() {
                true if is_done(&app) && standing(&app, unpaid)[0] == "canceled" => break,
                true => drop(tokio::time::timeout(Duration::from_millis(100), commits.changed()).await),
                false => {
                    crate::webhooks::order(&app);
                    placed += 1;
                }
            }
        }
        running.abort();
        let _ = running.await;
    });
    assert_eq!(standing(&app, paid)[1], "paid");
    let twice = app.number("SELECT count(*) - count(DISTINCT event_id) FROM mails");
    let told = app.number("SELECT count(*) FROM mails WHERE template IN (10, 11, 13)");
    assert_eq!((twice, told >= 4), (0, true), "{told}");
    let heard = sink.heard();
    let created = heard.iter().filter(|heard| heard.kind() == "order.created");
    let orders: BTreeSet<i64> = created
        .map(|heard| heard.json()["data"]["id"].as_i64().unwrap())
        .collect();
    assert_eq!(orders.len(), placed);
}

/// LIF-08: a task that panics whatever it does ends the worker, which says which.
#[test]
fn a_task_that_always_panics_ends_the_worker() {
    let app = shop();
    for task in ["outbox", "reconcile"] {
        let always = move |name: &'static str| assert_ne!(name, task, "as planned");
        let ended = app.block_on(worker::run_tripping(app.app().clone(), &always));
        let words = ended.unwrap_err().to_string();
        assert!(
            words.contains(task) && words.contains("again and again"),
            "{words}"
        );
    }
}
