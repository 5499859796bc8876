//! Whoever is turned away stands in the audit, and a stubborn one not a thousand times.

use std::time::Duration;

use till::clock::Stopwatch;

use crate::app::TestApp;

/// J8
#[test]
fn who_is_turned_away_is_noted_once_a_minute() {
    let app = TestApp::start();
    app.token("ann");
    let denied = || app.number("SELECT count(*) FROM audit WHERE action = 50");
    let settle = |expected: i64| {
        let since = Stopwatch::start();
        while denied() != expected && since.elapsed() < Duration::from_secs(60) {
            std::thread::yield_now();
        }
        assert_eq!(denied(), expected);
    };
    let knock = || {
        for _ in 0..20 {
            assert_eq!(app.get("ann", "/api/v1/audit-logs").status, 403);
            assert_eq!(app.get("ann", "/api/v1/events").status, 403);
            let forged = app
                .client()
                .send("GET", "/api/v1/orders", Some("a.b.c"), &[], None);
            assert_eq!(forged.status, 401);
        }
    };
    knock();
    settle(3);
    app.clock.pass(60_000);
    knock();
    settle(6);
    assert_eq!(
        app.number("SELECT count(*) FROM audit WHERE action = 50 AND actor_id = 1"),
        4
    );
    let told: String = app
        .db()
        .query_row(
            "SELECT group_concat(content, ' ' ORDER BY content)
             FROM (SELECT DISTINCT content FROM audit WHERE action = 50 AND actor_id = 1)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    // Each is noted on its own, beside the reply: which comes first is not said.
    assert_eq!(told, r#"{"wanting":"audit-logs:read"} {"wanting":"events:read"}"#);
    // What was allowed, or asked for by nobody, is no denial.
    app.get("ann", "/api/v1/orders");
    app.get("nobody", "/api/v1/orders");
    knock();
    settle(6);
}
