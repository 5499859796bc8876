//! Money that goes back: of a payment, for lines or for an amount, never more than was taken.

use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::id::PaymentId;
use crate::domain::id::RefundId;
use crate::domain::id::ReturnId;
use crate::domain::id::UserId;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::named::named;
use crate::domain::time::Timestamp;

named! {
    /// What became of a refund; the number is its rank.
    RefundState {
        Pending = 0 "pending",
        Succeeded = 1 "succeeded",
        Failed = 2 "failed",
    }
}

named! {
    /// Who wanted it.
    RefundSource {
        Staff = 0 "staff",
        Shop = 1 "shop",
        Provider = 2 "provider",
    }
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct Refund {
    pub id: RefundId,
    pub order: OrderId,
    /// None of an imported order, whose payments are elsewhere.
    pub payment: Option<PaymentId>,
    pub state: RefundState,
    pub source: RefundSource,
    pub amount: Money,
    pub shipping: Money,
    pub currency: Currency,
    pub reason: String,
    pub note: Option<String>,
    pub reference: Option<String>,
    pub provider_ref: Option<String>,
    pub failure: Option<String>,
    /// Which return it answers.
    pub of_return: Option<ReturnId>,
    pub created_by: Option<UserId>,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub lines: Vec<RefundLine>,
}

/// What a refund gives back of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct RefundLine {
    pub line: LineId,
    pub quantity: i64,
    pub amount: Money,
    pub restocked: bool,
    /// How many of the pieces had not left yet: they will not.
    pub unshipped: i64,
}

/// A refund that is asked for. Nothing named is all that is left.
#[derive(Debug, Clone)]
pub struct NewRefund {
    /// For pieces of these lines.
    pub lines: Vec<NewRefundLine>,
    /// And so much of the shipping.
    pub shipping: Option<RawAmount>,
    /// So much, whatever the lines come to.
    pub amount: Option<RawAmount>,
    /// Why.
    pub reason: String,
    /// What staff call it elsewhere.
    pub reference: Option<String>,
    /// Words among staff.
    pub note: Option<String>,
    /// Whether the buyer is written to.
    pub is_told: bool,
    /// Of which payment, where several could give it.
    pub payment: Option<PaymentId>,
    /// For what came back with this return.
    pub of_return: Option<ReturnId>,
    /// The version of the order that was seen.
    pub version: Option<i64>,
}

/// Pieces of a line that are to be given back.
#[derive(Debug, Clone)]
pub struct NewRefundLine {
    /// The line.
    pub line: LineId,
    /// How many.
    pub quantity: i64,
    /// Whether they go back on the shelf.
    pub restock: bool,
}

/// What the next `quantity` of a line's `pieces` are worth, `done` of them being given back: the parts add up to `total`.
pub fn share(total: Money, done: i64, quantity: i64, pieces: i64) -> Option<Money> {
    let before = total.fraction(done, pieces)?;
    total.fraction(done + quantity, pieces)?.checked_sub(before)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// MONEY, refunds: parts add up to the whole.
        #[test]
        fn parts_of_a_line_add_up(total in 0..1_000_000i64, parts in proptest::collection::vec(1..40i64, 1..9)) {
            let total = Money::new(total).unwrap();
            let pieces = parts.iter().sum();
            let mut done = 0;
            let mut sum = Money::ZERO;
            for part in parts {
                let worth = share(total, done, part, pieces).unwrap();
                prop_assert!(worth >= Money::ZERO);
                sum = sum.checked_add(worth).unwrap();
                done += part;
            }
            prop_assert_eq!(sum, total);
        }
    }
}
