//! Rows of `drafts`.

use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::draft::Draft;
use crate::domain::draft::DraftState;
use crate::domain::id::DraftId;
use crate::domain::id::OrderId;
use crate::domain::new_order::AskedOrder;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::newest;

const SELECT: &str =
    "SELECT id, channel, customer_id, payment_method, asked, reason, order_id, placed_at, created_by, created_at,
  updated_at, version
  FROM drafts";

fn from_row(row: &Row) -> Result<Draft> {
    let text: String = row.get("asked")?;
    let asked: AskedOrder = serde_json::from_str(&text).map_err(|cause| Error::Internal(cause.into()))?;
    Ok(Draft {
        id: row.get("id")?,
        channel: row.get("channel")?,
        method: row.get("payment_method")?,
        asked: AskedOrder {
            customer_id: row.get("customer_id")?,
            ..asked
        },
        reason: row.get("reason")?,
        order: row.get("order_id")?,
        placed_at: row.get("placed_at")?,
        created_by: row.get("created_by")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        version: row.get("version")?,
    })
}

/// The draft; it must exist.
pub fn get(db: &Snapshot, id: DraftId) -> Result<Draft> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE id = :id"))?
        .query_and_then(named_params! { ":id": id }, from_row)?
        .next()
        .transpose()?
        .ok_or(Error::NotFound("draft"))
}

/// A page of drafts, newest first: open ones, placed ones, or all.
pub fn page(db: &Snapshot, state: Option<DraftState>, paging: &Paging) -> Result<Page<Draft>> {
    let (side, order) = newest::side(paging.is_backwards());
    let wanted = match state {
        None => "1",
        Some(DraftState::Open) => "order_id IS NULL",
        Some(DraftState::Placed) => "order_id IS NOT NULL",
    };
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
                ":limit": paging.wanted() as i64,
                ":skipped": paging.skipped(),
            },
            from_row,
        )?
        .collect::<Result<Vec<Draft>>>()?;
    let counted = newest::counted(db, &format!("FROM drafts WHERE {wanted}"), [])?;
    Ok(paging.cut(rows, |row: &Draft| (0, row.id.0)).counted(counted))
}

fn json(asked: &AskedOrder) -> Result<String> {
    serde_json::to_string(asked).map_err(|cause| Error::Internal(cause.into()))
}

/// Adds a draft; its id.
pub fn insert(tx: &Tx, new: &Draft) -> Result<DraftId> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO drafts (channel, customer_id, payment_method, asked, reason, created_by, created_at, updated_at)
             VALUES (:channel, :customer, :method, :asked, :reason, :by, :now, :now)",
        )?
        .insert(named_params! {
            ":channel": new.channel,
            ":customer": new.asked.customer_id,
            ":method": new.method,
            ":asked": json(&new.asked)?,
            ":reason": new.reason,
            ":by": new.created_by,
            ":now": tx.now,
        })?;
    Ok(DraftId(id))
}

/// Brings an open draft to what is given, one version on.
pub fn update(tx: &Tx, draft: &Draft) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE drafts
             SET channel = :channel, customer_id = :customer, payment_method = :method, asked = :asked,
               reason = :reason, updated_at = :now, version = version + 1
             WHERE id = :id AND order_id IS NULL",
        )?
        .execute(named_params! {
            ":id": draft.id,
            ":channel": draft.channel,
            ":customer": draft.asked.customer_id,
            ":method": draft.method,
            ":asked": json(&draft.asked)?,
            ":reason": draft.reason,
            ":now": tx.now,
        })?;
    Ok(())
}

/// Writes which order a draft has become, unless it has become one; whether it was written.
pub fn placed(tx: &Tx, id: DraftId, order: OrderId) -> Result<bool> {
    let changed = tx
        .db()
        .prepare_cached(
            "UPDATE drafts
             SET order_id = :order, placed_at = :now, updated_at = :now, version = version + 1
             WHERE id = :id AND order_id IS NULL",
        )?
        .execute(named_params! { ":id": id, ":order": order, ":now": tx.now })?;
    Ok(changed == 1)
}

/// Deletes a draft that has not become an order.
pub fn delete(tx: &Tx, id: DraftId) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM drafts WHERE id = :id AND order_id IS NULL")?
        .execute(named_params! { ":id": id })?;
    Ok(())
}
