//! Rows of `users` and of their roles.

mod list;

pub use list::page;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::id::RoleId;
use crate::domain::id::UserId;
use crate::domain::permission::Rights;
use crate::domain::refusal::Refusal;
use crate::domain::text::Phone;
use crate::domain::user::NewUser;
use crate::domain::user::Profile;
use crate::domain::user::User;
use crate::domain::user::UserStatus;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::fault::OnUnique;

const SELECT: &str =
    "SELECT u.id, u.username, u.email, u.email_verified, u.name, u.phone, u.password, u.role_id,
  r.name AS role_name, r.staff, u.status, u.token_epoch, u.password_at, u.created_at, u.version,
  EXISTS (SELECT 1 FROM factors f WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL) AS has_factor
  FROM users u JOIN roles r ON r.id = u.role_id";

fn from_row(row: &Row) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get("id")?,
        username: row.get("username")?,
        email: row.get("email")?,
        email_verified: row.get("email_verified")?,
        name: row.get("name")?,
        phone: row.get("phone")?,
        password: row.get("password")?,
        role: row.get("role_id")?,
        role_name: row.get("role_name")?,
        role_is_staff: row.get("staff")?,
        status: row.get("status")?,
        token_epoch: row.get("token_epoch")?,
        password_at: row.get("password_at")?,
        has_factor: row.get("has_factor")?,
        created_at: row.get("created_at")?,
        version: row.get("version")?,
    })
}

/// The user; it must exist.
pub fn get(db: &Snapshot, id: UserId) -> Result<User> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE u.id = :id"))?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?
        .ok_or(Error::NotFound("user"))
}

/// The user with this address.
pub fn find_by_email(db: &Snapshot, email: &str) -> Result<Option<User>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE u.email = :email"))?
        .query_row(named_params! { ":email": email }, from_row)
        .optional()?)
}

/// The user with this name.
pub fn find_by_username(db: &Snapshot, username: &str) -> Result<Option<User>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE u.username = :username"))?
        .query_row(named_params! { ":username": username }, from_row)
        .optional()?)
}

/// Every user, oldest first.
pub fn all(db: &Snapshot) -> Result<Vec<User>> {
    db.db()
        .prepare_cached(&format!("{SELECT} ORDER BY u.id"))?
        .query_and_then([], |row| Ok(from_row(row)?))?
        .collect()
}

/// Adds a user. Refused with `AlreadyExists` if the name or the address is taken.
pub fn insert(tx: &Tx, new: &NewUser, role: RoleId, status: UserStatus) -> Result<User> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO users (username, email, name, password, role_id, status, password_at, created_at, updated_at)
             VALUES (:username, :email, :name, :password, :role, :status, :now, :now, :now)",
        )?
        .insert(named_params! {
            ":username": new.username.as_str(),
            ":email": new.email.as_str(),
            ":name": new.name,
            ":password": new.password,
            ":role": role,
            ":status": status,
            ":now": tx.now,
        })
        .map_err(cause_or_taken)?;
    get(tx, UserId(id))
}

fn cause_or_taken(cause: rusqlite::Error) -> Error {
    Err::<(), _>(cause)
        .on_unique("users.username", || Refusal::Taken("username"))
        .err()
        .map(|error| match error {
            Error::Database(cause) if cause.to_string().ends_with("users.email") => {
                Refusal::Taken("email").into()
            }
            other => other,
        })
        .unwrap_or(Error::Unavailable)
}

/// What to call each of these users.
pub fn names(db: &Snapshot, ids: impl Iterator<Item = UserId>) -> Result<HashMap<UserId, String>> {
    let mut names = HashMap::new();
    for id in ids {
        if let Entry::Vacant(place) = names.entry(id) {
            let user = get(db, id)?;
            place.insert(user.name.unwrap_or(user.username));
        }
    }
    Ok(names)
}

/// The role of this name.
pub fn role(db: &Snapshot, name: &str) -> Result<Option<(RoleId, bool)>> {
    Ok(db
        .db()
        .prepare_cached("SELECT id, staff FROM roles WHERE name = :name")?
        .query_row(named_params! { ":name": name }, |row| {
            Ok((row.get("id")?, row.get("staff")?))
        })
        .optional()?)
}

