//! Reports: what was sold in a time beside the time before it, as JSON and as files that run nothing.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;

const REPORTS: &str = "/api/v1/reports";
const DAY: i64 = 86_400_000;

fn order(app: &TestApp, who: &str, sku: &str, quantity: i64) -> i64 {
    let body = json!({ "items": [{ "sku": sku, "quantity": quantity }] });
    let placed = app.post(who, "/api/v1/orders", body);
    assert_eq!(placed.status, 201, "{}", placed.body);
    placed.json()["id"].as_i64().unwrap()
}

fn pass(app: &TestApp, days: i64) {
    app.clock.pass(days * DAY);
    app.forget_tokens();
}

/// Ann buys on the 1st, Bob and Ann on the 3rd, of which Bob cancels one.
fn shop() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 1000);
    app.product("PEN", "2.00", 1000);
    order(&app, "ann", "MUG", 2);
    pass(&app, 2);
    order(&app, "ann", "MUG", 1);
    order(&app, "bob", "PEN", 3);
    let gone = order(&app, "bob", "PEN", 100);
    let canceled = app.post("bob", &format!("/api/v1/orders/{gone}/cancel"), json!({}));
    assert_eq!(canceled.status, 200);
    app
}

fn report(app: &TestApp, path: &str) -> Value {
    let told = app.get("staff", &format!("{REPORTS}/{path}"));
    assert_eq!(told.status, 200, "{path}: {}", told.body);
    told.json()
}

/// D15: sales by day, each beside the day in its place in the time before, also where nothing was sold.
#[test]
fn sales_stand_beside_the_time_before() {
    let app = shop();
    let told = report(&app, "sales?from=2026-03-02&to=2026-03-03");
    let sums = |orders: i64, items: i64, gross: &str| {
        json!({ "orders": orders, "items": items, "gross": gross, "refunded": "0.00", "net": gross,
            "average": match orders { 2 => "5.25", 0 => "0.00", _ => gross } })
    };
    let with = |mut sums: Value, more: Value| {
        for (name, value) in more.as_object().unwrap() {
            sums[name] = value.clone();
        }
        sums
    };
    let day = |name: &str, sums: Value| with(sums, json!({ "period": name }));
    let pair = |now: Value, before: Value| with(now, json!({ "before": before }));
    let time = |from: &str, to: &str| json!({ "from": format!("2026-{from}T00:00:00.000Z"), "to": format!("2026-{to}T23:59:59.999Z") });
    let before = with(sums(1, 2, "9.00"), time("02-28", "03-01"));
    let series = [
        pair(
            day("2026-03-02", sums(0, 0, "0.00")),
            day("2026-02-28", sums(0, 0, "0.00")),
        ),
        pair(
            day("2026-03-03", sums(2, 4, "10.50")),
            day("2026-03-01", sums(1, 2, "9.00")),
        ),
    ];
    let whole = with(sums(2, 4, "10.50"), time("03-02", "03-03"));
    let more = json!({ "by": "day", "currency": "EUR", "before": before, "series": series });
    assert_eq!(told, with(whole, more));
    let months = report(&app, "sales?by=month");
    let series = months["series"].as_array().unwrap();
    assert_eq!(series.len(), 12);
    assert_eq!(
        (
            &series[11]["period"],
            &series[11]["gross"],
            &series[11]["before"]["period"]
        ),
        (&json!("2026-03"), &json!("19.50"), &json!("2025-03"))
    );
    assert_eq!(report(&app, "sales?by=week")["series"][11]["period"], "2026-W10");
    assert_eq!(report(&app, "sales")["series"].as_array().unwrap().len(), 30);
}

/// D15: what was sold of each thing and to each customer, the most first; nothing of what was canceled.
#[test]
fn products_and_customers_stand_by_what_they_brought() {
    let app = shop();
    let told = report(&app, "products?from=2026-03-03&to=2026-03-03");
    let rows: Vec<_> = told["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["sku"].clone(),
                row["orders"].clone(),
                row["items"].clone(),
                row["total"].clone(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            (json!("PEN"), json!(1), json!(3), json!("6.00")),
            (json!("MUG"), json!(1), json!(1), json!("4.50")),
        ]
    );
    assert_eq!((&told["products"], &told["currency"]), (&json!(2), &json!("EUR")));
    let both = report(&app, "products?from=2026-03-02&to=2026-03-03&limit=1");
    assert_eq!(
        (&both["data"][0]["sku"], &both["products"]),
        (&json!("PEN"), &json!(2))
    );
    let all = report(&app, "products?from=2026-03-02&to=2026-03-03");
    assert_eq!(
        all["data"][1]["before"],
        json!({ "orders": 1, "items": 2, "total": "9.00" })
    );
    let buyers = report(&app, "customers?from=2026-03-02&to=2026-03-03");
    let rows: Vec<_> = buyers["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["name"].clone(),
                row["total"].clone(),
                row["before"]["total"].clone(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            (json!("bob"), json!("6.00"), json!("0.00")),
            (json!("ann"), json!("4.50"), json!("9.00"))
        ]
    );
    assert_eq!(buyers["customers"], 2);
}

