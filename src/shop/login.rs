//! Proving who one is, in three steps, because hashing must not hold up the writer: an attempt is counted as failed
//! before its password is looked at, the password is evaluated outside any transaction, and what came of it is written.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::lockout::FORGOTTEN;
use crate::domain::lockout::Familiarity;
use crate::domain::lockout::Tries;
use crate::domain::lockout::Turn;
use crate::domain::refusal::Refusal;
use crate::domain::text::Email;
use crate::domain::user::DEVICE_LIFE;
use crate::domain::user::SessionKind;
use crate::domain::user::User;
use crate::domain::user::UserStatus;
use crate::error::Result;
use crate::secret;
use crate::secret::Verdict;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::sessions;
use crate::shop::sessions::Device;
use crate::shop::sessions::Opened;
use crate::store;

/// An attempt that has been counted; its password may be looked at once.
#[derive(Debug, Clone)]
pub struct Attempt {
    name: [u8; 16],
    user: Option<User>,
    turn: Turn,
}

/// What a password turned out to be.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Not the one, or nobody's.
    Wrong,
    /// The one.
    Right,
    /// The one, under a hash weaker than today's; a better one.
    Rehashed(String),
}

/// Counts an attempt to sign in with a typed name or address, known or not.
///
/// Refused with `Locked` while the name is locked, unless the device has signed in as that user before.
pub fn begin(tx: &Tx, typed: &str, device: &Device) -> Result<Attempt> {
    let typed = typed.trim().to_ascii_lowercase();
    let name = key_of(tx, &typed);
    let user = candidate(tx, &typed)?;
    let known = match (&user, &device.token) {
        (Some(user), Some(token)) => {
            store::logins::is_known(tx, token, user.id, tx.now.minus_ms(DEVICE_LIFE))?
        }
        _ => false,
    };
    let familiarity = match known {
        true => Familiarity::Known,
        false => Familiarity::Stranger,
    };
    let (tries, turn) = store::logins::find_tries(tx, &name)?
        .unwrap_or(Tries::none(tx.now))
        .begin(tx.now, familiarity)
        .map_err(|retry_after| Refusal::Locked { retry_after })?;
    store::logins::keep_tries(tx, &name, &tries)?;
    store::logins::sweep_tries(tx, tx.now.minus_ms(FORGOTTEN))?;
    Ok(Attempt { name, user, turn })
}

/// Holds the password against the candidate's, and as long against nobody's. Costs processor time; touches no file.
pub fn evaluate(attempt: &Attempt, password: &str) -> Result<Outcome> {
    let user = attempt.user.as_ref();
    let verdict = secret::check_password(password, user.map(|user| user.password.as_str()));
    let is_active = user.is_some_and(|user| user.status == UserStatus::Active);
    Ok(match (verdict, is_active) {
        (Verdict::Wrong, _) | (_, false) => Outcome::Wrong,
        (Verdict::Right, true) => Outcome::Right,
        (Verdict::RightButWeak, true) => Outcome::Rehashed(secret::hash_password(password)?),
    })
}

/// Opens a session if the password was right, and forgets the failures of the name: all of them, unless it was a known
/// device, whose owner must not open the name to strangers again.
///
/// Refused with `BadCredentials` if not, in the same way whether the name is known or not.
pub fn finish(
    tx: &Tx,
    by: &Actor,
    attempt: &Attempt,
    outcome: &Outcome,
    kind: SessionKind,
    device: &Device,
) -> Result<Opened> {
    let user = match (&attempt.user, outcome) {
        (Some(user), Outcome::Right | Outcome::Rehashed(_)) => store::users::get(tx, user.id)?,
        _ => return refuse(tx, by, attempt),
    };
    let before = attempt.user.as_ref().map(|user| user.token_epoch);
    if user.status != UserStatus::Active || before != Some(user.token_epoch) {
        // Suspended, or another password, while this one was being hashed.
        return refuse(tx, by, attempt);
    }
    if let Outcome::Rehashed(hash) = outcome {
        store::users::rehash(tx, user.id, hash)?;
    }
    match attempt.turn {
        Turn::Known => withdraw(tx, attempt)?,
        Turn::Open | Turn::Last => store::logins::forget_tries(tx, &attempt.name)?,
    }
    sessions::open(tx, by, &user, kind, device)
}

/// Takes an attempt back whose password could not be looked at: too many waited.
pub fn withdraw(tx: &Tx, attempt: &Attempt) -> Result<()> {
    let Some(tries) = store::logins::find_tries(tx, &attempt.name)? else {
        return Ok(());
    };
    store::logins::keep_tries(tx, &attempt.name, &tries.take_back(attempt.turn, tx.now))
}

/// Forgets the failures under both names of a user.
pub(super) fn unlock(tx: &Tx, user: &User) -> Result<()> {
    for name in [&user.username, &user.email] {
        store::logins::forget_tries(tx, &key_of(tx, &name.to_ascii_lowercase()))?;
    }
    Ok(())
}

fn refuse(tx: &Tx, by: &Actor, attempt: &Attempt) -> Result<Opened> {
    let by = by.clone();
    let target = (Target::User, attempt.user.as_ref().map(|user| user.id.0));
    let turn = attempt.turn;
    tx.when_refused(move |tx| {
        audit::note(tx, &by, Action::SignInFailed, target, None, None)?;
        match turn {
            Turn::Known | Turn::Open => Ok(()),
            Turn::Last => audit::note(tx, &by, Action::AccountLocked, target, None, None),
        }
    });
    Err(Refusal::BadCredentials.into())
}

/// Under what a typed name is counted: keyed, because people type passwords where names belong.
fn key_of(tx: &Tx, typed: &str) -> [u8; 16] {
    let whole = secret::mac(tx.chain_key(), &[b"login ", typed.as_bytes()]);
    let mut key = [0; 16];
    key.copy_from_slice(&whole[..16]);
    key
}

/// The user whom a typed name or address means, if there is one.
fn candidate(db: &Snapshot, typed: &str) -> Result<Option<User>> {
    match typed.contains('@') {
        true => match Email::parse(typed) {
            Ok(email) => store::users::find_by_email(db, email.as_str()),
            Err(_) => Ok(None),
        },
        false => store::users::find_by_username(db, typed),
    }
}
