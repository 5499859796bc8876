//! Every step of the worker, failing at every table that it writes: afterwards the shop stands where it would have stood
//! (CON-06). What the steps are and what they write is found out, so that another step or table is tried as well.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use rusqlite::params;
use serde_json::json;
use till::app::App;
use till::config::Config;
use till::config::MailSecurity;
use till::domain::actor::Actor;
use till::domain::id::CustomerId;
use till::domain::time::Timestamp;
use till::error::Result;
use till::shop::Tx;
use till::shop::commissions;
use till::shop::commissions::NewPayout;
use till::shop::customers;
use till::shop::doctor;
use till::worker;
use till::worker::Outcome;

use crate::app::TestApp;
use crate::app::temporary_dir;
use crate::payments;
use crate::sink::Sink;
use crate::webhooks::DAY;
use crate::webhooks::ENDPOINTS;
use crate::webhooks::HOUR;
use crate::webhooks::MINUTE;
use crate::webhooks::endpoint;
use crate::webhooks::pass;

type Running<'a> = Pin<Box<dyn Future<Output = Result<Outcome>> + 'a>>;
type Step = (&'static str, for<'a> fn(&'a App) -> Running<'a>);

/// Every step, by the file that holds it.
const STEPS: &[Step] = &[
    ("derive", |app| Box::pin(worker::derive::step(app))),
    ("forget", |app| Box::pin(worker::forget::step(app))),
    ("groups", |app| Box::pin(worker::groups::step(app))),
    ("sums", |app| Box::pin(worker::sums::step(app))),
    ("mail", |app| Box::pin(worker::mail::derive(app))),
    ("mail", |app| Box::pin(worker::mail::step(app))),
    ("outbox", |app| Box::pin(worker::outbox::step(app))),
    ("deliver", |app| Box::pin(worker::deliver::step(app))),
    ("sandbox", |app| Box::pin(worker::sandbox::step(app))),
    ("inbox", |app| Box::pin(worker::inbox::step(app))),
    ("complete", |app| Box::pin(worker::complete::step(app))),
    ("expire", |app| Box::pin(worker::expire::step(app))),
    ("payouts", |app| Box::pin(worker::payouts::step(app))),
    ("reconcile", |app| Box::pin(worker::reconcile::step(app))),
    ("sweep", |app| Box::pin(worker::sweep::step(app))),
];

/// The time that passes before all steps are made until nothing is due, again and again.
const PASSES: [i64; 3] = [0, 30 * MINUTE, DAY];
/// So often every step is made while one table fails.
const ROUNDS: usize = 2;
/// So many shops fail side by side.
const AT_ONCE: usize = 4;

/// CON-06: no step is left out here.
#[test]
fn every_step_of_the_worker_is_tried() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/src/worker");
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for file in std::fs::read_dir(dir).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let count = text.lines().filter(|line| {
            line.starts_with("pub async fn ") && line.ends_with("(app: &App) -> Result<Outcome> {")
        });
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        found.insert(name, count.count());
    }
    found.retain(|_, count| *count > 0);
    let mut tried: BTreeMap<String, usize> = BTreeMap::new();
    for (name, _) in STEPS {
        *tried.entry((*name).to_owned()).or_default() += 1;
    }
    assert_eq!(found, tried);
}

/// Who takes mails and webhooks.
struct World {
    sink: Sink,
    mails: u64,
}

impl World {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mails = u64::from(listener.local_addr().unwrap().port());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                std::thread::spawn(move || take_mails(&stream.unwrap()));
            }
        });
        Self {
            sink: Sink::start(),
            mails,
        }
    }

    fn set_up(&self, config: &mut Config) {
        config.webhooks.allow_http = true;
        config.webhooks.allow_networks = vec!["127.0.0.0/8".parse().unwrap()];
        config.payments.sandbox = true;
        config.mail.host = "127.0.0.1".to_owned();
        config.mail.port = self.mails;
        config.mail.security = MailSecurity::None;
        config.mail.from = "shop@shop.test".to_owned();
    }
}

