//! What is derived from the tables and from the events of change: the search index.

use crate::app::App;
use crate::error::Result;
use crate::shop::search;
use crate::worker::Outcome;

/// Derives some of what is missing, in one short job. The loop is this and a pause; tests call this.
pub async fn step(app: &App) -> Result<Outcome> {
    if !app.read(search::is_behind).await? {
        return Ok(Outcome::NothingDue);
    }
    app.write(search::catch_up).await?;
    Ok(Outcome::Worked)
}
