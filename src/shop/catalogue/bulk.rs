//! The same done to many products at once: each that can be is changed by the verb that changes one, and each that cannot
//! is told, with its reason.

use serde::Deserialize;
use serde::Serialize;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::id::ProductId;
use crate::domain::permission::Permission;
use crate::domain::product::Product;
use crate::domain::product::ProductChange;
use crate::domain::product::ProductStatus;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::catalogue::Decision;
use crate::shop::catalogue::Verdict;
use crate::shop::catalogue::decide;
use crate::shop::catalogue::update;
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
            Self::Archive | Self::Category(_) => Permission::ProductsUpdate,
        }
    }

    /// Whether a product is so already.
    fn is_done(&self, product: &Product) -> bool {
        match self {
            Self::Approve => product.status == ProductStatus::Approved,
            Self::Archive => product.status == ProductStatus::Archived,
            Self::Category(name) => product.category.as_deref() == Some(name),
        }
    }
}

/// Does it to each product, whatever its version, in one transaction.
pub fn bulk(tx: &Tx, by: &Actor, ids: &[ProductId], what: &Bulk) -> Result<Outcome> {
    by.require(what.right())?;
    let mut outcome = Outcome {
        what: what.clone(),
        done: 0,
        refused: Vec::new(),
    };
    for id in ids {
        match one(tx, by, *id, what)? {
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
fn one(tx: &Tx, by: &Actor, id: ProductId, what: &Bulk) -> Result<Option<Refused>> {
    let refused = |name: String, why: String| Ok(Some(Refused { id: id.0, name, why }));
    let product = match store::products::get(tx, id) {
        Ok(product) => product,
        Err(Error::NotFound(_)) => return refused(id.to_string(), "There is no such product.".to_owned()),
        Err(error) => return Err(error),
    };
    if product.deleted_at.is_none() && what.is_done(&product) {
        return Ok(None);
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
        Bulk::Archive => ProductChange {
            status: Some(ProductStatus::Archived),
            ..ProductChange::default()
        },
        Bulk::Category(name) => ProductChange {
            category: Some(Some(name.clone())),
            ..ProductChange::default()
        },
    };
    update(tx, by, product.id, seen, &change)
}
