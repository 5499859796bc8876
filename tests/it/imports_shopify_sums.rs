//! What Shopify's orders come to, and whose they are.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::imports::Folder;
use crate::imports::import;
use crate::imports::one;
use crate::imports::till;
use crate::imports_shopify_orders::file;
use crate::imports_shopify_orders::mug;

/// Total, tax, whether that is within, shipping, discount, and the tax of the lines.
fn figures(app: &TestApp, id: i64) -> Value {
    let sql = format!(
        "SELECT json_array(total, tax, tax_included, shipping, discount,
           (SELECT sum(tax) FROM order_lines WHERE order_id = {id})) FROM orders WHERE id = {id}"
    );
    let text: String = app.db().query_row(&sql, [], |row| row.get(0)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// MON-01: whether the taxes are within is what Total says; a free shipping is no discount of the lines; zeros where a
/// currency has no decimals are none.
#[test]
fn the_sums_are_those_that_were_paid() {
    let app = TestApp::start();
    app.product("MUG", "10.00", 100);
    let folder = Folder::new("shopify-sums");
    let rows = [
        mug(
            "#1",
            &[("Taxes", "1.67"), ("Total", "10.00"), ("Subtotal", "10.00")],
        ),
        mug(
            "#2",
            &[("Taxes", "2.00"), ("Total", "12.00"), ("Subtotal", "10.00")],
        ),
        mug(
            "#3",
            &[
                ("Shipping", "5.00"),
                ("Discount Amount", "5.00"),
                ("Subtotal", "10.00"),
                ("Total", "10.00"),
            ],
        ),
        mug(
            "#4",
            &[
                ("Discount Amount", "1.00"),
                ("Lineitem discount", "0.25"),
                ("Total", "9.00"),
            ],
        ),
        mug(
            "#5",
            &[
                ("Lineitem taxable", "false"),
                ("Shipping", "5.00"),
                ("Taxes", "1.00"),
                ("Total", "16.00"),
            ],
        ),
    ];
    let (code, sums) = import(app.dir(), "orders", &file(&folder, &rows), &[]);
    assert_eq!((code, &sums["refused"]), (0, &json!(0)));
    let order = |id: i64| figures(&app, id);
    assert_eq!(order(1), json!([1000, 167, 1, 0, 0, 167]));
    assert_eq!(order(2), json!([1200, 200, 0, 0, 0, 200]));
    assert_eq!(order(3), json!([1000, 0, order(3)[2], 0, 0, 0]));
    assert_eq!(order(4), json!([900, 0, order(4)[2], 0, 100, 0]));
    assert_eq!(
        order(5),
        json!([1600, 100, 0, 500, 0, 0]),
        "the shipping bears it"
    );
    let doctor = till(app.dir(), &["doctor"]);
    assert!(
        doctor.status.success(),
        "{}",
        String::from_utf8_lossy(&doctor.stdout)
    );
}

/// Customers are found by their addresses, whatever the case; one of an account that has not proved its own is not.
#[test]
fn customers_are_found_by_their_addresses() {
    let app = TestApp::start();
    app.product("MUG", "10.00", 100);
    let folder = Folder::new("shopify-buyers");
    let known = folder.file("c.csv", "number,name,email\nC7,Bob,bob@buyer.test\n");
    assert_eq!(import(app.dir(), "customers", &known, &[]).0, 0);
    let rows = [
        mug("#1", &[("Email", "BOB@buyer.test")]),
        mug("#2", &[("Email", "new@buyer.test")]),
        mug("#3", &[("Email", "NEW@buyer.test")]),
        mug("#4", &[]),
        mug(
            "#5",
            &[
                ("Email", "x@buyer.test"),
                ("Shipping Address1", "Somewhere"),
                ("Shipping Country", "Ireland"),
            ],
        ),
    ];
    let file = file(&folder, &rows);
    let (_, dry) = import(app.dir(), "orders", &file, &["--dry-run"]);
    let (code, sums) = import(app.dir(), "orders", &file, &[]);
    assert_eq!(
        (code, &sums["customers"], &sums["cut_addresses"]),
        (0, &json!(2), &json!(1))
    );
    assert_eq!(
        (&dry["customers"], &dry["made"]),
        (&sums["customers"], &sums["made"])
    );
    let whose = "SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.email = 'new@buyer.test'";
    let db = app.db();
    assert_eq!(one(&db, whose), 2);
    assert_eq!(
        one(
            &db,
            "SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.number = 'C7'"
        ),
        1
    );
    assert_eq!(
        one(&db, "SELECT count(*) FROM orders WHERE customer_id IS NULL"),
        1
    );
    let order = app.get("owner", "/api/v1/orders/5").json();
    assert_eq!(order["shipping_address"], json!({ "country": "IE" }));
}
