//! Endpoints: made, changed, paused, turned off.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::id::EndpointId;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::domain::webhook::Endpoint;
use crate::domain::webhook::EndpointChange;
use crate::domain::webhook::EndpointState;
use crate::domain::webhook::MOST_ENDPOINTS;
use crate::domain::webhook::MOST_IN_TURN;
use crate::domain::webhook::NewEndpoint;
use crate::error::Error;
use crate::error::Result;
use crate::secret::Keys;
use crate::secret::Signing;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::version;
use crate::shop::webhooks::EndpointView;
use crate::shop::webhooks::secrets;
use crate::shop::webhooks::view::MOST_COUNTED;
use crate::shop::webhooks::view::Standing;
use crate::store;

/// The endpoints that have not been deleted.
pub fn list(db: &Snapshot, by: &Actor, now: Timestamp) -> Result<Vec<EndpointView>> {
    by.require(Permission::WebhooksRead)?;
    let all = store::endpoints::all(db)?;
    all.iter()
        .map(|endpoint| with_counts(db, endpoint, now))
        .collect()
}

/// An endpoint.
pub fn show(db: &Snapshot, by: &Actor, id: EndpointId, now: Timestamp) -> Result<EndpointView> {
    by.require(Permission::WebhooksRead)?;
    with_counts(db, &standing(db, id)?, now)
}

/// Makes an endpoint that is told of what happens from now on; its secret is told here and never again.
pub fn create(
    tx: &Tx,
    by: &Actor,
    keys: &Keys,
    key: Option<&Key>,
    new: &NewEndpoint,
) -> Result<Once<EndpointView>> {
    by.require(Permission::WebhooksManage)?;
    once(
        tx,
        key,
        Made::Endpoint,
        |id| view(tx, EndpointId(id), tx.now),
        || {
            let made = insert(tx, by, keys, new)?;
            Ok((made.id.0, made))
        },
    )
}

fn insert(tx: &Tx, by: &Actor, keys: &Keys, new: &NewEndpoint) -> Result<EndpointView> {
    if store::endpoints::ever(tx)? >= MOST_ENDPOINTS {
        return Err(
            Refusal::NotAllowed("There have been 4,095 endpoints: change one that is there.".into()).into(),
        );
    }
    let secret = Signing::random()?;
    let mark = store::events::newest(tx)?;
    let id = store::endpoints::insert(tx, new, mark, |id| {
        keys.seal(secrets::current(id), secret.bytes())
    })?;
    let content = serde_json::json!({ "url": new.url, "events": new.filter.parts() });
    note(tx, by, Action::EndpointCreated, id, Some(&content))?;
    let mut made = view(tx, id, tx.now)?;
    made.secret = Some(secret.told());
    Ok(made)
}

/// Changes an endpoint. One that is turned on begins at the newest event, with a clean slate; what is unfinished at one
/// that is turned off is given up.
///
/// Refused with `Stale` if it is no longer at the version.
pub fn change(
    tx: &Tx,
    by: &Actor,
    id: EndpointId,
    seen: Option<i64>,
    change: &EndpointChange,
) -> Result<EndpointView> {
    by.require(Permission::WebhooksManage)?;
    let mut endpoint = standing(tx, id)?;
    let shown = with_counts(tx, &endpoint, tx.now)?;
    version::require(seen, endpoint.version, || shown)?;
    let before = serde_json::json!({
        "url": endpoint.url, "events": endpoint.filter.parts(), "description": endpoint.description,
        "state": endpoint.state,
    });
    if let Some(url) = &change.url {
        endpoint.url.clone_from(url);
    }
    if let Some(filter) = &change.filter {
        endpoint.filter = filter.clone();
    }
    if let Some(description) = &change.description {
        endpoint.description.clone_from(description);
    }
    store::endpoints::update(tx, &endpoint)?;
    match (change.is_enabled, endpoint.state) {
        (Some(true), EndpointState::Off) => turn_on(tx, id)?,
        (Some(false), EndpointState::On | EndpointState::Paused) => {
            store::endpoints::set_state(tx, id, store::endpoints::state_of(false), None)?;
        }
        _ => {}
    }
    note(tx, by, Action::EndpointChanged, id, Some(&before))?;
    view(tx, id, tx.now)
}

