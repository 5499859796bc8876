//! What an order of Shopify's comes to: discounts and taxes spread over its lines, so that they add up.

use crate::domain::import::shopify::order::Head;
use crate::domain::import::shopify::order::Line;
use crate::domain::money;
use crate::domain::money::Money;

/// What is taken off beside the discounts of the lines is spread over them; tells how much that is.
pub(super) fn discounted(head: &Head, lines: &mut [Line]) -> Result<Money, String> {
    let too_much = "its lines come to more than the shop can count";
    let worth = lines.iter().map(Line::worth).collect::<Option<Vec<Money>>>();
    let worth = worth.ok_or("a line comes to less than nothing, or to more than the shop can count")?;
    let goods = Money::sum(worth.iter().copied()).ok_or(too_much)?;
    let told = Money::sum(lines.iter().map(|line| line.discount)).ok_or(too_much)?;
    let beside = match (head.subtotal, head.discount) {
        (Some(subtotal), _) => goods.checked_sub(subtotal),
        (None, Some(discount)) => discount
            .checked_sub(told)
            .map(|rest| rest.clamp(Money::ZERO, goods)),
        (None, None) => Some(Money::ZERO),
    };
    let beside = beside.filter(|rest| *rest >= Money::ZERO);
    let beside = beside.ok_or("Subtotal is more than its lines come to")?;
    let weights: Vec<i64> = worth.iter().map(|worth| worth.minor()).collect();
    for (line, part) in lines.iter_mut().zip(money::spread(beside, &weights)) {
        line.discount = line.discount.checked_add(part).ok_or(too_much)?;
    }
    told.checked_add(beside).ok_or_else(|| too_much.into())
}

/// What the order comes to, and whether its taxes are within: as Total says, and if need be by taking off the shipping what
/// the lines do not bear of the discount.
pub(super) fn total(
    head: &mut Head,
    lines: &[Line],
    discount: Money,
    tax_included: bool,
) -> Result<(Money, bool), String> {
    let goods = Money::sum(lines.iter().filter_map(Line::worth)).unwrap_or_default();
    let rest = head
        .discount
        .and_then(|all| all.checked_sub(discount))
        .unwrap_or_default();
    let cheaper = head
        .shipping
        .checked_sub(rest)
        .filter(|left| *left >= Money::ZERO && rest > Money::ZERO);
    for shipping in [Some(head.shipping), cheaper].into_iter().flatten() {
        for included in [tax_included, !tax_included] {
            let beside = if included { Money::ZERO } else { head.tax };
            let sum =
                Money::sum([goods, shipping, beside]).ok_or("it comes to more than the shop can count")?;
            if head.total.is_none_or(|total| total == sum) {
                head.shipping = shipping;
                return Ok((sum, included));
            }
        }
    }
    Err("Total is not what its lines, Shipping and Taxes come to".into())
}

/// Spreads the tax over what is taxed: the lines, and the shipping, which has no line.
pub(super) fn tax(head: &Head, lines: &mut [Line]) {
    let weight = |line: &Line| line.worth().map_or(0, Money::minor);
    let mut weights: Vec<i64> = lines
        .iter()
        .map(|line| if line.is_taxed { weight(line) } else { 0 })
        .collect();
    if head.shipping > Money::ZERO {
        weights.push(head.shipping.minor());
    }
    if weights.iter().all(|weight| *weight == 0) {
        weights = lines.iter().map(weight).collect();
    }
    for (line, part) in lines.iter_mut().zip(money::spread(head.tax, &weights)) {
        line.tax = part;
    }
}
