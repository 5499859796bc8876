//! An invoice as a file has it, read and written: the fields of the retail data set and Till's own, every one of them
//! optional.

use std::borrow::Cow;

use serde::Deserialize;
use serde::Serialize;
use serde::Serializer;
use serde_json::Value;

use crate::domain::import::invoice::past::ChangeForm;
use crate::domain::money::RawAmount;

/// A text, where the file tells one.
pub type Told<'a> = Option<Cow<'a, str>>;

/// A sale or a cancellation in a file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields")]
pub struct InvoiceForm<'a> {
    #[serde(borrow, alias = "invoice")]
    pub number: Told<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub kind: Told<'a>,
    /// Wall-clock time of the shop.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub datetime: Told<'a>,
    /// RFC 3339.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub placed_at: Told<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub customer: Told<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub country: Told<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub currency: Told<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub status: Told<'a>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineForm<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<LineForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_typed")]
    pub shipping: Option<RawAmount>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_typed")]
    pub tax: Option<RawAmount>,
    /// Whether the tax is within the prices; as in the shop, where it is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_included: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_typed")]
    pub paid: Option<RawAmount>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_typed")]
    pub refunded: Option<RawAmount>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub processing_at: Told<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub shipped_at: Told<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Told<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub canceled_at: Told<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub refunded_at: Told<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub email: Told<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub note: Told<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Value>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<ChangeForm<'a>>,
}

/// A line or a charge in a file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields")]
pub struct LineForm<'a> {
    #[serde(borrow, alias = "code")]
    pub sku: Told<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub name: Told<'a>,
    #[serde(alias = "quantity")]
    pub qty: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_price_pence: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_typed")]
    pub unit_price: Option<RawAmount>,
    /// By the list, where that is another.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_typed")]
    pub list_price: Option<RawAmount>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_typed")]
    pub discount: Option<RawAmount>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_typed")]
    pub tax: Option<RawAmount>,
}

impl InvoiceForm<'_> {
    /// The fields that are one text each, as CSV has them on each row of an invoice.
    pub const COLUMNS: &'static [&'static str] = &[
        "number",
        "kind",
        "placed_at",
        "customer",
        "country",
        "currency",
        "status",
        "shipping",
        "tax",
        Self::TAX_INCLUDED,
        "paid",
        "refunded",
        "processing_at",
        "shipped_at",
        "delivered_at",
        "canceled_at",
        "refunded_at",
        "email",
        "note",
    ];
    /// The one that is no text.
    pub const TAX_INCLUDED: &'static str = "tax_included";
    /// Other names and other forms of these, which are read and never written.
    pub const ALSO_READ: &'static [&'static str] = &["invoice", "datetime"];
    /// The fields that CSV has as JSON.
    pub const NESTED: &'static [&'static str] = &["shipping_address", "billing_address", "tags", "history"];
}

impl LineForm<'_> {
    /// The fields, by the names they have in CSV: the invoice has a tax of its own.
    pub const COLUMNS: &'static [(&'static str, &'static str)] = &[
        ("sku", "sku"),
        ("name", "name"),
        ("qty", "qty"),
        ("unit_price", "unit_price"),
        ("list_price", "list_price"),
        ("discount", "discount"),
        ("tax", "line_tax"),
    ];
    /// Another form of the price, which is read and never written.
    pub const ALSO_READ: &'static [&'static str] = &["unit_price_pence"];
}

fn as_typed<S: Serializer>(amount: &Option<RawAmount>, serializer: S) -> Result<S::Ok, S::Error> {
    match amount {
        Some(amount) => serializer.serialize_str(amount.text()),
        None => serializer.serialize_none(),
    }
}
