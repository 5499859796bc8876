//! The documents of the API: they say what there is, and nothing else.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::permissions;

fn document() -> Value {
    let app = TestApp::start();
    let answer = app.get("nobody", "/api/openapi.json");
    assert_eq!(answer.status, 200);
    answer.json()
}

/// I12
#[test]
fn every_route_is_in_the_document_and_nothing_else() {
    let document = document();
    let told: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let faces = till::http::faces();
    let routed: BTreeSet<String> = faces
        .iter()
        .flat_map(|(root, table)| {
            let rows = table.rows().iter();
            rows.map(move |row| format!("{} {root}{}", row.method, row.path).replace("{*", "{"))
        })
        .collect();
    assert_eq!(told, routed);
    assert!(told.contains("POST /api/v1/orders"));
}

/// I12: what OpenAPI 3.1 asks of a document.
#[test]
fn the_document_is_sound() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        assert!(path.starts_with('/'));
        let wanted: BTreeSet<&str> = path
            .split('{')
            .skip(1)
            .map(|part| part.split('}').next().unwrap())
            .collect();
        for operation in item.as_object().unwrap().values() {
            assert!(
                ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
                "{path}"
            );
            let parameters = operation["parameters"].as_array().unwrap();
            let in_path = parameters.iter().filter(|one| one["in"] == "path");
            let named: BTreeSet<&str> = in_path
                .inspect(|one| assert_eq!(one["required"], true))
                .map(|one| one["name"].as_str().unwrap())
                .collect();
            assert_eq!(named, wanted, "{path}");
            assert!(parameters.iter().all(|one| one["schema"].is_object()));
            for (status, reply) in operation["responses"].as_object().unwrap() {
                assert!(
                    status
                        .parse::<u16>()
                        .is_ok_and(|status| (101..=599).contains(&status))
                );
                assert!(reply["description"].is_string() || reply["$ref"].is_string());
            }
            for scheme in operation["security"].as_array().unwrap() {
                // Where the body may carry the proof, none of them is needed.
                for name in scheme.as_object().unwrap().keys() {
                    assert!(document["components"]["securitySchemes"][name].is_object());
                }
            }
        }
    }
    every_reference_is_there(&document, &document);
}

fn every_reference_is_there(part: &Value, whole: &Value) {
    match part {
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get("$ref") {
                let pointer = target.strip_prefix('#').unwrap();
                assert!(whole.pointer(pointer).is_some(), "{target}");
            }
            members
                .values()
                .for_each(|member| every_reference_is_there(member, whole));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| every_reference_is_there(item, whole)),
        _ => {}
    }
}

