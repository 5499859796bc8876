//! A part of a whole in percent, exact to a thousandth: commissions, discounts, taxes.

use std::fmt;

use crate::domain::fault::Bad;
use crate::domain::money::Money;
use crate::domain::schema::text_schema;

/// All of it, in thousandths of a percent.
const WHOLE: i64 = 100_000;

/// Thousandths of a percent, from nothing to all of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(i64);

impl Percent {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many thousandths of a percent, up to all of it.
    pub const fn new(thousandths: i64) -> Option<Self> {
        match thousandths {
            0..=WHOLE => Some(Self(thousandths)),
            _ => None,
        }
    }

    /// Reads percent as text, such as `30` or `12.5`.
    pub fn parse(text: &str) -> Result<Self, Bad> {
        Self::read(text.trim()).ok_or_else(|| Bad::invalid("must be 0 to 100 percent, such as \"12.5\""))
    }

    fn read(text: &str) -> Option<Self> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let is_plain = |digits: &str, most: usize| {
            (1..=most).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !is_plain(whole, 3) || !is_plain(decimals, 3) {
            return None;
        }
        let thousandths: i64 = format!("{decimals:0<3}").parse().ok()?;
        Self::new(whole.parse::<i64>().ok()? * 1000 + thousandths)
    }

    /// The number of thousandths.
    pub const fn thousandths(self) -> i64 {
        self.0
    }

    /// This part of an amount, rounded once.
    pub fn of(self, amount: Money) -> Money {
        amount.fraction(self.0, WHOLE).unwrap_or(Money::ZERO)
    }

    /// What is left of an amount without this part, rounded once.
    pub fn off(self, amount: Money) -> Money {
        amount.fraction(WHOLE - self.0, WHOLE).unwrap_or(Money::ZERO)
    }

    /// What an amount holds of this part where it was put on top: the tax in a gross price.
    pub fn within(self, gross: Money) -> Money {
        gross.fraction(self.0, WHOLE + self.0).unwrap_or(Money::ZERO)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:03}", self.0 / 1000, self.0 % 1000);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl serde::Serialize for Percent {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

text_schema!(Percent, pattern(r"^[0-9]{1,3}(\.[0-9]{1,3})?$"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_is_read_and_written_exactly() {
        for (text, thousandths, written) in [
            ("0", 0, "0"),
            ("7", 7_000, "7"),
            ("12.5", 12_500, "12.5"),
            ("8.875", 8_875, "8.875"),
            ("019.60", 19_600, "19.6"),
            ("100", 100_000, "100"),
        ] {
            let percent = Percent::parse(text).unwrap();
            assert_eq!(
                (percent.thousandths(), percent.to_string()),
                (thousandths, written.to_owned())
            );
        }
        for bad in [
            "", "-1", "+1", "100.001", "1.2345", ".5", "5.", "1e2", "five", "1,5",
        ] {
            assert!(Percent::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_part_is_rounded_once() {
        let money = |minor| Money::new(minor).unwrap();
        let percent = |text| Percent::parse(text).unwrap();
        assert_eq!(percent("12.5").of(money(100)), money(13));
        assert_eq!(percent("12.5").off(money(100)), money(88));
        assert_eq!(percent("20").within(money(120)), money(20));
        assert_eq!(percent("19").within(money(999)), money(160));
        assert_eq!(Percent::ZERO.within(money(999)), Money::ZERO);
    }
}
