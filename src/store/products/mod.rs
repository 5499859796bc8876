//! Rows of `products`, their texts, variants and categories.

mod change;
mod list;

pub use change::delete;
pub use change::delete_variant;
pub use change::restock;
pub use change::set_low_at;
pub use change::set_status;
pub use change::tax_class;
pub use change::update;
pub use change::update_variant;
pub use list::categories;
pub use list::category_names;
pub use list::count_in;
pub use list::json;
pub use list::page;

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use rusqlite::params;

use crate::domain::id::ProductId;
use crate::domain::id::UserId;
use crate::domain::id::VariantId;
use crate::domain::money::Money;
use crate::domain::product::NewVariant;
use crate::domain::product::Offer;
use crate::domain::product::Product;
use crate::domain::product::ProductStatus;
use crate::domain::product::Variant;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::fault::OnUnique;
use crate::store::images;

const SELECT: &str = "SELECT p.id, p.status, p.seller_id, c.name AS category, p.name, ifnull(t.description, '') AS description,
  x.name AS tax_category, p.created_at, p.updated_at, p.deleted_at, p.version
  FROM products p
  LEFT JOIN categories c ON c.id = p.category_id
  LEFT JOIN product_texts t ON t.product_id = p.id
  LEFT JOIN tax_classes x ON x.id = p.tax_class";

const VARIANT: &str =
    "SELECT v.id, v.product_id, v.sku, v.title, v.price, v.weight_g, v.low_at, s.available, v.version
  FROM variants v JOIN stock s ON s.variant_id = v.id";

fn from_row(row: &Row) -> rusqlite::Result<Product> {
    Ok(Product {
        id: row.get("id")?,
        status: row.get("status")?,
        seller: row.get("seller_id")?,
        category: row.get("category")?,
        name: row.get("name")?,
        description: row.get("description")?,
        tax_category: row.get("tax_category")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        deleted_at: row.get("deleted_at")?,
        version: row.get("version")?,
        variants: Vec::new(),
        images: Vec::new(),
    })
}

fn variant_from_row(row: &Row) -> rusqlite::Result<Variant> {
    Ok(Variant {
        id: row.get("id")?,
        product: row.get("product_id")?,
        sku: row.get("sku")?,
        title: row.get("title")?,
        price: row.get("price")?,
        weight_g: row.get("weight_g")?,
        low_at: row.get("low_at")?,
        available: row.get("available")?,
        version: row.get("version")?,
    })
}

/// The product with its variants and pictures; it must exist, deleted or not.
pub fn get(db: &Snapshot, id: ProductId) -> Result<Product> {
    let mut product = db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE p.id = :id"))?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?
        .ok_or(Error::NotFound("product"))?;
    product.variants = variants(db, id)?;
    product.images = images::of(db, id)?;
    Ok(product)
}

/// The living variants of a product.
pub fn variants(db: &Snapshot, product: ProductId) -> Result<Vec<Variant>> {
    db.db()
        .prepare_cached(&format!(
            "{VARIANT} WHERE v.product_id = :product AND v.deleted_at IS NULL ORDER BY v.id"
        ))?
        .query_and_then(named_params! { ":product": product }, |row| {
            Ok(variant_from_row(row)?)
        })?
        .collect()
}

/// The product that sells a SKU.
pub fn by_sku(db: &Snapshot, sku: &str) -> Result<ProductId> {
    db.db()
        .prepare_cached("SELECT product_id FROM variants WHERE sku = :sku AND deleted_at IS NULL")?
        .query_row(named_params! { ":sku": sku }, |row| row.get("product_id"))
        .optional()?
        .ok_or(Error::NotFound("product"))
}

/// Adds a product's own row and its text.
pub fn insert(
    tx: &Tx,
    status: ProductStatus,
    seller: Option<UserId>,
    category: Option<i64>,
    name: &str,
    price_from: Option<Money>,
) -> Result<ProductId> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO products (status, seller_id, category_id, name, price_from, created_at, updated_at)
             VALUES (:status, :seller, :category, :name, :price_from, :now, :now)",
        )?
        .insert(named_params! {
            ":status": status,
            ":seller": seller,
            ":category": category,
            ":name": name,
            ":price_from": price_from,
            ":now": tx.now,
        })?;
    Ok(ProductId(id))
}

/// Sets or removes the description.
pub fn set_text(tx: &Tx, product: ProductId, description: &str) -> Result<()> {
    let sql = match description.is_empty() {
        true => "DELETE FROM product_texts WHERE product_id = ?1 AND ?2 = ''",
        false => {
            "INSERT INTO product_texts (product_id, description) VALUES (?1, ?2)
             ON CONFLICT (product_id) DO UPDATE SET description = excluded.description"
        }
    };
    tx.db()
        .prepare_cached(sql)?
        .execute(params![product, description])?;
    Ok(())
}

