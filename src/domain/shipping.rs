//! Ways of sending: where each goes, and what it costs by the weight or the worth of what is sent.

use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::ShippingMethodId;
use crate::domain::id::TaxClass;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::text;
use crate::domain::text::CountryCode;

/// Bands that one method may have.
pub const MOST_BANDS: usize = 50;

/// Grams that a band may go up to.
const MOST_GRAMS: i64 = 1_000_000_000;

/// A way of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct ShippingMethod {
    pub id: ShippingMethodId,
    pub name: String,
    /// Its zone; none: everywhere.
    pub countries: Vec<CountryCode>,
    pub tariff: Tariff,
    /// How it is taxed; none: as most things are.
    pub class: Option<TaxClass>,
    pub category: Option<String>,
    pub is_enabled: bool,
    pub version: i64,
}

/// What a way of sending costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tariff {
    /// Always the same.
    Flat(Money),
    /// By the weight: the first band that is not too light; what is heavier than the last is not sent.
    ByWeight(Vec<Band>),
    /// By what the goods cost: the last band that has been reached; what is below the first is not sent.
    ByTotal(Vec<Band>),
}

/// A step of a tariff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Band {
    /// Grams up to which it holds, or minor units from which it does.
    pub edge: i64,
    /// What sending costs there.
    pub price: Money,
}

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parcel {
    /// In grams.
    pub weight_g: i64,
    /// What the goods cost, less the discount.
    pub worth: Money,
}

impl Tariff {
    /// A tariff of bands that rise, none twice.
    pub fn checked(self) -> Result<Self, Bad> {
        let (Self::ByWeight(bands) | Self::ByTotal(bands)) = &self else {
            return Ok(self);
        };
        if bands.is_empty() || bands.len() > MOST_BANDS {
            return Err(Bad::invalid("must be 1 to 50 bands"));
        }
        match bands.is_sorted_by(|before, after| before.edge < after.edge) {
            true => Ok(self),
            false => Err(Bad::invalid("must rise from band to band")),
        }
    }

    /// What a parcel costs; none: it is not sent this way.
    pub fn price(&self, parcel: Parcel) -> Option<Money> {
        match self {
            Self::Flat(price) => Some(*price),
            Self::ByWeight(bands) => bands
                .iter()
                .find(|band| parcel.weight_g <= band.edge)
                .map(|band| band.price),
            Self::ByTotal(bands) => bands
                .iter()
                .rfind(|band| parcel.worth.minor() >= band.edge)
                .map(|band| band.price),
        }
    }
}

impl ShippingMethod {
    /// One that is still to be filled in: free, and everywhere.
    pub const fn blank() -> Self {
        Self {
            id: ShippingMethodId(0),
            name: String::new(),
            countries: Vec::new(),
            tariff: Tariff::Flat(Money::ZERO),
            class: None,
            category: None,
            is_enabled: true,
            version: 1,
        }
    }

    /// Whether it goes to a country.
    pub fn serves(&self, country: CountryCode) -> bool {
        self.countries.is_empty() || self.countries.contains(&country)
    }

    /// How it is taxed.
    pub fn tax_class(&self) -> TaxClass {
        self.class.unwrap_or(TaxClass::STANDARD)
    }
}

/// What is asked for of a way of sending; what is not said stays.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the columns")]
pub struct MethodFields {
    pub name: Option<String>,
    pub countries: Option<Vec<String>>,
    pub price: Option<RawAmount>,
    pub bands: Option<Vec<BandFields>>,
    pub category: Option<Option<String>>,
    pub is_enabled: Option<bool>,
}

/// What is asked for of a band: one edge, and the price.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct BandFields {
    pub up_to_weight: Option<i64>,
    pub from_total: Option<RawAmount>,
    pub price: RawAmount,
}

impl MethodFields {
    /// Refused with every fault in the fields themselves, whatever they go onto.
    pub fn check(&self, currency: Currency) -> Result<(), Vec<Fault>> {
        self.clone().onto(ShippingMethod::blank(), currency).map(drop)
    }

