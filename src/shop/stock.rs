//! Stock moved without an order, its ledger, and what runs low. What an order takes and gives back is told by the order.

use std::collections::HashMap;

use serde::Serialize;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::event::EventType;
use crate::domain::id::MovementId;
use crate::domain::id::OrderId;
use crate::domain::id::ProductId;
use crate::domain::id::UserId;
use crate::domain::id::VariantId;
use crate::domain::page::MOST_COUNTED;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::page::Total;
use crate::domain::permission::Permission;
use crate::domain::product::Adjustment;
use crate::domain::product::Level;
use crate::domain::product::Movement;
use crate::domain::product::MovementFilter;
use crate::domain::product::MovementReason;
use crate::domain::search::Find;
use crate::domain::text::Sku;
use crate::domain::time::Moment;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::events;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::store;
use crate::store::search::Side;
use crate::store::stock::Cause;

/// Moves the stock of one variant by hand: a delivery, a count, something that came back.
///
/// Refused with `NotAllowed` if nothing would move, with `InsufficientStock` if it would fall below zero.
pub fn adjust(tx: &Tx, by: &Actor, key: Option<&Key>, new: &Adjustment) -> Result<Once<Movement>> {
    by.require(Permission::StockUpdate)?;
    once(
        tx,
        key,
        Made::Movement,
        |id| store::stock::movement(tx, MovementId(id)),
        || {
            let movement = adjust_now(tx, by, new)?;
            Ok((movement.id.0, movement))
        },
    )
}

fn adjust_now(tx: &Tx, by: &Actor, new: &Adjustment) -> Result<Movement> {
    let offer = store::products::offer_by_sku(tx, new.sku.as_str())?.ok_or(Error::NotFound("SKU"))?;
    let delta = new.change.delta(&offer.sku, offer.available)?;
    let cause = Cause {
        reason: new.reason,
        order: None,
        actor: by.user,
        note: new.note.as_deref(),
    };
    store::stock::shift(tx, offer.variant, delta, cause)?;
    let movement = store::stock::movement(tx, store::stock::last_movement(tx)?)?;
    tell(tx, by, offer.product, &movement)?;
    let before = Shelf {
        variant: offer.variant,
        product: offer.product,
        sku: &offer.sku,
        available: offer.available,
        low_at: offer.low_at.unwrap_or(store::settings::terms(tx)?.low_at),
    };
    tell_if_low(tx, before, delta)?;
    Ok(movement)
}

#[derive(Serialize)]
struct ChangedEvent<'a> {
    movement_id: MovementId,
    variant_id: VariantId,
    product_id: ProductId,
    sku: &'a str,
    delta: i64,
    available: i64,
    reason: MovementReason,
    seq: i64,
}

fn tell(tx: &Tx, by: &Actor, product: ProductId, movement: &Movement) -> Result<()> {
    let seq = store::products::next_seq(tx, product)?;
    let data = ChangedEvent {
        movement_id: movement.id,
        variant_id: movement.variant,
        product_id: product,
        sku: &movement.sku,
        delta: movement.delta,
        available: movement.available,
        reason: movement.reason,
        seq,
    };
    let told = events::emit(tx, EventType::InventoryChanged, product.0, seq, &data)?;
    let target = (Target::Variant, Some(movement.variant.0));
    audit::note(tx, by, Action::StockAdjusted, target, told.for_audit(), None)
}

#[derive(Serialize)]
struct LowEvent<'a> {
    variant_id: VariantId,
    product_id: ProductId,
    sku: &'a str,
    available: i64,
    low_at: i64,
    seq: i64,
}

/// A variant's stock as it was before a change.
#[derive(Debug, Clone, Copy)]
pub struct Shelf<'a> {
    /// Of which variant.
    pub variant: VariantId,
    /// Of which product.
    pub product: ProductId,
    /// By which SKU.
    pub sku: &'a str,
    /// How many there were.
    pub available: i64,
    /// At or below this it is low.
    pub low_at: i64,
}

/// Tells that a change has taken stock down to its mark: once at each crossing.
pub fn tell_if_low(tx: &Tx, before: Shelf<'_>, delta: i64) -> Result<()> {
    let available = before.available + delta;
    if before.available <= before.low_at || available > before.low_at {
        return Ok(());
    }
    let seq = store::products::next_seq(tx, before.product)?;
    let data = LowEvent {
        variant_id: before.variant,
        product_id: before.product,
        sku: before.sku,
        available,
        low_at: before.low_at,
        seq,
    };
    events::emit(tx, EventType::InventoryLow, before.product.0, seq, &data)?;
    Ok(())
}

/// Which movements a client asks for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of one variant, by its SKU.
    pub sku: Option<Sku>,
    /// For one reason.
    pub reason: Option<MovementReason>,
    /// Of one order.
    pub order: Option<OrderId>,
    /// From a moment or a day of the shop on.
    pub from: Option<Moment>,
    /// Up to and with a moment or a day of the shop.
    pub to: Option<Moment>,
}

