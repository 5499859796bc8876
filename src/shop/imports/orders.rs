//! Invoices from a file: sales become orders with their own dates, prices and states, cancellations become credit notes.
//! Orders that are imported tell no event; one audit row tells of the batch.

use std::collections::HashMap;

use crate::domain::actor::Actor;
use crate::domain::credit_note::CreditNoteLine;
use crate::domain::credit_note::NewCreditNote;
use crate::domain::customer::NewCustomer;
use crate::domain::history::Former;
use crate::domain::id::CustomerId;
use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::import::Batch;
use crate::domain::import::Invoice;
use crate::domain::import::InvoiceKind;
use crate::domain::import::InvoiceLine;
use crate::domain::import::Numbered;
use crate::domain::import::PastChange;
use crate::domain::import::Sale;
use crate::domain::import::StockRule;
use crate::domain::import::Tally;
use crate::domain::import::charge_name;
use crate::domain::money::Money;
use crate::domain::order::Channel;
use crate::domain::order::Contacts;
use crate::domain::order::Line;
use crate::domain::order::OrderState;
use crate::domain::percent::Percent;
use crate::domain::permission::Permission;
use crate::domain::product::MovementReason;
use crate::domain::product::Offer;
use crate::domain::settings::Terms;
use crate::error::Result;
use crate::secret;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::imports::before::Before;
use crate::shop::imports::customers;
use crate::shop::imports::note;
use crate::store;
use crate::store::orders::NewChange;
use crate::store::stock::Cause;

/// Numbers from here on are no serial numbers: ours need not be above them.
const HIGHEST_SERIAL: i64 = 1_000_000_000;

/// What was sold, by SKU, as far as a batch has asked.
type Shelf<'a> = HashMap<&'a str, Option<Offer>>;

/// Why an invoice is refused.
enum Reason {
    NoProduct(String),
    Other(String),
}

/// What is to be done about an invoice.
enum Plan {
    Make(Payer),
    Leave,
}

/// Whose invoice it is.
enum Payer {
    Nobody,
    Known(CustomerId),
    /// Named for the first time.
    New,
}

/// Makes the orders and credit notes of a batch.
///
/// A number that is there with the same content is known; with other content the row is refused.
pub fn orders(tx: &Tx, by: &Actor, batch: &Batch<Invoice>, stock: StockRule) -> Result<Tally> {
    may(by)?;
    let terms = store::settings::terms(tx)?;
    let mut shelf = Shelf::new();
    let mut tally = Tally::default();
    let mut highest = 0;
    for row in &batch.rows {
        let invoice = &row.row;
        match plan(tx, &mut shelf, None, invoice, stock)? {
            Ok(Plan::Make(payer)) => {
                let customer = pay(tx, invoice, payer, &mut tally)?;
                match &invoice.kind {
                    InvoiceKind::Sale(sale) => {
                        let id = insert_order(tx, &terms, &shelf, invoice, sale, customer)?;
                        if takes_stock(stock, sale) {
                            take(tx, by, &mut shelf, invoice, id)?;
                        }
                        highest = highest.max(serial(&invoice.number));
                    }
                    InvoiceKind::Cancellation => insert_credit(tx, &terms, &shelf, invoice, customer)?,
                }
                count(&mut tally, invoice);
            }
            Ok(Plan::Leave) => tally.known += 1,
            Err(reason) => refuse(&mut tally, row, reason),
        }
    }
    if tally.wrote() {
        number_above(tx, &terms, highest)?;
        store::groups::check_again(tx)?;
    }
    note(tx, by, "orders", batch, &tally)?;
    Ok(tally)
}

/// What [`orders`] would do, as far as the file shows it: with the stock rule, what earlier batches take is not seen.
pub fn check_orders(
    db: &Snapshot,
    by: &Actor,
    batch: &Batch<Invoice>,
    stock: StockRule,
    before: &Before,
) -> Result<Tally> {
    may(by)?;
    let mut shelf = Shelf::new();
    let mut tally = Tally::default();
    for row in &batch.rows {
        match plan(db, &mut shelf, Some(before), &row.row, stock)? {
            Ok(Plan::Make(payer)) => {
                let new = payer_name(&row.row).filter(|_| matches!(payer, Payer::New));
                if let Some(name) = new
                    && before.names(&name)?
                {
                    tally.customers += 1;
                }
                count(&mut tally, &row.row);
            }
            Ok(Plan::Leave) => tally.known += 1,
            Err(reason) => refuse(&mut tally, row, reason),
        }
    }
    Ok(tally)
}

