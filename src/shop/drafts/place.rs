//! Placing a draft: once, by the same road as every order.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::customer::Customer;
use crate::domain::draft::Draft;
use crate::domain::fault::Bad;
use crate::domain::id::DraftId;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::money::RawAmount;
use crate::domain::new_order::NewOrder;
use crate::domain::order::Order;
use crate::domain::payment::Provider;
use crate::domain::permission::Permission;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::customers;
use crate::shop::drafts::DraftView;
use crate::shop::drafts::open;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::orders;
use crate::shop::version;
use crate::store;

/// A draft that is to be placed.
#[derive(Debug, Clone)]
pub struct Placing {
    /// The version that the caller has seen, if it says so.
    pub version: Option<i64>,
    /// What the caller saw that it costs.
    pub total_price: Option<RawAmount>,
    /// The idempotency key as it came, kept with the order.
    pub client_token: Option<String>,
}

/// By whom a draft is to be paid.
pub fn method(db: &Snapshot, by: &Actor, id: DraftId) -> Result<Provider> {
    by.require(Permission::OrdersCreate)?;
    Ok(store::drafts::get(db, id)?.method)
}

/// Makes an order of a draft, for its customer or for the guest of its address.
///
/// Refused with `NotAllowed` if it was placed before, with `Stale` if a version was said and it is another, with a missing
/// `customer_id` if it is nobody's, and as an order that is placed.
pub fn place(tx: &Tx, by: &Actor, key: Option<&Key>, id: DraftId, asked: &Placing) -> Result<Once<Order>> {
    by.require(Permission::OrdersCreate)?;
    once(
        tx,
        key,
        Made::Order,
        |id| store::orders::get(tx, OrderId(id)),
        || {
            let order = place_now(tx, by, id, asked)?;
            Ok((order.head.id.0, order))
        },
    )
}

fn place_now(tx: &Tx, by: &Actor, id: DraftId, asked: &Placing) -> Result<Order> {
    let draft = store::drafts::get(tx, id)?;
    let currency = store::settings::terms(tx)?.currency;
    version::allow(asked.version, draft.version, || {
        DraftView::plain(draft.clone(), currency)
    })?;
    let draft = open(tx, id)?;
    let mut new = draft.order()?;
    new.total_price = asked.total_price.clone();
    new.details.client_token = asked.client_token.clone();
    let (customer, user) = buyer(tx, &new)?;
    let customer = orders::require_welcome(customer)?;
    let order = orders::sell(tx, by, &customer, user, &new)?;
    if !store::drafts::placed(tx, id, order.head.id)? {
        return Err(Error::internal(format!("draft {id} was placed twice")));
    }
    tell(tx, by, &draft, &order)?;
    Ok(order)
}

/// For whom: the customer who is named, or the record of a guest's address.
fn buyer(tx: &Tx, new: &NewOrder) -> Result<(Customer, Option<UserId>)> {
    if let Some(id) = new.customer {
        let customer = store::customers::get(tx, id)?;
        let user = customer.user;
        return Ok((customer, user));
    }
    let details = &new.details;
    let email = details.email.as_ref();
    let email = email.ok_or_else(|| Error::from(Bad::missing().at("customer_id")))?;
    let customer = customers::guest(tx, email, details.shipping_address.as_ref())?;
    Ok((customer, None))
}

fn tell(tx: &Tx, by: &Actor, draft: &Draft, order: &Order) -> Result<()> {
    let content = serde_json::json!({
        "order_id": order.head.id, "channel": draft.channel, "reason": draft.reason,
    });
    let target = (Target::Draft, Some(draft.id.0));
    audit::note(
        tx,
        by,
        Action::DraftPlaced,
        target,
        None,
        Some(&content.to_string()),
    )
}
