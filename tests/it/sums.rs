//! What the days have sold, kept by the worker: at any moment of any history it is what the rows come to.

use serde_json::Value;
use serde_json::json;
use till::shop::sums;
use till::worker;
use till::worker::Outcome;

use crate::app::TestApp;
use crate::imports::Folder;
use crate::imports::import;
use crate::imports::invoice;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const ORDERS: &str = "/api/v1/orders";
const STATISTICS: &str = "/api/v1/orders/statistics";
const ZONES: [&str; 4] = ["UTC", "Europe/London", "America/St_Johns", "Pacific/Apia"];

/// Lets the worker sum up until nothing is due; how many steps that took.
fn sum_up(app: &TestApp) -> usize {
    let step = || app.block_on(worker::sums::step(app.app())).unwrap();
    let mut steps = 0;
    while step() == Outcome::Worked {
        steps += 1;
        assert!(steps < 200, "the sums come to no end");
    }
    steps
}

/// What a query is told with the sums, and what without them.
fn both(app: &TestApp, query: &str) -> (Value, Value) {
    let ask = || {
        let told = app.get("owner", &format!("{STATISTICS}?{query}"));
        assert_eq!(told.status, 200, "{query}: {}", told.body);
        told.json()
    };
    let with = ask();
    app.change("UPDATE sums_upto SET zone = 'not ' || zone");
    let without = ask();
    app.change("UPDATE sums_upto SET zone = substr(zone, 5)");
    (with, without)
}

fn sums_are_right(app: &TestApp, query: &str) {
    let (with, without) = both(app, query);
    assert_eq!(with, without, "{query}");
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((self.0 >> 33) % sides.unsigned_abs()) as i64
    }
}

fn pass(app: &TestApp, ms: i64) {
    app.clock.pass(ms);
    app.forget_tokens();
}

/// One thing that may happen to a shop. What is refused changes nothing, and is as good.
fn happen(app: &TestApp, dice: &mut Dice, folder: &Folder, at: usize) {
    let newest = app.number("SELECT ifnull(max(id), 0) FROM orders");
    let order = newest - dice.below(newest.clamp(1, 12));
    let path = format!("{ORDERS}/{order}");
    match dice.below(12) {
        0..=3 => {
            let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 + dice.below(3) }] });
            assert_eq!(app.post("ann", ORDERS, body).status, 201);
        }
        4 => {
            app.post("owner", "/api/v1/payments/manual", json!({ "order_id": order }));
        }
        5 | 6 => {
            let states = ["processing", "shipped", "delivered", "canceled"];
            let version = app.number(&format!(
                "SELECT ifnull(max(version), 1) FROM orders WHERE id = {order}"
            ));
            let status = states[dice.below(4) as usize];
            app.patch(
                "owner",
                &format!("{path}/status"),
                json!({ "status": status, "version": version }),
            );
        }
        7 => {
            let body = json!({ "amount": format!("{}.50", dice.below(3)), "reason": "chipped" });
            app.post("owner", &format!("{path}/refunds"), body);
        }
        8 => {
            app.post("owner", &format!("{path}/cancel"), json!({}));
        }
        9 if dice.below(4) == 0 => bring_in(app, dice, folder, at),
        9 if dice.below(4) == 0 => {
            let zone = ZONES[dice.below(4) as usize];
            assert_eq!(
                crate::settings::set(app, json!({ "time_zone": zone })).status,
                200
            );
        }
        10 => {
            app.block_on(worker::sums::step(app.app())).unwrap();
        }
        _ => pass(app, dice.below(40) * HOUR),
    }
}

