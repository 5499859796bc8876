//! Lists of products. A statement is put together out of fixed pieces, one for each filter that is asked for; values are
//! always bound.
//!
//! A list is counted first, along the index of its narrowest filter. Of few products the page is sorted out of those; of
//! many it runs along the index of its sort, which comes upon a page of them soon.

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
use crate::store::images;
use crate::store::products::SELECT;
use crate::store::products::VARIANT;
use crate::store::products::from_row;
use crate::store::products::variant_from_row;

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
        wanted.add("p.status = :status", ":status", filter.status);
        wanted.add(
            "p.category_id = (SELECT id FROM categories WHERE name = :category)",
            ":category",
            filter.category.as_deref(),
        );
        // What has no price fits no bound.
        wanted.add(
            "ifnull(p.price_from, -1) >= max(:min_price, 0)",
            ":min_price",
            filter.min_price,
        );
        wanted.add(
            "ifnull(p.price_from, -1) BETWEEN 0 AND :max_price",
            ":max_price",
            filter.max_price,
        );
        wanted.add("p.seller_id = :seller", ":seller", filter.seller);
        wanted.add("p.seller_id IS NOT :not_seller", ":not_seller", filter.not_seller);
        match filter.in_stock {
            Some(true) => wanted.conditions.push("p.is_out = 0"),
            Some(false) => wanted.conditions.push("p.is_out = 1"),
            None => {}
        }
        wanted
    }

    fn add<T: ToSql + 'a>(&mut self, condition: &'static str, name: &'static str, value: Option<T>) {
        if let Some(value) = value {
            self.conditions.push(condition);
            self.bind(name, value);
        }
    }

    fn bind<T: ToSql + 'a>(&mut self, name: &'static str, value: T) {
        self.with.push((name, Box::new(value)));
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

const IDS: &str = "json_each(:ids) j CROSS JOIN products p ON p.id = j.value";

/// Where those that fit the narrowest filter stand; none if nothing narrows the list but the status.
fn narrow(filter: &ProductFilter) -> Option<&'static str> {
    let has_price = filter.min_price.is_some() || filter.max_price.is_some();
    match filter {
        ProductFilter { ids: Some(_), .. } => Some(IDS),
        ProductFilter { seller: Some(_), .. } => Some("products p INDEXED BY products_seller"),
        ProductFilter {
            category: Some(_), ..
        } => Some("products p INDEXED BY products_category"),
        _ if has_price && filter.in_stock != Some(false) => Some(along(filter, ProductSort::Price)),
        ProductFilter {
            in_stock: Some(_), ..
        } => Some("products p INDEXED BY products_stocked"),
        _ => None,
    }
}

/// The index of a sort.
const fn along(filter: &ProductFilter, sort: ProductSort) -> &'static str {
    match (sort, filter.status.is_some()) {
        (ProductSort::Newest, true) => "products p INDEXED BY products_status",
        (ProductSort::Newest, false) => "products p NOT INDEXED",
        (ProductSort::Price | ProductSort::PriceDown, true) => "products p INDEXED BY products_price",
        (ProductSort::Price | ProductSort::PriceDown, false) => "products p INDEXED BY products_any_price",
        (ProductSort::Name, true) => "products p INDEXED BY products_name",
        (ProductSort::Name, false) => "products p INDEXED BY products_any_name",
    }
}

/// Where a page of so many is found.
fn way(filter: &ProductFilter, sort: ProductSort, counted: i64) -> &'static str {
    match narrow(filter) {
        Some(narrow) if counted <= MOST_COUNTED || filter.ids.is_some() => narrow,
        _ => along(filter, sort),
    }
}

