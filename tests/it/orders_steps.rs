//! Orders: their life from state to state, versions, and cancellation.

use serde_json::Value;
use serde_json::json;
use till::domain::id::OrderId;

use crate::app::TestApp;
use crate::client::Answer;

const STATES: [&str; 6] = [
    "pending",
    "processing",
    "shipped",
    "delivered",
    "canceled",
    "refunded",
];

/// An order of one mug by ann; its path.
fn order(app: &TestApp) -> String {
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
    let placed = app.post("ann", "/api/v1/orders", body);
    assert_eq!(placed.status, 201, "{}", placed.body);
    format!("/api/v1/orders/{}", placed.json()["id"])
}

fn version(app: &TestApp, path: &str) -> i64 {
    app.get("owner", path).json()["version"].as_i64().unwrap()
}

/// Moves the order as the owner, at the version it has.
fn go(app: &TestApp, path: &str, to: &str) -> Answer {
    let body = json!({ "status": to, "version": version(app, path) });
    app.patch("owner", &format!("{path}/status"), body)
}

/// Takes a new order to a state, past the doors where the shop has none yet (a payment).
fn order_in(app: &TestApp, state: &str) -> String {
    let path = order(app);
    let road: &[&str] = match state {
        "pending" => &[],
        "processing" => &["processing"],
        "shipped" => &["processing", "shipped"],
        "delivered" | "refunded" => &["processing", "shipped", "delivered"],
        _ => &["canceled"],
    };
    for to in road {
        let answer = go(app, &path, to);
        assert_eq!(answer.status, 200, "{to}: {}", answer.body);
    }
    if state == "refunded" {
        pay(app, &path);
        assert_eq!(go(app, &path, "refunded").status, 200);
    }
    path
}

/// Staff record that the order was paid.
fn pay(app: &TestApp, path: &str) {
    let id: i64 = path.rsplit('/').next().unwrap().parse().unwrap();
    let paid = app.post("owner", "/api/v1/payments/manual", json!({ "order_id": id }));
    assert_eq!(paid.status, 201, "{}", paid.body);
}

fn available(app: &TestApp, product: i64) -> Value {
    let shown = app.get("nobody", &format!("/api/v1/products/public/{product}"));
    shown.json()["quantity"].clone()
}

/// CON-08, D8: every pair of states, over HTTP; what the table does not hold is 409 and changes nothing.
#[test]
fn an_order_goes_only_where_the_table_leads() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 1000);
    let table = app.get("ann", "/api/v1/orders/transitions").json();
    for from in STATES {
        let allowed = table[from].as_array().unwrap();
        for to in STATES {
            let path = order_in(&app, from);
            if to == "refunded" && from == "delivered" {
                pay(&app, &path);
            }
            let before = app.get("owner", &path).json();
            let answer = go(&app, &path, &to.to_uppercase());
            let after = app.get("owner", &path).json();
            match allowed.contains(&json!(to)) {
                true => {
                    assert_eq!(answer.status, 200, "{from} to {to}: {}", answer.body);
                    assert_eq!(after["status"], *to);
                    assert_eq!(after["version"], before["version"].as_i64().unwrap() + 1);
                    assert!(after[format!("{to}_at")].is_string(), "{to}_at: {after}");
                }
                false => {
                    assert_eq!((answer.status, answer.code()), (409, 6002), "{from} to {to}");
                    assert_eq!(&answer.json()["error"]["details"]["allowed"], &table[from]);
                    assert_eq!(after, before);
                }
            }
        }
    }
}

/// D8
#[test]
fn the_table_of_transitions_is_told() {
    let app = TestApp::start();
    assert_eq!(
        app.get("ann", "/api/v1/orders/transitions").json(),
        json!({
            "pending": ["processing", "canceled"],
            "processing": ["shipped", "canceled"],
            "shipped": ["delivered", "canceled"],
            "delivered": ["refunded"],
            "canceled": [],
            "refunded": [],
        })
    );
    assert_eq!(app.get("nobody", "/api/v1/orders/transitions").status, 401);
}

/// Defect 5
#[test]
fn a_customer_moves_no_order() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let path = order(&app);
    for who in ["ann", "ben", "seller"] {
        for path in [path.as_str(), "/api/v1/orders/999"] {
            let body = json!({ "status": "processing", "version": 1 });
            let answer = app.patch(who, &format!("{path}/status"), body);
            assert_eq!((answer.status, answer.code()), (403, 1005), "{who} {path}");
        }
    }
    assert_eq!(app.get("owner", &path).json()["status"], "pending");
}

