//! Shipments: what leaves in parts and whole, and what follows from it for the order and its mails.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;
use crate::mails;

pub fn shop() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    app.product("CUP", "3.00", 100);
    app
}

/// An order by ann of so many mugs and cups, not paid.
pub fn placed(app: &TestApp, mugs: i64, cups: i64) -> Value {
    let body = json!({ "email": "ann@shop.test",
        "items": [{ "sku": "MUG", "quantity": mugs }, { "sku": "CUP", "quantity": cups }] });
    let placed = app.post("ann", "/api/v1/orders", body);
    assert_eq!(placed.status, 201, "{}", placed.body);
    placed.json()
}

/// The same, paid: work on it has begun.
pub fn order(app: &TestApp, mugs: i64, cups: i64) -> Value {
    let order = placed(app, mugs, cups);
    let paid = app.post(
        "owner",
        "/api/v1/payments/manual",
        json!({ "order_id": order["id"] }),
    );
    assert_eq!(paid.status, 201, "{}", paid.body);
    now(app, &order)
}

pub fn path(order: &Value) -> String {
    format!("/api/v1/orders/{}", order["id"])
}

pub fn now(app: &TestApp, order: &Value) -> Value {
    app.get("owner", &path(order)).json()
}

/// So many pieces of the line at a place.
pub fn pieces(order: &Value, line: usize, quantity: i64) -> Value {
    json!({ "item_id": order["items"][line]["id"], "quantity": quantity })
}

pub fn ship(app: &TestApp, order: &Value, body: Value) -> Answer {
    app.post("staff", &format!("{}/shipments", path(order)), body)
}

