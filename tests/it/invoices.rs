//! Invoices and credit notes: when each is issued, what it says, and that no number is ever missing or there twice.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;
use crate::conservation;
use crate::pages::Browser;
use crate::payments::begin;
use crate::payments::charge;
use crate::payments::decide;
use crate::payments::order;
use crate::payments::shop;
use crate::payments_inbox;

pub fn invoice(app: &TestApp, order: i64) -> Answer {
    app.get("owner", &format!("/api/v1/orders/{order}/invoice"))
}

fn issue(app: &TestApp, order: i64) -> Answer {
    app.post("staff", &format!("/api/v1/orders/{order}/invoice"), json!({}))
}

fn pay(app: &TestApp, order: i64, amount: Option<&str>) -> Answer {
    app.post(
        "owner",
        "/api/v1/payments/manual",
        json!({ "order_id": order, "amount": amount }),
    )
}

fn refund(app: &TestApp, order: i64, body: Value) {
    let answer = app.post("owner", &format!("/api/v1/orders/{order}/refunds"), body);
    assert_eq!(answer.status, 201, "{}", answer.body);
}

fn by_hand(app: &TestApp) -> i64 {
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }] });
    app.post("ann", "/api/v1/orders", body).json()["id"]
        .as_i64()
        .unwrap()
}

/// The credit notes of an order's invoice: number, sum, and whether each has come to nothing.
fn credited(app: &TestApp, order: i64) -> Vec<(String, String, bool)> {
    let notes = invoice(app, order).json()["credit_notes"].clone();
    let read = |note: &Value| {
        let text = |name: &str| note[name].as_str().unwrap().to_owned();
        (text("number"), text("total"), !note["voided_at"].is_null())
    };
    notes.as_array().unwrap().iter().map(read).collect()
}

fn is(number: &str, total: &str) -> (String, String, bool) {
    (number.to_owned(), total.to_owned(), false)
}

/// It is told as the last of the order's events, without anything personal.
fn told(app: &TestApp, order: i64) {
    let told = app.get("owner", "/api/v1/events?type=invoice.issued").json()["data"].clone();
    let data = &told[0]["data"];
    assert_eq!(
        json!([data["number"], data["order_id"], data["seq"]]),
        json!(["INV-2026-00001", order, 5])
    );
    assert_eq!(
        (told.as_array().unwrap().len(), told[0]["stream"].as_str()),
        (1, Some("orders"))
    );
    assert!(!told.to_string().contains("Kiel"), "{told}");
    let audit = app
        .get("owner", "/api/v1/audit-logs?action=invoice.issued")
        .json();
    assert_eq!(audit["data"].as_array().unwrap().len(), 1);
}

/// T8: the payment that pays an order issues its invoice, in the same transaction; a part of it does not.
#[test]
fn a_paid_order_has_its_invoice() {
    let app = shop();
    app.change("INSERT INTO settings (name, value) VALUES ('shop.name', 'Fennel & Foolscap'), ('shop.address.city', 'Ludlow')");
    let address = json!({ "name": "Ann Ahl", "line1": "Hafen 1", "city": "Kiel", "postcode": "24103", "country": "DE" });
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }], "shipping_address": address });
    let placed = app.post("ann", "/api/v1/orders", body).json();
    let order = placed["id"].as_i64().unwrap();
    assert_eq!(invoice(&app, order).status, 404);
    assert_eq!(pay(&app, order, Some("4.00")).status, 201);
    assert_eq!(invoice(&app, order).status, 404);
    assert_eq!(pay(&app, order, None).status, 201);
    let found = invoice(&app, order).json();
    let content = &found["content"];
    assert_eq!(
        json!([
            found["kind"],
            found["number"],
            found["total"],
            found["currency"],
            found["credit_notes"]
        ]),
        json!(["invoice", "INV-2026-00001", "9.00", "EUR", []])
    );
    assert_eq!(
        json!([
            content["date"],
            content["order_number"],
            content["total"],
            content["paid"],
            content["bill_to"]["city"]
        ]),
        json!(["2026-03-01", placed["number"], "9.00", "9.00", "Kiel"])
    );
    assert_eq!(
        json!([content["seller"]["name"], content["seller"]["address"]["city"]]),
        json!(["Fennel & Foolscap", "Ludlow"])
    );
    let line = &content["lines"][0];
    assert_eq!(
        json!([line["sku"], line["quantity"], line["total"]]),
        json!(["MUG", 2, "9.00"])
    );
    told(&app, order);
    // What was frozen stays, whatever the shop is called later.
    app.change("UPDATE settings SET value = 'Another' WHERE name = 'shop.name'");
    assert_eq!(invoice(&app, order).json(), found);
    for (who, status) in [("ann", 200), ("ben", 404), ("nobody", 401), ("staff", 200)] {
        assert_eq!(
            app.get(who, &format!("/api/v1/orders/{order}/invoice")).status,
            status,
            "{who}"
        );
    }
}

