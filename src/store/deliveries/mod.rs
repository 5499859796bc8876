//! Rows of `deliveries` and of their attempts. A delivery's id holds its event and its endpoint, so that there is one for
//! each, whatever is done twice.

mod list;
mod replays;

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use rusqlite::params;

use crate::domain::id::DeliveryId;
use crate::domain::id::EndpointId;
use crate::domain::id::EventId;
use crate::domain::time::Timestamp;
use crate::domain::webhook::Attempt;
use crate::domain::webhook::Delivery;
use crate::domain::webhook::DeliveryStatus;
use crate::domain::webhook::Tried;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

pub use list::Wanted;
pub use list::list;
pub use replays::Replay;
pub use replays::ask;
pub use replays::first_replay;
pub use replays::move_replay;

const SELECT: &str =
    "SELECT d.id, d.endpoint_id, d.lane, d.status, d.attempts, d.fresh_from, d.due_at, d.ended_at, e.type, e.at
  FROM deliveries d LEFT JOIN events e ON e.id = d.id >> 12";

fn from_row(row: &Row) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        id: row.get("id")?,
        endpoint: row.get("endpoint_id")?,
        lane: row.get("lane")?,
        status: row.get("status")?,
        attempts: row.get("attempts")?,
        fresh_from: row.get("fresh_from")?,
        due_at: row.get("due_at")?,
        ended_at: row.get("ended_at")?,
        // A type that cannot be read is none: what was sent must still come to its end.
        kind: row.get("type").unwrap_or_default(),
        created_at: row.get("at")?,
    })
}

/// The delivery, if there is one.
pub fn find(db: &Snapshot, id: DeliveryId) -> Result<Option<Delivery>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE d.id = :id"))?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?)
}

/// The delivery; it must exist.
pub fn get(db: &Snapshot, id: DeliveryId) -> Result<Delivery> {
    find(db, id)?.ok_or(Error::NotFound("delivery"))
}

/// Every attempt at a delivery, in order.
pub fn attempts(db: &Snapshot, id: DeliveryId) -> Result<Vec<Attempt>> {
    db.db()
        .prepare_cached(
            "SELECT number, at, duration_ms, failure, status, request, headers, response
             FROM delivery_attempts
             WHERE delivery_id = :id
             ORDER BY number",
        )?
        .query_and_then(named_params! { ":id": id }, |row| {
            Ok(Attempt {
                number: row.get("number")?,
                at: row.get("at")?,
                duration_ms: row.get("duration_ms")?,
                failure: row.get("failure")?,
                status: row.get("status")?,
                request: row.get("request")?,
                headers: row.get("headers")?,
                response: row.get("response")?,
            })
        })?
        .collect()
}

/// How often the sending of a delivery has panicked.
pub fn panics(db: &Snapshot, id: DeliveryId) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT count(*) AS panics FROM delivery_attempts WHERE delivery_id = :id AND failure = 4",
        )?
        .query_row(named_params! { ":id": id }, |row| row.get("panics"))?)
}

/// The deliveries that are due at an endpoint, the longest due first, passing over those that `is_under_way`.
pub fn due(
    db: &Snapshot,
    endpoint: EndpointId,
    now: Timestamp,
    most: usize,
    is_under_way: impl Fn(DeliveryId) -> bool,
) -> Result<Vec<DeliveryId>> {
    let mut statement = db.db().prepare_cached(
        "SELECT id FROM deliveries
         WHERE endpoint_id = ?1 AND due_at IS NOT NULL AND due_at <= ?2
         ORDER BY due_at, id",
    )?;
    let mut rows = statement.query(params![endpoint, now])?;
    let mut found = Vec::new();
    while found.len() < most
        && let Some(row) = rows.next()?
    {
        let id = row.get(0)?;
        if !is_under_way(id) {
            found.push(id);
        }
    }
    Ok(found)
}

