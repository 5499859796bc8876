//! The shell around every route and the socket below it: ids, paths, hosts, headers, and connections that misbehave.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;

/// I4
#[test]
fn a_request_keeps_its_good_id_and_is_given_one_otherwise() {
    let app = TestApp::start();
    let sent = |id: &str| {
        let headers = [("x-request-id", id)];
        let answer = app.send("GET", "nobody", "/api/v1/products/public", &headers, None);
        answer.header("x-request-id").unwrap().to_owned()
    };
    let longest = "x".repeat(64);
    for id in ["12345678", "abc_DEF-123", longest.as_str()] {
        assert_eq!(sent(id), id);
    }
    let too_long = "x".repeat(65);
    for id in [
        "",
        "1234567",
        "has a space",
        "nul%00bytes",
        "ünïcödé-id",
        "semi;colon",
        too_long.as_str(),
    ] {
        let given = sent(id);
        assert_ne!(given, id);
        assert!(given.len() >= 8 && !given.contains(' '), "{given}");
    }
    assert_ne!(sent(""), sent(""));
}

/// I11: one path, however it is written.
#[test]
fn a_slash_more_or_an_older_path_is_the_same_route() {
    let app = TestApp::start();
    for path in [
        "/api/v1/products/public",
        "/api/v1/products/public/",
        "/api/products/public",
        "/api/products/public/?limit=5",
        "/inventory/assets",
        "/inventory/assets/",
        "/api/inventory/assets",
        "/api/v1/inventory/assets",
    ] {
        let answer = app.get("nobody", path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert_eq!(answer.header("location"), None);
    }
    let login = app.post(
        "nobody",
        "/auth/login/",
        json!({ "username": "x", "password": "y" }),
    );
    assert_eq!(login.code(), 1002, "{}", login.body);
    assert_eq!(app.get("nobody", "/products/public").status, 404);
}

fn get(host: &str) -> String {
    format!("GET /api/v1/products/public HTTP/1.1\r\n{host}connection: close\r\n\r\n")
}

/// NET-04
#[test]
fn only_our_own_hosts_are_served() {
    let app = TestApp::start_with(|config| {
        config.server.public_url = "https://shop.example".into();
        config.server.hosts = vec!["till.lan".into()];
    });
    for (host, status) in [
        ("host: localhost\r\n", 200),
        ("host: LOCALHOST:80\r\n", 200),
        ("host: 127.0.0.1:9999\r\n", 200),
        ("host: [::1]:80\r\n", 200),
        ("host: shop.example\r\n", 200),
        ("host: till.lan:8080\r\n", 200),
        ("host: evil.example\r\n", 421),
        ("host: shop.example.evil.example\r\n", 421),
        ("host: 10.1.2.3\r\n", 421),
        ("host: localhost\r\nhost: localhost\r\n", 400),
        ("", 400),
    ] {
        let answer = app.client().raw(get(host).as_bytes());
        assert_eq!(answer.status, status, "{host}: {}", answer.body);
    }
    let old = app.client().raw(b"GET /api/v1/products/public HTTP/1.0\r\n\r\n");
    assert_eq!(old.status, 200);
}

/// NET-04: bytes that two parsers may read in two ways are answered with 400, and the connection ends.
#[test]
fn a_doubtful_request_is_the_last_on_its_connection() {
    let app = TestApp::start();
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let next = "GET /api/v1/products/public HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    for doubtful in [
        "content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n0\r\n\r\n",
        "content-length: 2\r\ncontent-length: 2\r\n\r\n{}",
        "content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        "content-length: +2\r\n\r\n{}",
        "content-length: 2, 2\r\n\r\n{}",
        "content-length : 2\r\n\r\n{}",
        "x-folded: a\r\n b\r\ncontent-length: 2\r\n\r\n{}",
        "transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n",
        "transfer-encoding: gzip, chunked, identity\r\n\r\n{}",
        "x-nul: a\0b\r\ncontent-length: 2\r\n\r\n{}",
    ] {
        let answer = app.client().raw(format!("{head}{doubtful}{next}").as_bytes());
        assert_eq!(answer.status, 400, "{doubtful:?}: {}", answer.body);
        assert!(
            !answer.body.contains("HTTP/1.1 200"),
            "{doubtful:?}: {}",
            answer.body
        );
    }
    let many: String = (0..65).map(|number| format!("x-{number}: y\r\n")).collect();
    assert_eq!(
        app.client()
            .raw(get(&format!("host: localhost\r\n{many}")).as_bytes())
            .status,
        431
    );
    let long = "y".repeat(17 * 1024);
    assert_eq!(
        app.client()
            .raw(get(&format!("host: localhost\r\nx-long: {long}\r\n")).as_bytes())
            .status,
        431
    );
}

