//! Wallets: paid in and out, put right by hand; never below zero, nothing twice.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;

pub const DEPOSIT: &str = "/api/v1/balance/deposit";
const WITHDRAW: &str = "/api/v1/balance/withdraw";

/// A shop with mugs, where everybody may pay in and out.
pub fn shop() -> TestApp {
    shop_of(1000)
}

/// The same with so many mugs.
pub fn shop_of(mugs: i64) -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", mugs);
    set(&app, "wallet.deposits", "open");
    set(&app, "wallet.withdrawals", "open");
    app
}

pub fn set(app: &TestApp, name: &str, value: &str) {
    let sql = "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2";
    app.db().execute(sql, [name, value]).unwrap();
}

pub fn user(app: &TestApp, who: &str) -> i64 {
    app.token(who);
    app.number(&format!("SELECT id FROM users WHERE username = '{who}'"))
}

pub fn deposit(app: &TestApp, who: &str, amount: &str) {
    let answer = app.post(who, DEPOSIT, json!({ "amount": amount }));
    assert_eq!(answer.status, 201, "{}", answer.body);
}

/// Balance, held, available.
pub fn balance(app: &TestApp, who: &str) -> Value {
    let told = app.get(who, "/api/v1/balance").json();
    json!([told["balance"], told["held"], told["available"]])
}

/// Sends one request with each key at once, as ann.
pub fn at_once(app: &TestApp, path: &str, body: &Value, keys: &[String]) -> Vec<Answer> {
    let token = app.token("ann");
    let token = token.as_deref();
    std::thread::scope(|scope| {
        let send = |key: &String| {
            let headers = [("idempotency-key", key.clone())];
            scope.spawn(move || {
                let headers = headers.each_ref().map(|(name, key)| (*name, key.as_str()));
                app.client().send("POST", path, token, &headers, Some(body))
            })
        };
        let sent: Vec<_> = keys.iter().map(send).collect();
        sent.into_iter().map(|sent| sent.join().unwrap()).collect()
    })
}

pub fn keys(count: usize) -> Vec<String> {
    (0..count).map(|key| format!("key-{key}")).collect()
}

fn ids(page: &Value) -> Vec<i64> {
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| row["id"].as_i64().unwrap()).collect()
}

/// F1, F2, F3, F6
#[test]
fn money_goes_in_and_out_and_the_balance_follows() {
    let app = shop();
    let empty = app.get("ann", "/api/v1/balance").json();
    assert_eq!(
        json!([empty["balance"], empty["currency"], empty["updated_at"]]),
        json!(["0.00", "EUR", null])
    );
    let made = app.post("ann", DEPOSIT, json!({ "amount": "20.00" }));
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    assert_eq!(
        json!([made["type"], made["amount"], made["balance"], made["status"]]),
        json!(["deposit", "20.00", "20.00", "completed"])
    );
    assert_eq!(made["transaction_id"], made["id"]);
    let out = app.post("ann", WITHDRAW, json!({ "amount": "7.50" })).json();
    assert_eq!(
        json!([out["type"], out["amount"], out["balance"]]),
        json!(["withdraw", "-7.50", "12.50"])
    );
    let short = app.post("ann", WITHDRAW, json!({ "amount": "12.51" }));
    assert_eq!((short.status, short.code()), (422, 6005), "{}", short.body);
    assert_eq!(
        short.json()["error"]["details"],
        json!({ "wanted": "12.51", "available": "12.50" })
    );
    for bad in ["0", "-1", "0.001", "much"] {
        let refused = app.post("ann", DEPOSIT, json!({ "amount": bad }));
        assert_eq!(refused.status, 400, "{bad}: {}", refused.body);
    }
    assert_eq!(balance(&app, "ann"), json!(["12.50", "0.00", "12.50"]));
    assert_eq!(
        app.number("SELECT count(*) FROM audit WHERE action IN (160, 161)"),
        2
    );
}

/// MON-08, F5: two at once, and two hundred: the last money is spent once.
#[test]
fn two_hundred_withdrawals_at_once_never_go_below_zero() {
    let app = shop();
    deposit(&app, "ann", "10.00");
    for (count, amount, most) in [(2, "10.00", 1), (200, "0.30", 33)] {
        if most > 1 {
            deposit(&app, "ann", "10.00");
        }
        let keys: Vec<String> = keys(count).iter().map(|key| format!("{amount} {key}")).collect();
        let answers = at_once(&app, WITHDRAW, &json!({ "amount": amount }), &keys);
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!((answer.status, answer.code()), (422, 6005), "{}", answer.body);
        }
        let won = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(won, most);
    }
    assert_eq!(balance(&app, "ann")[0], "0.10");
}

