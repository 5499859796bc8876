//! The books of payments held beside the orders and the providers' own lists, once a day (MON-09). What differs is told;
//! nothing is moved.

use std::collections::HashSet;

use crate::domain::actor::Actor;
use crate::domain::id::PaymentId;
use crate::domain::money::Money;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::payment::Payment;
use crate::domain::payment::Provider;
use crate::domain::permission::Permission;
use crate::domain::reconciliation::Difference;
use crate::domain::reconciliation::DifferenceKind;
use crate::domain::reconciliation::DifferenceState;
use crate::domain::reconciliation::Held;
use crate::domain::reconciliation::Run;
use crate::domain::reconciliation::Seen;
use crate::domain::reconciliation::compare;
use crate::domain::time;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::store;

/// How often.
const EVERY: i64 = time::DAY;
/// How soon again where a provider did not answer.
const AGAIN: i64 = time::HOUR;
/// How far back: long enough for what was reserved, and for what comes back late.
const WINDOW: i64 = 35 * time::DAY;
/// Provider and shop hear of each other a little later: what is younger is left for the next day.
const REST: i64 = 15 * time::MINUTE;
/// The list is read from a little earlier, as its clock is another.
const SLACK: i64 = time::DAY;

/// When the books are to be compared next: a day after the last time, an hour where that came to no end.
pub fn next_reconciliation(db: &Snapshot) -> Result<Option<Timestamp>> {
    let last = store::differences::last_run(db)?;
    Ok(last.map(|(at, is_whole)| at.plus_ms(if is_whole { EVERY } else { AGAIN })))
}

/// From where on a comparison at this moment looks at our payments, and at the providers' lists.
pub fn reconciliation_since(now: Timestamp) -> (Timestamp, Timestamp) {
    let since = now.minus_ms(WINDOW);
    (since, since.minus_ms(SLACK))
}

/// Holds a part of a provider's list beside our payments: which of them it names, and where they differ.
pub fn hold_beside(
    db: &Snapshot,
    provider: Provider,
    part: &[Held],
    now: Timestamp,
) -> Result<(Vec<PaymentId>, Vec<Difference>)> {
    let (mut named, mut found) = (Vec::new(), Vec::new());
    for held in part {
        let ours = known(db, provider, held)?;
        named.extend(ours.as_ref().map(|payment| payment.id));
        let rests = |at: Timestamp| at < now.minus_ms(REST);
        let is_at_rest = held.at.is_none_or(rests) && ours.as_ref().is_none_or(|ours| rests(ours.updated_at));
        if is_at_rest {
            found.extend(differs(db, provider, held, ours.as_ref(), now)?);
        }
    }
    Ok((named, found))
}

/// The payment that this money is of. What was taken beside the money of a payment, of the same order there, is of none.
fn known(db: &Snapshot, provider: Provider, held: &Held) -> Result<Option<Payment>> {
    for name in &held.refs {
        if let Some(payment) = store::payments::by_ref(db, provider, name)? {
            let is_its_own = |charge: &String| held.refs.contains(charge);
            return Ok(payment
                .charge_ref
                .as_ref()
                .is_none_or(is_its_own)
                .then_some(payment));
        }
    }
    Ok(None)
}

fn differs(
    db: &Snapshot,
    provider: Provider,
    held: &Held,
    ours: Option<&Payment>,
    now: Timestamp,
) -> Result<Option<Difference>> {
    let kind = match ours {
        None if held.kept == Money::ZERO => None,
        None => Some(DifferenceKind::Unknown),
        Some(ours) => compare(ours, held, store::differences::on_its_way(db, ours.id)?),
    };
    let shop = store::settings::terms(db)?.currency;
    Ok(kind.map(|kind| Difference {
        kind,
        provider,
        name: held.name.clone(),
        payment: ours.map(|ours| ours.id),
        order: ours.map(|ours| ours.order),
        currency: held
            .currency
            .unwrap_or_else(|| ours.map_or(shop, |ours| ours.currency)),
        ours: ours.map_or(Money::ZERO, Payment::left),
        theirs: held.kept,
        at: held.at.or(ours.map(|ours| ours.created_at)).unwrap_or(now),
    }))
}

/// Payments here that a provider's whole list does not name.
pub fn not_listed(
    db: &Snapshot,
    provider: Provider,
    listed: &HashSet<PaymentId>,
    now: Timestamp,
) -> Result<(i64, Vec<Difference>)> {
    let (since, _) = reconciliation_since(now);
    let taken = store::differences::taken(db, provider, since, now.minus_ms(REST))?;
    let missing = taken.iter().filter(|id| !listed.contains(id));
    let missing = missing.map(|id| {
        let ours = store::payments::get(db, *id)?;
        Ok(Difference {
            kind: DifferenceKind::Missing,
            provider,
            name: ours
                .provider_ref
                .clone()
                .unwrap_or_else(|| format!("payment {id}")),
            payment: Some(ours.id),
            order: Some(ours.order),
            currency: ours.currency,
            ours: ours.left(),
            theirs: Money::ZERO,
            at: ours.created_at,
        })
    });
    Ok((taken.len() as i64, missing.collect::<Result<_>>()?))
}

/// Orders whose sums are not those of their payments.
pub fn orders_that_differ(db: &Snapshot) -> Result<Vec<Difference>> {
    store::differences::of_orders(db)
}

/// Keeps how a comparison went.
pub fn keep_reconciliation(tx: &Tx, by: &Actor, run: &Run) -> Result<()> {
    by.require(Permission::PaymentsUpdate)?;
    store::differences::keep(tx, run)
}

/// Differences, newest first: those that are still there, those that are gone, or all.
pub fn differences(
    db: &Snapshot,
    by: &Actor,
    state: Option<DifferenceState>,
    paging: &Paging,
) -> Result<Page<Seen>> {
    by.require(Permission::PaymentsRead)?;
    store::differences::page(db, state, paging)
}

/// When the books were last compared, and whether every provider answered.
pub fn last_reconciliation(db: &Snapshot, by: &Actor) -> Result<Option<(Timestamp, bool)>> {
    by.require(Permission::PaymentsRead)?;
    store::differences::last_run(db)
}
