//! Who is being forgotten, step by step.

use crate::app::App;
use crate::error::Result;
use crate::shop::customers;
use crate::worker::Outcome;

/// Forgets some more, in one short job. The loop is this and a pause; tests call this.
pub async fn step(app: &App) -> Result<Outcome> {
    if !app.read(customers::is_forgetting).await? {
        return Ok(Outcome::NothingDue);
    }
    app.write(customers::forget_more).await?;
    Ok(Outcome::Worked)
}
