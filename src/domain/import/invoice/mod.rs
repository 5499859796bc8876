//! Invoices as they stand in a file: sales, which become orders, and cancellations, which become credit notes.

mod form;
mod past;
mod reading;

pub use form::InvoiceForm;
pub use form::LineForm;
pub use form::Told;
pub use past::ChangeForm;
pub use past::PastChange;

use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::import::Row;
use crate::domain::import::reasons;
use crate::domain::json;
use crate::domain::money::Money;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::OrderState;
use crate::domain::order::PaymentStatus;
use crate::domain::settings::Terms;
use crate::domain::text::CountryCode;
use crate::domain::time::Timestamp;
use crate::domain::time::Zone;

/// Lines an invoice may have: as many as an order has ids for.
const MOST_LINES: usize = 4095;

/// A sale or a cancellation.
#[derive(Debug, Clone, Hash)]
pub struct Invoice {
    /// Its number in the file's source.
    pub number: String,
    /// When it was written.
    pub placed_at: Timestamp,
    /// The number of its customer, if it has one.
    pub customer: Option<String>,
    /// Whose it is where its source knows people by their addresses.
    pub buyer: Option<Buyer>,
    /// Whether it stood in Shopify's layout, which knows seconds and has no codes of charges.
    pub is_of_shopify: bool,
    /// Where it went; none where the name is no country's.
    pub country: Option<CountryCode>,
    /// Goods, then charges.
    pub lines: Vec<InvoiceLine>,
    /// What the lines come to.
    pub subtotal: Money,
    /// What it comes to in the end.
    pub total: Money,
    /// Which of the two.
    pub kind: InvoiceKind,
}

/// Somebody who is known by an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Buyer {
    /// The address.
    pub email: String,
    /// What a new one is called.
    pub name: String,
    /// The telephone of a new one.
    pub phone: Option<String>,
}

/// Which kind of invoice it is.
#[derive(Debug, Clone, Hash)]
pub enum InvoiceKind {
    /// It becomes an order.
    Sale(Box<Sale>),
    /// It becomes a credit note; its amounts and quantities are turned to positive ones.
    Cancellation,
}

/// What a sale has beyond its lines.
#[derive(Debug, Clone, Hash)]
#[allow(missing_docs, reason = "the columns")]
pub struct Sale {
    pub state: OrderState,
    pub payment: PaymentStatus,
    pub fulfilment: FulfilmentStatus,
    pub item_count: i64,
    pub discount: Money,
    pub shipping: Money,
    pub tax: Money,
    /// Whether the tax is within the prices.
    pub tax_included: bool,
    pub paid: Money,
    pub refunded: Money,
    pub processing_at: Option<Timestamp>,
    pub shipped_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub canceled_at: Option<Timestamp>,
    pub refunded_at: Option<Timestamp>,
    pub email: Option<String>,
    pub note: Option<String>,
    pub shipping_address: Option<String>,
    pub billing_address: Option<String>,
    /// Addresses of which not everything is kept.
    pub cut_addresses: u64,
    pub tags: Vec<String>,
    pub history: Vec<PastChange>,
}

/// A line of an invoice.
#[derive(Debug, Clone, Hash)]
pub struct InvoiceLine {
    /// Whether it is a charge (postage, carriage …) and no goods.
    pub is_charge: bool,
    /// The SKU, or the charge's code.
    pub sku: String,
    /// The name it was sold under, if the file tells.
    pub name: Option<String>,
    /// How many.
    pub quantity: i64,
    /// What one cost.
    pub unit_price: Money,
    /// What one costs by the list, where that is another price.
    pub list_price: Option<Money>,
    /// What is taken off the line.
    pub discount: Money,
    /// The tax in it or beside it.
    pub tax: Money,
    /// quantity × unit price − discount.
    pub total: Money,
}

impl Invoice {
    /// Reads a line of JSON, or says all that is wrong with it. Times without a zone are the shop's.
    pub fn parse(text: &str, terms: &Terms, zone: &Zone) -> Result<Self, String> {
        json::check(text.as_bytes()).map_err(|bad| format!("the line {}", bad.message))?;
        let form: InvoiceForm = serde_json::from_str(text).map_err(|cause| told(&cause))?;
        Self::of(form, terms, zone)
    }

    /// The invoice that a form tells of, or all that is wrong with it.
    pub(super) fn of(form: InvoiceForm<'_>, terms: &Terms, zone: &Zone) -> Result<Self, String> {
        form.invoice(terms, zone).map_err(|faults| reasons(&faults))
    }

    /// Whether it becomes an order.
    pub fn is_sale(&self) -> bool {
        matches!(self.kind, InvoiceKind::Sale(_))
    }
}

/// What serde says, without the place within the line that nobody counts.
fn told(cause: &serde_json::Error) -> String {
    let text = cause.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    match cause.is_data() {
        true => text[..end].to_owned(),
        false => format!("is not JSON: {}", &text[..end]),
    }
}

