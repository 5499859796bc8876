//! Paging of lists: how many rows, and from where. A cursor is opaque text that
//! carries its sort and position, so a page never depends on rows before it.

use crate::domain::fault::Bad;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How many rows a page holds at most: 1 to 200, 50 unless said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u8);

impl Limit {
    /// The largest page.
    pub const MAX: Limit = Limit(200);

    /// A limit from a number.
    pub fn new(rows: i64) -> Result<Limit, Bad> {
        match u8::try_from(rows) {
            Ok(rows @ 1..=200) => Ok(Limit(rows)),
            _ => Err(Bad::input("must be a number from 1 to 200")),
        }
    }

    /// A limit from a query parameter.
    pub fn parse(text: &str) -> Result<Limit, Bad> {
        // A text that is no number, or none that fits, is out of range like 0.
        Limit::new(text.trim().parse().unwrap_or(0))
    }

    /// The number of rows.
    pub const fn rows(self) -> usize {
        self.0 as usize
    }
}

impl Default for Limit {
    fn default() -> Limit {
        Limit(50)
    }
}

/// A position in a sorted list, between two rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The number of the sort that the keys belong to; its route knows the numbers.
    pub sort: u8,
    /// The sort key and the id of the row at the position.
    pub keys: (i64, i64),
    /// Whether the page lies before the position.
    pub backwards: bool,
}

/// Sort, direction and two keys.
const CURSOR_BYTES: usize = 18;

impl Cursor {
    /// Writes the cursor as base64url text.
    pub fn encode(&self) -> String {
        let mut bytes = [0; CURSOR_BYTES];
        bytes[0] = self.sort;
        bytes[1] = u8::from(self.backwards);
        bytes[2..10].copy_from_slice(&self.keys.0.to_be_bytes());
        bytes[10..].copy_from_slice(&self.keys.1.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads what [`Cursor::encode`] wrote.
    pub fn parse(text: &str) -> Result<Cursor, Bad> {
        Cursor::decode(text).ok_or_else(|| Bad::input("is not a cursor of this list"))
    }

    fn decode(text: &str) -> Option<Cursor> {
        let mut bytes = [0; CURSOR_BYTES];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(CURSOR_BYTES) => {}
            _ => return None,
        }
        let backwards = match bytes[1] {
            0 => false,
            1 => true,
            _ => return None,
        };
        let key = i64::from_be_bytes(bytes[2..10].try_into().ok()?);
        let id = i64::from_be_bytes(bytes[10..].try_into().ok()?);
        Some(Cursor {
            sort: bytes[0],
            keys: (key, id),
            backwards,
        })
    }
}

/// Rows that may be reached by page number: page × limit; further on only cursors lead.
pub const MOST_PAGED: i64 = 10_000;
/// A list is counted exactly up to here.
pub const MOST_COUNTED: i64 = 10_000;

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At the first row.
    Start,
    /// Behind a cursor, or before it if it looks backwards.
    At(Cursor),
    /// So many rows in, for people who type page numbers.
    Skip(i64),
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// How many rows.
    pub limit: Limit,
    /// From where.
    pub place: Place,
    /// The number of the sort, which every cursor carries.
    pub sort: u8,
}

impl Paging {
    /// The first page of a list.
    pub fn first(limit: Limit, sort: u8) -> Paging {
        Paging {
            limit,
            place: Place::Start,
            sort,
        }
    }

    /// How many rows to look for: one more than fit, to know whether there is a next page.
    pub const fn wanted(&self) -> usize {
        self.limit.rows() + 1
    }

    /// How many rows to pass over.
    pub const fn skipped(&self) -> i64 {
        match self.place {
            Place::Skip(rows) => rows,
            _ => 0,
        }
    }

    /// The keys to begin behind, if there is a cursor.
    pub const fn keys(&self) -> Option<(i64, i64)> {
        match self.place {
            Place::At(cursor) => Some(cursor.keys),
            _ => None,
        }
    }

    /// Whether rows are looked for against the sort, from the cursor back.
    pub const fn is_backwards(&self) -> bool {
        matches!(self.place, Place::At(Cursor { backwards: true, .. }))
    }

