//! How a price explains itself as JSON: each part of each figure, and where it comes from.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::id::LineId;
use crate::domain::money::Amount;
use crate::domain::money::Currency;
use crate::domain::pricing::Figure;
use crate::domain::pricing::Priced;
use crate::domain::pricing::Reason;
use crate::domain::pricing::Why;
use crate::domain::settings::Terms;
use crate::domain::tax::TaxSum;
use crate::domain::time::Timestamp;

/// A part of a figure, and where it comes from.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PriceReason)]
pub(in crate::shop) struct ReasonView {
    #[schema(pattern = "^(unit_price|discount|shipping|tax)$")]
    figure: &'static str,
    #[schema(pattern = "^(list|seen|set|group|coupon|method|tax)$")]
    reason: &'static str,
    /// Below zero where it makes the figure smaller.
    amount: Amount,
    /// Of a group or a tax.
    percent: Option<String>,
    /// Of a tax.
    name: Option<String>,
    /// Of a price that was seen.
    at: Option<Timestamp>,
}

/// What all of it comes to, and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PriceFigures)]
pub(in crate::shop) struct FiguresView {
    item_count: i64,
    subtotal: Amount,
    discount: Amount,
    shipping: Amount,
    tax: Amount,
    /// Whether the prices contain the tax.
    tax_included: bool,
    total: Amount,
    /// Where the figures come from: the parts of each add up to it.
    reasons: Vec<ReasonView>,
}

impl FiguresView {
    pub(in crate::shop) fn new(priced: &Priced, terms: &Terms) -> Self {
        let currency = terms.currency;
        Self {
            item_count: priced.item_count,
            subtotal: priced.subtotal.write(currency),
            discount: priced.discount.write(currency),
            shipping: priced.shipping.write(currency),
            tax: priced.tax.write(currency),
            tax_included: terms.tax_included,
            total: priced.total.write(currency),
            reasons: view(&priced.reasons, &priced.taxes, currency),
        }
    }
}

/// Where the figures of an order come from, told by the reply that has priced it: it is not kept with the order.
#[derive(Debug, Clone)]
pub struct Explained {
    /// Of each line.
    pub(in crate::shop) lines: BTreeMap<LineId, Vec<ReasonView>>,
    /// Of the whole.
    pub(in crate::shop) whole: Vec<ReasonView>,
}

impl Explained {
    /// Of lines in the order in which they were priced.
    pub(in crate::shop) fn new(
        lines: impl Iterator<Item = LineId>,
        priced: &Priced,
        currency: Currency,
    ) -> Self {
        let of = |reasons: &[Reason]| view(reasons, &priced.taxes, currency);
        Self {
            lines: lines
                .zip(&priced.lines)
                .map(|(id, line)| (id, of(&line.reasons)))
                .collect(),
            whole: of(&priced.reasons),
        }
    }
}

/// The parts of figures, where these are the taxes.
pub(in crate::shop) fn view(reasons: &[Reason], taxes: &[TaxSum], currency: Currency) -> Vec<ReasonView> {
    reasons.iter().map(|reason| of(reason, taxes, currency)).collect()
}

fn of(reason: &Reason, taxes: &[TaxSum], currency: Currency) -> ReasonView {
    let (word, percent, name, at) = match reason.why {
        Why::List => ("list", None, None, None),
        Why::Seen { at } => ("seen", None, None, Some(at)),
        Why::Set => ("set", None, None, None),
        Why::Group(percent) => ("group", Some(percent), None, None),
        Why::Coupon => ("coupon", None, None, None),
        Why::Method => ("method", None, None, None),
        Why::Tax(at) => {
            let sum = taxes.get(at);
            let name = sum.map(|sum| sum.name.clone());
            ("tax", sum.map(|sum| sum.percent), name, None)
        }
    };
    ReasonView {
        figure: match reason.of {
            Figure::UnitPrice => "unit_price",
            Figure::Discount => "discount",
            Figure::Shipping => "shipping",
            Figure::Tax => "tax",
        },
        reason: word,
        amount: reason.amount.write(currency),
        percent: percent.map(|percent| percent.to_string()),
        name,
        at,
    }
}
