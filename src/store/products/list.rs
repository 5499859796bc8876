//! Lists of products. A statement is put together out of fixed pieces, one for each filter that is asked for, so that
//! the index of its sort serves it; values are always bound.

use std::collections::HashMap;

use rusqlite::ToSql;
use rusqlite::named_params;

use crate::domain::id::ProductId;
use crate::domain::money::Money;
use crate::domain::page::MOST_COUNTED;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::page::Total;
use crate::domain::product::Category;
use crate::domain::product::Product;
use crate::domain::product::ProductFilter;
use crate::domain::product::ProductSort;
use crate::domain::product::ProductStatus;
use crate::domain::product::Variant;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::products::SELECT;
use crate::store::products::VARIANT;
use crate::store::products::from_row;
use crate::store::products::variant_from_row;

const IN_STOCK: &str = "EXISTS (SELECT 1 FROM variants v CROSS JOIN stock s ON s.variant_id = v.id
  WHERE v.product_id = p.id AND v.deleted_at IS NULL AND s.available > 0)";
const OUT_OF_STOCK: &str = "NOT EXISTS (SELECT 1 FROM variants v CROSS JOIN stock s ON s.variant_id = v.id
  WHERE v.product_id = p.id AND v.deleted_at IS NULL AND s.available > 0)";

const COUNT_IN: &str =
    "SELECT count(*) FROM (SELECT 1 FROM products WHERE status = :status AND deleted_at IS NULL LIMIT :most)";

/// Conditions with what they are bound to.
struct Wanted<'a> {
    conditions: Vec<&'static str>,
    with: Vec<(&'static str, Box<dyn ToSql + 'a>)>,
}

impl<'a> Wanted<'a> {
    fn new(filter: &'a ProductFilter) -> Self {
        let mut wanted = Self {
            conditions: vec!["p.deleted_at IS NULL"],
            with: Vec::new(),
        };
        if let Some(ids) = &filter.ids {
            wanted.add(
                "p.id IN (SELECT value FROM json_each(:ids))",
                ":ids",
                Some(json(ids)),
            );
        }
        wanted.add("p.status = :status", ":status", filter.status);
        wanted.add(
            "p.category_id = (SELECT id FROM categories WHERE name = :category)",
            ":category",
            filter.category.as_deref(),
        );
        wanted.add("p.price_from >= :min_price", ":min_price", filter.min_price);
        wanted.add("p.price_from <= :max_price", ":max_price", filter.max_price);
        wanted.add("p.seller_id = :seller", ":seller", filter.seller);
        wanted.add("p.seller_id IS NOT :not_seller", ":not_seller", filter.not_seller);
        match filter.in_stock {
            Some(true) => wanted.conditions.push(IN_STOCK),
            Some(false) => wanted.conditions.push(OUT_OF_STOCK),
            None => {}
        }
        wanted
    }

    fn add<T: ToSql + 'a>(&mut self, condition: &'static str, name: &'static str, value: Option<T>) {
        if let Some(value) = value {
            self.conditions.push(condition);
            self.with.push((name, Box::new(value)));
        }
    }

    fn conditions(&self) -> String {
        self.conditions.join(" AND ")
    }

    fn with(&self) -> Vec<(&str, &dyn ToSql)> {
        self.with
            .iter()
            .map(|(name, value)| (*name, value.as_ref()))
            .collect()
    }
}

/// Ids as an array, for `json_each`.
pub fn json(ids: &[ProductId]) -> String {
    let ids: Vec<String> = ids.iter().map(ProductId::to_string).collect();
    format!("[{}]", ids.join(","))
}

/// The order of a sort, and the condition that puts a page behind a row (whose key is `:key`, whose id `:id`). What is
/// for sale has a price, and the index of prices serves it; of the rest, what has none stands below everything.
fn sorted(sort: ProductSort, is_backwards: bool, has_price: bool) -> (&'static str, &'static str) {
    match (sort, is_backwards) {
        (ProductSort::Newest, false) => ("p.id DESC", "p.id < :id"),
        (ProductSort::Newest, true) => ("p.id", "p.id > :id"),
        (ProductSort::Price, false) | (ProductSort::PriceDown, true) if !has_price => (
            "ifnull(p.price_from, -1), p.id",
            "(ifnull(p.price_from, -1), p.id) > (:key, :id)",
        ),
        (ProductSort::Price, true) | (ProductSort::PriceDown, false) if !has_price => (
            "ifnull(p.price_from, -1) DESC, p.id DESC",
            "(ifnull(p.price_from, -1), p.id) < (:key, :id)",
        ),
        (ProductSort::Price, false) | (ProductSort::PriceDown, true) => {
            ("p.price_from, p.id", "(p.price_from, p.id) > (:key, :id)")
        }
        (ProductSort::Price, true) | (ProductSort::PriceDown, false) => (
            "p.price_from DESC, p.id DESC",
            "(p.price_from, p.id) < (:key, :id)",
        ),
        (ProductSort::Name, false) => (
            "p.name COLLATE NOCASE, p.id",
            "(p.name COLLATE NOCASE, p.id) > ((SELECT name FROM products WHERE id = :id), :id)",
        ),
        (ProductSort::Name, true) => (
            "p.name COLLATE NOCASE DESC, p.id DESC",
            "(p.name COLLATE NOCASE, p.id) < ((SELECT name FROM products WHERE id = :id), :id)",
        ),
    }
}

