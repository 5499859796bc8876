//! The database: one writing thread, many readers, one SQLite file in WAL mode. Typed functions on rows, nothing else.
//! Whoever holds a [`Snapshot`] may call every look, whoever holds a [`Tx`] every change; nobody outside sees a connection.

pub mod api_keys;
pub mod audit;
mod batch;
pub mod bench;
pub mod carts;
mod checkpoint;
pub mod checks;
pub mod commissions;
pub mod consumers;
pub mod coupons;
pub mod credit_notes;
pub mod customers;
pub mod deliveries;
pub mod differences;
pub mod drafts;
pub mod endpoints;
pub mod events;
pub mod factors;
mod fault;
mod file;
pub mod forgetting;
pub mod groups;
pub mod idempotency;
pub mod images;
pub mod inbox;
pub mod invariants;
pub mod invoices;
mod legible;
pub mod links;
pub mod logins;
pub mod mails;
pub mod marks;
mod newest;
pub mod one_time;
pub mod orders;
pub mod payment_breakers;
pub mod payment_tasks;
pub mod payments;
pub mod payouts;
pub mod person;
#[cfg(test)]
mod plan;
pub mod products;
mod reader;
pub mod redactions;
pub mod refunds;
pub mod reports;
pub mod returns;
pub mod roles;
pub mod sales;
pub mod sandbox;
mod schema;
pub mod search;
pub mod seen;
pub mod sessions;
pub mod settings;
pub mod shipments;
pub mod shipping;
pub mod sql;
pub mod stock;
pub mod sums;
pub mod taxes;
mod tx;
mod types;
pub mod users;
pub mod waiting;
pub mod wallets;
mod writer;

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::Clock;
use crate::domain::touched::Touched;
use crate::error::Error;
use crate::error::Result;

pub use file::address;
pub use file::make_dir;
pub use file::note_address;
pub use reader::Look;
pub use schema::Migration;
pub use tx::Snapshot;
pub use tx::Tx;
pub use writer::Reply;

/// How to open a file.
#[derive(Clone)]
pub struct Options {
    /// The folder that holds `till.db`.
    pub dir: PathBuf,
    /// What time it is.
    pub clock: Clock,
    /// The key of the audit chain.
    pub chain_key: [u8; 32],
    /// How many jobs may wait for the writer (512).
    pub queue: usize,
    /// KiB of pages that the writer keeps in memory (32,768).
    pub cache: i64,
    /// How many threads serve looks (2).
    pub readers: usize,
    /// Pages in the write-ahead log from which on it is moved into the file (16,000: 64 MiB).
    pub checkpoint_pages: i32,
    /// Called once when the file has failed under a write; the process must end.
    pub on_failure: Arc<dyn Fn() + Send + Sync>,
    /// Called when another process has committed something.
    pub on_change_elsewhere: Arc<dyn Fn() + Send + Sync>,
    /// Called for each thing a durable change has touched, before its caller is answered.
    pub on_touch: Arc<dyn Fn(Touched) + Send + Sync>,
    /// Called once after each COMMIT.
    pub on_commit: Arc<dyn Fn() + Send + Sync>,
}

impl Options {
    /// The defaults for a folder.
    pub fn new(dir: &Path, clock: Clock, chain_key: [u8; 32]) -> Self {
        Self {
            dir: dir.to_owned(),
            clock,
            chain_key,
            queue: 512,
            cache: file::WRITER_CACHE,
            readers: 2,
            checkpoint_pages: 16_000,
            on_failure: Arc::new(|| {}),
            on_change_elsewhere: Arc::new(|| {}),
            on_touch: Arc::new(|_| {}),
            on_commit: Arc::new(|| {}),
        }
    }
}

/// A handle on the database file; clone it freely.
#[derive(Clone)]
pub struct Store {
    writer: writer::Writer,
    readers: reader::Readers,
}

impl Store {
    /// Opens the file as its one server: takes the lock, migrates, starts the writing thread.
    pub fn serve(options: Options) -> Result<Self> {
        let lock = file::lock(&options.dir)?;
        let mut db = file::open_writer(&options.dir, options.cache)?;
        schema::migrate(&mut db)?;
        let readers = reader::Readers::start(&options)?;
        let writer = writer::Writer::start(db, lock, &options)?;
        Ok(Self { writer, readers })
    }

    /// Opens the file beside a server that may be running; the schema must be this binary's.
    pub fn beside(options: Options) -> Result<Self> {
        let mut db = file::open_existing(&options.dir, options.cache)?;
        schema::require_current(&mut db)?;
        let readers = reader::Readers::pool_only(&options)?;
        Ok(Self {
            writer: writer::Writer::beside(db, &options)?,
            readers,
        })
    }

    /// Brings the schema up to date, alone on the file; what was done.
    pub fn migrate(dir: &Path) -> Result<Vec<Migration>> {
        let _lock = file::lock(dir)?;
        let mut db = file::open_writer(dir, file::WRITER_CACHE)?;
        schema::migrate(&mut db)
    }

    /// Every migration with whether the file has it.
    pub fn migrations(dir: &Path) -> Result<Vec<Migration>> {
        schema::status(&mut file::open_existing(dir, file::WRITER_CACHE)?)
    }

    /// Runs a look and waits for it.
    pub fn read<T>(&self, look: impl FnOnce(&Snapshot) -> Result<T>) -> Result<T> {
        self.readers.read(look)
    }

    /// Hands a look to the reading threads; it answers through what it has captured.
    pub fn look(&self, look: Look) -> Result<()> {
        self.readers.submit(look)
    }

    /// Runs a change and waits until it is durable.
    pub fn write<T: Send + 'static>(&self, act: impl Fn(&Tx) -> Result<T> + Send + 'static) -> Result<T> {
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        self.submit(act, reply);
        answer.recv().unwrap_or(Err(Error::Unavailable))
    }

    /// Hands a change to the writer; the reply is sent once it is durable or undone.
    pub fn submit<T: Send + 'static>(
        &self,
        act: impl Fn(&Tx) -> Result<T> + Send + 'static,
        reply: impl Reply<T>,
    ) {
        self.writer.submit(act, reply);
    }

    /// How many jobs wait for the writer.
    pub fn waiting(&self) -> usize {
        self.writer.waiting()
    }

    /// Stops writing, moves the write-ahead log into the file and lets the lock go.
    ///
    /// An error if the file has failed under a write or fails now.
    pub fn close(&self) -> Result<()> {
        self.readers.close();
        self.writer.close()
    }
}
