//! Users: signing up, being made by the operator, proving who one is.

use serde::Serialize;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::event::EventType;
use crate::domain::fault::FaultKind;
use crate::domain::id::RoleId;
use crate::domain::id::UserId;
use crate::domain::password::Audience;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::touched::Touched;
use crate::domain::user::NewUser;
use crate::domain::user::Profile;
use crate::domain::user::User;
use crate::domain::user::UserStatus;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::customers;
use crate::shop::events;
use crate::shop::links;
use crate::shop::login;
use crate::shop::users;
use crate::store;

/// The role of everybody who signs up.
pub(super) const CUSTOMER: &str = "customer";

#[derive(Serialize)]
struct UserEvent<'a> {
    id: UserId,
    role: &'a str,
    status: &'static str,
    version: i64,
    seq: i64,
}

/// Makes a customer user, with its customer record. The role is never the caller's choice.
///
/// Refused with `AlreadyExists` if the name or the address is taken.
pub fn sign_up(tx: &Tx, by: &Actor, new: &NewUser) -> Result<User> {
    let user = insert(tx, by, new, CUSTOMER, UserStatus::Active, Action::UserSignedUp)?;
    customers::of(tx, &user)?;
    Ok(user)
}

/// Makes a user of any role, with the right to it.
pub fn create(tx: &Tx, by: &Actor, new: &NewUser, role: &str) -> Result<User> {
    by.require(Permission::UsersCreate)?;
    let user = insert(tx, by, new, role, UserStatus::Active, Action::UserCreated)?;
    if user.role_name == CUSTOMER {
        customers::of(tx, &user)?;
    }
    Ok(user)
}

/// The role of a name: `user` is the customers' historic one. Refused with `Fields` if there is none.
pub(super) fn role_of(db: &Snapshot, name: &str) -> Result<(RoleId, bool)> {
    let name = if name.eq_ignore_ascii_case("user") {
        CUSTOMER
    } else {
        name
    };
    let role = store::users::role(db, name)?;
    role.ok_or_else(|| Error::fault("role", FaultKind::Invalid, "there is no such role"))
}

/// How long a password of this role must be.
pub fn audience(db: &Snapshot, role: &str) -> Result<Audience> {
    Ok(match role_of(db, role)? {
        (_, true) => Audience::Staff,
        (_, false) => Audience::Customer,
    })
}

/// Makes a user, and tells of it.
pub(super) fn insert(
    tx: &Tx,
    by: &Actor,
    new: &NewUser,
    role: &str,
    status: UserStatus,
    action: Action,
) -> Result<User> {
    let (role, _) = role_of(tx, role)?;
    let user = store::users::insert(tx, new, role, status)?;
    let data = UserEvent {
        id: user.id,
        role: &user.role_name,
        status: user.status.name(),
        version: user.version,
        seq: 1,
    };
    let told = events::emit(tx, EventType::UserCreated, user.id.0, 1, &data)?;
    audit::note(
        tx,
        by,
        action,
        (Target::User, Some(user.id.0)),
        told.for_audit(),
        None,
    )?;
    Ok(user)
}

/// One's own user, or the one for whom a program acts.
pub fn me(db: &Snapshot, by: &Actor) -> Result<User> {
    store::users::get(db, by.user.ok_or(Refusal::NotSignedIn)?)
}

/// Changes one's own name and phone.
pub fn update_me(tx: &Tx, by: &Actor, change: &Profile) -> Result<User> {
    let id = by.signed_in()?;
    let former = store::users::get(tx, id)?;
    if change.name.is_none() && change.phone.is_none() {
        return Ok(former);
    }
    store::users::update_profile(tx, id, change)?;
    let content = serde_json::json!({ "name": former.name, "phone": former.phone }).to_string();
    let target = (Target::User, Some(id.0));
    audit::note(tx, by, Action::UserUpdated, target, None, Some(&content))?;
    store::users::get(tx, id)
}

/// Every user.
pub fn list(db: &Snapshot, by: &Actor) -> Result<Vec<User>> {
    by.require(Permission::UsersRead)?;
    store::users::all(db)
}

/// The user with this address.
pub fn find(db: &Snapshot, by: &Actor, email: &str) -> Result<User> {
    by.require(Permission::UsersRead)?;
    store::users::find_by_email(db, email)?.ok_or(Error::NotFound("user"))
}

/// Gives a user another password (already hashed), ends all its sessions and lifts a lock.
pub fn set_password(tx: &Tx, by: &Actor, email: &str, password: &str) -> Result<User> {
    by.require(Permission::UsersUpdate)?;
    let user = find(tx, by, email)?;
    store::users::set_password(tx, user.id, password)?;
    store::users::end_sessions(tx, user.id)?;
    links::void(tx, user.id)?;
    login::unlock(tx, &user)?;
    tx.touch(Touched::Sessions);
    let target = (Target::User, Some(user.id.0));
    audit::note(tx, by, Action::PasswordSet, target, None, None)?;
    Ok(user)
}

/// Gives a user another role and ends all its sessions.
///
/// Refused with `NotAllowed` for the last active admin.
pub fn set_role(tx: &Tx, by: &Actor, email: &str, role: &str) -> Result<User> {
    by.require(Permission::UsersUpdate)?;
    let user = find(tx, by, email)?;
    let (role, _) = role_of(tx, role)?;
    users::give_role(tx, by, &user, role)?;
    store::users::get(tx, user.id)
}
