//! The same done to many orders at once: each that can be is changed, and each that cannot is told, with its reason.

use serde::Deserialize;
use serde::Serialize;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::id::OrderId;
use crate::domain::order::Order;
use crate::domain::order::OrderState;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::orders::Move;
use crate::shop::orders::step;
use crate::shop::orders::tag;
use crate::store;

/// What is to be done to each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bulk {
    /// Work begins on it.
    Process,
    /// It gets a tag.
    Tag(String),
    /// It loses a tag.
    Untag(String),
}

/// What came of it: the content of the row in the audit, from which a page can tell it again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outcome {
    /// What was to be done.
    pub what: Bulk,
    /// How many orders are now as was wanted.
    pub done: usize,
    /// The others.
    pub refused: Vec<Refused>,
}

/// An order that stays as it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refused {
    /// Which.
    pub id: i64,
    /// Its number, or what was asked for where there is no such order.
    pub number: String,
    /// Why.
    pub why: String,
}

/// Does it to each order, whatever its version, in one transaction.
pub fn bulk(tx: &Tx, by: &Actor, ids: &[OrderId], what: &Bulk) -> Result<Outcome> {
    by.require(match what {
        Bulk::Process => Permission::OrdersUpdateStatus,
        Bulk::Tag(_) | Bulk::Untag(_) => Permission::OrdersNote,
    })?;
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
    audit::note(tx, by, Action::OrdersChanged, target, None, Some(&content))?;
    Ok(outcome)
}

/// The refusals of these verbs come before they write anything.
fn one(tx: &Tx, by: &Actor, id: OrderId, what: &Bulk) -> Result<Option<Refused>> {
    let refused = |number: String, why: String| {
        Ok(Some(Refused {
            id: id.0,
            number,
            why,
        }))
    };
    let order = match store::orders::get(tx, id) {
        Ok(order) => order,
        Err(Error::NotFound(_)) => return refused(id.to_string(), "There is no such order.".to_owned()),
        Err(error) => return Err(error),
    };
    let number = order.head.number.clone();
    match apply(tx, by, order, what) {
        Ok(()) => Ok(None),
        Err(error @ Error::Refused(Refusal::NotNow { .. } | Refusal::NotAllowed(_))) => {
            refused(number, error.sentence().into_owned())
        }
        Err(error) => Err(error),
    }
}

fn apply(tx: &Tx, by: &Actor, order: Order, what: &Bulk) -> Result<()> {
    let id = order.head.id;
    let is_it = |held: &str, tag: &str| held.eq_ignore_ascii_case(tag);
    let mut tags = order.tags;
    match what {
        Bulk::Process => {
            let asked = Move {
                to: OrderState::Processing,
                version: Some(order.head.version),
                note: None,
            };
            return step(tx, by, id, &asked).map(|_| ());
        }
        Bulk::Tag(new) if tags.iter().any(|held| is_it(held, new)) => return Ok(()),
        Bulk::Tag(_) if tags.len() >= MOST_TAGS => {
            return Err(Refusal::NotAllowed("It has 50 tags.".into()).into());
        }
        Bulk::Tag(new) => tags.push(new.clone()),
        Bulk::Untag(old) => tags.retain(|held| !is_it(held, old)),
    }
    tag(tx, by, id, None, &tags).map(|_| ())
}

/// An order has so many tags at most.
pub const MOST_TAGS: usize = 50;
