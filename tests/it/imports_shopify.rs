//! Products in Shopify's layout: the template itself, the header of 2025, what people make of them, and what is refused.

use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::imports::Folder;
use crate::imports::counts;
use crate::imports::import;
use crate::imports::one;
use crate::imports::till;

/// A file of Shopify's that stands beside the tests with its licence.
pub fn licensed(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/shopify");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// The first column of a query, as text.
pub fn rows(data: &Path, sql: &str) -> Vec<String> {
    let db = Connection::open(data.join("till.db")).unwrap();
    db.prepare(sql)
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// Everything that the layout can tell of a variant.
const VARIANTS: &str =
    "SELECT json_array(v.sku, p.name, p.status, c.name, x.name, v.title, v.price, v.weight_g, s.available, t.description)
     FROM variants v JOIN products p ON p.id = v.product_id JOIN stock s ON s.variant_id = v.id
     LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN tax_classes x ON x.id = p.tax_class
     LEFT JOIN product_texts t ON t.product_id = p.id ORDER BY p.id, v.id";

/// A file in the header of 2025, of which only these columns are told.
fn in_2025(rows: &[&[(&str, &str)]]) -> String {
    let header = licensed("products_header_2025.csv");
    let header = header.trim();
    let mut text = format!("{header}\r\n");
    for row in rows {
        let cells = header.split(',').map(|name| {
            let told = row.iter().find(|(column, _)| *column == name);
            told.map_or(String::new(), |(_, cell)| {
                format!("\"{}\"", cell.replace('"', "\"\""))
            })
        });
        let cells: Vec<String> = cells.collect();
        write!(text, "{}\r\n", cells.join(",")).unwrap();
    }
    text
}

/// A small file in the old layout.
pub fn small(rows: &str) -> String {
    format!("Handle,Title,Type,Option1 Value,Variant SKU,Variant Price,Body (HTML)\n{rows}")
}

/// Imports a text; the exit code, the sums, and what was said beside them.
pub fn bring(folder: &Folder, text: impl AsRef<[u8]>) -> (i32, Value, String) {
    let file = folder.file("products.csv", text);
    let data = folder.path("data");
    let output = till(&data, &["--json", "import", "products", file.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let sums = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code().unwrap(), sums, said)
}

/// T9: Shopify's own template becomes a product with three variants; what has no place here is said, once.
#[test]
#[allow(clippy::too_many_lines, reason = "one story")]
fn the_template_comes_in() {
    let folder = Folder::new("shopify-template");
    let data = folder.path("data");
    let template = licensed("product_template.csv");
    let (code, sums, said) = bring(&folder, &template);
    assert_eq!(
        (code, &sums["made"], &sums["rows"]),
        (0, &json!(1), &json!(1)),
        "{said}"
    );
    assert_eq!(sums["untracked"], 2);
    let variant = |sku: &str, title: &str, price: i64, grams: i64| {
        json!([
            sku,
            "Example T-Shirt",
            2,
            "Shirts",
            null,
            title,
            price,
            grams,
            0,
            null
        ])
        .to_string()
    };
    assert_eq!(
        rows(&data, VARIANTS),
        [
            variant(
                "example-t-shirt-1",
                "Lithograph - Height: 9\" x Width: 12\"",
                2500,
                3629
            ),
            variant("example-shirt-s", "Small", 1999, 200),
            variant("example-shirt-m", "Medium", 1999, 200),
        ]
    );
    assert_eq!(said.matches("columns that are not read").count(), 1, "{said}");
    for name in ["vendor", "tags", "image src", "variant compare at price"] {
        assert!(said.contains(&format!(" {name},")), "{name}: {said}");
    }
    assert!(said.contains("no picture is fetched"), "{said}");
    let before = counts(&data);
    let (code, sums, _) = bring(&folder, &template);
    assert_eq!(
        (code, &sums["known"], &sums["untracked"]),
        (0, &json!(1), &json!(0))
    );
    assert_eq!(counts(&data), before);
    let words = till(
        &folder.path("other"),
        &[
            "import",
            "products",
            folder.path("products.csv").to_str().unwrap(),
        ],
    );
    let words = String::from_utf8_lossy(&words.stdout).into_owned();
    assert!(
        words.contains("2 new variants are not tracked in the file: their stock is 0"),
        "{words}"
    );
    assert!(till(&data, &["doctor"]).status.success());
}

/// T9: the header of 2025, with every column that is read.
#[test]
#[allow(clippy::too_many_lines, reason = "one story")]
fn the_header_of_2025_comes_in() {
    let folder = Folder::new("shopify-2025");
    let data = folder.path("data");
    let mug = [
        ("Title", "Mug"),
        ("URL handle", "mug"),
        ("Description", "<p>two\nlines</p>"),
        ("Type", "Cups"),
        ("Published on online store", "true"),
        ("Status", "Active"),
        ("SKU", "'123"),
        ("Option1 value", "Large"),
        ("Option2 value", "Red"),
        ("Option3 value", "Gift"),
        ("Price", "4.50"),
        ("Charge tax", "FALSE"),
        ("Inventory tracker", "shopify"),
        ("Inventory quantity", "7"),
        ("Weight value (grams)", "250.5"),
    ];
    let second = [
        ("URL handle", "mug"),
        ("SKU", "MUG-S"),
        ("Option1 value", "Small"),
        ("Price", "3.50"),
        ("Charge tax", "false"),
        ("Inventory tracker", "shopify"),
        ("Inventory quantity", "-3"),
    ];
    let picture = [
        ("URL handle", "mug"),
        ("Product image URL", "https://shop.test/2.png"),
        ("Image position", "2"),
    ];
    let draft = [
        ("Title", "Draft"),
        ("URL handle", "draft"),
        ("Status", "Draft"),
        ("Price", "1"),
    ];
    let old = [
        ("Title", "Old"),
        ("URL handle", "old"),
        ("Status", "archived"),
        ("Price", "1"),
        ("Option1 value", "Default Title"),
    ];
    let blank = [
        ("Title", "Blank"),
        ("URL handle", "blank"),
        ("Status", "Active"),
        ("SKU", "B"),
    ];
    let hidden = [
        ("Title", "Hidden"),
        ("URL handle", "hidden"),
        ("Published on online store", "FALSE"),
        ("Price", "1.0"),
    ];
    let (code, sums, said) = bring(
        &folder,
        in_2025(&[&mug, &second, &picture, &draft, &old, &blank, &hidden]),
    );
    assert_eq!((code, &sums["made"]), (0, &json!(5)), "{said}");
    assert_eq!((&sums["untracked"], &sums["oversold"]), (&json!(4), &json!(1)));
    let empty = Value::Null;
    assert_eq!(
        rows(&data, VARIANTS),
        [
            json!([
                "123",
                "Mug",
                2,
                "Cups",
                "none",
                "Large / Red / Gift",
                450,
                251,
                7,
                "<p>two\nlines</p>"
            ]),
            json!([
                "MUG-S",
                "Mug",
                2,
                "Cups",
                "none",
                "Small",
                350,
                null,
                0,
                "<p>two\nlines</p>"
            ]),
            json!(["draft-1", "Draft", 0, empty, empty, empty, 100, empty, 0, empty]),
            json!(["old-1", "Old", 4, empty, empty, empty, 100, empty, 0, empty]),
            json!(["B", "Blank", 0, empty, empty, empty, empty, empty, 0, empty]),
            json!(["hidden-1", "Hidden", 0, empty, empty, empty, 100, empty, 0, empty]),
        ]
        .map(|row| row.to_string())
    );
}

/// T18: columns are known by name, in any case and order; a byte order mark, CRLF, gzip, blank rows and a formula are read.
#[test]
fn columns_are_known_by_name() {
    let folder = Folder::new("shopify-names");
    let data = folder.path("data");
    let text = "\u{feff}VARIANT PRICE,title,Body (HTML),HANDLE,variant sku\r\n\
        1.50,\"Mug, \"\"large\"\"\",\"two\r\nlines\",mug,M1\r\n\
        ,,,,\r\n\
        2,=cmd|' /C calc'!A0,,evil,'=E\r\n\
        2,=cmd|' /C calc'!A0,,evil2,E2\r\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    let (code, sums, said) = bring(&folder, gzip.finish().unwrap());
    assert_eq!(
        (code, &sums["made"], &sums["refused"]),
        (1, &json!(2), &json!(1)),
        "{said}"
    );
    assert!(
        said.contains("line 5 (evil): variant sku must be 1 to 64 letters"),
        "{said}"
    );
    let names = "SELECT json_array(p.name, t.description) FROM products p LEFT JOIN product_texts t ON t.product_id = p.id";
    assert_eq!(
        rows(&data, names),
        [
            json!(["Mug, \"large\"", "two\nlines"]).to_string(),
            json!(["=cmd|' /C calc'!A0", null]).to_string()
        ]
    );
    let out = till(&data, &["export", "products", "--format", "shopify"]);
    let out = String::from_utf8(out.stdout).unwrap();
    assert!(
        out.lines()
            .any(|line| line.starts_with("'=cmd|' /C calc'!A0,e2-2,")),
        "{out}"
    );
}

/// WEB-07, T9: one bad row refuses its whole product, with its line; the good ones go in, and the end is 1.
#[test]
fn a_bad_row_refuses_its_whole_product() {
    let folder = Folder::new("shopify-bad");
    let data = folder.path("data");
    let long = "x".repeat(1 << 20);
    let mut text = small("a,A,,S,A1,1.00,\na,,,M,A2,1e3,\na,,,L,A3,1.00,\n").into_bytes();
    text.extend(b"b,B,,,B1,1,\nc,C,,S,C1,1,\nc,,,caf\xe9,C2,1,\nd,D,,,D1,1,\n");
    text.extend(format!("e,E,,,E1,1,{long}\nf,F,,S,F1,1,\nf,,,M,F2\ng,,,,G1,1,\n").as_bytes());
    text.extend(b"h,H,,,H1,1,\nno\ni,I,,,,1,\nj k,J,,,,1,\nl,L,,S,L1,1,\nl,,,M,L1,1,\n");
    text.extend(b"m,M,,,A1,1,\nn,N,,,D1,2,\nb,B,,,B9,1,\nz,Z,,,Z1,-1,\nq,Q,,,Q1,1,\nq,,,M,\"Q2,1,\n");
    let (code, sums, said) = bring(&folder, &text);
    assert_eq!(code, 1, "{said}");
    assert_eq!(
        rows(&data, "SELECT sku FROM variants ORDER BY sku"),
        ["A1", "B1", "D1", "i-1"]
    );
    assert_eq!(
        (&sums["made"], &sums["refused"]),
        (&json!(4), &json!(12)),
        "{said}"
    );
    for told in [
        "line 3 (a): variant price is not an amount",
        "line 7 (c): is not UTF-8",
        "line 9 (e): body (html) must have at most 20000 characters",
        "line 11 (f): has 5 cells where the header has 7",
        "line 12 (g): title is required",
        "line 14 (h): has 1 cells where the header has 7",
        "line 16 (j k): handle makes no SKU for a variant without one",
        "line 18 (l): SKU L1 stands on line 17 already",
        "line 20 (D1): stands on line 8 already with other content",
        "line 21 (b): stands on line 5 already: its rows must be side by side",
        "line 22 (z): variant price must not be negative",
        "line 24 (q): has 5 cells where the header has 7",
    ] {
        assert!(said.contains(told), "{told} is not in {said}");
    }
    assert!(
        !said.contains("(m)"),
        "nobody else has A1, as its product was refused: {said}"
    );
    assert!(till(&data, &["doctor"]).status.success());
}

/// T9: what is taxed is told of a product whole; a status or a flag that is none is refused.
#[test]
fn what_the_layout_does_not_know_is_refused() {
    let folder = Folder::new("shopify-odd");
    let head = "Handle,Title,Variant SKU,Variant Price,Variant Taxable,Published,Status,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty\n";
    for (row, told) in [
        (
            "a,A,A1,1,TRUE,,,,,\na,,A2,1,FALSE,,,,,",
            "line 3 (a): variant taxable is not that of the product's first variant",
        ),
        (
            "a,A,A1,1,yes,,,,,",
            "line 2 (a): variant taxable must be TRUE or FALSE",
        ),
        ("a,A,A1,1,,maybe,,,,", "published must be TRUE or FALSE"),
        (
            "a,A,A1,1,,,sold,,,",
            "status must be active, draft, unlisted or archived",
        ),
        ("a,A,A1,1,,,,1kg,,", "variant grams is no number of grams"),
        (
            "a,A,A1,1,,,,1000000000.5,,",
            "variant grams must be at most 1000000000",
        ),
        (
            "a,A,A1,1,,,,,shopify,many",
            "variant inventory qty is not a whole number",
        ),
        (
            "a,A,A1,1,,,,,shopify,1000000001",
            "variant inventory qty must be at most 1000000000",
        ),
        ("a,A,A1,1.005,,,,,,", "variant price has more decimals"),
    ] {
        let (code, sums, said) = bring(&folder, format!("{head}{row}\n"));
        assert_eq!(
            (code, &sums["refused"], &sums["made"]),
            (1, &json!(1), &json!(0)),
            "{said}"
        );
        assert!(said.contains(told), "{told} is not in {said}");
    }
}

/// T9: a variant without a price keeps its whole product from sale, whatever the file says of it.
#[test]
fn a_blank_price_makes_a_draft() {
    let folder = Folder::new("shopify-blank");
    let text = "Handle,Title,Variant SKU,Variant Price,Status\n\
        a,A,A1,1.00,\na,,A2,,\nb,B,B1,1.00,active\nb,,B2,,\nc,C,C1,1.00,archived\nc,,C2,,\nd,D,D1,1.00,\n";
    let (code, _, said) = bring(&folder, text);
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        rows(
            &folder.path("data"),
            "SELECT name || ' ' || status FROM products ORDER BY name"
        ),
        ["A 0", "B 0", "C 4", "D 2"]
    );
}

/// T18: a file without a column that nothing goes without is refused whole, before anything is made.
#[test]
fn a_missing_column_refuses_the_file() {
    let folder = Folder::new("shopify-missing");
    let data = folder.path("data");
    for (what, header, told) in [
        (
            "products",
            "Handle,Variant SKU,Variant Price",
            "it has no column Title",
        ),
        (
            "products",
            "Title,Variant SKU",
            "Handle (or URL handle), Variant Price (or Price)",
        ),
        ("products", "name,price", "it has no column sku"),
        (
            "orders",
            "Name,Lineitem quantity,Lineitem name",
            "Created at, Lineitem price",
        ),
        ("orders", "number,qty", "it has no column sku"),
    ] {
        let file = folder.file("missing.csv", format!("{header}\na,b,c\n"));
        let output = till(
            &data,
            &["import", what, file.to_str().unwrap(), "--currency", "GBP"],
        );
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(told), "{said}");
        assert!(!data.join("till.db").exists());
    }
}

/// T18: a dry run tells what would come and writes nothing; it also serves a dry run of orders.
#[test]
fn a_dry_run_of_the_layout_writes_nothing() {
    let folder = Folder::new("shopify-dry");
    let data = folder.path("data");
    let file = folder.file("p.csv", licensed("product_template.csv"));
    let (code, sums) = import(&data, "products", &file, &["--dry-run"]);
    assert_eq!(
        (code, &sums["made"], &sums["untracked"]),
        (0, &json!(1), &json!(2))
    );
    assert_eq!(counts(&data), [0; 11]);
    let order = r#"{"number":"1","placed_at":"2026-01-05T10:00:00Z","lines":[{"sku":"example-t-shirt-1","qty":1,"unit_price":"25.00"}]}"#;
    let orders = folder.file("o.jsonl", order);
    let more = ["--dry-run", "--products", file.to_str().unwrap()];
    assert_eq!(import(&data, "orders", &orders, &more).0, 0);
}

/// T9: what is there is brought to what the file says, and its stock is left alone.
#[test]
fn a_file_that_comes_again_changes_what_it_tells() {
    let app = TestApp::start();
    let folder = Folder::new("shopify-again");
    let file = |price: &str| {
        let text = format!(
            "Handle,Title,Variant SKU,Variant Price,Variant Inventory Tracker,Variant Inventory Qty\nmug,Mug,M1,{price},shopify,5\n"
        );
        folder.file("p.csv", text)
    };
    assert_eq!(import(app.dir(), "products", &file("4.50"), &[]).1["made"], 1);
    let order = json!({ "items": [{ "sku": "M1", "quantity": 2 }] });
    assert_eq!(app.post("ann", "/api/v1/orders", order).status, 201);
    assert_eq!(import(app.dir(), "products", &file("4.50"), &[]).1["known"], 1);
    assert_eq!(import(app.dir(), "products", &file("5.00"), &[]).1["updated"], 1);
    let db = app.db();
    assert_eq!(one(&db, "SELECT price FROM variants WHERE sku = 'M1'"), 500);
    assert_eq!(one(&db, "SELECT available FROM stock"), 3);
}
