//! The life of an order: its states, the steps between them, what is asked for and what exists.

mod line;

pub use line::Line;
pub use line::MOST_LINES;
pub use line::MOST_PIECES;
pub use line::check_lines;
pub use line::check_pieces;

use crate::domain::id::CouponId;
use crate::domain::id::CustomerId;
use crate::domain::id::OrderId;
use crate::domain::id::ShippingMethodId;
use crate::domain::id::UserId;
use crate::domain::id::VariantId;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::named::named;
use crate::domain::payment::Provider;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;

/// The version from which on notes and tags are refused, so that money always has room below 4,095.
pub const LAST_FREE_VERSION: i64 = 3900;
/// A live order's number is this much above its id until an import has brought numbers of its own.
pub const NUMBER_BASE: i64 = 1000;

named! {
    /// Where an order stands.
    OrderState {
        Pending = 0 "pending",
        Processing = 1 "processing",
        Shipped = 2 "shipped",
        Delivered = 3 "delivered",
        Canceled = 4 "canceled",
        Refunded = 5 "refunded",
    }
}

named! {
    /// How far it is paid.
    PaymentStatus {
        Unpaid = 0 "unpaid",
        Failed = 1 "failed",
        Authorized = 2 "authorized",
        PartiallyPaid = 3 "partially_paid",
        Paid = 4 "paid",
        PartiallyRefunded = 5 "partially_refunded",
        Refunded = 6 "refunded",
    }
}

named! {
    /// How much of it has left the house.
    FulfilmentStatus {
        Unfulfilled = 0 "unfulfilled",
        Partial = 1 "partial",
        Fulfilled = 2 "fulfilled",
    }
}

named! {
    /// Whether some of it comes back.
    ReturnStatus {
        None = 0 "none",
        Requested = 1 "requested",
        Received = 2 "received",
        Refunded = 3 "refunded",
    }
}

named! {
    /// The door it came through.
    Channel {
        Page = 0 "page",
        Api = 1 "api",
        Staff = 2 "staff",
        Import = 3 "import",
    }
}

named! {
    /// What was done to an order, as its history tells it.
    Change {
        Placed = 1 "placed",
        Moved = 2 "status_changed",
        Canceled = 3 "canceled",
        Noted = 4 "noted",
        Tagged = 5 "tagged",
        Refunded = 6 "refunded",
        Paid = 7 "paid",
        PaymentFailed = 8 "payment_failed",
        Authorized = 9 "authorized",
        PaymentEnded = 10 "payment_voided",
        PaymentBegun = 11 "payment_begun",
        RefundFailed = 12 "refund_failed",
        PartShipped = 13 "part_shipped",
        ReturnRequested = 14 "return_requested",
        ReturnReceived = 15 "return_received",
        ReturnEnded = 16 "return_ended",
        Edited = 17 "edited",
    }
}

/// A step in the life of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Work on it begins.
    Process,
    /// It leaves the house.
    Ship,
    /// It has arrived.
    Deliver,
    /// It will not be.
    Cancel,
    /// The money went back.
    Refund,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 5] = [
        Self::Process,
        Self::Ship,
        Self::Deliver,
        Self::Cancel,
        Self::Refund,
    ];

    /// The step that leads into a state; none leads into `pending`.
    pub fn into_state(state: OrderState) -> Option<Self> {
        Some(match state {
            OrderState::Pending => return None,
            OrderState::Processing => Self::Process,
            OrderState::Shipped => Self::Ship,
            OrderState::Delivered => Self::Deliver,
            OrderState::Canceled => Self::Cancel,
            OrderState::Refunded => Self::Refund,
        })
    }
}

impl PaymentStatus {
    /// How far an order of `total` is paid, by what has come and what went back.
    pub fn of(total: Money, paid: Money, refunded: Money) -> Self {
        if paid > Money::ZERO && refunded == paid {
            Self::Refunded
        } else if refunded > Money::ZERO {
            Self::PartiallyRefunded
        } else if paid >= total {
            Self::Paid
        } else if paid > Money::ZERO {
            Self::PartiallyPaid
        } else {
            Self::Unpaid
        }
    }
}

