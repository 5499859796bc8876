//! What the shop decides. Everything reads it from the file at each turn, so a change holds at once and everywhere. What of
//! the network may be reached is not among it: that is in the configuration alone (SSR-04).

mod view;

pub use view::SettingsView;

use serde_json::Map;
use serde_json::Value;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::settings::CURRENCY;
use crate::domain::settings::Rows;
use crate::domain::settings::SECOND_FACTOR;
use crate::domain::settings::Settings;
use crate::domain::settings::SettingsFields;
use crate::domain::touched::Touched;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::step_up;
use crate::shop::version;
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

/// Everything that the shop has decided.
pub fn decided(db: &Snapshot, by: &Actor) -> Result<SettingsView> {
    by.require(Permission::SettingsRead)?;
    view::of(db)
}

/// Whether the currency can still be changed: not once anything in the file is written in it.
pub fn is_currency_open(db: &Snapshot) -> Result<bool> {
    Ok(!store::settings::has_prices(db)?)
}

/// Decides what is asked for; what is not said stays. Whether staff need a second factor needs a step-up.
///
/// Refused with `VersionMissing` or `Stale`, with `Fields` where something is not well formed, with `NotAllowed` for
/// another currency where there are prices.
pub fn change(tx: &Tx, by: &Actor, seen: Option<i64>, asked: &SettingsFields) -> Result<SettingsView> {
    by.require(Permission::SettingsUpdate)?;
    let before = view::of(tx)?;
    version::require(seen, before.version, || before.clone())?;
    let currency = store::settings::terms(tx)?.currency;
    let rows = differing(tx, asked.rows(currency)?)?;
    if rows.is_empty() {
        return Ok(before);
    }
    let touches = |setting| rows.iter().any(|(touched, _)| *touched == setting);
    if touches(&CURRENCY) && !is_currency_open(tx)? {
        let words = "The shop has prices, and its currency cannot be changed any more.";
        return Err(Refusal::NotAllowed(words.into()).into());
    }
    if touches(&SECOND_FACTOR) {
        step_up::require(tx, by)?;
        tx.touch(Touched::Sessions);
    }
    let mut former = Map::new();
    for (setting, row) in &rows {
        let stood = store::settings::text(tx, setting)?;
        let stood = stood.and_then(|row| setting.kind.show(&row, currency));
        former.insert(setting.name.to_owned(), stood.map_or(Value::Null, Value::from));
        match row {
            Some(row) => store::settings::set(tx, setting.row, row)?,
            None => store::settings::unset(tx, setting.row)?,
        }
    }
    note(tx, by, former)?;
    view::of(tx)
}

/// What is asked for, without what stands so already.
fn differing(db: &Snapshot, rows: Rows) -> Result<Rows> {
    let mut differing = Rows::new();
    for (setting, row) in rows {
        if store::settings::text(db, setting)? != row {
            differing.push((setting, row));
        }
    }
    Ok(differing)
}

/// Notes that settings have changed, with what they were, and raises their version.
pub(in crate::shop) fn note(tx: &Tx, by: &Actor, former: Map<String, Value>) -> Result<()> {
    store::settings::raise(tx)?;
    let content = Value::from(former).to_string();
    let target = (Target::Settings, None);
    audit::note(tx, by, Action::SettingsChanged, target, None, Some(&content))
}
