//! Imports: the real binary brings the real sample in, beside a server and alone, twice, interrupted, and dry.

use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use rusqlite::Connection;
use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;

/// A folder of the test's own, gone with it.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("till-import-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    /// A file in it.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs the binary on a shop.
pub fn till(data: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_till"))
        .arg("--data")
        .arg(data)
        .args(args)
        .output()
        .unwrap()
}

/// Runs an import; its exit code and its sums.
pub fn import(data: &Path, what: &str, file: &Path, more: &[&str]) -> (i32, Value) {
    let mut args = vec!["--json", "import", what, file.to_str().unwrap()];
    args.extend(more);
    let output = till(data, &args);
    let sums = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), sums)
}

/// A file of the sample.
pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/online_retail")
        .join(name)
}

pub const BRITISH: [&str; 4] = ["--currency", "GBP", "--time-zone", "Europe/London"];

/// Brings the whole sample in.
pub fn import_sample(data: &Path) {
    for what in ["products.csv", "customers.csv", "orders.jsonl"] {
        let (code, sums) = import(data, what.split('.').next().unwrap(), &sample(what), &BRITISH);
        assert_eq!((code, &sums["refused"]), (0, &json!(0)), "{what}");
    }
}

/// The tables that an import writes, counted.
pub fn counts(data: &Path) -> Vec<i64> {
    let db = Connection::open(data.join("till.db")).unwrap();
    let tables = [
        "products",
        "variants",
        "customers",
        "orders",
        "order_lines",
        "order_contacts",
        "credit_notes",
        "credit_note_lines",
        "events",
        "audit",
        "stock_movements",
    ];
    tables
        .iter()
        .map(|table| one(&db, &format!("SELECT count(*) FROM {table}")))
        .collect()
}

