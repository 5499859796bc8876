//! Where a provider counts a currency in other units than ISO 4217 (MON-02).

use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::money::round_div;

/// Currencies that Stripe counts whole.
const STRIPE_WHOLE: [&str; 15] = [
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
];
/// Those that it counts in thousandths, to the nearest ten of them.
const STRIPE_THOUSANDTHS: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];

/// How many decimals Stripe's amounts have.
fn stripe_exponent(currency: Currency) -> u32 {
    match currency.as_str() {
        code if STRIPE_WHOLE.contains(&code) => 0,
        code if STRIPE_THOUSANDTHS.contains(&code) => 3,
        _ => 2,
    }
}

/// An amount as Stripe writes it.
pub(super) fn stripe(amount: Money, currency: Currency) -> i64 {
    let (ours, theirs) = (u32::from(currency.exponent()), stripe_exponent(currency));
    let minor = i128::from(amount.minor());
    let scaled = match theirs >= ours {
        true => minor * 10_i128.pow(theirs - ours),
        false => round_div(minor, 10_i128.pow(ours - theirs)),
    };
    let whole = match theirs {
        3 => round_div(scaled, 10) * 10,
        _ => scaled,
    };
    i64::try_from(whole).unwrap_or(i64::MAX)
}

/// An amount that Stripe has written; none where it is beyond what we count.
pub(super) fn from_stripe(written: i64, currency: Currency) -> Option<Money> {
    let (ours, theirs) = (u32::from(currency.exponent()), stripe_exponent(currency));
    let written = i128::from(written);
    let minor = match theirs >= ours {
        true => round_div(written, 10_i128.pow(theirs - ours)),
        false => written * 10_i128.pow(ours - theirs),
    };
    i64::try_from(minor).ok().and_then(Money::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// MON-02
    #[test]
    fn stripe_counts_some_currencies_otherwise() {
        for (code, ours, theirs) in [
            ("EUR", 1_234, 1_234),
            ("JPY", 1_234, 1_234),
            ("ISK", 1_234, 123_400),
            ("UGX", 1_234, 123_400),
            ("KWD", 1_230, 1_230),
            ("KWD", 1_234, 1_230),
            ("MGA", 1_200, 12),
        ] {
            let currency = Currency::parse(code).unwrap();
            let money = Money::new(ours).unwrap();
            assert_eq!(stripe(money, currency), theirs, "{code}");
            let back = from_stripe(theirs, currency).unwrap();
            assert_eq!(stripe(back, currency), theirs, "{code}");
        }
    }
}
