//! The black-box tests: the real app on its own folder and port, spoken to over HTTP.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod account_states;
mod admin_orders;
#[allow(dead_code, reason = "what one test does not need, another does")]
mod app;
mod audit;
mod auth;
mod bad_configs;
mod bench;
mod binary;
mod browser;
#[allow(dead_code, reason = "what one test does not need, another does")]
mod client;
mod config;
mod connections;
mod conservation;
mod docs;
mod docs_limits;
mod doctor;
mod emails;
mod events;
mod exports;
mod factors;
mod faults;
mod fuzz;
mod health;
mod histories;
mod imports;
mod imports_again;
mod kill;
mod layers;
mod limits;
mod links;
mod load;
mod opens;
mod orders;
mod orders_export;
mod orders_list;
mod orders_once;
mod orders_paid;
mod orders_race;
mod orders_steps;
mod orders_words;
#[allow(dead_code, reason = "what one test does not need, another does")]
mod pages;
mod passwords;
mod permissions;
mod power;
mod problems;
mod products;
mod products_list;
mod questions;
mod request_log;
mod schema;
mod search;
mod secrecy;
mod seed;
mod sessions;
mod shell;
mod step_up;
mod stock;
mod store;
mod sweep;
mod telemetry;
mod tokens;
mod users;