/// A page of the products that fit, each whole.
pub fn page(
    db: &Snapshot,
    filter: &ProductFilter,
    sort: ProductSort,
    paging: &Paging,
) -> Result<Page<Product>> {
    let counted = count(db, &Wanted::new(filter))?;
    let (sql, wanted) = statement(filter, sort, paging);
    let products = db
        .db()
        .prepare_cached(&sql)?
        .query_and_then(wanted.with().as_slice(), |row| Ok::<_, Error>(from_row(row)?))?
        .collect::<Result<Vec<_>>>()?;
    let mut page = paging.cut(products, |product| (0, product.id.0));
    add_variants(db, &mut page.rows)?;
    if let (Some(next), Some(last)) = (&mut page.next, page.rows.last()) {
        next.keys.0 = key(sort, last);
    }
    Ok(page.counted(Total::of(counted)))
}

/// The statement of a page, and what it is bound to.
fn statement<'a>(filter: &'a ProductFilter, sort: ProductSort, paging: &Paging) -> (String, Wanted<'a>) {
    let mut wanted = Wanted::new(filter);
    let has_price = filter.status == Some(ProductStatus::Approved);
    let (order, behind) = sorted(sort, paging.is_backwards(), has_price);
    if let Some((key, id)) = paging.keys() {
        wanted.add(behind, ":id", Some(id));
        if matches!(sort, ProductSort::Price | ProductSort::PriceDown) {
            wanted.with.push((":key", Box::new(key)));
        }
    }
    wanted.with.push((":limit", Box::new(paging.wanted() as i64)));
    wanted.with.push((":skipped", Box::new(paging.skipped())));
    let sql = format!(
        "{SELECT} WHERE {} ORDER BY {order} LIMIT :limit OFFSET :skipped",
        wanted.conditions()
    );
    (sql, wanted)
}

/// The sort key of a product, for its cursor; a name is looked up again by the id.
fn key(sort: ProductSort, product: &Product) -> i64 {
    match sort {
        ProductSort::Price | ProductSort::PriceDown => product.price_from().map_or(-1, Money::minor),
        ProductSort::Newest | ProductSort::Name => 0,
    }
}

fn count(db: &Snapshot, wanted: &Wanted<'_>) -> Result<i64> {
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM products p WHERE {} LIMIT :most)",
        wanted.conditions()
    );
    let most = MOST_COUNTED + 1;
    let mut with = wanted.with();
    with.push((":most", &most));
    Ok(db
        .db()
        .prepare_cached(&sql)?
        .query_row(with.as_slice(), |row| row.get(0))?)
}

/// How many products are in a status, counted up to `most`.
pub fn count_in(db: &Snapshot, status: ProductStatus, most: i64) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached(COUNT_IN)?
        .query_row(named_params! { ":status": status, ":most": most }, |row| {
            row.get(0)
        })?)
}

/// The living variants of all products of a page, in one statement.
fn add_variants(db: &Snapshot, products: &mut [Product]) -> Result<()> {
    let ids: Vec<ProductId> = products.iter().map(|product| product.id).collect();
    let places: HashMap<ProductId, usize> = ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    let variants: Vec<Variant> = db
        .db()
        .prepare_cached(&format!(
            "{VARIANT} WHERE v.product_id IN (SELECT value FROM json_each(:ids)) AND v.deleted_at IS NULL
             ORDER BY v.product_id, v.id"
        ))?
        .query_and_then(named_params! { ":ids": json(&ids) }, |row| {
            Ok::<_, Error>(variant_from_row(row)?)
        })?
        .collect::<Result<_>>()?;
    for variant in variants {
        if let Some(at) = places.get(&variant.product) {
            products[*at].variants.push(variant);
        }
    }
    Ok(())
}

/// The categories in which something is for sale.
pub fn categories(db: &Snapshot) -> Result<Vec<Category>> {
    db.db()
        .prepare_cached(
            "SELECT c.id, c.name, count(*) AS products
             FROM products p JOIN categories c ON c.id = p.category_id
             WHERE p.status = 2 AND p.deleted_at IS NULL
             GROUP BY c.id
             ORDER BY c.name",
        )?
        .query_and_then([], |row| {
            Ok(Category {
                id: row.get("id")?,
                name: row.get("name")?,
                products: row.get("products")?,
            })
        })?
        .collect()
}

/// The names of the categories in which something is for sale. (Counting would go through every product.)
pub fn category_names(db: &Snapshot) -> Result<Vec<String>> {
    db.db()
        .prepare_cached(
            "SELECT c.name FROM categories c
             WHERE EXISTS (SELECT 1 FROM products p
                           WHERE p.category_id = c.id AND p.status = 2 AND p.deleted_at IS NULL)
             ORDER BY c.name",
        )?
        .query_and_then([], |row| Ok(row.get("name")?))?
        .collect()
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
