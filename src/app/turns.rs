//! One at a time under one name: whoever comes second waits until the first is done, and only those wait who share it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::sync::OwnedMutexGuard;

use crate::app::App;
use crate::error::Error;
use crate::error::Result;

/// So many may wait under one name.
const MOST_WAITING: usize = 64;

/// What turns are taken under.
pub type Name = [u8; 32];

/// Who has a turn and who waits for one. A name that nobody waits under is not kept.
#[derive(Default)]
pub struct Turns(Mutex<HashMap<Name, Queue>>);

#[derive(Default)]
struct Queue {
    lock: Arc<tokio::sync::Mutex<()>>,
    length: usize,
}

/// A turn; it is over when this is dropped.
pub struct Turn {
    _held: OwnedMutexGuard<()>,
    _place: Place,
}

impl App {
    /// Waits until nobody else has a turn under this name. Refused with `Busy` when too many wait already.
    pub async fn turn(&self, name: Name) -> Result<Turn> {
        let (place, lock) = Place::join(&self.inner.turns, name)?;
        Ok(Turn {
            _held: lock.lock_owned().await,
            _place: place,
        })
    }
}

/// A place in a queue, left when dropped: also by whoever no longer waits.
struct Place {
    turns: Arc<Turns>,
    name: Name,
}

impl Place {
    fn join(turns: &Arc<Turns>, name: Name) -> Result<(Self, Arc<tokio::sync::Mutex<()>>)> {
        let mut queues = turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queues.entry(name).or_default();
        if queue.length > MOST_WAITING {
            return Err(Error::Busy);
        }
        queue.length += 1;
        let place = Self {
            turns: Arc::clone(turns),
            name,
        };
        Ok((place, Arc::clone(&queue.lock)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut queues = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queues.get_mut(&self.name) {
            queue.length -= 1;
            if queue.length == 0 {
                queues.remove(&self.name);
            }
        }
    }
}
