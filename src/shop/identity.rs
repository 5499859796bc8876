//! Users: signing up, being made by the operator, proving who one is.

use serde::Serialize;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::event::EventType;
use crate::domain::id::UserId;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::touched::Touched;
use crate::domain::user::NewUser;
use crate::domain::user::Profile;
use crate::domain::user::User;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::customers;
use crate::shop::events;
use crate::store;

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
    let user = insert(tx, by, new, "customer", Action::UserSignedUp)?;
    customers::of(tx, &user)?;
    Ok(user)
}

/// Makes a user of any role, with the right to it.
pub fn create(tx: &Tx, by: &Actor, new: &NewUser, role: &str) -> Result<User> {
    by.require(Permission::UsersCreate)?;
    insert(tx, by, new, role, Action::UserCreated)
}

fn insert(tx: &Tx, by: &Actor, new: &NewUser, role: &str, action: Action) -> Result<User> {
    let (role, _) = store::users::role(tx, role)?.ok_or(Error::NotFound("role"))?;
    let user = store::users::insert(tx, new, role)?;
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

/// One's own user.
pub fn me(db: &Snapshot, by: &Actor) -> Result<User> {
    store::users::get(db, by.signed_in()?)
}

/// Changes one's own name and phone.
pub fn update_me(tx: &Tx, by: &Actor, change: &Profile) -> Result<User> {
    let id = by.signed_in()?;
    let former = store::users::get(tx, id)?;
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

/// Gives a user another password (already hashed) and ends all its sessions.
pub fn set_password(tx: &Tx, by: &Actor, email: &str, password: &str) -> Result<User> {
    by.require(Permission::UsersUpdate)?;
    let user = store::users::find_by_email(tx, email)?.ok_or(Error::NotFound("user"))?;
    store::users::set_password(tx, user.id, password, 1)?;
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
    let user = store::users::find_by_email(tx, email)?.ok_or(Error::NotFound("user"))?;
    let (role, _) = store::users::role(tx, role)?.ok_or(Error::NotFound("role"))?;
    let is_last = user.role_name == "admin" && store::users::active_with_role(tx, user.role)? <= 1;
    if is_last && role != user.role {
        return Err(Refusal::NotAllowed("The last active admin stays one.".into()).into());
    }
    store::users::set_role(tx, user.id, role)?;
    tx.touch(Touched::Sessions);
    let former = format!("{{\"role\":\"{}\"}}", user.role_name);
    let target = (Target::User, Some(user.id.0));
    audit::note(tx, by, Action::RoleChanged, target, None, Some(&former))?;
    store::users::get(tx, user.id)
}
