//! Rows of `returns` and of their lines.

use std::collections::HashMap;

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::id::ReturnId;
use crate::domain::id::UserId;
use crate::domain::returns::CameBack;
use crate::domain::returns::NewReturn;
use crate::domain::returns::Return;
use crate::domain::returns::ReturnLine;
use crate::domain::returns::ReturnState;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

const SELECT: &str =
    "SELECT r.id, r.order_id, r.state, r.reason, r.created_at, r.received_at, r.ended_at, r.updated_at, r.version,
  (SELECT f.id FROM refunds f WHERE f.return_id = r.id AND f.state < 2) AS refund_id
  FROM returns r";

fn from_row(row: &Row) -> rusqlite::Result<Return> {
    Ok(Return {
        id: row.get("id")?,
        order: row.get("order_id")?,
        state: row.get("state")?,
        reason: row.get("reason")?,
        refund: row.get("refund_id")?,
        created_at: row.get("created_at")?,
        received_at: row.get("received_at")?,
        ended_at: row.get("ended_at")?,
        updated_at: row.get("updated_at")?,
        version: row.get("version")?,
        lines: Vec::new(),
    })
}

fn with_lines(db: &Snapshot, found: Return) -> Result<Return> {
    let lines = db
        .db()
        .prepare_cached(
            "SELECT line_id, quantity, received, restocked FROM return_lines
             WHERE id > :return << 12 AND id < (:return + 1) << 12
             ORDER BY id",
        )?
        .query_and_then(named_params! { ":return": found.id }, |row| {
            Ok(ReturnLine {
                line: row.get("line_id")?,
                quantity: row.get("quantity")?,
                received: row.get("received")?,
                is_restocked: row.get("restocked")?,
            })
        })?
        .collect::<Result<_>>()?;
    Ok(Return { lines, ..found })
}

/// The return with its lines; it must exist.
pub fn get(db: &Snapshot, id: ReturnId) -> Result<Return> {
    let found = db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE r.id = :id"))?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?;
    with_lines(db, found.ok_or(Error::NotFound("return"))?)
}

/// Every return of an order with its lines, oldest first.
pub fn of_order(db: &Snapshot, order: OrderId) -> Result<Vec<Return>> {
    let all: Vec<Return> = db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE r.order_id = :order ORDER BY r.id"))?
        .query_and_then(named_params! { ":order": order }, from_row)?
        .collect::<rusqlite::Result<_>>()?;
    all.into_iter().map(|found| with_lines(db, found)).collect()
}

/// How far each return of an order has come.
pub fn states(db: &Snapshot, order: OrderId) -> Result<Vec<ReturnState>> {
    db.db()
        .prepare_cached("SELECT state FROM returns WHERE order_id = :order")?
        .query_and_then(named_params! { ":order": order }, |row| Ok(row.get("state")?))?
        .collect()
}

/// Of each line of an order, how many pieces are on their way back or are back; and how many are back and off the shelf.
pub fn pieces(db: &Snapshot, order: OrderId) -> Result<HashMap<LineId, (i64, i64)>> {
    db.db()
        .prepare_cached(
            "SELECT l.line_id, sum(iif(r.state = 0, l.quantity, l.received)) AS returned,
               sum(iif(l.restocked, 0, l.received)) AS kept_off
             FROM returns r CROSS JOIN return_lines l ON l.id > r.id << 12 AND l.id < (r.id + 1) << 12
             WHERE r.order_id = :order
             GROUP BY l.line_id",
        )?
        .query_and_then(named_params! { ":order": order }, |row| {
            Ok((row.get("line_id")?, (row.get("returned")?, row.get("kept_off")?)))
        })?
        .collect()
}

/// Adds a return with its lines; its id.
pub fn insert(tx: &Tx, order: OrderId, new: &NewReturn, by: Option<UserId>) -> Result<ReturnId> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO returns (order_id, state, reason, created_by, created_at, updated_at)
             VALUES (:order, 0, :reason, :by, :now, :now)",
        )?
        .insert(named_params! { ":order": order, ":reason": new.reason, ":by": by, ":now": tx.now })?;
    for (at, (line, quantity)) in new.lines.iter().enumerate() {
        tx.db()
            .prepare_cached(
                "INSERT INTO return_lines (id, return_id, line_id, quantity)
                 VALUES ((:return << 12) + :at, :return, :line, :quantity)",
            )?
            .execute(named_params! {
                ":return": id,
                ":at": at as i64 + 1,
                ":line": line,
                ":quantity": quantity,
            })?;
    }
    Ok(ReturnId(id))
}

/// Writes what has come of a line.
pub fn receive(tx: &Tx, id: ReturnId, came: &CameBack) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE return_lines SET received = :received, restocked = :restocked
             WHERE id > :return << 12 AND id < (:return + 1) << 12 AND line_id = :line",
        )?
        .execute(named_params! {
            ":return": id,
            ":line": came.line,
            ":received": came.received,
            ":restocked": came.restock,
        })?;
    Ok(())
}

/// Moves a return to a state, one version on. Back to `received` it goes where its refund has failed.
pub fn set_state(tx: &Tx, id: ReturnId, state: ReturnState) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE returns
             SET state = :state, received_at = iif(:state = 1, ifnull(received_at, :now), received_at),
               ended_at = iif(:state > 1, :now, NULL), updated_at = :now, version = version + 1
             WHERE id = :id",
        )?
        .execute(named_params! { ":id": id, ":state": state, ":now": tx.now })?;
    Ok(())
}
