//! The pages of money: what an order's page tells and does about it, all payments, and what providers have told.

use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;
use crate::pages::Browser;
use crate::pages::OURS;
use crate::pages::filled;
use crate::pages::has_form;
use crate::pages::marked;
use crate::pages::plain;
use crate::payments::charge;
use crate::payments::order;
use crate::payments::shop;
use crate::payments::standing;

const PAGE: &str = "/admin/orders/1";
const RECORD: &str = "/admin/orders/1/payments";
const REFUND: &str = "/admin/orders/1/refund";
const CAPTURE: &str = "/admin/payments/1/capture";
const VOID: &str = "/admin/payments/1/void";
const INBOX: &str = "/admin/payments/inbox";
const HOSTILE: &str = "</pre><script>alert(1)</script>";

/// A shop with one order of 9.00 that waits to be paid by hand.
fn by_hand() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }] });
    assert_eq!(app.post("ann", "/api/v1/orders", body).status, 201);
    app
}

/// A shop with an order that is paid in the sandbox.
fn paid() -> TestApp {
    let app = shop();
    let id = order(&app);
    assert_eq!(charge(&app, id, "tok_good")["status"], "captured");
    app
}

fn deed(page: &Answer) -> &str {
    let rest = page.body.split_once("data-done=\"");
    rest.map_or("", |(_, rest)| rest.split('"').next().unwrap())
}

