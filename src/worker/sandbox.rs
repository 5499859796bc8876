//! The sandbox sends its messages, as a provider elsewhere would.

use crate::app::App;
use crate::error::Result;
use crate::gateway;
use crate::worker::Outcome;

/// Sends some of those that are due. The loop is this and a pause; tests call this.
pub async fn step(app: &App) -> Result<Outcome> {
    match gateway::payments::send_due(app).await? {
        true => Ok(Outcome::Worked),
        false => Ok(Outcome::NothingDue),
    }
}
