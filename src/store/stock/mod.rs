//! Rows of `stock` and of its ledger. A guarded update and its ledger row go together.

mod ledger;
mod levels;

pub use ledger::movement;
pub use ledger::movements;
pub use levels::all;
pub use levels::count_low;
pub use levels::count_of_products;
pub use levels::low;
pub use levels::of;
pub use levels::of_products;

use rusqlite::named_params;
use rusqlite::params;

use crate::domain::id::MovementId;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::id::VariantId;
use crate::domain::product::MovementReason;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::products;

/// Why and by whom stock moves.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the columns")]
pub struct Cause<'a> {
    pub reason: MovementReason,
    pub order: Option<OrderId>,
    pub actor: Option<UserId>,
    pub note: Option<&'a str>,
}

/// The ledger's newest row: the one that was just written.
pub fn last_movement(tx: &Tx) -> Result<MovementId> {
    Ok(tx
        .db()
        .prepare_cached("SELECT max(id) FROM stock_movements")?
        .query_row([], |row| row.get(0))?)
}

/// Moves stock by `delta` and writes its ledger row; what is there after it. (By position: on the path of every order.)
///
/// The update is guarded: what would fall below zero changes nothing and is an internal failure, because verbs look first.
/// A second look tells what is there: SQLite carries out RETURNING through a table of its own, which costs four times as
/// much as both.
pub fn shift(tx: &Tx, variant: VariantId, delta: i64, cause: Cause<'_>) -> Result<i64> {
    let changed = tx
        .db()
        .prepare_cached(
            "UPDATE stock SET available = available + ?2
             WHERE variant_id = ?1 AND available + ?2 >= 0",
        )?
        .execute(params![variant, delta])?;
    if changed == 0 {
        return Err(Error::internal(format!(
            "the stock of variant {variant} would fall below zero"
        )));
    }
    let available: i64 = tx
        .db()
        .prepare_cached("SELECT available FROM stock WHERE variant_id = ?1")?
        .query_row(params![variant], |row| row.get(0))?;
    tx.db()
        .prepare_cached(
            "INSERT INTO stock_movements (variant_id, delta, available, reason, order_id, at, actor_id, note)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            variant,
            delta,
            available,
            cause.reason,
            cause.order,
            tx.now,
            cause.actor,
            cause.note
        ])?;
    let (is_out, was_out) = (available == 0, available == delta);
    if is_out != was_out {
        products::restock(tx, variant)?;
    }
    Ok(available)
}

/// The empty shelf of a new variant.
pub fn open(tx: &Tx, variant: VariantId) -> Result<()> {
    tx.db()
        .prepare_cached("INSERT INTO stock (variant_id, available) VALUES (?1, 0)")?
        .execute(params![variant])?;
    Ok(())
}

/// What an order has taken of a variant and not given back, by the ledger: walks it bucket by bucket (SCHEMA).
pub fn taken_by(db: &Snapshot, order: OrderId, variant: VariantId) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached(
            "WITH RECURSIVE b(k) AS (
               SELECT max(id) >> 12 FROM stock_movements UNION ALL SELECT k - 1 FROM b WHERE k > 0
             )
             SELECT ifnull(-sum(m.delta), 0) AS taken
             FROM b CROSS JOIN stock_movements m
             WHERE m.id >> 12 = b.k AND m.variant_id = :variant AND m.order_id = :order",
        )?
        .query_row(named_params! { ":order": order, ":variant": variant }, |row| {
            row.get("taken")
        })?)
}
