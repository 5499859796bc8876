//! The door for time passing: each kind of work is a step that tests call; the loop is a pause around them.

pub mod complete;
pub mod deliver;
pub mod derive;
pub mod expire;
pub mod forget;
pub mod groups;
pub mod inbox;
pub mod mail;
pub mod outbox;
pub mod payouts;
pub mod reconcile;
pub mod sandbox;
pub mod sums;
pub mod sweep;
pub mod watch;

use std::time::Duration;

use crate::app::App;
use crate::error::Result;
use crate::shop::payments;
use crate::worker::deliver::Sender;
use crate::worker::watch::Trip;
use crate::worker::watch::watched;

/// How long a busy writer is left alone between two steps, so that orders rarely share their commit with the worker.
const PAUSE: Duration = Duration::from_millis(250);
/// How long the worker waits after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Commits come in swarms; the worker looks after a moment, not at each.
const GATHER: Duration = Duration::from_millis(20);
/// What days have sold is nobody's to wait for, and a look goes over all that is new since the last one.
const GATHER_LONG: Duration = Duration::from_secs(1);

/// How often the worker looks for orders that nobody has paid.
const EXPIRE_EVERY: Duration = Duration::from_secs(20);

/// How often the worker looks for a payout that has not ended.
const PAY_OUT_EVERY: Duration = Duration::from_secs(60);

/// How often the worker looks whether a day has passed since the books were compared.
const RECONCILE_EVERY: Duration = Duration::from_secs(600);

/// How often the worker looks for what is over.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There was nothing to do.
    NothingDue,
    /// Something was done, and there may be more.
    Worked,
}

