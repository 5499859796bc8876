//! A task of the worker that panics begins anew; one that does so again and again ends the process (LIF-08).

use std::collections::VecDeque;
use std::future::Future;
use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::clock::Stopwatch;
use crate::error::Error;
use crate::error::Result;

/// A task may panic so often …
const MOST_FALLS: usize = 5;
/// … within this time.
const WITHIN: Duration = Duration::from_secs(60);

/// What is called, with the task's name, before each piece of its work. A test's panics.
pub trait Trip: Fn(&'static str) + Clone + Send + Sync + 'static {}

impl<T: Fn(&'static str) + Clone + Send + Sync + 'static> Trip for T {}

/// Runs a task until it ends by itself. An error if it panics more than five times a minute.
pub async fn watched<F, T>(name: &'static str, trip: &impl Trip, task: F) -> Result<()>
where
    F: Fn() -> T,
    T: Future<Output = ()> + Send + 'static,
{
    let mut falls: VecDeque<Stopwatch> = VecDeque::new();
    loop {
        let mut running = Running(tokio::spawn(tripping(name, trip.clone(), task())));
        match (&mut running.0).await {
            Err(ended) if ended.is_panic() => {}
            _ => return Ok(()),
        }
        tracing::error!(task = name, "a task of the worker panicked and begins anew");
        falls.retain(|fall| fall.elapsed() < WITHIN);
        falls.push_back(Stopwatch::start());
        if falls.len() > MOST_FALLS {
            return Err(Error::internal(format!(
                "the worker's task {name} panics again and again"
            )));
        }
    }
}

/// A task's work, a call before each piece of it.
async fn tripping(name: &'static str, trip: impl Trip, task: impl Future<Output = ()>) {
    let mut task = pin!(task);
    poll_fn(|context| {
        trip(name);
        task.as_mut().poll(context)
    })
    .await;
}

/// A task that ends with whoever waits for it.
struct Running(JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}
