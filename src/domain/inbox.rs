//! What providers tell: each message lands whole before it is answered, and is applied afterwards, until it is done.

use crate::domain::id::InboxId;
use crate::domain::id::PaymentId;
use crate::domain::named::named;
use crate::domain::payment::Provider;
use crate::domain::time;
use crate::domain::time::Timestamp;

/// After so many tries a message is dead: eleven days by the schedule.
const MOST_TRIES: i64 = 30;
/// A message that has broken whoever read or applied it so often in a row is dead.
const MOST_PANICS: i64 = 3;
/// A wait is up to so many thousandths longer or shorter.
pub const JITTER: i64 = 200;
/// The longest wait between two tries.
const LONGEST_WAIT: i64 = 12 * time::HOUR;

named! {
    /// Where a message stands.
    InboxState {
        Received = 0 "received",
        Processed = 1 "processed",
        Failed = 2 "failed",
        Quarantined = 3 "quarantined",
        Dead = 4 "dead",
    }
}

/// A message.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Message {
    pub id: InboxId,
    pub provider: Provider,
    pub event_id: String,
    pub kind: String,
    /// Its bytes; in a list the first of them alone.
    pub body: Vec<u8>,
    /// How many bytes it has.
    pub size: i64,
    pub state: InboxState,
    pub attempts: i64,
    pub received_at: Timestamp,
    pub due_at: Timestamp,
    pub processed_at: Option<Timestamp>,
    pub payment: Option<PaymentId>,
    pub failure: Option<String>,
}

/// Why a message was not applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It tells of something that is not known yet.
    Unknown(&'static str),
    /// It does not agree with what was asked for.
    Mismatch(&'static str),
    /// It cannot be read.
    Unreadable(String),
    /// It breaks whoever reads or applies it: for so many times in a row.
    Panicked(i64),
}

impl Trouble {
    /// It has broken whoever read or applied it, after a try that was noted so.
    pub fn panicked(before: Option<&str>) -> Self {
        let was = |count: &i64| before == Some(Self::Panicked(*count).words().as_str());
        Self::Panicked((1..MOST_PANICS).find(was).unwrap_or(0) + 1)
    }

    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Unknown(what) => format!("There is no such {what} yet."),
            Self::Mismatch(what) => format!("The {what} is not what was asked for."),
            Self::Unreadable(words) => format!("It cannot be read: {words}"),
            Self::Panicked(count) => format!("It broke what took it in, {count} of {MOST_PANICS} times."),
        }
    }

    /// The state after a try that met it, the `attempts`th.
    pub fn state(&self, attempts: i64) -> InboxState {
        match self {
            Self::Mismatch(_) => InboxState::Quarantined,
            Self::Panicked(count) if *count >= MOST_PANICS => InboxState::Dead,
            _ if attempts >= MOST_TRIES => InboxState::Dead,
            Self::Unknown(_) => InboxState::Received,
            Self::Unreadable(_) | Self::Panicked(_) => InboxState::Failed,
        }
    }
}

/// How long to wait after the `attempts`th try: 1 s, 2 s, 4 s … up to half a day. `jitter` is -200 to 200.
pub fn wait(attempts: i64, jitter: i64) -> i64 {
    let doublings = attempts.saturating_sub(1).clamp(0, 20);
    (time::SECOND << doublings).min(LONGEST_WAIT) * (1000 + jitter) / 1000
}
