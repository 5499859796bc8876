//! Looking at customers: lists, one, and what one has ordered.

use crate::domain::actor::Actor;
use crate::domain::customer::Customer;
use crate::domain::customer::CustomerFilter;
use crate::domain::customer::CustomerSort;
use crate::domain::customer::Whole;
use crate::domain::id::CustomerId;
use crate::domain::order::Order;
use crate::domain::order_filter::OrderFilter;
use crate::domain::order_filter::OrderSort;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::customers::CustomerView;
use crate::store;

/// One page of customers.
pub fn list(
    db: &Snapshot,
    by: &Actor,
    filter: &CustomerFilter,
    sort: CustomerSort,
    paging: &Paging,
) -> Result<Page<CustomerView>> {
    by.require(Permission::CustomersRead)?;
    let page = store::customers::page(db, filter, sort, paging)?;
    let currency = store::settings::terms(db)?.currency;
    let rows = whole(db, page.rows)?;
    Ok(Page {
        rows: rows
            .iter()
            .map(|whole| CustomerView::new(whole, currency))
            .collect(),
        next: page.next,
        total: page.total,
        index_behind: page.index_behind,
    })
}

/// These customers with all that shows of them.
pub(super) fn whole(db: &Snapshot, customers: Vec<Customer>) -> Result<Vec<Whole>> {
    let ids: Vec<CustomerId> = customers.iter().map(|customer| customer.id).collect();
    let mut details = store::customers::details(db, &ids)?;
    let mut groups = store::groups::of_customers(db, &ids)?;
    let figures = store::customers::figures(db, &ids)?;
    let whole = |customer: Customer| Whole {
        details: details.remove(&customer.id).unwrap_or_default(),
        groups: groups.remove(&customer.id).unwrap_or_default(),
        figures: figures.get(&customer.id).copied().unwrap_or_default(),
        customer,
    };
    Ok(customers.into_iter().map(whole).collect())
}

/// One customer.
///
/// Refused with `Deleted` if it has been.
pub fn show(db: &Snapshot, by: &Actor, id: CustomerId) -> Result<CustomerView> {
    by.require(Permission::CustomersRead)?;
    view(db, living(db, id)?)
}

/// The row; refused with `Deleted` if it has been deleted.
pub(super) fn living(db: &Snapshot, id: CustomerId) -> Result<Customer> {
    let customer = store::customers::get(db, id)?;
    match customer.deleted_at {
        Some(_) => Err(Error::Deleted("customer")),
        None => Ok(customer),
    }
}

/// A row with all that shows of it.
pub(super) fn view(db: &Snapshot, customer: Customer) -> Result<CustomerView> {
    let currency = store::settings::terms(db)?.currency;
    match whole(db, vec![customer])?.pop() {
        Some(whole) => Ok(CustomerView::new(&whole, currency)),
        None => Err(Error::NotFound("customer")),
    }
}

/// What a customer has ordered, newest first; also of one who has been deleted.
pub fn orders(db: &Snapshot, by: &Actor, id: CustomerId, paging: &Paging) -> Result<Page<Order>> {
    by.require(Permission::CustomersRead)?;
    by.require(Permission::OrdersRead)?;
    store::customers::get(db, id)?;
    let filter = OrderFilter {
        customers: Some(vec![id]),
        ..OrderFilter::default()
    };
    store::orders::page(db, &filter, OrderSort::Newest, paging)
}
