//! Rows of `customers`, what stands beside them, their lists, and what their orders come to.

mod details;
mod figures;
mod list;

pub use details::details;
pub use details::set_details;
pub use figures::Newcomers;
pub use figures::count_by_status;
pub use figures::created_since;
pub use figures::figures;
pub use list::page;

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use rusqlite::params;

use crate::domain::customer::Customer;
use crate::domain::customer::NewCustomer;
use crate::domain::id::CustomerId;
use crate::domain::id::UserId;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

const SELECT: &str = "SELECT id, status, user_id, number, name, email, phone, country, created_at, updated_at, version, deleted_at, anonymised_at FROM customers";

/// By position: on the path of every order.
fn from_row(row: &Row) -> rusqlite::Result<Customer> {
    Ok(Customer {
        id: row.get(0)?,
        status: row.get(1)?,
        user: row.get(2)?,
        number: row.get(3)?,
        name: row.get(4)?,
        email: row.get(5)?,
        phone: row.get(6)?,
        country: row.get(7)?,
        created_at: row.get(8)?,
        updated_at: row.get(9)?,
        version: row.get(10)?,
        deleted_at: row.get(11)?,
        anonymised_at: row.get(12)?,
    })
}

/// The customer; it must exist.
pub fn get(db: &Snapshot, id: CustomerId) -> Result<Customer> {
    find(db, id)?.ok_or(Error::NotFound("customer"))
}

/// The customer, if there is one.
pub fn find(db: &Snapshot, id: CustomerId) -> Result<Option<Customer>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE id = :id"))?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?)
}

/// The first customer record of a user.
pub fn of_user(db: &Snapshot, user: UserId) -> Result<Option<Customer>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE user_id = :user ORDER BY id LIMIT 1"))?
        .query_row(named_params! { ":user": user }, from_row)
        .optional()?)
}

/// The ids of every customer record of a user.
pub fn ids_of_user(db: &Snapshot, user: UserId) -> Result<Vec<CustomerId>> {
    db.db()
        .prepare_cached("SELECT id FROM customers WHERE user_id = :user ORDER BY id")?
        .query_and_then(named_params! { ":user": user }, |row| Ok(row.get("id")?))?
        .collect()
}

/// Adds a customer.
pub fn insert(tx: &Tx, new: &NewCustomer) -> Result<Customer> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO customers (status, user_id, number, name, email, phone, country, created_at, updated_at)
             VALUES (ifnull(:status, 0), :user, :number, :name, :email, :phone, :country, ifnull(:created_at, :now), :now)",
        )?
        .insert(named_params! {
            ":status": new.status,
            ":user": new.user,
            ":number": new.number,
            ":name": new.name,
            ":email": new.email,
            ":phone": new.phone,
            ":country": new.country,
            ":created_at": new.created_at,
            ":now": tx.now,
        })?;
    get(tx, CustomerId(id))
}

/// The customer of a number, if there is one.
pub fn by_number(db: &Snapshot, number: &str) -> Result<Option<Customer>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE number = :number"))?
        .query_row(named_params! { ":number": number }, from_row)
        .optional()?)
}

/// The first customer of an address, in any case, that has no number.
pub fn by_email(db: &Snapshot, email: &str) -> Result<Option<Customer>> {
    Ok(db
        .db()
        .prepare_cached(&format!(
            "{SELECT} WHERE email = :email COLLATE NOCASE AND number IS NULL AND deleted_at IS NULL ORDER BY id LIMIT 1"
        ))?
        .query_row(named_params! { ":email": email }, from_row)
        .optional()?)
}

/// The first customer of an address that no account has, or one that has proved the address.
pub fn of_address(db: &Snapshot, email: &str) -> Result<Option<Customer>> {
    Ok(db
        .db()
        .prepare_cached(&format!(
            "{SELECT} WHERE email = :email COLLATE NOCASE AND deleted_at IS NULL
               AND (user_id IS NULL OR EXISTS (
                 SELECT 1 FROM users u
                 WHERE u.id = customers.user_id AND u.email_verified = 1 AND u.email = :email COLLATE NOCASE))
             ORDER BY id
             LIMIT 1"
        ))?
        .query_row(named_params! { ":email": email }, from_row)
        .optional()?)
}

/// Brings a customer's own columns to what is given.
pub fn update(tx: &Tx, customer: &Customer) -> Result<Customer> {
    tx.db()
        .prepare_cached(
            "UPDATE customers
             SET status = :status, name = :name, email = :email, phone = :phone, country = :country, updated_at = :now,
               version = version + 1
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": customer.id,
            ":status": customer.status,
            ":name": customer.name,
            ":email": customer.email,
            ":phone": customer.phone,
            ":country": customer.country,
            ":now": tx.now,
        })?;
    get(tx, customer.id)
}

/// Raises a customer's version: something that shows of it has changed elsewhere.
pub fn raise(tx: &Tx, id: CustomerId) -> Result<Customer> {
    tx.db()
        .prepare_cached("UPDATE customers SET updated_at = ?2, version = version + 1 WHERE id = ?1")?
        .execute(params![id, tx.now])?;
    get(tx, id)
}

/// Deletes a customer: the row stays for the orders that name it, out of all groups and without its number.
pub fn delete(tx: &Tx, id: CustomerId) -> Result<Customer> {
    tx.db()
        .prepare_cached("DELETE FROM customer_group_members WHERE customer_id = ?1")?
        .execute(params![id])?;
    tx.db()
        .prepare_cached(
            "UPDATE customers
             SET deleted_at = ?2, updated_at = ?2, number = NULL, status = 1, version = version + 1
             WHERE id = ?1",
        )?
        .execute(params![id, tx.now])?;
    get(tx, id)
}

/// The records of an address that nobody signs in for.
pub fn unclaimed(db: &Snapshot, email: &str) -> Result<Vec<CustomerId>> {
    db.db()
        .prepare_cached(
            "SELECT id FROM customers
             WHERE email = ?1 COLLATE NOCASE AND user_id IS NULL AND deleted_at IS NULL
             ORDER BY id",
        )?
        .query_and_then(params![email], |row| Ok(row.get(0)?))?
        .collect()
}

/// Makes a record a user's own.
pub fn claim(tx: &Tx, id: CustomerId, user: UserId) -> Result<Customer> {
    tx.db()
        .prepare_cached(
            "UPDATE customers SET user_id = ?2, updated_at = ?3, version = version + 1
             WHERE id = ?1 AND user_id IS NULL",
        )?
        .execute(params![id, user, tx.now])?;
    get(tx, id)
}

/// The customers above `after`, oldest first.
pub fn after(db: &Snapshot, after: CustomerId, limit: usize) -> Result<Vec<Customer>> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE id > :after ORDER BY id LIMIT :limit"))?
        .query_and_then(named_params! { ":after": after, ":limit": limit as i64 }, |row| {
            Ok(from_row(row)?)
        })?
        .collect()
}
