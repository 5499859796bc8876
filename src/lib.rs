//! Till: the back office of a small shop in one binary. A JSON API and the admin's pages over one SQLite file, and
//! commands beside them.
//!
//! # From above
//!
//! Orders, stock, users and the record of what happened live in one database file that one process serves. There is one
//! thread that writes; whatever waits for it shares one COMMIT, and is answered only after it. Looks run beside it on
//! connections that cannot write. Everything the shop *means* is plain synchronous Rust; async stops at the door.
//!
//! # The road
//!
//! Data flows one way: **door → verb → rows**, with the rules on the side.
//!
//! ```text
//!   http   worker   cli        doors: who asks, in what shape; no rules, no SQL
//!      \     |     /
//!       app (async)            the one crossing from async to sync: read, write, compute
//!            |
//!          shop                verbs: who may; read → decide → write → tell
//!          /   \
//!     domain   store           rules: pure        rows: SQL and nothing else
//! ```
//!
//! Layers, not features: placing an order touches stock, customer, idempotency, event and audit in one transaction, and
//! each door shares each verb. Within a layer it is one noun, one file, with the same name in every layer:
//! [`domain::order`] is the type, [`store::orders`] its rows, [`shop::orders`] its verbs, [`http::api::orders`] its
//! routes, `http::admin::orders` its pages, drawn by `templates/admin/orders`. Singular is a type; plural is rows, verbs, routes. `tests/it/layers.rs` holds every file to this.
//!
//! # Where to enter
//!
//! - [`cli::run`]: every command; `till serve` opens an [`app::App`] and gives it to [`http::serve`].
//! - [`http::api::table`]: every JSON route, with who may call it.
//! - [`http::admin::table`]: every page and form of the admin, in the same form.
//! - [`worker::run`]: what happens because time passes.
//!
//! # The rooms
//!
//! | room | what it holds |
//! |---|---|
//! | [`domain`] | the rules: [`domain::money`], [`domain::order`] and its life, [`domain::permission`], [`domain::refusal`] |
//! | [`error`] | [`error::Error`] by what the caller can do about it; [`error::Code`], the public numbers |
//! | [`clock`], [`secret`] | what time it is; hashing, random tokens, HMAC. Nobody else asks the machine for either |
//! | [`config`], [`telemetry`] | how the process is set up; how it logs |
//! | [`store`] | the file: [`store::Store`], [`store::Snapshot`] for looks, [`store::Tx`] for changes, typed functions on rows |
//! | [`shop`] | the verbs, such as [`shop::orders::place`]; [`shop::events`], [`shop::audit`] and [`shop::once`] go with each |
//! | [`app`] | the running shop: the store, the clock, the keys, the copies in memory |
//! | [`gateway`] | wires to services that we do not run: providers of payments, receivers of webhooks, the server that takes mails |
//! | [`http`] | the shell around every request, the extractors, one layer that dresses failures, the routes |
//! | [`worker`] | steps that tests call, and the loop around them |
//! | [`cli`] | the commands; the only place that wires |
//!
//! # What always holds
//!
//! - `domain` never asks what time it is; a transaction has one [`store::Tx::now`].
//! - No operation runs on nobody's behalf: each verb takes an [`domain::actor::Actor`] and asks first whether it may. What
//!   belongs to somebody is reached by one function of its noun ([`shop::orders::show`], [`shop::catalogue::show`],
//!   [`shop::payments::show`]), for which what is foreign is not there.
//! - An event and an audit row are written in the transaction they tell of, or not at all.
//! - A picture's files lie there before a row names them ([`shop::images`]), and are swept only where none does.
//! - A 2xx leaves after the COMMIT has returned, never before.
//! - A write that fails leaves nothing; what must outlive a refusal (a failed sign-in) is said so, by
//!   [`store::Tx::when_refused`].
//! - The schema refuses negative stock even if the code forgets.
//! - A failed `fsync` ends the process: pages that may be lost are never written over.
//! - SQL is in `store` alone; nobody outside sees a connection.
//!
//! # A request, from end to end
//!
//! `POST /api/v1/orders`: [`http::api::table`] → the shell gives it an id → [`http::extract`] says who asks and in what
//! shape, or refuses → [`http::api::orders`] hands [`app::App::write`] a closure → the writing thread begins (or is
//! already within) a transaction → [`shop::orders::place`] asks for the right, looks the key up ([`shop::once`]), reads
//! prices and stock, lets [`domain::order`] decide, takes the stock by a guarded update, inserts the rows, and tells
//! ([`shop::events::emit`], [`shop::audit::note`]) → COMMIT for all who wait → copies in memory are dropped, the worker is
//! woken → 201. On any `?` the change is undone and the [`error::Error`] leaves through [`http::problem`], which logs its
//! cause and shows its number.
//!
//! # A payment, from end to end
//!
//! `POST /api/v1/payments/initiate`: [`shop::payments::begin`] writes the payment and what its provider is to be asked, and
//! only when both are durable does [`gateway::payments::drive`] ask, under a key that never changes. The answer is a
//! change of its own. What the provider tells by itself comes to [`http::api::payments::hear`]: its bytes are proved, kept
//! in the inbox, and answered; [`worker::inbox`] applies them. A webhook, the shopper's return and the worker that asks
//! again ([`worker::complete`]) all end in one [`shop::payments::settle`], whose states are ranks that never fall
//! ([`domain::payment`]): told twice, late or out of order, the end is the same. A checkout begins the payment with its
//! order; the sandbox, whose books are in the same file, opens its charge in that transaction.
//!
//! # A form, from end to end
//!
//! `POST /admin/orders/7/status`: the fence ([`http::admin::framed`]) refuses what does not come from our own pages, takes
//! the session from its cookie and makes the frame of the page → the form is held to the token of its page → the handler
//! hands [`shop::forms::submit`] the same verb that the API calls, under the form's hidden key, so that what is sent twice
//! happens once → 303 to the order's page with the row of the audit that tells what was done. If somebody else was first,
//! the page shows both versions and offers one's own again; if the session is over, the sign-in stands in its place and
//! keeps what was typed.
//!
//! # An order found again
//!
//! The same COMMIT wakes [`worker::run`], whose first step ([`worker::derive`]) reads the orders above its mark and
//! writes their words into the search index, in a transaction of its own with the new mark. Killed anywhere between, it
//! goes on where the mark stands.
//!
//! # An event, heard as it happens
//!
//! `GET /api/v1/events/stream` and the socket at `/api/v1/live` ([`http::api::live`]) hold a credential, a place in the feed
//! and nothing else. After each COMMIT the [`app`] reads what is new once for all who listen; each looks behind its own place,
//! asks anew whether it still may hear, and tells. Whoever is slow falls behind in their own time: the file has it all.
//! Programs that would rather have their place kept are [`shop::consumers`].
//!
//! # Where to start
//!
//! - **A new field of an order**: a migration, [`store::orders`], [`domain::order`], [`shop::orders::OrderView`].
//! - **A new route**: a row in [`http::api::table`], a handler of at most fifteen lines, a verb, a row in
//!   `tests/it/permissions_table.rs`.
//! - **A new page**: a row in [`http::admin::table`], a handler, a template that extends `admin/layout.html`.
//! - **A new rule**: a pure function in [`domain`], a [`domain::refusal::Refusal`], its line in [`error::Code`].
//! - **A new setting**: a field with its default in [`config`], its line of why in `config.toml`.
//! - **Another step of the worker**: a file beside [`worker::derive`] with a `step` that a test can call.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod error;
pub mod gateway;
pub mod http;
pub mod secret;
pub mod shop;
pub mod store;
pub mod telemetry;
pub mod worker;
