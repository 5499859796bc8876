//! Events become deliveries.

use crate::app::App;
use crate::error::Result;
use crate::shop::webhooks;
use crate::worker::Outcome;

/// Derives some of what is missing, in one short job. The loop is this and a pause; tests call this.
pub async fn step(app: &App) -> Result<Outcome> {
    if !app.read(webhooks::is_behind).await? {
        return Ok(Outcome::NothingDue);
    }
    app.write(webhooks::catch_up).await?;
    Ok(Outcome::Worked)
}
