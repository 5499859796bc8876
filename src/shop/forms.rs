//! Forms of the pages: what a person sends happens once, however often the button is pressed or the page sent again.

use crate::domain::actor::Actor;
use crate::domain::id::AuditId;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::store;

/// The thing that a form of the actor's has made or changed.
pub fn target(db: &Snapshot, by: &Actor, done: AuditId) -> Result<i64> {
    let row = store::audit::find(db, done)?;
    row.filter(|row| row.actor == by.user)
        .and_then(|row| row.target)
        .ok_or(Error::NotFound("deed"))
}

/// Does what a form asks for, unless its key has been used; the row of the audit that tells of it.
///
/// `act` notes at least one row, or changes nothing: then it is the last row there is.
pub fn submit(tx: &Tx, key: &Key, act: impl FnOnce() -> Result<()>) -> Result<AuditId> {
    let done = once(
        tx,
        Some(key),
        Made::Form,
        |row| Ok(AuditId(row)),
        || {
            act()?;
            let last = audit::latest(tx)?;
            Ok((last.0, last))
        },
    )?;
    Ok(match done {
        Once::First(row) | Once::Again(row) => row,
    })
}
