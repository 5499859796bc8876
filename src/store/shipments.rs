//! Rows of `shipments` and of their lines.

use std::collections::HashMap;

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::id::ShipmentId;
use crate::domain::id::UserId;
use crate::domain::shipment::Label;
use crate::domain::shipment::NewShipment;
use crate::domain::shipment::Shipment;
use crate::domain::shipment::ShipmentLine;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

const SELECT: &str = "SELECT id, order_id, carrier, tracking, tracking_url, told, created_at, updated_at, version FROM shipments";

fn from_row(row: &Row) -> rusqlite::Result<Shipment> {
    Ok(Shipment {
        id: row.get("id")?,
        order: row.get("order_id")?,
        label: Label {
            carrier: row.get("carrier")?,
            tracking: row.get("tracking")?,
            tracking_url: row.get("tracking_url")?,
        },
        is_told: row.get("told")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        version: row.get("version")?,
        lines: Vec::new(),
    })
}

fn with_lines(db: &Snapshot, shipment: Shipment) -> Result<Shipment> {
    let lines = db
        .db()
        .prepare_cached(
            "SELECT line_id, quantity FROM shipment_lines
             WHERE id > :shipment << 12 AND id < (:shipment + 1) << 12
             ORDER BY id",
        )?
        .query_and_then(named_params! { ":shipment": shipment.id }, |row| {
            Ok(ShipmentLine {
                line: row.get("line_id")?,
                quantity: row.get("quantity")?,
            })
        })?
        .collect::<Result<_>>()?;
    Ok(Shipment { lines, ..shipment })
}

/// The shipment with its lines; it must exist.
pub fn get(db: &Snapshot, id: ShipmentId) -> Result<Shipment> {
    let found = db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE id = :id"))?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?;
    with_lines(db, found.ok_or(Error::NotFound("shipment"))?)
}

/// Every shipment of an order with its lines, oldest first.
pub fn of_order(db: &Snapshot, order: OrderId) -> Result<Vec<Shipment>> {
    let all: Vec<Shipment> = db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE order_id = :order ORDER BY id"))?
        .query_and_then(named_params! { ":order": order }, from_row)?
        .collect::<rusqlite::Result<_>>()?;
    all.into_iter().map(|shipment| with_lines(db, shipment)).collect()
}

/// How many pieces of each line of an order have left.
pub fn pieces(db: &Snapshot, order: OrderId) -> Result<HashMap<LineId, i64>> {
    db.db()
        .prepare_cached(
            "SELECT l.line_id, sum(l.quantity) AS pieces
             FROM shipments s CROSS JOIN shipment_lines l ON l.id > s.id << 12 AND l.id < (s.id + 1) << 12
             WHERE s.order_id = :order
             GROUP BY l.line_id",
        )?
        .query_and_then(named_params! { ":order": order }, |row| {
            Ok((row.get("line_id")?, row.get("pieces")?))
        })?
        .collect()
}

/// Adds a shipment with its lines; its id.
pub fn insert(
    tx: &Tx,
    order: OrderId,
    new: &NewShipment,
    lines: &[ShipmentLine],
    by: Option<UserId>,
) -> Result<ShipmentId> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO shipments (order_id, carrier, tracking, tracking_url, told, created_by, created_at, updated_at)
             VALUES (:order, :carrier, :tracking, :tracking_url, :told, :by, :now, :now)",
        )?
        .insert(named_params! {
            ":order": order,
            ":carrier": new.label.carrier,
            ":tracking": new.label.tracking,
            ":tracking_url": new.label.tracking_url,
            ":told": new.is_told,
            ":by": by,
            ":now": tx.now,
        })?;
    for (at, line) in lines.iter().enumerate() {
        tx.db()
            .prepare_cached(
                "INSERT INTO shipment_lines (id, shipment_id, line_id, quantity)
                 VALUES ((:shipment << 12) + :at, :shipment, :line, :quantity)",
            )?
            .execute(named_params! {
                ":shipment": id,
                ":at": at as i64 + 1,
                ":line": line.line,
                ":quantity": line.quantity,
            })?;
    }
    Ok(ShipmentId(id))
}

/// Puts another label on a shipment, one version on.
pub fn relabel(tx: &Tx, id: ShipmentId, label: &Label) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE shipments
             SET carrier = :carrier, tracking = :tracking, tracking_url = :tracking_url, updated_at = :now,
               version = version + 1
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": id,
            ":carrier": label.carrier,
            ":tracking": label.tracking,
            ":tracking_url": label.tracking_url,
            ":now": tx.now,
        })?;
    Ok(())
}
