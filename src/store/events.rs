//! Rows of `events`: written once, never changed.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use rusqlite::params;
use rusqlite::types::Type;
use serde::de::IgnoredAny;

use crate::domain::event::Event;
use crate::domain::event::EventType;
use crate::domain::id::EventId;
use crate::domain::id::UserId;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::error::or_words;
use crate::store::Snapshot;
use crate::store::Tx;

const SELECT: &str = "SELECT id, at, type, subject, seq, data FROM events";

/// What is no JSON cannot be read either: readers get its very bytes.
fn from_row(row: &Row) -> rusqlite::Result<Event> {
    let data: String = row.get("data")?;
    serde_json::from_str::<IgnoredAny>(&data)
        .map_err(|cause| rusqlite::Error::FromSqlConversionFailure(5, Type::Text, cause.into()))?;
    Ok(Event {
        id: row.get("id")?,
        at: row.get("at")?,
        kind: row.get("type")?,
        subject: row.get("subject")?,
        seq: row.get("seq")?,
        data,
    })
}

/// What is read of an event, where it can be read. One that cannot stands in no reader's way: it is passed over, and said so.
fn legible<T>(id: EventId, read: rusqlite::Result<T>) -> Result<Option<T>> {
    match or_words(read.map_err(Error::from))? {
        Ok(read) => Ok(Some(read)),
        Err(why) => {
            tracing::warn!(event = id.0, why, "an event cannot be read: readers pass over it");
            Ok(None)
        }
    }
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

/// The wanted ones among at most `most` events behind `after`, and the last one that was looked at. (Only what is
/// wanted is decoded: a row that is passed over costs its header.)
pub fn walk(
    db: &Snapshot,
    after: EventId,
    limit: usize,
    most: usize,
    is_wanted: impl Fn(EventType) -> bool,
) -> Result<(Vec<Event>, EventId)> {
    let mut statement = db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE id > :after ORDER BY id LIMIT :most"))?;
    let mut rows = statement.query(named_params! { ":after": after, ":most": most as i64 })?;
    let mut found = Vec::new();
    let mut upto = after;
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        upto = row.get("id")?;
        let kind = legible(upto, row.get("type"))?;
        if kind.is_some_and(&is_wanted) {
            found.extend(legible(upto, from_row(row))?);
        }
    }
    Ok((found, upto))
}

/// An event, and the user to whom its order or product belongs, if it is one of those.
pub type Owned = (Event, Option<UserId>);

/// At most `most` events behind `after`, each with the user to whom its order or product belongs: what `is_wanted` takes of
/// them, and the last one that was looked at. (Types 20 to 39 are those of the catalogue: others look for no product.)
pub fn owned(
    db: &Snapshot,
    after: EventId,
    limit: usize,
    most: usize,
    is_wanted: impl Fn(EventType, Option<UserId>) -> bool,
) -> Result<(Vec<Owned>, EventId)> {
    let mut statement = db.db().prepare_cached(
        "SELECT e.id, e.at, e.type, e.subject, e.seq, e.data, c.user_id AS buyer, p.seller_id AS seller
         FROM events e
           LEFT JOIN orders o ON o.id = e.subject
           LEFT JOIN customers c ON c.id = o.customer_id
           LEFT JOIN products p ON p.id = e.subject AND e.type BETWEEN 20 AND 39
         WHERE e.id > :after ORDER BY e.id LIMIT :most",
    )?;
    let mut rows = statement.query(named_params! { ":after": after, ":most": most as i64 })?;
    let mut found = Vec::new();
    let mut upto = after;
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        upto = row.get("id")?;
        let Some(kind) = legible::<EventType>(upto, row.get("type"))? else {
            continue;
        };
        let owner = match (kind.is_of_order(), kind.is_of_product()) {
            (true, _) => row.get("buyer")?,
            (_, true) => row.get("seller")?,
            _ => None,
        };
        if is_wanted(kind, owner) {
            let event = legible(upto, from_row(row))?;
            found.extend(event.map(|event| (event, owner)));
        }
    }
    Ok((found, upto))
}

/// The events of some types, none of them `order.created`, behind `after`, oldest first; and the last one that was looked
/// at, if there may be more behind it. One walk a type along the index of what is rare, because one walk over several
/// types would have to sort all of them.
pub fn rare(
    db: &Snapshot,
    kinds: &[EventType],
    after: EventId,
    limit: usize,
) -> Result<(Vec<Event>, Option<EventId>)> {
    let mut ids: Vec<EventId> = Vec::new();
    let mut statement = db.db().prepare_cached(
        "SELECT id FROM events
         WHERE type = :type AND type <> 1 AND id > :after
         ORDER BY id
         LIMIT :limit",
    )?;
    for kind in kinds {
        let found = statement.query_map(
            named_params! { ":type": kind, ":after": after, ":limit": limit as i64 },
            |row| row.get("id"),
        )?;
        for id in found {
            ids.push(id?);
        }
    }
    ids.sort_unstable();
    ids.truncate(limit);
    let last = ids.last().filter(|_| ids.len() == limit);
    Ok((by_ids(db, &ids)?, last.copied()))
}

