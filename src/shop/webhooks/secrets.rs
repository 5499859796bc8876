//! The secrets that sign: made here, told once, kept sealed, and changed with an overlap.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::id::EndpointId;
use crate::domain::permission::Permission;
use crate::domain::time::Timestamp;
use crate::domain::webhook::OVERLAP;
use crate::error::Result;
use crate::secret::Keys;
use crate::secret::Place;
use crate::secret::Signing;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::step_up;
use crate::shop::webhooks::EndpointView;
use crate::shop::webhooks::endpoints::standing;
use crate::shop::webhooks::endpoints::view;
use crate::store;

/// Makes another secret, after a step-up, and tells it; for a day both sign.
pub fn rotate(tx: &Tx, by: &Actor, keys: &Keys, id: EndpointId) -> Result<EndpointView> {
    by.require(Permission::WebhooksManage)?;
    standing(tx, id)?;
    step_up::require(tx, by)?;
    let before = store::endpoints::sealed(tx, id)?;
    let old = keys.unseal(current(id), &before.current)?;
    let new = Signing::random()?;
    store::endpoints::rotate(
        tx,
        id,
        &keys.seal(current(id), new.bytes())?,
        &keys.seal(former(id), &old)?,
        tx.now.plus_ms(OVERLAP),
    )?;
    let target = (Target::Endpoint, Some(id.0));
    audit::note(tx, by, Action::EndpointSecretRotated, target, None, None)?;
    let mut endpoint = view(tx, id, tx.now)?;
    endpoint.secret = Some(new.told());
    Ok(endpoint)
}

/// Whatever signs at this moment, the newest first.
pub(super) fn signing(db: &Snapshot, keys: &Keys, id: EndpointId, now: Timestamp) -> Result<Vec<Signing>> {
    let sealed = store::endpoints::sealed(db, id)?;
    let mut all = vec![Signing::from_bytes(keys.unseal(current(id), &sealed.current)?)];
    if let (Some(text), true) = (&sealed.former, sealed.former_until > Some(now)) {
        all.push(Signing::from_bytes(keys.unseal(former(id), text)?));
    }
    Ok(all)
}

/// Where an endpoint's secret stands.
pub(super) const fn current(id: EndpointId) -> Place<'static> {
    Place {
        column: "webhook_endpoints.secret",
        row: id.0,
        owner: 0,
    }
}

const fn former(id: EndpointId) -> Place<'static> {
    Place {
        column: "webhook_endpoints.former_secret",
        row: id.0,
        owner: 0,
    }
}