/// T8: by hand, once; the second call answers the one there is, and so does the payment that comes later.
#[test]
fn an_invoice_is_issued_by_hand_once() {
    let app = shop();
    let order = by_hand(&app);
    let first = issue(&app, order);
    assert_eq!(
        (first.status, first.json()["number"].as_str()),
        (201, Some("INV-2026-00001")),
        "{}",
        first.body
    );
    let again = issue(&app, order);
    assert_eq!((again.status, again.json()), (200, first.json()));
    assert_eq!(pay(&app, order, None).status, 201);
    assert_eq!(invoice(&app, order).json(), first.json());
    assert_eq!(app.number("SELECT count(*) FROM invoices"), 1);
}

/// T8: an order of nothing, a canceled and an imported one get none.
#[test]
fn some_orders_get_no_invoice() {
    let app = shop();
    app.product("GIFT", "0.00", 10);
    let body = json!({ "items": [{ "sku": "GIFT", "quantity": 1 }] });
    let nothing = app.post("ann", "/api/v1/orders", body).json()["id"]
        .as_i64()
        .unwrap();
    let canceled = by_hand(&app);
    assert_eq!(
        app.post("owner", &format!("/api/v1/orders/{canceled}/cancel"), json!({}))
            .status,
        200
    );
    let imported = by_hand(&app);
    app.change(&format!(
        "UPDATE orders SET imported_at = placed_at WHERE id = {imported}"
    ));
    for order in [nothing, canceled, imported] {
        let refused = issue(&app, order);
        assert_eq!((refused.status, refused.code()), (409, 6003), "{}", refused.body);
    }
    assert_eq!(pay(&app, imported, None).status, 201);
    assert_eq!(app.number("SELECT count(*) FROM invoices"), 0);
    app.expect_findings();
}

/// T8: what goes back is credited, each refund by a note of its own; by hand and at the provider.
#[test]
fn a_refund_is_credited_when_it_succeeds() {
    let app = shop();
    let paid = order(&app);
    assert_eq!(charge(&app, paid, "tok_good")["status"], "captured");
    let item = app.get("owner", &format!("/api/v1/orders/{paid}")).json()["items"][0]["id"].clone();
    refund(
        &app,
        paid,
        json!({ "lines": [{ "item_id": item, "quantity": 1 }], "reason": "a chip" }),
    );
    assert_eq!(credited(&app, paid), [is("CN-2026-00001", "4.50")]);
    refund(&app, paid, json!({ "amount": "1.00", "reason": "late" }));
    assert_eq!(credited(&app, paid)[1..], [is("CN-2026-00002", "1.00")]);
    let path = format!("/api/v1/orders/{paid}/invoice?number=CN-2026-00001");
    let note = app.get("ann", &path).json();
    let content = &note["content"];
    assert_eq!(
        json!([
            note["kind"],
            note["credits"],
            content["reason"],
            content["lines"][0]["quantity"],
            content["total"]
        ]),
        json!(["credit_note", "INV-2026-00001", "a chip", 1, "4.50"])
    );
    assert_eq!(app.get("ann", &path.replace("00001", "00009")).status, 404);
    // The rest goes back as the order is canceled.
    assert_eq!(
        app.post("owner", &format!("/api/v1/orders/{paid}/cancel"), json!({}))
            .status,
        200
    );
    app.settle();
    assert_eq!(credited(&app, paid)[2..], [is("CN-2026-00003", "3.50")]);
    let told = app.get("owner", "/api/v1/events?type=invoice.issued").json()["data"].clone();
    assert_eq!(told.as_array().unwrap().len(), 4);
}

