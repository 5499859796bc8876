//! What runs low: a walk over the narrow stock table, in the order of the variants.

use rusqlite::named_params;

use crate::domain::page::MOST_COUNTED;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::page::Total;
use crate::domain::product::LowStock;
use crate::error::Result;
use crate::store::Snapshot;

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

/// The variants whose stock is at or below their mark; `low_at` is the mark of those without one.
pub fn low(db: &Snapshot, low_at: i64, paging: &Paging) -> Result<Page<LowStock>> {
    let sql = match paging.is_backwards() {
        true => COLUMNS_DOWN,
        false => COLUMNS_UP,
    };
    let rows = db
        .db()
        .prepare_cached(sql)?
        .query_and_then(
            named_params! {
                ":low_at": low_at,
                ":key": paging.keys().map_or(0, |keys| keys.1),
                ":limit": paging.wanted() as i64,
                ":skipped": paging.skipped(),
            },
            |row| {
                Ok(LowStock {
                    variant: row.get("id")?,
                    product: row.get("product_id")?,
                    sku: row.get("sku")?,
                    name: row.get("name")?,
                    title: row.get("title")?,
                    available: row.get("available")?,
                    low_at: row.get("low_at")?,
                })
            },
        )?
        .collect::<Result<_>>()?;
    let counted = count_low(db, low_at, MOST_COUNTED + 1)?;
    Ok(paging
        .cut(rows, |row: &LowStock| (0, row.variant.0))
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
