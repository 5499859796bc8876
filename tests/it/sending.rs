//! Ways of sending and taxes: what staff set, what a buyer is offered, and what an order is charged.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;

const METHODS: &str = "/api/v1/shipping-methods";
const RATES: &str = "/api/v1/tax-rates";
const ORDERS: &str = "/api/v1/orders";

fn shop() -> TestApp {
    let app = TestApp::start();
    let mug = json!({ "name": "Mug", "sku": "MUG", "price": "4.50", "quantity": 1000, "weight_g": 400 });
    assert_eq!(app.post("owner", "/api/v1/products", mug).status, 201);
    let book = json!({ "name": "Book", "sku": "BOOK", "price": "10.70", "quantity": 1000 });
    let book = app.post("owner", "/api/v1/products", book).json();
    let class = json!({ "tax_category": "books", "version": book["version"] });
    let path = format!("/api/v1/products/{}", book["id"]);
    assert_eq!(app.patch("owner", &path, class).status, 200);
    app
}

fn method(app: &TestApp, body: Value) -> Value {
    let made = app.post("owner", METHODS, body);
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()
}

fn rate(app: &TestApp, body: Value) -> Value {
    let made = app.post("owner", RATES, body);
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()
}

fn address(country: &str) -> Value {
    json!({ "name": "Ann", "line1": "1 Road", "city": "Rye", "postcode": "1", "country": country })
}

fn buy(app: &TestApp, items: Value, country: &str, method: &Value) -> Answer {
    let order = json!({ "items": items, "shipping_address": address(country), "shipping_method": method });
    app.post("ann", ORDERS, order)
}