/// A sale and a credit note of some weeks ago.
fn bring_in(app: &TestApp, dice: &mut Dice, folder: &Folder, at: usize) {
    let line = r#"{"sku":"MUG","qty":2,"unit_price_pence":400}"#;
    let when = format!("2026-02-{:02}T{:02}:30:00", 1 + dice.below(28), dice.below(24));
    let sale = invoice(&format!("{at}"), &when, line);
    let credit = invoice(&format!("C{at}"), &when, &line.replace(":2,", ":-2,"));
    let lines = format!("{sale}\n{}\n", credit.replace("\"sale\"", "\"cancellation\""));
    let (code, told) = import(app.dir(), "orders", &folder.file("o.jsonl", lines), &[]);
    assert_eq!(code, 0, "{told}");
}

fn history(seed: u64, length: usize) {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100_000);
    let folder = Folder::new(&format!("sums-{seed}"));
    let mut dice = Dice(seed);
    for at in 0..length {
        happen(&app, &mut dice, &folder, at + 1);
        if at % 5 == 4 {
            let by = ["day", "week", "month"][dice.below(3) as usize];
            sums_are_right(&app, &format!("by={by}"));
            let (from, to) = (1 + dice.below(28), dice.below(30));
            sums_are_right(&app, &format!("from=2026-02-{from:02}&by={by}"));
            let to = format!("2026-03-{:02}T{:02}:17:00Z", 1 + to, dice.below(24));
            sums_are_right(&app, &format!("to={to}"));
        }
    }
    sum_up(&app);
    assert_eq!(sum_up(&app), 0);
    sums_are_right(&app, "by=day");
    // At the end the doctor adds up every day.
}

/// D15, N11: random histories (orders, steps, money that goes back, cancellations, imports of the past, another time zone),
/// with the worker anywhere between: what is told is what the rows come to.
#[test]
fn sums_are_what_the_rows_come_to() {
    for seed in 1..=3 {
        history(seed, 120);
    }
}

/// The same for longer.
#[test]
#[ignore = "minutes: for the release"]
fn sums_are_what_the_rows_come_to_at_length() {
    for seed in 10..=40 {
        history(seed, 600);
    }
}

/// D15: what changes in a day that is summed up shows at once, before the worker has looked again.
#[test]
fn a_change_of_a_day_that_is_over_shows_at_once() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    for _ in 0..3 {
        let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
        assert_eq!(app.post("ann", ORDERS, body).status, 201);
    }
    assert_eq!(sum_up(&app), 0, "today is not over");
    pass(&app, 3 * DAY);
    assert_eq!(sum_up(&app), 1);
    assert_eq!(app.number("SELECT gross FROM day_sums"), 1350);
    let gross = || {
        app.get("owner", &format!("{STATISTICS}?from=2026-03-01&to=2026-03-01"))
            .json()["gross"]
            .clone()
    };
    assert_eq!(gross(), "13.50");
    assert_eq!(
        app.post("ann", &format!("{ORDERS}/1/cancel"), json!({})).status,
        200
    );
    assert_eq!(gross(), "9.00");
    assert_eq!(app.number("SELECT gross FROM day_sums"), 1350);
    assert_eq!(sum_up(&app), 1);
    assert_eq!(app.number("SELECT gross FROM day_sums"), 900);
    // Sums are what is asked, not the rows again.
    app.change("UPDATE day_sums SET gross = 77");
    assert_eq!(gross(), "0.77");
    app.change("UPDATE day_sums SET gross = 900");
}

/// D15: sums that missed something are passed over, and made anew.
#[test]
fn sums_that_missed_events_are_not_trusted() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
    assert_eq!(app.post("ann", ORDERS, body.clone()).status, 201);
    pass(&app, 2 * DAY);
    sum_up(&app);
    app.expect_findings();
    assert_eq!(
        app.post("ann", &format!("{ORDERS}/1/cancel"), json!({})).status,
        200
    );
    assert_eq!(app.post("ann", ORDERS, body).status, 201);
    app.change("DELETE FROM events WHERE id < (SELECT max(id) FROM events)");
    let gross = || app.get("owner", STATISTICS).json()["gross"].clone();
    assert_eq!(gross(), "4.50");
    assert_eq!(sum_up(&app), 1);
    assert_eq!(app.number("SELECT canceled FROM day_sums"), 1);
    assert_eq!(gross(), "4.50");
}

