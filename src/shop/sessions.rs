//! Sessions: one row a login, its tokens as hashes only, and who stands behind a token that comes in.

use crate::domain::actor::Actor;
use crate::domain::actor::ActorKind;
use crate::domain::actor::Origin;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::id::SessionId;
use crate::domain::id::UserId;
use crate::domain::permission::Rights;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::domain::touched::Touched;
use crate::domain::user::FAMILY_LIFE;
use crate::domain::user::REFRESH_GRACE;
use crate::domain::user::REFRESH_LIFE;
use crate::domain::user::Session;
use crate::domain::user::SessionKind;
use crate::domain::user::User;
use crate::domain::user::UserStatus;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::secret::Keys;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::store;
pub use crate::store::sessions::Device;

/// A session with all that a request needs to know of it.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Standing {
    pub session: SessionId,
    pub user: UserId,
    pub kind: SessionKind,
    pub rights: Rights,
    pub is_staff: bool,
    pub seen_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Standing {
    /// The actor of a request through this session.
    pub fn actor(&self, origin: Origin) -> Actor {
        Actor {
            kind: ActorKind::User,
            user: Some(self.user),
            session: Some(self.session),
            rights: self.rights,
            is_staff: self.is_staff,
            origin,
        }
    }
}

/// What a new login gives.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the name says it")]
pub struct Opened {
    pub session: SessionId,
    pub user: User,
    pub refresh_token: String,
    pub at: Timestamp,
}

/// Opens a token session.
pub fn open(tx: &Tx, by: &Actor, user: &User, device: &Device) -> Result<Opened> {
    let secret: [u8; 32] = secret::random()?;
    let expires_at = tx.now.plus_ms(FAMILY_LIFE);
    let session = store::sessions::insert(tx, user, SessionKind::Token, None, expires_at, device)?;
    store::sessions::insert_refresh(
        tx,
        session,
        &secret::digest(&secret),
        tx.now.plus_ms(REFRESH_LIFE),
    )?;
    let who = Actor {
        user: Some(user.id),
        kind: ActorKind::User,
        ..by.clone()
    };
    audit::note(
        tx,
        &who,
        Action::SignedIn,
        (Target::Session, Some(session.0)),
        None,
        None,
    )?;
    Ok(Opened {
        session,
        user: user.clone(),
        refresh_token: secret::to_text(&secret),
        at: tx.now,
    })
}

/// Trades a refresh token for its successor.
///
/// Within ten seconds of its use the same token gives the same successor (the reply was lost); later it ends the whole
/// session, because two hold it.
pub fn refresh(tx: &Tx, by: &Actor, keys: &Keys, token: &str) -> Result<Opened> {
    let secret = secret::from_text(token).ok_or(Refusal::TokenInvalid)?;
    let found = store::sessions::find_refresh(tx, &secret::digest(&secret))?.ok_or(Refusal::TokenInvalid)?;
    let session = store::sessions::find(tx, found.session)?.ok_or(Refusal::TokenInvalid)?;
    let user = store::users::get(tx, session.user)?;
    if !is_good(&session, &user, tx.now) {
        return Err(Refusal::TokenInvalid.into());
    }
    if found.expires_at < tx.now {
        return Err(Refusal::TokenExpired.into());
    }
    let successor = secret::mac(&keys.token, &[b"refresh", &secret]);
    match found.used_at {
        None => {
            store::sessions::use_refresh(tx, found.id)?;
            let expires_at = tx.now.plus_ms(REFRESH_LIFE).min(session.expires_at);
            store::sessions::insert_refresh(tx, session.id, &secret::digest(&successor), expires_at)?;
            store::sessions::touch(tx, session.id)?;
        }
        Some(at) if tx.now <= at.plus_ms(REFRESH_GRACE) => {}
        Some(_) => return Err(end_family(tx, by, &session)),
    }
    Ok(Opened {
        session: session.id,
        user,
        refresh_token: secret::to_text(&successor),
        at: tx.now,
    })
}

/// A used token came again: the refusal undoes this transaction, so the end of the session outlives it.
fn end_family(tx: &Tx, by: &Actor, session: &Session) -> Error {
    let id = session.id;
    let who = Actor {
        user: Some(session.user),
        ..by.clone()
    };
    tx.when_refused(move |tx| {
        store::sessions::end(tx, id)?;
        tx.touch(Touched::Sessions);
        audit::note(
            tx,
            &who,
            Action::TokenReused,
            (Target::Session, Some(id.0)),
            None,
            None,
        )
    });
    Refusal::TokenInvalid.into()
}

/// Ends the caller's session, or all of them.
pub fn close(tx: &Tx, by: &Actor, scope: Scope) -> Result<()> {
    let user = by.signed_in()?;
    match scope {
        Scope::AllDevices => store::users::end_sessions(tx, user)?,
        Scope::This => {
            if let Some(session) = by.session {
                store::sessions::end(tx, session)?;
            }
        }
    }
    tx.touch(Touched::Sessions);
    let target = (Target::Session, by.session.map(|session| session.0));
    audit::note(tx, by, Action::SignedOut, target, None, None)
}

/// Which sessions a logout ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The one it comes through.
    This,
    /// Every one of the user.
    AllDevices,
}

/// Who stands behind a session, if it is good at this moment.
pub fn standing(db: &Snapshot, id: SessionId, now: Timestamp) -> Result<Standing> {
    let session = store::sessions::find(db, id)?.ok_or(Refusal::TokenInvalid)?;
    let user = store::users::get(db, session.user)?;
    if !is_good(&session, &user, now) {
        return Err(Refusal::TokenInvalid.into());
    }
    Ok(Standing {
        session: session.id,
        user: user.id,
        kind: session.kind,
        rights: store::users::rights(db, user.role)?,
        is_staff: user.role_is_staff,
        seen_at: session.seen_at,
        expires_at: session.expires_at,
    })
}

fn is_good(session: &Session, user: &User, now: Timestamp) -> bool {
    session.ended_at.is_none()
        && session.expires_at > now
        && session.token_epoch == user.token_epoch
        && user.status == UserStatus::Active
}
