//! What the shop has sold in a time: sums over its orders, and a series of periods of the shop's calendar.

use std::collections::BTreeMap;

use crate::domain::money::Money;
use crate::domain::money::round_div;
use crate::domain::named::named;
use crate::domain::order::OrderState;
use crate::domain::time::MINUTE;
use crate::domain::time::Period;
use crate::domain::time::Timestamp;
use crate::domain::time::Zone;

named! {
    /// By which periods a series is cut.
    Cut {
        Day = 0 "day",
        Week = 1 "week",
        Month = 2 "month",
    }
}

impl Cut {
    /// The periods themselves.
    pub const fn period(self) -> Period {
        match self {
            Self::Day => Period::Day,
            Self::Week => Period::Week,
            Self::Month => Period::Month,
        }
    }

    /// So many of them are looked at where it is not said: a month, a quarter, a year.
    pub const fn usual(self) -> i32 {
        match self {
            Self::Day => 30,
            Self::Week | Self::Month => 12,
        }
    }
}

/// Every zone's midnight falls on a quarter of an hour, so a day is made of whole ones.
const QUARTER: i64 = 15 * MINUTE;

/// What one stretch of time holds, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Orders that were placed and not canceled.
    pub orders: i64,
    /// Pieces on them.
    pub items: i64,
    /// What they cost.
    pub gross: i64,
    /// What went back: refunds, but for those of canceled orders, and credit notes of the time.
    pub refunded: i64,
}

/// What a whole day of the shop's holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DaySums {
    /// The orders that were placed in it, by the state in which they stand.
    pub states: [i64; OrderState::ALL.len()],
    /// As in [`Sums`].
    pub items: i64,
    /// As in [`Sums`].
    pub gross: i64,
    /// As in [`Sums`].
    pub refunded: i64,
}

/// A stretch of the shop's calendar with what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Its name, such as `2010-12`.
    pub period: String,
    /// What it holds.
    pub sums: Sums,
}

/// Adds up a time, a quarter of an hour at a time.
#[derive(Debug, Default)]
pub struct Tally {
    quarters: BTreeMap<i64, Sums>,
    states: [i64; OrderState::ALL.len()],
}

impl Tally {
    /// An order that was placed then.
    pub fn add_order(&mut self, placed_at: Timestamp, state: OrderState, items: i64, total: Money) {
        self.states[state as usize] += 1;
        if state == OrderState::Canceled {
            return;
        }
        let sums = self.quarter(placed_at);
        sums.orders += 1;
        sums.items += items;
        sums.gross = sums.gross.saturating_add(total.minor());
    }

    /// Money that went back then.
    pub fn add_refund(&mut self, at: Timestamp, amount: Money) {
        let sums = self.quarter(at);
        sums.refunded = sums.refunded.saturating_add(amount.minor());
    }

    /// A whole day that begins then.
    pub fn add_day(&mut self, from: Timestamp, day: &DaySums) {
        for (state, orders) in self.states.iter_mut().zip(day.states) {
            *state += orders;
        }
        let canceled = day.states[OrderState::Canceled as usize];
        let sums = Sums {
            orders: day.states.iter().sum::<i64>() - canceled,
            items: day.items,
            gross: day.gross,
            refunded: day.refunded,
        };
        if sums != Sums::default() {
            self.quarter(from).add(&sums);
        }
    }

    /// All of it as one day.
    pub fn day(&self) -> DaySums {
        let whole = self.whole();
        DaySums {
            states: self.states,
            items: whole.items,
            gross: whole.gross,
            refunded: whole.refunded,
        }
    }

    fn quarter(&mut self, at: Timestamp) -> &mut Sums {
        self.quarters.entry(at.ms().div_euclid(QUARTER)).or_default()
    }

    /// How many orders there are of each state.
    pub fn states(&self) -> impl Iterator<Item = (OrderState, i64)> {
        OrderState::ALL.iter().copied().zip(self.states)
    }

    /// The whole time.
    pub fn whole(&self) -> Sums {
        let mut whole = Sums::default();
        for sums in self.quarters.values() {
            whole.add(sums);
        }
        whole
    }

    /// The periods in which something happened, oldest first.
    pub fn series(&self, zone: &Zone, cut: Cut) -> Vec<Stretch> {
        let mut series: Vec<Stretch> = Vec::new();
        for (quarter, sums) in &self.quarters {
            let period = zone.period_of(Timestamp::from_ms(quarter * QUARTER), cut.period());
            match series.last_mut() {
                Some(last) if last.period == period => last.sums.add(sums),
                _ => series.push(Stretch { period, sums: *sums }),
            }
        }
        series
    }
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.orders += other.orders;
        self.items += other.items;
        self.gross = self.gross.saturating_add(other.gross);
        self.refunded = self.refunded.saturating_add(other.refunded);
    }

    /// What stays.
    pub const fn net(&self) -> i64 {
        self.gross.saturating_sub(self.refunded)
    }

    /// What an order costs on the average.
    pub fn average(&self) -> i64 {
        match self.orders {
            0 => 0,
            orders => i64::try_from(round_div(self.gross.into(), orders.into())).unwrap_or(i64::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D15: a day is the shop's, also where its clocks change.
    #[test]
    fn a_series_follows_the_shops_calendar() {
        let zone = Zone::parse("Europe/London").unwrap();
        let mut tally = Tally::default();
        for (at, state) in [
            ("2026-03-28T23:59:00Z", OrderState::Pending),
            ("2026-03-29T00:00:00Z", OrderState::Delivered),
            ("2026-03-29T22:59:00Z", OrderState::Delivered),
            ("2026-03-29T23:00:00Z", OrderState::Delivered),
            ("2026-03-29T23:00:00Z", OrderState::Canceled),
        ] {
            let at = Timestamp::parse(at).unwrap();
            tally.add_order(at, state, 2, Money::new(100).unwrap());
        }
        tally.add_refund(
            Timestamp::parse("2026-04-02T10:00:00Z").unwrap(),
            Money::new(50).unwrap(),
        );
        let series: Vec<(String, i64, i64)> = tally
            .series(&zone, Cut::Day)
            .into_iter()
            .map(|stretch| (stretch.period, stretch.sums.orders, stretch.sums.net()))
            .collect();
        let expected = [
            ("2026-03-28", 1, 100),
            ("2026-03-29", 2, 200),
            ("2026-03-30", 1, 100),
            ("2026-04-02", 0, -50),
        ];
        let expected: Vec<(String, i64, i64)> = expected
            .map(|(day, orders, net)| (day.to_owned(), orders, net))
            .into();
        assert_eq!(series, expected);
        assert_eq!((tally.whole().items, tally.whole().average()), (8, 100));
        assert_eq!(
            tally.states().map(|(_, orders)| orders).collect::<Vec<_>>(),
            [1, 0, 0, 3, 1, 0]
        );
    }
}