/// I12: what a handler takes and who may call it stand in its operation.
#[test]
fn an_operation_tells_its_input_and_its_right() {
    let document = document();
    let place = &document["paths"]["/api/v1/orders"]["post"];
    let body = &place["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(body["$ref"], "#/components/schemas/PlaceOrder");
    assert_eq!(place["summary"], "orders: place");
    let names: Vec<&str> = place["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"Idempotency-Key"), "{names:?}");
    let show = &document["paths"]["/api/v1/orders/{id}"]["get"];
    assert_eq!(show["parameters"][0]["schema"]["type"], "integer");
    assert!(show["description"].as_str().unwrap().contains("orders:read"));
    assert!(show["responses"]["404"].is_object() && show["responses"]["401"].is_object());
    let login = &document["paths"]["/api/v1/auth/login"]["post"];
    assert_eq!(login["security"], json!([]));
    assert!(login["responses"]["401"].is_object() && login["responses"]["423"].is_object());
    let initiate = &document["paths"]["/api/v1/payments/initiate"]["post"];
    assert!(initiate["description"].as_str().unwrap().contains("order_token"));
    assert_eq!(initiate["security"][2], json!({}));
    assert_eq!(initiate["requestBody"]["required"], true);
    let reorder = &document["paths"]["/api/v1/orders/{id}/reorder"]["post"];
    assert!(reorder["responses"]["409"].is_object());
}

/// I12: a body tells its fields; one that is not in it is refused.
#[test]
fn every_body_tells_its_fields() {
    let document = document();
    for (root, table) in till::http::faces() {
        for row in table.rows() {
            let path = format!("{root}{}", row.path).replace("{*", "{");
            let operation = &document["paths"][&path][row.method.as_str().to_lowercase()];
            if row.takes("Upload<") {
                let kinds = operation["requestBody"]["content"].as_object().unwrap();
                assert!(kinds.keys().all(|kind| kind.starts_with("image/")), "{path}");
                continue;
            }
            let takes = [["Json<", "Held<"], ["MaybeJson<", "MaybeHeld<"]];
            let takes = takes.map(|extractors| extractors.iter().any(|extractor| row.takes(extractor)));
            assert_eq!(
                operation["requestBody"].is_object(),
                takes != [false; 2],
                "{path}"
            );
            if operation["requestBody"].is_object() {
                let body = &operation["requestBody"];
                assert_eq!(body["required"], takes[0], "{path}");
                let schema = shape(&document, &body["content"]["application/json"]["schema"]);
                assert_ne!(schema["properties"].as_object().unwrap().len(), 0, "{path}");
                assert_eq!(schema["additionalProperties"], false, "{path}");
            }
        }
    }
    let place = &document["components"]["schemas"]["PlaceOrder"];
    assert_eq!(place["required"], json!(["items"]));
    let item = shape(&document, &place["properties"]["items"]["items"]);
    assert_eq!(item["properties"]["quantity"]["type"], "integer");
}

/// I12: a body is an object; a list of its fields' values, in whatever order, is none.
#[test]
fn a_body_is_an_object() {
    let app = TestApp::start();
    let answer = app.patch("ann", "/api/v1/auth/me", json!(["Ann", null]));
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert_eq!(answer.json()["error"]["code"], 2001);
    assert_eq!(app.get("ann", "/api/v1/auth/me").json()["version"], 1);
}

/// I12: a good reply tells its status and what it holds.
#[test]
fn every_good_reply_tells_what_it_holds() {
    let document = document();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let replies = operation["responses"].as_object().unwrap();
            let is_good = |status: &str| status.starts_with('2') || status == "101";
            let good: Vec<_> = replies.iter().filter(|(status, _)| is_good(status)).collect();
            let [(status, reply), ..] = good[..] else {
                panic!("{method} {path}: no good reply");
            };
            assert!(good.iter().all(|(_, same)| *same == reply), "{method} {path}");
            // Done, or heard: there is nothing to tell, but how far a long work has come.
            let is_heard = status.as_str() == "202" && !path.ends_with("/anonymise");
            let is_empty = is_heard || ["204", "101"].contains(&status.as_str());
            assert_eq!(reply["content"].is_null(), is_empty, "{method} {path}");
            let is_table =
                path.starts_with("/api/v1") || ["/health", "/livez", "/readyz"].contains(&path.as_str());
            let is_file = [".csv", ".pdf", "/export"].iter().any(|end| path.ends_with(end));
            let is_stream = path == "/api/v1/events/stream";
            if is_table && !is_empty && !is_file && !is_stream {
                let schema = &reply["content"]["application/json"]["schema"];
                let told = parts(&document, schema)
                    .into_iter()
                    .any(|part| part["properties"].is_object() || part["additionalProperties"].is_object());
                assert!(told, "{method} {path}");
            }
        }
    }
}