/// So many want the last money of a wallet at once, one half of them out of the shop and the other for an order, again and
/// again: one gets it each time.
fn last_money(spenders: usize, rounds: usize) {
    let watch = till::clock::Stopwatch::start();
    let app = shop_of(10_000);
    let token = app.token("ann");
    let withdraw = json!({ "amount": "9.00" });
    let buy = json!({ "items": [{ "sku": "MUG", "quantity": 2 }], "payment_method": "wallet" });
    let mut bought = 0;
    for round in 0..rounds {
        deposit(&app, "ann", "9.00");
        let answers: Vec<(bool, Answer)> = std::thread::scope(|scope| {
            let send = |number: usize| {
                let is_order = number.is_multiple_of(2);
                let (path, body) = match is_order {
                    true => ("/api/v1/orders", &buy),
                    false => (WITHDRAW, &withdraw),
                };
                let (app, token) = (&app, token.as_deref());
                scope.spawn(move || (is_order, app.client().send("POST", path, token, &[], Some(body))))
            };
            let sent: Vec<_> = (0..spenders).map(send).collect();
            sent.into_iter().map(|sent| sent.join().unwrap()).collect()
        });
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|(_, answer)| answer.status == 201);
        for (_, answer) in lost {
            assert_eq!((answer.status, answer.code()), (422, 6005), "{}", answer.body);
        }
        assert_eq!(won.len(), 1, "round {round}");
        bought += usize::from(won[0].0);
        assert_eq!(balance(&app, "ann"), json!(["0.00", "0.00", "0.00"]));
    }
    let orders = app.number("SELECT count(*) FROM orders");
    assert_eq!(orders as usize, bought);
    let took = watch.seconds();
    println!("{rounds} rounds of {spenders} in {took:.0} s: {rounds} spent, {bought} of them by orders");
}

/// MON-08
#[test]
fn the_last_money_is_spent_once() {
    last_money(20, 4);
}

/// MON-08
#[test]
#[ignore = "200 rounds of 500 spenders"]
fn five_hundred_spenders_of_the_last_money_two_hundred_times() {
    last_money(500, 200);
}

/// MON-07, D3: a key moves money once, also when its own row is long gone; with another body it is refused.
#[test]
fn a_key_moves_money_once_and_for_ever() {
    let app = shop();
    let headers = [("idempotency-key", "monday")];
    let send = |amount: &str| {
        app.send(
            "POST",
            "ann",
            DEPOSIT,
            &headers,
            Some(&json!({ "amount": amount })),
        )
    };
    let first = send("5.00").json();
    let answers = at_once(
        &app,
        DEPOSIT,
        &json!({ "amount": "5.00" }),
        &vec!["monday".to_owned(); 50],
    );
    for answer in answers {
        assert_eq!(
            (answer.status, answer.json()["id"].clone()),
            (201, first["id"].clone())
        );
        assert_eq!(answer.header("idempotent-replayed"), Some("true"));
    }
    assert_eq!((send("6.00").status, send("6.00").code()), (422, 3003));
    app.clock.pass(73 * 3_600_000);
    app.forget_tokens();
    app.sweep();
    app.change("DELETE FROM idempotency");
    assert_eq!(send("5.00").json()["id"], first["id"]);
    app.change("DELETE FROM idempotency");
    assert_eq!(send("6.00").code(), 3003);
    assert_eq!(balance(&app, "ann")[0], "5.00");
}

/// F7: what a day allows is counted in the shop's days, of each wallet.
#[test]
fn a_day_has_its_limit_and_the_next_has_its_own() {
    let app = shop();
    set(&app, "time_zone", "Pacific/Auckland");
    set(&app, "wallet.daily_deposits", "10000");
    set(&app, "wallet.daily_withdrawals", "5000");
    deposit(&app, "ann", "99.00");
    let over = app.post("ann", DEPOSIT, json!({ "amount": "1.01" }));
    assert_eq!((over.status, over.code()), (422, 6001), "{}", over.body);
    assert!(over.body.contains("1.00 is left today"), "{}", over.body);
    deposit(&app, "ann", "1.00");
    deposit(&app, "ben", "100.00");
    let over = app.post("ann", WITHDRAW, json!({ "amount": "50.01" }));
    assert_eq!((over.status, over.code()), (422, 6001), "{}", over.body);
    assert_eq!(
        app.post("ann", WITHDRAW, json!({ "amount": "50.00" })).status,
        201
    );
    // It was 01:00 of 2 March in Auckland; the day ends there at 11:00 of the next day here.
    app.clock.pass(23 * 3_600_000 - 1);
    app.forget_tokens();
    assert_eq!(app.post("ann", DEPOSIT, json!({ "amount": "0.01" })).code(), 6001);
    app.clock.pass(1);
    deposit(&app, "ann", "100.00");
}

