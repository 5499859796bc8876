//! The writing thread: group commit. It takes whatever waits, runs it in one transaction, commits once, and only then
//! answers. The only place that begins or commits a write.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use crate::error::Error;
use crate::error::Result;
use crate::store::Options;
use crate::store::batch::Batches;
use crate::store::checkpoint::Checkpoints;
use crate::store::tx::Tx;

/// At most so many jobs share a COMMIT.
const BATCH: usize = 512;
/// How often an idle writer looks whether another process has committed.
const LOOK_AROUND: Duration = Duration::from_millis(100);
/// An idle writer empties the log after so many looks around.
const IDLE_LOOKS: u32 = 20;

/// Where the answer to a job goes.
pub trait Reply<T>: Send + 'static {
    /// Whether the caller still waits.
    fn is_wanted(&self) -> bool;
    /// Answers.
    fn send(self, answer: Result<T>);
}

impl<T: Send + 'static> Reply<T> for mpsc::SyncSender<Result<T>> {
    fn is_wanted(&self) -> bool {
        true
    }

    fn send(self, answer: Result<T>) {
        // The caller may have gone; the change stands all the same.
        let _ = mpsc::SyncSender::send(&self, answer);
    }
}

/// A change with its result, until it may be told.
pub(super) trait Job: Send {
    /// Whether the caller still waits.
    fn is_wanted(&self) -> bool;
    /// Runs, again if need be; keeps the result.
    fn run(&mut self, tx: &Tx);
    /// The failure of the last run.
    fn failure(&self) -> Option<&Error>;
    /// Puts a failure in the place of the result.
    fn fail(&mut self, error: Error);
    /// Tells the caller.
    fn answer(self: Box<Self>);
}

struct Asked<T, F, R> {
    act: F,
    made: Option<Result<T>>,
    reply: R,
}

impl<T, F, R> Job for Asked<T, F, R>
where
    T: Send,
    F: Fn(&Tx) -> Result<T> + Send,
    R: Reply<T>,
{
    fn is_wanted(&self) -> bool {
        self.reply.is_wanted()
    }

    fn run(&mut self, tx: &Tx) {
        let made = std::panic::catch_unwind(AssertUnwindSafe(|| (self.act)(tx)));
        self.made = Some(made.unwrap_or_else(|_| Err(Error::panicked("a change"))));
    }

    fn failure(&self) -> Option<&Error> {
        self.made.as_ref().and_then(|made| made.as_ref().err())
    }

    fn fail(&mut self, error: Error) {
        self.made = Some(Err(error));
    }

    fn answer(self: Box<Self>) {
        self.reply.send(self.made.unwrap_or(Err(Error::Unavailable)));
    }
}

#[derive(Clone)]
pub(super) enum Writer {
    /// A server's: jobs go to the thread.
    Thread(Arc<Thread>),
    /// A command's beside it: jobs run at once, in turn with the server.
    Beside(Arc<Mutex<Batches>>),
}

pub(super) struct Thread {
    jobs: mpsc::SyncSender<Message>,
    waiting: Arc<AtomicUsize>,
    handle: Mutex<Option<JoinHandle<Result<()>>>>,
}

enum Message {
    Run(Box<dyn Job>),
    Stop,
}

