//! How the shop is: health, the file, the worker, and what went wrong lately.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::app::Inside;
use crate::config::Environment;
use crate::error::Result;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::OnPage;
use crate::http::admin::link::up_to;
use crate::http::admin::page;
use crate::http::list::Asked;
use crate::shop::system::MOST_COUNTED;

#[derive(Template)]
#[template(path = "admin/system.html")]
struct SystemPage<'a> {
    frame: &'a Frame,
    inside: Inside,
    version: &'static str,
    environment: Environment,
}

pub async fn show(State(app): State<App>, Staff(frame): Staff, asked: Asked<OnPage<()>>) -> Result<Response> {
    asked.read(&())?;
    let inside = app.inside(&frame.by).await?;
    let shown = SystemPage {
        frame: &frame,
        inside,
        version: env!("CARGO_PKG_VERSION"),
        environment: app.config().server.environment,
    };
    page::page(StatusCode::OK, &shown)
}

impl SystemPage<'_> {
    fn environment(&self) -> &'static str {
        match self.environment {
            Environment::Development => "development",
            Environment::Production => "production",
            Environment::Test => "test",
        }
    }

    /// What was given up: what, how much, where it stands, and who may look.
    fn given_up(&self) -> [(&'static str, i64, &'static str, &'static str); 4] {
        let found = self.inside.file.given_up;
        let inbox = "/admin/payments/inbox?status=quarantined";
        let dead = "/admin/payments/inbox?status=dead";
        [
            ("Deliveries", found.deliveries, "/admin/webhooks", "webhooks:read"),
            ("Mails", found.mails, "/admin/mails?status=failed", "mails:read"),
            (
                "Providers' messages, parked",
                found.parked,
                inbox,
                "payments:read",
            ),
            ("Providers' messages, dead", found.messages, dead, "payments:read"),
        ]
    }

    fn many(&self, count: &i64) -> String {
        up_to(*count, MOST_COUNTED)
    }

    fn uptime(&self) -> String {
        span(&self.inside.uptime)
    }

    /// How long something waits already.
    fn since(&self, at: &crate::domain::time::Timestamp) -> String {
        let waited = self.frame.now.ms().saturating_sub(at.ms()).max(0);
        span(&Duration::from_millis(waited.unsigned_abs()))
    }

    fn memory(&self) -> String {
        bytes(self.inside.memory.resident)
    }

    fn free(&self) -> String {
        bytes(self.inside.checks.disk_free_mib as f64 * 1024.0 * 1024.0)
    }

    fn file(&self) -> String {
        bytes(self.inside.file.bytes as f64)
    }

    fn unused(&self) -> String {
        bytes(self.inside.file.free_bytes as f64)
    }

    fn wal(&self) -> String {
        bytes(self.inside.wal_bytes as f64)
    }
}

/// `412 MB`: in thousands, as disks are sold.
fn bytes(count: f64) -> String {
    let mut left = count;
    for unit in ["bytes", "kB", "MB"] {
        if left < 1000.0 {
            return match unit == "bytes" || left >= 100.0 {
                true => format!("{left:.0} {unit}"),
                false => format!("{left:.1} {unit}"),
            };
        }
        left /= 1000.0;
    }
    format!("{left:.1} GB")
}

/// `3 days 4 h`, `4 h 12 min`, `12 min`, `40 s`.
fn span(time: &Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, ..) => format!("{hours} h {minutes} min"),
        (1, ..) => format!("1 day {hours} h"),
        _ => format!("{days} days {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_spans_are_read_at_a_glance() {
        for (count, read) in [
            (0.0, "0 bytes"),
            (999.0, "999 bytes"),
            (4096.0, "4.1 kB"),
            (412_000_000.0, "412 MB"),
            (1.5e12, "1500.0 GB"),
        ] {
            assert_eq!(bytes(count), read);
        }
        for (seconds, read) in [
            (40, "40 s"),
            (720, "12 min"),
            (15_120, "4 h 12 min"),
            (90_000, "1 day 1 h"),
            (273_600, "3 days 4 h"),
        ] {
            assert_eq!(span(&Duration::from_secs(seconds)), read);
        }
    }
}
