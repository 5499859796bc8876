//! What somebody pays, and why. The one road from goods, coupon, way of sending and taxes to the totals of an order: a
//! cart, a checkout and an order are priced by the same function, and each of its figures tells what it is made of.

mod unit;

pub use unit::Ask;
pub use unit::Drift;
pub use unit::GroupDiscount;
pub use unit::HELD;

use crate::domain::coupon::Coupon;
use crate::domain::coupon::Unfit;
use crate::domain::coupon::Worth;
use crate::domain::id::GroupId;
use crate::domain::id::ProductId;
use crate::domain::id::TaxClass;
use crate::domain::money::Money;
use crate::domain::money::spread;
use crate::domain::percent::Percent;
use crate::domain::refusal::Refusal;
use crate::domain::shipping::Parcel;
use crate::domain::shipping::ShippingMethod;
use crate::domain::shipping::Tariff;
use crate::domain::tax;
use crate::domain::tax::Share;
use crate::domain::tax::TaxSum;
use crate::domain::tax::Taxes;
use crate::domain::time::Timestamp;

/// Some pieces of one thing.
#[derive(Debug, Clone)]
pub struct Piece {
    /// What they are of; none: a charge.
    pub product: Option<ProductId>,
    /// How they are taxed.
    pub class: TaxClass,
    /// What one weighs, in grams.
    pub weight_g: i64,
    /// How many.
    pub quantity: i64,
    /// What one costs by the list, now.
    pub list: Money,
    /// What else may have been said of its price.
    pub ask: Ask,
}

/// All that a price depends on.
#[derive(Debug, Clone)]
pub struct Basket<'a> {
    /// When.
    pub now: Timestamp,
    /// The goods.
    pub pieces: &'a [Piece],
    /// What the buyer's groups pay less; the best of them holds.
    pub groups: &'a [GroupDiscount],
    /// The groups the buyer is in, as far as the coupon asks.
    pub member_of: &'a [GroupId],
    /// The coupon, and how many orders of the buyer's have used it before.
    pub coupon: Option<(&'a Coupon, i64)>,
    /// How it is sent, if that is known.
    pub method: Option<&'a ShippingMethod>,
    /// The taxes of where it goes.
    pub taxes: &'a Taxes,
}

/// What a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// What one piece costs.
    UnitPrice,
    /// What is taken off.
    Discount,
    /// What sending costs.
    Shipping,
    /// The tax in it, or on top.
    Tax,
}

/// Where a part of a figure comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is the list's price.
    List,
    /// It was cheaper when the buyer saw it, and that is not long ago.
    Seen {
        /// When.
        at: Timestamp,
    },
    /// Staff have set it.
    Set,
    /// The buyer is in a group.
    Group(Percent),
    /// The coupon takes it off.
    Coupon,
    /// It is sent that way.
    Method,
    /// A tax, by its place among the sums.
    Tax(usize),
}

/// A part of a figure with its reason. The parts of a figure add up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// Of which figure.
    pub of: Figure,
    /// Why.
    pub why: Why,
    /// How much; below zero where it makes the figure smaller.
    pub amount: Money,
}

/// A line with its price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedLine {
    /// What one piece costs.
    pub unit: Money,
    /// All pieces, before the discount.
    pub amount: Money,
    /// Its share of the discount.
    pub discount: Money,
    /// The amount less the discount.
    pub total: Money,
    /// Its share of the tax, in the total or beside it.
    pub tax: Money,
    /// The rate of that tax.
    pub rate: Percent,
    /// That the price has moved much since the buyer saw it.
    pub drift: Option<Drift>,
    /// Where its figures come from.
    pub reasons: Vec<Reason>,
}

/// What it comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    /// In the order of the pieces.
    pub lines: Vec<PricedLine>,
    /// How many pieces.
    pub item_count: i64,
    /// The lines before the discount.
    pub subtotal: Money,
    /// What the coupon takes off them.
    pub discount: Money,
    /// What sending costs.
    pub shipping: Money,
    /// All taxes.
    pub tax: Money,
    /// What is paid.
    pub total: Money,
    /// The taxes, one a rate.
    pub taxes: Vec<TaxSum>,
    /// Why the coupon does not hold, if it does not.
    pub unfit: Option<Unfit>,
    /// Where the figures come from.
    pub reasons: Vec<Reason>,
}

