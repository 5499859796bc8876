//! Orders: what was sold, and orders as a file.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;

fn place(app: &TestApp, who: &str, quantity: i64, note: &str) -> Value {
    let body = json!({ "items": [{ "sku": "MUG", "quantity": quantity }], "note": note });
    let placed = app.post(who, "/api/v1/orders", body);
    assert_eq!(placed.status, 201, "{}", placed.body);
    placed.json()
}

fn alter(app: &TestApp, sql: &str) {
    let file = rusqlite::Connection::open(app.dir().join("till.db")).unwrap();
    file.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    file.execute_batch(sql).unwrap();
}

/// D15: what was placed and not canceled, what went back, by day, week and month of the shop.
#[test]
fn the_statistics_add_up_what_was_sold() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    for quantity in [1, 2, 3, 4] {
        place(&app, "ann", quantity, "x");
    }
    assert_eq!(app.post("ann", "/api/v1/orders/4/cancel", json!({})).status, 200);
    let paid = app.post("owner", "/api/v1/payments/manual", json!({ "order_id": 2 }));
    assert_eq!(paid.status, 201, "{}", paid.body);
    let back = app.post(
        "owner",
        "/api/v1/orders/2/refunds",
        json!({ "amount": "3.00", "reason": "chipped" }),
    );
    assert_eq!(back.status, 201, "{}", back.body);
    alter(
        &app,
        "UPDATE orders SET placed_at = placed_at - 86400000 WHERE id = 1;
         INSERT INTO credit_notes (number, currency, total, placed_at, imported_at)
           SELECT 'C1', 'EUR', 150, placed_at, placed_at FROM orders WHERE id = 1;",
    );
    let all = app.get("owner", "/api/v1/orders/statistics").json();
    assert_eq!(
        all,
        json!({
            "from": null, "to": null, "by": "day", "currency": "EUR", "orders": 3, "items": 6, "gross": "27.00",
            "refunded": "4.50", "net": "22.50", "average": "9.00",
            "by_status": { "pending": 2, "processing": 1, "shipped": 0, "delivered": 0, "canceled": 1, "refunded": 0 },
            "series": [
                { "period": "2026-02-28", "orders": 1, "gross": "4.50", "refunded": "1.50", "net": "3.00" },
                { "period": "2026-03-01", "orders": 2, "gross": "22.50", "refunded": "3.00", "net": "19.50" },
            ],
        })
    );
    let day = app
        .get(
            "staff",
            "/api/v1/orders/statistics?from=2026-02-28&to=2026-02-28&by=month",
        )
        .json();
    assert_eq!((&day["orders"], &day["refunded"]), (&json!(1), &json!("1.50")));
    assert_eq!(day["series"][0]["period"], "2026-02");
    assert_eq!(
        (&day["from"], &day["to"]),
        (
            &json!("2026-02-28T00:00:00.000Z"),
            &json!("2026-02-28T23:59:59.999Z")
        )
    );
    let weeks = app.get("staff", "/api/v1/orders/statistics?by=week").json();
    assert_eq!(weeks["series"][0]["period"], "2026-W09");
}

/// D15: what is asked for badly, or by whom it is not for.
#[test]
fn statistics_are_asked_for_well_and_by_staff() {
    let app = TestApp::start();
    for query in [
        "by=year",
        "from=x",
        "to=2026-02-30",
        "customer_id=1",
        "from=2026-03-02&to=2026-03-01",
    ] {
        let answer = app.get("staff", &format!("/api/v1/orders/statistics?{query}"));
        assert_eq!((answer.status, answer.code()), (400, 2002), "{query}");
    }
    let own = app.get("ann", "/api/v1/orders/statistics");
    assert_eq!((own.status, own.code()), (403, 1005));
}

