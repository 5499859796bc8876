//! Money: whole minor units of one currency, never a float. Reading, writing and
//! arithmetic are exact; the one rounding function and the one way of spreading an
//! amount over lines stand here.

use crate::domain::fault::Bad;
use crate::domain::schema::text_schema;
use crate::domain::text::Short;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error as _;
use serde_json::value::RawValue;
use std::cmp::Reverse;
use std::fmt;
use std::ops::Neg;
use std::str::FromStr;

/// An amount in minor units of the currency at hand, between -10^12 and 10^12.
///
/// It does not mix with floats:
///
/// ```compile_fail,E0308
/// use till::domain::money::Money;
/// let half = Money::new(100.0 * 0.5);
/// ```
///
/// ```compile_fail,E0369
/// use till::domain::money::Money;
/// let half = Money::ZERO * 0.5;
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);
    /// The largest amount: 10^12 minor units. Ten thousand of them still sum within an i64.
    pub const MAX: Money = Money(1_000_000_000_000);
    /// The smallest amount.
    pub const MIN: Money = Money(-1_000_000_000_000);

    /// An amount of so many minor units, unless it is beyond the cap.
    pub const fn new(minor: i64) -> Option<Money> {
        if Money::MIN.0 <= minor && minor <= Money::MAX.0 {
            Some(Money(minor))
        } else {
            None
        }
    }

    /// The number of minor units.
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// The sum of two amounts, unless it is beyond the cap.
    pub const fn checked_add(self, other: Money) -> Option<Money> {
        Money::new(self.0 + other.0)
    }

    /// The difference of two amounts, unless it is beyond the cap.
    pub const fn checked_sub(self, other: Money) -> Option<Money> {
        Money::new(self.0 - other.0)
    }

    /// So many times the amount, unless that is beyond the cap.
    pub const fn times(self, quantity: i64) -> Option<Money> {
        match self.0.checked_mul(quantity) {
            Some(minor) => Money::new(minor),
            None => None,
        }
    }

    /// The sum of all, unless it is beyond the cap on the way.
    pub fn sum(all: impl IntoIterator<Item = Money>) -> Option<Money> {
        all.into_iter().try_fold(Money::ZERO, Money::checked_add)
    }

    /// `numerator / denominator` of the amount, rounded by [`round_div`].
    ///
    /// `None` for a denominator of 0 and beyond the cap.
    pub fn fraction(self, numerator: i64, denominator: i64) -> Option<Money> {
        if denominator == 0 {
            return None;
        }
        let product = i128::from(self.0) * i128::from(numerator);
        let minor = round_div(product, i128::from(denominator));
        i64::try_from(minor).ok().and_then(Money::new)
    }

    /// The amount itself, unless it is below zero.
    pub fn non_negative(self) -> Result<Money, Bad> {
        if self.0 < 0 {
            return Err(Bad::invalid("must not be negative"));
        }
        Ok(self)
    }

    /// The amount itself, unless it is nothing or less.
    pub fn positive(self) -> Result<Money, Bad> {
        if self.0 <= 0 {
            return Err(Bad::invalid("must be more than 0"));
        }
        Ok(self)
    }

    /// The amount with its currency, as it is written out.
    pub const fn write(self, currency: Currency) -> Amount {
        Amount {
            money: self,
            currency,
        }
    }
}

impl Neg for Money {
    type Output = Money;

    fn neg(self) -> Money {
        Money(-self.0)
    }
}

/// Divides and rounds half away from zero, alike on both sides of zero.
///
/// A denominator of 0 gives 0: nothing is shared among nobody.
pub const fn round_div(numerator: i128, denominator: i128) -> i128 {
    if denominator == 0 {
        return 0;
    }
    let quotient = numerator.saturating_div(denominator);
    let rest = numerator.wrapping_rem(denominator).unsigned_abs();
    if rest < denominator.unsigned_abs() - rest {
        return quotient;
    }
    if (numerator < 0) == (denominator < 0) {
        quotient.saturating_add(1)
    } else {
        quotient.saturating_sub(1)
    }
}

