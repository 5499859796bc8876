//! Lines of orders: how many there may be, of how many pieces each, and what one is.

use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::id::ProductId;
use crate::domain::id::VariantId;
use crate::domain::money::Money;
use crate::domain::percent::Percent;

/// Lines an order may have at placing.
pub const MOST_LINES: usize = 1000;
/// Pieces a line may have.
pub const MOST_PIECES: i64 = 100_000;
/// What is wrong with the lines in the list `list` of a request, which say in `field` how many pieces each is of: 1 to
/// [`MOST_LINES`] lines, each of `least` to [`MOST_PIECES`] pieces.
pub fn check_lines(
    (list, field): (&str, &str),
    least: i64,
    pieces: impl ExactSizeIterator<Item = i64>,
    faults: &mut Vec<Fault>,
) {
    if !(1..=MOST_LINES).contains(&pieces.len()) {
        faults.push(Bad::invalid(format!("has 1 to {MOST_LINES} lines")).at(list));
    }
    for (at, pieces) in pieces.enumerate() {
        if let Err(bad) = check_pieces(least, pieces) {
            faults.push(bad.at(format!("{list}[{at}].{field}")));
        }
    }
}

/// Refused where a line may not be of so many pieces.
pub fn check_pieces(least: i64, pieces: i64) -> Result<(), Bad> {
    match (least..=MOST_PIECES).contains(&pieces) {
        true => Ok(()),
        false => Err(Bad::invalid(format!("{least} to {MOST_PIECES} pieces a line."))),
    }
}

/// A line as it was sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `(order << 12) + position`.
    pub id: LineId,
    /// What was sold; none on a charge.
    pub variant: Option<VariantId>,
    /// Of which product; none on a charge.
    pub product: Option<ProductId>,
    /// How many.
    pub quantity: i64,
    /// What one cost.
    pub unit_price: Money,
    /// What one costs by the list, where that differs.
    pub list_price: Option<Money>,
    /// What is taken off the line.
    pub discount: Money,
    /// The tax in it or beside it.
    pub tax: Money,
    /// The rate of that tax.
    pub tax_rate: Percent,
    /// Whether the price had moved by more than a tenth since the buyer saw it.
    pub has_drifted: bool,
    /// quantity × unit price − discount.
    pub total: Money,
    /// The SKU it was sold under.
    pub sku: String,
    /// The name it was sold under.
    pub name: String,
}

impl LineId {
    /// The id of the line at a position of an order, counted from 1.
    pub fn at(order: OrderId, position: usize) -> Self {
        Self((order.0 << 12) + i64::try_from(position).unwrap_or(4095))
    }

    /// Where it stands on its order, from 1.
    pub fn position(self) -> usize {
        (self.0 & 4095) as usize
    }
}
