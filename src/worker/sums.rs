//! What each day has sold: added up in a look, beside everything else, and kept in one short job.

use crate::app::App;
use crate::error::Result;
use crate::shop::sums;
use crate::worker::Outcome;

/// Sums up some days that are over or have changed. The loop is this and a pause; tests call this.
pub async fn step(app: &App) -> Result<Outcome> {
    let now = app.clock().now();
    match app.read_long(move |db| sums::due(db, now)).await? {
        None => Ok(Outcome::NothingDue),
        Some(due) => {
            app.write(move |tx| sums::keep(tx, &due)).await?;
            Ok(Outcome::Worked)
        }
    }
}
