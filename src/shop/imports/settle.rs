//! The currency and the time zone of the shop, which an import may set before there are prices.

use crate::domain::actor::Actor;
use crate::domain::money::Currency;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::settings::Settings;
use crate::domain::time::Zone;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::settings;
use crate::store;

/// Makes currency and zone the shop's, where they are given.
///
/// Refused with `NotAllowed` if one of them differs from the shop's and there are prices or orders.
pub fn settle(tx: &Tx, by: &Actor, currency: Option<Currency>, zone: Option<&Zone>) -> Result<Settings> {
    let former = store::settings::get(tx)?;
    let wanted = check_settled(tx, by, currency, zone)?;
    if wanted.terms.currency == former.terms.currency && wanted.zone == former.zone {
        return Ok(wanted);
    }
    store::settings::set(tx, "currency", wanted.terms.currency.as_str())?;
    store::settings::set(tx, "time_zone", wanted.zone.name())?;
    let stood = [
        ("currency", former.terms.currency.as_str()),
        ("time_zone", former.zone.name()),
    ];
    let stood = stood.map(|(name, value)| (name.to_owned(), value.into()));
    settings::note(tx, by, stood.into_iter().collect())?;
    Ok(wanted)
}

/// The settings as [`settle`] would leave them, with its refusals.
pub fn check_settled(
    db: &Snapshot,
    by: &Actor,
    currency: Option<Currency>,
    zone: Option<&Zone>,
) -> Result<Settings> {
    by.require(Permission::SettingsUpdate)?;
    let mut settings = store::settings::get(db)?;
    let is_open = !store::settings::has_prices(db)?;
    let differs = |what: &str, is: &str| {
        let words = format!("The shop's {what} is {is}, and it has prices: that cannot be changed any more.");
        Err(Refusal::NotAllowed(words.into()).into())
    };
    match currency {
        Some(wanted) if wanted != settings.terms.currency && !is_open => {
            return differs("currency", settings.terms.currency.as_str());
        }
        Some(wanted) => settings.terms.currency = wanted,
        None => {}
    }
    match zone {
        Some(wanted) if *wanted != settings.zone && !is_open => {
            return differs("time zone", settings.zone.name());
        }
        Some(wanted) => settings.zone = wanted.clone(),
        None => {}
    }
    Ok(settings)
}
