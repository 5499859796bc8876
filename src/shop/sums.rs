//! What the days have sold. The worker keeps sums of the days that are over; whoever asks for a time gets its whole days
//! from them and its edges from the rows, and so is every day from its rows in which something has changed since. Sums that
//! cannot be trusted (another time zone, events that were swept unseen) are passed over, and made anew.

use std::collections::BTreeMap;

use crate::domain::statistics::DaySums;
use crate::domain::statistics::Tally;
use crate::domain::time::Timestamp;
use crate::domain::time::Zone;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::store;
use crate::store::sums::Day;
use crate::store::sums::Seen;
use crate::store::sums::Upto;

/// So many things may have changed since the sums were made; beyond that all is added up from rows.
const MOST_CHANGED: usize = 5_000;
/// One look sums up at most so many days that are over.
const MOST_DAYS: usize = 32;
/// The marks are moved on though no day has changed once so many orders or events are above them.
const FAR: i64 = 1_000;

/// Days that have changed since their sums were made: each with the beginning of the next.
type Changed = BTreeMap<Timestamp, Timestamp>;

/// Adds up what was sold from `from` to before `until`.
pub(in crate::shop) fn tally(db: &Snapshot, zone: &Zone, from: Timestamp, until: Timestamp) -> Result<Tally> {
    let mut tally = Tally::default();
    let Some((upto, changed)) = trusted(db, zone)? else {
        rows(db, from, until, &mut tally)?;
        return Ok(tally);
    };
    let first = next_midnight(zone, from);
    let last = last_midnight(zone, until).min(upto.until);
    if first >= last {
        rows(db, from, until, &mut tally)?;
        return Ok(tally);
    }
    rows(db, from, first, &mut tally)?;
    rows(db, last, until, &mut tally)?;
    for day in store::sums::days(db, first, last)? {
        if !changed.contains_key(&day.from) {
            tally.add_day(day.from, &day.sums);
        }
    }
    for (begins, ends) in changed.range(first..last) {
        rows(db, *begins, *ends, &mut tally)?;
    }
    Ok(tally)
}

/// Adds up a time from the rows themselves.
fn rows(db: &Snapshot, from: Timestamp, until: Timestamp, tally: &mut Tally) -> Result<()> {
    if from >= until {
        return Ok(());
    }
    store::orders::tally(db, from, until, tally)?;
    for (at, amount) in store::credit_notes::between(db, from, until)? {
        tally.add_refund(at, amount);
    }
    Ok(())
}

/// The first beginning of a day that is not before a moment. (The beginning of time is one.)
fn next_midnight(zone: &Zone, at: Timestamp) -> Timestamp {
    if at <= Timestamp::MIN {
        return at;
    }
    match zone.day_bounds(zone.day_of(at)) {
        (begins, _) if begins == at => begins,
        (_, next) => next,
    }
}

/// The last beginning of a day that is not after a moment. (The end of time is one.)
fn last_midnight(zone: &Zone, at: Timestamp) -> Timestamp {
    match at >= Timestamp::MAX {
        true => at,
        false => zone.day_bounds(zone.day_of(at)).0,
    }
}

/// Up to where the sums are known, and the days among them that have changed since; nothing if they cannot be trusted.
fn trusted(db: &Snapshot, zone: &Zone) -> Result<Option<(Upto, Changed)>> {
    let Some(upto) = store::sums::upto(db)? else {
        return Ok(None);
    };
    if upto.zone != zone.name() || store::sums::has_missed(db, upto.seen)? {
        return Ok(None);
    }
    let touched = store::sums::touched(db, &upto, MOST_CHANGED)?;
    let days = |moments: Vec<Timestamp>| {
        let days = moments.into_iter().map(|at| zone.day_bounds(zone.day_of(at)));
        days.collect()
    };
    Ok(touched.map(|moments| (upto, days(moments))))
}

/// What the worker has summed up and is to keep.
#[derive(Debug)]
pub struct Due {
    /// What stood when it began: if that has moved on, this is not kept.
    found: Option<Upto>,
    /// Whether all that stands is dropped.
    is_anew: bool,
    days: Vec<Day>,
    then: Upto,
}

