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