/// Spreads an amount over lines by their weights, by largest remainder.
///
/// The parts sum to exactly `total`; what is left over goes to the largest remainders,
/// among equals to the earlier line. While `total` is at most the sum of the weights,
/// no part is larger than its weight. A weight below zero counts as zero, and lines
/// without any weight share alike. No lines give no parts.
pub fn spread(total: Money, weights: &[i64]) -> Vec<Money> {
    let weight_of = |weight: i64| i128::from(weight.max(0));
    let weighed: i128 = weights.iter().map(|&weight| weight_of(weight)).sum();
    let alike = weighed == 0;
    let whole = if alike { weights.len() as i128 } else { weighed };

    let size = i128::from(total.0.abs());
    let mut parts = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    let mut left = size;
    for (line, &weight) in weights.iter().enumerate() {
        let share = size * if alike { 1 } else { weight_of(weight) };
        left -= share / whole;
        // At most `size`, which came from an i64.
        parts.push((share / whole) as i64);
        remainders.push((Reverse(share % whole), line));
    }
    remainders.sort_unstable();
    // Fewer are left than lines, as every remainder is less than one.
    for &(_, line) in remainders.iter().take(left as usize) {
        parts[line] += 1;
    }
    let sign = total.0.signum();
    parts.into_iter().map(|part| Money(sign * part)).collect()
}

/// A currency of ISO 4217 that has minor units; EUR unless said.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

impl Currency {
    /// The euro.
    pub const EUR: Currency = Currency {
        code: *b"EUR",
        exponent: 2,
    };

    /// Reads a code of three letters, in either case.
    pub fn parse(text: &str) -> Result<Currency, Bad> {
        let unknown = || Bad::invalid("is not a currency code of ISO 4217, such as EUR");
        let text = text.trim().to_ascii_uppercase();
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| unknown())?;
        // Metals and the like have no exponent, and nothing is sold in them.
        let exponent = iso_currency::Currency::from_code(&text)
            .and_then(iso_currency::Currency::exponent)
            .and_then(|exponent| u8::try_from(exponent).ok())
            .filter(|&exponent| usize::from(exponent) <= MAX_EXPONENT)
            .ok_or_else(unknown)?;
        Ok(Currency { code, exponent })
    }

    /// How many decimals an amount has: 0, 2, 3 or 4.
    pub const fn exponent(self) -> u8 {
        self.exponent
    }

    /// The code in capitals.
    pub fn as_str(&self) -> &str {
        // Always ASCII: only `parse` makes one.
        std::str::from_utf8(&self.code).unwrap_or_default()
    }
}

/// The largest exponent of ISO 4217.
const MAX_EXPONENT: usize = 4;

impl Default for Currency {
    fn default() -> Currency {
        Currency::EUR
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Currency {
    type Err = Bad;

    fn from_str(text: &str) -> Result<Currency, Bad> {
        Currency::parse(text)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

text_schema!(Currency, pattern("^[A-Z]{3}$"));

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Currency, D::Error> {
        let text = String::deserialize(deserializer)?;
        Currency::parse(&text).map_err(D::Error::custom)
    }
}

/// What every amount looks like, written or typed.
const AMOUNT: &str = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$";

/// An amount with its currency: `"1599.98"`, with exactly the currency's decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Amount {
    /// How much.
    pub money: Money,
    /// Of what.
    pub currency: Currency,
}

impl Amount {
    /// A sum to be shown: of many amounts, it may be more than any one can be.
    pub const fn of_sum(minor: i64, currency: Currency) -> Amount {
        Money(minor).write(currency)
    }

    /// Writes into a buffer on the stack: lists write thousands of these.
    fn short(self) -> Short<24> {
        let mut text = Short::new();
        let mut rest = self.money.0.unsigned_abs();
        for _ in 0..self.currency.exponent {
            text.put_front(b'0' + (rest % 10) as u8);
            rest /= 10;
        }
        if self.currency.exponent > 0 {
            text.put_front(b'.');
        }
        text.put_front(b'0' + (rest % 10) as u8);
        while rest >= 10 {
            rest /= 10;
            text.put_front(b'0' + (rest % 10) as u8);
        }
        if self.money.0 < 0 {
            text.put_front(b'-');
        }
        text
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.short().as_str())
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.short().as_str())
    }
}

