//! Notes and tags: words that staff put beside an order. Both raise its version, and leave room below the last one.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::event::EventType;
use crate::domain::fault::Bad;
use crate::domain::history::Former;
use crate::domain::id::OrderId;
use crate::domain::order::Change;
use crate::domain::order::LAST_FREE_VERSION;
use crate::domain::order::Order;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::tag;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::orders::MOST_TAGS;
use crate::shop::orders::history::Entry;
use crate::shop::orders::record::Changing;
use crate::shop::orders::record::record;
use crate::shop::orders::view::OrderView;
use crate::shop::version;
use crate::store;

/// A note that is to be added.
#[derive(Debug, Clone)]
pub struct NewNote {
    /// The words.
    pub text: String,
    /// Whether the owner sees them.
    pub is_public: bool,
    /// The version that the caller has seen, if it says so.
    pub version: Option<i64>,
}

/// Adds a note to an order's history; the entry. Refused with `Stale` if a version was said and it is another.
pub fn note(tx: &Tx, by: &Actor, key: Option<&Key>, id: OrderId, new: &NewNote) -> Result<Once<Entry>> {
    by.require(Permission::OrdersNote)?;
    let order = store::orders::get(tx, id)?;
    let act = || {
        version::allow(new.version, order.head.version, || OrderView::whole(&order))?;
        require_room(&order)?;
        let changing = Changing {
            change: Change::Noted,
            action: Action::OrderNoted,
            event: None,
            is_public: new.is_public,
            note: Some(&new.text),
            stock: None,
        };
        let head = order.head.clone();
        let order = record(tx, by, order.clone(), head, &Former::default(), changing)?;
        let version = order.head.version;
        Ok(((id.0 << 12) + version, entry(tx, &order, version)?))
    };
    once(
        tx,
        key,
        Made::Note,
        |entry_id| entry(tx, &order, entry_id & 4095),
        act,
    )
}

fn entry(db: &Snapshot, order: &Order, version: i64) -> Result<Entry> {
    let recorded = store::orders::change(db, order.head.id, version)?.ok_or(Error::NotFound("note"))?;
    Ok(Entry::of(recorded, &mut order.head.state.clone(), true))
}

/// Sets the tags of an order; the same ones again change nothing. Refused with `Stale` if a version was said and it is
/// another.
pub fn tag(tx: &Tx, by: &Actor, id: OrderId, seen: Option<i64>, tags: &[String]) -> Result<Order> {
    by.require(Permission::OrdersNote)?;
    let order = store::orders::get(tx, id)?;
    version::allow(seen, order.head.version, || OrderView::whole(&order))?;
    let is_same = order.tags.len() == tags.len()
        && tags
            .iter()
            .all(|tag| order.tags.iter().any(|held| held.eq_ignore_ascii_case(tag)));
    if is_same {
        return Ok(order);
    }
    require_room(&order)?;
    store::orders::set_tags(tx, id, tags)?;
    let former = Former::of_tags(&order.tags);
    let changing = Changing {
        change: Change::Tagged,
        action: Action::OrderTagged,
        event: Some(EventType::OrderEdited),
        is_public: false,
        note: None,
        stock: None,
    };
    let head = order.head.clone();
    let tagged = Order {
        tags: store::orders::tags(tx, id)?,
        ..order
    };
    record(tx, by, tagged, head, &former, changing)
}

/// Sets the tags of an order as somebody wants them who saw `was`; what others have changed since stays.
pub fn retag(tx: &Tx, by: &Actor, id: OrderId, was: &[String], wanted: &[String]) -> Result<Order> {
    by.require(Permission::OrdersNote)?;
    let merged = tag::merged(&store::orders::get(tx, id)?.tags, was, wanted);
    match merged.len() <= MOST_TAGS {
        true => tag(tx, by, id, None, &merged),
        false => Err(Bad::invalid("has more than 50 tags by now").at("tags").into()),
    }
}

/// The last versions are kept for money.
pub(super) fn require_room(order: &Order) -> std::result::Result<(), Refusal> {
    match order.head.version < LAST_FREE_VERSION {
        true => Ok(()),
        false => Err(Refusal::NotAllowed(
            "This order has changed too often to be changed by hand.".into(),
        )),
    }
}
