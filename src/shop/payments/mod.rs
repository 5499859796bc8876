//! Payments: beginning them, hearing of them, and giving money back. Whatever tells what happened (a webhook, the
//! shopper's return, the worker that asks) ends in one `settle::apply`, which may be told twice and in any order.

mod begin;
mod breaker;
mod expire;
mod hear;
mod manual;
mod money;
mod purse;
mod reconcile;
mod refund;
mod settle;
mod tasks;
mod view;
mod weigh;

pub use begin::Begin;
pub use begin::begin;
pub(in crate::shop) use begin::begin_at_placing;
pub use begin::method;
pub use begin::outdone;
pub use breaker::gate;
pub use breaker::gates;
pub use expire::expire;
pub use expire::is_expiry_due;
pub use hear::Applied;
pub use hear::Due;
pub use hear::apply_message;
pub use hear::due_messages;
pub use hear::give_up;
pub use hear::message;
pub use hear::messages;
pub use hear::next_message;
pub use hear::receive;
pub use hear::retry;
pub use manual::ByHand;
pub use manual::record_by_hand;
pub(in crate::shop) use money::standing;
pub(in crate::shop) use purse::pay_at_placing;
pub use reconcile::differences;
pub use reconcile::hold_beside;
pub use reconcile::keep_reconciliation;
pub use reconcile::last_reconciliation;
pub use reconcile::next_reconciliation;
pub use reconcile::not_listed;
pub use reconcile::orders_that_differ;
pub use reconcile::reconciliation_since;
pub use refund::refund;
pub(in crate::shop) use refund::unwind;
pub(in crate::shop) use settle::fit;
pub use settle::settle;
pub use tasks::answered;
pub use tasks::ask_capture;
pub use tasks::ask_void;
pub use tasks::begin_again;
pub(in crate::shop) use tasks::capture_what_is_reserved;
pub use tasks::due;
pub use tasks::next_due;
pub use tasks::put_off;
pub use tasks::require_done;
pub use tasks::start;
pub use view::PaymentView;
pub use view::RefundView;
pub use view::StatusView;
pub use weigh::Refundable;
pub use weigh::Weighed;
pub use weigh::refundable;
pub use weigh::weigh;

use std::collections::HashMap;

use crate::domain::actor::Actor;
use crate::domain::id::OrderId;
use crate::domain::id::PaymentId;
use crate::domain::id::RefundId;
use crate::domain::id::UserId;
use crate::domain::order::Order;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::payment::Payment;
use crate::domain::payment::PaymentState;
use crate::domain::payment::Provider;
use crate::domain::payment::Waiting;
use crate::domain::permission::Permission;
use crate::domain::refund::Refund;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::secret::Keys;
use crate::secret::Place;
use crate::shop::Snapshot;
use crate::shop::orders;
use crate::store;

/// A payment as it stands, for whoever has just begun it.
pub fn begun(db: &Snapshot, id: PaymentId) -> Result<Payment> {
    store::payments::get(db, id)
}

/// The column in which what the shopper's browser needs is sealed.
const CLIENT_SECRET: &str = "payments.client_secret";

/// A payment, for its order's owner, who holds the order's private link and who may read all; for others it is not there.
pub fn show(db: &Snapshot, by: &Actor, id: PaymentId) -> Result<Payment> {
    by.on_order(Permission::PaymentsRead)?;
    let payment = store::payments::get(db, id)?;
    may_see(db, by, payment.order, Permission::PaymentsRead).map_err(|_| Error::NotFound("payment"))?;
    Ok(payment)
}

/// A payment by the name that its provider gave it, with the same rights.
pub fn by_ref(db: &Snapshot, by: &Actor, provider: Provider, name: &str) -> Result<Payment> {
    by.on_order(Permission::PaymentsRead)?;
    let payment = store::payments::by_ref(db, provider, name)?.ok_or(Error::NotFound("payment"))?;
    show(db, by, payment.id)
}

/// An order with its payments and refunds, for its owner and who may read all.
pub fn of_order(db: &Snapshot, by: &Actor, id: OrderId) -> Result<(Order, Vec<Payment>, Vec<Refund>)> {
    by.on_own(Permission::PaymentsRead)?;
    let order = store::orders::get(db, id)?;
    may_see(db, by, id, Permission::PaymentsRead)?;
    Ok((
        order,
        store::payments::of_order(db, id)?,
        store::refunds::of_order(db, id)?,
    ))
}

/// A refund as it is now, for who has just made it.
pub fn refund_as_it_is(db: &Snapshot, id: RefundId) -> Result<Refund> {
    store::refunds::get(db, id)
}

/// All payments, newest first.
pub fn list(
    db: &Snapshot,
    by: &Actor,
    state: Option<PaymentState>,
    paging: &Paging,
) -> Result<Page<Payment>> {
    by.require(Permission::PaymentsRead)?;
    store::payments::page(db, state, paging)
}

/// The numbers of the orders that payments are for.
pub fn numbers(db: &Snapshot, by: &Actor, payments: &[Payment]) -> Result<HashMap<OrderId, String>> {
    by.require(Permission::PaymentsRead)?;
    store::orders::numbers(db, payments.iter().map(|payment| payment.order))
}

/// What payments wait for at their providers, for those who may read all: why one hangs is nothing for its payer.
pub fn waiting(db: &Snapshot, by: &Actor, payments: &[Payment]) -> Result<HashMap<PaymentId, Waiting>> {
    let mut found = HashMap::new();
    if by.may(Permission::PaymentsRead) {
        for payment in payments {
            if let Some(waiting) = store::payment_tasks::waiting(db, payment.id)? {
                found.insert(payment.id, waiting);
            }
        }
    }
    Ok(found)
}

/// What the shopper's browser needs to go on with a payment.
pub fn client_secret(db: &Snapshot, keys: &Keys, payment: &Payment) -> Result<Option<String>> {
    let Some(sealed) = store::payments::client_secret(db, payment.id)? else {
        return Ok(None);
    };
    let plain = keys.unseal(secret_place(payment.id), &sealed)?;
    Ok(String::from_utf8(plain).ok())
}

/// Where it is sealed.
pub fn secret_place(id: PaymentId) -> Place<'static> {
    Place {
        column: CLIENT_SECRET,
        row: id.0,
        owner: 0,
    }
}

/// When something is next to be done about payments: a message to apply or to send, a provider to ask.
pub fn next_work(db: &Snapshot) -> Result<Option<Timestamp>> {
    let due = [
        next_message(db)?,
        next_due(db)?,
        crate::shop::sandbox::next_due(db)?,
    ];
    Ok(due.into_iter().flatten().min())
}

/// Whether an order is the actor's own, or it holds its private link, or may do this with all; if neither, it is not there.
fn may_see(db: &Snapshot, by: &Actor, order: OrderId, right: Permission) -> Result<()> {
    let owner: Option<UserId> = orders::owner_of(db, order)?;
    match by.is_owner(owner) || by.holds(order) || by.may(right) {
        true => Ok(()),
        false => Err(Error::NotFound("order")),
    }
}
