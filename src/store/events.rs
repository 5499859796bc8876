//! Rows of `events`: written once, never changed.

use rusqlite::Row;
use rusqlite::named_params;
use rusqlite::params;

use crate::domain::event::Event;
use crate::domain::event::EventType;
use crate::domain::id::EventId;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

const SELECT: &str = "SELECT id, at, type, subject, seq, data FROM events";

fn from_row(row: &Row) -> rusqlite::Result<Event> {
    Ok(Event {
        id: row.get("id")?,
        at: row.get("at")?,
        kind: row.get("type")?,
        subject: row.get("subject")?,
        seq: row.get("seq")?,
        data: row.get("data")?,
    })
}

/// Appends an event; its place in the feed. (By position: on the path of every order.)
pub fn push(tx: &Tx, kind: EventType, subject: i64, seq: i64, data: &str) -> Result<EventId> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO events (at, type, subject, seq, data)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .insert(params![tx.now, kind, subject, seq, data])?;
    Ok(EventId(id))
}

/// The events behind `after`, oldest first.
pub fn after(db: &Snapshot, after: EventId, limit: usize) -> Result<Vec<Event>> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE id > :after ORDER BY id LIMIT :limit"))?
        .query_and_then(named_params! { ":after": after, ":limit": limit as i64 }, |row| {
            Ok(from_row(row)?)
        })?
        .collect()
}

/// The newest event's place; 0 before the first.
pub fn newest(db: &Snapshot) -> Result<EventId> {
    Ok(db
        .db()
        .prepare_cached("SELECT ifnull(max(id), 0) AS id FROM events")?
        .query_row([], |row| row.get("id"))?)
}
