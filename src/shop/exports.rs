//! Taking out what the shop holds, in the words that an import reads: page by page, so that memory stays flat, and noted
//! in the audit, because personal data leaves.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::credit_note::CreditNote;
use crate::domain::customer::Customer;
use crate::domain::id::CreditNoteId;
use crate::domain::id::CustomerId;
use crate::domain::id::OrderId;
use crate::domain::id::ProductId;
use crate::domain::money::Amount;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::order::Line;
use crate::domain::order::Order;
use crate::domain::permission::Permission;
use crate::domain::product::Product;
use crate::domain::product::Variant;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::store;

/// Things of a page.
const PAGE: usize = 200;

/// A page of rows, and the id behind which the next begins; none after the last.
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Behind which id the next page begins.
    pub next: Option<i64>,
}

impl<T> Page<T> {
    fn new<S>(things: &[S], id: impl Fn(&S) -> i64, rows: Vec<T>) -> Self {
        let next = match things.len() < PAGE {
            true => None,
            false => things.last().map(id),
        };
        Self { rows, next }
    }
}

/// A variant with what its product says of it.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the columns")]
pub struct ProductRow {
    pub sku: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    pub quantity: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_g: Option<i64>,
    pub status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
}

/// A customer.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the columns")]
pub struct CustomerRow {
    pub number: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// An order or a credit note.
#[derive(Debug, Default, Serialize)]
#[allow(missing_docs, reason = "the columns")]
pub struct InvoiceRow {
    pub number: String,
    pub kind: &'static str,
    pub placed_at: Option<Timestamp>,
    pub customer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    pub currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    pub lines: Vec<LineRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<LineRow>,
    #[serde(flatten)]
    pub settled: Option<Settled>,
}

/// What a credit note has not.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the columns")]
pub struct Settled {
    pub shipping: Amount,
    pub tax: Amount,
    pub paid: Amount,
    pub refunded: Amount,
    pub processing_at: Option<Timestamp>,
    pub shipped_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub canceled_at: Option<Timestamp>,
    pub refunded_at: Option<Timestamp>,
    pub email: Option<String>,
    pub note: Option<String>,
    pub shipping_address: Option<Box<RawValue>>,
    pub billing_address: Option<Box<RawValue>>,
}

/// A line of an invoice, or a charge.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the columns")]
pub struct LineRow {
    pub sku: String,
    pub name: String,
    pub qty: i64,
    pub unit_price: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax: Option<Amount>,
}

/// The living variants of the products behind an id.
pub fn products(db: &Snapshot, by: &Actor, after: i64) -> Result<Page<ProductRow>> {
    by.require(Permission::ProductsRead)?;
    let currency = store::settings::terms(db)?.currency;
    let products = store::products::after(db, ProductId(after), PAGE)?;
    let rows = products
        .iter()
        .flat_map(|product| {
            let variants = product.variants.iter();
            variants.map(move |variant| product_row(product, variant, currency))
        })
        .collect();
    Ok(Page::new(&products, |product| product.id.0, rows))
}

fn product_row(product: &Product, variant: &Variant, currency: Currency) -> ProductRow {
    let is_simple = product.variants.len() == 1;
    ProductRow {
        sku: variant.sku.clone(),
        name: product.name.clone(),
        title: variant.title.clone(),
        price: variant.price.map(|price| price.write(currency)),
        category: product.category.clone(),
        description: product.description.clone(),
        quantity: variant.available,
        weight_g: variant.weight_g,
        status: product.status.name(),
        product: (!is_simple).then(|| format!("P{}", product.id)),
    }
}

/// The customers behind an id.
pub fn customers(db: &Snapshot, by: &Actor, after: i64) -> Result<Page<CustomerRow>> {
    by.require(Permission::CustomersExport)?;
    let customers = store::customers::after(db, CustomerId(after), PAGE)?;
    let rows = customers
        .iter()
        .map(|customer| CustomerRow {
            number: number(customer),
            name: customer.name.clone(),
            email: customer.email.clone(),
            phone: customer.phone.clone(),
            country: customer.country.clone(),
        })
        .collect();
    Ok(Page::new(&customers, |customer| customer.id.0, rows))
}

/// By what a customer is found again elsewhere: their number, or one made of the id.
fn number(customer: &Customer) -> String {
    match &customer.number {
        Some(number) => number.clone(),
        None => format!("T{}", customer.id),
    }
}

/// The orders behind an id.
pub fn orders(db: &Snapshot, by: &Actor, after: i64) -> Result<Page<InvoiceRow>> {
    by.require(Permission::OrdersExport)?;
    let orders = store::orders::after(db, OrderId(after), PAGE)?;
    let rows = orders
        .iter()
        .map(|order| order_row(db, order))
        .collect::<Result<_>>()?;
    Ok(Page::new(&orders, |order| order.head.id.0, rows))
}

fn order_row(db: &Snapshot, order: &Order) -> Result<InvoiceRow> {
    let head = &order.head;
    let customer = match head.customer {
        Some(id) => Some(number(&store::customers::get(db, id)?)),
        None => None,
    };
    let row = |line: &Line| line_row(line, head.currency);
    let (goods, charges): (Vec<&Line>, Vec<&Line>) =
        order.lines.iter().partition(|line| line.variant.is_some());
    let money = |money: Money| money.write(head.currency);
    let contacts = &order.contacts;
    Ok(InvoiceRow {
        number: head.number.clone(),
        kind: "sale",
        placed_at: Some(head.placed_at),
        customer,
        country: None,
        currency: head.currency_text().to_owned(),
        status: Some(head.state.name()),
        lines: goods.into_iter().map(row).collect(),
        charges: charges.into_iter().map(row).collect(),
        settled: Some(Settled {
            shipping: money(head.shipping),
            tax: money(head.tax),
            paid: money(head.paid),
            refunded: money(head.refunded),
            processing_at: head.processing_at,
            shipped_at: head.shipped_at,
            delivered_at: head.delivered_at,
            canceled_at: head.canceled_at,
            refunded_at: head.refunded_at,
            email: contacts.email.clone(),
            note: contacts.note.clone(),
            shipping_address: raw(contacts.shipping_address.as_deref()),
            billing_address: raw(contacts.billing_address.as_deref()),
        }),
    })
}

fn line_row(line: &Line, currency: Currency) -> LineRow {
    let told = |money: Money| (money != Money::ZERO).then(|| money.write(currency));
    LineRow {
        sku: line.sku.clone(),
        name: line.name.clone(),
        qty: line.quantity,
        unit_price: line.unit_price.write(currency),
        discount: told(line.discount),
        tax: told(line.tax),
    }
}

/// Text that went in as JSON comes out as JSON.
fn raw(json: Option<&str>) -> Option<Box<RawValue>> {
    json.and_then(|json| serde_json::from_str(json).ok())
}

/// The credit notes behind an id, as cancellations.
pub fn credit_notes(db: &Snapshot, by: &Actor, after: i64) -> Result<Page<InvoiceRow>> {
    by.require(Permission::OrdersExport)?;
    let notes = store::credit_notes::after(db, CreditNoteId(after), PAGE)?;
    let rows = notes
        .iter()
        .map(|note| credit_row(db, note))
        .collect::<Result<_>>()?;
    Ok(Page::new(&notes, |note| note.id.0, rows))
}

fn credit_row(db: &Snapshot, note: &CreditNote) -> Result<InvoiceRow> {
    let customer = match note.customer {
        Some(id) => Some(number(&store::customers::get(db, id)?)),
        None => None,
    };
    let mut row = InvoiceRow {
        number: note.number.clone(),
        kind: "cancellation",
        placed_at: Some(note.placed_at),
        customer,
        country: note.country.clone(),
        currency: note.currency.as_str().to_owned(),
        ..InvoiceRow::default()
    };
    for line in &note.lines {
        let of = match line.variant {
            Some(_) => &mut row.lines,
            None => &mut row.charges,
        };
        of.push(LineRow {
            sku: line.sku.clone(),
            name: line.name.clone(),
            qty: -line.quantity,
            unit_price: line.unit_price.write(note.currency),
            discount: None,
            tax: None,
        });
    }
    Ok(row)
}

/// Notes that something was taken out: what, in which format, how many rows.
pub fn done(tx: &Tx, by: &Actor, what: &str, format: &str, rows: u64) -> Result<()> {
    by.require(Permission::OrdersExport)?;
    let content = serde_json::json!({ "kind": what, "format": format, "rows": rows });
    let target = (Target::File, None);
    audit::note(tx, by, Action::Exported, target, None, Some(&content.to_string()))
}