impl InvoiceLine {
    fn total_of(quantity: i64, unit_price: Money, discount: Money) -> Result<Money, Bad> {
        unit_price
            .times(quantity)
            .and_then(|whole| whole.checked_sub(discount))
            .ok_or_else(|| Bad::format("comes to more than the shop can count"))?
            .non_negative()
    }
}

fn sums(lines: &[InvoiceLine]) -> Result<(Money, Money), Fault> {
    let too_much = || Bad::format("come to more than the shop can count").at("lines");
    let discount = Money::sum(lines.iter().map(|line| line.discount)).ok_or_else(too_much)?;
    let total = Money::sum(lines.iter().map(|line| line.total)).ok_or_else(too_much)?;
    let subtotal = total.checked_add(discount).ok_or_else(too_much)?;
    Ok((subtotal, discount))
}

/// The name of a charge by its code.
pub fn charge_name(code: &str) -> &str {
    match code {
        "POST" => "Postage",
        "DOT" => "Dotcom postage",
        "C2" => "Carriage",
        "D" => "Discount",
        "M" | "m" => "Manual entry",
        other => other,
    }
}

impl Row for Invoice {
    fn key(&self) -> String {
        self.number.clone()
    }

    fn weight(&self) -> usize {
        4 + self.lines.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Currency;

    fn read(text: &str) -> Result<Invoice, String> {
        let terms = Terms {
            currency: Currency::parse("GBP").unwrap(),
            tax_included: true,
            number_base: 1000,
            numbers_stored: false,
            low_at: 5,
            has_methods: false,
            has_taxes: false,
            has_groups: false,
        };
        Invoice::parse(text, &terms, &Zone::parse("Europe/London").unwrap())
    }

    /// T18: every refused row is named with its reason.
    #[test]
    fn what_is_no_invoice_is_refused_with_the_reason() {
        let line = |line: &str| {
            format!(r#"{{"invoice":"1","kind":"sale","datetime":"2011-01-01T10:00:00","lines":[{line}]}}"#)
        };
        let head = |head: &str| {
            format!(r#"{{"invoice":"1",{head},"lines":[{{"sku":"A","qty":1,"unit_price_pence":1}}]}}"#)
        };
        for (text, reason) in [
            ("{".to_owned(), "is not JSON: EOF while parsing an object"),
            (line(""), "lines is required"),
            (
                line(r#"{"sku":"A","qty":-1,"unit_price_pence":1}"#),
                "lines[0].qty must be from 1 to 1000000000",
            ),
            (
                line(r#"{"sku":"A","qty":0,"unit_price_pence":1}"#),
                "lines[0].qty must be from 1 to 1000000000",
            ),
            (
                line(r#"{"sku":"A","qty":1,"unit_price_pence":-1}"#),
                "lines[0].unit_price must not be negative",
            ),
            (line(r#"{"sku":"A","qty":1}"#), "lines[0].unit_price is required"),
            (
                line(r#"{"qty":1,"unit_price_pence":1}"#),
                "lines[0].sku is required",
            ),
            (
                line(r#"{"sku":"A","qty":999999999,"unit_price_pence":999999999}"#),
                "lines[0].total comes to more than the shop can count",
            ),
            (
                line(r#"{"sku":"A","qty":99999999999999999999,"unit_price_pence":1}"#),
                "invalid type: floating point `1e+20`, expected i64",
            ),
            (
                head(r#""datetime":"2011-02-30T10:00:00""#),
                "datetime is not a local time such as 2010-12-01T08:26:00",
            ),
            (
                head(r#""placed_at":"yesterday""#),
                "placed_at is not a time such as 2026-11-21T13:38:33.000Z",
            ),
            (
                head(r#""kind":"gift","datetime":"2011-01-01T10:00:00""#),
                "kind must be sale or cancellation",
            ),
            (
                head(r#""kind":"cancellation","datetime":"2011-01-01T10:00:00""#),
                "lines[0].qty must be from -1000000000 to -1",
            ),
            (
                head(r#""currency":"EUR","datetime":"2011-01-01T10:00:00""#),
                "currency is not the shop's, which is GBP",
            ),
        ] {
            assert_eq!(read(&text).map(|_| ()), Err(reason.to_owned()), "{text}");
        }
    }

    /// T18: Europe/London skipped 01:00 to 02:00 on 27 March 2011.
    #[test]
    fn a_time_without_a_zone_is_the_shops() {
        for (local, utc) in [
            ("2010-12-01T08:26:00", "2010-12-01T08:26:00.000Z"),
            ("2011-03-27T00:59:00", "2011-03-27T00:59:00.000Z"),
            ("2011-03-27T01:30:00", "2011-03-27T01:30:00.000Z"),
            ("2011-03-27T02:30:00", "2011-03-27T01:30:00.000Z"),
            ("2011-08-31T17:45:00", "2011-08-31T16:45:00.000Z"),
        ] {
            let text = format!(
                r#"{{"invoice":"1","datetime":"{local}","lines":[{{"sku":"A","qty":1,"unit_price_pence":0}}]}}"#
            );
            assert_eq!(read(&text).unwrap().placed_at.to_string(), utc);
        }
    }
}
