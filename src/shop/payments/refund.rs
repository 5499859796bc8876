//! Money that goes back: full, partial or for lines, with or without their goods; never more than was taken (MON-06).

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::event::EventType;
use crate::domain::fault::Bad;
use crate::domain::id::OrderId;
use crate::domain::id::PaymentId;
use crate::domain::id::RefundId;
use crate::domain::id::ReturnId;
use crate::domain::money::Money;
use crate::domain::order::Change;
use crate::domain::order::Order;
use crate::domain::payment::Op;
use crate::domain::payment::Payment;
use crate::domain::payment::PaymentState;
use crate::domain::payment::Provider;
use crate::domain::permission::Permission;
use crate::domain::product::MovementReason;
use crate::domain::refund::NewRefund;
use crate::domain::refund::Refund;
use crate::domain::refund::RefundLine;
use crate::domain::refund::RefundSource;
use crate::domain::refund::RefundState;
use crate::domain::settings;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::commissions;
use crate::shop::invoices;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::orders::OrderView;
use crate::shop::orders::StockTold;
use crate::shop::payments::money;
use crate::shop::payments::money::Moved;
use crate::shop::payments::purse;
use crate::shop::payments::settle;
use crate::shop::payments::weigh;
use crate::shop::payments::weigh::Weighed;
use crate::shop::payments::weigh::too_much;
use crate::shop::returns;
use crate::shop::shipments;
use crate::shop::step_up;
use crate::shop::version;
use crate::store;
use crate::store::stock::Cause;

/// Gives money back.
///
/// Refused with `Rule` above what is left, with `SecondFactor` above what may be given without a fresh sign-in, with a
/// missing `payment_id` where no one payment has enough.
pub fn refund(tx: &Tx, by: &Actor, key: Option<&Key>, id: OrderId, new: &NewRefund) -> Result<Once<Refund>> {
    by.require(Permission::RefundsCreate)?;
    once(
        tx,
        key,
        Made::Refund,
        |id| store::refunds::get(tx, RefundId(id)),
        || {
            let refund = refund_now(tx, by, id, new)?;
            Ok((refund.id.0, refund))
        },
    )
}

fn refund_now(tx: &Tx, by: &Actor, id: OrderId, new: &NewRefund) -> Result<Refund> {
    let order = store::orders::get(tx, id)?;
    version::allow(new.version, order.head.version, || OrderView::whole(&order))?;
    let Weighed {
        lines,
        shipping,
        amount,
    } = weigh::weighed(tx, &order, new)?;
    if amount.minor() > step_up_above(tx)? {
        step_up::require_of_people(tx, by)?;
    }
    let payment = payment(tx, &order, new, amount)?;
    let draft = Draft {
        payment,
        source: RefundSource::Staff,
        amount,
        shipping,
        lines,
        reason: &new.reason,
        note: new.note.clone(),
        reference: new.reference.clone(),
        of_return: new.of_return,
        is_told: new.is_told,
    };
    let stock = restock(tx, by, &order, &draft.lines)?;
    let (refund, order) = make(tx, by, order, draft, stock)?;
    shipments::close(tx, by, order)?;
    Ok(refund)
}

/// Above this a refund asks for a fresh sign-in, in minor units.
fn step_up_above(tx: &Tx) -> Result<i64> {
    Ok(store::settings::whole(tx, &settings::STEP_UP_ABOVE)?.unwrap_or(0))
}

/// The payment that gives it: the one that is named, else the newest that has enough. An imported order has none.
fn payment(tx: &Tx, order: &Order, new: &NewRefund, amount: Money) -> Result<Option<Payment>> {
    let payments = store::payments::of_order(tx, order.head.id)?;
    if let Some(id) = new.payment {
        let named = payments.into_iter().find(|payment| payment.id == id);
        let named = named
            .ok_or_else(|| Error::from(Bad::invalid("is not a payment of this order").at("payment_id")))?;
        return match amount > named.left() {
            true => Err(too_much(order, named.left())),
            false => Ok(Some(named)),
        };
    }
    let taken = Money::sum(payments.iter().map(|payment| payment.captured)).unwrap_or(Money::MAX);
    if taken == Money::ZERO {
        return Ok(None);
    }
    let enough = payments
        .into_iter()
        .rev()
        .find(|payment| amount <= payment.left());
    match enough {
        Some(payment) => Ok(Some(payment)),
        None => Err(Bad::missing().at("payment_id").into()),
    }
}