/// What is done to an order of two mugs, one after the other, and what is read of it.
fn told_of_an_order() -> Vec<(&'static str, &'static str, &'static str, Option<Value>)> {
    let note = json!({ "note": "Fragile." });
    vec![
        ("POST", "/notes", "201", Some(note)),
        (
            "PATCH",
            "",
            "200",
            Some(json!({ "items": [{ "id": 4097, "quantity": 2 }], "note": "Ring.", "version": 2 })),
        ),
        ("GET", "/history", "200", None),
        ("POST", "/reorder", "200", None),
        (
            "PATCH",
            "/status",
            "200",
            Some(json!({ "status": "processing", "version": 3 })),
        ),
        ("POST", "/shipments", "201", Some(json!({ "carrier": "Post" }))),
        ("GET", "/shipments", "200", None),
        (
            "POST",
            "/returns",
            "201",
            Some(json!({ "lines": [{ "item_id": 4097, "quantity": 1 }], "reason": "x" })),
        ),
        ("GET", "/returns", "200", None),
        ("GET", "", "200", None),
    ]
}

/// I12: nothing comes that is not told, down to the last part.
#[test]
fn a_reply_holds_what_its_schema_tells() {
    let app = TestApp::start();
    let document = app.get("nobody", "/api/openapi.json").json();
    let hold = |method: &str, path: &str, template: &str, status: &str, body: Option<Value>| {
        let answer = app.send(method, "owner", path, &[], body.as_ref());
        assert_eq!(answer.status.to_string(), status, "{path}: {}", answer.body);
        let reply = &document["paths"][template][method.to_lowercase()]["responses"][status];
        let schema = &reply["content"]["application/json"]["schema"];
        every_member_is_told(&document, schema, &answer.json(), path);
        answer.json()["id"].as_i64().unwrap_or_default()
    };
    app.product("MUG", "4.50", 10);
    let body = json!({ "name": "Bowl", "price": "3.20", "sku": "BOWL", "category": "Clay" });
    hold("POST", "/api/v1/products", "/api/v1/products", "201", Some(body));
    let address =
        json!({ "name": "Ann", "line1": "Lane 1", "city": "Bath", "postcode": "BA1", "country": "GB" });
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }], "shipping_address": address });
    let order = hold("POST", "/api/v1/orders", "/api/v1/orders", "201", Some(body));
    for (method, below, status, body) in told_of_an_order() {
        let path = format!("/api/v1/orders/{order}{below}");
        hold(
            method,
            &path,
            &format!("/api/v1/orders/{{id}}{below}"),
            status,
            body,
        );
    }
    for path in [
        "/health",
        "/livez",
        "/readyz",
        "/api/v1/auth/me",
        "/api/v1/auth/sessions",
        "/api/v1/products/public",
        "/api/v1/categories",
        "/api/v1/orders",
        "/api/v1/orders/statistics",
        "/api/v1/orders/transitions",
        "/api/v1/stock/movements",
        "/api/v1/stock/low",
        "/api/v1/events",
        "/api/v1/audit-logs",
        "/api/v1/audit-logs/verify",
    ] {
        hold("GET", path, path, "200", None);
    }
}

fn every_member_is_told(document: &Value, schema: &Value, value: &Value, at: &str) {
    let parts = parts(document, schema);
    assert_ne!(parts.len(), 0, "{at}");
    match value {
        Value::Object(members) if parts.iter().any(|part| part["properties"].is_object()) => {
            for (name, member) in members {
                let at = format!("{at}: {name}");
                let told = parts.iter().find_map(|part| part["properties"].get(name));
                every_member_is_told(document, told.unwrap_or_else(|| panic!("{at}")), member, &at);
            }
        }
        Value::Array(items) => {
            let told = parts.iter().find_map(|part| part.get("items"));
            for item in items {
                every_member_is_told(document, told.unwrap_or_else(|| panic!("{at}")), item, at);
            }
        }
        Value::String(word) => {
            let closed = parts.iter().filter_map(|part| part["enum"].as_array());
            closed.for_each(|words| assert!(words.contains(value), "{at}: {word}"));
        }
        _ => {}
    }
}

