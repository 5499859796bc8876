//! The rules of the shop. Pure: data in, data or a [`refusal::Refusal`] out; no database, no clock, no randomness.

#![warn(missing_docs)]
#![deny(clippy::float_arithmetic)]

pub mod actor;
pub mod address;
pub mod api_key;
pub mod audit;
pub mod check;
pub mod commission;
pub mod consumer;
pub mod country;
pub mod coupon;
pub mod credit_note;
pub mod customer;
pub mod difference;
pub mod event;
pub mod fault;
pub mod history;
pub mod id;
pub mod import;
pub mod inbox;
pub mod inside;
pub mod invoice;
pub mod json;
pub mod link;
pub mod lockout;
pub mod mail;
pub mod money;
pub(crate) mod named;
pub mod order;
pub mod order_filter;
pub mod page;
pub mod password;
pub mod payment;
pub mod percent;
pub mod permission;
pub mod pricing;
pub mod product;
pub mod reconciliation;
pub mod refund;
pub mod refusal;
pub mod role;
pub mod sandbox;
pub(crate) mod schema;
pub mod search;
pub mod settings;
pub mod shipping;
pub mod statistics;
pub mod tag;
pub mod tax;
pub mod text;
pub mod time;
pub mod touched;
pub mod user;
pub mod wallet;
pub mod webhook;
