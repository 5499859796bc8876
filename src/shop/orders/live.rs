//! Orders as they come in and change, for a list that is being looked at.

use std::collections::BTreeSet;

use crate::domain::actor::Actor;
use crate::domain::event::EventType;
use crate::domain::event::Stream;
use crate::domain::id::EventId;
use crate::domain::id::OrderId;
use crate::domain::order::Order;
use crate::domain::order_filter::OrderFilter;
use crate::domain::order_filter::OrderSort;
use crate::domain::page::Limit;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::store;

/// One look passes over so many events.
const MOST_LOOKED_AT: usize = 50_000;

/// Where the feed ends at this moment.
pub fn newest(db: &Snapshot, by: &Actor) -> Result<EventId> {
    by.require(Permission::OrdersRead)?;
    store::events::newest(db)
}

/// What has happened to the first page of a view.
#[derive(Debug, Clone)]
pub struct Fresh {
    /// Orders on the page that have come in or changed, oldest first, each with the one that stands below it.
    pub shown: Vec<(Order, Option<OrderId>)>,
    /// Orders that have changed and are not on the page.
    pub gone: Vec<OrderId>,
    /// Where the next look begins.
    pub upto: EventId,
    /// Whether the look came to the end of the feed.
    pub is_end: bool,
}

/// What has happened behind `after` to the newest orders of a view.
///
/// A search finds an order only once its words are in the index: until then the look stays where it is.
pub fn fresh(db: &Snapshot, by: &Actor, filter: &OrderFilter, limit: Limit, after: EventId) -> Result<Fresh> {
    let newest = newest(db, by)?;
    let is_order = |kind: EventType| kind.stream() == Stream::Orders && kind != EventType::OrderRefused;
    let (events, upto) = store::events::walk(db, after, MOST_LOOKED_AT, MOST_LOOKED_AT, is_order)?;
    let mut changed: BTreeSet<OrderId> = events.iter().map(|event| OrderId(event.subject)).collect();
    let mut fresh = Fresh {
        shown: Vec::new(),
        gone: Vec::new(),
        upto,
        is_end: upto >= newest,
    };
    if changed.is_empty() {
        return Ok(fresh);
    }
    let sort = OrderSort::Newest;
    let page = store::orders::rows(db, filter, sort, &Paging::first(limit, filter.sort_number(sort)))?;
    if page.index_behind.is_some() {
        fresh.upto = after;
        fresh.is_end = true;
        return Ok(fresh);
    }
    let mut below = None;
    for order in page.rows.into_iter().rev() {
        let id = order.head.id;
        if changed.remove(&id) {
            fresh.shown.push((order, below));
        }
        below = Some(id);
    }
    fresh.gone = changed.into_iter().collect();
    Ok(fresh)
}
