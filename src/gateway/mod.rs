//! Wires to services that we do not run. Async; no SQL, no rules.

mod connect;
pub mod http;
mod letter;
pub mod mail;
mod names;
pub mod payments;
pub mod web;

pub use connect::Connector;
pub use letter::Letter;
pub use mail::Smtp;
pub use web::Web;
