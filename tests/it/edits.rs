//! Changing orders that were placed: lines, prices and where they go, with stock, papers and payments behind them; and
//! the order as it was before each change.

use serde_json::Value;
use serde_json::json;
use till::domain::time::Timestamp;

use crate::app::TestApp;
use crate::client::Answer;
use crate::shipments::is;
use crate::shipments::now;
use crate::shipments::order;
use crate::shipments::path;
use crate::shipments::pieces;
use crate::shipments::refund;
use crate::shipments::shelves;
use crate::shipments::shipped;
use crate::shipments::shop;
use crate::shipments::told;

/// Changes an order under the version that it has.
pub fn edit(app: &TestApp, order: &Value, mut body: Value) -> Answer {
    body["version"] = now(app, order)["version"].clone();
    app.patch("staff", &path(order), body)
}

pub fn edited(app: &TestApp, order: &Value, body: Value) -> Value {
    let answer = edit(app, order, body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json(), now(app, order), "as it is shown");
    answer.json()
}

/// So many pieces of a line that stays.
pub fn kept(order: &Value, line: usize, quantity: i64) -> Value {
    json!({ "id": order["items"][line]["id"], "quantity": quantity })
}

pub fn new(sku: &str, quantity: i64) -> Value {
    json!({ "sku": sku, "quantity": quantity })
}

pub fn figures(order: &Value) -> Value {
    json!([
        order["total"],
        order["due"],
        order["overpaid"],
        order["payment_status"],
        order["status"]
    ])
}

pub fn address(country: &str, line1: &str) -> Value {
    json!({ "name": "Ann", "line1": line1, "city": "Rye", "postcode": "TN31", "country": country })
}

/// Totals of the papers of an order, oldest first, each with its kind.
pub fn papers(app: &TestApp, order: &Value) -> Vec<String> {
    let last = app.get("owner", &format!("{}/invoice", path(order))).json();
    let mut all: Vec<&Value> = vec![&last];
    for part in ["credit_notes", "earlier"] {
        all.extend(last[part].as_array().unwrap());
    }
    all.sort_by_key(|paper| paper["id"].as_i64());
    all.iter()
        .map(|paper| {
            format!(
                "{} {}",
                paper["kind"].as_str().unwrap(),
                paper["total"].as_str().unwrap()
            )
        })
        .collect()
}

/// The order at moments, and what was shown then.
struct Album(Vec<(Timestamp, Value)>);

impl Album {
    fn shoot(&mut self, app: &TestApp, order: &Value) {
        self.0.push((app.clock.now(), now(app, order)));
        app.clock.pass(1_000);
    }

    /// N5: each moment can be seen again, whole.
    fn can_be_seen_again(&self, app: &TestApp, order: &Value) {
        for (at, shown) in &self.0 {
            let then = app.get("owner", &format!("{}?at={at}", path(order)));
            assert_eq!(then.status, 200, "{}", then.body);
            assert_eq!(then.json(), *shown, "{at}");
        }
    }
}

