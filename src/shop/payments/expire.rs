//! Orders that nobody pays give their goods back. Money that comes later goes back by itself.

use crate::domain::actor::Actor;
use crate::domain::id::OrderId;
use crate::domain::time;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::orders;
use crate::store;

/// How long an order may wait for a provider, in minutes, unless the shop has decided otherwise.
const UNPAID_MINUTES: i64 = 60;
/// One job cancels so many.
const MOST: i64 = 20;

/// The moments before which unpaid orders have waited too long: for a provider, and for a transfer.
struct Limits {
    provider: Timestamp,
    transfer: Option<Timestamp>,
}

fn limits(db: &Snapshot, now: Timestamp) -> Result<Limits> {
    let number = |name: &str| -> Result<Option<i64>> {
        Ok(store::settings::value(db, name)?.and_then(|text| text.parse().ok()))
    };
    let minutes = number("orders.unpaid_minutes")?.unwrap_or(UNPAID_MINUTES);
    let days = number("orders.transfer_days")?.filter(|days| *days > 0);
    Ok(Limits {
        provider: now.minus_ms(minutes.max(1) * time::MINUTE),
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
