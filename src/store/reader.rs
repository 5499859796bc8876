//! Looks: a pool of `query_only` connections, and threads that each keep one, because handing a connection over for
//! every look costs more than the look.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use rusqlite::Connection;

use crate::clock::Stopwatch;
use crate::error::Error;
use crate::error::Result;
use crate::store::Options;
use crate::store::file;
use crate::store::orders::Totals;
use crate::store::tx::Snapshot;

/// A look on its way to a reading thread.
pub type Look = Box<dyn FnOnce(Result<&Snapshot>) + Send>;

/// No look of a request may hold a snapshot longer (DUR-06).
const LONGEST: Duration = Duration::from_secs(2);
/// More waiting looks than this, and the shop says that it is busy.
const QUEUE: usize = 4096;
const POOL: u32 = 6;

#[derive(Clone)]
pub(super) struct Readers {
    pool: r2d2::Pool<Source>,
    queue: Arc<Queue>,
    totals: Arc<Totals>,
}

/// Opens readers for the pool; a connection is good until it is dropped.
struct Source(PathBuf);

impl r2d2::ManageConnection for Source {
    type Connection = Connection;
    type Error = Error;

    fn connect(&self) -> Result<Connection> {
        file::open_reader(&self.0)
    }

    fn is_valid(&self, _: &mut Connection) -> Result<()> {
        Ok(())
    }

    fn has_broken(&self, _: &mut Connection) -> bool {
        false
    }
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    looks: VecDeque<Look>,
    is_closed: bool,
}

impl Readers {
    /// The pool, and `options.readers` threads that keep a connection each.
    pub(super) fn start(options: &Options) -> Result<Self> {
        let readers = Self::pool_only(options)?;
        for number in 0..options.readers {
            let db = file::open_reader(&options.dir)?;
            let queue = Arc::clone(&readers.queue);
            let totals = Arc::clone(&readers.totals);
            std::thread::Builder::new()
                .name(format!("reader-{number}"))
                .spawn(move || serve(db, &queue, &totals))
                .map_err(|cause| Error::Internal(cause.into()))?;
        }
        Ok(readers)
    }

    /// The pool alone, for a process that looks now and then.
    pub(super) fn pool_only(options: &Options) -> Result<Self> {
        let pool = r2d2::Pool::builder()
            .max_size(POOL)
            .min_idle(Some(0))
            .test_on_check_out(false)
            .build_unchecked(Source(options.dir.clone()));
        Ok(Self {
            pool,
            queue: Arc::default(),
            totals: Arc::default(),
        })
    }

    /// Runs a look on the caller's thread, for as long as it takes.
    pub(super) fn read<T>(&self, look: impl FnOnce(&Snapshot) -> Result<T>) -> Result<T> {
        let db = self.pool.get().map_err(|_| Error::Busy)?;
        within(&db, &self.totals, |snapshot| look(&snapshot?))
    }

    /// Hands a look to the threads.
    pub(super) fn submit(&self, look: Look) -> Result<()> {
        let mut waiting = self.queue.lock();
        match (waiting.is_closed, waiting.looks.len() < QUEUE) {
            (true, _) => return Err(Error::Unavailable),
            (_, false) => return Err(Error::Busy),
            (false, true) => waiting.looks.push_back(look),
        }
        drop(waiting);
        self.queue.arrived.notify_one();
        Ok(())
    }

    /// Lets the threads finish what waits and end.
    pub(super) fn close(&self) {
        self.queue.lock().is_closed = true;
        self.queue.arrived.notify_all();
    }
}

impl Queue {
    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Look> {
        let mut waiting = self.lock();
        loop {
            if let Some(look) = waiting.looks.pop_front() {
                return Some(look);
            }
            if waiting.is_closed {
                return None;
            }
            waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn serve(mut db: Connection, queue: &Queue, totals: &Totals) {
    let started: Arc<Mutex<Stopwatch>> = Arc::new(Mutex::new(Stopwatch::start()));
    let watch = Arc::clone(&started);
    let too_long = move || watch.lock().is_ok_and(|started| started.elapsed() > LONGEST);
    if let Err(cause) = db.progress_handler(20_000, Some(too_long)) {
        tracing::warn!(%cause, "looks run without a limit");
    }
    while let Some(look) = queue.next() {
        if let Ok(mut started) = started.lock() {
            *started = Stopwatch::start();
        }
        // A look that panics has answered nobody: its caller sees the reply dropped.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            within(&db, totals, |snapshot| match snapshot {
                Ok(snapshot) => look(Ok(&snapshot)),
                Err(error) => look(Err(error)),
            });
        }));
    }
}

/// One snapshot for all statements of a look; inside a transaction each costs a fifth.
fn within<T>(db: &Connection, totals: &Totals, look: impl FnOnce(Result<Snapshot>) -> T) -> T {
    let begun = db.prepare_cached("BEGIN").and_then(|mut begin| begin.execute([]));
    let answer = match begun {
        Ok(_) => look(Ok(Snapshot::new(db).knowing(totals))),
        Err(cause) => look(Err(cause.into())),
    };
    if !db.is_autocommit() {
        let ended = db
            .prepare_cached("COMMIT")
            .and_then(|mut commit| commit.execute([]));
        if let Err(cause) = ended {
            tracing::warn!(%cause, "a look did not end");
            let _ = db.execute_batch("ROLLBACK");
        }
    }
    answer
}
