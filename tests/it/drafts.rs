//! Drafts: orders that staff prepare, on the phone or at the counter. A draft takes nothing until it is placed, and it is
//! placed once.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;
use crate::shipments::is;
use crate::shipments::shelves;
use crate::shipments::shop;

pub const DRAFTS: &str = "/api/v1/orders/drafts";

pub fn address(country: &str) -> Value {
    json!({ "name": "Ann", "line1": "1 Road", "city": "Rye", "postcode": "TN31", "country": country })
}

/// Two mugs and a cup, for a guest.
pub fn body() -> Value {
    json!({ "channel": "phone", "email": "g@shop.test",
        "items": [{ "sku": "MUG", "quantity": 2 }, { "sku": "CUP", "quantity": 1 }] })
}

pub fn with(more: Value) -> Value {
    let mut body = body();
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

pub fn made(app: &TestApp, body: Value) -> Value {
    let made = app.post("staff", DRAFTS, body);
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()
}

pub fn path(draft: &Value) -> String {
    format!("{DRAFTS}/{}", draft["id"])
}

fn place(app: &TestApp, draft: &Value, body: Value) -> Answer {
    app.post("staff", &format!("{}/place", path(draft)), body)
}

fn placed(app: &TestApp, draft: &Value) -> Value {
    let order = place(app, draft, json!({}));
    assert_eq!(order.status, 201, "{}", order.body);
    order.json()
}

fn orders(app: &TestApp) -> i64 {
    app.number("SELECT count(*) FROM orders")
}

/// T5: coupon, sending, tax and a typed price; each figure says where it comes from, and the order is what was quoted.
#[test]
#[allow(clippy::too_many_lines, reason = "one story")]
fn a_draft_is_weighed_changed_and_placed() {
    let app = shop();
    for (at, body) in [
        (
            "coupons",
            json!({ "code": "TENTH", "kind": "percentage", "value": "10" }),
        ),
        (
            "tax-rates",
            json!({ "name": "VAT", "country": "GB", "rate": "20" }),
        ),
        ("shipping-methods", json!({ "name": "Post", "price": "3.00" })),
    ] {
        assert_eq!(
            app.post("owner", &format!("/api/v1/{at}"), body).status,
            201,
            "{at}"
        );
    }
    let draft = made(
        &app,
        with(
            json!({ "shipping_address": address("GB"), "shipping_method": 1, "coupon": "tenth", "note": "Ring twice.",
            "items": [{ "sku": "MUG", "quantity": 2, "price": "4.00" }, { "sku": "CUP", "quantity": 1 }],
            "reason": "a chip in each" }),
        ),
    );
    assert_eq!(
        ["status", "channel", "version", "order_id"].map(|name| draft[name].clone()),
        [json!("open"), json!("phone"), json!(1), Value::Null]
    );
    let quote = &draft["quote"];
    let figures =
        ["subtotal", "discount", "shipping", "tax", "total", "item_count"].map(|name| quote[name].clone());
    assert_eq!(
        figures,
        [
            json!("11.00"),
            json!("1.10"),
            json!("3.00"),
            json!("2.15"),
            json!("12.90"),
            json!(3)
        ]
    );
    let mug = &quote["items"][0];
    assert_eq!(
        json!([
            mug["list_price"],
            mug["unit_price"],
            mug["discount"],
            mug["total"]
        ]),
        json!(["4.50", "4.00", "0.80", "7.20"])
    );
    let why = |reasons: &Value| -> Vec<String> {
        let told = |one: &Value| {
            format!(
                "{} {} {}",
                one["figure"].as_str().unwrap(),
                one["reason"].as_str().unwrap(),
                one["amount"].as_str().unwrap()
            )
        };
        reasons.as_array().unwrap().iter().map(told).collect()
    };
    assert_eq!(
        why(&mug["reasons"])[..3],
        [
            "unit_price list 4.50",
            "unit_price set -0.50",
            "discount coupon 0.80"
        ]
    );
    assert_eq!(
        why(&quote["reasons"]),
        ["discount coupon 1.10", "shipping method 3.00", "tax tax 2.15"]
    );
    assert_eq!(
        (
            orders(&app),
            shelves(&app),
            app.number("SELECT used FROM coupons")
        ),
        (0, [100, 100], 0),
        "a draft takes nothing"
    );
    let changed = app.patch(
        "staff",
        &path(&draft),
        json!({ "coupon": null, "channel": "counter", "version": 1 }),
    );
    assert_eq!(changed.status, 200, "{}", changed.body);
    let changed = changed.json();
    assert_eq!(
        json!([
            changed["quote"]["total"],
            changed["channel"],
            changed["note"],
            changed["version"]
        ]),
        json!(["14.00", "counter", "Ring twice.", 2])
    );
    is(
        &place(&app, &draft, json!({ "total_price": "13.99", "version": 2 })),
        409,
        6006,
    );
    let order = place(&app, &draft, json!({ "total_price": "14.00", "version": 2 }));
    assert_eq!(order.status, 201, "{}", order.body);
    let order = order.json();
    for name in ["subtotal", "discount", "shipping", "tax", "total", "item_count"] {
        assert_eq!(order[name], changed["quote"][name], "{name}");
    }
    assert_eq!(
        json!([
            order["items"][0]["unit_price"],
            order["items"][0]["list_price"],
            order["email"],
            order["user_id"],
            order["note"]
        ]),
        json!(["4.00", "4.50", "g@shop.test", null, "Ring twice."])
    );
    assert_eq!(shelves(&app), [98, 99]);
    let now = app.get("staff", &path(&draft)).json();
    assert_eq!(
        json!([
            now["status"],
            now["order_id"],
            now["quote"],
            now["placed_at"].is_string()
        ]),
        json!(["placed", order["id"], null, true])
    );
    let noted = app.get("owner", "/api/v1/audit-logs?target=draft:1").json();
    let deeds: Vec<&str> = noted["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["action"].as_str().unwrap())
        .collect();
    assert_eq!(deeds, ["draft.placed", "draft.changed", "draft.created"]);
    assert!(noted.to_string().contains("a chip in each"), "{noted}");
    assert!(!noted.to_string().contains("g@shop.test"), "{noted}");
    let told = app.get("owner", "/api/v1/events?type=order.created").json();
    assert_eq!(
        told["data"][0]["data"]["stock"],
        json!([
            { "sku": "MUG", "delta": -2, "available": 98 }, { "sku": "CUP", "delta": -1, "available": 99 }
        ])
    );
}

/// T5: once it is an order, nothing is done to a draft any more; the same key tells of the same order.
#[test]
fn a_draft_is_placed_once() {
    let app = shop();
    let draft = made(&app, body());
    let at = format!("{}/place", path(&draft));
    let keyed = || {
        app.send(
            "POST",
            "staff",
            &at,
            &[("idempotency-key", "k")],
            Some(&json!({})),
        )
    };
    let order = keyed();
    assert_eq!(order.status, 201, "{}", order.body);
    assert_eq!(order.json()["client_token"], "k");
    let again = keyed();
    assert_eq!(
        (again.status, again.header("idempotent-replayed")),
        (201, Some("true"))
    );
    assert_eq!(again.json(), order.json());
    is(&place(&app, &draft, json!({})), 409, 6003);
    is(
        &app.patch("staff", &path(&draft), json!({ "note": "x", "version": 2 })),
        409,
        6003,
    );
    is(&app.send("DELETE", "staff", &path(&draft), &[], None), 409, 6003);
    assert_eq!((orders(&app), shelves(&app)), (1, [98, 99]));
}

/// T5, CON-05: of any number at once one places it.
#[test]
fn of_many_at_once_one_places_a_draft() {
    let app = shop();
    for nth in 1..=3 {
        let draft = made(&app, body());
        let token = app.token("staff");
        let at = format!("{}/place", path(&draft));
        let mut answers: Vec<(u16, u64)> = std::thread::scope(|scope| {
            let sent: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let answer = app
                            .client()
                            .send("POST", &at, token.as_deref(), &[], Some(&json!({})));
                        let code = if answer.status < 300 { 0 } else { answer.code() };
                        (answer.status, code)
                    })
                })
                .collect();
            sent.into_iter().map(|one| one.join().unwrap()).collect()
        });
        answers.sort_unstable();
        let mut wanted = vec![(409, 6003); 8];
        wanted[0] = (201, 0);
        assert_eq!(answers, wanted);
        assert_eq!((orders(&app), shelves(&app)), (nth, [100 - 2 * nth, 100 - nth]));
    }
}

