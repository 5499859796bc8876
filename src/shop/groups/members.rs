//! Joining and leaving a group by hand.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::coupon::Coupon;
use crate::domain::event::EventType;
use crate::domain::fault::Bad;
use crate::domain::id::CustomerId;
use crate::domain::id::GroupId;
use crate::domain::permission::Permission;
use crate::domain::pricing::GroupDiscount;
use crate::domain::refusal::Refusal;
use crate::domain::settings::Terms;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::customers;
use crate::store;

/// What somebody's price depends on of their groups.
#[derive(Debug, Clone, Default)]
pub(in crate::shop) struct Belonging {
    /// What each of the groups pays less.
    pub(in crate::shop) discounts: Vec<GroupDiscount>,
    /// The groups, where a coupon asks for them.
    pub(in crate::shop) groups: Vec<GroupId>,
}

/// The groups of a buyer, as far as anything depends on them. A shop without groups that pay less is not asked.
pub(in crate::shop) fn of_buyer(
    db: &Snapshot,
    terms: &Terms,
    coupon: Option<&Coupon>,
    buyer: Option<CustomerId>,
) -> Result<Belonging> {
    let Some(buyer) = buyer else {
        return Ok(Belonging::default());
    };
    Ok(Belonging {
        discounts: match terms.has_groups {
            true => store::groups::discounts(db, buyer)?,
            false => Vec::new(),
        },
        groups: match coupon.is_some_and(|coupon| !coupon.groups.is_empty()) {
            true => store::groups::of_customer(db, buyer)?,
            false => Vec::new(),
        },
    })
}

/// What came of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Membership {
    group_id: i64,
    /// Whose membership is another now.
    changed: Vec<i64>,
    /// How many are in the group.
    customers: i64,
}

/// Puts customers into a group, to stay whatever its rule says; who is in it already stays.
///
/// Refused with `Fields` where one is not there.
pub fn join(tx: &Tx, by: &Actor, id: GroupId, customers: &[CustomerId]) -> Result<Membership> {
    by.require(Permission::GroupsManageMembers)?;
    store::groups::get(tx, id)?;
    require_there(tx, customers)?;
    let mut changed = Vec::new();
    for customer in customers {
        if store::groups::add(tx, id, *customer)? {
            changed.push(*customer);
        }
    }
    finish(tx, by, Action::GroupJoined, id, &changed)
}

/// Takes customers out of a group; who is not in it stays out.
///
/// Refused with `Fields` where one is not there, with `NotAllowed` for one who is in it by its rule.
pub fn leave(tx: &Tx, by: &Actor, id: GroupId, customers: &[CustomerId]) -> Result<Membership> {
    by.require(Permission::GroupsManageMembers)?;
    store::groups::get(tx, id)?;
    require_there(tx, customers)?;
    for customer in customers {
        if store::groups::is_by_rule(tx, id, *customer)? {
            let words = format!("Customer {customer} is in this group by its rule.");
            return Err(Refusal::NotAllowed(words.into()).into());
        }
    }
    let mut changed = Vec::new();
    for customer in customers {
        if store::groups::remove(tx, id, *customer)? {
            changed.push(*customer);
        }
    }
    finish(tx, by, Action::GroupLeft, id, &changed)
}

fn require_there(db: &Snapshot, customers: &[CustomerId]) -> Result<()> {
    for (nth, id) in customers.iter().enumerate() {
        let found = store::customers::find(db, *id)?;
        if found.is_none_or(|customer| customer.deleted_at.is_some()) {
            let bad = Bad::input("There is no such customer.");
            return Err(bad.at(format!("customer_ids[{nth}]")).into());
        }
    }
    Ok(())
}

fn finish(tx: &Tx, by: &Actor, action: Action, id: GroupId, changed: &[CustomerId]) -> Result<Membership> {
    for customer in changed {
        let customer = store::customers::raise(tx, *customer)?;
        customers::tell(tx, EventType::CustomerUpdated, &customer)?;
    }
    if !changed.is_empty() {
        let content = serde_json::json!({ "customers": changed }).to_string();
        let target = (Target::Group, Some(id.0));
        audit::note(tx, by, action, target, None, Some(&content))?;
    }
    Ok(Membership {
        group_id: id.0,
        changed: changed.iter().map(|customer| customer.0).collect(),
        customers: store::groups::members(tx, id)?,
    })
}
