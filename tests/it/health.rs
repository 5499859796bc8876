//! What monitors and supervisors are told, and what strangers are not.

use std::net::TcpStream;

use crate::app::TestApp;
use crate::client::Client;
use crate::kill;
use crate::kill::Server;

const FROM_OUTSIDE: [(&str, &str); 1] = [("x-forwarded-for", "203.0.113.5")];

/// J1, LIF-07
#[test]
fn health_tells_strangers_little_and_insiders_more() {
    let app = TestApp::start();
    let here = app.get("nobody", "/health").json();
    assert_eq!(here["status"], "ok");
    assert_eq!(here["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(here["environment"], "production");
    assert_eq!(here["timestamp"], "2026-03-01T12:00:00.000Z");
    assert!(here["uptime"].is_u64());
    for name in ["rss", "heapUsed", "heapTotal", "external"] {
        assert!(here["memoryUsage"][name].as_f64().unwrap() > 0.0, "{name}");
    }
    assert_eq!(here["checks"]["database"], true);
    assert_eq!(here["checks"]["disk"], true);
    let outside = |who: &str| app.send("GET", who, "/health", &FROM_OUTSIDE, None).json();
    for who in ["nobody", "ann"] {
        let told = outside(who);
        assert_eq!(told["status"], "ok");
        assert_eq!(told.as_object().unwrap().len(), 5, "{told}");
    }
    assert!(outside("staff")["checks"].is_object());
    let via = app.send("GET", "nobody", "/health", &[("via", "1.1 proxy")], None);
    assert!(via.json().get("checks").is_none());
}

/// J1, LIF-07
#[test]
fn the_shop_is_ready_while_it_can_write_and_has_room() {
    let app = TestApp::start();
    assert_eq!(app.get("nobody", "/readyz").json()["status"], "ready");
    assert_eq!(app.get("nobody", "/livez").json()["status"], "live");
    let waits = app.get("nobody", "/readyz").json()["checks"]["worker_behind"].clone();
    assert_eq!(waits, 0);
    let outside = app.send("GET", "nobody", "/readyz", &FROM_OUTSIDE, None);
    assert_eq!(outside.json(), serde_json::json!({ "status": "ready" }));
    let behind = TestApp::start();
    behind.product("MUG", "4.50", 10);
    let checks = behind.get("nobody", "/readyz").json()["checks"].clone();
    assert_eq!(checks["worker_behind"], 1, "told, and not fatal: {checks}");
    let full = TestApp::start_with(|config| config.disk.floor_mib = u64::MAX);
    let told = full.get("nobody", "/readyz");
    assert_eq!((told.status, told.code()), (503, 5001), "{}", told.body);
    assert_eq!(told.header("retry-after"), Some("1"));
    assert_eq!(full.get("nobody", "/livez").status, 200);
    assert_eq!(full.get("nobody", "/health").json()["status"], "failing");
    let stopping = TestApp::start();
    stopping.app().stop();
    let closed = stopping.app().checks();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    assert!(runtime.block_on(closed).is_ready(), "only the door is closed");
}

/// J2
#[test]
fn figures_are_for_this_machine_and_name_routes_by_their_template() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 1);
    let order = |quantity: u32| serde_json::json!({ "items": [{ "sku": "MUG", "quantity": quantity }] });
    assert_eq!(app.post("ann", "/api/orders/", order(1)).status, 201);
    assert_eq!(app.post("ann", "/api/v1/orders", order(5)).status, 409);
    app.get("ann", "/api/v1/orders/1");
    app.get("ann", "/api/v1/nowhere/secret-token");
    let told = app.get("nobody", "/metrics");
    assert_eq!(told.status, 200);
    let text = told.body;
    for line in [
        r#"http_requests_total{method="GET",route="/api/v1/orders/{id}",status="200"}"#,
        r#"http_requests_total{method="POST",route="/api/v1/orders",status="201"}"#,
        r#"http_requests_total{method="GET",route="unmatched",status="404"}"#,
        r#"http_request_duration_seconds_bucket{method="GET",route="/api/v1/orders/{id}",le="0.01"}"#,
        r#"orders_failed_total{reason="INSUFFICIENT_STOCK"}"#,
        "orders_created_total",
        "db_read_duration_seconds_count",
        "db_write_duration_seconds_count",
        "db_commit_duration_seconds_count",
        "# HELP db_commit_duration_seconds ",
        "# TYPE process_cpu_seconds_total counter",
        "stock_low_variants",
        "process_resident_memory_bytes",
        "process_cpu_seconds_total",
        "process_open_fds",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("secret-token") && !text.contains("orders/1"));
    let outside = app.send("GET", "nobody", "/metrics", &FROM_OUTSIDE, None);
    assert_eq!((outside.status, outside.code()), (404, 3001));
    let public = TestApp::start_with(|config| config.metrics.public = true);
    assert_eq!(
        public
            .send("GET", "nobody", "/metrics", &FROM_OUTSIDE, None)
            .status,
        200
    );
}

/// J2: in a process of its own, since the figures are the process's. They are there before the first order.
#[test]
fn an_order_is_counted_once_however_often_it_is_told() {
    let dir = kill::folder("counted");
    let token = kill::open_shop(&dir);
    let server = Server::start(&dir);
    let told = || {
        Client::new(server.at)
            .send("GET", "/metrics", None, &[], None)
            .body
    };
    for begun in [
        "orders_created_total 0",
        r#"orders_failed_total{reason="INSUFFICIENT_STOCK"} 0"#,
        r#"orders_status_changes_total{to="canceled"} 0"#,
    ] {
        assert!(told().contains(&format!("\n{begun}\n")), "{begun}: {}", told());
    }
    let mut stream = TcpStream::connect(server.at).unwrap();
    for key in ["one", "one", "two"] {
        kill::place(&mut stream, &token, key, &kill::body(1)).unwrap();
    }
    assert!(told().contains("\norders_created_total 2\n"), "{}", told());
    server.stop();
    std::fs::remove_dir_all(&dir).unwrap();
}
