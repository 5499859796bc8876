//! Once a day the books of payments are held beside the orders and the providers' own lists (MON-09).

use std::collections::HashSet;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::id::PaymentId;
use crate::domain::payment::Provider;
use crate::domain::reconciliation::Run;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::gateway;
use crate::shop::payments;
use crate::worker::Outcome;

/// Compares, if a day has passed. The loop is this and a pause; tests call this.
pub async fn step(app: &App) -> Result<Outcome> {
    let now = app.clock().now();
    let next = app.read(payments::next_reconciliation).await?;
    if next.is_some_and(|next| next > now) {
        return Ok(Outcome::NothingDue);
    }
    let (since, _) = payments::reconciliation_since(now);
    let mut run = Run {
        since,
        compared: 0,
        differences: app.read_long(payments::orders_that_differ).await?,
        read: Vec::new(),
        failure: None,
    };
    for provider in gateway::payments::that_list(app) {
        match beside(app, provider, now, &mut run).await? {
            Ok(()) => run.read.push(provider),
            Err(words) => {
                let words = format!("{}: {words}", provider.name());
                tracing::warn!(words, "a provider did not list its payments");
                run.failure = Some(words);
            }
        }
    }
    if !run.differences.is_empty() {
        let count = run.differences.len();
        tracing::warn!(
            count,
            "the books of payments differ: see /admin/payments/differences"
        );
    }
    app.write(move |tx| payments::keep_reconciliation(tx, &Actor::system(), &run))
        .await?;
    Ok(Outcome::Worked)
}

/// One provider's list, page after page; in words why it was not read to its end.
async fn beside(
    app: &App,
    provider: Provider,
    now: Timestamp,
    run: &mut Run,
) -> Result<std::result::Result<(), String>> {
    let (_, from) = payments::reconciliation_since(now);
    let mut named: HashSet<PaymentId> = HashSet::new();
    let mut after = None;
    loop {
        let page = match gateway::payments::list(app, provider, from, after).await {
            Ok(page) => page,
            Err(words) => return Ok(Err(words)),
        };
        after = page.next;
        run.compared += page.held.len() as i64;
        let held = page.held;
        let (ids, found) = app
            .read_long(move |db| payments::hold_beside(db, provider, &held, now))
            .await?;
        named.extend(ids);
        run.differences.extend(found);
        if after.is_none() {
            break;
        }
    }
    let (count, missing) = app
        .read_long(move |db| payments::not_listed(db, provider, &named, now))
        .await?;
    run.compared += count;
    run.differences.extend(missing);
    Ok(Ok(()))
}
