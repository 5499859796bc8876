//! The audit: who did what, found again, and no row of it changed, cut out or put in without its showing.

use std::process::Command;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;
use serde_json::json;
use till::domain::actor::Actor;
use till::domain::audit::Action;
use till::domain::audit::Target;
use till::shop::audit;

use crate::app::TestApp;

/// Someone with the file and without the keys: the triggers are theirs to drop.
fn attacker(app: &TestApp) -> Connection {
    let db = Connection::open(app.dir().join("till.db")).unwrap();
    db.busy_timeout(Duration::from_secs(5)).unwrap();
    db.execute_batch(
        "DROP TRIGGER IF EXISTS audit_fixed; DROP TRIGGER IF EXISTS audit_kept; PRAGMA foreign_keys = OFF;",
    )
    .unwrap();
    db
}

fn order(app: &TestApp, who: &str) -> i64 {
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
    let answer = app.post(who, "/api/v1/orders", body);
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["id"].as_i64().unwrap()
}

fn list(app: &TestApp, query: &str) -> Value {
    let answer = app.get("owner", &format!("/api/v1/audit-logs?{query}"));
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    answer.json()
}

fn actions(page: &Value) -> Vec<&str> {
    page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["action"].as_str().unwrap())
        .collect()
}

fn verify(app: &TestApp, query: &str) -> Value {
    let answer = app.get("owner", &format!("/api/v1/audit-logs/verify?{query}"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// LOG-03, J7: who, when, from where and in which request.
#[test]
fn a_change_is_noted_with_who_made_it_and_from_where() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
    let headers = [("x-request-id", "request-of-ann-1")];
    let placed = app.send("POST", "ann", "/api/v1/orders", &headers, Some(&body));
    let id = placed.json()["id"].as_i64().unwrap();
    let page = list(&app, &format!("target=order:{id}"));
    assert_eq!(page["total"], 1);
    let row = &page["data"][0];
    assert_eq!(row["action"], "order.created");
    assert_eq!(row["target"], json!({ "kind": "order", "id": id }));
    assert_eq!(row["actor"]["name"], "ann");
    assert_eq!(row["actor"]["kind"], "user");
    assert_eq!(row["ip"], "127.0.0.1");
    assert_eq!(row["request_id"], "request-of-ann-1");
    assert_eq!(row["at"], "2026-03-01T12:00:00.000Z");
}

/// LOG-03, SCHEMA *Audit*: creations of orders stand in no index and are found by bisection.
#[test]
fn the_audit_is_found_by_actor_action_target_and_time() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    let mut orders = Vec::new();
    for hour in 0..6 {
        app.clock.pass(3_600_000);
        app.forget_tokens();
        orders.push(order(&app, if hour % 2 == 0 { "ann" } else { "ben" }));
    }
    app.forget_tokens();
    for id in &orders {
        let page = list(&app, &format!("target=order:{id}"));
        assert_eq!(actions(&page), ["order.created"], "order {id}");
    }
    assert_eq!(actions(&list(&app, "target=order:99")), Vec::<&str>::new());
    let ann = list(&app, "target=order:1")["data"][0]["actor"]["id"]
        .as_i64()
        .unwrap();
    let hers = list(&app, &format!("actor={ann}&action=order.created"));
    assert_eq!(hers["data"].as_array().unwrap().len(), 3);
    let third = list(
        &app,
        "from=2026-03-01T15:00:00Z&to=2026-03-01T15:00:00Z&target=order",
    );
    assert_eq!(third["data"][0]["target"]["id"], orders[2]);
    assert_eq!(third["data"].as_array().unwrap().len(), 1);
    assert_eq!(actions(&list(&app, "from=2026-03-02")), Vec::<&str>::new());
    let day = list(&app, "from=2026-03-01&to=2026-03-01");
    assert_eq!(day["total"], list(&app, "")["total"]);
    assert_eq!(
        actions(&list(&app, "actor=system&action=product.created")),
        Vec::<&str>::new()
    );
    let made = list(&app, "actor=system&action=user.created");
    assert_eq!(actions(&made), ["user.created"]);
}

/// API.md *Rules*: keyset paging, newest first, forth and back.
#[test]
fn the_audit_is_paged_newest_first() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    for _ in 0..12 {
        order(&app, "ann");
    }
    let all: Vec<i64> = ids(&list(&app, "limit=200"));
    assert!(all.windows(2).all(|two| two[0] > two[1]), "{all:?}");
    for filter in ["", "&action=order.created", "&target=order"] {
        let whole = ids(&list(&app, &format!("limit=200{filter}")));
        let mut paged = Vec::new();
        let mut query = format!("limit=5{filter}");
        loop {
            let page = list(&app, &query);
            paged.extend(ids(&page));
            match page["next"].as_str() {
                Some(next) => query = format!("limit=5{filter}&after={next}"),
                None => break,
            }
        }
        assert_eq!(paged, whole, "{filter}");
        let first = list(&app, &format!("limit=5{filter}"));
        let next = first["next"].as_str().unwrap();
        let back = ids(&list(&app, &format!("limit=2{filter}&before={next}")));
        assert_eq!(back, whole[2..4], "{filter}");
        assert_eq!(ids(&list(&app, &format!("limit=5&page=2{filter}"))), whole[5..10]);
    }
}