/// Goods that go back on the shelf.
fn restock(tx: &Tx, by: &Actor, order: &Order, lines: &[RefundLine]) -> Result<Option<Vec<StockTold>>> {
    let mut told = Vec::new();
    for back in lines.iter().filter(|line| line.restocked) {
        let line = order.lines.iter().find(|line| line.id == back.line);
        let Some((variant, sku)) = line.and_then(|line| Some((line.variant?, line.sku.clone()))) else {
            continue;
        };
        let cause = Cause {
            reason: MovementReason::Return,
            order: Some(order.head.id),
            actor: by.user,
            note: None,
        };
        let taken = store::stock::taken_by(tx, order.head.id, variant)?;
        let delta = back.quantity.min(taken);
        if delta > 0 {
            let available = store::stock::shift(tx, variant, delta, cause)?;
            told.push(StockTold {
                sku,
                delta,
                available,
            });
        }
    }
    Ok((!told.is_empty()).then_some(told))
}

/// A refund that has been decided.
struct Draft<'a> {
    payment: Option<Payment>,
    source: RefundSource,
    amount: Money,
    shipping: Money,
    lines: Vec<RefundLine>,
    reason: &'a str,
    note: Option<String>,
    reference: Option<String>,
    of_return: Option<ReturnId>,
    /// Whether the buyer is written to.
    is_told: bool,
}

/// Writes a refund, counts it, and has its provider asked; what goes by hand is done with that.
fn make(
    tx: &Tx,
    by: &Actor,
    mut order: Order,
    draft: Draft<'_>,
    stock: Option<Vec<StockTold>>,
) -> Result<(Refund, Order)> {
    let amount = draft.amount;
    let reason = draft.reason.to_owned();
    let notify = (!draft.is_told).then_some(false);
    let refund = write(tx, by, &mut order, draft)?;
    let answered = refund.of_return;
    let returns = answered
        .map(|id| returns::refunded(tx, order.head.id, id))
        .transpose()?;
    let moved = Moved {
        given: amount,
        note: Some(&reason),
        stock,
        returns,
        notify,
        ..Moved::nothing(Change::Refunded)
    };
    let order = money::put(tx, by, order, moved)?;
    commissions::recount(tx, &order)?;
    Ok((refund, order))
}

/// The rows of a refund, counted on its payment and told; the order's own row is left to the caller.
fn write(tx: &Tx, by: &Actor, order: &mut Order, draft: Draft<'_>) -> Result<Refund> {
    let by_hand = draft
        .payment
        .as_ref()
        .is_none_or(|payment| matches!(payment.provider, Provider::Manual | Provider::Wallet));
    let is_done = by_hand || draft.source == RefundSource::Provider;
    if let Some(payment) = &draft.payment
        && !store::payments::give_back(tx, payment.id, draft.amount)?
    {
        return Err(too_much(order, payment.left()));
    }
    let new = Refund {
        id: RefundId(0),
        order: order.head.id,
        payment: draft.payment.as_ref().map(|payment| payment.id),
        state: match is_done {
            true => RefundState::Succeeded,
            false => RefundState::Pending,
        },
        source: draft.source,
        amount: draft.amount,
        shipping: draft.shipping,
        currency: order.head.currency,
        reason: draft.reason.to_owned(),
        note: draft.note,
        reference: draft.reference,
        provider_ref: None,
        failure: None,
        of_return: draft.of_return,
        created_by: by.user,
        created_at: tx.now,
        ended_at: is_done.then_some(tx.now),
        lines: draft.lines,
    };
    let id = store::refunds::insert(tx, &new)?;
    let refund = Refund { id, ..new };
    if let Some(payment) = draft
        .payment
        .filter(|payment| payment.provider == Provider::Wallet)
    {
        purse::give_back(tx, by, &refund, payment.id)?;
    }
    let told = money::tell_refund(tx, order, EventType::RefundCreated, &refund)?;
    let target = (Target::Refund, Some(id.0));
    audit::note(tx, by, Action::RefundMade, target, told.for_audit(), None)?;
    match (is_done, refund.payment) {
        (true, _) => {
            money::tell_refund(tx, order, EventType::RefundSucceeded, &refund)?;
            invoices::credit(tx, by, order, Some(id))?;
        }
        (false, Some(payment)) => store::payment_tasks::add(tx, payment, Op::Refund, Some(id), None)?,
        (false, None) => {}
    }
    Ok(refund)
}

