//! The files under the folder: opening `till.db` with every pragma it must have, the lock that makes a server the
//! only one, and the turn that lets another process write between two batches.

use std::fs::File;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;
use rustix::fs::FlockOperation;

use crate::error::Error;
use crate::error::Result;

/// The first SQLite without the WAL-reset bug, which loses committed pages (DUR-01).
const OLDEST_SQLITE: i32 = 3_051_003;
const STATEMENTS: usize = 256;
/// KiB of pages for a reader, and for the writer: more brought nothing.
const READER_CACHE: i64 = 8_192;
pub(super) const WRITER_CACHE: i64 = 32_768;

/// The database inside a folder.
pub(super) fn database(dir: &Path) -> PathBuf {
    dir.join("till.db")
}

/// Makes the folder if need be, for its owner only; a network file system is refused.
pub fn make_dir(dir: &Path) -> Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|cause| unusable(dir, &cause))?;
    refuse_network(dir)
}

/// Takes the folder's lock for as long as the value lives.
pub(super) fn lock(dir: &Path) -> Result<File> {
    make_dir(dir)?;
    let file = side_file(dir, "till.lock")?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(_) => Err(Error::Held(format!(
            "{} is held by another till: one server a file",
            database(dir).display()
        ))),
    }
}

/// Writes into the locked file where the shop is served, for commands beside it; nothing when it no longer is.
pub fn note_address(dir: &Path, url: Option<&str>) -> Result<()> {
    let mut file = side_file(dir, "till.lock")?;
    file.set_len(0)
        .and_then(|()| file.write_all(url.unwrap_or_default().as_bytes()))
        .map_err(|cause| unusable(&dir.join("till.lock"), &cause))
}

/// Where the shop is served, as far as a server has said so.
pub fn address(dir: &Path) -> Option<String> {
    let url = std::fs::read_to_string(dir.join("till.lock")).ok()?;
    (!url.is_empty()).then_some(url)
}

/// The file whose lock says whose turn it is to write.
pub(super) fn turn(dir: &Path) -> Result<File> {
    side_file(dir, "till.turn")
}

fn side_file(dir: &Path, name: &str) -> Result<File> {
    let path = dir.join(name);
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(|cause| unusable(&path, &cause))
}

fn unusable(path: &Path, cause: &std::io::Error) -> Error {
    Error::internal(format!("cannot use {}: {cause}", path.display()))
}

/// Locks and shared memory do not work over a network.
fn refuse_network(dir: &Path) -> Result<()> {
    const NETWORKS: [i64; 6] = [0x6969, 0xFF53_4D42, 0xFE53_4D42, 0x517B, 0x0102_1997, 0x00C3_6400];
    let kind = rustix::fs::statfs(dir)
        .map_err(|cause| unusable(dir, &cause.into()))?
        .f_type;
    match NETWORKS.contains(&(kind as i64)) {
        true => Err(Error::internal(format!(
            "{} is on a network file system, where SQLite's locks do not hold",
            dir.display()
        ))),
        false => Ok(()),
    }
}

/// Opens the file for writing, making it if need be.
pub(super) fn open_writer(dir: &Path, cache: i64) -> Result<Connection> {
    gate(rusqlite::version_number())?;
    let path = database(dir);
    if !path.exists() {
        OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|cause| unusable(&path, &cause))?;
    }
    open(&path, OpenFlags::SQLITE_OPEN_READ_WRITE, cache)
}

/// Opens a file that must be there, for writing.
pub(super) fn open_existing(dir: &Path, cache: i64) -> Result<Connection> {
    gate(rusqlite::version_number())?;
    open(&existing(dir)?, OpenFlags::SQLITE_OPEN_READ_WRITE, cache)
}

/// Opens a file that must be there, for looks only.
pub(super) fn open_asker(dir: &Path) -> Result<Connection> {
    gate(rusqlite::version_number())?;
    existing(dir)?;
    open_reader(dir)
}

fn existing(dir: &Path) -> Result<PathBuf> {
    let path = database(dir);
    match path.exists() {
        true => Ok(path),
        false => Err(Error::internal(format!(
            "there is no shop at {}: start one with `till serve` or `till migrate up`",
            dir.display()
        ))),
    }
}

/// Opens the file for looks only.
pub(super) fn open_reader(dir: &Path) -> Result<Connection> {
    let db = open(&database(dir), OpenFlags::SQLITE_OPEN_READ_WRITE, READER_CACHE)?;
    db.pragma_update(None, "query_only", true)?;
    read_back(&db, &[("query_only", "1")])?;
    Ok(db)
}

/// A plain connection for the helper that checkpoints.
pub(super) fn open_helper(dir: &Path) -> Result<Connection> {
    open(&database(dir), OpenFlags::SQLITE_OPEN_READ_WRITE, READER_CACHE)
}

fn gate(version: i32) -> Result<()> {
    match version >= OLDEST_SQLITE {
        true => Ok(()),
        false => Err(Error::internal(format!(
            "SQLite {}.{}.{} can lose committed pages; 3.51.3 or newer is needed",
            version / 1_000_000,
            version / 1000 % 1000,
            version % 1000
        ))),
    }
}

fn open(path: &Path, flags: OpenFlags, cache: i64) -> Result<Connection> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(|cause| broken(path, &cause))?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.busy_timeout(Duration::from_secs(5))?;
    // A join with a parameter would be prepared anew at each use (SCHEMA).
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    prepare(&db, cache).map_err(|cause| broken(path, &cause))?;
    read_back(&db, &KEPT)?;
    Ok(db)
}