/// T5, N5, N10: a paid order grows and shrinks: stock, what is due or too much, papers, events, history, time travel.
#[test]
fn a_paid_order_grows_and_shrinks() {
    let app = shop();
    let order = order(&app, 2, 1);
    let mut album = Album(Vec::new());
    album.shoot(&app, &order);
    let body = json!({ "items": [kept(&order, 0, 3), new("CUP", 2)], "reason": "asked on the phone" });
    let grown = edited(&app, &order, body);
    assert_eq!(
        figures(&grown),
        json!(["19.50", "7.50", "0.00", "partially_paid", "processing"])
    );
    assert_eq!(shelves(&app), [97, 98]);
    let ids: Vec<i64> = grown["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_i64().unwrap() & 4095)
        .collect();
    assert_eq!(ids, [1, 3], "no position is used again");
    album.shoot(&app, &order);
    let small = edited(&app, &order, json!({ "items": [kept(&grown, 0, 1)] }));
    assert_eq!(
        figures(&small),
        json!(["4.50", "0.00", "7.50", "paid", "processing"])
    );
    assert_eq!(shelves(&app), [99, 100]);
    album.shoot(&app, &order);
    let back = refund(&app, &order, json!({ "amount": "7.50", "reason": "too much" }));
    assert_eq!(back.status, 201, "{}", back.body);
    let settled = now(&app, &order);
    assert_eq!(settled["overpaid"], "0.00");
    album.shoot(&app, &order);
    let last = edited(
        &app,
        &order,
        json!({ "items": [kept(&grown, 0, 1), new("CUP", 1)] }),
    );
    assert_eq!(last["items"][1]["id"].as_i64().unwrap() & 4095, 4);
    album.shoot(&app, &order);
    album.can_be_seen_again(&app, &order);
    assert_eq!(
        papers(&app, &order),
        [
            "invoice 12.00",
            "credit_note 12.00",
            "invoice 19.50",
            "credit_note 19.50",
            "invoice 4.50",
            "credit_note 4.50",
            "invoice 7.50",
            "credit_note 3.00"
        ]
    );
    is_told(&app, &order);
}

/// One event an edit, with the stock it moved; its reason is among staff.
fn is_told(app: &TestApp, order: &Value) {
    let told = told(app, order);
    assert_eq!(told.iter().filter(|kind| *kind == "order.edited").count(), 3);
    let events = app.get("owner", "/api/v1/events?type=order.edited").json();
    assert_eq!(
        events["data"][0]["data"]["stock"],
        json!([{ "sku": "MUG", "delta": -1, "available": 97 }, { "sku": "CUP", "delta": -1, "available": 98 }])
    );
    assert_eq!(events["data"][1]["data"]["stock"][0]["delta"], 2);
    assert_eq!(events["data"][0]["data"]["total"], "19.50");
    let told_to = |who: &str| {
        let found = app.get(who, &format!("{}/history", path(order))).json();
        let all = found["data"].as_array().unwrap().clone();
        let edits = all.into_iter().filter(|entry| entry["action"] == "edited");
        edits.map(|entry| entry["note"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        told_to("staff"),
        [json!("asked on the phone"), Value::Null, Value::Null]
    );
    assert_eq!(told_to("ann"), [Value::Null, Value::Null, Value::Null]);
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 207"), 3);
}

/// MONEY, edits: a kept line keeps its frozen price, a new one takes today's; the coupon is reckoned again without a use.
#[test]
fn a_changed_order_is_priced_by_the_same_rule() {
    let app = shop();
    app.post(
        "owner",
        "/api/v1/coupons",
        json!({ "code": "TENTH", "kind": "percentage", "value": "10", "limit": 1, "min_subtotal": "9.00" }),
    );
    let body = json!({ "items": [new("MUG", 2)], "coupon": "TENTH" });
    let order = app.post("ann", "/api/v1/orders", body).json();
    assert_eq!(order["total"], "8.10");
    app.change("UPDATE variants SET price = 700");
    app.change("UPDATE products SET price_from = 700");
    app.change("UPDATE coupons SET enabled = 0, ends_at = 1");
    let more = edited(
        &app,
        &order,
        json!({ "items": [kept(&order, 0, 3), new("MUG", 1)] }),
    );
    let prices = |order: &Value, name: &str| -> Vec<Value> {
        let items = order["items"].as_array().unwrap().iter();
        items.map(|item| item[name].clone()).collect()
    };
    assert_eq!(prices(&more, "unit_price"), ["4.50", "7.00"]);
    assert_eq!(prices(&more, "discount"), ["1.35", "0.70"]);
    assert_eq!(
        json!([more["subtotal"], more["discount"], more["total"]]),
        json!(["20.50", "2.05", "18.45"])
    );
    let mut cheap = kept(&more, 0, 1);
    cheap["price"] = json!("3.00");
    let less = edited(&app, &order, json!({ "items": [cheap] }));
    assert_eq!(
        json!([less["total"], less["discount"], less["items"][0]["list_price"]]),
        json!(["3.00", "0.00", "4.50"]),
        "too little for the coupon"
    );
    assert_eq!(app.number("SELECT used FROM coupons"), 1);
    assert_eq!(shelves(&app), [99, 100]);
}

/// T5: not below what has left or was given back for, and not once all has left; the rest that never leaves moves it on.
#[test]
fn what_has_left_stays_on_its_order() {
    let app = shop();
    let order = order(&app, 3, 2);
    shipped(&app, &order, json!({ "items": [pieces(&order, 0, 1)] }));
    let given = refund(
        &app,
        &order,
        json!({ "lines": [pieces(&order, 0, 1)], "reason": "broken" }),
    );
    assert_eq!(given.status, 201, "{}", given.body);
    is(
        &edit(&app, &order, json!({ "items": [kept(&order, 0, 1)] })),
        422,
        6001,
    );
    is(
        &edit(&app, &order, json!({ "items": [kept(&order, 1, 2)] })),
        422,
        6001,
    );
    assert_eq!(shelves(&app), [97, 98]);
    let less = edited(&app, &order, json!({ "items": [kept(&order, 0, 2)] }));
    assert_eq!(
        json!([less["status"], less["fulfilment_status"], less["total"]]),
        json!(["shipped", "fulfilled", "9.00"]),
        "nothing is left to leave"
    );
    assert_eq!(shelves(&app), [98, 100]);
    is(
        &edit(&app, &order, json!({ "items": [kept(&order, 0, 3)] })),
        409,
        6002,
    );
    is(
        &edit(
            &app,
            &order,
            json!({ "shipping_address": address("GB", "2 Road") }),
        ),
        409,
        6002,
    );
    let noted = edited(
        &app,
        &order,
        json!({ "billing_address": address("GB", "2 Road") }),
    );
    assert_eq!(noted["billing_address"]["line1"], "2 Road");
}

/// T5, N5: where it goes and whom to write to; the tax is that of the new country, the invoice says the new address.
#[test]
#[allow(clippy::too_many_lines, reason = "one story")]
fn an_order_goes_elsewhere() {
    let app = shop();
    for (country, rate) in [("GB", "20"), ("DE", "7")] {
        app.post(
            "owner",
            "/api/v1/tax-rates",
            json!({ "name": "VAT", "country": country, "rate": rate }),
        );
    }
    let post = app
        .post(
            "owner",
            "/api/v1/shipping-methods",
            json!({ "name": "Post", "price": "3.00", "countries": ["GB", "DE"] }),
        )
        .json();
    let body = json!({ "items": [new("MUG", 2)], "shipping_address": address("GB", "1 Road"),
        "shipping_method": post["id"], "note": "Ring." });
    let order = app.post("ann", "/api/v1/orders", body).json();
    assert_eq!(json!([order["total"], order["tax"]]), json!(["12.00", "2.00"]));
    app.post(
        "owner",
        "/api/v1/payments/manual",
        json!({ "order_id": order["id"] }),
    );
    app.change("UPDATE shipping_methods SET deleted_at = 1, enabled = 0");
    let mut album = Album(Vec::new());
    album.shoot(&app, &order);
    let moved = edited(
        &app,
        &order,
        json!({ "shipping_address": address("DE", "1 Weg"), "email": "new@shop.test", "note": null }),
    );
    assert_eq!(
        json!([
            moved["total"],
            moved["tax"],
            moved["shipping"],
            moved["email"],
            moved["note"]
        ]),
        json!(["12.00", "0.79", "3.00", "new@shop.test", null])
    );
    assert_eq!(papers(&app, &order).len(), 3);
    album.shoot(&app, &order);
    let written = edited(&app, &order, json!({ "note": "Knock." }));
    assert_eq!(papers(&app, &order).len(), 3, "no paper has the note");
    assert_eq!(written["items"], moved["items"]);
    album.shoot(&app, &order);
    let invoice = app.get("ann", &format!("{}/invoice", path(&order))).json();
    assert_eq!(invoice["content"]["ship_to"]["line1"], "1 Weg");
    is(
        &edit(
            &app,
            &order,
            json!({ "shipping_address": address("FR", "1 Rue") }),
        ),
        422,
        6001,
    );
    let mail = app.get("owner", "/api/v1/orders?q=new@shop.test");
    assert_eq!(mail.json()["data"][0]["id"], order["id"], "{}", mail.body);
    album.can_be_seen_again(&app, &order);
    // What is forgotten of what it was shows as nothing.
    app.change("DELETE FROM order_contact_changes");
    let then = app
        .get("owner", &format!("{}?at={}", path(&order), album.0[0].0))
        .json();
    assert_eq!(
        json!([
            then["email"],
            then["shipping_address"],
            then["note"],
            then["total"]
        ]),
        json!([null, null, null, "12.00"])
    );
}

/// What is said again changes nothing; a version that was not seen is refused with the order as it is.
#[test]
fn an_edit_that_changes_nothing_leaves_nothing() {
    let app = shop();
    let order = order(&app, 2, 1);
    let same = edited(
        &app,
        &order,
        json!({ "items": [kept(&order, 0, 2), kept(&order, 1, 1)], "email": "ann@shop.test" }),
    );
    assert_eq!(same, order);
    let body = json!({ "items": [kept(&order, 0, 1)] });
    is(&app.patch("staff", &path(&order), body.clone()), 428, 2003);
    let mut stale = body;
    stale["version"] = json!(1);
    let answer = app.patch("staff", &path(&order), stale);
    is(&answer, 412, 3003);
    assert_eq!(answer.json()["error"]["details"]["current"], order);
    let short = edit(&app, &order, json!({ "items": [kept(&order, 0, 200)] }));
    is(&short, 409, 6004);
    assert_eq!(
        short.json()["error"]["details"]["items"],
        json!([{ "sku": "MUG", "requested": 198, "available": 98 }])
    );
    assert_eq!(now(&app, &order), order);
    app.change("UPDATE products SET status = 4 WHERE name = 'MUG'");
    is(
        &edit(&app, &order, json!({ "items": [kept(&order, 0, 3)] })),
        409,
        6003,
    );
    assert_eq!(
        edited(&app, &order, json!({ "items": [kept(&order, 0, 1)] }))["total"],
        "4.50"
    );
    let canceled = app.post("staff", &format!("{}/cancel", path(&order)), json!({}));
    assert_eq!(canceled.status, 200, "{}", canceled.body);
    is(&edit(&app, &order, json!({ "note": "x" })), 409, 6002);
    assert_eq!(shelves(&app), [100, 100]);
}
