//! Which rule said no, with the data that lets the caller do better.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::json;

use crate::domain::fault::Fault;
use crate::domain::id::EventId;
use crate::domain::id::UserId;
use crate::domain::money::Amount;
use crate::domain::order::OrderState;
use crate::domain::permission::Permission;
use crate::domain::returns::ReturnState;

/// A rule's no.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// Nobody is signed in.
    NotSignedIn,
    /// Name or password is wrong; which one is not told.
    BadCredentials,
    /// The token was good once.
    TokenExpired,
    /// The token never was good, or has been revoked.
    TokenInvalid,
    /// The actor's role lacks this right.
    Forbidden {
        /// The right.
        needs: Permission,
        /// Who lacks it.
        user: Option<UserId>,
    },
    /// The pages of the shop's people, and a customer.
    StaffOnly,
    /// What people do with their own account, and a program.
    PeopleOnly,
    /// Too many failed sign-ins with this name; seconds until the next try.
    Locked {
        /// Seconds.
        retry_after: u64,
    },
    /// An unsafe request with a cookie that did not come from our own pages.
    CrossSite,
    /// The password, or the session, is not proof enough.
    SecondFactor(Wanting),
    /// Fields that cannot be read or are out of range.
    Fields(Vec<Fault>),
    /// A change without saying which version was seen.
    VersionMissing,
    /// A name, address, SKU … that must be unique is in use.
    Taken(&'static str),
    /// The idempotency key stands for another request.
    KeyReused,
    /// Too many requests.
    TooMany {
        /// Seconds until the next one may come.
        retry_after: u64,
        /// How many the window allows.
        limit: u32,
        /// Seconds until it allows as many again.
        reset: u64,
    },
    /// A rule of the shop, in words.
    Rule(Cow<'static, str>),
    /// The order's state has no such step.
    NotNow {
        /// Where it stands.
        state: OrderState,
        /// Where it may go.
        allowed: Vec<OrderState>,
    },
    /// The return's state has no such step.
    ReturnNotNow {
        /// Where it stands.
        state: ReturnState,
        /// Where it may go.
        allowed: &'static [ReturnState],
    },
    /// The thing exists and this may not be done to it, in words.
    NotAllowed(Cow<'static, str>),
    /// Not enough in stock, every short item listed.
    Shortage(Vec<ShortItem>),
    /// Nothing of a former order can be had; both lists of the reorder.
    NothingLeft(Box<Value>),
    /// There is not so much money in the wallet: what was wanted, and what is available.
    Balance {
        /// How much.
        wanted: Amount,
        /// How much there is.
        available: Amount,
    },
    /// What the client saw is not what it would pay; a fresh quote.
    PriceChanged(Box<Value>),
    /// A reader of the events has stayed behind for so long that some of what it would read is no longer kept.
    Swept {
        /// The last event that is gone.
        upto: EventId,
    },
}

/// What is wanting beside what was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanting {
    /// The code of the second factor, or a recovery code.
    Code,
    /// One that is right: this one is wrong, or was used.
    RightCode,
    /// A sign-in or step-up of the last minutes, in this session.
    StepUp,
    /// A second factor at all: this role needs one.
    Enrolment,
}

/// One item that is short.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ShortItem {
    /// The variant's SKU.
    pub sku: String,
    /// How many were asked for, over all lines.
    pub requested: i64,
    /// How many there are.
    pub available: i64,
}

impl Refusal {
    /// The sentence, where the table's own is not enough.
    pub fn sentence(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Rule(words) | Self::NotAllowed(words) => Some(Cow::Borrowed(words)),
            Self::SecondFactor(wanting) => Some(Cow::Borrowed(match wanting {
                Wanting::Code => "A code of the second factor is needed.",
                Wanting::RightCode => "This code is wrong, or has been used.",
                Wanting::StepUp => {
                    "Prove once more who you are: this needs a sign-in of the last five minutes."
                }
                Wanting::Enrolment => "Set up a second factor first.",
            })),
            Self::StaffOnly => Some(Cow::Borrowed("These pages are for the shop's own people.")),
            Self::PeopleOnly => Some(Cow::Borrowed("A program with an API key may not do this.")),
            Self::Taken(what) => Some(Cow::Owned(format!("This {what} is taken."))),
            Self::Swept { upto } => Some(Cow::Owned(format!(
                "The events up to {upto} are no longer kept: go on behind {upto}."
            ))),
            Self::NotNow { state, .. } => Some(Cow::Owned(format!(
                "The order is {}: it cannot go there from here.",
                state.name()
            ))),
            Self::ReturnNotNow { state, .. } => Some(Cow::Owned(format!(
                "The return is {}: it cannot go there from here.",
                state.name()
            ))),
            Self::Fields(faults) => match faults.as_slice() {
                [only] if only.field.is_empty() => Some(Cow::Borrowed(&only.message)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The machine-readable part.
    pub fn details(&self) -> Option<Value> {
        Some(match self {
            Self::NotNow { allowed, .. } => {
                json!({ "allowed": allowed.iter().map(|state| state.name()).collect::<Vec<_>>() })
            }
            Self::ReturnNotNow { allowed, .. } => json!({ "allowed": allowed }),
            Self::Shortage(items) => json!({ "items": items }),
            Self::NothingLeft(lists) => (**lists).clone(),
            Self::PriceChanged(quote) => json!({ "quote": quote }),
            Self::Balance { wanted, available } => json!({ "wanted": wanted, "available": available }),
            Self::Forbidden { needs, .. } => json!({ "permission": needs.name() }),
            Self::SecondFactor(Wanting::Code | Wanting::RightCode) => json!({ "totp": true }),
            Self::SecondFactor(Wanting::StepUp) => json!({ "step_up": true }),
            Self::SecondFactor(Wanting::Enrolment) => json!({ "enrol": true }),
            Self::Swept { upto } => json!({ "after": upto }),
            Self::TooMany { limit, .. } => json!({ "limit": limit }),
            _ => return None,
        })
    }
}
