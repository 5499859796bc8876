//! How a product reads as JSON: to the API and in events.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::id::ImageId;
use crate::domain::image::Image;
use crate::domain::image::ImageSize;
use crate::domain::money::Amount;
use crate::domain::money::Currency;
use crate::domain::product::Product;
use crate::domain::product::ProductStatus;
use crate::domain::product::Variant;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::secret;

/// A product as the API shows it; a simple one carries its variant's SKU, price and quantity.
#[derive(Serialize, ToSchema)]
pub struct ProductView<'a> {
    id: i64,
    sku: Option<&'a str>,
    name: &'a str,
    description: &'a str,
    category: Option<&'a str>,
    price: Option<Amount>,
    currency: Currency,
    quantity: Option<i64>,
    #[schema(value_type = ProductStatus)]
    status: &'static str,
    seller_id: Option<i64>,
    variants: Vec<VariantView<'a>>,
    images: Vec<ImageView<'a>>,
    tax_category: Option<&'a str>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i64,
}

#[derive(Serialize, ToSchema)]
struct VariantView<'a> {
    id: i64,
    sku: &'a str,
    title: Option<&'a str>,
    price: Option<Amount>,
    quantity: i64,
    weight_g: Option<i64>,
    version: i64,
}

/// A picture of a product, and where its two files are.
#[derive(Serialize, ToSchema)]
pub struct ImageView<'a> {
    id: ImageId,
    url: String,
    small_url: String,
    width: i64,
    height: i64,
    alt: &'a str,
    position: i64,
}

impl<'a> ImageView<'a> {
    /// The view of a picture.
    pub fn new(image: &'a Image) -> Self {
        let at = |size| format!("/images/{}", image.kept.name(size));
        Self {
            id: image.id,
            url: at(ImageSize::Large),
            small_url: at(ImageSize::Small),
            width: image.kept.width,
            height: image.kept.height,
            alt: &image.alt,
            position: image.position,
        }
    }
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
            images: product.images.iter().map(ImageView::new).collect(),
            tax_category: product.tax_category.as_deref(),
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

/// A digest of what shows in a product without raising its version: its stock. It stands in the entity tag.
pub fn stock_digest(product: &Product) -> String {
    let mut figures = Vec::with_capacity(8 * product.variants.len());
    for variant in &product.variants {
        figures.extend(variant.available.to_be_bytes());
    }
    let digest = secret::digest_parts(&[&figures]);
    digest[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The former values of what a change has changed, as the audit keeps them; none if nothing shows.
pub fn former(before: &Product, after: &Product, currency: Currency) -> Result<Option<String>> {
    let broken = |cause: serde_json::Error| Error::Internal(cause.into());
    let mut former = serde_json::to_value(ProductView::new(before, currency)).map_err(broken)?;
    let now = serde_json::to_value(ProductView::new(after, currency)).map_err(broken)?;
    if let Some(fields) = former.as_object_mut() {
        fields.retain(|name, value| {
            !["version", "updated_at"].contains(&name.as_str()) && now.get(name) != Some(value)
        });
    }
    match former.as_object().is_some_and(|fields| fields.is_empty()) {
        true => Ok(None),
        false => serde_json::to_string(&former).map(Some).map_err(broken),
    }
}