fn names(list: &Answer) -> Vec<(String, String)> {
    let told = list.json()["data"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    told.iter()
        .map(|method| (text(&method["name"]), text(&method["price"])))
        .collect()
}

/// T11: zones, bands by weight and by worth; a buyer is offered what goes there and takes their cart, at its price.
#[test]
fn a_buyer_is_offered_what_goes_there() {
    let app = shop();
    method(
        &app,
        json!({ "name": "Post", "countries": ["DE", "at"], "bands": [
        { "up_to_weight": 1000, "price": "4.90" }, { "up_to_weight": 5000, "price": "7.90" }] }),
    );
    method(&app, json!({ "name": "World", "price": "20.00" }));
    let worth = method(
        &app,
        json!({ "name": "Courier", "countries": ["DE"], "bands": [
        { "from_total": "10.00", "price": "9.00" }, { "from_total": "50.00", "price": "0.00" }] }),
    );
    let off = method(&app, json!({ "name": "Old", "price": 1, "enabled": false }));
    app.post(
        "ann",
        "/api/v1/cart/items",
        json!({ "sku": "MUG", "quantity": 3 }),
    );
    let price = |name: &str, price: &str| (name.to_owned(), price.to_owned());
    let of = |query: &str| names(&app.get("ann", &format!("{METHODS}?{query}")));
    assert_eq!(
        of("country=DE&cart=1"),
        [
            price("Post", "7.90"),
            price("World", "20.00"),
            price("Courier", "9.00")
        ]
    );
    assert_eq!(of("country=FR&cart=1"), [price("World", "20.00")]);
    assert_eq!(of("country=AT"), [price("Post", ""), price("World", "20.00")]);
    assert_eq!(names(&app.get("owner", METHODS)).len(), 4);
    assert_eq!(names(&app.get("nobody", METHODS)).len(), 3);
    let path = format!("{METHODS}/{}", off["id"]);
    let changed = app.patch(
        "owner",
        &path,
        json!({ "enabled": true, "countries": [], "version": 1 }),
    );
    assert_eq!(
        (changed.status, &changed.json()["version"]),
        (200, &json!(2)),
        "{}",
        changed.body
    );
    assert_eq!(app.send("DELETE", "owner", &path, &[], None).status, 204);
    assert_eq!(
        app.patch("owner", &path, json!({ "enabled": true, "version": 2 }))
            .status,
        404
    );
    assert_eq!(
        worth["bands"][1],
        json!({ "up_to_weight": null, "from_total": "50.00", "price": "0.00" })
    );
}

/// T11: what is no way of sending is refused at its field.
#[test]
fn what_is_no_way_of_sending_is_refused() {
    let app = shop();
    for (body, field) in [
        (json!({ "name": "A" }), "price"),
        (json!({ "name": "A", "price": "-1" }), "price"),
        (
            json!({ "name": "A", "price": "1", "countries": ["DE", "XX"] }),
            "countries[1]",
        ),
        (
            json!({ "name": "A", "price": "1", "bands": [{ "up_to_weight": 1, "price": "1" }] }),
            "bands",
        ),
        (json!({ "name": "A", "bands": [] }), "bands"),
        (
            json!({ "name": "A", "bands": [{ "up_to_weight": 2, "price": 1 }, { "up_to_weight": 2, "price": 1 }] }),
            "bands",
        ),
        (
            json!({ "name": "A", "bands": [{ "up_to_weight": 2, "price": 1 }, { "from_total": 2, "price": 1 }] }),
            "bands",
        ),
    ] {
        let refused = app.post("owner", METHODS, body.clone());
        assert_eq!(
            (refused.status, &refused.json()["error"]["fields"][0]["field"]),
            (400, &json!(field)),
            "{body}"
        );
    }
}

/// An order is charged its band; a method that is not there, goes elsewhere or takes no such parcel is refused, and
/// where the shop has some, a buyer names one.
#[test]
fn an_order_is_charged_its_band() {
    let app = shop();
    let mugs = |quantity: i64| json!([{ "sku": "MUG", "quantity": quantity }]);
    assert_eq!(buy(&app, mugs(1), "DE", &Value::Null).status, 201);
    let post = method(
        &app,
        json!({ "name": "Post", "countries": ["DE"], "bands": [
        { "up_to_weight": 400, "price": "4.90" }, { "up_to_weight": 2000, "price": "7.90" }] }),
    );
    let order = buy(&app, mugs(2), "de", &post["id"]);
    assert_eq!(order.status, 201, "{}", order.body);
    let order = order.json();
    assert_eq!(
        (&order["shipping"], &order["total"], &order["shipping_method"]),
        (&json!("7.90"), &json!("16.90"), &post["id"])
    );
    for (quantity, country, method, status, code) in [
        (1, "DE", json!(987), 400, 2002),
        (1, "FR", post["id"].clone(), 400, 2002),
        (6, "DE", post["id"].clone(), 422, 6001),
        (1, "DE", Value::Null, 400, 2003),
    ] {
        let refused = buy(&app, mugs(quantity), country, &method);
        assert_eq!(
            (refused.status, refused.code()),
            (status, code),
            "{}",
            refused.body
        );
    }
    let staff = json!({ "items": mugs(1) });
    assert_eq!(app.post("staff", ORDERS, staff).status, 201);
    let free = json!({ "code": "FREE", "kind": "free_shipping" });
    app.post("owner", "/api/v1/coupons", free);
    let order = json!({ "items": mugs(2), "shipping_address": address("DE"), "shipping_method": post["id"], "coupon": "FREE" });
    let order = app.post("ann", ORDERS, order).json();
    assert_eq!(
        (&order["shipping"], &order["discount"], &order["total"]),
        (&json!("0.00"), &json!("0.00"), &json!("9.00"))
    );
}

/// MON-03: each rate once on its sum, spread over its lines, kept with the order and on its invoice; sending is taxed,
/// too.
#[test]
fn an_order_is_taxed_by_where_it_goes() {
    let app = shop();
    let standard = rate(&app, json!({ "name": "USt 19 %", "country": "de", "rate": "19" }));
    assert_eq!(
        (&standard["country"], &standard["rate"], &standard["category"]),
        (&json!("DE"), &json!("19"), &Value::Null)
    );
    rate(
        &app,
        json!({ "name": "USt 7 %", "country": "DE", "category": "books", "rate": "7" }),
    );
    rate(&app, json!({ "name": "TVA", "country": "FR", "rate": "20" }));
    let post = method(&app, json!({ "name": "Post", "price": "4.90" }));
    let items = json!([{ "sku": "MUG", "quantity": 3 }, { "sku": "BOOK", "quantity": 1 }]);
    let order = buy(&app, items.clone(), "DE", &post["id"]).json();
    // 19 % in 13.50 and 4.90 is 2.94, 2.16 of it on the mugs; 7 % in 10.70 is 0.70.
    assert_eq!(
        (&order["tax"], &order["total"]),
        (&json!("3.64"), &json!("29.10"))
    );
    let tax = |order: &Value| [order["items"][0]["tax"].clone(), order["items"][1]["tax"].clone()];
    assert_eq!(tax(&order), [json!("2.16"), json!("0.70")]);
    let order = buy(&app, items.clone(), "FR", &post["id"]).json();
    // Of a category that France does not name, the standard rate holds.
    assert_eq!(
        (&order["tax"], tax(&order)),
        (&json!("4.85"), [json!("2.25"), json!("1.78")])
    );
    let order = buy(&app, items.clone(), "GB", &post["id"]).json();
    assert_eq!(order["tax"], "0.00");
    app.change("UPDATE settings SET value = '0' WHERE name = 'tax_included'");
    let order = buy(&app, items, "DE", &post["id"]).json();
    // On top: 19 % of 18.40 is 3.50, 7 % of 10.70 is 0.75.
    assert_eq!(
        (&order["tax"], &order["total"]),
        (&json!("4.25"), &json!("33.35"))
    );
    let sums = "SELECT sum(tax) FROM order_taxes WHERE order_id = ";
    assert_eq!(app.number(&format!("{sums}{}", order["id"])), 425);
    let paid = app.post(
        "owner",
        "/api/v1/payments/manual",
        json!({ "order_id": order["id"] }),
    );
    assert_eq!(paid.status, 201, "{}", paid.body);
    let invoice = app
        .get("owner", &format!("{ORDERS}/{}/invoice", order["id"]))
        .json();
    let told = invoice["content"]["taxes"]
        .as_array()
        .or(invoice["taxes"].as_array())
        .unwrap()
        .clone();
    let told: Vec<_> = told
        .iter()
        .map(|tax| (tax["net"].clone(), tax["tax"].clone()))
        .collect();
    assert_eq!(
        told,
        [(json!("18.40"), json!("3.50")), (json!("10.70"), json!("0.75"))]
    );
}

/// One rate a country and category, changed under its version; a category that is called none is not taxed.
#[test]
fn rates_are_set() {
    let app = shop();
    let made = rate(&app, json!({ "name": "VAT", "country": "GB", "rate": "17.5" }));
    let twice = app.post(
        "owner",
        RATES,
        json!({ "name": "VAT", "country": "GB", "rate": "20" }),
    );
    assert_eq!((twice.status, twice.code()), (409, 3002), "{}", twice.body);
    let path = format!("{RATES}/{}", made["id"]);
    assert_eq!(app.patch("owner", &path, json!({ "rate": "20" })).status, 428);
    let changed = app
        .patch("owner", &path, json!({ "rate": "20", "version": 1 }))
        .json();
    assert_eq!(
        (&changed["rate"], &changed["name"], &changed["version"]),
        (&json!("20"), &json!("VAT"), &json!(2))
    );
    let book = app.get("owner", "/api/v1/products/2").json();
    app.patch(
        "owner",
        "/api/v1/products/2",
        json!({ "tax_category": "none", "version": book["version"] }),
    );
    let items = json!([{ "sku": "MUG", "quantity": 1 }, { "sku": "BOOK", "quantity": 1 }]);
    let order = buy(&app, items.clone(), "GB", &Value::Null).json();
    assert_eq!(
        (&order["items"][0]["tax"], &order["items"][1]["tax"]),
        (&json!("0.75"), &json!("0.00"))
    );
    for (body, field) in [
        (json!({ "name": "A", "country": "XX", "rate": "1" }), "country"),
        (json!({ "name": "A", "country": "FR", "rate": "101" }), "rate"),
        (json!({ "name": " ", "country": "FR", "rate": "1" }), "name"),
        (
            json!({ "name": "A", "country": "FR", "category": "None", "rate": "1" }),
            "category",
        ),
    ] {
        let refused = app.post("owner", RATES, body.clone());
        assert_eq!(
            (refused.status, &refused.json()["error"]["fields"][0]["field"]),
            (400, &json!(field)),
            "{body}"
        );
    }
    assert_eq!(app.send("DELETE", "owner", &path, &[], None).status, 204);
    assert_eq!(buy(&app, items, "GB", &Value::Null).json()["tax"], "0.00");
}
