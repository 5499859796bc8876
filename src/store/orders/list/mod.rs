//! Lists of orders. This is the one place that puts SQL together: out of the fixed fragments below, never out of values.
//!
//! A page is found in one of two ways. A *scan* runs along the table or one of its indexes; a *set* of ids comes from
//! the search index, a customer's buckets or a tag; one of more than 50,000 ids is no longer sorted but looked for along
//! the order of the list. What the way does not serve is looked at row by row, 50,000 rows a page at most.

mod ids;
mod query;
mod scan;
mod states;
#[cfg(test)]
mod tests;
mod totals;
mod wholes;
mod wide;

use crate::domain::id::OrderId;
use crate::domain::order::Brief;
use crate::domain::order::Order;
use crate::domain::order_filter::Column;
use crate::domain::order_filter::OrderFilter;
use crate::domain::order_filter::OrderSort;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::page::Total;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::orders::list::ids::Source;
use crate::store::orders::list::totals::Counted;

pub use states::Divided;
pub use states::by_state;
pub use totals::Totals;
pub use wide::can_sort;

/// A row's place in its list: the sort key (the id itself where the list is by id) and the id.
type Keys = (i64, i64);

/// A list that is asked for, with the direction in which it is walked.
#[derive(Debug, Clone, Copy)]
struct Wanted<'a> {
    filter: &'a OrderFilter,
    column: Column,
    descending: bool,
    /// The keys to begin behind.
    behind: Option<Keys>,
    skip: i64,
    limit: i64,
    /// Whether a walk that passes the whole list anyway is to count it.
    counts: bool,
}

/// What was found, and where to go on if the look ended before the list did.
#[derive(Debug, Default)]
struct Found {
    keys: Vec<Keys>,
    edge: Option<Keys>,
    index_behind: Option<i64>,
    /// What the same walk has counted.
    counted: Option<Counted>,
}

/// Reads the orders with these ids, in their order.
type Reader<T> = fn(&Snapshot, &[OrderId]) -> Result<Vec<T>>;

/// One page of whole orders, with the length of its list.
pub fn page(db: &Snapshot, filter: &OrderFilter, sort: OrderSort, paging: &Paging) -> Result<Page<Order>> {
    counted(db, filter, sort, paging, wholes::of)
}

/// The same page of what a list tells of its orders.
pub fn briefs(db: &Snapshot, filter: &OrderFilter, sort: OrderSort, paging: &Paging) -> Result<Page<Brief>> {
    counted(db, filter, sort, paging, wholes::briefs)
}

fn counted<T>(
    db: &Snapshot,
    filter: &OrderFilter,
    sort: OrderSort,
    paging: &Paging,
    reader: Reader<T>,
) -> Result<Page<T>> {
    let known = totals::known(db, filter)?;
    let wanted = Wanted {
        counts: known.is_none(),
        ..Wanted::of(filter, sort, paging)
    };
    let found = look(db, &wanted)?;
    let total = match known {
        Some(total) => total,
        None => total(db, &wanted, &found)?,
    };
    Ok(read(db, found, paging, reader)?.counted(total))
}

/// How long the list is: what the page itself shows of it, or else a count.
fn total(db: &Snapshot, wanted: &Wanted<'_>, found: &Found) -> Result<Total> {
    let rows = found.keys.len() as i64;
    let is_start = wanted.behind.is_none() && wanted.skip == 0;
    let counted = match (is_start && rows < wanted.limit, found.edge, found.counted) {
        (true, None, _) if found.index_behind.is_none() => return Ok(Total::Exactly(rows)),
        (true, ..) => return Ok(Total::AtLeast(rows)),
        (_, _, Some(counted)) => counted,
        _ => count(db, wanted)?,
    };
    totals::keep(db, wanted.filter, counted)?;
    Ok(counted.total)
}

/// One page of whole orders, without counting its list.
pub fn rows(db: &Snapshot, filter: &OrderFilter, sort: OrderSort, paging: &Paging) -> Result<Page<Order>> {
    let found = look(db, &Wanted::of(filter, sort, paging))?;
    read(db, found, paging, wholes::of)
}

impl<'a> Wanted<'a> {
    fn of(filter: &'a OrderFilter, sort: OrderSort, paging: &Paging) -> Self {
        Self {
            filter,
            column: filter.column(sort),
            descending: matches!(sort, OrderSort::Newest | OrderSort::Dearest) != paging.is_backwards(),
            behind: paging.keys(),
            skip: paging.skipped(),
            limit: paging.wanted() as i64,
            counts: false,
        }
    }
}

/// Reads the orders that were found.
fn read<T>(db: &Snapshot, found: Found, paging: &Paging, reader: Reader<T>) -> Result<Page<T>> {
    let cut = paging.cut(found.keys, |keys| *keys);
    let edge = found.edge.filter(|_| !paging.is_backwards());
    let ids: Vec<OrderId> = cut.rows.iter().map(|(_, id)| OrderId(*id)).collect();
    Ok(Page {
        rows: reader(db, &ids)?,
        next: cut.next.or(edge.map(|keys| paging.cursor(keys))),
        total: None,
        index_behind: found.index_behind,
    })
}

fn look(db: &Snapshot, wanted: &Wanted<'_>) -> Result<Found> {
    match Source::of(wanted.filter) {
        Some(source) if wanted.column == Column::Id => ids::look_along(db, wanted, &source),
        Some(source) => wide::look(db, wanted, &source),
        None => scan::look(db, wanted),
    }
}

/// How many rows the whole list has, as far as a look may go.
fn count(db: &Snapshot, wanted: &Wanted<'_>) -> Result<Counted> {
    match Source::of(wanted.filter) {
        Some(source) => ids::count(db, wanted, &source),
        None => scan::count(db, wanted),
    }
}
