//! Making a product with its variants and their first stock.

use serde::Serialize;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::event::EventType;
use crate::domain::id::ProductId;
use crate::domain::permission::Permission;
use crate::domain::product::MovementReason;
use crate::domain::product::NewProduct;
use crate::domain::product::Product;
use crate::domain::product::ProductStatus;
use crate::domain::settings;
use crate::domain::text::Sku;
use crate::error::Result;
use crate::secret;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::catalogue::view::ProductView;
use crate::shop::events;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::store;
use crate::store::stock::Cause;

#[derive(Serialize)]
struct ProductEvent<'a> {
    #[serde(flatten)]
    product: ProductView<'a>,
    seq: i64,
}

/// Makes a product. Staff's is for sale at once if it has a price; a seller's waits for approval, where the shop looks at
/// what is offered.
///
/// Refused with `AlreadyExists` if a SKU is in use.
pub fn create(tx: &Tx, by: &Actor, key: Option<&Key>, new: &NewProduct) -> Result<Once<Product>> {
    if !by.may(Permission::ProductsCreate) {
        by.require(Permission::ProductsOwn)?;
    }
    once(
        tx,
        key,
        Made::Product,
        |id| store::products::get(tx, ProductId(id)),
        || {
            let product = insert(tx, by, new)?;
            Ok((product.id.0, product))
        },
    )
}

fn insert(tx: &Tx, by: &Actor, new: &NewProduct) -> Result<Product> {
    let is_staff = by.may(Permission::ProductsCreate);
    let price_from = new.variants.iter().filter_map(|variant| variant.price).min();
    let status = match (price_from, is_staff) {
        (None, _) => ProductStatus::Draft,
        (Some(_), false) if is_moderated(tx)? => ProductStatus::Pending,
        (Some(_), _) => ProductStatus::Approved,
    };
    let seller = if is_staff { None } else { by.user };
    let category = match &new.category {
        Some(name) => Some(store::products::category(tx, name)?),
        None => None,
    };
    let skus = new
        .variants
        .iter()
        .map(|variant| sku_of(variant.sku.as_ref()))
        .collect::<Result<Vec<_>>>()?;
    let name = match (&new.name, skus.first()) {
        (Some(name), _) => name.as_str(),
        (None, first) => first.map_or("Product", String::as_str),
    };
    let id = store::products::insert(tx, status, seller, category, name, price_from)?;
    store::products::set_text(tx, id, new.description.as_deref().unwrap_or_default())?;
    insert_variants(tx, by, id, new, &skus)?;
    let product = store::products::get(tx, id)?;
    tell(tx, by, &product)?;
    Ok(product)
}

fn insert_variants(tx: &Tx, by: &Actor, product: ProductId, new: &NewProduct, skus: &[String]) -> Result<()> {
    for (variant, sku) in new.variants.iter().zip(skus) {
        let id = store::products::insert_variant(tx, product, variant, sku)?;
        store::stock::open(tx, id)?;
        if variant.quantity > 0 {
            let cause = Cause {
                reason: MovementReason::Restock,
                order: None,
                actor: by.user,
                note: None,
            };
            store::stock::shift(tx, id, variant.quantity, cause)?;
        }
    }
    Ok(())
}

/// Whether what sellers offer waits for approval.
pub(super) fn is_moderated(db: &Tx) -> Result<bool> {
    store::settings::flag(db, &settings::MODERATION)
}

/// The SKU that is asked for; a variant without one gets one made up.
pub(super) fn sku_of(asked: Option<&Sku>) -> Result<String> {
    match asked {
        Some(sku) => Ok(sku.as_str().to_owned()),
        None => Ok(format!("P-{}", secret::to_text(&secret::random::<6>()?))),
    }
}

fn tell(tx: &Tx, by: &Actor, product: &Product) -> Result<()> {
    let currency = store::settings::terms(tx)?.currency;
    let data = ProductEvent {
        product: ProductView::new(product, currency),
        seq: 1,
    };
    let told = events::emit(tx, EventType::ProductCreated, product.id.0, 1, &data)?;
    let target = (Target::Product, Some(product.id.0));
    audit::note(tx, by, Action::ProductCreated, target, told.for_audit(), None)
}
