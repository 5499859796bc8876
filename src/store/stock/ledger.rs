//! Looking through the ledger, newest first. Of one variant it is walked in the buckets of its index, 4,096 rows of the
//! ledger each (SCHEMA); otherwise by its own ids, which are in order of time.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::ToSql;
use rusqlite::named_params;
use rusqlite::params;

use crate::domain::id::MovementId;
use crate::domain::page::MOST_COUNTED;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::page::Place;
use crate::domain::page::Total;
use crate::domain::product::Movement;
use crate::domain::product::MovementFilter;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;

/// Rows that a look with a filter that has no index passes over at most.
const MOST_LOOKED_AT: i64 = 50_000;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.variant_id, v.sku, m.delta, m.available, m.reason, m.order_id, m.at, m.actor_id, m.note
             FROM stock_movements m CROSS JOIN variants v ON v.id = m.variant_id ",
            $rest
        )
    };
}

const BY_ID: &str = select!("WHERE m.id = :id");
const ROWS_DOWN: &str = select!(
    "WHERE m.id >= :low AND m.id < :high
       AND (:reason IS NULL OR m.reason = :reason) AND (:order IS NULL OR m.order_id = :order)
     ORDER BY m.id DESC LIMIT :limit"
);
const ROWS_UP: &str = select!(
    "WHERE m.id >= :low AND m.id < :high
       AND (:reason IS NULL OR m.reason = :reason) AND (:order IS NULL OR m.order_id = :order)
     ORDER BY m.id LIMIT :limit"
);
const BUCKET_DOWN: &str = select!(
    "WHERE m.id >> 12 = :bucket AND m.variant_id = :variant AND m.id >= :low AND m.id < :high
       AND (:reason IS NULL OR m.reason = :reason) AND (:order IS NULL OR m.order_id = :order)
     ORDER BY m.id DESC LIMIT :limit"
);
const BUCKET_UP: &str = select!(
    "WHERE m.id >> 12 = :bucket AND m.variant_id = :variant AND m.id >= :low AND m.id < :high
       AND (:reason IS NULL OR m.reason = :reason) AND (:order IS NULL OR m.order_id = :order)
     ORDER BY m.id LIMIT :limit"
);

fn from_row(row: &Row) -> rusqlite::Result<Movement> {
    Ok(Movement {
        id: row.get("id")?,
        variant: row.get("variant_id")?,
        sku: row.get("sku")?,
        delta: row.get("delta")?,
        available: row.get("available")?,
        reason: row.get("reason")?,
        order: row.get("order_id")?,
        at: row.get("at")?,
        actor: row.get("actor_id")?,
        note: row.get("note")?,
    })
}

/// One movement; it must exist.
pub fn movement(db: &Snapshot, id: MovementId) -> Result<Movement> {
    db.db()
        .prepare_cached(BY_ID)?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?
        .ok_or(Error::NotFound("movement"))
}

/// Ids from `low` on and below `high`.
#[derive(Clone, Copy)]
struct Span {
    low: i64,
    high: i64,
}

/// A page of the ledger, newest first.
pub fn movements(db: &Snapshot, wanted: &MovementFilter, paging: &Paging) -> Result<Page<Movement>> {
    let whole = span(db, wanted)?;
    let mut span = whole;
    match paging.place {
        Place::At(cursor) if cursor.backwards => span.low = span.low.max(cursor.keys.1 + 1),
        Place::At(cursor) => span.high = span.high.min(cursor.keys.1),
        _ => {}
    }
    let is_dense = wanted.variant.is_some() || (wanted.reason.is_none() && wanted.order.is_none());
    let floor = match is_dense || paging.is_backwards() {
        true => None,
        false => floor(db, span)?,
    };
    span.low = floor.unwrap_or(span.low);
    let skipped = paging.skipped() as usize;
    let mut rows = rows(db, wanted, span, paging.is_backwards(), skipped + paging.wanted())?;
    rows.drain(..skipped.min(rows.len()));
    let mut page = paging.cut(rows, |row| (0, row.id.0));
    if let (None, Some(floor)) = (page.next, floor) {
        // The look ended before the ledger did.
        page.next = Some(paging.cursor((0, floor)));
    }
    if !is_dense {
        return Ok(page);
    }
    // A first page with nothing behind it is all there is.
    let total = match (paging.place, page.next) {
        (Place::Start, None) => page.rows.len() as i64,
        _ => count(db, wanted, whole)?,
    };
    Ok(page.counted(Total::of(total)))
}

/// The ids between two moments: the ledger is in order of time.
fn span(db: &Snapshot, wanted: &MovementFilter) -> Result<Span> {
    let newest: i64 = db
        .db()
        .prepare_cached("SELECT ifnull(max(id), 0) FROM stock_movements")?
        .query_row([], |row| row.get(0))?;
    let low = match wanted.from {
        Some(from) => first_at(db, from, newest)?,
        None => 1,
    };
    let high = match wanted.to {
        Some(to) => first_at(db, to.plus_ms(1), newest)?,
        None => newest + 1,
    };
    Ok(Span { low, high })
}