/// What a schema is put together from.
pub fn parts<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let schema = shape(document, schema);
    let inner = ["allOf", "oneOf"]
        .into_iter()
        .filter_map(|how| schema[how].as_array());
    let parts: Vec<&Value> = inner.flatten().flat_map(|part| parts(document, part)).collect();
    match (parts.is_empty(), schema.is_object()) {
        (true, true) => vec![schema],
        _ => parts,
    }
}

/// The schema behind a reference.
pub fn shape<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"]
        .as_str()
        .and_then(|target| target.strip_prefix('#'))
    {
        Some(pointer) => document.pointer(pointer).unwrap(),
        None => schema,
    }
}

/// I12, WEB-01: Swagger UI from inside the binary, by the policy of its route and with nobody else asked.
#[test]
fn the_pages_come_from_inside_the_binary() {
    let app = TestApp::start();
    let page = app.get("nobody", "/api/docs");
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .contains("style-src 'self' 'unsafe-inline';")
    );
    let links = page
        .body
        .split(['"', '\''])
        .filter(|text| text.starts_with("/api/docs/"));
    let links: Vec<&str> = links.collect();
    assert!(links.len() >= 4, "{}", page.body);
    for link in links {
        assert_eq!(app.get("nobody", link).status, 200, "{link}");
    }
    assert!(!page.body.contains("https://") && !page.body.contains("<script>"));
    let start = app.get("nobody", "/api/docs/swagger-initializer.js").body;
    assert!(
        start.contains("/api/openapi.json") && start.contains("\"validatorUrl\": \"none\""),
        "{start}"
    );
    assert_eq!(app.get("nobody", "/api/docs/../../etc/passwd").status, 404);
    for path in ["/api/docs/", "/api/docs/codes/", "/api/openapi.json/"] {
        assert_eq!(app.get("nobody", path).status, 200, "{path}");
    }
    let codes = app.get("nobody", "/api/docs/codes");
    assert!(
        codes
            .header("content-security-policy")
            .unwrap()
            .contains("style-src 'self';")
    );
    for code in till::error::Code::ALL {
        let anchor = format!("id=\"{}\"", code.facts().1);
        assert_eq!(codes.body.matches(&anchor).count(), 1, "{anchor}");
    }
}

/// I12: whatever a caller meets by the table of permissions is told, and 304 only where there is a version to hold.
#[test]
fn every_status_that_a_caller_meets_is_told() {
    let document = document();
    let mut untold = BTreeSet::new();
    for line in permissions::table() {
        let path = format!("/api/v1{}", line.path);
        let replies = &document["paths"][&path][line.method.to_lowercase()]["responses"];
        let statuses = line.statuses.iter().map(ToString::to_string);
        let silent = statuses.filter(|status| !replies[status].is_object());
        untold.extend(silent.map(|status| format!("{} {path} {status}", line.method)));
    }
    assert_eq!(untold, BTreeSet::new());
    let get = |path: &str| &document["paths"][format!("/api/v1{path}")]["get"];
    for (path, is_held) in [
        ("/orders/{id}", true),
        ("/products/{id}", true),
        ("/users/{id}", true),
        ("/auth/me", true),
        ("/orders", false),
        ("/balance", false),
    ] {
        let mut asks = get(path)["parameters"].as_array().unwrap().iter();
        let asks = asks.any(|one| one["name"] == "If-None-Match");
        let is_told = get(path)["responses"]["304"].is_object();
        assert_eq!((asks, is_told), (is_held, is_held), "{path}");
    }
    for (path, method, wants_version) in [
        ("/orders/{id}/status", "patch", true),
        ("/orders/{id}/cancel", "post", false),
        ("/orders/{id}/tags", "put", false),
    ] {
        let replies = &document["paths"][format!("/api/v1{path}")][method]["responses"];
        assert!(replies["412"].is_object(), "{path}");
        assert_eq!(replies["428"].is_object(), wants_version, "{path}");
    }
    let page = &document["components"]["schemas"]["OrderPage"]["required"];
    assert!(page.as_array().unwrap().contains(&json!("next")), "{page}");
}
