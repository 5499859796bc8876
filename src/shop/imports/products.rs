//! Products from a file: found again by SKU, brought to what the file says; blanks in the file change nothing, and the
//! stock of what is there is left to the ledger.

use serde::Serialize;

use crate::domain::actor::Actor;
use crate::domain::event::EventType;
use crate::domain::id::ProductId;
use crate::domain::import::Batch;
use crate::domain::import::ImportedProduct;
use crate::domain::import::ImportedVariant;
use crate::domain::import::StockTold;
use crate::domain::import::Tally;
use crate::domain::permission::Permission;
use crate::domain::product::MovementReason;
use crate::domain::product::NewVariant;
use crate::domain::product::Product;
use crate::domain::product::ProductStatus;
use crate::domain::product::Variant;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::catalogue::ProductView;
use crate::shop::events;
use crate::shop::images;
use crate::shop::imports::note;
use crate::store;
use crate::store::stock::Cause;

/// What is to be done about a product.
enum Plan {
    Make,
    Change(Box<Product>),
    Leave,
}

/// Makes the products of a batch, or brings them to what it says.
///
/// A row with SKUs of two products is refused.
pub fn products(tx: &Tx, by: &Actor, batch: &Batch<ImportedProduct>) -> Result<Tally> {
    may(by)?;
    let mut tally = Tally::default();
    for row in &batch.rows {
        match plan(tx, &row.row)? {
            Ok(Plan::Make) => {
                count(&mut tally, &row.row, &[]);
                make(tx, by, &row.row)?;
                tally.made += 1;
            }
            Ok(Plan::Change(product)) => {
                count(&mut tally, &row.row, &product.variants);
                change(tx, by, *product, &row.row)?;
                tally.updated += 1;
            }
            Ok(Plan::Leave) => tally.known += 1,
            Err(reason) => tally.refuse(row, reason),
        }
    }
    note(tx, by, "products", batch, &tally)?;
    Ok(tally)
}

/// What [`products`] would do.
pub fn check_products(db: &Snapshot, by: &Actor, batch: &Batch<ImportedProduct>) -> Result<Tally> {
    may(by)?;
    let mut tally = Tally::default();
    for row in &batch.rows {
        match plan(db, &row.row)? {
            Ok(Plan::Make) => {
                count(&mut tally, &row.row, &[]);
                tally.made += 1;
            }
            Ok(Plan::Change(product)) => {
                count(&mut tally, &row.row, &product.variants);
                tally.updated += 1;
            }
            Ok(Plan::Leave) => tally.known += 1,
            Err(reason) => tally.refuse(row, reason),
        }
    }
    Ok(tally)
}

fn may(by: &Actor) -> Result<()> {
    by.require(Permission::ProductsCreate)?;
    by.require(Permission::ProductsUpdate)?;
    Ok(())
}

/// Counts the new variants whose stock is no number to begin with.
fn count(tally: &mut Tally, row: &ImportedProduct, known: &[Variant]) {
    for variant in &row.variants {
        let is_new = known.iter().all(|is| is.sku != variant.sku.as_str());
        match variant.stock {
            StockTold::Untracked if is_new => tally.untracked += 1,
            StockTold::Oversold if is_new => tally.oversold += 1,
            _ => {}
        }
    }
}

fn plan(db: &Snapshot, row: &ImportedProduct) -> Result<std::result::Result<Plan, String>> {
    let mut found: Option<ProductId> = None;
    for variant in &row.variants {
        let sku = variant.sku.as_str();
        match (store::products::offer_by_sku(db, sku)?, found) {
            (Some(offer), Some(other)) if offer.product != other => {
                return Ok(Err(format!("SKU {sku} is of another product")));
            }
            (Some(offer), _) => found = Some(offer.product),
            (None, _) => {}
        }
    }
    let Some(id) = found else {
        return Ok(Ok(Plan::Make));
    };
    let product = store::products::get(db, id)?;
    Ok(Ok(match differs(&product, row) {
        true => Plan::Change(Box::new(product)),
        false => Plan::Leave,
    }))
}

/// Whether the file tells something that the product is not.
fn differs(product: &Product, row: &ImportedProduct) -> bool {
    let told = |told: &Option<String>, is: Option<&str>| told.is_some() && told.as_deref() != is;
    told(&row.name, Some(&product.name))
        || row.category.as_ref().is_some_and(|told| {
            let is = product.category.as_deref().unwrap_or_default();
            !told.eq_ignore_ascii_case(is)
        })
        || row.tax_category.as_ref().is_some_and(|told| {
            let is = product.tax_category.as_deref().unwrap_or_default();
            !told.eq_ignore_ascii_case(is)
        })
        || told(&row.description, Some(&product.description))
        || status(product.status, row) != product.status
        || images::differ(&product.images, &row.images)
        || row.variants.iter().any(|wanted| {
            let is = product.variants.iter().find(|is| is.sku == wanted.sku.as_str());
            is.is_none_or(|is| {
                told(&wanted.title, is.title.as_deref())
                    || (wanted.price.is_some() && wanted.price != is.price)
                    || (wanted.low_at.is_some() && wanted.low_at != is.low_at)
                    || (wanted.weight_g.is_some() && wanted.weight_g != is.weight_g)
            })
        })
}

