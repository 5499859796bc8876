//! Rows of `day_sums` and `sums_upto`: what each day has sold, and up to where that is known.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::params;

use crate::domain::statistics::DaySums;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

/// Events after which an order may come to something else: all about orders but their making.
const CHANGED: &str = "SELECT DISTINCT subject FROM events
  WHERE type IN (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16) AND type <> 1 AND id > ?1
  LIMIT ?2";

/// New orders of days that are over: few, by their ids, and not all that were ever placed before today (hence the sign).
const NEW: &str = "SELECT id FROM orders WHERE id > ?1 AND +placed_at < ?3 LIMIT ?2";

/// When new credit notes of days that are over were made.
const NEW_NOTES: &str = "SELECT placed_at FROM credit_notes WHERE id > ?1 AND +placed_at < ?3 LIMIT ?2";

/// Up to where the sums are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upto {
    /// By whose calendar its days are cut.
    pub zone: String,
    /// Every day before this has its sums.
    pub until: Timestamp,
    /// What they know of.
    pub seen: Seen,
}

/// The newest rows of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the tables")]
pub struct Seen {
    pub orders: i64,
    pub events: i64,
    pub credit_notes: i64,
}

/// A day with what it has sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// When it begins.
    pub from: Timestamp,
    /// When the next begins.
    pub until: Timestamp,
    /// What it has sold.
    pub sums: DaySums,
}

/// Up to where the sums are known, if there are any.
pub fn upto(db: &Snapshot) -> Result<Option<Upto>> {
    Ok(db
        .db()
        .prepare_cached("SELECT zone, until, orders, events, credit_notes FROM sums_upto WHERE one = 1")?
        .query_row([], |row| {
            Ok(Upto {
                zone: row.get("zone")?,
                until: row.get("until")?,
                seen: seen_from_row(row)?,
            })
        })
        .optional()?)
}

fn seen_from_row(row: &Row) -> rusqlite::Result<Seen> {
    Ok(Seen {
        orders: row.get("orders")?,
        events: row.get("events")?,
        credit_notes: row.get("credit_notes")?,
    })
}

/// The newest there are.
pub fn newest(db: &Snapshot) -> Result<Seen> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT ifnull((SELECT max(id) FROM orders), 0) AS orders,
               ifnull((SELECT max(id) FROM events), 0) AS events,
               ifnull((SELECT max(id) FROM credit_notes), 0) AS credit_notes",
        )?
        .query_row([], seen_from_row)?)
}

/// Whether events were swept that the sums have not seen.
pub fn has_missed(db: &Snapshot, seen: Seen) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached("SELECT ifnull(min(id), 0) > ?1 + 1 AS has_missed FROM events")?
        .query_row(params![seen.events], |row| row.get("has_missed"))?)
}

