//! Customers: each sign-up makes one, a staff user gets one at the first own order, a guest at the first order of their
//! address; staff make others, and look after them all.

mod batch;
mod change;
mod export;
mod forget;
mod look;
mod statistics;
mod view;

pub use batch::BatchView;
pub use batch::Mode;
pub use batch::Update;
pub use batch::batch;
pub use change::create;
pub use change::delete;
pub use change::update;
pub use export::Chapter;
pub use export::Leaf;
pub use export::begin_export;
pub use export::export_leaf;
pub use forget::ForgettingView;
pub use forget::forget;
pub use forget::forget_more;
pub use forget::is_forgetting;
pub use look::list;
pub use look::orders;
pub use look::show;
pub use statistics::Range;
pub use statistics::StatisticsView;
pub use statistics::statistics;
pub use view::CustomerView;

use crate::domain::actor::Actor;
use crate::domain::address::Address;
use crate::domain::customer::Customer;
use crate::domain::customer::NewCustomer;
use crate::domain::event::EventType;
use crate::domain::id::CustomerId;
use crate::domain::id::UserId;
use crate::domain::order_filter::OrderFilter;
use crate::domain::order_filter::OrderSort;
use crate::domain::page::Limit;
use crate::domain::page::Paging;
use crate::domain::text::Email;
use crate::domain::touched::Touched;
use crate::domain::user::User;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::events;
use crate::store;

#[derive(serde::Serialize)]
struct CustomerEvent {
    id: i64,
    user_id: Option<UserId>,
    number: Option<String>,
    country: Option<String>,
    status: &'static str,
    version: i64,
    seq: i64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
}

/// The caller's own customer record; a user without one (staff) gets it now.
pub fn own(tx: &Tx, _by: &Actor, user: UserId) -> Result<Customer> {
    match store::customers::of_user(tx, user)? {
        Some(customer) => Ok(customer),
        None => of(tx, &store::users::get(tx, user)?),
    }
}

/// The customer record of a guest's address, made at their first order. One of an account counts only if the account has
/// proved that address: it sees the order.
pub(in crate::shop) fn guest(tx: &Tx, email: &Email, address: Option<&Address>) -> Result<Customer> {
    if let Some(customer) = store::customers::of_address(tx, email.as_str())? {
        return Ok(customer);
    }
    let name = address.map_or(email.as_str(), |address| address.name.as_str());
    let customer = store::customers::insert(
        tx,
        &NewCustomer {
            name: name.to_owned(),
            email: Some(email.as_str().to_owned()),
            phone: address.and_then(|address| address.phone.clone()),
            country: address.map(|address| address.country.clone()),
            ..NewCustomer::default()
        },
    )?;
    tell(tx, EventType::CustomerCreated, &customer)?;
    Ok(customer)
}

/// Makes the customer record of a user, and tells.
pub(super) fn of(tx: &Tx, user: &User) -> Result<Customer> {
    let customer = store::customers::insert(
        tx,
        &NewCustomer {
            user: Some(user.id),
            name: user.name.clone().unwrap_or_else(|| user.username.clone()),
            email: Some(user.email.clone()),
            phone: user.phone.clone(),
            ..NewCustomer::default()
        },
    )?;
    tell(tx, EventType::CustomerCreated, &customer)?;
    Ok(customer)
}

/// Makes the records of an address, which a user has just proved, that user's own: what a guest has ordered shows to
/// whoever reads the mails that were sent there.
pub(super) fn claim(tx: &Tx, user: UserId, email: &str) -> Result<()> {
    for id in store::customers::unclaimed(tx, email)? {
        let customer = store::customers::claim(tx, id, user)?;
        tell(tx, EventType::CustomerUpdated, &customer)?;
        let filter = OrderFilter {
            customers: Some(vec![id]),
            ..OrderFilter::default()
        };
        let newest = Paging::first(Limit::MAX, filter.sort_number(OrderSort::Newest));
        for order in store::orders::rows(tx, &filter, OrderSort::Newest, &newest)?.rows {
            tx.touch(Touched::Order(order.head.id));
        }
    }
    Ok(())
}

/// By what a customer is found again elsewhere: their number, or one made of the id that nobody has.
pub(super) fn number(db: &Snapshot, customer: &Customer) -> Result<String> {
    if let Some(number) = &customer.number {
        return Ok(number.clone());
    }
    let mut number = format!("T{}", customer.id);
    while store::customers::by_number(db, &number)?.is_some() {
        number.insert(0, 'T');
    }
    Ok(number)
}

/// The customer for whom this very shop has made up a number.
pub(super) fn by_made_up(db: &Snapshot, made_up: &str) -> Result<Option<Customer>> {
    let Ok(id) = made_up.trim_start_matches('T').parse() else {
        return Ok(None);
    };
    let found = store::customers::find(db, CustomerId(id))?;
    match found {
        Some(customer)
            if customer.number.is_none()
                && customer.deleted_at.is_none()
                && number(db, &customer)? == made_up =>
        {
            Ok(Some(customer))
        }
        _ => Ok(None),
    }
}

/// Tells of a customer as it is now, without what is personal.
pub(super) fn tell(tx: &Tx, kind: EventType, customer: &Customer) -> Result<()> {
    let data = CustomerEvent {
        id: customer.id.0,
        user_id: customer.user,
        number: customer.number.clone(),
        country: customer.country.clone(),
        status: customer.status.name(),
        version: customer.version,
        seq: customer.version,
        deleted: customer.deleted_at.is_some(),
    };
    events::emit(tx, kind, customer.id.0, customer.version, &data)?;
    Ok(())
}
