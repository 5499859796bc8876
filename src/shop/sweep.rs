//! What is over is not kept for ever (K12): keys of requests that happen once, sessions and their refresh tokens, what
//! providers of payments have told, mails, what was sent to webhooks, the carts that guests have left, secrets that nobody
//! has taken, the audit, and the events. On nobody's behalf, and untold: nothing goes that anybody could still use. A
//! table's newest row always stays, or its ids would begin again (a secret's id says nothing once it is gone).

use crate::domain::cart::GUEST_LIFE;
use crate::domain::settings::KEEP_AUDIT;
use crate::domain::settings::KEEP_DELIVERIES;
use crate::domain::settings::KEEP_EVENTS;
use crate::domain::settings::KEEP_MAILS;
use crate::domain::settings::Setting;
use crate::domain::time;
use crate::domain::time::Timestamp;
use crate::domain::user::REFRESH_LIFE;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::events;
use crate::shop::once;
use crate::store;

/// A key is good for so long, but for an order's, which is kept for ever.
const KEY_LIFE: i64 = 72 * time::HOUR;
/// What has ended is kept for so long, so that whoever still holds its token hears that it has expired.
const AFTERLIFE: i64 = REFRESH_LIFE;
/// What a provider has told is kept for so long (PWH-04), and what the sandbox has sent.
const INBOX_LIFE: i64 = 90 * time::DAY;

/// Whether something is over at this moment, with the key of the audit's chain. A walk through all sessions: for the long
/// looks.
pub fn is_due(db: &Snapshot, key: &[u8; 32], now: Timestamp) -> Result<bool> {
    let (keys, ended) = (now.minus_ms(KEY_LIFE), now.minus_ms(AFTERLIFE));
    Ok(store::idempotency::is_sweep_due(db, keys)?
        || store::sessions::is_sweep_due(db, ended)?
        || store::sessions::is_refresh_sweep_due(db, ended)?
        || store::deliveries::is_sweep_due(db, now.minus_ms(kept(db, &KEEP_DELIVERIES)?))?
        || store::mails::is_sweep_due(db, now.minus_ms(kept(db, &KEEP_MAILS)?))?
        || store::inbox::is_sweep_due(db, now.minus_ms(INBOX_LIFE))?
        || store::sandbox::is_sweep_due(db, now.minus_ms(INBOX_LIFE))?
        || store::carts::is_sweep_due(db, now.minus_ms(GUEST_LIFE))?
        || store::one_time::is_sweep_due(db, now)?
        || audit::over(db, key, now.minus_ms(kept(db, &KEEP_AUDIT)?))?.is_some()
        || events::over(db, now.minus_ms(kept(db, &KEEP_EVENTS)?))?.is_some())
}

/// For how long something is kept, by the shop's own setting: what was sent to webhooks, or given up, with its attempts; a
/// mail, also one that could not be sent; the audit with the events that it tells of, and events themselves.
fn kept(db: &Snapshot, setting: &Setting) -> Result<i64> {
    let days = store::settings::whole(db, setting)?;
    let days = days.ok_or_else(|| Error::internal("nothing is kept for ever"))?;
    Ok(days * time::DAY)
}

/// Deletes some of it; some milliseconds, and safe to run at any time.
pub fn sweep(tx: &Tx) -> Result<()> {
    let ended = tx.now.minus_ms(AFTERLIFE);
    store::idempotency::sweep(tx, tx.now.minus_ms(KEY_LIFE), once::Made::Order as i64)?;
    store::carts::sweep(tx, tx.now.minus_ms(GUEST_LIFE))?;
    store::inbox::sweep(tx, tx.now.minus_ms(INBOX_LIFE))?;
    store::sandbox::sweep(tx, tx.now.minus_ms(INBOX_LIFE))?;
    store::one_time::sweep(tx)?;
    store::deliveries::sweep(tx, tx.now.minus_ms(kept(tx, &KEEP_DELIVERIES)?))?;
    store::mails::sweep(tx, tx.now.minus_ms(kept(tx, &KEEP_MAILS)?))?;
    store::sessions::sweep_refresh(tx, ended)?;
    store::sessions::sweep(tx, ended)?;
    audit::sweep(tx, tx.now.minus_ms(kept(tx, &KEEP_AUDIT)?))?;
    events::sweep(tx, tx.now.minus_ms(kept(tx, &KEEP_EVENTS)?))
}
