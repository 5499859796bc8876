//! Customers by those who look after them: made, found, changed, deleted, and what they have ordered.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;
use crate::passwords::newest_link;

pub const CUSTOMERS: &str = "/api/v1/customers";

/// A customer that staff have made.
pub fn make(app: &TestApp, body: Value) -> Value {
    let made = app.post("staff", CUSTOMERS, body);
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()
}

pub fn put(app: &TestApp, id: &Value, body: Value) -> Answer {
    app.send("PUT", "staff", &format!("{CUSTOMERS}/{id}"), &[], Some(&body))
}

fn ids(app: &TestApp, query: &str) -> Vec<i64> {
    let found = app.get("staff", &format!("{CUSTOMERS}{query}"));
    assert_eq!(found.status, 200, "{query}: {}", found.body);
    let found = found.json();
    let rows = found["data"].as_array().unwrap().iter();
    rows.map(|row| row["id"].as_i64().unwrap()).collect()
}

/// An order of a mug that staff place for a customer, paid by hand.
pub fn paid_order(app: &TestApp, customer: &Value) -> Value {
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }], "customer_id": customer });
    let order = app.post("staff", "/api/v1/orders", body);
    assert_eq!(order.status, 201, "{}", order.body);
    let id = order.json()["id"].clone();
    let paid = app.post("owner", "/api/v1/payments/manual", json!({ "order_id": id }));
    assert_eq!(paid.status, 201, "{}", paid.body);
    id
}

fn mia() -> Value {
    let address =
        json!({ "name": "Mia", "line1": "1 Quay", "city": "Rye", "postcode": "TN31", "country": "gb" });
    json!({ "name": " Mia Quay ", "email": "Mia@shop.test", "phone": "+441632960961", "country": "gb",
        "tags": ["Wholesale", "wholesale", "tea"], "addresses": [address], "note": "Rings twice",
        "custom_fields": { "size": "M", "points": 12.5, "vip": true, "likes": ["jam"] }, "metadata": { "crm": 77 } })
}

/// G1: a customer without a login is made once, and shown as it was made.
#[test]
fn a_customer_is_made_once() {
    let app = TestApp::start();
    let mut body = mia();
    body["client_token"] = json!("press-1");
    let made = make(&app, body.clone());
    let told = ["name", "email", "country", "status", "total_spent", "version"];
    assert_eq!(
        told.map(|name| made[name].clone()),
        [
            json!("Mia Quay"),
            json!("Mia@shop.test"),
            json!("GB"),
            json!("active"),
            json!("0.00"),
            json!(1),
        ]
    );
    assert_eq!(made["tags"], json!(["tea", "Wholesale"]));
    assert_eq!(made["custom_fields"]["points"], json!(12.5));
    assert_eq!(
        (&made["addresses"][0]["country"], &made["metadata"]["crm"]),
        (&json!("GB"), &json!(77))
    );
    let again = app.post("staff", CUSTOMERS, body);
    assert_eq!(
        (again.status, again.header("idempotent-replayed")),
        (201, Some("true"))
    );
    assert_eq!(
        (&again.json()["id"], app.number("SELECT count(*) FROM customers")),
        (&made["id"], 1)
    );
    let path = format!("{CUSTOMERS}/{}", made["id"]);
    let shown = app.get("staff", &path);
    assert_eq!(shown.json(), made);
    let tag = shown.header("etag").unwrap().to_owned();
    let held = app.send("GET", "staff", &path, &[("if-none-match", &tag)], None);
    assert_eq!(held.status, 304);
}

/// G2, D7: a customer is changed under its version, and deleted for good; each is audited, and no event is personal.
#[test]
fn a_customer_is_changed_and_deleted() {
    let app = TestApp::start();
    let made = make(&app, mia());
    let path = format!("{CUSTOMERS}/{}", made["id"]);
    assert_eq!(put(&app, &made["id"], json!({ "name": "Mia" })).status, 428);
    let stale = put(&app, &made["id"], json!({ "name": "Mia", "version": 7 }));
    assert_eq!(
        (stale.status, &stale.json()["error"]["details"]["current"]["name"]),
        (412, &json!("Mia Quay"))
    );
    let body = json!({ "phone": null, "tags": ["tea"], "version": 1 });
    let changed = put(&app, &made["id"], body);
    assert_eq!(changed.status, 200, "{}", changed.body);
    let changed = changed.json();
    assert_eq!(
        (&changed["phone"], &changed["tags"], &changed["version"]),
        (&Value::Null, &json!(["tea"]), &json!(2))
    );
    assert_eq!(changed["note"], "Rings twice");
    let same = put(&app, &made["id"], json!({ "name": "Mia Quay", "version": 2 }));
    assert_eq!((same.status, &same.json()["version"]), (200, &json!(2)));
    assert_eq!(app.send("DELETE", "staff", &path, &[], None).status, 204);
    let gone = app.get("staff", &path);
    assert_eq!((gone.status, gone.code()), (410, 3004));
    assert_eq!(ids(&app, ""), [0_i64; 0]);
    // 220: made, 221: changed, 222: deleted.
    let noted = "SELECT count(*) FROM audit WHERE action BETWEEN 220 AND 222";
    assert_eq!(app.number(noted), 3);
    let personal = "SELECT count(*) FROM events WHERE type IN (40, 41) AND data LIKE '%Mia%'";
    assert_eq!(app.number(personal), 0);
}

