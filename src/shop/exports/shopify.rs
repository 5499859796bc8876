//! Products and orders in Shopify's layouts: a row is a variant or a line, and what is the product's or the order's stands
//! on the first alone. What these layouts have no place for stays behind.

use crate::domain::actor::Actor;
use crate::domain::id::OrderId;
use crate::domain::id::ProductId;
use crate::domain::import::shopify::UNTAXED;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::order::Line;
use crate::domain::order::Order;
use crate::domain::order::OrderHead;
use crate::domain::order::OrderState;
use crate::domain::order::PaymentStatus;
use crate::domain::permission::Permission;
use crate::domain::product::Product;
use crate::domain::product::ProductStatus;
use crate::domain::product::Variant;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::exports::PAGE;
use crate::shop::exports::Page;
use crate::shop::exports::Shelf;
use crate::shop::exports::parsed;
use crate::store;

/// The cells of a row that are not empty, by the names of their columns.
pub type Cells = Vec<(&'static str, String)>;

/// The living products behind an id, a row a variant.
pub fn products(db: &Snapshot, by: &Actor, after: i64) -> Result<Page<Vec<Cells>>> {
    by.require(Permission::ProductsRead)?;
    let currency = store::settings::terms(db)?.currency;
    let products = store::products::after(db, ProductId(after), PAGE)?;
    let rows = products
        .iter()
        .map(|product| product_rows(product, currency))
        .collect();
    Ok(Page::new(&products, |product| product.id.0, rows))
}

fn product_rows(product: &Product, currency: Currency) -> Vec<Cells> {
    let handle = handle(product);
    let (shown, status) = match product.status {
        ProductStatus::Approved => ("TRUE", "active"),
        ProductStatus::Archived => ("FALSE", "archived"),
        _ => ("FALSE", "draft"),
    };
    let mut head = vec![
        ("Title", product.name.clone()),
        ("Description", product.description.clone()),
        ("Type", product.category.clone().unwrap_or_default()),
        ("Published on online store", shown.to_owned()),
        ("Status", status.to_owned()),
        ("Gift card", "FALSE".to_owned()),
    ];
    let is_taxed = product.tax_category.as_deref() != Some(UNTAXED);
    let rows = product.variants.iter().map(|variant| {
        let mut row = std::mem::take(&mut head);
        row.push(("URL handle", handle.clone()));
        variant_cells(&mut row, variant, is_taxed, currency);
        row
    });
    rows.collect()
}

fn variant_cells(row: &mut Cells, variant: &Variant, is_taxed: bool, currency: Currency) {
    let price = variant.price.map(|price| price.write(currency).to_string());
    let grams = variant.weight_g.map(|grams| grams.to_string());
    let title = variant.title.clone();
    row.extend([
        ("SKU", variant.sku.clone()),
        ("Option1 name", "Title".to_owned()),
        (
            "Option1 value",
            title.unwrap_or_else(|| "Default Title".to_owned()),
        ),
        ("Price", price.unwrap_or_default()),
        ("Charge tax", flag(is_taxed)),
        ("Inventory tracker", "shopify".to_owned()),
        ("Inventory quantity", variant.available.to_string()),
        ("Continue selling when out of stock", "deny".to_owned()),
        ("Weight value (grams)", grams.unwrap_or_default()),
        ("Weight unit for display", "g".to_owned()),
        ("Requires shipping", flag(true)),
        ("Fulfillment service", "manual".to_owned()),
    ]);
}

/// What ties a product's rows together: its first SKU in the letters that a handle has, and its id, as two SKUs may read
/// the same then. It outlives a new name.
fn handle(product: &Product) -> String {
    let sku = product
        .variants
        .first()
        .map_or("", |variant| variant.sku.as_str());
    let plain = sku.to_ascii_lowercase().replace(['_', '.'], "-");
    let plain = plain.trim_matches('-');
    match plain.is_empty() {
        true => format!("product-{}", product.id.0),
        false => format!("{plain}-{}", product.id.0),
    }
}

fn flag(is: bool) -> String {
    if is { "TRUE" } else { "FALSE" }.to_owned()
}

/// The orders behind an id, a row a line.
pub fn orders(db: &Snapshot, by: &Actor, after: i64) -> Result<Page<Vec<Cells>>> {
    by.require(Permission::OrdersExport)?;
    let orders = store::orders::after(db, OrderId(after), PAGE)?;
    let mut shelf = Shelf::new(db);
    let rows = orders
        .iter()
        .map(|order| order_rows(db, &mut shelf, order))
        .collect::<Result<_>>()?;
    Ok(Page::new(&orders, |order| order.head.id.0, rows))
}

fn order_rows(db: &Snapshot, shelf: &mut Shelf<'_>, order: &Order) -> Result<Vec<Cells>> {
    let mut head = order_cells(db, order)?;
    let mut rows = Vec::with_capacity(order.lines.len());
    for line in &order.lines {
        let mut row = std::mem::take(&mut head);
        row.push(("Name", format!("#{}", order.head.number)));
        let is_sold = line.variant.is_some() && shelf.has(&line.sku)?;
        line_cells(&mut row, line, is_sold, order);
        rows.push(row);
    }
    Ok(rows)
}

fn order_cells(db: &Snapshot, order: &Order) -> Result<Cells> {
    let (head, contacts) = (&order.head, &order.contacts);
    let money = |money: Money| money.write(head.currency).to_string();
    let coupon = head
        .coupon
        .map(|id| store::coupons::find(db, id))
        .transpose()?
        .flatten();
    let method = head.shipping_method.map(|id| store::shipping::find(db, id));
    let method = method.transpose()?.flatten();
    let worth = head.subtotal.checked_sub(head.discount).unwrap_or_default();
    let mut row = vec![
        ("Email", contacts.email.clone().unwrap_or_default()),
        ("Financial Status", financial(order).to_owned()),
        ("Fulfillment Status", head.fulfilment.name().to_owned()),
        ("Fulfilled at", moment(head.shipped_at)),
        ("Currency", head.currency_text().to_owned()),
        ("Subtotal", money(worth)),
        ("Shipping", money(head.shipping)),
        ("Taxes", money(head.tax)),
        ("Total", money(head.total)),
        (
            "Discount Code",
            coupon.map(|coupon| coupon.code).unwrap_or_default(),
        ),
        ("Discount Amount", money(head.discount)),
        (
            "Shipping Method",
            method.map(|method| method.name).unwrap_or_default(),
        ),
        ("Created at", moment(Some(head.placed_at))),
        ("Notes", contacts.note.clone().unwrap_or_default()),
        ("Cancelled at", moment(head.canceled_at)),
        ("Payment Method", head.method.name().to_owned()),
        ("Refunded Amount", money(head.refunded)),
        ("Outstanding Balance", money(head.due())),
        ("Id", head.id.0.to_string()),
        ("Tags", order.tags.join(", ")),
        ("Source", head.channel.name().to_owned()),
    ];
    row.extend(tax_cells(head));
    address(&mut row, &BILLING, contacts.billing_address.as_deref());
    address(&mut row, &SHIPPING, contacts.shipping_address.as_deref());
    Ok(row)
}

fn tax_cells(head: &OrderHead) -> Cells {
    if head.tax == Money::ZERO {
        return Cells::new();
    }
    let tax = head.tax.write(head.currency).to_string();
    vec![("Tax 1 Name", "Tax".to_owned()), ("Tax 1 Value", tax)]
}

/// How far an order is paid, in Shopify's words.
fn financial(order: &Order) -> &'static str {
    match order.head.payment {
        PaymentStatus::Unpaid | PaymentStatus::Failed if order.head.state == OrderState::Canceled => "voided",
        PaymentStatus::Unpaid | PaymentStatus::Failed => "pending",
        told => told.name(),
    }
}

