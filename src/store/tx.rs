//! What a look and a change hold in their hands. The connection behind them is shown to the store alone.

use std::cell::RefCell;
use std::ops::Deref;
use std::sync::Arc;

use rusqlite::Connection;

use crate::domain::time::Timestamp;
use crate::domain::touched::Touched;
use crate::error::Result;
use crate::store::orders::Totals;

/// Something to do once the change is durable.
pub(super) type AfterCommit = Box<dyn FnOnce() + Send>;
/// Something that must outlive a refusal, in a savepoint of its own.
pub(super) type WhenRefused = Box<dyn Fn(&Tx) -> Result<()> + Send>;

/// One unchanging picture of the database.
pub struct Snapshot<'db> {
    db: &'db Connection,
    totals: Option<&'db Totals>,
}

impl<'db> Snapshot<'db> {
    pub(super) fn new(db: &'db Connection) -> Self {
        Self { db, totals: None }
    }

    /// With what earlier looks have counted.
    pub(super) fn knowing(self, totals: &'db Totals) -> Self {
        Self {
            totals: Some(totals),
            ..self
        }
    }

    pub(super) fn db(&self) -> &'db Connection {
        self.db
    }

    pub(super) fn totals(&self) -> Option<&'db Totals> {
        self.totals
    }
}

/// What every write has around it.
pub(super) struct Around {
    pub(super) chain_key: [u8; 32],
    pub(super) on_touch: Arc<dyn Fn(Touched) + Send + Sync>,
}

/// A write in progress, the one moment it happens at, and what to do once it is durable.
pub struct Tx<'db> {
    snapshot: Snapshot<'db>,
    /// The moment of the change; it never goes back.
    pub now: Timestamp,
    around: &'db Around,
    after_commit: RefCell<Vec<AfterCommit>>,
    when_refused: RefCell<Vec<WhenRefused>>,
}

impl<'db> Tx<'db> {
    pub(super) fn new(db: &'db Connection, now: Timestamp, around: &'db Around) -> Self {
        Self {
            snapshot: Snapshot::new(db),
            now,
            around,
            after_commit: RefCell::default(),
            when_refused: RefCell::default(),
        }
    }

    /// Runs `act` in this same write as if at another moment: a demo's history is made in one go.
    pub fn dated<T>(&self, now: Timestamp, act: impl FnOnce(&Tx) -> Result<T>) -> Result<T> {
        let then = Tx::new(self.db(), now, self.around);
        let done = act(&then);
        self.after_commit.borrow_mut().extend(then.take_after_commit());
        self.when_refused.borrow_mut().extend(then.take_when_refused());
        done
    }

    /// The key of the audit chain.
    pub fn chain_key(&self) -> &[u8; 32] {
        &self.around.chain_key
    }

    /// Says what the change touches, so that copies in memory go once it is durable.
    pub fn touch(&self, touched: Touched) {
        let on_touch = Arc::clone(&self.around.on_touch);
        self.after_commit(move || on_touch(touched));
    }

    /// Runs `after` once the change is durable and before its caller is answered.
    pub fn after_commit(&self, after: impl FnOnce() + Send + 'static) {
        self.after_commit.borrow_mut().push(Box::new(after));
    }

    /// Writes what must outlive a refusal of this job: in its own savepoint, in the same commit.
    pub fn when_refused(&self, act: impl Fn(&Tx) -> Result<()> + Send + 'static) {
        self.when_refused.borrow_mut().push(Box::new(act));
    }

    pub(super) fn take_after_commit(&self) -> Vec<AfterCommit> {
        self.after_commit.take()
    }

    pub(super) fn take_when_refused(&self) -> Vec<WhenRefused> {
        self.when_refused.take()
    }
}

impl<'db> Deref for Tx<'db> {
    type Target = Snapshot<'db>;

    fn deref(&self) -> &Snapshot<'db> {
        &self.snapshot
    }
}
