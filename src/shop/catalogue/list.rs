//! Lists of products: for everybody, for a seller, for staff.

use std::collections::HashMap;

use crate::domain::actor::Actor;
use crate::domain::fault::Bad;
use crate::domain::id::ProductId;
use crate::domain::id::UserId;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::domain::product::Category;
use crate::domain::product::Product;
use crate::domain::product::ProductFilter;
use crate::domain::product::ProductSort;
use crate::domain::product::ProductStatus;
use crate::domain::search::Find;
use crate::domain::text::Sku;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::store;
use crate::store::search::Side;

/// So many products that a search finds are sorted and counted.
const MOST_FOUND: usize = 10_001;

/// Which products a client asks for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Words of its name, description, category, titles or SKUs.
    pub typed: Option<String>,
    /// In this category.
    pub category: Option<String>,
    /// Whose cheapest variant costs at least so much.
    pub min_price: Option<RawAmount>,
    /// Whose cheapest variant costs at most so much.
    pub max_price: Option<RawAmount>,
    /// Of which some piece is there, or none.
    pub in_stock: Option<bool>,
    /// Of this seller.
    pub seller: Option<UserId>,
    /// In this status.
    pub status: Option<ProductStatus>,
}

impl Wanted {
    fn filter(&self, currency: Currency) -> Result<ProductFilter> {
        Ok(ProductFilter {
            ids: None,
            status: self.status,
            category: self.category.clone(),
            min_price: amount(self.min_price.as_ref(), "min_price", currency)?,
            max_price: amount(self.max_price.as_ref(), "max_price", currency)?,
            in_stock: self.in_stock,
            seller: self.seller,
            not_seller: None,
        })
    }
}

fn amount(raw: Option<&RawAmount>, field: &str, currency: Currency) -> Result<Option<Money>> {
    raw.map(|raw| raw.to_money(currency))
        .transpose()
        .map_err(|bad| Bad::input(bad.message).at(field).into())
}

/// What is for sale.
pub fn list_public(
    db: &Snapshot,
    wanted: &Wanted,
    sort: ProductSort,
    paging: &Paging,
) -> Result<Page<Product>> {
    let filter = ProductFilter {
        status: Some(ProductStatus::Approved),
        ..wanted.filter(store::settings::terms(db)?.currency)?
    };
    found(db, wanted, filter, sort, paging)
}

/// The caller's own products; staff see all.
pub fn list(
    db: &Snapshot,
    by: &Actor,
    wanted: &Wanted,
    sort: ProductSort,
    paging: &Paging,
) -> Result<Page<Product>> {
    let user = by.on_own(Permission::ProductsRead)?;
    let mut filter = wanted.filter(store::settings::terms(db)?.currency)?;
    if !by.may(Permission::ProductsRead) {
        filter.seller = Some(user);
    }
    found(db, wanted, filter, sort, paging)
}

/// What others sell and have in stock, newest first.
pub fn list_others(db: &Snapshot, by: &Actor, paging: &Paging) -> Result<Page<Product>> {
    let filter = ProductFilter {
        status: Some(ProductStatus::Approved),
        in_stock: Some(true),
        not_seller: Some(by.on_own(Permission::ProductsRead)?),
        ..ProductFilter::default()
    };
    store::products::page(db, &filter, ProductSort::Newest, paging)
}

fn found(
    db: &Snapshot,
    wanted: &Wanted,
    mut filter: ProductFilter,
    sort: ProductSort,
    paging: &Paging,
) -> Result<Page<Product>> {
    let mut behind = None;
    if let Some(typed) = &wanted.typed {
        let find = Find::new(Some(typed), None);
        let found = store::search::product_ids(db, &find, Side::Below(i64::MAX), MOST_FOUND)?;
        filter.ids = Some(found.ids);
        behind = found.behind;
    }
    let page = store::products::page(db, &filter, sort, paging)?;
    Ok(Page {
        index_behind: behind,
        ..page
    })
}

/// How many products each status has, counted up to `most`.
pub fn tabs(db: &Snapshot, by: &Actor, most: i64) -> Result<Vec<(ProductStatus, i64)>> {
    by.require(Permission::ProductsRead)?;
    let count = |status: &ProductStatus| Ok((*status, store::products::count_in(db, *status, most)?));
    ProductStatus::ALL.iter().map(count).collect()
}

/// What the sellers of these products are called.
pub fn sellers(db: &Snapshot, by: &Actor, products: &[Product]) -> Result<HashMap<UserId, String>> {
    by.require(Permission::ProductsRead)?;
    store::users::names(db, products.iter().filter_map(|product| product.seller))
}

/// The product that sells a SKU now.
pub fn holder(db: &Snapshot, by: &Actor, sku: &Sku) -> Result<Option<ProductId>> {
    by.require(Permission::ProductsRead)?;
    let offer = store::products::offer_by_sku(db, sku.as_str())?;
    Ok(offer.map(|offer| offer.product))
}

/// The names of the categories in which something is for sale.
pub fn category_names(db: &Snapshot) -> Result<Vec<String>> {
    store::products::category_names(db)
}

/// The categories in which something is for sale, and how much.
pub fn categories(db: &Snapshot) -> Result<Vec<Category>> {
    store::products::categories(db)
}
