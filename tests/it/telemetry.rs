//! The log: one event, one line, whatever a client has sent.

use std::io::Write;
use std::sync::Arc;
use std::sync::Mutex;

use serde_json::Value;
use till::telemetry;
use till::telemetry::Lines;
use tracing::Level;

/// What a test's log has written.
#[derive(Clone, Default)]
pub struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn log(lines: Lines, act: impl FnOnce()) -> String {
    let written = Written::default();
    let to = written.clone();
    let subscriber = telemetry::subscriber(lines, Level::INFO, move || to.clone());
    tracing::subscriber::with_default(subscriber, act);
    written.text()
}

const FORGED: &str = "ann\r\n{\"level\":\"ERROR\",\"message\":\"the till is empty\"}\n\x1b[2Jx";

/// LOG-02
#[test]
fn what_a_client_sends_cannot_forge_a_line() {
    for lines in [Lines::Text, Lines::Json] {
        let text = log(lines, || {
            tracing::info!(target: "till::http", name = FORGED, "signed in as {FORGED}");
            tracing::info!(target: "till::http", name = %FORGED, "again");
        });
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(!text.contains(['\r', '\x1b']), "{text:?}");
    }
}

/// LOG-02
#[test]
fn a_line_of_json_holds_the_message_the_fields_and_the_request() {
    let text = log(Lines::Json, || {
        let request = tracing::info_span!(target: "till::http", "request", request.id = "r-1");
        let _inside = request.enter();
        tracing::info!(target: "till::http", name = FORGED, "signed in");
    });
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["message"], "signed in");
    assert_eq!(line["name"], FORGED);
    assert_eq!(line["span"]["request.id"], "r-1");
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
}

/// LOG-02: of other crates only warnings, and of ours what the level says.
#[test]
fn the_level_is_ours_and_others_only_warn() {
    let text = log(Lines::Json, || {
        tracing::debug!(target: "till::http", "refused");
        tracing::info!(target: "hyper", "chatter");
        tracing::warn!(target: "hyper", "trouble");
    });
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("trouble"));
}
