//! What is known of a path before it is routed: its template, which kind of limit it has, and its meters.

use std::sync::OnceLock;
use std::time::Duration;

use axum::http::Method;
use axum::response::Response;
use metrics::Counter;
use metrics::Histogram;

use crate::clock::Stopwatch;
use crate::http::limits::Class;
use crate::http::problem::Failed;

/// The statuses that have a meter of their own; any other is counted as the last one of its hundred.
const STATUSES: [u16; 33] = [
    200, 201, 202, 204, 303, 304, 400, 401, 403, 404, 405, 408, 409, 410, 412, 413, 415, 421, 422, 423, 428,
    429, 431, 500, 501, 502, 503, 504, 507, 101, 299, 399, 499,
];
const METHODS: [&str; 8] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other",
];

/// Every template that has a route.
pub struct Routes {
    paths: matchit::Router<usize>,
    known: Vec<Known>,
}

/// A template with its meters.
pub struct Known {
    template: String,
    /// Waits for news, up to 30 s.
    is_long_poll: bool,
    meters: [OnceLock<Box<Meter>>; METHODS.len()],
}

struct Meter {
    labels: [metrics::Label; 2],
    duration: Histogram,
    statuses: [OnceLock<Counter>; STATUSES.len()],
}

/// The method by the name that it is counted under: a client may call its own anything.
pub fn name(method: &Method) -> &'static str {
    METHODS[place(method)]
}

fn place(method: &Method) -> usize {
    METHODS
        .iter()
        .position(|name| *name == method.as_str())
        .unwrap_or(METHODS.len() - 1)
}

/// Counts why an order was not placed. Those that are placed are counted where they are, whichever way they came.
pub fn count_refused_order(reply: &Response) {
    if let Some(Failed(error)) = reply.extensions().get::<Failed>() {
        let (_, _, reason, _) = error.code().facts();
        metrics::counter!("orders_failed_total", "reason" => reason).increment(1);
    }
}

impl Routes {
    /// Learns the templates.
    pub fn new(templates: impl IntoIterator<Item = String>) -> Self {
        let mut paths = matchit::Router::new();
        let mut known = vec![Known::new("unmatched".to_owned())];
        for template in templates {
            if known.iter().all(|other| other.template != template)
                && paths.insert(&template, known.len()).is_ok()
            {
                known.push(Known::new(template));
            }
        }
        Self { paths, known }
    }

    /// What is known of a path.
    pub fn find(&self, path: &str) -> &Known {
        let at = self.paths.at(path).map_or(0, |found| *found.value);
        &self.known[at]
    }
}

impl Known {
    fn new(template: String) -> Self {
        Self {
            is_long_poll: template.starts_with("/api/v1/events"),
            template,
            meters: Default::default(),
        }
    }

    /// The path with names for its parameters.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// Which limit a request has.
    pub fn class(&self, method: &Method) -> Class {
        Class::of(method, &self.template)
    }

    /// How long the head of a reply may take: a long poll waits for 30 s itself.
    pub fn patience(&self, usual: Duration) -> Duration {
        match self.is_long_poll {
            true => usual + Duration::from_secs(5),
            false => usual,
        }
    }

    /// Counts a request.
    pub fn count(&self, method: &Method, status: u16, took: Stopwatch) {
        let method = place(method);
        let meter = self.meters[method].get_or_init(|| Box::new(Meter::new(METHODS[method], &self.template)));
        meter.duration.record(took.seconds());
        let of_its_hundred = status / 100 * 100 + 99;
        let known = |wanted: u16| STATUSES.iter().position(|known| *known == wanted);
        if let Some(at) = known(status).or_else(|| known(of_its_hundred)) {
            meter.statuses[at]
                .get_or_init(|| meter.counter(STATUSES[at]))
                .increment(1);
        }
    }
}

impl Meter {
    fn new(method: &'static str, route: &str) -> Self {
        let labels = [
            metrics::Label::new("method", method),
            metrics::Label::new("route", route.to_owned()),
        ];
        Self {
            duration: metrics::histogram!("http_request_duration_seconds", labels.iter()),
            labels,
            statuses: std::array::from_fn(|_| OnceLock::new()),
        }
    }

    fn counter(&self, status: u16) -> Counter {
        let mut labels = self.labels.to_vec();
        labels.push(metrics::Label::new("status", status.to_string()));
        metrics::counter!("http_requests_total", labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    /// J2
    #[test]
    fn every_status_of_a_failure_has_a_meter_of_its_own() {
        for code in Code::ALL {
            let (status, ..) = code.facts();
            assert!(STATUSES.contains(&status), "{status}");
        }
    }
}
