//! Beginnings of many words. The index puts all things under words that begin so together before it tells the first of
//! them: for a beginning that a million orders have, that takes a second. What is that common is found soon by reading
//! the things themselves.

use std::borrow::Cow;

use rusqlite::params;

use crate::domain::search::Find;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::search::Noun;
use crate::store::search::Side;
use crate::store::search::Unseen;
use crate::store::search::indexed;
use crate::store::search::list;

/// A word that more things have as it stands is no beginning of another as well.
const COMMON: i64 = 10_000;
/// A beginning that stands in the index more often is not looked up in it.
const BROAD: i64 = 20_000;
/// So many things one look reads.
const MOST_READ: usize = 500;
/// So many that fit are enough for one look.
const ENOUGH: usize = 101;

/// What is really searched for.
pub(super) struct Asked<'a> {
    pub(super) find: Cow<'a, Find>,
    /// Whether it has a beginning that so many things have that they are read instead.
    pub(super) is_broad: bool,
}

impl<'a> Asked<'a> {
    pub(super) fn of(db: &Snapshot, noun: &Noun, find: &'a Find) -> Result<Self> {
        let as_it_is = |is_broad| Self {
            find: Cow::Borrowed(find),
            is_broad,
        };
        let Some(beginning) = find.beginning() else {
            return Ok(as_it_is(false));
        };
        let totals = db.totals().filter(|_| noun.broad.is_some());
        let known = format!("{} {beginning}", noun.mark);
        if totals.is_some_and(|totals| totals.is_broad(&known)) {
            return Ok(as_it_is(true));
        }
        let word = find.last_word().expression();
        if db
            .db()
            .prepare_cached(noun.common)?
            .exists(params![word, COMMON])?
        {
            return Ok(Self {
                find: Cow::Owned(find.as_it_stands()),
                is_broad: false,
            });
        }
        let is_broad = match noun.broad {
            Some(broad) => db.db().prepare_cached(broad)?.exists(params![beginning, BROAD])?,
            None => false,
        };
        if let (true, Some(totals)) = (is_broad, totals) {
            totals.keep_broad(&known);
        }
        Ok(as_it_is(is_broad))
    }
}

/// Of the things that have the other words, or of all, those that fit, by reading them; and where the look ended before
/// the things did. What the index has not seen in time is left to whoever asks.
pub(super) fn read(
    db: &Snapshot,
    noun: &Noun,
    find: &Find,
    side: Side,
    (limit, unseen): (usize, &Unseen),
) -> Result<(Vec<i64>, Option<i64>)> {
    let rest = find.but_last_word();
    let most = MOST_READ as i64;
    let candidates = match (rest.is_empty(), side) {
        (false, _) => indexed(db, noun, &rest, side, MOST_READ)?,
        (true, Side::Below(id)) => list(db, noun.before, &[&id, &most])?,
        (true, Side::Above(id)) => list(db, noun.next, &[&id, &most])?,
    };
    let (mut found, mut read) = (Vec::new(), 0);
    for id in &candidates {
        if found.len() >= limit.min(ENOUGH) {
            break;
        }
        read += 1;
        let is_known = *id <= unseen.upto && !unseen.changed.contains(id);
        if is_known && (noun.read)(db, *id)?.is_some_and(|text| text.fits(find)) {
            found.push(*id);
        }
    }
    let is_end = read == candidates.len() && candidates.len() < MOST_READ;
    let edge = candidates.get(read.saturating_sub(1)).copied();
    Ok((found, edge.filter(|_| !is_end)))
}
