//! Papers of orders: invoices with gapless numbers, and the credit notes that take back from them. What one says is
//! frozen when it is issued.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::id::InvoiceId;
use crate::domain::id::OrderId;
use crate::domain::id::RefundId;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::named::named;
use crate::domain::time::Timestamp;

named! {
    /// Which paper it is; each counts for itself.
    Series {
        Invoice = 0 "invoice",
        CreditNote = 1 "credit_note",
    }
}

impl Series {
    /// What stands before its numbers.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Invoice => "INV",
            Self::CreditNote => "CN",
        }
    }
}

/// The number of a paper: `INV-2026-00001`. Five digits, and more when they are used up.
pub fn number(series: Series, year: i64, number: i64) -> String {
    format!("{}-{year:04}-{number:05}", series.prefix())
}

/// A paper as it is kept.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Invoice {
    pub id: InvoiceId,
    pub series: Series,
    pub number: String,
    pub order: OrderId,
    /// Of a credit note: what it takes back from.
    pub invoice: Option<InvoiceId>,
    pub refund: Option<RefundId>,
    pub currency: Currency,
    pub total: Money,
    pub issued_at: Timestamp,
    /// The moment a credit note came to nothing: its refund has failed.
    pub voided_at: Option<Timestamp>,
    /// Of an invoice: the moment it was credited whole, because its order was changed.
    pub replaced_at: Option<Timestamp>,
    /// [`Content`] as JSON.
    pub content: String,
}

/// What a paper says. Amounts are text with the currency's decimals, as everywhere in the API.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Content {
    /// The day it was issued, by the shop's calendar.
    pub date: String,
    /// Who sells.
    pub seller: Seller,
    /// The customer's name, where it is known.
    pub customer: Option<String>,
    /// An address, whole or in part.
    #[schema(value_type = Option<Object>)]
    pub bill_to: Option<Value>,
    /// An address, whole or in part.
    #[schema(value_type = Option<Object>)]
    pub ship_to: Option<Value>,
    /// The number of the order.
    pub order_number: String,
    /// The day it was placed.
    pub order_date: String,
    /// Of a credit note: the number of the invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credits: Option<String>,
    /// Of a credit note: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was sold, or comes back.
    pub lines: Vec<ContentLine>,
    /// By rate; empty where there is none.
    pub taxes: Vec<ContentTax>,
    /// Of the lines, before the discount.
    pub subtotal: String,
    /// Off the lines.
    pub discount: String,
    /// For the way.
    pub shipping: String,
    /// All of it.
    pub tax: String,
    /// Whether the prices contain it.
    pub tax_included: bool,
    /// What it comes to.
    pub total: String,
    /// What had been paid by then.
    pub paid: String,
}

/// Who sells.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Seller {
    /// What the shop is called.
    pub name: String,
    /// Where it is, whole or in part.
    #[schema(value_type = Object)]
    pub address: Value,
}

/// A line of a paper.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "as of an order's line")]
pub struct ContentLine {
    pub sku: String,
    pub name: String,
    pub quantity: i64,
    pub unit_price: String,
    pub discount: String,
    pub tax: String,
    pub total: String,
}

/// What of it is tax, at one rate.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ContentTax {
    /// Percent as text; none for shipping's own share.
    pub rate: Option<String>,
    /// What it is taken of.
    pub net: String,
    /// How much.
    pub tax: String,
}

impl Content {
    /// Reads what was frozen; none if it is not what was written.
    pub fn read(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}

/// A frozen amount as money; what cannot be read is nothing.
pub fn money(text: &str, currency: Currency) -> Money {
    RawAmount::new(text).to_money(currency).unwrap_or(Money::ZERO)
}

/// A rate that is kept in thousandths of a percent: `20`, `5.5`.
pub fn rate(thousandths: i64) -> String {
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What the credit notes of an order's invoice are to come to: what went back of what the invoice asked for. More than
/// that, which came by mistake, was never on it; of an order that is canceled, what was never paid is taken back too.
pub fn credit_due(invoiced: Money, paid: Money, given_back: Money, is_canceled: bool) -> Money {
    let less = |from: Money, what: Money| from.checked_sub(what).unwrap_or(Money::ZERO).max(Money::ZERO);
    let due = match is_canceled {
        true => less(invoiced, less(paid, given_back)),
        false => less(given_back, less(paid, invoiced)),
    };
    due.min(invoiced)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// N10
    #[test]
    fn a_number_has_five_digits_or_more() {
        assert_eq!(number(Series::Invoice, 2026, 1), "INV-2026-00001");
        assert_eq!(number(Series::CreditNote, 2027, 99_999), "CN-2027-99999");
        assert_eq!(number(Series::Invoice, 2026, 100_000), "INV-2026-100000");
    }

    #[test]
    fn a_rate_is_told_without_zeros() {
        for (kept, told) in [(20_000, "20"), (5_500, "5.5"), (0, "0"), (7_125, "7.125")] {
            assert_eq!(rate(kept), told);
        }
    }

    /// MONEY, invoices: what came by mistake is not on the invoice, and its return takes nothing back from it.
    #[test]
    fn credit_is_due_for_what_was_invoiced() {
        let money = |minor| Money::new(minor).unwrap();
        for (invoiced, paid, back, is_canceled, due) in [
            (50, 50, 0, false, 0),
            (50, 50, 20, false, 20),
            (50, 60, 10, false, 0),
            (50, 60, 60, false, 50),
            (50, 20, 20, false, 20),
            (50, 0, 0, true, 50),
            (50, 20, 0, true, 30),
            (50, 50, 0, true, 0),
            (50, 60, 60, true, 50),
        ] {
            let found = credit_due(money(invoiced), money(paid), money(back), is_canceled);
            assert_eq!(found, money(due), "{back} back of {paid} on {invoiced}");
        }
    }
}
