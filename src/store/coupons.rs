//! Rows of `coupons`, of what they are good for, and of their uses.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use rusqlite::params;

use crate::domain::coupon::Coupon;
use crate::domain::coupon::CouponKind;
use crate::domain::coupon::Worth;
use crate::domain::id::CouponId;
use crate::domain::id::CustomerId;
use crate::domain::id::GroupId;
use crate::domain::id::ProductId;
use crate::domain::money::Money;
use crate::domain::percent::Percent;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::fault::OnUnique;

const SELECT: &str =
    "SELECT id, code, kind, value, most, most_each, min_subtotal, starts_at, ends_at, enabled, used,
  created_at, updated_at, version FROM coupons";

fn from_row(row: &Row) -> rusqlite::Result<Coupon> {
    let value: i64 = row.get("value")?;
    Ok(Coupon {
        id: row.get("id")?,
        code: row.get("code")?,
        worth: match row.get("kind")? {
            CouponKind::Percentage => Worth::Percentage(Percent::new(value).unwrap_or_default()),
            CouponKind::Fixed => Worth::Fixed(Money::new(value).unwrap_or_default()),
            CouponKind::FreeShipping => Worth::FreeShipping,
        },
        limit: row.get("most")?,
        per_customer: row.get("most_each")?,
        min_subtotal: row.get("min_subtotal")?,
        starts_at: row.get("starts_at")?,
        ends_at: row.get("ends_at")?,
        products: Vec::new(),
        groups: Vec::new(),
        is_enabled: row.get("enabled")?,
        used: row.get("used")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        version: row.get("version")?,
    })
}

/// With what it is good for, and for whom.
fn with_limits(db: &Snapshot, coupon: Coupon) -> Result<Coupon> {
    let products = db
        .db()
        .prepare_cached("SELECT product_id FROM coupon_products WHERE coupon_id = ?1 ORDER BY product_id")?
        .query_and_then(params![coupon.id], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let groups = db
        .db()
        .prepare_cached("SELECT group_id FROM coupon_groups WHERE coupon_id = ?1 ORDER BY group_id")?
        .query_and_then(params![coupon.id], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Coupon {
        products,
        groups,
        ..coupon
    })
}

/// Every coupon that is there, newest first.
pub fn all(db: &Snapshot) -> Result<Vec<Coupon>> {
    let coupons: Vec<Coupon> = db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE deleted_at IS NULL ORDER BY id DESC"))?
        .query_and_then([], from_row)?
        .collect::<rusqlite::Result<_>>()?;
    coupons
        .into_iter()
        .map(|coupon| with_limits(db, coupon))
        .collect()
}

/// The coupon; it must exist.
pub fn get(db: &Snapshot, id: CouponId) -> Result<Coupon> {
    find(db, id)?.ok_or(Error::NotFound("coupon"))
}

/// The coupon, if it has not been deleted.
pub fn find(db: &Snapshot, id: CouponId) -> Result<Option<Coupon>> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE id = ?1 AND deleted_at IS NULL"))?
        .query_row(params![id], from_row)
        .optional()?
        .map(|coupon| with_limits(db, coupon))
        .transpose()
}

/// The coupon that an order uses, whatever became of it since; it must exist.
pub fn in_use(db: &Snapshot, id: CouponId) -> Result<Coupon> {
    let found = db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE id = ?1"))?
        .query_row(params![id], from_row)
        .optional()?;
    with_limits(db, found.ok_or(Error::NotFound("coupon"))?)
}

/// The coupon of a code in capitals.
pub fn by_code(db: &Snapshot, code: &str) -> Result<Option<Coupon>> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE code = ?1 AND deleted_at IS NULL"))?
        .query_row(params![code], from_row)
        .optional()?
        .map(|coupon| with_limits(db, coupon))
        .transpose()
}

/// What is stored of what a coupon is worth.
fn columns(worth: Worth) -> (CouponKind, i64) {
    let value = match worth {
        Worth::Percentage(percent) => percent.thousandths(),
        Worth::Fixed(amount) => amount.minor(),
        Worth::FreeShipping => 0,
    };
    (CouponKind::of(worth), value)
}

