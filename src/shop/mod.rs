//! The verbs of the shop. Each says first who may, then reads, decides by the rules of `domain`, writes, and tells: an
//! event and an audit row in the same transaction. A verb begins and commits nothing, so verbs compose.

#![warn(missing_docs)]
#![deny(clippy::float_arithmetic)]

pub mod api_keys;
pub mod audit;
pub mod carts;
pub mod catalogue;
pub mod checks;
pub mod commissions;
pub mod consumers;
pub mod coupons;
pub mod customers;
pub mod deeds;
pub mod demo;
pub mod desk;
pub mod doctor;
pub mod drafts;
pub mod emails;
pub mod events;
pub mod exports;
pub mod factors;
pub mod forms;
pub mod groups;
pub mod identity;
pub mod images;
pub mod imports;
pub mod invoices;
pub mod links;
pub mod live;
pub mod login;
pub mod mails;
pub mod once;
pub mod one_time;
pub mod orders;
pub mod passwords;
pub mod payments;
mod reasons;
pub mod reports;
pub mod returns;
pub mod roles;
pub mod sales;
pub mod sandbox;
pub mod search;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod shipments;
pub mod shipping;
pub mod step_up;
pub mod stock;
pub mod sums;
pub mod sweep;
pub mod system;
pub mod taxes;
pub mod users;
pub mod version;
pub mod waiting;
pub mod wallets;
pub mod webhooks;

pub use crate::store::Look;
pub use crate::store::Options;
pub use crate::store::Reply;
pub use crate::store::Snapshot;
pub use crate::store::Store;
pub use crate::store::Tx;
pub use crate::store::address;
pub use crate::store::make_dir;
pub use crate::store::note_address;