/// A delivery that found nobody at its endpoint.
#[derive(Debug, Clone, Copy)]
pub struct Unmet {
    /// Which.
    pub id: DeliveryId,
    /// When it will be tried again.
    pub due_at: Timestamp,
    /// Whether something has got through since.
    pub is_released: bool,
}

/// The oldest of those that found nobody at an endpoint.
pub fn oldest_unmet(db: &Snapshot, endpoint: EndpointId) -> Result<Option<Unmet>> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT id, due_at, status = 0 AS is_released FROM deliveries INDEXED BY deliveries_unmet
             WHERE endpoint_id = :endpoint AND is_unmet = 1 AND status <= 1
             ORDER BY id LIMIT 1",
        )?
        .query_row(named_params! { ":endpoint": endpoint }, |row| {
            Ok(Unmet {
                id: row.get("id")?,
                due_at: row.get("due_at")?,
                is_released: row.get("is_released")?,
            })
        })
        .optional()?)
}

/// Makes all that found nobody at an endpoint due anew, as it happened, from the first attempt of the schedule on: whoever
/// is back has the whole of it before them if they go away again. The first `most` of what has waited meanwhile go with it.
/// (The first query repeats its index's terms.)
pub fn release(tx: &Tx, endpoint: EndpointId, most: usize) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE deliveries INDEXED BY deliveries_unmet
             SET status = 0, fresh_from = attempts,
               due_at = min(:now, ifnull((SELECT at FROM events WHERE events.id = deliveries.id >> 12), :now))
             WHERE endpoint_id = :endpoint AND is_unmet = 1 AND status <= 1 AND status = 1",
        )?
        .execute(named_params! { ":endpoint": endpoint, ":now": tx.now })?;
    tx.db()
        .prepare_cached(
            "UPDATE deliveries SET is_unmet = 1
             WHERE id IN (SELECT id FROM deliveries
                          WHERE endpoint_id = :endpoint AND due_at IS NOT NULL AND due_at <= :now AND status = 0
                          ORDER BY due_at, id LIMIT :most)",
        )?
        .execute(named_params! { ":endpoint": endpoint, ":now": tx.now, ":most": most as i64 })?;
    Ok(())
}

/// When the next delivery of an endpoint will be due.
pub fn next_due(db: &Snapshot, endpoint: EndpointId, now: Timestamp) -> Result<Option<Timestamp>> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT min(due_at) AS next FROM deliveries
             WHERE endpoint_id = :endpoint AND due_at IS NOT NULL AND due_at > :now",
        )?
        .query_row(named_params! { ":endpoint": endpoint, ":now": now }, |row| {
            row.get("next")
        })?)
}

/// Puts what is sent of an event to an endpoint into its lane, due unless an earlier one is unfinished; whether it was not
/// there yet. What is due at once is so since it happened: of all that waits to be sent the oldest goes first, also where it
/// had to wait for another of its lane.
pub fn insert(tx: &Tx, id: DeliveryId, lane: i64) -> Result<bool> {
    let has_earlier = lane != 0 && head(tx, id.endpoint(), lane)?.is_some();
    let (status, due_at) = match has_earlier {
        true => (DeliveryStatus::Waiting, None),
        false => (DeliveryStatus::Pending, Some(tx.now)),
    };
    let inserted = tx
        .db()
        .prepare_cached(
            "INSERT INTO deliveries (id, endpoint_id, lane, status, due_at)
             VALUES (?1, ?2, ?3, ?4, min(?5, ifnull((SELECT at FROM events WHERE events.id = ?1 >> 12), ?5)))
             ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![id, id.endpoint(), lane, status, due_at])?;
    Ok(inserted == 1)
}

/// The first unfinished one of a lane.
fn head(db: &Snapshot, endpoint: EndpointId, lane: i64) -> Result<Option<DeliveryId>> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT min(id) FROM deliveries WHERE endpoint_id = ?1 AND lane = ?2 AND status <= 2",
        )?
        .query_row(params![endpoint, lane], |row| row.get(0))?)
}

