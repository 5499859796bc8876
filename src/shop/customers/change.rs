//! Customers by those who look after them: made, changed, deleted. Each refuses before its first write.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::customer::Customer;
use crate::domain::customer::CustomerFields;
use crate::domain::customer::Details;
use crate::domain::customer::NewCustomer;
use crate::domain::event::EventType;
use crate::domain::fault::Bad;
use crate::domain::id::CustomerId;
use crate::domain::id::GroupId;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::customers::CustomerView;
use crate::shop::customers::look::living;
use crate::shop::customers::look::view;
use crate::shop::customers::tell;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::version;
use crate::store;

/// Makes a customer who does not sign in.
///
/// Refused with `Fields` where a group is not there.
pub fn create(tx: &Tx, by: &Actor, key: Option<&Key>, asked: &CustomerFields) -> Result<Once<CustomerView>> {
    by.require(Permission::CustomersCreate)?;
    let show = |id| view(tx, store::customers::get(tx, CustomerId(id))?);
    once(tx, key, Made::Customer, show, || {
        let name = asked.name.clone().ok_or_else(|| Bad::missing().at("name"))?;
        let groups = asked.groups.clone().unwrap_or_default();
        require_groups(tx, by, &groups, "")?;
        let new = NewCustomer {
            name,
            email: asked.email.clone().flatten(),
            phone: asked.phone.clone().flatten(),
            country: asked.country.clone().flatten(),
            status: asked.status(),
            ..NewCustomer::default()
        };
        let customer = store::customers::insert(tx, &new)?;
        let mut details = Details::default();
        asked.onto_details(&mut details);
        if details != Details::default() {
            store::customers::set_details(tx, customer.id, &details)?;
        }
        for group in groups {
            store::groups::add(tx, group, customer.id)?;
        }
        tell(tx, EventType::CustomerCreated, &customer)?;
        let target = (Target::Customer, Some(customer.id.0));
        audit::note(tx, by, Action::CustomerCreated, target, None, None)?;
        Ok((customer.id.0, view(tx, customer)?))
    })
}

/// Refused with `Forbidden` for who may not say who is in a group, with `Fields` for a group that is not there.
fn require_groups(db: &Snapshot, by: &Actor, groups: &[GroupId], at: &str) -> Result<()> {
    if groups.is_empty() {
        return Ok(());
    }
    by.require(Permission::GroupsManageMembers)?;
    for (nth, group) in groups.iter().enumerate() {
        if store::groups::find(db, *group)?.is_none() {
            let bad = Bad::input("There is no such group.");
            return Err(bad.at(format!("{at}groups[{nth}]")).into());
        }
    }
    Ok(())
}

/// Changes a customer; what is not said stays, and what is as it was changes nothing.
///
/// Refused with `VersionMissing` or `Stale`, with `Deleted` if it has been, and as its making.
pub fn update(
    tx: &Tx,
    by: &Actor,
    id: CustomerId,
    seen: Option<i64>,
    asked: &CustomerFields,
) -> Result<CustomerView> {
    by.require(Permission::CustomersUpdate)?;
    let customer = living(tx, id)?;
    let shown = view(tx, customer.clone())?;
    version::require(seen, customer.version, || shown.clone())?;
    let plan = Plan::new(tx, by, customer, asked, "")?;
    if !plan.changes() {
        return Ok(shown);
    }
    plan.write(tx)?;
    let former = serde_json::to_string(&shown).map_err(|cause| Error::Internal(cause.into()))?;
    let target = (Target::Customer, Some(id.0));
    audit::note(tx, by, Action::CustomerChanged, target, None, Some(&former))?;
    view(tx, store::customers::get(tx, id)?)
}

/// What a change comes to, with nothing left that could refuse it.
pub(super) struct Plan {
    before: Customer,
    after: Customer,
    details: Option<Details>,
    joins: Vec<GroupId>,
    leaves: Vec<GroupId>,
}

impl Plan {
    /// Refused with `NotAllowed` for somebody of whom nothing personal is kept any more; `at` stands before the names of
    /// the fields.
    pub(super) fn new(
        db: &Snapshot,
        by: &Actor,
        customer: Customer,
        asked: &CustomerFields,
        at: &str,
    ) -> Result<Self> {
        if customer.anonymised_at.is_some() {
            let words = "Nothing personal is kept of this customer any more.";
            return Err(Refusal::NotAllowed(words.into()).into());
        }
        let id = customer.id;
        let (joins, leaves) = match &asked.groups {
            None => (Vec::new(), Vec::new()),
            Some(wanted) => moves(db, id, wanted)?,
        };
        require_groups(db, by, &joins, at)?;
        if !leaves.is_empty() {
            by.require(Permission::GroupsManageMembers)?;
        }
        let mut after = customer.clone();
        asked.onto(&mut after);
        let details = store::customers::details(db, &[id])?
            .remove(&id)
            .unwrap_or_default();
        let mut changed = details.clone();
        asked.onto_details(&mut changed);
        Ok(Self {
            before: customer,
            after,
            details: (changed != details).then_some(changed),
            joins,
            leaves,
        })
    }

    /// Whether anything becomes another.
    pub(super) fn changes(&self) -> bool {
        let moves = self.joins.len() + self.leaves.len();
        self.before != self.after || self.details.is_some() || moves > 0
    }

    /// Writes it, one version on, and tells.
    pub(super) fn write(&self, tx: &Tx) -> Result<Customer> {
        let id = self.after.id;
        if let Some(details) = &self.details {
            store::customers::set_details(tx, id, details)?;
        }
        for group in &self.joins {
            store::groups::add(tx, *group, id)?;
        }
        for group in &self.leaves {
            store::groups::remove(tx, *group, id)?;
        }
        let customer = store::customers::update(tx, &self.after)?;
        tell(tx, EventType::CustomerUpdated, &customer)?;
        Ok(customer)
    }
}

/// Which groups somebody joins and leaves by hand: those by rule come and go with the rule.
fn moves(db: &Snapshot, id: CustomerId, wanted: &[GroupId]) -> Result<(Vec<GroupId>, Vec<GroupId>)> {
    let held = store::groups::of_customer(db, id)?;
    let joins = wanted.iter().filter(|group| !held.contains(group)).copied();
    let mut leaves = Vec::new();
    for group in held.iter().filter(|group| !wanted.contains(group)) {
        if !store::groups::is_by_rule(db, *group, id)? {
            leaves.push(*group);
        }
    }
    Ok((joins.collect(), leaves))
}

/// Deletes a customer who does not sign in. Its orders stay as they are.
///
/// Refused with `NotAllowed` for the record of an account.
pub fn delete(tx: &Tx, by: &Actor, id: CustomerId, seen: Option<i64>) -> Result<()> {
    by.require(Permission::CustomersDelete)?;
    let customer = living(tx, id)?;
    let shown = view(tx, customer.clone())?;
    version::allow(seen, customer.version, || shown.clone())?;
    if customer.user.is_some() {
        let words = "This customer signs in with an account: block or anonymise it.";
        return Err(Refusal::NotAllowed(words.into()).into());
    }
    let gone = store::customers::delete(tx, id)?;
    tell(tx, EventType::CustomerUpdated, &gone)?;
    let former = serde_json::to_string(&shown).map_err(|cause| Error::Internal(cause.into()))?;
    let target = (Target::Customer, Some(id.0));
    audit::note(tx, by, Action::CustomerDeleted, target, None, Some(&former))
}
