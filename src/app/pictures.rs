//! Pictures take memory: 10 MiB while one comes in, 160 MB and for some forms as much again while it is drawn. So few come
//! in at once, one is drawn at a time, and few of those that are there are read at once.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;

use crate::app::App;
use crate::error::Error;
use crate::error::Result;

/// So many come in at once; the others wait unread.
const MOST_COMING: usize = 4;
/// So many threads wait for the disk at once.
const MOST_FETCHED: usize = 8;

/// Whose turn it is.
pub(super) struct Pictures {
    coming: Arc<Semaphore>,
    drawing: Arc<Semaphore>,
    fetching: Arc<Semaphore>,
}

impl Default for Pictures {
    fn default() -> Self {
        Self {
            coming: Arc::new(Semaphore::new(MOST_COMING)),
            drawing: Arc::new(Semaphore::new(1)),
            fetching: Arc::new(Semaphore::new(MOST_FETCHED)),
        }
    }
}

async fn turn(of: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit> {
    let turn = Arc::clone(of).acquire_owned().await;
    turn.map_err(|_| Error::Unavailable)
}

impl App {
    /// Waits for the turn to send a picture; it lasts as long as what is returned.
    pub async fn turn_of_picture(&self) -> Result<OwnedSemaphorePermit> {
        turn(&self.inner.pictures.coming).await
    }

    /// Draws a picture where passwords are hashed, one at a time, also when nobody waits for it any more: whoever signs
    /// in waits for one at most.
    pub async fn draw<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = turn(&self.inner.pictures.drawing).await?;
        self.compute(move || {
            let _turn = turn;
            work()
        })
        .await
    }

    /// Fetches something from the disk that is in no database.
    pub async fn fetch<T: Send + 'static>(
        &self,
        fetch: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = turn(&self.inner.pictures.fetching).await?;
        let fetched = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            fetch()
        });
        fetched
            .await
            .unwrap_or_else(|cause| Err(Error::Internal(cause.into())))
    }
}
