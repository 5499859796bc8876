//! The life of a payment, and what it means for its order. A state is a rank that never falls, so that what a provider
//! tells may come late, twice and in any order.

use crate::domain::id::OrderId;
use crate::domain::id::PaymentId;
use crate::domain::id::TaskId;
use crate::domain::id::UserId;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::named::named;
use crate::domain::order::OrderHead;
use crate::domain::order::OrderState;
use crate::domain::order::PaymentStatus;
use crate::domain::refund::Refund;
use crate::domain::refund::RefundState;
use crate::domain::time::Timestamp;

named! {
    /// Who takes the money.
    Provider {
        Manual = 0 "manual",
        Sandbox = 1 "sandbox",
        Stripe = 2 "stripe",
        Razorpay = 3 "razorpay",
        Wallet = 4 "wallet",
    }
}

named! {
    /// Where a payment stands; the number is its rank.
    PaymentState {
        Created = 0 "created",
        RequiresAction = 1 "requires_action",
        Failed = 2 "failed",
        Authorized = 3 "authorized",
        Voided = 4 "voided",
        Captured = 5 "captured",
    }
}

named! {
    /// What is asked of a provider.
    Op {
        Create = 0 "create",
        Confirm = 1 "confirm",
        Capture = 2 "capture",
        Void = 3 "void",
        Refund = 4 "refund",
    }
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct Payment {
    pub id: PaymentId,
    pub order: OrderId,
    pub provider: Provider,
    pub state: PaymentState,
    /// Whether the money is taken at once, or when the goods leave.
    pub at_once: bool,
    pub amount: Money,
    pub currency: Currency,
    pub captured: Money,
    /// What went back, or is on its way.
    pub refunded: Money,
    pub provider_ref: Option<String>,
    /// What the provider calls the money itself, where that is another name.
    pub charge_ref: Option<String>,
    /// What the provider is to charge, where the caller has named it.
    pub token: Option<String>,
    pub redirect_url: Option<String>,
    pub return_url: Option<String>,
    pub method: Option<String>,
    pub reference: Option<String>,
    pub failure: Option<String>,
    pub disputed: bool,
    pub created_by: Option<UserId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What is known to have happened to a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// The shopper is to do something.
    RequiresAction,
    /// A try was declined.
    Failed,
    /// The money is reserved.
    Authorized,
    /// It will not be.
    Voided,
    /// So much has been taken.
    Captured(Money),
}

impl Fact {
    /// The state that it leads to.
    pub fn state(self) -> PaymentState {
        match self {
            Self::RequiresAction => PaymentState::RequiresAction,
            Self::Failed => PaymentState::Failed,
            Self::Authorized => PaymentState::Authorized,
            Self::Voided => PaymentState::Voided,
            Self::Captured(_) => PaymentState::Captured,
        }
    }
}

impl Payment {
    /// The payment after a fact; none where that changes nothing.
    pub fn after(&self, fact: Fact) -> Option<Self> {
        let mut after = self.clone();
        after.state = self.state.max(fact.state());
        if let Fact::Captured(amount) = fact {
            after.captured = self.captured.max(amount);
        }
        (after != *self).then_some(after)
    }

    /// Whether its provider may still take the money.
    pub fn is_open(&self) -> bool {
        self.state <= PaymentState::RequiresAction
    }

    /// What could still go back.
    pub fn left(&self) -> Money {
        self.captured
            .checked_sub(self.refunded)
            .unwrap_or(Money::ZERO)
            .max(Money::ZERO)
    }
}

/// The money on an order, over all its payments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purse {
    /// What was taken.
    pub paid: Money,
    /// What went back, or is on its way.
    pub refunded: Money,
    /// What is reserved.
    pub authorized: Money,
    /// Whether the last try was declined.
    pub is_failed: bool,
}

