//! Taxes: the rates that staff set, and which of them hold for what goes somewhere.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::id::TaxClass;
use crate::domain::id::TaxRateId;
use crate::domain::permission::Permission;
use crate::domain::settings::Terms;
use crate::domain::tax::RateFields;
use crate::domain::tax::TaxRate;
use crate::domain::tax::Taxes;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::version;
use crate::store;

/// A rate as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TaxRate)]
pub struct TaxRateView {
    id: i64,
    name: String,
    country: String,
    /// None: of everything that has no rate of its own.
    category: Option<String>,
    /// In percent.
    rate: String,
    /// The version, as the tag of the reply has it.
    pub version: i64,
}

impl From<&TaxRate> for TaxRateView {
    fn from(rate: &TaxRate) -> Self {
        Self {
            id: rate.id.0,
            name: rate.name.clone(),
            country: rate.country.to_string(),
            category: rate.category.clone(),
            rate: rate.percent.to_string(),
            version: rate.version,
        }
    }
}

/// Every rate, country by country.
pub fn list(db: &Snapshot, by: &Actor) -> Result<Vec<TaxRateView>> {
    by.require(Permission::TaxRead)?;
    Ok(store::taxes::all(db)?.iter().map(TaxRateView::from).collect())
}

fn view(db: &Snapshot, id: TaxRateId) -> Result<TaxRateView> {
    Ok(TaxRateView::from(&store::taxes::get(db, id)?))
}

/// Sets a rate of a country and a category.
///
/// Refused with `Fields` where it is not well formed, with `AlreadyExists` if there is one.
pub fn create(tx: &Tx, by: &Actor, key: Option<&Key>, asked: &RateFields) -> Result<Once<TaxRateView>> {
    by.require(Permission::TaxManage)?;
    once(
        tx,
        key,
        Made::TaxRate,
        |id| view(tx, TaxRateId(id)),
        || {
            let id = store::taxes::insert(tx, &with(tx, None, asked)?)?;
            store::taxes::count(tx)?;
            audit::note(
                tx,
                by,
                Action::TaxRateCreated,
                (Target::TaxRate, Some(id.0)),
                None,
                None,
            )?;
            Ok((id.0, view(tx, id)?))
        },
    )
}

/// A rate with what is asked for, under its category's number.
fn with(tx: &Tx, before: Option<TaxRate>, asked: &RateFields) -> Result<TaxRate> {
    let rate = asked.clone().onto(before)?;
    let class = TaxClass(store::products::tax_class(tx, rate.category.as_deref())?);
    Ok(TaxRate { class, ..rate })
}

/// Changes a rate; what is not said stays. Refused with `VersionMissing` or `Stale`, and as its making.
pub fn update(
    tx: &Tx,
    by: &Actor,
    id: TaxRateId,
    seen: Option<i64>,
    asked: &RateFields,
) -> Result<TaxRateView> {
    by.require(Permission::TaxManage)?;
    let before = view(tx, id)?;
    version::require(seen, before.version, || before.clone())?;
    let rate = with(tx, Some(store::taxes::get(tx, id)?), asked)?;
    store::taxes::update(tx, &rate)?;
    audit::note_former(tx, by, Action::TaxRateChanged, (Target::TaxRate, id.0), &before)?;
    view(tx, id)
}

/// Deletes a rate.
pub fn delete(tx: &Tx, by: &Actor, id: TaxRateId, seen: Option<i64>) -> Result<()> {
    by.require(Permission::TaxManage)?;
    let before = view(tx, id)?;
    version::allow(seen, before.version, || before.clone())?;
    store::taxes::delete(tx, id)?;
    store::taxes::count(tx)?;
    audit::note_former(tx, by, Action::TaxRateDeleted, (Target::TaxRate, id.0), &before)
}

/// The taxes of what goes to a country, or of the shop's own where that is not known. A shop without any is not asked.
pub(in crate::shop) fn of(db: &Snapshot, terms: &Terms, country: Option<&str>) -> Result<Taxes> {
    let mut taxes = Taxes {
        included: terms.tax_included,
        ..Taxes::default()
    };
    if !terms.has_taxes {
        return Ok(taxes);
    }
    let country = match country {
        Some(country) => Some(country.to_owned()),
        None => store::settings::value(db, "shop.address.country")?,
    };
    if let Some(country) = country {
        taxes.rates = store::taxes::of_country(db, &country.to_ascii_uppercase())?;
        taxes.untaxed = store::taxes::untaxed(db)?;
    }
    Ok(taxes)
}