/// NET-01: read until it is closed; what came before that.
fn until_closed(app: &TestApp, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.client().at()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    String::from_utf8_lossy(&reply).into_owned()
}

/// NET-01
#[test]
fn a_socket_that_says_nothing_is_closed_and_half_a_head_is_answered() {
    let app = TestApp::start_with(|config| {
        config.server.header_seconds = 1;
        config.server.idle_seconds = 1;
    });
    assert_eq!(until_closed(&app, b""), "");
    for half in [
        "G",
        "GET / HT",
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nhost: loc",
        "GET / HTTP/1.1\r\nhost: localhost\r\n\r",
    ] {
        let reply = until_closed(&app, half.as_bytes());
        assert!(reply.starts_with("HTTP/1.1 408 "), "{half:?}: {reply}");
        assert!(
            reply.contains("\"code\":5003") && reply.contains("connection: close\r\n"),
            "{reply}"
        );
    }
    // HTTP/2 by its preface, and then nothing: there is nobody to answer.
    assert!(!until_closed(&app, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").contains("HTTP/1.1"));
    let kept = until_closed(&app, b"GET /nowhere HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert!(kept.starts_with("HTTP/1.1 404"), "{kept}");
}

/// NET-01: 64 connections from one address; this machine and trusted proxies are not counted.
#[test]
fn connections_beyond_the_number_wait_for_a_seat() {
    let app = TestApp::start_with(|config| config.server.connections = 8);
    let idle: Vec<TcpStream> = (0..8)
        .map(|_| TcpStream::connect(app.client().at()).unwrap())
        .collect();
    let mut waiting = TcpStream::connect(app.client().at()).unwrap();
    waiting
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    waiting.write_all(get("host: localhost\r\n").as_bytes()).unwrap();
    let mut reply = [0; 12];
    assert!(waiting.read_exact(&mut reply).is_err(), "it has no seat yet");
    drop(idle);
    waiting.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    waiting.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"HTTP/1.1 200");
}

/// WEB-01, WEB-03, TOK-07
#[test]
fn every_reply_carries_its_guards() {
    let app = TestApp::start_with(|config| config.server.public_url = "https://shop.example".into());
    for (who, path) in [
        ("nobody", "/api/v1/products/public"),
        ("ann", "/api/v1/auth/me"),
        ("nobody", "/nowhere"),
    ] {
        let answer = app.get(who, path);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path} {name}");
        }
        let is_private = who != "nobody";
        assert_eq!(
            answer.header("cache-control") == Some("no-store"),
            is_private,
            "{path}"
        );
    }
    let login = app.post("nobody", "/api/v1/auth/login", json!({}));
    assert_eq!(login.header("cache-control"), Some("no-store"));
}

