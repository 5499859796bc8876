//! Rows of `roles` and of their permissions.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::id::RoleId;
use crate::domain::role::Role;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;

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
