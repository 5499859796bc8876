//! Nobody pays a price they did not see: what differs is refused with a fresh quote.

use serde::Serialize;
use serde_json::Value;

use crate::domain::actor::Actor;
use crate::domain::money::Amount;
use crate::domain::new_order::NewOrder;
use crate::domain::permission::Permission;
use crate::domain::pricing::Priced;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::error::Result;
use crate::shop::orders::place::Sale;
use crate::shop::reasons;
use crate::shop::reasons::FiguresView;
use crate::shop::reasons::ReasonView;

/// Refused with `PriceChanged` where the client saw other prices, or another total. Staff with `orders:edit` set prices.
pub(super) fn compare(by: &Actor, sale: &Sale<'_>, new: &NewOrder, priced: &Priced) -> Result<()> {
    let differs = sale.goods.iter().any(|good| good.differs) && !by.may(Permission::OrdersEdit);
    let total_differs = match &new.total_price {
        None => false,
        Some(raw) => {
            raw.to_money(sale.terms.currency)
                .map_err(|bad| bad.at("total_price"))?
                != priced.total
        }
    };
    match total_differs || differs {
        true => Err(Refusal::PriceChanged(Box::new(quote(sale, priced)?)).into()),
        false => Ok(()),
    }
}

#[derive(Serialize)]
struct Quote<'a> {
    currency: &'a str,
    items: Vec<QuoteItem<'a>>,
    #[serde(flatten)]
    figures: FiguresView,
}

#[derive(Serialize)]
struct QuoteItem<'a> {
    sku: &'a str,
    name: String,
    quantity: i64,
    unit_price: Amount,
    discount: Amount,
    tax: Amount,
    total: Amount,
    reasons: Vec<ReasonView>,
}

/// What it would come to now, and why.
pub(in crate::shop::orders) fn quote(sale: &Sale<'_>, priced: &Priced) -> Result<Value> {
    let currency = sale.terms.currency;
    let lines = sale.goods.iter().zip(&priced.lines);
    let quote = Quote {
        currency: currency.as_str(),
        items: lines
            .map(|(good, line)| QuoteItem {
                sku: &good.offer.sku,
                name: good.offer.full_name(),
                quantity: good.piece.quantity,
                unit_price: line.unit.write(currency),
                discount: line.discount.write(currency),
                tax: line.tax.write(currency),
                total: line.total.write(currency),
                reasons: reasons::view(&line.reasons, &priced.taxes, currency),
            })
            .collect(),
        figures: FiguresView::new(priced, &sale.terms),
    };
    serde_json::to_value(quote).map_err(|cause| Error::Internal(cause.into()))
}
