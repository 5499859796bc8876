//! Orders paid out of wallets: taken within the order's own transaction, kept ready for the part that another provider
//! brings, and given back to the wallet that it came from.

use crate::domain::actor::Actor;
use crate::domain::id::AccountId;
use crate::domain::id::PaymentId;
use crate::domain::id::UserId;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::order::Order;
use crate::domain::payment::Fact;
use crate::domain::payment::Payment;
use crate::domain::payment::PaymentState;
use crate::domain::payment::Provider;
use crate::domain::permission::Permission;
use crate::domain::refund::Refund;
use crate::domain::refusal::Refusal;
use crate::domain::wallet::TransferKind;
use crate::domain::wallet::Way;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::orders;
use crate::shop::payments::settle;
use crate::shop::wallets;
use crate::store;
use crate::store::payments::NewPayment;
use crate::store::wallets::NewRow;

/// Pays a new order out of its customer's wallet; the order as it is then.
pub(in crate::shop) fn pay_at_placing(tx: &Tx, by: &Actor, order: &Order) -> Result<Order> {
    pay(tx, by, order, order.head.due(), None)?;
    store::orders::get(tx, order.head.id)
}

/// Pays `rest` of an order out of its customer's wallet, or keeps a part of that ready until the others have come.
///
/// Refused with `Balance` where the wallet has not so much, with `Rule` where there is none.
pub(super) fn pay(
    tx: &Tx,
    by: &Actor,
    order: &Order,
    rest: Money,
    part: Option<&RawAmount>,
) -> Result<Payment> {
    let user = payer(tx, by, order)?;
    let amount = amount(order, rest, part)?;
    let row = NewPayment {
        order: order.head.id,
        provider: Provider::Wallet,
        state: PaymentState::Created,
        at_once: false,
        amount,
        currency: order.head.currency,
        captured: Money::ZERO,
        provider_ref: None,
        token: None,
        redirect_url: None,
        return_url: None,
        method: None,
        reference: None,
        created_by: by.user,
    };
    let payment = store::payments::get(tx, store::payments::insert(tx, &row)?)?;
    let account = store::wallets::account(tx, user)?;
    if amount == rest {
        charge(tx, by, user, account, &payment, amount)?;
        return settle::apply(tx, by, payment, Fact::Captured(amount), None);
    }
    match store::wallets::hold(tx, payment.id, account, amount)? {
        true => settle::apply(tx, by, payment, Fact::Authorized, None),
        false => Err(wallets::short(tx, user, amount)?),
    }
}

/// All that is wanting, or the part of it that is named.
fn amount(order: &Order, rest: Money, part: Option<&RawAmount>) -> Result<Money> {
    let Some(raw) = part else {
        return Ok(rest);
    };
    let typed = raw.to_money(order.head.currency).and_then(Money::positive);
    let amount = typed.map_err(|bad| bad.at("amount"))?;
    if amount > rest {
        let words = format!("No more than {} is due.", rest.write(order.head.currency));
        return Err(Refusal::Rule(words.into()).into());
    }
    Ok(amount)
}

/// Whose wallet pays: the customer's. They may, and who manages wallets.
fn payer(db: &Snapshot, by: &Actor, order: &Order) -> Result<UserId> {
    let user = match orders::owner_of(db, order.head.id)? {
        user if by.is_owner(user) => user,
        // A private link opens nobody's wallet, whoever has proved the order's address since.
        _ if by.holds(order.head.id) => None,
        user => {
            by.require(Permission::WalletManage)?;
            user
        }
    };
    let words = "This customer has no account, and so no wallet.";
    user.ok_or_else(|| Refusal::Rule(words.into()).into())
}

fn charge(
    tx: &Tx,
    by: &Actor,
    user: UserId,
    account: AccountId,
    payment: &Payment,
    amount: Money,
) -> Result<()> {
    let row = NewRow {
        key: &key(payment.id),
        wallet: account,
        way: Way::Out,
        kind: TransferKind::OrderPayment,
        amount,
        order: Some(payment.order),
        reverses: None,
        actor: by.user,
        reason: None,
    };
    wallets::post(tx, user, &row).map(drop)
}

/// A payment is taken once.
fn key(payment: PaymentId) -> String {
    format!("pay_{payment}")
}

/// What waits for others on an order.
pub(super) fn held(payments: &[Payment]) -> Money {
    let holds = payments.iter().filter(|payment| is_held(payment));
    Money::sum(holds.map(|payment| payment.amount)).unwrap_or(Money::MAX)
}

fn is_held(payment: &Payment) -> bool {
    payment.provider == Provider::Wallet && payment.state == PaymentState::Authorized
}

/// Takes what is held for a payment, all of it or a part; the rest of it is available again.
pub(super) fn take(tx: &Tx, by: &Actor, payment: Payment, part: Option<Money>) -> Result<Payment> {
    let amount = part.unwrap_or(payment.amount);
    let account = store::wallets::release(tx, payment.id)?
        .ok_or_else(|| Error::internal("nothing is held for a payment that is authorized"))?;
    let user = store::wallets::user(tx, account)?;
    charge(tx, by, user, account, &payment, amount)?;
    settle::apply(tx, by, payment, Fact::Captured(amount), None)
}

/// Takes what is held for an order once that is all that is wanting.
pub(super) fn take_what_is_wanting(tx: &Tx, by: &Actor, order: &Order) -> Result<()> {
    let payments = store::payments::of_order(tx, order.head.id)?;
    let due = order.head.due();
    if due == Money::ZERO || held(&payments) < due {
        return Ok(());
    }
    for payment in payments.into_iter().filter(is_held) {
        take(tx, by, payment, None)?;
    }
    Ok(())
}

/// What is held for a payment that will not be is available again.
pub(super) fn release(tx: &Tx, payment: &Payment) -> Result<()> {
    store::wallets::release(tx, payment.id).map(drop)
}

/// Gives a refund back to the wallet that its payment came from.
pub(super) fn give_back(tx: &Tx, by: &Actor, refund: &Refund, payment: PaymentId) -> Result<()> {
    let taken = store::wallets::by_key(tx, &key(payment))?
        .ok_or_else(|| Error::internal("a payment by wallet has no transfer"))?;
    let row = NewRow {
        key: &format!("refund_{}", refund.id),
        wallet: taken.wallet,
        way: Way::In,
        kind: TransferKind::OrderRefund,
        amount: refund.amount,
        order: Some(refund.order),
        reverses: Some(taken.id),
        actor: by.user,
        reason: Some(&refund.reason),
    };
    let user = store::wallets::user(tx, taken.wallet)?;
    wallets::post(tx, user, &row).map(drop)
}
