//! Bodies that nothing can be done with: where none is needed, and of the wrong kind where one is.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;
use till::http::api;

use crate::app::TestApp;
use crate::docs;
use crate::permissions;

/// NET-03, G8: where there is nothing to say, nothing may be said: what is malformed or unknown is refused, and nothing
/// has happened.
#[test]
fn a_route_without_a_body_takes_none() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 1000);
    let table = api::table();
    let mut seen = BTreeSet::new();
    for line in permissions::table() {
        let row = table.rows().iter();
        let mut row = row.filter(|row| row.method == line.method && row.path == line.path);
        let row = row.next().unwrap();
        if row.method.is_safe()
            || row.body.is_some()
            || row.takes("Raw<")
            || row.takes("Upload<")
            || line.thing.contains("missing")
        {
            continue;
        }
        seen.insert(format!("{} {}", line.method, line.path));
        let path = format!("/api/v1{}", permissions::path(&app, &line));
        let noted = app.number("SELECT max(id) FROM audit");
        let send = |path: &str, kind: &str, body: &str| {
            let token = app.token("owner").unwrap();
            let text = format!(
                "{} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
                 {kind}content-length: {}\r\n\r\n{body}",
                line.method,
                body.len()
            );
            let answer = app.client().raw(text.as_bytes());
            (answer.status, answer.code())
        };
        let json = "content-type: application/json\r\n";
        for (kind, body, refused) in [
            (json, "{", (400, 2004)),
            (json, "[]", (400, 2001)),
            (json, "null", (400, 2001)),
            (json, "{\"surely_not\":1}", (400, 2001)),
            ("content-type: text/plain\r\n", "{}", (415, 2006)),
            ("", "{}", (415, 2006)),
        ] {
            assert_eq!(send(&path, kind, body), refused, "{} {path} {body}", line.method);
        }
        let asked = format!("{path}?surely_not=1");
        assert_eq!(send(&asked, "", ""), (400, 2002), "{} {asked}", line.method);
        assert_eq!(
            app.number("SELECT max(id) FROM audit"),
            noted,
            "{} {path}",
            line.method
        );
    }
    assert!(
        seen.contains("POST /orders/{id}/reorder") && seen.len() > 15,
        "{seen:?}"
    );
}

/// Values of each kind that a schema does not take, and of its parts, each with the path of what is wrong.
fn wrong(document: &Value, schema: &Value) -> Vec<(String, Value)> {
    let parts = docs::parts(document, schema);
    let kinds = parts.iter().flat_map(|part| match &part["type"] {
        Value::Array(kinds) => kinds.iter().collect(),
        kind => vec![kind],
    });
    let kinds: Vec<&str> = kinds.filter_map(Value::as_str).collect();
    let takes = |kind: &str| kinds.contains(&kind) || (kind == "integer" && kinds.contains(&"number"));
    let of_each_kind = [
        ("string", json!("struct, expected i64 at line 7")),
        ("integer", json!(7)),
        ("number", json!(1.5)),
        ("boolean", json!(true)),
        ("array", json!([])),
        ("object", json!({})),
    ];
    let mut wrong: Vec<(String, Value)> = of_each_kind
        .into_iter()
        .filter(|(kind, _)| !takes(kind))
        .map(|(_, value)| (String::new(), value))
        .collect();
    if takes("integer") && !takes("number") {
        wrong.push((String::new(), json!(18_446_744_073_709_551_615_u64)));
    }
    for part in &parts {
        for (name, inner) in part["properties"].as_object().into_iter().flatten() {
            let inner = wrong_within(document, inner, name);
            wrong.extend(inner.map(|(path, value)| (path, json!({ name: value }))));
        }
        if part["items"].is_object() {
            let inner = wrong_within(document, &part["items"], "[0]");
            wrong.extend(inner.map(|(path, value)| (path, json!([value]))));
        }
    }
    wrong
}

fn wrong_within(document: &Value, schema: &Value, name: &str) -> impl Iterator<Item = (String, Value)> {
    let inner = wrong(document, schema).into_iter();
    inner.map(
        move |(path, value)| match path.is_empty() || path.starts_with('[') {
            true => (format!("{name}{path}"), value),
            false => (format!("{name}.{path}"), value),
        },
    )
}

/// I1, API.md *Errors*: what is of the wrong kind is told at its field, in words of JSON and in none of our own.
#[test]
fn what_is_of_the_wrong_kind_is_told_in_words_of_json() {
    const OURS: [&str; 11] = [
        "struct", "enum ", "tuple", "::", "variant", "i64", "u64", "sequence", "Raw", "expected", "line",
    ];
    let app = TestApp::start();
    let document = app.get("nobody", "/api/openapi.json").json();
    let mut seen = 0;
    for row in api::table().rows().iter().filter(|row| row.body.is_some()) {
        let method = row.method.as_str();
        let template = format!("/api/v1{}", row.path);
        let operation = &document["paths"][&template][method.to_lowercase()];
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let parts = template.split('/').map(|part| match part.starts_with('{') {
            true => "1",
            false => part,
        });
        let path = parts.collect::<Vec<_>>().join("/");
        for (field, body) in wrong(&document, schema) {
            let answer = app.send(method, "owner", &path, &[], Some(&body));
            let told = format!("{method} {path} {body}: {}", answer.body);
            assert_eq!((answer.status, answer.code()), (400, 2001), "{told}");
            let fault = &answer.json()["error"]["fields"][0];
            assert_eq!(fault["field"], field, "{told}");
            let words = fault["message"].as_str().unwrap();
            assert!(
                !words.is_empty() && OURS.iter().all(|ours| !words.contains(ours)),
                "{told}"
            );
            seen += 1;
        }
    }
    assert!(seen > 500, "{seen}");
}