/// Money that nobody may keep goes back by itself (PWH-08).
pub(super) fn by_itself(
    tx: &Tx,
    by: &Actor,
    order: Order,
    payment: PaymentId,
    amount: Money,
    reason: &str,
) -> Result<Order> {
    let payment = store::payments::get(tx, payment)?;
    let draft = Draft {
        amount: amount.min(payment.left()),
        payment: Some(payment),
        source: RefundSource::Shop,
        shipping: Money::ZERO,
        lines: Vec::new(),
        reason,
        note: None,
        reference: None,
        of_return: None,
        is_told: true,
    };
    Ok(make(tx, by, order, draft, None)?.1)
}

/// A refund that was made at the provider: its row, and what it does to the order.
pub(super) fn at_provider(tx: &Tx, by: &Actor, payment: &Payment, amount: Money, name: &str) -> Result<()> {
    let order = store::orders::get(tx, payment.order)?;
    let draft = Draft {
        payment: Some(payment.clone()),
        source: RefundSource::Provider,
        amount,
        shipping: Money::ZERO,
        lines: Vec::new(),
        reason: "Given back at the provider.",
        note: None,
        reference: None,
        of_return: None,
        is_told: true,
    };
    let (refund, _) = make(tx, by, order, draft, None)?;
    store::refunds::end(tx, refund.id, RefundState::Succeeded, Some(name), None)
}

/// A refund that was tried at the provider and has failed.
pub(super) fn failed_at_provider(tx: &Tx, payment: &Payment, amount: Money, name: &str) -> Result<()> {
    let row = Refund {
        id: RefundId(0),
        order: payment.order,
        payment: Some(payment.id),
        state: RefundState::Failed,
        source: RefundSource::Provider,
        amount,
        shipping: Money::ZERO,
        currency: payment.currency,
        reason: "Tried at the provider.".to_owned(),
        note: None,
        reference: None,
        provider_ref: Some(name.to_owned()),
        failure: None,
        of_return: None,
        created_by: None,
        created_at: tx.now,
        ended_at: Some(tx.now),
        lines: Vec::new(),
    };
    store::refunds::insert(tx, &row).map(drop)
}

/// What became of a refund; no news changes nothing. One that has failed gives nothing back after all.
pub(super) fn end(
    tx: &Tx,
    by: &Actor,
    id: RefundId,
    state: RefundState,
    name: Option<&str>,
    failure: Option<&str>,
) -> Result<()> {
    let refund = store::refunds::get(tx, id)?;
    if state <= refund.state {
        if refund.provider_ref.is_none() && name.is_some() {
            store::refunds::set_ref(tx, id, name)?;
        }
        return Ok(());
    }
    store::refunds::end(tx, id, state, name, failure)?;
    let refund = store::refunds::get(tx, id)?;
    let mut order = store::orders::get(tx, refund.order)?;
    let kind = match state {
        RefundState::Failed => EventType::RefundFailed,
        _ => EventType::RefundSucceeded,
    };
    let told = money::tell_refund(tx, &mut order, kind, &refund)?;
    let target = (Target::Refund, Some(id.0));
    audit::note(tx, by, Action::RefundEnded, target, told.for_audit(), None)?;
    if state == RefundState::Succeeded {
        return invoices::credit(tx, by, &mut order, Some(id));
    }
    if state == RefundState::Failed {
        if let Some(payment) = refund.payment {
            store::payments::keep_after_all(tx, payment, refund.amount)?;
        }
        let answered = refund.of_return;
        let returns = answered
            .map(|id| returns::owed_again(tx, refund.order, id))
            .transpose()?;
        let moved = Moved {
            given: -refund.amount,
            note: failure,
            returns,
            ..Moved::nothing(Change::RefundFailed)
        };
        let mut order = money::put(tx, by, order, moved)?;
        commissions::recount(tx, &order)?;
        invoices::void_of(tx, by, &mut order, id)?;
    }
    Ok(())
}

/// What happens to the money of an order that will not be, or that is given back whole: what was taken goes back, what
/// is reserved or open is given up. How much goes back; the order's own row is left to the caller.
pub(in crate::shop) fn unwind(tx: &Tx, by: &Actor, order: &mut Order, reason: &str) -> Result<Money> {
    let mut given = Money::ZERO;
    for payment in store::payments::of_order(tx, order.head.id)? {
        if payment.is_open() || payment.state == PaymentState::Authorized {
            settle::give_up(tx, by, &payment)?;
        }
        let left = payment.left();
        if left > Money::ZERO {
            let draft = Draft {
                payment: Some(payment),
                source: RefundSource::Shop,
                amount: left,
                shipping: Money::ZERO,
                lines: Vec::new(),
                reason,
                note: None,
                reference: None,
                of_return: None,
                is_told: true,
            };
            write(tx, by, order, draft)?;
            given = given.checked_add(left).unwrap_or(given);
        }
    }
    Ok(given)
}
