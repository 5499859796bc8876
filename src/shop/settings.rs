//! What the shop decides.

use crate::domain::settings::Settings;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::store;

/// The settings that everybody may see through what the shop shows.
pub fn show(db: &Snapshot) -> Result<Settings> {
    store::settings::get(db)
}

/// Whether nobody has done anything with the file yet.
pub fn is_untouched(db: &Snapshot) -> Result<bool> {
    store::settings::is_untouched(db)
}

/// Makes an untouched file a demo, for good. Whether it was untouched; another is left as it is.
pub fn make_demo(tx: &Tx) -> Result<bool> {
    let may = store::settings::is_untouched(tx)?;
    if may {
        store::settings::set(tx, "demo", "1")?;
    }
    Ok(may)
}