fn line_cells(row: &mut Cells, line: &Line, is_sold: bool, order: &Order) {
    let money = |money: Money| money.write(order.head.currency).to_string();
    let has_left = order.head.shipped_at.is_some();
    row.extend([
        ("Lineitem quantity", line.quantity.to_string()),
        ("Lineitem name", line.name.clone()),
        ("Lineitem price", money(line.unit_price)),
        (
            "Lineitem compare at price",
            line.list_price.map(money).unwrap_or_default(),
        ),
        // What is sold no more comes back as a charge, which has none.
        (
            "Lineitem sku",
            if is_sold { line.sku.clone() } else { String::new() },
        ),
        ("Lineitem requires shipping", line.variant.is_some().to_string()),
        (
            "Lineitem taxable",
            (line.tax > Money::ZERO || order.head.tax == Money::ZERO).to_string(),
        ),
        (
            "Lineitem fulfillment status",
            if has_left { "fulfilled" } else { "pending" }.to_owned(),
        ),
        ("Lineitem discount", money(line.discount)),
    ]);
}

/// The parts of an address, as they are kept, and their columns.
type Parts = [(&'static str, &'static str); 9];
const BILLING: Parts = [
    ("name", "Billing Name"),
    ("line1", "Billing Address1"),
    ("line2", "Billing Address2"),
    ("company", "Billing Company"),
    ("city", "Billing City"),
    ("postcode", "Billing Zip"),
    ("region", "Billing Province"),
    ("country", "Billing Country"),
    ("phone", "Billing Phone"),
];
const SHIPPING: Parts = [
    ("name", "Shipping Name"),
    ("line1", "Shipping Address1"),
    ("line2", "Shipping Address2"),
    ("company", "Shipping Company"),
    ("city", "Shipping City"),
    ("postcode", "Shipping Zip"),
    ("region", "Shipping Province"),
    ("country", "Shipping Country"),
    ("phone", "Shipping Phone"),
];

fn address(row: &mut Cells, parts: &Parts, json: Option<&str>) {
    let address = parsed(json).unwrap_or_default();
    for (part, column) in parts {
        let text = address.get(part).and_then(|text| text.as_str());
        row.extend(text.map(|text| (*column, text.to_owned())));
    }
}

/// A moment in Shopify's form, which knows seconds.
fn moment(at: Option<Timestamp>) -> String {
    let Some(text) = at.map(|at| at.to_string()) else {
        return String::new();
    };
    let second = text.get(..19).unwrap_or_default();
    format!("{} +0000", second.replace('T', " "))
}