impl Writer {
    /// Starts the thread; it owns the connection and the lock.
    pub(super) fn start(mut db: Connection, lock: std::fs::File, options: &Options) -> Result<Self> {
        let (jobs, queue) = mpsc::sync_channel(options.queue);
        let waiting = Arc::new(AtomicUsize::new(0));
        let checkpoints = Checkpoints::start(options, &mut db)?;
        let mut desk = Desk {
            batches: Batches::new(db, options)?,
            checkpoints,
            queue,
            waiting: Arc::clone(&waiting),
        };
        let handle = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || {
                desk.serve();
                let is_whole = !desk.batches.has_failed();
                drop(desk);
                drop(lock);
                match is_whole {
                    true => Ok(()),
                    false => Err(Error::Broken("the file failed under a write".into())),
                }
            })
            .map_err(|cause| Error::Internal(cause.into()))?;
        Ok(Self::Thread(Arc::new(Thread {
            jobs,
            waiting,
            handle: Mutex::new(Some(handle)),
        })))
    }

    /// A writer without a thread and without checkpoints.
    pub(super) fn beside(db: Connection, options: &Options) -> Result<Self> {
        Ok(Self::Beside(Arc::new(Mutex::new(
            Batches::new(db, options)?.exclusive(),
        ))))
    }

    pub(super) fn submit<T: Send + 'static>(
        &self,
        act: impl Fn(&Tx) -> Result<T> + Send + 'static,
        reply: impl Reply<T>,
    ) {
        let job = Box::new(Asked {
            act,
            made: None,
            reply,
        });
        match self {
            Self::Thread(thread) => thread.submit(job),
            Self::Beside(batches) => batches
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .run(vec![job]),
        }
    }

    pub(super) fn waiting(&self) -> usize {
        match self {
            Self::Thread(thread) => thread.waiting.load(Ordering::Relaxed),
            Self::Beside(_) => 0,
        }
    }

    /// Ends the thread once what waits is done; an error if the file has failed.
    pub(super) fn close(&self) -> Result<()> {
        let Self::Thread(thread) = self else {
            return Ok(());
        };
        // A thread that has failed has hung up already.
        let _ = thread.jobs.send(Message::Stop);
        let handle = thread
            .handle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match handle.map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(ended)) => ended,
            Some(Err(_)) => Err(Error::internal("the writing thread panicked")),
        }
    }
}

impl Thread {
    fn submit(&self, job: Box<dyn Job>) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let (job, error) = match self.jobs.try_send(Message::Run(job)) {
            Ok(()) => return,
            Err(mpsc::TrySendError::Full(Message::Run(job))) => (job, Error::Busy),
            Err(mpsc::TrySendError::Disconnected(Message::Run(job))) => (job, Error::Unavailable),
            Err(_) => return,
        };
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let mut job = job;
        job.fail(error);
        job.answer();
    }
}

struct Desk {
    batches: Batches,
    checkpoints: Checkpoints,
    queue: mpsc::Receiver<Message>,
    waiting: Arc<AtomicUsize>,
}

impl Desk {
    fn serve(&mut self) {
        let mut quiet = 0;
        loop {
            let kept = match self.queue.recv_timeout(LOOK_AROUND) {
                Ok(Message::Run(first)) => {
                    quiet = 0;
                    if self.batch(first).is_none() {
                        break;
                    }
                    self.checkpoints.between_batches(self.batches.db())
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    self.batches.notice_others();
                    quiet += 1;
                    match quiet % IDLE_LOOKS {
                        0 => self.checkpoints.when_idle(self.batches.db()),
                        _ => Ok(()),
                    }
                }
                Ok(Message::Stop) | Err(mpsc::RecvTimeoutError::Disconnected) => break,
            };
            if let Err(error) = kept {
                self.batches.fail(&error);
                break;
            }
        }
        self.refuse_the_rest();
        if !self.batches.has_failed()
            && let Err(error) = self.checkpoints.at_stop(self.batches.db())
        {
            self.batches.fail(&error);
        }
    }

    /// Whatever waits shares one COMMIT. Nothing once the thread is to end.
    fn batch(&mut self, first: Box<dyn Job>) -> Option<()> {
        let mut jobs = vec![first];
        let mut goes_on = Some(());
        while jobs.len() < BATCH {
            match self.queue.try_recv() {
                Ok(Message::Run(job)) => jobs.push(job),
                Ok(Message::Stop) => {
                    goes_on = None;
                    break;
                }
                Err(_) => break,
            }
        }
        self.waiting.fetch_sub(jobs.len(), Ordering::Relaxed);
        self.batches.run(jobs);
        match self.batches.has_failed() {
            true => None,
            false => goes_on,
        }
    }

    fn refuse_the_rest(&mut self) {
        while let Ok(Message::Run(mut job)) = self.queue.try_recv() {
            job.fail(Error::Unavailable);
            job.answer();
        }
    }
}