impl OrderState {
    /// The whole life of an order. A pair that is not here leads nowhere.
    const fn next(self, step: Step) -> Option<Self> {
        Some(match (self, step) {
            (Self::Pending, Step::Process) => Self::Processing,
            (Self::Processing, Step::Ship) => Self::Shipped,
            (Self::Shipped, Step::Deliver) => Self::Delivered,
            (Self::Delivered, Step::Refund) => Self::Refunded,
            (Self::Pending | Self::Processing | Self::Shipped, Step::Cancel) => Self::Canceled,
            _ => return None,
        })
    }

    /// The state after a step; refused with `InvalidState` where the life has no such step.
    pub fn after(self, step: Step) -> Result<Self, Refusal> {
        self.next(step).ok_or_else(|| Refusal::NotNow {
            state: self,
            allowed: self.next_states(),
        })
    }

    /// The steps open from here: the buttons to draw, the `allowed` list to send.
    pub fn open_steps(self) -> impl Iterator<Item = Step> {
        Step::ALL
            .into_iter()
            .filter(move |step| self.next(*step).is_some())
    }

    /// The states that the open steps lead to.
    pub fn next_states(self) -> Vec<Self> {
        self.open_steps().filter_map(|step| self.next(step)).collect()
    }
}

/// An order's own row.
#[derive(Debug, Clone)]
pub struct OrderHead {
    /// Its id.
    pub id: OrderId,
    /// Its public number.
    pub number: String,
    /// Where it stands.
    pub state: OrderState,
    /// How far it is paid.
    pub payment: PaymentStatus,
    /// How much of it has left.
    pub fulfilment: FulfilmentStatus,
    /// Whether some of it comes back.
    pub returns: ReturnStatus,
    /// How often it was changed, from 1.
    pub version: i64,
    /// The door it came through.
    pub channel: Channel,
    /// Who is to take the money.
    pub method: Provider,
    /// How it is sent, where that was chosen.
    pub shipping_method: Option<ShippingMethodId>,
    /// The coupon it uses.
    pub coupon: Option<CouponId>,
    /// Whose it is.
    pub customer: Option<CustomerId>,
    /// The user for whom it was placed.
    pub user: Option<UserId>,
    /// Its currency.
    pub currency: Currency,
    /// Pieces of goods on it.
    pub item_count: i64,
    /// Sum of the lines before the discount.
    pub subtotal: Money,
    /// What is taken off.
    pub discount: Money,
    /// What sending costs.
    pub shipping: Money,
    /// The tax in it or beside it.
    pub tax: Money,
    /// Whether the tax is inside the prices.
    pub tax_included: bool,
    /// What it costs.
    pub total: Money,
    /// What was paid.
    pub paid: Money,
    /// What went back.
    pub refunded: Money,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// When work began.
    pub processing_at: Option<Timestamp>,
    /// When it left.
    pub shipped_at: Option<Timestamp>,
    /// When it arrived.
    pub delivered_at: Option<Timestamp>,
    /// When it was canceled.
    pub canceled_at: Option<Timestamp>,
    /// When the money went back.
    pub refunded_at: Option<Timestamp>,
    /// When it was imported, if it was.
    pub imported_at: Option<Timestamp>,
    /// How many events it has written.
    pub events: i64,
}

impl OrderHead {
    /// The ISO 4217 code of its currency.
    pub fn currency_text(&self) -> &str {
        self.currency.as_str()
    }

    /// The order one step further: the state, its moment, and what follows from it.
    pub fn moved_to(&self, state: OrderState, now: Timestamp) -> Self {
        let mut after = self.clone();
        after.state = state;
        match state {
            OrderState::Pending => {}
            OrderState::Processing => after.processing_at = Some(now),
            OrderState::Shipped => {
                after.fulfilment = FulfilmentStatus::Fulfilled;
                after.shipped_at = Some(now);
            }
            OrderState::Delivered => after.delivered_at = Some(now),
            OrderState::Canceled => after.canceled_at = Some(now),
            OrderState::Refunded => {
                after.refunded = after.paid;
                after.payment = PaymentStatus::of(after.total, after.paid, after.refunded);
                after.refunded_at = Some(now);
            }
        }
        after
    }

