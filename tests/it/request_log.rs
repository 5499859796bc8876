//! The request log as the executable writes it: a line for each request. (That no secret is in it: `secrecy`.)

use std::fs::File;
use std::path::Path;

use serde_json::Value;
use serde_json::json;

use crate::binary::Folder;
use crate::binary::make_user;
use crate::client::Client;
use crate::kill::Server;

/// Runs a server with a log of this format and level, lets `act` talk to it, and reads the log.
fn logged(format: &str, level: &str, act: impl FnOnce(&Client, &Path)) -> String {
    let dir = Folder::new();
    std::fs::create_dir_all(&dir.0).unwrap();
    let path = dir.0.join("log");
    let settings = [("TILL_LOG__LEVEL", level), ("TILL_LOG__FORMAT", format)];
    let log = File::create(&path).unwrap();
    let server = Server::start_with(&dir.0.join("shop"), &settings, log.into());
    act(&Client::new(server.at), &dir.0.join("shop"));
    server.stop();
    std::fs::read_to_string(path).unwrap()
}

fn sign_in(client: &Client, dir: &Path) -> String {
    assert!(make_user(dir, "owner").status.success());
    let body = json!({ "username": "owner", "password": "walrus tusk 9 of ten" });
    let answer = client.send("POST", "/api/v1/auth/login", None, &[], Some(&body));
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

fn requests(log: &str) -> Vec<Value> {
    // The link to the shop's setup is said to people, beside the log.
    log.lines()
        .filter(|line| !line.starts_with("set up the shop"))
        .map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .filter(|line| line["message"] == "request")
        .collect()
}

/// J3, I4, LOG-02
#[test]
fn a_request_is_one_line_with_its_route_reply_and_caller() {
    let mut length = 0;
    let log = logged("json", "debug", |client, dir| {
        let token = sign_in(client, dir);
        let id = [("x-request-id", "my-own-id-1")];
        let me = client.send("GET", "/api/auth/me/", Some(&token), &id, None);
        length = me.header("content-length").unwrap().parse().unwrap();
        client.send("GET", "/api/v1/orders/77", Some(&token), &[], None);
        client.send("BREW", "/pot", None, &[], None);
        client.raw(b"nonsense\r\n\r\n");
    });
    let lines = requests(&log);
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            assert_eq!(line["level"], "DEBUG");
            assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
            assert!(line["duration_ms"].as_f64().unwrap() < 10_000.0, "{line}");
            assert!(text("request_id").len() >= 8, "{line}");
            (
                text("method"),
                text("route"),
                line["status"].as_u64().unwrap(),
                line["user_id"].as_i64(),
            )
        })
        .collect();
    let line = |method: &str, route: &str, status, user| (method.to_owned(), route.to_owned(), status, user);
    assert_eq!(
        told,
        [
            line("POST", "/api/v1/auth/login", 200, None),
            line("GET", "/api/v1/auth/me", 200, Some(1)),
            line("GET", "/api/v1/orders/{id}", 404, Some(1)),
            line("other", "unmatched", 404, None),
            line("other", "unmatched", 400, None),
        ]
    );
    assert_eq!(lines[1]["request_id"], "my-own-id-1");
    assert_eq!(lines[1]["bytes"], length);
}

/// LOG-02, J3: whatever is logged on the way of a request says which, and whose, it was.
#[test]
fn every_line_within_a_request_has_its_span() {
    let log = logged("json", "debug", |client, dir| {
        let token = sign_in(client, dir);
        let id = [("x-request-id", "my-own-id-3")];
        client.send("GET", "/api/v1/orders/77", Some(&token), &id, None);
        client.send("GET", "/api/v1/orders/78", None, &[], None);
    });
    let refused: Vec<Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["message"] == "request refused")
        .collect();
    let span = json!({
        "name": "request", "request_id": "my-own-id-3", "method": "GET", "route": "/api/v1/orders/{id}", "user_id": 1,
    });
    assert_eq!(refused[0]["span"], span);
    assert!(refused[1]["span"].get("user_id").is_none(), "{}", refused[1]);
    assert_eq!(refused[1]["span"]["request_id"], refused[1]["request_id"]);
}

/// J3
#[test]
fn the_line_for_people_says_the_same() {
    let log = logged("text", "debug", |client, _| {
        client.send(
            "GET",
            "/livez?who=me",
            None,
            &[("x-request-id", "my-own-id-2")],
            None,
        );
    });
    let line = log.lines().find(|line| line.contains("my-own-id-2")).unwrap();
    for part in [
        "DEBUG request ",
        "method=\"GET\"",
        "route=\"/livez\"",
        "status=200",
        "bytes=17",
    ] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    assert!(!line.contains("who"), "{line}");
    let quiet = logged("text", "info", |client, _| {
        client.send("GET", "/livez", None, &[], None);
    });
    assert!(!quiet.contains("request"), "{quiet}");
}