/// WEB-01, TOK-07: so does every route of the tables, whoever asks and whatever comes of it; what is answered to somebody is
/// kept by nobody on the way, but for files that are the same for all.
#[test]
fn every_route_carries_its_guards() {
    let app = TestApp::start_with(|config| {
        config.server.public_url = "https://shop.example".into();
        config.server.hsts_subdomains = true;
    });
    app.token("owner");
    let mut kinds = BTreeSet::new();
    for (root, table) in till::http::faces() {
        for row in table.rows() {
            let holes = row
                .path
                .split('{')
                .skip(1)
                .filter_map(|rest| rest.split('}').next());
            let path = holes.fold(format!("{root}{}", row.path), |path, hole| {
                path.replace(&format!("{{{hole}}}"), "1")
            });
            // Those who listen are answered for as long as they do; and a session that is ended is nobody's.
            let ends = ["/stream", "/live", "/logout", "/auth/sessions/1"];
            if ends.iter().any(|end| path.ends_with(end)) {
                continue;
            }
            for who in ["nobody", "owner"] {
                let body = ["POST", "PUT", "PATCH"]
                    .contains(&row.method.as_str())
                    .then(|| json!({}));
                let answer = app.send(row.method.as_str(), who, &path, &[], body.as_ref());
                guarded(&answer, &format!("{} {path} as {who}", row.method));
                let kept = answer.header("cache-control").unwrap_or_default().to_owned();
                assert!(
                    who == "nobody" || kept == "no-store" || kept.contains("immutable"),
                    "{} {path}: {kept}",
                    row.method
                );
                kinds.insert((answer.status, answer.header("content-type").map(str::to_owned)));
            }
        }
    }
    let statuses: BTreeSet<u16> = kinds.iter().map(|(status, _)| *status).collect();
    for status in [200, 204, 400, 401, 404] {
        assert!(statuses.contains(&status), "{statuses:?}");
    }
    assert!(kinds.len() > 12, "{kinds:?}");
}

fn guarded(answer: &Answer, what: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{what}: {name}");
    }
    let is_page = answer
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("text/html"));
    let policy = answer.header("content-security-policy").unwrap_or_default();
    assert!(
        !is_page || policy.contains("default-src 'none'"),
        "{what}: {policy}"
    );
}

/// WEB-03
#[test]
fn only_listed_origins_may_read_and_never_with_cookies() {
    let app = TestApp::start_with(|config| {
        config.server.allowed_origins = vec!["https://front.example".into()];
    });
    let ask = |method: &str, origin: &str| {
        let headers = [("origin", origin), ("access-control-request-method", "POST")];
        app.send(method, "nobody", "/api/v1/auth/login", &headers, None)
    };
    let allowed = ask("OPTIONS", "https://front.example");
    assert_eq!(allowed.status, 204);
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        Some("https://front.example")
    );
    assert!(
        allowed
            .header("access-control-allow-methods")
            .unwrap()
            .contains("PATCH")
    );
    assert!(
        allowed
            .header("access-control-allow-headers")
            .unwrap()
            .contains("authorization")
    );
    assert_eq!(allowed.header("vary"), Some("origin"));
    for origin in [
        "https://evil.example",
        "https://front.example.evil.example",
        "http://front.example",
        "null",
    ] {
        let refused = ask("OPTIONS", origin);
        assert_eq!(refused.header("access-control-allow-origin"), None, "{origin}");
        assert_eq!(refused.header("vary"), Some("origin"));
    }
    for answer in [allowed, ask("POST", "https://front.example")] {
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
    let plain = TestApp::start().send(
        "OPTIONS",
        "nobody",
        "/api/v1/auth/login",
        &[("origin", "https://x.test")],
        None,
    );
    assert_eq!((plain.status, plain.header("allow")), (204, Some("POST,OPTIONS")));
    assert_eq!(plain.header("access-control-allow-origin"), None);
}

