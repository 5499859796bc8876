//! Step-up: what is dangerous asks for a proof of the last five minutes, bound to the session it came through (AUT-06).

use crate::domain::actor::Actor;
use crate::domain::actor::ActorKind;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::refusal::Refusal;
use crate::domain::refusal::Wanting;
use crate::domain::time::Timestamp;
use crate::domain::user::PROOF_LIFE;
use crate::error::Result;
use crate::secret::Keys;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::factors;
use crate::shop::login;
use crate::shop::login::Attempt;
use crate::shop::login::Outcome;
use crate::shop::sessions;
use crate::shop::sessions::Renewed;
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

/// Counts a try at the caller's own password, before it is looked at. Whoever has a second factor shows that instead:
/// refused with `SecondFactor`.
pub fn begin(tx: &Tx, by: &Actor) -> Result<Attempt> {
    let user = store::users::get(tx, by.signed_in()?)?;
    match user.has_factor {
        true => Err(Refusal::SecondFactor(Wanting::Code).into()),
        false => login::count(tx, &user),
    }
}

/// Notes that the caller has shown its password once more. Refused with `BadCredentials` if it was wrong.
pub fn by_password(tx: &Tx, by: &Actor, attempt: &Attempt, outcome: &Outcome) -> Result<Renewed> {
    login::own(tx, by, attempt, outcome)?;
    login::forget(tx, attempt)?;
    note(tx, by)
}

/// Notes that the caller has shown its second factor. Refused with `SecondFactor` if the code is wrong or was used.
pub fn by_code(tx: &Tx, by: &Actor, keys: &Keys, code: &str) -> Result<Renewed> {
    let user = store::users::get(tx, by.signed_in()?)?;
    factors::prove(tx, by, keys, &user, code)?;
    note(tx, by)
}

fn note(tx: &Tx, by: &Actor) -> Result<Renewed> {
    let renewed = sessions::renew(tx, by)?;
    let target = (Target::Session, by.session.map(|session| session.0));
    audit::note(tx, by, Action::SteppedUp, target, None, None)?;
    Ok(renewed)
}
