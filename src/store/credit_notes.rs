//! Rows of `credit_notes` and their lines: what was credited outside every order.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use rusqlite::params;

use crate::domain::credit_note::CreditNote;
use crate::domain::credit_note::CreditNoteLine;
use crate::domain::credit_note::NewCreditNote;
use crate::domain::id::CreditNoteId;
use crate::domain::money::Money;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

const SELECT: &str =
    "SELECT n.id, n.number, n.customer_id, c.number AS customer_number, n.country, n.currency, n.total,
  n.placed_at, n.imported_at
  FROM credit_notes n LEFT JOIN customers c ON c.id = n.customer_id";

fn from_row(row: &Row) -> rusqlite::Result<CreditNote> {
    Ok(CreditNote {
        id: row.get("id")?,
        number: row.get("number")?,
        customer: row.get("customer_id")?,
        customer_number: row.get("customer_number")?,
        country: row.get("country")?,
        currency: row.get("currency")?,
        total: row.get("total")?,
        placed_at: row.get("placed_at")?,
        imported_at: row.get("imported_at")?,
        lines: Vec::new(),
    })
}

/// The credit note of a number, whole.
pub fn by_number(db: &Snapshot, number: &str) -> Result<Option<CreditNote>> {
    let found = db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE n.number = :number"))?
        .query_row(named_params! { ":number": number }, from_row)
        .optional()?;
    found.map(|note| whole(db, note)).transpose()
}

/// The credit notes above `after`, oldest first, whole.
pub fn after(db: &Snapshot, after: CreditNoteId, limit: usize) -> Result<Vec<CreditNote>> {
    db.db()
        .prepare_cached(&format!(
            "{SELECT} WHERE n.id > :after ORDER BY n.id LIMIT :limit"
        ))?
        .query_and_then(named_params! { ":after": after, ":limit": limit as i64 }, |row| {
            whole(db, from_row(row)?)
        })?
        .collect()
}

fn whole(db: &Snapshot, mut note: CreditNote) -> Result<CreditNote> {
    note.lines = db
        .db()
        .prepare_cached(
            "SELECT variant_id, product_id, quantity, unit_price, total, sku, name
             FROM credit_note_lines
             WHERE id > ?1 << 12 AND id < (?1 + 1) << 12
             ORDER BY id",
        )?
        .query_and_then(params![note.id], |row| {
            Ok(CreditNoteLine {
                variant: row.get("variant_id")?,
                product: row.get("product_id")?,
                quantity: row.get("quantity")?,
                unit_price: row.get("unit_price")?,
                total: row.get("total")?,
                sku: row.get("sku")?,
                name: row.get("name")?,
            })
        })?
        .collect::<Result<_>>()?;
    Ok(note)
}

/// Adds a credit note with its lines.
pub fn insert(tx: &Tx, new: &NewCreditNote<'_>) -> Result<CreditNoteId> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO credit_notes (number, customer_id, country, currency, total, placed_at, imported_at)
             VALUES (:number, :customer, :country, :currency, :total, :placed_at, :now)",
        )?
        .insert(named_params! {
            ":number": new.number,
            ":customer": new.customer,
            ":country": new.country,
            ":currency": new.currency,
            ":total": new.total,
            ":placed_at": new.placed_at,
            ":now": tx.now,
        })?;
    let mut insert = tx.db().prepare_cached(
        "INSERT INTO credit_note_lines (id, credit_note_id, variant_id, product_id, quantity, unit_price, total, sku, name)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for (line, place) in new.lines.iter().zip((id << 12) + 1..) {
        insert.execute(params![
            place,
            id,
            line.variant,
            line.product,
            line.quantity,
            line.unit_price,
            line.total,
            line.sku,
            line.name,
        ])?;
    }
    Ok(CreditNoteId(id))
}

/// The credit notes written from `from` to before `to`, as moment and total: what a period's `refunded` counts beside
/// the refunds of its orders.
pub fn between(db: &Snapshot, from: Timestamp, to: Timestamp) -> Result<Vec<(Timestamp, Money)>> {
    db.db()
        .prepare_cached(
            "SELECT placed_at, total
             FROM credit_notes
             WHERE placed_at >= :from AND placed_at < :to
             ORDER BY placed_at",
        )?
        .query_and_then(named_params! { ":from": from, ":to": to }, |row| {
            Ok((row.get("placed_at")?, row.get("total")?))
        })?
        .collect()
}
