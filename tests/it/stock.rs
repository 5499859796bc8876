//! Stock and its ledger: nothing moves without a row, nothing falls below zero, nothing moves twice.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;

fn adjust(app: &TestApp, body: Value) -> (u16, u64, Value) {
    let answer = app.post("staff", "/api/v1/stock/adjustments", body);
    let json = answer.json();
    (answer.status, answer.code(), json)
}

fn events(app: &TestApp, kind: &str) -> Vec<Value> {
    let answer = app.get("staff", &format!("/api/v1/events?type={kind}"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["data"].as_array().unwrap().clone()
}

fn ids(page: &Value) -> Vec<i64> {
    let rows = page["data"].as_array().unwrap();
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

/// B9, B12, CON-02
#[test]
fn stock_is_moved_by_hand_and_every_move_is_told_and_noted() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let (status, _, moved) = adjust(
        &app,
        json!({ "sku": "MUG", "delta": -4, "reason": "adjust", "note": "broken" }),
    );
    assert_eq!(status, 201, "{moved}");
    assert_eq!(
        (
            &moved["delta"],
            &moved["available"],
            &moved["reason"],
            &moved["note"]
        ),
        (&json!(-4), &json!(6), &json!("adjust"), &json!("broken"))
    );
    let (_, _, moved) = adjust(&app, json!({ "sku": "MUG", "set_to": 20, "reason": "restock" }));
    assert_eq!((&moved["delta"], &moved["available"]), (&json!(14), &json!(20)));
    let told = events(&app, "inventory.changed");
    assert_eq!(told.len(), 2);
    assert_eq!(
        (
            &told[1]["data"]["sku"],
            &told[1]["data"]["delta"],
            &told[1]["data"]["seq"]
        ),
        (&json!("MUG"), &json!(14), &json!(3))
    );
    let ledger = app.get("staff", "/api/v1/stock/movements?sku=MUG").json();
    assert_eq!(ids(&ledger), [3, 2, 1]);
    assert_eq!(ledger["total"], 3);
}

/// A body, the status and the number of its refusal.
const BAD: &[(&str, u16, u64)] = &[
    (r#"{"sku":"MUG","delta":-11,"reason":"adjust"}"#, 409, 6004),
    (r#"{"sku":"MUG","delta":0,"reason":"adjust"}"#, 409, 6003),
    (r#"{"sku":"MUG","set_to":10,"reason":"adjust"}"#, 409, 6003),
    (r#"{"sku":"MUG","delta":1000000000,"reason":"adjust"}"#, 422, 6001),
    (
        r#"{"sku":"MUG","delta":-9223372036854775808,"reason":"adjust"}"#,
        400,
        2001,
    ),
    (r#"{"sku":"MUG","set_to":-1,"reason":"adjust"}"#, 400, 2001),
    (r#"{"sku":"MUG","delta":1.5,"reason":"adjust"}"#, 400, 2001),
    (r#"{"sku":"MUG","delta":1e300,"reason":"adjust"}"#, 400, 2001),
    (
        r#"{"sku":"MUG","delta":1,"set_to":1,"reason":"adjust"}"#,
        400,
        2001,
    ),
    (r#"{"sku":"MUG","reason":"adjust"}"#, 400, 2003),
    (r#"{"sku":"MUG","delta":1}"#, 400, 2003),
    (r#"{"delta":1,"reason":"adjust"}"#, 400, 2003),
    (r#"{"sku":"MUG","delta":1,"reason":"sale"}"#, 400, 2001),
    (
        r#"{"sku":"MUG","delta":1,"reason":"adjust","order_id":1}"#,
        400,
        2001,
    ),
    (
        r#"{"sku":"MUG","delta":1,"reason":"adjust","note":"\u0007"}"#,
        400,
        2001,
    ),
    (r#"{"sku":"","delta":1,"reason":"adjust"}"#, 400, 2003),
    (r#"{"sku":"M\u0000G","delta":1,"reason":"adjust"}"#, 400, 2001),
    (r#"{"sku":"CUP","delta":1,"reason":"adjust"}"#, 404, 3001),
    ("[]", 400, 2001),
];

/// B9: what cannot be moved is refused and leaves nothing behind.
#[test]
fn a_bad_adjustment_changes_nothing() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    for (body, status, code) in BAD {
        let body: Value = serde_json::from_str(body).unwrap();
        let (is, number, answer) = adjust(&app, body.clone());
        assert_eq!((is, number), (*status, *code), "{body} {answer}");
    }
    let short = adjust(&app, json!({ "sku": "MUG", "delta": -11, "reason": "adjust" })).2;
    assert_eq!(
        short["error"]["details"]["items"],
        json!([{ "sku": "MUG", "requested": 11, "available": 10 }])
    );
    for (who, status) in [("nobody", 401), ("ann", 403), ("seller", 403)] {
        let body = json!({ "sku": "MUG", "delta": 1, "reason": "adjust" });
        assert_eq!(
            app.post(who, "/api/v1/stock/adjustments", body).status,
            status,
            "{who}"
        );
        assert_eq!(app.get(who, "/api/v1/stock/movements").status, status, "{who}");
        assert_eq!(app.get(who, "/api/v1/stock/low").status, status, "{who}");
    }
    assert_eq!(ids(&app.get("staff", "/api/v1/stock/movements").json()), [1]);
}

/// IDM-01, IDM-06
#[test]
fn an_adjustment_with_a_key_happens_once() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let body = json!({ "sku": "MUG", "delta": 5, "reason": "restock" });
    let send = |body: &Value| {
        app.send(
            "POST",
            "staff",
            "/api/v1/stock/adjustments",
            &[("idempotency-key", "delivery-7")],
            Some(body),
        )
    };
    let first = send(&body);
    let again = send(&body);
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body, again.body);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let other = send(&json!({ "sku": "MUG", "delta": 6, "reason": "restock" }));
    assert_eq!((other.status, other.code()), (422, 3003));
}

/// SCHEMA "Buckets": the walk gives the same rows as the plain order, page by page, forwards and backwards.
#[test]
fn the_ledger_of_one_sku_is_walked_whole_over_bucket_borders() {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 1);
    app.product("CUP", "4.50", 1);
    let variant = app.get("staff", &format!("/api/v1/products/public/{mug}")).json()["variants"][0]["id"]
        .as_i64()
        .unwrap();
    app.execute(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
         INSERT INTO stock_movements (id, variant_id, delta, available, reason, at)
         SELECT i, iif(i % 7 = 0 OR i BETWEEN 8100 AND 8300, {variant}, {variant} + 1), 1, 1, 2, 1800000000000 + i FROM n"
    ));
    let plain: Vec<i64> = (1..=20_000)
        .rev()
        .filter(|id| *id == 1 || (*id > 2 && (id % 7 == 0 || (8100..=8300).contains(id))))
        .collect();
    let mut walked = Vec::new();
    let mut path = String::from("/api/v1/stock/movements?sku=MUG&limit=199");
    loop {
        let page = app.get("staff", &path).json();
        assert_eq!(page["total"], plain.len());
        walked.extend(ids(&page));
        match page["next"].as_str() {
            Some(next) => path = format!("/api/v1/stock/movements?sku=MUG&limit=199&after={next}"),
            None => break,
        }
    }
    assert_eq!(walked, plain);
    let page = |query: &str| {
        app.get("staff", &format!("/api/v1/stock/movements?{query}"))
            .json()
    };
    let third = page("sku=MUG&limit=100&page=3");
    assert_eq!(ids(&third), plain[200..300]);
    let next = third["next"].as_str().unwrap();
    let before = page(&format!("sku=MUG&limit=99&before={next}"));
    assert_eq!(ids(&before), plain[200..299]);
    let last = page("limit=10");
    assert_eq!(ids(&last), (19_991..=20_000).rev().collect::<Vec<_>>());
    assert_eq!(last["total_at_least"], 10_000);
    let timed = page("from=2027-01-15T08:00:00.005Z&to=2027-01-15T08:00:00.009Z");
    assert_eq!(ids(&timed), [9, 8, 7, 6, 5]);
}

/// N1: what an order takes is in the ledger, and found by the order.
#[test]
fn the_ledger_is_filtered_by_order_reason_and_time() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let items = json!({ "items": [{ "sku": "MUG", "quantity": 3 }] });
    let order = app.post("ann", "/api/v1/orders", items).json()["id"].clone();
    let get = |query: &str| app.get("staff", &format!("/api/v1/stock/movements?{query}"));
    assert_eq!(ids(&get(&format!("order_id={order}")).json()), [2]);
    assert_eq!(ids(&get("reason=SALE").json()), [2]);
    assert_eq!(ids(&get("reason=sale&sku=MUG").json()), [2]);
    assert_eq!(ids(&get("from=2026-03-01&to=2026-03-01").json()), [2, 1]);
    assert_eq!(ids(&get("from=2026-03-02").json()), [0; 0]);
    assert_eq!(ids(&get("to=2026-02-28").json()), [0; 0]);
    assert_eq!(ids(&get("sku=NONE").json()), [0; 0]);
    for bad in [
        "limit=0",
        "limit=201",
        "reason=theft",
        "order_id=x",
        "from=yesterday",
        "page=0",
        "page=201",
        "after=zzz",
        "color=red",
        "sku=MUG&sku=CUP",
        "sku=%00",
    ] {
        let answer = get(bad);
        assert_eq!(
            (answer.status, answer.code()),
            (400, 2002),
            "{bad} {}",
            answer.body
        );
    }
}

/// N1: low stock is told once at each crossing, by hand and by orders.
#[test]
fn stock_that_runs_low_is_told_once_and_listed() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    app.product("CUP", "4.50", 100);
    let order = |quantity: i64| {
        let body = json!({ "items": [{ "sku": "MUG", "quantity": quantity }] });
        assert_eq!(app.post("ann", "/api/v1/orders", body).status, 201);
    };
    order(4);
    assert_eq!(events(&app, "inventory.low").len(), 0);
    order(1);
    order(1);
    let told = events(&app, "inventory.low");
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["data"]["available"], &told[0]["data"]["low_at"]),
        (&json!(5), &json!(5))
    );
    adjust(&app, json!({ "sku": "MUG", "delta": 9, "reason": "restock" }));
    adjust(&app, json!({ "sku": "MUG", "set_to": 0, "reason": "adjust" }));
    assert_eq!(events(&app, "inventory.low").len(), 2);
    let low = app.get("staff", "/api/v1/stock/low").json();
    assert_eq!(low["total"], 1);
    assert_eq!(low["data"][0]["sku"], "MUG");
    assert_eq!(low["data"][0]["quantity"], 0);
}
