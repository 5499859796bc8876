//! Changing a product: its words, its shelf, its variants and their prices, and where it stands.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::event::EventType;
use crate::domain::fault::Bad;
use crate::domain::id::ProductId;
use crate::domain::money::Money;
use crate::domain::permission::Permission;
use crate::domain::product::Hand;
use crate::domain::product::NewVariant;
use crate::domain::product::Product;
use crate::domain::product::ProductChange;
use crate::domain::product::ProductStatus;
use crate::domain::product::Variant;
use crate::domain::product::VariantChange;
use crate::domain::product::VariantsChange;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::catalogue::Change;
use crate::shop::catalogue::ProductView;
use crate::shop::catalogue::create::is_moderated;
use crate::shop::catalogue::create::sku_of;
use crate::shop::catalogue::decide::require_price;
use crate::shop::catalogue::tell;
use crate::shop::catalogue::to_change;
use crate::shop::version;
use crate::store;

/// Changes what is said of a product, and leaves the rest. A seller's new words wait for approval again.
///
/// Refused with `Stale` if it is no longer at the version that was seen, with `NotAllowed` if it does not go to the
/// wanted status this way, with `AlreadyExists` if a SKU is in use.
pub fn update(
    tx: &Tx,
    by: &Actor,
    id: ProductId,
    seen: Option<i64>,
    change: &ProductChange,
) -> Result<Product> {
    let (before, hand) = to_change(tx, by, id, Permission::ProductsUpdate)?;
    let currency = store::settings::terms(tx)?.currency;
    version::require(seen, before.version, || ProductView::new(&before, currency))?;
    let status = next_status(&before, hand, change)?;
    let variants = plan(&before, &change.variants)?;
    let price_from = variants.price_from();
    if matches!(status, ProductStatus::Pending | ProductStatus::Approved) && change.status == Some(status) {
        require_price(price_from)?;
    }
    let status = held(tx, &before, price_from, status)?;
    variants.write(tx, id)?;
    write(tx, &before, status, price_from, change)?;
    let after = store::products::get(tx, id)?;
    let told = Change {
        event: EventType::ProductUpdated,
        action: Action::ProductUpdated,
        reason: None,
    };
    tell(tx, by, &told, &before, &after)?;
    Ok(after)
}

/// The status after somebody has changed what a product shows beside its words.
pub(in crate::shop) fn reworded(tx: &Tx, before: &Product, hand: Hand) -> Result<ProductStatus> {
    held(tx, before, before.price_from(), before.status.reworded(hand))
}

/// The status that it comes to: without a price it is a draft.
fn held(
    tx: &Tx,
    before: &Product,
    price_from: Option<Money>,
    status: ProductStatus,
) -> Result<ProductStatus> {
    Ok(match (price_from, status) {
        (None, ProductStatus::Pending | ProductStatus::Approved) => ProductStatus::Draft,
        // Where nobody looks at what is offered, only what was turned down once waits.
        (_, ProductStatus::Pending)
            if matches!(before.status, ProductStatus::Draft | ProductStatus::Approved)
                && !is_moderated(tx)? =>
        {
            ProductStatus::Approved
        }
        (_, status) => status,
    })
}

fn next_status(before: &Product, hand: Hand, change: &ProductChange) -> Result<ProductStatus> {
    let is_reworded = change.name.as_ref().is_some_and(|name| *name != before.name)
        || change
            .description
            .as_ref()
            .is_some_and(|words| *words != before.description);
    let status = match is_reworded {
        true => before.status.reworded(hand),
        false => before.status,
    };
    match change.status {
        Some(wanted) if wanted != before.status => Ok(before.status.changed_to(wanted, hand)?),
        _ => Ok(status),
    }
}