    /// The way of sending with these fields, or every fault in it. Its category is still a name.
    pub fn onto(self, mut method: ShippingMethod, currency: Currency) -> Result<ShippingMethod, Vec<Fault>> {
        let mut faults = Vec::new();
        if let Some(name) = self.name {
            match text::line(&name, 1, 100) {
                Ok(name) => method.name = name,
                Err(bad) => faults.push(bad.at("name")),
            }
        }
        if let Some(countries) = self.countries {
            method.countries = read_countries(&countries, &mut faults);
        }
        match (self.price, self.bands) {
            (Some(_), Some(_)) => faults.push(Bad::invalid("price says something else").at("bands")),
            (Some(price), None) => match amount(&price, currency) {
                Ok(price) => method.tariff = Tariff::Flat(price),
                Err(bad) => faults.push(bad.at("price")),
            },
            (None, Some(bands)) => match read_bands(&bands, currency) {
                Ok(tariff) => method.tariff = tariff,
                Err(fault) => faults.push(fault),
            },
            (None, None) => {}
        }
        if let Some(category) = self.category {
            match category.map(|name| text::line(&name, 1, 100)).transpose() {
                Ok(category) => method.category = category,
                Err(bad) => faults.push(bad.at("tax_category")),
            }
        }
        method.is_enabled = self.is_enabled.unwrap_or(method.is_enabled);
        if faults.is_empty() {
            Ok(method)
        } else {
            Err(faults)
        }
    }
}

fn amount(raw: &RawAmount, currency: Currency) -> Result<Money, Bad> {
    raw.to_money(currency).and_then(Money::non_negative)
}

fn read_countries(asked: &[String], faults: &mut Vec<Fault>) -> Vec<CountryCode> {
    let mut countries: Vec<CountryCode> = Vec::with_capacity(asked.len());
    for (at, code) in asked.iter().enumerate() {
        match CountryCode::parse(code) {
            Ok(code) if countries.contains(&code) => {}
            Ok(code) => countries.push(code),
            Err(bad) => faults.push(bad.at(format!("countries[{at}]"))),
        }
    }
    countries
}

/// The tariff of bands that are all by weight, or all by worth.
fn read_bands(asked: &[BandFields], currency: Currency) -> Result<Tariff, Fault> {
    let is_by_weight = asked.first().is_some_and(|band| band.up_to_weight.is_some());
    let mut bands = Vec::with_capacity(asked.len());
    for (at, band) in asked.iter().enumerate() {
        let place = |field: &str| format!("bands[{at}].{field}");
        let edge = match (is_by_weight, band.up_to_weight, &band.from_total) {
            (true, Some(grams), None) if (0..=MOST_GRAMS).contains(&grams) => grams,
            (true, Some(_), None) => {
                return Err(Bad::invalid("must be 0 to 1000000000 grams").at(place("up_to_weight")));
            }
            (false, None, Some(total)) => amount(total, currency)
                .map_err(|bad| bad.at(place("from_total")))?
                .minor(),
            _ => return Err(Bad::invalid("All bands say up_to_weight, or all from_total.").at("bands")),
        };
        let price = amount(&band.price, currency).map_err(|bad| bad.at(place("price")))?;
        bands.push(Band { edge, price });
    }
    let tariff = if is_by_weight {
        Tariff::ByWeight(bands)
    } else {
        Tariff::ByTotal(bands)
    };
    tariff.checked().map_err(|bad| bad.at("bands"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands(edges: &[(i64, i64)]) -> Vec<Band> {
        let band = |&(edge, price)| Band {
            edge,
            price: Money::new(price).unwrap(),
        };
        edges.iter().map(band).collect()
    }

    fn price(tariff: &Tariff, weight_g: i64, worth: i64) -> Option<i64> {
        let worth = Money::new(worth).unwrap();
        tariff.price(Parcel { weight_g, worth }).map(Money::minor)
    }

    #[test]
    fn weight_goes_up_to_a_band_and_worth_from_one() {
        let weight = Tariff::ByWeight(bands(&[(500, 290), (2000, 490)]));
        let told = [0, 500, 501, 2000, 2001].map(|grams| price(&weight, grams, 0));
        assert_eq!(told, [Some(290), Some(290), Some(490), Some(490), None]);
        let worth = Tariff::ByTotal(bands(&[(1000, 490), (5000, 0)]));
        let told = [999, 1000, 4999, 5000].map(|minor| price(&worth, 0, minor));
        assert_eq!(told, [None, Some(490), Some(490), Some(0)]);
        assert_eq!(price(&Tariff::Flat(Money::ZERO), 9, 9), Some(0));
    }

    #[test]
    fn bands_rise() {
        assert!(Tariff::ByWeight(bands(&[(1, 0), (2, 0)])).checked().is_ok());
        for bad in [&[][..], &[(2, 0), (2, 1)], &[(2, 0), (1, 1)], &[(1, 1); 51]] {
            assert!(Tariff::ByTotal(bands(bad)).checked().is_err(), "{bad:?}");
        }
    }
}
