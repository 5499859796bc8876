//! Taking out what the shop holds, in the words that an import reads: page by page, so that memory stays flat, and noted
//! in the audit, because personal data leaves.

pub mod shopify;

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::credit_note::CreditNote;
use crate::domain::history::Recorded;
use crate::domain::id::CreditNoteId;
use crate::domain::id::CustomerId;
use crate::domain::id::OrderId;
use crate::domain::id::ProductId;
use crate::domain::image::ImageSize;
use crate::domain::import::ChangeForm;
use crate::domain::import::InvoiceForm;
use crate::domain::import::LineForm;
use crate::domain::import::Told;
use crate::domain::money::Amount;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::order::Line;
use crate::domain::order::Order;
use crate::domain::order::OrderHead;
use crate::domain::permission::Permission;
use crate::domain::product::Product;
use crate::domain::product::Variant;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::customers;
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_category: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    pub quantity: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_g: Option<i64>,
    pub status: &'static str,
    pub created_at: Timestamp,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub images: String,
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
    pub status: &'static str,
    pub created_at: Timestamp,
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
    let first = product.variants.first().map(|first| first.sku.clone());
    ProductRow {
        sku: variant.sku.clone(),
        name: product.name.clone(),
        title: variant.title.clone(),
        price: variant.price.map(|price| price.write(currency)),
        category: product.category.clone(),
        tax_category: product.tax_category.clone(),
        description: product.description.clone(),
        quantity: variant.available,
        low_at: variant.low_at,
        weight_g: variant.weight_g,
        status: product.status.name(),
        created_at: product.created_at,
        images: match first.as_deref() == Some(&variant.sku) {
            true => images(product),
            false => String::new(),
        },
        product: first.filter(|_| product.variants.len() > 1),
    }
}

/// The pictures of a product, as paths below the folder of the shop's pictures.
fn images(product: &Product) -> String {
    let paths = product.images.iter().map(|image| {
        let name = image.kept.name(ImageSize::Large);
        format!("{}/{name}", name.folder())
    });
    paths.collect::<Vec<_>>().join(";")
}

/// The customers behind an id.
pub fn customers(db: &Snapshot, by: &Actor, after: i64) -> Result<Page<CustomerRow>> {
    by.require(Permission::CustomersExport)?;
    let customers = store::customers::after(db, CustomerId(after), PAGE)?;
    let rows = customers
        .iter()
        .map(|customer| {
            Ok(CustomerRow {
                number: customers::number(db, customer)?,
                name: customer.name.clone(),
                email: customer.email.clone(),
                phone: customer.phone.clone(),
                country: customer.country.clone(),
                status: customer.status.name(),
                created_at: customer.created_at,
            })
        })
        .collect::<Result<_>>()?;
    Ok(Page::new(&customers, |customer| customer.id.0, rows))
}

fn number_of(db: &Snapshot, customer: Option<CustomerId>) -> Result<Told<'static>> {
    let number = customer.map(|id| customers::number(db, &store::customers::get(db, id)?));
    Ok(number.transpose()?.map(Cow::Owned))
}

/// The orders behind an id.
pub fn orders(db: &Snapshot, by: &Actor, after: i64) -> Result<Page<InvoiceForm<'static>>> {
    by.require(Permission::OrdersExport)?;
    let orders = store::orders::after(db, OrderId(after), PAGE)?;
    let mut shelf = Shelf::new(db);
    let rows = orders
        .iter()
        .map(|order| order_row(db, &mut shelf, order))
        .collect::<Result<_>>()?;
    Ok(Page::new(&orders, |order| order.head.id.0, rows))
}

fn order_row(db: &Snapshot, shelf: &mut Shelf<'_>, order: &Order) -> Result<InvoiceForm<'static>> {
    let head = &order.head;
    let money = |money: Money| Some(amount(money, head.currency));
    let contacts = &order.contacts;
    let mut form = InvoiceForm {
        number: told(&head.number),
        kind: Some("sale".into()),
        placed_at: moment(Some(head.placed_at)),
        customer: number_of(db, head.customer)?,
        currency: told(head.currency_text()),
        status: Some(head.state.name().into()),
        shipping: money(head.shipping),
        tax: money(head.tax),
        tax_included: Some(head.tax_included),
        paid: money(head.paid),
        refunded: money(head.refunded),
        processing_at: moment(head.processing_at),
        shipped_at: moment(head.shipped_at),
        delivered_at: moment(head.delivered_at),
        canceled_at: moment(head.canceled_at),
        refunded_at: moment(head.refunded_at),
        email: contacts.email.as_deref().and_then(told),
        note: contacts.note.as_deref().and_then(told),
        shipping_address: parsed(contacts.shipping_address.as_deref()),
        billing_address: parsed(contacts.billing_address.as_deref()),
        tags: order.tags.iter().cloned().map(Cow::Owned).collect(),
        history: store::orders::changes(db, head.id)?
            .into_iter()
            .map(change_row)
            .collect(),
        ..InvoiceForm::default()
    };
    for line in &order.lines {
        let row = line_row(line, head);
        match line.variant.is_some() && shelf.has(&line.sku)? {
            true => form.lines.push(row),
            false => form.charges.push(row),
        }
    }
    Ok(form)
}

/// What is sold now, by SKU, as far as a page has asked. A line whose SKU is gone can only come as a charge.
struct Shelf<'a> {
    db: &'a Snapshot<'a>,
    known: HashMap<String, bool>,
}

