//! Events as they happen: what a listener may hear of, and what lies behind its place in the feed.

use crate::domain::actor::Actor;
use crate::domain::event::EventType;
use crate::domain::event::Stream;
use crate::domain::id::EventId;
use crate::domain::id::UserId;
use crate::domain::permission::Permission;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::events;
use crate::shop::events::Found;
use crate::shop::events::Wanted;
use crate::store;
use crate::store::events::Owned;

/// One look at what a customer has missed passes over so many events.
const MOST_LOOKED_AT: usize = 20_000;

/// How much of the feed a listener hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// All of it.
    All,
    /// What becomes of this user's own orders, of their payments, refunds and papers too.
    Buyer(UserId),
    /// The same, and what becomes of their own products and the stock of those.
    Seller(UserId),
}

impl Reach {
    /// Whether an event with this owner is within it.
    pub fn covers(self, kind: EventType, owner: Option<UserId>) -> bool {
        match self {
            Self::All => true,
            Self::Buyer(user) => owner == Some(user) && kind.is_of_order(),
            Self::Seller(user) => owner == Some(user) && (kind.is_of_order() || kind.is_of_product()),
        }
    }
}

/// What the actor may hear of what is asked for: with the right all of it, else a person what is of their own orders, and a
/// seller what is of their own products.
///
/// Refused with `Forbidden` if a person without the right asks for a stream that never has anything of theirs.
pub fn reach(by: &Actor, wanted: Wanted) -> Result<Reach> {
    if by.may(Permission::EventsRead) {
        return Ok(Reach::All);
    }
    let user = by.on_own(Permission::EventsRead)?;
    // What staff make is the shop's.
    let sells = by.may(Permission::ProductsOwn) && !by.is_staff;
    let is_theirs = |stream| match stream {
        Stream::Orders | Stream::Payments => true,
        Stream::Inventory => sells,
        Stream::Customers => false,
    };
    match (wanted.streams.named().all(is_theirs), sells) {
        (true, true) => Ok(Reach::Seller(user)),
        (true, false) => Ok(Reach::Buyer(user)),
        (false, _) => Err(by.lacks(Permission::EventsRead).into()),
    }
}

/// Where the feed ends at this moment.
pub fn newest(db: &Snapshot) -> Result<EventId> {
    store::events::newest(db)
}

/// Where listening begins: behind `after`, or at the end of the feed.
///
/// Refused as [`reach`] is, and with `Swept` where some of what lies behind `after` is no longer kept.
pub fn begin(db: &Snapshot, by: &Actor, wanted: Wanted, after: Option<EventId>) -> Result<EventId> {
    reach(by, wanted)?;
    match after {
        None => newest(db),
        Some(after) => events::require_kept(db, after).map(|()| after),
    }
}

/// What is new at the end of the feed.
#[derive(Debug)]
pub struct Fresh {
    /// The events, oldest first, each with the user whose it is.
    pub events: Vec<Owned>,
    /// Where the next look begins: also behind what nobody is told of.
    pub upto: EventId,
    /// Whether the look came to the end of the feed.
    pub is_end: bool,
}

impl Fresh {
    /// Nothing, and that is all: where listening begins.
    pub fn at_end(upto: EventId) -> Self {
        Self {
            events: Vec::new(),
            upto,
            is_end: true,
        }
    }
}

/// Everything behind `after`: for one who reads for all.
pub fn fresh(db: &Snapshot, after: EventId, most: usize) -> Result<Fresh> {
    let newest = store::events::newest(db)?;
    let (events, upto) = store::events::owned(db, after, most, most, |kind, _| kind.is_told())?;
    Ok(Fresh {
        events,
        upto,
        is_end: upto >= newest,
    })
}

/// What a listener has missed behind `after`, oldest first. One look passes over a bounded number of rows: it may be
/// empty and not at the end.
pub fn missed(db: &Snapshot, by: &Actor, wanted: Wanted, after: EventId, limit: usize) -> Result<Found> {
    let reach = reach(by, wanted)?;
    if reach == Reach::All {
        return events::list(db, by, wanted, after, limit);
    }
    events::require_kept(db, after)?;
    let newest = store::events::newest(db)?;
    let is_wanted = |kind: EventType, owner| wanted.takes(kind) && reach.covers(kind, owner);
    let (found, upto) = store::events::owned(db, after, limit, MOST_LOOKED_AT, is_wanted)?;
    Ok(Found {
        events: found.into_iter().map(|(event, _)| event).collect(),
        upto,
        is_end: upto >= newest,
    })
}
