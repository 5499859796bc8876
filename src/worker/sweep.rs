//! What is over goes, some of it in each short job.

use crate::app::App;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::sweep;
use crate::worker::Outcome;

/// Sweeps some of what is over. The loop is this and an hour; tests call this.
pub async fn step(app: &App) -> Result<Outcome> {
    let (now, key) = (app.clock().now(), app.keys().audit);
    let is_due = move |db: &Snapshot| sweep::is_due(db, &key, now);
    if !app.read_long(is_due).await? {
        return Ok(Outcome::NothingDue);
    }
    app.write(sweep::sweep).await?;
    Ok(Outcome::Worked)
}
