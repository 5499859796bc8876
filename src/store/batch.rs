//! One batch: BEGIN IMMEDIATE, every job, one COMMIT, then the answers. Jobs run bare at first; when one fails after it
//! has written, the batch is rolled back and run again with a savepoint for each, so that a failure touches no neighbour.

use std::fs::File;
use std::sync::Arc;

use rusqlite::Connection;
use rustix::fs::FlockOperation;

use crate::clock::Clock;
use crate::clock::Stopwatch;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::store::Options;
use crate::store::file;
use crate::store::tx::AfterCommit;
use crate::store::tx::Around;
use crate::store::tx::Tx;
use crate::store::writer::Job;

pub(super) struct Batches {
    db: Connection,
    clock: Clock,
    last: Timestamp,
    around: Around,
    turn: File,
    turn_is_whole: bool,
    seen_version: i64,
    failed: bool,
    on_failure: Arc<dyn Fn() + Send + Sync>,
    on_commit: Arc<dyn Fn() + Send + Sync>,
    on_change_elsewhere: Arc<dyn Fn() + Send + Sync>,
}

/// How jobs are kept apart.
#[derive(Clone, Copy, PartialEq)]
enum Walls {
    None,
    Savepoints,
}

/// How an attempt at a batch ended.
enum End {
    Committed(Vec<AfterCommit>),
    /// A job failed after it had written: once more, with savepoints.
    Again,
    /// Nothing of the batch stands.
    Lost(Error),
}

