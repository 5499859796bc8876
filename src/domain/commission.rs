//! Commissions: what a seller gets of a line that was sold for them, and how much of that goes again with what the
//! customer gets back.

use crate::domain::fault::Bad;
use crate::domain::id::CommissionId;
use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::id::PayoutId;
use crate::domain::id::UserId;
use crate::domain::money::Money;
use crate::domain::money::round_div;
use crate::domain::named::named;
use crate::domain::order::Order;
use crate::domain::order::OrderState;
use crate::domain::percent::Percent;
use crate::domain::refund::Refund;
use crate::domain::refund::RefundState;
use crate::domain::time::Timestamp;

named! {
    /// Where a commission stands.
    CommissionState {
        Pending = 0 "pending",
        Approved = 1 "approved",
        Paid = 2 "paid",
        Reversed = 3 "reversed",
    }
}

/// The shop's part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(Percent);

impl Rate {
    /// The shop's, unless it has decided otherwise: 30 percent.
    pub const USUAL: Self = match Self::new(30_000) {
        Some(rate) => rate,
        None => Self(Percent::ZERO),
    };

    /// So many thousandths of a percent, up to all of it.
    pub const fn new(thousandths: i64) -> Option<Self> {
        match Percent::new(thousandths) {
            Some(percent) => Some(Self(percent)),
            None => None,
        }
    }

    /// Reads percent as text, such as `30` or `12.5`.
    pub fn parse(text: &str) -> Result<Self, Bad> {
        Percent::parse(text).map(Self)
    }

    /// The number of thousandths.
    pub const fn thousandths(self) -> i64 {
        self.0.thousandths()
    }

    /// What the seller gets of a line's total.
    pub fn sellers_part(self, total: Money) -> Money {
        self.0.off(total)
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A commission, or a part of one that is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct Commission {
    pub id: CommissionId,
    pub seller: UserId,
    pub order: OrderId,
    pub line: LineId,
    pub rate: Rate,
    /// The seller's; below zero where it undoes.
    pub amount: Money,
    pub state: CommissionState,
    /// None: what the line brought.
    pub reverses: Option<CommissionId>,
    pub payout: Option<PayoutId>,
    pub at: Timestamp,
    pub approved_at: Option<Timestamp>,
    /// Paid, or reversed.
    pub ended_at: Option<Timestamp>,
}

/// What a commission should come to now that so much of the line's worth has gone back.
pub fn left_of(amount: Money, worth: Money, gone: Money) -> Money {
    let undone = amount.fraction(gone.minor(), worth.minor()).unwrap_or(amount);
    amount.checked_sub(undone).unwrap_or(Money::ZERO)
}

/// How much of each line's worth the customer has back, in their order; failed refunds give nothing back.
///
/// What a refund names lines for is theirs; what it does not is spread over all that was left of the order then, its
/// shipping included. Of an order that is canceled or refunded it is everything.
pub fn gone_back(order: &Order, refunds: &[Refund]) -> Vec<Money> {
    let head = &order.head;
    let worths: Vec<i64> = order.lines.iter().map(|line| order.worth(line).minor()).collect();
    let mut gone = vec![0; worths.len()];
    let mut rest = head.total.minor();
    // Money above the total was never the order's.
    let mut surplus = (head.paid.minor() - rest).max(0);
    for refund in refunds
        .iter()
        .filter(|refund| refund.state != RefundState::Failed)
    {
        let named: i64 = refund.lines.iter().map(|line| line.amount.minor()).sum();
        let amount = match named + refund.shipping.minor() {
            0 => {
                let kept = surplus.min(refund.amount.minor());
                surplus -= kept;
                let amount = refund.amount.minor() - kept;
                for (gone, worth) in gone.iter_mut().zip(&worths) {
                    *gone = (*gone + part(worth - *gone, amount, rest)).min(*worth);
                }
                amount
            }
            whole => {
                for line in &refund.lines {
                    if let Some(at) = order.lines.iter().position(|of| of.id == line.line) {
                        let more = part(line.amount.minor(), refund.amount.minor(), whole);
                        gone[at] = worths[at].min(gone[at] + more);
                    }
                }
                refund.amount.minor()
            }
        };
        rest = (rest - amount).max(0);
    }
    let is_over = matches!(head.state, OrderState::Canceled | OrderState::Refunded);
    let back = if is_over { worths } else { gone };
    back.into_iter()
        .map(|minor| Money::new(minor).unwrap_or(Money::MAX))
        .collect()
}

/// `amount / whole` of something, rounded; beyond the whole it is in proportion, too.
fn part(of: i64, amount: i64, whole: i64) -> i64 {
    let share = round_div(i128::from(of) * i128::from(amount), i128::from(whole));
    i64::try_from(share).unwrap_or(of)
}

/// Money that is paid out to sellers, in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct Payout {
    pub id: PayoutId,
    pub is_done: bool,
    pub rows: i64,
    pub amount: Money,
    pub reference: Option<String>,
    pub created_by: Option<UserId>,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// What one seller gets of a payout.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct SellersPart {
    pub seller: UserId,
    pub username: String,
    pub name: Option<String>,
    pub rows: i64,
    pub amount: Money,
}

/// What is approved for a seller and not paid.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct Due {
    pub seller: UserId,
    pub rows: i64,
    /// Below zero where more was undone than brought: then the seller is not paid, until more has come.
    pub amount: Money,
}