/// I10
#[test]
fn long_replies_are_packed_for_those_who_ask() {
    let app = TestApp::start();
    for number in 0..20 {
        app.product(&format!("MUG{number}"), "4.50", 10);
    }
    let head = |encoding: &str, path: &str| {
        let headers = [("accept-encoding", encoding)];
        let answer = app.send("GET", "owner", path, &headers, None);
        (
            answer.status,
            answer.header("content-encoding").map(str::to_owned),
        )
    };
    let list = "/api/v1/products/public";
    for (asked, given) in [
        ("gzip", Some("gzip")),
        ("br", Some("br")),
        ("zstd", Some("zstd")),
        ("gzip;q=0", None),
        ("identity", None),
        ("identity;q=0", None),
        ("*;q=0", None),
        ("", None),
    ] {
        assert_eq!(head(asked, list), (200, given.map(str::to_owned)), "{asked}");
    }
    assert_eq!(
        head("gzip", "/api/v1/auth/me"),
        (200, None),
        "too short to be worth it"
    );
}

/// I10, CON-01: what has been done is not answered with 406, or whoever tries again does it twice.
#[test]
fn a_reply_that_no_encoding_suits_is_sent_plain() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let order = json!({ "items": [{ "sku": "MUG", "quantity": 1 }], "note": "n".repeat(1000) });
    for encodings in ["identity;q=0", "*;q=0"] {
        let headers = [("accept-encoding", encodings)];
        let answer = app.send("POST", "ann", "/api/v1/orders", &headers, Some(&order));
        assert_eq!(
            (answer.status, answer.header("content-encoding")),
            (201, None),
            "{encodings}"
        );
        assert!(answer.body.len() > 1024, "{}", answer.body);
    }
}

/// D7
#[test]
fn what_has_not_changed_is_not_sent_again() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    app.post(
        "ann",
        "/api/v1/orders",
        json!({ "items": [{ "sku": "MUG", "quantity": 1 }] }),
    );
    let tag = app
        .get("ann", "/api/v1/orders/1")
        .header("etag")
        .unwrap()
        .to_owned();
    let again = |seen: &str| app.send("GET", "ann", "/api/v1/orders/1", &[("if-none-match", seen)], None);
    for seen in [
        tag.clone(),
        format!("W/{tag}"),
        format!("\"x\", {tag}"),
        "*".to_owned(),
    ] {
        let answer = again(&seen);
        assert_eq!((answer.status, answer.body.as_str()), (304, ""), "{seen}");
        assert_eq!(answer.header("etag"), Some(tag.as_str()));
    }
    assert_eq!(again("\"77\"").status, 200);
}

/// NET-01: a body that does not come is not waited for.
#[test]
fn a_body_by_the_drop_is_given_up() {
    let app = TestApp::start_with(|config| config.server.header_seconds = 1);
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let reply = until_closed(&app, format!("{head}content-length: 100\r\n\r\n{{").as_bytes());
    assert!(reply.starts_with("HTTP/1.1 400"), "{reply}");
    assert!(reply.contains("too slowly"), "{reply}");
}

/// LIF-01: a stop lets the request under way finish, takes no new one, and ends with 0.
#[test]
fn a_stop_answers_whom_it_has_heard() {
    let dir = std::env::temp_dir().join(format!("till-stop-{}", std::process::id()));
    let mut child = Command::new(env!("CARGO_BIN_EXE_till"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let told = lines.find_map(|line| {
        line.unwrap()
            .split_once("http://")
            .map(|(_, at)| at.trim().to_owned())
    });
    let at: SocketAddr = told.unwrap().parse().unwrap();
    let mut idle = TcpStream::connect(at).unwrap();
    let mut busy = TcpStream::connect(at).unwrap();
    let body = r#"{"username":"nobody","password":"wrong wrong"}"#;
    let head = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    busy.write_all(head.as_bytes()).unwrap();
    let mut go_on = [0; 25];
    busy.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    let mut nothing = Vec::new();
    idle.read_to_end(&mut nothing).unwrap();
    assert!(nothing.is_empty(), "an idle connection is closed at once");
    assert!(TcpStream::connect(at).is_err(), "nobody new is let in");
    busy.write_all(body.as_bytes()).unwrap();
    let mut reply = String::new();
    busy.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 401"), "{reply}");
    assert!(child.wait().unwrap().success());
    let _ = std::fs::remove_dir_all(&dir);
}
