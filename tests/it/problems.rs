//! What goes wrong, told the same way each time: one envelope, one table of numbers.

use serde_json::Value;
use serde_json::json;
use till::error::Code;

use crate::app::TestApp;
use crate::client::Answer;

/// The contract. A number is never changed and never used again: this list only grows.
const NUMBERS: &[(u16, u16, &str)] = &[
    (401, 1001, "UNAUTHORIZED"),
    (401, 1002, "INVALID_CREDENTIALS"),
    (401, 1003, "TOKEN_EXPIRED"),
    (401, 1004, "TOKEN_INVALID"),
    (400, 1004, "TOKEN_INVALID"),
    (403, 1005, "INSUFFICIENT_PERMISSIONS"),
    (423, 1006, "ACCOUNT_LOCKED"),
    (401, 1007, "SECOND_FACTOR_REQUIRED"),
    (403, 1008, "CSRF_REFUSED"),
    (400, 2001, "VALIDATION_ERROR"),
    (400, 2002, "INVALID_INPUT"),
    (400, 2003, "MISSING_REQUIRED_FIELD"),
    (428, 2003, "MISSING_REQUIRED_FIELD"),
    (400, 2004, "INVALID_FORMAT"),
    (405, 2005, "METHOD_NOT_ALLOWED"),
    (415, 2006, "UNSUPPORTED_MEDIA_TYPE"),
    (413, 2007, "PAYLOAD_TOO_LARGE"),
    (431, 2007, "PAYLOAD_TOO_LARGE"),
    (421, 2002, "INVALID_INPUT"),
    (404, 3001, "RESOURCE_NOT_FOUND"),
    (409, 3002, "RESOURCE_ALREADY_EXISTS"),
    (409, 3003, "RESOURCE_CONFLICT"),
    (412, 3003, "RESOURCE_CONFLICT"),
    (422, 3003, "RESOURCE_CONFLICT"),
    (410, 3004, "RESOURCE_DELETED"),
    (500, 4001, "DATABASE_ERROR"),
    (503, 4002, "TRANSACTION_FAILED"),
    (500, 4003, "QUERY_FAILED"),
    (503, 4004, "CONNECTION_ERROR"),
    (507, 4005, "STORAGE_FULL"),
    (503, 5001, "SERVICE_UNAVAILABLE"),
    (502, 5002, "EXTERNAL_API_ERROR"),
    (408, 5003, "TIMEOUT"),
    (504, 5003, "TIMEOUT"),
    (429, 5004, "RATE_LIMIT_EXCEEDED"),
    (422, 6001, "BUSINESS_RULE_VIOLATION"),
    (409, 6002, "INVALID_STATE"),
    (409, 6003, "OPERATION_NOT_ALLOWED"),
    (409, 6004, "INSUFFICIENT_STOCK"),
    (422, 6005, "INSUFFICIENT_BALANCE"),
    (409, 6006, "PRICE_CHANGED"),
    (500, 7001, "INTERNAL_ERROR"),
    (501, 7002, "NOT_IMPLEMENTED"),
    (503, 7003, "CONFIGURATION_ERROR"),
];

/// I2
#[test]
fn every_code_has_the_status_number_and_name_of_the_contract() {
    let found: Vec<(u16, u16, &str)> = Code::ALL
        .iter()
        .map(|code| {
            let (status, number, name, sentence) = code.facts();
            assert!(
                sentence.ends_with('.') || sentence.ends_with("If-Match."),
                "{sentence}"
            );
            (status, number, name)
        })
        .collect();
    assert_eq!(found, NUMBERS);
}

