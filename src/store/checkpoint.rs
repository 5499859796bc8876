//! Checkpoints in two steps: a helper thread moves the long part of the write-ahead log into the file while the writer
//! goes on, then the writer moves the short rest, and the next batch starts the log afresh. Nobody waits for the long one.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicI32;
use std::sync::atomic::Ordering;
use std::sync::mpsc;

use rusqlite::Connection;

use crate::clock::Stopwatch;
use crate::error::Error;
use crate::error::Result;
use crate::store::file;

/// Frames in the log (64 MiB) from which on a checkpoint is due.
const DUE: i32 = 16_000;
/// A log this long says that some reader pins it.
const ALARM: i32 = 4 * DUE;

pub(super) struct Checkpoints {
    frames: Arc<AtomicI32>,
    ask: mpsc::SyncSender<()>,
    helper_done: Arc<AtomicBool>,
    is_asked: bool,
    warned: bool,
}

impl Checkpoints {
    /// Watches the log's length through the writer and starts the helper.
    pub(super) fn start(dir: &Path, db: &mut Connection) -> Result<Self> {
        let frames = Arc::new(AtomicI32::new(0));
        let seen = Arc::clone(&frames);
        db.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            seen.store(pages, Ordering::Relaxed);
            Ok(())
        }))?;
        let (ask, asked) = mpsc::sync_channel(1);
        let helper_done = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&helper_done);
        let helper = file::open_helper(dir)?;
        std::thread::Builder::new()
            .name("checkpoint".into())
            .spawn(move || {
                while asked.recv().is_ok() {
                    run(&helper, Mode::Passive);
                    done.store(true, Ordering::Release);
                }
            })
            .map_err(|cause| Error::Internal(cause.into()))?;
        Ok(Self {
            frames,
            ask,
            helper_done,
            is_asked: false,
            warned: false,
        })
    }

    /// Between two batches: asks the helper when the log is long, and does the rest when it is done.
    pub(super) fn between_batches(&mut self, db: &Connection) {
        let frames = self.frames.load(Ordering::Relaxed);
        match self.is_asked {
            false if frames >= DUE => self.is_asked = self.ask.try_send(()).is_ok(),
            true if self.helper_done.swap(false, Ordering::AcqRel) => {
                run(db, Mode::Passive);
                self.is_asked = false;
            }
            _ => {}
        }
        if frames < ALARM {
            self.warned = false;
        } else if !self.warned {
            self.warned = true;
            tracing::error!(frames, "the write-ahead log grows: a reader holds it");
        }
    }

    /// When nothing is to be written: the whole log into the file, if no reader is in the way.
    pub(super) fn when_idle(&mut self, db: &Connection) {
        if self.frames.swap(0, Ordering::Relaxed) > 0 && !self.is_asked {
            // A reader in the way would make TRUNCATE wait for it; looks are short, exports are not.
            let _ = db.busy_timeout(std::time::Duration::from_millis(5));
            run(db, Mode::Truncate);
            let _ = db.busy_timeout(std::time::Duration::from_secs(5));
        }
    }

    /// At the end.
    pub(super) fn at_stop(&self, db: &Connection) {
        let _ = db.execute_batch("PRAGMA optimize");
        run(db, Mode::Truncate);
    }
}

#[derive(Clone, Copy)]
enum Mode {
    Passive,
    Truncate,
}

/// Moves the log into the file; the frames it could not move are left for the next time.
fn run(db: &Connection, mode: Mode) {
    let sql = match mode {
        Mode::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
        Mode::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    let watch = Stopwatch::start();
    let done = db.query_row(sql, [], |row| {
        Ok((
            row.get::<_, i64>(0)?,
            row.get::<_, i64>(1)?,
            row.get::<_, i64>(2)?,
        ))
    });
    match done {
        Ok((busy, log, moved)) => {
            tracing::debug!(
                busy,
                log,
                moved,
                duration_ms = watch.milliseconds() as u64,
                "checkpoint"
            );
        }
        Err(cause) => tracing::warn!(%cause, "a checkpoint failed"),
    }
}
