//! Drafts: orders that staff prepare, weigh and place. Only placing takes stock, a number and a use of the coupon.

mod place;
mod view;

pub use place::Placing;
pub use place::method;
pub use place::place;
pub use view::DraftView;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::draft::Draft;
use crate::domain::draft::DraftChannel;
use crate::domain::draft::DraftFields;
use crate::domain::draft::DraftState;
use crate::domain::id::CustomerId;
use crate::domain::id::DraftId;
use crate::domain::money::Money;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::version;
use crate::store;

/// Drafts, newest first, without what they would come to: open ones, placed ones, or all.
pub fn list(
    db: &Snapshot,
    by: &Actor,
    state: Option<DraftState>,
    paging: &Paging,
) -> Result<Page<DraftView>> {
    by.require(Permission::OrdersCreate)?;
    let currency = store::settings::terms(db)?.currency;
    let page = store::drafts::page(db, state, paging)?;
    let rows = page.rows.into_iter();
    Ok(Page {
        rows: rows.map(|draft| DraftView::plain(draft, currency)).collect(),
        next: page.next,
        total: page.total,
        index_behind: page.index_behind,
    })
}

/// A draft, with what it would come to at this moment, or why it cannot be placed.
pub fn show(db: &Snapshot, by: &Actor, id: DraftId, now: Timestamp) -> Result<DraftView> {
    by.require(Permission::OrdersCreate)?;
    DraftView::weighed(db, by, store::drafts::get(db, id)?, now)
}

/// Makes a draft.
///
/// Refused with `Fields` where it is not well formed, with `NotFound` if there is no such customer.
pub fn create(
    tx: &Tx,
    by: &Actor,
    key: Option<&Key>,
    channel: DraftChannel,
    asked: &DraftFields,
) -> Result<Once<DraftView>> {
    by.require(Permission::OrdersCreate)?;
    once(
        tx,
        key,
        Made::Draft,
        |id| show(tx, by, DraftId(id), tx.now),
        || {
            let blank = Draft {
                created_by: by.user,
                ..Draft::blank(channel, tx.now)
            };
            let draft = with(tx, blank, asked)?;
            let id = store::drafts::insert(tx, &draft)?;
            let target = (Target::Draft, Some(id.0));
            audit::note(tx, by, Action::DraftCreated, target, None, None)?;
            Ok((id.0, show(tx, by, id, tx.now)?))
        },
    )
}

/// A draft with what is asked for, for a customer who is there, at prices that can be read.
fn with(tx: &Tx, draft: Draft, asked: &DraftFields) -> Result<Draft> {
    let draft = asked.clone().onto(draft)?;
    let currency = store::settings::terms(tx)?.currency;
    for (at, item) in asked.items.iter().flatten().enumerate() {
        if let Some(price) = &item.price {
            let read = price.to_money(currency).and_then(Money::non_negative);
            read.map_err(|bad| bad.at(format!("items[{at}].price")))?;
        }
    }
    if let Some(Some(customer)) = asked.customer {
        store::customers::get(tx, CustomerId(customer))?;
    }
    Ok(draft)
}

/// The draft, if it has not been placed.
fn open(db: &Snapshot, id: DraftId) -> Result<Draft> {
    let draft = store::drafts::get(db, id)?;
    match draft.order {
        None => Ok(draft),
        Some(order) => Err(placed_before(&store::orders::head(db, order)?.number).into()),
    }
}

fn placed_before(number: &str) -> Refusal {
    Refusal::NotAllowed(format!("This draft was placed as order {number}.").into())
}

/// Changes a draft; what is not said stays.
///
/// Refused with `VersionMissing` or `Stale`, with `NotAllowed` once it was placed, and as its making.
pub fn update(tx: &Tx, by: &Actor, id: DraftId, seen: Option<i64>, asked: &DraftFields) -> Result<DraftView> {
    by.require(Permission::OrdersCreate)?;
    let before = store::drafts::get(tx, id)?;
    let currency = store::settings::terms(tx)?.currency;
    version::require(seen, before.version, || {
        DraftView::plain(before.clone(), currency)
    })?;
    let before = open(tx, id)?;
    let former = former(&before);
    let draft = with(tx, before, asked)?;
    store::drafts::update(tx, &draft)?;
    audit::note_former(tx, by, Action::DraftChanged, (Target::Draft, id.0), &former)?;
    show(tx, by, id, tx.now)
}

/// What the audit keeps of a draft: nothing that anonymising would have to find.
fn former(draft: &Draft) -> serde_json::Value {
    serde_json::json!({
        "channel": draft.channel, "items": draft.asked.items, "customer_id": draft.asked.customer_id,
        "shipping_method": draft.asked.shipping_method, "coupon": draft.asked.coupon,
        "payment_method": draft.method, "version": draft.version,
    })
}

/// Deletes a draft that was not placed.
///
/// Refused with `Stale` if a version was said and it is another, with `NotAllowed` once it was placed.
pub fn delete(tx: &Tx, by: &Actor, id: DraftId, seen: Option<i64>) -> Result<()> {
    by.require(Permission::OrdersCreate)?;
    let before = store::drafts::get(tx, id)?;
    let currency = store::settings::terms(tx)?.currency;
    version::allow(seen, before.version, || {
        DraftView::plain(before.clone(), currency)
    })?;
    let before = open(tx, id)?;
    store::drafts::delete(tx, id)?;
    audit::note_former(
        tx,
        by,
        Action::DraftDeleted,
        (Target::Draft, id.0),
        &former(&before),
    )
}
