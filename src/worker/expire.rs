//! Orders that nobody has paid in time are canceled, and their goods are for sale again.

use crate::app::App;
use crate::domain::actor::Actor;
use crate::error::Result;
use crate::shop::payments;
use crate::worker::Outcome;

/// Cancels some of them. The loop is this and a pause; tests call this.
pub async fn step(app: &App) -> Result<Outcome> {
    let now = app.clock().now();
    if !app.read(move |db| payments::is_expiry_due(db, now)).await? {
        return Ok(Outcome::NothingDue);
    }
    app.write(|tx| payments::expire(tx, &Actor::system())).await?;
    Ok(Outcome::Worked)
}
