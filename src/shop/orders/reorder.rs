//! Ordering again: what of a former order can be had now, and at what price, put into the cart if that is wanted. It
//! makes no order.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::actor::Actor;
use crate::domain::cart::Shown;
use crate::domain::id::OrderId;
use crate::domain::id::VariantId;
use crate::domain::money::Amount;
use crate::domain::money::Currency;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::carts;
use crate::shop::orders::show;
use crate::store;

/// What can be had of a former order, and what cannot.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Reorder {
    message: &'static str,
    original_order_id: OrderId,
    currency: String,
    available_items: Vec<Available>,
    unavailable_items: Vec<Unavailable>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ReorderAvailable)]
struct Available {
    variant_id: VariantId,
    sku: String,
    name: String,
    requested: i64,
    quantity: i64,
    adjusted: bool,
    unit_price: Amount,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ReorderUnavailable)]
struct Unavailable {
    sku: String,
    name: String,
    requested: i64,
    available: i64,
    reason: &'static str,
}

/// What of an order its owner, or who reads all orders, could have again.
///
/// Refused with `NothingLeft`, and both lists, if that is nothing at all.
pub fn reorder(db: &Snapshot, by: &Actor, id: OrderId) -> Result<Reorder> {
    let order = show(db, by, id)?.order;
    let currency = store::settings::terms(db)?.currency;
    let mut reorder = Reorder {
        message: "These items can be had again.",
        original_order_id: id,
        currency: currency.as_str().to_owned(),
        available_items: Vec::new(),
        unavailable_items: Vec::new(),
    };
    for (variant, sku, requested) in order.goods() {
        let sold = order.lines.iter().find(|line| line.variant == Some(variant));
        let name = sold.map(|line| line.name.as_str()).unwrap_or_default();
        reorder.look(db, currency, (variant, sku, name), requested)?;
    }
    match reorder.available_items.is_empty() {
        false => Ok(reorder),
        true => {
            reorder.message = "Nothing of this order can be had.";
            let lists = serde_json::to_value(&reorder).map_err(|cause| Error::Internal(cause.into()))?;
            Err(Refusal::NothingLeft(Box::new(lists)).into())
        }
    }
}

/// The same, and sees to it that the caller's cart holds at least as much of each as can be had.
pub fn reorder_into_cart(tx: &Tx, by: &Actor, id: OrderId) -> Result<Reorder> {
    let user = by.signed_in()?;
    let mut found = reorder(tx, by, id)?;
    let today = |item: &Available| Shown {
        price: item.unit_price.money,
        at: tx.now,
    };
    let goods: Vec<_> = found
        .available_items
        .iter()
        .map(|item| (item.variant_id, item.quantity, today(item)))
        .collect();
    carts::ensure(tx, user, &goods)?;
    found.message = "These items are in the cart.";
    Ok(found)
}

impl Reorder {
    /// Looks for one variant; what is short stands in both lists.
    fn look(
        &mut self,
        db: &Snapshot,
        currency: Currency,
        (variant, sku, name): (VariantId, &str, &str),
        requested: i64,
    ) -> Result<()> {
        let offer = store::products::offer(db, variant)?;
        let price = offer.as_ref().and_then(|offer| offer.for_sale());
        let available = offer.as_ref().map_or(0, |offer| offer.available);
        let reason = match (&offer, price) {
            (None, _) => Some("gone"),
            (Some(_), None) => Some("not_approved"),
            (Some(_), Some(_)) if available == 0 => Some("out_of_stock"),
            (Some(_), Some(_)) if available < requested => Some("short"),
            (Some(_), Some(_)) => None,
        };
        if let (Some(offer), Some(price), true) = (&offer, price, available > 0) {
            self.available_items.push(Available {
                variant_id: variant,
                sku: offer.sku.clone(),
                name: offer.full_name(),
                requested,
                quantity: available.min(requested),
                adjusted: available < requested,
                unit_price: price.write(currency),
            });
        }
        if let Some(reason) = reason {
            let is_sold = price.is_some();
            self.unavailable_items.push(Unavailable {
                sku: sku.to_owned(),
                name: name.to_owned(),
                requested,
                available: if is_sold { available } else { 0 },
                reason,
            });
        }
        Ok(())
    }
}
