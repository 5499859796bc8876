//! What an edit does to money: payments, refunds, invoices, and what sellers get.

use serde_json::json;

use crate::app::TestApp;
use crate::commissions;
use crate::edits::edit;
use crate::edits::edited;
use crate::edits::figures;
use crate::edits::kept;
use crate::edits::new;
use crate::edits::papers;
use crate::payments;
use crate::payments_inbox;
use crate::shipments::is;
use crate::shipments::now;
use crate::shipments::pieces;
use crate::shipments::placed;
use crate::shipments::refund;
use crate::shipments::shop;
use crate::shipments::told;

/// T5: a line that a failed refund names stays, with as few pieces as may be.
#[test]
fn a_line_that_a_refund_names_stays() {
    let app = payments_inbox::shop();
    app.product("CUP", "3.00", 100);
    let body = json!({ "items": [new("MUG", 2), new("CUP", 2)], "payment_method": "sandbox" });
    let order = app.post("ann", "/api/v1/orders", body).json();
    let payment = payments::charge(&app, order["id"].as_i64().unwrap(), "tok_good");
    let given = refund(
        &app,
        &order,
        json!({ "lines": [pieces(&order, 1, 1)], "reason": "broken" }),
    );
    assert_eq!(given.status, 201, "{}", given.body);
    is(
        &edit(&app, &order, json!({ "items": [kept(&order, 0, 2)] })),
        422,
        6001,
    );
    app.settle();
    let mut news = payments_inbox::news("e1", "refund.failed", &payment);
    let name = "SELECT provider_ref FROM refunds";
    let name: String = app.db().query_row(name, [], |row| row.get(0)).unwrap();
    news["data"]["refund_ref"] = json!(name);
    news["data"]["refund_id"] = given.json()["id"].clone();
    news["data"]["amount"] = json!("3.00");
    assert_eq!(payments_inbox::tell(&app, &news).status, 200);
    app.settle();
    is(
        &edit(&app, &order, json!({ "items": [kept(&order, 0, 2)] })),
        409,
        6003,
    );
    let less = edited(
        &app,
        &order,
        json!({ "items": [kept(&order, 0, 2), kept(&order, 1, 1)] }),
    );
    assert_eq!(less["overpaid"], "3.00");
}

/// T5: what was too little becomes enough: it is told as paid, work begins, and it gets its invoice.
#[test]
fn an_order_may_become_paid_by_an_edit() {
    let app = shop();
    let order = placed(&app, 2, 1);
    let paid = app.post(
        "owner",
        "/api/v1/payments/manual",
        json!({ "order_id": order["id"], "amount": "9.00" }),
    );
    assert_eq!(paid.status, 201, "{}", paid.body);
    assert_eq!(figures(&now(&app, &order))[3], "partially_paid");
    let less = edited(&app, &order, json!({ "items": [kept(&order, 0, 2)] }));
    assert_eq!(
        figures(&less),
        json!(["9.00", "0.00", "0.00", "paid", "processing"])
    );
    assert_eq!(papers(&app, &order), ["invoice 9.00"]);
    let told = told(&app, &order);
    assert_eq!(
        told[told.len() - 3..],
        ["order.edited", "order.paid", "invoice.issued"]
    );
    let none = edited(
        &app,
        &order,
        json!({ "items": [{ "id": order["items"][0]["id"], "quantity": 1, "price": "0" }] }),
    );
    assert_eq!(figures(&none)[2], "9.00");
    assert_eq!(papers(&app, &order), ["invoice 9.00", "credit_note 9.00"]);
    let again = edited(
        &app,
        &order,
        json!({ "items": [{ "id": order["items"][0]["id"], "quantity": 1, "price": "2" }] }),
    );
    assert_eq!(again["total"], "2.00");
    assert_eq!(
        papers(&app, &order),
        ["invoice 9.00", "credit_note 9.00", "invoice 2.00"]
    );
}

/// T5: a payment that is open for more than is due is given up; one that comes all the same goes back.
#[test]
fn an_open_payment_that_is_too_much_is_given_up() {
    let app = payments::shop();
    let id = payments::order(&app);
    let order = json!({ "id": id });
    let payment = payments::begin(&app, id);
    app.settle();
    let seen = now(&app, &order);
    let less = edited(&app, &order, json!({ "items": [kept(&seen, 0, 1)] }));
    assert_eq!(figures(&less)[0], less["due"]);
    app.settle();
    let at = format!("/api/v1/payments/{}", payment["id"]);
    assert_eq!(app.get("ann", &at).json()["status"], "voided");
    let again = payments::begin(&app, id);
    assert_eq!(again["amount"], less["due"]);
}

/// T5, F: what a line brings its seller follows what it comes to; a line that goes takes it along.
#[test]
fn commissions_follow_an_edit() {
    let app = commissions::shop();
    let id = commissions::order(&app, &[("VASE", 2), ("MUG", 1)]);
    let order = now(&app, &json!({ "id": id }));
    let brought =
        |app: &TestApp| app.number("SELECT ifnull(sum(amount), 0) FROM commissions WHERE state < 3");
    assert_eq!(brought(&app), 1_400);
    edited(
        &app,
        &order,
        json!({ "items": [kept(&order, 0, 3), kept(&order, 1, 1)] }),
    );
    assert_eq!(brought(&app), 2_100);
    edited(&app, &order, json!({ "items": [kept(&order, 1, 1)] }));
    assert_eq!(brought(&app), 0);
    edited(
        &app,
        &order,
        json!({ "items": [kept(&order, 1, 1), new("VASE", 1)] }),
    );
    assert_eq!(brought(&app), 700);
    commissions::pay(&app, id);
    let vase = now(&app, &order)["items"][1]["id"].clone();
    commissions::refund(
        &app,
        id,
        json!({ "lines": [{ "item_id": vase, "quantity": 1 }], "reason": "broken" }),
    );
    assert_eq!(brought(&app), 0);
    let body = json!({ "items": [kept(&order, 1, 1), { "id": vase, "quantity": 2 }] });
    edited(&app, &order, body);
    assert_eq!(brought(&app), 700, "one was given back for, one is sold");
}
