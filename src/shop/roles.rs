//! Roles, as they stand.

use crate::domain::actor::Actor;
use crate::domain::id::RoleId;
use crate::domain::permission::Permission;
use crate::domain::role::Role;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::store;

/// Every role.
pub fn list(db: &Snapshot, by: &Actor) -> Result<Vec<Role>> {
    by.require(Permission::RolesRead)?;
    store::roles::all(db)
}

/// One role.
pub fn show(db: &Snapshot, by: &Actor, id: RoleId) -> Result<Role> {
    by.require(Permission::RolesRead)?;
    store::roles::get(db, id)
}

/// Every permission that there is.
pub fn permissions(by: &Actor) -> Result<&'static [Permission]> {
    by.require(Permission::RolesRead)?;
    Ok(Permission::ALL)
}