fn may(by: &Actor) -> Result<()> {
    by.require(Permission::OrdersCreate)?;
    by.require(Permission::OrdersEdit)?;
    Ok(())
}

fn refuse(tally: &mut Tally, row: &Numbered<Invoice>, reason: Reason) {
    let words = match reason {
        Reason::NoProduct(sku) => {
            tally.without_product += 1;
            format!("there is no product with SKU {sku}")
        }
        Reason::Other(words) => words,
    };
    tally.refuse(row, words);
}

fn count(tally: &mut Tally, invoice: &Invoice) {
    tally.made += 1;
    if let InvoiceKind::Sale(sale) = &invoice.kind {
        tally.cut_addresses += sale.cut_addresses;
        let charges = invoice.lines.iter().filter(|line| line.is_charge).count() as u64;
        tally.charges += charges;
        tally.lines += invoice.lines.len() as u64 - charges;
    } else {
        tally.credit_notes += 1;
    }
}

/// Looks and decides; the reason, if the invoice is refused.
fn plan<'a>(
    db: &Snapshot,
    shelf: &mut Shelf<'a>,
    before: Option<&Before>,
    invoice: &'a Invoice,
    stock: StockRule,
) -> Result<std::result::Result<Plan, Reason>> {
    let customer = match (&invoice.customer, &invoice.buyer) {
        (Some(number), _) => store::customers::by_number(db, number)?,
        (None, Some(buyer)) => store::customers::of_address(db, &buyer.email)?,
        (None, None) => None,
    };
    let customer = customer.map(|customer| customer.id);
    match is_there(db, invoice, customer)? {
        Some(true) => return Ok(Ok(Plan::Leave)),
        Some(false) => {
            return Ok(Err(Reason::Other(format!(
                "number {} is there already with other content",
                invoice.number
            ))));
        }
        None => {}
    }
    for line in invoice.lines.iter().filter(|line| !line.is_charge) {
        if !shelf.contains_key(line.sku.as_str()) {
            shelf.insert(&line.sku, store::products::offer_by_sku(db, &line.sku)?);
        }
        let is_announced = || before.map_or(Ok(false), |before| before.announces(&line.sku));
        if offer(shelf, line).is_none() && !is_announced()? {
            return Ok(Err(Reason::NoProduct(line.sku.clone())));
        }
    }
    if let Some(short) = short(shelf, invoice, stock) {
        let words = format!("there is not enough {short} in stock");
        return Ok(Err(Reason::Other(words)));
    }
    Ok(Ok(Plan::Make(match (payer_name(invoice), customer) {
        (None, _) => Payer::Nobody,
        (Some(_), Some(id)) => Payer::Known(id),
        (Some(_), None) => Payer::New,
    })))
}

/// What the customer is known by: a number, else an address.
fn payer_name(invoice: &Invoice) -> Option<String> {
    let address = || {
        invoice
            .buyer
            .as_ref()
            .map(|buyer| buyer.email.to_ascii_lowercase())
    };
    invoice.customer.clone().or_else(address)
}

/// Whether the invoice is there already: with the same content (true) or with other (false).
fn is_there(db: &Snapshot, invoice: &Invoice, customer: Option<CustomerId>) -> Result<Option<bool>> {
    if !invoice.is_sale() {
        let Some(found) = store::credit_notes::by_number(db, &invoice.number)? else {
            return Ok(None);
        };
        let lines = found.lines.iter();
        let lines = lines.map(|line| (&*line.sku, line.quantity, line.unit_price));
        let is_same = found.placed_at == invoice.placed_at && found.customer == customer;
        return Ok(Some(is_same && same(lines, invoice)));
    }
    let Some(found) = store::orders::by_number(db, &invoice.number)? else {
        return Ok(None);
    };
    let lines = found.lines.iter();
    let lines = lines.map(|line| (&*line.sku, line.quantity, line.unit_price));
    let placed_at = match invoice.is_of_shopify {
        true => found
            .head
            .placed_at
            .minus_ms(found.head.placed_at.ms().rem_euclid(1000)),
        false => found.head.placed_at,
    };
    let is_same = placed_at == invoice.placed_at && same(lines, invoice);
    let versions = match &invoice.kind {
        InvoiceKind::Sale(sale) => 1 + sale.history.len() as i64,
        InvoiceKind::Cancellation => 1,
    };
    let is_changed = found.head.channel == Channel::Import && found.head.version > versions;
    let is_whose = found.head.channel != Channel::Import || found.head.customer == customer;
    Ok(Some(is_changed || (is_same && is_whose)))
}

