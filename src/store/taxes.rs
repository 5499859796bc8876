//! Rows of `tax_rates`, and of `order_taxes`: what each order was taxed.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use rusqlite::params;

use crate::domain::id::OrderId;
use crate::domain::id::TaxClass;
use crate::domain::id::TaxRateId;
use crate::domain::money::Money;
use crate::domain::percent::Percent;
use crate::domain::refusal::Refusal;
use crate::domain::tax::TaxRate;
use crate::domain::tax::TaxSum;
use crate::domain::tax::UNTAXED;
use crate::domain::text::CountryCode;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::fault::OnUnique;

const SELECT: &str = "SELECT r.id, r.name, r.country, r.tax_class, x.name AS category, r.percent, r.version
  FROM tax_rates r LEFT JOIN tax_classes x ON x.id = r.tax_class";

fn from_row(row: &Row) -> Result<TaxRate> {
    let country: String = row.get("country")?;
    Ok(TaxRate {
        id: row.get("id")?,
        name: row.get("name")?,
        country: CountryCode::parse(&country)
            .map_err(|_| Error::internal(format!("a tax of an unknown country {country}")))?,
        class: row.get("tax_class")?,
        category: row.get("category")?,
        percent: row.get("percent")?,
        version: row.get("version")?,
    })
}

/// Every rate, country by country.
pub fn all(db: &Snapshot) -> Result<Vec<TaxRate>> {
    db.db()
        .prepare_cached(&format!("{SELECT} ORDER BY r.country, r.tax_class"))?
        .query_and_then([], from_row)?
        .collect()
}

/// The rates of a country, the standard one first.
pub fn of_country(db: &Snapshot, country: &str) -> Result<Vec<TaxRate>> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE r.country = ?1 ORDER BY r.tax_class"))?
        .query_and_then(params![country], from_row)?
        .collect()
}

/// The category that is never taxed, if anything has it.
pub fn untaxed(db: &Snapshot) -> Result<Option<TaxClass>> {
    Ok(db
        .db()
        .prepare_cached("SELECT id FROM tax_classes WHERE name = ?1")?
        .query_row(params![UNTAXED], |row| row.get(0))
        .optional()?)
}

/// The rate; it must exist.
pub fn get(db: &Snapshot, id: TaxRateId) -> Result<TaxRate> {
    let found = db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE r.id = ?1"))?
        .query_and_then(params![id], from_row)?
        .next()
        .transpose()?;
    found.ok_or(Error::NotFound("tax rate"))
}

/// Adds a rate. Refused with `AlreadyExists` if the country has one of that category.
pub fn insert(tx: &Tx, rate: &TaxRate) -> Result<TaxRateId> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO tax_rates (name, country, tax_class, percent, created_at, updated_at)
             VALUES (:name, :country, :class, :percent, :now, :now)",
        )?
        .insert(named_params! {
            ":name": rate.name, ":country": rate.country.as_str(), ":class": rate.class,
            ":percent": rate.percent, ":now": tx.now,
        })
        .on_unique("tax_rates.country, tax_rates.tax_class", || {
            Refusal::Taken("country and category")
        })?;
    Ok(TaxRateId(id))
}

/// Brings a rate to what is given, one version on. Refused with `AlreadyExists` as above.
pub fn update(tx: &Tx, rate: &TaxRate) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE tax_rates
             SET name = :name, country = :country, tax_class = :class, percent = :percent, updated_at = :now,
               version = version + 1
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": rate.id, ":name": rate.name, ":country": rate.country.as_str(), ":class": rate.class,
            ":percent": rate.percent, ":now": tx.now,
        })
        .on_unique("tax_rates.country, tax_rates.tax_class", || {
            Refusal::Taken("country and category")
        })?;
    Ok(())
}

/// Deletes a rate; what orders were taxed stays with them.
pub fn delete(tx: &Tx, id: TaxRateId) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM tax_rates WHERE id = ?1")?
        .execute(params![id])?;
    Ok(())
}

/// Keeps whether anything is taxed at all: an order of a shop without taxes asks no more.
pub fn count(tx: &Tx) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE settings SET value = EXISTS (SELECT 1 FROM tax_rates) WHERE name = 'selling.taxes'",
        )?
        .execute([])?;
    Ok(())
}

/// Adds what an order was taxed at one rate.
pub fn insert_sum(tx: &Tx, order: OrderId, sum: &TaxSum) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO order_taxes (order_id, tax_class, percent, name, net, tax) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![order, sum.class, sum.percent, sum.name, sum.net, sum.tax])?;
    Ok(())
}

/// Takes away what an order was taxed: it is reckoned anew.
pub fn clear_sums(tx: &Tx, order: OrderId) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM order_taxes WHERE order_id = ?1")?
        .execute(params![order])?;
    Ok(())
}

/// What an order was taxed, the highest rate first: percent, net and tax.
pub fn of_order(db: &Snapshot, order: OrderId) -> Result<Vec<(Percent, Money, Money)>> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT percent, net, tax FROM order_taxes WHERE order_id = ?1 ORDER BY percent DESC, tax_class",
        )?
        .query_and_then(params![order], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?)
}
