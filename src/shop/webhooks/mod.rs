//! Webhooks: endpoints that are told of events, and what has been sent to each. Whoever changes one hears its secret once;
//! what is sent is derived from the events by the worker.

mod deliveries;
mod endpoints;
mod outbox;
mod secrets;
mod send;
mod view;

pub use crate::store::deliveries::Wanted;
pub use deliveries::Again;
pub use deliveries::last_failure;
pub use deliveries::list_deliveries;
pub use deliveries::replay;
pub use deliveries::retry;
pub use deliveries::show_delivery;
pub use deliveries::test;
pub use endpoints::change;
pub use endpoints::create;
pub use endpoints::delete;
pub use endpoints::list;
pub use endpoints::pause;
pub use endpoints::resume;
pub use endpoints::show;
pub use outbox::catch_up;
pub use outbox::is_behind;
pub use secrets::rotate;
pub use send::Picked;
pub use send::Room;
pub use send::Sending;
pub use send::pick;
pub use send::settle;
pub use view::DeliveryView;
pub use view::EndpointView;
pub use view::TriesView;
pub use view::TryView;
