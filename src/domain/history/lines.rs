//! Lines as they were before an edit: those that it changed or took away whole, and where those stand that it added.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;

use crate::domain::id::LineId;
use crate::domain::id::ProductId;
use crate::domain::id::VariantId;
use crate::domain::money::Money;
use crate::domain::order::Line;
use crate::domain::order::Order;
use crate::domain::percent::Percent;

/// The lines that were changed or taken away.
pub(super) const CHANGED: &str = "lines";
/// The positions of those that were added.
pub(super) const ADDED: &str = "added";

/// A line as it was, in the numbers in which it is kept.
#[derive(Serialize, Deserialize)]
struct Was {
    at: usize,
    variant: Option<i64>,
    product: Option<i64>,
    quantity: i64,
    unit: i64,
    list: Option<i64>,
    discount: i64,
    tax: i64,
    rate: i64,
    drifted: bool,
    total: i64,
    sku: String,
    name: String,
}

impl Was {
    fn of(line: &Line) -> Self {
        Self {
            at: line.id.position(),
            variant: line.variant.map(|variant| variant.0),
            product: line.product.map(|product| product.0),
            quantity: line.quantity,
            unit: line.unit_price.minor(),
            list: line.list_price.map(Money::minor),
            discount: line.discount.minor(),
            tax: line.tax.minor(),
            rate: line.tax_rate.thousandths(),
            drifted: line.has_drifted,
            total: line.total.minor(),
            sku: line.sku.clone(),
            name: line.name.clone(),
        }
    }

    /// The line of this order; none if its figures are none.
    fn line(self, order: &Order) -> Option<Line> {
        Some(Line {
            id: LineId::at(order.head.id, self.at),
            variant: self.variant.map(VariantId),
            product: self.product.map(ProductId),
            quantity: self.quantity,
            unit_price: Money::new(self.unit)?,
            list_price: match self.list {
                Some(list) => Some(Money::new(list)?),
                None => None,
            },
            discount: Money::new(self.discount)?,
            tax: Money::new(self.tax)?,
            tax_rate: Percent::new(self.rate)?,
            has_drifted: self.drifted,
            total: Money::new(self.total)?,
            sku: self.sku,
            name: self.name,
        })
    }
}

/// Keeps what differs between the lines before and after.
pub(super) fn keep(former: &mut Map<String, Value>, before: &[Line], after: &[Line]) {
    let changed: Vec<Was> = before
        .iter()
        .filter(|line| !after.contains(line))
        .map(Was::of)
        .collect();
    let added: Vec<usize> = after
        .iter()
        .filter(|line| before.iter().all(|was| was.id != line.id))
        .map(|line| line.id.position())
        .collect();
    if !changed.is_empty() {
        former.insert(
            CHANGED.to_owned(),
            serde_json::to_value(changed).unwrap_or_default(),
        );
    }
    if !added.is_empty() {
        former.insert(ADDED.to_owned(), added.into());
    }
}

fn changed(former: &Map<String, Value>) -> Vec<Was> {
    let kept = former.get(CHANGED).cloned();
    kept.and_then(|kept| serde_json::from_value(kept).ok())
        .unwrap_or_default()
}

/// Puts the lines back as they were.
pub(super) fn restore(former: &Map<String, Value>, order: &mut Order) {
    let added = former.get(ADDED).and_then(Value::as_array);
    if let Some(added) = added {
        let added: Vec<i64> = added.iter().filter_map(Value::as_i64).collect();
        order
            .lines
            .retain(|line| !added.contains(&(line.id.position() as i64)));
    }
    let changed = changed(former);
    if changed.is_empty() {
        return;
    }
    for was in changed {
        let id = LineId::at(order.head.id, was.at);
        let Some(line) = was.line(order) else {
            continue;
        };
        order.lines.retain(|line| line.id != id);
        order.lines.push(line);
    }
    order.lines.sort_by_key(|line| line.id);
}

/// Where lines stood that were changed or taken away.
pub(super) fn positions(former: &Map<String, Value>) -> Vec<usize> {
    changed(former).iter().map(|was| was.at).collect()
}