/// What makes a line that line. Neither its place does nor whether it is a charge: once its product is gone, it stands in
/// a file as one, behind the others.
type Gist<'a> = (&'a str, i64, Money);

fn same<'a>(lines: impl Iterator<Item = Gist<'a>>, invoice: &'a Invoice) -> bool {
    let told = invoice.lines.iter();
    let told = told.map(|line| (&*line.sku, line.quantity, line.unit_price));
    let (mut lines, mut told): (Vec<Gist>, Vec<Gist>) = (lines.collect(), told.collect());
    if invoice.is_of_shopify {
        // What is no goods has a name there and no code.
        for line in lines.iter_mut().chain(&mut told) {
            line.0 = "";
        }
    }
    lines.sort_unstable();
    told.sort_unstable();
    lines == told
}

fn offer<'s>(shelf: &'s Shelf<'_>, line: &InvoiceLine) -> Option<&'s Offer> {
    match line.is_charge {
        true => None,
        false => shelf.get(line.sku.as_str())?.as_ref(),
    }
}

/// The first SKU of which the invoice would take more than there is.
fn short(shelf: &Shelf<'_>, invoice: &Invoice, stock: StockRule) -> Option<String> {
    let InvoiceKind::Sale(sale) = &invoice.kind else {
        return None;
    };
    if !takes_stock(stock, sale) {
        return None;
    }
    let mut taken: HashMap<&str, i64> = HashMap::new();
    for line in invoice.lines.iter().filter(|line| !line.is_charge) {
        let sum = taken.entry(&line.sku).or_default();
        *sum += line.quantity;
        if offer(shelf, line).is_some_and(|offer| *sum > offer.available) {
            return Some(line.sku.clone());
        }
    }
    None
}

fn takes_stock(stock: StockRule, sale: &Sale) -> bool {
    stock == StockRule::Take && sale.state != OrderState::Canceled
}

/// The customer's id; one whom no file has named yet is made.
fn pay(tx: &Tx, invoice: &Invoice, payer: Payer, tally: &mut Tally) -> Result<Option<CustomerId>> {
    Ok(match payer {
        Payer::Nobody => None,
        Payer::Known(id) => Some(id),
        Payer::New => {
            // Named by an invoice of this very batch a moment ago, perhaps.
            tally.customers += 1;
            Some(customers::make(tx, &new_customer(invoice))?)
        }
    })
}

fn new_customer(invoice: &Invoice) -> NewCustomer {
    let number = invoice.customer.as_deref();
    let buyer = invoice.buyer.as_ref();
    let name = buyer.map(|buyer| buyer.name.clone());
    NewCustomer {
        number: number.map(str::to_owned),
        name: name.unwrap_or_else(|| format!("Customer {}", number.unwrap_or_default())),
        email: buyer.map(|buyer| buyer.email.clone()),
        phone: buyer.and_then(|buyer| buyer.phone.clone()),
        country: invoice.country.map(|code| code.as_str().to_owned()),
        ..NewCustomer::default()
    }
}

