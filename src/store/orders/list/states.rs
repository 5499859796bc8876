//! How a list divides by the states of its orders: the counts on the tabs. Of all orders each state is counted as its own
//! list is, and kept; of a narrower list the first rows are looked at once for all states.

use crate::domain::order::OrderState;
use crate::domain::order_filter::OrderFilter;
use crate::domain::order_filter::OrderSort;
use crate::domain::page::Limit;
use crate::domain::page::Paging;
use crate::domain::page::Total;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::orders::list::Wanted;
use crate::store::orders::list::count;
use crate::store::orders::list::ids::Source;
use crate::store::orders::list::query::Query;
use crate::store::orders::list::query::SET;
use crate::store::orders::list::query::Scan;
use crate::store::orders::list::query::json;
use crate::store::orders::list::query::order;
use crate::store::orders::list::scan;
use crate::store::orders::list::totals;
use crate::store::search::Side;

/// So many rows of a narrower list are looked at. It is done again on each page, so it stays well below a look's cost.
const MOST_DIVIDED: i64 = 1_000;

/// A list's length, and how many of its orders stand in each state; nothing of a state that the list leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divided {
    /// In any state.
    pub all: Total,
    /// In each.
    pub states: Vec<(OrderState, Total)>,
}

/// Divides the list of a filter that names no state.
pub fn by_state(db: &Snapshot, filter: &OrderFilter) -> Result<Divided> {
    match *filter == OrderFilter::default() {
        true => of_all(db, filter),
        false => of_some(db, filter),
    }
}

/// A long count holds for many changes, and a short one is soon done again.
fn of_all(db: &Snapshot, filter: &OrderFilter) -> Result<Divided> {
    let states = OrderState::ALL.iter().map(|state| {
        let of_state = OrderFilter {
            state: Some(*state),
            ..filter.clone()
        };
        Ok((*state, length(db, &of_state)?))
    });
    Ok(Divided {
        states: states.collect::<Result<_>>()?,
        all: length(db, filter)?,
    })
}

fn length(db: &Snapshot, filter: &OrderFilter) -> Result<Total> {
    if let Some(known) = totals::known(db, filter)? {
        return Ok(known);
    }
    let paging = Paging::first(Limit::default(), 0);
    let counted = count(db, &Wanted::of(filter, OrderSort::Newest, &paging))?;
    totals::keep(db, filter, counted)?;
    Ok(counted.total)
}

fn of_some(db: &Snapshot, filter: &OrderFilter) -> Result<Divided> {
    let (found, is_whole) = match Source::of(filter) {
        Some(source) => of_ids(db, filter, &source)?,
        None => along(db, filter)?,
    };
    let told = |rows| match is_whole {
        true => Total::Exactly(rows),
        false => Total::AtLeast(rows),
    };
    let of = |state: OrderState| found.iter().find(|(found, _)| *found == state.number());
    // Who still owes is not canceled: the tab of a state that is left out would show others than were counted.
    let is_told = |state: &&OrderState| !filter.is_owing() || **state < OrderState::Canceled;
    let states = OrderState::ALL.iter().filter(is_told);
    Ok(Divided {
        all: told(found.iter().map(|(_, rows)| rows).sum()),
        states: states
            .map(|state| (*state, told(of(*state).map_or(0, |(_, rows)| *rows))))
            .collect(),
    })
}

/// Numbers of states, each with so many rows; and whether these are all.
type Rows = (Vec<(i64, i64)>, bool);

/// Out of ids at hand, the newest first.
fn of_ids(db: &Snapshot, filter: &OrderFilter, source: &Source<'_>) -> Result<Rows> {
    let mut found = source.ids(db, Side::Below(i64::MAX), MOST_DIVIDED as usize + 1)?;
    let is_whole = found.ids.len() <= MOST_DIVIDED as usize && found.edge.is_none() && found.behind.is_none();
    found.ids.truncate(MOST_DIVIDED as usize);
    let mut query = Query::new(filter, Scan::Set(Some(source)));
    query.bind(":ids", json(&found.ids));
    let sql = format!(
        "SELECT o.status, count(*) FROM {SET} WHERE {} GROUP BY o.status",
        query.rest()
    );
    Ok((query.keys(db, &sql)?, is_whole))
}

/// Along the table or an index, the newest first.
fn along(db: &Snapshot, filter: &OrderFilter) -> Result<Rows> {
    let paging = Paging::first(Limit::default(), 0);
    let wanted = Wanted::of(filter, OrderSort::Newest, &paging);
    let scan = Scan::of(&wanted);
    let mut query = Query::new(filter, scan);
    query.bind(":most", MOST_DIVIDED);
    let sql = format!(
        "SELECT o.status, count(*) FROM (
           SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT :most
         ) o WHERE {} GROUP BY o.status",
        scan::looked(scan),
        scan.from(),
        query.scanned(),
        order(wanted.column, true),
        query.rest(),
    );
    let is_whole = scan::nth(db, &wanted, scan, MOST_DIVIDED)?.is_none();
    Ok((query.keys(db, &sql)?, is_whole))
}
