//! Products as they stand in a file: a row is a variant, and rows side by side with the same `product` are one product.

use std::collections::HashSet;

use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::import::Fields;
use crate::domain::import::ImportedImage;
use crate::domain::import::Row;
use crate::domain::import::fields::Reading;
use crate::domain::import::fields::count;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::product::MOST_STOCK;
use crate::domain::product::ProductStatus;
use crate::domain::text;
use crate::domain::text::Sku;
use crate::domain::time::Timestamp;

/// A product to be made, or to be brought to what the file says.
#[derive(Debug, Clone, Default, Hash)]
pub struct ImportedProduct {
    /// What ties the rows of its variants together.
    pub group: Option<String>,
    /// Its name; its SKU's if not told.
    pub name: Option<String>,
    /// Its shelf in the shop.
    pub category: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// The tax class it falls into.
    pub tax_category: Option<String>,
    /// Since when a new one has been there; since now if not told.
    pub created_at: Option<Timestamp>,
    /// Whether it is for sale; with a price it is, unless told.
    pub status: Option<ProductStatus>,
    /// At least one.
    pub variants: Vec<ImportedVariant>,
    /// Its pictures, in their order; none leave those that it has.
    pub images: Vec<ImportedImage>,
}

/// A variant to be made, or to be brought to what the file says.
#[derive(Debug, Clone, Hash)]
pub struct ImportedVariant {
    /// What it is found by.
    pub sku: Sku,
    /// What tells it from its sisters.
    pub title: Option<String>,
    /// What it costs.
    pub price: Option<Money>,
    /// How many there are, of a new one; the stock of one that is there is left alone.
    pub quantity: i64,
    /// How its stock was told.
    pub stock: StockTold,
    /// Stock at or below which it is low.
    pub low_at: Option<i64>,
    /// Grams.
    pub weight_g: Option<i64>,
}

/// How a file tells a stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StockTold {
    /// As a number, or not at all.
    Counted,
    /// As one that nobody counts: it comes as none.
    Untracked,
    /// As less than nothing: it comes as none.
    Oversold,
}

impl ImportedProduct {
    /// The columns, as an export writes them.
    pub const COLUMNS: &[&str] = &[
        "sku",
        "name",
        "title",
        "price",
        "category",
        "tax_category",
        "description",
        "quantity",
        "low_at",
        "weight_g",
        "status",
        "created_at",
        "images",
        "product",
    ];
    /// Another form of the price, which is read and never written.
    pub const ALSO_READ: &[&str] = &["price_pence"];

    /// Reads a row, or says all that is wrong with it.
    pub fn parse(fields: &Fields, currency: Currency) -> Result<Self, Vec<Fault>> {
        let mut row = Reading::new(fields);
        let sku = row.required("sku", Sku::parse);
        let variant = |sku, row: &mut Reading| ImportedVariant {
            sku,
            title: row.optional("title", |text| text::line(text, 1, 255)),
            price: row.money("price", "price_pence", currency),
            quantity: row
                .optional("quantity", |text| count(text, MOST_STOCK))
                .unwrap_or(0),
            stock: StockTold::Counted,
            low_at: row.optional("low_at", |text| count(text, MOST_STOCK)),
            weight_g: row.optional("weight_g", |text| count(text, 1_000_000_000)),
        };
        let group = row.optional("product", |text| text::line(text, 1, 255));
        let name = row.optional("name", |text| text::line(text, 1, 255));
        let category = row.optional("category", |text| text::line(text, 1, 100));
        let tax_category = row.optional("tax_category", |text| text::line(text, 1, 100));
        let created_at = row.optional("created_at", Timestamp::parse);
        let description = row.optional("description", |text| text::paragraph(text, 20_000));
        let status = row.optional("status", status);
        let variants = match sku {
            Some(sku) => vec![variant(sku, &mut row)],
            None => Vec::new(),
        };
        row.done()?;
        Ok(Self {
            group,
            name,
            category,
            description,
            tax_category,
            created_at,
            status,
            variants,
            images: Vec::new(),
        })
    }

    /// Takes the variants of a row of the same product in, and the pictures that none before has named.
    pub fn join(&mut self, next: Self) {
        self.variants.extend(next.variants);
        self.show(next.images);
    }

    /// Adds the pictures that it has not named yet.
    pub fn show(&mut self, images: Vec<ImportedImage>) {
        for image in images {
            if self.images.iter().all(|named| named.path != image.path) {
                self.images.push(image);
            }
        }
    }

    /// A SKU that more than one of its variants has.
    pub fn twice(&self) -> Option<&Sku> {
        let mut seen = HashSet::new();
        let skus = self.variants.iter().map(|variant| &variant.sku);
        skus.into_iter().find(|sku| !seen.insert(sku.as_str()))
    }

    /// The cheapest variant's price.
    pub fn price_from(&self) -> Option<Money> {
        self.variants.iter().filter_map(|variant| variant.price).min()
    }
}

fn status(text: &str) -> Result<ProductStatus, Bad> {
    ProductStatus::parse(text)
        .ok_or_else(|| Bad::invalid("must be draft, pending, approved, rejected or archived"))
}

impl Row for ImportedProduct {
    fn key(&self) -> String {
        let first = self.variants.first();
        first.map_or_else(String::new, |variant| variant.sku.as_str().to_owned())
    }

    fn names(&self) -> Vec<String> {
        let skus = self.variants.iter().map(|variant| variant.sku.as_str());
        skus.map(str::to_owned).collect()
    }

    fn weight(&self) -> usize {
        4 + self.variants.len() + self.images.len()
    }
}