fn insert_order(
    tx: &Tx,
    terms: &Terms,
    shelf: &Shelf<'_>,
    invoice: &Invoice,
    sale: &Sale,
    customer: Option<CustomerId>,
) -> Result<OrderId> {
    let id = store::orders::insert_imported(tx, terms, invoice, sale, customer)?;
    let contacts = Contacts {
        token: secret::random()?,
        email: sale.email.clone(),
        shipping_address: sale.shipping_address.clone(),
        billing_address: sale.billing_address.clone(),
        note: sale.note.clone(),
        client_token: None,
    };
    store::orders::insert_contacts(tx, id, &contacts)?;
    for (at, line) in invoice.lines.iter().enumerate() {
        let offer = offer(shelf, line);
        let row = Line {
            id: LineId::at(id, at + 1),
            variant: offer.map(|offer| offer.variant),
            product: offer.map(|offer| offer.product),
            quantity: line.quantity,
            unit_price: line.unit_price,
            list_price: line.list_price,
            discount: line.discount,
            tax: line.tax,
            tax_rate: Percent::ZERO,
            has_drifted: false,
            total: line.total,
            sku: line.sku.clone(),
            name: name(offer, line),
        };
        store::orders::insert_line(tx, id, &row)?;
    }
    if !sale.tags.is_empty() {
        store::orders::set_tags(tx, id, &sale.tags)?;
    }
    remember(tx, id, &sale.history)?;
    Ok(id)
}

/// Writes what happened to an order before it came. Who did it is no user of this shop.
fn remember(tx: &Tx, order: OrderId, history: &[PastChange]) -> Result<()> {
    for (version, past) in (2..).zip(history) {
        let former = past.former.as_deref().map(Former::from_json).unwrap_or_default();
        let change = NewChange {
            order,
            version,
            at: past.at,
            change: past.change,
            actor: (past.by, None),
            request_id: None,
            is_public: past.is_public,
            note: past.note.as_deref(),
            former: &former,
        };
        store::orders::insert_change(tx, &change)?;
    }
    Ok(())
}

fn insert_credit(
    tx: &Tx,
    terms: &Terms,
    shelf: &Shelf<'_>,
    invoice: &Invoice,
    customer: Option<CustomerId>,
) -> Result<()> {
    let lines = invoice.lines.iter().map(|line| {
        let offer = offer(shelf, line);
        CreditNoteLine {
            variant: offer.map(|offer| offer.variant),
            product: offer.map(|offer| offer.product),
            quantity: line.quantity,
            unit_price: line.unit_price,
            total: line.total,
            sku: line.sku.clone(),
            name: name(offer, line),
        }
    });
    let note = NewCreditNote {
        number: &invoice.number,
        customer,
        country: invoice.country.as_ref().map(|code| code.as_str()),
        currency: terms.currency,
        total: invoice.total,
        placed_at: invoice.placed_at,
        lines: lines.collect(),
    };
    store::credit_notes::insert(tx, &note)?;
    Ok(())
}

/// The name on the line: the file's own, else the product's as it is called now, else the charge's.
fn name(offer: Option<&Offer>, line: &InvoiceLine) -> String {
    match (&line.name, offer) {
        (Some(name), _) => name.clone(),
        (None, Some(offer)) => offer.full_name(),
        (None, None) => charge_name(&line.sku).to_owned(),
    }
}

/// Takes what an order sold, line by line.
fn take(tx: &Tx, by: &Actor, shelf: &mut Shelf<'_>, invoice: &Invoice, order: OrderId) -> Result<()> {
    let cause = Cause {
        reason: MovementReason::Import,
        order: Some(order),
        actor: by.user,
        note: None,
    };
    for line in invoice.lines.iter().filter(|line| !line.is_charge) {
        if let Some(Some(offer)) = shelf.get_mut(line.sku.as_str()) {
            offer.available = store::stock::shift(tx, offer.variant, -line.quantity, cause)?;
        }
    }
    Ok(())
}

/// The serial number that a text is, or 0.
fn serial(number: &str) -> i64 {
    let is_digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    match number.parse() {
        Ok(serial) if is_digits && serial < HIGHEST_SERIAL => serial,
        _ => 0,
    }
}

/// Orders that are placed from now on get stored numbers above every imported one (SCHEMA *Numbers*).
fn number_above(tx: &Tx, terms: &Terms, highest: i64) -> Result<()> {
    let newest = store::orders::newest(tx)?;
    let base = terms.number_base.max(highest - newest.0);
    if base != terms.number_base {
        store::settings::set(tx, "number_base", &base.to_string())?;
    }
    if !terms.numbers_stored {
        store::settings::set(tx, "numbers_stored", "1")?;
    }
    Ok(())
}
