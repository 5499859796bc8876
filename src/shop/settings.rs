//! What the shop decides.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::permission::Permission;
use crate::domain::settings::Settings;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::store;

/// Whether staff must have a second factor (AUT-05).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffFactor {
    /// Who has none reaches only its enrolment, in a session by cookie.
    Required,
    /// As each likes.
    Optional,
}

/// The settings that everybody may see through what the shop shows.
pub fn show(db: &Snapshot) -> Result<Settings> {
    store::settings::get(db)
}

/// Whether nobody has done anything with the file yet.
pub fn is_untouched(db: &Snapshot) -> Result<bool> {
    store::settings::is_untouched(db)
}

/// Whether staff must have a second factor: they must, unless the shop has decided otherwise or is a demo.
pub fn staff_factor(db: &Snapshot) -> Result<StaffFactor> {
    Ok(match store::settings::staff_needs_factor(db)? {
        true => StaffFactor::Required,
        false => StaffFactor::Optional,
    })
}

/// Decides whether staff must have a second factor.
pub fn set_staff_factor(tx: &Tx, by: &Actor, wanted: StaffFactor) -> Result<()> {
    by.require(Permission::SettingsUpdate)?;
    let former = staff_factor(tx)?;
    if former == wanted {
        return Ok(());
    }
    store::settings::set_staff_needs_factor(tx, wanted == StaffFactor::Required)?;
    let content = serde_json::json!({ "staff.second_factor": former == StaffFactor::Required }).to_string();
    let target = (Target::Settings, None);
    audit::note(tx, by, Action::SettingsChanged, target, None, Some(&content))
}
