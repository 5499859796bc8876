//! Whether the shop can do its work, asked of the real parts and remembered for a second, so that probes cost nothing.

use std::time::Duration;

use serde::Serialize;
use tokio::sync::Mutex;
use utoipa::ToSchema;

use crate::app::App;
use crate::clock::Stopwatch;
use crate::shop::checks;
use crate::shop::search;

/// An answer is good for so long.
const FRESH: Duration = Duration::from_secs(1);
const MIB: u64 = 1024 * 1024;

/// What the probes found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Checks {
    /// Whether a change reached the disk just now.
    pub database: bool,
    /// Whether there is more room on the disk than the floor.
    pub disk: bool,
    /// The room, in MiB.
    pub disk_free_mib: u64,
    /// Changes that wait for the writer.
    pub writer_waiting: usize,
    /// Things that the worker has not looked at, if that could be asked: told, never fatal.
    pub worker_behind: Option<i64>,
}

impl Checks {
    /// Whether orders can be taken.
    pub fn is_ready(&self) -> bool {
        self.database && self.disk
    }
}

/// The last answer.
#[derive(Debug, Default)]
pub struct Probe(Mutex<Option<(Stopwatch, Checks)>>);

impl Probe {
    /// The last answer if it is fresh, else a new one; who asks meanwhile waits for it.
    pub async fn ask(&self, app: &App) -> Checks {
        let mut last = self.0.lock().await;
        if let Some((since, checks)) = *last
            && since.elapsed() < FRESH
        {
            return checks;
        }
        let checks = look(app).await;
        *last = Some((Stopwatch::start(), checks));
        checks
    }
}

async fn look(app: &App) -> Checks {
    // A writer that takes longer is as good as none.
    let deadline = Duration::from_secs(app.config().health.timeout_seconds);
    let written = tokio::time::timeout(deadline, app.write(checks::can_write)).await;
    let free = rustix::fs::statvfs(app.dir()).map_or(0, |disk| disk.f_bavail * disk.f_frsize / MIB);
    Checks {
        database: matches!(written, Ok(Ok(()))),
        disk: free >= app.config().disk.floor_mib,
        disk_free_mib: free,
        writer_waiting: app.store().waiting(),
        worker_behind: app.read(search::behind).await.ok(),
    }
}
