//! A bank that is none: the sandbox's side of a payment. It knows what it was asked, and nothing of the shop's books.

use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::named::named;

named! {
    /// Where a charge stands.
    ChargeState {
        Open = 0 "open",
        Declined = 1 "declined",
        Authorized = 2 "authorized",
        Canceled = 3 "canceled",
        Captured = 4 "captured",
    }
}

named! {
    /// What the shopper says on its page.
    Outcome {
        Approve = 0 "approve",
        Delay = 1 "delay",
        Decline = 2 "decline",
    }
}

/// A charge.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Charge {
    pub id: i64,
    pub name: String,
    pub payment: i64,
    pub order: i64,
    pub number: String,
    pub return_url: Option<String>,
    pub amount: Money,
    pub currency: Currency,
    pub at_once: bool,
    pub state: ChargeState,
    pub captured: Money,
    pub refunded: Money,
}

/// A message on its way to the shop.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Letter {
    pub id: i64,
    pub body: String,
    pub attempts: i64,
}

/// How the sandbox answers and sends: as a real provider would on a bad day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Post {
    /// How often each message is sent.
    pub copies: u64,
    /// How long after, in milliseconds.
    pub delay: i64,
    /// And how much longer at most, so that some overtake others.
    pub shuffle: i64,
    /// How many of a hundred are never sent.
    pub dropped: u64,
    /// How many of a hundred answers get lost.
    pub lost: u64,
}