impl Purse {
    /// How far an order is paid: the first that fits (MONEY).
    pub fn status(&self, total: Money) -> PaymentStatus {
        match PaymentStatus::of(total, self.paid, self.refunded) {
            PaymentStatus::Unpaid if self.authorized > Money::ZERO && self.authorized >= total => {
                PaymentStatus::Authorized
            }
            PaymentStatus::Unpaid if self.is_failed => PaymentStatus::Failed,
            status => status,
        }
    }

    /// Whether what was taken and what is reserved is enough.
    pub fn covers(&self, total: Money) -> bool {
        let sum = self.paid.checked_add(self.authorized).unwrap_or(Money::MAX);
        sum >= total
    }

    /// The order with this money on it: a pending one that is covered moves on to processing.
    pub fn on(&self, head: &OrderHead, now: Timestamp) -> OrderHead {
        let mut after = match head.state {
            OrderState::Pending if self.covers(head.total) && self.refunded == Money::ZERO => {
                head.moved_to(OrderState::Processing, now)
            }
            _ => head.clone(),
        };
        after.paid = self.paid;
        after.refunded = self.refunded;
        after.payment = self.status(head.total);
        after
    }
}

/// Something that is to be asked of a provider, with all that it takes to ask.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which task.
    pub task: TaskId,
    /// What.
    pub op: Op,
    /// Of which payment.
    pub payment: Payment,
    /// Which refund, if it is one.
    pub refund: Option<Refund>,
    /// How much of it, where that is not all.
    pub amount: Option<Money>,
    /// The same at every try until it is answered: the provider does it once.
    pub key: String,
    /// The order's public number.
    pub number: String,
    /// Which try it is, from 1.
    pub attempt: i64,
    /// Whether an earlier try is so old that the provider may have forgotten its key.
    pub is_stale: bool,
}

/// Where a payment stands by its provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// What the provider calls it.
    pub provider_ref: Option<String>,
    /// What it calls the money in it.
    pub charge_ref: Option<String>,
    /// Its page for the shopper.
    pub redirect_url: Option<String>,
    /// What the shopper's browser needs, sealed.
    pub client_secret: Option<Vec<u8>>,
    /// What has happened.
    pub fact: Option<Fact>,
    /// Why it was declined.
    pub failure: Option<String>,
    /// What became of the refund that was asked for.
    pub refund: Option<(String, RefundState)>,
}

/// What is to be asked of a provider, or was asked, and has not been answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// What.
    pub op: Op,
    /// How often it was asked.
    pub attempts: i64,
    /// Since when.
    pub since: Timestamp,
    /// When it is asked next.
    pub due_at: Timestamp,
    /// What came of the last try.
    pub failure: Option<String>,
}

/// What a shopper's browser brings back from a provider's page.
#[derive(Debug, Clone, Default)]
pub struct Return {
    /// What the provider calls the payment.
    pub name: Option<(Provider, String)>,
    /// What it calls the money.
    pub charge: Option<String>,
    /// What we called the link.
    pub reference: Option<String>,
    /// Where it says that the link stands.
    pub status: Option<String>,
    /// Its signature over these and its own name of the payment.
    pub signature: Option<String>,
}

/// What a provider answered.
#[derive(Debug, Clone)]
pub enum Answer {
    /// It was done, or had been before.
    Done(Box<Standing>),
    /// It will not be done.
    Refused(String, Box<Standing>),
    /// Nobody knows: ask again.
    Unclear(String),
}

/// What a provider tells by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Of a payment.
    Payment(PaymentHeard),
    /// Of a refund.
    Refund(RefundHeard),
    /// Of a dispute: it is flagged, and moves nothing.
    Dispute(Vec<String>),
    /// Of nothing that matters here.
    Nothing,
}