/// Prices a basket. A coupon that does not hold takes nothing off, and the reply says why.
///
/// Refused with `BusinessRule` if the way of sending does not take these goods, or if it is more than can be counted.
pub fn price(basket: &Basket<'_>) -> Result<Priced, Refusal> {
    let mut lines = unit::lines(basket)?;
    let subtotal = Money::sum(lines.iter().map(|line| line.amount)).ok_or_else(too_much)?;
    let unfit = discount(basket, &mut lines)?;
    let discount = Money::sum(lines.iter().map(|line| line.discount)).ok_or_else(too_much)?;
    let goods = subtotal.checked_sub(discount).ok_or_else(too_much)?;
    let mut reasons = Vec::new();
    if discount > Money::ZERO {
        reasons.push(reason(Figure::Discount, Why::Coupon, discount));
    }
    let shipping = shipping(basket, goods, unfit, &mut reasons)?;
    let taxes = taxes(basket, &mut lines, shipping)?;
    for (at, sum) in taxes.iter().enumerate() {
        reasons.push(reason(Figure::Tax, Why::Tax(at), sum.tax));
    }
    let tax = Money::sum(taxes.iter().map(|sum| sum.tax)).ok_or_else(too_much)?;
    let on_top = if basket.taxes.included { Money::ZERO } else { tax };
    let total = Money::sum([goods, shipping, on_top]).ok_or_else(too_much)?;
    Ok(Priced {
        item_count: basket.pieces.iter().map(|piece| piece.quantity).sum(),
        lines,
        subtotal,
        discount,
        shipping,
        tax,
        total,
        taxes,
        unfit,
        reasons,
    })
}

fn too_much() -> Refusal {
    Refusal::Rule("The order's total is more than the shop can count.".into())
}

const fn reason(of: Figure, why: Why, amount: Money) -> Reason {
    Reason { of, why, amount }
}

/// Takes the coupon off the lines it is good for; or why it does not hold.
fn discount(basket: &Basket<'_>, lines: &mut [PricedLine]) -> Result<Option<Unfit>, Refusal> {
    let Some((coupon, used_before)) = basket.coupon else {
        return Ok(None);
    };
    let pieces = basket.pieces.iter().enumerate();
    let good: Vec<usize> = pieces
        .filter(|(_, piece)| coupon.covers(piece.product))
        .map(|(at, _)| at)
        .collect();
    let eligible = Money::sum(good.iter().map(|at| lines[*at].amount)).ok_or_else(too_much)?;
    let found = (!good.is_empty()).then_some(eligible);
    if let Some(unfit) = coupon.unfit(basket.now, found, used_before) {
        return Ok(Some(unfit));
    }
    if !coupon.is_for(basket.member_of) {
        return Ok(Some(Unfit::Stranger));
    }
    let weights: Vec<i64> = good.iter().map(|at| lines[*at].amount.minor()).collect();
    for (at, part) in good.into_iter().zip(spread(coupon.discount(eligible), &weights)) {
        if part > Money::ZERO {
            let line = &mut lines[at];
            line.discount = part;
            line.total = line.amount.checked_sub(part).ok_or_else(too_much)?;
            line.reasons.push(reason(Figure::Discount, Why::Coupon, part));
        }
    }
    Ok(None)
}

/// What sending the goods costs, if it is known how they are sent.
fn shipping(
    basket: &Basket<'_>,
    worth: Money,
    unfit: Option<Unfit>,
    reasons: &mut Vec<Reason>,
) -> Result<Money, Refusal> {
    let Some(method) = basket.method else {
        return Ok(Money::ZERO);
    };
    let weights = basket
        .pieces
        .iter()
        .map(|piece| piece.weight_g.saturating_mul(piece.quantity));
    let weight_g = weights.fold(0_i64, i64::saturating_add);
    let price = method.tariff.price(Parcel { weight_g, worth });
    let price = price.ok_or_else(|| {
        let words = match method.tariff {
            Tariff::ByWeight(_) => "This shipping method takes nothing so heavy.",
            Tariff::Flat(_) | Tariff::ByTotal(_) => "This shipping method is for larger orders.",
        };
        Refusal::Rule(words.into())
    })?;
    reasons.push(reason(Figure::Shipping, Why::Method, price));
    let is_free = basket
        .coupon
        .is_some_and(|(coupon, _)| coupon.worth == Worth::FreeShipping && unfit.is_none());
    match is_free {
        true => {
            reasons.push(reason(Figure::Shipping, Why::Coupon, -price));
            Ok(Money::ZERO)
        }
        false => Ok(price),
    }
}

/// Taxes the lines, less their discounts, and the shipping with them.
fn taxes(basket: &Basket<'_>, lines: &mut [PricedLine], shipping: Money) -> Result<Vec<TaxSum>, Refusal> {
    if basket.taxes.rates.is_empty() {
        return Ok(Vec::new());
    }
    let pieces = basket.pieces.iter().zip(lines.iter());
    let mut amounts: Vec<(TaxClass, Money)> = pieces.map(|(piece, line)| (piece.class, line.total)).collect();
    amounts.extend(basket.method.map(|method| (method.tax_class(), shipping)));
    let (shares, sums) = tax::levy(basket.taxes, &amounts).ok_or_else(too_much)?;
    for (line, share) in lines.iter_mut().zip(shares) {
        if let Share { sum: Some(sum), tax } = share {
            line.tax = tax;
            line.rate = sums[sum].percent;
            line.reasons.push(reason(Figure::Tax, Why::Tax(sum), tax));
        }
    }
    Ok(sums)
}

#[cfg(test)]
mod random_carts;
#[cfg(test)]
mod tests;
