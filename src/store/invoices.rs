//! Rows of `invoices` and of `invoice_series`.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::id::InvoiceId;
use crate::domain::id::OrderId;
use crate::domain::id::RefundId;
use crate::domain::id::UserId;
use crate::domain::invoice;
use crate::domain::invoice::Invoice;
use crate::domain::invoice::Series;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::refund::RefundState;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

const SELECT: &str =
    "SELECT id, series, year, number, order_id, invoice_id, refund_id, currency, total, issued_at,
  voided_at, replaced_at, content
  FROM invoices";

fn from_row(row: &Row) -> rusqlite::Result<Invoice> {
    let series = row.get("series")?;
    Ok(Invoice {
        id: row.get("id")?,
        series,
        number: invoice::number(series, row.get("year")?, row.get("number")?),
        order: row.get("order_id")?,
        invoice: row.get("invoice_id")?,
        refund: row.get("refund_id")?,
        currency: row.get("currency")?,
        total: row.get("total")?,
        issued_at: row.get("issued_at")?,
        voided_at: row.get("voided_at")?,
        replaced_at: row.get("replaced_at")?,
        content: row.get("content")?,
    })
}

/// The invoice of an order, if it has one that holds.
pub fn of_order(db: &Snapshot, order: OrderId) -> Result<Option<Invoice>> {
    Ok(db
        .db()
        .prepare_cached(&format!(
            "{SELECT} WHERE order_id = :order AND series = 0 AND replaced_at IS NULL"
        ))?
        .query_row(named_params! { ":order": order }, from_row)
        .optional()?)
}

/// The invoices of an order that others have taken the place of, oldest first.
pub fn replaced(db: &Snapshot, order: OrderId) -> Result<Vec<Invoice>> {
    db.db()
        .prepare_cached(&format!(
            "{SELECT} WHERE order_id = :order AND replaced_at IS NOT NULL ORDER BY id"
        ))?
        .query_and_then(named_params! { ":order": order }, |row| Ok(from_row(row)?))?
        .collect()
}

/// Lets another invoice take the place of this one, which was credited whole.
pub fn replace(tx: &Tx, id: InvoiceId) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE invoices SET replaced_at = :now WHERE id = :id AND series = 0")?
        .execute(named_params! { ":id": id, ":now": tx.now })?;
    Ok(())
}

/// The credit notes of an invoice, oldest first, also those that have come to nothing.
pub fn credit_notes(db: &Snapshot, invoice: InvoiceId) -> Result<Vec<Invoice>> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE invoice_id = :invoice ORDER BY id"))?
        .query_and_then(named_params! { ":invoice": invoice }, |row| Ok(from_row(row)?))?
        .collect()
}

/// Takes the next number of a series in a year. It is given back if the transaction is not committed.
pub fn take_number(tx: &Tx, series: Series, year: i16) -> Result<i64> {
    Ok(tx
        .db()
        .prepare_cached(
            "INSERT INTO invoice_series (series, year, next)
             VALUES (:series, :year, 2)
             ON CONFLICT (series, year) DO UPDATE SET next = next + 1
             RETURNING next - 1 AS number",
        )?
        .query_row(named_params! { ":series": series, ":year": year }, |row| {
            row.get("number")
        })?)
}

/// A paper that is issued.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct NewInvoice<'a> {
    pub series: Series,
    pub year: i16,
    pub number: i64,
    pub order: OrderId,
    pub invoice: Option<InvoiceId>,
    pub refund: Option<RefundId>,
    pub currency: Currency,
    pub total: Money,
    pub issued_by: Option<UserId>,
    pub content: &'a str,
}

/// Adds a paper.
pub fn insert(tx: &Tx, new: &NewInvoice<'_>) -> Result<InvoiceId> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO invoices (series, year, number, order_id, invoice_id, refund_id, currency, total, issued_at,
               issued_by, content)
             VALUES (:series, :year, :number, :order, :invoice, :refund, :currency, :total, :now, :issued_by, :content)",
        )?
        .insert(named_params! {
            ":series": new.series,
            ":year": new.year,
            ":number": new.number,
            ":order": new.order,
            ":invoice": new.invoice,
            ":refund": new.refund,
            ":currency": new.currency,
            ":total": new.total,
            ":now": tx.now,
            ":issued_by": new.issued_by,
            ":content": new.content,
        })?;
    Ok(InvoiceId(id))
}

/// Lets a credit note come to nothing; its number stays taken.
pub fn void(tx: &Tx, id: InvoiceId) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE invoices SET voided_at = :now WHERE id = :id AND voided_at IS NULL")?
        .execute(named_params! { ":id": id, ":now": tx.now })?;
    Ok(())
}

/// What of an order has gone back for good.
pub fn given_back(db: &Snapshot, order: OrderId) -> Result<Money> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT ifnull(sum(amount), 0) FROM refunds WHERE order_id = :order AND state = :done",
        )?
        .query_row(
            named_params! { ":order": order, ":done": RefundState::Succeeded },
            |row| row.get(0),
        )?)
}

/// The lines of an order by their rate of tax, in thousandths of a percent: what they come to, and the tax.
pub fn taxes(db: &Snapshot, order: OrderId) -> Result<Vec<(i64, Money, Money)>> {
    db.db()
        .prepare_cached(
            "SELECT tax_rate, sum(total) AS total, sum(tax) AS tax
             FROM order_lines
             WHERE id > :order << 12 AND id < (:order + 1) << 12
             GROUP BY tax_rate
             HAVING sum(tax) > 0
             ORDER BY tax_rate DESC",
        )?
        .query_and_then(named_params! { ":order": order }, |row| {
            Ok((row.get("tax_rate")?, row.get("total")?, row.get("tax")?))
        })?
        .collect()
}