/// D15: the time before is as long, and ends where the time begins.
#[test]
fn reports_tell_of_which_time_before() {
    let app = shop();
    for kind in ["sales", "products", "customers"] {
        let told = report(&app, &format!("{kind}?from=2026-03-02&to=2026-03-03"));
        let before = &told["before"];
        assert_eq!(
            json!([told["from"], told["to"], before["from"], before["to"]]),
            json!([
                "2026-03-02T00:00:00.000Z",
                "2026-03-03T23:59:59.999Z",
                "2026-02-28T00:00:00.000Z",
                "2026-03-01T23:59:59.999Z"
            ]),
            "{kind}"
        );
    }
}

/// D15: a thing that stands on two lines of an order was sold on one order.
#[test]
fn two_lines_of_an_order_are_one_order() {
    let app = shop();
    pass(&app, 1);
    let twice = json!({ "items": [{ "sku": "PEN", "quantity": 1 }, { "sku": "PEN", "quantity": 2 }] });
    assert_eq!(app.post("ann", "/api/v1/orders", twice).status, 201);
    let told = report(&app, "products?from=2026-03-04&to=2026-03-04");
    assert_eq!(
        (&told["data"][0]["orders"], &told["data"][0]["items"]),
        (&json!(1), &json!(3)),
        "one order, though on two lines"
    );
}

/// WEB-07: as files, with no cell that a spreadsheet would run; that they leave the house is noted.
#[test]
fn reports_leave_as_files_that_run_nothing() {
    let app = shop();
    for name in ["=1+1", "@SUM(A1)", "a,b \"c\""] {
        let sku = format!("X{}", name.len());
        let body = json!({ "name": name, "sku": sku, "price": "1.00", "quantity": 9 });
        assert_eq!(app.post("owner", "/api/v1/products", body).status, 201);
        order(&app, "ann", &sku, 1);
    }
    let read = |path: &str| {
        let told = app.get("staff", &format!("{REPORTS}/{path}"));
        assert_eq!(
            (told.status, told.header("content-type")),
            (200, Some("text/csv; charset=utf-8")),
            "{path}: {}",
            told.body
        );
        let mut reader = csv::Reader::from_reader(told.body.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        rows
    };
    let products = read("products.csv?from=2026-03-03&to=2026-03-03");
    let names: Vec<&str> = products.iter().map(|row| &row[1]).collect();
    for name in ["'=1+1", "'@SUM(A1)", "a,b \"c\""] {
        assert!(names.contains(&name), "{names:?}");
    }
    let sales = read("sales.csv?from=2026-03-02&to=2026-03-03");
    assert_eq!(sales.len(), 2);
    assert_eq!(
        (&sales[1][0], &sales[1][3], &sales[1][9]),
        ("2026-03-03", "13.50", "9.00")
    );
    assert_eq!(read("customers.csv").len(), 2);
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 290"), 3);
}

/// D15: what is asked for badly, and by whom it is not for.
#[test]
fn reports_are_asked_for_well_and_by_staff() {
    let app = TestApp::start();
    for name in ["sales", "products", "customers"] {
        for end in ["", ".csv"] {
            for query in [
                "by=year",
                "from=x",
                "to=2026-02-30",
                "q=1",
                "from=2026-03-02&to=2026-03-01",
                "from=2010-01-01",
            ] {
                let told = app.get("staff", &format!("{REPORTS}/{name}{end}?{query}"));
                assert_eq!((told.status, told.code()), (400, 2002), "{name}{end} {query}");
            }
            let told = app.get("ann", &format!("{REPORTS}/{name}{end}"));
            assert_eq!((told.status, told.code()), (403, 1005), "{name}{end}");
        }
    }
    app.change("UPDATE role_permissions SET permission = 'customers:read' WHERE permission = 'customers:*'");
    app.change(
        "INSERT INTO role_permissions (role_id, permission)
         SELECT role_id, 'customers:statistics' FROM role_permissions WHERE permission = 'customers:read'",
    );
    for (end, status) in [("", 200), (".csv", 403)] {
        let told = app.get("staff", &format!("{REPORTS}/customers{end}"));
        assert_eq!(told.status, status, "who may not take customers out: {end}");
    }
    app.change("DELETE FROM role_permissions WHERE permission = 'orders:*'");
    assert_eq!(app.get("staff", &format!("{REPORTS}/sales")).status, 403);
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 290"), 0);
}
