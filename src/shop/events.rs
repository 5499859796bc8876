//! Telling the world: an event in the transaction it tells of, and the feed of them.

use crate::domain::actor::Actor;
use crate::domain::event::Event;
use crate::domain::event::EventType;
use crate::domain::id::EventId;
use crate::domain::permission::Permission;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::store;

/// An event that was just written, for the audit row beside it.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its place in the feed.
    pub id: EventId,
    /// What every reader gets.
    pub data: String,
}

impl Told {
    /// As the audit takes it.
    pub fn for_audit(&self) -> Option<(EventId, &str)> {
        Some((self.id, &self.data))
    }
}

/// Writes an event about `subject`; `seq` counts the events of that subject.
pub fn emit<T: serde::Serialize>(tx: &Tx, kind: EventType, subject: i64, seq: i64, data: &T) -> Result<Told> {
    let data = serde_json::to_string(data).map_err(|cause| Error::Internal(cause.into()))?;
    let id = store::events::push(tx, kind, subject, seq, &data)?;
    Ok(Told { id, data })
}

/// The events behind `after`, oldest first.
pub fn list(db: &Snapshot, by: &Actor, after: EventId, limit: usize) -> Result<Vec<Event>> {
    by.require(Permission::EventsRead)?;
    store::events::after(db, after, limit)
}
