//! The chain of the audit, gone along beside everything else: that takes as long as the file is long, so a page asks for
//! it and looks again. One at a time; what came of the last is kept for as long as the process runs.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::audit::Head;
use crate::domain::audit::Verdict;
use crate::domain::time::Timestamp;
use crate::shop::audit;

/// A walk along the chain, under way or over.
#[derive(Debug, Clone)]
pub struct Walk {
    /// The end of the chain that was noted elsewhere, and is looked for.
    pub noted: Option<Head>,
    /// When it was asked for.
    pub began: Timestamp,
    passed: Arc<AtomicU64>,
    /// What came of it; nothing while it is under way.
    pub end: Option<End>,
}

/// What came of a walk.
#[derive(Debug, Clone)]
pub enum End {
    /// It was gone along.
    Verdict(Verdict),
    /// It broke off, for a cause that stands in the log.
    Failed,
}

impl Walk {
    /// How many rows were good so far.
    pub fn passed(&self) -> u64 {
        self.passed.load(Ordering::Relaxed)
    }
}

/// The last walk.
#[derive(Default)]
pub struct Walks(Mutex<Option<Walk>>);

impl Walks {
    fn last(&self) -> MutexGuard<'_, Option<Walk>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// The last walk along the chain, for whoever may read the audit.
    pub fn walked(&self) -> Option<Walk> {
        self.inner.walks.last().clone()
    }

    /// Goes along the whole chain, unless somebody does already. Who asks must be let in by the verb that the walk is.
    pub fn walk(&self, by: Actor, noted: Option<Head>) {
        let passed = Arc::new(AtomicU64::new(0));
        {
            let mut last = self.inner.walks.last();
            if last.as_ref().is_some_and(|walk| walk.end.is_none()) {
                return;
            }
            *last = Some(Walk {
                noted,
                began: self.clock().now(),
                passed: Arc::clone(&passed),
                end: None,
            });
        }
        let (app, key) = (self.clone(), self.keys().audit);
        tokio::spawn(async move {
            let look = app.read_alone(move |db, _| {
                audit::verify(db, &by, &key, noted, |rows| {
                    passed.store(rows, Ordering::Relaxed);
                    true
                })
            });
            let end = match look.await {
                Ok(verdict) => End::Verdict(verdict),
                Err(error) => {
                    tracing::error!(?error, "the walk along the audit broke off");
                    End::Failed
                }
            };
            if let Some(walk) = app.inner.walks.last().as_mut() {
                walk.end = Some(end);
            }
        });
    }
}