fn turn_on(tx: &Tx, id: EndpointId) -> Result<()> {
    let newest = store::events::newest(tx)?;
    store::endpoints::set_state(tx, id, store::endpoints::state_of(true), Some(newest))
}

/// Deletes an endpoint for good; what was sent to it stays to be looked at.
pub fn delete(tx: &Tx, by: &Actor, id: EndpointId, seen: Option<i64>) -> Result<()> {
    by.require(Permission::WebhooksManage)?;
    let endpoint = standing(tx, id)?;
    let shown = with_counts(tx, &endpoint, tx.now)?;
    version::allow(seen, endpoint.version, || shown)?;
    store::endpoints::delete(tx, id)?;
    let content = serde_json::json!({ "url": endpoint.url });
    note(tx, by, Action::EndpointDeleted, id, Some(&content))
}

/// Lets an endpoint wait: events are still gathered for it, nothing is sent.
///
/// Refused with `NotAllowed` if it is off.
pub fn pause(tx: &Tx, by: &Actor, id: EndpointId) -> Result<EndpointView> {
    go(tx, by, id, EndpointState::Paused, Action::EndpointPaused)
}

/// Lets a paused endpoint go on where it was, its breaker closed; what found nobody there is due.
///
/// Refused with `NotAllowed` if it is off.
pub fn resume(tx: &Tx, by: &Actor, id: EndpointId) -> Result<EndpointView> {
    go(tx, by, id, EndpointState::On, Action::EndpointResumed)
}

fn go(tx: &Tx, by: &Actor, id: EndpointId, to: EndpointState, action: Action) -> Result<EndpointView> {
    by.require(Permission::WebhooksManage)?;
    let endpoint = standing(tx, id)?;
    require_enabled(&endpoint)?;
    if endpoint.state != to || (to == EndpointState::On && endpoint.breaker.open_until.is_some()) {
        store::endpoints::set_state(tx, id, (to, None), None)?;
        if to == EndpointState::On {
            store::deliveries::release(tx, id, MOST_IN_TURN)?;
        }
        note(tx, by, action, id, None)?;
    }
    view(tx, id, tx.now)
}

/// Refused with `NotAllowed` for an endpoint that is off.
pub(super) fn require_enabled(endpoint: &Endpoint) -> Result<()> {
    match endpoint.state {
        EndpointState::Off => {
            Err(Refusal::NotAllowed("This endpoint is off: turn it on first.".into()).into())
        }
        EndpointState::On | EndpointState::Paused => Ok(()),
    }
}

/// The endpoint, unless it was deleted.
pub(super) fn standing(db: &Snapshot, id: EndpointId) -> Result<Endpoint> {
    let endpoint = store::endpoints::get(db, id)?;
    match endpoint.deleted_at {
        None => Ok(endpoint),
        Some(_) => Err(Error::Deleted("endpoint")),
    }
}

/// The endpoint as it is shown, also one that was deleted.
pub(super) fn view(db: &Snapshot, id: EndpointId, now: Timestamp) -> Result<EndpointView> {
    with_counts(db, &store::endpoints::get(db, id)?, now)
}

fn with_counts(db: &Snapshot, endpoint: &Endpoint, now: Timestamp) -> Result<EndpointView> {
    let (unfinished, oldest, dead) = store::deliveries::count(db, endpoint.id, MOST_COUNTED)?;
    let oldest = oldest.map(|id| store::deliveries::get(db, id)).transpose()?;
    let standing = Standing {
        unfinished,
        oldest: oldest.and_then(|delivery| delivery.created_at),
        dead,
        hours: store::endpoints::tallies(db, endpoint.id, now)?,
    };
    Ok(EndpointView::new(endpoint, standing, now))
}

pub(super) fn note(
    tx: &Tx,
    by: &Actor,
    action: Action,
    id: EndpointId,
    content: Option<&serde_json::Value>,
) -> Result<()> {
    let content = content.map(ToString::to_string);
    let target = (Target::Endpoint, Some(id.0));
    audit::note(tx, by, action, target, None, content.as_deref())
}
