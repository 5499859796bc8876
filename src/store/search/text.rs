//! What of an order, of a product and of a customer can be found, read from the tables and folded.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::params;

use crate::domain::order::NUMBER_BASE;
use crate::domain::search::Find;
use crate::domain::search::fold_into;
use crate::domain::search::sku_word;
use crate::error::Result;
use crate::store::Snapshot;

/// The folded words of a thing, and its SKUs as they are written.
pub(super) struct Text {
    pub(super) words: String,
    pub(super) skus: Vec<String>,
}

impl Text {
    /// Whether what is searched for is here.
    pub(super) fn fits(&self, find: &Find) -> bool {
        let has_sku = find
            .sku()
            .is_none_or(|sku| self.skus.iter().any(|here| here == sku.as_str()));
        has_sku && find.fits(&self.words)
    }

    /// The SKUs as words of the index.
    pub(super) fn sku_words(&self) -> String {
        let words: Vec<String> = self.skus.iter().map(|sku| sku_word(sku)).collect();
        words.join(" ")
    }

    fn new(texts: Vec<Option<String>>, skus: Vec<String>) -> Self {
        let mut words = String::new();
        for text in texts.iter().flatten().chain(&skus) {
            fold_into(&mut words, text);
        }
        Self { words, skus }
    }
}

/// Number, e-mail, note, names and places of the addresses, the customer's name, the SKUs of all lines.
pub(super) fn of_order(db: &Snapshot, id: i64) -> Result<Option<Text>> {
    let texts = db
        .db()
        .prepare_cached(
            "SELECT ifnull(o.number, CAST(o.id + ?2 AS TEXT)), k.email, k.note, c.name,
               k.shipping_address ->> 'name', k.shipping_address ->> 'company',
               k.shipping_address ->> 'city', k.shipping_address ->> 'postcode',
               k.billing_address ->> 'name', k.billing_address ->> 'company'
             FROM orders o
             LEFT JOIN order_contacts k ON k.order_id = o.id
             LEFT JOIN customers c ON c.id = o.customer_id
             WHERE o.id = ?1",
        )?
        .query_row(params![id, NUMBER_BASE], texts)
        .optional()?;
    let Some(texts) = texts else {
        return Ok(None);
    };
    let skus = skus(
        db,
        "SELECT sku FROM order_lines WHERE id > ?1 << 12 AND id < (?1 + 1) << 12 ORDER BY id",
        id,
    )?;
    Ok(Some(Text::new(texts, skus)))
}

/// Name, category, description, the titles and SKUs of the living variants; nothing of a deleted product.
pub(super) fn of_product(db: &Snapshot, id: i64) -> Result<Option<Text>> {
    let texts = db
        .db()
        .prepare_cached(
            "SELECT p.name, c.name, t.description,
               (SELECT group_concat(v.title, ' ') FROM variants v WHERE v.product_id = p.id AND v.deleted_at IS NULL)
             FROM products p
             LEFT JOIN categories c ON c.id = p.category_id
             LEFT JOIN product_texts t ON t.product_id = p.id
             WHERE p.id = ?1 AND p.deleted_at IS NULL",
        )?
        .query_row(params![id], texts)
        .optional()?;
    let Some(texts) = texts else {
        return Ok(None);
    };
    let skus = skus(
        db,
        "SELECT sku FROM variants WHERE product_id = ?1 AND deleted_at IS NULL ORDER BY id",
        id,
    )?;
    Ok(Some(Text::new(texts, skus)))
}

/// Number, name, e-mail, phone, tags, names and places of the address book; nothing of a deleted customer.
pub(super) fn of_customer(db: &Snapshot, id: i64) -> Result<Option<Text>> {
    let texts = db
        .db()
        .prepare_cached(
            "SELECT c.number, c.name, c.email, c.phone,
               (SELECT group_concat(t.name, ' ') FROM customer_tags ct JOIN tags t ON t.id = ct.tag_id
                WHERE ct.customer_id = c.id),
               (SELECT group_concat(concat_ws(' ', a.value ->> 'name', a.value ->> 'company', a.value ->> 'city',
                  a.value ->> 'postcode'), ' ')
                FROM customer_details d, json_each(d.addresses) a
                WHERE d.customer_id = c.id)
             FROM customers c
             WHERE c.id = ?1 AND c.deleted_at IS NULL",
        )?
        .query_row(params![id], texts)
        .optional()?;
    Ok(texts.map(|texts| Text::new(texts, Vec::new())))
}

fn texts(row: &Row) -> rusqlite::Result<Vec<Option<String>>> {
    (0..row.as_ref().column_count()).map(|at| row.get(at)).collect()
}

fn skus(db: &Snapshot, sql: &str, id: i64) -> Result<Vec<String>> {
    db.db()
        .prepare_cached(sql)?
        .query_and_then(params![id], |row| Ok(row.get(0)?))?
        .collect()
}
