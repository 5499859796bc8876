//! Beginning a payment. What its provider is to be asked is committed with it; asking comes after.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::fault::Bad;
use crate::domain::id::OrderId;
use crate::domain::id::PaymentId;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::order::Change;
use crate::domain::order::Order;
use crate::domain::order::OrderState;
use crate::domain::payment::Asked;
use crate::domain::payment::Op;
use crate::domain::payment::Payment;
use crate::domain::payment::PaymentState;
use crate::domain::payment::Provider;
use crate::domain::payment::Standing;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::sandbox::Post;
use crate::domain::settings;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::orders;
use crate::shop::payments::money;
use crate::shop::payments::money::Moved;
use crate::shop::payments::purse;
use crate::shop::payments::settle;
use crate::shop::payments::tasks;
use crate::shop::sandbox;
use crate::store;
use crate::store::payments::NewPayment;

/// A payment that is wanted.
#[derive(Debug, Clone)]
pub struct Begin {
    /// By whom; the order's own method if not told.
    pub provider: Option<Provider>,
    /// Where the shopper's browser comes back to.
    pub return_url: Option<String>,
    /// What the provider is to charge, if the caller has it.
    pub token: Option<String>,
    /// How much of what is due; only of a wallet less than all.
    pub amount: Option<RawAmount>,
}

/// Begins a payment of all that is due on an order: its owner, who holds its private link, or who may begin all. The same
/// one while it is open, and for the same token also when it has been charged.
///
/// A try with another provider or token gives up the one before; a wallet pays at once. Refused with `NotAllowed` where
/// nothing is due, or where the one before may have been charged and nobody knows yet; with `Balance` where a wallet has
/// not so much.
pub fn begin(tx: &Tx, by: &Actor, key: Option<&Key>, id: OrderId, wanted: &Begin) -> Result<Once<Payment>> {
    may_begin(tx, by, id)?;
    once(
        tx,
        key,
        Made::Payment,
        |id| store::payments::get(tx, PaymentId(id)),
        || {
            let payment = begin_now(tx, by, id, wanted)?;
            Ok((payment.id.0, payment))
        },
    )
}

fn begin_now(tx: &Tx, by: &Actor, id: OrderId, wanted: &Begin) -> Result<Payment> {
    let order = store::orders::get(tx, id)?;
    let provider = wanted.provider.unwrap_or(order.head.method);
    if wanted.amount.is_some() && provider != Provider::Wallet {
        let words = "only a wallet pays a part: leave it out";
        return Err(Bad::invalid(words).at("amount").into());
    }
    let payments = store::payments::of_order(tx, id)?;
    let purse = store::payments::purse(&payments);
    let due = order.head.due();
    let is_over = matches!(order.head.state, OrderState::Canceled | OrderState::Refunded);
    if is_over || due == Money::ZERO || purse.authorized >= due {
        // Whoever asks again with the token that was charged has missed the answer.
        let charged = payments.into_iter().rev().find(|payment| {
            let is_same = payment.provider == provider && payment.token == wanted.token;
            is_same && matches!(payment.state, PaymentState::Authorized | PaymentState::Captured)
        });
        let nothing = || Refusal::NotAllowed("Nothing is due on this order.".into()).into();
        return charged
            .filter(|_| wanted.token.is_some() && !is_over)
            .ok_or_else(nothing);
    }
    // What a wallet keeps ready is not asked for again.
    let due = due.checked_sub(purse::held(&payments)).unwrap_or(due);
    if let Some(same) = make_room(tx, by, &payments, (provider, due), wanted)? {
        return Ok(same);
    }
    if provider == Provider::Wallet {
        return purse::pay(tx, by, &order, due, wanted.amount.as_ref());
    }
    let made = insert(tx, by, &order, (provider, due), wanted, None)?;
    money::put(tx, by, order, Moved::nothing(Change::PaymentBegun))?;
    let target = (Target::Payment, Some(made.0));
    audit::note(tx, by, Action::PaymentBegun, target, None, None)?;
    store::payments::get(tx, made)
}

/// The payments of an order that what is wanted would take the place of, and whose provider may know more of them than we
/// do: its page may have been approved in this moment. With the rights of beginning a payment.
pub fn outdone(db: &Snapshot, by: &Actor, id: OrderId, wanted: &Begin) -> Result<Vec<Payment>> {
    may_begin(db, by, id)?;
    let head = store::orders::head(db, id)?;
    let mut payments = store::payments::of_order(db, id)?;
    let due = head
        .due()
        .checked_sub(purse::held(&payments))
        .unwrap_or(head.due());
    let provider = wanted.provider.unwrap_or(head.method);
    payments.retain(|payment| {
        let is_elsewhere = !matches!(payment.provider, Provider::Manual | Provider::Wallet);
        let may_still_come = payment.state <= PaymentState::Failed && payment.provider_ref.is_some();
        let is_it = payment.is_open() && is_same(payment, (provider, due), wanted);
        is_elsewhere && may_still_come && !is_it
    });
    Ok(payments)
}

