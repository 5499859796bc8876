//! Money that comes by hand: cash, or a transfer that staff see at the bank.

use crate::domain::actor::Actor;
use crate::domain::id::OrderId;
use crate::domain::id::PaymentId;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::payment::Fact;
use crate::domain::payment::Payment;
use crate::domain::payment::PaymentState;
use crate::domain::payment::Provider;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::orders::OrderView;
use crate::shop::payments::settle;
use crate::shop::version;
use crate::store;
use crate::store::payments::NewPayment;

/// Money that has come.
#[derive(Debug, Clone)]
pub struct ByHand {
    /// For which order.
    pub order: OrderId,
    /// How much; all that is due if not told.
    pub amount: Option<RawAmount>,
    /// In which way: cash, transfer …
    pub method: Option<String>,
    /// What it is called elsewhere.
    pub reference: Option<String>,
    /// The version of the order that was seen.
    pub version: Option<i64>,
}

/// Records money that has come by hand.
///
/// Refused with `NotAllowed` where nothing is due, with `Rule` if it is more than that, with `Stale` if the order is no
/// longer at the version.
pub fn record_by_hand(tx: &Tx, by: &Actor, key: Option<&Key>, new: &ByHand) -> Result<Once<Payment>> {
    by.require(Permission::PaymentsCreate)?;
    once(
        tx,
        key,
        Made::Payment,
        |id| store::payments::get(tx, PaymentId(id)),
        || {
            let payment = record_now(tx, by, new)?;
            Ok((payment.id.0, payment))
        },
    )
}

fn record_now(tx: &Tx, by: &Actor, new: &ByHand) -> Result<Payment> {
    let order = store::orders::get(tx, new.order)?;
    version::allow(new.version, order.head.version, || OrderView::whole(&order))?;
    let due = order.head.due();
    if due == Money::ZERO {
        return Err(Refusal::NotAllowed("Nothing is due on this order.".into()).into());
    }
    let amount = match &new.amount {
        None => due,
        Some(raw) => raw
            .to_money(order.head.currency)
            .and_then(Money::positive)
            .map_err(|bad| bad.at("amount"))?,
    };
    if amount > due {
        let words = format!("No more than {} is due.", due.write(order.head.currency));
        return Err(Refusal::Rule(words.into()).into());
    }
    // The order's open one by hand is this one.
    let open = store::payments::of_order(tx, new.order)?
        .into_iter()
        .find(|payment| payment.is_open() && payment.provider == Provider::Manual);
    if let Some(open) = open {
        settle::let_go(tx, by, &open)?;
    }
    let row = NewPayment {
        order: new.order,
        provider: Provider::Manual,
        state: PaymentState::Authorized,
        at_once: true,
        amount,
        currency: order.head.currency,
        captured: Money::ZERO,
        provider_ref: None,
        token: None,
        redirect_url: None,
        return_url: None,
        method: new.method.as_deref(),
        reference: new.reference.as_deref(),
        created_by: by.user,
    };
    let id = store::payments::insert(tx, &row)?;
    let payment = store::payments::get(tx, id)?;
    settle::apply(tx, by, payment, Fact::Captured(amount), None)
}
