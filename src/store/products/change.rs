//! Changing products and variants. Whoever calls has looked at the version in the same transaction.

use rusqlite::OptionalExtension;
use rusqlite::named_params;
use rusqlite::params;

use crate::domain::id::ProductId;
use crate::domain::id::VariantId;
use crate::domain::money::Money;
use crate::domain::product::ProductStatus;
use crate::domain::product::Variant;
use crate::domain::refusal::Refusal;
use crate::error::Result;
use crate::store::Tx;
use crate::store::fault::OnUnique;

/// Brings a product's own row to what it is now, and raises its version.
pub fn update(
    tx: &Tx,
    product: ProductId,
    status: ProductStatus,
    name: &str,
    category: Option<i64>,
    tax_class: i64,
    price_from: Option<Money>,
) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE products
             SET status = :status, name = :name, category_id = :category, tax_class = :tax_class,
               price_from = :price_from, updated_at = :now, version = version + 1
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": product,
            ":status": status,
            ":name": name,
            ":category": category,
            ":tax_class": tax_class,
            ":price_from": price_from,
            ":now": tx.now,
        })?;
    Ok(())
}

/// Moves a product to another status, and raises its version.
pub fn set_status(tx: &Tx, product: ProductId, status: ProductStatus) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE products SET status = :status, updated_at = :now, version = version + 1 WHERE id = :id",
        )?
        .execute(named_params! { ":id": product, ":status": status, ":now": tx.now })?;
    Ok(())
}

/// Takes a product out of every list; its rows stay for the orders that name them, its SKUs are free.
pub fn delete(tx: &Tx, product: ProductId) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE products SET deleted_at = :now, updated_at = :now, version = version + 1 WHERE id = :id",
        )?
        .execute(named_params! { ":id": product, ":now": tx.now })?;
    tx.db()
        .prepare_cached(
            "UPDATE variants SET deleted_at = :now WHERE product_id = :id AND deleted_at IS NULL",
        )?
        .execute(named_params! { ":id": product, ":now": tx.now })?;
    Ok(())
}

/// Brings a variant's row to what it is now. Refused with `AlreadyExists` if its SKU is in use.
pub fn update_variant(tx: &Tx, variant: &Variant) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE variants
             SET sku = :sku, title = :title, price = :price, weight_g = :weight, low_at = :low_at, version = version + 1
             WHERE id = :id AND (sku <> :sku OR title IS NOT :title OR price IS NOT :price
               OR weight_g IS NOT :weight OR low_at IS NOT :low_at)",
        )?
        .execute(named_params! {
            ":id": variant.id,
            ":sku": variant.sku,
            ":title": variant.title,
            ":price": variant.price,
            ":weight": variant.weight_g,
            ":low_at": variant.low_at,
        })
        .on_unique("variants.sku", || Refusal::Taken("SKU"))?;
    Ok(())
}

/// Sets the mark at or below which a variant's stock is low.
pub fn set_low_at(tx: &Tx, variant: VariantId, low_at: i64) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE variants SET low_at = :low_at WHERE id = :id")?
        .execute(named_params! { ":id": variant, ":low_at": low_at })?;
    Ok(())
}

/// Takes one variant off; its SKU is free.
pub fn delete_variant(tx: &Tx, variant: VariantId) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE variants SET deleted_at = :now WHERE id = :id")?
        .execute(named_params! { ":id": variant, ":now": tx.now })?;
    restock(tx, variant)
}

/// Brings it up to date whether there is any piece of a variant's product: after the first has come or the last has gone.
pub fn restock(tx: &Tx, variant: VariantId) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE products SET is_out = 1 - is_out
             WHERE id = (SELECT product_id FROM variants WHERE id = :variant)
               AND is_out = EXISTS (
                 SELECT 1 FROM variants v CROSS JOIN stock s ON s.variant_id = v.id
                 WHERE v.product_id = products.id AND v.deleted_at IS NULL AND s.available > 0)",
        )?
        .execute(named_params! { ":variant": variant })?;
    Ok(())
}

/// The tax class of that name, made if need be; none is the standard one.
pub fn tax_class(tx: &Tx, name: Option<&str>) -> Result<i64> {
    let Some(name) = name else {
        return Ok(0);
    };
    let found = tx
        .db()
        .prepare_cached("SELECT id FROM tax_classes WHERE name = ?1")?
        .query_row(params![name], |row| row.get(0))
        .optional()?;
    match found {
        Some(id) => Ok(id),
        None => Ok(tx
            .db()
            .prepare_cached("INSERT INTO tax_classes (name) VALUES (?1)")?
            .insert(params![name])?),
    }
}
