//! Rows of `commissions`, `commission_rates`, `payouts` and what each seller has in one.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::commission::Commission;
use crate::domain::commission::CommissionFilter;
use crate::domain::commission::CommissionState;
use crate::domain::commission::Rate;
use crate::domain::commission::Sums;
use crate::domain::id::CommissionId;
use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::money::Money;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::newest;

const SELECT: &str = "SELECT id, seller_id, order_id, line_id, rate, amount, state, reverses, payout_id, at, approved_at, ended_at
  FROM commissions";

fn from_row(row: &Row) -> rusqlite::Result<Commission> {
    Ok(Commission {
        id: row.get("id")?,
        seller: row.get("seller_id")?,
        order: row.get("order_id")?,
        line: row.get("line_id")?,
        rate: row.get("rate")?,
        amount: row.get("amount")?,
        state: row.get("state")?,
        reverses: row.get("reverses")?,
        payout: row.get("payout_id")?,
        at: row.get("at")?,
        approved_at: row.get("approved_at")?,
        ended_at: row.get("ended_at")?,
    })
}

/// The rate of a seller's own, if there is one.
pub fn rate_of(db: &Snapshot, seller: UserId) -> Result<Option<Rate>> {
    Ok(db
        .db()
        .prepare_cached("SELECT rate FROM commission_rates WHERE seller_id = :seller")?
        .query_row(named_params! { ":seller": seller }, |row| row.get("rate"))
        .optional()?)
}

/// Sets the rate of a seller's own, or lets the shop's hold again.
pub fn set_rate(tx: &Tx, seller: UserId, rate: Option<Rate>) -> Result<()> {
    match rate {
        Some(rate) => tx
            .db()
            .prepare_cached(
                "INSERT INTO commission_rates (seller_id, rate) VALUES (:seller, :rate)
                 ON CONFLICT (seller_id) DO UPDATE SET rate = excluded.rate",
            )?
            .execute(named_params! { ":seller": seller, ":rate": rate })?,
        None => tx
            .db()
            .prepare_cached("DELETE FROM commission_rates WHERE seller_id = :seller")?
            .execute(named_params! { ":seller": seller })?,
    };
    Ok(())
}

/// A commission that a line has brought, or what undoes a part of it.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the columns")]
pub struct NewRow {
    pub seller: UserId,
    pub order: OrderId,
    pub line: LineId,
    pub rate: Rate,
    pub amount: Money,
    pub state: CommissionState,
    pub reverses: Option<CommissionId>,
}

/// Adds a row.
pub fn insert(tx: &Tx, new: &NewRow) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO commissions (seller_id, order_id, line_id, rate, amount, state, reverses, at, approved_at)
             VALUES (:seller, :order, :line, :rate, :amount, :state, :reverses, :now, iif(:state = 1, :now, NULL))",
        )?
        .execute(named_params! {
            ":seller": new.seller,
            ":order": new.order,
            ":line": new.line,
            ":rate": new.rate,
            ":amount": new.amount,
            ":state": new.state,
            ":reverses": new.reverses,
            ":now": tx.now,
        })?;
    Ok(())
}

/// What a line brings its seller, now that it comes to another amount.
pub fn set_amount(tx: &Tx, line: LineId, amount: Money) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE commissions SET amount = :amount WHERE line_id = :line AND reverses IS NULL")?
        .execute(named_params! { ":line": line, ":amount": amount })?;
    Ok(())
}

/// Takes away what a line has brought that is not on its order any more; nothing of it has been paid.
pub fn delete_of(tx: &Tx, line: LineId) -> Result<()> {
    for undoes in [true, false] {
        tx.db()
            .prepare_cached(
                "DELETE FROM commissions
                 WHERE order_id = :line >> 12 AND line_id = :line AND (reverses IS NOT NULL) = :undoes AND payout_id IS NULL",
            )?
            .execute(named_params! { ":line": line, ":undoes": undoes })?;
    }
    Ok(())
}

