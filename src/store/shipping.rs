//! Rows of `shipping_methods`.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use rusqlite::params;

use crate::domain::id::ShippingMethodId;
use crate::domain::money::Money;
use crate::domain::shipping::Band;
use crate::domain::shipping::ShippingMethod;
use crate::domain::shipping::Tariff;
use crate::domain::text::CountryCode;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

const SELECT: &str =
    "SELECT m.id, m.name, m.countries, m.tariff, m.bands, m.tax_class, x.name AS category, m.enabled,
  m.version
  FROM shipping_methods m LEFT JOIN tax_classes x ON x.id = m.tax_class";

fn from_row(row: &Row) -> rusqlite::Result<ShippingMethod> {
    let countries: String = row.get("countries")?;
    let bands: String = row.get("bands")?;
    Ok(ShippingMethod {
        id: row.get("id")?,
        name: row.get("name")?,
        countries: countries
            .split_whitespace()
            .filter_map(|code| CountryCode::parse(code).ok())
            .collect(),
        tariff: tariff(
            row.get("tariff")?,
            bands.split_whitespace().filter_map(band).collect(),
        ),
        class: row.get("tax_class")?,
        category: row.get("category")?,
        is_enabled: row.get("enabled")?,
        version: row.get("version")?,
    })
}

fn band(text: &str) -> Option<Band> {
    let (edge, price) = text.split_once(':')?;
    Some(Band {
        edge: edge.parse().ok()?,
        price: Money::new(price.parse().ok()?)?,
    })
}

fn tariff(kind: i64, bands: Vec<Band>) -> Tariff {
    match kind {
        1 => Tariff::ByWeight(bands),
        2 => Tariff::ByTotal(bands),
        _ => Tariff::Flat(bands.first().map_or(Money::ZERO, |band| band.price)),
    }
}

/// What is stored of a tariff.
fn columns(tariff: &Tariff) -> (i64, String) {
    let write = |bands: &[Band]| {
        let texts = bands
            .iter()
            .map(|band| format!("{}:{}", band.edge, band.price.minor()));
        texts.collect::<Vec<_>>().join(" ")
    };
    match tariff {
        Tariff::Flat(price) => (
            0,
            write(&[Band {
                edge: 0,
                price: *price,
            }]),
        ),
        Tariff::ByWeight(bands) => (1, write(bands)),
        Tariff::ByTotal(bands) => (2, write(bands)),
    }
}

/// Every way of sending, in the order in which they were made.
pub fn all(db: &Snapshot) -> Result<Vec<ShippingMethod>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE m.deleted_at IS NULL ORDER BY m.id"))?
        .query_and_then([], from_row)?
        .collect::<rusqlite::Result<_>>()?)
}

/// The way of sending; it must exist.
pub fn get(db: &Snapshot, id: ShippingMethodId) -> Result<ShippingMethod> {
    find(db, id)?.ok_or(Error::NotFound("shipping method"))
}

/// The way of sending, if it has not been deleted.
pub fn find(db: &Snapshot, id: ShippingMethodId) -> Result<Option<ShippingMethod>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE m.id = ?1 AND m.deleted_at IS NULL"))?
        .query_row(params![id], from_row)
        .optional()?)
}

/// The way of sending that an order uses, whatever became of it since.
pub fn in_use(db: &Snapshot, id: ShippingMethodId) -> Result<Option<ShippingMethod>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE m.id = ?1"))?
        .query_row(params![id], from_row)
        .optional()?)
}

/// Adds a way of sending.
pub fn insert(tx: &Tx, method: &ShippingMethod) -> Result<ShippingMethodId> {
    let (kind, bands) = columns(&method.tariff);
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO shipping_methods (name, countries, tariff, bands, tax_class, enabled, created_at, updated_at)
             VALUES (:name, :countries, :tariff, :bands, :class, :enabled, :now, :now)",
        )?
        .insert(named_params! {
            ":name": method.name, ":countries": countries(method), ":tariff": kind, ":bands": bands,
            ":class": method.class, ":enabled": method.is_enabled, ":now": tx.now,
        })?;
    Ok(ShippingMethodId(id))
}

fn countries(method: &ShippingMethod) -> String {
    let codes: Vec<&str> = method.countries.iter().map(CountryCode::as_str).collect();
    codes.join(" ")
}

/// Brings a way of sending to what is given, one version on.
pub fn update(tx: &Tx, method: &ShippingMethod) -> Result<()> {
    let (kind, bands) = columns(&method.tariff);
    tx.db()
        .prepare_cached(
            "UPDATE shipping_methods
             SET name = :name, countries = :countries, tariff = :tariff, bands = :bands, tax_class = :class,
               enabled = :enabled, updated_at = :now, version = version + 1
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": method.id, ":name": method.name, ":countries": countries(method), ":tariff": kind,
            ":bands": bands, ":class": method.class, ":enabled": method.is_enabled, ":now": tx.now,
        })?;
    Ok(())
}

/// Deletes a way of sending; the orders that were sent by it keep its id.
pub fn delete(tx: &Tx, id: ShippingMethodId) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE shipping_methods SET deleted_at = ?2, updated_at = ?2 WHERE id = ?1")?
        .execute(params![id, tx.now])?;
    Ok(())
}

/// Keeps whether anything is offered at all: an order of a shop without asks no more.
pub fn count(tx: &Tx) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE settings SET value = EXISTS (SELECT 1 FROM shipping_methods WHERE deleted_at IS NULL AND enabled)
             WHERE name = 'selling.methods'",
        )?
        .execute([])?;
    Ok(())
}