/// As much of a mail server as it takes to be rid of mails.
fn take_mails(stream: &TcpStream) -> Option<()> {
    let mut other = stream;
    let mut say = |line: &str| other.write_all(line.as_bytes()).ok();
    say("220 here\r\n")?;
    let mut in_letter = false;
    for line in BufReader::new(stream).lines() {
        let line = line.ok()?;
        match (in_letter, line.as_str()) {
            (true, ".") => {
                in_letter = false;
                say("250 taken\r\n")?;
            }
            (true, _) => {}
            (false, "DATA") => {
                in_letter = true;
                say("354 go on\r\n")?;
            }
            (false, "QUIT") => return say("221 bye\r\n"),
            (false, _) => say("250 good\r\n")?,
        }
    }
    None
}

/// The files of a shop in which every step has something to do, and the moment.
struct Busy {
    files: PathBuf,
    now: Timestamp,
}

impl Busy {
    fn new(world: &World) -> Self {
        let app = TestApp::start_with(|config| world.set_up(config));
        app.expect_findings();
        let old = long_ago(&app, world);
        quiet(&app);
        pass(&app, 420 * DAY);
        today(&app, old);
        let files = temporary_dir();
        std::fs::create_dir_all(files.join("keys")).unwrap();
        for name in ["keys/token", "keys/audit", "keys/seal"] {
            std::fs::copy(app.dir().join(name), files.join(name)).unwrap();
        }
        let copy = files.join("till.db");
        app.file()
            .execute("VACUUM INTO ?1", [copy.to_str().unwrap()])
            .unwrap();
        Self {
            files,
            now: app.clock.now(),
        }
    }

    /// The shop once more. (The doctor is asked with everything else: some money differs.)
    fn start(&self, world: &World) -> TestApp {
        let app = TestApp::start_on(&self.files, self.now, |config| world.set_up(config));
        app.expect_findings();
        app
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.files);
    }
}

/// What is too old to be kept; an order of it goes on today.
fn long_ago(app: &TestApp, world: &World) -> i64 {
    app.product("MUG", "4.50", 1_000);
    crate::commissions::sell(app, "seller", "VASE", "10.00");
    endpoint(app, &world.sink.url(), &["order.*"]);
    endpoint(app, &world.sink.url(), &["payment.*"]);
    let paused = endpoint(app, &world.sink.url(), &["order.*"]);
    let pause = app.post("owner", &format!("{ENDPOINTS}/{}/pause", paused["id"]), json!({}));
    assert_eq!(pause.status, 200, "{}", pause.body);
    let restock = json!({ "sku": "MUG", "delta": 5, "reason": "restock", "client_token": "once" });
    assert_eq!(
        app.post("owner", "/api/v1/stock/adjustments", restock).status,
        201
    );
    payments::charge(app, payments::order(app), "tok_good");
    crate::commissions::order(app, &[("MUG", 1), ("VASE", 1)])
}