/// G1: what is no customer is refused at its field, every fault at once, and nothing is written.
#[test]
fn what_is_no_customer_is_refused() {
    let app = TestApp::start();
    let id = make(&app, json!({ "name": "Mia" }))["id"].clone();
    let long = "x".repeat(51);
    for (body, field, code) in [
        (json!({ "name": "" }), "name", 2003),
        (json!({ "name": "A\nB" }), "name", 2001),
        (json!({ "email": "nowhere" }), "email", 2001),
        (json!({ "phone": "0123" }), "phone", 2001),
        (json!({ "country": "XX" }), "country", 2001),
        (json!({ "status": "gone" }), "status", 2001),
        (json!({ "groups": [987_654] }), "groups[0]", 2002),
        (json!({ "tags": ["ok", long] }), "tags[1]", 2001),
        (
            json!({ "custom_fields": { "a": { "b": 1 } } }),
            "custom_fields.a",
            2001,
        ),
        (json!({ "metadata": { "a": null } }), "metadata.a", 2001),
        (
            json!({ "addresses": [{ "name": "A", "line1": "1", "city": "B", "postcode": "1", "country": "ZZ" }] }),
            "addresses[0].country",
            2001,
        ),
        (json!({ "name": 7 }), "name", 2001),
        (json!({ "tags": "a" }), "tags", 2001),
        (json!({ "number": "C1" }), "number", 2001),
        (json!({ "user_id": 1 }), "user_id", 2001),
        (json!({ "total_spent": "9.00" }), "total_spent", 2001),
    ] {
        let mut new = json!({ "name": "New" });
        let mut change = json!({ "version": 1 });
        for to in [&mut new, &mut change] {
            to.as_object_mut()
                .unwrap()
                .extend(body.as_object().unwrap().clone());
        }
        for refused in [app.post("staff", CUSTOMERS, new), put(&app, &id, change)] {
            let error = &refused.json()["error"];
            assert_eq!(
                (refused.status, refused.code(), &error["fields"][0]["field"]),
                (400, code, &json!(field)),
                "{body}: {}",
                refused.body
            );
        }
    }
    let both = app
        .post("staff", CUSTOMERS, json!({ "name": "", "email": "x" }))
        .json();
    assert_eq!(both["error"]["fields"].as_array().unwrap().len(), 2);
    assert_eq!(app.number("SELECT count(*) FROM customers"), 1);
    assert_eq!(app.number("SELECT max(version) FROM customers"), 1);
}

/// Four customers, oldest first.
fn four(app: &TestApp) -> Vec<i64> {
    let address = json!({ "name": "C", "company": "Millstone Ltd", "line1": "1", "city": "Ludlow", "postcode": "SY8",
        "country": "GB" });
    [
        json!({ "name": "Änne Müller", "email": "anne@quay.test", "country": "DE", "tags": ["vip"] }),
        json!({ "name": "Bob Stone", "phone": "+441632960961", "status": "blocked" }),
        json!({ "name": "Cleo Stone", "country": "DE", "addresses": [address] }),
        json!({ "name": "Dan Stonefield", "country": "GB", "tags": ["VIP", "trade"] }),
    ]
    .into_iter()
    .map(|body| make(app, body)["id"].as_i64().unwrap())
    .collect()
}

/// What is asked for, and which of the four are found.
const QUERIES: [(&str, &[usize]); 19] = [
    ("", &[3, 2, 1, 0]),
    ("?sort=oldest", &[0, 1, 2, 3]),
    ("?q=muller", &[0]),
    ("?q=anne+quay", &[0]),
    ("?q=stone", &[3, 2, 1]),
    ("?q=stone&country=DE", &[2]),
    ("?q=stone&status=blocked", &[1]),
    ("?q=stone&sort=oldest&limit=2", &[1, 2]),
    ("?q=ludlow+mill", &[2]),
    ("?q=441632960961", &[1]),
    ("?q=trade", &[3]),
    ("?q=nobody", &[]),
    ("?status=blocked", &[1]),
    ("?tag=vip", &[3, 0]),
    ("?tag=vip&country=DE", &[0]),
    ("?country=de", &[2, 0]),
    ("?email=ANNE%40quay.test", &[0]),
    ("?from=2026-03-02", &[]),
    ("?to=2026-03-01&limit=1&page=2", &[2]),
];

