//! Roles, as they stand.

use crate::domain::actor::Actor;
use crate::domain::id::RoleId;
use crate::domain::permission::Permission;
use crate::domain::role::Held;
use crate::domain::role::Role;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::store;

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