/// What waits for the worker.
fn today(app: &TestApp, old: i64) {
    let gone = json!({ "name": "Gone", "email": "gone@shop.test" });
    let gone = app.post("owner", "/api/v1/customers", gone).json()["id"].as_i64();
    let gone = CustomerId(gone.unwrap());
    let forget = move |tx: &Tx| customers::forget(tx, &Actor::system(), gone, None, None).map(drop);
    app.app().store().write(forget).unwrap();
    crate::wallets::set(app, "wallet.deposits", "open");
    crate::wallets::deposit(app, "ann", "20.00");
    // Half of it is ready in a wallet, and nobody pays the rest.
    let body = json!({ "items": [{ "sku": "VASE", "quantity": 1 }], "payment_method": "sandbox" });
    let unpaid = app.post("ann", "/api/v1/orders", body).json()["id"].clone();
    let part = json!({ "order_id": unpaid, "provider": "wallet", "amount": "4.00" });
    assert_eq!(app.post("ann", "/api/v1/payments/initiate", part).status, 201);
    payments::begin(app, unpaid.as_i64().unwrap());
    pass(app, 2 * HOUR);
    crate::mails::order(app, "bob@shop.test");
    crate::commissions::step(app, old, "processing");
    let product = app.get("owner", "/api/v1/products/1").json();
    let renamed = json!({ "name": "Cup", "version": product["version"] });
    assert_eq!(app.patch("owner", "/api/v1/products/1", renamed).status, 200);
    let group = json!({ "name": "Loyal", "rule": { "min_orders": 1 } });
    assert_eq!(app.post("owner", "/api/v1/customers/groups", group).status, 201);
    // Paid at the bank, of which nobody here has heard; and paid, when the order is canceled.
    let paid = payments::begin(app, payments::order(app));
    payments::decide(app, &paid, "approve");
    let late = payments::order(app);
    payments::decide(app, &payments::begin(app, late), "approve");
    let canceled = app.post("ann", &format!("/api/v1/orders/{late}/cancel"), json!({}));
    assert_eq!(canceled.status, 200, "{}", canceled.body);
    payments::charge(app, payments::order(app), "tok_decline");
    // A payout that whoever began it did not come to end.
    crate::commissions::delivered(app, &[("VASE", 2)]);
    let begin = app
        .app()
        .store()
        .write(|tx| commissions::begin_payout(tx, &Actor::system(), None, &NewPayout::default()).map(|_| ()));
    begin.unwrap();
    app.change(
        "INSERT INTO sandbox_payments (ref, key, payment_id, order_id, number, amount, currency, at_once, state, captured)
         VALUES ('sbx_lost', 'lost', 99, 99, '99', 700, 'EUR', 1, 4, 700)",
    );
    let again = json!({ "from": "2026-01-01", "to": "2030-01-01" });
    let replay = app.post("owner", &format!("{ENDPOINTS}/1/replay"), again);
    assert!(replay.status < 300, "{}", replay.body);
}

/// Makes every step twice; how many failed, and whether any found something to do.
fn round(app: &TestApp, before: impl Fn(usize)) -> (usize, bool) {
    let (mut failed, mut worked) = (0, false);
    for (at, (_, step)) in STEPS.iter().enumerate() {
        before(at);
        for _ in 0..2 {
            match app.block_on(step(app.app())) {
                Ok(outcome) => worked |= outcome == Outcome::Worked,
                Err(_) => failed += 1,
            }
        }
    }
    (failed, worked)
}

fn quiet_while(app: &TestApp, before: impl Fn(usize)) {
    for _ in 0..40 {
        match round(app, &before) {
            (0, false) => return,
            (failed, _) => assert_eq!(failed, 0),
        }
    }
    panic!("the worker comes to no end");
}

fn quiet(app: &TestApp) {
    quiet_while(app, |_| {});
}

