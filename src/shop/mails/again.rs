//! Sending a mail again. One with a link is made anew by whoever makes such links, under the rules for them: the secret that
//! was sent is not kept.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::id::MailId;
use crate::domain::link::Purpose;
use crate::domain::mail::Mail;
use crate::domain::mail::MailState;
use crate::domain::mail::UNREADABLE;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::error::Result;
use crate::secret::Keys;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::emails;
use crate::shop::passwords;
use crate::shop::users;
use crate::store;

/// Sends a mail again; the mail that will be sent. What was sent is queued once more, what waits or has failed is due now,
/// and what carries a link is made anew with another, by the rights that this needs.
///
/// Refused with `NotAllowed` where its link would go to an address that is its user's no more, too many have gone, or what
/// it should tell of could not be read.
pub fn resend(tx: &Tx, by: &Actor, keys: &Keys, id: MailId) -> Result<Mail> {
    by.require(Permission::MailsUpdate)?;
    let mail = store::mails::get(tx, id)?;
    if mail.facts == UNREADABLE {
        return Err(refused("What it should tell of cannot be read: there is nothing to send.").into());
    }
    let purpose = store::mails::purpose(tx, id)?;
    let next = match (purpose, mail.state) {
        (Some(purpose), _) => anew(tx, by, keys, &mail, purpose)?,
        (None, MailState::Sent) => store::mails::copy(tx, id)?,
        (None, MailState::Queued | MailState::Failed) => {
            store::mails::renew(tx, id)?;
            id
        }
    };
    let content = (next != id).then(|| serde_json::json!({ "as": next }).to_string());
    audit::note(
        tx,
        by,
        Action::MailResent,
        (Target::Mail, Some(id.0)),
        None,
        content.as_deref(),
    )?;
    store::mails::get(tx, next)
}

/// A mail with another link, to the same address.
fn anew(tx: &Tx, by: &Actor, keys: &Keys, mail: &Mail, purpose: Purpose) -> Result<MailId> {
    let last = store::mails::last(tx)?;
    let user = mail.user.map(|user| store::users::get(tx, user)).transpose()?;
    let user = user.ok_or_else(|| refused("It is nobody's."))?;
    let is_theirs = user.email.eq_ignore_ascii_case(&mail.recipient);
    match purpose {
        Purpose::Invitation if is_theirs => {
            users::invite_again(tx, by, keys, user.id)?;
        }
        Purpose::Reset if is_theirs => passwords::forgot(tx, by, keys, &user.email)?,
        Purpose::Address => emails::ask_again(tx, by, keys, &user, &mail.recipient)?,
        _ => return Err(refused("The address is not this user's any more.").into()),
    }
    match store::mails::last(tx)? {
        made if made > last => Ok(made),
        _ => Err(refused(
            "No link can be made for this user now: too many were, or there is nothing to open.",
        )
        .into()),
    }
}

fn refused(words: &'static str) -> Refusal {
    Refusal::NotAllowed(words.into())
}
