//! Coupons: what one is worth, to whom and when, and why it does not hold.

use std::borrow::Cow;

use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::CouponId;
use crate::domain::id::GroupId;
use crate::domain::id::ProductId;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::named::named;
use crate::domain::percent::Percent;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;

/// The longest code.
const LONGEST_CODE: usize = 64;
/// Uses that a limit may allow.
const MOST_USES: i64 = 1_000_000_000;

named! {
    /// What a coupon takes off.
    CouponKind {
        Percentage = 0 "percentage",
        Fixed = 1 "fixed",
        FreeShipping = 2 "free_shipping",
    }
}

/// What a coupon is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// A part of what it is good for, rounded once.
    Percentage(Percent),
    /// So much, and never more than what it is good for costs.
    Fixed(Money),
    /// What sending costs.
    FreeShipping,
}

/// A code that makes an order cheaper. Most of its limits may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct Coupon {
    pub id: CouponId,
    pub code: String,
    pub worth: Worth,
    /// How many orders may use it, all together.
    pub limit: Option<i64>,
    /// How many orders of one customer.
    pub per_customer: Option<i64>,
    /// What it is good for must cost so much before it.
    pub min_subtotal: Option<Money>,
    pub starts_at: Option<Timestamp>,
    /// It is over from this moment on.
    pub ends_at: Option<Timestamp>,
    /// What it is good for; none: everything.
    pub products: Vec<ProductId>,
    /// Whom it is for; none: everybody.
    pub groups: Vec<GroupId>,
    pub is_enabled: bool,
    /// How many orders use it.
    pub used: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
}

/// Why a coupon does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// There is none of that code, or it is switched off: which, is not told.
    Unknown,
    /// Its time has not come.
    Early,
    /// Its time is over.
    Over,
    /// Nothing that is bought is of what it is good for.
    Elsewhere,
    /// What it is good for costs less than it asks for.
    Below,
    /// It was used as often as it may be.
    UsedUp,
    /// The customer has used it as often as one may.
    UsedByYou,
    /// The customer is in none of the groups that it is for.
    Stranger,
}

impl CouponKind {
    /// The kind of what a coupon is worth.
    pub const fn of(worth: Worth) -> Self {
        match worth {
            Worth::Percentage(_) => Self::Percentage,
            Worth::Fixed(_) => Self::Fixed,
            Worth::FreeShipping => Self::FreeShipping,
        }
    }
}