/// T8: an invoice that was never paid is taken back when its order is canceled; one that is issued late is credited what
/// went back before.
#[test]
fn an_invoice_never_asks_for_more_than_is_kept() {
    let app = shop();
    let unpaid = by_hand(&app);
    assert_eq!(issue(&app, unpaid).status, 201);
    assert_eq!(
        app.post("owner", &format!("/api/v1/orders/{unpaid}/cancel"), json!({}))
            .status,
        200
    );
    assert_eq!(credited(&app, unpaid), [is("CN-2026-00001", "9.00")]);
    let partly = by_hand(&app);
    pay(&app, partly, Some("5.00"));
    refund(&app, partly, json!({ "amount": "2.00", "reason": "late" }));
    assert_eq!(issue(&app, partly).status, 201);
    assert_eq!(credited(&app, partly), [is("CN-2026-00002", "2.00")]);
}

/// T8: what was paid twice goes back by itself, and the invoice stands whole.
#[test]
fn money_that_came_by_mistake_is_not_credited() {
    let app = payments_inbox::shop();
    let order = order(&app);
    let payment = begin(&app, order);
    pay(&app, order, Some("4.00"));
    decide(&app, &payment, "approve");
    assert_eq!(
        payments_inbox::tell(&app, &payments_inbox::news("e1", "payment.succeeded", &payment)).status,
        200
    );
    app.settle();
    assert_eq!(app.number("SELECT sum(amount) FROM refunds WHERE state = 1"), 400);
    assert_eq!(credited(&app, order), []);
}

/// T8: a refund that fails after it had succeeded makes its credit note void; the number stays taken.
#[test]
fn a_refund_that_fails_after_all_makes_its_note_void() {
    let app = payments_inbox::shop();
    let order = order(&app);
    let payment = charge(&app, order, "tok_good");
    refund(&app, order, json!({ "amount": "2.00", "reason": "a chip" }));
    let (name, id) = app
        .db()
        .query_row("SELECT provider_ref, id FROM refunds", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
        })
        .unwrap();
    let mut news = payments_inbox::news("e1", "refund.failed", &payment);
    news["data"]["refund_ref"] = json!(name);
    news["data"]["refund_id"] = json!(id);
    news["data"]["amount"] = json!("2.00");
    assert_eq!(payments_inbox::tell(&app, &news).status, 200);
    app.settle();
    assert_eq!(
        credited(&app, order),
        [("CN-2026-00001".to_owned(), "2.00".to_owned(), true)]
    );
    refund(&app, order, json!({ "amount": "3.00", "reason": "again" }));
    assert_eq!(credited(&app, order)[1..], [is("CN-2026-00002", "3.00")]);
}

/// N10: the year is the shop's, and each begins at 1.
#[test]
fn numbers_begin_again_with_the_shops_year() {
    let app = shop();
    app.change("UPDATE settings SET value = 'Pacific/Auckland' WHERE name = 'time_zone'");
    let pays = |number: &str| {
        app.forget_tokens();
        let order = by_hand(&app);
        pay(&app, order, None);
        assert_eq!(invoice(&app, order).json()["number"], number);
    };
    pays("INV-2026-00001");
    pays("INV-2026-00002");
    // 31 December, 11:30 in London: half past midnight there.
    let later = till::domain::time::Timestamp::parse("2026-12-31T11:30:00Z").unwrap();
    app.clock.pass(later.ms() - app.clock.now().ms());
    pays("INV-2027-00001");
    app.change("UPDATE invoice_series SET next = 100000 WHERE year = 2027");
    app.change("UPDATE invoices SET number = 99999 WHERE year = 2027");
    pays("INV-2027-100000");
    app.expect_findings();
}

/// N10: a thousand orders paid at once by many, some of which fail after their number was taken: no gap, and none twice.
#[test]
fn a_thousand_at_once_leave_no_gap() {
    const ORDERS: i64 = 1000;
    let app = shop();
    app.product("A", "4.50", 1_000_000);
    let place = |tx: &till::shop::Tx| {
        let new = conservation::order(&[(0, 2)]);
        for _ in 0..ORDERS {
            till::shop::orders::place(tx, &conservation::actor(), None, &new)?;
        }
        Ok(())
    };
    app.app().store().write(place).unwrap();
    let failing = "CREATE TRIGGER fails BEFORE INSERT ON invoices WHEN NEW.order_id % 5 = 0
      BEGIN SELECT RAISE(ABORT, 'no'); END";
    app.db().execute(failing, []).unwrap();
    app.token("owner");
    let orders: Vec<i64> = (1..=ORDERS).collect();
    std::thread::scope(|scope| {
        for part in orders.chunks(63) {
            let app = &app;
            scope.spawn(move || {
                for order in part {
                    let status = pay(app, *order, None).status;
                    assert_eq!(status, if order % 5 == 0 { 500 } else { 201 });
                }
            });
        }
    });
    let numbers = || {
        ["count(*)", "count(DISTINCT number)", "max(number)"]
            .map(|what| app.number(&format!("SELECT {what} FROM invoices")))
    };
    assert_eq!(numbers(), [ORDERS / 5 * 4; 3]);
    assert_eq!(
        app.number("SELECT count(*) FROM payments WHERE order_id % 5 = 0"),
        0
    );
    app.db().execute("DROP TRIGGER fails", []).unwrap();
    for order in orders.iter().filter(|order| *order % 5 == 0) {
        assert_eq!(pay(&app, *order, None).status, 201);
    }
    assert_eq!(numbers(), [ORDERS; 3]);
}

