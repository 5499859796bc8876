//! How the shop's file is, for those who keep it running.

use crate::domain::actor::Actor;
use crate::domain::id::AuditId;
use crate::domain::id::EventId;
use crate::domain::inbox::InboxState;
use crate::domain::permission::Permission;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::store;

/// What the file says of itself.
#[derive(Debug, Clone)]
pub struct FileState {
    /// Bytes in use, by the pages that the file holds.
    pub bytes: i64,
    /// Of those, bytes that nothing stands in.
    pub free_bytes: i64,
    /// The SQLite within the binary.
    pub sqlite: String,
    /// The last migration.
    pub schema: i64,
    /// Things that the search index has not learned.
    pub index_behind: i64,
    /// Since when the oldest new order waits for the worker to index it; none if none waits.
    pub waits_since: Option<Timestamp>,
    /// The newest event.
    pub newest_event: EventId,
    /// The newest row of the audit.
    pub newest_audit: AuditId,
    /// What waits for somebody.
    pub given_up: GivenUp,
}

/// What was given up or set aside, and waits for somebody to look at it; each counted up to [`MOST_COUNTED`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GivenUp {
    /// Deliveries of webhooks, to endpoints that have not been deleted.
    pub deliveries: i64,
    /// Mails.
    pub mails: i64,
    /// Messages of providers that do not agree with what was asked for.
    pub parked: i64,
    /// Messages of providers that could not be applied.
    pub messages: i64,
}

/// Counts go so far.
pub const MOST_COUNTED: i64 = 1000;

/// How the file is.
pub fn file(db: &Snapshot, by: &Actor) -> Result<FileState> {
    by.require(Permission::SystemRead)?;
    let size = store::checks::size(db)?;
    Ok(FileState {
        bytes: size.bytes,
        free_bytes: size.free_bytes,
        sqlite: store::checks::sqlite_version(),
        schema: store::checks::schema(db)?,
        index_behind: store::search::behind(db)?,
        waits_since: store::search::waits_since(db)?,
        newest_event: store::events::newest(db)?,
        newest_audit: store::audit::head(db)?.0,
        given_up: given_up(db, by)?,
    })
}

/// What waits for somebody.
pub fn given_up(db: &Snapshot, by: &Actor) -> Result<GivenUp> {
    by.require(Permission::SystemRead)?;
    Ok(GivenUp {
        deliveries: store::deliveries::count_dead(db, MOST_COUNTED)?,
        mails: store::mails::count(db, MOST_COUNTED)?.1,
        parked: store::inbox::count(db, InboxState::Quarantined, MOST_COUNTED)?,
        messages: store::inbox::count(db, InboxState::Dead, MOST_COUNTED)?,
    })
}
