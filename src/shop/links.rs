//! One-time links: made, looked at, used once. Only a hash is kept, keyed by what the link is for, so that no link passes
//! for one of another purpose (TOK-03).

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::fault::FaultKind;
use crate::domain::id::LinkId;
use crate::domain::id::UserId;
use crate::domain::link::Link;
use crate::domain::link::Purpose;
use crate::domain::text::Email;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::secret::Keys;
use crate::secret::Use;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::store;

/// What a link is made for.
#[derive(Debug, Clone)]
pub enum NewLink {
    /// The first owner.
    Setup,
    /// A first password, for somebody who was invited.
    Invitation(UserId),
    /// A new password.
    Reset(UserId),
    /// The proof of an address that is to be the user's.
    Address(UserId, Email),
}

/// A link that was made. Its secret is told here and never again, but sealed in its mail.
#[derive(Debug, Clone)]
pub struct Made {
    /// Its row.
    pub id: LinkId,
    /// What it is for.
    pub purpose: Purpose,
    /// 256 random bits as text: the last part of the link.
    pub secret: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

impl Made {
    /// The whole link, at the shop's public URL.
    pub fn url(&self, public_url: &str) -> String {
        self.purpose.url(public_url, &self.secret)
    }
}

/// Makes a link. The caller has asked who may; an earlier link of the same user and purpose is good no more.
pub fn make(tx: &Tx, by: &Actor, keys: &Keys, new: &NewLink) -> Result<Made> {
    let (purpose, user, email) = match new {
        NewLink::Setup => (Purpose::Setup, None, None),
        NewLink::Invitation(user) => (Purpose::Invitation, Some(*user), None),
        NewLink::Reset(user) => (Purpose::Reset, Some(*user), None),
        NewLink::Address(user, email) => (Purpose::Address, Some(*user), Some(email.as_str())),
    };
    match user {
        Some(user) => store::links::take_all(tx, user, Some(purpose))?,
        None => store::links::take_setups(tx)?,
    }
    let secret: [u8; 32] = secret::random()?;
    let expires_at = tx.now.plus_ms(purpose.life());
    let hash = hash(keys, purpose, &secret);
    let id = store::links::insert(tx, purpose, &hash, user, email, expires_at)?;
    let content = serde_json::json!({ "purpose": purpose, "user": user }).to_string();
    let target = (Target::Link, Some(id.0));
    audit::note(tx, by, Action::LinkMade, target, None, Some(&content))?;
    Ok(Made {
        id,
        purpose,
        secret: secret::to_text(&secret),
        expires_at,
    })
}

/// The link behind a secret, if it is one of this purpose that can still be used: to draw its page, or before a password
/// is hashed. Nothing is used up.
///
/// Refused with `Fields` (`token`) if it never was one, has expired or was used; which of them is not told.
pub fn look(db: &Snapshot, keys: &Keys, purpose: Purpose, secret: &str, now: Timestamp) -> Result<Link> {
    let secret = secret::from_text(secret).ok_or_else(spent)?;
    let link = store::links::find(db, &hash(keys, purpose, &secret))?;
    link.filter(|link| link.purpose == purpose && link.is_good(now))
        .ok_or_else(spent)
}

/// Uses a link up: of any number at once, one gets it. Refused as [`look`].
pub fn take(tx: &Tx, keys: &Keys, purpose: Purpose, secret: &str) -> Result<Link> {
    let link = look(tx, keys, purpose, secret, tx.now)?;
    match store::links::take(tx, link.id)? {
        true => Ok(link),
        false => Err(spent()),
    }
}

/// Uses up every link of a user: whoever held one when the password changed or the account was suspended has nothing.
pub fn void(tx: &Tx, user: UserId) -> Result<()> {
    store::links::take_all(tx, user, None)
}

fn hash(keys: &Keys, purpose: Purpose, secret: &[u8]) -> [u8; 32] {
    let what = match purpose {
        Purpose::Setup => Use::Setup,
        Purpose::Invitation => Use::Invitation,
        Purpose::Reset => Use::Reset,
        Purpose::Address => Use::Address,
    };
    keys.stamp(what, &[secret])
}

pub(super) fn spent() -> Error {
    let words = "is not good: it has expired, was used, or never was one";
    Error::fault("token", FaultKind::Invalid, words)
}