/// Which commissions are asked for.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs, reason = "the columns")]
pub struct CommissionFilter {
    pub seller: Option<UserId>,
    pub state: Option<CommissionState>,
    pub order: Option<OrderId>,
    pub payout: Option<PayoutId>,
}

/// What commissions come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Not delivered yet.
    pub pending: Money,
    /// To be paid out.
    pub approved: Money,
    /// Paid out.
    pub paid: Money,
    /// Of all three, what this month has brought.
    pub month: Money,
}

impl Sums {
    /// All that is not reversed.
    pub fn total(&self) -> Money {
        Money::sum([self.pending, self.approved, self.paid]).unwrap_or(Money::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(minor: i64) -> Money {
        Money::new(minor).unwrap()
    }

    #[test]
    fn a_rate_is_percent_as_text() {
        for (text, thousandths, shown) in [
            ("30", 30_000, "30"),
            ("12.5", 12_500, "12.5"),
            ("0", 0, "0"),
            ("100.000", 100_000, "100"),
            ("0.125", 125, "0.125"),
        ] {
            let rate = Rate::parse(text).unwrap();
            assert_eq!(
                (rate.thousandths(), rate.to_string()),
                (thousandths, shown.to_owned())
            );
        }
        for bad in [
            "", "-1", "100.001", "12.", ".5", "1e2", "0.1234", "thirty", "1000",
        ] {
            assert!(Rate::parse(bad).is_err(), "{bad}");
        }
    }

    /// D14: 30 percent is the shop's; half a cent goes to the seller.
    #[test]
    fn the_seller_gets_what_the_shop_leaves() {
        for (rate, total, part) in [
            ("30", 1000, 700),
            ("30", 5, 4),
            ("12.5", 999, 874),
            ("100", 999, 0),
        ] {
            assert_eq!(Rate::parse(rate).unwrap().sellers_part(money(total)), money(part));
        }
    }

    proptest! {
        /// D14: what is left falls with what goes back, from the whole to nothing.
        #[test]
        fn what_is_left_falls_from_all_to_nothing(
            amount in 0..1_000_000i64, more in 0..1_000_000i64, parts in proptest::collection::vec(0..=1000i64, 1..6),
        ) {
            let worth = money(amount + more);
            let amount = money(amount);
            let mut parts = parts;
            parts.sort_unstable();
            let mut before = left_of(amount, worth, Money::ZERO);
            prop_assert!(before == amount || worth == Money::ZERO);
            for part in parts {
                let left = left_of(amount, worth, worth.fraction(part, 1000).unwrap());
                prop_assert!(Money::ZERO <= left && left <= before);
                before = left;
            }
            prop_assert_eq!(left_of(amount, worth, worth), Money::ZERO);
        }
    }
}
