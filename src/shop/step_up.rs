//! Step-up: what is dangerous asks for a proof of the last five minutes, bound to the session it came through (AUT-06).

use crate::domain::actor::Actor;
use crate::domain::actor::ActorKind;
use crate::domain::refusal::Refusal;
use crate::domain::refusal::Wanting;
use crate::domain::time::Timestamp;
use crate::domain::user::PROOF_LIFE;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::store;

/// Whether the caller's session has proved itself of late: pages ask before they offer a dangerous action.
pub fn is_fresh(db: &Snapshot, by: &Actor, now: Timestamp) -> Result<bool> {
    let session = match (by.kind, by.session) {
        (ActorKind::System, _) => return Ok(true),
        (ActorKind::User, Some(session)) => store::sessions::find(db, session)?,
        _ => None,
    };
    let proved_at = session.map(|session| session.proved_at);
    Ok(proved_at.is_some_and(|at| at <= now && now < at.plus_ms(PROOF_LIFE)))
}

/// Refused with `SecondFactor` (401/1007, `details.step_up`) unless the caller's session was opened or stepped up in the
/// last five minutes. An API key has no session and never passes; the shop itself always does.
pub fn require(tx: &Tx, by: &Actor) -> Result<()> {
    match is_fresh(tx, by, tx.now)? {
        true => Ok(()),
        false => Err(Refusal::SecondFactor(Wanting::StepUp).into()),
    }
}

/// The same for what API keys may do without: refunds.
pub fn require_of_people(tx: &Tx, by: &Actor) -> Result<()> {
    match by.kind {
        ActorKind::ApiKey => Ok(()),
        _ => require(tx, by),
    }
}
