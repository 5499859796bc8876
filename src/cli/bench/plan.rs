//! What the load generator is told and what it tells: it is a process of its own, so that its processor time can be told
//! from the server's.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use crate::cli::bench::machine::Used;

/// One run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// The server.
    pub at: SocketAddr,
    /// Its folder: access tokens are signed with its key, and renewed.
    pub dir: PathBuf,
    /// Its process, if it is ours.
    pub server: Option<u32>,
    /// How many connections ask at once.
    pub connections: usize,
    /// Seconds that do not count.
    pub warm: f64,
    /// Seconds that count.
    pub seconds: f64,
    /// What is asked.
    pub load: Load,
    /// Who asks, in turn.
    pub callers: Callers,
}

/// Who is signed in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Callers {
    /// They place orders; each has a cart of their own where carts are measured.
    pub customers: Vec<Caller>,
    /// They look at all orders.
    pub staff: Vec<Caller>,
}

/// Somebody signed in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "as in a token")]
pub struct Caller {
    pub user: i64,
    pub session: i64,
    pub role: String,
    pub epoch: i64,
}

/// What is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Load {
    /// Orders of three lines.
    Orders(Goods),
    /// One look, again and again.
    Look(Look),
    /// Ninety looks at ten orders placed.
    Mixed(Look, Goods),
    /// The sales of a file, each once, in order.
    Replay(PathBuf),
    /// Messages of a provider of payments.
    Webhooks,
    /// The cart of each customer, once, to an order sent by the way of this number.
    Checkouts(i64),
}

/// Out of which variants orders are made: 1 to `variants`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Goods {
    /// How many different ones.
    pub variants: i64,
    /// How their idempotency keys are made.
    pub keys: Keys,
}

/// How idempotency keys are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Keys {
    /// UUIDv7: new ones lie side by side.
    InTime,
    /// UUIDv4.
    Random,
}

/// A look over HTTP. A `#` in the path stands for a number from 1 to `most` that is drawn anew for each request, of which
/// only every `step`th is drawn.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the sentence above says it")]
pub struct Look {
    pub path: String,
    pub most: i64,
    pub step: i64,
}

/// What came of a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Replies in the time that counts.
    pub replies: u64,
    /// How long that was.
    pub seconds: f64,
    /// Half of them came within so many microseconds.
    pub p50: u64,
    /// 99 of 100 did.
    pub p99: u64,
    /// What that cost.
    pub used: Used,
    /// Orders acknowledged with 201, in all.
    pub orders: i64,
    /// Their lines.
    pub lines: i64,
    /// Their pieces.
    pub pieces: i64,
    /// Messages of a provider acknowledged with 200, in all.
    pub messages: i64,
    /// Replies with another status than was hoped for, by status.
    pub refused: BTreeMap<u16, u64>,
}
