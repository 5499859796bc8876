//! A provider that does not answer is left alone for a while, and asked by one at a time whether it is well again (I9). What
//! was to be asked of it waits meanwhile, and is not lost.

use crate::domain::payment::Provider;
use crate::domain::time::Timestamp;
use crate::domain::webhook::Gate;
use crate::domain::webhook::Scale;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::store;

/// Whether each provider that was ever asked may be asked now. No secret: whoever pays sees it anyway.
pub fn gates(db: &Snapshot, now: Timestamp) -> Result<Vec<(Provider, Gate)>> {
    let all = store::payment_breakers::all(db)?;
    let gates = all
        .into_iter()
        .map(|(provider, breaker)| (provider, breaker.gate(now)));
    Ok(gates.collect())
}

/// Whether a provider may be asked now.
pub fn gate(db: &Snapshot, provider: Provider, now: Timestamp) -> Result<Gate> {
    Ok(store::payment_breakers::get(db, provider)?.gate(now))
}

/// Until when a provider is left alone; nothing if it may be asked now. Of one that may be well again it is whoever comes
/// first who asks, and the others wait for what that comes to.
pub(super) fn waits_until(tx: &Tx, provider: Provider) -> Result<Option<Timestamp>> {
    let mut breaker = store::payment_breakers::get(tx, provider)?;
    match breaker.gate(tx.now) {
        Gate::Closed => Ok(None),
        Gate::Open => Ok(breaker.open_until),
        Gate::HalfOpen => {
            breaker.let_one_through(tx.now, Scale::WHOLE);
            store::payment_breakers::set(tx, provider, &breaker)?;
            Ok(None)
        }
    }
}

/// Notes whether a provider has answered. If it answers again, all that waits for it is asked.
pub(super) fn note(tx: &Tx, provider: Provider, has_answered: bool) -> Result<()> {
    let before = store::payment_breakers::get(tx, provider)?;
    let mut after = before.clone();
    after.note(tx.now, has_answered, Scale::WHOLE);
    if after != before {
        store::payment_breakers::set(tx, provider, &after)?;
    }
    match before.open_until.is_some() && after.open_until.is_none() {
        true => store::payment_tasks::make_due_of(tx, provider),
        false => Ok(()),
    }
}
