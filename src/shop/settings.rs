//! What the shop decides.

use crate::domain::settings::Settings;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::store;

/// The settings that everybody may see through what the shop shows.
pub fn show(db: &Snapshot) -> Result<Settings> {
    store::settings::get(db)
}
