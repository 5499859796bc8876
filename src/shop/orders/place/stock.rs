//! What an order takes of the stock: looked at before anything is written, taken by guarded updates.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::actor::Actor;
use crate::domain::event::EventType;
use crate::domain::id::OrderId;
use crate::domain::id::ProductId;
use crate::domain::id::UserId;
use crate::domain::id::VariantId;
use crate::domain::order::Order;
use crate::domain::product::MovementReason;
use crate::domain::refusal::Refusal;
use crate::domain::refusal::ShortItem;
use crate::domain::settings::Terms;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::events;
use crate::shop::orders::place::Good;
use crate::shop::orders::record::StockTold;
use crate::shop::stock;
use crate::shop::stock::Shelf;
use crate::store;
use crate::store::stock::Cause;

/// What is taken of one variant; below zero: given back.
pub(in crate::shop::orders) struct Taken {
    variant: VariantId,
    product: ProductId,
    sku: String,
    quantity: i64,
    available: i64,
    low_at: Option<i64>,
}

/// What the order takes of each variant, by variant id; refused with every short item.
pub(super) fn reserve(tx: &Tx, by: &Actor, goods: &[Good]) -> Result<Vec<Taken>> {
    let taken = gather(goods);
    let short = short(&taken);
    match short.is_empty() {
        true => Ok(taken),
        false => Err(refuse_short(tx, by, short)),
    }
}

/// What goods are of each variant, by variant id.
pub(super) fn gather(goods: &[Good]) -> Vec<Taken> {
    let mut taken: Vec<Taken> = goods
        .iter()
        .map(|good| Taken {
            variant: good.offer.variant,
            product: good.offer.product,
            sku: good.offer.sku.clone(),
            quantity: good.piece.quantity,
            available: good.offer.available,
            low_at: good.offer.low_at,
        })
        .collect();
    taken.sort_by_key(|taken| taken.variant);
    taken.dedup_by(|later, kept| {
        let is_same = later.variant == kept.variant;
        if is_same {
            kept.quantity += later.quantity;
        }
        is_same
    });
    taken
}

/// What an order takes more of each variant than before, by variant id; what it takes less is below zero.
pub(in crate::shop::orders) fn difference(
    db: &Snapshot,
    before: &Order,
    after: &Order,
) -> Result<Vec<Taken>> {
    let mut changes: BTreeMap<VariantId, i64> = BTreeMap::new();
    for (variant, _, quantity) in after.goods() {
        *changes.entry(variant).or_default() += quantity;
    }
    for (variant, _, quantity) in before.goods() {
        *changes.entry(variant).or_default() -= quantity;
    }
    let changes = changes.into_iter().filter(|(_, quantity)| *quantity != 0);
    changes
        .map(|(variant, quantity)| {
            let offer = store::products::offer_as_sold(db, variant)?;
            Ok(Taken {
                variant,
                product: offer.product,
                sku: offer.sku,
                quantity,
                available: offer.available,
                low_at: offer.low_at,
            })
        })
        .collect()
}

/// What there is not enough of.
pub(in crate::shop::orders) fn short(taken: &[Taken]) -> Vec<ShortItem> {
    taken
        .iter()
        .filter(|taken| taken.quantity > taken.available)
        .map(|taken| ShortItem {
            sku: taken.sku.clone(),
            requested: taken.quantity,
            available: taken.available,
        })
        .collect()
}

#[derive(Serialize)]
struct RefusedEvent<'a> {
    reason: &'static str,
    items: &'a [ShortItem],
    user_id: Option<UserId>,
}

/// The refusal, and the event that outlives it: an order that could not be is worth knowing.
fn refuse_short(tx: &Tx, by: &Actor, short: Vec<ShortItem>) -> Error {
    let user_id = by.user;
    let items = short.clone();
    tx.when_refused(move |tx| {
        let told = RefusedEvent {
            reason: "insufficient_stock",
            items: &items,
            user_id,
        };
        events::emit(tx, EventType::OrderRefused, 0, 0, &told).map(drop)
    });
    Refusal::Shortage(short).into()
}

/// Takes the stock, variant by variant in the order of their ids.
pub(in crate::shop::orders) fn take(
    tx: &Tx,
    by: &Actor,
    order: OrderId,
    taken: &[Taken],
) -> Result<Vec<StockTold>> {
    let cause = Cause {
        reason: MovementReason::Sale,
        order: Some(order),
        actor: by.user,
        note: None,
    };
    let mut told = Vec::with_capacity(taken.len());
    for taken in taken {
        let available = store::stock::shift(tx, taken.variant, -taken.quantity, cause)?;
        told.push(StockTold {
            sku: taken.sku.clone(),
            delta: -taken.quantity,
            available,
        });
    }
    Ok(told)
}

/// Tells of what has run low by it.
pub(in crate::shop::orders) fn tell_what_is_low(tx: &Tx, terms: &Terms, taken: &[Taken]) -> Result<()> {
    for taken in taken {
        let before = Shelf {
            variant: taken.variant,
            product: taken.product,
            sku: &taken.sku,
            available: taken.available,
            low_at: taken.low_at.unwrap_or(terms.low_at),
        };
        stock::tell_if_low(tx, before, -taken.quantity)?;
    }
    Ok(())
}
