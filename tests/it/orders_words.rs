//! Orders: history, notes, tags, ordering again, and an order as it was.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;

const ORDER: &str = "/api/v1/orders/1";

/// A shop with one order of two mugs by ann.
fn shop() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }] });
    let named = [("x-request-id", "request-0000")];
    let placed = app.send("POST", "ann", "/api/v1/orders", &named, Some(&body));
    assert_eq!(placed.status, 201);
    app
}

fn tag(app: &TestApp, tags: Value) -> crate::client::Answer {
    let path = format!("{ORDER}/tags");
    app.send("PUT", "staff", &path, &[], Some(&json!({ "tags": tags })))
}

/// Changes the file as no door does.
fn alter(app: &TestApp, sql: &str) {
    let file = rusqlite::Connection::open(app.dir().join("till.db")).unwrap();
    file.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    assert_eq!(file.execute(sql, []).unwrap(), 1);
    app.expect_findings();
}

/// D9: who, when, from, to, note and request id, creation included; the owner reads what is public.
#[test]
fn the_history_tells_everything_to_staff_and_the_public_part_to_the_owner() {
    let app = shop();
    app.clock.pass(60_000);
    let named = [("x-request-id", "request-0001")];
    let body = json!({ "status": "processing", "version": 1, "note": "Ask Bob." });
    let path = format!("{ORDER}/status");
    assert_eq!(app.send("PATCH", "owner", &path, &named, Some(&body)).status, 200);
    for (note, public) in [("Call first.", false), ("We are packing it.", true)] {
        let body = json!({ "note": note, "public": public });
        let noted = app.post("staff", &format!("{ORDER}/notes"), body);
        assert_eq!(noted.status, 201, "{}", noted.body);
        assert_eq!(
            (&noted.json()["note"], &noted.json()["public"]),
            (&json!(note), &json!(public))
        );
    }
    let all = app.get("staff", &format!("{ORDER}/history")).json();
    let short: Vec<Value> = all["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            json!([
                entry["version"],
                entry["action"],
                entry["from"],
                entry["to"],
                entry["note"]
            ])
        })
        .collect();
    assert_eq!(
        json!(short),
        json!([
            [1, "placed", null, "pending", null],
            [2, "status_changed", "pending", "processing", "Ask Bob."],
            [3, "noted", null, null, "Call first."],
            [4, "noted", null, null, "We are packing it."],
        ])
    );
    assert_eq!(all["data"][0]["by"]["name"], "ann");
    assert_eq!(all["data"][0]["request_id"], "request-0000");
    assert_eq!(
        all["data"][1]["by"],
        json!({ "id": 1, "name": "owner", "kind": "user" })
    );
    assert_eq!(all["data"][1]["request_id"], "request-0001");
    assert_eq!(all["data"][1]["at"], "2026-03-01T12:01:00.000Z");
    let own = app.get("ann", &format!("{ORDER}/history"));
    let entries = own.json()["data"].as_array().unwrap().len();
    assert_eq!(entries, 3, "{}", own.body);
    assert!(
        !own.body.contains("Ask Bob") && !own.body.contains("Call first"),
        "{}",
        own.body
    );
    assert_eq!(app.get("ben", &format!("{ORDER}/history")).status, 404);
}

/// D9, IDM-01
#[test]
fn a_note_with_a_key_is_added_once() {
    let app = shop();
    let body = json!({ "note": "Once." });
    let key = [("idempotency-key", "n-1")];
    let path = format!("{ORDER}/notes");
    let first = app.send("POST", "staff", &path, &key, Some(&body));
    let again = app.send("POST", "staff", &path, &key, Some(&body));
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body, again.body);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let other = app.send("POST", "staff", &path, &key, Some(&json!({ "note": "Twice." })));
    assert_eq!((other.status, other.code()), (422, 3003));
    assert_eq!(app.get("staff", ORDER).json()["version"], 2);
}

/// D4, N5: tags raise the version, hold each word once, and are put back by looking at the past.
#[test]
fn tags_are_set_whole() {
    let app = shop();
    let tagged = tag(&app, json!(["gift", "  Fragile ", "GIFT"]));
    assert_eq!(tagged.status, 200, "{}", tagged.body);
    assert_eq!(tagged.json()["tags"], json!(["Fragile", "gift"]));
    assert_eq!(tagged.json()["version"], 2);
    assert_eq!(tag(&app, json!(["Gift", "fragile"])).json()["version"], 2);
    assert_eq!(app.get("ann", ORDER).json()["tags"], json!(["Fragile", "gift"]));
    assert_eq!(tag(&app, json!([])).json()["tags"], json!([]));
    assert_eq!(app.get("ann", ORDER).json()["version"], 3);
}