/// API.md *Rules*: a list that is filtered is counted too, as far as a look goes.
#[test]
fn what_is_filtered_of_the_audit_is_counted() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    for _ in 0..3 {
        order(&app, "ann");
    }
    let counted = |query: &str| {
        let page = list(&app, query);
        (page["total"].as_i64(), page["total_at_least"].as_i64())
    };
    for query in [
        "action=order.created",
        "target=order&limit=2",
        "action=order.created&actor=user&page=2",
    ] {
        assert_eq!(counted(query), (Some(3), None), "{query}");
    }
    assert_eq!(counted("action=coupon.created"), (Some(0), None));
    // Exports by the system, more of them than a look passes over.
    app.execute(
        "INSERT INTO audit (id, at, actor_kind, action, target_kind, digest, mac)
         WITH RECURSIVE more (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < 50010)
         SELECT last.id + n, last.at, 2, 61, 9, zeroblob(32), zeroblob(32)
         FROM more, (SELECT max(id) AS id, max(at) AS at FROM audit) AS last",
    );
    assert_eq!(counted("action=export.done"), (None, Some(10_000)));
    assert_eq!(counted("actor=user"), (None, Some(0)));
    assert_eq!(counted("action=product.created"), (Some(1), None), "by its index");
    assert_eq!(counted("target=order:1"), (Some(1), None));
}

fn ids(page: &Value) -> Vec<i64> {
    page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_i64().unwrap())
        .collect()
}

/// AZ-01
#[test]
fn the_audit_is_for_those_with_the_right() {
    let app = TestApp::start();
    for path in ["audit-logs", "audit-logs/verify"] {
        for (who, status) in [
            ("nobody", 401),
            ("ann", 403),
            ("seller", 403),
            ("staff", 200),
            ("owner", 200),
        ] {
            assert_eq!(
                app.get(who, &format!("/api/v1/{path}")).status,
                status,
                "{who} {path}"
            );
        }
    }
    for query in [
        "actor=me",
        "action=dreamt",
        "target=cloud:7",
        "target=order:x",
        "from=x",
        "limit=0",
        "q=1",
    ] {
        let answer = app.get("owner", &format!("/api/v1/audit-logs?{query}"));
        assert_eq!(
            (answer.status, answer.code()),
            (400, 2002),
            "{query}: {}",
            answer.body
        );
    }
}

/// LOG-03: without dropping the triggers not even REPLACE gets past them.
#[test]
fn the_file_itself_refuses_to_change_the_audit() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let db = Connection::open(app.dir().join("till.db")).unwrap();
    db.pragma_update(None, "recursive_triggers", true).unwrap();
    for sql in [
        "UPDATE audit SET at = at + 1 WHERE id = 2",
        "UPDATE audit SET content = 'another' WHERE id = 2",
        "DELETE FROM audit WHERE id = 2",
        "REPLACE INTO audit SELECT id, at + 1, actor_kind, actor_id, action, target_kind, target_id, event_id, ip,
           request_id, content, digest, mac FROM audit WHERE id = 2",
    ] {
        let refused = db.execute(sql, []).unwrap_err().to_string();
        assert!(refused.starts_with("audit rows are"), "{sql}: {refused}");
    }
    assert_eq!(verify(&app, "")["ok"], true);
}

