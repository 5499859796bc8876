//! Lists of orders: customers see their own, who reads orders sees all.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::domain::actor::Actor;
use crate::domain::fault::Bad;
use crate::domain::id::CustomerId;
use crate::domain::order::Brief;
use crate::domain::order::Order;
use crate::domain::order::OrderHead;
use crate::domain::order_filter::Column;
use crate::domain::order_filter::OrderFilter;
use crate::domain::order_filter::OrderSort;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::store;
pub use crate::store::orders::Divided;

/// One page of orders.
///
/// Refused as bad input where a sort by total would have to look at more than 50,000 orders: neither a range of time nor
/// the customer, the tag or the search is that narrow.
pub fn list(
    db: &Snapshot,
    by: &Actor,
    filter: OrderFilter,
    sort: OrderSort,
    paging: &Paging,
) -> Result<Page<Order>> {
    let filter = allowed(db, by, filter, sort)?;
    store::orders::page(db, &filter, sort, paging)
}

/// The same page of what a list tells of its orders.
pub fn briefs(
    db: &Snapshot,
    by: &Actor,
    filter: OrderFilter,
    sort: OrderSort,
    paging: &Paging,
) -> Result<Page<Brief>> {
    let filter = allowed(db, by, filter, sort)?;
    store::orders::briefs(db, &filter, sort, paging)
}

/// What of a list whoever asks may see, if it can be sorted so.
fn allowed(db: &Snapshot, by: &Actor, mut filter: OrderFilter, sort: OrderSort) -> Result<OrderFilter> {
    let user = by.on_own(Permission::OrdersRead)?;
    if !by.may(Permission::OrdersRead) {
        let own = store::customers::ids_of_user(db, user)?;
        filter.customers = Some(within(own, filter.customers));
    }
    if filter.column(sort) == Column::Total && !store::orders::can_sort(db, &filter)? {
        let bad = Bad::input("by total only while the list is of at most 50,000 orders: say from and to");
        return Err(bad.at("sort").into());
    }
    Ok(filter)
}

/// Of the customers asked for those that are the caller's own.
fn within(own: Vec<CustomerId>, asked: Option<Vec<CustomerId>>) -> Vec<CustomerId> {
    match asked {
        None => own,
        Some(asked) => own.into_iter().filter(|id| asked.contains(id)).collect(),
    }
}

/// How long a list is in whatever state, and how many of its orders stand in each.
pub fn by_state(db: &Snapshot, by: &Actor, filter: &OrderFilter) -> Result<Divided> {
    by.require(Permission::OrdersRead)?;
    let filter = OrderFilter {
        state: None,
        ..filter.clone()
    };
    store::orders::by_state(db, &filter)
}

/// The names of the customers of some orders, for whoever reads orders.
pub fn buyers<'a>(
    db: &Snapshot,
    by: &Actor,
    orders: impl Iterator<Item = &'a OrderHead>,
) -> Result<HashMap<CustomerId, String>> {
    by.require(Permission::OrdersRead)?;
    let mut names = HashMap::new();
    for id in orders.filter_map(|head| head.customer) {
        if let Entry::Vacant(place) = names.entry(id) {
            place.insert(store::customers::get(db, id)?.name);
        }
    }
    Ok(names)
}