/// G7: customers are found by each filter, and by what one types before and after the index knows them.
#[test]
fn customers_are_found() {
    let app = TestApp::start();
    let all = four(&app);
    for round in ["before the index knows", "after"] {
        for (query, found) in QUERIES {
            let found: Vec<i64> = found.iter().map(|at| all[*at]).collect();
            assert_eq!(ids(&app, query), found, "{round}: {query}");
        }
        app.derive();
    }
    let indexed = "SELECT count(*) FROM customer_search WHERE customer_search MATCH 'words : muller'";
    assert_eq!(app.number(indexed), 1);
    put(
        &app,
        &json!(all[0]),
        json!({ "name": "Anne Smith", "version": 1 }),
    );
    for _ in 0..2 {
        assert_eq!(
            (ids(&app, "?q=muller"), ids(&app, "?q=smith")),
            (vec![], vec![all[0]])
        );
        app.derive();
    }
    for bad in [
        "?status=gone",
        "?country=XX",
        "?group_id=x",
        "?sort=name",
        "?colour=red",
        "?limit=0",
    ] {
        let refused = app.get("staff", &format!("{CUSTOMERS}{bad}"));
        assert_eq!((refused.status, refused.code()), (400, 2002), "{bad}");
    }
}

/// G7, D4: lists go on page by page, in both directions.
#[test]
fn customers_are_paged() {
    let app = TestApp::start();
    let all = four(&app);
    let first = app.get("staff", &format!("{CUSTOMERS}?limit=2&q=stone")).json();
    assert_eq!(
        (&first["total"], first["data"].as_array().unwrap().len()),
        (&json!(3), 2)
    );
    let after = first["next"].as_str().unwrap();
    assert_eq!(ids(&app, &format!("?limit=2&q=stone&after={after}")), [all[1]]);
    let next = app
        .get("staff", &format!("{CUSTOMERS}?limit=2&sort=newest"))
        .json()["next"]
        .clone();
    let next = next.as_str().unwrap();
    assert_eq!(ids(&app, &format!("?limit=2&after={next}")), [all[1], all[0]]);
    assert_eq!(ids(&app, &format!("?limit=2&before={next}")), [all[3]]);
}

/// T10: what a customer has ordered, what it comes to, and how that follows each order; canceled ones do not count.
#[test]
fn a_customer_tells_what_its_orders_come_to() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    let id = make(&app, json!({ "name": "Mia" }))["id"].clone();
    let path = format!("{CUSTOMERS}/{id}");
    let tag = app.get("staff", &path).header("etag").unwrap().to_owned();
    let first = paid_order(&app, &id);
    app.clock.pass(60_000);
    let second = paid_order(&app, &id);
    let unpaid = json!({ "items": [{ "sku": "MUG", "quantity": 2 }], "customer_id": id });
    assert_eq!(app.post("staff", "/api/v1/orders", unpaid).status, 201);
    let told = |app: &TestApp| {
        let shown = app.get("staff", &path).json();
        let listed = app.get("staff", CUSTOMERS).json()["data"][0].clone();
        assert_eq!(shown, listed);
        ["orders_count", "total_spent", "average_spent", "version"].map(|name| shown[name].clone())
    };
    assert_eq!(told(&app), [json!(3), json!("9.00"), json!("4.50"), json!(1)]);
    let refund = json!({ "reason": "broken", "amount": "1.50" });
    let refunded = app.post("owner", &format!("/api/v1/orders/{first}/refunds"), refund);
    assert_eq!(refunded.status, 201, "{}", refunded.body);
    assert_eq!(told(&app), [json!(3), json!("7.50"), json!("3.75"), json!(1)]);
    let canceled = app.post("owner", &format!("/api/v1/orders/{second}/cancel"), json!({}));
    assert_eq!(canceled.status, 200, "{}", canceled.body);
    assert_eq!(told(&app), [json!(2), json!("3.00"), json!("3.00"), json!(1)]);
    // What orders change is no version, but another tag; a change goes by the part before the dash.
    let now = app.get("staff", &path).header("etag").unwrap().to_owned();
    assert_ne!(now, tag);
    let noted = app.send(
        "PUT",
        "staff",
        &path,
        &[("if-match", &tag)],
        Some(&json!({ "note": "Hello" })),
    );
    assert_eq!(noted.status, 200, "{}", noted.body);
    let listed = app.get("staff", &format!("{path}/orders?limit=2")).json();
    assert_eq!((&listed["total"], &listed["data"][1]["id"]), (&json!(3), &second));
    assert_eq!(
        app.get("staff", &format!("{path}/orders?status=paid")).code(),
        2002
    );
    app.change("DELETE FROM role_permissions WHERE role_id = 2 AND permission = 'orders:*'");
    assert_eq!(app.get("staff", &format!("{path}/orders")).code(), 1005);
}