/// CON-04, D7
#[test]
fn a_change_says_which_version_it_saw() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let path = format!("{}/status", order(&app));
    let to = |version: Value| json!({ "status": "processing", "version": version });
    let missing = app.patch("owner", &path, json!({ "status": "processing" }));
    assert_eq!((missing.status, missing.code()), (428, 2003));
    let any = [("if-match", "*")];
    let body = json!({ "status": "processing" });
    assert_eq!(app.send("PATCH", "owner", &path, &any, Some(&body)).status, 428);
    let stale = app.patch("owner", &path, to(json!(7)));
    assert_eq!((stale.status, stale.code()), (412, 3003));
    assert_eq!(stale.json()["error"]["details"]["current"]["version"], 1);
    let header = [("if-match", "\"1\"")];
    let both = app.send("PATCH", "owner", &path, &header, Some(&to(json!(2))));
    assert_eq!((both.status, both.code()), (400, 2001));
    let moved = app.send("PATCH", "owner", &path, &header, Some(&body));
    assert_eq!(moved.status, 200, "{}", moved.body);
    assert_eq!(moved.header("etag"), Some("\"2\""));
    let again = app.send("PATCH", "owner", &path, &header, Some(&body));
    assert_eq!(again.status, 412);
}

/// D6: what cannot be read is refused field by field and changes nothing.
#[test]
fn bad_input_moves_nothing() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let path = order(&app);
    let long = "x".repeat(1001);
    for (body, status, code) in [
        (json!({}), 400, 2003),
        (json!([]), 400, 2001),
        (json!({ "status": "COMPLETED", "version": 1 }), 400, 2001),
        (json!({ "status": "", "version": 1 }), 400, 2001),
        (json!({ "status": 2, "version": 1 }), 400, 2001),
        (json!({ "status": "processing", "version": "1" }), 400, 2001),
        (json!({ "status": "processing", "version": 1.5 }), 400, 2001),
        (json!({ "status": "processing", "version": u64::MAX }), 400, 2001),
        (json!({ "status": "processing", "version": -1 }), 412, 3003),
        (
            json!({ "status": "processing", "version": 1, "paid": "1" }),
            400,
            2001,
        ),
        (
            json!({ "status": "processing", "version": 1, "note": long }),
            400,
            2001,
        ),
        (
            json!({ "status": "processing", "version": 1, "note": "a\u{0}b" }),
            400,
            2001,
        ),
    ] {
        let answer = app.patch("owner", &format!("{path}/status"), body.clone());
        assert_eq!(
            (answer.status, answer.code()),
            (status, code),
            "{body}: {}",
            answer.body
        );
    }
    for path in [
        "/api/v1/orders/x/status",
        "/api/v1/orders/9/status",
        "/api/v1/orders/-1/status",
    ] {
        let answer = app.patch("owner", path, json!({ "status": "processing", "version": 1 }));
        assert_eq!((answer.status, answer.code()), (404, 3001), "{path}");
    }
    assert_eq!(version(&app, &path), 1);
}

/// D11: an owner cancels before anything has left, and the goods are back at once.
#[test]
fn a_canceled_order_gives_its_goods_back() {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 10);
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }, { "sku": "MUG", "quantity": 1 }] });
    assert_eq!(app.post("ann", "/api/v1/orders", body).status, 201);
    assert_eq!(available(&app, mug), 7);
    let canceled = app.post(
        "ann",
        "/api/v1/orders/1/cancel",
        json!({ "reason": "Too many mugs." }),
    );
    assert_eq!(canceled.status, 200, "{}", canceled.body);
    assert_eq!(canceled.json()["status"], "canceled");
    assert_eq!(canceled.json()["due"], "0.00");
    assert_eq!(available(&app, mug), 10);
    let told = app.get("owner", "/api/v1/events?type=order.canceled").json();
    let last = &told["data"][0]["data"];
    assert_eq!(
        last["stock"],
        json!([{ "sku": "MUG", "delta": 3, "available": 10 }])
    );
    assert_eq!((&last["seq"], &last["version"]), (&json!(2), &json!(2)));
    assert!(last.get("email").is_none(), "{last}");
    let again = app.post("ann", "/api/v1/orders/1/cancel", json!({}));
    assert_eq!((again.status, again.code()), (409, 6002));
    assert_eq!(available(&app, mug), 10);
}

