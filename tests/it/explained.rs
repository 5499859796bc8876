//! What an order costs, and where each figure of it comes from.

use serde_json::Value;
use serde_json::json;

use crate::checkout;
use crate::checkout::CHECKOUT;
use crate::checkout::add;
use crate::checkout::check_out;
use crate::checkout::reprice;
use crate::checkout::with;
use crate::edits::kept;
use crate::edits::new;
use crate::pages::Browser;
use crate::shipments;

/// Minor units of an amount as it is written.
fn minor(amount: &Value) -> i64 {
    amount.as_str().unwrap().replace('.', "").parse().unwrap()
}

/// The parts of each figure of an order, or of a line, add up to it; their words, in their order.
fn add_up(told: &Value, figures: &[&str]) -> Vec<String> {
    let reasons = told["reasons"].as_array().unwrap();
    for figure in figures {
        let parts = reasons.iter().filter(|part| part["figure"] == *figure);
        let sum: i64 = parts.map(|part| minor(&part["amount"])).sum();
        assert_eq!(sum, minor(&told[figure]), "{figure}: {told}");
    }
    let words = reasons.iter().map(|part| part["reason"].as_str().unwrap());
    words.map(str::to_owned).collect()
}

/// MON-05: a checkout tells where each figure comes from, where it is asked, and so does a fresh quote. What is shown later
/// does not, nor the reply to the same key: it is as the order.
#[test]
fn a_checkout_explains_itself() {
    const WHOLE: [&str; 3] = ["discount", "shipping", "tax"];
    const LINE: [&str; 3] = ["unit_price", "discount", "tax"];
    let app = checkout::shop();
    for (path, body) in [
        (
            "coupons",
            json!({ "code": "TENTH", "kind": "percentage", "value": "10" }),
        ),
        (
            "tax-rates",
            json!({ "name": "VAT", "country": "GB", "rate": "20" }),
        ),
        ("shipping-methods", json!({ "name": "Post", "price": "2.50" })),
    ] {
        assert_eq!(app.post("owner", &format!("/api/v1/{path}"), body).status, 201);
    }
    add(&app, "ann", "MUG", 2);
    add(&app, "ann", "POT", 1);
    reprice(&app, 600);
    app.post("ann", "/api/v1/cart/coupon", json!({ "code": "tenth" }));
    let refused = check_out(&app, json!({ "shipping_method": 1, "total_price": "1.00" }));
    let body = |token: &str| with(json!({ "shipping_method": 1, "client_token": token }));
    let path = format!("{CHECKOUT}?explain=1");
    let order = app.post("ann", &path, body("one"));
    assert_eq!(order.status, 201, "{}", order.body);
    for told in [&order.json(), &refused.json()["error"]["details"]["quote"]] {
        assert_eq!(told["total"], "37.60", "{told}");
        assert_eq!(add_up(told, &WHOLE), ["coupon", "method", "tax"]);
        let words = |line: usize| add_up(&told["items"][line], &LINE);
        assert_eq!(words(0), ["list", "seen", "coupon", "tax"]);
        assert_eq!(words(1), ["list", "coupon", "tax"]);
    }
    let plain = |order: &Value| {
        order
            .get("reasons")
            .or(order["items"][0].get("reasons"))
            .is_none()
    };
    let again = app.post("ann", &path, body("one")).json();
    assert_eq!((&again["id"], plain(&again)), (&order.json()["id"], true));
    let shown = app.get("ann", &format!("/api/v1/orders/{}", again["id"])).json();
    assert!(plain(&shown), "{shown}");
    add(&app, "ann", "MUG", 1);
    assert!(plain(&app.post("ann", CHECKOUT, body("two")).json()));
    let unknown = app.post("ann", &format!("{CHECKOUT}?explain=why"), body("three"));
    assert_eq!((unknown.status, unknown.code()), (400, 2002));
}

/// T5: an edit tells where each figure comes from, where it is asked: a kept line keeps its price, a new one takes the
/// list's, and one may be set.
#[test]
fn an_edit_explains_itself() {
    const LINE: [&str; 2] = ["unit_price", "discount"];
    let app = shipments::shop();
    app.post(
        "owner",
        "/api/v1/coupons",
        json!({ "code": "TENTH", "kind": "percentage", "value": "10" }),
    );
    let body = json!({ "items": [new("MUG", 2)], "coupon": "TENTH" });
    let order = app.post("ann", "/api/v1/orders", body).json();
    let mut cheap = new("CUP", 1);
    cheap["price"] = json!("0.50");
    let body = json!({ "items": [kept(&order, 0, 3), cheap], "version": 1 });
    let asked = format!("{}?explain=true", shipments::path(&order));
    let mut told = app.patch("staff", &asked, body).json();
    assert_eq!(add_up(&told, &["discount", "shipping", "tax"]), ["coupon"]);
    let words = |line: usize| add_up(&told["items"][line], &LINE);
    assert_eq!(
        (words(0), words(1)),
        (
            vec!["list".to_owned(), "coupon".to_owned()],
            vec!["list".to_owned(), "set".to_owned(), "coupon".to_owned()]
        )
    );
    told.as_object_mut().unwrap().remove("reasons");
    for line in told["items"].as_array_mut().unwrap() {
        line.as_object_mut().unwrap().remove("reasons");
    }
    assert_eq!(told, shipments::now(&app, &order), "as it is shown");
}

/// D13: staff see on the order's page which price has moved while it lay in the cart.
#[test]
fn a_price_that_moved_is_flagged_to_staff() {
    let app = checkout::shop();
    add(&app, "ann", "MUG", 2);
    add(&app, "ann", "POT", 1);
    reprice(&app, 600);
    assert_eq!(check_out(&app, json!({})).status, 201);
    let page = Browser::signed_in(&app, "owner").get("/admin/orders/1");
    let flags: Vec<&str> = page.body.split("data-drift").skip(1).collect();
    assert_eq!(flags.len(), 1, "{}", page.body);
    assert!(flags[0].contains("Price drift, list price €6.00"), "{}", flags[0]);
}
