//! Sessions: one row a login, its tokens as hashes only, and who stands behind a token that comes in.

use crate::domain::actor::Actor;
use crate::domain::actor::ActorKind;
use crate::domain::actor::Origin;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::id::SessionId;
use crate::domain::id::UserId;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::domain::permission::Rights;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::domain::touched::Touched;
use crate::domain::user::DEVICE_LIFE;
use crate::domain::user::DemoUser;
use crate::domain::user::Login;
use crate::domain::user::MOST_DEVICES;
use crate::domain::user::OpenSession;
use crate::domain::user::Pass;
use crate::domain::user::REFRESH_GRACE;
use crate::domain::user::REFRESH_LIFE;
use crate::domain::user::Session;
use crate::domain::user::SessionKind;
use crate::domain::user::TOUCH_EVERY;
use crate::domain::user::User;
use crate::domain::user::UserStatus;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::secret::Keys;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::carts;
use crate::store;
pub use crate::store::sessions::Device;

/// So many open sessions are listed.
const MOST_LISTED: i64 = 100;

/// A session with all that a request needs to know of it.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Standing {
    pub session: SessionId,
    pub user: UserId,
    pub kind: SessionKind,
    pub rights: Rights,
    pub is_staff: bool,
    /// Staff without the second factor that the shop asks for, in a session by cookie.
    pub needs_factor: bool,
    pub token_epoch: i64,
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
            key: None,
            order: None,
            rights: self.rights,
            is_staff: self.is_staff,
            needs_factor: self.needs_factor,
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
    pub kind: SessionKind,
    /// A token session's refresh token, or a cookie session's cookie.
    pub secret: String,
    /// The cookie by which the device is known from now on, if it was not.
    pub device: Option<String>,
    pub at: Timestamp,
}

/// Opens a session, and from now on knows the device. What a browser has picked as a guest goes into the user's cart.
pub fn open(tx: &Tx, by: &Actor, user: &User, kind: SessionKind, device: &Device) -> Result<Opened> {
    open_with(tx, by, user, kind, device, secret::random()?)
}

/// The same, carried by a secret that the caller can make again.
pub(super) fn open_with(
    tx: &Tx,
    by: &Actor,
    user: &User,
    kind: SessionKind,
    device: &Device,
    secret: [u8; 32],
) -> Result<Opened> {
    let hash = secret::digest(&secret);
    let expires_at = tx.now.plus_ms(Session::life(kind, user.role_is_staff));
    let session = match kind {
        SessionKind::Cookie => store::sessions::insert(tx, user, kind, Some(hash), expires_at, device)?,
        SessionKind::Token => {
            let session = store::sessions::insert(tx, user, kind, None, expires_at, device)?;
            store::sessions::insert_refresh(tx, session, &hash, tx.now.plus_ms(REFRESH_LIFE))?;
            session
        }
    };
    let who = Actor {
        user: Some(user.id),
        kind: ActorKind::User,
        ..by.clone()
    };
    let target = (Target::Session, Some(session.0));
    audit::note(tx, &who, Action::SignedIn, target, None, None)?;
    if let (SessionKind::Cookie, Some(cart)) = (kind, device.cart) {
        carts::merge(tx, user.id, cart)?;
    }
    Ok(Opened {
        session,
        user: user.clone(),
        kind,
        secret: secret::to_text(&secret),
        device: know(tx, user, device)?,
        at: tx.now,
    })
}

/// What [`open_with`] gave before, for a reply that was lost. Refused with `TokenInvalid` if the session is over.
pub(super) fn opened_before(tx: &Tx, user: &User, id: SessionId, secret: [u8; 32]) -> Result<Opened> {
    let session = store::sessions::find(tx, id)?.filter(|session| is_good(session, user, tx.now));
    let session = session.ok_or(Refusal::TokenInvalid)?;
    Ok(Opened {
        session: id,
        user: user.clone(),
        kind: session.kind,
        secret: secret::to_text(&secret),
        device: None,
        at: tx.now,
    })
}

