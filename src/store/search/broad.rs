//! Beginnings of many words. The index puts all things under words that begin so together before it tells the first of
//! them: for a beginning that a million orders have, that takes a second. What is that common is found soon by reading
//! the things themselves. Where few words begin so, they are asked for by name instead: the index tells those one by one.

use std::borrow::Cow;

use rusqlite::OptionalExtension;
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
/// So many words that begin in one way are asked for by name.
const MOST_SPELLED: usize = 32;
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
        if let Some(words) = spelled(db, noun, beginning)? {
            return Ok(Self {
                find: Cow::Owned(find.spelled(words)),
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

/// The words of the index that begin so, if they are few; a look for each, for the index counts how often each stands.
fn spelled(db: &Snapshot, noun: &Noun, beginning: &str) -> Result<Option<Vec<String>>> {
    let Some(sql) = noun.word else {
        return Ok(None);
    };
    let mut next = db.db().prepare_cached(sql)?;
    let end = format!("{beginning}{}", char::MAX);
    let (mut from, mut words) = (beginning.to_owned(), Vec::new());
    while words.len() <= MOST_SPELLED {
        let word: Option<String> = next.query_row(params![from, end], |row| row.get(0)).optional()?;
        match word {
            // No letter stands before this one: the next word, whatever it is.
            Some(word) => {
                from = format!("{word}\u{1}");
                words.push(word);
            }
            None => return Ok(Some(words).filter(|words| !words.is_empty())),
        }
    }
    Ok(None)
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

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::store::schema;
    use crate::store::search::PRODUCTS;
    use crate::store::search::product_ids;

    /// Every product has the word `product`, every tenth another that begins so, and each a number of its own.
    fn shop() -> Connection {
        let mut db = Connection::open_in_memory().unwrap();
        schema::migrate(&mut db).unwrap();
        db.execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
             INSERT INTO product_search (rowid, words, skus)
             SELECT i, iif(i % 10 = 0, 'products ', 'product ') || iif(i % 100 = 1, 'prodigy ', '') || 'nr' || i,
               'kprod' || i
             FROM n;
             UPDATE marks SET upto = 1000 WHERE name = 'search.products';",
        )
        .unwrap();
        db
    }

    fn found(db: &Connection, typed: &str, side: Side, limit: usize) -> Vec<i64> {
        let find = Find::new(Some(typed), None);
        let found = product_ids(&Snapshot::new(db), &find, side, limit).unwrap();
        found.ids.into_iter().map(|id| id.0).collect()
    }

    /// D4: few words that begin so are asked for by name, many by their beginning; both find the same, in the same order.
    #[test]
    fn a_beginning_of_few_words_is_spelled_out() {
        let db = shop();
        let snapshot = Snapshot::new(&db);
        let asked = |typed: &str| {
            let find = Find::new(Some(typed), None);
            Asked::of(&snapshot, &PRODUCTS, &find).unwrap().find.expression()
        };
        assert_eq!(
            asked("nr7 prod"),
            "words : \"nr7\" AND (words : \"prodigy\" OR words : \"product\" OR words : \"products\")"
        );
        assert_eq!(asked("products"), "(words : \"products\")");
        assert_eq!(asked("nr"), "words : \"nr\" *", "a thousand words");
        assert_eq!(asked("nothing"), "words : \"nothing\" *");
        let below: Vec<i64> = (1..=1000).rev().collect();
        assert_eq!(found(&db, "prod", Side::Below(i64::MAX), 2000), below);
        assert_eq!(found(&db, "prod", Side::Below(700), 50), below[301..351]);
        assert_eq!(
            found(&db, "prod", Side::Above(990), 50),
            (991..=1000).collect::<Vec<_>>()
        );
        assert_eq!(found(&db, "prodi", Side::Above(0), 3), [1, 101, 201]);
        assert_eq!(found(&db, "products", Side::Above(0), 2), [10, 20]);
        assert_eq!(
            found(&db, "kp", Side::Above(0), 2),
            Vec::<i64>::new(),
            "a SKU is no word"
        );
    }
}
