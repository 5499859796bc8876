//! Ways of sending: what staff make and change, and what a buyer may choose from.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::fault::Bad;
use crate::domain::id::ShippingMethodId;
use crate::domain::id::TaxClass;
use crate::domain::money::Amount;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::permission::Permission;
use crate::domain::shipping::Band;
use crate::domain::shipping::MethodFields;
use crate::domain::shipping::Parcel;
use crate::domain::shipping::ShippingMethod;
use crate::domain::shipping::Tariff;
use crate::domain::text::CountryCode;
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

/// A way of sending as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ShippingMethod)]
pub struct MethodView {
    id: i64,
    name: String,
    /// None: everywhere.
    countries: Vec<String>,
    /// Where it is always the same; for a parcel at hand, what that costs.
    price: Option<Amount>,
    bands: Vec<BandView>,
    currency: String,
    tax_category: Option<String>,
    enabled: bool,
    /// The version, as the tag of the reply has it.
    pub version: i64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ShippingBand)]
struct BandView {
    /// In grams.
    up_to_weight: Option<i64>,
    from_total: Option<Amount>,
    price: Amount,
}

impl MethodView {
    fn new(method: &ShippingMethod, currency: Currency) -> Self {
        Self {
            id: method.id.0,
            name: method.name.clone(),
            countries: method.countries.iter().map(CountryCode::to_string).collect(),
            price: match method.tariff {
                Tariff::Flat(price) => Some(price.write(currency)),
                Tariff::ByWeight(_) | Tariff::ByTotal(_) => None,
            },
            bands: bands(&method.tariff, currency),
            currency: currency.to_string(),
            tax_category: method.category.clone(),
            enabled: method.is_enabled,
            version: method.version,
        }
    }
}

fn bands(tariff: &Tariff, currency: Currency) -> Vec<BandView> {
    let (bands, is_by_weight) = match tariff {
        Tariff::Flat(_) => return Vec::new(),
        Tariff::ByWeight(bands) => (bands, true),
        Tariff::ByTotal(bands) => (bands, false),
    };
    let view = |band: &Band| BandView {
        up_to_weight: is_by_weight.then_some(band.edge),
        from_total: match is_by_weight {
            true => None,
            false => Money::new(band.edge).map(|edge| edge.write(currency)),
        },
        price: band.price.write(currency),
    };
    bands.iter().map(view).collect()
}

/// Which ways of sending are asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Those that go to a country.
    pub country: Option<CountryCode>,
    /// Those that take a parcel, with what it costs.
    pub parcel: Option<Parcel>,
}

/// The ways of sending: those that are offered, or all of them for who reads them all and asks for none in particular.
pub fn list(db: &Snapshot, by: &Actor, wanted: &Wanted) -> Result<Vec<MethodView>> {
    let currency = store::settings::terms(db)?.currency;
    let is_all = by.may(Permission::ShippingRead) && wanted.country.is_none() && wanted.parcel.is_none();
    let offered = store::shipping::all(db)?.into_iter().filter(|method| {
        let goes = wanted.country.is_none_or(|country| method.serves(country));
        is_all || (method.is_enabled && goes)
    });
    let shown = offered.filter_map(|method| {
        let view = MethodView::new(&method, currency);
        match wanted.parcel {
            None => Some(view),
            Some(parcel) => method.tariff.price(parcel).map(|price| MethodView {
                price: Some(price.write(currency)),
                ..view
            }),
        }
    });
    Ok(shown.collect())
}

fn view(db: &Snapshot, id: ShippingMethodId) -> Result<MethodView> {
    let currency = store::settings::terms(db)?.currency;
    Ok(MethodView::new(&store::shipping::get(db, id)?, currency))
}

/// Makes a way of sending. Refused with `Fields` where it is not well formed.
pub fn create(tx: &Tx, by: &Actor, key: Option<&Key>, asked: &MethodFields) -> Result<Once<MethodView>> {
    by.require(Permission::ShippingManage)?;
    once(
        tx,
        key,
        Made::ShippingMethod,
        |id| view(tx, ShippingMethodId(id)),
        || {
            if asked.name.is_none() {
                return Err(Bad::missing().at("name").into());
            }
            if asked.price.is_none() && asked.bands.is_none() {
                return Err(Bad::missing().at("price").into());
            }
            let id = store::shipping::insert(tx, &with(tx, ShippingMethod::blank(), asked)?)?;
            store::shipping::count(tx)?;
            audit::note(
                tx,
                by,
                Action::ShippingMethodCreated,
                (Target::ShippingMethod, Some(id.0)),
                None,
                None,
            )?;
            Ok((id.0, view(tx, id)?))
        },
    )
}

/// A way of sending with what is asked for, under its category's number.
fn with(tx: &Tx, method: ShippingMethod, asked: &MethodFields) -> Result<ShippingMethod> {
    let currency = store::settings::terms(tx)?.currency;
    let mut method = asked.clone().onto(method, currency)?;
    method.class = match &method.category {
        Some(category) => Some(TaxClass(store::products::tax_class(tx, Some(category))?)),
        None => None,
    };
    Ok(method)
}

/// Changes a way of sending; what is not said stays. Refused with `VersionMissing` or `Stale`, and as its making.
pub fn update(
    tx: &Tx,
    by: &Actor,
    id: ShippingMethodId,
    seen: Option<i64>,
    asked: &MethodFields,
) -> Result<MethodView> {
    by.require(Permission::ShippingManage)?;
    let before = view(tx, id)?;
    version::require(seen, before.version, || before.clone())?;
    let method = with(tx, store::shipping::get(tx, id)?, asked)?;
    store::shipping::update(tx, &method)?;
    store::shipping::count(tx)?;
    audit::note_former(
        tx,
        by,
        Action::ShippingMethodChanged,
        (Target::ShippingMethod, id.0),
        &before,
    )?;
    view(tx, id)
}

/// Deletes a way of sending.
pub fn delete(tx: &Tx, by: &Actor, id: ShippingMethodId, seen: Option<i64>) -> Result<()> {
    by.require(Permission::ShippingManage)?;
    let before = view(tx, id)?;
    version::allow(seen, before.version, || before.clone())?;
    store::shipping::delete(tx, id)?;
    store::shipping::count(tx)?;
    audit::note_former(
        tx,
        by,
        Action::ShippingMethodDeleted,
        (Target::ShippingMethod, id.0),
        &before,
    )
}
