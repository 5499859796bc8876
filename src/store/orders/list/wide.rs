//! A set of ids in the order of time or total. One that a look may hold is sorted; a wider one is looked for along the
//! index that has the order, so that nothing is passed over because it is old.

use crate::domain::order_filter::Column;
use crate::domain::order_filter::MOST_LOOKED_AT;
use crate::domain::order_filter::OrderFilter;
use crate::domain::search::Find;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::orders::list::Found;
use crate::store::orders::list::Keys;
use crate::store::orders::list::Wanted;
use crate::store::orders::list::ids;
use crate::store::orders::list::ids::Ids;
use crate::store::orders::list::ids::Source;
use crate::store::orders::list::scan;
use crate::store::search;
use crate::store::search::Side;

/// To ask the search index about one order costs as much as passing some hundred rows: a look asks about so many.
const MOST_ASKED: usize = 2_000;

/// More ids of a customer or a tag than this lie so close that running along the time finds a page of them sooner.
const MOST_COLLECTED: usize = 10_000;

pub(super) fn look(db: &Snapshot, wanted: &Wanted<'_>, source: &Source<'_>) -> Result<Found> {
    match (
        narrow(db, wanted.filter, source, wanted.column)?,
        source,
        wanted.column,
    ) {
        (Some(ids), ..) => ids::among(db, wanted, Some(source), &ids),
        (None, Source::Search(find), Column::Placed) => sift(db, wanted, find),
        (None, Source::Search(_), _) => {
            Err(Error::internal("a search of this width has no order but by time"))
        }
        (None, ..) => scan::look(db, wanted),
    }
}

/// Whether a list can be sorted by total: where its orders, or the set of ids that it comes from, are within a look.
pub fn can_sort(db: &Snapshot, filter: &OrderFilter) -> Result<bool> {
    match Source::of(filter) {
        None => scan::is_within_a_look(db, filter),
        Some(source @ Source::Search(_)) => Ok(narrow(db, filter, &source, Column::Total)?.is_some()),
        Some(source) => {
            Ok(narrow(db, filter, &source, Column::Total)?.is_some() || scan::is_within_a_look(db, filter)?)
        }
    }
}

/// All ids of a set, if they are few enough; of a search those between the ids of a short range of time.
fn narrow(db: &Snapshot, filter: &OrderFilter, source: &Source<'_>, column: Column) -> Result<Option<Ids>> {
    let most = match (source, column) {
        (Source::Customers(_) | Source::Tag(_), Column::Placed) => MOST_COLLECTED,
        _ => MOST_LOOKED_AT as usize,
    };
    let all = within(db, source, (1, i64::MAX - 1), most)?;
    if all.is_some() || !matches!(source, Source::Search(_)) {
        return Ok(all);
    }
    match filter.has_range() && scan::is_within_a_look(db, filter)? {
        true => within(db, source, scan::id_bounds(db, filter)?, most),
        false => Ok(None),
    }
}

fn within(
    db: &Snapshot,
    source: &Source<'_>,
    (lowest, highest): (i64, i64),
    most: usize,
) -> Result<Option<Ids>> {
    let mut found = source.ids(db, Side::Below(highest + 1), most + 1)?;
    found.ids.retain(|id| *id >= lowest);
    Ok((found.ids.len() <= most && found.edge.is_none()).then_some(found))
}

/// Along the time: handfuls of what fits the rest, and of these what the search finds.
fn sift(db: &Snapshot, wanted: &Wanted<'_>, find: &Find) -> Result<Found> {
    let enough = (wanted.skip + wanted.limit) as usize;
    let mut next = Wanted {
        skip: 0,
        limit: enough.max(200) as i64,
        counts: false,
        ..*wanted
    };
    let mut fitting: Vec<Keys> = Vec::new();
    let mut asked = 0;
    let mut index_behind;
    let edge = loop {
        let some = scan::look(db, &next)?;
        let ids: Vec<i64> = some.keys.iter().map(|(_, id)| *id).collect();
        let found = search::orders_among(db, find, &ids)?;
        index_behind = found.behind;
        let is_end = (some.keys.len() as i64) < next.limit;
        let last = some.edge.or(some.keys.last().copied().filter(|_| !is_end));
        asked += ids.len();
        fitting.extend(
            some.keys
                .into_iter()
                .zip(found.ids)
                .filter(|(_, is)| *is)
                .map(|(keys, _)| keys),
        );
        match last {
            None => break None,
            Some(_) if fitting.len() >= enough => break None,
            Some(last) if asked >= MOST_ASKED || some.edge.is_some() => break Some(last),
            Some(last) => next.behind = Some(last),
        }
    };
    let keys = fitting
        .into_iter()
        .skip(wanted.skip as usize)
        .take(wanted.limit as usize);
    Ok(Found {
        keys: keys.collect(),
        edge,
        index_behind,
        ..Found::default()
    })
}
