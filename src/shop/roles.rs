//! Roles: looked at, made, changed and deleted. Nobody grants more than their own rights, or lays hands on a role that may
//! more; what a role may do is changed for all who have it at once.

use serde::Serialize;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::fault::Bad;
use crate::domain::id::RoleId;
use crate::domain::permission::Permission;
use crate::domain::permission::Rights;
use crate::domain::refusal::Refusal;
use crate::domain::role::Held;
use crate::domain::role::Role;
use crate::domain::role::RoleFields;
use crate::domain::touched::Touched;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::step_up;
use crate::shop::version;
use crate::store;

/// The historic name of the customers' role: no other may have it.
const CUSTOMERS_FORMER_NAME: &str = "user";
/// The role that may everything.
const ADMIN: &str = "admin";

/// Every role, with how many users have it, counted up to `most`.
pub fn list(db: &Snapshot, by: &Actor, most: i64) -> Result<Vec<Held>> {
    by.require(Permission::RolesRead)?;
    let roles = store::roles::all(db)?;
    roles.into_iter().map(|role| held(db, role, most)).collect()
}

fn held(db: &Snapshot, role: Role, most: i64) -> Result<Held> {
    Ok(Held {
        users: store::roles::count_users(db, role.id, most)?,
        role,
    })
}

/// One role.
pub fn show(db: &Snapshot, by: &Actor, id: RoleId) -> Result<Held> {
    by.require(Permission::RolesRead)?;
    held(db, store::roles::get(db, id)?, i64::MAX)
}

/// Every permission that there is.
pub fn permissions(by: &Actor) -> Result<&'static [Permission]> {
    by.require(Permission::RolesRead)?;
    Ok(Permission::ALL)
}

/// A role as somebody sees it who comes too late, and as the audit keeps it.
#[derive(Serialize)]
struct Former {
    id: RoleId,
    name: String,
    permissions: Vec<String>,
    version: i64,
}

impl From<&Role> for Former {
    fn from(role: &Role) -> Self {
        Self {
            id: role.id,
            name: role.name.clone(),
            permissions: role.permissions.clone(),
            version: role.version,
        }
    }
}

/// Makes a role. Whoever may more than sell their own things is of the shop's own people. Needs a step-up.
///
/// Refused with `Forbidden` where it grants more than the caller may, with `AlreadyExists` if its name is in use.
pub fn create(tx: &Tx, by: &Actor, key: Option<&Key>, asked: &RoleFields) -> Result<Once<Held>> {
    by.require(Permission::RolesManage)?;
    let show = |id| held(tx, store::roles::get(tx, RoleId(id))?, i64::MAX);
    once(tx, key, Made::Role, show, || {
        let role = Role {
            id: RoleId(0),
            name: asked.name.clone().ok_or_else(|| Bad::missing().at("name"))?,
            is_staff: false,
            is_built_in: false,
            permissions: asked.permissions.clone().unwrap_or_default(),
            version: 1,
        };
        let role = within_reach(by, role)?;
        step_up::require(tx, by)?;
        let id = store::roles::insert(tx, &role)?;
        note(tx, by, Action::RoleCreated, id, None)?;
        Ok((id.0, held(tx, store::roles::get(tx, id)?, i64::MAX)?))
    })
}

/// The role with whose it is, if the caller may grant all of it.
fn within_reach(by: &Actor, role: Role) -> Result<Role> {
    let rights = role.rights();
    by.require_all(rights)?;
    if role.name.eq_ignore_ascii_case(CUSTOMERS_FORMER_NAME) {
        return Err(Refusal::Taken("name").into());
    }
    let is_staff = match role.is_built_in {
        true => role.is_staff,
        false => rights.are_of_staff(),
    };
    Ok(Role { is_staff, ..role })
}

/// Changes a role; what is not said stays. Holds at once for everybody who has it. Needs a step-up.
///
/// Refused with `VersionMissing` or `Stale`, with `Forbidden` where it may, or would, more than the caller, and with
/// `NotAllowed` for the admin's, another name of a built-in one, and staff's rights for customers or sellers.
pub fn update(tx: &Tx, by: &Actor, id: RoleId, seen: Option<i64>, asked: &RoleFields) -> Result<Held> {
    by.require(Permission::RolesManage)?;
    let before = store::roles::get(tx, id)?;
    by.require_all(before.rights())?;
    version::require(seen, before.version, || Former::from(&before))?;
    let after = Role {
        name: asked.name.clone().unwrap_or_else(|| before.name.clone()),
        permissions: asked
            .permissions
            .clone()
            .unwrap_or_else(|| before.permissions.clone()),
        ..before.clone()
    };
    let after = within_reach(by, after)?;
    require_changeable(&before, &after)?;
    step_up::require(tx, by)?;
    store::roles::update(tx, &after)?;
    tx.touch(Touched::Sessions);
    note(tx, by, Action::RoleUpdated, id, Some(&before))?;
    held(tx, store::roles::get(tx, id)?, i64::MAX)
}

fn require_changeable(before: &Role, after: &Role) -> Result<()> {
    let rights: Rights = after.rights();
    let words = if before.name == ADMIN {
        "The admin's role stays as it is."
    } else if before.is_built_in && before.name != after.name {
        "A built-in role keeps its name."
    } else if before.is_built_in && !before.is_staff && rights.are_of_staff() {
        "Whoever signs up or sells has this role: it cannot be one of staff."
    } else {
        return Ok(());
    };
    Err(Refusal::NotAllowed(words.into()).into())
}

/// Deletes a role. Needs a step-up.
///
/// Refused with `Forbidden` where it may more than the caller, with `NotAllowed` for a built-in one and while somebody
/// has it.
pub fn delete(tx: &Tx, by: &Actor, id: RoleId, seen: Option<i64>) -> Result<()> {
    by.require(Permission::RolesManage)?;
    let role = store::roles::get(tx, id)?;
    by.require_all(role.rights())?;
    version::allow(seen, role.version, || Former::from(&role))?;
    if role.is_built_in {
        return Err(Refusal::NotAllowed("A built-in role stays.".into()).into());
    }
    if store::roles::count_users(tx, id, 1)? > 0 {
        return Err(Refusal::NotAllowed("Somebody has this role.".into()).into());
    }
    step_up::require(tx, by)?;
    store::roles::delete(tx, id)?;
    note(tx, by, Action::RoleDeleted, id, Some(&role))
}

fn note(tx: &Tx, by: &Actor, action: Action, id: RoleId, former: Option<&Role>) -> Result<()> {
    let former = former.map(|role| serde_json::to_string(&Former::from(role)));
    let former = former
        .transpose()
        .map_err(|cause| Error::Internal(cause.into()))?;
    let target = (Target::Role, Some(id.0));
    audit::note(tx, by, action, target, None, former.as_deref())
}