/// Everything that steps change, but for moments, attempts and what is drawn.
const RESULT: &str = "SELECT group_concat(line, char(10)) FROM (
  SELECT concat_ws(' ', 'delivery', endpoint_id, type, subject, status, attempts > 0) AS line
    FROM deliveries d JOIN events e ON e.id = d.id >> 12
  UNION ALL SELECT concat_ws(' ', 'endpoint', id, state, mark) FROM webhook_endpoints
  UNION ALL SELECT concat_ws(' ', 'replay', id) FROM webhook_replays
  UNION ALL SELECT concat_ws(' ', 'forgetting', id, stage) FROM forgettings
  UNION ALL SELECT concat_ws(' ', 'mail', template, recipient, order_id, state) FROM mails
  UNION ALL SELECT concat_ws(' ', 'mark', name, upto) FROM marks
  UNION ALL SELECT concat_ws(' ', 'message', state, payment_id, kind) FROM inbox
  UNION ALL SELECT concat_ws(' ', 'order', id, status, payment_status, paid, refunded, events) FROM orders
  UNION ALL SELECT concat_ws(' ', 'payment', id, state, captured, refunded) FROM payments
  UNION ALL SELECT concat_ws(' ', 'refund', payment_id, amount, state) FROM refunds
  UNION ALL SELECT concat_ws(' ', 'task', payment_id, op, state) FROM payment_tasks
  UNION ALL SELECT concat_ws(' ', 'charge', payment_id, state, captured, refunded) FROM sandbox_payments
  UNION ALL SELECT concat_ws(' ', 'letters', count(*)) FROM sandbox_messages WHERE sent_at IS NULL
  UNION ALL SELECT concat_ws(' ', 'stock', variant_id, available) FROM stock
  UNION ALL SELECT concat_ws(' ', 'movement', variant_id, delta, order_id) FROM stock_movements
  UNION ALL SELECT concat_ws(' ', 'commission', line_id, amount, state) FROM commissions
  UNION ALL SELECT concat_ws(' ', 'payout', id, state, rows, amount) FROM payouts
  UNION ALL SELECT concat_ws(' ', 'paid', seller_id, rows, amount) FROM payout_sellers
  UNION ALL SELECT concat_ws(' ', 'account', id, balance, held) FROM accounts
  UNION ALL SELECT concat_ws(' ', 'hold', payment_id, amount, ended_at IS NULL) FROM holds
  UNION ALL SELECT concat_ws(' ', 'paper', series, number, order_id, total) FROM invoices
  UNION ALL SELECT concat_ws(' ', 'difference', kind, name, ours, theirs, gone_at IS NULL) FROM payment_differences
  UNION ALL SELECT concat_ws(' ', 'event', type, subject) FROM events
  UNION ALL SELECT concat_ws(' ', 'first event', min(id)) FROM events
  UNION ALL SELECT concat_ws(' ', 'audit', action, target_kind, target_id) FROM audit
  UNION ALL SELECT concat_ws(' ', 'first audit', min(id)) FROM audit
  UNION ALL SELECT concat_ws(' ', 'anchor', upto) FROM audit_anchors
  UNION ALL SELECT concat_ws(' ', 'kept', (SELECT count(*) FROM idempotency), (SELECT count(*) FROM sessions),
    (SELECT count(*) FROM refresh_tokens))
  UNION ALL SELECT concat_ws(' ', 'found', rowid) FROM order_search WHERE order_search MATCH 'cup OR vase OR mug'
  ORDER BY line)";

fn result(app: &TestApp) -> String {
    let rows: String = app.file().query_row(RESULT, [], |row| row.get(0)).unwrap();
    let key = app.app().keys().audit;
    let report = doctor::examine(app.app().store(), &Actor::system(), &key, |_| {}).unwrap();
    format!("{rows}\n{:?}", report.findings)
}

/// What a step writes: what it does to which table, and after how many passes first.
type Places = BTreeMap<String, usize>;

/// Goes through undisturbed: what is written by which step, and the end.
fn undisturbed(busy: &Busy, world: &World) -> (Places, String) {
    let app = busy.start(world);
    let file = app.file();
    file.execute_batch("CREATE TABLE now (step, pass); INSERT INTO now VALUES (0, 0); CREATE TABLE touched (place, step, pass)")
        .unwrap();
    for (number, place) in every_place(&file).iter().enumerate() {
        file.execute_batch(&format!(
            "CREATE TRIGGER seen_{number} AFTER {place} BEGIN INSERT INTO touched SELECT '{place}', step, pass FROM now; END"
        ))
        .unwrap();
    }
    for (at, time) in PASSES.iter().enumerate() {
        app.clock.pass(*time);
        quiet_while(&app, |step| {
            file.execute(
                "UPDATE now SET step = ?1, pass = ?2",
                params![step as i64, at as i64],
            )
            .unwrap();
        });
    }
    (places(&file), result(&app))
}

/// What was written by the steps, all of which must have had something to do. Columns that were first written right after one
/// another, and equally often by each step, are written by one statement: the first stands for all.
fn places(file: &rusqlite::Connection) -> Places {
    let mut idle: BTreeSet<usize> = (0..STEPS.len()).collect();
    let mut by_place: BTreeMap<String, (i64, usize, String)> = BTreeMap::new();
    let mut rows = file
        .prepare(
            "SELECT place, step, min(pass), count(*), min(rowid) FROM touched GROUP BY place, step ORDER BY place, step",
        )
        .unwrap();
    let mut rows = rows.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let [step, pass, count, first] = [1, 2, 3, 4].map(|at| row.get::<_, i64>(at).unwrap());
        let (step, pass) = (step as usize, pass as usize);
        idle.remove(&step);
        let known = by_place
            .entry(row.get(0).unwrap())
            .or_insert((first, pass, String::new()));
        *known = (
            first.min(known.0),
            pass.min(known.1),
            format!("{} {step}: {count}", known.2),
        );
    }
    assert!(idle.is_empty(), "these have nothing to do here: {idle:?}");
    let mut all: Vec<_> = by_place.into_iter().collect();
    all.sort_by_key(|(_, (first, ..))| *first);
    let mut places = Places::new();
    let mut last = (0, String::new());
    for (place, (first, pass, often)) in all {
        let (deed, table) = place.split_once(" ON ").unwrap();
        let written = format!("{} {table} {often}", &deed[..6]);
        if (first, &written) != (last.0 + 1, &last.1) {
            places.insert(place, pass);
        }
        last = (first, written);
    }
    places
}

