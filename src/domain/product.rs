//! What is for sale: products, their variants, and the states a product goes through.

use crate::domain::id::MovementId;
use crate::domain::id::OrderId;
use crate::domain::id::ProductId;
use crate::domain::id::UserId;
use crate::domain::id::VariantId;
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

impl ProductStatus {
    /// The status that a change by its maker leads to: draft → pending, any ↔ archived.
    ///
    /// Refused with `NotAllowed` for any other pair.
    pub fn changed_to(self, wanted: Self) -> Result<Self, Refusal> {
        match (self, wanted) {
            (from, to) if from == to => Ok(to),
            (Self::Draft, Self::Pending) | (_, Self::Archived) => Ok(wanted),
            (Self::Archived, Self::Draft | Self::Pending) => Ok(wanted),
            _ => Err(Refusal::NotAllowed(
                format!(
                    "A product does not go from {} to {} this way.",
                    self.name(),
                    wanted.name()
                )
                .into(),
            )),
        }
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
    pub tax_class: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
    pub version: i64,
    pub variants: Vec<Variant>,
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

/// A variant whose stock is at or below its mark.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct LowStock {
    pub variant: VariantId,
    pub product: ProductId,
    pub sku: String,
    pub name: String,
    pub title: Option<String>,
    pub available: i64,
    pub low_at: i64,
}

/// How stock is to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