/// The status that the file leads to: its own, else for sale as soon as there is a price.
fn status(is: ProductStatus, row: &ImportedProduct) -> ProductStatus {
    match (row.status, row.price_from(), is) {
        // Nothing without a price is for sale.
        (Some(ProductStatus::Approved), None, ProductStatus::Draft) => ProductStatus::Draft,
        (Some(told), ..) => told,
        (None, Some(_), ProductStatus::Draft) => ProductStatus::Approved,
        (None, ..) => is,
    }
}

fn make(tx: &Tx, by: &Actor, row: &ImportedProduct) -> Result<()> {
    let category = category(tx, row)?;
    let name = row.name.clone().unwrap_or_else(|| first_sku(row));
    let status = status(ProductStatus::Draft, row);
    let id = store::products::insert(tx, status, None, category, &name, row.price_from())?;
    if let Some(description) = &row.description {
        store::products::set_text(tx, id, description)?;
    }
    if row.tax_category.is_some() || row.created_at.is_some() {
        store::products::import_rest(tx, id, tax_class(tx, row)?, row.created_at)?;
    }
    for variant in &row.variants {
        add_variant(tx, by, id, variant)?;
    }
    images::import(tx, id, &[], &row.images)?;
    tell(tx, EventType::ProductCreated, id)
}

fn first_sku(row: &ImportedProduct) -> String {
    let first = row.variants.first();
    first.map_or_else(String::new, |variant| variant.sku.as_str().to_owned())
}

fn category(tx: &Tx, row: &ImportedProduct) -> Result<Option<i64>> {
    row.category
        .as_ref()
        .map(|name| store::products::category(tx, name))
        .transpose()
}

fn tax_class(tx: &Tx, row: &ImportedProduct) -> Result<Option<i64>> {
    let name = row.tax_category.as_deref();
    name.map(|name| store::products::tax_class(tx, Some(name)))
        .transpose()
}

fn add_variant(tx: &Tx, by: &Actor, product: ProductId, row: &ImportedVariant) -> Result<()> {
    let new = NewVariant {
        sku: Some(row.sku.clone()),
        title: row.title.clone(),
        price: row.price,
        quantity: row.quantity,
        weight_g: row.weight_g,
    };
    let id = store::products::insert_variant(tx, product, &new, row.sku.as_str())?;
    store::stock::open(tx, id)?;
    if let Some(low_at) = row.low_at {
        store::products::set_low_at(tx, id, low_at)?;
    }
    if row.quantity > 0 {
        let cause = Cause {
            reason: MovementReason::Import,
            order: None,
            actor: by.user,
            note: None,
        };
        store::stock::shift(tx, id, row.quantity, cause)?;
    }
    Ok(())
}

fn change(tx: &Tx, by: &Actor, mut product: Product, row: &ImportedProduct) -> Result<()> {
    product.status = status(product.status, row);
    if let Some(name) = &row.name {
        product.name.clone_from(name);
    }
    for wanted in &row.variants {
        let is = product
            .variants
            .iter_mut()
            .find(|is| is.sku == wanted.sku.as_str());
        match is {
            None => add_variant(tx, by, product.id, wanted)?,
            Some(is) => {
                is.title = wanted.title.clone().or(is.title.take());
                is.price = wanted.price.or(is.price);
                is.low_at = wanted.low_at.or(is.low_at);
                is.weight_g = wanted.weight_g.or(is.weight_g);
                store::products::update_variant(tx, is)?;
            }
        }
    }
    store::products::import_product(tx, &product, category(tx, row)?)?;
    store::products::import_rest(tx, product.id, tax_class(tx, row)?, None)?;
    if let Some(description) = &row.description {
        store::products::set_text(tx, product.id, description)?;
    }
    if !row.images.is_empty() {
        images::import(tx, product.id, &product.images, &row.images)?;
    }
    tell(tx, EventType::ProductUpdated, product.id)
}

#[derive(Serialize)]
struct ProductEvent<'a> {
    #[serde(flatten)]
    product: ProductView<'a>,
    seq: i64,
}

fn tell(tx: &Tx, kind: EventType, id: ProductId) -> Result<()> {
    let product = store::products::get(tx, id)?;
    let currency = store::settings::terms(tx)?.currency;
    let seq = match kind {
        EventType::ProductCreated => 1,
        _ => store::products::next_seq(tx, id)?,
    };
    let data = ProductEvent {
        product: ProductView::new(&product, currency),
        seq,
    };
    events::emit(tx, kind, id.0, seq, &data)?;
    Ok(())
}
