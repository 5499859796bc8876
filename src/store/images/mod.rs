//! Rows of `product_images`. The pictures themselves are files: `files`.

mod files;

pub use files::Found;
pub use files::each;
pub use files::folder;
pub use files::has;
pub use files::put;
pub use files::read;
pub use files::remove;
pub use files::size_of;

use std::collections::HashMap;

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use rusqlite::params;

use crate::domain::id::ImageId;
use crate::domain::id::ProductId;
use crate::domain::image::Image;
use crate::domain::image::Kept;
use crate::domain::product::Product;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::products::json;

const SELECT: &str =
    "SELECT id, product_id, position, sha256, form, width, height, bytes, small_bytes, alt, created_at
  FROM product_images";

fn from_row(row: &Row) -> rusqlite::Result<Image> {
    Ok(Image {
        id: row.get("id")?,
        product: row.get("product_id")?,
        position: row.get("position")?,
        kept: Kept {
            sha256: row.get("sha256")?,
            form: row.get("form")?,
            width: row.get("width")?,
            height: row.get("height")?,
            bytes: row.get("bytes")?,
            small_bytes: row.get("small_bytes")?,
        },
        alt: row.get("alt")?,
        created_at: row.get("created_at")?,
    })
}

/// The pictures of a product, in their order.
pub fn of(db: &Snapshot, product: ProductId) -> Result<Vec<Image>> {
    let mut images: Vec<Image> = db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE product_id = ?1"))?
        .query_and_then(params![product], |row| Ok::<_, Error>(from_row(row)?))?
        .collect::<Result<_>>()?;
    images.sort_by_key(|image| image.position);
    Ok(images)
}

/// The same of each of these products, in one statement.
pub fn add_to(db: &Snapshot, products: &mut [Product]) -> Result<()> {
    let ids: Vec<ProductId> = products.iter().map(|product| product.id).collect();
    let places: HashMap<ProductId, usize> = ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    let images: Vec<Image> = db
        .db()
        .prepare_cached(&format!(
            "{SELECT} WHERE product_id IN (SELECT value FROM json_each(?1))"
        ))?
        .query_and_then(params![json(&ids)], |row| Ok::<_, Error>(from_row(row)?))?
        .collect::<Result<_>>()?;
    for image in images {
        if let Some(at) = places.get(&image.product) {
            products[*at].images.push(image);
        }
    }
    for product in products {
        product.images.sort_by_key(|image| image.position);
    }
    Ok(())
}

/// Adds a picture at a place of its product.
pub fn insert(tx: &Tx, product: ProductId, position: i64, kept: &Kept, alt: &str) -> Result<ImageId> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO product_images
               (product_id, position, sha256, form, width, height, bytes, small_bytes, alt, created_at)
             VALUES (:product, :position, :sha256, :form, :width, :height, :bytes, :small_bytes, :alt, :now)",
        )?
        .insert(named_params! {
            ":product": product,
            ":position": position,
            ":sha256": kept.sha256,
            ":form": kept.form,
            ":width": kept.width,
            ":height": kept.height,
            ":bytes": kept.bytes,
            ":small_bytes": kept.small_bytes,
            ":alt": alt,
            ":now": tx.now,
        })?;
    Ok(ImageId(id))
}

/// Puts a picture at a place, with other words.
pub fn update(tx: &Tx, id: ImageId, position: i64, alt: &str) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE product_images SET position = :position, alt = :alt WHERE id = :id")?
        .execute(named_params! { ":id": id, ":position": position, ":alt": alt })?;
    Ok(())
}

/// Takes a picture off its product; its files go when nothing else shows them.
pub fn delete(tx: &Tx, id: ImageId) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM product_images WHERE id = ?1")?
        .execute(params![id])?;
    Ok(())
}

/// The same of all of a product's.
pub fn delete_of(tx: &Tx, product: ProductId) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM product_images WHERE product_id = ?1")?
        .execute(params![product])?;
    Ok(())
}

/// What is kept of a picture, by its name, if a product shows it.
pub fn kept(db: &Snapshot, sha256: &[u8; 32]) -> Result<Option<Kept>> {
    let found = db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE sha256 = ?1 LIMIT 1"))?
        .query_row(params![sha256], from_row)
        .optional()?;
    Ok(found.map(|image| image.kept))
}

/// Whether a product shows a picture of this name and form.
pub fn is_shown(db: &Snapshot, sha256: &[u8; 32]) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM product_images WHERE sha256 = ?1)")?
        .query_row(params![sha256], |row| row.get(0))?)
}

/// Shows every row.
pub fn all(db: &Snapshot, mut see: impl FnMut(Image)) -> Result<()> {
    let mut statement = db.db().prepare(SELECT)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        see(from_row(row)?);
    }
    Ok(())
}
