//! Looking through the ledger, newest first. Of one variant it is walked in the buckets of its index, 4,096 rows of the
//! ledger each (SCHEMA); otherwise by its own ids, which are in order of time.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use rusqlite::params;

use crate::domain::id::MovementId;
use crate::domain::id::VariantId;
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

/// Buckets that a look for one variant passes over at most: a million rows. Each is a page of the file of its own, most of
/// which no reader holds, so that four times as many held sixteen people up for a tenth of a second.
const MOST_WALKED: i64 = 256;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.variant_id, v.sku, m.delta, m.available, m.reason, m.order_id, m.at, m.actor_id, m.note
             FROM stock_movements m CROSS JOIN variants v ON v.id = m.variant_id ",
            $rest
        )
    };
}

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
const ONE: &str = select!("WHERE m.id = ?1");

/// The ids of one bucket. The rows themselves are read where a filter or a page asks for them.
macro_rules! bucket {
    ($order:literal) => {
        concat!(
            "SELECT id FROM stock_movements
             WHERE id >> 12 = ?1 AND variant_id = ?2 AND id >= ?3 AND id < ?4
               AND (?5 IS NULL OR reason = ?5) AND (?6 IS NULL OR order_id = ?6)
             ORDER BY ",
            $order
        )
    };
}
const BUCKET_DOWN: &str = bucket!("id DESC");
const BUCKET_UP: &str = bucket!("id");

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
        .prepare_cached(ONE)?
        .query_row(params![id], from_row)
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
    let span = span(db, wanted)?;
    match wanted.variant {
        Some(variant) => of_variant(db, variant, wanted, span, paging),
        None => of_all(db, wanted, span, paging),
    }
}

/// What of a span lies on the far side of a page's place.
fn behind(whole: Span, paging: &Paging) -> Span {
    match paging.place {
        Place::At(cursor) if cursor.backwards => Span {
            low: whole.low.max(cursor.keys.1 + 1),
            ..whole
        },
        Place::At(cursor) => Span {
            high: whole.high.min(cursor.keys.1),
            ..whole
        },
        _ => whole,
    }
}

/// One walk over the buckets counts and finds the page. Behind what it has seen the list goes on with one of its own.
fn of_variant(
    db: &Snapshot,
    variant: VariantId,
    wanted: &MovementFilter,
    whole: Span,
    paging: &Paging,
) -> Result<Page<Movement>> {
    let mut found = walk(db, variant, wanted, whole, false, MOST_COUNTED as usize + 1)?;
    let total = match found.edge {
        None => Total::of(found.ids.len() as i64),
        Some(_) => Total::AtLeast(MOST_COUNTED.min(found.ids.len() as i64)),
    };
    let span = behind(whole, paging);
    let is_all = found.edge.is_none() && found.ids.len() as i64 <= MOST_COUNTED;
    if is_all {
        found.ids.retain(|id| (span.low..span.high).contains(id));
        if paging.is_backwards() {
            found.ids.reverse();
        }
    } else if paging.keys().is_some() {
        found = walk(db, variant, wanted, span, paging.is_backwards(), paging.wanted())?;
    }
    found.ids.drain(..found.ids.len().min(paging.skipped() as usize));
    let cut = paging.cut(found.ids, |id| (0, *id));
    Ok(Page {
        rows: these(db, &cut.rows)?,
        next: cut.next.or(found.edge.map(|edge| paging.cursor((0, edge)))),
        total: Some(total),
        index_behind: None,
    })
}

fn of_all(db: &Snapshot, wanted: &MovementFilter, whole: Span, paging: &Paging) -> Result<Page<Movement>> {
    let mut span = behind(whole, paging);
    let is_dense = wanted.reason.is_none() && wanted.order.is_none();
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
        _ => count(db, whole)?,
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
    let sql = match is_backwards {
        true => ROWS_UP,
        false => ROWS_DOWN,
    };
    let with = named_params! {
        ":low": span.low, ":high": span.high,
        ":reason": wanted.reason, ":order": wanted.order, ":limit": limit as i64,
    };
    db.db()
        .prepare_cached(sql)?
        .query_and_then(with, |row| Ok(from_row(row)?))?
        .collect()
}

/// What a walk over the buckets has found, and the id at which it ended before the ledger did.
struct Walked {
    ids: Vec<i64>,
    edge: Option<i64>,
}

/// The ids of one variant's rows, by a statement a bucket: a recursive one costs more at each step than the look into
/// the index. (By position: a thousand buckets a page.)
fn walk(
    db: &Snapshot,
    variant: VariantId,
    wanted: &MovementFilter,
    span: Span,
    is_backwards: bool,
    limit: usize,
) -> Result<Walked> {
    let mut bucket = db.db().prepare_cached(match is_backwards {
        true => BUCKET_UP,
        false => BUCKET_DOWN,
    })?;
    let (first, last) = (span.low >> 12, (span.high - 1) >> 12);
    let (mut ids, mut edge) = (Vec::new(), None);
    for step in 0..=(last - first) {
        let number = match is_backwards {
            true => first + step,
            false => last - step,
        };
        let with = params![number, variant, span.low, span.high, wanted.reason, wanted.order];
        for id in bucket.query_map(with, |row| row.get(0))? {
            ids.push(id?);
        }
        if ids.len() >= limit {
            break;
        }
        if step + 1 == MOST_WALKED && number > first && !is_backwards {
            edge = Some(number << 12);
            break;
        }
    }
    ids.truncate(limit);
    Ok(Walked { ids, edge })
}

