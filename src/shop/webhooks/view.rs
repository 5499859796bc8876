//! Endpoints and deliveries as everybody is shown them: never with a secret.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::event::Event;
use crate::domain::event::EventType;
use crate::domain::id::DeliveryId;
use crate::domain::id::EndpointId;
use crate::domain::id::EventId;
use crate::domain::id::OrderId;
use crate::domain::time::Timestamp;
use crate::domain::webhook;
use crate::domain::webhook::Attempt;
use crate::domain::webhook::Delivery;
use crate::domain::webhook::DeliveryStatus;
use crate::domain::webhook::Endpoint;
use crate::domain::webhook::EndpointState;
use crate::domain::webhook::FailureKind;
use crate::domain::webhook::HOURS;
use crate::domain::webhook::OffReason;
use crate::domain::webhook::Tally;

/// Counts go so far.
pub(super) const MOST_COUNTED: i64 = 10_000;

/// An endpoint.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WebhookEndpoint)]
#[allow(missing_docs, reason = "as in the API")]
pub struct EndpointView {
    pub id: EndpointId,
    pub url: String,
    pub events: Vec<String>,
    pub description: Option<String>,
    pub enabled: bool,
    pub state: EndpointState,
    pub off_reason: Option<OffReason>,
    /// `closed`, `open` or `half_open`.
    pub breaker: &'static str,
    pub open_until: Option<Timestamp>,
    pub failing_since: Option<Timestamp>,
    /// Until when the secret before the last rotation signs too.
    pub former_secret_until: Option<Timestamp>,
    /// How many deliveries are unfinished; 10,000 stands for at least so many.
    pub unfinished: i64,
    /// When the oldest of those happened.
    pub oldest_unfinished_at: Option<Timestamp>,
    /// How many are dead, counted alike.
    pub dead: i64,
    /// What came of the attempts of the last 24 hours.
    pub last_24_hours: Tally,
    /// The same, hour by hour.
    #[serde(skip)]
    pub hours: [Tally; HOURS],
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
    /// The secret itself, told once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// How an endpoint fares.
pub(super) struct Standing {
    pub unfinished: i64,
    pub oldest: Option<Timestamp>,
    pub dead: i64,
    pub hours: [Tally; HOURS],
}

impl EndpointView {
    pub(super) fn new(endpoint: &Endpoint, standing: Standing, now: Timestamp) -> Self {
        Self {
            id: endpoint.id,
            url: endpoint.url.clone(),
            events: endpoint.filter.parts().to_vec(),
            description: endpoint.description.clone(),
            enabled: endpoint.state != EndpointState::Off,
            state: endpoint.state,
            off_reason: endpoint.off_reason,
            breaker: endpoint.breaker.gate(now).name(),
            open_until: endpoint.breaker.open_until,
            failing_since: endpoint.failing_since,
            former_secret_until: endpoint.former_until.filter(|until| *until > now),
            unfinished: standing.unfinished,
            oldest_unfinished_at: standing.oldest,
            dead: standing.dead,
            last_24_hours: standing.hours.into_iter().sum(),
            hours: standing.hours,
            created_at: endpoint.created_at,
            updated_at: endpoint.updated_at,
            version: endpoint.version,
            secret: None,
        }
    }
}

/// A delivery.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
#[allow(missing_docs, reason = "as in the API")]
pub struct DeliveryView {
    pub id: DeliveryId,
    pub endpoint_id: EndpointId,
    pub event_id: EventId,
    pub webhook_id: String,
    #[serde(rename = "type")]
    pub kind: Option<EventType>,
    pub status: DeliveryStatus,
    pub attempts: i64,
    pub next_attempt_at: Option<Timestamp>,
    pub created_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// The order that it is about.
    #[serde(skip)]
    pub order: Option<OrderId>,
}

impl DeliveryView {
    pub(super) fn new(delivery: &Delivery, epoch: &str) -> Self {
        Self {
            id: delivery.id,
            endpoint_id: delivery.endpoint,
            event_id: delivery.id.event(),
            webhook_id: webhook::message_id(epoch, delivery.id.event()),
            kind: delivery.kind,
            status: delivery.status,
            attempts: delivery.attempts,
            next_attempt_at: delivery.due_at,
            created_at: delivery.created_at,
            ended_at: delivery.ended_at,
            order: delivery
                .kind
                .and_then(|kind| webhook::order_of(kind, delivery.lane)),
        }
    }
}

/// A delivery with every attempt at it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WebhookDeliveryWithTries)]
#[allow(missing_docs, reason = "as in the API")]
pub struct TriesView {
    #[serde(flatten)]
    pub delivery: DeliveryView,
    pub tries: Vec<TryView>,
}

/// An attempt.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WebhookTry)]
#[allow(missing_docs, reason = "as in the API")]
pub struct TryView {
    pub number: i64,
    pub at: Timestamp,
    pub duration_ms: i64,
    pub status: Option<i64>,
    /// Why it failed; nothing if it was taken.
    pub failure: Option<FailureKind>,
    #[schema(value_type = Object)]
    pub request: Value,
    #[schema(value_type = Option<Object>)]
    pub response: Option<Value>,
}

impl TryView {
    pub(super) fn new(attempt: &Attempt, event: Option<&Event>) -> Self {
        let mut request: Value = serde_json::from_str(&attempt.request).unwrap_or_default();
        request["body"] = event.map(webhook::body).into();
        let response = attempt.headers.as_ref().map(|headers| {
            let headers: Value = serde_json::from_str(headers).unwrap_or_default();
            let body = String::from_utf8_lossy(attempt.response.as_deref().unwrap_or_default());
            serde_json::json!({ "status": attempt.status, "headers": headers, "body": body })
        });
        Self {
            number: attempt.number,
            at: attempt.at,
            duration_ms: attempt.duration_ms,
            status: attempt.status,
            failure: attempt.failure,
            request,
            response,
        }
    }
}
