//! What a file has told of so far: things by the hashes of their names. A long file has more of them than memory should
//! hold, so they stand in a file of SQLite's own, which nobody else can open and which goes with the process.

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::params;

use crate::error::Result;

/// Nothing of it outlives the process, so nothing is kept safe; 2 MiB of it stand in memory.
const SETUP: &str = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2048;
  CREATE TABLE seen (name INTEGER PRIMARY KEY, line INTEGER NOT NULL, print INTEGER NOT NULL) STRICT;
  BEGIN";

/// Names, each with the line that told of it and a print of what it told.
pub struct Seen(Connection);

impl Seen {
    /// Of nothing yet.
    pub fn new() -> Result<Self> {
        // Without a name, a file is temporary: https://www.sqlite.org/inmemorydb.html#temp_db
        let db = Connection::open("")?;
        db.execute_batch(SETUP)?;
        Ok(Self(db))
    }

    /// The line that told of a name, and the print.
    pub fn find(&self, name: u64) -> Result<Option<(u64, u64)>> {
        Ok(self
            .0
            .prepare_cached("SELECT line, print FROM seen WHERE name = ?1")?
            .query_row(params![name.cast_signed()], |row| {
                let (line, print): (i64, i64) = (row.get("line")?, row.get("print")?);
                Ok((line.cast_unsigned(), print.cast_unsigned()))
            })
            .optional()?)
    }

    /// A line tells of a name.
    pub fn put(&self, name: u64, line: u64, print: u64) -> Result<()> {
        let row = [name, line, print].map(u64::cast_signed);
        self.0
            .prepare_cached("INSERT OR REPLACE INTO seen (name, line, print) VALUES (?1, ?2, ?3)")?
            .execute(row)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T18: more names than stand in memory are known, each as it was told last.
    #[test]
    fn every_name_is_known() {
        let seen = Seen::new().unwrap();
        // Spread like hashes.
        let name = |at: u64| at.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        for at in 0..200_000 {
            seen.put(name(at), at, !at).unwrap();
        }
        seen.put(name(7), 9, 1).unwrap();
        for at in (0..200_000).step_by(1_999) {
            assert_eq!(seen.find(name(at)).unwrap(), Some((at, !at)));
        }
        assert_eq!(seen.find(name(7)).unwrap(), Some((9, 1)));
        assert_eq!(seen.find(name(200_000)).unwrap(), None);
    }
}
