//! Groups of customers: by hand and by rule, what their members pay less, and coupons that are for them alone.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;
use crate::customers::CUSTOMERS;
use crate::customers::make;
use crate::customers::paid_order;
use crate::customers::put;

const GROUPS: &str = "/api/v1/customers/groups";
const ORDERS: &str = "/api/v1/orders";
const ITEMS: &str = "/api/v1/cart/items";

fn group(app: &TestApp, body: Value) -> Value {
    let made = app.post("staff", GROUPS, body);
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()
}

fn members(app: &TestApp, method: &str, group: &Value, customers: &[&Value]) -> Answer {
    let body = json!({ "customer_ids": customers });
    app.send(
        method,
        "staff",
        &format!("{GROUPS}/{group}/customers"),
        &[],
        Some(&body),
    )
}

/// The customer record of somebody who signs in.
fn record(app: &TestApp, who: &str) -> Value {
    app.token(who);
    let sql = "SELECT c.id FROM customers c JOIN users u ON u.id = c.user_id WHERE u.username";
    json!(app.number(&format!("{sql} = '{who}'")))
}

/// Lets the worker hold everybody to the rules.
fn hold(app: &TestApp) {
    let step = || app.block_on(till::worker::groups::step(app.app())).unwrap();
    while step() == till::worker::Outcome::Worked {}
}

fn in_group(app: &TestApp, group: &Value) -> Vec<i64> {
    let found = app
        .get("staff", &format!("{CUSTOMERS}?group_id={group}&sort=oldest"))
        .json();
    let rows = found["data"].as_array().unwrap().iter();
    rows.map(|row| row["id"].as_i64().unwrap()).collect()
}

fn shop() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 1000);
    app.product("POT", "30.00", 1000);
    app
}

/// G5: a group is made, changed under its version and deleted, but not while somebody is in it.
#[test]
fn a_group_is_made_changed_and_deleted() {
    let app = shop();
    let made = group(
        &app,
        json!({ "name": "Friends", "discount": 12.5, "rule": { "min_spent": 100, "tag": "vip" }, "client_token": "k" }),
    );
    assert_eq!(
        ["discount", "customers", "version"].map(|name| made[name].clone()),
        [json!("12.5"), json!(0), json!(1)]
    );
    assert_eq!(
        made["rule"],
        json!({ "min_orders": null, "min_spent": "100.00", "tag": "vip" })
    );
    let path = format!("{GROUPS}/{}", made["id"]);
    let change = |body: Value| app.send("PUT", "staff", &path, &[], Some(&body));
    assert_eq!(change(json!({ "name": "Pals" })).status, 428);
    assert_eq!(change(json!({ "name": "Pals", "version": 4 })).status, 412);
    let changed = change(json!({ "rule": null, "discount": null, "version": 1 })).json();
    assert_eq!(
        (&changed["rule"], &changed["discount"], &changed["name"]),
        (&Value::Null, &Value::Null, &json!("Friends"))
    );
    let taken = app.post("staff", GROUPS, json!({ "name": "FRIENDS" }));
    assert_eq!((taken.status, taken.code()), (409, 3002));
    let mia = make(&app, json!({ "name": "Mia" }))["id"].clone();
    let joined = members(&app, "POST", &made["id"], &[&mia]);
    assert_eq!((joined.status, &joined.json()["changed"]), (200, &json!([mia])));
    let again = members(&app, "POST", &made["id"], &[&mia]).json();
    assert_eq!((&again["changed"], &again["customers"]), (&json!([]), &json!(1)));
    let full = app.send("DELETE", "staff", &path, &[], None);
    assert_eq!((full.status, full.code()), (409, 6003));
    let shown = app.get("staff", &format!("{CUSTOMERS}/{mia}")).json();
    assert_eq!(
        (&shown["groups"], &shown["version"]),
        (&json!([made["id"]]), &json!(2))
    );
    assert_eq!(
        members(&app, "DELETE", &made["id"], &[&mia]).json()["changed"],
        json!([mia])
    );
    assert_eq!(app.send("DELETE", "staff", &path, &[], None).status, 204);
    assert_eq!(app.get("staff", &path).status, 404);
    // 225 to 229: made, changed, deleted, joined, left.
    assert_eq!(
        app.number("SELECT count(*) FROM audit WHERE action BETWEEN 225 AND 229"),
        5
    );
}