impl Coupon {
    /// One that is still to be filled in: good for everything and everybody.
    pub const fn blank(now: Timestamp) -> Self {
        Self {
            id: CouponId(0),
            code: String::new(),
            worth: Worth::FreeShipping,
            limit: None,
            per_customer: None,
            min_subtotal: None,
            starts_at: None,
            ends_at: None,
            products: Vec::new(),
            groups: Vec::new(),
            is_enabled: true,
            used: 0,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// Whether it is good for a product.
    pub fn covers(&self, product: Option<ProductId>) -> bool {
        self.products.is_empty() || product.is_some_and(|product| self.products.contains(&product))
    }

    /// Whether it is for somebody in these groups.
    pub fn is_for(&self, groups: &[GroupId]) -> bool {
        self.groups.is_empty() || groups.iter().any(|group| self.groups.contains(group))
    }

    /// Why it does not hold at a moment, on what it is good for at that cost, for who has used it so often.
    pub fn unfit(&self, now: Timestamp, eligible: Option<Money>, used_before: i64) -> Option<Unfit> {
        let reached = |limit: Option<i64>, used: i64| limit.is_some_and(|limit| used >= limit);
        let least = self.min_subtotal.unwrap_or(Money::ZERO);
        if !self.is_enabled {
            Some(Unfit::Unknown)
        } else if self.starts_at.is_some_and(|start| now < start) {
            Some(Unfit::Early)
        } else if self.ends_at.is_some_and(|end| now >= end) {
            Some(Unfit::Over)
        } else if reached(self.limit, self.used) {
            Some(Unfit::UsedUp)
        } else if reached(self.per_customer, used_before) {
            Some(Unfit::UsedByYou)
        } else {
            match eligible {
                None => Some(Unfit::Elsewhere),
                Some(eligible) if eligible < least => Some(Unfit::Below),
                Some(_) => None,
            }
        }
    }

    /// What it takes off goods of that cost.
    pub fn discount(&self, eligible: Money) -> Money {
        match self.worth {
            Worth::Percentage(percent) => percent.of(eligible),
            Worth::Fixed(amount) => amount.min(eligible),
            Worth::FreeShipping => Money::ZERO,
        }
    }
}

/// What is asked for of a coupon; what is not said stays.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the columns")]
pub struct CouponFields {
    pub code: Option<String>,
    pub kind: Option<CouponKind>,
    /// Percent or an amount, by the kind.
    pub value: Option<RawAmount>,
    pub limit: Option<Option<i64>>,
    pub per_customer: Option<Option<i64>>,
    pub min_subtotal: Option<Option<RawAmount>>,
    pub starts_at: Option<Option<Timestamp>>,
    pub ends_at: Option<Option<Timestamp>>,
    pub products: Option<Vec<ProductId>>,
    pub groups: Option<Vec<GroupId>>,
    pub is_enabled: Option<bool>,
}

impl CouponFields {
    /// Refused with every fault in the fields themselves, whatever they go onto.
    pub fn check(&self, currency: Currency) -> Result<(), Vec<Fault>> {
        let blank = Coupon::blank(Timestamp::MIN);
        self.clone().onto(blank, currency).map(drop)
    }

    /// The coupon with these fields, or every fault in it.
    pub fn onto(self, mut coupon: Coupon, currency: Currency) -> Result<Coupon, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut keep = |field: &str, bad: Bad| faults.push(bad.at(field));
        if let Some(code) = self.code {
            match code_of(&code) {
                Ok(code) => coupon.code = code,
                Err(bad) => keep("code", bad),
            }
        }
        match worth(self.kind, self.value.as_ref(), coupon.worth, currency) {
            Ok(worth) => coupon.worth = worth,
            Err(bad) => keep("value", bad),
        }
        for (field, asked, limit) in [
            ("limit", self.limit, &mut coupon.limit),
            ("per_customer", self.per_customer, &mut coupon.per_customer),
        ] {
            match asked {
                Some(Some(uses)) if !(1..=MOST_USES).contains(&uses) => {
                    keep(field, Bad::invalid("must be 1 to 1000000000"));
                }
                Some(asked) => *limit = asked,
                None => {}
            }
        }
        match self.min_subtotal.map(|asked| least(asked.as_ref(), currency)) {
            Some(Ok(least)) => coupon.min_subtotal = least,
            Some(Err(bad)) => keep("min_subtotal", bad),
            None => {}
        }
        coupon.starts_at = self.starts_at.unwrap_or(coupon.starts_at);
        coupon.ends_at = self.ends_at.unwrap_or(coupon.ends_at);
        if let (Some(start), Some(end)) = (coupon.starts_at, coupon.ends_at)
            && end <= start
        {
            keep("ends_at", Bad::invalid("must be after starts_at"));
        }
        coupon.products = self.products.unwrap_or(coupon.products);
        coupon.groups = self.groups.unwrap_or(coupon.groups);
        coupon.is_enabled = self.is_enabled.unwrap_or(coupon.is_enabled);
        if faults.is_empty() {
            Ok(coupon)
        } else {
            Err(faults)
        }
    }
}

/// A code as it is kept: in capitals, since people type it as they like.
pub fn code_of(text: &str) -> Result<String, Bad> {
    let code = text.trim().to_ascii_uppercase();
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    match (1..=LONGEST_CODE).contains(&code.len()) && code.bytes().all(is_good) {
        true => Ok(code),
        false => Err(Bad::invalid("must be 1 to 64 letters, digits, - _ or .")),
    }
}

/// What a coupon is worth, with what it was worth before.
fn worth(
    kind: Option<CouponKind>,
    value: Option<&RawAmount>,
    before: Worth,
    currency: Currency,
) -> Result<Worth, Bad> {
    let kind = kind.unwrap_or(CouponKind::of(before));
    let is_same = kind == CouponKind::of(before);
    match (kind, value) {
        (CouponKind::FreeShipping, _) => Ok(Worth::FreeShipping),
        (_, None) if is_same => Ok(before),
        (_, None) => Err(Bad::missing()),
        (CouponKind::Percentage, Some(value)) => Percent::parse(value.text()).map(Worth::Percentage),
        (CouponKind::Fixed, Some(value)) => value
            .to_money(currency)
            .and_then(Money::positive)
            .map(Worth::Fixed),
    }
}

fn least(asked: Option<&RawAmount>, currency: Currency) -> Result<Option<Money>, Bad> {
    asked
        .map(|asked| asked.to_money(currency).and_then(Money::non_negative))
        .transpose()
}

impl Unfit {
    /// In words.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Unknown => "There is no such coupon.",
            Self::Early => "This coupon does not hold yet.",
            Self::Over => "This coupon is over.",
            Self::Elsewhere => "This coupon is not for any of these goods.",
            Self::Below => "This coupon asks for more goods than these.",
            Self::UsedUp => "This coupon is used up.",
            Self::UsedByYou => "You have used this coupon as often as one may.",
            Self::Stranger => "This coupon is for other customers.",
        }
    }

    /// Its name in the JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Early => "not_yet",
            Self::Over => "over",
            Self::Elsewhere => "other_products",
            Self::Below => "below_minimum",
            Self::UsedUp => "used_up",
            Self::UsedByYou => "used_by_customer",
            Self::Stranger => "other_customers",
        }
    }
}