pub fn shipped(app: &TestApp, order: &Value, body: Value) -> Value {
    let answer = ship(app, order, body);
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

pub fn refund(app: &TestApp, order: &Value, body: Value) -> Answer {
    app.post("owner", &format!("{}/refunds", path(order)), body)
}

/// Mugs and cups on the shelf.
pub fn shelves(app: &TestApp) -> [i64; 2] {
    ["MUG", "CUP"].map(|sku| {
        app.number(&format!(
            "SELECT s.available FROM stock s JOIN variants v ON v.id = s.variant_id WHERE v.sku = '{sku}'"
        ))
    })
}

/// State, fulfilment, returns.
pub fn axes(app: &TestApp, order: &Value) -> [String; 3] {
    let order = now(app, order);
    ["status", "fulfilment_status", "return_status"].map(|axis| order[axis].as_str().unwrap().to_owned())
}

/// What was told of an order, in its own order.
pub fn told(app: &TestApp, order: &Value) -> Vec<String> {
    let id = order["id"].as_i64().unwrap();
    let events = app.get("owner", "/api/v1/events?limit=200").json();
    let mine = events["data"].as_array().unwrap().iter().filter(|event| {
        let of = event["data"].get("order_id").unwrap_or(&event["data"]["id"]);
        ["orders", "payments"].contains(&event["stream"].as_str().unwrap()) && of.as_i64() == Some(id)
    });
    mine.enumerate()
        .map(|(at, event)| {
            assert_eq!(event["data"]["seq"], at as i64 + 1, "{event}");
            event["type"].as_str().unwrap().to_owned()
        })
        .collect()
}

pub fn is(answer: &Answer, status: u16, code: u64) {
    assert_eq!((answer.status, answer.code()), (status, code), "{}", answer.body);
}

/// T6, N5: a part, then the rest: the last parcel moves the order on, no stock moves, and each moment can be seen again.
#[test]
fn an_order_leaves_in_two_parcels() {
    let app = shop();
    let order = order(&app, 2, 3);
    let version = order["version"].as_i64().unwrap();
    let before = app.clock.now();
    app.clock.pass(1_000);
    let first = shipped(
        &app,
        &order,
        json!({ "items": [pieces(&order, 0, 1), pieces(&order, 1, 2)], "carrier": "Post", "tracking": "RR1",
            "tracking_url": "https://post.example/RR1", "version": version }),
    );
    assert_eq!(
        json!([
            first["order_number"],
            first["items"][1]["sku"],
            first["items"][1]["quantity"],
            first["carrier"]
        ]),
        json!([order["number"], "CUP", 2, "Post"])
    );
    assert_eq!((&first["notify"], &first["version"]), (&json!(true), &json!(1)));
    assert_eq!(axes(&app, &order), ["processing", "partial", "none"]);
    let half = now(&app, &order);
    assert_eq!(
        (&half["version"], &half["shipped_at"]),
        (&json!(version + 1), &Value::Null)
    );
    let slip = app.get("staff", &format!("{}/packing-slip", path(&order))).json();
    assert_eq!(
        json!([slip["items"][0]["quantity"], slip["items"][1]["quantity"]]),
        json!([1, 1])
    );
    let between = app.clock.now();
    app.clock.pass(1_000);
    let second = shipped(&app, &order, json!({}));
    assert_eq!(
        json!([
            second["items"][0]["quantity"],
            second["items"][1]["quantity"],
            second["carrier"]
        ]),
        json!([1, 1, null])
    );
    assert_eq!(axes(&app, &order), ["shipped", "fulfilled", "none"]);
    assert!(now(&app, &order)["shipped_at"].is_string());
    assert_eq!(shelves(&app), [98, 97]);
    let all = app.get("staff", &format!("{}/shipments", path(&order))).json();
    assert_eq!(all["data"], json!([first, second]));
    for (at, fulfilment) in [
        (before, "unfulfilled"),
        (between, "partial"),
        (app.clock.now(), "fulfilled"),
    ] {
        let then = app.get("ann", &format!("{}?at={at}", path(&order))).json();
        assert_eq!(then["fulfilment_status"], fulfilment, "{at}");
    }
    is_told_and_noted(&app, &order);
}

/// What two parcels leave: events, history and audit.
fn is_told_and_noted(app: &TestApp, order: &Value) {
    let told = told(app, order);
    assert_eq!(
        told[told.len() - 3..],
        ["shipment.created", "shipment.created", "order.status_changed"]
    );
    let history = app.get("ann", &format!("{}/history", path(order))).json()["data"].clone();
    let last = history.as_array().unwrap().last().unwrap();
    assert_eq!(
        history[history.as_array().unwrap().len() - 2]["action"],
        "part_shipped"
    );
    assert_eq!(
        (&last["from"], &last["to"]),
        (&json!("processing"), &json!("shipped"))
    );
    let noted = app.get("owner", "/api/v1/audit-logs?action=shipment.made").json();
    assert_eq!(noted["data"].as_array().unwrap().len(), 2);
}

/// T6: the step to shipped is the same verb, for all that is left.
#[test]
fn the_step_to_shipped_sends_all_that_is_left() {
    let app = shop();
    let order = order(&app, 2, 1);
    shipped(&app, &order, json!({ "items": [pieces(&order, 0, 1)] }));
    let version = now(&app, &order)["version"].as_i64().unwrap();
    let body = json!({ "status": "shipped", "version": version });
    let moved = app.patch("staff", &format!("{}/status", path(&order)), body);
    assert_eq!(moved.status, 200, "{}", moved.body);
    assert_eq!(
        json!([moved.json()["fulfilment_status"], moved.json()["version"]]),
        json!(["fulfilled", version + 1])
    );
    let all = app.get("staff", &format!("{}/shipments", path(&order))).json()["data"].clone();
    let rest = &all[1]["items"];
    assert_eq!(
        json!([rest[0]["quantity"], rest[1]["quantity"], all[1]["tracking"]]),
        json!([1, 1, null])
    );
}

/// T6, T12: the buyer hears of each parcel, with where to follow it; not where nobody wants that.
#[test]
fn the_buyer_is_written_to_about_each_parcel() {
    let app = shop();
    let order = order(&app, 3, 1);
    let label =
        json!({ "carrier": "<Post>", "tracking": "RR1", "tracking_url": "https://post.example/RR1?a=1&b=2" });
    let mut body = label.clone();
    body["items"] = json!([pieces(&order, 0, 1)]);
    shipped(&app, &order, body);
    shipped(
        &app,
        &order,
        json!({ "items": [pieces(&order, 0, 1)], "notify": false }),
    );
    shipped(&app, &order, json!({}));
    let all = mails::all(&app, "");
    let about = all.iter().filter(|mail| mail["template"] == "order_shipped");
    let about: Vec<&Value> = about.collect();
    assert_eq!(about.len(), 2, "{all:?}");
    let letter = |mail: &Value| app.get("owner", &format!("/api/v1/mails/{}", mail["id"])).json();
    let first = letter(about[1]);
    let (text, html) = (first["text"].as_str().unwrap(), first["html"].as_str().unwrap());
    for words in [
        "1 x MUG (MUG)",
        "Carried by: <Post>",
        "Tracking number: RR1",
        "https://post.example/RR1?a=1&b=2",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("CUP") && !text.contains("4.50"), "{text}");
    assert!(html.contains("RR1?a=1") && !html.contains("<Post>"), "{html}");
    let second = letter(about[0])["text"].as_str().unwrap().to_owned();
    assert!(
        second.contains("1 x CUP (CUP)") && !second.contains("Tracking"),
        "{second}"
    );
}

/// T6, AZ-02: what cannot be read, does not fit or comes too early or too late has its code, and nothing moves.
#[test]
fn what_does_not_fit_moves_nothing() {
    let app = shop();
    let (order, other) = (order(&app, 2, 1), placed(&app, 1, 1));
    let before = now(&app, &order);
    let twice = [pieces(&order, 0, 1), pieces(&order, 0, 1)];
    let stale = order["version"].as_i64().unwrap() - 1;
    for (body, status, code) in [
        (json!({ "items": [] }), 400, 2001),
        (
            json!({ "items": [{ "item_id": order["items"][0]["id"] }] }),
            400,
            2003,
        ),
        (json!({ "items": [pieces(&order, 0, 0)] }), 400, 2001),
        (json!({ "items": [pieces(&order, 0, -1)] }), 400, 2001),
        (json!({ "items": [pieces(&order, 0, 100_001)] }), 400, 2001),
        (json!({ "items": [pieces(&other, 0, 1)] }), 400, 2001),
        (json!({ "items": [{ "item_id": 7, "quantity": 1 }] }), 400, 2001),
        (json!({ "items": twice }), 400, 2001),
        (json!({ "items": [pieces(&order, 0, 3)] }), 422, 6001),
        (
            json!({ "items": [pieces(&order, 1, 1), pieces(&order, 0, 3)] }),
            422,
            6001,
        ),
        (json!({ "carrier": "" }), 400, 2003),
        (json!({ "carrier": "a\nb" }), 400, 2001),
        (json!({ "tracking_url": "javascript:alert(1)" }), 400, 2001),
        (json!({ "order_id": 2 }), 400, 2001),
        (json!({ "version": stale }), 412, 3003),
    ] {
        let refused = ship(&app, &order, body.clone());
        assert_eq!(
            (refused.status, refused.code()),
            (status, code),
            "{body}: {}",
            refused.body
        );
    }
    assert_eq!(now(&app, &order), before);
    assert_eq!(app.number("SELECT count(*) FROM shipments"), 0);
}

/// T6, AZ-02: what comes too early or too late, or from who may not, has its code.
#[test]
fn only_an_order_that_is_worked_on_is_sent() {
    let app = shop();
    let (order, other) = (order(&app, 2, 1), placed(&app, 1, 1));
    let early = ship(&app, &other, json!({}));
    is(&early, 409, 6002);
    assert_eq!(
        early.json()["error"]["details"]["allowed"],
        json!(["processing", "canceled"])
    );
    shipped(&app, &order, json!({}));
    is(&ship(&app, &order, json!({})), 409, 6002);
    is(
        &ship(&app, &order, json!({ "items": [pieces(&order, 0, 1)] })),
        409,
        6002,
    );
    let canceled = app.post("owner", &format!("{}/cancel", path(&other)), json!({}));
    assert_eq!(canceled.status, 200);
    is(&ship(&app, &other, json!({})), 409, 6002);
    is(&ship(&app, &json!({ "id": 99 }), json!({})), 404, 3001);
    is(
        &app.post("ann", &format!("{}/shipments", path(&order)), json!({})),
        403,
        1005,
    );
    is(&app.get("ann", &format!("{}/shipments", path(&order))), 403, 1005);
    assert_eq!(app.number("SELECT count(*) FROM shipments"), 1);
    assert_eq!(app.number("SELECT count(*) FROM events WHERE type = 14"), 1);
}

/// IDM-01: a key sends once; the same key for something else is refused.
#[test]
fn a_key_sends_once() {
    let app = shop();
    let order = order(&app, 2, 1);
    let path = format!("{}/shipments", path(&order));
    let send = |body: Value| {
        app.send(
            "POST",
            "staff",
            &path,
            &[("idempotency-key", "parcel-1")],
            Some(&body),
        )
    };
    let body = json!({ "items": [pieces(&order, 0, 1)] });
    let first = send(body.clone());
    assert_eq!(first.status, 201, "{}", first.body);
    let again = send(body);
    assert_eq!(
        (again.status, again.header("idempotent-replayed")),
        (201, Some("true"))
    );
    assert_eq!(again.json(), first.json());
    is(&send(json!({ "items": [pieces(&order, 0, 2)] })), 422, 3003);
    assert_eq!(app.number("SELECT count(*) FROM shipments"), 1);
}

/// T6, D7: a label can be changed, at the version that was seen; the parcel itself cannot.
#[test]
fn a_label_is_changed_at_its_version() {
    let app = shop();
    let (order, other) = (order(&app, 1, 1), order(&app, 1, 1));
    let made = shipped(&app, &order, json!({ "carrier": "Post", "tracking": "RR1" }));
    let at = format!("{}/shipments/{}", path(&order), made["id"]);
    let change = |path: &str, body: Value| app.patch("staff", path, body);
    is(&change(&at, json!({ "tracking": "RR2" })), 428, 2003);
    is(
        &change(&at, json!({ "tracking": "RR2", "version": 2 })),
        412,
        3003,
    );
    is(
        &change(&at, json!({ "tracking_url": "ftp://a", "version": 1 })),
        400,
        2001,
    );
    is(&change(&at, json!({ "items": [], "version": 1 })), 400, 2001);
    let elsewhere = format!("{}/shipments/{}", path(&other), made["id"]);
    is(
        &change(&elsewhere, json!({ "tracking": "RR2", "version": 1 })),
        404,
        3001,
    );
    for missing in ["99", "x", "0"] {
        let at = format!("{}/shipments/{missing}", path(&order));
        is(
            &change(&at, json!({ "tracking": "RR2", "version": 1 })),
            404,
            3001,
        );
    }
    let version = now(&app, &order)["version"].clone();
    let body = json!({ "carrier": null, "tracking_url": "https://post.example/", "version": 1 });
    let changed = change(&at, body);
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.header("etag"), Some("\"2\""));
    let changed = changed.json();
    assert_eq!(
        json!([
            changed["carrier"],
            changed["tracking"],
            changed["tracking_url"],
            changed["items"]
        ]),
        json!([null, "RR1", "https://post.example/", made["items"]])
    );
    assert_eq!(
        now(&app, &order)["version"],
        version,
        "the order shows none of it"
    );
    let noted = app
        .get("owner", "/api/v1/audit-logs?action=shipment.changed")
        .json();
    assert_eq!(noted["data"].as_array().unwrap().len(), 1);
}