/// Adds a coupon. Refused with `AlreadyExists` if its code is in use.
pub fn insert(tx: &Tx, coupon: &Coupon) -> Result<CouponId> {
    let (kind, value) = columns(coupon.worth);
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO coupons (code, kind, value, most, most_each, min_subtotal, starts_at, ends_at, enabled,
               created_at, updated_at)
             VALUES (:code, :kind, :value, :most, :each, :least, :starts_at, :ends_at, :enabled, :now, :now)",
        )?
        .insert(named_params! {
            ":code": coupon.code, ":kind": kind, ":value": value, ":most": coupon.limit,
            ":each": coupon.per_customer, ":least": coupon.min_subtotal, ":starts_at": coupon.starts_at,
            ":ends_at": coupon.ends_at, ":enabled": coupon.is_enabled, ":now": tx.now,
        })
        .on_unique("coupons.code", || Refusal::Taken("code"))?;
    set_products(tx, CouponId(id), &coupon.products)?;
    set_groups(tx, CouponId(id), &coupon.groups)?;
    Ok(CouponId(id))
}

/// Brings a coupon to what is given, one version on. Refused with `AlreadyExists` if its code is in use.
pub fn update(tx: &Tx, coupon: &Coupon) -> Result<()> {
    let (kind, value) = columns(coupon.worth);
    tx.db()
        .prepare_cached(
            "UPDATE coupons
             SET code = :code, kind = :kind, value = :value, most = :most, most_each = :each, min_subtotal = :least,
               starts_at = :starts_at, ends_at = :ends_at, enabled = :enabled, updated_at = :now,
               version = version + 1
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": coupon.id, ":code": coupon.code, ":kind": kind, ":value": value, ":most": coupon.limit,
            ":each": coupon.per_customer, ":least": coupon.min_subtotal, ":starts_at": coupon.starts_at,
            ":ends_at": coupon.ends_at, ":enabled": coupon.is_enabled, ":now": tx.now,
        })
        .on_unique("coupons.code", || Refusal::Taken("code"))?;
    set_products(tx, coupon.id, &coupon.products)?;
    set_groups(tx, coupon.id, &coupon.groups)
}

fn set_groups(tx: &Tx, coupon: CouponId, groups: &[GroupId]) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM coupon_groups WHERE coupon_id = ?1")?
        .execute(params![coupon])?;
    for group in groups {
        tx.db()
            .prepare_cached("INSERT OR IGNORE INTO coupon_groups (coupon_id, group_id) VALUES (?1, ?2)")?
            .execute(params![coupon, group])?;
    }
    Ok(())
}

fn set_products(tx: &Tx, coupon: CouponId, products: &[ProductId]) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM coupon_products WHERE coupon_id = ?1")?
        .execute(params![coupon])?;
    for product in products {
        tx.db()
            .prepare_cached("INSERT OR IGNORE INTO coupon_products (coupon_id, product_id) VALUES (?1, ?2)")?
            .execute(params![coupon, product])?;
    }
    Ok(())
}

/// Deletes a coupon; its code is free again.
pub fn delete(tx: &Tx, id: CouponId) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE coupons SET deleted_at = ?2, updated_at = ?2, version = version + 1 WHERE id = ?1",
        )?
        .execute(params![id, tx.now])?;
    Ok(())
}

/// How many orders of a customer use a coupon that counts them.
pub fn used_by(db: &Snapshot, coupon: CouponId, customer: CustomerId) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached("SELECT used FROM coupon_uses WHERE coupon_id = ?1 AND customer_id = ?2")?
        .query_row(params![coupon, customer], |row| row.get(0))
        .optional()?
        .unwrap_or(0))
}

/// Takes one use of a coupon, unless it has none left; whether it was taken.
pub fn take(tx: &Tx, coupon: CouponId) -> Result<bool> {
    let taken = tx
        .db()
        .prepare_cached(
            "UPDATE coupons SET used = used + 1
             WHERE id = ?1 AND (most IS NULL OR used < most)",
        )?
        .execute(params![coupon])?;
    Ok(taken == 1)
}

/// Takes one of a customer's own uses of a coupon, unless they have `most` already; whether it was taken.
pub fn take_own(tx: &Tx, coupon: CouponId, customer: CustomerId, most: i64) -> Result<bool> {
    let taken = tx
        .db()
        .prepare_cached(
            "INSERT INTO coupon_uses (coupon_id, customer_id, used) VALUES (?1, ?2, 1)
             ON CONFLICT (coupon_id, customer_id) DO UPDATE SET used = used + 1 WHERE used < ?3",
        )?
        .execute(params![coupon, customer, most])?;
    Ok(taken == 1)
}

/// Gives a use of a coupon back.
pub fn give_back(tx: &Tx, coupon: CouponId, customer: Option<CustomerId>) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE coupons SET used = used - 1 WHERE id = ?1 AND used > 0")?
        .execute(params![coupon])?;
    tx.db()
        .prepare_cached(
            "UPDATE coupon_uses SET used = used - 1 WHERE coupon_id = ?1 AND customer_id = ?2 AND used > 0",
        )?
        .execute(params![coupon, customer])?;
    Ok(())
}