/// LOG-03, N6: whatever is done to row 4, it is named.
#[test]
fn a_tampered_row_is_named() {
    let app = TestApp::start();
    for sku in ["MUG", "MUG-2", "MUG-3"] {
        app.product(sku, "4.50", 10);
    }
    order(&app, "ann");
    assert_eq!(verify(&app, "")["ok"], true);
    let attacker = attacker(&app);
    attacker
        .execute_batch("CREATE TABLE kept_audit AS SELECT * FROM audit; CREATE TABLE kept_events AS SELECT * FROM events;")
        .unwrap();
    for sql in [
        "UPDATE audit SET at = at + 1 WHERE id = 4",
        "UPDATE audit SET actor_kind = 9 WHERE id = 4",
        "UPDATE audit SET actor_kind = 3 - actor_kind WHERE id = 4",
        "UPDATE audit SET actor_id = ifnull(actor_id + 1, -1) WHERE id = 4",
        "UPDATE audit SET actor_id = NULL WHERE id = 4",
        "UPDATE audit SET action = action + 1 WHERE id = 4",
        "UPDATE audit SET action = 999 WHERE id = 4",
        "UPDATE audit SET target_kind = 999 WHERE id = 4",
        "UPDATE audit SET target_id = NULL WHERE id = 4",
        "UPDATE audit SET target_id = target_id + 1 WHERE id = 4",
        "UPDATE audit SET event_id = NULL WHERE id = 4",
        "UPDATE audit SET event_id = event_id - 1 WHERE id = 4",
        "UPDATE audit SET ip = NULL WHERE id = 4",
        "UPDATE audit SET ip = x'7f000002' WHERE id = 4",
        "UPDATE audit SET request_id = request_id || 'x' WHERE id = 4",
        "UPDATE audit SET request_id = NULL WHERE id = 4",
        "UPDATE audit SET content = '' WHERE id = 4",
        "UPDATE audit SET content = '{}' WHERE id = 4",
        "UPDATE audit SET digest = zeroblob(32) WHERE id = 4",
        "UPDATE audit SET mac = zeroblob(32) WHERE id = 4",
        "UPDATE audit SET (digest, mac) = (SELECT digest, mac FROM audit WHERE id = 5) WHERE id = 4",
        "UPDATE events SET data = replace(data, 'MUG', 'mug') WHERE id = (SELECT event_id FROM audit WHERE id = 4)",
        "UPDATE events SET data = data || ' ' WHERE id = (SELECT event_id FROM audit WHERE id = 4)",
        "UPDATE events SET data = (SELECT data FROM events WHERE type = 1) WHERE id = (SELECT event_id FROM audit WHERE id = 4)",
        "DELETE FROM events WHERE id = (SELECT event_id FROM audit WHERE id = 4)",
        "DELETE FROM audit WHERE id = 4",
        "DELETE FROM audit WHERE id = 4; UPDATE audit SET id = id - 1 WHERE id > 4",
    ] {
        attacker.execute_batch(sql).unwrap();
        let found = verify(&app, "");
        assert_eq!(
            (&found["ok"], &found["broken"]["id"], &found["rows"]),
            (&json!(false), &json!(4), &json!(3)),
            "{sql}: {found}"
        );
        attacker
            .execute_batch(
                "DELETE FROM audit; INSERT INTO audit SELECT * FROM kept_audit;
                 DELETE FROM events; INSERT INTO events SELECT * FROM kept_events;",
            )
            .unwrap();
    }
    assert_eq!(verify(&app, "")["ok"], true);
    app.expect_findings();
}

/// LOG-03: a row put in before the first, in between, or behind the last.
#[test]
fn a_row_that_was_put_in_is_named() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let last = verify(&app, "")["rows"].as_i64().unwrap();
    let db = attacker(&app);
    for (id, named) in [(0, 1), (-7, 1), (last + 1, last + 1)] {
        let copy = "INSERT INTO audit SELECT ?1, at, actor_kind, actor_id, action, target_kind, target_id, event_id, ip,
           request_id, content, digest, mac FROM audit WHERE id = 2";
        db.execute(copy, [id]).unwrap();
        assert_eq!(verify(&app, "")["broken"]["id"], named, "put in at {id}");
        db.execute("DELETE FROM audit WHERE id = ?1", [id]).unwrap();
    }
    db.execute("UPDATE audit SET id = 1000 WHERE id = 2", []).unwrap();
    assert_eq!(verify(&app, "")["broken"]["id"], 2);
    app.expect_findings();
}

/// LOG-03, N6: what is left of a chain whose tail was cut off is whole; the head that was noted elsewhere tells.
#[test]
fn a_tail_that_was_cut_off_is_found_by_the_head_that_was_noted() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    order(&app, "ann");
    let before = verify(&app, "");
    let head = before["head"].as_str().unwrap();
    assert_eq!(verify(&app, &format!("head={head}"))["ok"], true);
    order(&app, "ann");
    assert_eq!(
        verify(&app, &format!("head={head}"))["ok"],
        true,
        "the chain has grown"
    );
    let (id, mac) = head.split_once(':').unwrap();
    let other = format!("{id}:{}", "0".repeat(mac.len()));
    assert_eq!(
        verify(&app, &format!("head={other}"))["broken"]["id"],
        id.parse::<i64>().unwrap()
    );
    let cut = format!("DELETE FROM audit WHERE id >= {id}");
    attacker(&app).execute_batch(&cut).unwrap();
    assert_eq!(verify(&app, "")["ok"], true);
    let found = verify(&app, &format!("head={head}"));
    assert_eq!(found["broken"]["id"], id.parse::<i64>().unwrap(), "{found}");
    app.expect_findings();
}

