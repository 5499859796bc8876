//! The time that a report is about: whole periods of the shop's calendar, and as many before them to hold beside.

use crate::domain::fault::Bad;
use crate::domain::id::CustomerId;
use crate::domain::id::ProductId;
use crate::domain::id::VariantId;
use crate::domain::statistics::Cut;
use crate::domain::time::Day;
use crate::domain::time::Timestamp;
use crate::domain::time::Zone;

/// A report has so many periods at most.
pub const MOST_PERIODS: usize = 400;

/// Some whole periods, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// What the periods are.
    pub cut: Cut,
    /// The first day of the first.
    pub first: Day,
    /// How many there are.
    pub count: i32,
}

impl Span {
    /// The periods in which the days from `from` to `to` lie; the usual number of them up to `to` where `from` is not said.
    pub fn of(cut: Cut, from: Option<Day>, to: Day) -> Result<Self, Bad> {
        let period = cut.period();
        let last = to.first_of(period);
        let first = match from {
            Some(from) => from.first_of(period),
            None => last.later(1 - cut.usual(), period),
        };
        if first > last {
            return Err(Bad::input("is after `to`"));
        }
        let mut count = 1;
        while first.later(count, period) <= last {
            if count as usize >= MOST_PERIODS {
                return Err(Bad::input(format!(
                    "is more than {MOST_PERIODS} periods before `to`"
                )));
            }
            count += 1;
        }
        Ok(Self { cut, first, count })
    }

    /// As many just before.
    pub fn before(&self) -> Self {
        Self {
            first: self.first.later(-self.count, self.cut.period()),
            ..*self
        }
    }

    /// Where it begins, and where the next would.
    pub fn bounds(&self, zone: &Zone) -> (Timestamp, Timestamp) {
        let after = self.first.later(self.count, self.cut.period());
        (zone.day_bounds(self.first).0, zone.day_bounds(after).0)
    }

    /// The name of each of its periods.
    pub fn names(&self, zone: &Zone) -> impl Iterator<Item = String> {
        let period = self.cut.period();
        (0..self.count).map(move |at| {
            let day = self.first.later(at, period);
            zone.period_of(zone.day_bounds(day).0, period)
        })
    }
}

/// What was sold of one thing, or to one customer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sold {
    /// On so many orders.
    pub orders: i64,
    /// So many pieces.
    pub items: i64,
    /// For so much, in minor units.
    pub total: i64,
}

/// One thing that was sold: a variant as it was called then, or a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "as on the lines")]
pub struct SoldProduct {
    pub sku: String,
    pub name: String,
    pub product: Option<ProductId>,
    pub variant: Option<VariantId>,
    pub now: Sold,
    pub before: Sold,
}

/// A customer who has bought.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in the customer's row")]
pub struct Buyer {
    pub id: CustomerId,
    pub name: String,
    pub country: Option<String>,
    pub now: Sold,
    pub before: Sold,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    /// D15: a report is of whole periods, and holds as many beside them.
    #[test]
    fn a_span_is_of_whole_periods() {
        let zone = Zone::parse("Europe/London").unwrap();
        for (cut, from, to, first, names, before) in [
            (
                Cut::Day,
                "2026-03-28",
                "2026-03-30",
                "2026-03-28",
                3,
                "2026-03-25",
            ),
            (
                Cut::Week,
                "2026-01-01",
                "2026-01-05",
                "2025-12-29",
                2,
                "2025-12-15",
            ),
            (
                Cut::Month,
                "2026-01-31",
                "2026-03-01",
                "2026-01-01",
                3,
                "2025-10-01",
            ),
        ] {
            let span = Span::of(cut, Some(day(from)), day(to)).unwrap();
            assert_eq!(span.first, day(first));
            assert_eq!(span.names(&zone).count(), names);
            assert_eq!(span.before().first, day(before));
            assert_eq!(span.before().bounds(&zone).1, span.bounds(&zone).0);
        }
        assert!(Span::of(Cut::Day, Some(day("2026-01-02")), day("2026-01-01")).is_err());
        assert!(Span::of(Cut::Day, Some(day("2020-01-02")), day("2026-01-01")).is_err());
        assert_eq!(Span::of(Cut::Month, None, day("2026-03-05")).unwrap().count, 12);
    }
}
