//! Till: the back office of a small shop in one binary.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod error;
pub mod http;
pub mod secret;
pub mod shop;
pub mod store;
pub mod telemetry;
pub mod worker;
