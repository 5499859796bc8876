//! What breaks one delivery, or one step of the worker, breaks nothing else, and nothing for ever.

use serde_json::json;
use till::shop::webhooks;
use till::worker::Outcome;

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

/// Everything that the steps of a worker change, but for moments that are drawn.
const RESULT: &str = "SELECT group_concat(line, ';') FROM (
  SELECT 'd' || id || '/' || status AS line FROM deliveries
  UNION ALL SELECT 'm' || template || recipient || state FROM mails
  UNION ALL SELECT 'o' || id || '/' || status || '/' || paid FROM orders
  UNION ALL SELECT 'w' || mark FROM webhook_endpoints
  UNION ALL SELECT 'k' || name || upto FROM marks
  UNION ALL SELECT 'i' || count(*) FROM inbox
  UNION ALL SELECT 'e' || type || '/' || subject FROM events
  ORDER BY line)";

fn result(app: &TestApp) -> String {
    app.file().query_row(RESULT, [], |row| row.get(0)).unwrap()
}

/// A shop in which every step has something to do, but for the sweep.
fn busy() -> (TestApp, Sink) {
    let sink = Sink::start();
    let app = TestApp::start_with(|config| {
        config.webhooks.allow_http = true;
        config.webhooks.allow_networks = vec!["127.0.0.0/8".parse().unwrap()];
        config.payments.sandbox = true;
    });
    app.product("MUG", "4.50", 1_000);
    endpoint(&app, &sink.url(), &["order.*"]);
    endpoint(&app, &sink.url(), &["payment.*"]);
    crate::mails::order(&app, "ann@shop.test");
    let paid = crate::payments::order(&app);
    crate::payments::charge(&app, paid, "tok_good");
    (app, sink)
}

type Step<'a> = std::pin::Pin<Box<dyn Future<Output = till::error::Result<Outcome>> + 'a>>;

/// Every step of the worker once; how many could not be made.
fn steps(shop: &TestApp) -> usize {
    use till::worker;
    let app = shop.app();
    let steps: [Step; 9] = [
        Box::pin(worker::derive::step(app)),
        Box::pin(worker::mail::derive(app)),
        Box::pin(worker::outbox::step(app)),
        Box::pin(worker::deliver::step(app)),
        Box::pin(worker::sandbox::step(app)),
        Box::pin(worker::inbox::step(app)),
        Box::pin(worker::complete::step(app)),
        Box::pin(worker::expire::step(app)),
        Box::pin(worker::sweep::step(app)),
    ];
    let came = steps.into_iter().map(|step| shop.block_on(step));
    came.filter(Result::is_err).count()
}

/// Where a step may fail: at the first row that it writes there.
const PLACES: [(&str, &str); 7] = [
    ("INSERT", "deliveries"),
    ("UPDATE", "deliveries"),
    ("INSERT", "delivery_attempts"),
    ("UPDATE", "webhook_endpoints"),
    ("INSERT", "mails"),
    ("INSERT", "marks"),
    ("UPDATE", "inbox"),
];

/// CON-06: each step may fail anywhere and run again, and may run once more when all is done.
#[test]
fn a_step_that_fails_anywhere_is_made_up_for() {
    let through = |app: &TestApp| (0..6).map(|_| steps(app)).sum::<usize>();
    let (app, _sink) = busy();
    assert_eq!(through(&app), 0);
    pass(&app, HOUR);
    assert_eq!(through(&app), 0);
    let undisturbed = result(&app);
    assert_eq!(steps(&app), 0);
    assert_eq!(result(&app), undisturbed);
    for (deed, table) in PLACES {
        let (app, _sink) = busy();
        let trigger = format!(
            "CREATE TRIGGER planned BEFORE {deed} ON {table} BEGIN SELECT raise(ABORT, 'planned'); END"
        );
        app.file().execute_batch(&trigger).unwrap();
        assert!(through(&app) > 0, "{deed} {table} fails");
        app.file().execute_batch("DROP TRIGGER planned").unwrap();
        pass(&app, HOUR);
        assert_eq!(through(&app), 0, "{deed} {table}");
        assert_eq!(result(&app), undisturbed, "{deed} {table}");
    }
}