/// Sums up some of the days that are over or have changed; nothing if all are known.
pub fn due(db: &Snapshot, now: Timestamp) -> Result<Option<Due>> {
    let zone = store::settings::get(db)?.zone;
    let newest = store::sums::newest(db)?;
    let known = trusted(db, &zone)?;
    let is_anew = known.is_none();
    let (mut then, changed) = match known {
        Some(known) => known,
        None => match store::sums::earliest(db)? {
            None => return Ok(None),
            Some(first) => (beginning(&zone, first, newest), Changed::new()),
        },
    };
    let is_far = newest.orders - then.seen.orders > FAR || newest.events - then.seen.events > FAR;
    let today = zone.day_bounds(zone.day_of(now)).0;
    let mut wanted: Vec<(Timestamp, Timestamp)> = changed.into_iter().collect();
    for _ in 0..MOST_DAYS {
        if then.until >= today {
            break;
        }
        let (_, next) = zone.day_bounds(zone.day_of(then.until));
        wanted.push((then.until, next));
        then.until = next;
    }
    if wanted.is_empty() && !is_far {
        return Ok(None);
    }
    then.seen = newest;
    let days = wanted.into_iter().map(|(from, until)| day(db, from, until));
    Ok(Some(Due {
        found: store::sums::upto(db)?,
        is_anew,
        days: days.collect::<Result<_>>()?,
        then,
    }))
}

/// No day is known yet, before the first on which something was sold.
fn beginning(zone: &Zone, first: Timestamp, seen: Seen) -> Upto {
    Upto {
        zone: zone.name().to_owned(),
        until: zone.day_bounds(zone.day_of(first)).0,
        seen,
    }
}

fn day(db: &Snapshot, from: Timestamp, until: Timestamp) -> Result<Day> {
    let mut tally = Tally::default();
    rows(db, from, until, &mut tally)?;
    Ok(Day {
        from,
        until,
        sums: tally.day(),
    })
}

/// Keeps what was summed up, unless somebody else has meanwhile.
pub fn keep(tx: &Tx, due: &Due) -> Result<()> {
    if store::sums::upto(tx)? != due.found {
        return Ok(());
    }
    if due.is_anew {
        store::sums::clear(tx)?;
    }
    for day in &due.days {
        store::sums::put(tx, day)?;
    }
    store::sums::set_upto(tx, &due.then)
}

/// A time, what its rows come to, and what is kept of it.
pub(in crate::shop) type Wrong = (Timestamp, DaySums, DaySums);

/// Every time of which another sum is kept than its rows come to. Sums that are not trusted claim nothing.
pub(in crate::shop) fn wrong(db: &Snapshot) -> Result<Vec<Wrong>> {
    // Alone: the other settings may be what is wrong.
    let zone = store::settings::value(db, "time_zone")?.unwrap_or_default();
    let Ok(zone) = Zone::parse(&zone) else {
        return Ok(Vec::new());
    };
    let Some((upto, changed)) = trusted(db, &zone)? else {
        return Ok(Vec::new());
    };
    let mut wrong = Vec::new();
    for (from, until, kept) in claims(db, &upto, &changed)? {
        let found = match from < until {
            true => day(db, from, until)?.sums,
            false => DaySums::default(),
        };
        if found != kept {
            wrong.push((from, found, kept));
        }
    }
    Ok(wrong)
}

/// What the sums say: of each day that has a row, and of the times between them that nothing was sold. Days that have
/// changed since say nothing.
fn claims(db: &Snapshot, upto: &Upto, changed: &Changed) -> Result<Vec<(Timestamp, Timestamp, DaySums)>> {
    let mut told: BTreeMap<Timestamp, (Timestamp, Option<DaySums>)> = BTreeMap::new();
    for day in store::sums::days(db, Timestamp::MIN, Timestamp::MAX)? {
        told.insert(day.from, (day.until, Some(day.sums)));
    }
    told.extend(changed.iter().map(|(from, until)| (*from, (*until, None))));
    let mut claims = Vec::new();
    let mut at = Timestamp::MIN;
    for (from, (until, sums)) in told {
        claims.push((at, from, DaySums::default()));
        claims.extend(sums.map(|sums| (from, until, sums)));
        at = until;
    }
    claims.push((at, upto.until, DaySums::default()));
    Ok(claims)
}
