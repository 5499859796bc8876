//! How many customers there are, how they stand, in which groups, and when they came.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::actor::Actor;
use crate::domain::customer::CustomerStatus;
use crate::domain::fault::Bad;
use crate::domain::permission::Permission;
use crate::domain::time::DAY;
use crate::domain::time::Moment;
use crate::domain::time::Period;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::store;

/// So many days are told one by one, and so many if nothing is said.
const MOST_DAYS: i64 = 366;
const DAYS: i64 = 30;

/// Which time is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Range {
    /// Since when; thirty days before the end, if not said.
    pub from: Option<Moment>,
    /// Until when, included; now, if not said.
    pub to: Option<Moment>,
}

/// What is told.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CustomerStatistics)]
pub struct StatisticsView {
    /// Customers that are there.
    total: i64,
    by_status: StatusView,
    by_group: Vec<GroupView>,
    from: Timestamp,
    to: Timestamp,
    /// Customers who came between the two.
    created: i64,
    /// The days of the shop on which somebody came.
    timeline: Vec<DayView>,
}

#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = CustomersByStatus)]
struct StatusView {
    active: i64,
    inactive: i64,
    pending: i64,
    blocked: i64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CustomersByGroup)]
struct GroupView {
    id: i64,
    name: String,
    customers: i64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CustomersByDay)]
struct DayView {
    day: String,
    customers: i64,
}

/// Counts customers. Refused as bad input for more than 366 days.
pub fn statistics(db: &Snapshot, by: &Actor, range: Range, now: Timestamp) -> Result<StatisticsView> {
    by.require(Permission::CustomersStatistics)?;
    let zone = store::settings::get(db)?.zone;
    let to = range.to.map_or(now, |to| to.end(&zone));
    let from = range
        .from
        .map_or(to.minus_ms(DAYS * DAY), |from| from.start(&zone));
    if from > to || to.ms() - from.ms() > MOST_DAYS * DAY {
        return Err(Bad::input("must be before `to`, by 366 days at most")
            .at("from")
            .into());
    }
    let mut days: BTreeMap<String, i64> = BTreeMap::new();
    for (at, customers) in store::customers::created_since(db, from, to)? {
        *days.entry(zone.period_of(at, Period::Day)).or_default() += customers;
    }
    let by_status = by_status(db)?;
    Ok(StatisticsView {
        total: by_status.active + by_status.inactive + by_status.pending + by_status.blocked,
        by_status,
        by_group: by_group(db)?,
        from,
        to,
        created: days.values().sum(),
        timeline: days
            .into_iter()
            .map(|(day, customers)| DayView { day, customers })
            .collect(),
    })
}

fn by_status(db: &Snapshot) -> Result<StatusView> {
    let mut view = StatusView::default();
    for (status, customers) in store::customers::count_by_status(db)? {
        match status {
            CustomerStatus::Active => view.active = customers,
            CustomerStatus::Inactive => view.inactive = customers,
            CustomerStatus::Pending => view.pending = customers,
            CustomerStatus::Blocked => view.blocked = customers,
        }
    }
    Ok(view)
}

fn by_group(db: &Snapshot) -> Result<Vec<GroupView>> {
    let groups = store::groups::all(db)?;
    groups
        .into_iter()
        .map(|group| {
            Ok(GroupView {
                customers: store::groups::members(db, group.id)?,
                id: group.id.0,
                name: group.name,
            })
        })
        .collect()
}
