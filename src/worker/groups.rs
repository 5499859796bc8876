//! Who belongs to which group by its rule.

use crate::app::App;
use crate::error::Result;
use crate::shop::groups;
use crate::worker::Outcome;

/// Holds some customers to the rules, in one short job. The loop is this and a pause; tests call this.
pub async fn step(app: &App) -> Result<Outcome> {
    if !app.read(groups::is_due).await? {
        return Ok(Outcome::NothingDue);
    }
    app.write(groups::catch_up).await?;
    Ok(Outcome::Worked)
}