/// CON-04, API.md *Versions*: tags and notes ask for no version, and hold to one that is said.
#[test]
fn words_may_say_which_version_they_saw() {
    let app = shop();
    let notes = format!("{ORDER}/notes");
    let key = [("idempotency-key", "n-1"), ("if-match", "\"1\"")];
    let note = json!({ "note": "Once." });
    assert_eq!(app.send("POST", "staff", &notes, &key, Some(&note)).status, 201);
    let again = app.send("POST", "staff", &notes, &key, Some(&note));
    assert_eq!(
        (again.status, again.header("idempotent-replayed")),
        (201, Some("true"))
    );
    for (method, path, body) in [
        ("POST", notes, json!({ "note": "Too late." })),
        ("PUT", format!("{ORDER}/tags"), json!({ "tags": ["late"] })),
    ] {
        let by_header = app.send(method, "staff", &path, &[("if-match", "\"1\"")], Some(&body));
        let mut said = body.clone();
        said["version"] = json!(1);
        let by_body = app.send(method, "staff", &path, &[], Some(&said));
        for stale in [by_header, by_body] {
            assert_eq!(
                (stale.status, stale.code()),
                (412, 3003),
                "{path}: {}",
                stale.body
            );
            assert_eq!(stale.json()["error"]["details"]["current"]["version"], 2);
        }
        let both = app.send(method, "staff", &path, &[("if-match", "\"2\"")], Some(&said));
        assert_eq!((both.status, both.code()), (400, 2001), "{path}");
    }
    let body = json!({ "tags": ["gift"] });
    let held = [("if-match", "\"2\"")];
    let tagged = app.send("PUT", "staff", &format!("{ORDER}/tags"), &held, Some(&body));
    assert_eq!((tagged.status, tagged.header("etag")), (200, Some("\"3\"")));
}

/// SCHEMA, *Ids that carry their owner*
#[test]
fn the_last_versions_are_kept_for_money() {
    let app = shop();
    alter(&app, "UPDATE orders SET version = 3900 WHERE id = 1");
    let note = app.post("staff", &format!("{ORDER}/notes"), json!({ "note": "One more." }));
    assert_eq!((note.status, note.code()), (409, 6003));
    let tags = tag(&app, json!(["late"]));
    assert_eq!((tags.status, tags.code()), (409, 6003));
    let body = json!({ "status": "processing", "version": 3900 });
    let moved = app.patch("owner", &format!("{ORDER}/status"), body);
    assert_eq!(moved.status, 200, "{}", moved.body);
}

/// D9: words of the wrong shape are refused, by whom they may not come from too, and change nothing.
#[test]
fn bad_words_change_nothing() {
    let app = shop();
    let notes = format!("{ORDER}/notes");
    for (body, status, code) in [
        (json!({}), 400, 2003),
        (json!({ "note": "" }), 400, 2003),
        (json!({ "note": "   " }), 400, 2003),
        (json!({ "note": 5 }), 400, 2001),
        (json!({ "note": "x".repeat(5001) }), 400, 2001),
        (json!({ "note": "a\u{7}b" }), 400, 2001),
        (json!({ "note": "x", "public": "yes" }), 400, 2001),
        (json!({ "note": "x", "by": 1 }), 400, 2001),
    ] {
        let answer = app.post("staff", &notes, body.clone());
        assert_eq!(
            (answer.status, answer.code()),
            (status, code),
            "{body}: {}",
            answer.body
        );
    }
    let many: Vec<String> = (0..51).map(|n| n.to_string()).collect();
    for tags in [
        json!("gift"),
        json!([1]),
        json!(["x".repeat(51)]),
        json!(many),
        json!(null),
    ] {
        let answer = tag(&app, tags.clone());
        assert_eq!(
            (answer.status, answer.code()),
            (400, 2001),
            "{tags}: {}",
            answer.body
        );
    }
    assert_eq!(tag(&app, json!([""])).code(), 2003);
    for (method, path, body) in [
        ("POST", "notes", json!({ "note": "mine" })),
        ("PUT", "tags", json!({ "tags": ["mine"] })),
    ] {
        let path = format!("{ORDER}/{path}");
        let own = app.send(method, "ann", &path, &[], Some(&body));
        assert_eq!((own.status, own.code()), (403, 1005), "{path}");
        let missing = app.send(method, "staff", &path.replace("/1/", "/9/"), &[], Some(&body));
        assert_eq!((missing.status, missing.code()), (404, 3001), "{path}");
    }
    assert_eq!(app.get("staff", ORDER).json()["version"], 1);
}