/// The wanted ones among at most `most` events before `below`, newest first, and the last one that was looked at.
pub fn walk_back(
    db: &Snapshot,
    below: EventId,
    limit: usize,
    most: usize,
    is_wanted: impl Fn(EventType) -> bool,
) -> Result<(Vec<Event>, EventId)> {
    let mut statement = db.db().prepare_cached(&format!(
        "{SELECT} WHERE id < :below ORDER BY id DESC LIMIT :most"
    ))?;
    let mut rows = statement.query(named_params! { ":below": below, ":most": most as i64 })?;
    let mut found = Vec::new();
    let mut last = below;
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        last = row.get("id")?;
        let kind = legible(last, row.get("type"))?;
        if kind.is_some_and(&is_wanted) {
            found.extend(legible(last, from_row(row))?);
        }
    }
    Ok((found, last))
}

/// The same before `below`, newest first.
pub fn rare_back(
    db: &Snapshot,
    kinds: &[EventType],
    below: EventId,
    limit: usize,
) -> Result<(Vec<Event>, Option<EventId>)> {
    let mut ids: Vec<EventId> = Vec::new();
    let mut statement = db.db().prepare_cached(
        "SELECT id FROM events
         WHERE type = :type AND type <> 1 AND id < :below
         ORDER BY id DESC
         LIMIT :limit",
    )?;
    for kind in kinds {
        let found = statement.query_map(
            named_params! { ":type": kind, ":below": below, ":limit": limit as i64 },
            |row| row.get("id"),
        )?;
        for id in found {
            ids.push(id?);
        }
    }
    ids.sort_unstable_by_key(|id| std::cmp::Reverse(*id));
    ids.truncate(limit);
    let last = ids.last().filter(|_| ids.len() == limit);
    Ok((by_ids(db, &ids)?, last.copied()))
}

fn by_ids(db: &Snapshot, ids: &[EventId]) -> Result<Vec<Event>> {
    let mut one = db.db().prepare_cached(&format!("{SELECT} WHERE id = :id"))?;
    let mut read = |id: &EventId| legible(*id, one.query_row(named_params! { ":id": id }, from_row));
    ids.iter().filter_map(|id| read(id).transpose()).collect()
}

/// The event, if it has not been swept.
pub fn find(db: &Snapshot, id: EventId) -> Result<Option<Event>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE id = :id"))?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?)
}

/// When an event happened, if it has not been swept.
pub fn at(db: &Snapshot, id: EventId) -> Result<Option<Timestamp>> {
    Ok(db
        .db()
        .prepare_cached("SELECT at FROM events WHERE id = :id")?
        .query_row(named_params! { ":id": id }, |row| row.get("at"))
        .optional()?)
}

/// An event without its words. A type that cannot be read is none: whoever derives from events must get past it.
pub type Head = (EventId, Option<EventType>, i64);

/// What happened to which thing behind `after`, oldest first.
pub fn heads(db: &Snapshot, after: EventId, most: usize) -> Result<Vec<Head>> {
    db.db()
        .prepare_cached("SELECT id, type, subject FROM events WHERE id > ?1 ORDER BY id LIMIT ?2")?
        .query_and_then(params![after, most as i64], |row| {
            Ok((row.get(0)?, row.get(1).ok(), row.get(2)?))
        })?
        .collect()
}

/// The last event before a moment; 0 before the first. (Events lie in the order of time: found by bisection.)
pub fn last_before(db: &Snapshot, at: Timestamp) -> Result<EventId> {
    let mut step = db
        .db()
        .prepare_cached("SELECT id, at FROM events WHERE id >= :id ORDER BY id LIMIT 1")?;
    let (mut low, mut high) = (0, newest(db)?.0 + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let found: Option<(i64, Timestamp)> = step
            .query_row(named_params! { ":id": middle }, |row| {
                Ok((row.get("id")?, row.get("at")?))
            })
            .optional()?;
        match found {
            Some((id, then)) if then < at => low = id,
            _ => high = middle,
        }
    }
    Ok(EventId(low))
}

/// The event before the oldest that is kept; 0 where none has been swept.
pub fn swept(db: &Snapshot) -> Result<EventId> {
    Ok(db
        .db()
        .prepare_cached("SELECT ifnull(min(id), 1) - 1 AS id FROM events")?
        .query_row([], |row| row.get("id"))?)
}

/// The last event that may be swept for the sake of those who read behind others: what an endpoint that listens, a replay,
/// the mails or the search index have not seen yet is kept, and so is the newest event.
pub fn seen_by_all(db: &Snapshot) -> Result<EventId> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT max(0, min(
               (SELECT ifnull(max(id), 1) FROM events) - 1,
               ifnull((SELECT min(mark) FROM webhook_endpoints WHERE deleted_at IS NULL AND state <> 2), :all),
               ifnull((SELECT min(upto) FROM webhook_replays), :all),
               (SELECT ifnull(max(upto), 0) FROM marks WHERE name = 'mails.events'),
               ifnull((SELECT min(id) FROM events WHERE type IN (6, 23, 26, 41) AND type <> 1
                       AND id > (SELECT upto FROM marks WHERE name = 'search.events')), :all) - 1)) AS id",
        )?
        .query_row(named_params! { ":all": i64::MAX }, |row| row.get("id"))?)
}

/// Deletes the events up to one.
pub fn sweep(tx: &Tx, upto: EventId) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM events WHERE id <= :upto")?
        .execute(named_params! { ":upto": upto })?;
    Ok(())
}

/// The newest event's place; 0 before the first.
pub fn newest(db: &Snapshot) -> Result<EventId> {
    Ok(db
        .db()
        .prepare_cached("SELECT ifnull(max(id), 0) AS id FROM events")?
        .query_row([], |row| row.get("id"))?)
}
