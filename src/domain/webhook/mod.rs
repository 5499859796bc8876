//! Webhooks: who is told of which events, how far each delivery has come, and what every attempt came to.

mod address;
mod breaker;
mod filter;
mod schedule;

use std::iter::Sum;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::event::Event;
use crate::domain::event::EventType;
use crate::domain::id::DeliveryId;
use crate::domain::id::EndpointId;
use crate::domain::id::EventId;
use crate::domain::id::OrderId;
use crate::domain::named::named;
use crate::domain::time;
use crate::domain::time::Timestamp;

pub use address::Rules;
pub use breaker::Breaker;
pub use breaker::Gate;
pub use filter::Filter;
pub use filter::MOST_FILTERS;
pub use schedule::ATTEMPTS;
pub use schedule::JITTER;
pub use schedule::Scale;
pub use schedule::Try;
pub use schedule::retry_after;

/// So much of a response is read and kept.
pub const MOST_RESPONSE: usize = 20_000;
/// So many endpoints there ever are: their ids stand in the ids of their deliveries.
pub const MOST_ENDPOINTS: i64 = 4095;
/// So much of what an endpoint missed is told one after the other, besides what was tried; the rest up to four at a time.
pub const MOST_IN_TURN: usize = 100;
/// An endpoint that has only failed for so long is turned off.
pub const PATIENCE: i64 = 5 * crate::domain::time::DAY;
/// Both secrets sign for so long after a rotation.
pub const OVERLAP: i64 = 24 * crate::domain::time::HOUR;
/// A delivery whose sending has panicked so often is given up.
pub const MOST_PANICS: i64 = 3;

named! {
    /// Whether an endpoint is told of anything.
    EndpointState {
        On = 0 "on",
        Paused = 1 "paused",
        Off = 2 "off",
    }
}

named! {
    /// Why an endpoint is off.
    OffReason {
        Gone = 1 "gone",
        Failing = 2 "failing",
        ByHand = 3 "disabled",
        Deleted = 4 "deleted",
    }
}

named! {
    /// How far a delivery has come. `waiting`: an earlier one of the same endpoint and subject is unfinished.
    DeliveryStatus {
        Pending = 0 "pending",
        Failed = 1 "failed",
        Waiting = 2 "waiting",
        Delivered = 3 "delivered",
        Dead = 4 "dead",
    }
}

named! {
    /// Why an attempt did not succeed. What stands behind `unreachable` (a name, a port, a certificate, an address inside)
    /// is not told: endpoints are no way to look into a network.
    FailureKind {
        Unreachable = 1 "unreachable",
        Timeout = 2 "timeout",
        Status = 3 "status",
        Broken = 4 "broken",
    }
}

impl DeliveryStatus {
    /// Whether nothing more will be tried by itself.
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Delivered | Self::Dead)
    }
}

/// Somebody who is told.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Endpoint {
    pub id: EndpointId,
    pub version: i64,
    pub url: String,
    pub description: Option<String>,
    pub filter: Filter,
    pub state: EndpointState,
    pub off_reason: Option<OffReason>,
    pub former_until: Option<Timestamp>,
    pub mark: i64,
    pub breaker: Breaker,
    pub failing_since: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
}

/// Nothing has got through to an endpoint for so long: it is away. One that drops some of what comes is not.
const AWAY_AFTER: i64 = time::SECOND;

impl Endpoint {
    /// Whether nothing gets through to it.
    pub fn is_away(&self, now: Timestamp) -> bool {
        let since = self.failing_since;
        since.is_some_and(|since| since.plus_ms(AWAY_AFTER) <= now)
    }
}

/// So many hours are kept of what came of attempts.
pub const HOURS: usize = 24;

/// What came of the attempts of an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WebhookTally)]
pub struct Tally {
    /// How many were taken.
    pub delivered: i64,
    /// How many were not.
    pub failed: i64,
}

impl Tally {
    /// Counts an attempt.
    pub fn count(&mut self, is_taken: bool) {
        self.delivered += i64::from(is_taken);
        self.failed += i64::from(!is_taken);
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            delivered: sum.delivered + one.delivered,
            failed: sum.failed + one.failed,
        })
    }
}

/// The hour of a moment.
pub fn hour(at: Timestamp) -> i64 {
    at.ms().div_euclid(time::HOUR)
}