    /// What was paid beyond what it costs, and has not gone back.
    pub fn overpaid(&self) -> Money {
        let kept = self.paid.checked_sub(self.refunded).unwrap_or(Money::ZERO);
        match self.state {
            OrderState::Canceled | OrderState::Refunded => Money::ZERO,
            _ => kept
                .checked_sub(self.total)
                .unwrap_or(Money::ZERO)
                .max(Money::ZERO),
        }
    }

    /// What is still to be paid.
    pub fn due(&self) -> Money {
        match self.state {
            OrderState::Canceled | OrderState::Refunded => Money::ZERO,
            _ => self
                .total
                .checked_sub(self.paid)
                .unwrap_or(Money::ZERO)
                .max(Money::ZERO),
        }
    }
}

/// The personal part of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contacts {
    /// The seed of the private link's secret.
    pub token: [u8; 16],
    /// Where to write to.
    pub email: Option<String>,
    /// Where to send it, as JSON.
    pub shipping_address: Option<String>,
    /// Whom to bill, as JSON.
    pub billing_address: Option<String>,
    /// The customer's words.
    pub note: Option<String>,
    /// The idempotency key as it came.
    pub client_token: Option<String>,
}

/// An order whole.
#[derive(Debug, Clone)]
pub struct Order {
    /// Its own row.
    pub head: OrderHead,
    /// The personal part.
    pub contacts: Contacts,
    /// Its lines, by position.
    pub lines: Vec<Line>,
    /// Its tags, by name.
    pub tags: Vec<String>,
}

/// What a list tells of an order.
#[derive(Debug, Clone)]
pub struct Brief {
    /// Its own row.
    pub head: OrderHead,
    /// The buyer's address.
    pub email: Option<String>,
    /// Its tags, by name.
    pub tags: Vec<String>,
}

impl Order {
    /// What the customer pays for a line: the tax stands beside it where prices are without.
    pub fn worth(&self, line: &Line) -> Money {
        match self.head.tax_included {
            true => line.total,
            false => line.total.checked_add(line.tax).unwrap_or(line.total),
        }
    }

    /// What it holds of each variant, over all its lines, by variant; charges are no goods.
    pub fn goods(&self) -> Vec<(VariantId, &str, i64)> {
        let mut goods: Vec<(VariantId, &str, i64)> = self
            .lines
            .iter()
            .filter_map(|line| Some((line.variant?, line.sku.as_str(), line.quantity)))
            .collect();
        goods.sort_by_key(|(variant, ..)| *variant);
        goods.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                kept.2 += later.2;
            }
            is_same
        });
        goods
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// MONEY, payments: the first that fits.
    #[test]
    fn how_far_an_order_is_paid() {
        use PaymentStatus as Is;
        let money = |minor| Money::new(minor).unwrap();
        for (total, paid, refunded, status) in [
            (9, 0, 0, Is::Unpaid),
            (9, 4, 0, Is::PartiallyPaid),
            (9, 9, 0, Is::Paid),
            (9, 10, 0, Is::Paid),
            (0, 0, 0, Is::Paid),
            (9, 9, 2, Is::PartiallyRefunded),
            (9, 4, 2, Is::PartiallyRefunded),
            (9, 4, 4, Is::Refunded),
            (9, 9, 9, Is::Refunded),
        ] {
            let found = PaymentStatus::of(money(total), money(paid), money(refunded));
            assert_eq!(found, status, "{paid} paid and {refunded} refunded of {total}");
        }
    }

    /// CON-08
    #[test]
    fn the_life_of_an_order() {
        let mut life = String::new();
        for state in OrderState::ALL {
            for step in state.open_steps() {
                let next = state.after(step).unwrap();
                life += &format!("{state:?} --{step:?}--> {next:?}\n");
            }
        }
        assert_eq!(
            life,
            "\
Pending --Process--> Processing
Pending --Cancel--> Canceled
Processing --Ship--> Shipped
Processing --Cancel--> Canceled
Shipped --Deliver--> Delivered
Shipped --Cancel--> Canceled
Delivered --Refund--> Refunded
"
        );
    }
}