/// Puts a lane in order: its first unfinished one is due, the others wait for it.
pub fn arrange(tx: &Tx, endpoint: EndpointId, lane: i64) -> Result<()> {
    if lane == 0 {
        return Ok(());
    }
    let Some(head) = head(tx, endpoint, lane)? else {
        return Ok(());
    };
    tx.db()
        .prepare_cached(
            "UPDATE deliveries
             SET status = iif(attempts > fresh_from, 1, 0),
               due_at = min(?2, ifnull((SELECT at FROM events WHERE events.id = ?1 >> 12), ?2))
             WHERE id = ?1 AND status = 2",
        )?
        .execute(params![head, tx.now])?;
    tx.db()
        .prepare_cached(
            "UPDATE deliveries SET status = 2, due_at = NULL
             WHERE endpoint_id = ?1 AND lane = ?2 AND status <= 1 AND id > ?3",
        )?
        .execute(params![endpoint, lane, head])?;
    Ok(())
}

/// Makes one due anew, from the first attempt of the schedule on.
pub fn renew(tx: &Tx, id: DeliveryId, lane: i64) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE deliveries
             SET status = 0, fresh_from = attempts, ended_at = NULL, is_unmet = 0,
               due_at = min(:now, ifnull((SELECT at FROM events WHERE events.id = :id >> 12), :now))
             WHERE id = :id",
        )?
        .execute(named_params! { ":id": id, ":now": tx.now })?;
    arrange(tx, id.endpoint(), lane)
}

/// Notes an attempt and what follows from it, unless another was noted since; whether it was.
pub fn settle(tx: &Tx, tried: &Tried, (status, due_at): (DeliveryStatus, Option<Timestamp>)) -> Result<bool> {
    let ended_at = status.is_end().then_some(tx.now);
    let changed = tx
        .db()
        .prepare_cached(
            "UPDATE deliveries SET attempts = attempts + 1, status = ?3, due_at = ?4, ended_at = ?5, is_unmet = ?6
             WHERE id = ?1 AND attempts = ?2",
        )?
        .execute(params![
            tried.delivery,
            tried.attempts,
            status,
            due_at,
            ended_at,
            tried.is_unmet()
        ])?;
    if changed == 0 {
        return Ok(false);
    }
    let answer = tried.answer.as_ref().ok();
    tx.db()
        .prepare_cached(
            "INSERT INTO delivery_attempts (delivery_id, number, at, duration_ms, failure, status, request, headers,
               response)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            tried.delivery,
            tried.attempts + 1,
            tried.at,
            tried.duration_ms,
            tried.failure(),
            tried.status(),
            tried.request,
            answer.map(|answer| &answer.headers),
            answer.map(|answer| &answer.body),
        ])?;
    Ok(true)
}

/// Gives up some of what is unfinished at an endpoint; how many.
pub fn bury(tx: &Tx, endpoint: EndpointId, most: usize) -> Result<usize> {
    Ok(tx
        .db()
        .prepare_cached(
            "UPDATE deliveries SET status = 4, due_at = NULL, ended_at = :now
             WHERE id IN (SELECT id FROM deliveries WHERE endpoint_id = :endpoint AND status <= 2 LIMIT :most)",
        )?
        .execute(named_params! { ":endpoint": endpoint, ":now": tx.now, ":most": most as i64 })?)
}

/// Whether something is unfinished at an endpoint.
pub fn has_unfinished(db: &Snapshot, endpoint: EndpointId) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM deliveries WHERE endpoint_id = :endpoint AND status <= 2) AS has",
        )?
        .query_row(named_params! { ":endpoint": endpoint }, |row| row.get("has"))?)
}