/// LOG-03: the command says the same, with the head to note and an exit code.
#[test]
fn the_command_names_the_first_bad_row() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let run = |more: &[&str]| {
        let out = Command::new(env!("CARGO_BIN_EXE_till"))
            .args(["--data", app.dir().to_str().unwrap(), "audit", "verify"])
            .args(more)
            .output()
            .unwrap();
        (out.status.code().unwrap(), String::from_utf8(out.stdout).unwrap())
    };
    let (code, text) = run(&[]);
    assert_eq!(code, 0, "{text}");
    let head = text.lines().find_map(|line| line.strip_prefix("head ")).unwrap();
    assert_eq!(run(&["--head", head]).0, 0);
    attacker(&app)
        .execute_batch("UPDATE audit SET at = at - 1 WHERE id = 2")
        .unwrap();
    let (code, text) = run(&["--json"]);
    let found: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &found["broken"]["id"]), (1, &json!(2)));
    assert!(run(&[]).1.starts_with("the audit is broken at row 2:"));
    app.expect_findings();
}

/// Numbers from a seed, the same at each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (x ^ (x >> 31)) % sides
    }
}

/// Changes one byte of one column of one row, `times` times over; each time that row is named, and no other.
fn tamper(rows: i64, times: u32) {
    const COLUMNS: [&str; 11] = [
        "at",
        "actor_kind",
        "actor_id",
        "action",
        "target_kind",
        "target_id",
        "ip",
        "request_id",
        "content",
        "digest",
        "mac",
    ];
    let app = TestApp::start();
    let by = Actor {
        user: Some(till::domain::id::UserId(1)),
        origin: till::domain::actor::Origin {
            ip: Some([10, 0, 0, 7].into()),
            request_id: Some("0123456789abcdef".into()),
        },
        ..Actor::system()
    };
    let noted = app.app().store().write(move |tx| {
        (0..rows).try_for_each(|number| {
            let target = (Target::Product, Some(number));
            let content = format!("{{\"number\":{number}}}");
            audit::note(tx, &by, Action::ProductUpdated, target, None, Some(&content))
        })
    });
    noted.unwrap();
    let db = attacker(&app);
    let key = app.app().keys().audit;
    let mut dice = Dice(2026);
    for _ in 0..times {
        let id = 1 + dice.roll(rows as u64) as i64;
        let column = COLUMNS[dice.roll(COLUMNS.len() as u64) as usize];
        let kept: rusqlite::types::Value = db
            .query_row(
                &format!("SELECT {column} FROM audit WHERE id = ?1"),
                [id],
                |row| row.get(0),
            )
            .unwrap();
        let update = format!("UPDATE audit SET {column} = ?2 WHERE id = ?1");
        db.execute(&update, rusqlite::params![id, one_byte_off(&kept, &mut dice)])
            .unwrap();
        let verdict = app
            .app()
            .store()
            .read(|db| audit::verify(db, &Actor::system(), &key, None, |_| true))
            .unwrap();
        assert_eq!(verdict.broken.map(|broken| broken.id.0), Some(id), "{column}");
        db.execute(&update, rusqlite::params![id, kept]).unwrap();
    }
    assert_eq!(verify(&app, "")["ok"], true);
}

fn one_byte_off(value: &rusqlite::types::Value, dice: &mut Dice) -> rusqlite::types::Value {
    use rusqlite::types::Value;
    match value.clone() {
        Value::Integer(number) => Value::Integer(number ^ (1 << dice.roll(40))),
        Value::Text(text) => {
            let mut bytes = text.into_bytes();
            let at = dice.roll(bytes.len() as u64) as usize;
            bytes[at] ^= 1;
            Value::Text(String::from_utf8(bytes).unwrap())
        }
        Value::Blob(mut bytes) => {
            let at = dice.roll(bytes.len() as u64) as usize;
            bytes[at] ^= 1 << dice.roll(8);
            Value::Blob(bytes)
        }
        other => other,
    }
}

/// LOG-03
#[test]
fn one_byte_of_any_row_is_found() {
    tamper(300, 100);
}

/// LOG-03: any 1 of 10,000 rows, 1,000 times.
#[test]
#[ignore = "a minute"]
fn one_byte_of_10_000_rows_is_found_1_000_times() {
    tamper(10_000, 1_000);
}
