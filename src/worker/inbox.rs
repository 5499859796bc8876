//! What providers have told is applied, each message in a change of its own, so that none holds another up.

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::inbox::Message;
use crate::domain::inbox::Trouble;
use crate::error::Result;
use crate::gateway;
use crate::shop::payments;
use crate::worker::Outcome;

/// So many side by side: they share their commit.
const AT_ONCE: i64 = 64;

/// Applies some of the messages that are due. The loop is this and a pause; tests call this.
pub async fn step(app: &App) -> Result<Outcome> {
    let now = app.clock().now();
    let due = app
        .read(move |db| payments::due_messages(db, now, AT_ONCE))
        .await?;
    if due.is_empty() {
        return Ok(Outcome::NothingDue);
    }
    let mut applying = tokio::task::JoinSet::new();
    for message in due {
        let app = app.clone();
        applying.spawn(async move { apply(&app, message).await });
    }
    for applied in applying.join_all().await {
        applied?;
    }
    Ok(Outcome::Worked)
}

/// Applies one. What fails for a reason of its own is put off, and dead in the end; what fails because nothing can be
/// written is left as it is.
async fn apply(app: &App, message: Message) -> Result<()> {
    let read = gateway::payments::read(app, &message);
    let tried = message.clone();
    let applied = app
        .write(move |tx| payments::apply_message(tx, &Actor::system(), &tried, &read))
        .await;
    let Err(error) = applied else { return Ok(()) };
    if error.code().facts().0 == 503 || error.code().facts().0 == 507 {
        return Err(error);
    }
    tracing::error!(message = %message.id, %error, "a message of a provider was not applied");
    let trouble = Err(Trouble::Unreadable(error.to_string()));
    app.write(move |tx| payments::apply_message(tx, &Actor::system(), &message, &trouble))
        .await
        .map(|_| ())
}
