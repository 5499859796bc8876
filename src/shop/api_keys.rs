//! API keys: made by whoever may, for itself, within its rights; the key is told once and only its hash is kept.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use crate::domain::actor::Actor;
use crate::domain::actor::ActorKind;
use crate::domain::actor::Origin;
use crate::domain::api_key::ApiKey;
use crate::domain::api_key::NewApiKey;
use crate::domain::api_key::PREFIX;
use crate::domain::api_key::USED_EVERY;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::fault::Bad;
use crate::domain::id::ApiKeyId;
use crate::domain::id::UserId;
use crate::domain::permission::Permission;
use crate::domain::permission::Rights;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::domain::touched::Touched;
use crate::domain::user::UserStatus;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::step_up;
use crate::store;

/// A key that was made, and the key itself: it is told here and never again.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its row.
    pub key: ApiKey,
    /// What the program sends; nothing where the making is only told again.
    pub secret: Option<String>,
}

/// The keys of everybody that have not been revoked, newest first.
pub fn list(db: &Snapshot, by: &Actor) -> Result<Vec<ApiKey>> {
    by.require(Permission::ApiKeysRead)?;
    store::api_keys::all(db)
}

/// Makes a key for the caller, after a step-up.
///
/// Refused with `Forbidden` if it asks for more than the caller may, with `Fields` if it would have expired already.
pub fn create(tx: &Tx, by: &Actor, key: Option<&Key>, new: &NewApiKey) -> Result<Once<Told>> {
    by.require(Permission::ApiKeysManage)?;
    let user = by.signed_in()?;
    by.require_all(new.grants.rights())?;
    if new.expires_at <= tx.now {
        return Err(Bad::invalid("lies in the past").at("expires_at").into());
    }
    once(
        tx,
        key,
        Made::ApiKey,
        |id| {
            Ok(Told {
                key: store::api_keys::get(tx, ApiKeyId(id))?,
                secret: None,
            })
        },
        || {
            step_up::require(tx, by)?;
            let told = insert(tx, by, user, new)?;
            Ok((told.key.id.0, told))
        },
    )
}

fn insert(tx: &Tx, by: &Actor, user: UserId, new: &NewApiKey) -> Result<Told> {
    let secret: [u8; 32] = secret::random()?;
    let key = store::api_keys::insert(tx, user, new, &secret::digest(&secret))?;
    let content = serde_json::json!({
        "name": key.name, "permissions": key.permissions, "expires_at": key.expires_at,
    });
    let target = (Target::ApiKey, Some(key.id.0));
    audit::note(
        tx,
        by,
        Action::ApiKeyCreated,
        target,
        None,
        Some(&content.to_string()),
    )?;
    Ok(Told {
        key,
        secret: Some(format!("{PREFIX}{}", secret::to_text(&secret))),
    })
}

/// Revokes a key for good: within a second nothing comes in by it.
///
/// Refused with `Forbidden` where its owner may more than the caller.
pub fn revoke(tx: &Tx, by: &Actor, id: ApiKeyId) -> Result<()> {
    by.require(Permission::ApiKeysManage)?;
    let key = store::api_keys::get(tx, id)?;
    if by.user != Some(key.user) {
        let owner = store::users::get(tx, key.user)?;
        by.require_all(store::users::rights(tx, owner.role)?)?;
    }
    end(tx, by, &key)
}

/// Revokes every key of a user who is kept out: whoever is let in again makes new ones.
pub(super) fn revoke_all(tx: &Tx, by: &Actor, user: UserId) -> Result<()> {
    store::api_keys::open_of(tx, user)?
        .iter()
        .try_for_each(|key| end(tx, by, key))
}

fn end(tx: &Tx, by: &Actor, key: &ApiKey) -> Result<()> {
    if !store::api_keys::end(tx, key.id)? {
        return Err(Error::NotFound("API key"));
    }
    tx.touch(Touched::Sessions);
    let content = serde_json::json!({ "name": key.name }).to_string();
    let target = (Target::ApiKey, Some(key.id.0));
    audit::note(tx, by, Action::ApiKeyRevoked, target, None, Some(&content))
}

/// The hash by which a key is found; nothing if the text is not a key's.
pub fn hash_of(text: &str) -> Option<[u8; 32]> {
    let secret = secret::from_text(text.strip_prefix(PREFIX)?)?;
    (secret.len() == 32).then(|| secret::digest(&secret))
}

/// A key with all that a request needs to know of it.
#[derive(Debug)]
pub struct Standing {
    key: ApiKeyId,
    user: UserId,
    /// What both the key and its owner may.
    rights: Rights,
    is_staff: bool,
    used_at: Option<Timestamp>,
    is_noted: AtomicBool,
}

impl Standing {
    /// The actor of a request with this key.
    pub fn actor(&self, origin: Origin) -> Actor {
        Actor {
            kind: ActorKind::ApiKey,
            user: Some(self.user),
            key: Some(self.key),
            rights: self.rights,
            is_staff: self.is_staff,
            ..Actor::guest(origin)
        }
    }

    /// The key whose use is to be noted now; it says so once.
    pub fn to_note(&self, now: Timestamp) -> Option<ApiKeyId> {
        let is_due = self.used_at.is_none_or(|at| at.plus_ms(USED_EVERY) <= now);
        (is_due && !self.is_noted.swap(true, Ordering::Relaxed)).then_some(self.key)
    }
}

/// Who stands behind a key, if it is good at this moment: never more than its owner may now, and nothing while the owner
/// may not come in.
pub fn standing(db: &Snapshot, hash: &[u8; 32], now: Timestamp) -> Result<Standing> {
    let key = store::api_keys::find_by_hash(db, hash)?.filter(|key| key.ended_at.is_none());
    let key = key.ok_or(Refusal::TokenInvalid)?;
    let owner = store::users::get(db, key.user)?;
    if owner.status != UserStatus::Active {
        return Err(Refusal::TokenInvalid.into());
    }
    if key.expires_at <= now {
        return Err(Refusal::TokenExpired.into());
    }
    Ok(Standing {
        key: key.id,
        user: key.user,
        rights: key.rights().within(store::users::rights(db, owner.role)?),
        is_staff: owner.role_is_staff,
        used_at: key.used_at,
        is_noted: AtomicBool::new(false),
    })
}

/// Notes that a key is in use, if that was not noted a moment ago.
pub fn touch(tx: &Tx, key: ApiKeyId) -> Result<()> {
    store::api_keys::touch(tx, key, tx.now.minus_ms(USED_EVERY))
}
