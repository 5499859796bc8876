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
use crate::domain::refusal::Wanting;
use crate::domain::text::Email;
use crate::domain::user::DEVICE_LIFE;
use crate::domain::user::SessionKind;
use crate::domain::user::User;
use crate::domain::user::UserStatus;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::secret::Keys;
use crate::secret::Verdict;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::factors;
use crate::shop::sessions;
use crate::shop::sessions::Device;
use crate::shop::sessions::Opened;
use crate::shop::waiting;
use crate::shop::waiting::Waiting;
use crate::store;

/// An attempt that has been counted; its password may be looked at once.
#[derive(Debug, Clone)]
pub struct Attempt {
    counts: Vec<Count>,
    user: Option<User>,
    /// Whether the user has tries left; if not, no password is the one.
    is_open: bool,
}

/// A count that an attempt stands in.
#[derive(Debug, Clone, Copy)]
struct Count {
    name: [u8; 16],
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

/// What a sign-in comes to.
#[derive(Debug, Clone)]
pub enum Entered {
    /// A session.
    Opened(Box<Opened>),
    /// The password was right, and the code is asked for on another page.
    Waiting(Waiting),
}

/// How the second factor comes, of a user who has one.
#[derive(Debug, Clone)]
pub enum Second {
    /// Along with the password, or not at all.
    Now(Option<String>),
    /// On a page of its own.
    Later,
}

/// What is asked for by a sign-in.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What is to carry the session. What waits for its code becomes a cookie's in any case.
    pub kind: SessionKind,
    /// Where it comes from.
    pub device: Device,
    /// How a second factor comes.
    pub second: Second,
}

/// Counts an attempt to sign in with a typed name or address, known or not; and under the account that it means, if there
/// is one, so that whoever knows both its names has no more tries. An account whose tries are used up refuses as a wrong
/// password does: a lock that its other name had brought about would tell whose the two are.
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
    let of_name =
        count_under(tx, name, familiarity)?.map_err(|retry_after| Refusal::Locked { retry_after })?;
    let of_account = match &user {
        Some(user) => count_under(tx, account_key(tx, user), familiarity)?.ok(),
        None => None,
    };
    store::logins::sweep_tries(tx, tx.now.minus_ms(FORGOTTEN))?;
    Ok(Attempt {
        is_open: of_account.is_some(),
        counts: std::iter::once(of_name).chain(of_account).collect(),
        user,
    })
}

/// Counts a try under a name; or else the seconds until the next one.
fn count_under(tx: &Tx, name: [u8; 16], device: Familiarity) -> Result<std::result::Result<Count, u64>> {
    let tries = store::logins::find_tries(tx, &name)?.unwrap_or(Tries::none(tx.now));
    match tries.begin(tx.now, device) {
        Ok((tries, turn)) => {
            store::logins::keep_tries(tx, &name, &tries)?;
            Ok(Ok(Count { name, turn }))
        }
        Err(retry_after) => Ok(Err(retry_after)),
    }
}

/// Holds the password against the candidate's, and as long against nobody's. Costs processor time; touches no file.
pub fn evaluate(attempt: &Attempt, password: &str) -> Result<Outcome> {
    let user = attempt.user.as_ref().filter(|_| attempt.is_open);
    let verdict = secret::check_password(password, user.map(|user| user.password.as_str()));
    let is_active = user.is_some_and(|user| user.status == UserStatus::Active);
    Ok(match (verdict, is_active) {
        (Verdict::Wrong, _) | (_, false) => Outcome::Wrong,
        (Verdict::Right, true) => Outcome::Right,
        (Verdict::RightButWeak, true) => Outcome::Rehashed(secret::hash_password(password)?),
    })
}

/// Opens a session if the password was right and so was the code of whoever has a second factor, or lets the sign-in wait
/// for its code; and forgets the failures of the name.
///
/// Refused with `BadCredentials` if the password was wrong, in the same way whether the name is known or not; with
/// `SecondFactor` if a code is needed and none came, or a wrong one.
pub fn finish(
    tx: &Tx,
    by: &Actor,
    keys: &Keys,
    attempt: &Attempt,
    outcome: &Outcome,
    entry: &Entry,
) -> Result<Entered> {
    let user = proved(tx, by, attempt, outcome)?;
    if let Outcome::Rehashed(hash) = outcome {
        store::users::rehash(tx, user.id, hash)?;
    }
    match (user.has_factor, &entry.second) {
        (false, _) => {}
        (true, Second::Later) => {
            withdraw(tx, attempt)?;
            return waiting::begin(tx, &user).map(Entered::Waiting);
        }
        (true, Second::Now(code)) => {
            // Whatever comes of the code, the password was no failure.
            let spared = attempt.clone();
            tx.when_refused(move |tx| withdraw(tx, &spared));
            let code = code.as_deref().ok_or(Refusal::SecondFactor(Wanting::Code))?;
            factors::prove(tx, by, keys, &user, code)?;
        }
    }
    forget(tx, attempt)?;
    let opened = sessions::open(tx, by, &user, entry.kind, &entry.device)?;
    Ok(Entered::Opened(Box::new(opened)))
}