/// News of a payment, in the provider's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentHeard {
    /// What the provider calls it: any of these.
    pub refs: Vec<String>,
    /// What it calls the money in it, if that is news.
    pub charge_ref: Option<String>,
    /// What happened.
    pub fact: Fact,
    /// The whole amount, in minor units.
    pub amount: i64,
    /// The currency's code, as the provider writes it; empty where it writes an empty one.
    pub currency: String,
    /// Our own ids, where it tells them.
    pub payment: Option<i64>,
    /// The same of the order.
    pub order: Option<i64>,
    /// Why it was declined.
    pub failure: Option<String>,
}

/// News of a refund, in the provider's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundHeard {
    /// What the provider calls the payment: any of these.
    pub refs: Vec<String>,
    /// What it calls the refund.
    pub refund_ref: String,
    /// Our own id of it, where it tells that.
    pub refund: Option<i64>,
    /// How much, in minor units.
    pub amount: i64,
    /// The currency's code.
    pub currency: String,
    /// What became of it.
    pub state: RefundState,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(minor: i64) -> Money {
        Money::new(minor).unwrap()
    }

    fn payment() -> Payment {
        Payment {
            id: PaymentId(1),
            order: OrderId(1),
            provider: Provider::Sandbox,
            state: PaymentState::Created,
            at_once: true,
            amount: money(900),
            currency: Currency::EUR,
            captured: Money::ZERO,
            refunded: Money::ZERO,
            provider_ref: None,
            charge_ref: None,
            token: None,
            redirect_url: None,
            return_url: None,
            method: None,
            reference: None,
            failure: None,
            disputed: false,
            created_by: None,
            created_at: Timestamp::from_ms(0),
            updated_at: Timestamp::from_ms(0),
        }
    }

    fn fact() -> impl Strategy<Value = Fact> {
        prop_oneof![
            Just(Fact::RequiresAction),
            Just(Fact::Failed),
            Just(Fact::Authorized),
            Just(Fact::Voided),
            (1..=900i64).prop_map(|minor| Fact::Captured(money(minor))),
        ]
    }

    fn told(facts: &[Fact]) -> Payment {
        facts
            .iter()
            .fold(payment(), |payment, fact| payment.after(*fact).unwrap_or(payment))
    }

    proptest! {
        /// PWH-05
        #[test]
        fn any_order_of_facts_gives_the_same_end(
            (facts, shuffled) in proptest::collection::vec(fact(), 0..8)
                .prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle())),
            again in 0..8usize,
        ) {
            let mut twice = shuffled.clone();
            twice.extend(shuffled.get(again));
            prop_assert_eq!(told(&facts), told(&shuffled));
            prop_assert_eq!(told(&facts), told(&twice));
        }

        /// PWH-05
        #[test]
        fn a_rank_never_falls_and_captured_wins(facts in proptest::collection::vec(fact(), 1..8)) {
            let mut before = payment();
            for fact in &facts {
                let after = before.after(*fact).unwrap_or_else(|| before.clone());
                prop_assert!(after.state >= before.state && after.captured >= before.captured);
                before = after;
            }
            let took = facts.iter().any(|fact| matches!(fact, Fact::Captured(_)));
            prop_assert_eq!(before.state == PaymentState::Captured, took);
        }
    }

    /// MONEY, payments: the first that fits.
    #[test]
    fn how_far_an_order_is_paid() {
        use PaymentStatus as Is;
        for (paid, refunded, authorized, is_failed, status) in [
            (0, 0, 0, false, Is::Unpaid),
            (0, 0, 0, true, Is::Failed),
            (0, 0, 8, true, Is::Failed),
            (0, 0, 9, true, Is::Authorized),
            (4, 0, 9, true, Is::PartiallyPaid),
            (9, 0, 9, true, Is::Paid),
            (9, 2, 9, true, Is::PartiallyRefunded),
            (9, 9, 9, true, Is::Refunded),
        ] {
            let purse = Purse {
                paid: money(paid),
                refunded: money(refunded),
                authorized: money(authorized),
                is_failed,
            };
            assert_eq!(purse.status(money(9)), status, "{purse:?}");
        }
        assert_eq!(Purse::default().status(Money::ZERO), Is::Paid);
    }
}
