//! The search index as a verb: derived from the tables by the worker, on nobody's behalf, because it tells nothing that
//! the tables do not say.

use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::store;

/// Whether the index has something to learn.
pub fn is_behind(db: &Snapshot) -> Result<bool> {
    store::search::is_behind(db)
}

/// How much it may have to learn.
pub fn behind(db: &Snapshot) -> Result<i64> {
    store::search::behind(db)
}

/// Lets the index learn some of what it has not seen; some milliseconds, and safe to run at any time.
pub fn catch_up(tx: &Tx) -> Result<()> {
    store::search::catch_up(tx)
}
