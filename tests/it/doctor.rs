//! The doctor: a shop after a busy life is sound, and each thing that can be wrong is found under its own name.

use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use serde_json::Value;
use serde_json::json;
use till::clock::Clock;
use till::domain::actor::Actor;
use till::domain::check::Report;
use till::domain::time::Timestamp;
use till::shop::Options;
use till::shop::Store;
use till::shop::doctor;

use crate::app::TestApp;
use crate::doctor_goods;

/// A shop in which most things have happened: orders in every state that the doors lead to, with notes and tags.
fn busy() -> TestApp {
    let app = TestApp::start();
    for sku in ["MUG", "CUP", "JUG"] {
        app.product(sku, "4.50", 100);
    }
    let headers = [("idempotency-key", "one-and-the-same")];
    for number in 0..8 {
        let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }, { "sku": "CUP", "quantity": 1 + number % 2 }] });
        let headers = if number == 0 { &headers[..] } else { &[] };
        let answer = app.send("POST", "ann", "/api/v1/orders", headers, Some(&body));
        assert_eq!(answer.status, 201, "{}", answer.body);
        app.clock.pass(1_000);
    }
    for (order, states) in [
        (2, &["processing"][..]),
        (3, &["processing", "shipped"]),
        (4, &["processing", "shipped", "delivered"]),
        (5, &["canceled"]),
        (6, &["processing", "canceled"]),
        (7, &["processing", "shipped", "canceled"]),
    ] {
        for (step, state) in states.iter().enumerate() {
            app.clock.pass(1_000);
            let body = json!({ "status": state, "version": step + 1 });
            let answer = app.patch("staff", &format!("/api/v1/orders/{order}/status"), body);
            assert_eq!(answer.status, 200, "{order} {state}: {}", answer.body);
        }
    }
    let paid = app.post("owner", "/api/v1/payments/manual", json!({ "order_id": 8 }));
    assert_eq!(paid.status, 201, "{}", paid.body);
    let note = app.post(
        "staff",
        "/api/v1/orders/8/notes",
        json!({ "note": "by the door" }),
    );
    assert_eq!(note.status, 201, "{}", note.body);
    let short = json!({ "items": [{ "sku": "JUG", "quantity": 1000 }] });
    assert_eq!(app.post("ben", "/api/v1/orders", short).code(), 6004);
    app
}

fn examine(dir: &Path, key: [u8; 32]) -> Report {
    let clock = Clock::set_at(Timestamp::parse("2026-03-02T12:00:00Z").unwrap());
    let store = Store::beside(Options::new(dir, clock, key)).unwrap();
    let report = doctor::examine(&store, &Actor::system(), &key, |_| {}).unwrap();
    let _ = store.close();
    report
}

/// N11
#[test]
fn a_shop_after_a_busy_life_is_sound() {
    let app = busy();
    let out = Command::new(env!("CARGO_BIN_EXE_till"))
        .args(["--data", app.dir().to_str().unwrap(), "doctor"])
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert_eq!(out.status.code(), Some(0), "{text}");
    assert!(text.starts_with("nothing found: "), "{text}");
}