/// D15: a refund counts when it was given, whatever comes of its order later; that of a canceled order not at all, since
/// what was sold by it is not counted either. Sums may be more than one amount can be.
#[test]
fn what_went_back_counts_on_its_day() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    let statistics = |query: &str| {
        let told = app.get("owner", &format!("/api/v1/orders/statistics{query}"));
        assert_eq!(told.status, 200, "{}", told.body);
        told.json()
    };
    for order in [1, 2] {
        place(&app, "ann", 2, "x");
        let paid = app.post("owner", "/api/v1/payments/manual", json!({ "order_id": order }));
        assert_eq!(paid.status, 201, "{}", paid.body);
    }
    let next_day = || {
        app.clock.pass(86_400_000);
        app.forget_tokens();
    };
    next_day();
    let refund = |amount: &str| {
        let body = json!({ "amount": amount, "reason": "chipped" });
        app.post("owner", "/api/v1/orders/1/refunds", body).status
    };
    assert_eq!(refund("3.00"), 201);
    next_day();
    assert_eq!(refund("6.00"), 201);
    assert_eq!(
        app.post("owner", "/api/v1/orders/2/cancel", json!({})).status,
        200
    );
    let all = statistics("");
    let days: Vec<_> = all["series"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| (&day["gross"], &day["refunded"]))
        .collect();
    assert_eq!(
        days,
        [
            (&json!("9.00"), &json!("0.00")),
            (&json!("0.00"), &json!("3.00")),
            (&json!("0.00"), &json!("6.00"))
        ]
    );
    assert_eq!((&all["refunded"], &all["net"]), (&json!("9.00"), &json!("0.00")));
    app.expect_findings();
    alter(
        &app,
        "UPDATE orders SET total = 1000000000000, subtotal = 1000000000000 WHERE id = 1",
    );
    place(&app, "ann", 1, "x");
    assert_eq!(statistics("")["gross"], "10000000004.50");
}

/// Defect 11: what stands beside `{id}` is reached, not read as an id.
#[test]
fn fixed_paths_are_reached_beside_ids() {
    let app = TestApp::start();
    for path in ["statistics", "transitions", "export.csv"] {
        let answer = app.get("owner", &format!("/api/v1/orders/{path}"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
    assert_eq!(app.get("owner", "/api/v1/orders/nothing").status, 404);
}

/// D4, WEB-07: the same filters, every row, and no cell that a spreadsheet would run.
#[test]
fn orders_leave_as_a_file_that_runs_nothing() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10_000);
    let payloads = [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "a,b \"c\"",
        "plain",
    ];
    for (at, note) in payloads.iter().cycle().take(230).enumerate() {
        place(&app, if at % 2 == 0 { "ann" } else { "ben" }, 1, note);
    }
    let answer = app.get("owner", "/api/v1/orders/export.csv?sort=oldest");
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    let mut reader = csv::Reader::from_reader(answer.body.as_bytes());
    let headings = reader.headers().unwrap().clone();
    let column = |name: &str| headings.iter().position(|heading| heading == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 230);
    for (at, row) in rows.iter().enumerate() {
        assert_eq!(row[column("id")], (at + 1).to_string());
        assert_eq!(&row[column("total")], "4.50");
        let note = payloads[at % payloads.len()];
        let safe = if note.starts_with(['=', '+', '-', '@']) {
            format!("'{note}")
        } else {
            note.to_owned()
        };
        assert_eq!(row[column("note")], safe);
    }
    let some = app.get("staff", "/api/v1/orders/export.csv?customer_id=1&status=pending");
    assert_eq!(some.body.lines().count(), 116, "{}", some.body);
    for (who, query, status, code) in [
        ("ann", "", 403, 1005),
        ("nobody", "", 401, 1001),
        ("owner", "?sort=total", 400, 2002),
        ("owner", "?status=lost", 400, 2002),
    ] {
        let answer = app.get(who, &format!("/api/v1/orders/export.csv{query}"));
        assert_eq!((answer.status, answer.code()), (status, code), "{who} {query}");
    }
    let file = rusqlite::Connection::open(app.dir().join("till.db")).unwrap();
    let noted: i64 = file
        .query_row("SELECT count(*) FROM audit WHERE action = 7", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(noted, 2);
}