impl From<Unfit> for Refusal {
    fn from(unfit: Unfit) -> Self {
        let words = Cow::Borrowed(unfit.sentence());
        match unfit {
            Unfit::UsedUp | Unfit::UsedByYou => Self::NotAllowed(words),
            _ => Self::Rule(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coupon() -> Coupon {
        let at = Timestamp::from_ms;
        Coupon {
            id: CouponId(1),
            code: "SPRING".into(),
            worth: Worth::Fixed(Money::new(500).unwrap()),
            limit: Some(10),
            per_customer: Some(2),
            min_subtotal: Money::new(1000),
            starts_at: Some(at(100)),
            ends_at: Some(at(200)),
            products: vec![ProductId(7)],
            groups: Vec::new(),
            is_enabled: true,
            used: 9,
            created_at: at(0),
            updated_at: at(0),
            version: 1,
        }
    }

    #[test]
    fn a_coupon_holds_within_each_of_its_limits() {
        let now = Timestamp::from_ms(150);
        let plenty = Money::new(1000);
        let unfit = |coupon: Coupon| coupon.unfit(now, plenty, 1);
        assert_eq!(unfit(coupon()), None);
        assert_eq!(
            coupon().unfit(Timestamp::from_ms(99), plenty, 0),
            Some(Unfit::Early)
        );
        assert_eq!(coupon().unfit(Timestamp::from_ms(100), plenty, 0), None);
        assert_eq!(
            coupon().unfit(Timestamp::from_ms(200), plenty, 0),
            Some(Unfit::Over)
        );
        assert_eq!(coupon().unfit(now, plenty, 2), Some(Unfit::UsedByYou));
        assert_eq!(coupon().unfit(now, Money::new(999), 0), Some(Unfit::Below));
        assert_eq!(coupon().unfit(now, None, 0), Some(Unfit::Elsewhere));
        assert_eq!(unfit(Coupon { used: 10, ..coupon() }), Some(Unfit::UsedUp));
        let off = Coupon {
            is_enabled: false,
            ..coupon()
        };
        assert_eq!(unfit(off), Some(Unfit::Unknown));
    }

    #[test]
    fn a_coupon_takes_off_no_more_than_there_is() {
        let money = |minor| Money::new(minor).unwrap();
        assert_eq!(coupon().discount(money(499)), money(499));
        assert_eq!(coupon().discount(money(900)), money(500));
        assert!(coupon().covers(Some(ProductId(7))));
        assert!(!coupon().covers(Some(ProductId(8))) && !coupon().covers(None));
        assert!(
            Coupon {
                products: Vec::new(),
                ..coupon()
            }
            .covers(None)
        );
    }
}
