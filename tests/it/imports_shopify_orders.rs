//! Orders in the layout of Shopify's own export: what they become, in which states, and what is refused.

use std::fmt::Write as _;
use std::path::Path;
use std::path::PathBuf;

use serde_json::json;

use crate::app::TestApp;
use crate::imports::Folder;
use crate::imports::counts;
use crate::imports::import;
use crate::imports::one;
use crate::imports::till;
use crate::imports_shopify::licensed;

/// Cells of a row by the names of their columns.
pub type Row<'a> = &'a [(&'a str, &'a str)];

/// A file with these rows, in exactly Shopify's columns.
pub fn orders(rows: &[Vec<(&str, &str)>]) -> String {
    let header = licensed("orders_export_header.csv");
    let header = header.trim();
    let mut text = format!("{header}\n");
    for row in rows {
        let cells = header.split(',').map(|name| {
            let told = row.iter().rev().find(|(column, _)| *column == name);
            told.map_or(String::new(), |(_, cell)| {
                format!("\"{}\"", cell.replace('"', "\"\""))
            })
        });
        let cells: Vec<String> = cells.collect();
        writeln!(text, "{}", cells.join(",")).unwrap();
    }
    text
}

/// A row that is an order: one mug at 10.00, with what else is told.
pub fn mug<'a>(name: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("Name", name),
        ("Created at", "2024-05-07 15:28:29 -0400"),
        ("Currency", "EUR"),
        ("Lineitem quantity", "1"),
        ("Lineitem name", "Mug"),
        ("Lineitem price", "10.00"),
        ("Lineitem sku", "MUG"),
    ];
    [&usual[..], more].concat()
}

pub fn file(folder: &Folder, rows: &[Vec<(&str, &str)>]) -> PathBuf {
    folder.file("orders.csv", orders(rows))
}

