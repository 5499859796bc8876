//! How the running shop is inside: the file, the disk, the writer, the worker, and what went wrong lately.

use std::time::Duration;

use crate::app::App;
use crate::app::Checks;
use crate::app::Memory;
use crate::domain::actor::Actor;
use crate::error::Result;
use crate::shop::system;
use crate::shop::system::FileState;
use crate::telemetry;
use crate::telemetry::Trouble;

/// Everything at one look.
#[derive(Debug, Clone)]
pub struct Inside {
    /// What the probes found.
    pub checks: Checks,
    /// What the file says.
    pub file: FileState,
    /// The log of changes beside the file, in bytes.
    pub wal_bytes: u64,
    /// Changes that the writer takes at most at once.
    pub queue: u64,
    /// Memory of the process.
    pub memory: Memory,
    /// For how long it has run.
    pub uptime: Duration,
    /// The last errors, the newest first.
    pub troubles: Vec<Trouble>,
}

impl App {
    /// How the shop is, for those who may know.
    pub async fn inside(&self, by: &Actor) -> Result<Inside> {
        let by = by.clone();
        let file = self.read(move |db| system::file(db, &by)).await?;
        let wal = std::fs::metadata(self.dir().join("till.db-wal"));
        Ok(Inside {
            checks: self.checks().await,
            file,
            wal_bytes: wal.map_or(0, |wal| wal.len()),
            queue: self.config().store.queue,
            memory: self.memory(),
            uptime: self.uptime(),
            troubles: telemetry::recent(),
        })
    }
}
