//! Rows of `webhook_replays`: what was asked to be sent again, done in small steps.

use rusqlite::OptionalExtension;
use rusqlite::named_params;

use crate::domain::id::EndpointId;
use crate::domain::id::EventId;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

/// What is still to be done of a replay.
#[derive(Debug, Clone, Copy)]
pub struct Replay {
    /// Its number.
    pub id: i64,
    /// To whom.
    pub endpoint: EndpointId,
    /// The events behind this one …
    pub upto: EventId,
    /// … until this one.
    pub last: EventId,
    /// Also what was delivered.
    pub is_whole: bool,
}

/// Asks for a replay.
pub fn ask(tx: &Tx, endpoint: EndpointId, (upto, last): (EventId, EventId), is_whole: bool) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO webhook_replays (endpoint_id, upto, last, is_whole, created_at)
             VALUES (:endpoint, :upto, :last, :whole, :now)",
        )?
        .execute(named_params! {
            ":endpoint": endpoint, ":upto": upto, ":last": last, ":whole": is_whole, ":now": tx.now,
        })?;
    Ok(())
}

/// The oldest that is unfinished.
pub fn first_replay(db: &Snapshot) -> Result<Option<Replay>> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT id, endpoint_id, upto, last, is_whole FROM webhook_replays ORDER BY id LIMIT 1",
        )?
        .query_row([], |row| {
            Ok(Replay {
                id: row.get("id")?,
                endpoint: row.get("endpoint_id")?,
                upto: row.get("upto")?,
                last: row.get("last")?,
                is_whole: row.get("is_whole")?,
            })
        })
        .optional()?)
}

/// Notes how far a replay has come; one that is done goes.
pub fn move_replay(tx: &Tx, replay: &Replay, upto: EventId) -> Result<()> {
    let sql = match upto >= replay.last {
        true => "DELETE FROM webhook_replays WHERE id = :id AND :upto > 0",
        false => "UPDATE webhook_replays SET upto = :upto WHERE id = :id",
    };
    tx.db()
        .prepare_cached(sql)?
        .execute(named_params! { ":id": replay.id, ":upto": upto })?;
    Ok(())
}