impl<'a> Shelf<'a> {
    fn new(db: &'a Snapshot<'a>) -> Self {
        let known = HashMap::new();
        Self { db, known }
    }

    fn has(&mut self, sku: &str) -> Result<bool> {
        if let Some(known) = self.known.get(sku) {
            return Ok(*known);
        }
        let found = store::products::offer_by_sku(self.db, sku)?.is_some();
        self.known.insert(sku.to_owned(), found);
        Ok(found)
    }
}

fn line_row(line: &Line, head: &OrderHead) -> LineForm<'static> {
    let currency = head.currency;
    let some = |money: Money| (money != Money::ZERO).then(|| amount(money, currency));
    LineForm {
        sku: told(&line.sku),
        name: told(&line.name),
        qty: Some(line.quantity),
        unit_price: Some(amount(line.unit_price, currency)),
        list_price: line.list_price.map(|price| amount(price, currency)),
        discount: some(line.discount),
        // Of a taxed order each line tells its part, also where that is nothing.
        tax: (head.tax != Money::ZERO).then(|| amount(line.tax, currency)),
        ..LineForm::default()
    }
}

fn change_row(recorded: Recorded) -> ChangeForm<'static> {
    ChangeForm {
        at: moment(Some(recorded.at)),
        action: Some(recorded.change.name().into()),
        by: Some(recorded.actor_kind.name().into()),
        public: recorded.is_public,
        note: recorded.note.map(Cow::Owned),
        former: parsed(recorded.former.to_json().as_deref()),
    }
}

fn told(text: &str) -> Told<'static> {
    Some(Cow::Owned(text.to_owned()))
}

fn moment(at: Option<Timestamp>) -> Told<'static> {
    at.map(|at| Cow::Owned(at.to_string()))
}

fn amount(money: Money, currency: Currency) -> RawAmount {
    RawAmount::new(&money.write(currency).to_string())
}

/// Text that went in as JSON comes out as JSON.
fn parsed(json: Option<&str>) -> Option<Value> {
    json.and_then(|json| serde_json::from_str(json).ok())
}

/// The credit notes behind an id, as cancellations.
pub fn credit_notes(db: &Snapshot, by: &Actor, after: i64) -> Result<Page<InvoiceForm<'static>>> {
    by.require(Permission::OrdersExport)?;
    let notes = store::credit_notes::after(db, CreditNoteId(after), PAGE)?;
    let mut shelf = Shelf::new(db);
    let rows = notes
        .iter()
        .map(|note| credit_row(db, &mut shelf, note))
        .collect::<Result<_>>()?;
    Ok(Page::new(&notes, |note| note.id.0, rows))
}

fn credit_row(db: &Snapshot, shelf: &mut Shelf<'_>, note: &CreditNote) -> Result<InvoiceForm<'static>> {
    let mut form = InvoiceForm {
        number: told(&note.number),
        kind: Some("cancellation".into()),
        placed_at: moment(Some(note.placed_at)),
        customer: number_of(db, note.customer)?,
        country: note.country.as_deref().and_then(told),
        currency: told(note.currency.as_str()),
        ..InvoiceForm::default()
    };
    for line in &note.lines {
        let row = LineForm {
            sku: told(&line.sku),
            name: told(&line.name),
            qty: Some(-line.quantity),
            unit_price: Some(amount(line.unit_price, note.currency)),
            ..LineForm::default()
        };
        match line.variant.is_some() && shelf.has(&line.sku)? {
            true => form.lines.push(row),
            false => form.charges.push(row),
        }
    }
    Ok(form)
}

/// Notes that something was taken out: what, in which format, how many rows.
pub fn done(tx: &Tx, by: &Actor, what: &str, format: &str, rows: u64) -> Result<()> {
    by.require(Permission::OrdersExport)?;
    let content = serde_json::json!({ "kind": what, "format": format, "rows": rows });
    let target = (Target::File, None);
    audit::note(tx, by, Action::Exported, target, None, Some(&content.to_string()))
}
