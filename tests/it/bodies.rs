//! Routes that need no body: what is sent to them all the same.

use std::collections::BTreeSet;

use till::http::api;

use crate::app::TestApp;
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
        if row.method.is_safe() || row.body.is_some() || row.takes("Raw<") || line.thing.contains("missing") {
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