/// The order of a sort, and the condition that puts a page behind a row (whose key is `:key`, whose id `:id`). What has no
/// price stands below everything.
const fn sorted(sort: ProductSort, is_backwards: bool) -> (&'static str, &'static str) {
    match (sort, is_backwards) {
        (ProductSort::Newest, false) => ("p.id DESC", "p.id < :id"),
        (ProductSort::Newest, true) => ("p.id", "p.id > :id"),
        (ProductSort::Price, false) | (ProductSort::PriceDown, true) => (
            "ifnull(p.price_from, -1), p.id",
            "(ifnull(p.price_from, -1), p.id) > (:key, :id)",
        ),
        (ProductSort::Price, true) | (ProductSort::PriceDown, false) => (
            "ifnull(p.price_from, -1) DESC, p.id DESC",
            "(ifnull(p.price_from, -1), p.id) < (:key, :id)",
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
    let (ids, counted) = match (&filter.ids, sort, Wanted::new(filter).conditions.len()) {
        // The search finds nothing that is deleted, and all of it is wanted, as it stands.
        (Some(ids), ProductSort::Newest, 1) => (cut_out(ids, paging), ids.len() as i64),
        _ => {
            let counted = count(db, filter)?;
            (ids(db, filter, sort, paging, counted)?, counted)
        }
    };
    let cut = paging.cut(ids, |id| (0, id.0));
    let mut rows = wholes(db, &cut.rows)?;
    add_variants(db, &mut rows)?;
    images::add_to(db, &mut rows)?;
    let mut page = Page {
        rows,
        next: cut.next,
        total: Some(Total::of(counted)),
        index_behind: None,
    };
    if let (Some(next), Some(last)) = (&mut page.next, page.rows.last()) {
        next.keys.0 = key(sort, last);
    }
    Ok(page)
}

/// The ids of a page, out of all of them, newest first; in the order in which the page is looked for.
fn cut_out(ids: &[ProductId], paging: &Paging) -> Vec<ProductId> {
    let (skipped, wanted) = (paging.skipped() as usize, paging.wanted());
    let of = |ids: &mut dyn Iterator<Item = ProductId>| ids.skip(skipped).take(wanted).collect();
    match (paging.keys(), paging.is_backwards()) {
        (None, _) => of(&mut ids.iter().copied()),
        (Some((_, edge)), false) => of(&mut ids.iter().copied().filter(|id| id.0 < edge)),
        (Some((_, edge)), true) => of(&mut ids.iter().rev().copied().filter(|id| id.0 > edge)),
    }
}

fn ids(
    db: &Snapshot,
    filter: &ProductFilter,
    sort: ProductSort,
    paging: &Paging,
    counted: i64,
) -> Result<Vec<ProductId>> {
    let (sql, wanted) = statement(filter, sort, paging, counted);
    db.db()
        .prepare_cached(&sql)?
        .query_and_then(wanted.with().as_slice(), |row| Ok(row.get(0)?))?
        .collect()
}

/// The statement of a page, and what it is bound to.
fn statement<'a>(
    filter: &'a ProductFilter,
    sort: ProductSort,
    paging: &Paging,
    counted: i64,
) -> (String, Wanted<'a>) {
    let mut wanted = Wanted::new(filter);
    let (order, behind) = sorted(sort, paging.is_backwards());
    if let Some((key, id)) = paging.keys() {
        wanted.add(behind, ":id", Some(id));
        if matches!(sort, ProductSort::Price | ProductSort::PriceDown) {
            wanted.bind(":key", key);
        }
    }
    if let Some(ids) = &filter.ids {
        wanted.bind(":ids", json(ids));
    }
    wanted.bind(":limit", paging.wanted() as i64);
    wanted.bind(":skipped", paging.skipped());
    let sql = format!(
        "SELECT p.id FROM {} WHERE {} ORDER BY {order} LIMIT :limit OFFSET :skipped",
        way(filter, sort, counted),
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

fn count(db: &Snapshot, filter: &ProductFilter) -> Result<i64> {
    let (sql, wanted) = count_statement(filter);
    Ok(db
        .db()
        .prepare_cached(&sql)?
        .query_row(wanted.with().as_slice(), |row| row.get(0))?)
}

fn count_statement(filter: &ProductFilter) -> (String, Wanted<'_>) {
    let mut wanted = Wanted::new(filter);
    if let Some(ids) = &filter.ids {
        wanted.bind(":ids", json(ids));
    }
    wanted.bind(":most", MOST_COUNTED + 1);
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM {} WHERE {} LIMIT :most)",
        narrow(filter).unwrap_or("products p INDEXED BY products_status"),
        wanted.conditions()
    );
    (sql, wanted)
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

/// These products, in their order, without their variants.
fn wholes(db: &Snapshot, ids: &[ProductId]) -> Result<Vec<Product>> {
    let mut found: HashMap<ProductId, Product> = db
        .db()
        .prepare_cached(&format!(
            "{SELECT} WHERE p.id IN (SELECT value FROM json_each(:ids)) AND p.deleted_at IS NULL"
        ))?
        .query_and_then(named_params! { ":ids": json(ids) }, |row| {
            let product = from_row(row)?;
            Ok::<_, Error>((product.id, product))
        })?
        .collect::<Result<_>>()?;
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
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