/// How many are unfinished at an endpoint, counted up to `most`, the oldest of those, and how many are dead.
pub fn count(db: &Snapshot, endpoint: EndpointId, most: i64) -> Result<(i64, Option<DeliveryId>, i64)> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT count(*) AS unfinished, min(id) AS oldest,
               (SELECT count(*) FROM (SELECT 1 FROM deliveries
                  WHERE endpoint_id = :endpoint AND status = 4 LIMIT :most)) AS dead
             FROM (SELECT id FROM deliveries WHERE endpoint_id = :endpoint AND status <= 2 LIMIT :most)",
        )?
        .query_row(named_params! { ":endpoint": endpoint, ":most": most }, |row| {
            Ok((row.get("unfinished")?, row.get("oldest")?, row.get("dead")?))
        })?)
}

/// How many are dead in all, counted up to `most`, at endpoints that have not been deleted.
pub fn count_dead(db: &Snapshot, most: i64) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT count(*) AS dead FROM (
               SELECT 1 FROM webhook_endpoints e
                 CROSS JOIN deliveries d INDEXED BY deliveries_dead ON d.endpoint_id = e.id AND d.status = 4
               WHERE e.deleted_at IS NULL LIMIT :most)",
        )?
        .query_row(named_params! { ":most": most }, |row| row.get("dead"))?)
}

/// How many are unfinished in all, counted up to `most`, and the oldest of those.
pub fn unfinished(db: &Snapshot, most: i64) -> Result<(i64, Option<DeliveryId>)> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT count(*) AS pending, min(id) AS oldest FROM (
               SELECT id FROM deliveries INDEXED BY deliveries_lanes WHERE status <= 2 LIMIT :most)",
        )?
        .query_row(named_params! { ":most": most }, |row| {
            Ok((row.get("pending")?, row.get("oldest")?))
        })?)
}

/// Whether something among the oldest ended before a moment.
pub fn is_sweep_due(db: &Snapshot, before: Timestamp) -> Result<bool> {
    Ok(oldest_ended(db)?.is_some_and(|(_, ended_at)| ended_at < before))
}

fn oldest_ended(db: &Snapshot) -> Result<Option<(DeliveryId, Timestamp)>> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT id, ended_at FROM (SELECT id, ended_at FROM deliveries ORDER BY id LIMIT 20000)
             WHERE ended_at IS NOT NULL LIMIT 1",
        )?
        .query_row([], |row| Ok((row.get("id")?, row.get("ended_at")?)))
        .optional()?)
}

/// Deletes some of what ended before a moment, with its attempts.
pub fn sweep(tx: &Tx, before: Timestamp) -> Result<()> {
    const OLD: &str = "SELECT id FROM (SELECT id, ended_at FROM deliveries ORDER BY id LIMIT 20000)
        WHERE ended_at < :before LIMIT 500";
    tx.db()
        .prepare_cached(&format!(
            "DELETE FROM delivery_attempts WHERE delivery_id IN ({OLD})"
        ))?
        .execute(named_params! { ":before": before })?;
    tx.db()
        .prepare_cached(&format!("DELETE FROM deliveries WHERE id IN ({OLD})"))?
        .execute(named_params! { ":before": before })?;
    Ok(())
}

/// Deletes what was sent, or was to be sent, of the events up to one, with its attempts. What waited for it is due.
pub fn sweep_events(tx: &Tx, upto: EventId) -> Result<()> {
    let below = DeliveryId((upto.0 + 1) << 12);
    let lanes: Vec<(EndpointId, i64)> = tx
        .db()
        .prepare_cached(
            "SELECT DISTINCT endpoint_id, lane FROM deliveries NOT INDEXED WHERE id < ?1 AND status <= 2",
        )?
        .query_and_then(params![below], |row| Ok::<_, Error>((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_>>()?;
    for sql in [
        "DELETE FROM delivery_attempts WHERE delivery_id < ?1",
        "DELETE FROM deliveries WHERE id < ?1",
    ] {
        tx.db().prepare_cached(sql)?.execute(params![below])?;
    }
    lanes
        .into_iter()
        .try_for_each(|(endpoint, lane)| arrange(tx, endpoint, lane))
}
