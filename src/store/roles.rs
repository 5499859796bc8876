//! Rows of `roles` and of their permissions.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use rusqlite::params;

use crate::domain::id::RoleId;
use crate::domain::refusal::Refusal;
use crate::domain::role::Role;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::fault::OnUnique;

const SELECT: &str = "SELECT r.id, r.name, r.staff, r.built_in, r.version,
  (SELECT group_concat(p.permission, ' ' ORDER BY p.permission) FROM role_permissions p WHERE p.role_id = r.id)
    AS permissions
  FROM roles r";

fn from_row(row: &Row) -> rusqlite::Result<Role> {
    let permissions: Option<String> = row.get("permissions")?;
    Ok(Role {
        id: row.get("id")?,
        name: row.get("name")?,
        is_staff: row.get("staff")?,
        is_built_in: row.get("built_in")?,
        permissions: permissions
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        version: row.get("version")?,
    })
}

/// The role; it must exist.
pub fn get(db: &Snapshot, id: RoleId) -> Result<Role> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE r.id = :id"))?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?
        .ok_or(Error::NotFound("role"))
}

/// Every role, in the order in which they were made.
pub fn all(db: &Snapshot) -> Result<Vec<Role>> {
    db.db()
        .prepare_cached(&format!("{SELECT} ORDER BY r.id"))?
        .query_and_then([], |row| Ok(from_row(row)?))?
        .collect()
}

/// How many users have a role, counted up to `most`.
pub fn count_users(db: &Snapshot, role: RoleId, most: i64) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached("SELECT count(*) AS n FROM (SELECT 1 FROM users WHERE role_id = :role LIMIT :most)")?
        .query_row(named_params! { ":role": role, ":most": most }, |row| row.get("n"))?)
}

/// Adds a role. Refused with `AlreadyExists` if its name is in use.
pub fn insert(tx: &Tx, role: &Role) -> Result<RoleId> {
    let id = tx
        .db()
        .prepare_cached("INSERT INTO roles (name, staff, built_in) VALUES (?1, ?2, 0)")?
        .insert(params![role.name, role.is_staff])
        .on_unique("roles.name", || Refusal::Taken("name"))?;
    set_permissions(tx, RoleId(id), &role.permissions)?;
    Ok(RoleId(id))
}

/// Brings a role to what is given, one version on. Refused with `AlreadyExists` if its name is in use.
pub fn update(tx: &Tx, role: &Role) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE roles SET name = ?2, staff = ?3, version = version + 1 WHERE id = ?1")?
        .execute(params![role.id, role.name, role.is_staff])
        .on_unique("roles.name", || Refusal::Taken("name"))?;
    set_permissions(tx, role.id, &role.permissions)
}

fn set_permissions(tx: &Tx, role: RoleId, permissions: &[String]) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM role_permissions WHERE role_id = ?1")?
        .execute(params![role])?;
    for permission in permissions {
        tx.db()
            .prepare_cached("INSERT OR IGNORE INTO role_permissions (role_id, permission) VALUES (?1, ?2)")?
            .execute(params![role, permission])?;
    }
    Ok(())
}

/// Deletes a role that nobody has.
pub fn delete(tx: &Tx, id: RoleId) -> Result<()> {
    set_permissions(tx, id, &[])?;
    tx.db()
        .prepare_cached("DELETE FROM roles WHERE id = ?1")?
        .execute(params![id])?;
    Ok(())
}