/// T5: for a customer with an account it is their order; for a guest it is that address's; for nobody it cannot be.
#[test]
fn a_draft_is_for_a_customer_or_a_guest() {
    let app = shop();
    app.token("ann");
    let ann =
        app.number("SELECT c.id FROM customers c JOIN users u ON u.id = c.user_id WHERE u.username = 'ann'");
    let of_ann = placed(
        &app,
        &made(&app, with(json!({ "customer_id": ann, "email": null }))),
    );
    assert_eq!(of_ann["customer_id"], ann);
    assert_eq!(of_ann["email"], "ann@shop.test");
    let at = format!("/api/v1/orders/{}", of_ann["id"]);
    assert_eq!(app.get("ann", &at).status, 200);
    let guests = placed(&app, &made(&app, body()));
    let more = placed(&app, &made(&app, with(json!({ "email": "G@shop.test" }))));
    assert_eq!(
        guests["customer_id"], more["customer_id"],
        "one record of an address"
    );
    let nobodys = made(&app, with(json!({ "email": null })));
    let refused = place(&app, &nobodys, json!({}));
    is(&refused, 400, 2003);
    assert_eq!(refused.json()["error"]["fields"][0]["field"], "customer_id");
    is(
        &app.post("staff", DRAFTS, with(json!({ "customer_id": 987_654 }))),
        404,
        3001,
    );
    app.change(&format!("UPDATE customers SET status = 3 WHERE id = {ann}"));
    let blocked = made(&app, with(json!({ "customer_id": ann })));
    assert_eq!(blocked["problem"]["code"], 6001, "{blocked}");
    is(&place(&app, &blocked, json!({})), 422, 6001);
}

