//! Exports: what goes out comes in again, in both formats, and leaves a trace in the audit.

use std::path::Path;

use rusqlite::Connection;
use serde_json::json;

use crate::app::TestApp;
use crate::imports::Folder;
use crate::imports::import_sample;
use crate::imports::one;
use crate::imports::till;

fn open(data: &Path) -> Connection {
    Connection::open(data.join("till.db")).unwrap()
}

/// Rows of a query as text.
fn rows(db: &Connection, sql: &str) -> Vec<String> {
    db.prepare(sql)
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// What must be the same on the other side: everything but ids, secrets and the time of the import.
const WHOLE: [&str; 5] = [
    "SELECT json_array(p.status, p.name, v.sku, v.title, v.price, v.weight_g, s.available, c.name, t.description)
     FROM variants v JOIN products p ON p.id = v.product_id JOIN stock s ON s.variant_id = v.id
     LEFT JOIN categories c ON c.id = p.category_id LEFT JOIN product_texts t ON t.product_id = p.id
     ORDER BY v.sku",
    "SELECT json_array(ifnull(number, 'T' || id), name, email, phone, country) FROM customers ORDER BY 1",
    "SELECT json_array(ifnull(o.number, 1000 + o.id), o.status, o.payment_status, o.fulfilment_status,
       ifnull(c.number, 'T' || c.id), o.currency, o.item_count, o.subtotal, o.discount, o.total, o.paid, o.refunded,
       o.placed_at, o.processing_at, o.shipped_at, o.delivered_at, o.canceled_at,
       k.email, k.shipping_address, k.note)
     FROM orders o JOIN order_contacts k ON k.order_id = o.id LEFT JOIN customers c ON c.id = o.customer_id
     ORDER BY 1",
    "SELECT json_array(ifnull(o.number, 1000 + o.id), l.id & 4095, l.sku, l.name, l.quantity, l.unit_price, l.total,
       l.variant_id IS NULL)
     FROM order_lines l JOIN orders o ON o.id = l.order_id ORDER BY 1",
    "SELECT json_array(n.number, c.number, n.country, n.total, n.placed_at, l.id & 4095, l.sku, l.name, l.quantity,
       l.unit_price, l.variant_id IS NULL)
     FROM credit_note_lines l JOIN credit_notes n ON n.id = l.credit_note_id LEFT JOIN customers c ON c.id = n.customer_id
     ORDER BY 1",
];

/// T18, WEB-07: an export of real and live data, imported into an empty file, is the same data.
#[test]
fn what_is_exported_can_be_imported_again() {
    let app = TestApp::start();
    import_sample(app.dir());
    app.product("MUG", "4.50", 10);
    let names = ["=1+1", "+44 mugs", "-10 %", "@home", "O'Neill's \"best\", large"];
    for (at, name) in names.iter().enumerate() {
        let body = json!({ "name": name, "sku": format!("F{at}"), "price": "1.00", "quantity": 3,
            "description": "two\nlines", "category": "Odd, things" });
        assert_eq!(app.post("owner", "/api/v1/products", body).status, 201, "{name}");
    }
    let set = json!({ "name": "Set", "variants": [
        { "sku": "SET-S", "title": "Small", "price": "5.00", "quantity": 1 },
        { "sku": "SET-L", "title": "Large", "price": "7.00", "quantity": 2 },
    ] });
    assert_eq!(app.post("owner", "/api/v1/products", set).status, 201);
    let order = json!({ "items": [{ "sku": "MUG", "quantity": 2 }, { "sku": "SET-L", "quantity": 1 }],
        "note": "=cmd", "shipping_address": { "name": "Ann", "line1": "1, High \"St\"", "city": "York",
        "postcode": "YO1", "country": "GB" } });
    assert_eq!(app.post("ann", "/api/v1/orders", order).status, 201);
    let folder = Folder::new("round");
    for format in ["csv", "jsonl"] {
        let data = folder.path(format);
        for (what, packed) in [("products", ".gz"), ("customers", ""), ("orders", ".gz")] {
            let file = folder.path(&format!("{what}.{format}{packed}"));
            let file = file.to_str().unwrap();
            let out = till(app.dir(), &["export", what, "--format", format, "--out", file]);
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
            let british = ["--currency", "GBP", "--time-zone", "Europe/London"];
            let back = till(&data, &[&["import", what, file], &british[..]].concat());
            assert!(
                back.status.success(),
                "{format} {}",
                String::from_utf8_lossy(&back.stderr)
            );
        }
        for sql in WHOLE {
            assert_eq!(rows(&open(&data), sql), rows(&app.db(), sql), "{format}");
        }
        let again = folder.path(&format!("orders.{format}.gz"));
        let back = till(app.dir(), &["import", "orders", again.to_str().unwrap()]);
        assert!(back.status.success(), "{}", String::from_utf8_lossy(&back.stderr));
    }
    assert_eq!(one(&app.db(), "SELECT count(*) FROM audit WHERE action = 61"), 6);
}

/// WEB-07: no cell of a CSV is a formula, and amounts stay figures.
#[test]
fn no_exported_cell_is_a_formula() {
    let app = TestApp::start();
    let body = json!({ "name": "=SUM(A1)", "sku": "-1", "price": "1.00" });
    assert_eq!(app.post("owner", "/api/v1/products", body).status, 201);
    let out = till(app.dir(), &["export", "products"]);
    let text = String::from_utf8(out.stdout).unwrap();
    assert_eq!(
        text,
        "sku,name,title,price,category,description,quantity,weight_g,status,product\r\n\
         '-1,'=SUM(A1),,1.00,,,1,,approved,\r\n"
    );
}
