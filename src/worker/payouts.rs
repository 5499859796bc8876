//! Ends a payout that whoever began it could not end.

use crate::app::App;
use crate::domain::actor::Actor;
use crate::error::Result;
use crate::shop::commissions;
use crate::worker::Outcome;

/// Puts some more of what is due into the payout that is being made, if there is one.
pub async fn step(app: &App) -> Result<Outcome> {
    let Some(open) = app.read(commissions::open_payout).await? else {
        return Ok(Outcome::NothingDue);
    };
    app.write(move |tx| commissions::go_on(tx, &Actor::system(), open.id))
        .await?;
    Ok(Outcome::Worked)
}
