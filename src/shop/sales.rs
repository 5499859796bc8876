//! What was sold for sellers, each their own; whoever may see all commissions sees all of it.

use crate::domain::actor::Actor;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::sale::Sale;
use crate::domain::sale::SaleFilter;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::commissions;
use crate::store;

/// Sales, newest first: a seller's own, or with the right to it everybody's.
pub fn list(db: &Snapshot, by: &Actor, wanted: &SaleFilter, paging: &Paging) -> Result<Page<Sale>> {
    let seller = commissions::whose(by, wanted.seller)?;
    let filter = SaleFilter {
        seller,
        ..wanted.clone()
    };
    store::sales::page(db, &filter, paging)
}
