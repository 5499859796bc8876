//! The one way in which a payment changes by what happened to it. It may be told twice, late and in any order.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::event::EventType;
use crate::domain::id::PaymentId;
use crate::domain::money::Money;
use crate::domain::order::Change;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::Order;
use crate::domain::order::OrderState;
use crate::domain::payment::Fact;
use crate::domain::payment::Op;
use crate::domain::payment::Payment;
use crate::domain::payment::PaymentState;
use crate::domain::payment::Provider;
use crate::domain::payment::Standing;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::payments::money;
use crate::shop::payments::money::Moved;
use crate::shop::payments::purse;
use crate::shop::payments::refund;
use crate::store;

/// Puts a payment where its provider says that it stands.
pub fn settle(tx: &Tx, by: &Actor, id: PaymentId, standing: &Standing) -> Result<Payment> {
    let before = store::payments::get(tx, id)?;
    let known = learned(&before, standing);
    if let Some(sealed) = &standing.client_secret {
        store::payments::set_client_secret(tx, id, sealed)?;
    }
    // What is news of its state is written with what was learned, in one.
    match standing.fact.filter(|fact| known.after(*fact).is_some()) {
        Some(fact) => apply(tx, by, known, fact, standing.failure.as_deref()),
        None => {
            if known != before {
                store::payments::update(tx, &known)?;
            }
            Ok(known)
        }
    }
}

/// With the names and the pages that a provider has told.
fn learned(before: &Payment, told: &Standing) -> Payment {
    Payment {
        provider_ref: before.provider_ref.clone().or(told.provider_ref.clone()),
        charge_ref: before.charge_ref.clone().or(told.charge_ref.clone()),
        redirect_url: told.redirect_url.clone().or(before.redirect_url.clone()),
        ..before.clone()
    }
}

/// What a fact does to a payment and to its order; nothing where it is no news.
pub(super) fn apply(
    tx: &Tx,
    by: &Actor,
    before: Payment,
    fact: Fact,
    failure: Option<&str>,
) -> Result<Payment> {
    let Some(mut after) = before.after(fact) else {
        return Ok(before);
    };
    after.failure = match fact {
        Fact::Failed | Fact::Voided => failure.map(str::to_owned).or(before.failure.clone()),
        _ => None,
    };
    after.updated_at = tx.now;
    store::payments::update(tx, &after)?;
    let former = serde_json::json!({ "state": before.state.name() }).to_string();
    let target = (Target::Payment, Some(after.id.0));
    if after.state == PaymentState::RequiresAction {
        // Nothing of it is its order's yet.
        audit::note(tx, by, Action::PaymentSettled, target, None, Some(&former))?;
        return Ok(after);
    }
    let mut order = store::orders::get(tx, after.order)?;
    let told = match fact {
        Fact::Captured(_) => Some(EventType::PaymentSucceeded),
        Fact::Failed => Some(EventType::PaymentFailed),
        _ => None,
    };
    let told = told
        .map(|kind| money::tell_payment(tx, &mut order, kind, &after))
        .transpose()?;
    let about = told.as_ref().and_then(|told| told.for_audit());
    audit::note(tx, by, Action::PaymentSettled, target, about, Some(&former))?;
    follow(tx, by, order, &before, &after)?;
    store::payments::get(tx, after.id)
}

/// What the order has of it: sums and states, a surplus that goes back, other payments that are not needed any more.
fn follow(tx: &Tx, by: &Actor, order: Order, before: &Payment, after: &Payment) -> Result<()> {
    let taken = after.captured.checked_sub(before.captured).unwrap_or(Money::ZERO);
    let due = order.head.due();
    let change = match after.state {
        PaymentState::Captured => Change::Paid,
        PaymentState::Failed => Change::PaymentFailed,
        PaymentState::Authorized => Change::Authorized,
        _ => Change::PaymentEnded,
    };
    let moved = Moved {
        taken,
        ..Moved::nothing(change)
    };
    let order = money::put(tx, by, order, moved)?;
    let order = match taken.checked_sub(due) {
        Some(surplus) if surplus > Money::ZERO => {
            let reason = match order.head.state {
                OrderState::Canceled => "The order was canceled before the money came.",
                _ => "More was paid than was due.",
            };
            refund::by_itself(tx, by, order, after.id, surplus, reason)?
        }
        _ => order,
    };
    if after.state == PaymentState::Authorized {
        match order.head.state {
            OrderState::Canceled | OrderState::Refunded => let_go(tx, by, after)?,
            _ if after.at_once => take(tx, by, after, None)?,
            _ if order.head.fulfilment != FulfilmentStatus::Unfulfilled => take(tx, by, after, None)?,
            _ => {}
        }
    }
    void_what_is_too_much(tx, by, &order, after.id)?;
    match after.state {
        PaymentState::Captured => purse::take_what_is_wanting(tx, by, &order),
        _ => Ok(()),
    }
}