/// T5, CON-05: what is short is told in time, placing never oversells, and a refusal leaves nothing behind.
#[test]
fn what_cannot_be_placed_says_why() {
    let app = shop();
    app.post(
        "owner",
        "/api/v1/coupons",
        json!({ "code": "ONE", "kind": "fixed", "value": "1", "limit": 1 }),
    );
    let big = json!({ "items": [{ "sku": "MUG", "quantity": 60 }], "coupon": "ONE" });
    let first = made(&app, with(big.clone()));
    let second = made(&app, with(big));
    assert_eq!(first["quote"]["short"], json!([]));
    placed(&app, &first);
    let shown = app.get("staff", &path(&second)).json();
    assert_eq!(
        (&shown["problem"]["code"], &shown["quote"]),
        (&json!(6003), &Value::Null),
        "used up"
    );
    let body = json!({ "coupon": null, "version": 1 });
    let changed = app.patch("staff", &path(&second), body).json();
    let short = json!([{ "sku": "MUG", "requested": 60, "available": 40 }]);
    assert_eq!(changed["quote"]["short"], short);
    let refused = place(&app, &second, json!({}));
    is(&refused, 409, 6004);
    assert_eq!(refused.json()["error"]["details"]["items"], short);
    assert_eq!((orders(&app), shelves(&app)), (1, [40, 100]));
    app.change("UPDATE products SET status = 4 WHERE name = 'MUG'");
    let shown = app.get("staff", &path(&second)).json();
    assert_eq!(shown["problem"]["code"], 3001, "{shown}");
    is(&place(&app, &second, json!({})), 404, 3001);
    assert_eq!(app.get("staff", &path(&second)).json()["status"], "open");
}

