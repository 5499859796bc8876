//! Figures for a monitor: one recorder for the process, and what the kernel knows of the process.

use std::sync::OnceLock;

use metrics::Unit;
use metrics_exporter_prometheus::Matcher;
use metrics_exporter_prometheus::PrometheusBuilder;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::domain::order::OrderState;
use crate::error::Code;
use crate::shop::system::GivenUp;

/// Upper edges of the times that are counted, in seconds.
const EDGES: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
const SIZES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
/// The kernel counts processor time in hundredths of a second.
const TICKS: f64 = 100.0;
const PAGE: f64 = 4096.0;

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Makes the recorder at the first call: a process has one, and tests run many shops in one.
pub fn install() {
    RECORDER.get_or_init(|| {
        let sizes = Matcher::Full("db_commit_batch_size".into());
        let recorder = PrometheusBuilder::new()
            .set_buckets(EDGES)
            .and_then(|builder| builder.set_buckets_for_metric(sizes, SIZES))
            .ok()?
            .build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).ok()?;
        describe();
        begin();
        Some(handle)
    });
}

/// Sums up the times that were recorded; they take room until then.
pub fn upkeep() {
    if let Some(Some(handle)) = RECORDER.get() {
        handle.run_upkeep();
    }
}

fn describe() {
    metrics::describe_counter!("http_requests_total", "Requests, by method, route and status.");
    metrics::describe_histogram!(
        "http_request_duration_seconds",
        Unit::Seconds,
        "How long until the head of the reply."
    );
    metrics::describe_histogram!(
        "db_read_duration_seconds",
        Unit::Seconds,
        "How long a look took, with its wait."
    );
    metrics::describe_histogram!(
        "db_write_duration_seconds",
        Unit::Seconds,
        "How long a change took until it was durable, with its wait."
    );
    metrics::describe_histogram!(
        "db_commit_duration_seconds",
        Unit::Seconds,
        "How long a batch of changes took, from its beginning until it was durable."
    );
    metrics::describe_histogram!("db_commit_batch_size", "Changes that shared a commit.");
    metrics::describe_counter!("orders_created_total", "Orders placed.");
    metrics::describe_counter!("orders_failed_total", "Orders refused, by reason.");
    metrics::describe_counter!(
        "orders_status_changes_total",
        "Steps of orders, by the state they led to."
    );
    metrics::describe_gauge!(
        "stock_low_variants",
        "Variants whose stock is at or below their mark."
    );
    metrics::describe_counter!("webhook_deliveries_total", "Attempts at deliveries, by outcome.");
    metrics::describe_gauge!(
        "outbox_pending",
        "Deliveries that have not come to their end, counted up to 100,000, and events without theirs."
    );
    metrics::describe_gauge!(
        "outbox_oldest_seconds",
        Unit::Seconds,
        "For how long the oldest of them has waited."
    );
    metrics::describe_gauge!(
        "dead_letters",
        "What was given up or set aside and waits for somebody, by what it is, counted up to 1,000."
    );
    metrics::describe_gauge!(
        "payment_provider_breaker_open",
        "1 while a provider of payments does not answer and is left alone."
    );
    metrics::describe_counter!("mail_total", "Attempts at mails, by outcome.");
    metrics::describe_gauge!("process_resident_memory_bytes", Unit::Bytes, "Memory in use.");
    metrics::describe_gauge!("process_cpu_seconds_total", Unit::Seconds, "Processor time used.");
    metrics::describe_gauge!("process_open_fds", "Open files and sockets.");
    metrics::describe_gauge!("process_threads", "Threads.");
}

/// What is counted of orders stands at 0 before the first: a monitor sees no rise of what was not there.
fn begin() {
    metrics::counter!("orders_created_total").increment(0);
    for state in OrderState::ALL {
        metrics::counter!("orders_status_changes_total", "to" => state.name()).increment(0);
    }
    let often = [
        Code::Validation,
        Code::InvalidInput,
        Code::MissingField,
        Code::NotFound,
        Code::BusinessRule,
        Code::InsufficientStock,
        Code::PriceChanged,
    ];
    for (_, _, reason, _) in often.map(Code::facts) {
        metrics::counter!("orders_failed_total", "reason" => reason).increment(0);
    }
}

/// Says how much waits for somebody.
pub fn set_given_up(found: &GivenUp) {
    for (what, count) in [
        ("deliveries", found.deliveries),
        ("mails", found.mails),
        ("parked_messages", found.parked),
        ("messages", found.messages),
    ] {
        metrics::gauge!("dead_letters", "what" => what).set(count as f64);
    }
}

/// Everything as Prometheus reads it.
pub fn text() -> String {
    tell_process();
    match RECORDER.get() {
        // It only rises; but a counter of the recorder's is a whole number, and a second is too coarse.
        Some(Some(handle)) => handle.render().replace(
            "# TYPE process_cpu_seconds_total gauge",
            "# TYPE process_cpu_seconds_total counter",
        ),
        _ => String::new(),
    }
}

/// Memory of the process, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Memory {
    /// All of it.
    pub resident: f64,
    /// What is no file: heap and stacks.
    pub data: f64,
    /// Mapped from files.
    pub shared: f64,
}

/// What the kernel says of our memory.
pub fn memory() -> Memory {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let mut pages = text
        .split_ascii_whitespace()
        .map(|number| number.parse::<f64>().unwrap_or(0.0) * PAGE);
    let resident = pages.nth(1).unwrap_or(0.0);
    let shared = pages.next().unwrap_or(0.0);
    Memory {
        resident,
        data: (resident - shared).max(0.0),
        shared,
    }
}

fn tell_process() {
    metrics::gauge!("process_resident_memory_bytes").set(memory().resident);
    let files = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    metrics::gauge!("process_open_fds").set(files as f64);
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in brackets may hold spaces; the numbers follow it.
    let rest = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let numbers: Vec<f64> = rest
        .split_ascii_whitespace()
        .map(|number| number.parse().unwrap_or(0.0))
        .collect();
    let of = |at: usize| numbers.get(at).copied().unwrap_or(0.0);
    metrics::gauge!("process_cpu_seconds_total").set((of(11) + of(12)) / TICKS);
    metrics::gauge!("process_threads").set(of(17));
}
