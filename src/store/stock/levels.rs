//! How much there is of what, in the order of the variants. What runs low is found among what is scarce, where few
//! pieces are left or few are not enough; where that is much, by a walk over the narrow stock table.

use std::collections::HashMap;

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

/// The index of what is scarce goes so far (the schema says the same).
const SCARCE: i64 = 10;

/// Drafts and what is or may come to be for sale; each at or below its own mark, or the shop's.
macro_rules! low {
    ($columns:expr, $from:expr, $rest:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM ",
            $from,
            "CROSS JOIN variants v ON v.id = s.variant_id
             CROSS JOIN products p ON p.id = v.product_id
             WHERE s.available <= max(:low_at, ifnull((SELECT max(low_at) FROM variants WHERE low_at IS NOT NULL), 0))
               AND s.available <= ifnull(v.low_at, :low_at)
               AND v.deleted_at IS NULL AND p.deleted_at IS NULL AND p.status < 3 ",
            $rest
        )
    };
}

macro_rules! every {
    () => {
        "stock s "
    };
}

/// Few pieces are left, or the variant's own mark is high.
macro_rules! scarce {
    () => {
        "(SELECT variant_id AS id FROM stock INDEXED BY stock_scarce WHERE available <= 10
          UNION SELECT id FROM variants INDEXED BY variants_low WHERE low_at IS NOT NULL AND low_at > 10) c
         CROSS JOIN stock s ON s.variant_id = c.id "
    };
}

macro_rules! columns {
    () => {
        "v.id, v.product_id, v.sku, p.name, v.title, s.available, ifnull(v.low_at, :low_at) AS low_at"
    };
}

/// The statements of what runs low, out of one of the two places.
struct Low {
    up: &'static str,
    down: &'static str,
    count: &'static str,
}

macro_rules! low_in {
    ($from:expr) => {
        Low {
            up: low!(
                columns!(),
                $from,
                "AND s.variant_id > :key ORDER BY s.variant_id LIMIT :limit OFFSET :skipped"
            ),
            down: low!(
                columns!(),
                $from,
                "AND s.variant_id < :key ORDER BY s.variant_id DESC LIMIT :limit OFFSET :skipped"
            ),
            count: concat!("SELECT count(*) FROM (", low!("1", $from, "LIMIT :most"), ")"),
        }
    };
}

const LOW_OF_ALL: Low = low_in!(every!());
const LOW_OF_SCARCE: Low = low_in!(scarce!());

/// How many variants are scarce, as far as it is worth knowing.
const COUNT_SCARCE: &str =
    "SELECT (SELECT count(*) FROM (SELECT 1 FROM stock WHERE available <= 10 LIMIT :most))
  + (SELECT count(*) FROM (SELECT 1 FROM variants WHERE low_at IS NOT NULL AND low_at > 10 LIMIT :most))";

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
const THESE: &str = level!("WHERE v.id IN (SELECT value FROM json_each(:variants))");

const UP: &str = "SELECT v.id FROM variants v WHERE v.deleted_at IS NULL AND v.id > :key
  ORDER BY v.id LIMIT :limit OFFSET :skipped";
const DOWN: &str = "SELECT v.id FROM variants v WHERE v.deleted_at IS NULL AND v.id < :key
  ORDER BY v.id DESC LIMIT :limit OFFSET :skipped";
const COUNT: &str = "SELECT count(*) FROM (SELECT 1 FROM variants v WHERE v.deleted_at IS NULL LIMIT :most)";

/// The variants of some products, product by product.
macro_rules! of_products {
    () => {
        "FROM json_each(:ids) j CROSS JOIN variants v INDEXED BY variants_product ON v.product_id = j.value
         WHERE v.deleted_at IS NULL "
    };
}
const UP_OF: &str = concat!(
    "SELECT v.product_id, v.id ",
    of_products!(),
    "AND (v.product_id, v.id) > (:product, :key) ORDER BY v.product_id, v.id LIMIT :limit OFFSET :skipped"
);
const DOWN_OF: &str = concat!(
    "SELECT v.product_id, v.id ",
    of_products!(),
    "AND (v.product_id, v.id) < (:product, :key) ORDER BY v.product_id DESC, v.id DESC LIMIT :limit OFFSET :skipped"
);
const COUNT_OF: &str = concat!("SELECT count(*) FROM (SELECT 1 ", of_products!(), "LIMIT :most)");

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

