//! A line that was sold for a seller, as far as it is the seller's to know: not who bought it, nor what else.

use crate::domain::commission::CommissionState;
use crate::domain::commission::Rate;
use crate::domain::id::CommissionId;
use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::id::ProductId;
use crate::domain::id::UserId;
use crate::domain::id::VariantId;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::order::OrderState;
use crate::domain::text::Sku;
use crate::domain::time::Timestamp;

/// A line with what it brings its seller.
#[derive(Debug, Clone)]
#[allow(
    missing_docs,
    reason = "the columns of the line, its order and its commission"
)]
pub struct Sale {
    pub line: LineId,
    pub seller: UserId,
    pub order: OrderId,
    pub number: String,
    pub state: OrderState,
    pub placed_at: Timestamp,
    pub currency: Currency,
    pub product: Option<ProductId>,
    pub variant: Option<VariantId>,
    pub sku: String,
    pub name: String,
    pub quantity: i64,
    pub unit_price: Money,
    pub discount: Money,
    pub total: Money,
    pub commission: CommissionId,
    pub rate: Rate,
    /// What the line has brought.
    pub brought: Money,
    /// What is left of it after what went back.
    pub left: Money,
    pub commission_state: CommissionState,
}

/// Which sales are asked for.
#[derive(Debug, Clone, Default)]
pub struct SaleFilter {
    /// Of this seller.
    pub seller: Option<UserId>,
    /// Of orders in this state.
    pub state: Option<OrderState>,
    /// Of this thing.
    pub sku: Option<Sku>,
    /// Of this order.
    pub order: Option<OrderId>,
    /// Whose commission stands there.
    pub commission: Option<CommissionState>,
    /// From this moment …
    pub from: Option<Timestamp>,
    /// … to this, which counts.
    pub to: Option<Timestamp>,
}
