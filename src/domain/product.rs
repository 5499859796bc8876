//! What is for sale: products, their variants, and the states a product goes through.

use serde::Deserialize;
use serde::Serialize;

use crate::domain::id::MovementId;
use crate::domain::id::OrderId;
use crate::domain::id::ProductId;
use crate::domain::id::TaxClass;
use crate::domain::id::UserId;
use crate::domain::id::VariantId;
use crate::domain::image::Image;
use crate::domain::money::Money;
use crate::domain::named::named;
use crate::domain::refusal::Refusal;
use crate::domain::refusal::ShortItem;
use crate::domain::text::Sku;
use crate::domain::time::Timestamp;

/// Pieces a variant may have in stock.
pub const MOST_STOCK: i64 = 1_000_000_000;

named! {
    /// Whether a product is for sale.
    ProductStatus {
        Draft = 0 "draft",
        Pending = 1 "pending",
        Approved = 2 "approved",
        Rejected = 3 "rejected",
        Archived = 4 "archived",
    }
}

named! {
    /// Why stock moved.
    MovementReason {
        Sale = 0 "sale",
        Restock = 1 "restock",
        Adjust = 2 "adjust",
        Return = 3 "return",
        Import = 4 "import",
    }
}

named! {
    /// How a list of products is sorted.
    ProductSort {
        Newest = 0 "newest",
        Price = 1 "price",
        PriceDown = 2 "-price",
        Name = 3 "name",
    }
}

/// Whose hand changes a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// Its seller's, whose words are looked at before they show.
    Seller,
    /// Staff's.
    Staff,
}

impl ProductStatus {
    /// The status that a change leads to: draft → pending, any ↔ archived. Only staff put back for sale what was archived.
    ///
    /// Refused with `NotAllowed` for any other pair.
    pub fn changed_to(self, wanted: Self, hand: Hand) -> Result<Self, Refusal> {
        match (self, wanted, hand) {
            (from, to, _) if from == to => Ok(to),
            (Self::Draft, Self::Pending, _) | (_, Self::Archived, _) => Ok(wanted),
            (Self::Archived, Self::Draft | Self::Pending, _) | (Self::Archived, _, Hand::Staff) => Ok(wanted),
            _ => Err(self.refused(wanted)),
        }
    }

    /// The status that a decision of staff leads to: what is not archived is approved or rejected, but not twice.
    ///
    /// Refused with `NotAllowed` for any other pair.
    pub fn decided(self, wanted: Self) -> Result<Self, Refusal> {
        match (self, wanted) {
            (from, to) if from == to => Err(self.refused(wanted)),
            (Self::Archived, _) | (Self::Draft, Self::Rejected) => Err(self.refused(wanted)),
            _ => Ok(wanted),
        }
    }

    /// The status after the words of a product were changed: a seller's wait for approval again.
    pub fn reworded(self, hand: Hand) -> Self {
        match (self, hand) {
            (Self::Approved | Self::Rejected, Hand::Seller) => Self::Pending,
            (status, _) => status,
        }
    }

    fn refused(self, wanted: Self) -> Refusal {
        let words = format!(
            "A product does not go from {} to {} this way.",
            self.name(),
            wanted.name()
        );
        Refusal::NotAllowed(words.into())
    }
}

/// A variant that is asked for.
#[derive(Debug, Clone)]
pub struct NewVariant {
    /// Its SKU; made up if not told.
    pub sku: Option<Sku>,
    /// What tells it from its sisters.
    pub title: Option<String>,
    /// What it costs; none: not for sale yet.
    pub price: Option<Money>,
    /// How many there are.
    pub quantity: i64,
    /// Grams.
    pub weight_g: Option<i64>,
}

/// A product that is asked for, well formed.
#[derive(Debug, Clone)]
pub struct NewProduct {
    /// Its name; its SKU's if not told.
    pub name: Option<String>,
    /// Its shelf in the shop.
    pub category: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// At least one.
    pub variants: Vec<NewVariant>,
}

/// A variant as it stands.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Variant {
    pub id: VariantId,
    pub product: ProductId,
    pub sku: String,
    pub title: Option<String>,
    pub price: Option<Money>,
    pub weight_g: Option<i64>,
    pub low_at: Option<i64>,
    pub available: i64,
    pub version: i64,
}

/// A product whole.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Product {
    pub id: ProductId,
    pub status: ProductStatus,
    pub seller: Option<UserId>,
    pub category: Option<String>,
    pub name: String,
    pub description: String,
    pub tax_category: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
    pub version: i64,
    pub variants: Vec<Variant>,
    /// In their order.
    pub images: Vec<Image>,
}

impl Product {
    /// The cheapest variant's price.
    pub fn price_from(&self) -> Option<Money> {
        self.variants.iter().filter_map(|variant| variant.price).min()
    }
}

/// What an order needs to know of a variant.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Offer {
    pub variant: VariantId,
    pub product: ProductId,
    pub sku: String,
    pub name: String,
    pub title: Option<String>,
    pub price: Option<Money>,
    pub status: ProductStatus,
    pub available: i64,
    pub low_at: Option<i64>,
    pub seller: Option<UserId>,
    pub class: TaxClass,
    pub weight_g: Option<i64>,
}

impl Offer {
    /// The price, if it may be sold.
    pub fn for_sale(&self) -> Option<Money> {
        match self.status {
            ProductStatus::Approved => self.price,
            _ => None,
        }
    }

