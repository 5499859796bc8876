//! Credit notes: what was credited outside every order. Imports bring them; they never change.

use crate::domain::id::CreditNoteId;
use crate::domain::id::CustomerId;
use crate::domain::id::ProductId;
use crate::domain::id::VariantId;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::time::Timestamp;

/// A credit note whole.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct CreditNote {
    pub id: CreditNoteId,
    pub number: String,
    pub customer: Option<CustomerId>,
    pub customer_number: Option<String>,
    pub country: Option<String>,
    pub currency: Currency,
    pub total: Money,
    pub placed_at: Timestamp,
    pub imported_at: Timestamp,
    pub lines: Vec<CreditNoteLine>,
}

/// A line of a credit note; its quantity and amounts are positive.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct CreditNoteLine {
    pub variant: Option<VariantId>,
    pub product: Option<ProductId>,
    pub quantity: i64,
    pub unit_price: Money,
    pub total: Money,
    pub sku: String,
    pub name: String,
}

/// A credit note to be.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct NewCreditNote<'a> {
    pub number: &'a str,
    pub customer: Option<CustomerId>,
    pub country: Option<&'a str>,
    pub currency: Currency,
    pub total: Money,
    pub placed_at: Timestamp,
    pub lines: Vec<CreditNoteLine>,
}
