//! Hands rows to the shop in batches that are short jobs, so that a server beside it goes on.

use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::sync::Arc;

use crate::cli::import::report::Report;
use crate::cli::import::report::Sums;
use crate::domain::actor::Actor;
use crate::domain::import::Batch;
use crate::domain::import::Numbered;
use crate::domain::import::RefusedRow;
use crate::domain::import::Row;
use crate::domain::import::Source;
use crate::domain::import::Tally;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Store;
use crate::shop::Tx;
use crate::store::seen::Seen;

/// A batch is full with so many rows of the database: 20 ms of the writer, more or less.
const FULL: usize = 2500;

/// A row that was read, or why it could not be.
pub type Read<T> = std::result::Result<Numbered<T>, RefusedRow>;

/// What takes the rows in.
pub struct Feed<'a> {
    store: &'a Store,
    source: Source,
    report: Report,
    dry_run: bool,
    seen: Seen,
    /// How many rows were refused since the last batch.
    unread: usize,
}

impl<'a> Feed<'a> {
    pub fn new(store: &'a Store, source: Source, report: Report, dry_run: bool) -> Result<Self> {
        Ok(Self {
            store,
            source,
            report,
            dry_run,
            seen: Seen::new()?,
            unread: 0,
        })
    }

    /// Says once which columns nobody reads.
    pub fn name_ignored(&self, columns: &[String], is_known: impl Fn(&str) -> bool) {
        let ignored: Vec<&str> = columns
            .iter()
            .map(String::as_str)
            .filter(|name| !is_known(name))
            .collect();
        if !ignored.is_empty() {
            self.report
                .remark(&format!("columns that are not read: {}", ignored.join(", ")));
        }
    }

    /// Says something of the file as a whole.
    pub fn remark(&self, words: &str) {
        self.report.remark(words);
    }

    /// Writes every row, or in a dry run only looks what would become of it.
    pub fn all<T: Row + Send + Sync + 'static>(
        &mut self,
        rows: impl Iterator<Item = Result<Read<T>>>,
        write: impl Fn(&Tx, &Actor, &Batch<T>) -> Result<Tally> + Clone + Send + 'static,
        check: impl Fn(&Snapshot, &Actor, &Batch<T>) -> Result<Tally>,
    ) -> Result<()> {
        let mut batch = Vec::new();
        let mut weight = 0;
        for row in rows {
            let row = match row {
                Ok(row) => row,
                Err(broken) => {
                    // What was read before the file broke is good.
                    self.take(batch, &write, &check)?;
                    return Err(broken);
                }
            };
            if let Some(row) = self.look(row)? {
                weight += row.row.weight();
                batch.push(row);
            }
            if weight >= FULL {
                self.take(std::mem::take(&mut batch), &write, &check)?;
                weight = 0;
            }
        }
        self.take(batch, &write, &check)
    }

    /// Passes on what is new in the file; says what is wrong with the rest.
    fn look<T: Row>(&mut self, row: Read<T>) -> Result<Option<Numbered<T>>> {
        self.report.saw();
        let row = match row {
            Ok(row) => row,
            Err(refused) => {
                self.refuse(&refused)?;
                return Ok(None);
            }
        };
        let print = print(&row.row);
        let names = row.row.names();
        match self.former(&names)? {
            None => {
                for name in &names {
                    self.seen.put(hash(name), row.line, print)?;
                }
                return Ok(Some(row));
            }
            Some((_, (_, former))) if former == print => self.report.again(),
            Some((name, (line, _))) => {
                let key = row.row.key();
                let words = format!("stands on line {line} already with other content");
                let reason = match *name == key {
                    true => words,
                    false => format!("{name} {words}"),
                };
                self.refuse(&RefusedRow {
                    line: row.line,
                    key,
                    reason,
                })?;
            }
        }
        Ok(None)
    }

    /// The first of these names that stood in the file before, with its line and print.
    fn former<'n>(&self, names: &'n [String]) -> Result<Option<(&'n String, (u64, u64))>> {
        for name in names {
            if let Some(former) = self.seen.find(hash(name))? {
                return Ok(Some((name, former)));
            }
        }
        Ok(None)
    }

    fn refuse(&mut self, refused: &RefusedRow) -> Result<()> {
        self.unread += 1;
        self.report.refuse(refused)
    }

    fn take<T: Row + Send + Sync + 'static>(
        &mut self,
        rows: Vec<Numbered<T>>,
        write: &(impl Fn(&Tx, &Actor, &Batch<T>) -> Result<Tally> + Clone + Send + 'static),
        check: &impl Fn(&Snapshot, &Actor, &Batch<T>) -> Result<Tally>,
    ) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let batch = Arc::new(Batch {
            source: self.source.clone(),
            rows,
            unread: std::mem::take(&mut self.unread),
        });
        let tally = match self.dry_run {
            true => self.store.read(|db| check(db, &Actor::system(), &batch))?,
            false => self.write(&batch, write)?,
        };
        self.report.add(&tally)
    }

    /// A busy file is tried again: that is a moment, and a row that was not written would be lost.
    fn write<T: Row + Send + Sync + 'static>(
        &self,
        batch: &Arc<Batch<T>>,
        write: &(impl Fn(&Tx, &Actor, &Batch<T>) -> Result<Tally> + Clone + Send + 'static),
    ) -> Result<Tally> {
        let mut tries = 0;
        loop {
            let batch = Arc::clone(batch);
            let write = write.clone();
            let done = self.store.write(move |tx| write(tx, &Actor::system(), &batch));
            match done {
                Err(Error::Busy) if tries < 3 => tries += 1,
                other => return other,
            }
        }
    }

    /// The sums, once the report is written out.
    pub fn close(self) -> Result<Sums> {
        self.report.close()
    }
}

fn print(row: &impl Row) -> u64 {
    hash(row)
}

fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
