//! What is asked for when something is to be bought, well formed.

use crate::domain::address::Address;
use crate::domain::id::CustomerId;
use crate::domain::id::ProductId;
use crate::domain::id::VariantId;
use crate::domain::money::RawAmount;
use crate::domain::order::Channel;
use crate::domain::payment::Provider;
use crate::domain::text::Email;
use crate::domain::text::Sku;

/// Which item is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemRef {
    /// A product with one variant.
    Product(ProductId),
    /// A variant.
    Variant(VariantId),
    /// A variant by its SKU.
    Sku(Sku),
}

/// A line that is asked for.
#[derive(Debug, Clone)]
pub struct NewLine {
    /// Of what.
    pub item: ItemRef,
    /// How many, 1 to [`MOST_PIECES`](crate::domain::order::MOST_PIECES).
    pub quantity: i64,
    /// What the client believes, or staff decide, a piece costs.
    pub price: Option<RawAmount>,
}

/// An order that is asked for, well formed.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// 1 to [`MOST_LINES`](crate::domain::order::MOST_LINES) lines.
    pub lines: Vec<NewLine>,
    /// For whom; the caller's own customer if not told.
    pub customer: Option<CustomerId>,
    /// What the client believes the order costs.
    pub total_price: Option<RawAmount>,
    /// How and where to.
    pub details: Details,
}

/// All that is said of an order but its goods.
#[derive(Debug, Clone)]
pub struct Details {
    /// Where to write to; the customer's if not told.
    pub email: Option<Email>,
    /// Where to send it.
    pub shipping_address: Option<Address>,
    /// Whom to bill.
    pub billing_address: Option<Address>,
    /// How to send it.
    pub shipping_method: Option<i64>,
    /// The code of a coupon, as it was typed.
    pub coupon: Option<String>,
    /// The customer's words.
    pub note: Option<String>,
    /// The idempotency key as it came, kept with the order.
    pub client_token: Option<String>,
    /// Who is to take the money.
    pub method: Provider,
    /// The door.
    pub channel: Channel,
}

impl Details {
    /// Nothing but who takes the money, and the door.
    pub const fn plain(method: Provider, channel: Channel) -> Self {
        Self {
            email: None,
            shipping_address: None,
            billing_address: None,
            shipping_method: None,
            coupon: None,
            note: None,
            client_token: None,
            method,
            channel,
        }
    }

    /// The country it goes to, if that is known.
    pub fn country(&self) -> Option<&str> {
        self.shipping_address
            .as_ref()
            .map(|address| address.country.as_str())
    }
}
