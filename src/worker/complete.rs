//! What was to be asked of a provider and has not been answered is asked (again), until it is (IDM-08).

use crate::app::App;
use crate::error::Result;
use crate::gateway;
use crate::shop::payments;
use crate::worker::Outcome;

/// So many payments side by side.
const AT_ONCE: i64 = 16;

/// Asks what is due. The loop is this and a pause; tests call this.
pub async fn step(app: &App) -> Result<Outcome> {
    let now = app.clock().now();
    let due = app.read(move |db| payments::due(db, now, AT_ONCE)).await?;
    if due.is_empty() {
        return Ok(Outcome::NothingDue);
    }
    let mut asking = tokio::task::JoinSet::new();
    for id in due {
        let app = app.clone();
        asking.spawn(async move { gateway::payments::drive(&app, id).await });
    }
    for asked in asking.join_all().await {
        asked?;
    }
    Ok(Outcome::Worked)
}
