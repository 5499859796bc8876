//! What the shop decides.

use crate::domain::settings::Settings;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::store;

/// The settings that everybody may see through what the shop shows.
pub fn show(db: &Snapshot) -> Result<Settings> {
    store::settings::get(db)
}

/// Whether nobody has done anything with the file yet.
pub fn is_untouched(db: &Snapshot) -> Result<bool> {
    store::settings::is_untouched(db)
}