/// A session that proved itself again: a cookie has another value from now on (TOK-06).
#[derive(Debug, Clone, Default)]
pub struct Renewed {
    /// The cookie's value and how long it lives, in milliseconds; nothing of a token session.
    pub cookie: Option<(String, i64)>,
}

/// Notes that the caller's session has proved itself, and gives its cookie another value.
pub(super) fn renew(tx: &Tx, by: &Actor) -> Result<Renewed> {
    let id = by.session.ok_or(Refusal::NotSignedIn)?;
    let session = store::sessions::find(tx, id)?.ok_or(Refusal::TokenInvalid)?;
    store::sessions::prove(tx, id)?;
    if session.kind == SessionKind::Token {
        return Ok(Renewed::default());
    }
    let secret: [u8; 32] = secret::random()?;
    store::sessions::set_secret(tx, id, &secret::digest(&secret))?;
    tx.touch(Touched::Sessions);
    let life = session.expires_at.ms() - tx.now.ms();
    Ok(Renewed {
        cookie: Some((secret::to_text(&secret), life)),
    })
}

/// The caller's open sessions, the latest used first.
pub fn list(db: &Snapshot, by: &Actor, now: Timestamp) -> Result<Vec<Login>> {
    let user = store::users::get(db, by.signed_in()?)?;
    let mut all = store::sessions::open_of(db, &user, now, MOST_LISTED)?;
    for login in &mut all {
        login.is_current = by.session == Some(login.id);
    }
    Ok(all)
}

/// The open sessions of any user, with the right to it.
pub fn list_of(db: &Snapshot, by: &Actor, user: UserId, now: Timestamp) -> Result<Vec<Login>> {
    by.require(Permission::UsersRead)?;
    let user = store::users::get(db, user)?;
    store::sessions::open_of(db, &user, now, MOST_LISTED)
}

/// One page of the open sessions of the shop's people, or of all others; the latest used first.
pub fn list_all(
    db: &Snapshot,
    by: &Actor,
    is_staff: bool,
    now: Timestamp,
    paging: &Paging,
) -> Result<Page<OpenSession>> {
    by.require(Permission::UsersRead)?;
    let mut found = store::sessions::page(db, is_staff, now, paging)?;
    for open in &mut found.rows {
        open.login.is_current = by.session == Some(open.login.id);
    }
    Ok(found)
}

/// Ends one of the caller's sessions; another's is `NotFound`.
pub fn revoke(tx: &Tx, by: &Actor, id: SessionId) -> Result<()> {
    let user = by.signed_in()?;
    let session = store::sessions::find(tx, id)?.filter(|session| session.user == user);
    end_one(tx, by, session)
}

/// Ends any user's session, with the right to it.
pub fn revoke_any(tx: &Tx, by: &Actor, id: SessionId) -> Result<()> {
    by.require(Permission::UsersUpdate)?;
    let session = store::sessions::find(tx, id)?;
    end_one(tx, by, session)
}

fn end_one(tx: &Tx, by: &Actor, session: Option<Session>) -> Result<()> {
    let session = session.filter(|session| session.ended_at.is_none());
    let id = session.ok_or(Error::NotFound("session"))?.id;
    store::sessions::end(tx, id)?;
    tx.touch(Touched::Sessions);
    let target = (Target::Session, Some(id.0));
    audit::note(tx, by, Action::SessionRevoked, target, None, None)
}

/// Opens a token session of a demo's account, without a password.
///
/// Refused with `NotFound` in a file that is no demo.
pub fn open_demo(tx: &Tx, by: &Actor, who: DemoUser, device: &Device) -> Result<Opened> {
    let user = match store::settings::get(tx)?.is_demo {
        true => store::users::find_by_username(tx, who.username())?,
        false => None,
    };
    let user = user.filter(|user| user.status == UserStatus::Active);
    let user = user.ok_or(Error::NotFound("page"))?;
    open(tx, by, &user, SessionKind::Token, device)
}

