//! Passwords: changed by who knows the present one, reset by who reads the mails. Hashes are made outside transactions.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::id::UserId;
use crate::domain::link::MOST_RESETS;
use crate::domain::link::Purpose;
use crate::domain::mail::NewMail;
use crate::domain::mail::Template;
use crate::domain::password;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::time;
use crate::domain::time::Timestamp;
use crate::domain::touched::Touched;
use crate::domain::user::User;
use crate::domain::user::UserStatus;
use crate::error::Error;
use crate::error::Result;
use crate::secret::Keys;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::links;
use crate::shop::links::Made;
use crate::shop::links::NewLink;
use crate::shop::login;
use crate::shop::login::Attempt;
use crate::shop::login::Outcome;
use crate::shop::mails;
use crate::shop::step_up;
use crate::store;

/// Refused with `Fields` unless a user may have this password.
pub fn check(user: &User, given: &str, field: &'static str) -> Result<()> {
    let about = [
        user.username.as_str(),
        user.email.as_str(),
        user.name.as_deref().unwrap_or_default(),
    ];
    password::check(given, user.audience(), &about).map_err(|bad| bad.at(field).into())
}

/// Counts a try at the caller's present password, before it is looked at. Needs a step-up.
pub fn begin_change(tx: &Tx, by: &Actor) -> Result<Attempt> {
    let user = store::users::get(tx, by.signed_in()?)?;
    step_up::require(tx, by)?;
    login::count(tx, &user)
}

/// Gives the caller another password (already hashed) and ends all its other sessions.
///
/// Refused with `BadCredentials` if the present one was wrong.
pub fn change(tx: &Tx, by: &Actor, attempt: &Attempt, outcome: &Outcome, hash: &str) -> Result<()> {
    step_up::require(tx, by)?;
    let user = login::own(tx, by, attempt, outcome)?;
    login::forget(tx, attempt)?;
    set(tx, &user, hash)?;
    store::sessions::end_others(tx, user.id, by.session)?;
    tell(tx, by, &user, Action::PasswordChanged)
}

/// Sends a link to a new password to an address, if it is an active user's. The reply is the same in any case, so nothing
/// is returned; beyond three in an hour nothing is sent (RL-02).
pub fn forgot(tx: &Tx, by: &Actor, keys: &Keys, email: &str) -> Result<()> {
    let user =
        store::users::find_by_email(tx, email.trim())?.filter(|user| user.status == UserStatus::Active);
    let target = (Target::User, user.as_ref().map(|user| user.id.0));
    audit::note(tx, by, Action::ResetAsked, target, None, None)?;
    let Some(user) = user else { return Ok(()) };
    let since = tx.now.minus_ms(time::HOUR);
    if store::links::count_since(tx, user.id, Purpose::Reset, since)? >= MOST_RESETS {
        return Ok(());
    }
    let link = links::make(tx, by, keys, &NewLink::Reset(user.id))?;
    let mail = mail(&user, Template::ResetPassword);
    mails::queue_with_link(tx, keys, &mail, &link).map(|_| ())
}

/// Makes a link to a new password for the operator to hand over, where no mail is sent.
///
/// Refused with `NotAllowed` unless the user is active.
pub fn reset_link(tx: &Tx, by: &Actor, keys: &Keys, id: UserId) -> Result<Made> {
    by.require(Permission::SystemManage)?;
    let user = store::users::get(tx, id)?;
    match user.status {
        UserStatus::Active => links::make(tx, by, keys, &NewLink::Reset(user.id)),
        _ => Err(Refusal::NotAllowed("This user is not active.".into()).into()),
    }
}

/// Whose password a link would set; nothing is used up. Refused with `Fields` (`token`) if it is not good.
pub fn holder(db: &Snapshot, keys: &Keys, token: &str, now: Timestamp) -> Result<User> {
    let link = links::look(db, keys, Purpose::Reset, token, now)?;
    store::users::get(db, link.user.ok_or(Error::NotFound("user"))?)
}

/// Sets a password (already hashed) by a link, which is used up. Every session and every other link of the user ends, and
/// nobody is signed in by it (AUT-07).
pub fn reset(tx: &Tx, by: &Actor, keys: &Keys, token: &str, hash: &str) -> Result<()> {
    let link = links::take(tx, keys, Purpose::Reset, token)?;
    let user = store::users::get(tx, link.user.ok_or(Error::NotFound("user"))?)?;
    set(tx, &user, hash)?;
    store::users::end_sessions(tx, user.id)?;
    tell(tx, by, &user, Action::PasswordReset)
}

fn set(tx: &Tx, user: &User, hash: &str) -> Result<()> {
    store::users::set_password(tx, user.id, hash)?;
    // Whoever asked for another address or password before holds nothing any more.
    links::void(tx, user.id)?;
    tx.touch(Touched::Sessions);
    login::unlock(tx, user)
}

fn tell(tx: &Tx, by: &Actor, user: &User, action: Action) -> Result<()> {
    audit::note(tx, by, action, (Target::User, Some(user.id.0)), None, None)?;
    mails::queue(tx, &mail(user, Template::PasswordChanged)).map(|_| ())
}

fn mail(user: &User, template: Template) -> NewMail<'_> {
    NewMail {
        template,
        recipient: &user.email,
        user: Some(user.id),
        facts: serde_json::json!({ "username": user.username }).to_string(),
    }
}