/// How much there is of each variant.
pub fn all(db: &Snapshot, low_at: i64, paging: &Paging) -> Result<Page<Level>> {
    let sql = match paging.is_backwards() {
        true => DOWN,
        false => UP,
    };
    let counted: i64 = db
        .db()
        .prepare_cached(COUNT)?
        .query_row(named_params! { ":most": MOST_COUNTED + 1 }, |row| row.get(0))?;
    let (key, limit, skipped) = place(paging);
    let found: Vec<VariantId> = db
        .db()
        .prepare_cached(sql)?
        .query_and_then(
            named_params! { ":key": key, ":limit": limit, ":skipped": skipped },
            |row| Ok::<_, Error>(row.get(0)?),
        )?
        .collect::<Result<_>>()?;
    let cut = paging.cut(found, |variant| (0, variant.0));
    Ok(Page {
        rows: these(db, &cut.rows, low_at)?,
        next: cut.next,
        total: Some(Total::of(counted)),
        index_behind: None,
    })
}

/// How much there is of the variants of some products, in the order of the products.
pub fn of_products(
    db: &Snapshot,
    products: &[ProductId],
    low_at: i64,
    paging: &Paging,
) -> Result<Page<Level>> {
    let sql = match paging.is_backwards() {
        true => DOWN_OF,
        false => UP_OF,
    };
    let (key, limit, skipped) = place(paging);
    let found: Vec<(ProductId, VariantId)> = db
        .db()
        .prepare_cached(sql)?
        .query_and_then(
            named_params! {
                ":ids": products_json(products), ":product": paging.keys().map_or(0, |keys| keys.0),
                ":key": key, ":limit": limit, ":skipped": skipped,
            },
            |row| Ok::<_, Error>((row.get(0)?, row.get(1)?)),
        )?
        .collect::<Result<_>>()?;
    let cut = paging.cut(found, |(product, variant)| (product.0, variant.0));
    let variants: Vec<VariantId> = cut.rows.iter().map(|(_, variant)| *variant).collect();
    Ok(Page {
        rows: these(db, &variants, low_at)?,
        next: cut.next,
        total: None,
        index_behind: None,
    })
}

/// How many variants some products have; no further than one above the most that is counted.
pub fn count_of_products(db: &Snapshot, products: &[ProductId]) -> Result<i64> {
    Ok(db.db().prepare_cached(COUNT_OF)?.query_row(
        named_params! { ":ids": products_json(products), ":most": MOST_COUNTED + 1 },
        |row| row.get(0),
    )?)
}

/// These variants, in their order.
fn these(db: &Snapshot, variants: &[VariantId], low_at: i64) -> Result<Vec<Level>> {
    let ids: Vec<String> = variants.iter().map(VariantId::to_string).collect();
    let ids = format!("[{}]", ids.join(","));
    let found = rows(db, THESE, named_params! { ":variants": ids, ":low_at": low_at })?;
    let mut levels: HashMap<VariantId, Level> =
        found.into_iter().map(|level| (level.variant, level)).collect();
    Ok(variants
        .iter()
        .filter_map(|variant| levels.remove(variant))
        .collect())
}

/// Where a page begins, how many rows it looks for, and how many it passes over.
fn place(paging: &Paging) -> (i64, i64, i64) {
    let key = paging.keys().map_or(0, |keys| keys.1);
    (key, paging.wanted() as i64, paging.skipped())
}

/// Where what runs low is looked for.
fn low_in(db: &Snapshot, low_at: i64) -> Result<Low> {
    if low_at > SCARCE {
        return Ok(LOW_OF_ALL);
    }
    let scarce: i64 = db
        .db()
        .prepare_cached(COUNT_SCARCE)?
        .query_row(named_params! { ":most": MOST_COUNTED + 1 }, |row| row.get(0))?;
    match scarce > MOST_COUNTED {
        true => Ok(LOW_OF_ALL),
        false => Ok(LOW_OF_SCARCE),
    }
}

/// The variants whose stock is at or below their mark; `low_at` is the mark of those without one.
pub fn low(db: &Snapshot, low_at: i64, paging: &Paging) -> Result<Page<Level>> {
    let low = low_in(db, low_at)?;
    let sql = match paging.is_backwards() {
        true => low.down,
        false => low.up,
    };
    let (key, limit, skipped) = place(paging);
    let rows = rows(
        db,
        sql,
        named_params! { ":low_at": low_at, ":key": key, ":limit": limit, ":skipped": skipped },
    )?;
    let counted = count(db, &low, low_at, MOST_COUNTED + 1)?;
    Ok(paging
        .cut(rows, |row: &Level| (0, row.variant.0))
        .counted(Total::of(counted)))
}

/// How many they are, counted up to `most`.
pub fn count_low(db: &Snapshot, low_at: i64, most: i64) -> Result<i64> {
    count(db, &low_in(db, low_at)?, low_at, most)
}

fn count(db: &Snapshot, low: &Low, low_at: i64, most: i64) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached(low.count)?
        .query_row(named_params! { ":low_at": low_at, ":most": most }, |row| {
            row.get(0)
        })?)
}
