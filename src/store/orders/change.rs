//! Changing an order that exists: its own row, guarded by its version, and the history that goes with it.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use rusqlite::params;

use crate::domain::actor::ActorKind;
use crate::domain::history::Former;
use crate::domain::history::Recorded;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::order::Change;
use crate::domain::order::Contacts;
use crate::domain::order::OrderHead;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

/// Writes what may change of an order's row, unless someone changed it since `version`; whether it was written.
pub fn update(tx: &Tx, after: &OrderHead, version: i64) -> Result<bool> {
    let changed = tx
        .db()
        .prepare_cached(
            "UPDATE orders
             SET status = :status, payment_status = :payment, fulfilment_status = :fulfilment,
               return_status = :returns, paid = :paid, refunded = :refunded, updated_at = :now, processing_at = :processing_at,
               shipped_at = :shipped_at, delivered_at = :delivered_at, canceled_at = :canceled_at,
               refunded_at = :refunded_at, events = :events, version = :version + 1
             WHERE id = :id AND version = :version",
        )?
        .execute(named_params! {
            ":id": after.id,
            ":version": version,
            ":status": after.state,
            ":payment": after.payment,
            ":fulfilment": after.fulfilment,
            ":returns": after.returns,
            ":paid": after.paid,
            ":refunded": after.refunded,
            ":now": tx.now,
            ":processing_at": after.processing_at,
            ":shipped_at": after.shipped_at,
            ":delivered_at": after.delivered_at,
            ":canceled_at": after.canceled_at,
            ":refunded_at": after.refunded_at,
            ":events": after.events,
        })?;
    Ok(changed == 1)
}

/// Counts the events that an order has written, where its version stays.
pub fn count_events(tx: &Tx, id: OrderId, events: i64) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE orders SET events = ?2 WHERE id = ?1")?
        .execute(params![id, events])?;
    Ok(())
}

/// An entry of the history.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct NewChange<'a> {
    pub order: OrderId,
    pub version: i64,
    pub at: Timestamp,
    pub change: Change,
    pub actor: (ActorKind, Option<UserId>),
    pub request_id: Option<&'a str>,
    pub is_public: bool,
    pub note: Option<&'a str>,
    pub former: &'a Former,
}

/// Adds an entry to an order's history.
pub fn insert_change(tx: &Tx, new: &NewChange<'_>) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO order_changes (id, order_id, version, at, action, actor_kind, actor_id, request_id, public,
               note, former)
             VALUES ((:order << 12) + :version, :order, :version, :at, :action, :actor_kind, :actor, :request, :public,
               :note, :former)",
        )?
        .execute(named_params! {
            ":order": new.order,
            ":version": new.version,
            ":at": new.at,
            ":action": new.change,
            ":actor_kind": new.actor.0,
            ":actor": new.actor.1,
            ":request": new.request_id,
            ":public": new.is_public,
            ":note": new.note,
            ":former": new.former.to_json(),
        })?;
    Ok(())
}

const SELECT: &str =
    "SELECT c.version, c.at, c.action, c.actor_kind, c.actor_id, ifnull(u.name, u.username) AS actor_name,
  c.request_id, c.public, c.note, c.former,
  k.order_id IS NOT NULL AS has_contacts, k.email, k.shipping_address, k.billing_address, k.note AS customers_note
  FROM order_changes c
  LEFT JOIN users u ON u.id = c.actor_id
  LEFT JOIN order_contact_changes k ON k.order_id = c.order_id AND k.version = c.version";

fn from_row(row: &Row) -> rusqlite::Result<Recorded> {
    let former: Option<String> = row.get("former")?;
    Ok(Recorded {
        version: row.get("version")?,
        at: row.get("at")?,
        change: row.get("action")?,
        actor_kind: row.get("actor_kind")?,
        actor: row.get("actor_id")?,
        actor_name: row.get("actor_name")?,
        request_id: row.get("request_id")?,
        is_public: row.get("public")?,
        note: row.get("note")?,
        former: former.as_deref().map(Former::from_json).unwrap_or_default(),
        contacts: match row.get("has_contacts")? {
            true => Some(contacts_from_row(row)?),
            false => None,
        },
    })
}

fn contacts_from_row(row: &Row) -> rusqlite::Result<Contacts> {
    Ok(Contacts {
        email: row.get("email")?,
        shipping_address: row.get("shipping_address")?,
        billing_address: row.get("billing_address")?,
        note: row.get("customers_note")?,
        ..Contacts::default()
    })
}

/// Every change of an order, oldest first.
pub fn changes(db: &Snapshot, order: OrderId) -> Result<Vec<Recorded>> {
    db.db()
        .prepare_cached(&format!(
            "{SELECT}
             WHERE c.id > :order << 12 AND c.id < (:order + 1) << 12
             ORDER BY c.id"
        ))?
        .query_and_then(named_params! { ":order": order }, |row| Ok(from_row(row)?))?
        .collect()
}

/// One change of an order.
pub fn change(db: &Snapshot, order: OrderId, version: i64) -> Result<Option<Recorded>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE c.id = (:order << 12) + :version"))?
        .query_row(named_params! { ":order": order, ":version": version }, from_row)
        .optional()?)
}

/// Who placed an order, and the name they go by.
pub fn placer(db: &Snapshot, order: OrderId) -> Result<(Option<UserId>, Option<String>)> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT u.id, ifnull(u.name, u.username)
             FROM orders o LEFT JOIN users u ON u.id = ifnull(o.placed_by, o.user_id)
             WHERE o.id = ?1",
        )?
        .query_row(params![order], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Sets the tags of an order; those that nobody used before are made.
pub fn set_tags(tx: &Tx, order: OrderId, tags: &[String]) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM order_tags WHERE order_id = ?1")?
        .execute(params![order])?;
    for tag in tags {
        tx.db()
            .prepare_cached("INSERT INTO tags (name) VALUES (?1) ON CONFLICT (name) DO NOTHING")?
            .execute(params![tag])?;
        tx.db()
            .prepare_cached(
                "INSERT INTO order_tags (tag_id, order_id) SELECT id, ?2 FROM tags WHERE name = ?1",
            )?
            .execute(params![tag, order])?;
    }
    Ok(())
}
