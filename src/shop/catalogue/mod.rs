//! The catalogue: what is for sale, and who may change it.

mod create;
mod view;

pub use create::create;
pub use view::ProductView;

use crate::domain::id::ProductId;
use crate::domain::product::Product;
use crate::domain::product::ProductStatus;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::store;

/// The newest products for sale below `before`.
pub fn list_public(db: &Snapshot, before: ProductId, limit: usize) -> Result<Vec<Product>> {
    store::products::public_page(db, before, limit)
}

/// A product for sale.
pub fn show_public(db: &Snapshot, id: ProductId) -> Result<Product> {
    let product = store::products::get(db, id)?;
    match product.status == ProductStatus::Approved && product.deleted_at.is_none() {
        true => Ok(product),
        false => Err(Error::NotFound("product")),
    }
}
