//! What one piece costs: the list's price, or a lower one that the buyer has seen, and what their group pays less of it.

use crate::domain::money::Money;
use crate::domain::percent::Percent;
use crate::domain::pricing::Basket;
use crate::domain::pricing::Figure;
use crate::domain::pricing::Piece;
use crate::domain::pricing::PricedLine;
use crate::domain::pricing::Why;
use crate::domain::pricing::reason;
use crate::domain::pricing::too_much;
use crate::domain::refusal::Refusal;
use crate::domain::time::DAY;
use crate::domain::time::Timestamp;

/// A price that was seen holds so long, in milliseconds.
pub const HELD: i64 = DAY;
/// A price has moved much when it moved by more than one part in so many.
const MUCH: i64 = 10;

/// What was said of a price beside the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Nothing.
    List,
    /// The buyer was shown this price.
    Seen {
        /// How much.
        price: Money,
        /// When.
        at: Timestamp,
    },
    /// Staff have decided it, or it was frozen before: no group changes it.
    Set(Money),
}

/// A price that has moved much since it was seen (D13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drift {
    /// What the buyer was shown.
    pub seen: Money,
    /// What the list says now.
    pub current: Money,
}

/// What the members of a group pay less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupDiscount {
    /// The group.
    pub name: String,
    /// How much less.
    pub percent: Percent,
}

impl Drift {
    /// Whether a price has moved by more than a tenth, up or down.
    fn between(seen: Money, current: Money) -> Option<Self> {
        let moved = (current.minor() - seen.minor()).abs();
        (moved * MUCH > seen.minor()).then_some(Self { seen, current })
    }
}

/// The lines with the prices of their pieces, before any discount or tax.
pub(super) fn lines(basket: &Basket<'_>) -> Result<Vec<PricedLine>, Refusal> {
    let best = basket.groups.iter().map(|group| group.percent).max();
    let best = best.filter(|percent| *percent > Percent::ZERO);
    let line = |piece: &Piece| line(piece, best, basket.now);
    basket.pieces.iter().map(line).collect()
}

fn line(piece: &Piece, group: Option<Percent>, now: Timestamp) -> Result<PricedLine, Refusal> {
    let list = piece.list;
    let mut reasons = Vec::with_capacity(4);
    reasons.push(reason(Figure::UnitPrice, Why::List, list));
    let mut unit = list;
    let mut drift = None;
    let mut change = |unit: &mut Money, to: Money, why: Why| -> Result<(), Refusal> {
        if to != *unit {
            let by = to.checked_sub(*unit).ok_or_else(too_much)?;
            reasons.push(reason(Figure::UnitPrice, why, by));
            *unit = to;
        }
        Ok(())
    };
    match piece.ask {
        Ask::Seen { price, at } if now <= at.plus_ms(HELD) => {
            drift = Drift::between(price, list);
            change(&mut unit, price.min(list), Why::Seen { at })?;
        }
        Ask::Set(price) => change(&mut unit, price, Why::Set)?,
        Ask::List | Ask::Seen { .. } => {}
    }
    if let (Some(percent), Ask::List | Ask::Seen { .. }) = (group, piece.ask) {
        let less = percent.off(unit);
        change(&mut unit, less, Why::Group(percent))?;
    }
    let amount = unit.times(piece.quantity).ok_or_else(too_much)?;
    Ok(PricedLine {
        unit,
        amount,
        discount: Money::ZERO,
        total: amount,
        tax: Money::ZERO,
        rate: Percent::ZERO,
        drift,
        reasons,
    })
}
