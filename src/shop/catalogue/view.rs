//! How a product reads as JSON: to the API and in events.

use serde::Serialize;

use crate::domain::money::Amount;
use crate::domain::money::Currency;
use crate::domain::product::Product;
use crate::domain::product::Variant;
use crate::domain::time::Timestamp;

/// A product as the API shows it; a simple one carries its variant's SKU, price and quantity.
#[derive(Serialize)]
pub struct ProductView<'a> {
    id: i64,
    sku: Option<&'a str>,
    name: &'a str,
    description: &'a str,
    category: Option<&'a str>,
    price: Option<Amount>,
    currency: Currency,
    quantity: Option<i64>,
    status: &'static str,
    seller_id: Option<i64>,
    variants: Vec<VariantView<'a>>,
    images: [&'static str; 0],
    tax_category: Option<&'static str>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i64,
}

#[derive(Serialize)]
struct VariantView<'a> {
    id: i64,
    sku: &'a str,
    title: Option<&'a str>,
    price: Option<Amount>,
    quantity: i64,
    weight_g: Option<i64>,
    version: i64,
}

impl<'a> ProductView<'a> {
    /// The view of a product, its money in the shop's currency.
    pub fn new(product: &'a Product, currency: Currency) -> Self {
        let only = match product.variants.as_slice() {
            [only] => Some(only),
            _ => None,
        };
        Self {
            id: product.id.0,
            sku: only.map(|variant| variant.sku.as_str()),
            name: &product.name,
            description: &product.description,
            category: product.category.as_deref(),
            price: only
                .and_then(|variant| variant.price)
                .map(|price| price.write(currency)),
            currency,
            quantity: only.map(|variant| variant.available),
            status: product.status.name(),
            seller_id: product.seller.map(|seller| seller.0),
            variants: product
                .variants
                .iter()
                .map(|variant| view(variant, currency))
                .collect(),
            images: [],
            tax_category: None,
            created_at: product.created_at,
            updated_at: product.updated_at,
            version: product.version,
        }
    }
}

fn view(variant: &Variant, currency: Currency) -> VariantView<'_> {
    VariantView {
        id: variant.id.0,
        sku: &variant.sku,
        title: variant.title.as_deref(),
        price: variant.price.map(|price| price.write(currency)),
        quantity: variant.available,
        weight_g: variant.weight_g,
        version: variant.version,
    }
}