fn send(app: &TestApp, headers: &[(&str, &str)], body: &str) -> Answer {
    let token = app.token("ann").unwrap();
    let mut text = format!(
        "POST /api/v1/orders HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
         content-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += "\r\n";
    text += body;
    app.client().raw(text.as_bytes())
}

/// I1, I6, NET-02, NET-03: body, status, number, the field that is named.
#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn a_body_that_is_wrong_says_what_and_where() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let deep = |levels: usize| {
        format!(
            "{{\"items\":{}1{}}}",
            "[".repeat(levels - 1),
            "]".repeat(levels - 1)
        )
    };
    let long = |size: usize| {
        let body = json!({ "items": [], "note": "" }).to_string();
        body.replace(
            "\"note\":\"\"",
            &format!("\"note\":\"{}\"", "x".repeat(size - body.len())),
        )
    };
    let item = r#"{"items":[{"sku":"MUG","quantity":1}]"#;
    let vectors = [
        ("{".to_owned(), 400, 2004, ""),
        ("".to_owned(), 400, 2004, ""),
        ("null".to_owned(), 400, 2001, ""),
        ("[]".to_owned(), 400, 2001, ""),
        (format!("{item}}} x"), 400, 2004, ""),
        (format!("{item},\"note\":\"\u{1}\"}}"), 400, 2004, ""),
        (format!("{item},\"note\":\"a\\u0000b\"}}"), 400, 2001, "note"),
        (format!("{item},\"nope\":1}}"), 400, 2001, "nope"),
        (format!("{item},\"note\":\"a\",\"note\":\"b\"}}"), 400, 2001, ""),
        (format!("{item},\"note\":7}}"), 400, 2001, "note"),
        ("{}".to_owned(), 400, 2003, "items"),
        (
            r#"{"items":[{"sku":"MUG","quantity":"1"}]}"#.to_owned(),
            400,
            2001,
            "items[0].quantity",
        ),
        (
            r#"{"items":[{"sku":"MUG","quantity":1.5}]}"#.to_owned(),
            400,
            2001,
            "items[0].quantity",
        ),
        (
            r#"{"items":[{"sku":"MUG","quantity":1e99}]}"#.to_owned(),
            400,
            2001,
            "items[0].quantity",
        ),
        (
            r#"{"items":[{"sku":"MUG","quantity":0}]}"#.to_owned(),
            400,
            2001,
            "items[0].quantity",
        ),
        (
            r#"{"items":[{"sku":"MUG","quantity":1,"price":1e3}]}"#.to_owned(),
            400,
            2004,
            "items[0].price",
        ),
        (deep(33), 400, 2001, ""),
        (long(256 * 1024), 400, 2001, "items"),
        (long(256 * 1024 + 1), 413, 2007, ""),
    ];
    for (body, status, number, field) in vectors {
        let answer = send(&app, &[("content-type", "application/json")], &body);
        let start: String = body.chars().take(60).collect();
        assert_eq!(
            (answer.status, answer.code()),
            (status, number),
            "{start}: {}",
            answer.body
        );
        let fields = answer.json()["error"]["fields"].clone();
        let named = fields
            .as_array()
            .unwrap()
            .iter()
            .any(|fault| fault["field"] == field);
        assert!(named || number == 2007, "{start}: {fields}");
    }
    let bytes = b"POST /api/v1/auth/login HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
        content-type: application/json\r\ncontent-length: 5\r\n\r\n{\"\xff\":";
    assert_eq!(app.client().raw(bytes).status, 400);
}

/// NET-03: a thing has one address.
#[test]
fn an_id_is_written_in_one_way() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    assert_eq!(app.get("owner", "/api/v1/products/1").status, 200);
    for id in ["01", "+1", "%2B1", "1.0", "0x1", "-0", "001", "%201"] {
        let answer = app.get("owner", &format!("/api/v1/products/{id}"));
        assert_eq!(
            (answer.status, answer.code()),
            (404, 3001),
            "{id}: {}",
            answer.body
        );
    }
}

/// NET-02, WEB-03: content type, status.
#[test]
fn a_body_is_json_and_plain() {
    let app = TestApp::start();
    for (headers, status) in [
        (&[][..], 415),
        (&[("content-type", "text/plain")], 415),
        (&[("content-type", "application/x-www-form-urlencoded")], 415),
        (&[("content-type", "multipart/form-data; boundary=x")], 415),
        (&[("content-type", "application/jsonp")], 415),
        (
            &[("content-type", "application/json"), ("content-encoding", "gzip")],
            415,
        ),
        (
            &[
                ("content-type", "application/json"),
                ("content-encoding", "identity"),
            ],
            415,
        ),
        (&[("content-type", "application/json; charset=latin1")], 415),
        (&[("content-type", "application/json;charset=\"utf-16\"")], 415),
        (&[("content-type", "application/json; charset=utf-8")], 400),
        (
            &[("content-type", "application/json;charset=\"UTF-8\"; v=1")],
            400,
        ),
        (&[("content-type", "Application/JSON")], 400),
    ] {
        let answer = send(&app, headers, "{}");
        assert_eq!(answer.status, status, "{headers:?}: {}", answer.body);
    }
}