/// T8: what goes into the parcel, without prices; what was given back before is not packed.
#[test]
fn the_packing_slip_tells_what_to_pack() {
    let app = shop();
    app.product("CUP", "1.00", 10);
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }, { "sku": "CUP", "quantity": 3 }], "note": "By the door" });
    let placed = app.post("ann", "/api/v1/orders", body).json();
    let order = placed["id"].as_i64().unwrap();
    pay(&app, order, None);
    let back = |at: usize, quantity: i64| {
        let line = json!({ "item_id": placed["items"][at]["id"], "quantity": quantity, "restock": true });
        refund(&app, order, json!({ "lines": [line], "reason": "gone" }));
    };
    back(0, 2);
    back(1, 1);
    let slip = app.get("ann", &format!("/api/v1/orders/{order}/packing-slip"));
    let told = slip.json();
    assert_eq!(
        json!([
            told["item_count"],
            told["items"][0]["sku"],
            told["items"][0]["quantity"],
            told["note"]
        ]),
        json!([2, "CUP", 2, "By the door"])
    );
    assert_eq!(told["items"].as_array().unwrap().len(), 1);
    assert!(!slip.body.contains("1.00"), "{}", slip.body);
}

/// T8: the papers as pages, from the order's own page, with what somebody typed into them written out plainly.
#[test]
fn papers_are_pages_that_print() {
    let app = shop();
    app.product("CUP", "12.00", 10);
    app.change("UPDATE products SET name = '<b>Cup</b>' WHERE id = 2");
    let body = json!({ "items": [{ "sku": "CUP", "quantity": 100 }] });
    assert_eq!(app.post("ann", "/api/v1/orders", body.clone()).code(), 6004);
    let body = json!({ "items": [{ "sku": "CUP", "quantity": 10 }], "note": "<i>soon</i>" });
    let order = app.post("ann", "/api/v1/orders", body).json()["id"]
        .as_i64()
        .unwrap();
    let browser = Browser::signed_in(&app, "owner");
    let path = format!("/admin/orders/{order}");
    let page = browser.get(&path);
    assert!(page.body.contains("data-issue") && !page.body.contains("data-paper"));
    assert_eq!(browser.get(&format!("{path}/invoice")).status, 404);
    let issued = browser.submit(&page, &format!("{path}/invoice"), &[]);
    let page = browser.follow(&issued);
    assert!(page.body.contains("The invoice is issued."), "{}", page.body);
    assert!(page.body.contains("data-paper=\"INV-2026-00001\"") && !page.body.contains("data-issue"));
    let paper = browser.get(&format!("{path}/invoice"));
    for words in [
        "Invoice INV-2026-00001",
        "&#60;b&#62;Cup&#60;/b&#62;",
        "€120.00",
        "1 March 2026",
    ] {
        assert!(paper.body.contains(words), "{words}: {}", paper.body);
    }
    let slip = browser.get(&format!("{path}/packing-slip"));
    assert!(
        slip.body.contains("&#60;i&#62;soon&#60;/i&#62;") && !slip.body.contains('€'),
        "{}",
        slip.body
    );
    let paid = browser.submit(&page, &format!("{path}/payments"), &[]);
    assert_eq!(paid.status, 303, "{}", paid.body);
    refund(&app, order, json!({ "amount": "20.00", "reason": "<u>late</u>" }));
    assert!(browser.get(&path).body.contains("CN-2026-00001"));
    let note = browser.get(&format!("{path}/invoice?number=CN-2026-00001"));
    assert!(
        note.body
            .contains("Takes back from invoice INV-2026-00001. &#60;u&#62;late"),
        "{}",
        note.body
    );
    assert!(
        Browser::signed_in(&app, "ann")
            .get(&format!("{path}/invoice"))
            .status
            == 403
    );
}