/// C7: what is there now, at today's price; it makes no order.
#[test]
fn a_former_order_is_offered_again() {
    let app = TestApp::start();
    let (plenty, few) = (app.product("PLENTY", "4.50", 100), app.product("FEW", "2.00", 5));
    let (out, gone) = (app.product("OUT", "1.00", 1), app.product("GONE", "1.00", 10));
    let items: Vec<Value> = [(plenty, 2), (few, 4), (out, 1), (gone, 1), (plenty, 1)]
        .iter()
        .map(|(product, quantity)| json!({ "product_id": product, "quantity": quantity }))
        .collect();
    assert_eq!(
        app.post("ann", "/api/v1/orders", json!({ "items": items }))
            .status,
        201
    );
    alter(&app, "UPDATE variants SET deleted_at = 1 WHERE sku = 'GONE'");
    alter(&app, "UPDATE variants SET price = 500 WHERE sku = 'PLENTY'");
    let answer = app.send("POST", "ann", &format!("{ORDER}/reorder"), &[], None);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let found = answer.json();
    assert_eq!(found["original_order_id"], 1);
    assert_eq!(
        found["available_items"],
        json!([
            { "variant_id": plenty, "sku": "PLENTY", "name": "PLENTY", "requested": 3, "quantity": 3,
              "adjusted": false, "unit_price": "5.00" },
            { "variant_id": few, "sku": "FEW", "name": "FEW", "requested": 4, "quantity": 1,
              "adjusted": true, "unit_price": "2.00" },
        ])
    );
    assert_eq!(
        found["unavailable_items"],
        json!([
            { "sku": "FEW", "name": "FEW", "requested": 4, "available": 1, "reason": "short" },
            { "sku": "OUT", "name": "OUT", "requested": 1, "available": 0, "reason": "out_of_stock" },
            { "sku": "GONE", "name": "GONE", "requested": 1, "available": 0, "reason": "gone" },
        ])
    );
    assert_eq!(app.get("staff", "/api/v1/orders/2").status, 404);
    let foreign = app.send("POST", "ben", &format!("{ORDER}/reorder"), &[], None);
    assert_eq!((foreign.status, foreign.code()), (404, 3001));
    alter(&app, "UPDATE variants SET price = NULL WHERE sku = 'PLENTY'");
    alter(
        &app,
        "UPDATE stock SET available = 0 WHERE variant_id = (SELECT id FROM variants WHERE sku = 'FEW')",
    );
    let nothing = app.send("POST", "ann", &format!("{ORDER}/reorder"), &[], None);
    assert_eq!((nothing.status, nothing.code()), (409, 6004));
    let details = &nothing.json()["error"]["details"];
    assert_eq!(details["available_items"], json!([]));
    assert_eq!(details["unavailable_items"][0]["reason"], "not_approved");
}

/// N5: every version that was shown can be shown again.
#[test]
fn an_order_is_shown_as_it_was() {
    let app = shop();
    let mut shown = Vec::new();
    let keep = |app: &TestApp, shown: &mut Vec<(String, Value)>| {
        let order = app.get("staff", ORDER).json();
        let at = app.clock.now().to_string();
        shown.push((at, order));
        app.clock.pass(60_000);
    };
    keep(&app, &mut shown);
    for to in ["processing", "shipped", "delivered"] {
        let version = shown.last().unwrap().1["version"].clone();
        let body = json!({ "status": to, "version": version });
        assert_eq!(app.patch("owner", &format!("{ORDER}/status"), body).status, 200);
        keep(&app, &mut shown);
        assert_eq!(tag(&app, json!([to])).status, 200);
        keep(&app, &mut shown);
    }
    for (at, order) in &shown {
        assert_eq!(&app.get("ann", &format!("{ORDER}?at={at}")).json(), order, "{at}");
    }
    let day = app.get("ann", &format!("{ORDER}?at=2026-03-01")).json();
    assert_eq!(day["status"], "delivered");
    for (at, status, code) in [
        ("2026-03-01T11:59:59Z", 404, 3001),
        ("2026-02-28", 404, 3001),
        ("yesterday", 400, 2002),
        ("2026-13-01", 400, 2002),
        ("", 400, 2002),
    ] {
        let answer = app.get("ann", &format!("{ORDER}?at={at}"));
        assert_eq!(
            (answer.status, answer.code()),
            (status, code),
            "{at}: {}",
            answer.body
        );
    }
    assert_eq!(app.get("ben", &format!("{ORDER}?at=2026-03-01")).status, 404);
}

/// D5
#[test]
fn what_the_caller_holds_is_not_sent_again() {
    let app = shop();
    let tag = app.get("ann", ORDER).header("etag").unwrap().to_owned();
    let held = [("if-none-match", tag.as_str())];
    let answer = app.send("GET", "ann", ORDER, &held, None);
    assert_eq!((answer.status, answer.body.as_str()), (304, ""));
    assert_eq!(app.send("GET", "ben", ORDER, &held, None).status, 404);
    let body = json!({ "status": "processing", "version": 1 });
    app.patch("owner", &format!("{ORDER}/status"), body);
    assert_eq!(app.send("GET", "ann", ORDER, &held, None).status, 200);
}
