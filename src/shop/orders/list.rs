//! Lists of orders: customers see their own, who reads orders sees all.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::domain::actor::Actor;
use crate::domain::fault::Bad;
use crate::domain::id::CustomerId;
use crate::domain::order::Order;
use crate::domain::order::OrderState;
use crate::domain::order_filter::Column;
use crate::domain::order_filter::OrderFilter;
use crate::domain::order_filter::OrderSort;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::store;

/// One page of orders.
///
/// Refused as bad input where a sort by total would have to look at more than 50,000 orders: neither a range of time nor
/// the customer, the tag or the search is that narrow.
pub fn list(
    db: &Snapshot,
    by: &Actor,
    mut filter: OrderFilter,
    sort: OrderSort,
    paging: &Paging,
) -> Result<Page<Order>> {
    let user = by.on_own(Permission::OrdersRead)?;
    if !by.may(Permission::OrdersRead) {
        let own = store::customers::ids_of_user(db, user)?;
        filter.customers = Some(within(own, filter.customers));
    }
    if filter.column(sort) == Column::Total && !store::orders::can_sort(db, &filter)? {
        let bad = Bad::input("by total only while the list is of at most 50,000 orders: say from and to");
        return Err(bad.at("sort").into());
    }
    store::orders::page(db, &filter, sort, paging)
}

/// Of the customers asked for those that are the caller's own.
fn within(own: Vec<CustomerId>, asked: Option<Vec<CustomerId>>) -> Vec<CustomerId> {
    match asked {
        None => own,
        Some(asked) => own.into_iter().filter(|id| asked.contains(id)).collect(),
    }
}

/// The states in which something is left to do, with how many orders stand there, counted up to `most`.
pub fn open(db: &Snapshot, by: &Actor, most: i64) -> Result<Vec<(OrderState, i64)>> {
    by.require(Permission::OrdersRead)?;
    let states = OrderState::ALL.iter().copied();
    states
        .filter(|state| state.open_steps().next().is_some() && *state != OrderState::Delivered)
        .map(|state| Ok((state, store::orders::count_open(db, state, most)?)))
        .collect()
}

/// The names of the customers of some orders, for whoever reads orders.
pub fn buyers(db: &Snapshot, by: &Actor, orders: &[Order]) -> Result<HashMap<CustomerId, String>> {
    by.require(Permission::OrdersRead)?;
    let mut names = HashMap::new();
    for id in orders.iter().filter_map(|order| order.head.customer) {
        if let Entry::Vacant(place) = names.entry(id) {
            place.insert(store::customers::get(db, id)?.name);
        }
    }
    Ok(names)
}
