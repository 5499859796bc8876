//! Orders leaving as a file: read page by page, so that no look is long, and noted in the audit before the first byte.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::order::Order;
use crate::domain::order_filter::OrderFilter;
use crate::domain::order_filter::OrderSort;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::store;

/// Notes that orders leave the house, and which were asked for.
pub fn begin_export(tx: &Tx, by: &Actor, asked: &str) -> Result<()> {
    by.require(Permission::OrdersExport)?;
    let content = serde_json::json!({ "query": asked }).to_string();
    audit::note(
        tx,
        by,
        Action::OrdersExported,
        (Target::None, None),
        None,
        Some(&content),
    )
}

/// The next page of an export by id or time.
pub fn export_page(
    db: &Snapshot,
    by: &Actor,
    filter: &OrderFilter,
    sort: OrderSort,
    paging: &Paging,
) -> Result<Page<Order>> {
    by.require(Permission::OrdersExport)?;
    store::orders::rows(db, filter, sort, paging)
}
