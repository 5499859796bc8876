//! What is over goes, some of it in each short job.

use crate::app::App;
use crate::error::Result;
use crate::shop::sweep;
use crate::worker::Outcome;

/// Sweeps some of what is over. The loop is this and an hour; tests call this.
pub async fn step(app: &App) -> Result<Outcome> {
    let now = app.clock().now();
    if !app.read_long(move |db| sweep::is_due(db, now)).await? {
        return Ok(Outcome::NothingDue);
    }
    app.write(sweep::sweep).await?;
    Ok(Outcome::Worked)
}