/// Adds a variant without stock. Refused with `AlreadyExists` if its SKU is in use.
pub fn insert_variant(tx: &Tx, product: ProductId, new: &NewVariant, sku: &str) -> Result<VariantId> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO variants (product_id, sku, title, price, weight_g)
             VALUES (:product, :sku, :title, :price, :weight)",
        )?
        .insert(named_params! {
            ":product": product,
            ":sku": sku,
            ":title": new.title,
            ":price": new.price,
            ":weight": new.weight_g,
        })
        .on_unique("variants.sku", || Refusal::Taken("SKU"))?;
    Ok(VariantId(id))
}

/// The category of that name, made if need be.
pub fn category(tx: &Tx, name: &str) -> Result<i64> {
    let found = tx
        .db()
        .prepare_cached("SELECT id FROM categories WHERE name = ?1")?
        .query_row(params![name], |row| row.get(0))
        .optional()?;
    match found {
        Some(id) => Ok(id),
        None => Ok(tx
            .db()
            .prepare_cached("INSERT INTO categories (name) VALUES (?1)")?
            .insert(params![name])?),
    }
}

const OFFER: &str =
    "SELECT v.id, v.product_id, v.sku, p.name, v.title, v.price, p.status, s.available, v.low_at,
  p.seller_id, p.tax_class, v.weight_g
  FROM variants v
  JOIN products p ON p.id = v.product_id
  JOIN stock s ON s.variant_id = v.id";

/// By position: on the path of every order.
fn offer_from_row(row: &Row) -> rusqlite::Result<Offer> {
    Ok(Offer {
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
    })
}

/// The number of the product's next event, which its stock's events share.
pub fn next_seq(tx: &Tx, product: ProductId) -> Result<i64> {
    Ok(tx
        .db()
        .prepare_cached("UPDATE products SET events = events + 1 WHERE id = :id RETURNING events")?
        .query_row(named_params! { ":id": product }, |row| row.get("events"))?)
}

/// What an order needs to know of a variant.
pub fn offer(db: &Snapshot, variant: VariantId) -> Result<Option<Offer>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{OFFER} WHERE v.id = ?1 AND v.deleted_at IS NULL"))?
        .query_row(params![variant], offer_from_row)
        .optional()?)
}

/// The same of a variant that was sold, and may have been deleted since; it must exist.
pub fn offer_as_sold(db: &Snapshot, variant: VariantId) -> Result<Offer> {
    let found = db
        .db()
        .prepare_cached(&format!("{OFFER} WHERE v.id = ?1"))?
        .query_row(params![variant], offer_from_row)
        .optional()?;
    found.ok_or(Error::NotFound("product"))
}

/// The same, by SKU.
pub fn offer_by_sku(db: &Snapshot, sku: &str) -> Result<Option<Offer>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{OFFER} WHERE v.sku = ?1 AND v.deleted_at IS NULL"))?
        .query_row(params![sku], offer_from_row)
        .optional()?)
}

/// The same, of each living variant of a product.
pub fn offers_of(db: &Snapshot, product: ProductId) -> Result<Vec<Offer>> {
    db.db()
        .prepare_cached(&format!(
            "{OFFER} WHERE v.product_id = ?1 AND v.deleted_at IS NULL LIMIT 2"
        ))?
        .query_and_then(params![product], |row| Ok(offer_from_row(row)?))?
        .collect()
}

/// Brings a product that is there to what a file says; without a category it keeps its own.
pub fn import_product(tx: &Tx, product: &Product, category: Option<i64>) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE products
             SET status = :status, name = :name, category_id = ifnull(:category, category_id),
               price_from = (SELECT min(price) FROM variants WHERE product_id = :id AND deleted_at IS NULL),
               updated_at = :now, version = version + 1
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": product.id,
            ":status": product.status,
            ":name": product.name,
            ":category": category,
            ":now": tx.now,
        })?;
    Ok(())
}

/// Sets what a file tells of a product beside what is asked for in a live one.
pub fn import_rest(
    tx: &Tx,
    product: ProductId,
    tax_class: Option<i64>,
    created_at: Option<Timestamp>,
) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE products
             SET tax_class = ifnull(:tax_class, tax_class), created_at = ifnull(:created_at, created_at)
             WHERE id = :id",
        )?
        .execute(named_params! { ":id": product, ":tax_class": tax_class, ":created_at": created_at })?;
    Ok(())
}

/// The products above `after` that are not deleted, oldest first, with their variants and pictures.
pub fn after(db: &Snapshot, after: ProductId, limit: usize) -> Result<Vec<Product>> {
    let mut products: Vec<Product> = db
        .db()
        .prepare_cached(&format!(
            "{SELECT}
             WHERE p.id > :after AND p.deleted_at IS NULL
             ORDER BY p.id
             LIMIT :limit"
        ))?
        .query_and_then(named_params! { ":after": after, ":limit": limit as i64 }, |row| {
            Ok::<_, Error>(from_row(row)?)
        })?
        .collect::<Result<_>>()?;
    for product in &mut products {
        product.variants = variants(db, product.id)?;
    }
    images::add_to(db, &mut products)?;
    Ok(products)
}
