//! The demo: a believable shop, the same at each seeding, made by the verbs themselves, so that it is sound.

use std::process::Command;

use serde_json::Value;
use serde_json::json;
use till::domain::actor::Actor;
use till::secret;
use till::shop::demo;
use till::shop::demo::Passwords;

use crate::app::TestApp;

fn seeded() -> TestApp {
    let app = TestApp::start();
    let passwords = Passwords {
        owner: secret::hash_password("an owner's own").unwrap(),
        demo: secret::hash_password("demotest").unwrap(),
    };
    let made = app
        .app()
        .store()
        .write(move |tx| demo::seed(tx, &Actor::system(), &passwords))
        .unwrap();
    assert_eq!((made.products, made.customers, made.orders), (120, 40, 300));
    app
}

fn ask(app: &TestApp, sql: &str) -> Vec<String> {
    let db = rusqlite::Connection::open(app.dir().join("till.db")).unwrap();
    let mut statement = db.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(|row| row.unwrap()).collect()
}

/// B8, A9: both accounts sign in, the catalogue has its eight categories, the orders fill two months, none is of
/// tomorrow; the doctor finds nothing at the end.
#[test]
fn the_demo_is_a_shop_in_full_swing() {
    let app = seeded();
    for (who, role) in [("demo", "seller"), ("demo2", "customer")] {
        let body = json!({ "email": format!("{who}@demo.com"), "password": "demotest" });
        let answer = app
            .client()
            .send("POST", "/api/v1/auth/login", None, &[], Some(&body));
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.json()["user"]["role"], role);
    }
    let categories = ask(&app, "SELECT count(*) || '' FROM categories");
    assert_eq!(categories, ["8"]);
    let months = ask(
        &app,
        "SELECT ((max(placed_at) - min(placed_at)) / 86400000) || '' FROM orders",
    );
    assert!(months[0].parse::<i64>().unwrap() >= 55, "{months:?}");
    let now = app.clock.now().ms();
    let late = ask(
        &app,
        &format!(
            "SELECT id || '' FROM events WHERE at > {now} UNION ALL SELECT id || '' FROM audit WHERE at > {now}"
        ),
    );
    assert!(late.is_empty(), "{late:?}");
    assert_eq!(ask(&app, "SELECT value FROM settings WHERE name = 'demo'"), ["1"]);
    let buyers = ask(&app, "SELECT count(DISTINCT customer_id) || '' FROM orders");
    assert!(buyers[0].parse::<i64>().unwrap() >= 35, "{buyers:?}");
}

/// B8, D8: an order stands in each of the six states, and most of those under way or arrived are paid, not all.
#[test]
fn the_demos_orders_are_in_every_state() {
    let app = seeded();
    let standing = ask(
        &app,
        "SELECT DISTINCT status || ' ' || payment_status FROM orders ORDER BY status, payment_status",
    );
    // Pending and canceled ones are unpaid, refunded ones refunded, the others either unpaid or paid.
    assert_eq!(
        standing,
        ["0 0", "1 0", "1 4", "2 0", "2 4", "3 0", "3 4", "4 0", "5 6"]
    );
    let paid = ask(
        &app,
        "SELECT (100 * sum(payment_status = 4) / count(*)) || '' FROM orders WHERE status IN (1, 2, 3)",
    );
    assert!((80..=90).contains(&paid[0].parse::<i64>().unwrap()), "{paid:?}");
    let refunded = ask(&app, "SELECT count(*) || '' FROM orders WHERE status = 5");
    assert!(
        (5..=20).contains(&refunded[0].parse::<i64>().unwrap()),
        "{refunded:?}"
    );
}

/// B8: the same choices, whenever it is made.
#[test]
fn two_demos_are_the_same_shop() {
    let told = |app: &TestApp| {
        ask(
            app,
            "SELECT o.id || ' ' || o.customer_id || ' ' || o.status || ' ' || o.total || ' ' || o.placed_at || ' ' ||
               o.payment_status || ' ' || o.paid || ' ' || o.refunded || ' ' || ifnull(o.updated_at, '-') || ' ' ||
               (SELECT group_concat(sku || '*' || quantity) FROM order_lines WHERE order_id = o.id)
             FROM orders o ORDER BY o.id",
        )
    };
    assert_eq!(told(&seeded()), told(&seeded()));
}

/// B8: the command makes it once, prints the owner's password, and leaves a file that somebody uses alone.
#[test]
fn the_command_fills_an_empty_file_and_no_other() {
    let dir = std::env::temp_dir().join(format!("till-seed-{}", std::process::id()));
    let till = |arguments: &[&str]| {
        let out = Command::new(env!("CARGO_BIN_EXE_till"))
            .args(["--data", dir.to_str().unwrap(), "--json"])
            .args(arguments)
            .output()
            .unwrap();
        (out.status.code(), String::from_utf8(out.stdout).unwrap())
    };
    let (code, said) = till(&["seed", "--demo"]);
    assert_eq!(code, Some(0), "{said}");
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["seeded"]["orders"], 300);
    assert_eq!(said["owner"]["password"].as_str().unwrap().len(), 16);
    let (code, found) = till(&["doctor"]);
    assert_eq!(code, Some(0), "{found}");
    let (code, _) = till(&["seed", "--demo"]);
    assert_eq!(code, Some(1));
    let _ = std::fs::remove_dir_all(&dir);
}
