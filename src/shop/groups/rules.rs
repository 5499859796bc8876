//! Holding customers to the rules of groups, in short jobs: everybody where a rule has changed, and whoever has bought,
//! got money back or was changed. Derived on nobody's behalf, because it tells nothing that the tables do not say.

use std::collections::HashMap;

use crate::domain::customer::Details;
use crate::domain::customer::Figures;
use crate::domain::group::Group;
use crate::domain::id::CustomerId;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::store;

/// One job holds so many customers to the rules, and looks at so many events.
const MOST_CUSTOMERS: usize = 100;
const MOST_EVENTS: usize = 100;

/// Whether somebody is to be held to a rule.
pub fn is_due(db: &Snapshot) -> Result<bool> {
    store::groups::is_due(db)
}

/// Holds some of them.
pub fn catch_up(tx: &Tx) -> Result<()> {
    if let Some((group, customers)) = store::groups::unchecked(tx, MOST_CUSTOMERS)? {
        hold(tx, std::slice::from_ref(&group), &customers)?;
        return match customers.last() {
            Some(last) => store::groups::set_checked(tx, group.id, *last),
            None => Ok(()),
        };
    }
    let (customers, event) = store::groups::moved(tx, MOST_EVENTS)?;
    let mut groups = store::groups::all(tx)?;
    groups.retain(|group| group.rule.is_some());
    hold(tx, &groups, &customers)?;
    store::groups::set_moved(tx, event)
}

fn hold(tx: &Tx, groups: &[Group], customers: &[CustomerId]) -> Result<()> {
    let asks_orders = |group: &Group| {
        let rule = group.rule.as_ref();
        rule.is_some_and(|rule| rule.min_orders.is_some() || rule.min_spent.is_some())
    };
    let figures: HashMap<CustomerId, Figures> = match groups.iter().any(asks_orders) {
        true => store::customers::figures(tx, customers)?,
        false => HashMap::new(),
    };
    let details: HashMap<CustomerId, Details> = store::customers::details(tx, customers)?;
    for id in customers {
        let is_there = store::customers::find(tx, *id)?
            .is_some_and(|customer| customer.deleted_at.or(customer.anonymised_at).is_none());
        let figures = figures.get(id).copied().unwrap_or_default();
        let tags = details
            .get(id)
            .map(|details| details.tags.as_slice())
            .unwrap_or_default();
        for group in groups {
            let rule = group.rule.as_ref();
            let is_met = is_there && rule.is_some_and(|rule| rule.is_met(&figures, tags));
            store::groups::hold(tx, group.id, *id, is_met)?;
        }
    }
    Ok(())
}
