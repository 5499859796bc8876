//! Rows of `carts` and of what is in them.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::params;

use crate::domain::cart::CartItem;
use crate::domain::cart::Holder;
use crate::domain::cart::Shown;
use crate::domain::id::CartId;
use crate::domain::id::CouponId;
use crate::domain::id::VariantId;
use crate::domain::product::Offer;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

/// A sweep deletes so many carts at most.
const MOST_SWEPT: i64 = 200;

/// The cart of somebody, if they have one.
pub fn find(db: &Snapshot, holder: &Holder) -> Result<Option<CartId>> {
    let (sql, key): (_, &dyn rusqlite::ToSql) = match holder {
        Holder::User(user) => ("SELECT id FROM carts WHERE user_id = ?1", user),
        Holder::Guest(token) => ("SELECT id FROM carts WHERE token = ?1", token),
    };
    Ok(db
        .db()
        .prepare_cached(sql)?
        .query_row([key], |row| row.get(0))
        .optional()?)
}

/// The cart of somebody, made if need be; it has changed now.
pub fn open(tx: &Tx, holder: &Holder) -> Result<CartId> {
    if let Some(cart) = find(tx, holder)? {
        touch(tx, cart)?;
        return Ok(cart);
    }
    let (user, token) = match holder {
        Holder::User(user) => (Some(user), None),
        Holder::Guest(token) => (None, Some(token)),
    };
    let id = tx
        .db()
        .prepare_cached("INSERT INTO carts (user_id, token, updated_at) VALUES (?1, ?2, ?3)")?
        .insert(params![user, token, tx.now])?;
    Ok(CartId(id))
}

/// Notes that a cart has changed.
pub fn touch(tx: &Tx, cart: CartId) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE carts SET updated_at = ?2 WHERE id = ?1")?
        .execute(params![cart, tx.now])?;
    Ok(())
}

const SELECT: &str =
    "SELECT v.id, v.product_id, v.sku, p.name, v.title, v.price, p.status, s.available, v.low_at,
  p.seller_id, p.tax_class, v.weight_g,
  v.deleted_at IS NOT NULL OR p.deleted_at IS NOT NULL, i.quantity, i.unit_price, i.priced_at, i.wanted
  FROM cart_items i
  CROSS JOIN variants v ON v.id = i.variant_id
  CROSS JOIN products p ON p.id = v.product_id
  CROSS JOIN stock s ON s.variant_id = v.id";

/// By position: on the path of every checkout.
fn from_row(row: &Row) -> rusqlite::Result<CartItem> {
    Ok(CartItem {
        offer: Offer {
            variant: row.get(0)?,
            product: row.get(1)?,
            sku: row.get(2)?,
            name: row.get(3)?,
            title: row.get(4)?,
            price: row.get(5)?,
            status: row.get(6)?,
            available: row.get(7)?,
            low_at: row.get(8)?,
            seller: row.get(9)?,
            class: row.get(10)?,
            weight_g: row.get(11)?,
        },
        is_gone: row.get(12)?,
        quantity: row.get(13)?,
        shown: Shown {
            price: row.get(14)?,
            at: row.get(15)?,
        },
        wanted: row.get(16)?,
    })
}

/// The coupon of a cart, also one that has been deleted since.
pub fn coupon(db: &Snapshot, cart: CartId) -> Result<Option<CouponId>> {
    Ok(db
        .db()
        .prepare_cached("SELECT coupon_id FROM carts WHERE id = ?1")?
        .query_row(params![cart], |row| row.get(0))?)
}

/// The code of a cart's coupon.
pub fn coupon_code(db: &Snapshot, cart: CartId) -> Result<Option<String>> {
    Ok(db
        .db()
        .prepare_cached("SELECT c.code FROM carts k JOIN coupons c ON c.id = k.coupon_id WHERE k.id = ?1")?
        .query_row(params![cart], |row| row.get(0))
        .optional()?)
}

/// Sets the coupon of a cart, or takes it away.
pub fn set_coupon(tx: &Tx, cart: CartId, coupon: Option<CouponId>) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE carts SET coupon_id = ?2, updated_at = ?3 WHERE id = ?1")?
        .execute(params![cart, coupon, tx.now])?;
    Ok(())
}

/// What is in a cart, as it was put in.
pub fn items(db: &Snapshot, cart: CartId) -> Result<Vec<CartItem>> {
    db.db()
        .prepare_cached(&format!(
            "{SELECT} WHERE i.cart_id = ?1 ORDER BY i.added_at, i.variant_id"
        ))?
        .query_and_then(params![cart], |row| Ok(from_row(row)?))?
        .collect()
}

/// One item of a cart.
pub fn item(db: &Snapshot, cart: CartId, variant: VariantId) -> Result<Option<CartItem>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE i.cart_id = ?1 AND i.variant_id = ?2"))?
        .query_row(params![cart, variant], from_row)
        .optional()?)
}

/// How many items a cart has.
pub fn count(db: &Snapshot, cart: CartId) -> Result<usize> {
    let count: i64 = db
        .db()
        .prepare_cached("SELECT count(*) FROM cart_items WHERE cart_id = ?1")?
        .query_row(params![cart], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Puts an item into a cart, or brings it to what is given.
pub fn put(
    tx: &Tx,
    cart: CartId,
    variant: VariantId,
    quantity: i64,
    shown: Shown,
    wanted: Option<i64>,
) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO cart_items (cart_id, variant_id, quantity, unit_price, priced_at, added_at, wanted)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (cart_id, variant_id) DO UPDATE
             SET quantity = excluded.quantity, unit_price = excluded.unit_price, priced_at = excluded.priced_at,
               wanted = excluded.wanted",
        )?
        .execute(params![cart, variant, quantity, shown.price, shown.at, tx.now, wanted])?;
    Ok(())
}

/// Takes an item out of a cart; whether it was in it.
pub fn remove(tx: &Tx, cart: CartId, variant: VariantId) -> Result<bool> {
    let removed = tx
        .db()
        .prepare_cached("DELETE FROM cart_items WHERE cart_id = ?1 AND variant_id = ?2")?
        .execute(params![cart, variant])?;
    Ok(removed == 1)
}

/// Takes everything out of a cart.
pub fn clear(tx: &Tx, cart: CartId) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM cart_items WHERE cart_id = ?1")?
        .execute(params![cart])?;
    Ok(())
}

/// Deletes a cart with everything in it.
pub fn delete(tx: &Tx, cart: CartId) -> Result<()> {
    clear(tx, cart)?;
    tx.db()
        .prepare_cached("DELETE FROM carts WHERE id = ?1")?
        .execute(params![cart])?;
    Ok(())
}

/// Whether a guest has left a cart since before `before`.
pub fn is_sweep_due(db: &Snapshot, before: Timestamp) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM carts WHERE token IS NOT NULL AND updated_at < ?1)")?
        .query_row(params![before], |row| row.get(0))?)
}

/// Deletes some carts that guests have left since before `before`.
pub fn sweep(tx: &Tx, before: Timestamp) -> Result<()> {
    let left: Vec<CartId> = tx
        .db()
        .prepare_cached("SELECT id FROM carts WHERE token IS NOT NULL AND updated_at < ?1 LIMIT ?2")?
        .query_and_then(params![before, MOST_SWEPT], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    left.into_iter().try_for_each(|cart| delete(tx, cart))
}
