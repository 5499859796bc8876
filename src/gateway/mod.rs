//! Wires to services that we do not run. Async; no SQL, no rules.

mod connect;
pub mod http;
pub mod payments;
pub mod web;

pub use connect::Connector;
pub use web::Web;