/// Whether a payment is of what is wanted.
fn is_same(payment: &Payment, (provider, due): (Provider, Money), wanted: &Begin) -> bool {
    let is_token = wanted.token.is_none() || payment.token == wanted.token;
    payment.provider == provider && payment.amount == due && is_token
}

/// Makes room for another try, unless one of those before is what is wanted. One whose charge was asked for and not
/// answered may have been charged: beside it nothing else is begun.
fn make_room(
    tx: &Tx,
    by: &Actor,
    payments: &[Payment],
    whose: (Provider, Money),
    wanted: &Begin,
) -> Result<Option<Payment>> {
    let of_now = payments
        .iter()
        .filter(|payment| payment.state <= PaymentState::Failed);
    for payment in of_now {
        let is_out = store::payment_tasks::is_out(tx, payment.id, Op::Confirm)?;
        if is_same(payment, whose, wanted) && (payment.is_open() || is_out) {
            return Ok(Some(payment.clone()));
        }
        if is_out {
            let words = "The try before this one still waits for its provider's answer.";
            return Err(Refusal::NotAllowed(words.into()).into());
        }
        if payment.is_open() || payment.provider_ref.is_some() {
            give_way(tx, by, payment)?;
        }
    }
    Ok(None)
}

/// Begins the payment of all of an order that was placed in this moment, by whoever placed it; with what its provider is
/// to be asked as soon as this is durable.
pub(in crate::shop) fn begin_at_placing(
    tx: &Tx,
    by: &Actor,
    order: &Order,
    post: &Post,
) -> Result<(Payment, Option<Asked>)> {
    let wanted = Begin {
        provider: None,
        return_url: None,
        token: None,
        amount: None,
    };
    let (method, due) = (order.head.method, order.head.due());
    // The sandbox's books are in this file: unless it plays at losing answers, it has answered when this is durable.
    let opened = match method == Provider::Sandbox && post.lost == 0 {
        true => Some(sandbox::promise(tx)?),
        false => None,
    };
    let made = insert(tx, by, order, (method, due), &wanted, opened.as_ref())?;
    let target = (Target::Payment, Some(made.0));
    audit::note(tx, by, Action::PaymentBegun, target, None, None)?;
    let payment = store::payments::get(tx, made)?;
    match opened {
        Some(_) => {
            sandbox::open_promised(tx, &payment, &order.head.number)?;
            Ok((payment, None))
        }
        None => {
            let asked = tasks::start_first(tx, &payment, order)?;
            Ok((payment, asked))
        }
    }
}

/// The row of a payment that a provider is to be asked for.
fn insert(
    tx: &Tx,
    by: &Actor,
    order: &Order,
    (provider, due): (Provider, Money),
    wanted: &Begin,
    opened: Option<&Standing>,
) -> Result<PaymentId> {
    let new = NewPayment {
        order: order.head.id,
        provider,
        state: match opened {
            Some(_) => PaymentState::RequiresAction,
            None => PaymentState::Created,
        },
        at_once: store::settings::text(tx, &settings::CAPTURE)?.as_deref() != Some("on_ship"),
        amount: due,
        currency: order.head.currency,
        captured: Money::ZERO,
        provider_ref: opened.and_then(|opened| opened.provider_ref.as_deref()),
        token: wanted.token.as_deref(),
        redirect_url: opened.and_then(|opened| opened.redirect_url.as_deref()),
        return_url: wanted.return_url.as_deref(),
        method: None,
        reference: None,
        created_by: by.user,
    };
    let made = store::payments::insert(tx, &new)?;
    if provider != Provider::Manual && opened.is_none() {
        store::payment_tasks::add(tx, made, Op::Create, None, None)?;
    }
    Ok(made)
}

/// By whom an order is to be paid: as the caller wants, or as it was placed. With the rights of beginning a payment.
pub fn method(db: &Snapshot, by: &Actor, id: OrderId, wanted: Option<Provider>) -> Result<Provider> {
    may_begin(db, by, id)?;
    Ok(match wanted {
        Some(provider) => provider,
        None => store::orders::head(db, id)?.method,
    })
}

/// Its owner may, who holds its private link, and who may begin all; whoever may only see it hears what is wanting.
fn may_begin(db: &Snapshot, by: &Actor, id: OrderId) -> Result<()> {
    by.on_order(Permission::PaymentsCreate)?;
    let owner = orders::owner_of(db, id)?;
    if by.is_owner(owner) || by.holds(id) || by.may(Permission::PaymentsCreate) {
        return Ok(());
    }
    orders::may_see(by, owner)?;
    Err(by.lacks(Permission::PaymentsCreate).into())
}

/// An open payment makes room for another: it is voided here at once, and its provider is asked to do the same. Should
/// the money come all the same, captured wins, and what is too much goes back.
fn give_way(tx: &Tx, by: &Actor, payment: &Payment) -> Result<()> {
    settle::let_go(tx, by, payment)?;
    if payment.provider != Provider::Manual && payment.is_open() {
        let after = Payment {
            state: PaymentState::Voided,
            ..payment.clone()
        };
        store::payments::update(tx, &after)?;
    }
    Ok(())
}