impl Batches {
    pub(super) fn new(db: Connection, options: &Options) -> Result<Self> {
        let last = db.query_row(
            "SELECT max(
               ifnull((SELECT at FROM audit ORDER BY id DESC LIMIT 1), 0),
               ifnull((SELECT at FROM events ORDER BY id DESC LIMIT 1), 0))",
            [],
            |row| row.get(0),
        )?;
        Ok(Self {
            seen_version: data_version(&db)?,
            db,
            clock: options.clock.clone(),
            last,
            around: Around {
                chain_key: options.chain_key,
                on_touch: Arc::clone(&options.on_touch),
            },
            on_commit: Arc::clone(&options.on_commit),
            turn: file::turn(&options.dir)?,
            turn_is_whole: false,
            failed: false,
            on_failure: Arc::clone(&options.on_failure),
            on_change_elsewhere: Arc::clone(&options.on_change_elsewhere),
        })
    }

    /// For a process beside the server: it takes a whole turn, between two of the server's batches.
    pub(super) fn exclusive(mut self) -> Self {
        self.turn_is_whole = true;
        self
    }

    pub(super) fn db(&self) -> &Connection {
        &self.db
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed
    }

    /// Tells whoever keeps copies in memory when another process has committed.
    pub(super) fn notice_others(&mut self) {
        if let Ok(version) = data_version(&self.db)
            && version != self.seen_version
        {
            self.seen_version = version;
            (self.on_change_elsewhere)();
        }
    }

    /// Runs the jobs and answers each once the COMMIT has returned.
    pub(super) fn run(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        let watch = Stopwatch::start();
        if self.failed {
            jobs.iter_mut().for_each(|job| job.fail(Error::Unavailable));
        } else {
            match self.in_turn(&mut jobs) {
                End::Committed(after) => {
                    after.into_iter().for_each(|act| act());
                    (self.on_commit)();
                }
                End::Again => self.lose(&mut jobs, Error::Unavailable),
                End::Lost(error) => self.lose(&mut jobs, error),
            }
        }
        metrics::histogram!("db_commit_batch_size").record(jobs.len() as f64);
        metrics::histogram!("db_commit_duration_seconds").record(watch.seconds());
        jobs.into_iter().for_each(|job| job.answer());
    }

    fn in_turn(&mut self, jobs: &mut [Box<dyn Job>]) -> End {
        let operation = match self.turn_is_whole {
            true => FlockOperation::LockExclusive,
            false => FlockOperation::LockShared,
        };
        if let Err(cause) = rustix::fs::flock(&self.turn, operation) {
            return End::Lost(Error::Internal(cause.into()));
        }
        if !self.turn_is_whole {
            // A server lets a waiting command in between two batches, not during one.
            let _ = rustix::fs::flock(&self.turn, FlockOperation::Unlock);
        }
        self.notice_others();
        let end = match self.attempt(jobs, Walls::None) {
            End::Again => self.attempt(jobs, Walls::Savepoints),
            end => end,
        };
        if self.turn_is_whole {
            let _ = rustix::fs::flock(&self.turn, FlockOperation::Unlock);
        }
        end
    }

    fn attempt(&mut self, jobs: &mut [Box<dyn Job>], walls: Walls) -> End {
        if let Err(cause) = execute(&self.db, "BEGIN IMMEDIATE") {
            return End::Lost(cause.into());
        }
        let mut after = Vec::new();
        for job in jobs.iter_mut() {
            if !job.is_wanted() {
                job.fail(Error::Unavailable);
                continue;
            }
            match self.one(job.as_mut(), walls) {
                Ok(acts) => after.extend(acts),
                Err(end) => {
                    if !self.db.is_autocommit() {
                        let _ = execute(&self.db, "ROLLBACK");
                    }
                    return end;
                }
            }
        }
        match execute(&self.db, "COMMIT") {
            Ok(()) => End::Committed(after),
            Err(cause) => {
                // Whether a COMMIT that failed is on disk is not known, and the fsync is never tried again.
                if !self.db.is_autocommit() {
                    let _ = execute(&self.db, "ROLLBACK");
                }
                End::Lost(cause.into())
            }
        }
    }

    /// Runs one job inside the transaction; what is to be done after the COMMIT.
    fn one(&mut self, job: &mut dyn Job, walls: Walls) -> std::result::Result<Vec<AfterCommit>, End> {
        self.last = self.last.max(self.clock.now());
        let before = self.db.total_changes();
        let tx = Tx::new(&self.db, self.last, &self.around);
        if walls == Walls::Savepoints {
            execute(&self.db, "SAVEPOINT job").map_err(lost)?;
        }
        job.run(&tx);
        if self.db.is_autocommit() {
            // SQLite itself has rolled the whole transaction back (disk full, I/O error, out of memory).
            return Err(End::Lost(gone(job)));
        }
        if job.failure().is_none() {
            if walls == Walls::Savepoints {
                execute(&self.db, "RELEASE job").map_err(lost)?;
            }
            return Ok(tx.take_after_commit());
        }
        match (job.failure(), walls) {
            (Some(Error::Broken(_) | Error::Full), _) => return Err(End::Lost(gone(job))),
            (_, Walls::None) if self.db.total_changes() != before => return Err(End::Again),
            (_, Walls::None) => {}
            (_, Walls::Savepoints) => {
                execute(&self.db, "ROLLBACK TO job").map_err(lost)?;
                execute(&self.db, "RELEASE job").map_err(lost)?;
            }
        }
        self.outlive(&tx)
    }

    /// What a refused job wanted kept, each in a savepoint of its own.
    fn outlive(&self, tx: &Tx) -> std::result::Result<Vec<AfterCommit>, End> {
        let mut after = Vec::new();
        for act in tx.take_when_refused() {
            execute(&self.db, "SAVEPOINT refused").map_err(lost)?;
            let kept = Tx::new(&self.db, tx.now, &self.around);
            match act(&kept) {
                Ok(()) => after.extend(kept.take_after_commit()),
                Err(error) => {
                    tracing::warn!(%error, "what a refusal leaves behind was not written");
                    if self.db.is_autocommit() {
                        return Err(End::Lost(error));
                    }
                    execute(&self.db, "ROLLBACK TO refused").map_err(lost)?;
                }
            }
            execute(&self.db, "RELEASE refused").map_err(lost)?;
        }
        Ok(after)
    }

    /// The file fails: nothing is written any more, and the process is told to end.
    pub(super) fn fail(&mut self, error: &Error) {
        tracing::error!(%error, "the file fails: nothing is written any more");
        self.failed = true;
        (self.on_failure)();
    }

    /// Nothing of the batch stands: everyone hears it, and a broken file ends the writing for good.
    fn lose(&mut self, jobs: &mut [Box<dyn Job>], error: Error) {
        if matches!(error, Error::Broken(_)) {
            self.fail(&error);
        }
        for job in jobs {
            job.fail(match &error {
                Error::Full => Error::Full,
                Error::Busy => Error::Busy,
                Error::Database(cause) | Error::Internal(cause) => Error::internal(cause.to_string()),
                _ => Error::Broken("the batch was lost".into()),
            });
        }
    }
}

fn gone(job: &dyn Job) -> Error {
    match job.failure() {
        Some(Error::Full) => Error::Full,
        Some(Error::Broken(cause)) => Error::Broken(cause.to_string().into()),
        Some(other) => Error::internal(format!("the transaction is gone: {other}")),
        None => Error::internal("the transaction is gone"),
    }
}

fn lost(cause: rusqlite::Error) -> End {
    End::Lost(cause.into())
}

fn execute(db: &Connection, sql: &str) -> rusqlite::Result<()> {
    db.prepare_cached(sql)?.execute([]).map(|_| ())
}

fn data_version(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("PRAGMA data_version")?
        .query_row([], |row| row.get(0))
}
