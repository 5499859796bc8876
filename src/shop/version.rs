//! Optimistic locking: a change says which version it has seen, and is refused if someone else was first (D7).

use serde::Serialize;

use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::error::Result;

/// Refused with `VersionMissing` if no version was said, with `Stale` (and the thing as it is now) if it is another.
pub fn require<T: Serialize>(seen: Option<i64>, current: i64, thing: impl FnOnce() -> T) -> Result<()> {
    match seen {
        None => Err(Refusal::VersionMissing.into()),
        Some(_) => allow(seen, current, thing),
    }
}

/// The same where a version may be said but need not be.
pub fn allow<T: Serialize>(seen: Option<i64>, current: i64, thing: impl FnOnce() -> T) -> Result<()> {
    match seen {
        Some(seen) if seen != current => {
            let current = serde_json::to_value(thing()).map_err(|cause| Error::Internal(cause.into()))?;
            Err(Error::Stale(Box::new(current)))
        }
        _ => Ok(()),
    }
}