/// G5, G6: what is no group and no member is refused at its field, and nobody moves.
#[test]
fn what_is_no_group_and_no_member_is_refused() {
    let app = shop();
    let id = group(&app, json!({ "name": "Friends" }))["id"].clone();
    for (body, field) in [
        (json!({ "name": "A" }), "name"),
        (json!({ "discount": "100.1" }), "discount"),
        (json!({ "discount": -1 }), "discount"),
        (json!({ "description": "x".repeat(501) }), "description"),
        (json!({ "rule": {} }), "rule"),
        (json!({ "rule": { "min_orders": 0 } }), "rule.min_orders"),
        (json!({ "rule": { "min_spent": "0.00" } }), "rule.min_spent"),
        (json!({ "rule": { "min_spent": "1.005" } }), "rule.min_spent"),
        (json!({ "rule": { "max_orders": 1 } }), "rule.max_orders"),
        (json!({ "metadata": { "a": {} } }), "metadata.a"),
    ] {
        let mut new = json!({ "name": "New one" });
        let mut change = json!({ "version": 1 });
        for to in [&mut new, &mut change] {
            to.as_object_mut()
                .unwrap()
                .extend(body.as_object().unwrap().clone());
        }
        let path = format!("{GROUPS}/{id}");
        for refused in [
            app.post("staff", GROUPS, new),
            app.send("PUT", "staff", &path, &[], Some(&change)),
        ] {
            assert_eq!(
                (refused.status, &refused.json()["error"]["fields"][0]["field"]),
                (400, &json!(field)),
                "{body}: {}",
                refused.body
            );
        }
    }
    let mia = make(&app, json!({ "name": "Mia" }))["id"].clone();
    for (customers, field) in [
        (json!([]), "customer_ids"),
        (vec![mia.clone(); 101].into(), "customer_ids"),
        (json!([mia, 987_654]), "customer_ids[1]"),
        (json!(["1"]), "customer_ids[0]"),
    ] {
        let body = json!({ "customer_ids": customers });
        for method in ["POST", "DELETE"] {
            let refused = app.send(
                method,
                "staff",
                &format!("{GROUPS}/{id}/customers"),
                &[],
                Some(&body),
            );
            let fields = &refused.json()["error"]["fields"];
            assert_eq!(
                (refused.status, &fields[0]["field"]),
                (400, &json!(field)),
                "{method} {body}"
            );
        }
    }
    assert_eq!(app.number("SELECT count(*) FROM customer_group_members"), 0);
    assert_eq!(app.number("SELECT count(*) FROM customer_groups"), 1);
}

/// MONEY *Prices*: the best of a buyer's groups holds, in the cart, at the checkout and for an order; not for whoever
/// only types a member's address.
#[test]
fn members_pay_less() {
    let app = shop();
    let (tenth, fifth) = (
        group(&app, json!({ "name": "Tenth", "discount": "10" }))["id"].clone(),
        group(&app, json!({ "name": "Fifth", "discount": "20" }))["id"].clone(),
    );
    let ann = record(&app, "ann");
    assert_eq!(members(&app, "POST", &tenth, &[&ann]).status, 200);
    let order = |who: &str, body: Value| app.post(who, ORDERS, body);
    let mugs = json!([{ "sku": "MUG", "quantity": 3 }]);
    let paid = order("ann", json!({ "items": mugs })).json();
    let line = &paid["items"][0];
    assert_eq!(
        [&line["unit_price"], &line["list_price"], &paid["total"]],
        [&json!("4.05"), &json!("4.50"), &json!("12.15")]
    );
    members(&app, "POST", &fifth, &[&ann]);
    app.post("ann", ITEMS, json!({ "sku": "POT", "quantity": 1 }));
    let cart = app.get("ann", "/api/v1/cart").json();
    assert_eq!(
        (&cart["total"], &cart["items"][0]["reasons"][1]["reason"]),
        (&json!("24.00"), &json!("group"))
    );
    let address =
        json!({ "name": "Ann", "line1": "1 Road", "city": "Rye", "postcode": "TN31", "country": "GB" });
    let dear = json!({ "shipping_address": address, "total_price": "23.99" });
    assert_eq!(
        app.post("ann", "/api/v1/cart/checkout", dear).json()["error"]["details"]["quote"]["total"],
        "24.00"
    );
    let done = app.post(
        "ann",
        "/api/v1/cart/checkout",
        json!({ "shipping_address": address, "total_price": "24.00" }),
    );
    assert_eq!(
        (done.status, &done.json()["total"]),
        (201, &json!("24.00")),
        "{}",
        done.body
    );
    assert_eq!(order("bob", json!({ "items": mugs })).json()["total"], "13.50");
    // Staff sell to the member; whoever types a member's address as a guest has proved nothing.
    let for_ann = order("staff", json!({ "items": mugs, "customer_id": ann })).json();
    assert_eq!(for_ann["total"], "10.80");
    let mia = make(
        &app,
        json!({ "name": "Mia", "email": "mia@shop.test", "groups": [fifth] }),
    )["id"]
        .clone();
    assert_eq!(
        order("staff", json!({ "items": mugs, "customer_id": mia })).json()["total"],
        "10.80"
    );
    let cookie = crate::private_orders::guest(&app, "MUG", 1);
    let guest = crate::private_orders::check_out(&app, &cookie, "mia@shop.test");
    assert_eq!((&guest["customer_id"], &guest["total"]), (&mia, &json!("4.50")));
    members(&app, "DELETE", &fifth, &[&ann]);
    assert_eq!(order("ann", json!({ "items": mugs })).json()["total"], "12.15");
}