fn line(page: &Answer) -> String {
    let (_, rest) = page.body.split_once("data-line=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// E1: a shop that may be paid with no money says so on every page, to everybody; one that may not says nothing of it.
#[test]
fn every_page_says_that_payments_move_no_money() {
    for sandbox in [true, false] {
        let app = crate::payments::shop_with(|payments| payments.sandbox = sandbox);
        app.post(
            "ann",
            "/api/v1/orders",
            json!({ "items": [{ "sku": "MUG", "quantity": 1 }] }),
        );
        let (owner, nobody) = (Browser::signed_in(&app, "owner"), Browser::new(&app));
        let mut seen = 0;
        for path in crate::admin_frame::routes(&axum::http::Method::GET) {
            for browser in [&owner, &nobody] {
                let page = browser.get(&path);
                if !["class=\"app\"", "class=\"outside\""]
                    .iter()
                    .any(|mark| page.body.contains(mark))
                {
                    continue;
                }
                seen += 1;
                assert_eq!(
                    page.body.contains("Sandbox: payments here move no money."),
                    sandbox,
                    "{path}"
                );
            }
        }
        assert!(seen > 60, "{seen}");
    }
}

/// E1, T7: what came by hand is recorded once, a part and then the rest, and never more than is due.
#[test]
fn money_that_comes_by_hand_is_recorded() {
    let app = by_hand();
    let browser = Browser::signed_in(&app, "owner");
    let page = browser.get(PAGE);
    for wrong in ["9.01", "0", "-1", "some", "1.005", HOSTILE] {
        let refused = browser.submit(&page, RECORD, &[("amount", wrong), ("idempotency_key", wrong)]);
        assert_eq!(refused.status, 400, "{wrong}: {}", refused.body);
        assert!(refused.body.contains("amount-e") && !refused.body.contains("<script>alert"));
        assert!(plain(&refused.body).contains(wrong));
    }
    let part = [("amount", "4.00"), ("method", "cash"), ("reference", HOSTILE)];
    let recorded = browser.submit(&page, RECORD, &part);
    let told = browser.follow(&recorded);
    assert_eq!(deed(&told), "order.paid", "{}", told.body);
    assert!(plain(&told.body).contains(HOSTILE) && !told.body.contains(HOSTILE));
    // The same form once more is the same deed.
    assert_eq!(
        browser.submit(&page, RECORD, &part).header("location"),
        recorded.header("location")
    );
    let rest = browser.submit(&told, RECORD, &[]);
    let told = browser.follow(&rest);
    assert_eq!(deed(&told), "invoice.issued");
    assert!(
        told.body
            .contains("The money is recorded, and the invoice is issued.")
    );
    assert_eq!(
        standing(&app, 1),
        json!(["processing", "paid", "9.00", "0.00", "0.00"])
    );
    assert!(!has_form(&told, RECORD));
}

/// D7: two people at one order's money: the second sees both, and may go on.
#[test]
fn whoever_was_second_sees_both() {
    let app = by_hand();
    let browser = Browser::signed_in(&app, "owner");
    let page = browser.get(PAGE);
    assert_eq!(browser.submit(&page, RECORD, &[("amount", "4.00")]).status, 303);
    let late = [("amount", "5.00"), ("idempotency_key", "another")];
    let clash = browser.submit(&page, RECORD, &late);
    assert_eq!(clash.status, 412, "{}", clash.body);
    assert!(clash.body.contains("data-conflict"));
    assert_eq!(browser.submit(&clash, RECORD, &[]).status, 303);
    let question = browser.get(REFUND);
    assert_eq!(
        browser
            .submit(&question, REFUND, &[("amount", "1.00"), ("reason", "a chip")])
            .status,
        303
    );
    let late = [
        ("amount", "2.00"),
        ("reason", "a chip"),
        ("idempotency_key", "another"),
    ];
    let clash = browser.submit(&question, REFUND, &late);
    assert_eq!(clash.status, 412, "{}", clash.body);
    assert_eq!(browser.submit(&clash, REFUND, &[]).status, 303);
    assert_eq!(app.number("SELECT sum(refunded) FROM orders"), 300);
}

/// T7, MON-06: pieces of a line with their goods, an amount, all that is left, and nothing more.
#[test]
fn money_goes_back_for_pieces_for_an_amount_and_whole() {
    let app = paid();
    let browser = Browser::signed_in(&app, "owner");
    let stock = || app.number("SELECT sum(available) FROM stock");
    let question = browser.get(REFUND);
    let line = line(&question);
    let (pieces, restock) = (format!("qty-{line}"), format!("restock-{line}"));
    let one = [
        (pieces.as_str(), "1"),
        (restock.as_str(), "1"),
        ("reason", HOSTILE),
    ];
    let counted = browser.submit(&question, REFUND, &[&one[..], &[("do", "count")]].concat());
    assert_eq!(marked(&counted, "data-weighed"), "€4.50");
    assert_eq!(app.number("SELECT count(*) FROM refunds"), 0);
    assert_eq!(stock(), 998);
    let given = browser.submit(&counted, REFUND, &[]);
    let told = browser.follow(&given);
    assert_eq!(deed(&told), "order.refunded", "{}", told.body);
    assert!(plain(&told.body).contains(HOSTILE) && !told.body.contains(HOSTILE));
    assert_eq!(
        (stock(), app.number("SELECT sum(refunded) FROM orders")),
        (999, 450)
    );
    assert_eq!(app.number("SELECT sum(refunded) FROM sandbox_payments"), 450);
    let question = browser.get(REFUND);
    for (field, wrong) in [
        ("amount", "4.51"),
        ("amount", "x"),
        (pieces.as_str(), "2"),
        (pieces.as_str(), "-1"),
        ("reason", " "),
        ("nothing", "named"),
    ] {
        let refused = browser.submit(&question, REFUND, &[(field, wrong)]);
        assert_eq!(refused.status, 400, "{field} {wrong}: {}", refused.body);
        assert!(refused.body.contains("aria-invalid"), "{field} {wrong}");
    }
    let whole = browser.submit(&question, REFUND, &[("do", "all")]);
    assert_eq!(marked(&whole, "data-weighed"), "€4.50");
    assert_eq!(browser.submit(&whole, REFUND, &[]).status, 303);
    assert_eq!(
        standing(&app, 1),
        json!(["processing", "refunded", "9.00", "9.00", "0.00"])
    );
    assert!(!browser.get(PAGE).body.contains("data-ask-refund"));
}

/// T7, AUT-06: much money asks once more who it is, and what was typed is kept meanwhile.
#[test]
fn a_large_refund_asks_once_more() {
    let app = shop();
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 200 }], "payment_method": "sandbox" });
    assert_eq!(app.post("ann", "/api/v1/orders", body).status, 201);
    charge(&app, 1, "tok_good");
    let browser = Browser::signed_in(&app, "owner");
    app.clock.pass(6 * 60_000);
    let question = browser.get(REFUND);
    let typed = [("amount", "600.00"), ("reason", "all broken")];
    let asked = browser.submit(&question, REFUND, &typed);
    assert_eq!(asked.status, 401, "{}", asked.body);
    assert_eq!(app.number("SELECT count(*) FROM refunds"), 0);
    let resumed = browser.submit(&asked, "/admin/step-up", &[("password", crate::app::PASSWORD)]);
    assert_eq!(resumed.status, 200, "{}", resumed.body);
    let given = browser.submit(&resumed, REFUND, &[]);
    assert_eq!(deed(&browser.follow(&given)), "order.refunded");
    assert_eq!(app.number("SELECT sum(refunded) FROM orders"), 60_000);
}