/// An endpoint to be.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// Where to.
    pub url: String,
    /// Of what.
    pub filter: Filter,
    /// What people call it.
    pub description: Option<String>,
    /// Whether it is told from the start.
    pub is_enabled: bool,
}

/// What is to be otherwise about an endpoint.
#[derive(Debug, Clone, Default)]
pub struct EndpointChange {
    /// Where to.
    pub url: Option<String>,
    /// Of what.
    pub filter: Option<Filter>,
    /// What people call it; nothing takes the name away.
    pub description: Option<Option<String>>,
    /// On, from the newest event; or off.
    pub is_enabled: Option<bool>,
}

/// What is sent to one endpoint of one event.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Delivery {
    pub id: DeliveryId,
    pub endpoint: EndpointId,
    pub lane: i64,
    pub status: DeliveryStatus,
    pub attempts: i64,
    pub fresh_from: i64,
    pub due_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// What happened; nothing once the event has been swept.
    pub kind: Option<EventType>,
    pub created_at: Option<Timestamp>,
}

/// One attempt, with what was sent and what came back.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Attempt {
    pub number: i64,
    pub at: Timestamp,
    pub duration_ms: i64,
    pub failure: Option<FailureKind>,
    pub status: Option<i64>,
    /// Address and headers, as JSON.
    pub request: String,
    /// The headers of the reply, as JSON.
    pub headers: Option<String>,
    pub response: Option<Vec<u8>>,
}

/// What came back from an endpoint.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, as JSON.
    pub headers: String,
    /// The body, cut at [`MOST_RESPONSE`].
    pub body: Vec<u8>,
    /// What it says about when to come again.
    pub retry_after: Option<String>,
}

/// Why nothing came back from an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed {
    /// As it is told.
    pub kind: FailureKind,
    /// Whether a connection had come about. If not, nothing in what was to be sent can be why.
    pub is_met: bool,
}

impl Missed {
    /// For this reason, and it may be the message's fault.
    pub const fn met(kind: FailureKind) -> Self {
        Self { kind, is_met: true }
    }
}

/// What an attempt came to.
#[derive(Debug, Clone)]
pub struct Tried {
    /// Of what.
    pub delivery: DeliveryId,
    /// How many attempts there had been.
    pub attempts: i64,
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub duration_ms: i64,
    /// Address and headers, as JSON.
    pub request: String,
    /// What came back, or why nothing did.
    pub answer: Result<Answer, Missed>,
}

impl Tried {
    /// Why it failed; nothing if it was taken.
    pub fn failure(&self) -> Option<FailureKind> {
        match &self.answer {
            Ok(answer) if (200..300).contains(&answer.status) => None,
            Ok(_) => Some(FailureKind::Status),
            Err(missed) => Some(missed.kind),
        }
    }

    /// Whether nobody was there to be told.
    pub fn is_unmet(&self) -> bool {
        self.answer.as_ref().is_err_and(|missed| !missed.is_met)
    }

    /// The status, if anything came back.
    pub fn status(&self) -> Option<u16> {
        self.answer.as_ref().ok().map(|answer| answer.status)
    }
}

/// What is sent one after the other: everything about one order, one product, one customer, one user. What is about
/// nothing that exists goes as it comes: 0.
pub fn lane(kind: EventType, subject: i64) -> i64 {
    let family = match kind.noun() {
        "product" | "inventory" => 1,
        "customer" => 2,
        "user" => 3,
        "webhook" => 4,
        _ => 0,
    };
    match subject {
        0 => 0,
        subject => subject * 8 + family,
    }
}

/// The order that a lane is about, if it is about one.
pub fn order_of(kind: EventType, lane: i64) -> Option<OrderId> {
    (kind.is_of_order() && lane > 0).then_some(OrderId(lane / 8))
}

/// What `webhook-id` says: the same at every attempt, and never the same for two shops, were one a copy of the other.
pub fn message_id(epoch: &str, event: EventId) -> String {
    format!("evt_{epoch}_{event}")
}

/// The body that is sent: the very bytes that were kept of the event.
pub fn body(event: &Event) -> String {
    let (kind, at, data) = (event.kind.name(), event.at, &event.data);
    format!("{{\"type\":\"{kind}\",\"timestamp\":\"{at}\",\"data\":{data}}}")
}