/// D11, defect 8
#[test]
fn what_has_left_comes_back_only_when_staff_say_so() {
    let app = TestApp::start();
    let mug = app.product("MUG", "4.50", 10);
    for (restock, left) in [(json!({}), 9), (json!({ "restock": true }), 9)] {
        let path = order_in(&app, "shipped");
        assert_eq!(app.get("owner", &path).json()["fulfilment_status"], "fulfilled");
        let own = app.post("ann", &format!("{path}/cancel"), json!({ "restock": true }));
        assert_eq!((own.status, own.code()), (409, 6002), "{}", own.body);
        let canceled = app.post("staff", &format!("{path}/cancel"), restock);
        assert_eq!(canceled.status, 200, "{}", canceled.body);
        assert_eq!(available(&app, mug), left);
    }
}

/// D11, AZ-03: nobody cancels what is another's.
#[test]
fn a_foreign_order_is_not_there_to_cancel() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let path = order(&app);
    for path in [path.as_str(), "/api/v1/orders/999", "/api/v1/orders/x"] {
        let answer = app.post("ben", &format!("{path}/cancel"), json!({}));
        assert_eq!((answer.status, answer.code()), (404, 3001), "{path}");
    }
    let nobody = app.post("nobody", &format!("{path}/cancel"), json!({}));
    assert_eq!((nobody.status, nobody.code()), (401, 1001));
    let stale = app.post("ann", &format!("{path}/cancel"), json!({ "version": 3 }));
    assert_eq!((stale.status, stale.code()), (412, 3003));
    let bare = app.send("POST", "ann", &format!("{path}/cancel"), &[], None);
    assert_eq!(bare.status, 200, "{}", bare.body);
}

/// D8: until there are refunds, what was paid goes back whole, by who may give money back.
#[test]
fn a_delivered_order_is_refunded_by_who_may() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let path = order_in(&app, "delivered");
    let unpaid = go(&app, &path, "refunded");
    assert_eq!((unpaid.status, unpaid.code()), (409, 6003), "{}", unpaid.body);
    pay(&app, &path);
    let body = json!({ "status": "refunded", "version": version(&app, &path) });
    let staff = app.patch("staff", &format!("{path}/status"), body);
    assert_eq!((staff.status, staff.code()), (403, 1005));
    let done = go(&app, &path, "refunded").json();
    assert_eq!(
        (&done["refunded"], &done["payment_status"]),
        (&json!("4.50"), &json!("refunded"))
    );
}

/// D5, CON-05: a changed order is seen changed at once, and its copy lives half a minute.
#[test]
fn what_was_changed_is_read_changed() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    let path = order(&app);
    for to in ["processing", "shipped", "delivered"] {
        app.get("ann", &path);
        assert_eq!(go(&app, &path, to).status, 200);
        assert_eq!(app.get("ann", &path).json()["status"], to);
        assert_eq!(app.get("owner", &path).json()["status"], to);
    }
    let foreign = app.get("ben", &path);
    assert_eq!((foreign.status, foreign.code()), (404, 3001));
}

/// D5: a copy that nobody was told to drop is gone after half a minute, and not before.
#[test]
fn a_copy_of_an_order_lives_half_a_minute() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    let path = order(&app);
    let id = OrderId(path.rsplit('/').next().unwrap().parse().unwrap());
    let tags = || app.get("ann", &path).json()["tags"].clone();
    assert_eq!(tags(), json!([]));
    // Behind the back of the verbs, by the writer itself: only the copy's age ends it.
    let write = |tag: &'static str| {
        let set = move |tx: &till::shop::Tx| till::store::orders::set_tags(tx, id, &[tag.to_owned()]);
        app.app().store().write(set).unwrap();
    };
    write("gift");
    assert_eq!(tags(), json!([]));
    app.clock.pass(29_999);
    assert_eq!(tags(), json!([]));
    app.clock.pass(1);
    assert_eq!(tags(), json!(["gift"]));
    // It begins anew with each look at the file, not with each look at the copy.
    write("late");
    for _ in 0..2 {
        app.clock.pass(15_000 - 1);
        assert_eq!(tags(), json!(["gift"]));
    }
    app.clock.pass(2);
    assert_eq!(tags(), json!(["late"]));
}
