//! Checkpoints in two steps: a helper thread moves the long part of the write-ahead log into the file while the writer
//! goes on, then the writer moves the short rest, and the next batch starts the log afresh. Nobody waits for the long one.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicI32;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::Duration;

use rusqlite::Connection;

use crate::clock::Stopwatch;
use crate::error::Error;
use crate::error::Result;
use crate::store::Options;
use crate::store::file;

/// A log of so many times the length at which a checkpoint is due says that some reader pins it.
const ALARM: i32 = 4;

pub(super) struct Checkpoints {
    frames: Arc<AtomicI32>,
    due: i32,
    ask: mpsc::SyncSender<()>,
    helper_done: Arc<AtomicBool>,
    helper_failed: Arc<AtomicBool>,
    is_asked: bool,
    warned: bool,
}

impl Checkpoints {
    /// Watches the log's length through the writer and starts the helper.
    pub(super) fn start(options: &Options, db: &mut Connection) -> Result<Self> {
        let frames = Arc::new(AtomicI32::new(0));
        let seen = Arc::clone(&frames);
        db.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            seen.store(pages, Ordering::Relaxed);
            Ok(())
        }))?;
        let (ask, asked) = mpsc::sync_channel(1);
        let helper_done = Arc::new(AtomicBool::new(false));
        let helper_failed = Arc::new(AtomicBool::new(false));
        let (done, failed) = (Arc::clone(&helper_done), Arc::clone(&helper_failed));
        let helper = file::open_helper(&options.dir)?;
        std::thread::Builder::new()
            .name("checkpoint".into())
            .spawn(move || {
                while asked.recv().is_ok() {
                    if run(&helper, Mode::Passive).is_err() {
                        failed.store(true, Ordering::Release);
                    }
                    done.store(true, Ordering::Release);
                }
            })
            .map_err(|cause| Error::Internal(cause.into()))?;
        Ok(Self {
            frames,
            due: options.checkpoint_pages,
            ask,
            helper_done,
            helper_failed,
            is_asked: false,
            warned: false,
        })
    }

    /// Between two batches: asks the helper when the log is long, and does the rest when it is done.
    ///
    /// An I/O error is the writer's as well: an fsync that failed is never tried again (DUR-07).
    pub(super) fn between_batches(&mut self, db: &Connection) -> Result<()> {
        let frames = self.frames.load(Ordering::Relaxed);
        if !self.is_asked && frames >= self.due {
            self.is_asked = self.ask.try_send(()).is_ok();
        } else if self.helper_is_done()? {
            run(db, Mode::Passive)?;
        }
        if frames < ALARM.saturating_mul(self.due) {
            self.warned = false;
        } else if !self.warned {
            self.warned = true;
            tracing::error!(frames, "the write-ahead log grows: a reader holds it");
        }
        Ok(())
    }

    /// When nothing is to be written: the whole log into the file, if no reader is in the way.
    pub(super) fn when_idle(&mut self, db: &Connection) -> Result<()> {
        self.helper_is_done()?;
        if self.is_asked || self.frames.swap(0, Ordering::Relaxed) == 0 {
            return Ok(());
        }
        // A reader in the way would make TRUNCATE wait for it; looks are short, exports are not.
        db.busy_timeout(Duration::from_millis(5))?;
        let done = run(db, Mode::Truncate);
        db.busy_timeout(Duration::from_secs(5))?;
        done
    }

    fn helper_is_done(&mut self) -> Result<bool> {
        if self.helper_failed.load(Ordering::Acquire) {
            return Err(Error::Broken("a checkpoint failed".into()));
        }
        let is_done = self.is_asked && self.helper_done.swap(false, Ordering::AcqRel);
        self.is_asked &= !is_done;
        Ok(is_done)
    }

    /// At the end.
    pub(super) fn at_stop(&self, db: &Connection) -> Result<()> {
        db.execute_batch("PRAGMA optimize")?;
        run(db, Mode::Truncate)
    }
}

#[derive(Clone, Copy)]
enum Mode {
    Passive,
    Truncate,
}

/// Moves the log into the file; the frames it could not move are left for the next time.
fn run(db: &Connection, mode: Mode) -> Result<()> {
    let sql = match mode {
        Mode::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
        Mode::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    let watch = Stopwatch::start();
    let moved = db
        .query_row(sql, [], |row| row.get::<_, i64>(2))
        .map_err(Error::from);
    match moved {
        Ok(frames) => {
            tracing::debug!(frames, duration_ms = watch.milliseconds() as u64, "checkpoint");
            Ok(())
        }
        Err(Error::Broken(cause)) => Err(Error::Broken(cause)),
        Err(error) => {
            tracing::debug!(%error, "a checkpoint was put off");
            Ok(())
        }
    }
}
