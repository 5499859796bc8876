//! Passwords are hashed, and pictures drawn, on one or two threads of their own: a pool that starts threads as it likes
//! would hash on ever new ones, and each keeps the 19 MiB that a hash takes.

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::TrySendError;
use std::sync::mpsc::sync_channel;

use crate::error::Error;
use crate::error::Result;

/// So many may wait for processor time; some seconds' worth of passwords.
const MOST_WAITING: usize = 64;
/// Not more at once, however many cores there are (AUT-01).
const MOST_THREADS: usize = 2;
#[cfg(target_os = "linux")]
const NICE: i32 = 19;

type Work = Box<dyn FnOnce() + Send>;

/// The way to the threads; they end when it is dropped.
pub(super) struct Hashing(SyncSender<Work>);

impl Hashing {
    pub(super) fn start() -> Result<Self> {
        let (queue, works) = sync_channel(MOST_WAITING);
        let works = Arc::new(Mutex::new(works));
        for number in 0..threads() {
            let works = Arc::clone(&works);
            std::thread::Builder::new()
                .name(format!("hashing-{number}"))
                .spawn(move || serve(&works))
                .map_err(|cause| Error::Internal(cause.into()))?;
        }
        Ok(Self(queue))
    }

    /// Hands work over; refused with `Busy` when too much waits.
    pub(super) fn submit(&self, work: Work) -> Result<()> {
        self.0.try_send(work).map_err(|refused| match refused {
            TrySendError::Full(_) => Error::Busy,
            TrySendError::Disconnected(_) => Error::Unavailable,
        })
    }
}

fn serve(works: &Mutex<Receiver<Work>>) {
    give_way();
    while let Some(work) = next(works) {
        // Whoever waits for the answer is told by its end being dropped.
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            tracing::error!("work on a hashing thread panicked");
        }
    }
}

fn next(works: &Mutex<Receiver<Work>>) -> Option<Work> {
    works.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// At most half of the cores: where hashes hold them all, whoever wakes waits for a tick of the kernel's clock, whatever
/// the priorities.
fn threads() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    (cores / 2).clamp(1, MOST_THREADS)
}

/// Hashes get what the others leave. On Linux alone, where a priority is a thread's.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(cause) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE) {
        tracing::warn!(%cause, "hashing does not give way to others");
    }
}