/// The rows with these ids, in their order.
fn these(db: &Snapshot, ids: &[i64]) -> Result<Vec<Movement>> {
    let mut one = db.db().prepare_cached(ONE)?;
    ids.iter()
        .map(|id| Ok(one.query_row(params![id], from_row)?))
        .collect()
}

/// How many rows there are; no further than one above the most that is counted.
fn count(db: &Snapshot, span: Span) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM stock_movements NOT INDEXED
                                   WHERE id >= :low AND id < :high LIMIT :most)",
        )?
        .query_row(
            named_params! { ":low": span.low, ":high": span.high, ":most": MOST_COUNTED + 1 },
            |row| row.get(0),
        )?)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::domain::page::Cursor;
    use crate::domain::product::MovementReason;
    use crate::store::plan;

    /// Three hundred rows of two variants: forty of them old, the others behind more buckets than one look passes.
    fn two_variants() -> Connection {
        let db = plan::empty();
        let far = (MOST_WALKED + 5) << 12;
        db.execute_batch(&format!(
            "PRAGMA foreign_keys = OFF;
             INSERT INTO products (id, status, name, created_at, updated_at) VALUES (1, 2, 'Mug', 0, 0);
             INSERT INTO variants (id, product_id, sku) VALUES (7, 1, 'MUG'), (8, 1, 'CUP');
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
             INSERT INTO stock_movements (id, variant_id, delta, available, reason, at)
             SELECT iif(i > 40, {far} + i, i * 1000), 7 + i % 2, 1, 1, i % 3, i FROM n;"
        ))
        .unwrap();
        db
    }

    fn ids(page: &Page<Movement>) -> Vec<i64> {
        page.rows.iter().map(|row| row.id.0).collect()
    }

    /// D4: a variant's ledger is found whole, by a look that goes on where it has ended, forwards and back.
    #[test]
    fn a_variants_ledger_is_found_whole() {
        let db = two_variants();
        let snapshot = Snapshot::new(&db);
        for (reason, condition) in [(None, "1"), (Some(MovementReason::Restock), "reason = 1")] {
            let filter = MovementFilter {
                variant: Some(VariantId(7)),
                reason,
                ..MovementFilter::default()
            };
            let sql = format!(
                "SELECT id FROM stock_movements WHERE variant_id = 7 AND {condition} ORDER BY id DESC"
            );
            let mut statement = db.prepare(&sql).unwrap();
            let all: rusqlite::Result<Vec<i64>> =
                statement.query_map([], |row| row.get(0)).unwrap().collect();
            let all = all.unwrap();
            let mut paging = Paging::first(Default::default(), 0);
            let mut found = Vec::new();
            loop {
                let page = movements(&snapshot, &filter, &paging).unwrap();
                assert!(matches!(page.total, Some(Total::AtLeast(_))), "{:?}", page.total);
                found.extend(ids(&page));
                match page.next {
                    Some(next) => paging.place = Place::At(next),
                    None => break,
                }
            }
            assert_eq!(found, all, "{reason:?}");
            paging.place = Place::At(Cursor {
                backwards: true,
                ..paging.cursor((0, all[all.len() - 1]))
            });
            let before = ids(&movements(&snapshot, &filter, &paging).unwrap());
            assert_eq!(before.len(), 50.min(all.len() - 1));
            assert_eq!(before, all[all.len() - 1 - before.len()..all.len() - 1]);
        }
    }

    /// D4: a ledger that one look passes whole is counted exactly.
    #[test]
    fn a_short_ledger_is_counted() {
        let db = two_variants();
        let filter = MovementFilter {
            variant: Some(VariantId(8)),
            from: Some(Timestamp::from_ms(41)),
            ..MovementFilter::default()
        };
        let mut paging = Paging::first(Default::default(), 0);
        for rows in [50, 50, 30] {
            let page = movements(&Snapshot::new(&db), &filter, &paging).unwrap();
            assert_eq!((page.rows.len(), page.total), (rows, Some(Total::Exactly(130))));
            assert_eq!(page.next.is_none(), rows == 30);
            paging.place = page.next.map_or(Place::Start, Place::At);
        }
    }

    /// SCHEMA, *Buckets*: the ledger is walked by its own ids, and of one variant by the buckets of its index.
    #[test]
    fn the_ledger_is_walked_without_sorting() {
        let db = plan::empty();
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
                "SEARCH stock_movements USING INDEX stock_movements_variant (<expr>=? AND variant_id=? AND id>? AND id<?)",
            ),
            (
                BUCKET_UP,
                "SEARCH stock_movements USING INDEX stock_movements_variant (<expr>=? AND variant_id=? AND id>? AND id<?)",
            ),
        ] {
            let plan = plan::of(&db, sql);
            assert!(plan.contains(wanted), "{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