/// F2, F3, AZ-01: the shop decides who pays in and out; whose wallet it is counts too.
#[test]
fn who_may_move_money_is_the_shops_to_say() {
    let app = shop();
    let ann = user(&app, "ann");
    let try_all = |expected: [u16; 4]| {
        let body = json!({ "amount": "1.00", "user_id": ann });
        let bodies = [
            ("ann", json!({ "amount": "1.00" })),
            ("ann", body.clone()),
            ("ben", body.clone()),
            ("owner", body),
        ];
        for ((who, body), status) in bodies.into_iter().zip(expected) {
            let answer = app.post(who, DEPOSIT, body.clone());
            assert_eq!(answer.status, status, "{who} {body}: {}", answer.body);
            assert!(status == 201 || answer.code() == 1005, "{}", answer.body);
        }
    };
    try_all([201, 201, 403, 201]);
    set(&app, "wallet.deposits", "staff");
    try_all([403, 403, 403, 201]);
    set(&app, "wallet.deposits", "off");
    try_all([403, 403, 403, 403]);
    assert_eq!(app.get("ben", &format!("/api/v1/wallets/{ann}")).status, 403);
    let seen = app.get("owner", &format!("/api/v1/wallets/{ann}")).json();
    assert_eq!(json!([seen["user_id"], seen["balance"]]), json!([ann, "4.00"]));
    assert_eq!(balance(&app, "ben")[0], "0.00");
    let gone = json!({ "amount": "1.00", "user_id": 987_654 });
    assert_eq!(app.post("owner", WITHDRAW, gone).status, 404);
}

/// F4: a wallet is put right by hand with words of why, which the audit keeps; what has happened is never changed.
#[test]
fn an_adjustment_says_why_and_nothing_is_ever_changed() {
    let app = shop();
    let path = format!("/api/v1/wallets/{}/adjust", user(&app, "ann"));
    let silent = app.post("owner", &path, json!({ "amount": "5.00" }));
    assert_eq!((silent.status, silent.code()), (400, 2003), "{}", silent.body);
    let blank = app.post("owner", &path, json!({ "amount": "5.00", "reason": " " }));
    assert_eq!(blank.status, 400, "{}", blank.body);
    assert_eq!(
        app.post("ann", &path, json!({ "amount": "5.00", "reason": "please" }))
            .code(),
        1005
    );
    let made = app.post(
        "owner",
        &path,
        json!({ "amount": "5.00", "reason": "a broken mug" }),
    );
    assert_eq!(made.status, 201, "{}", made.body);
    let out = app
        .post("owner", &path, json!({ "amount": "-2.00", "reason": "too much" }))
        .json();
    assert_eq!(
        json!([out["type"], out["amount"], out["balance"], out["reason"]]),
        json!(["system_adjustment", "-2.00", "3.00", "too much"])
    );
    let over = app.post("owner", &path, json!({ "amount": "-3.01", "reason": "all" }));
    assert_eq!((over.status, over.code()), (422, 6005), "{}", over.body);
    assert_eq!(
        app.post("owner", &path, json!({ "amount": "0", "reason": "none" }))
            .status,
        400
    );
    let db = app.db();
    let told: String = db
        .query_row(
            "SELECT content FROM audit WHERE action = 162 LIMIT 1",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert!(told.contains("a broken mug"), "{told}");
    for sql in ["UPDATE transfers SET amount = 1", "DELETE FROM transfers"] {
        assert!(db.execute(sql, []).is_err(), "{sql}");
    }
    for sql in [
        "UPDATE accounts SET balance = -1 WHERE id > 3",
        "UPDATE accounts SET held = 301 WHERE id > 3",
    ] {
        assert!(db.execute(sql, []).is_err(), "{sql}");
    }
}

/// F4: the list, newest first, by type and time, page by page.
#[test]
fn what_moved_is_listed_newest_first() {
    let app = shop();
    for (amount, minutes) in [("1.00", 1), ("2.00", 1), ("3.00", 24 * 60)] {
        deposit(&app, "ann", amount);
        deposit(&app, "ben", amount);
        app.clock.pass(minutes * 60_000);
        app.forget_tokens();
    }
    assert_eq!(app.post("ann", WITHDRAW, json!({ "amount": "1.50" })).status, 201);
    let list = |query: &str| {
        app.get("ann", &format!("/api/v1/balance/transactions?{query}"))
            .json()
    };
    let all = list("");
    let amounts: Vec<&str> = all["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["amount"].as_str().unwrap())
        .collect();
    assert_eq!(amounts, ["-1.50", "3.00", "2.00", "1.00"]);
    let balances: Vec<&str> = all["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["balance"].as_str().unwrap())
        .collect();
    assert_eq!(balances, ["4.50", "6.00", "3.00", "1.00"]);
    let all = ids(&all);
    let first = list("limit=3");
    assert_eq!(ids(&first), all[..3]);
    let next = first["next"].as_str().unwrap();
    let second = list(&format!("limit=3&after={next}"));
    assert_eq!((ids(&second), &second["next"]), (all[3..].to_vec(), &Value::Null));
    let back = first["next"].as_str().unwrap();
    assert_eq!(ids(&list(&format!("limit=2&before={back}"))), all[..2]);
    assert_eq!(ids(&list("type=withdraw")), all[..1]);
    assert_eq!(ids(&list("from=2026-03-02")), all[..1]);
    assert_eq!(ids(&list("to=2026-03-01&limit=2")), all[1..3]);
    assert_eq!(
        app.get("ann", "/api/v1/balance/transactions?type=theft").code(),
        2002
    );
}