/// I1, I2: a failure in the words of RFC 9457, for those who ask for them.
#[test]
fn a_failure_has_one_envelope_in_two_dresses() {
    let app = TestApp::start();
    let plain = app.get("nobody", "/api/v1/orders/1");
    assert_eq!(plain.header("content-type"), Some("application/json"));
    assert_eq!(plain.header("www-authenticate"), Some("Bearer"));
    let error = &plain.json()["error"];
    assert_eq!((&error["status"], &error["code"]), (&json!(401), &json!(1001)));
    assert_eq!(error["name"], "UNAUTHORIZED");
    assert_eq!(error["request_id"].as_str(), plain.header("x-request-id"));
    assert_eq!(error["fields"], json!([]));
    let accept = [("accept", "application/problem+json")];
    let dressed = app.send("GET", "nobody", "/api/v1/orders/1", &accept, None);
    assert_eq!(dressed.header("content-type"), Some("application/problem+json"));
    let problem = dressed.json();
    assert_eq!(problem["type"], "/api/docs/codes#1001");
    assert_eq!(
        (&problem["status"], &problem["code"]),
        (&json!(401), &json!(1001))
    );
    assert!(problem["title"].is_string() && problem["detail"].is_string());
}

/// API "Order of checks"; NET-04
#[test]
fn what_is_not_there_is_told_alike() {
    let app = TestApp::start();
    for (method, who, path, status, number, allow) in [
        ("GET", "ann", "/api/v1/orders/x", 404, 3001, None),
        ("GET", "ann", "/api/v1/orders/-1", 404, 3001, None),
        (
            "GET",
            "ann",
            "/api/v1/orders/99999999999999999999",
            404,
            3001,
            None,
        ),
        ("GET", "ann", "/api/v1/orders/7", 404, 3001, None),
        ("GET", "ann", "/api/v1/orders/%FF", 404, 3001, None),
        ("GET", "nobody", "/api/v1/nowhere", 404, 3001, None),
        ("GET", "nobody", "/nowhere", 404, 3001, None),
        (
            "PUT",
            "nobody",
            "/api/v1/auth/login",
            405,
            2005,
            Some("POST,OPTIONS"),
        ),
        (
            "TRACE",
            "nobody",
            "/api/v1/products/public",
            405,
            2005,
            Some("GET,HEAD,OPTIONS"),
        ),
        (
            "DELETE",
            "nobody",
            "/api/v1/products/public",
            405,
            2005,
            Some("GET,HEAD,OPTIONS"),
        ),
    ] {
        let answer = app.send(method, who, path, &[], None);
        assert_eq!(
            (answer.status, answer.code()),
            (status, number),
            "{method} {path}: {}",
            answer.body
        );
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
    let connect = b"CONNECT localhost:443 HTTP/1.1\r\nhost: localhost:443\r\n\r\n";
    let answer = app.client().raw(connect);
    assert_eq!((answer.status, answer.code()), (405, 2005));
    assert!(answer.header("allow").is_some());
}

/// AZ, I1: no cause ever leaves.
#[test]
fn nothing_of_the_inside_is_told() {
    let app = TestApp::start();
    for body in [
        json!({ "username": "x' OR 1=1 --", "password": "y" }),
        json!({ "username": {} }),
    ] {
        let answer = app.post("nobody", "/api/v1/auth/login", body);
        let text = answer.body.to_lowercase();
        for word in ["sqlite", "select", "panic", "src/", ".rs", "rusqlite"] {
            assert!(!text.contains(word), "{text}");
        }
        assert!(matches!(answer.json()["error"]["details"], Value::Null));
    }
}

/// NET-03: serde's types would take the values of their fields as an array; ours are objects at every depth.
#[test]
fn an_object_is_not_written_as_an_array() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let line = json!({ "sku": "MUG", "quantity": 1 });
    let address =
        json!({ "name": "Ann", "line1": "1 Road", "city": "Rye", "postcode": "TN31", "country": "GB" });
    for (path, body, field) in [
        ("orders", json!([[line]]), ""),
        ("orders", json!({ "items": [["MUG", 1]] }), "items[0]"),
        ("orders", json!({ "items": [line, []] }), "items[1]"),
        (
            "orders",
            json!({ "items": [line], "shipping_address": ["Ann"] }),
            "shipping_address",
        ),
        (
            "orders",
            json!({ "items": [line], "shipping_address": address, "billing_address": [] }),
            "billing_address",
        ),
        (
            "products",
            json!({ "name": "Pot", "variants": [["POT"]] }),
            "variants[0]",
        ),
        ("stock/adjustments", json!(["MUG", 1, null, "restock"]), ""),
        ("auth/logout", json!([]), ""),
    ] {
        let answer = app.post("owner", &format!("/api/v1/{path}"), body.clone());
        assert_eq!(
            (answer.status, answer.code()),
            (400, 2001),
            "{body}: {}",
            answer.body
        );
        let fault = &answer.json()["error"]["fields"][0];
        assert_eq!(fault["field"], field, "{body}: {}", answer.body);
        assert_eq!(fault["message"], "must be an object");
    }
    let body = json!({ "items": [line], "shipping_address": address });
    assert_eq!(app.post("owner", "/api/v1/orders", body).status, 201);
}
