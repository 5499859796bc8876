//! The webhook desk: endpoints with their health, what was sent to each and what came back, and sending it again.

mod change;
mod edit;
mod list;
mod made;
mod show;

pub use change::ask_delete;
pub use change::ask_replay;
pub use change::ask_rotate;
pub use change::delete;
pub use change::pause;
pub use change::replay;
pub use change::resume;
pub use change::retry;
pub use change::test;
pub use change::turn_on;
pub use edit::edit;
pub use edit::save;
pub use list::list;
pub use made::create;
pub use made::new;
pub use made::rotate;
pub use show::show;

use crate::app::App;
use crate::domain::audit::Target;
use crate::domain::id::EndpointId;
use crate::domain::webhook::EndpointState;
use crate::domain::webhook::FailureKind;
use crate::domain::webhook::OffReason;
use crate::error::Result;
use crate::http::admin::badge::Health;
use crate::http::admin::conflict::First;
use crate::http::admin::frame::Frame;
use crate::shop::webhooks::EndpointView;
use crate::shop::webhooks::TryView;

const PATH: &str = "/admin/webhooks";

fn path(id: EndpointId) -> String {
    format!("{PATH}/{id}")
}

/// What people call an endpoint.
fn name(endpoint: &EndpointView) -> &str {
    endpoint.description.as_deref().unwrap_or(&endpoint.url)
}

fn health(endpoint: &EndpointView) -> Health {
    match (endpoint.state, endpoint.breaker) {
        (EndpointState::Off, _) => Health::Off,
        (EndpointState::Paused, _) => Health::Paused,
        (EndpointState::On, "open" | "half_open") => Health::Failing,
        (EndpointState::On, _) if endpoint.failing_since.is_some() => Health::Retrying,
        (EndpointState::On, _) => Health::Good,
    }
}

/// A few words more of the health.
fn sub(frame: &Frame, endpoint: &EndpointView) -> Option<String> {
    if let Some(reason) = endpoint.off_reason {
        let words = match reason {
            OffReason::Gone => "it answered 410",
            OffReason::Failing => "nothing got through for five days",
            OffReason::ByHand => "by hand",
            OffReason::Deleted => "it is deleted",
        };
        return Some(words.to_owned());
    }
    endpoint
        .failing_since
        .map(|since| format!("failing since {}", frame.in_words(&since)))
}

/// Who has changed an endpoint last.
async fn first(app: &App, frame: &Frame, endpoint: &EndpointView) -> Result<Option<First>> {
    let thing = (Target::Endpoint, endpoint.id.0);
    First::of(app, frame, thing, Some(endpoint.updated_at)).await
}

/// What an attempt came to, in a word or two.
fn answer(tried: &TryView) -> String {
    match (tried.failure, tried.status) {
        (Some(FailureKind::Unreachable), _) => "Not reached".to_owned(),
        (Some(FailureKind::Timeout), _) => "Timed out".to_owned(),
        (Some(FailureKind::Broken), _) => "Broke off".to_owned(),
        (_, Some(status)) => status.to_string(),
        (_, None) => "No answer".to_owned(),
    }
}
