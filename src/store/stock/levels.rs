//! How much there is of what. What runs low is a walk over the narrow stock table; all are in the order of the variants.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::ToSql;
use rusqlite::named_params;

use crate::domain::id::ProductId;
use crate::domain::id::VariantId;
use crate::domain::page::MOST_COUNTED;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::page::Total;
use crate::domain::product::Level;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::products::json as products_json;

/// Drafts and what is or may come to be for sale; each at or below its own mark, or the shop's.
macro_rules! low {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM stock s
             CROSS JOIN variants v ON v.id = s.variant_id
             CROSS JOIN products p ON p.id = v.product_id
             WHERE s.available <= max(:low_at, ifnull((SELECT max(low_at) FROM variants WHERE low_at IS NOT NULL), 0))
               AND s.available <= ifnull(v.low_at, :low_at)
               AND v.deleted_at IS NULL AND p.deleted_at IS NULL AND p.status < 3 ",
            $rest
        )
    };
}

const COLUMNS_UP: &str = low!(
    "v.id, v.product_id, v.sku, p.name, v.title, s.available, ifnull(v.low_at, :low_at) AS low_at",
    "AND s.variant_id > :key ORDER BY s.variant_id LIMIT :limit OFFSET :skipped"
);
const COLUMNS_DOWN: &str = low!(
    "v.id, v.product_id, v.sku, p.name, v.title, s.available, ifnull(v.low_at, :low_at) AS low_at",
    "AND s.variant_id < :key ORDER BY s.variant_id DESC LIMIT :limit OFFSET :skipped"
);

macro_rules! level {
    ($rest:literal) => {
        concat!(
            "SELECT v.id, v.product_id, v.sku, p.name, v.title, s.available, ifnull(v.low_at, :low_at) AS low_at,
               v.deleted_at IS NOT NULL AS is_gone
             FROM variants v
             CROSS JOIN stock s ON s.variant_id = v.id
             CROSS JOIN products p ON p.id = v.product_id ",
            $rest
        )
    };
}

const ONE: &str = level!("WHERE v.id = :variant");
const ALL_UP: &str = level!(
    "WHERE v.deleted_at IS NULL AND v.id > :key
       AND (:ids IS NULL OR v.product_id IN (SELECT value FROM json_each(:ids)))
     ORDER BY v.id LIMIT :limit OFFSET :skipped"
);
const ALL_DOWN: &str = level!(
    "WHERE v.deleted_at IS NULL AND v.id < :key
       AND (:ids IS NULL OR v.product_id IN (SELECT value FROM json_each(:ids)))
     ORDER BY v.id DESC LIMIT :limit OFFSET :skipped"
);

fn from_row(row: &Row) -> rusqlite::Result<Level> {
    Ok(Level {
        variant: row.get("id")?,
        product: row.get("product_id")?,
        sku: row.get("sku")?,
        name: row.get("name")?,
        title: row.get("title")?,
        available: row.get("available")?,
        low_at: row.get("low_at")?,
    })
}

fn rows(db: &Snapshot, sql: &str, with: &[(&str, &dyn ToSql)]) -> Result<Vec<Level>> {
    db.db()
        .prepare_cached(sql)?
        .query_and_then(with, |row| Ok(from_row(row)?))?
        .collect()
}

/// How much there is of one variant. Refused with `Deleted` if it is gone.
pub fn of(db: &Snapshot, variant: VariantId, low_at: i64) -> Result<Level> {
    let found = db
        .db()
        .prepare_cached(ONE)?
        .query_row(named_params! { ":variant": variant, ":low_at": low_at }, |row| {
            Ok((from_row(row)?, row.get::<_, bool>("is_gone")?))
        })
        .optional()?;
    match found {
        Some((level, false)) => Ok(level),
        Some((_, true)) => Err(Error::Deleted("variant")),
        None => Err(Error::NotFound("variant")),
    }
}

/// How much there is of each variant, or of those of some products.
pub fn all(
    db: &Snapshot,
    products: Option<&[ProductId]>,
    low_at: i64,
    paging: &Paging,
) -> Result<Page<Level>> {
    let ids = products.map(products_json);
    let sql = match paging.is_backwards() {
        true => ALL_DOWN,
        false => ALL_UP,
    };
    let rows = rows(
        db,
        sql,
        named_params! {
            ":ids": ids,
            ":low_at": low_at,
            ":key": paging.keys().map_or(0, |keys| keys.1),
            ":limit": paging.wanted() as i64,
            ":skipped": paging.skipped(),
        },
    )?;
    let counted = db
        .db()
        .prepare_cached(
            "SELECT count(*) FROM (
               SELECT 1 FROM variants v
               WHERE v.deleted_at IS NULL
                 AND (:ids IS NULL OR v.product_id IN (SELECT value FROM json_each(:ids)))
               LIMIT :most)",
        )?
        .query_row(named_params! { ":ids": ids, ":most": MOST_COUNTED + 1 }, |row| {
            row.get(0)
        })?;
    Ok(paging
        .cut(rows, |row: &Level| (0, row.variant.0))
        .counted(Total::of(counted)))
}

/// The variants whose stock is at or below their mark; `low_at` is the mark of those without one.
pub fn low(db: &Snapshot, low_at: i64, paging: &Paging) -> Result<Page<Level>> {
    let sql = match paging.is_backwards() {
        true => COLUMNS_DOWN,
        false => COLUMNS_UP,
    };
    let rows = rows(
        db,
        sql,
        named_params! {
            ":low_at": low_at,
            ":key": paging.keys().map_or(0, |keys| keys.1),
            ":limit": paging.wanted() as i64,
            ":skipped": paging.skipped(),
        },
    )?;
    let counted = count_low(db, low_at, MOST_COUNTED + 1)?;
    Ok(paging
        .cut(rows, |row: &Level| (0, row.variant.0))
        .counted(Total::of(counted)))
}

/// How many they are, counted up to `most`.
pub fn count_low(db: &Snapshot, low_at: i64, most: i64) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached(concat!("SELECT count(*) FROM (", low!("1", "LIMIT :most"), ")"))?
        .query_row(named_params! { ":low_at": low_at, ":most": most }, |row| {
            row.get(0)
        })?)
}
