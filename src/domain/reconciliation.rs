//! Our books held beside a provider's: what each says of the same money, and where they differ (MON-09).

use crate::domain::id::DifferenceId;
use crate::domain::id::OrderId;
use crate::domain::id::PaymentId;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::named::named;
use crate::domain::payment::Payment;
use crate::domain::payment::Provider;
use crate::domain::time::Timestamp;

named! {
    /// In what they differ.
    DifferenceKind {
        /// The provider holds money that no payment here tells of.
        Unknown = 0 "unknown",
        /// A payment here tells of money that the provider does not list.
        Missing = 1 "missing",
        /// They do not agree on how much is kept.
        Kept = 2 "kept",
        /// They do not agree on the currency.
        Currency = 3 "currency",
        /// An order says another sum than its payments.
        OrderPaid = 4 "order_paid",
        /// An order says that another sum went back than its payments.
        OrderRefunded = 5 "order_refunded",
    }
}

named! {
    /// Whether they still differ.
    DifferenceState {
        Open = 0 "open",
        Gone = 1 "gone",
    }
}

impl DifferenceKind {
    /// What it says to people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unknown => "The provider holds money that no payment here tells of",
            Self::Missing => "The provider does not list this money",
            Self::Kept => "Not the same sum is kept",
            Self::Currency => "Not the same currency",
            Self::OrderPaid => "The order says another sum than its payments",
            Self::OrderRefunded => "The order says that another sum went back than its payments",
        }
    }
}

/// Money as a provider lists it.
#[derive(Debug, Clone)]
pub struct Held {
    /// What it calls it.
    pub name: String,
    /// Every name by which a payment here may know it.
    pub refs: Vec<String>,
    /// The currency as it is written there; none that is known.
    pub currency: Option<Currency>,
    /// What was taken and has not gone back.
    pub kept: Money,
    /// When; none where the list does not say it.
    pub at: Option<Timestamp>,
}

/// A page of a provider's list.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// Money that it has taken.
    pub held: Vec<Held>,
    /// From where the list goes on; none at its end.
    pub next: Option<String>,
}

/// Where they differ.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Difference {
    pub kind: DifferenceKind,
    pub provider: Provider,
    pub name: String,
    pub payment: Option<PaymentId>,
    pub order: Option<OrderId>,
    pub currency: Currency,
    pub ours: Money,
    pub theirs: Money,
    pub at: Timestamp,
}

/// A difference as it is kept.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Seen {
    pub id: DifferenceId,
    pub difference: Difference,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    /// The moment from which on they agreed.
    pub gone_at: Option<Timestamp>,
}

/// How a comparison went.
#[derive(Debug, Clone)]
pub struct Run {
    /// Payments begun before are not compared.
    pub since: Timestamp,
    /// What was held beside each other.
    pub compared: i64,
    /// Where they differ.
    pub differences: Vec<Difference>,
    /// Providers whose lists were read to their end.
    pub read: Vec<Provider>,
    /// Why one was not, in words.
    pub failure: Option<String>,
}

/// Where a payment differs from the money that its provider lists. What is on its way back may have arrived there or not.
pub fn compare(ours: &Payment, held: &Held, on_its_way: Money) -> Option<DifferenceKind> {
    if held.currency != Some(ours.currency) {
        return Some(DifferenceKind::Currency);
    }
    let least = ours.left();
    let most = least.checked_add(on_its_way).unwrap_or(least);
    match least <= held.kept && held.kept <= most {
        true => None,
        false => Some(DifferenceKind::Kept),
    }
}