/// What the owner is told of one day.
fn day(app: &TestApp, day: &str) -> Value {
    let told = app.get("owner", &format!("{STATISTICS}?from={day}&to={day}"));
    assert_eq!(told.status, 200, "{}", told.body);
    told.json()
}

fn place(app: &TestApp) {
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
    assert_eq!(app.post("ann", ORDERS, body).status, 201);
}

/// D15: a credit note of the past, of which no order tells, shows at once.
#[test]
fn a_credit_note_of_a_day_that_is_over_shows_at_once() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    let folder = Folder::new("sums-credit");
    let line = r#"{"sku":"MUG","qty":1,"unit_price_pence":450}"#;
    let bring = |name: &str, kind: &str, line: &str| {
        let text = invoice(name, "2026-02-03T12:00:00", line).replace("\"sale\"", kind);
        let (code, told) = import(app.dir(), "orders", &folder.file(name, text), &[]);
        assert_eq!(code, 0, "{told}");
    };
    bring("1", "\"sale\"", line);
    sum_up(&app);
    assert_eq!(app.number("SELECT count(*) FROM day_sums"), 1);
    bring("C1", "\"cancellation\"", &line.replace(":1,", ":-1,"));
    assert_eq!(day(&app, "2026-02-03")["refunded"], "4.50");
    sum_up(&app);
    assert_eq!(app.number("SELECT refunded FROM day_sums"), 450);
}

/// D15: what changes about an order changes the day on which money of it went back, too.
#[test]
fn the_day_on_which_money_went_back_is_added_up_again() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    place(&app);
    let paid = app.post("owner", "/api/v1/payments/manual", json!({ "order_id": 1 }));
    assert_eq!(paid.status, 201, "{}", paid.body);
    pass(&app, 2 * DAY);
    let back = json!({ "amount": "1.50", "reason": "chipped" });
    assert_eq!(
        app.post("owner", &format!("{ORDERS}/1/refunds"), back).status,
        201
    );
    pass(&app, 2 * DAY);
    sum_up(&app);
    let sums = "SELECT group_concat(gross || ' ' || refunded, ', ') FROM day_sums";
    let kept = || -> String { app.db().query_row(sums, [], |row| row.get(0)).unwrap() };
    assert_eq!(kept(), "450 0, 0 150");
    assert_eq!(day(&app, "2026-03-03")["refunded"], "1.50");
    let canceled = app.post("owner", &format!("{ORDERS}/1/cancel"), json!({}));
    assert_eq!(canceled.status, 200, "{}", canceled.body);
    assert_eq!(day(&app, "2026-03-03")["refunded"], "0.00");
    sum_up(&app);
    sums_are_right(&app, "by=day");
}

/// D15: what was added up by another calendar, and comes late, is not kept among the days of today's.
#[test]
fn sums_that_come_late_are_not_kept() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    let zone = |name: &str| {
        let set = crate::settings::set(&app, json!({ "time_zone": name }));
        assert_eq!(set.status, 200, "{}", set.body);
    };
    for _ in 0..6 {
        place(&app);
        pass(&app, 7 * HOUR);
    }
    pass(&app, 2 * DAY);
    sum_up(&app);
    let canceled = app.post("ann", &format!("{ORDERS}/1/cancel"), json!({}));
    assert_eq!(canceled.status, 200);
    let now = app.clock.now();
    let due = app
        .block_on(app.app().read(move |db| sums::due(db, now)))
        .unwrap();
    let late = due.unwrap();
    zone("Pacific/Apia");
    sum_up(&app);
    zone("UTC");
    app.block_on(app.app().write(move |tx| sums::keep(tx, &late)))
        .unwrap();
    sums_are_right(&app, "by=day");
    sum_up(&app);
    sums_are_right(&app, "by=day");
}