/// When the first thing was sold or credited.
pub fn earliest(db: &Snapshot) -> Result<Option<Timestamp>> {
    let first = |sql: &str| -> Result<Option<Timestamp>> {
        Ok(db.db().prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    };
    let sold = first("SELECT min(placed_at) FROM orders")?;
    let credited = first("SELECT min(placed_at) FROM credit_notes")?;
    Ok(sold.into_iter().chain(credited).min())
}

/// The moments before `until` of whose days something may have changed since what was seen; nothing if they are too many to
/// be told.
pub fn touched(db: &Snapshot, upto: &Upto, most: usize) -> Result<Option<Vec<Timestamp>>> {
    let ids = |sql: &str, after: i64| -> Result<Vec<i64>> {
        db.db()
            .prepare_cached(sql)?
            .query_and_then(params![after, most as i64 + 1, upto.until], |row| {
                Ok::<_, Error>(row.get(0)?)
            })?
            .collect()
    };
    let seen = upto.seen;
    let mut orders = ids(NEW, seen.orders)?;
    orders.extend(changed(db, seen.events, most)?);
    let notes = ids(NEW_NOTES, seen.credit_notes)?;
    if orders.len() + notes.len() > most {
        return Ok(None);
    }
    let mut moments: Vec<Timestamp> = notes.into_iter().map(Timestamp::from_ms).collect();
    for order in orders {
        moments.extend(moments_of(db, order)?);
    }
    moments.retain(|at| *at < upto.until);
    Ok(Some(moments))
}

fn changed(db: &Snapshot, after: i64, most: usize) -> Result<Vec<i64>> {
    db.db()
        .prepare_cached(CHANGED)?
        .query_and_then(params![after, most as i64 + 1], |row| Ok(row.get(0)?))?
        .collect()
}

/// When an order was placed, and when money of it went back.
fn moments_of(db: &Snapshot, order: i64) -> Result<Vec<Timestamp>> {
    db.db()
        .prepare_cached(
            "SELECT placed_at AS at FROM orders WHERE id = ?1
             UNION SELECT refunded_at FROM orders WHERE id = ?1 AND refunded_at IS NOT NULL
             UNION SELECT created_at FROM refunds WHERE order_id = ?1",
        )?
        .query_and_then(params![order], |row| Ok(row.get("at")?))?
        .collect()
}

/// The days with something in them from `from` to before `until`, oldest first.
pub fn days(db: &Snapshot, from: Timestamp, until: Timestamp) -> Result<Vec<Day>> {
    db.db()
        .prepare_cached(
            "SELECT day_from, day_until, pending, processing, shipped, delivered, canceled, refunded_orders, items,
               gross, refunded
             FROM day_sums
             WHERE day_from >= ?1 AND day_from < ?2
             ORDER BY day_from",
        )?
        .query_and_then(params![from, until], |row| Ok(day_from_row(row)?))?
        .collect()
}

fn day_from_row(row: &Row) -> rusqlite::Result<Day> {
    Ok(Day {
        from: row.get("day_from")?,
        until: row.get("day_until")?,
        sums: DaySums {
            states: [
                row.get("pending")?,
                row.get("processing")?,
                row.get("shipped")?,
                row.get("delivered")?,
                row.get("canceled")?,
                row.get("refunded_orders")?,
            ],
            items: row.get("items")?,
            gross: row.get("gross")?,
            refunded: row.get("refunded")?,
        },
    })
}

/// Sets what a day has sold; one that has sold nothing has no row.
pub fn put(tx: &Tx, day: &Day) -> Result<()> {
    if day.sums == DaySums::default() {
        tx.db()
            .prepare_cached("DELETE FROM day_sums WHERE day_from = ?1")?
            .execute(params![day.from])?;
        return Ok(());
    }
    let [pending, processing, shipped, delivered, canceled, refunded] = day.sums.states;
    tx.db()
        .prepare_cached(
            "INSERT OR REPLACE INTO day_sums (day_from, day_until, pending, processing, shipped, delivered, canceled,
               refunded_orders, items, gross, refunded)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            day.from,
            day.until,
            pending,
            processing,
            shipped,
            delivered,
            canceled,
            refunded,
            day.sums.items,
            day.sums.gross,
            day.sums.refunded,
        ])?;
    Ok(())
}

/// Sets up to where the sums are known.
pub fn set_upto(tx: &Tx, upto: &Upto) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT OR REPLACE INTO sums_upto (one, zone, until, orders, events, credit_notes)
             VALUES (1, ?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            upto.zone,
            upto.until,
            upto.seen.orders,
            upto.seen.events,
            upto.seen.credit_notes,
        ])?;
    Ok(())
}

/// Drops every day.
pub fn clear(tx: &Tx) -> Result<()> {
    tx.db().prepare_cached("DELETE FROM day_sums")?.execute([])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::EventType;
    use crate::store::plan;

    /// D15: no event about an order is left out, and each type is sought, not walked through.
    #[test]
    fn every_event_of_an_order_is_listened_to() {
        let wanted: Vec<String> = EventType::ALL
            .iter()
            .filter(|kind| kind.is_of_order() && **kind != EventType::OrderCreated)
            .map(|kind| kind.number().to_string())
            .collect();
        assert!(
            CHANGED.contains(&format!("IN ({})", wanted.join(", "))),
            "{wanted:?}"
        );
        let plan = plan::of(&plan::empty(), CHANGED);
        assert!(plan.contains("events_rare (type=? AND id>?"), "{plan}");
    }
    /// D15: a look for what is new does not go over what is old.
    #[test]
    fn what_is_new_is_sought_by_its_id() {
        for sql in [NEW, NEW_NOTES] {
            let plan = plan::of(&plan::empty(), sql);
            assert!(plan.contains("USING INTEGER PRIMARY KEY (rowid>?)"), "{plan}");
        }
    }
}
