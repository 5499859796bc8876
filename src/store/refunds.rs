//! Rows of `refunds` and of their lines.

use std::collections::HashMap;

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::id::PaymentId;
use crate::domain::id::RefundId;
use crate::domain::money::Money;
use crate::domain::refund::Refund;
use crate::domain::refund::RefundLine;
use crate::domain::refund::RefundState;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

const SELECT: &str =
    "SELECT id, order_id, payment_id, state, source, amount, shipping, currency, reason, note, reference,
  provider_ref, failure, return_id, created_by, created_at, ended_at
  FROM refunds";

fn from_row(row: &Row) -> rusqlite::Result<Refund> {
    Ok(Refund {
        id: row.get("id")?,
        order: row.get("order_id")?,
        payment: row.get("payment_id")?,
        state: row.get("state")?,
        source: row.get("source")?,
        amount: row.get("amount")?,
        shipping: row.get("shipping")?,
        currency: row.get("currency")?,
        reason: row.get("reason")?,
        note: row.get("note")?,
        reference: row.get("reference")?,
        provider_ref: row.get("provider_ref")?,
        failure: row.get("failure")?,
        of_return: row.get("return_id")?,
        created_by: row.get("created_by")?,
        created_at: row.get("created_at")?,
        ended_at: row.get("ended_at")?,
        lines: Vec::new(),
    })
}

/// The refund with its lines; it must exist.
pub fn get(db: &Snapshot, id: RefundId) -> Result<Refund> {
    let found = db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE id = :id"))?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?;
    let refund = found.ok_or(Error::NotFound("refund"))?;
    Ok(Refund {
        lines: lines(db, id)?,
        ..refund
    })
}

/// Every refund of an order with its lines, oldest first.
pub fn of_order(db: &Snapshot, order: OrderId) -> Result<Vec<Refund>> {
    let all: Vec<Refund> = db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE order_id = :order ORDER BY id"))?
        .query_and_then(named_params! { ":order": order }, |row| Ok(from_row(row)?))?
        .collect::<Result<_>>()?;
    all.into_iter()
        .map(|refund| {
            Ok(Refund {
                lines: lines(db, refund.id)?,
                ..refund
            })
        })
        .collect()
}

/// Every refund of a payment, oldest first, without lines.
pub fn of_payment(db: &Snapshot, payment: PaymentId) -> Result<Vec<Refund>> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE payment_id = :payment ORDER BY id"))?
        .query_and_then(named_params! { ":payment": payment }, |row| Ok(from_row(row)?))?
        .collect()
}

fn lines(db: &Snapshot, refund: RefundId) -> Result<Vec<RefundLine>> {
    db.db()
        .prepare_cached(
            "SELECT line_id, quantity, amount, restocked, unshipped
             FROM refund_lines
             WHERE id > :refund << 12 AND id < (:refund + 1) << 12
             ORDER BY id",
        )?
        .query_and_then(named_params! { ":refund": refund }, |row| {
            Ok(RefundLine {
                line: row.get("line_id")?,
                quantity: row.get("quantity")?,
                amount: row.get("amount")?,
                restocked: row.get("restocked")?,
                unshipped: row.get("unshipped")?,
            })
        })?
        .collect()
}

/// How many pieces of a line have been given back, or are about to be.
pub fn pieces(db: &Snapshot, line: LineId) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT ifnull(sum(l.quantity), 0)
             FROM refund_lines l JOIN refunds r ON r.id = l.refund_id
             WHERE l.line_id = :line AND r.state < 2",
        )?
        .query_row(named_params! { ":line": line }, |row| row.get(0))?)
}

/// Of each line of an order, how many pieces were given back for before they left; and how many of those were put back
/// on the shelf, where they stay although the money may have failed to go.
pub fn unshipped(db: &Snapshot, order: OrderId) -> Result<HashMap<LineId, (i64, i64)>> {
    db.db()
        .prepare_cached(
            "SELECT l.line_id, sum(iif(r.state < 2, l.unshipped, 0)) AS dropped,
               sum(iif(l.restocked, l.unshipped, 0)) AS reshelved
             FROM refunds r CROSS JOIN refund_lines l ON l.id > r.id << 12 AND l.id < (r.id + 1) << 12
             WHERE r.order_id = :order
             GROUP BY l.line_id",
        )?
        .query_and_then(named_params! { ":order": order }, |row| {
            Ok((row.get("line_id")?, (row.get("dropped")?, row.get("reshelved")?)))
        })?
        .collect()
}

/// How much of an order's shipping has been given back, or is about to be.
pub fn shipping(db: &Snapshot, order: OrderId) -> Result<Money> {
    Ok(db
        .db()
        .prepare_cached("SELECT ifnull(sum(shipping), 0) FROM refunds WHERE order_id = :order AND state < 2")?
        .query_row(named_params! { ":order": order }, |row| row.get(0))?)
}

/// Adds a refund with its lines; its id.
pub fn insert(tx: &Tx, new: &Refund) -> Result<RefundId> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO refunds (order_id, payment_id, state, source, amount, shipping, currency, reason, note,
               reference, provider_ref, return_id, created_by, created_at, ended_at)
             VALUES (:order, :payment, :state, :source, :amount, :shipping, :currency, :reason, :note, :reference,
               :provider_ref, :return, :created_by, :created_at, :ended_at)",
        )?
        .insert(named_params! {
            ":order": new.order,
            ":payment": new.payment,
            ":state": new.state,
            ":source": new.source,
            ":amount": new.amount,
            ":shipping": new.shipping,
            ":currency": new.currency,
            ":reason": new.reason,
            ":note": new.note,
            ":reference": new.reference,
            ":provider_ref": new.provider_ref,
            ":return": new.of_return,
            ":created_by": new.created_by,
            ":created_at": new.created_at,
            ":ended_at": new.ended_at,
        })?;
    for (at, line) in new.lines.iter().enumerate() {
        tx.db()
            .prepare_cached(
                "INSERT INTO refund_lines (id, refund_id, line_id, quantity, amount, restocked, unshipped)
                 VALUES ((:refund << 12) + :at, :refund, :line, :quantity, :amount, :restocked, :unshipped)",
            )?
            .execute(named_params! {
                ":refund": id,
                ":at": at as i64 + 1,
                ":line": line.line,
                ":quantity": line.quantity,
                ":amount": line.amount,
                ":restocked": line.restocked,
                ":unshipped": line.unshipped,
            })?;
    }
    Ok(RefundId(id))
}

/// Keeps what its provider calls a refund.
pub fn set_ref(tx: &Tx, id: RefundId, name: Option<&str>) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE refunds SET provider_ref = :name WHERE id = :id AND provider_ref IS NULL")?
        .execute(named_params! { ":id": id, ":name": name })?;
    Ok(())
}

/// Writes what became of a refund, and what its provider calls it.
pub fn end(
    tx: &Tx,
    id: RefundId,
    state: RefundState,
    provider_ref: Option<&str>,
    failure: Option<&str>,
) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE refunds
             SET state = :state, provider_ref = ifnull(provider_ref, :provider_ref), failure = :failure,
               ended_at = iif(:state = 0, NULL, :now)
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": id,
            ":state": state,
            ":provider_ref": provider_ref,
            ":failure": failure,
            ":now": tx.now,
        })?;
    Ok(())
}