/// The user whose password was right; else a refusal that leaves its mark.
fn proved(tx: &Tx, by: &Actor, attempt: &Attempt, outcome: &Outcome) -> Result<User> {
    let (Some(then), Outcome::Right | Outcome::Rehashed(_)) = (&attempt.user, outcome) else {
        return Err(refuse(tx, by, attempt));
    };
    let user = store::users::get(tx, then.id)?;
    let is_same = user.token_epoch == then.token_epoch && user.password_at == then.password_at;
    match user.status == UserStatus::Active && is_same {
        true => Ok(user),
        // Suspended, or another password, while this one was being hashed.
        false => Err(refuse(tx, by, attempt)),
    }
}

/// The caller, whose own password was right. Refused with `BadCredentials` if it was not.
pub(super) fn own(tx: &Tx, by: &Actor, attempt: &Attempt, outcome: &Outcome) -> Result<User> {
    let user = proved(tx, by, attempt, outcome)?;
    match by.user == Some(user.id) {
        true => Ok(user),
        false => Err(refuse(tx, by, attempt)),
    }
}

/// Forgets the failures that an attempt was counted with: all of them, unless it was a known device, whose owner must not
/// open the name to strangers again.
pub(super) fn forget(tx: &Tx, attempt: &Attempt) -> Result<()> {
    for count in &attempt.counts {
        match count.turn {
            Turn::Known => take_back(tx, count)?,
            Turn::Open | Turn::Last => store::logins::forget_tries(tx, &count.name)?,
        }
    }
    Ok(())
}

/// Counts a try of a known user's at another proof: the password once more, or a code. These are counted apart from what
/// strangers type under the name, and no device is spared: five wrong ones lock.
pub(super) fn count(tx: &Tx, user: &User) -> Result<Attempt> {
    let counted = count_under(tx, proof_key(tx, user), Familiarity::Stranger)?;
    let count = counted.map_err(|retry_after| Refusal::Locked { retry_after })?;
    Ok(Attempt {
        counts: vec![count],
        user: Some(user.clone()),
        is_open: true,
    })
}

/// Keeps the count of a code that was wrong, which the refusal would undo.
pub(super) fn keep_failure(tx: &Tx, by: &Actor, user: &User) {
    let (by, user) = (by.clone(), user.clone());
    tx.when_refused(move |tx| {
        let attempt = count(tx, &user)?;
        note_failure(tx, &by, &attempt)
    });
}

/// Takes an attempt back whose password could not be looked at: too many waited.
pub fn withdraw(tx: &Tx, attempt: &Attempt) -> Result<()> {
    attempt.counts.iter().try_for_each(|count| take_back(tx, count))
}

fn take_back(tx: &Tx, count: &Count) -> Result<()> {
    match store::logins::find_tries(tx, &count.name)? {
        Some(tries) => store::logins::keep_tries(tx, &count.name, &tries.take_back(count.turn, tx.now)),
        None => Ok(()),
    }
}

/// Forgets the failures of a user, under both names and as who it is.
pub(super) fn unlock(tx: &Tx, user: &User) -> Result<()> {
    for name in [&user.username, &user.email] {
        store::logins::forget_tries(tx, &key_of(tx, &name.to_ascii_lowercase()))?;
    }
    store::logins::forget_tries(tx, &account_key(tx, user))?;
    store::logins::forget_tries(tx, &proof_key(tx, user))
}

fn refuse(tx: &Tx, by: &Actor, attempt: &Attempt) -> Error {
    let (by, attempt) = (by.clone(), attempt.clone());
    tx.when_refused(move |tx| note_failure(tx, &by, &attempt));
    Refusal::BadCredentials.into()
}

fn note_failure(tx: &Tx, by: &Actor, attempt: &Attempt) -> Result<()> {
    let target = (Target::User, attempt.user.as_ref().map(|user| user.id.0));
    audit::note(tx, by, Action::SignInFailed, target, None, None)?;
    match attempt.counts.iter().any(|count| count.turn == Turn::Last) {
        true => audit::note(tx, by, Action::AccountLocked, target, None, None),
        false => Ok(()),
    }
}

/// Under what a typed name is counted: keyed, because people type passwords where names belong.
fn key_of(tx: &Tx, typed: &str) -> [u8; 16] {
    key(tx, b"login ", typed.as_bytes())
}

/// Under what sign-ins to an account are counted, by whichever of its names.
fn account_key(tx: &Tx, user: &User) -> [u8; 16] {
    key(tx, b"account ", &user.id.0.to_be_bytes())
}

/// Under what a user's further proofs are counted.
fn proof_key(tx: &Tx, user: &User) -> [u8; 16] {
    key(tx, b"proof ", &user.id.0.to_be_bytes())
}

fn key(tx: &Tx, kind: &[u8], of: &[u8]) -> [u8; 16] {
    let whole = secret::mac(tx.chain_key(), &[kind, of]);
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
