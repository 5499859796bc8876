//! Exports in Shopify's layouts: exactly its columns, one row a line, and what goes out comes in again.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::imports::Folder;
use crate::imports::import;
use crate::imports::one;
use crate::imports::till;
use crate::imports_shopify::licensed;
use crate::imports_shopify::rows;

/// The rows of an export by the names of their columns.
fn export(app: &TestApp, what: &str) -> (String, Vec<Value>) {
    let out = till(app.dir(), &["export", what, "--format", "shopify"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    let rows = reader.records().map(|record| {
        let record = record.unwrap();
        let cells = names.iter().zip(&record).filter(|(_, cell)| !cell.is_empty());
        cells.map(|(name, cell)| (name.to_owned(), json!(cell))).collect()
    });
    let rows = rows.collect();
    (text, rows)
}

/// A shop with products and orders of all sorts.
fn a_shop() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    let products = "/api/v1/products";
    for body in [
        json!({ "name": "=cmd|' /C calc'!A0", "sku": "-1", "price": "1.00", "quantity": 3, "category": "Odd, things",
            "description": "two\nlines" }),
        json!({ "name": "Set", "variants": [
            { "sku": "SET-S", "title": "Small", "price": "5.00", "quantity": 1 },
            { "sku": "SET-L", "title": "Large / Red", "price": "7.00", "quantity": 2 },
        ] }),
        json!({ "name": "Old", "sku": "OLD", "price": "2.00", "quantity": 9 }),
        json!({ "name": "a.b", "sku": "A.B", "price": "2.00", "quantity": 1 }),
        json!({ "name": "a-b", "sku": "a-b", "price": "2.00", "quantity": 1 }),
    ] {
        assert_eq!(app.post("owner", products, body).status, 201);
    }
    app.change("INSERT INTO tax_classes (id, name) VALUES (9, 'none')");
    app.change("UPDATE products SET tax_class = 9 WHERE name = 'Set'");
    app.change("UPDATE variants SET weight_g = 250 WHERE sku = 'SET-S'");
    app.change("UPDATE products SET status = 4 WHERE name = 'a.b'");
    app.change("UPDATE products SET status = 0 WHERE name = 'a-b'");
    app
}

const ADDRESS: &str =
    r#"{"name":"=Ann","line1":"1, High \"St\"","city":"York","postcode":"YO1","country":"GB"}"#;

fn an_order(app: &TestApp) {
    let address: Value = serde_json::from_str(ADDRESS).unwrap();
    let order = json!({ "items": [{ "sku": "MUG", "quantity": 2 }, { "sku": "SET-L", "quantity": 1 },
        { "sku": "OLD", "quantity": 1 }], "note": "=cmd|' /C calc'!A0", "shipping_address": address });
    assert_eq!(app.post("ann", "/api/v1/orders", order).status, 201);
    let tags = json!({ "tags": ["gift", "late"] });
    assert_eq!(
        app.send("PUT", "owner", "/api/v1/orders/1/tags", &[], Some(&tags))
            .status,
        200
    );
}

/// T18: exactly Shopify's columns, in its order.
#[test]
fn the_columns_are_shopifys() {
    let app = a_shop();
    for (what, header) in [
        ("products", "products_header_2025.csv"),
        ("orders", "orders_export_header.csv"),
    ] {
        let (text, _) = export(&app, what);
        assert_eq!(
            text.split("\r\n").next(),
            licensed(header).lines().next(),
            "{what}"
        );
    }
    let out = till(app.dir(), &["export", "customers", "--format", "shopify"]);
    assert_eq!(out.status.code(), Some(78));
    assert_eq!(
        one(
            &app.db(),
            "SELECT count(*) FROM audit WHERE action = 61 AND content ->> 'format' = 'shopify'"
        ),
        2
    );
}

/// T18, WEB-07: products that go out come in again, in an empty shop and in their own.
#[test]
fn products_come_in_again() {
    let app = a_shop();
    let (text, told) = export(&app, "products");
    assert!(text.contains("\r\n'=cmd|' /C calc'!A0,"), "{text}");
    assert_eq!(told.len(), 7);
    let set: Vec<&Value> = told
        .iter()
        .filter(|row| row["SKU"].as_str().unwrap().starts_with("SET"))
        .collect();
    assert_eq!(
        (&set[0]["Title"], &set[1]["Title"]),
        (&json!("Set"), &Value::Null)
    );
    assert_eq!(set[0]["URL handle"], set[1]["URL handle"]);
    assert_eq!(
        (&set[0]["Charge tax"], &set[1]["Option1 value"]),
        (&json!("FALSE"), &json!("Large / Red"))
    );
    let folder = Folder::new("shopify-round");
    let file = folder.file("p.csv", &text);
    let data = folder.path("data");
    assert_eq!(import(&data, "products", &file, &[]).0, 0);
    let whole = "SELECT json_array(v.sku, p.name, p.status, v.title, v.price, v.weight_g, s.available, c.name, x.name, t.description)
        FROM variants v JOIN products p ON p.id = v.product_id JOIN stock s ON s.variant_id = v.id
        LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN tax_classes x ON x.id = p.tax_class
        LEFT JOIN product_texts t ON t.product_id = p.id AND t.description <> '' ORDER BY v.sku";
    assert_eq!(rows(&data, whole), rows(app.dir(), whole));
    let (code, sums) = import(app.dir(), "products", &file, &[]);
    assert_eq!((code, &sums["known"], &sums["made"]), (0, &json!(6), &json!(0)));
    let again = till(&data, &["export", "products", "--format", "shopify"]);
    assert_eq!(String::from_utf8(again.stdout).unwrap(), text);
}

/// T18, WEB-07: one row a line, what is the order's on the first alone, and no cell a formula.
#[test]
fn an_order_is_one_row_a_line() {
    let app = a_shop();
    an_order(&app);
    let old = one(&app.db(), "SELECT id FROM products WHERE name = 'Old'");
    let path = format!("/api/v1/products/{old}");
    assert_eq!(app.send("DELETE", "owner", &path, &[], None).status, 204);
    let (text, told) = export(&app, "orders");
    assert_eq!(told.len(), 3, "{text}");
    for (column, cell) in [
        ("Name", "#1001"),
        ("Financial Status", "pending"),
        ("Fulfillment Status", "unfulfilled"),
        ("Currency", "EUR"),
        ("Subtotal", "18.00"),
        ("Shipping", "0.00"),
        ("Taxes", "0.00"),
        ("Total", "18.00"),
        ("Discount Amount", "0.00"),
        ("Created at", "2026-03-01 12:00:00 +0000"),
        ("Lineitem quantity", "2"),
        ("Lineitem price", "4.50"),
        ("Lineitem sku", "MUG"),
        ("Lineitem requires shipping", "true"),
        ("Shipping Name", "'=Ann"),
        ("Shipping Address1", "1, High \"St\""),
        ("Shipping City", "York"),
        ("Shipping Zip", "YO1"),
        ("Shipping Country", "GB"),
        ("Notes", "'=cmd|' /C calc'!A0"),
        ("Outstanding Balance", "18.00"),
        ("Tags", "gift, late"),
        ("Id", "1"),
    ] {
        assert_eq!(told[0][column], cell, "{column}");
    }
    for row in &told[1..] {
        let of_the_line = |name: &String| name == "Name" || name.starts_with("Lineitem ");
        assert!(row.as_object().unwrap().keys().all(of_the_line), "{row}");
        assert_eq!(row["Name"], "#1001");
    }
    assert_eq!(
        (&told[1]["Lineitem sku"], &told[2]["Lineitem sku"]),
        (&json!("SET-L"), &Value::Null)
    );
    for cell in told.iter().flat_map(|row| row.as_object().unwrap().values()) {
        assert!(
            !cell.as_str().unwrap().starts_with(['=', '+', '-', '@', '\t']),
            "{cell}"
        );
    }
}

/// T18: orders that go out come in again: in another shop as they were, in their own they are known.
#[test]
fn orders_come_in_again() {
    let app = a_shop();
    an_order(&app);
    app.clock.pass(123);
    an_order_of_staff(&app);
    let folder = Folder::new("shopify-orders-round");
    let (products, _) = export(&app, "products");
    let (orders, _) = export(&app, "orders");
    let products = folder.file("p.csv", products);
    let orders = folder.file("o.csv", orders);
    let data = folder.path("data");
    assert_eq!(import(&data, "products", &products, &[]).0, 0);
    assert_eq!(import(&data, "orders", &orders, &[]).0, 0);
    let whole = "SELECT json_array(CAST(ifnull(o.number, 1000 + o.id) AS TEXT), o.payment_status, o.total, o.subtotal, o.discount, o.shipping,
          o.item_count, o.placed_at / 1000, k.note, k.shipping_address, l.sku, l.name, l.quantity, l.unit_price, l.total)
        FROM orders o JOIN order_contacts k ON k.order_id = o.id JOIN order_lines l ON l.order_id = o.id ORDER BY l.id";
    assert_eq!(rows(&data, whole), rows(app.dir(), whole));
    let (code, sums) = import(app.dir(), "orders", &orders, &[]);
    assert_eq!(
        (code, &sums["known"], &sums["refused"]),
        (0, &json!(2), &json!(0))
    );
    assert!(till(&data, &["doctor"]).status.success());
}

fn an_order_of_staff(app: &TestApp) {
    let order =
        json!({ "items": [{ "sku": "MUG", "quantity": 1, "price": "3.99" }], "email": "b@shop.test" });
    assert_eq!(app.post("owner", "/api/v1/orders", order).status, 201);
}
