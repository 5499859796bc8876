//! Named readers of the events: their place is kept, and what they are given is theirs for a time.

use crate::domain::event::EventType;
use crate::domain::event::Stream;
use crate::domain::fault::Bad;
use crate::domain::id::ConsumerId;
use crate::domain::id::EventId;
use crate::domain::time;
use crate::domain::time::Timestamp;

/// So many consumers are there at most.
pub const MOST_CONSUMERS: usize = 100;
/// So many leases of one consumer are out at once.
pub const MOST_LEASES: i64 = 1000;
/// A lease is at least so long, in seconds; unless it is said, [`USUAL_LEASE`]; at most [`LONGEST_LEASE`].
pub const SHORTEST_LEASE: i64 = 5;
/// The usual length of a lease, in seconds.
pub const USUAL_LEASE: i64 = 30;
/// A lease is at most so long, in seconds.
pub const LONGEST_LEASE: i64 = 600;

/// A consumer.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Consumer {
    pub id: ConsumerId,
    pub name: String,
    pub stream: Option<Stream>,
    pub kind: Option<EventType>,
    /// The last event that was given out or passed over.
    pub handed: EventId,
    /// Every event up to here is acknowledged or not wanted.
    pub cursor: EventId,
    /// How many leases are out.
    pub leases: i64,
    pub created_at: Timestamp,
}

/// A consumer to be.
#[derive(Debug, Clone)]
pub struct NewConsumer {
    /// What it is called.
    pub name: String,
    /// Which stream it reads, if not all.
    pub stream: Option<Stream>,
    /// Which type of events, if not all.
    pub kind: Option<EventType>,
    /// Behind which event it begins.
    pub after: EventId,
}

/// A lease: the events behind one, up to another.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the columns")]
pub struct Lease {
    pub id: i64,
    pub after: EventId,
    pub upto: EventId,
    pub expires_at: Timestamp,
}

/// Reads a name: it stands in paths.
pub fn name(text: &str) -> Result<String, Bad> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    match (1..=64).contains(&text.len()) && text.bytes().all(is_plain) {
        true => Ok(text.to_owned()),
        false => Err(Bad::invalid(
            "is 1 to 64 letters, digits, dots, dashes and underscores",
        )),
    }
}

/// How long a lease is, in milliseconds.
pub fn lease(seconds: Option<i64>) -> Result<i64, Bad> {
    match seconds.unwrap_or(USUAL_LEASE) {
        good @ SHORTEST_LEASE..=LONGEST_LEASE => Ok(good * time::SECOND),
        _ => Err(Bad::input("must be a whole number from 5 to 600")),
    }
}
