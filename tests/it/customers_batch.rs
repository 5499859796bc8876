//! Many customers changed at once: all or nothing, or each for itself.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;
use crate::customers::CUSTOMERS;
use crate::customers::make;
use crate::permissions::census;

fn batch(app: &TestApp, query: &str, updates: Value) -> Answer {
    app.patch(
        "staff",
        &format!("{CUSTOMERS}/batch{query}"),
        json!({ "updates": updates }),
    )
}

fn three(app: &TestApp) -> Vec<Value> {
    let names = ["Mia", "Max", "Joe"].into_iter();
    names
        .map(|name| make(app, json!({ "name": name }))["id"].clone())
        .collect()
}

/// G4: all of them are changed, and what was as it is stays at its version.
#[test]
fn many_are_changed_together() {
    let app = TestApp::start();
    let ids = three(&app);
    let done = batch(
        &app,
        "",
        json!([
            { "id": ids[0], "version": 1, "data": { "status": "blocked", "tags": ["late"] } },
            { "id": ids[1], "data": { "name": "Max" } },
            { "id": ids[2], "data": { "email": "joe@shop.test" } },
        ]),
    );
    assert_eq!(done.status, 200, "{}", done.body);
    let done = done.json();
    assert_eq!((&done["matched"], &done["modified"]), (&json!(3), &json!(2)));
    let told: Vec<_> = done["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["status"], &row["version"]))
        .collect();
    let (updated, unchanged) = (json!("updated"), json!("unchanged"));
    assert_eq!(
        told,
        [
            (&updated, &json!(2)),
            (&unchanged, &json!(1)),
            (&updated, &json!(2))
        ]
    );
    let first = app.get("staff", &format!("{CUSTOMERS}/{}", ids[0])).json();
    assert_eq!(
        (&first["status"], &first["tags"]),
        (&json!("blocked"), &json!(["late"]))
    );
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 221"), 2);
}

/// G4: one bad row refuses them all with its own code, and nothing moves; apart, it alone is refused.
#[test]
fn one_bad_row_refuses_them_all() {
    let app = TestApp::start();
    let ids = three(&app);
    let gone = make(&app, json!({ "name": "Gone" }))["id"].clone();
    app.send("DELETE", "staff", &format!("{CUSTOMERS}/{gone}"), &[], None);
    app.token("owner");
    let before = census(&app);
    for (bad, status, code) in [
        (json!({ "id": 987_654, "data": { "name": "X" } }), 404, 3001),
        (json!({ "id": gone, "data": { "name": "X" } }), 410, 3004),
        (
            json!({ "id": ids[1], "version": 7, "data": { "name": "X" } }),
            412,
            3003,
        ),
        (json!({ "id": ids[1], "data": { "email": "nowhere" } }), 400, 2001),
        (json!({ "id": ids[1], "data": { "groups": [77] } }), 400, 2002),
    ] {
        let rows = json!([{ "id": ids[0], "data": { "name": "Changed" } }, bad]);
        let refused = batch(&app, "", rows.clone());
        assert_eq!(
            (refused.status, refused.code()),
            (status, code),
            "{bad}: {}",
            refused.body
        );
        if status == 400 {
            let field = refused.json()["error"]["fields"][0]["field"].clone();
            assert!(field.as_str().unwrap().starts_with("updates[1].data."), "{field}");
        }
        assert_eq!(
            refused.json()["error"]["details"]["at"] == "updates[1].id",
            status == 404
        );
        assert_eq!(census(&app), before, "{bad}");
    }
    let rows = json!([
        { "id": ids[0], "data": { "name": "Changed" } },
        { "id": 987_654, "data": { "name": "X" } },
        { "id": ids[1], "data": { "email": "nowhere" } },
        { "id": ids[2], "data": { "name": "Joseph" } },
    ]);
    let done = batch(&app, "?atomic=false", rows);
    assert_eq!(done.status, 200, "{}", done.body);
    let done = done.json();
    assert_eq!((&done["matched"], &done["modified"]), (&json!(2), &json!(2)));
    let codes: Vec<_> = done["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["error"]["code"].clone())
        .collect();
    assert_eq!(codes, [Value::Null, json!(3001), json!(2001), Value::Null]);
    assert_eq!(
        done["results"][2]["error"]["fields"][0]["field"],
        "updates[2].data.email"
    );
    assert_eq!(
        app.number("SELECT count(*) FROM customers WHERE name IN ('Changed', 'Joseph')"),
        2
    );
}

/// G4: a batch is 1 to 100 customers, each once, and a row is a customer with data.
#[test]
fn what_is_no_batch_is_refused() {
    let app = TestApp::start();
    let ids = three(&app);
    let row = json!({ "id": ids[0], "data": {} });
    for (updates, field) in [
        (json!([]), "updates"),
        (vec![row.clone(); 101].into(), "updates"),
        (json!([row, row]), "updates[1].id"),
        (json!([{ "id": "1", "data": {} }]), "updates[0].id"),
        (json!([{ "id": 1 }]), "updates[0].data"),
        (
            json!([{ "id": 1, "data": { "number": "1" } }]),
            "updates[0].data.number",
        ),
        (json!({}), "updates"),
    ] {
        let refused = batch(&app, "", updates.clone());
        let fields = &refused.json()["error"]["fields"];
        assert_eq!(
            (refused.status, &fields[0]["field"]),
            (400, &json!(field)),
            "{updates}: {}",
            refused.body
        );
    }
    assert_eq!(batch(&app, "?atomic=maybe", json!([row])).code(), 2002);
    app.change("DELETE FROM role_permissions WHERE role_id = 2 AND permission = 'customer-groups:*'");
    let group = app
        .post("owner", "/api/v1/customers/groups", json!({ "name": "Friends" }))
        .json()["id"]
        .clone();
    let join = json!([{ "id": ids[0], "data": { "groups": [group] } }]);
    let refused = batch(&app, "", join);
    assert_eq!((refused.status, refused.code()), (403, 1005));
    assert_eq!(app.number("SELECT count(*) FROM customer_group_members"), 0);
}