/// D7: a change says what it has seen; placing and deleting may.
#[test]
fn a_draft_is_changed_under_its_version() {
    let app = shop();
    let draft = made(&app, body());
    let at = path(&draft);
    is(&app.patch("staff", &at, json!({ "note": "x" })), 428, 2003);
    let stale = app.patch("staff", &at, json!({ "note": "x", "version": 2 }));
    is(&stale, 412, 3003);
    assert_eq!(stale.json()["error"]["details"]["current"]["version"], 1);
    let tagged = app.send(
        "PATCH",
        "staff",
        &at,
        &[("if-match", "\"1\"")],
        Some(&json!({ "note": "x" })),
    );
    assert_eq!((tagged.status, tagged.header("etag")), (200, Some("\"2\"")));
    is(&place(&app, &draft, json!({ "version": 1 })), 412, 3003);
    is(
        &app.send("DELETE", "staff", &at, &[("if-match", "\"1\"")], None),
        412,
        3003,
    );
    assert_eq!(
        app.send("DELETE", "staff", &at, &[("if-match", "\"2\"")], None)
            .status,
        204
    );
    is(&app.get("staff", &at), 404, 3001);
}

/// T5: prices are typed by who may edit orders; for others a typed price is what they believe.
#[test]
fn who_may_not_set_prices_cannot_place_at_them() {
    let app = shop();
    let asked =
        json!({ "name": "till", "permissions": ["orders:create"], "expires_at": "2026-06-01T00:00:00Z" });
    let key = app.post("owner", "/api/v1/api-keys", asked).json()["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let send = |path: &str, body: Value| app.client().send("POST", path, Some(&key), &[], Some(&body));
    let cheap = with(json!({ "items": [{ "sku": "MUG", "quantity": 1, "price": "0.01" }] }));
    let draft = send(DRAFTS, cheap);
    assert_eq!(draft.status, 201, "{}", draft.body);
    assert_eq!(draft.json()["quote"]["total"], "4.50");
    let refused = send(&format!("{}/place", path(&draft.json())), json!({}));
    is(&refused, 409, 6006);
    assert_eq!(refused.json()["error"]["details"]["quote"]["total"], "4.50");
    assert_eq!(placed(&app, &draft.json())["total"], "0.01");
}

/// T5: the list is of those that are asked for, newest first, and the same key makes one.
#[test]
fn drafts_are_listed() {
    let app = shop();
    let keyed = || app.post("staff", DRAFTS, with(json!({ "client_token": "one" })));
    let first = keyed().json();
    assert_eq!(keyed().json()["id"], first["id"]);
    let second = made(&app, body());
    placed(&app, &first);
    let ids = |query: &str| -> Vec<Value> {
        let found = app.get("staff", &format!("{DRAFTS}{query}"));
        assert_eq!(found.status, 200, "{}", found.body);
        let found = found.json();
        let rows = found["data"].as_array().unwrap().iter();
        rows.map(|row| row["id"].clone()).collect()
    };
    let (one, two) = (first["id"].clone(), second["id"].clone());
    assert_eq!(ids(""), [two.clone(), one.clone()]);
    assert_eq!(ids("?status=open"), std::slice::from_ref(&two));
    assert_eq!(ids("?status=placed"), std::slice::from_ref(&one));
    let page = app.get("staff", &format!("{DRAFTS}?limit=1")).json();
    assert_eq!(
        ids(&format!("?limit=1&after={}", page["next"].as_str().unwrap())),
        [one]
    );
    is(&app.get("staff", &format!("{DRAFTS}?status=lost")), 400, 2002);
}