/// Everything that can be done to the rows of every table that is no other's part: put in, taken out, each column changed.
fn every_place(file: &rusqlite::Connection) -> Vec<String> {
    let mut columns = file
        .prepare(
            "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE '%\\_search%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
               AND t.name NOT IN ('now', 'touched', 'refinery_schema_history')
             ORDER BY t.name, c.cid",
        )
        .unwrap();
    let rows = columns.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let all: Vec<(String, String)> = rows.unwrap().collect::<rusqlite::Result<_>>().unwrap();
    let tables: BTreeSet<&String> = all.iter().map(|(table, _)| table).collect();
    let whole = tables
        .into_iter()
        .flat_map(|table| ["INSERT", "DELETE"].map(|deed| format!("{deed} ON {table}")));
    let changes = all
        .iter()
        .map(|(table, column)| format!("UPDATE OF {column} ON {table}"));
    whole.chain(changes).collect()
}

/// Goes through while a table fails for a time: the end.
fn disturbed(busy: &Busy, world: &World, (place, since): (&str, usize)) -> String {
    let app = busy.start(world);
    for (at, time) in PASSES.iter().enumerate() {
        app.clock.pass(*time);
        if at == since {
            let planned =
                format!("CREATE TRIGGER planned BEFORE {place} BEGIN SELECT raise(ABORT, 'planned'); END");
            app.file().execute_batch(&planned).unwrap();
            let failed: usize = (0..ROUNDS).map(|_| round(&app, |_| {}).0).sum();
            assert!(failed > 0 || is_noted(&app), "nothing fails: {place}");
            app.file().execute_batch("DROP TRIGGER planned").unwrap();
            app.clock.pass(10 * MINUTE);
        }
        quiet(&app);
    }
    result(&app)
}

/// Whether a failure stands with the message, the task or the letter that met it.
fn is_noted(app: &TestApp) -> bool {
    let noted = "SELECT (SELECT count(*) FROM inbox WHERE failure LIKE '%planned%')
      + (SELECT count(*) FROM payment_tasks WHERE failure LIKE '%planned%')
      + (SELECT count(*) FROM sandbox_messages WHERE attempts > 0)";
    app.number(noted) > 0
}

/// CON-06: each step may run twice and may fail at any table that it writes; when that is over, everything is as it would
/// have been.
#[test]
fn a_step_that_fails_anywhere_is_made_up_for() {
    let world = World::new();
    let busy = Busy::new(&world);
    let (places, end) = undisturbed(&busy, &world);
    println!("{} places", places.len());
    assert!(places.len() > 50, "{places:#?}");
    // They wait for one another's disk more than for the processor.
    let next = AtomicUsize::new(0);
    let places: Vec<(&String, &usize)> = places.iter().collect();
    let try_some = || {
        while let Some((place, since)) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
            let come = disturbed(&busy, &world, (place, **since));
            assert!(come == end, "{place}:\n{}", difference(&end, &come));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(try_some);
        }
    });
}

/// The lines that only one of two has.
fn difference(left: &str, right: &str) -> String {
    let only = |of: &str, not: &str, sign: &str| -> String {
        let mut rest: Vec<&str> = not.lines().collect();
        let mut lines = String::new();
        for line in of.lines() {
            match rest.iter().position(|other| *other == line) {
                Some(at) => drop(rest.remove(at)),
                None => lines += &format!("{sign} {line}\n"),
            }
        }
        lines
    };
    only(left, right, "-") + &only(right, left, "+")
}