/// G2: nobody orders for whom the shop has deleted; the orders of before stay, and stay told.
#[test]
fn a_deleted_customer_buys_no_more() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    let id = make(&app, json!({ "name": "Mia", "email": "mia@shop.test" }))["id"].clone();
    let order = paid_order(&app, &id);
    let path = format!("{CUSTOMERS}/{id}");
    assert_eq!(
        app.send("DELETE", "staff", &path, &[("if-match", "\"9\"")], None)
            .status,
        412
    );
    assert_eq!(app.send("DELETE", "staff", &path, &[], None).status, 204);
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }], "customer_id": id });
    let refused = app.post("staff", "/api/v1/orders", body);
    assert_eq!((refused.status, refused.code()), (410, 3004));
    assert_eq!(
        app.get("staff", &format!("/api/v1/orders/{order}")).json()["customer_id"],
        id
    );
    assert_eq!(app.get("staff", &format!("{path}/orders")).json()["total"], 1);
    app.token("ann");
    let account = app.number("SELECT id FROM customers WHERE user_id IS NOT NULL");
    let kept = app.send("DELETE", "staff", &format!("{CUSTOMERS}/{account}"), &[], None);
    assert_eq!((kept.status, kept.code()), (409, 6003));
}

/// G3: how many there are, how they stand, in which groups, and on which of the shop's days they came.
#[test]
fn customers_are_counted() {
    let app = TestApp::start();
    app.change("UPDATE settings SET value = 'Europe/London' WHERE name = 'time_zone'");
    let group = app
        .post("staff", "/api/v1/customers/groups", json!({ "name": "Friends" }))
        .json()["id"]
        .clone();
    make(&app, json!({ "name": "Mia", "groups": [group] }));
    make(&app, json!({ "name": "Max", "status": "pending" }));
    app.clock.pass(40 * 86_400_000);
    app.forget_tokens();
    make(&app, json!({ "name": "Joe" }));
    let path = format!("{CUSTOMERS}/statistics");
    let told = app.get("staff", &path).json();
    assert_eq!(
        told["by_status"],
        json!({ "active": 2, "inactive": 0, "pending": 1, "blocked": 0 })
    );
    assert_eq!((&told["total"], &told["created"]), (&json!(3), &json!(1)));
    assert_eq!(
        told["by_group"],
        json!([{ "id": group, "name": "Friends", "customers": 1 }])
    );
    assert_eq!(told["timeline"], json!([{ "day": "2026-04-10", "customers": 1 }]));
    let spring = app
        .get("staff", &format!("{path}?from=2026-03-01&to=2026-04-10"))
        .json();
    assert_eq!(spring["timeline"].as_array().unwrap().len(), 2);
    for bad in [
        "?from=2026-05-01&to=2026-04-01",
        "?from=2020-01-01",
        "?from=soon",
        "?by=day",
    ] {
        let refused = app.get("staff", &format!("{path}{bad}"));
        assert_eq!((refused.status, refused.code()), (400, 2002), "{bad}");
    }
}

/// MONEY *Guests*: what was ordered as a guest is one's own once the address is proved, and not before.
#[test]
fn a_proved_address_brings_its_guest_orders() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    let id = make(&app, json!({ "name": "Ann", "email": "ANN@shop.test" }))["id"].clone();
    let order = paid_order(&app, &id);
    let path = format!("/api/v1/orders/{order}");
    assert_eq!(app.get("ann", &path).status, 404);
    let asked = app.patch("ann", "/api/v1/auth/me", json!({ "email": "ann@shop.test" }));
    assert_eq!(asked.status, 202, "{}", asked.body);
    let (_, token) = newest_link(&app);
    let proved = app.post("ann", "/api/v1/auth/email/confirm", json!({ "token": token }));
    assert_eq!(proved.status, 200, "{}", proved.body);
    assert_eq!(app.get("ann", &path).status, 200);
    let ann = app.number("SELECT id FROM users WHERE username = 'ann'");
    assert_eq!(
        app.get("staff", &format!("{CUSTOMERS}/{id}")).json()["user_id"],
        ann
    );
    assert_eq!(app.get("bob", &path).status, 404);
}
