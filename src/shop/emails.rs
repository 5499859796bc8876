//! Addresses of users: nobody's until a link that was sent there has been opened by the user who asked (AUT-10).

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::id::UserId;
use crate::domain::link::MOST_RESETS;
use crate::domain::link::Purpose;
use crate::domain::mail::NewMail;
use crate::domain::mail::Template;
use crate::domain::text::Email;
use crate::domain::time;
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::error::Result;
use crate::secret::Keys;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::customers;
use crate::shop::links;
use crate::shop::links::NewLink;
use crate::shop::mails;
use crate::shop::step_up;
use crate::store;

/// Sends a link to an address that the caller wants as its own. Until the caller opens it, nothing changes; whether
/// somebody else has the address is not told. Needs a step-up.
pub fn ask(tx: &Tx, by: &Actor, keys: &Keys, email: &Email) -> Result<()> {
    let user = store::users::get(tx, by.signed_in()?)?;
    step_up::require(tx, by)?;
    send(tx, by, keys, &user, email)
}

/// Sends a link to the address that a user has signed up with.
pub fn ask_at_sign_up(tx: &Tx, by: &Actor, keys: &Keys, user: &User) -> Result<()> {
    let email = Email::parse(&user.email).map_err(|bad| bad.at("email"))?;
    send(tx, by, keys, user, &email)
}

/// Sends another link to an address that a user has asked for.
pub(super) fn ask_again(tx: &Tx, by: &Actor, keys: &Keys, user: &User, email: &str) -> Result<()> {
    let email = Email::parse(email).map_err(|bad| bad.at("email"))?;
    send(tx, by, keys, user, &email)
}

fn send(tx: &Tx, by: &Actor, keys: &Keys, user: &User, email: &Email) -> Result<()> {
    let target = (Target::User, Some(user.id.0));
    audit::note(tx, by, Action::AddressAsked, target, None, None)?;
    let since = tx.now.minus_ms(time::HOUR);
    let is_often = store::links::count_since(tx, user.id, Purpose::Address, since)? >= MOST_RESETS;
    let holder = store::users::find_by_email(tx, email.as_str())?;
    let is_free = match &holder {
        Some(holder) => holder.id == user.id && !holder.email_verified,
        None => true,
    };
    if is_often || !is_free {
        return Ok(());
    }
    let link = links::make(tx, by, keys, &NewLink::Address(user.id, email.clone()))?;
    let mail = mail(user.id, &user.username, email.as_str(), Template::ProveAddress);
    mails::queue_with_link(tx, keys, &mail, &link).map(|_| ())
}

/// The address that a link would make the caller's; nothing is used up.
///
/// Refused with `Fields` (`token`) if the link is not good, or was sent for somebody else.
pub fn look(db: &Snapshot, by: &Actor, keys: &Keys, token: &str, now: Timestamp) -> Result<String> {
    let user = by.signed_in()?;
    let link = links::look(db, keys, Purpose::Address, token, now)?;
    link.email
        .filter(|_| link.user == Some(user))
        .ok_or_else(links::spent)
}

/// Makes an address the caller's by the link that was sent there. Only the user who asked for it may: whoever finds
/// another's link in the mail proves nothing for either.
///
/// Refused with `Fields` (`token`) if the link is not good, with `AlreadyExists` if somebody else has the address by now.
pub fn confirm(tx: &Tx, by: &Actor, keys: &Keys, token: &str) -> Result<User> {
    let user = store::users::get(tx, by.signed_in()?)?;
    let link = links::take(tx, keys, Purpose::Address, token)?;
    let Some(email) = link.email.filter(|_| link.user == Some(user.id)) else {
        return Err(links::spent());
    };
    store::users::set_email(tx, user.id, &email)?;
    let content =
        serde_json::json!({ "email": user.email, "email_verified": user.email_verified }).to_string();
    let target = (Target::User, Some(user.id.0));
    audit::note(tx, by, Action::AddressProved, target, None, Some(&content))?;
    customers::claim(tx, user.id, &email)?;
    if !user.email.eq_ignore_ascii_case(&email) {
        // What was sent to the former address opens nothing any more.
        links::void(tx, user.id)?;
        for recipient in [&user.email, &email] {
            let mail = mail(user.id, &user.username, recipient, Template::AddressChanged);
            mails::queue(tx, &mail)?;
        }
    }
    store::users::get(tx, user.id)
}

fn mail<'a>(user: UserId, username: &str, recipient: &'a str, template: Template) -> NewMail<'a> {
    NewMail {
        template,
        recipient,
        user: Some(user),
        facts: serde_json::json!({ "username": username }).to_string(),
    }
}