/// The ledger, newest first. Nothing has moved of a SKU that there is not.
pub fn movements(db: &Snapshot, by: &Actor, wanted: &Wanted, paging: &Paging) -> Result<Page<Movement>> {
    by.require(Permission::StockRead)?;
    let zone = store::settings::get(db)?.zone;
    let mut filter = MovementFilter {
        variant: None,
        reason: wanted.reason,
        order: wanted.order,
        from: wanted.from.map(|from| from.start(&zone)),
        to: wanted.to.map(|to| to.end(&zone)),
    };
    if let Some(sku) = &wanted.sku {
        match store::products::offer_by_sku(db, sku.as_str())? {
            Some(offer) => filter.variant = Some(offer.variant),
            None => return Ok(paging.cut(Vec::new(), |_| (0, 0)).counted(Total::Exactly(0))),
        }
    }
    store::stock::movements(db, &filter, paging)
}

/// What has moved of one variant, with what to call whoever moved it, and for which order.
#[derive(Debug)]
pub struct Ledger {
    /// The variant.
    pub level: Level,
    /// Its movements, newest first.
    pub page: Page<Movement>,
    /// The names of those who moved it.
    pub names: HashMap<UserId, String>,
    /// The numbers of the orders, for those who may see them.
    pub numbers: HashMap<OrderId, String>,
}

/// The ledger of one variant.
pub fn ledger(db: &Snapshot, by: &Actor, variant: VariantId, paging: &Paging) -> Result<Ledger> {
    let level = level(db, by, variant)?;
    let filter = MovementFilter {
        variant: Some(variant),
        ..MovementFilter::default()
    };
    let page = store::stock::movements(db, &filter, paging)?;
    let orders = page.rows.iter().filter_map(|movement| movement.order);
    let orders = orders.filter(|_| by.may(Permission::OrdersRead));
    let numbers = store::orders::numbers(db, orders)?;
    // Who has ordered is told to those alone who may see orders.
    let told = |movement: &&Movement| movement.order.is_none() || by.may(Permission::OrdersRead);
    let actors = page
        .rows
        .iter()
        .filter(told)
        .filter_map(|movement| movement.actor);
    Ok(Ledger {
        level,
        names: store::users::names(db, actors)?,
        numbers,
        page,
    })
}

/// How much there is of one variant.
pub fn level(db: &Snapshot, by: &Actor, variant: VariantId) -> Result<Level> {
    by.require(Permission::StockRead)?;
    store::stock::of(db, variant, store::settings::terms(db)?.low_at)
}

/// So many products that words find are looked through for how many variants they have.
const MOST_FOUND: usize = 1_000;

/// How much there is of each variant, or of those of the products that fit words.
pub fn levels(db: &Snapshot, by: &Actor, typed: Option<&str>, paging: &Paging) -> Result<Page<Level>> {
    by.require(Permission::StockRead)?;
    let low_at = store::settings::terms(db)?.low_at;
    match typed {
        None => store::stock::all(db, low_at, paging),
        Some(typed) => levels_found(db, &Find::new(Some(typed), None), low_at, paging),
    }
}

/// The search begins at the product where the page does.
fn levels_found(db: &Snapshot, find: &Find, low_at: i64, paging: &Paging) -> Result<Page<Level>> {
    let side = match (paging.keys(), paging.is_backwards()) {
        (None, _) => Side::Above(0),
        (Some((product, _)), false) => Side::Above(product - 1),
        (Some((product, _)), true) => Side::Below(product.saturating_add(1)),
    };
    let most = (paging.skipped() as usize + paging.wanted()).max(MOST_FOUND + 1);
    let found = store::search::product_ids(db, find, side, most)?;
    let page = store::stock::of_products(db, &found.ids, low_at, paging)?;
    let total = match paging.keys() {
        None => total_of(db, &found.ids)?,
        Some(_) => {
            let first = store::search::product_ids(db, find, Side::Above(0), MOST_FOUND + 1)?;
            total_of(db, &first.ids)?
        }
    };
    // Whatever products without a variant have filled the look, it goes on behind the last of them.
    let last = found
        .ids
        .last()
        .filter(|_| found.ids.len() == most && !paging.is_backwards());
    Ok(Page {
        next: page.next.or(last.map(|last| paging.cursor((last.0, i64::MAX)))),
        total: Some(total),
        index_behind: found.behind,
        ..page
    })
}

/// How many variants they have, as far as that is looked for.
fn total_of(db: &Snapshot, products: &[ProductId]) -> Result<Total> {
    let looked_at = &products[..products.len().min(MOST_FOUND)];
    let counted = store::stock::count_of_products(db, looked_at)?;
    Ok(match products.len() > MOST_FOUND {
        true => Total::AtLeast(counted.min(MOST_COUNTED)),
        false => Total::of(counted),
    })
}

/// The variants whose stock is at or below their mark.
pub fn low(db: &Snapshot, by: &Actor, paging: &Paging) -> Result<Page<Level>> {
    by.require(Permission::StockRead)?;
    let low_at = store::settings::terms(db)?.low_at;
    store::stock::low(db, low_at, paging)
}

/// How many they are, counted up to `most`.
pub fn count_low(db: &Snapshot, by: &Actor, most: i64) -> Result<i64> {
    by.require(Permission::StockRead)?;
    store::stock::count_low(db, store::settings::terms(db)?.low_at, most)
}