/// Works until the future is dropped. An error if something panics again and again: the process must end.
pub async fn run(app: App) -> Result<()> {
    run_tripping(app, &|_: &'static str| {}).await
}

/// The same, with something that is called before each piece of a task's work.
pub async fn run_tripping(app: App, trip: &impl Trip) -> Result<()> {
    tokio::try_join!(
        watched("derive", trip, || derive(app.clone())),
        watched("groups", trip, || hold_to_rules(app.clone())),
        watched("forget", trip, || forget(app.clone())),
        watched("sums", trip, || sum_up(app.clone())),
        watched("sweep", trip, || sweep(app.clone())),
        watched("mails", trip, || derive_mails(app.clone())),
        watched("mail", trip, || mail(app.clone())),
        watched("outbox", trip, || outbox(app.clone())),
        watched("deliver", trip, || deliver(app.clone())),
        watched("payments", trip, || pay(app.clone())),
        watched("expiry", trip, || expire(app.clone())),
        watched("payouts", trip, || pay_out(app.clone())),
        watched("reconcile", trip, || reconcile(app.clone())),
    )?;
    Ok(())
}

/// Makes mails of events.
async fn derive_mails(app: App) {
    at_commits(&app, "queue mails", || mail::derive(&app)).await;
}

/// Sends the mails that are due.
async fn mail(app: App) {
    match mail::Postman::new(&app) {
        Ok(postman) => postman.run().await,
        Err(error) => tracing::error!(%error, "the worker sends no mails"),
    }
}

/// Sends what is due.
async fn deliver(app: App) {
    Sender::new(&app).run().await;
}

/// Does what is due about payments, then waits for a commit or for the next due time.
async fn pay(app: App) {
    let mut commits = app.commits();
    match app.read(payments::next_due).await {
        Ok(None) => {}
        _ => drop(app.write(payments::begin_again).await),
    }
    loop {
        commits.borrow_and_update();
        match pay_once(&app).await {
            Ok(Some(wait)) => {
                tokio::select! {
                    changed = commits.changed() => {
                        if changed.is_err() {
                            return;
                        }
                        tokio::time::sleep(GATHER).await;
                    }
                    () = tokio::time::sleep(wait) => {}
                }
            }
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%error, "the worker failed at payments");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}

/// One round; how long to wait for the next, if nothing is due.
async fn pay_once(app: &App) -> Result<Option<Duration>> {
    let now = app.clock().now();
    let due = app.read(payments::next_work).await?;
    match due {
        None => return Ok(Some(EXPIRE_EVERY)),
        Some(at) if at > now => {
            let wait = u64::try_from(at.ms() - now.ms()).unwrap_or(0);
            return Ok(Some(Duration::from_millis(wait).min(EXPIRE_EVERY)));
        }
        Some(_) => {}
    }
    let (applied, asked, sent) = tokio::join!(inbox::step(app), complete::step(app), sandbox::step(app));
    let did = [applied?, asked?, sent?];
    match did.contains(&Outcome::Worked) {
        true => Ok(None),
        false => Ok(Some(GATHER)),
    }
}

/// Now and then, cancels what nobody has paid.
async fn expire(app: App) {
    loop {
        match expire::step(&app).await {
            Ok(Outcome::Worked) => {}
            Ok(Outcome::NothingDue) => tokio::time::sleep(EXPIRE_EVERY).await,
            Err(error) => {
                tracing::error!(%error, "the worker could not cancel what was not paid");
                tokio::time::sleep(EXPIRE_EVERY).await;
            }
        }
    }
}

/// Now and then, ends a payout that was begun.
async fn pay_out(app: App) {
    loop {
        match payouts::step(&app).await {
            Ok(Outcome::Worked) => {}
            Ok(Outcome::NothingDue) => tokio::time::sleep(PAY_OUT_EVERY).await,
            Err(error) => {
                tracing::error!(%error, "the worker could not end a payout");
                tokio::time::sleep(PAY_OUT_EVERY).await;
            }
        }
    }
}

/// Once a day, holds the books of payments beside the providers'.
async fn reconcile(app: App) {
    loop {
        tokio::time::sleep(RECONCILE_EVERY).await;
        if let Err(error) = reconcile::step(&app).await {
            tracing::error!(%error, "the worker could not compare the books of payments");
        }
    }
}

/// Once an hour, steps until nothing is due.
async fn sweep(app: App) {
    loop {
        match sweep::step(&app).await {
            Ok(Outcome::Worked) => tokio::time::sleep(PAUSE).await,
            Ok(Outcome::NothingDue) => tokio::time::sleep(SWEEP_EVERY).await,
            Err(error) => {
                tracing::error!(%error, "the worker could not sweep");
                tokio::time::sleep(SWEEP_EVERY).await;
            }
        }
    }
}

/// Lets the search index learn what is new.
async fn derive(app: App) {
    at_commits(&app, "derive", || derive::step(&app)).await;
}

/// Holds customers to the rules of their groups.
async fn hold_to_rules(app: App) {
    at_commits(&app, "hold customers to the rules of groups", || {
        groups::step(&app)
    })
    .await;
}

/// Forgets who is to be forgotten.
async fn forget(app: App) {
    at_commits(&app, "forget somebody", || forget::step(&app)).await;
}

/// Sums up the days that are over.
async fn sum_up(app: App) {
    at_commits_after(&app, "sum up days", GATHER_LONG, || sums::step(&app)).await;
}

/// Makes deliveries of events.
async fn outbox(app: App) {
    at_commits(&app, "fan out", || outbox::step(&app)).await;
}

/// Steps until nothing is due, then waits for a commit.
async fn at_commits<T: Future<Output = Result<Outcome>>>(
    app: &App,
    what: &'static str,
    step: impl Fn() -> T,
) {
    at_commits_after(app, what, GATHER, step).await;
}

/// The same, and for so long lets others come together.
async fn at_commits_after<T: Future<Output = Result<Outcome>>>(
    app: &App,
    what: &'static str,
    gather: Duration,
    step: impl Fn() -> T,
) {
    let mut commits = app.commits();
    loop {
        let before = *commits.borrow_and_update();
        match step().await {
            // More commits than the step's own: somebody else writes. (The queue tells nothing: it is empty whenever a
            // batch has just been answered.)
            Ok(Outcome::Worked) if *commits.borrow() - before > 1 => tokio::time::sleep(PAUSE).await,
            Ok(Outcome::Worked) => {}
            Ok(Outcome::NothingDue) => {
                if commits.changed().await.is_err() {
                    return;
                }
                tokio::time::sleep(gather).await;
            }
            Err(error) => {
                tracing::error!(%error, what, "the worker failed");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}
