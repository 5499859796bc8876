//! Prices of many products that change in the same way: by percent, or to a value.

use serde::Deserialize;
use serde::Serialize;

use crate::domain::fault::Bad;
use crate::domain::money::Money;

/// All of a price, in thousandths of a percent.
const WHOLE: i64 = 100_000;
/// A price may at most rise to eleven times itself.
const MOST: i64 = 10 * WHOLE;

/// How prices change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PriceChange {
    /// By so many thousandths of a percent.
    By(i64),
    /// To so many minor units.
    To(i64),
}

impl PriceChange {
    /// Reads percent as people type it: `10`, `+10 %`, `−12.5`.
    pub fn percent(text: &str) -> Result<Self, Bad> {
        let bad = || Bad::invalid("must be −100 to 1000 percent and not 0, such as −12.5");
        let text = text.trim().trim_end_matches('%').trim_end();
        let (sign, digits) = match text.strip_prefix(['-', '−']) {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_plain = |digits: &str, most: usize| {
            (1..=most).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !is_plain(whole, 4) || !is_plain(decimals, 3) {
            return Err(bad());
        }
        let padded = format!("{whole}{decimals:0<3}");
        let by = sign * padded.parse::<i64>().map_err(|_| bad())?;
        match by != 0 && (-WHOLE..=MOST).contains(&by) {
            true => Ok(Self::By(by)),
            false => Err(bad()),
        }
    }

    /// What a price becomes; what has none gets one only by a value. Nothing where that is more than a price can be.
    pub fn of(self, price: Option<Money>) -> Option<Option<Money>> {
        match (self, price) {
            (Self::To(minor), _) => Money::new(minor).map(Some),
            (Self::By(_), None) => Some(None),
            (Self::By(by), Some(price)) => price.fraction(WHOLE + by, WHOLE).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T9: percent are read as people type them, and half a penny goes up.
    #[test]
    fn prices_change_by_percent() {
        for (typed, from, to) in [
            ("10", 1000, 1100),
            ("+10 %", 1999, 2199),
            ("−12.5", 999, 874),
            ("-100", 999, 0),
            ("0.125%", 800, 801),
            ("1000", 1, 11),
            ("50", 1, 2),
        ] {
            let change = PriceChange::percent(typed).unwrap();
            let price = Money::new(from);
            assert_eq!(change.of(price), Some(Money::new(to)), "{typed}");
            assert_eq!(change.of(None), Some(None));
        }
        for bad in [
            "", "0", "-0", "ten", "1e1", "-100.001", "1000.001", "1,5", "--1", "+-1", ".5", "5.", "1.0000",
        ] {
            assert!(PriceChange::percent(bad).is_err(), "{bad}");
        }
        assert_eq!(PriceChange::By(1).of(Some(Money::MAX)), None);
        assert_eq!(PriceChange::To(5).of(None), Some(Money::new(5)));
    }
}
