//! Groups of customers: made and changed by staff, joined and left by hand, and by whoever meets their rule.

mod members;
mod rules;

pub(in crate::shop) use members::Belonging;
pub use members::Membership;
pub use members::join;
pub use members::leave;
pub(in crate::shop) use members::of_buyer;
pub use rules::catch_up;
pub use rules::is_due;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::customer::Facts;
use crate::domain::fault::Bad;
use crate::domain::group::Group;
use crate::domain::group::GroupFields;
use crate::domain::group::Rule;
use crate::domain::id::GroupId;
use crate::domain::money::Amount;
use crate::domain::money::Currency;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::error::Error;
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

/// A group as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CustomerGroup)]
pub struct GroupView {
    id: i64,
    name: String,
    description: Option<String>,
    /// What its members pay less, in percent.
    discount: Option<String>,
    /// Who belongs to it by itself: whoever meets all of it.
    rule: Option<RuleView>,
    #[schema(value_type = Object)]
    metadata: Facts,
    /// How many are in it.
    customers: i64,
    currency: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// The version, as the tag of the reply has it.
    pub version: i64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CustomerGroupRule)]
struct RuleView {
    /// So many orders that were paid for.
    min_orders: Option<i64>,
    min_spent: Option<Amount>,
    tag: Option<String>,
}

impl GroupView {
    fn new(group: Group, customers: i64, currency: Currency) -> Self {
        let rule = |rule: Rule| RuleView {
            min_orders: rule.min_orders,
            min_spent: rule.min_spent.map(|spent| spent.write(currency)),
            tag: rule.tag,
        };
        Self {
            id: group.id.0,
            name: group.name,
            description: group.description,
            discount: group.discount.map(|percent| percent.to_string()),
            rule: group.rule.map(rule),
            metadata: group.metadata,
            customers,
            currency: currency.to_string(),
            created_at: group.created_at,
            updated_at: group.updated_at,
            version: group.version,
        }
    }

    /// What shows without raising the version: how many are in it.
    pub fn figures_digest(&self) -> String {
        self.customers.to_string()
    }
}

/// Every group, by name.
pub fn list(db: &Snapshot, by: &Actor) -> Result<Vec<GroupView>> {
    by.require(Permission::GroupsRead)?;
    let groups = store::groups::all(db)?;
    groups.into_iter().map(|group| dress(db, group)).collect()
}

/// One group.
pub fn show(db: &Snapshot, by: &Actor, id: GroupId) -> Result<GroupView> {
    by.require(Permission::GroupsRead)?;
    view(db, id)
}

fn view(db: &Snapshot, id: GroupId) -> Result<GroupView> {
    dress(db, store::groups::get(db, id)?)
}

fn dress(db: &Snapshot, group: Group) -> Result<GroupView> {
    let currency = store::settings::terms(db)?.currency;
    let customers = store::groups::members(db, group.id)?;
    Ok(GroupView::new(group, customers, currency))
}

/// Makes a group. Whoever meets its rule is put into it by the worker.
///
/// Refused with `Fields` where it is not well formed, with `AlreadyExists` if its name is in use.
pub fn create(tx: &Tx, by: &Actor, key: Option<&Key>, asked: &GroupFields) -> Result<Once<GroupView>> {
    by.require(Permission::GroupsCreate)?;
    let show = |id| view(tx, GroupId(id));
    once(tx, key, Made::Group, show, || {
        if asked.name.is_none() {
            return Err(Bad::missing().at("name").into());
        }
        let group = with(tx, Group::blank(tx.now), asked)?;
        let id = store::groups::insert(tx, &group)?;
        store::groups::count(tx)?;
        note(tx, by, Action::GroupCreated, id, None)?;
        Ok((id.0, view(tx, id)?))
    })
}

/// A group with what is asked for. With the first rule of all, what has happened before need not be looked at.
fn with(tx: &Tx, group: Group, asked: &GroupFields) -> Result<Group> {
    let currency = store::settings::terms(tx)?.currency;
    let group = asked.clone().onto(group, currency)?;
    if group.rule.is_some() && !store::groups::has_rules(tx)? {
        store::groups::begin_rules(tx)?;
    }
    Ok(group)
}

/// Changes a group; what is not said stays. Refused with `VersionMissing` or `Stale`, and as its making.
pub fn update(tx: &Tx, by: &Actor, id: GroupId, seen: Option<i64>, asked: &GroupFields) -> Result<GroupView> {
    by.require(Permission::GroupsUpdate)?;
    let before = view(tx, id)?;
    version::require(seen, before.version, || before.clone())?;
    let group = with(tx, store::groups::get(tx, id)?, asked)?;
    store::groups::update(tx, &group)?;
    store::groups::count(tx)?;
    note(tx, by, Action::GroupChanged, id, Some(&before))?;
    view(tx, id)
}

/// Deletes a group. Refused with `NotAllowed` while somebody is in it, or a coupon is only for it.
pub fn delete(tx: &Tx, by: &Actor, id: GroupId, seen: Option<i64>) -> Result<()> {
    by.require(Permission::GroupsDelete)?;
    let before = view(tx, id)?;
    version::allow(seen, before.version, || before.clone())?;
    if before.customers > 0 {
        return Err(Refusal::NotAllowed("There are customers in this group.".into()).into());
    }
    if store::groups::has_coupon(tx, id)? {
        return Err(Refusal::NotAllowed("A coupon is only for this group.".into()).into());
    }
    store::groups::forget_coupons(tx, id)?;
    store::groups::delete(tx, id)?;
    store::groups::count(tx)?;
    note(tx, by, Action::GroupDeleted, id, Some(&before))
}

fn note(tx: &Tx, by: &Actor, action: Action, id: GroupId, former: Option<&GroupView>) -> Result<()> {
    let former = former.map(serde_json::to_string);
    let former = former
        .transpose()
        .map_err(|cause| Error::Internal(cause.into()))?;
    let target = (Target::Group, Some(id.0));
    audit::note(tx, by, action, target, None, former.as_deref())
}