/// What a role may do. Grants this binary does not know give nothing.
pub fn rights(db: &Snapshot, role: RoleId) -> Result<Rights> {
    let mut rights = Rights::NONE;
    let mut statement = db
        .db()
        .prepare_cached("SELECT permission FROM role_permissions WHERE role_id = :role")?;
    let mut rows = statement.query(named_params! { ":role": role })?;
    while let Some(row) = rows.next()? {
        let grant: String = row.get("permission")?;
        rights = rights.and(Rights::parse(&grant).unwrap_or_default());
    }
    Ok(rights)
}

/// Sets the hash of a password that was chosen now.
pub fn set_password(tx: &Tx, id: UserId, password: &str) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE users SET password = :password, password_at = :now, updated_at = :now WHERE id = :id",
        )?
        .execute(named_params! { ":id": id, ":password": password, ":now": tx.now })?;
    Ok(())
}

/// Sets a better hash of the same password.
pub fn rehash(tx: &Tx, id: UserId, password: &str) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE users SET password = :password, updated_at = :now WHERE id = :id")?
        .execute(named_params! { ":id": id, ":password": password, ":now": tx.now })?;
    Ok(())
}

/// Changes what a user may change of itself; what is not named stays.
pub fn update_profile(tx: &Tx, id: UserId, change: &Profile) -> Result<()> {
    let phone = change
        .phone
        .as_ref()
        .map(|phone| phone.as_ref().map(Phone::as_str));
    tx.db()
        .prepare_cached(
            "UPDATE users
             SET name = CASE WHEN :named THEN :name ELSE name END,
               phone = CASE WHEN :phoned THEN :phone ELSE phone END,
               updated_at = :now, version = version + 1
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": id,
            ":named": change.name.is_some(),
            ":name": change.name.clone().flatten(),
            ":phoned": phone.is_some(),
            ":phone": phone.flatten(),
            ":now": tx.now,
        })?;
    Ok(())
}

/// Sets the role and ends every session.
pub fn set_role(tx: &Tx, id: UserId, role: RoleId) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE users
             SET role_id = :role, token_epoch = token_epoch + 1, updated_at = :now, version = version + 1
             WHERE id = :id",
        )?
        .execute(named_params! { ":id": id, ":role": role, ":now": tx.now })?;
    Ok(())
}

/// Whether anybody has a role.
pub fn is_held(db: &Snapshot, role: RoleId) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached("SELECT 1 FROM users WHERE role_id = :role LIMIT 1")?
        .exists(named_params! { ":role": role })?)
}

/// Lets an invited user in, with a password of its own and an address that is proved.
pub fn admit(tx: &Tx, id: UserId, password: &str) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE users
             SET status = 0, password = :password, password_at = :now, email_verified = 1, updated_at = :now,
               version = version + 1
             WHERE id = :id",
        )?
        .execute(named_params! { ":id": id, ":password": password, ":now": tx.now })?;
    Ok(())
}

/// How many active users have a role.
pub fn active_with_role(db: &Snapshot, role: RoleId) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached("SELECT count(*) AS n FROM users WHERE role_id = :role AND status = 0")?
        .query_row(named_params! { ":role": role }, |row| row.get("n"))?)
}

/// The admins who may come in, with their addresses.
pub fn active_admins(db: &Snapshot) -> Result<Vec<(UserId, String)>> {
    db.db()
        .prepare_cached("SELECT id, email FROM users WHERE role_id = 1 AND status = 0 ORDER BY id")?
        .query_and_then([], |row| Ok((row.get("id")?, row.get("email")?)))?
        .collect()
}

/// Ends every session of a user.
pub fn end_sessions(tx: &Tx, id: UserId) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE users SET token_epoch = token_epoch + 1, updated_at = :now WHERE id = :id")?
        .execute(named_params! { ":id": id, ":now": tx.now })?;
    Ok(())
}

/// Gives a user an address that it has proved. Refused with `AlreadyExists` if another has it.
pub fn set_email(tx: &Tx, id: UserId, email: &str) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE users
             SET email = :email, email_verified = 1, updated_at = :now, version = version + 1
             WHERE id = :id",
        )?
        .execute(named_params! { ":id": id, ":email": email, ":now": tx.now })
        .map_err(cause_or_taken)?;
    Ok(())
}

/// Sets a user's status and ends every session.
pub fn set_status(tx: &Tx, id: UserId, status: UserStatus) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE users
             SET status = :status, token_epoch = token_epoch + 1, updated_at = :now, version = version + 1
             WHERE id = :id",
        )?
        .execute(named_params! { ":id": id, ":status": status, ":now": tx.now })?;
    Ok(())
}
