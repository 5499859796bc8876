//! Orders: placing them and moving them through their life.

mod bulk;
mod checkout;
mod edit;
mod export;
mod history;
mod list;
mod live;
mod place;
mod private;
mod record;
mod remark;
mod reorder;
mod statistics;
mod step;
mod view;

pub use bulk::Bulk;
pub use bulk::MOST_TAGS;
pub use bulk::Outcome;
pub use bulk::bulk;
pub use checkout::CheckedOut;
pub use checkout::Checkout;
pub use checkout::checkout;
pub use edit::Edited;
pub use edit::edit;
pub use export::begin_export;
pub use export::export_page;
pub use history::Entry;
pub use history::Who;
pub use history::history;
pub use history::show_at;
pub use list::Divided;
pub use list::briefs;
pub use list::buyers;
pub use list::by_state;
pub use list::list;
pub use live::Fresh;
pub use live::fresh;
pub use live::newest;
pub(in crate::shop) use place::Good;
pub(in crate::shop) use place::Weighed;
pub use place::place;
pub(in crate::shop) use place::require_welcome;
pub(in crate::shop) use place::sell;
pub(in crate::shop) use place::weigh;
pub use private::by_token;
pub use private::private_token;
pub(in crate::shop) use record::Changing;
pub(in crate::shop) use record::StockTold;
pub(in crate::shop) use record::next_event;
pub(in crate::shop) use record::record;
pub(in crate::shop) use record::record_told;
pub use remark::NewNote;
pub use remark::note;
pub use remark::retag;
pub use remark::tag;
pub use reorder::Reorder;
pub use reorder::reorder;
pub use reorder::reorder_into_cart;
pub use statistics::statistics;
pub use step::Cancel;
pub use step::Move;
pub(in crate::shop) use step::advance;
pub use step::cancel;
pub(in crate::shop) use step::cancel_unpaid;
pub(in crate::shop) use step::count;
pub use step::step;
pub use view::OrderView;
pub(in crate::shop) use view::untold;

use std::sync::Arc;

use crate::domain::actor::Actor;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::order::Order;
use crate::domain::order::OrderHead;
use crate::domain::permission::Permission;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::store;

/// An order with the user to whom it belongs, so that a copy of it can be shown with the rights checked again.
#[derive(Debug, Clone)]
pub struct Owned {
    /// The order.
    pub order: Arc<Order>,
    /// The user behind its customer.
    pub owner: Option<UserId>,
}

/// Whether the actor may see an order of `owner`; if not, it is not there. A program without the right is forbidden all.
pub fn may_see(by: &Actor, owner: Option<UserId>) -> Result<()> {
    by.on_order(Permission::OrdersRead)?;
    match by.is_owner(owner) || by.may(Permission::OrdersRead) {
        true => Ok(()),
        false => Err(Error::NotFound("order")),
    }
}

/// Who may not do this with all must own the order, or hold its private link: foreign ones are not there, and what may
/// be read of others is forbidden.
pub(in crate::shop) fn require_own(
    db: &Snapshot,
    by: &Actor,
    order: &Order,
    right: Permission,
) -> Result<()> {
    let owner = owner(db, &order.head)?;
    let is_theirs = by.is_owner(owner) || by.holds(order.head.id);
    if !is_theirs {
        may_see(by, owner)?;
    }
    match is_theirs {
        true => Ok(()),
        false => Err(by.lacks(right).into()),
    }
}

/// One order. Foreign and missing ones are `NotFound` alike.
pub fn show(db: &Snapshot, by: &Actor, id: OrderId) -> Result<Owned> {
    by.on_own(Permission::OrdersRead)?;
    let order = store::orders::get(db, id)?;
    let owner = owner(db, &order.head)?;
    may_see(by, owner)?;
    Ok(Owned {
        order: Arc::new(order),
        owner,
    })
}

/// The user to whom an order belongs, by its id; it must exist.
pub fn owner_of(db: &Snapshot, id: OrderId) -> Result<Option<UserId>> {
    owner(db, &store::orders::head(db, id)?)
}

fn owner(db: &Snapshot, head: &OrderHead) -> Result<Option<UserId>> {
    match head.customer {
        Some(customer) => store::orders::owner(db, customer),
        None => Ok(None),
    }
}
