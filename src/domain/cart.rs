//! Carts: whose one is, what is in it, at which price it was shown, and what has become of it since.

use crate::domain::id::UserId;
use crate::domain::money::Money;
use crate::domain::named::named;
use crate::domain::order::MOST_PIECES;
use crate::domain::pricing::Ask;
use crate::domain::pricing::HELD;
use crate::domain::pricing::Piece;
use crate::domain::product::Offer;
use crate::domain::product::ProductStatus;
use crate::domain::time::DAY;
use crate::domain::time::Timestamp;

/// Items that a cart may hold: as many as an order.
pub const MOST_ITEMS: usize = crate::domain::order::MOST_LINES;
/// A guest's cart is kept so long after its last change, in milliseconds.
pub const GUEST_LIFE: i64 = 30 * DAY;

/// Whose cart it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// Somebody signed in.
    User(UserId),
    /// Whoever holds the cookie of this hash.
    Guest([u8; 32]),
}

named! {
    /// What the buyer should know of their cart before they order.
    Notice {
        Empty = 0 "empty",
        Gone = 1 "gone",
        NotApproved = 2 "not_approved",
        OutOfStock = 3 "out_of_stock",
        Short = 4 "short",
        PriceRaised = 5 "price_raised",
        PriceDropped = 6 "price_dropped",
        Capped = 7 "capped",
        Coupon = 8 "coupon",
    }
}

impl Notice {
    /// Whether it keeps the cart from becoming an order.
    pub const fn is_error(self) -> bool {
        match self {
            Self::Empty | Self::Gone | Self::NotApproved | Self::OutOfStock | Self::Short => true,
            Self::PriceRaised | Self::PriceDropped | Self::Capped | Self::Coupon => false,
        }
    }

    /// In words.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Empty => "There is nothing in the cart.",
            Self::Gone => "This is no longer sold.",
            Self::NotApproved => "This is not for sale now.",
            Self::OutOfStock => "There is none left.",
            Self::Short => "There are not so many left.",
            Self::PriceRaised => "The price has gone up since this was put into the cart.",
            Self::PriceDropped => "The price has come down since this was put into the cart.",
            Self::Capped => "More were wanted than there are.",
            Self::Coupon => "The coupon does not hold.",
        }
    }
}

/// The price that somebody was shown, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// How much.
    pub price: Money,
    /// When.
    pub at: Timestamp,
}

impl Shown {
    /// What stands from now on for who looks again: a price that still holds and is no dearer than today's stays.
    pub fn again(self, current: Money, now: Timestamp) -> Self {
        match self.holds(now) && self.price <= current {
            true => self,
            false => Self {
                price: current,
                at: now,
            },
        }
    }

    /// The cheaper of two, with its own time; one that holds no more stands behind one that does.
    pub fn cheaper(self, other: Self, now: Timestamp) -> Self {
        let rank = |shown: Self| (!shown.holds(now), shown.price);
        match rank(other) < rank(self) {
            true => other,
            false => self,
        }
    }

    fn holds(self, now: Timestamp) -> bool {
        now <= self.at.plus_ms(HELD)
    }
}

/// Something in a cart.
#[derive(Debug, Clone)]
pub struct CartItem {
    /// As it is sold now.
    pub offer: Offer,
    /// Whether it has been deleted.
    pub is_gone: bool,
    /// How many are wanted.
    pub quantity: i64,
    /// The price that was shown.
    pub shown: Shown,
    /// How many were wanted when there were too few.
    pub wanted: Option<i64>,
}

impl CartItem {
    /// What it costs now, if it may be sold.
    pub fn current(&self) -> Option<Money> {
        self.offer.for_sale().filter(|_| !self.is_gone)
    }

    /// The pieces to price, if it may be sold.
    pub fn piece(&self) -> Option<Piece> {
        let Shown { price, at } = self.shown;
        Some(Piece {
            product: Some(self.offer.product),
            class: self.offer.class,
            weight_g: self.offer.weight_g.unwrap_or(0),
            quantity: self.quantity,
            list: self.current()?,
            ask: Ask::Seen { price, at },
        })
    }

    /// What the buyer should know of it.
    pub fn notices(&self) -> Vec<Notice> {
        let available = self.offer.available;
        let Some(current) = self.current() else {
            return vec![
                match self.is_gone || self.offer.status == ProductStatus::Archived {
                    true => Notice::Gone,
                    false => Notice::NotApproved,
                },
            ];
        };
        let found = [
            (available == 0, Notice::OutOfStock),
            ((1..self.quantity).contains(&available), Notice::Short),
            (current > self.shown.price, Notice::PriceRaised),
            (current < self.shown.price, Notice::PriceDropped),
            (self.wanted.is_some(), Notice::Capped),
        ];
        let found = found.into_iter().filter(|(is_so, _)| *is_so);
        found.map(|(_, notice)| notice).collect()
    }
}

/// How many of something a cart holds after so many more are put in from elsewhere: no more than there are, and one at
/// least, so that it does not vanish unseen.
pub fn capped(wanted: i64, available: i64) -> i64 {
    wanted.min(available.clamp(1, MOST_PIECES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_that_was_shown_stays_while_it_is_good_for_the_buyer() {
        let (money, at) = (|minor| Money::new(minor).unwrap(), Timestamp::from_ms);
        let shown = Shown {
            price: money(500),
            at: at(0),
        };
        assert_eq!(shown.again(money(600), at(HELD)), shown);
        assert_eq!(shown.again(money(500), at(HELD)), shown);
        assert_eq!(
            shown.again(money(400), at(1)),
            Shown {
                price: money(400),
                at: at(1)
            }
        );
        assert_eq!(shown.again(money(600), at(HELD + 1)).price, money(600));
        let other = Shown {
            price: money(499),
            at: at(9),
        };
        let cheaper = |now| (shown.cheaper(other, at(now)), other.cheaper(shown, at(now)));
        assert_eq!(cheaper(HELD), (other, other));
        // What was cheap long ago is no price any more: what was shown since then holds.
        let cheap = Shown {
            price: money(1),
            at: at(-1),
        };
        assert_eq!(shown.cheaper(cheap, at(HELD)), shown);
        assert_eq!(cheap.cheaper(shown, at(HELD)), shown);
        assert_eq!(cheap.cheaper(shown, at(HELD - 1)), cheap);
    }

    #[test]
    fn what_is_put_in_from_elsewhere_is_capped() {
        assert_eq!(
            [
                capped(5, 9),
                capped(5, 3),
                capped(5, 0),
                capped(300_000, 1_000_000)
            ],
            [5, 3, 1, 100_000]
        );
    }
}
