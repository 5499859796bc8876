//! What would become of many products' prices or stock: the same sums that are done, told before.

use crate::domain::actor::Actor;
use crate::domain::id::ProductId;
use crate::domain::money::Money;
use crate::domain::permission::Permission;
use crate::domain::product::Product;
use crate::domain::product::StockChange;
use crate::domain::product::Variant;
use crate::domain::refusal::Refusal;
use crate::domain::repricing::PriceChange;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::catalogue::Bulk;
use crate::store;

/// A product as it would be.
#[derive(Debug, Clone)]
pub struct Planned {
    /// As it is.
    pub product: Product,
    /// What each of its variants would have; nothing where it stays as it is.
    pub then: Vec<Then>,
    /// Why it stays as it is.
    pub why: Option<String>,
}

/// A variant as it would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Then {
    /// Its price.
    pub price: Option<Money>,
    /// How many there would be.
    pub available: i64,
}

impl Then {
    /// As it is.
    pub const fn of(variant: &Variant) -> Self {
        Self {
            price: variant.price,
            available: variant.available,
        }
    }
}

/// What each product would become, or what each is where nothing is said to be done. Nothing is changed.
pub fn plan(db: &Snapshot, by: &Actor, ids: &[ProductId], what: Option<&Bulk>) -> Result<Vec<Planned>> {
    by.require(Permission::ProductsRead)?;
    if let Some(what) = what {
        by.require(what.right())?;
    }
    let mut all = Vec::new();
    for id in ids {
        let product = match store::products::get(db, *id) {
            Ok(product) if product.deleted_at.is_none() => product,
            Ok(_) | Err(Error::NotFound(_)) => continue,
            Err(error) => return Err(error),
        };
        let then = match what {
            None => Ok(product.variants.iter().map(Then::of).collect()),
            Some(what) => then(&product, what),
        };
        all.push(match then {
            Ok(then) => Planned {
                product,
                then,
                why: None,
            },
            Err(why) => Planned {
                product,
                then: Vec::new(),
                why: Some(why),
            },
        });
    }
    Ok(all)
}

/// What each variant of a product would have, or why it stays as it is.
pub(super) fn then(product: &Product, what: &Bulk) -> std::result::Result<Vec<Then>, String> {
    let variants = product.variants.iter();
    match what {
        Bulk::Price(change) if product.price_from().is_none() && matches!(change, PriceChange::By(_)) => {
            Err("It has no price that could change by percent.".to_owned())
        }
        Bulk::Price(change) => variants.map(|variant| priced(variant, *change)).collect(),
        Bulk::Stock(restock) => variants.map(|variant| stocked(variant, restock.change)).collect(),
        _ => Ok(variants.map(Then::of).collect()),
    }
}

fn priced(variant: &Variant, change: PriceChange) -> std::result::Result<Then, String> {
    match change.of(variant.price) {
        Some(price) => Ok(Then {
            price,
            ..Then::of(variant)
        }),
        None => Err(format!("{} would cost more than anything can.", variant.sku)),
    }
}

fn stocked(variant: &Variant, change: StockChange) -> std::result::Result<Then, String> {
    match change.delta(&variant.sku, variant.available) {
        Ok(delta) => Ok(Then {
            available: variant.available + delta,
            ..Then::of(variant)
        }),
        Err(Refusal::NotAllowed(_)) => Ok(Then::of(variant)),
        Err(Refusal::Shortage(_)) => Err(format!(
            "{} would have less than nothing: there are {}.",
            variant.sku, variant.available
        )),
        Err(other) => Err(other.sentence().unwrap_or_default().into_owned()),
    }
}
