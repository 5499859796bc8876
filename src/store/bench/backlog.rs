//! Deliveries that wait, by the million, and none at all: straight into the rows of a file made for measuring.

use rusqlite::named_params;

use crate::domain::id::EndpointId;
use crate::error::Result;
use crate::store::Tx;

/// Puts off deliveries of the events behind `first` to one endpoint, which failed once, over the next day.
pub fn put_off(tx: &Tx, endpoint: EndpointId, first: i64, count: i64) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO deliveries (id, endpoint_id, lane, status, attempts, due_at)
             SELECT (id << 12) + :endpoint, :endpoint, subject * 8, 1, 1, :now + 3600000 + id % 86400000
             FROM events
             WHERE id > :first AND id <= :first + :count
             ON CONFLICT (id) DO NOTHING",
        )?
        .execute(named_params! {
            ":endpoint": endpoint, ":first": first, ":count": count, ":now": tx.now,
        })?;
    Ok(())
}

/// Takes some deliveries away, and the endpoints with the last; how many rows went.
pub fn forget_deliveries(tx: &Tx, most: i64) -> Result<usize> {
    const SOME: &str = "SELECT id FROM deliveries LIMIT :most";
    let db = tx.db();
    db.prepare_cached(&format!(
        "DELETE FROM delivery_attempts WHERE delivery_id IN ({SOME})"
    ))?
    .execute(named_params! { ":most": most })?;
    let gone = db
        .prepare_cached(&format!("DELETE FROM deliveries WHERE id IN ({SOME})"))?
        .execute(named_params! { ":most": most })?;
    if gone == 0 {
        db.prepare_cached("DELETE FROM webhook_replays")?.execute([])?;
        db.prepare_cached("DELETE FROM delivery_hours")?.execute([])?;
        db.prepare_cached("DELETE FROM webhook_endpoints")?.execute([])?;
    }
    Ok(gone)
}
