//! What is to be changed of an order that was placed: its lines, where it goes, whom to write to.

use crate::domain::address::Address;
use crate::domain::coupon::Coupon;
use crate::domain::id::LineId;
use crate::domain::money::RawAmount;
use crate::domain::new_order::NewLine;
use crate::domain::text::Email;

/// A line as it is to be.
#[derive(Debug, Clone)]
pub enum EditLine {
    /// One that stands on the order: it keeps its id and its price, unless another is typed.
    Kept {
        /// Which.
        line: LineId,
        /// Of how many pieces.
        quantity: i64,
        /// What a piece costs from now on.
        price: Option<RawAmount>,
    },
    /// One more, at today's price.
    New(NewLine),
}

/// A change that is asked for, well formed. What is not said stays, what is said to be nothing goes.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    /// All lines, in the place of those there are.
    pub lines: Option<Vec<EditLine>>,
    /// Where to write to.
    pub email: Option<Option<Email>>,
    /// Where to send it.
    pub shipping_address: Option<Option<Address>>,
    /// Whom to bill.
    pub billing_address: Option<Option<Address>>,
    /// The customer's words.
    pub note: Option<Option<String>>,
    /// Why, among staff.
    pub reason: Option<String>,
    /// The version that the caller has seen.
    pub version: Option<i64>,
}

impl Coupon {
    /// The coupon for an order that uses it already: what it asks of the goods still holds; its time, its uses and its
    /// groups were looked at when the use was taken.
    pub fn used_already(self) -> Self {
        Self {
            is_enabled: true,
            starts_at: None,
            ends_at: None,
            limit: None,
            per_customer: None,
            groups: Vec::new(),
            ..self
        }
    }
}
