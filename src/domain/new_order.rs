//! What is asked for when something is to be bought, well formed.

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::address::Address;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::fault::keep;
use crate::domain::id::CustomerId;
use crate::domain::id::ProductId;
use crate::domain::id::VariantId;
use crate::domain::money::RawAmount;
use crate::domain::order::Channel;
use crate::domain::order::check_lines;
use crate::domain::payment::Provider;
use crate::domain::text;
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

impl ItemRef {
    /// The one thing that is named, in the object at `place`.
    pub fn named(
        variant: Option<i64>,
        sku: Option<&str>,
        product: Option<i64>,
        place: &str,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        let field = |name: &str| match place {
            "" => name.to_owned(),
            place => format!("{place}.{name}"),
        };
        let bad = match (variant, sku, product) {
            (Some(id), None, None) => return Some(Self::Variant(VariantId(id))),
            (None, Some(sku), None) => return keep(Sku::parse(sku), &field("sku"), faults).map(Self::Sku),
            (None, None, Some(id)) => return Some(Self::Product(ProductId(id))),
            (None, None, None) => Bad::missing().at(field("variant_id")),
            _ => Bad::invalid("Name the item once: product_id, variant_id or sku.").at(place),
        };
        faults.push(bad);
        None
    }
}

/// A line as a request names it, and as a draft keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlaceItem)]
#[allow(missing_docs, reason = "the fields of API.md's order")]
pub struct AskedLine {
    pub product_id: Option<i64>,
    pub variant_id: Option<i64>,
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$")]
    pub sku: Option<String>,
    #[schema(minimum = 1, maximum = 100_000)]
    pub quantity: i64,
    pub price: Option<RawAmount>,
}

impl AskedLine {
    /// The line, if it names one thing. How many pieces it may be of is for [`check_lines`] to say.
    pub fn read(&self, at: usize, faults: &mut Vec<Fault>) -> Option<NewLine> {
        let place = format!("items[{at}]");
        Some(NewLine {
            item: ItemRef::named(
                self.variant_id,
                self.sku.as_deref(),
                self.product_id,
                &place,
                faults,
            )?,
            quantity: self.quantity,
            price: self.price.clone(),
        })
    }
}

/// An order as a request names it, and as a draft keeps it: for whom stands beside it there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields of API.md's order")]
pub struct AskedOrder {
    pub items: Vec<AskedLine>,
    #[serde(skip)]
    pub customer_id: Option<i64>,
    pub email: Option<String>,
    pub shipping_address: Option<Address>,
    pub billing_address: Option<Address>,
    pub shipping_method: Option<i64>,
    pub coupon: Option<String>,
    pub note: Option<String>,
}

/// The longest note of a customer.
pub const MOST_NOTED: usize = 1000;

impl AskedOrder {
    /// Well formed, or every fault at once.
    pub fn read(&self, method: Provider, channel: Channel, faults: &mut Vec<Fault>) -> NewOrder {
        let quantities = self.items.iter().map(|item| item.quantity);
        check_lines(("items", "quantity"), 1, quantities, faults);
        let mut lines = Vec::with_capacity(self.items.len());
        for (at, item) in self.items.iter().enumerate() {
            lines.extend(item.read(at, faults));
        }
        let email = self.email.as_deref();
        let note = self.note.as_deref();
        let address = |address: &Option<Address>, field: &str, faults: &mut Vec<Fault>| {
            address.clone().map(|address| address.checked(field, faults))
        };
        NewOrder {
            lines,
            customer: self.customer_id.map(CustomerId),
            total_price: None,
            details: Details {
                email: email.and_then(|email| keep(Email::parse(email), "email", faults)),
                shipping_address: address(&self.shipping_address, "shipping_address", faults),
                billing_address: address(&self.billing_address, "billing_address", faults),
                shipping_method: self.shipping_method,
                coupon: self.coupon.clone(),
                note: note.and_then(|note| keep(text::paragraph(note, MOST_NOTED), "note", faults)),
                ..Details::plain(method, channel)
            },
        }
    }
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
