//! Mails: queued in the transaction that they tell of, or derived from its events; listed, shown, sent, sent again. The
//! secret of a link stands sealed in its mail's row until it is sent, and is opened for the shop itself alone: the sender,
//! and the operator at the command line.

mod again;
mod send;
mod told;

pub use again::resend;
pub use send::Failed;
pub use send::Sending;
pub use send::claim;
pub use send::next_due;
pub use send::settle;
pub use told::Untold;
pub use told::catch_up;
pub use told::is_behind;
pub use told::leave_out;

use crate::domain::actor::Actor;
use crate::domain::actor::ActorKind;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::id::MailId;
use crate::domain::link::Purpose;
use crate::domain::mail::Mail;
use crate::domain::mail::NewMail;
use crate::domain::mail::Wanted;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::error::Error;
use crate::error::Result;
use crate::secret::Keys;
use crate::secret::Place;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::links::Made;
use crate::store;

/// Counts go so far.
pub const MOST_COUNTED: i64 = 1000;

/// Puts a mail that carries no link into the queue.
pub fn queue(tx: &Tx, mail: &NewMail) -> Result<MailId> {
    store::mails::insert(tx, mail, None, |_| Ok(None))
}

/// Puts a mail with a link into the queue.
pub fn queue_with_link(tx: &Tx, keys: &Keys, mail: &NewMail, link: &Made) -> Result<MailId> {
    let owner = mail.user.map_or(0, |user| user.0);
    store::mails::insert(tx, mail, Some(link.id), |id| {
        keys.seal(place(id, owner), link.secret.as_bytes()).map(Some)
    })
}

/// The wanted mails, newest first.
pub fn list(db: &Snapshot, by: &Actor, wanted: Wanted, paging: &Paging) -> Result<Page<Mail>> {
    by.require(Permission::MailsRead)?;
    store::mails::page(db, wanted, paging)
}

/// How many wait and how many have failed, each counted up to a thousand.
pub fn count(db: &Snapshot, by: &Actor) -> Result<(i64, i64)> {
    by.require(Permission::MailsRead)?;
    store::mails::count(db, MOST_COUNTED)
}

/// A mail, its link's secret still sealed.
pub fn show(db: &Snapshot, by: &Actor, id: MailId) -> Result<Mail> {
    by.require(Permission::MailsRead)?;
    store::mails::get(db, id)
}

/// What a mail's link is for, and its secret; for the shop itself alone, and noted. No user, whatever the rights, may have
/// somebody else's link.
pub fn reveal(tx: &Tx, by: &Actor, keys: &Keys, id: MailId) -> Result<Option<(Purpose, String)>> {
    if by.kind != ActorKind::System {
        return Err(by.lacks(Permission::SystemManage).into());
    }
    let link = open(tx, keys, id)?;
    if link.is_some() {
        let target = (Target::Mail, Some(id.0));
        audit::note(tx, by, Action::MailShown, target, None, None)?;
    }
    Ok(link)
}

/// Opens the secret of a mail's link, to send it.
pub(crate) fn open(db: &Snapshot, keys: &Keys, id: MailId) -> Result<Option<(Purpose, String)>> {
    let mail = store::mails::get(db, id)?;
    let Some((purpose, sealed)) = store::mails::sealed(db, id)? else {
        return Ok(None);
    };
    let owner = mail.user.map_or(0, |user| user.0);
    let plain = keys.unseal(place(id, owner), &sealed)?;
    let secret = String::from_utf8(plain).map_err(|cause| Error::Internal(cause.into()))?;
    Ok(Some((purpose, secret)))
}

const fn place(id: MailId, owner: i64) -> Place<'static> {
    Place {
        column: "mails.sealed",
        row: id.0,
        owner,
    }
}
