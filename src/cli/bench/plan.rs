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
    pub callers: Vec<Caller>,
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
    /// Orders of three lines out of variants 1 to `variants`.
    Orders {
        /// How many different ones.
        variants: i64,
        /// How their idempotency keys are made.
        keys: Keys,
    },
}

/// How idempotency keys are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Keys {
    /// UUIDv7: new ones lie side by side.
    InTime,
    /// UUIDv4.
    Random,
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
    /// Replies with another status than was hoped for, by status.
    pub refused: BTreeMap<u16, u64>,
}
