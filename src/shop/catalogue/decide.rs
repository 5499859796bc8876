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

/// Whether a product may be sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may.
    Approve,
    /// It may not.
    Reject,
}

impl Verdict {
    /// Where it leads, and under which names it is told and noted.
    const fn facts(self) -> (ProductStatus, EventType, Action) {
        match self {
            Self::Approve => (
                ProductStatus::Approved,
                EventType::ProductApproved,
                Action::ProductApproved,
            ),
            Self::Reject => (
                ProductStatus::Rejected,
                EventType::ProductRejected,
                Action::ProductRejected,
            ),
        }
    }

    /// Whether it may be passed on a product as it stands.
    pub fn fits(self, product: &Product) -> bool {
        let (status, ..) = self.facts();
        let has_price = self == Self::Reject || product.price_from().is_some();
        has_price && product.status.decided(status).is_ok()
    }
}

/// A decision about a product, well formed.
#[derive(Debug, Clone)]
pub struct Decision {
    /// What is decided.
    pub verdict: Verdict,
    /// The version that was seen, if one is said.
    pub seen: Option<i64>,
    /// Why, for its seller.
    pub reason: Option<String>,
}

/// Lets a product be sold, or keeps it from being sold.
///
/// Refused with `NotAllowed` if it is archived or stands there already; if it has no price and is to be approved; if it
/// is a draft and is to be rejected.
pub fn decide(tx: &Tx, by: &Actor, id: ProductId, decision: &Decision) -> Result<Product> {
    by.require(Permission::ProductsApprove)?;
    let (wanted, event, action) = decision.verdict.facts();
    let (before, _) = to_change(tx, by, id, Permission::ProductsApprove)?;
    let currency = store::settings::terms(tx)?.currency;
    version::allow(decision.seen, before.version, || {
        ProductView::new(&before, currency)
    })?;
    let status = before.status.decided(wanted)?;
    if status == ProductStatus::Approved {
        require_price(before.price_from())?;
    }
    store::products::set_status(tx, id, status)?;
    let after = store::products::get(tx, id)?;
    let change = Change {
        event,
        action,
        reason: decision.reason.as_deref(),
    };
    tell(tx, by, &change, &before, &after)?;
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
    store::images::delete_of(tx, id)?;
    let after = store::products::get(tx, id)?;
    let change = Change {
        event: EventType::ProductDeleted,
        action: Action::ProductDeleted,
        reason: None,
    };
    tell(tx, by, &change, &before, &after)
}