/// E5: what is reserved is taken, a part where a part is asked for, and not beyond.
#[test]
fn what_is_reserved_is_captured() {
    let app = shop();
    app.db()
        .execute("INSERT INTO settings VALUES ('payments.capture', 'on_ship')", [])
        .unwrap();
    let id = order(&app);
    assert_eq!(charge(&app, id, "tok_good")["status"], "authorized");
    let browser = Browser::signed_in(&app, "owner");
    let page = browser.get(PAGE);
    let refused = browser.submit(&page, CAPTURE, &[("capture-1", "9.01")]);
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(refused.body.contains("capture-1-e"));
    let stale = browser.submit(
        &page,
        CAPTURE,
        &[("capture-1", "6.00"), ("version", "1"), ("idempotency_key", "x")],
    );
    assert_eq!(stale.status, 412, "{}", stale.body);
    let taken = browser.submit(&page, CAPTURE, &[("capture-1", "6.00"), ("idempotency_key", "y")]);
    assert_eq!(taken.status, 303, "{}", taken.body);
    assert_eq!(standing(&app, 1)[2], "6.00");
    let list = browser.get("/admin/payments?status=captured");
    assert!(list.body.contains("data-payment=\"1\""), "{}", list.body);
    assert!(
        !browser
            .get("/admin/payments?status=failed")
            .body
            .contains("data-payment")
    );
}

/// E5: what is reserved is let go, once, and then there is nothing to take.
#[test]
fn what_is_reserved_is_released() {
    let app = shop();
    app.db()
        .execute("INSERT INTO settings VALUES ('payments.capture', 'on_ship')", [])
        .unwrap();
    let id = order(&app);
    assert_eq!(charge(&app, id, "tok_good")["status"], "authorized");
    let browser = Browser::signed_in(&app, "owner");
    let page = browser.get(PAGE);
    let released = browser.submit(&page, VOID, &[]);
    let told = browser.follow(&released);
    assert_eq!(deed(&told), "payment.asked", "{}", told.body);
    app.settle();
    assert_eq!(
        app.number("SELECT count(*) FROM sandbox_payments WHERE state = 3"),
        1
    );
    let told = browser.get(PAGE);
    assert!(told.body.contains("data-state=\"voided\""), "{}", told.body);
    assert!(!has_form(&told, VOID) && !has_form(&told, CAPTURE));
    let late = browser.submit(&page, VOID, &[("idempotency_key", "another")]);
    assert_eq!(late.status, 409, "{}", late.body);
}

/// AZ-01: a role without the rights sees no button, and the forged post is refused.
#[test]
fn without_the_right_money_is_looked_at_only() {
    let app = paid();
    let (owner, staff) = (
        Browser::signed_in(&app, "owner"),
        Browser::signed_in(&app, "staff"),
    );
    let page = staff.get(PAGE);
    assert!(page.body.contains("data-payment=\"1\"") && !page.body.contains("data-ask-refund"));
    assert_eq!(staff.get(REFUND).status, 403);
    let typed = [("amount", "1.00"), ("reason", "mine")];
    let mut forged = filled(&owner.get(REFUND), REFUND, &typed);
    let token = filled(&page, "/admin/logout", &[]);
    let token = token.into_iter().find(|(name, _)| name == "form_token").unwrap();
    forged.retain(|(name, _)| name != "form_token");
    forged.push(token);
    for path in [REFUND, RECORD, CAPTURE, VOID, "/admin/payments/inbox/1"] {
        assert_eq!(staff.post(path, &forged, &[OURS]).status, 403, "{path}");
    }
    assert_eq!(app.number("SELECT count(*) FROM refunds"), 0);
    assert_eq!(staff.get("/admin/payments").status, 200);
}

/// E4, T7: a message that was parked is shown as text, and tried again by hand.
#[test]
fn a_parked_message_is_tried_again() {
    let app = paid();
    app.settle();
    let (body, number) = (HOSTILE, till::domain::inbox::InboxState::Dead as i64);
    app.execute(&format!(
        "UPDATE inbox SET state = {number}, processed_at = NULL, body = CAST('{body}' AS BLOB), failure = '{HOSTILE}' WHERE id = 1"
    ));
    let browser = Browser::signed_in(&app, "owner");
    let page = browser.get(&format!("{INBOX}?status=dead"));
    assert!(page.body.contains("data-message=\"1\""), "{}", page.body);
    assert!(!page.body.contains(HOSTILE) && plain(&page.body).contains(HOSTILE));
    let path = format!("{INBOX}/1");
    assert!(!has_form(&Browser::signed_in(&app, "staff").get(INBOX), &path));
    let again = browser.submit(&page, &path, &[]);
    assert_eq!(deed(&browser.follow(&again)), "inbox.retried");
    assert!(
        !browser
            .get(&format!("{INBOX}?status=dead"))
            .body
            .contains("data-message")
    );
}