/// Notes that the device has signed in as the user; a device that had not gets a cookie of its own, never the one it
/// came with, which somebody else may have put there.
fn know(tx: &Tx, user: &User, device: &Device) -> Result<Option<String>> {
    let since = tx.now.minus_ms(DEVICE_LIFE);
    if let Some(token) = &device.token
        && store::logins::is_known(tx, token, user.id, since)?
    {
        store::logins::keep_device(tx, token, user.id)?;
        return Ok(None);
    }
    let token: [u8; 32] = secret::random()?;
    store::logins::keep_device(tx, &secret::digest(&token), user.id)?;
    store::logins::sweep_devices(tx, user.id, MOST_DEVICES)?;
    Ok(Some(secret::to_text(&token)))
}

/// Whose refresh token it is, good or used: whoever asks too often is held back before anything changes.
pub fn holder(db: &Snapshot, token: &str) -> Result<Option<UserId>> {
    let Some(secret) = secret::from_text(token) else {
        return Ok(None);
    };
    let Some(found) = store::sessions::find_refresh(db, &secret::digest(&secret))? else {
        return Ok(None);
    };
    Ok(store::sessions::find(db, found.session)?.map(|session| session.user))
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
            store::sessions::touch(tx, session.id, tx.now)?;
        }
        Some(at) if tx.now <= at.plus_ms(REFRESH_GRACE) => {}
        Some(_) => return Err(end_family(tx, by, &session)),
    }
    Ok(Opened {
        session: session.id,
        user,
        kind: SessionKind::Token,
        secret: secret::to_text(&successor),
        device: None,
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

/// Ends the caller's session, or all of them, and empties their cart.
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
    carts::forget(tx, user)?;
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
pub fn standing(db: &Snapshot, pass: &Pass, now: Timestamp) -> Result<Standing> {
    let session = match pass {
        Pass::Session(id) => store::sessions::find(db, *id)?.filter(|it| it.kind == SessionKind::Token),
        Pass::Cookie(hash) => store::sessions::find_by_secret(db, hash)?,
    };
    let session = session.ok_or(Refusal::TokenInvalid)?;
    stand(db, &session, now)
}

/// The caller as their session stands now: what goes on for long goes on only for those who still may.
pub fn renewed(db: &Snapshot, by: &Actor, now: Timestamp) -> Result<Actor> {
    let id = by.session.ok_or(Refusal::TokenInvalid)?;
    let session = store::sessions::find(db, id)?.ok_or(Refusal::TokenInvalid)?;
    Ok(stand(db, &session, now)?.actor(by.origin.clone()))
}

fn stand(db: &Snapshot, session: &Session, now: Timestamp) -> Result<Standing> {
    let user = store::users::get(db, session.user)?;
    if !is_good(session, &user, now) {
        return Err(Refusal::TokenInvalid.into());
    }
    let needs_factor = session.kind == SessionKind::Cookie
        && user.role_is_staff
        && !user.has_factor
        && store::settings::staff_needs_factor(db)?;
    Ok(Standing {
        session: session.id,
        user: user.id,
        kind: session.kind,
        rights: match needs_factor {
            // So that no door leads around the fence.
            true => Rights::NONE,
            false => store::users::rights(db, user.role)?,
        },
        is_staff: user.role_is_staff && !needs_factor,
        needs_factor,
        token_epoch: user.token_epoch,
        seen_at: session.seen_at,
        expires_at: session.expires_at,
    })
}

/// Notes that the caller's session is in use, if that was not noted a moment ago.
pub fn touch(tx: &Tx, by: &Actor) -> Result<()> {
    match by.session {
        Some(session) => store::sessions::touch(tx, session, tx.now.minus_ms(TOUCH_EVERY)),
        None => Ok(()),
    }
}

fn is_good(session: &Session, user: &User, now: Timestamp) -> bool {
    let rests = session.kind == SessionKind::Cookie
        && session.seen_at.plus_ms(Session::idle_limit(user.role_is_staff)) <= now;
    session.ended_at.is_none()
        && session.expires_at > now
        && !rests
        && session.token_epoch == user.token_epoch
        && user.status == UserStatus::Active
}