/// N11, LOG-03, OWH-01: what is planted is found, each under its own name.
#[test]
fn each_thing_that_is_wrong_is_found_under_its_own_name() {
    let app = busy();
    let key = app.app().keys().audit;
    app.app().store().read(|_| Ok(())).unwrap();
    let whole = app.dir().join("whole.db");
    Connection::open(app.dir().join("till.db"))
        .unwrap()
        .execute("VACUUM INTO ?1", [whole.to_str().unwrap()])
        .unwrap();
    let dir = app.dir().join("copy");
    let mut missed = Vec::new();
    for (name, sql) in planted() {
        let _ = std::fs::remove_dir_all(&dir);
        till::shop::make_dir(&dir).unwrap();
        std::fs::copy(&whole, dir.join("till.db")).unwrap();
        let db = Connection::open(dir.join("till.db")).unwrap();
        db.execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF; DROP TRIGGER audit_fixed; DROP TRIGGER audit_kept;")
            .unwrap();
        db.execute_batch(sql)
            .unwrap_or_else(|cause| panic!("{name}: {cause}"));
        drop(db);
        let report = examine(&dir, key);
        if !report.findings.iter().any(|finding| finding.check == *name) {
            missed.push((*name, report.findings));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
    let every: Vec<&str> = examine(app.dir(), key)
        .checks
        .iter()
        .map(|checked| checked.check)
        .collect();
    let untried: Vec<&&str> = every
        .iter()
        .filter(|check| planted().all(|(name, _)| name != *check))
        .collect();
    assert!(untried.is_empty(), "nothing is planted for {untried:?}");
}

fn planted() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    PLANTED.iter().chain(doctor_goods::PLANTED)
}

const PLANTED: &[(&str, &str)] = &[
    (
        "commission.amount",
        "INSERT INTO commissions (seller_id, order_id, line_id, rate, amount, state, at) VALUES (1, 1, 4097, 30000, 1, 0, 0)",
    ),
    (
        "commission.line",
        "INSERT INTO commissions (id, seller_id, order_id, line_id, rate, amount, state, at) VALUES (1, 1, 1, 4097, 30000, 630, 0, 0);
         INSERT INTO commissions (seller_id, order_id, line_id, rate, amount, state, at, reverses) VALUES (1, 1, 4098, 30000, -1, 0, 0, 1)",
    ),
    (
        "commission.left",
        "INSERT INTO commissions (id, seller_id, order_id, line_id, rate, amount, state, at) VALUES (1, 1, 5, 20481, 30000, 630, 0, 0)",
    ),
    (
        "commission.state",
        "INSERT INTO commissions (seller_id, order_id, line_id, rate, amount, state, at) VALUES (1, 1, 4097, 30000, 630, 1, 0)",
    ),
    (
        "payout.seller",
        "INSERT INTO payouts (id, state, upto, created_at) VALUES (1, 0, 0, 0);
         INSERT INTO payout_sellers (payout_id, seller_id, rows, amount) VALUES (1, 1, 1, 5)",
    ),
    (
        "payout.amount",
        "INSERT INTO payouts (state, upto, amount, created_at) VALUES (0, 0, 5, 0)",
    ),
    (
        "wallet.balance",
        "INSERT INTO accounts (id, user_id, balance, updated_at) VALUES (9, 1, 500, 0);
         UPDATE accounts SET balance = -500 WHERE id = 1",
    ),
    (
        "wallet.zero",
        "INSERT INTO accounts (id, user_id, balance, updated_at) VALUES (9, 1, 500, 0)",
    ),
    (
        "wallet.running",
        "INSERT INTO accounts (id, user_id, updated_at) VALUES (9, 1, 0);
         INSERT INTO transfers (key, debit, credit, amount, kind, balance, at) VALUES ('a', 1, 9, 5, 0, 6, 0)",
    ),
    (
        "wallet.held",
        "INSERT INTO accounts (id, user_id, held, updated_at) VALUES (9, 1, 5, 0)",
    ),
    (
        "wallet.hold",
        "INSERT INTO payments (id, order_id, provider, state, at_once, amount, currency, created_at, updated_at)
         VALUES (9, 1, 4, 3, 0, 9, 'EUR', 0, 0)",
    ),
    (
        "wallet.payment",
        "INSERT INTO payments (id, order_id, provider, state, at_once, amount, currency, captured, created_at, updated_at)
         VALUES (9, 1, 4, 5, 0, 9, 'EUR', 9, 0, 0)",
    ),
    (
        "wallet.refund",
        "INSERT INTO payments (id, order_id, provider, state, at_once, amount, currency, captured, refunded, created_at, updated_at)
         VALUES (9, 1, 4, 5, 0, 9, 'EUR', 9, 3, 0, 0);
         INSERT INTO refunds (order_id, payment_id, state, source, amount, currency, reason, created_at, ended_at)
         VALUES (1, 9, 1, 0, 3, 'EUR', 'broken', 0, 0)",
    ),
    (
        "link.moments",
        "INSERT INTO links (purpose, hash, user_id, created_at, expires_at) VALUES (2, zeroblob(32), 1, 2, 1)",
    ),
    (
        "recovery_code.factor",
        "INSERT INTO recovery_codes (hash, user_id, created_at) VALUES (zeroblob(32), 1, 1)",
    ),
    (
        "pending_sign_in.session",
        "INSERT INTO pending_sign_ins (hash, user_id, token_epoch, created_at, expires_at, used_at, session_id, code)
         SELECT zeroblob(32), user_id + 1, 0, 1, 2, 1, id, zeroblob(32) FROM sessions LIMIT 1",
    ),
    (
        "mail.attempts",
        "INSERT INTO mails (template, recipient, facts, state, created_at, due_at, sent_at)
         VALUES (1, 'a@b.test', '{}', 1, 1, 1, 1)",
    ),
    (
        "mail.sealed",
        "INSERT INTO links (id, purpose, hash, user_id, created_at, expires_at) VALUES (2, 2, x'0102030405060708010203040506070801020304050607080102030405060708', 1, 1, 2);
         INSERT INTO mails (template, recipient, user_id, facts, link_id, sealed, state, attempts, created_at, due_at, sent_at)
         VALUES (1, 'a@b.test', 1, '{}', 2, x'00', 1, 1, 1, 1, 1)",
    ),
    (
        "mail.link",
        "INSERT INTO links (id, purpose, hash, user_id, created_at, expires_at) VALUES (1, 2, zeroblob(32), 1, 1, 2);
         INSERT INTO mails (template, recipient, user_id, facts, link_id, sealed, state, created_at, due_at)
         VALUES (1, 'a@b.test', 2, '{}', 1, x'00', 0, 1, 1)",
    ),
    (
        "file.integrity",
        "UPDATE stock SET available = -1 WHERE variant_id = 1",
    ),
    (
        "file.references",
        "UPDATE stock_movements SET variant_id = 999 WHERE id = 1",
    ),
    ("order.total", "UPDATE orders SET total = total + 1 WHERE id = 1"),
    (
        "order.subtotal",
        "UPDATE orders SET subtotal = subtotal + 1, total = total + 1 WHERE id = 1",
    ),
    (
        "order.discount",
        "UPDATE orders SET discount = 1, total = total - 1 WHERE id = 1",
    ),
    ("order.tax", "UPDATE order_lines SET tax = 1 WHERE order_id = 1"),
    (
        "order.taxes",
        "INSERT INTO order_taxes (order_id, tax_class, percent, name, net, tax) VALUES (1, 0, 20000, 'VAT', 5, 1)",
    ),
    (
        "coupon.used",
        "INSERT INTO coupons (code, kind, value, enabled, used, created_at, updated_at) VALUES ('A', 2, 0, 1, 1, 0, 0)",
    ),
    (
        "order.item_count",
        "UPDATE orders SET item_count = 99 WHERE id = 1",
    ),
    ("order.lines", "DELETE FROM order_lines WHERE order_id = 1"),
    (
        "line.total",
        "UPDATE order_lines SET total = total + 1 WHERE order_id = 1",
    ),
    (
        "line.order",
        "UPDATE order_lines SET order_id = 2 WHERE order_id = 1",
    ),
    (
        "line.variant",
        "UPDATE order_lines SET product_id = 3 WHERE order_id = 1",
    ),
    ("order.refunded", "UPDATE orders SET refunded = 1 WHERE id = 1"),
    ("order.paid", "UPDATE orders SET paid = 1 WHERE id = 1"),
    (
        "order.given_back",
        "UPDATE orders SET paid = 1, refunded = 1 WHERE id = 1",
    ),
    (
        "payment.refunded",
        "INSERT INTO payments (id, order_id, provider, state, at_once, amount, currency, captured, refunded, created_at, updated_at)
         VALUES (9, 1, 0, 5, 1, 9, 'EUR', 9, 3, 0, 0)",
    ),
    (
        "payment.tasks",
        "INSERT INTO refunds (order_id, state, source, amount, currency, reason, created_at)
         VALUES (1, 0, 0, 1, 'EUR', 'x', 0)",
    ),
    (
        "payment.differences",
        "INSERT INTO payment_differences (kind, provider, name, currency, ours, theirs, at, first_seen, last_seen)
         VALUES (0, 2, 'pi_1', 'EUR', 0, 900, 0, 0, 0)",
    ),
    ("invoice.series", "UPDATE invoice_series SET next = 5"),
    ("invoice.series", "UPDATE invoices SET number = 2"),
    ("invoice.series", "DELETE FROM invoices"),
    ("invoice.missing", "DELETE FROM invoices; DELETE FROM invoice_series"),
    ("invoice.total", "UPDATE invoices SET total = total + 1"),
    (
        "invoice.content",
        "UPDATE invoices SET content = '{\"total\":\"1.00\"}'",
    ),
    (
        "credit_note.invoice",
        "INSERT INTO invoices (series, year, number, order_id, invoice_id, currency, total, issued_at, content)
         VALUES (1, 2026, 1, 1, 1, 'EUR', 100, 0, '{\"total\":\"1.00\"}')",
    ),
    (
        "credit_note.total",
        "INSERT INTO invoices (series, year, number, order_id, invoice_id, currency, total, issued_at, content)
         VALUES (1, 2026, 1, 8, 1, 'EUR', 100, 0, '{\"total\":\"1.00\"}')",
    ),
    (
        "order.payment_status",
        "UPDATE orders SET payment_status = 4 WHERE id = 1",
    ),
    (
        "order.fulfilment_status",
        "UPDATE orders SET fulfilment_status = 0 WHERE id = 3",
    ),
    (
        "order.moment_of_status",
        "UPDATE orders SET shipped_at = NULL WHERE id = 3",
    ),
    (
        "order.moments_in_order",
        "UPDATE orders SET shipped_at = processing_at - 1 WHERE id = 3",
    ),
    (
        "order.history",
        "DELETE FROM order_changes WHERE order_id = 4 AND version = 3",
    ),
    (
        "change.order",
        "UPDATE order_changes SET version = version + 1 WHERE order_id = 4 AND version = 4",
    ),
    ("order.contacts", "DELETE FROM order_contacts WHERE order_id = 1"),
    ("order.user", "UPDATE orders SET user_id = 999 WHERE id = 1"),
    (
        "order.currency",
        "UPDATE orders SET currency = 'GBP' WHERE id = 1",
    ),
    ("order.number", "UPDATE orders SET number = '1002' WHERE id = 1"),
    (
        "product.price_from",
        "UPDATE products SET price_from = 1 WHERE id = 1",
    ),
    (
        "product.variants",
        "DELETE FROM variants WHERE id = 3; UPDATE products SET price_from = NULL WHERE id = 3",
    ),
    (
        "product.is_out",
        "UPDATE products SET is_out = 1 - is_out WHERE id = 1",
    ),
    ("variant.stock", "DELETE FROM stock WHERE variant_id = 3"),
    (
        "stock.available",
        "UPDATE stock SET available = -1 WHERE variant_id = 1",
    ),
    (
        "customer.deleted",
        "UPDATE customers SET deleted_at = 1 WHERE id = 1",
    ),
    (
        "customer.forgotten",
        "UPDATE customers SET anonymised_at = 1 WHERE id = 1",
    ),
    (
        "forgetting.orders",
        "INSERT INTO forgettings (audit_id, event_id, customers, stage, created_at, ended_at)
           SELECT 1, 1, '[' || customer_id || ']', 9, 1, 1 FROM orders WHERE id = 2;
         UPDATE customers SET anonymised_at = 1 WHERE id = (SELECT customer_id FROM orders WHERE id = 2);
         UPDATE order_contacts SET note = 'for Ann' WHERE order_id = 2",
    ),
    (
        "forgetting.told",
        "INSERT INTO forgettings (audit_id, event_id, customers, words, stage, created_at) VALUES (1, 1, '[]', '[]', 0, 1)",
    ),
    (
        "forgetting.pages",
        "INSERT INTO freed_pages (filler) VALUES (zeroblob(9))",
    ),
    (
        "audit.redaction",
        "INSERT INTO audit_redactions VALUES (999999, 1000000, zeroblob(32))",
    ),
    (
        "group.setting",
        "UPDATE settings SET value = '1' WHERE name = 'selling.groups'",
    ),
    ("customer.user", "UPDATE customers SET user_id = 999 WHERE id = 1"),
    ("user.admin", "UPDATE users SET status = 2 WHERE role_id = 1"),
    (
        "session.epoch",
        "UPDATE sessions SET token_epoch = 9 WHERE id = 1",
    ),
    (
        "session.kind",
        "UPDATE sessions SET secret = zeroblob(32) WHERE id = 1",
    ),
    (
        "refresh_token.session",
        "UPDATE refresh_tokens SET expires_at = expires_at + 9000000000 WHERE id = 1",
    ),
    (
        "idempotency.resource",
        "UPDATE idempotency SET resource_id = 999 WHERE kind = 1",
    ),
    ("event.data", "UPDATE events SET data = '{' WHERE id = 1"),
    ("audit.event", "DELETE FROM events WHERE type = 1 AND subject = 1"),
    (
        "endpoint.mark",
        "INSERT INTO webhook_endpoints (id, url, events, secret, mark, created_at, updated_at) VALUES (1, 'https://a.test/', '*', x'00', 100000, 0, 0);",
    ),
    (
        "delivery.lane",
        "INSERT INTO webhook_endpoints (id, url, events, secret, mark, created_at, updated_at) VALUES (1, 'https://a.test/', '*', x'00', 0, 0, 0);
         INSERT INTO deliveries (id, endpoint_id, lane, status, due_at) VALUES (4097, 1, 8, 0, 0), (8193, 1, 8, 0, 0)",
    ),
    (
        "delivery.attempts",
        "INSERT INTO webhook_endpoints (id, url, events, secret, mark, created_at, updated_at) VALUES (1, 'https://a.test/', '*', x'00', 0, 0, 0);
         INSERT INTO deliveries (id, endpoint_id, lane, status, attempts, ended_at) VALUES (4097, 1, 8, 3, 1, 0)",
    ),
    (
        "delivery.event",
        "INSERT INTO webhook_endpoints (id, url, events, secret, mark, created_at, updated_at) VALUES (1, 'https://a.test/', '*', x'00', 0, 0, 0);
         INSERT INTO deliveries (id, endpoint_id, lane, status, ended_at) VALUES (409600001, 1, 8, 4, 0)",
    ),
    (
        "mark.ahead",
        "UPDATE marks SET upto = 1000 WHERE name = 'search.orders'",
    ),
    (
        "settings.sane",
        "UPDATE settings SET value = 'euro' WHERE name = 'currency'",
    ),
    ("settings.sane", "DELETE FROM settings WHERE name = 'epoch'"),
    (
        "day.sums",
        "INSERT INTO sums_upto SELECT 1, value, 4000000000000, 1000000, 1000000, 1000000 FROM settings WHERE name = 'time_zone'",
    ),
    (
        "settings.decided",
        "INSERT INTO settings (name, value) VALUES ('stock.low_at', 'many')",
    ),
    (
        "settings.time_zone",
        "UPDATE settings SET value = 'Europe/Atlantis' WHERE name = 'time_zone'",
    ),
    (
        "movement.available",
        "UPDATE stock_movements SET available = available + 1 WHERE id = 1",
    ),
    (
        "stock.ledger",
        "UPDATE stock SET available = available + 1 WHERE variant_id = 2",
    ),
    (
        "order.stock",
        "UPDATE stock_movements SET order_id = NULL WHERE order_id = 1",
    ),
    (
        "order.stock",
        "UPDATE stock_movements SET order_id = 6 WHERE order_id = 5 AND delta > 0",
    ),
    (
        "event.seq",
        "UPDATE events SET seq = 7 WHERE type = 3 AND subject = 4 AND seq = 4",
    ),
    (
        "event.seq",
        "DELETE FROM events WHERE type = 3 AND subject = 4 AND seq = 4",
    ),
    ("order.events", "UPDATE orders SET events = 9 WHERE id = 1"),
    (
        "order.events",
        "DELETE FROM events WHERE type = 1 AND subject = 1",
    ),
    (
        "order.audit",
        "DELETE FROM audit WHERE action = 1 AND target_id = 1",
    ),
    ("audit.chain", "UPDATE audit SET at = at + 1 WHERE id = 5"),
];

/// N11: the command says the same to programs, and its exit code tells.
#[test]
fn the_command_names_what_it_found() {
    let app = busy();
    Connection::open(app.dir().join("till.db"))
        .unwrap()
        .execute(
            "UPDATE stock SET available = available + 1 WHERE variant_id = 2",
            [],
        )
        .unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_till"))
        .args(["--data", app.dir().to_str().unwrap(), "--json", "doctor"])
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    let expected = json!([{ "check": "stock.ledger", "row": "variant 2", "expected": "91", "found": "92" }]);
    assert_eq!(report["findings"], expected);
    app.expect_findings();
}
