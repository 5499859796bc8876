//! What came of an import: the sums, and every refused row with its line and reason.

use std::fs::File;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;

use indicatif::ProgressBar;
use serde::Serialize;

use crate::domain::import::RefusedRow;
use crate::domain::import::Tally;
use crate::domain::text::csv_cell;
use crate::error::Error;
use crate::error::Result;

/// Gathers what came of the batches.
pub struct Report {
    file: Option<BufWriter<File>>,
    bar: ProgressBar,
    sums: Sums,
}

/// The sums, as `--json` prints them.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Sums {
    pub dry_run: bool,
    pub rows: u64,
    pub made: u64,
    pub credit_notes: u64,
    pub updated: u64,
    pub known: u64,
    pub customers: u64,
    pub lines: u64,
    pub charges: u64,
    pub untracked: u64,
    pub oversold: u64,
    pub cut_addresses: u64,
    pub without_product: u64,
    pub refused: u64,
}

impl Report {
    /// Writes refused rows to a file, or without one to standard error.
    pub fn open(path: Option<&Path>, bar: ProgressBar, dry_run: bool) -> Result<Self> {
        let file = match path {
            None => None,
            Some(path) => {
                let made = File::create(path);
                let file = made.map_err(|cause| {
                    Error::internal(format!("cannot write the report {}: {cause}", path.display()))
                })?;
                let mut file = BufWriter::new(file);
                writeln!(file, "line,key,reason").map_err(unwritten)?;
                Some(file)
            }
        };
        Ok(Self {
            file,
            bar,
            sums: Sums {
                dry_run,
                ..Sums::default()
            },
        })
    }

    /// A row was read.
    pub fn saw(&mut self) {
        self.sums.rows += 1;
    }

    /// A row says just what an earlier one of the file says.
    pub fn again(&mut self) {
        self.sums.known += 1;
    }

    /// Something to know that refuses nothing.
    pub fn remark(&self, words: &str) {
        self.bar.suspend(|| eprintln!("{words}"));
    }

    /// A row is refused.
    pub fn refuse(&mut self, row: &RefusedRow) -> Result<()> {
        self.sums.refused += 1;
        match &mut self.file {
            Some(file) => writeln!(
                file,
                "{},{},{}",
                row.line,
                csv_cell(&row.key),
                csv_cell(&row.reason)
            )
            .map_err(unwritten),
            None => {
                let key = match row.key.is_empty() {
                    true => String::new(),
                    false => format!(" ({})", row.key),
                };
                self.remark(&format!("line {}{key}: {}", row.line, row.reason));
                Ok(())
            }
        }
    }

    /// A batch is done.
    pub fn add(&mut self, tally: &Tally) -> Result<()> {
        let sums = &mut self.sums;
        sums.made += tally.made;
        sums.credit_notes += tally.credit_notes;
        sums.updated += tally.updated;
        sums.known += tally.known;
        sums.customers += tally.customers;
        sums.lines += tally.lines;
        sums.charges += tally.charges;
        sums.untracked += tally.untracked;
        sums.oversold += tally.oversold;
        sums.cut_addresses += tally.cut_addresses;
        sums.without_product += tally.without_product;
        for row in &tally.refused {
            self.refuse(row)?;
        }
        Ok(())
    }

    /// The sums, once the report is written out.
    pub fn close(mut self) -> Result<Sums> {
        if let Some(file) = &mut self.file {
            file.flush().map_err(unwritten)?;
        }
        self.bar.finish_and_clear();
        Ok(self.sums)
    }
}

fn unwritten(cause: std::io::Error) -> Error {
    Error::internal(format!("the report cannot be written: {cause}"))
}
