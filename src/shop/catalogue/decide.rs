//! Decisions about a product whole: whether it may be sold, and that it is gone.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::event::EventType;
use crate::domain::id::ProductId;
use crate::domain::money::Money;
use crate::domain::permission::Permission;
use crate::domain::product::Product;
use crate::domain::product::ProductStatus;
use crate::domain::refusal::Refusal;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::catalogue::Change;
use crate::shop::catalogue::ProductView;
use crate::shop::catalogue::tell;
use crate::shop::catalogue::to_change;
use crate::shop::version;
use crate::store;

/// Lets a product be sold.
///
/// Refused with `NotAllowed` if it has no price, is approved already or archived.
pub fn approve(
    tx: &Tx,
    by: &Actor,
    id: ProductId,
    seen: Option<i64>,
    reason: Option<&str>,
) -> Result<Product> {
    let change = Change {
        event: EventType::ProductApproved,
        action: Action::ProductApproved,
        reason,
    };
    decide(tx, by, id, seen, ProductStatus::Approved, &change)
}

/// Keeps a product from being sold.
///
/// Refused with `NotAllowed` if it is rejected already, archived or a draft.
pub fn reject(
    tx: &Tx,
    by: &Actor,
    id: ProductId,
    seen: Option<i64>,
    reason: Option<&str>,
) -> Result<Product> {
    let change = Change {
        event: EventType::ProductRejected,
        action: Action::ProductRejected,
        reason,
    };
    decide(tx, by, id, seen, ProductStatus::Rejected, &change)
}

fn decide(
    tx: &Tx,
    by: &Actor,
    id: ProductId,
    seen: Option<i64>,
    wanted: ProductStatus,
    change: &Change<'_>,
) -> Result<Product> {
    by.require(Permission::ProductsApprove)?;
    let (before, _) = to_change(tx, by, id, Permission::ProductsApprove)?;
    let currency = store::settings::terms(tx)?.currency;
    version::allow(seen, before.version, || ProductView::new(&before, currency))?;
    let status = before.status.decided(wanted)?;
    if status == ProductStatus::Approved {
        require_price(before.price_from())?;
    }
    store::products::set_status(tx, id, status)?;
    let after = store::products::get(tx, id)?;
    tell(tx, by, change, &before, &after)?;
    Ok(after)
}

/// What has no price is not sold.
pub(super) fn require_price(price_from: Option<Money>) -> Result<()> {
    match price_from {
        Some(_) => Ok(()),
        None => Err(Refusal::NotAllowed("A product without a price is a draft.".into()).into()),
    }
}

/// Takes a product out of the shop. Orders keep what they have of it, and its SKUs are free.
pub fn delete(tx: &Tx, by: &Actor, id: ProductId, seen: Option<i64>) -> Result<()> {
    let (before, _) = to_change(tx, by, id, Permission::ProductsDelete)?;
    let currency = store::settings::terms(tx)?.currency;
    version::allow(seen, before.version, || ProductView::new(&before, currency))?;
    store::products::delete(tx, id)?;
    let after = store::products::get(tx, id)?;
    let change = Change {
        event: EventType::ProductDeleted,
        action: Action::ProductDeleted,
        reason: None,
    };
    tell(tx, by, &change, &before, &after)
}
