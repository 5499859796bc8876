//! Orders that nobody pays give their goods back. Money that comes later goes back by itself.

use crate::domain::actor::Actor;
use crate::domain::id::OrderId;
use crate::domain::settings;
use crate::domain::time;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::orders;
use crate::store;

/// One job cancels so many.
const MOST: i64 = 20;

/// The moments before which unpaid orders have waited too long: for a provider, and for a transfer.
struct Limits {
    provider: Timestamp,
    transfer: Option<Timestamp>,
}

fn limits(db: &Snapshot, now: Timestamp) -> Result<Limits> {
    let minutes = store::settings::whole(db, &settings::UNPAID_MINUTES)?;
    let days = store::settings::whole(db, &settings::TRANSFER_DAYS)?.filter(|days| *days > 0);
    Ok(Limits {
        provider: now.minus_ms(minutes.unwrap_or(1).max(1) * time::MINUTE),
        transfer: days.map(|days| now.minus_ms(days * time::DAY)),
    })
}

fn late(db: &Snapshot, now: Timestamp) -> Result<Vec<OrderId>> {
    let limits = limits(db, now)?;
    let mut late = store::orders::waiting(db, limits.provider, MOST)?;
    if let Some(before) = limits.transfer {
        late.extend(store::orders::awaiting_transfer(db, before, MOST)?);
    }
    Ok(late)
}

/// Whether an order has waited too long.
pub fn is_expiry_due(db: &Snapshot, now: Timestamp) -> Result<bool> {
    Ok(!late(db, now)?.is_empty())
}

/// Cancels some orders that have waited too long, and puts their goods back.
pub fn expire(tx: &Tx, by: &Actor) -> Result<()> {
    for id in late(tx, tx.now)? {
        orders::cancel_unpaid(tx, by, id, "It was not paid in time.")?;
    }
    Ok(())
}
