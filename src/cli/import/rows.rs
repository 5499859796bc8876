//! Raw rows made into what the shop takes: the rows of one product or one invoice that stand side by side become one.

use std::iter::Peekable;

use serde_json::Map;
use serde_json::Value;

use crate::cli::import::feed::Read;
use crate::cli::import::source::Content;
use crate::cli::import::source::Raw;
use crate::domain::import::Fields;
use crate::domain::import::ImportedCustomer;
use crate::domain::import::ImportedImage;
use crate::domain::import::ImportedProduct;
use crate::domain::import::Invoice;
use crate::domain::import::InvoiceForm;
use crate::domain::import::LineForm;
use crate::domain::import::Numbered;
use crate::domain::import::RefusedRow;
use crate::domain::import::Row;
use crate::domain::import::reasons;
use crate::domain::money::Currency;
use crate::domain::settings::Terms;
use crate::domain::time::Zone;
use crate::error::Result;

/// Whether a column of orders in CSV is read.
pub fn is_order_column(name: &str) -> bool {
    name == "charge"
        || head_columns().any(|column| column == name)
        || InvoiceForm::NESTED.contains(&name)
        || line_columns().any(|(_, column)| column == name)
}

/// The columns that stand on each row of an invoice.
fn head_columns() -> impl Iterator<Item = &'static str> {
    [InvoiceForm::COLUMNS, InvoiceForm::ALSO_READ]
        .concat()
        .into_iter()
}

/// Those that stand on each row for its line: the field, and the column it is read from.
fn line_columns() -> impl Iterator<Item = (&'static str, &'static str)> {
    let others = LineForm::ALSO_READ.iter().map(|name| (*name, *name));
    LineForm::COLUMNS.iter().copied().chain(others)
}

pub(super) fn refused(line: u64, key: &str, reason: String) -> RefusedRow {
    RefusedRow {
        line,
        key: key.to_owned(),
        reason,
    }
}

/// The products of a file.
pub fn products(
    rows: impl Iterator<Item = Result<Raw>>,
    currency: Currency,
) -> impl Iterator<Item = Result<Read<ImportedProduct>>> {
    let read = rows.map(move |raw| raw.map(|raw| Ok(Variants::of(raw, currency))));
    let whole = Joined {
        rows: read.peekable(),
        join: Variants::join,
        fits: Variants::fits,
    };
    whole.map(|read| read.map(|read| read?.row.whole()))
}

/// The rows of one product; one of them that is no good refuses them all.
struct Variants {
    /// What ties them together.
    product: Option<String>,
    /// Whether it may be of any product: it cannot be read.
    is_lost: bool,
    read: Read<ImportedProduct>,
}

impl Variants {
    fn of(raw: Raw, currency: Currency) -> Numbered<Self> {
        let line = raw.line;
        let (is_lost, fields) = match raw.content {
            Content::Unreadable(reason, fields) => (Some(reason), Ok(fields)),
            content => (None, content.fields()),
        };
        let product = fields.as_ref().ok().and_then(|fields| fields.get("product"));
        let product = product.map(str::to_owned);
        let row = Self {
            is_lost: product.is_none() && is_lost.is_some(),
            product,
            read: match (is_lost, fields) {
                (Some(reason), _) | (None, Err(reason)) => Err(refused(line, "", reason)),
                (None, Ok(fields)) => variant(&fields, line, currency),
            },
        };
        Numbered { line, row }
    }

    fn fits(&self, next: &Self) -> bool {
        self.product.is_some() && (next.is_lost || next.product == self.product)
    }

    fn join(&mut self, next: Self) {
        match (&mut self.read, next.read) {
            (Ok(product), Ok(variant)) => product.row.join(variant.row),
            (Ok(_), Err(wrong)) => self.read = Err(wrong),
            (Err(_), _) => {}
        }
    }

    fn whole(self) -> Read<ImportedProduct> {
        let product = self.read?;
        match product.row.twice() {
            None => Ok(product),
            Some(sku) => {
                let words = format!("SKU {sku} stands in it twice");
                Err(refused(product.line, &product.row.key(), words))
            }
        }
    }
}

fn variant(fields: &Fields, line: u64, currency: Currency) -> Read<ImportedProduct> {
    let key = fields.get("sku").unwrap_or_default();
    let mut row =
        ImportedProduct::parse(fields, currency).map_err(|faults| refused(line, key, reasons(&faults)))?;
    if let Some(cell) = fields.get("images") {
        row.show(ImportedImage::of_cell(cell, line));
    }
    Ok(Numbered { line, row })
}

/// The customers of a file.
pub fn customers(
    rows: impl Iterator<Item = Result<Raw>>,
) -> impl Iterator<Item = Result<Read<ImportedCustomer>>> {
    rows.map(|raw| raw.map(customer))
}

fn customer(raw: Raw) -> Read<ImportedCustomer> {
    let line = raw.line;
    let fields = raw.content.fields().map_err(|reason| refused(line, "", reason))?;
    let key = fields.first(&["number", "customer", "email"]).unwrap_or_default();
    let row = ImportedCustomer::parse(&fields).map_err(|faults| refused(line, key, reasons(&faults)))?;
    Ok(Numbered { line, row })
}