/// Has money taken that is reserved: out of a wallet at once, of others their provider is asked.
pub(super) fn take(tx: &Tx, by: &Actor, payment: &Payment, amount: Option<Money>) -> Result<()> {
    match payment.provider {
        Provider::Wallet => purse::take(tx, by, payment.clone(), amount).map(drop),
        _ => store::payment_tasks::add(tx, payment.id, Op::Capture, None, amount),
    }
}

/// Payments that would bring more than is due are given up.
pub(super) fn void_what_is_too_much(tx: &Tx, by: &Actor, order: &Order, but: PaymentId) -> Result<()> {
    let payments = store::payments::of_order(tx, order.head.id)?;
    let mut due = order.head.due();
    for kept in payments.iter().filter(|payment| payment.id == but) {
        if kept.state == PaymentState::Authorized {
            due = due.checked_sub(kept.amount).unwrap_or(Money::ZERO);
        }
    }
    for payment in &payments {
        let may_come = payment.is_open() || payment.state == PaymentState::Authorized;
        if may_come && payment.id != but && payment.amount > due {
            let_go(tx, by, payment)?;
        }
    }
    Ok(())
}

/// Fits the payments of an order to what is due now that it was changed: what is open and would bring too much is given up,
/// and where nothing is due any more what is reserved. What is reserved beyond that goes back when it is taken.
pub(in crate::shop) fn fit(tx: &Tx, by: &Actor, order: Order) -> Result<Order> {
    let due = order.head.due();
    for payment in store::payments::of_order(tx, order.head.id)? {
        let is_too_much = payment.is_open() && payment.amount > due;
        let is_idle = payment.state == PaymentState::Authorized && due == Money::ZERO;
        if is_too_much || is_idle {
            let_go(tx, by, &payment)?;
        }
    }
    store::orders::get(tx, order.head.id)
}

/// Gives up a payment whose order's row the caller is about to write: nothing but the payment changes.
pub(super) fn give_up(tx: &Tx, by: &Actor, payment: &Payment) -> Result<()> {
    match payment.provider {
        Provider::Manual => {}
        Provider::Wallet => purse::release(tx, payment)?,
        _ => return let_go(tx, by, payment),
    }
    let after = payment.after(Fact::Voided).unwrap_or_else(|| payment.clone());
    store::payments::update(tx, &after)
}

/// Gives up a payment that has not been taken: its provider is asked to, and what nobody else holds is voided at once.
pub(in crate::shop) fn let_go(tx: &Tx, by: &Actor, payment: &Payment) -> Result<()> {
    if payment.provider == Provider::Wallet {
        purse::release(tx, payment)?;
    }
    if matches!(payment.provider, Provider::Manual | Provider::Wallet) {
        apply(tx, by, payment.clone(), Fact::Voided, None)?;
        return Ok(());
    }
    store::payment_tasks::drop_due(tx, payment.id, Op::Capture)?;
    store::payment_tasks::drop_due(tx, payment.id, Op::Confirm)?;
    store::payment_tasks::add(tx, payment.id, Op::Void, None, None)
}

/// Keeps why something was refused of a payment.
pub(super) fn note_failure(tx: &Tx, payment: &Payment, words: &str) -> Result<()> {
    let after = Payment {
        failure: Some(words.to_owned()),
        ..payment.clone()
    };
    store::payments::update(tx, &after)
}
