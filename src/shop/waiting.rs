//! Sign-ins in two steps, for pages: the password was right and the code is asked for on a page of its own. What waits is
//! a row, gone on with once; the same secret and code within ten seconds give the same session (a reply was lost).

use crate::domain::actor::Actor;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::domain::user::REFRESH_GRACE;
use crate::domain::user::SessionKind;
use crate::domain::user::User;
use crate::domain::user::UserStatus;
use crate::domain::user::WAITING_LIFE;
use crate::error::Result;
use crate::secret;
use crate::secret::Keys;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::factors;
use crate::shop::sessions;
use crate::shop::sessions::Device;
use crate::shop::sessions::Opened;
use crate::store;

/// A sign-in that waits for a code.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// What a cookie carries to the next page.
    pub secret: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Lets a sign-in wait whose password was right.
pub(super) fn begin(tx: &Tx, user: &User) -> Result<Waiting> {
    let secret: [u8; 32] = secret::random()?;
    let expires_at = tx.now.plus_ms(WAITING_LIFE);
    store::waiting::insert(tx, user, &secret::digest(&secret), expires_at)?;
    Ok(Waiting {
        secret: secret::to_text(&secret),
        expires_at,
    })
}

/// Whether a sign-in waits behind this secret: whether to draw the page that asks for its code.
pub fn is_waiting(db: &Snapshot, secret: &str, now: Timestamp) -> Result<bool> {
    let found = match secret::from_text(secret) {
        Some(secret) => store::waiting::find(db, &secret::digest(&secret))?,
        None => None,
    };
    Ok(found.is_some_and(|found| found.used.is_none() && now < found.expires_at))
}

/// Goes on with a waiting sign-in by a code or a recovery code, into a session by cookie.
///
/// Refused with `TokenInvalid` if nothing waits behind the secret, with `SecondFactor` if the code is wrong or was used,
/// with `Locked` after five wrong ones.
pub fn finish(tx: &Tx, by: &Actor, keys: &Keys, secret: &str, code: &str, device: &Device) -> Result<Opened> {
    let secret = secret::from_text(secret).ok_or(Refusal::TokenInvalid)?;
    let found = store::waiting::find(tx, &secret::digest(&secret))?.ok_or(Refusal::TokenInvalid)?;
    let user = store::users::get(tx, found.user)?;
    if user.status != UserStatus::Active || user.token_epoch != found.token_epoch {
        return Err(Refusal::TokenInvalid.into());
    }
    let carried = secret::mac(&keys.token, &[b"waiting", &secret]);
    let by_code = secret::digest_parts(&[&secret, code.trim().as_bytes()]);
    match found.used {
        None if tx.now < found.expires_at => {}
        Some((at, session, code)) if tx.now <= at.plus_ms(REFRESH_GRACE) && secret::same(&code, &by_code) => {
            return sessions::opened_before(tx, &user, session, carried);
        }
        _ => return Err(Refusal::TokenInvalid.into()),
    }
    factors::prove(tx, by, keys, &user, code)?;
    let opened = sessions::open_with(tx, by, &user, SessionKind::Cookie, device, carried)?;
    store::waiting::take(tx, found.id, opened.session, &by_code)?;
    Ok(opened)
}