/// The invoices of a file.
pub fn invoices(
    rows: impl Iterator<Item = Result<Raw>>,
    terms: Terms,
    zone: Zone,
) -> impl Iterator<Item = Result<Read<Invoice>>> {
    let read = rows.map(|raw| raw.map(Sheet::of));
    let whole = Joined {
        rows: read.peekable(),
        join: Sheet::join,
        fits: Sheet::fits,
    };
    whole.map(move |sheet| sheet.map(|sheet| invoice(sheet, &terms, &zone)))
}

fn invoice(sheet: Read<Sheet>, terms: &Terms, zone: &Zone) -> Read<Invoice> {
    let Numbered { line, row } = sheet?;
    let (key, text) = row.text().map_err(|reason| refused(line, "", reason))?;
    let row = Invoice::parse(&text, terms, zone).map_err(|reason| refused(line, &key, reason))?;
    Ok(Numbered { line, row })
}

/// An invoice on its way to JSON.
enum Sheet {
    Json(String),
    Rows(Vec<Fields>),
}

impl Sheet {
    fn of(raw: Raw) -> Read<Self> {
        let line = raw.line;
        let row = match raw.content {
            Content::Unreadable(reason, _) => return Err(refused(line, "", reason)),
            Content::Json(text) => Self::Json(text),
            Content::Cells(fields) => Self::Rows(vec![fields]),
        };
        Ok(Numbered { line, row })
    }

    fn fits(&self, next: &Self) -> bool {
        match (self, next) {
            (Self::Rows(rows), Self::Rows(others)) => match (rows.first(), others.first()) {
                (Some(first), Some(other)) => number(first).is_some() && number(first) == number(other),
                _ => false,
            },
            _ => false,
        }
    }

    fn join(&mut self, next: Self) {
        if let (Self::Rows(rows), Self::Rows(more)) = (self, next) {
            rows.extend(more);
        }
    }

    /// Its number, as far as it shows, and its JSON.
    fn text(self) -> std::result::Result<(String, String), String> {
        match self {
            Self::Json(text) => Ok((number_in(&text), text)),
            Self::Rows(rows) => {
                let key = rows.first().and_then(number).unwrap_or_default().to_owned();
                Ok((key, as_json(&rows)?))
            }
        }
    }
}

fn number(fields: &Fields) -> Option<&str> {
    fields.first(&["number", "invoice"])
}

/// The number in a line that may be no good, for the report.
fn number_in(text: &str) -> String {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let number = value.get("number").or_else(|| value.get("invoice"));
    number.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn as_json(rows: &[Fields]) -> std::result::Result<String, String> {
    let mut invoice = Map::new();
    let Some(first) = rows.first() else {
        return Ok("{}".into());
    };
    for name in head_columns() {
        put(&mut invoice, name, first.get(name));
    }
    if let Some(text) = first.get(InvoiceForm::TAX_INCLUDED) {
        let told: bool = text
            .parse()
            .map_err(|_| format!("{} must be true or false", InvoiceForm::TAX_INCLUDED))?;
        invoice.insert(InvoiceForm::TAX_INCLUDED.to_owned(), told.into());
    }
    for name in InvoiceForm::NESTED {
        if let Some(text) = first.get(name) {
            let nested = serde_json::from_str(text).map_err(|_| format!("{name} is not JSON"))?;
            invoice.insert((*name).to_owned(), nested);
        }
    }
    let (mut lines, mut charges) = (Vec::new(), Vec::new());
    for fields in rows {
        let mut line = Map::new();
        for (name, column) in line_columns() {
            match (name, fields.get(column)) {
                ("qty" | "unit_price_pence", Some(text)) => {
                    let number: i64 = text
                        .parse()
                        .map_err(|_| format!("{name} is not a whole number"))?;
                    line.insert(name.to_owned(), number.into());
                }
                (_, text) => put(&mut line, name, text),
            }
        }
        match fields.get("charge") {
            Some("yes") => charges.push(Value::Object(line)),
            None | Some("no") => lines.push(Value::Object(line)),
            Some(_) => return Err("charge must be yes or no".into()),
        }
    }
    invoice.insert("lines".into(), lines.into());
    invoice.insert("charges".into(), charges.into());
    Ok(Value::Object(invoice).to_string())
}

fn put(object: &mut Map<String, Value>, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        object.insert(name.to_owned(), text.into());
    }
}

/// Rows of which those that belong together are joined; one that could not be read stands alone.
struct Joined<T, I: Iterator> {
    rows: Peekable<I>,
    join: fn(&mut T, T),
    fits: fn(&T, &T) -> bool,
}

impl<T, I: Iterator<Item = Result<Read<T>>>> Iterator for Joined<T, I> {
    type Item = Result<Read<T>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut first = match self.rows.next()? {
            Ok(Ok(first)) => first,
            other => return Some(other),
        };
        let fits = self.fits;
        while let Some(Ok(Ok(next))) = self
            .rows
            .next_if(|next| matches!(next, Ok(Ok(next)) if fits(&first.row, &next.row)))
        {
            (self.join)(&mut first.row, next.row);
        }
        Some(Ok(Ok(first)))
    }
}