/// T11, G6: a coupon of groups holds for their members, in the cart and for an order; its group stays while it does.
#[test]
fn a_coupon_may_be_for_a_group_alone() {
    let app = shop();
    let friends = group(&app, json!({ "name": "Friends" }))["id"].clone();
    let ann = record(&app, "ann");
    members(&app, "POST", &friends, &[&ann]);
    let coupon =
        |groups: Value| json!({ "code": "PALS", "kind": "fixed", "value": "1.00", "groups": groups });
    let missing = app.post("owner", "/api/v1/coupons", coupon(json!([friends, 77])));
    assert_eq!(
        (missing.status, &missing.json()["error"]["fields"][0]["field"]),
        (400, &json!("groups[1]"))
    );
    let made = app.post("owner", "/api/v1/coupons", coupon(json!([friends])));
    assert_eq!(
        (made.status, &made.json()["groups"]),
        (201, &json!([friends])),
        "{}",
        made.body
    );
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }], "coupon": "PALS" });
    assert_eq!(app.post("ann", ORDERS, body.clone()).json()["total"], "3.50");
    let refused = app.post("bob", ORDERS, body);
    assert_eq!((refused.status, refused.code()), (422, 6001));
    for (who, status) in [("ann", 200), ("bob", 422)] {
        app.post(who, ITEMS, json!({ "sku": "MUG", "quantity": 1 }));
        let typed = app.post(who, "/api/v1/cart/coupon", json!({ "code": "pals" }));
        assert_eq!(typed.status, status, "{who}: {}", typed.body);
    }
    members(&app, "DELETE", &friends, &[&ann]);
    assert_eq!(
        app.get("ann", "/api/v1/cart").json()["coupon"]["reason"],
        "other_customers"
    );
    let path = format!("{GROUPS}/{friends}");
    assert_eq!(app.send("DELETE", "owner", &path, &[], None).code(), 6003);
    let everybody = json!({ "groups": [], "version": 1 });
    assert_eq!(
        app.patch(
            "owner",
            &format!("/api/v1/coupons/{}", made.json()["id"]),
            everybody
        )
        .status,
        200
    );
    assert_eq!(app.send("DELETE", "owner", &path, &[], None).status, 204);
}

/// MONEY *Guests*: who meets a rule is put in by the worker and taken out again; by hand stays.
#[test]
fn a_rule_brings_its_members() {
    let app = shop();
    let ids: Vec<Value> = ["Mia", "Max", "Joe"]
        .into_iter()
        .map(|name| {
            make(
                &app,
                json!({ "name": name, "tags": if name == "Joe" { json!([]) } else { json!(["vip"]) } }),
            )["id"]
                .clone()
        })
        .collect();
    for _ in 0..2 {
        paid_order(&app, &ids[0]);
    }
    let rule = json!({ "min_orders": 2, "min_spent": "9.00", "tag": "VIP" });
    let loyal = group(&app, json!({ "name": "Loyal", "discount": "10", "rule": rule }))["id"].clone();
    let of = |at: &[usize]| -> Vec<i64> { at.iter().map(|at| ids[*at].as_i64().unwrap()).collect() };
    assert_eq!(in_group(&app, &loyal), [0_i64; 0]);
    hold(&app);
    assert_eq!(in_group(&app, &loyal), of(&[0]));
    paid_order(&app, &ids[1]);
    let last = paid_order(&app, &ids[1]);
    paid_order(&app, &ids[2]);
    paid_order(&app, &ids[2]);
    hold(&app);
    assert_eq!(in_group(&app, &loyal), of(&[0, 1]));
    put(&app, &ids[2], json!({ "tags": ["Vip"], "version": 1 }));
    app.post("owner", &format!("{ORDERS}/{last}/cancel"), json!({}));
    hold(&app);
    assert_eq!(in_group(&app, &loyal), of(&[0, 2]));
    let out = members(&app, "DELETE", &loyal, &[&ids[0]]);
    assert_eq!((out.status, out.code()), (409, 6003));
    members(&app, "POST", &loyal, &[&ids[0]]);
    let path = format!("{GROUPS}/{loyal}");
    let none = app.send(
        "PUT",
        "staff",
        &path,
        &[],
        Some(&json!({ "rule": null, "version": 1 })),
    );
    assert_eq!(none.status, 200, "{}", none.body);
    hold(&app);
    assert_eq!(in_group(&app, &loyal), of(&[0]));
    assert_eq!(
        app.number("SELECT count(*) FROM customer_group_members WHERE by_rule = 1"),
        0
    );
}
