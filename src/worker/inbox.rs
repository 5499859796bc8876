//! What providers have told is applied, each message in a change of its own, so that none holds another up.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::id::InboxId;
use crate::domain::inbox::InboxState;
use crate::domain::inbox::Message;
use crate::domain::inbox::Trouble;
use crate::domain::payment::Heard;
use crate::error::Error;
use crate::error::Result;
use crate::gateway;
use crate::shop::Tx;
use crate::shop::payments;
use crate::shop::payments::Applied;
use crate::shop::payments::Due;
use crate::worker::Outcome;

/// So many side by side: they share their commit.
const AT_ONCE: i64 = 64;

/// What a message says, or why that cannot be said.
pub type Read = std::result::Result<Heard, Trouble>;

/// What a message does as it was read.
pub trait Change: Fn(&Tx, &Actor, &Message, &Read) -> Result<Applied> + Copy + Send + Sync + 'static {}

impl<T: Fn(&Tx, &Actor, &Message, &Read) -> Result<Applied> + Copy + Send + Sync + 'static> Change for T {}

/// Applies some of the messages that are due. The loop is this and a pause; tests call this.
pub async fn step(app: &App) -> Result<Outcome> {
    step_by(app, gateway::payments::read, payments::apply_message).await
}

/// The same with another reader and another change: a test's that break.
pub async fn step_by(
    app: &App,
    read: impl Fn(&App, &Message) -> Read + Copy + Send + 'static,
    change: impl Change,
) -> Result<Outcome> {
    let now = app.clock().now();
    let due = app
        .read(move |db| payments::due_messages(db, now, AT_ONCE))
        .await?;
    if due.is_empty() {
        return Ok(Outcome::NothingDue);
    }
    let (messages, mut failure) = legible(app, due).await;
    let (mut applying, mut under_way) = (JoinSet::new(), HashMap::new());
    for message in messages {
        let (app, tried) = (app.clone(), Arc::clone(&message));
        let task = applying.spawn(async move {
            let read = read(&app, &tried);
            apply(&app, tried, read, change).await
        });
        under_way.insert(task.id(), message);
    }
    while let Some(joined) = applying.join_next_with_id().await {
        let (id, applied) = match joined {
            Ok((id, applied)) => (id, Some(applied)),
            Err(panicked) => (panicked.id(), None),
        };
        let Some(message) = under_way.remove(&id) else {
            continue;
        };
        let applied = match applied {
            Some(applied) => applied,
            None => break_off(app, Arc::clone(&message), change).await,
        };
        match applied {
            Ok(Applied::Not(state)) => tell(message.id, message.provider.name(), state),
            Ok(Applied::Done) => {}
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(Outcome::Worked), Err)
}

/// Says so where a message waits for somebody (PWH-07).
fn tell(id: InboxId, provider: &str, state: InboxState) {
    if matches!(state, InboxState::Quarantined | InboxState::Dead) {
        let (id, state) = (id.0, state.name());
        tracing::error!(
            id,
            provider,
            state,
            "a message of a provider waits for somebody: see /admin/payments/inbox"
        );
    }
}

/// Those that can be read from their rows; the others are given up.
async fn legible(app: &App, due: Vec<Due>) -> (Vec<Arc<Message>>, Option<Error>) {
    let (mut messages, mut failure) = (Vec::with_capacity(due.len()), None);
    for one in due {
        match one {
            Ok(message) => messages.push(Arc::new(message)),
            Err((id, why)) => failure = give_up(app, id, why).await.err().or(failure),
        }
    }
    (messages, failure)
}

async fn give_up(app: &App, id: InboxId, why: String) -> Result<()> {
    app.write(move |tx| payments::give_up(tx, id, &why)).await?;
    tell(id, "unknown", InboxState::Dead);
    Ok(())
}

/// Notes that a message has broken whoever read it.
async fn break_off(app: &App, message: Arc<Message>, change: impl Change) -> Result<Applied> {
    tracing::error!(id = message.id.0, "a message of a provider broke what read it");
    let trouble = Trouble::panicked(message.failure.as_deref());
    apply(app, message, Err(trouble), change).await
}

/// Applies one as it was read. What fails for a reason of its own is put off, and dead in the end, and sooner where it breaks
/// the change itself; what fails because nothing can be written is left as it is.
async fn apply(app: &App, message: Arc<Message>, read: Read, change: impl Change) -> Result<Applied> {
    let tried = Arc::clone(&message);
    let applied = app
        .write(move |tx| change(tx, &Actor::system(), &tried, &read))
        .await;
    let error = match applied {
        Ok(applied) => return Ok(applied),
        Err(error) => error,
    };
    if error.code().facts().0 == 503 || error.code().facts().0 == 507 {
        return Err(error);
    }
    tracing::error!(id = message.id.0, %error, "a message of a provider was not applied");
    let trouble = Err(match error.is_panic() {
        true => Trouble::panicked(message.failure.as_deref()),
        false => Trouble::Unreadable(error.to_string()),
    });
    app.write(move |tx| change(tx, &Actor::system(), &message, &trouble))
        .await
}