pub fn one(db: &Connection, sql: &str) -> i64 {
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// T18: beside a running server, which shows what came as if it had been there always.
#[test]
fn the_sample_comes_in_beside_a_server() {
    let app = TestApp::start();
    import_sample(app.dir());
    let db = app.db();
    assert_eq!(one(&db, "SELECT count(*) FROM orders"), 73);
    assert_eq!(
        one(
            &db,
            "SELECT count(*) FROM order_lines WHERE product_id IS NOT NULL"
        ),
        1192
    );
    assert_eq!(
        one(&db, "SELECT count(*) FROM order_lines WHERE product_id IS NULL"),
        10
    );
    assert_eq!(one(&db, "SELECT sum(total) FROM orders"), 10_720_355);
    assert_eq!(one(&db, "SELECT count(*) FROM credit_notes"), 12);
    assert_eq!(one(&db, "SELECT sum(total) FROM credit_notes"), 7_867_605);
    assert_eq!(
        one(&db, "SELECT count(*) FROM orders WHERE customer_id IS NULL"),
        3
    );
    assert_eq!(
        one(&db, "SELECT count(*) FROM customers WHERE number = '12346'"),
        1
    );
    assert_eq!(
        one(
            &db,
            "SELECT count(*) FROM products WHERE status = 0 AND name = '10123G'"
        ),
        1
    );
    let first = app.get("owner", "/api/v1/orders/1").json();
    for (field, value) in [
        ("number", json!("536365")),
        ("status", json!("delivered")),
        ("payment_status", json!("paid")),
        ("fulfilment_status", json!("fulfilled")),
        ("total", json!("139.12")),
        ("paid", json!("139.12")),
        ("due", json!("0.00")),
        ("currency", json!("GBP")),
        ("item_count", json!(40)),
        ("shipping_address", json!({ "country": "GB" })),
        ("placed_at", json!("2010-12-01T08:26:00.000Z")),
        ("delivered_at", json!("2010-12-01T08:26:00.000Z")),
        ("version", json!(1)),
    ] {
        assert_eq!(first[field], value, "{field}");
    }
    assert_eq!(first["items"][0]["sku"], "85123A");
    assert_eq!(first["items"][0]["name"], "WHITE HANGING HEART T-LIGHT HOLDER");
    assert_ne!(first["created_at"], first["placed_at"]);
}

/// Credit notes count as refunded beside the orders' gross, over the whole file and by its months.
#[test]
fn statistics_count_credit_notes_as_refunded() {
    let app = TestApp::start();
    import_sample(app.dir());
    let all = app
        .get(
            "owner",
            "/api/v1/orders/statistics?by=month&from=2010-12-01&to=2011-08-31",
        )
        .json();
    for (field, value) in [
        ("orders", json!(73)),
        ("gross", json!("107203.55")),
        ("refunded", json!("78676.05")),
        ("net", json!("28527.50")),
        ("currency", json!("GBP")),
    ] {
        assert_eq!(all[field], value, "{field}");
    }
}

/// SCHEMA *Numbers*: an order that is placed after an import gets a number above every imported one.
#[test]
fn a_live_order_is_numbered_above_the_imported_ones() {
    let app = TestApp::start();
    import_sample(app.dir());
    app.product("MUG", "4.50", 10);
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
    let placed = app.post("ann", "/api/v1/orders", body.clone());
    assert_eq!(placed.status, 201, "{}", placed.body);
    let first = placed.json();
    assert_eq!(first["number"], "558640");
    let path = format!("/api/v1/orders/{}", first["id"]);
    assert_eq!(app.get("ann", &path).json()["number"], "558640");
    assert_eq!(app.post("ann", "/api/v1/orders", body).json()["number"], "558641");
    assert_eq!(first["currency"], "GBP");
}

/// API *The shop*: currency and zone are set in a file without prices, and a difference is refused later.
#[test]
fn another_currency_is_refused_once_there_are_prices() {
    let folder = Folder::new("currency");
    let data = folder.path("data");
    import_sample(&data);
    for (more, what) in [
        (["--currency", "EUR"], "currency is GBP"),
        (["--time-zone", "Europe/Paris"], "time zone is Europe/London"),
        (["--currency", "Taler"], "currency code"),
        (["--time-zone", "Europe/Atlantis"], "time zone"),
    ] {
        let file = sample("orders.jsonl");
        let mut args = vec!["import", "orders", file.to_str().unwrap()];
        args.extend(more);
        let output = till(&data, &args);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && told.contains(what), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}

/// An invoice with one line.
pub fn invoice(number: &str, at: &str, line: &str) -> String {
    format!(
        r#"{{"invoice":"{number}","kind":"sale","datetime":"{at}","customer":null,"country":"EIRE","lines":[{line}]}}"#
    )
}

/// How many rows of orders were refused, by the audit rows of their file.
fn refused_in_the_audit(data: &Path) -> String {
    let file = rusqlite::Connection::open(data.join("till.db")).unwrap();
    let noted = "SELECT group_concat(content ->> 'refused') FROM audit WHERE content ->> 'kind' = 'orders'";
    file.query_row(noted, [], |row| row.get(0)).unwrap()
}

/// Every row that is refused is named with its line and the reason, and the rest comes in.
#[test]
fn what_is_refused_is_named_by_line() {
    let folder = Folder::new("refused");
    let data = folder.path("data");
    let products = folder.file("p.csv", "sku,name,price\nMUG,Mug,4.50\nmug,Other mug,1\nCUP,,\n");
    assert_eq!(import(&data, "products", &products, &BRITISH).0, 0);
    let good = r#"{"sku":"MUG","qty":2,"unit_price_pence":400}"#;
    let day = "2011-01-05T10:00:00";
    let lines = [
        invoice("1", day, good),
        "{\"invoice\":".to_owned(),
        invoice("3", day, r#"{"sku":"POT","qty":1,"unit_price_pence":1}"#),
        invoice("4", day, r#"{"sku":"MUG","qty":-1,"unit_price_pence":1}"#),
        invoice("5", "2011-02-30T10:00:00", good),
        invoice(
            "6",
            day,
            r#"{"sku":"MUG","qty":999999999,"unit_price_pence":999999999}"#,
        ),
        invoice("7", day, r#"{"sku":"MUG","qty":1e400,"unit_price_pence":1}"#),
        invoice("1", day, r#"{"sku":"MUG","qty":3,"unit_price_pence":400}"#),
        invoice("1", day, good),
        String::new(),
        invoice("10", day, r#"{"sku":"mug","qty":1,"unit_price_pence":0}"#),
        r#"{"invoice":"11","invoice":"12"}"#.to_owned(),
    ];
    let orders = folder.file("o.jsonl", lines.join("\n"));
    let report = folder.path("report.csv");
    let (code, sums) = import(&data, "orders", &orders, &["--report", report.to_str().unwrap()]);
    assert_eq!(code, 1);
    assert_eq!(
        (&sums["made"], &sums["known"], &sums["refused"]),
        (&json!(2), &json!(1), &json!(8))
    );
    assert_eq!(refused_in_the_audit(&data), "8");
    let report = std::fs::read_to_string(report).unwrap();
    for (line, told) in report.lines().zip([
        "line,key,reason",
        "2,,",
        "4,4,lines[0].qty must be",
        "5,5,datetime is not a local time",
        "6,6,lines[0].total comes to more",
        "7,,is not JSON",
        "8,1,stands on line 1 already with other content",
        "12,12,\"the line",
        "3,3,there is no product with SKU POT",
    ]) {
        assert!(line.starts_with(told), "{line} is not {told}");
    }
    assert_eq!(report.lines().count(), 9, "{report}");
    let again = folder.file(
        "again.jsonl",
        invoice("1", day, r#"{"sku":"MUG","qty":3,"unit_price_pence":400}"#),
    );
    let output = till(&data, &["import", "orders", again.to_str().unwrap()]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        told.contains("line 1 (1): number 1 is there already with other content"),
        "{told}"
    );
}

/// CSV as people make it: a byte order mark, CRLF, quotes, line breaks in cells, gzip under any name.
#[test]
fn csv_is_read_as_people_make_it() {
    let folder = Folder::new("csv");
    let data = folder.path("data");
    let text = "\u{feff}SKU,Name,Price,Description,Category\r\n\
        A1,\"Mug, \"\"large\"\"\",12.50,\"two\r\nlines\",Mugs\r\n\
        A2,'=1+1,3,,\r\n\
        A3,Short,1\r\n\
        A4,Bad price,1e3,,\r\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    let file = folder.file("any.name", gzip.finish().unwrap());
    let output = till(&data, &["--json", "import", "products", file.to_str().unwrap()]);
    let sums: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&sums["made"], &sums["refused"]), (&json!(2), &json!(2)));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        told.contains("line 5: has 3 cells where the header has 5"),
        "{told}"
    );
    assert!(told.contains("line 6 (A4): price is not an amount"), "{told}");
    let db = Connection::open(data.join("till.db")).unwrap();
    let names: Vec<String> = db
        .prepare("SELECT name FROM products ORDER BY id")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(names, ["Mug, \"large\"", "=1+1"]);
    let text: String = db
        .query_row("SELECT description FROM product_texts", [], |row| row.get(0))
        .unwrap();
    assert_eq!(text, "two\nlines");
}

/// MONEY *Shipments and stock*: imported orders touch the stock only where that was asked for.
#[test]
fn stock_moves_only_when_asked() {
    let folder = Folder::new("stock");
    let data = folder.path("data");
    let products = folder.file("p.csv", "sku,name,price,quantity\nMUG,Mug,4.50,5\n");
    assert_eq!(import(&data, "products", &products, &[]).0, 0);
    let order = |number: &str, quantity: i64| {
        let line = json!({ "sku": "MUG", "qty": quantity, "unit_price": "4.50" });
        json!({ "number": number, "placed_at": "2026-01-05T10:00:00Z", "lines": [line, line] }).to_string()
    };
    let available = || {
        let db = Connection::open(data.join("till.db")).unwrap();
        one(&db, "SELECT available FROM stock")
    };
    let file = folder.file("left.jsonl", order("1", 2));
    assert_eq!(import(&data, "orders", &file, &[]).0, 0);
    assert_eq!(available(), 5);
    let file = folder.file("taken.jsonl", [order("2", 2), order("3", 1)].join("\n"));
    let (code, sums) = import(&data, "orders", &file, &["--stock"]);
    assert_eq!((code, &sums["made"], &sums["refused"]), (1, &json!(1), &json!(1)));
    assert_eq!(available(), 1);
    let db = Connection::open(data.join("till.db")).unwrap();
    assert_eq!(
        one(&db, "SELECT -sum(delta) FROM stock_movements WHERE order_id = 2"),
        4
    );
}

/// No event per imported order, but one audit row per batch with the file's hash, lines and counts; the chain holds.
#[test]
fn a_batch_is_one_audit_row_and_its_orders_tell_no_event() {
    let app = TestApp::start();
    import_sample(app.dir());
    let db = app.db();
    assert_eq!(one(&db, "SELECT count(*) FROM events WHERE type < 20"), 0);
    assert_eq!(one(&db, "SELECT count(*) FROM events WHERE type = 22"), 723);
    assert_eq!(one(&db, "SELECT count(*) FROM events WHERE type = 40"), 60);
    let content: String = db
        .query_row(
            "SELECT content FROM audit WHERE action = 60 AND content LIKE '%\"orders\"%' ORDER BY id LIMIT 1",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let content: Value = serde_json::from_str(&content).unwrap();
    assert_eq!(content["file"], "orders.jsonl");
    assert_eq!(content["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(
        (&content["from_line"], &content["to_line"]),
        (&json!(1), &json!(85))
    );
    assert_eq!(
        (&content["made"], &content["credit_notes"]),
        (&json!(85), &json!(12))
    );
}

/// N11: nothing is wrong with a file after an import, and its audit chain holds.
#[test]
fn doctor_finds_nothing_wrong_with_what_came() {
    let folder = Folder::new("doctor");
    let data = folder.path("data");
    import_sample(&data);
    let output = till(&data, &["doctor"]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    let output = till(&data, &["audit", "verify"]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}
