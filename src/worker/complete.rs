//! What was to be asked of a provider and has not been answered is asked (again), until it is (IDM-08).

use crate::app::App;
use crate::domain::id::PaymentId;
use crate::error::Error;
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
        asking.spawn(async move { (id, gateway::payments::drive(&app, id).await) });
    }
    let mut failure = None;
    for (id, asked) in asking.join_all().await {
        if let Err(error) = asked {
            failure = let_wait(app, id, error).await.err().or(failure);
        }
    }
    failure.map_or(Ok(Outcome::Worked), Err)
}

/// What fails for a reason of its own waits as long as anything does, and is told; what fails because nothing can be written
/// is left as it is.
async fn let_wait(app: &App, id: PaymentId, error: Error) -> Result<()> {
    if matches!(error.code().facts().0, 503 | 507) {
        return Err(error);
    }
    tracing::error!(id = id.0, %error, "a payment cannot be asked about: it waits for somebody");
    let why = error.to_string();
    app.write(move |tx| payments::put_off(tx, id, &why)).await
}