/// Everything of an order, oldest first.
pub fn of_order(db: &Snapshot, order: OrderId) -> Result<Vec<Commission>> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE order_id = :order ORDER BY id"))?
        .query_and_then(named_params! { ":order": order }, |row| Ok(from_row(row)?))?
        .collect()
}

/// The order has arrived: what waits for that is approved.
pub fn approve(tx: &Tx, order: OrderId) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE commissions SET state = 1, approved_at = :now WHERE order_id = :order AND state = 0",
        )?
        .execute(named_params! { ":order": order, ":now": tx.now })?;
    Ok(())
}

/// Undoes what a line has brought, with all that undid parts of it, where none of that has been paid.
pub fn reverse(tx: &Tx, line: &Commission) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE commissions SET state = 3, ended_at = :now
             WHERE order_id = :order AND (id = :id OR reverses = :id) AND state < 2",
        )?
        .execute(named_params! { ":order": line.order, ":id": line.id, ":now": tx.now })?;
    Ok(())
}

/// A page of commissions, newest first.
pub fn page(db: &Snapshot, filter: &CommissionFilter, paging: &Paging) -> Result<Page<Commission>> {
    let (side, order) = newest::side(paging.is_backwards());
    // What is asked for is said outright, so that its index is found.
    let is = |is_asked: bool, column: &str, value: &str| match is_asked {
        true => format!("{column} = {value}"),
        false => format!("{value} IS NULL"),
    };
    let wanted = [
        is(filter.seller.is_some(), "seller_id", ":seller"),
        is(filter.state.is_some(), "state", ":state"),
        is(filter.order.is_some(), "order_id", ":order"),
        is(filter.payout.is_some(), "payout_id", ":payout"),
    ];
    let wanted = wanted.join(" AND ");
    let rows = db
        .db()
        .prepare_cached(&format!(
            "{SELECT}
             WHERE {side} AND {wanted}
             ORDER BY {order} LIMIT :limit OFFSET :skipped"
        ))?
        .query_and_then(
            named_params! {
                ":key": newest::key(paging),
                ":seller": filter.seller,
                ":state": filter.state,
                ":order": filter.order,
                ":payout": filter.payout,
                ":limit": paging.wanted() as i64,
                ":skipped": paging.skipped(),
            },
            |row| Ok(from_row(row)?),
        )?
        .collect::<Result<Vec<Commission>>>()?;
    let counted = newest::counted(
        db,
        &format!("FROM commissions WHERE {wanted}"),
        named_params! {
            ":seller": filter.seller,
            ":state": filter.state,
            ":order": filter.order,
            ":payout": filter.payout,
        },
    )?;
    Ok(paging
        .cut(rows, |row: &Commission| (0, row.id.0))
        .counted(counted))
}

/// What commissions come to, of one seller or of all; `month` is when this one began.
pub fn sums(db: &Snapshot, seller: Option<UserId>, month: Timestamp) -> Result<Sums> {
    let money =
        |minor: i64| Money::new(minor).ok_or_else(|| Error::internal("commissions are beyond the cap"));
    let (pending, approved, paid, of_month) = db
        .db()
        .prepare_cached(
            "SELECT ifnull(sum(amount) FILTER (WHERE state = 0), 0), ifnull(sum(amount) FILTER (WHERE state = 1), 0),
               ifnull(sum(amount) FILTER (WHERE state = 2), 0),
               ifnull(sum(amount) FILTER (WHERE state < 3 AND at >= :month), 0)
             FROM commissions WHERE :seller IS NULL OR seller_id = :seller",
        )?
        .query_row(named_params! { ":seller": seller, ":month": month }, |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
    Ok(Sums {
        pending: money(pending)?,
        approved: money(approved)?,
        paid: money(paid)?,
        month: money(of_month)?,
    })
}
