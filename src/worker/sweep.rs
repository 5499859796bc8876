//! What is over goes, some of it in each short job.

use crate::app::App;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::images;
use crate::shop::sweep;
use crate::worker::Outcome;

/// Sweeps some of what is over. The loop is this and an hour; tests call this.
pub async fn step(app: &App) -> Result<Outcome> {
    let (now, key) = (app.clock().now(), app.keys().audit);
    let is_due = move |db: &Snapshot| sweep::is_due(db, &key, now);
    if !app.read_long(is_due).await? {
        return pictures(app).await;
    }
    app.write(sweep::sweep).await?;
    Ok(Outcome::Worked)
}

/// Sweeps some files of pictures that nothing shows.
async fn pictures(app: &App) -> Result<Outcome> {
    let unnamed = app.read_long(images::unnamed).await?;
    if unnamed.is_empty() {
        return Ok(Outcome::NothingDue);
    }
    app.write(move |tx| images::sweep(tx, &unnamed)).await?;
    Ok(Outcome::Worked)
}
