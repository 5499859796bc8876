//! What stands beside a customer's row: tags, addresses, fields, the note.

use std::collections::HashMap;

use rusqlite::Row;
use rusqlite::params;
use serde_json::Value;

use crate::domain::customer::Details;
use crate::domain::id::CustomerId;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

/// What stands beside each of these customers.
pub fn details(db: &Snapshot, ids: &[CustomerId]) -> Result<HashMap<CustomerId, Details>> {
    let json = list(ids);
    let mut all: HashMap<CustomerId, Details> = db
        .db()
        .prepare_cached(
            "SELECT customer_id, addresses, custom_fields, metadata, note FROM customer_details
             WHERE customer_id IN (SELECT value FROM json_each(?1))",
        )?
        .query_and_then(params![json], from_row)?
        .collect::<Result<_>>()?;
    let mut tags = db.db().prepare_cached(
        "SELECT ct.customer_id, t.name
         FROM customer_tags ct JOIN tags t ON t.id = ct.tag_id
         WHERE ct.customer_id IN (SELECT value FROM json_each(?1))
         ORDER BY ct.customer_id, t.name",
    )?;
    let mut rows = tags.query(params![json])?;
    while let Some(row) = rows.next()? {
        all.entry(row.get(0)?).or_default().tags.push(row.get(1)?);
    }
    Ok(all)
}

/// Ids as the JSON that a statement is given.
pub(super) fn list(ids: &[CustomerId]) -> String {
    let ids: Vec<String> = ids.iter().map(CustomerId::to_string).collect();
    format!("[{}]", ids.join(","))
}

fn from_row(row: &Row) -> Result<(CustomerId, Details)> {
    let json = |column: &str| -> Result<Value> { read(&row.get::<_, String>(column)?) };
    Ok((
        row.get("customer_id")?,
        Details {
            tags: Vec::new(),
            addresses: serde_json::from_value(json("addresses")?).map_err(broken)?,
            custom_fields: serde_json::from_value(json("custom_fields")?).map_err(broken)?,
            metadata: serde_json::from_value(json("metadata")?).map_err(broken)?,
            note: row.get("note")?,
        },
    ))
}

fn read(json: &str) -> Result<Value> {
    serde_json::from_str(json).map_err(broken)
}

fn broken(cause: serde_json::Error) -> Error {
    Error::Internal(cause.into())
}

/// Brings what stands beside a customer to what is given.
pub fn set_details(tx: &Tx, id: CustomerId, details: &Details) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO customer_details (customer_id, addresses, custom_fields, metadata, note)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (customer_id) DO UPDATE
             SET addresses = ?2, custom_fields = ?3, metadata = ?4, note = ?5",
        )?
        .execute(params![
            id,
            serde_json::to_string(&details.addresses).map_err(broken)?,
            serde_json::to_string(&details.custom_fields).map_err(broken)?,
            serde_json::to_string(&details.metadata).map_err(broken)?,
            details.note,
        ])?;
    tx.db()
        .prepare_cached("DELETE FROM customer_tags WHERE customer_id = ?1")?
        .execute(params![id])?;
    for tag in &details.tags {
        tx.db()
            .prepare_cached("INSERT INTO tags (name) VALUES (?1) ON CONFLICT (name) DO NOTHING")?
            .execute(params![tag])?;
        tx.db()
            .prepare_cached(
                "INSERT INTO customer_tags (tag_id, customer_id)
                 SELECT id, ?2 FROM tags WHERE name = ?1",
            )?
            .execute(params![tag, id])?;
    }
    Ok(())
}
