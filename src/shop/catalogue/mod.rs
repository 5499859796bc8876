//! The catalogue: what is for sale, and who may change it.

mod bulk;
mod create;
mod decide;
mod list;
mod update;
mod view;

pub use bulk::Bulk;
pub use bulk::Outcome;
pub use bulk::Planned;
pub use bulk::Restock;
pub use bulk::Then;
pub use bulk::Ticked;
pub use bulk::bulk;
pub use bulk::plan;
pub use create::create;
pub use decide::Decision;
pub use decide::Verdict;
pub use decide::decide;
pub use decide::delete;
pub use list::Wanted;
pub use list::categories;
pub use list::category_names;
pub use list::holder;
pub use list::list;
pub use list::list_others;
pub use list::list_public;
pub use list::sellers;
pub use list::tabs;
pub(super) use update::reworded;
pub use update::update;
pub use view::ImageView;
pub use view::ProductView;
pub use view::stock_digest;

use serde::Serialize;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::event::EventType;
use crate::domain::id::ProductId;
use crate::domain::permission::Permission;
use crate::domain::product::Hand;
use crate::domain::product::Product;
use crate::domain::product::ProductStatus;
use crate::domain::text::Sku;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::events;
use crate::store;

/// A product for sale.
pub fn show_public(db: &Snapshot, id: ProductId) -> Result<Product> {
    let product = store::products::get(db, id)?;
    match is_public(&product) {
        true => Ok(product),
        false => Err(Error::NotFound("product")),
    }
}

/// The product for sale that has this SKU.
pub fn show_by_sku(db: &Snapshot, sku: &Sku) -> Result<Product> {
    show_public(db, store::products::by_sku(db, sku.as_str())?)
}

/// A product: one for sale to everybody who is signed in, any to its seller and to staff.
///
/// Refused with `Deleted` where a seller or staff ask for what they have deleted.
pub fn show(db: &Snapshot, by: &Actor, id: ProductId) -> Result<Product> {
    by.on_own(Permission::ProductsRead)?;
    let product = store::products::get(db, id)?;
    match (
        is_own(&product, by) || by.may(Permission::ProductsRead),
        product.deleted_at,
    ) {
        (true, Some(_)) => Err(Error::Deleted("product")),
        (true, None) => Ok(product),
        (false, _) if is_public(&product) => Ok(product),
        (false, _) => Err(Error::NotFound("product")),
    }
}

fn is_public(product: &Product) -> bool {
    product.status == ProductStatus::Approved && product.deleted_at.is_none()
}

fn is_own(product: &Product, by: &Actor) -> bool {
    by.user.is_some() && product.seller == by.user
}

/// The product that somebody wants to change, and with whose hand: who holds the right changes any, a seller the own.
pub(super) fn to_change(
    db: &Snapshot,
    by: &Actor,
    id: ProductId,
    right: Permission,
) -> Result<(Product, Hand)> {
    let hand = match by.may(right) {
        true => Hand::Staff,
        false => Hand::Seller,
    };
    if hand == Hand::Seller {
        by.require(Permission::ProductsOwn)?;
    }
    let product = store::products::get(db, id)?;
    if hand == Hand::Seller && !is_own(&product, by) {
        return Err(Error::NotFound("product"));
    }
    match product.deleted_at {
        Some(_) => Err(Error::Deleted("product")),
        None => Ok((product, hand)),
    }
}

#[derive(Serialize)]
struct ProductEvent<'a> {
    #[serde(flatten)]
    product: ProductView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    seq: i64,
}

/// What happened to a product that was there before.
pub(super) struct Change<'a> {
    pub(super) event: EventType,
    pub(super) action: Action,
    pub(super) reason: Option<&'a str>,
}

/// Tells of a change, and notes it with the former values.
pub(super) fn tell(
    tx: &Tx,
    by: &Actor,
    change: &Change<'_>,
    before: &Product,
    after: &Product,
) -> Result<()> {
    let currency = store::settings::terms(tx)?.currency;
    let seq = store::products::next_seq(tx, after.id)?;
    let data = ProductEvent {
        product: ProductView::new(after, currency),
        reason: change.reason,
        seq,
    };
    let told = events::emit(tx, change.event, after.id.0, seq, &data)?;
    let former = view::former(before, after, currency)?;
    let target = (Target::Product, Some(after.id.0));
    audit::note(tx, by, change.action, target, told.for_audit(), former.as_deref())
}
