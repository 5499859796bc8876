//! Rows of `payments`.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::id::OrderId;
use crate::domain::id::PaymentId;
use crate::domain::id::UserId;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::payment::Payment;
use crate::domain::payment::PaymentState;
use crate::domain::payment::Provider;
use crate::domain::payment::Purse;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::newest::Newest;

const SELECT: &str = "SELECT id, order_id, provider, state, at_once, amount, currency, captured, refunded, provider_ref,
  charge_ref, token, redirect_url, return_url, method, reference, failure, disputed, created_by, created_at, updated_at
  FROM payments";

/// By position: on the path of every checkout.
fn from_row(row: &Row) -> rusqlite::Result<Payment> {
    Ok(Payment {
        id: row.get(0)?,
        order: row.get(1)?,
        provider: row.get(2)?,
        state: row.get(3)?,
        at_once: row.get(4)?,
        amount: row.get(5)?,
        currency: row.get(6)?,
        captured: row.get(7)?,
        refunded: row.get(8)?,
        provider_ref: row.get(9)?,
        charge_ref: row.get(10)?,
        token: row.get(11)?,
        redirect_url: row.get(12)?,
        return_url: row.get(13)?,
        method: row.get(14)?,
        reference: row.get(15)?,
        failure: row.get(16)?,
        disputed: row.get(17)?,
        created_by: row.get(18)?,
        created_at: row.get(19)?,
        updated_at: row.get(20)?,
    })
}

/// The payment, if there is one.
pub fn find(db: &Snapshot, id: PaymentId) -> Result<Option<Payment>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE id = :id"))?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?)
}

/// The payment; it must exist.
pub fn get(db: &Snapshot, id: PaymentId) -> Result<Payment> {
    find(db, id)?.ok_or(Error::NotFound("payment"))
}

/// The payment that a provider calls by this name.
pub fn by_ref(db: &Snapshot, provider: Provider, name: &str) -> Result<Option<Payment>> {
    Ok(db
        .db()
        .prepare_cached(&format!(
            "{SELECT} WHERE provider = :provider AND provider_ref = :name
             UNION ALL {SELECT} WHERE charge_ref = :name AND provider = :provider
             LIMIT 1"
        ))?
        .query_row(named_params! { ":provider": provider, ":name": name }, from_row)
        .optional()?)
}

/// Every payment of an order, oldest first.
pub fn of_order(db: &Snapshot, order: OrderId) -> Result<Vec<Payment>> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE order_id = :order ORDER BY id"))?
        .query_and_then(named_params! { ":order": order }, |row| Ok(from_row(row)?))?
        .collect()
}

/// What all payments of an order come to.
pub fn purse(payments: &[Payment]) -> Purse {
    let sum = |amount: fn(&Payment) -> Money| Money::sum(payments.iter().map(amount)).unwrap_or(Money::MAX);
    Purse {
        paid: sum(|payment| payment.captured),
        refunded: sum(|payment| payment.refunded),
        authorized: sum(|payment| match payment.state {
            PaymentState::Authorized => payment.amount,
            _ => Money::ZERO,
        }),
        is_failed: payments
            .last()
            .is_some_and(|payment| payment.state == PaymentState::Failed),
    }
}

/// A page of all payments, newest first, of one state or of all.
pub fn page(db: &Snapshot, state: Option<PaymentState>, paging: &Paging) -> Result<Page<Payment>> {
    let list = Newest {
        select: SELECT,
        table: "payments",
        from_row,
    };
    list.page(db, state, paging)
}

/// A payment that is begun.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct NewPayment<'a> {
    pub order: OrderId,
    pub provider: Provider,
    pub state: PaymentState,
    pub at_once: bool,
    pub amount: Money,
    pub currency: Currency,
    pub captured: Money,
    pub provider_ref: Option<&'a str>,
    pub token: Option<&'a str>,
    pub redirect_url: Option<&'a str>,
    pub return_url: Option<&'a str>,
    pub method: Option<&'a str>,
    pub reference: Option<&'a str>,
    pub created_by: Option<UserId>,
}

/// Adds a payment.
pub fn insert(tx: &Tx, new: &NewPayment<'_>) -> Result<PaymentId> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO payments (order_id, provider, state, at_once, amount, currency, captured, provider_ref, token,
               redirect_url, return_url, method, reference, created_by, created_at, updated_at)
             VALUES (:order, :provider, :state, :at_once, :amount, :currency, :captured, :provider_ref, :token,
               :redirect_url, :return_url, :method, :reference, :created_by, :now, :now)",
        )?
        .insert(named_params! {
            ":order": new.order,
            ":provider": new.provider,
            ":state": new.state,
            ":at_once": new.at_once,
            ":amount": new.amount,
            ":currency": new.currency,
            ":captured": new.captured,
            ":provider_ref": new.provider_ref,
            ":token": new.token,
            ":redirect_url": new.redirect_url,
            ":return_url": new.return_url,
            ":method": new.method,
            ":reference": new.reference,
            ":created_by": new.created_by,
            ":now": tx.now,
        })?;
    Ok(PaymentId(id))
}

/// Writes what may change of a payment, but for what went back.
pub fn update(tx: &Tx, payment: &Payment) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE payments
             SET state = :state, captured = :captured, provider_ref = :provider_ref, charge_ref = :charge_ref,
               redirect_url = :redirect_url, failure = :failure, disputed = :disputed, updated_at = :now
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": payment.id,
            ":state": payment.state,
            ":captured": payment.captured,
            ":provider_ref": payment.provider_ref,
            ":charge_ref": payment.charge_ref,
            ":redirect_url": payment.redirect_url,
            ":failure": payment.failure,
            ":disputed": payment.disputed,
            ":now": tx.now,
        })?;
    Ok(())
}

/// Keeps what the shopper's browser needs, sealed.
pub fn set_client_secret(tx: &Tx, id: PaymentId, sealed: &[u8]) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE payments SET client_secret = :sealed WHERE id = :id")?
        .execute(named_params! { ":id": id, ":sealed": sealed })?;
    Ok(())
}

/// What the shopper's browser needs, sealed.
pub fn client_secret(db: &Snapshot, id: PaymentId) -> Result<Option<Vec<u8>>> {
    Ok(db
        .db()
        .prepare_cached("SELECT client_secret FROM payments WHERE id = :id")?
        .query_row(named_params! { ":id": id }, |row| row.get(0))?)
}

/// Counts so much more as given back, unless that is more than was taken; whether it was (MON-06).
pub fn give_back(tx: &Tx, id: PaymentId, amount: Money) -> Result<bool> {
    let changed = tx
        .db()
        .prepare_cached(
            "UPDATE payments SET refunded = refunded + :amount, updated_at = :now
             WHERE id = :id AND refunded + :amount <= captured",
        )?
        .execute(named_params! { ":id": id, ":amount": amount, ":now": tx.now })?;
    Ok(changed == 1)
}

/// Counts so much less as given back: a refund has failed.
pub fn keep_after_all(tx: &Tx, id: PaymentId, amount: Money) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE payments SET refunded = refunded - :amount, updated_at = :now WHERE id = :id",
        )?
        .execute(named_params! { ":id": id, ":amount": amount, ":now": tx.now })?;
    Ok(())
}