    /// The name on the order: the product's, and the variant's title behind it.
    pub fn full_name(&self) -> String {
        match &self.title {
            Some(title) => format!("{} – {title}", self.name),
            None => self.name.clone(),
        }
    }
}

/// A row of the stock ledger.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Movement {
    pub id: MovementId,
    pub variant: VariantId,
    pub sku: String,
    pub delta: i64,
    pub available: i64,
    pub reason: MovementReason,
    pub order: Option<OrderId>,
    pub at: Timestamp,
    pub actor: Option<UserId>,
    pub note: Option<String>,
}

/// Which movements are asked for.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs, reason = "the columns")]
pub struct MovementFilter {
    pub variant: Option<VariantId>,
    pub reason: Option<MovementReason>,
    pub order: Option<OrderId>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// The stock of a variant, and the mark at or below which it is low.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Level {
    pub variant: VariantId,
    pub product: ProductId,
    pub sku: String,
    pub name: String,
    pub title: Option<String>,
    pub available: i64,
    pub low_at: i64,
}

impl Level {
    /// Whether it is time to order more.
    pub const fn is_low(&self) -> bool {
        self.available <= self.low_at
    }
}

/// How stock is to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StockChange {
    /// By so many pieces.
    By(i64),
    /// To what was counted.
    To(i64),
}

impl StockChange {
    /// By how many pieces, from what there is.
    ///
    /// Refused with `NotAllowed` if nothing would move, with `InsufficientStock` below zero, and with `BusinessRule`
    /// above [`MOST_STOCK`].
    pub fn delta(self, sku: &str, available: i64) -> Result<i64, Refusal> {
        let delta = match self {
            Self::By(delta) => delta,
            Self::To(wanted) => wanted - available,
        };
        if delta == 0 {
            return Err(Refusal::NotAllowed("Nothing would move.".into()));
        }
        if available + delta < 0 {
            return Err(Refusal::Shortage(vec![ShortItem {
                sku: sku.to_owned(),
                requested: -delta,
                available,
            }]));
        }
        match available + delta > MOST_STOCK {
            true => Err(Refusal::Rule(
                "A variant has at most 1,000,000,000 pieces.".into(),
            )),
            false => Ok(delta),
        }
    }
}

/// A change of stock that is asked for, well formed.
#[derive(Debug, Clone)]
pub struct Adjustment {
    /// Of which variant.
    pub sku: Sku,
    /// How.
    pub change: StockChange,
    /// Why: restock, adjust or return.
    pub reason: MovementReason,
    /// In words.
    pub note: Option<String>,
}

/// What is to change of a product; what is not said stays.
#[derive(Debug, Clone, Default)]
pub struct ProductChange {
    /// Its name.
    pub name: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Its shelf in the shop, or none.
    pub category: Option<Option<String>>,
    /// How it is taxed, or as most things are.
    pub tax_category: Option<Option<String>>,
    /// Where it is to stand.
    pub status: Option<ProductStatus>,
    /// Its variants.
    pub variants: VariantsChange,
}

impl ProductChange {
    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        self.name.is_none()
            && self.description.is_none()
            && self.category.is_none()
            && self.tax_category.is_none()
            && self.status.is_none()
            && matches!(self.variants, VariantsChange::None)
    }
}

/// What is to change of a product's variants.
#[derive(Debug, Clone, Default)]
pub enum VariantsChange {
    /// Nothing.
    #[default]
    None,
    /// The only one there is.
    Only(VariantChange),
    /// All: those named by id stay, those without an id are new, the others go.
    All(Vec<VariantChange>),
}

/// What is to change of a variant; what is not said stays.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the columns")]
pub struct VariantChange {
    pub id: Option<VariantId>,
    pub sku: Option<Sku>,
    pub title: Option<Option<String>>,
    pub price: Option<Option<Money>>,
    pub weight_g: Option<Option<i64>>,
    pub low_at: Option<Option<i64>>,
}

/// Which products are asked for.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the columns")]
pub struct ProductFilter {
    /// What the search has found, newest first.
    pub ids: Option<Vec<ProductId>>,
    pub status: Option<ProductStatus>,
    pub category: Option<String>,
    pub min_price: Option<Money>,
    pub max_price: Option<Money>,
    pub in_stock: Option<bool>,
    pub seller: Option<UserId>,
    pub not_seller: Option<UserId>,
}

/// A category and how many products for sale are in it.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Category {
    pub id: i64,
    pub name: String,
    pub products: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_life_of_a_product() {
        let mut life = String::new();
        for from in ProductStatus::ALL {
            for to in ProductStatus::ALL.iter().filter(|to| *to != from) {
                let mut who = Vec::new();
                for (hand, name) in [(Hand::Seller, "seller"), (Hand::Staff, "staff")] {
                    if from.changed_to(*to, hand).is_ok() {
                        who.push(name);
                    }
                }
                if from.decided(*to).is_ok()
                    && [ProductStatus::Approved, ProductStatus::Rejected].contains(to)
                {
                    who.push("decision");
                }
                if !who.is_empty() {
                    life += &format!("{} -> {}: {}\n", from.name(), to.name(), who.join(", "));
                }
            }
        }
        assert_eq!(
            life,
            "\
draft -> pending: seller, staff
draft -> approved: decision
draft -> archived: seller, staff
pending -> approved: decision
pending -> rejected: decision
pending -> archived: seller, staff
approved -> rejected: decision
approved -> archived: seller, staff
rejected -> approved: decision
rejected -> archived: seller, staff
archived -> draft: seller, staff
archived -> pending: seller, staff
archived -> approved: staff
archived -> rejected: staff
"
        );
    }
}