    /// Makes a page of the rows that were found, in the order in which they were looked for; `keys` are those of a row.
    pub fn cut<T>(&self, mut rows: Vec<T>, keys: impl Fn(&T) -> (i64, i64)) -> Page<T> {
        let has_more = rows.len() > self.limit.rows();
        rows.truncate(self.limit.rows());
        if self.is_backwards() {
            rows.reverse();
        }
        let next = match has_more || self.is_backwards() {
            true => rows.last().map(|row| self.cursor(keys(row))),
            false => None,
        };
        Page {
            rows,
            next,
            total: None,
            index_behind: None,
        }
    }

    /// The position behind a row with these keys.
    pub const fn cursor(&self, keys: (i64, i64)) -> Cursor {
        Cursor {
            sort: self.sort,
            keys,
            backwards: false,
        }
    }
}

/// How many rows a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    /// So many.
    Exactly(i64),
    /// So many have been counted, and there are more.
    AtLeast(i64),
}

impl Total {
    /// What a count that stopped at [`MOST_COUNTED`] + 1 says.
    pub const fn of(counted: i64) -> Total {
        match counted > MOST_COUNTED {
            true => Total::AtLeast(MOST_COUNTED),
            false => Total::Exactly(counted),
        }
    }
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows, in the order of the sort.
    pub rows: Vec<T>,
    /// Where the next page begins; none at the end.
    pub next: Option<Cursor>,
    /// How many rows the whole list has, if it was counted.
    pub total: Option<Total>,
    /// How many changes the search index has not seen, if they were too many to look through.
    pub index_behind: Option<i64>,
}

impl<T> Page<T> {
    /// The same page with its list counted.
    pub fn counted(self, total: Total) -> Page<T> {
        Page {
            total: Some(total),
            ..self
        }
    }

    /// The same page without some of its rows: where the next one begins stays.
    pub fn filter_map<U>(self, shown: impl Fn(T) -> Option<U>) -> Page<U> {
        Page {
            rows: self.rows.into_iter().filter_map(shown).collect(),
            next: self.next,
            total: self.total,
            index_behind: self.index_behind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fault::FaultKind;
    use proptest::prelude::*;

    #[test]
    fn a_limit_is_1_to_200() {
        assert_eq!(Limit::default().rows(), 50);
        assert_eq!(Limit::parse("1").unwrap().rows(), 1);
        assert_eq!(Limit::parse("200").unwrap(), Limit::MAX);
        for bad in [
            "0",
            "201",
            "256",
            "257",
            "-1",
            "",
            "ten",
            "1e2",
            "99999999999999999999",
        ] {
            assert_eq!(Limit::parse(bad).unwrap_err().kind, FaultKind::Input, "{bad}");
        }
    }

    #[test]
    fn a_broken_cursor_is_refused() {
        let good = Cursor {
            sort: 1,
            keys: (5, 6),
            backwards: false,
        }
        .encode();
        assert_eq!(good.len(), 24);
        let long = format!("{good}AAAA");
        let padded = format!("{good}=");
        for bad in [
            "",
            "x",
            "%%%",
            &good[1..],
            &long,
            &padded,
            "AP8AAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(Cursor::parse(bad).unwrap_err().kind, FaultKind::Input, "{bad}");
        }
    }

    fn ids(page: &Page<i64>) -> (Vec<i64>, Option<i64>) {
        (page.rows.clone(), page.next.map(|next| next.keys.1))
    }

    #[test]
    fn a_page_knows_whether_there_is_a_next_one() {
        let three = Paging::first(Limit::new(3).unwrap(), 1);
        assert_eq!(three.wanted(), 4);
        let keys = |id: &i64| (0, *id);
        assert_eq!(ids(&three.cut(vec![9, 8, 7, 6], keys)), (vec![9, 8, 7], Some(7)));
        assert_eq!(ids(&three.cut(vec![9, 8, 7], keys)), (vec![9, 8, 7], None));
        assert_eq!(ids(&three.cut(vec![], keys)), (vec![], None));
        let back = Paging {
            place: Place::At(Cursor {
                backwards: true,
                ..three.cursor((0, 5))
            }),
            ..three
        };
        assert_eq!(ids(&back.cut(vec![6, 7, 8, 9], keys)), (vec![8, 7, 6], Some(6)));
    }

    proptest! {
        #[test]
        fn a_cursor_comes_back(sort: u8, key: i64, id: i64, backwards: bool) {
            let cursor = Cursor { sort, keys: (key, id), backwards };
            prop_assert_eq!(Cursor::parse(&cursor.encode()), Ok(cursor));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = Cursor::parse(&text);
            let _ = Limit::parse(&text);
        }
    }
}