fn write(
    tx: &Tx,
    before: &Product,
    status: ProductStatus,
    price_from: Option<Money>,
    change: &ProductChange,
) -> Result<()> {
    let category = change.category.as_ref().unwrap_or(&before.category);
    let category = match category {
        Some(name) => Some(store::products::category(tx, name)?),
        None => None,
    };
    let tax_category = change.tax_category.as_ref().unwrap_or(&before.tax_category);
    let tax_class = store::products::tax_class(tx, tax_category.as_deref())?;
    let name = change.name.as_ref().unwrap_or(&before.name);
    store::products::update(tx, before.id, status, name, category, tax_class, price_from)?;
    match &change.description {
        Some(words) => store::products::set_text(tx, before.id, words),
        None => Ok(()),
    }
}

/// What is to become of the variants.
struct Plan<'a> {
    kept: Vec<Variant>,
    gone: Vec<&'a Variant>,
    new: Vec<&'a VariantChange>,
}

fn plan<'a>(before: &'a Product, change: &'a VariantsChange) -> Result<Plan<'a>> {
    match change {
        VariantsChange::None => Ok(Plan {
            kept: before.variants.clone(),
            gone: Vec::new(),
            new: Vec::new(),
        }),
        VariantsChange::Only(change) => match before.variants.as_slice() {
            [only] => Ok(Plan {
                kept: vec![changed(only, change)],
                gone: Vec::new(),
                new: Vec::new(),
            }),
            _ => Err(Bad::missing().at("variants").into()),
        },
        VariantsChange::All(all) => plan_all(before, all),
    }
}

fn plan_all<'a>(before: &'a Product, all: &'a [VariantChange]) -> Result<Plan<'a>> {
    let mut kept: Vec<Variant> = Vec::new();
    for (at, change) in all.iter().enumerate() {
        let Some(id) = change.id else {
            continue;
        };
        let variant = before.variants.iter().find(|variant| variant.id == id);
        let variant = variant.ok_or(Error::NotFound("variant of this product"))?;
        if kept.iter().any(|other| other.id == id) {
            let bad = Bad::invalid("stands twice");
            return Err(bad.at(format!("variants[{at}].id")).into());
        }
        kept.push(changed(variant, change));
    }
    let is_gone = |variant: &&Variant| kept.iter().all(|kept| kept.id != variant.id);
    Ok(Plan {
        gone: before.variants.iter().filter(is_gone).collect(),
        new: all.iter().filter(|change| change.id.is_none()).collect(),
        kept,
    })
}

fn changed(variant: &Variant, change: &VariantChange) -> Variant {
    let mut variant = variant.clone();
    if let Some(sku) = &change.sku {
        variant.sku = sku.as_str().to_owned();
    }
    if let Some(title) = &change.title {
        variant.title.clone_from(title);
    }
    variant.price = change.price.unwrap_or(variant.price);
    variant.weight_g = change.weight_g.unwrap_or(variant.weight_g);
    variant.low_at = change.low_at.unwrap_or(variant.low_at);
    variant
}

impl Plan<'_> {
    fn price_from(&self) -> Option<Money> {
        let kept = self.kept.iter().filter_map(|variant| variant.price);
        let new = self.new.iter().filter_map(|variant| variant.price.flatten());
        kept.chain(new).min()
    }

    /// Those that go are written first, so that their SKUs are free for the others.
    fn write(&self, tx: &Tx, product: ProductId) -> Result<()> {
        for variant in &self.gone {
            store::products::delete_variant(tx, variant.id)?;
        }
        for variant in &self.kept {
            store::products::update_variant(tx, variant)?;
        }
        for change in &self.new {
            add(tx, product, change)?;
        }
        Ok(())
    }
}

/// A new variant has an empty shelf: stock moves by adjustments.
fn add(tx: &Tx, product: ProductId, change: &VariantChange) -> Result<()> {
    let new = NewVariant {
        sku: change.sku.clone(),
        title: change.title.clone().flatten(),
        price: change.price.flatten(),
        quantity: 0,
        weight_g: change.weight_g.flatten(),
    };
    let sku = sku_of(new.sku.as_ref())?;
    let id = store::products::insert_variant(tx, product, &new, &sku)?;
    store::stock::open(tx, id)?;
    match change.low_at.flatten() {
        Some(low_at) => store::products::set_low_at(tx, id, low_at),
        None => Ok(()),
    }
}