fn broken(path: &Path, cause: &rusqlite::Error) -> Error {
    match cause.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
            Error::Broken(format!("{} is damaged or no database: {cause}", path.display()).into())
        }
        _ => Error::internal(format!("cannot open {}: {cause}", path.display())),
    }
}

fn prepare(db: &Connection, cache: i64) -> rusqlite::Result<()> {
    db.pragma_update(None, "journal_mode", "WAL")?;
    for (name, value) in [
        ("synchronous", "FULL"),
        ("wal_autocheckpoint", "0"),
        ("journal_size_limit", "67108864"),
        ("temp_store", "MEMORY"),
        ("foreign_keys", "ON"),
        ("recursive_triggers", "ON"),
        ("trusted_schema", "OFF"),
        ("cell_size_check", "ON"),
        // What is deleted or changed does not remain in the page (https://www.sqlite.org/pragma.html#pragma_secure_delete):
        // FAST, because it costs no write that is not made anyway. Pages that are freed whole keep what they held; when
        // somebody is forgotten these are overwritten, too (store::forgetting).
        ("secure_delete", "FAST"),
        ("mmap_size", "0"),
    ] {
        db.pragma_update(None, name, value)?;
    }
    // Below zero: as many KiB, whatever the size of a page.
    db.pragma_update(None, "cache_size", -cache)?;
    Ok(())
}

/// What every connection must be, as SQLite tells it.
const KEPT: [(&str, &str); 10] = [
    ("journal_mode", "wal"),
    ("synchronous", "2"),
    ("wal_autocheckpoint", "0"),
    ("foreign_keys", "1"),
    ("recursive_triggers", "1"),
    ("trusted_schema", "0"),
    ("cell_size_check", "1"),
    ("secure_delete", "2"),
    ("mmap_size", "0"),
    ("busy_timeout", "5000"),
];

/// Asks SQLite what it made of the pragmas; a build or a file that ignores one must not serve (DUR-05).
fn read_back(db: &Connection, kept: &[(&str, &str)]) -> Result<()> {
    for (name, wanted) in kept {
        let found = ask(db, name)?;
        if found != *wanted {
            return Err(Error::internal(format!(
                "SQLite keeps {name} at {found}, not {wanted}"
            )));
        }
    }
    Ok(())
}

fn ask(db: &Connection, pragma: &str) -> rusqlite::Result<String> {
    db.pragma_query_value(None, pragma, |row| {
        Ok(match row.get_ref(0)? {
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            other => other.as_str().unwrap_or_default().to_owned(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of the test's own, gone with it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let dir = std::env::temp_dir().join(format!("till-file-{}-{name}", std::process::id()));
            let _ = std::fs::remove_dir_all(&dir);
            make_dir(&dir).unwrap();
            Self(dir)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn told(outcome: Result<()>) -> String {
        match outcome {
            Err(Error::Internal(cause)) => cause.to_string(),
            other => panic!("{other:?}"),
        }
    }

    /// DUR-05, DUR-02: whoever opens the file, the connection is what it must be.
    #[test]
    fn every_connection_is_what_it_must_be() {
        let folder = Folder::new("kept");
        let dir = &folder.0;
        let writer = open_writer(dir, WRITER_CACHE).unwrap();
        let all = [
            ("writer", &writer, "0"),
            ("existing", &open_existing(dir, WRITER_CACHE).unwrap(), "0"),
            ("asker", &open_asker(dir).unwrap(), "1"),
            ("reader", &open_reader(dir).unwrap(), "1"),
            ("helper", &open_helper(dir).unwrap(), "0"),
        ];
        for (who, db, query_only) in all {
            for (name, wanted) in KEPT.into_iter().chain([("query_only", query_only)]) {
                assert_eq!(ask(db, name).unwrap(), wanted, "{name} of the {who}");
            }
        }
    }

    /// DUR-05: one pragma that SQLite did not take is enough to refuse the connection, and is named.
    #[test]
    fn a_pragma_that_was_not_taken_is_refused_by_name() {
        let folder = Folder::new("refused");
        for (name, other, found) in [
            ("journal_mode", "DELETE", "delete"),
            ("synchronous", "NORMAL", "1"),
            ("wal_autocheckpoint", "1000", "1000"),
            ("foreign_keys", "OFF", "0"),
            ("recursive_triggers", "OFF", "0"),
            ("trusted_schema", "ON", "1"),
            ("cell_size_check", "OFF", "0"),
            ("secure_delete", "OFF", "0"),
            ("mmap_size", "1048576", "1048576"),
            ("busy_timeout", "0", "0"),
        ] {
            let db = open_writer(&folder.0, WRITER_CACHE).unwrap();
            read_back(&db, &KEPT).unwrap();
            db.pragma_update(None, name, other).unwrap();
            let words = told(read_back(&db, &KEPT));
            assert!(
                words.starts_with(&format!("SQLite keeps {name} at {found}, not ")),
                "{words}"
            );
        }
    }

    /// DUR-05: where there can be no log beside the file (in memory, say), SQLite takes the pragma without an error.
    #[test]
    fn a_file_that_takes_no_log_is_refused() {
        let db = Connection::open_in_memory().unwrap();
        prepare(&db, READER_CACHE).unwrap();
        let words = told(read_back(&db, &KEPT));
        assert_eq!(words, "SQLite keeps journal_mode at memory, not wal");
    }

    /// DUR-01: the last SQLite with the bug is refused, the first without it is not.
    #[test]
    fn an_sqlite_that_loses_pages_is_refused() {
        gate(3_051_003).unwrap();
        gate(rusqlite::version_number()).unwrap();
        let words = told(gate(3_051_002));
        assert!(words.starts_with("SQLite 3.51.2 can lose"), "{words}");
    }
}
