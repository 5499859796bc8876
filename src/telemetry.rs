//! The log: one event, one line, on standard error. Text for people, JSON for machines; what a client sends can neither
//! end a line nor begin one. The last errors are kept in memory, for the page that shows how the shop is.

use std::collections::VecDeque;
use std::fmt;
use std::io::Write;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use tracing::Event;
use tracing::Level;
use tracing::Subscriber;
use tracing::field::Field;
use tracing::field::Visit;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::layer::SubscriberExt;

use crate::domain::time::Timestamp;

/// So many errors are kept.
const MOST_KEPT: usize = 50;
/// Of each text so many characters.
const LONGEST: usize = 500;

static RECENT: Mutex<VecDeque<Trouble>> = Mutex::new(VecDeque::new());

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Sends the log of this process to standard error from here on.
pub fn start(lines: Lines, level: Level) {
    // A second start in one process changes nothing.
    let _ = tracing::subscriber::set_global_default(subscriber(lines, level, std::io::stderr));
}

/// What `start` starts, over any writer. Of other crates only warnings are logged.
pub fn subscriber<W>(lines: Lines, level: Level, to: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let targets = Targets::new()
        .with_default(LevelFilter::WARN.min(level.into()))
        .with_target("till", level);
    let to = OneLine(to);
    let layer = match lines {
        Lines::Json => tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(to)
            .boxed(),
        Lines::Text => tracing_subscriber::fmt::layer()
            .compact()
            .with_ansi(false)
            .with_target(false)
            .with_writer(to)
            .boxed(),
    };
    tracing_subscriber::registry()
        .with(layer.with_filter(targets))
        .with(Keeper.with_filter(LevelFilter::ERROR))
}

/// Something that somebody must mend, as the log told of it.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// When.
    pub at: Timestamp,
    /// What was going on.
    pub message: String,
    /// Why it failed.
    pub cause: Option<String>,
    /// The request that met it.
    pub request_id: Option<String>,
    /// The route of that request.
    pub route: Option<String>,
}

/// The last errors of this process, the newest first.
pub fn recent() -> Vec<Trouble> {
    let kept = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.iter().rev().cloned().collect()
}

/// Keeps the errors. Of their fields only those that it knows: what else a line may hold stays in the log.
struct Keeper;

impl<S: Subscriber> Layer<S> for Keeper {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut trouble = Trouble {
            at: now(),
            message: String::new(),
            cause: None,
            request_id: None,
            route: None,
        };
        event.record(&mut trouble);
        let mut kept = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == MOST_KEPT {
            kept.pop_front();
        }
        kept.push_back(trouble);
    }
}

/// The log has the machine's time, whatever the shop's clock says.
#[allow(clippy::disallowed_methods, reason = "the log has a time of its own")]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp::from_ms(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
}

impl Visit for Trouble {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let value: String = value.chars().take(LONGEST).collect();
        match field.name() {
            "message" => self.message = value,
            "cause" | "error" => self.cause = Some(value),
            "request_id" => self.request_id = Some(value),
            "route" => self.route = Some(value),
            _ => {}
        }
    }
}

/// Writes each event, which comes whole, as one line.
struct OneLine<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for OneLine<W> {
    type Writer = Line<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Line(self.0.make_writer())
    }
}

struct Line<W>(W);

impl<W: Write> Write for Line<W> {
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        let body = event.strip_suffix(b"\n").unwrap_or(event);
        let mut line = Vec::with_capacity(event.len() + 8);
        for byte in body {
            match byte {
                b'\n' => line.extend_from_slice(b"\\n"),
                b'\r' => line.extend_from_slice(b"\\r"),
                0..0x20 | 0x7f => line.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
                byte => line.push(*byte),
            }
        }
        line.push(b'\n');
        self.0.write_all(&line)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}