/// The first id at a moment or later, by bisection.
fn first_at(db: &Snapshot, at: Timestamp, newest: i64) -> Result<i64> {
    let mut look = db
        .db()
        .prepare_cached("SELECT at FROM stock_movements WHERE id >= ?1 ORDER BY id LIMIT 1")?;
    let (mut low, mut high) = (1, newest + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let found: Option<Timestamp> = look.query_row(params![middle], |row| row.get(0)).optional()?;
        match found.is_some_and(|found| found < at) {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    Ok(low)
}

/// The id at which a bounded look ends, if the span is longer than it.
fn floor(db: &Snapshot, span: Span) -> Result<Option<i64>> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT id FROM stock_movements WHERE id >= :low AND id < :high
             ORDER BY id DESC LIMIT 1 OFFSET :most",
        )?
        .query_row(
            named_params! { ":low": span.low, ":high": span.high, ":most": MOST_LOOKED_AT - 1 },
            |row| row.get(0),
        )
        .optional()?)
}

fn rows(
    db: &Snapshot,
    wanted: &MovementFilter,
    span: Span,
    is_backwards: bool,
    limit: usize,
) -> Result<Vec<Movement>> {
    let limit = limit as i64;
    if wanted.variant.is_none() {
        let sql = match is_backwards {
            true => ROWS_UP,
            false => ROWS_DOWN,
        };
        let with = named_params! {
            ":low": span.low, ":high": span.high,
            ":reason": wanted.reason, ":order": wanted.order, ":limit": limit,
        };
        return list(db, sql, with);
    }
    let (first, last) = (span.low >> 12, (span.high - 1) >> 12);
    let mut found = Vec::new();
    for step in 0..=(last - first) {
        let (sql, bucket) = match is_backwards {
            true => (BUCKET_UP, first + step),
            false => (BUCKET_DOWN, last - step),
        };
        let with = named_params! {
            ":bucket": bucket, ":variant": wanted.variant, ":low": span.low, ":high": span.high,
            ":reason": wanted.reason, ":order": wanted.order, ":limit": limit - found.len() as i64,
        };
        found.extend(list(db, sql, with)?);
        if found.len() as i64 == limit {
            break;
        }
    }
    Ok(found)
}

fn list(db: &Snapshot, sql: &str, with: &[(&str, &dyn ToSql)]) -> Result<Vec<Movement>> {
    db.db()
        .prepare_cached(sql)?
        .query_and_then(with, |row| Ok(from_row(row)?))?
        .collect()
}

/// How many rows fit; no further than one above the most that is counted.
fn count(db: &Snapshot, wanted: &MovementFilter, span: Span) -> Result<i64> {
    let most = MOST_COUNTED + 1;
    let Some(variant) = wanted.variant else {
        return Ok(db
            .db()
            .prepare_cached(
                "SELECT count(*) FROM (SELECT 1 FROM stock_movements NOT INDEXED
                                       WHERE id >= :low AND id < :high LIMIT :most)",
            )?
            .query_row(
                named_params! { ":low": span.low, ":high": span.high, ":most": most },
                |row| row.get(0),
            )?);
    };
    let mut in_bucket = db.db().prepare_cached(
        "SELECT count(*) FROM stock_movements
         WHERE id >> 12 = :bucket AND variant_id = :variant AND id >= :low AND id < :high
           AND (:reason IS NULL OR reason = :reason) AND (:order IS NULL OR order_id = :order)",
    )?;
    let mut counted = 0;
    for bucket in (span.low >> 12)..=((span.high - 1) >> 12) {
        counted += in_bucket.query_row(
            named_params! {
                ":bucket": bucket, ":variant": variant, ":low": span.low, ":high": span.high,
                ":reason": wanted.reason, ":order": wanted.order,
            },
            |row| row.get::<_, i64>(0),
        )?;
        if counted >= most {
            break;
        }
    }
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema;
    use rusqlite::Connection;

    /// SCHEMA, *Buckets*: the ledger is walked by its own ids, and of one variant by the buckets of its index.
    #[test]
    fn the_ledger_is_walked_without_sorting() {
        let mut db = Connection::open_in_memory().unwrap();
        schema::migrate(&mut db).unwrap();
        for (sql, wanted) in [
            (
                ROWS_DOWN,
                "SEARCH m USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
            ),
            (
                ROWS_UP,
                "SEARCH m USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
            ),
            (
                BUCKET_DOWN,
                "SEARCH m USING INDEX stock_movements_variant (<expr>=? AND variant_id=?",
            ),
            (
                BUCKET_UP,
                "SEARCH m USING INDEX stock_movements_variant (<expr>=? AND variant_id=?",
            ),
        ] {
            let mut steps = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let mut rows = steps.raw_query();
            let mut plan = String::new();
            while let Some(row) = rows.next().unwrap() {
                plan += &row.get::<_, String>("detail").unwrap();
                plan += "; ";
            }
            assert!(plan.contains(wanted), "{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