text_schema!(Amount, pattern(AMOUNT));

/// Reads an amount such as `12`, `12.5` or `-12.50` exactly from its digits.
///
/// More decimals than the currency has are refused even when they are zeros, as are an
/// exponent, a plus sign, blanks, leading zeros and what is beyond the cap.
pub fn parse_money(text: &str, currency: Currency) -> Result<Money, Bad> {
    let Some((negative, whole, decimals)) = parts(text) else {
        return Err(Bad::format("is not an amount such as 12 or \"-12.50\""));
    };
    let exponent = usize::from(currency.exponent);
    if decimals.len() > exponent {
        return Err(Bad::format(format!(
            "has more decimals than {currency} knows ({exponent})"
        )));
    }
    let zeros = exponent - decimals.len();
    let digits = whole.bytes().chain(decimals.bytes());
    digits
        .chain(std::iter::repeat_n(b'0', zeros))
        .try_fold(0_i64, |minor, digit| {
            minor.checked_mul(10)?.checked_add(i64::from(digit - b'0'))
        })
        .and_then(|minor| Money::new(if negative { -minor } else { minor }))
        .ok_or_else(|| Bad::format("is too large an amount"))
}

/// Splits `-?(0|[1-9][0-9]*)(\.[0-9]+)?` into its sign, whole digits and decimals.
fn parts(text: &str) -> Option<(bool, &str, &str)> {
    let (negative, plain) = match text.strip_prefix('-') {
        Some(plain) => (true, plain),
        None => (false, text),
    };
    let (whole, decimals) = match plain.split_once('.') {
        Some((_, "")) => return None,
        Some(halves) => halves,
        None => (plain, ""),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || leading_zero || !digits(whole) || !digits(decimals) {
        return None;
    }
    Some((negative, whole, decimals))
}

/// An amount as a client typed it, a JSON number or string, not yet in a currency's units.
///
/// Its digits never pass through a float. It compares and serializes by what it says:
/// `12.5` and `"12.50"` are one. What is no amount at all is kept and refused with 2004
/// by [`RawAmount::to_money`]; only other JSON types fail to deserialize.
///
/// It reads serde_json's raw text, so it works inside derived structs, `Option` and
/// `Vec`, but not below `#[serde(flatten)]` or in an untagged enum.
#[derive(Debug, Clone)]
pub struct RawAmount(Box<str>);

impl RawAmount {
    /// An amount from a form field or a CSV cell.
    pub fn new(text: &str) -> RawAmount {
        RawAmount(text.into())
    }

    /// The amount as it was typed.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The amount in minor units.
    pub fn to_money(&self, currency: Currency) -> Result<Money, Bad> {
        parse_money(&self.0, currency)
    }

    /// The amount without trailing zeros; as it was typed where it is none.
    fn canonical(&self) -> &str {
        let Some((_, _, decimals)) = parts(&self.0) else {
            return &self.0;
        };
        let short = if decimals.is_empty() {
            &self.0
        } else {
            self.0.trim_end_matches('0').trim_end_matches('.')
        };
        if short == "-0" { "0" } else { short }
    }

    fn from_json(raw: Box<RawValue>) -> Result<RawAmount, &'static str> {
        const SHAPE: &str = "an amount must be a JSON number or string, such as \"12.50\"";
        match raw.get().as_bytes().first() {
            Some(b'-' | b'0'..=b'9') => Ok(RawAmount(raw.into())),
            Some(b'"') => match serde_json::from_str(raw.get()) {
                Ok(text) => Ok(RawAmount(text)),
                Err(_) => Err(SHAPE),
            },
            _ => Err(SHAPE),
        }
    }
}

impl PartialEq for RawAmount {
    fn eq(&self, other: &RawAmount) -> bool {
        self.canonical() == other.canonical()
    }
}

impl Eq for RawAmount {}

impl Serialize for RawAmount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.canonical())
    }
}

text_schema!(RawAmount or Number, pattern(AMOUNT));

impl<'de> Deserialize<'de> for RawAmount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawAmount, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        RawAmount::from_json(raw).map_err(D::Error::custom)
    }
}

#[cfg(test)]
#[path = "money_tests.rs"]
mod tests;
