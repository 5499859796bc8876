//! The same done to many products at once: each that can be is changed by the verb that changes one, and each that cannot
//! is told, with its reason.

mod plan;

pub use plan::Planned;
pub use plan::Then;
pub use plan::plan;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::de::Error as _;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::id::ProductId;
use crate::domain::permission::Permission;
use crate::domain::product::Adjustment;
use crate::domain::product::MovementReason;
use crate::domain::product::Product;
use crate::domain::product::ProductChange;
use crate::domain::product::ProductStatus;
use crate::domain::product::StockChange;
use crate::domain::product::VariantChange;
use crate::domain::product::VariantsChange;
use crate::domain::refusal::Refusal;
use crate::domain::repricing::PriceChange;
use crate::domain::text::Sku;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::catalogue::Decision;
use crate::shop::catalogue::Verdict;
use crate::shop::catalogue::decide;
use crate::shop::catalogue::update;
use crate::shop::stock;
use crate::store;

/// What is to be done to each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bulk {
    /// It may be sold.
    Approve,
    /// It is no longer sold, and kept.
    Archive,
    /// It gets to a category.
    Category(String),
    /// Its variants cost something else.
    Price(PriceChange),
    /// There are more or fewer of each of its variants.
    Stock(Restock),
}

/// How stock moves.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Restock {
    /// How many pieces.
    pub change: StockChange,
    /// Why.
    #[serde(deserialize_with = "reason")]
    pub reason: MovementReason,
    /// In words.
    pub note: Option<String>,
}

fn reason<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<MovementReason, D::Error> {
    let name = String::deserialize(from)?;
    MovementReason::parse(&name).ok_or_else(|| D::Error::custom("no reason of a movement"))
}

/// What came of it: the content of the row in the audit, from which a page can tell it again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outcome {
    /// What was to be done.
    pub what: Bulk,
    /// How many products are now as was wanted.
    pub done: usize,
    /// The others.
    pub refused: Vec<Refused>,
}

/// A product that stays as it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refused {
    /// Which.
    pub id: i64,
    /// Its name, or what was asked for where there is no such product.
    pub name: String,
    /// Why.
    pub why: String,
}

impl Bulk {
    const fn right(&self) -> Permission {
        match self {
            Self::Approve => Permission::ProductsApprove,
            Self::Archive | Self::Category(_) | Self::Price(_) => Permission::ProductsUpdate,
            Self::Stock(_) => Permission::StockUpdate,
        }
    }

    /// Whether a product is so already.
    fn is_done(&self, product: &Product) -> bool {
        match self {
            Self::Approve => product.status == ProductStatus::Approved,
            Self::Archive => product.status == ProductStatus::Archived,
            Self::Category(name) => product.category.as_deref() == Some(name),
            Self::Price(_) | Self::Stock(_) => {
                let now = product.variants.iter().map(Then::of);
                plan::then(product, self).is_ok_and(|then| now.eq(then))
            }
        }
    }
}

/// A product that is ticked.
#[derive(Debug, Clone, Copy)]
pub struct Ticked {
    /// Which.
    pub id: ProductId,
    /// The version that was seen, where it matters.
    pub seen: Option<i64>,
}

/// Does it to each product in one transaction, one that is no longer at the version that was seen left out.
pub fn bulk(tx: &Tx, by: &Actor, ticked: &[Ticked], what: &Bulk) -> Result<Outcome> {
    by.require(what.right())?;
    let mut outcome = Outcome {
        what: what.clone(),
        done: 0,
        refused: Vec::new(),
    };
    for ticked in ticked {
        match one(tx, by, *ticked, what)? {
            None => outcome.done += 1,
            Some(refused) => outcome.refused.push(refused),
        }
    }
    let content = serde_json::to_string(&outcome).map_err(|cause| Error::Internal(cause.into()))?;
    let target = (Target::None, None);
    audit::note(tx, by, Action::ProductsChanged, target, None, Some(&content))?;
    Ok(outcome)
}

/// The refusals of these verbs come before they write anything.
fn one(tx: &Tx, by: &Actor, Ticked { id, seen }: Ticked, what: &Bulk) -> Result<Option<Refused>> {
    let refused = |name: String, why: String| Ok(Some(Refused { id: id.0, name, why }));
    let product = match store::products::get(tx, id) {
        Ok(product) => product,
        Err(Error::NotFound(_)) => return refused(id.to_string(), "There is no such product.".to_owned()),
        Err(error) => return Err(error),
    };
    if seen.is_some_and(|seen| seen != product.version) {
        return refused(product.name, "Somebody has changed it since.".to_owned());
    }
    if product.deleted_at.is_none() && what.is_done(&product) {
        return Ok(None);
    }
    if let Err(why) = plan::then(&product, what) {
        return refused(product.name, why);
    }
    match apply(tx, by, &product, what) {
        Ok(_) => Ok(None),
        Err(error @ (Error::Refused(Refusal::NotAllowed(_)) | Error::Deleted(_))) => {
            refused(product.name, error.sentence().into_owned())
        }
        Err(error) => Err(error),
    }
}

fn apply(tx: &Tx, by: &Actor, product: &Product, what: &Bulk) -> Result<Product> {
    let seen = Some(product.version);
    let change = match what {
        Bulk::Approve => {
            let decision = Decision {
                verdict: Verdict::Approve,
                seen,
                reason: None,
            };
            return decide(tx, by, product.id, &decision);
        }
        Bulk::Stock(restock) => return move_stock(tx, by, product, restock),
        Bulk::Archive => ProductChange {
            status: Some(ProductStatus::Archived),
            ..ProductChange::default()
        },
        Bulk::Category(name) => ProductChange {
            category: Some(Some(name.clone())),
            ..ProductChange::default()
        },
        Bulk::Price(_) => ProductChange {
            variants: VariantsChange::All(repriced(product, what)),
            ..ProductChange::default()
        },
    };
    update(tx, by, product.id, seen, &change)
}

/// Every variant, with the price that it gets.
fn repriced(product: &Product, what: &Bulk) -> Vec<VariantChange> {
    let then = plan::then(product, what).unwrap_or_default();
    let variants = product.variants.iter().zip(then);
    variants
        .map(|(variant, then)| VariantChange {
            id: Some(variant.id),
            price: Some(then.price),
            ..VariantChange::default()
        })
        .collect()
}

/// A movement for each variant of which there would be more or fewer.
fn move_stock(tx: &Tx, by: &Actor, product: &Product, restock: &Restock) -> Result<Product> {
    if product.deleted_at.is_some() {
        return Err(Error::Deleted("product"));
    }
    for variant in &product.variants {
        if restock.change.delta(&variant.sku, variant.available).is_err() {
            // It has what is wanted: whatever else is refused was refused before.
            continue;
        }
        let new = Adjustment {
            sku: Sku::parse(&variant.sku).map_err(|bad| Error::from(bad.at("sku")))?,
            change: restock.change,
            reason: restock.reason,
            note: restock.note.clone(),
        };
        stock::adjust(tx, by, None, &new)?;
    }
    store::products::get(tx, product.id)
}