fn refusals(data: &Path, file: &Path) -> String {
    let output = till(data, &["import", "orders", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const ADDRESS: [(&str, &str); 8] = [
    ("Shipping Name", "Ann Lee"),
    ("Shipping Address1", "1, High \"St\""),
    ("Shipping City", "York"),
    ("Shipping Zip", "'00501"),
    ("Shipping Country", "GB"),
    ("Shipping Province", "ENG"),
    ("Shipping Province Name", "England"),
    ("Shipping Phone", "'+44 (1632) 960-961"),
];

/// T18: an order with two lines and a charge, a discount, shipping and taxes beside the prices comes in whole.
#[test]
#[allow(clippy::too_many_lines, reason = "one story")]
fn an_order_comes_in_whole() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    app.product("CUP", "4.50", 100);
    let folder = Folder::new("shopify-order");
    let head = [
        &ADDRESS[..],
        &[
            ("Email", "ann@buyer.test"),
            ("Financial Status", "partially_refunded"),
            ("Fulfillment Status", "fulfilled"),
            ("Fulfilled at", "2024-05-09 08:00:00 +0200"),
            ("Subtotal", "31.50"),
            ("Shipping", "4.00"),
            ("Taxes", "7.10"),
            ("Total", "42.60"),
            ("Discount Code", "MAY"),
            ("Discount Amount", "3.50"),
            ("Lineitem quantity", "2"),
            ("Lineitem compare at price", "12.00"),
            ("Billing Name", "Ann Lee"),
            ("Billing Country", "GB"),
            ("Notes", "two\nlines"),
            ("Refunded Amount", "10.00"),
            ("Tags", "gift, late ,,"),
            ("Phone", "+44 1632 960962"),
        ],
    ]
    .concat();
    let line = |more: Row| -> Vec<(String, String)> {
        let name = ("Name".to_owned(), "#1001".to_owned());
        let more = more
            .iter()
            .map(|(column, cell)| ((*column).to_owned(), (*cell).to_owned()));
        std::iter::once(name).chain(more).collect()
    };
    let cup = line(&[
        ("Lineitem quantity", "1"),
        ("Lineitem name", "Cup"),
        ("Lineitem price", "10"),
        ("Lineitem sku", "CUP"),
    ]);
    let wrap = line(&[
        ("Lineitem quantity", "1"),
        ("Lineitem name", "Gift wrap"),
        ("Lineitem price", "5.00"),
    ]);
    let gone = line(&[
        ("Lineitem quantity", "0"),
        ("Lineitem name", "Pot"),
        ("Lineitem price", "9"),
        ("Lineitem sku", "POT"),
    ]);
    let rows = [cup, wrap, gone];
    let mut all = vec![mug("#1001", &head)];
    all.extend(
        rows.iter()
            .map(|row| row.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect()),
    );
    let file = file(&folder, &all);
    let (code, sums) = import(app.dir(), "orders", &file, &[]);
    assert_eq!(
        (
            code,
            &sums["made"],
            &sums["lines"],
            &sums["charges"],
            &sums["customers"],
            &sums["cut_addresses"]
        ),
        (0, &json!(1), &json!(2), &json!(1), &json!(1), &json!(1))
    );
    let order = app.get("owner", "/api/v1/orders/1").json();
    for (field, value) in [
        ("number", json!("1001")),
        ("status", json!("delivered")),
        ("payment_status", json!("partially_refunded")),
        ("fulfilment_status", json!("fulfilled")),
        ("placed_at", json!("2024-05-07T19:28:29.000Z")),
        ("shipped_at", json!("2024-05-09T06:00:00.000Z")),
        ("subtotal", json!("35.00")),
        ("discount", json!("3.50")),
        ("shipping", json!("4.00")),
        ("tax", json!("7.10")),
        ("total", json!("42.60")),
        ("paid", json!("42.60")),
        ("refunded", json!("10.00")),
        ("item_count", json!(3)),
        ("email", json!("ann@buyer.test")),
        ("note", json!("two\nlines")),
        ("tags", json!(["gift", "late"])),
        ("billing_address", json!({ "country": "GB" })),
        (
            "shipping_address",
            json!({ "name": "Ann Lee", "line1": "1, High \"St\"", "city": "York", "postcode": "00501",
            "region": "England", "country": "GB", "phone": "+441632960961" }),
        ),
    ] {
        assert_eq!(order[field], value, "{field} of {order}");
    }
    let db = app.db();
    assert_eq!(one(&db, "SELECT sum(discount) FROM order_lines"), 350);
    assert_eq!(
        one(&db, "SELECT discount FROM order_lines WHERE sku = 'MUG'"),
        200
    );
    assert_eq!(
        one(&db, "SELECT list_price FROM order_lines WHERE sku = 'MUG'"),
        1200
    );
    assert_eq!(one(&db, "SELECT tax_included FROM orders"), 0);
    assert_eq!(
        one(
            &db,
            "SELECT count(*) FROM order_lines WHERE name = 'Gift wrap' AND product_id IS NULL"
        ),
        1
    );
    let ann = "SELECT count(*) FROM customers WHERE email = 'ann@buyer.test' AND name = 'Ann Lee' AND phone = '+441632960962'";
    assert_eq!(one(&db, ann), 1);
    assert_eq!(one(&db, "SELECT sum(available) FROM stock"), 200);
    let before = counts(app.dir());
    let (code, sums) = import(app.dir(), "orders", &file, &[]);
    assert_eq!((code, &sums["known"]), (0, &json!(1)));
    assert_eq!(counts(app.dir()), before);
    assert!(till(app.dir(), &["doctor"]).status.success());
}

/// T18: the states that Shopify's two statuses lead to, each with its money; the doctor finds nothing wrong with any.
#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn every_status_leads_to_a_state() {
    let app = TestApp::start();
    app.product("MUG", "10.00", 100);
    let folder = Folder::new("shopify-states");
    let cancelled = ("Cancelled at", "2024-05-08 10:00:00 -0400");
    let fulfilled = ("Fulfilled at", "2024-05-08 10:00:00 -0400");
    let cases: [(&str, &str, Row, [&str; 5]); 15] = [
        (
            "pending",
            "unfulfilled",
            &[],
            ["pending", "unpaid", "unfulfilled", "0.00", "0.00"],
        ),
        ("", "", &[], ["pending", "unpaid", "unfulfilled", "0.00", "0.00"]),
        (
            "authorized",
            "unfulfilled",
            &[fulfilled],
            ["pending", "unpaid", "unfulfilled", "0.00", "0.00"],
        ),
        (
            "paid",
            "unfulfilled",
            &[],
            ["processing", "paid", "unfulfilled", "10.00", "0.00"],
        ),
        (
            "paid",
            "partial",
            &[fulfilled],
            ["processing", "paid", "partial", "10.00", "0.00"],
        ),
        (
            "paid",
            "fulfilled",
            &[fulfilled],
            ["delivered", "paid", "fulfilled", "10.00", "0.00"],
        ),
        (
            "pending",
            "fulfilled",
            &[],
            ["delivered", "unpaid", "fulfilled", "0.00", "0.00"],
        ),
        (
            "partially_paid",
            "unfulfilled",
            &[("Outstanding Balance", "4.00")],
            ["processing", "partially_paid", "unfulfilled", "6.00", "0.00"],
        ),
        (
            "partially_refunded",
            "fulfilled",
            &[("Refunded Amount", "3.00")],
            ["delivered", "partially_refunded", "fulfilled", "10.00", "3.00"],
        ),
        (
            "refunded",
            "fulfilled",
            &[("Refunded Amount", "10.00"), fulfilled],
            ["refunded", "refunded", "fulfilled", "10.00", "10.00"],
        ),
        (
            "refunded",
            "unfulfilled",
            &[],
            ["canceled", "refunded", "unfulfilled", "10.00", "10.00"],
        ),
        (
            "voided",
            "unfulfilled",
            &[cancelled],
            ["canceled", "unpaid", "unfulfilled", "0.00", "0.00"],
        ),
        (
            "refunded",
            "unfulfilled",
            &[cancelled],
            ["canceled", "refunded", "unfulfilled", "10.00", "10.00"],
        ),
        (
            "paid",
            "restocked",
            &[cancelled],
            ["canceled", "paid", "unfulfilled", "10.00", "0.00"],
        ),
        (
            "refunded",
            "partial",
            &[fulfilled],
            ["refunded", "refunded", "fulfilled", "10.00", "10.00"],
        ),
    ];
    let names: Vec<String> = (1..=cases.len()).map(|at| format!("#S{at}")).collect();
    let told: Vec<Vec<(&str, &str)>> = cases
        .iter()
        .zip(&names)
        .map(|((payment, fulfilment, more, _), name)| {
            let both = [
                ("Financial Status", *payment),
                ("Fulfillment Status", *fulfilment),
            ];
            mug(name, &[&both[..], more].concat())
        })
        .collect();
    let (code, sums) = import(app.dir(), "orders", &file(&folder, &told), &[]);
    assert_eq!((code, &sums["refused"]), (0, &json!(0)));
    for (at, (payment, fulfilment, _, wanted)) in (1..).zip(&cases) {
        let order = app.get("owner", &format!("/api/v1/orders/{at}")).json();
        let fields = [
            "status",
            "payment_status",
            "fulfilment_status",
            "paid",
            "refunded",
        ];
        let is: Vec<&str> = fields
            .iter()
            .map(|field| order[*field].as_str().unwrap())
            .collect();
        assert_eq!(is, wanted, "{payment} and {fulfilment}");
    }
    let doctor = till(app.dir(), &["doctor"]);
    assert!(
        doctor.status.success(),
        "{}",
        String::from_utf8_lossy(&doctor.stdout)
    );
}

/// T18: a row that is no good refuses its order, with the line and all that is wrong; the others come in.
#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn a_bad_row_refuses_its_order() {
    let app = TestApp::start();
    app.product("MUG", "10.00", 100);
    let folder = Folder::new("shopify-bad-orders");
    for (rows, told) in [
        (
            vec![mug("#1", &[("Created at", "yesterday")])],
            "line 2 (#1): created at is not a time such as 2019-05-07 15:28:29 -0400",
        ),
        (
            vec![mug("#1", &[("Lineitem sku", "POT")])],
            "line 2 (1): there is no product with SKU POT",
        ),
        (
            vec![mug("#1", &[]), mug("#1", &[("Lineitem quantity", "-1")])],
            "line 3 (#1): lineitem quantity must be from 0 to 1000000000",
        ),
        (
            vec![mug("#1", &[("Lineitem name", "")])],
            "lineitem name is required",
        ),
        (
            vec![mug("#1", &[("Lineitem price", "ten")])],
            "lineitem price is not an amount",
        ),
        (
            vec![mug("#1", &[("Total", "11.00")])],
            "line 2 (#1): Total is not what its lines, Shipping and Taxes come to",
        ),
        (
            vec![mug("#1", &[("Subtotal", "11.00")])],
            "Subtotal is more than its lines come to",
        ),
        (
            vec![mug("#1", &[("Lineitem discount", "11.00")])],
            "a line comes to less than nothing",
        ),
        (
            vec![mug("#1", &[("Currency", "USD")])],
            "currency is not the shop's, which is EUR",
        ),
        (
            vec![mug("#1", &[("Financial Status", "maybe")])],
            "financial status is no financial status of Shopify's",
        ),
        (
            vec![mug("#1", &[("Fulfillment Status", "lost")])],
            "fulfillment status is no fulfillment status",
        ),
        (
            vec![mug("#1", &[("Financial Status", "partially_paid")])],
            "Outstanding Balance must tell",
        ),
        (
            vec![mug("#1", &[("Cancelled at", "2024-05-07 15:28:28 -0400")])],
            "cancelled at must not be before the order was placed",
        ),
        (
            vec![mug("#1", &[("Email", "nobody")])],
            "email is not an e-mail address",
        ),
        (
            vec![mug("#1", &[]), mug("#2", &[]), mug("#1", &[])],
            "line 4 (#1): stands on line 2 already: its rows must be side by side",
        ),
        (
            vec![mug("#1", &[]), mug("", &[("Lineitem name", "Cup")])],
            "line 3 (#1): name is required",
        ),
        (
            vec![mug(
                "#1",
                &[("Financial Status", "paid"), ("Refunded Amount", "10.01")],
            )],
            "refunded must not be more than was paid",
        ),
    ] {
        let mut rows = rows;
        rows.push(mug("#9", &[]));
        let said = refusals(app.dir(), &file(&folder, &rows));
        assert!(said.contains(told), "{told} is not in {said}");
        assert_eq!(
            one(&app.db(), "SELECT count(*) FROM orders WHERE number = '9'"),
            1
        );
    }
    assert_eq!(
        one(&app.db(), "SELECT count(*) FROM orders WHERE number = '1'"),
        1
    );
    let half = orders(&[mug("#20", &[]), mug("#21", &[]), mug("#21", &[])]);
    let half = folder.file("half.csv", &half[..half.len() - 20]);
    let said = refusals(app.dir(), &half);
    assert!(said.contains("line 4 (#21): has "), "{said}");
    assert_eq!(
        one(&app.db(), "SELECT count(*) FROM orders WHERE number = '21'"),
        0
    );
    assert!(till(app.dir(), &["doctor"]).status.success());
}
