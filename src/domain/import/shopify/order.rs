//! An order of Shopify's: what its first row says of it, a line for each row, and the sums, which must add up.

use std::borrow::Cow;

use crate::domain::fault::Bad;
use crate::domain::import::Buyer;
use crate::domain::import::Fields;
use crate::domain::import::Invoice;
use crate::domain::import::InvoiceForm;
use crate::domain::import::InvoiceKind;
use crate::domain::import::LineForm;
use crate::domain::import::Numbered;
use crate::domain::import::Told;
use crate::domain::import::fields::Reading;
use crate::domain::import::fields::count;
use crate::domain::import::reasons;
use crate::domain::import::shopify::Layout;
use crate::domain::import::shopify::Wrong;
use crate::domain::import::shopify::address;
use crate::domain::import::shopify::amount;
use crate::domain::import::shopify::flag;
use crate::domain::import::shopify::moment;
use crate::domain::import::shopify::sums;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::OrderState;
use crate::domain::product::MOST_STOCK;
use crate::domain::settings::Terms;
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::domain::time::Zone;

pub(super) const LAYOUT: Layout = Layout {
    key: &["name"],
    marks: &[
        "financial status",
        "lineitem quantity",
        "lineitem name",
        "lineitem price",
    ],
    needed: &[
        ("Name", &["name"]),
        ("Created at", &["created at"]),
        ("Lineitem quantity", &["lineitem quantity"]),
        ("Lineitem name", &["lineitem name"]),
        ("Lineitem price", &["lineitem price"]),
    ],
    read: &[
        "name",
        "email",
        "phone",
        "financial status",
        "fulfillment status",
        "fulfilled at",
        "cancelled at",
        "created at",
        "currency",
        "subtotal",
        "shipping",
        "taxes",
        "duties",
        "total",
        "discount amount",
        "refunded amount",
        "outstanding balance",
        "notes",
        "tags",
        "lineitem quantity",
        "lineitem name",
        "lineitem price",
        "lineitem compare at price",
        "lineitem sku",
        "lineitem taxable",
        "lineitem discount",
        "billing name",
        "billing street",
        "billing address1",
        "billing address2",
        "billing company",
        "billing city",
        "billing zip",
        "billing province",
        "billing province name",
        "billing country",
        "billing phone",
        "shipping name",
        "shipping street",
        "shipping address1",
        "shipping address2",
        "shipping company",
        "shipping city",
        "shipping zip",
        "shipping province",
        "shipping province name",
        "shipping country",
        "shipping phone",
    ],
};

/// What the first row says of the order.
#[derive(Default)]
pub(super) struct Head {
    placed_at: Option<Timestamp>,
    canceled_at: Option<Timestamp>,
    fulfilled_at: Option<Timestamp>,
    payment: Option<Payment>,
    fulfilment: Option<FulfilmentStatus>,
    pub(super) subtotal: Option<Money>,
    pub(super) shipping: Money,
    pub(super) tax: Money,
    duties: Money,
    pub(super) total: Option<Money>,
    pub(super) discount: Option<Money>,
    refunded: Option<Money>,
    outstanding: Option<Money>,
}

/// What a row says of its line.
pub(super) struct Line {
    quantity: i64,
    name: String,
    price: Money,
    list_price: Option<Money>,
    sku: Option<String>,
    pub(super) is_taxed: bool,
    pub(super) discount: Money,
    pub(super) tax: Money,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Payment {
    Open,
    /// It will not come any more.
    Ended,
    Part,
    Paid,
    Refunded,
}

impl Invoice {
    /// Reads the rows of one order, or says on which lines it is wrong.
    pub fn from_shopify(rows: &[Numbered<Fields>], terms: &Terms, zone: &Zone) -> Result<Self, Wrong> {
        let Some(first) = rows.first() else {
            return Err(Wrong::new());
        };
        let (mut wrong, mut lines) = (Wrong::new(), Vec::new());
        let head = head(&first.row, terms.currency, zone).unwrap_or_else(|reason| {
            wrong.push((first.line, reason));
            Head::default()
        });
        for row in rows {
            match line(&row.row, terms.currency) {
                Ok(line) => lines.extend(line),
                Err(reason) => wrong.push((row.line, reason)),
            }
        }
        if !wrong.is_empty() {
            wrong.sort();
            return Err(wrong);
        }
        invoice(&first.row, head, lines, terms, zone).map_err(|reason| vec![(first.line, reason)])
    }
}

fn head(fields: &Fields, currency: Currency, zone: &Zone) -> Result<Head, String> {
    let mut row = Reading::new(fields);
    let placed_at = row.required("created at", |text| moment(text, zone));
    // Nothing in an order's life is older than the order.
    let since = |text: &str| match moment(text, zone)? {
        at if placed_at.is_some_and(|placed| at < placed) => {
            Err(Bad::invalid("must not be before the order was placed"))
        }
        at => Ok(at),
    };
    let mut money = |name: &str| row.optional(name, |text| amount(text, currency));
    let head = Head {
        placed_at,
        subtotal: money("subtotal"),
        shipping: money("shipping").unwrap_or_default(),
        tax: money("taxes").unwrap_or_default(),
        duties: money("duties").unwrap_or_default(),
        total: money("total"),
        discount: money("discount amount"),
        refunded: money("refunded amount"),
        outstanding: money("outstanding balance"),
        canceled_at: row.optional("cancelled at", since),
        fulfilled_at: row.optional("fulfilled at", since),
        payment: row.optional("financial status", payment),
        fulfilment: row.optional("fulfillment status", fulfilment),
    };
    row.done().map_err(|faults| reasons(&faults))?;
    Ok(head)
}

fn payment(text: &str) -> Result<Payment, Bad> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "pending" | "authorized" | "unpaid" => Payment::Open,
        "voided" | "expired" => Payment::Ended,
        "partially_paid" => Payment::Part,
        "paid" | "partially_refunded" => Payment::Paid,
        "refunded" => Payment::Refunded,
        _ => return Err(Bad::invalid("is no financial status of Shopify's")),
    })
}

fn fulfilment(text: &str) -> Result<FulfilmentStatus, Bad> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "fulfilled" => FulfilmentStatus::Fulfilled,
        "partial" => FulfilmentStatus::Partial,
        "unfulfilled" | "null" | "restocked" | "pending" | "open" | "in_progress" | "on_hold"
        | "scheduled" | "request_declined" => FulfilmentStatus::Unfulfilled,
        _ => return Err(Bad::invalid("is no fulfillment status of Shopify's")),
    })
}

/// Reads a line; one of which nothing is left says nothing.
fn line(fields: &Fields, currency: Currency) -> Result<Option<Line>, String> {
    let mut row = Reading::new(fields);
    let quantity = row.required("lineitem quantity", |text| count(text, MOST_STOCK));
    let name = row.required("lineitem name", |text| text::line(text, 1, 520));
    let price = row.required("lineitem price", |text| amount(text, currency));
    let list_price = row.optional("lineitem compare at price", |text| amount(text, currency));
    let discount = row.optional("lineitem discount", |text| amount(text, currency));
    let taxable = row.optional("lineitem taxable", flag);
    row.done().map_err(|faults| reasons(&faults))?;
    let sku = fields
        .get("lineitem sku")
        .map(|sku| sku.trim_start_matches('\'').to_owned());
    let (Some(quantity), Some(name), Some(price)) = (quantity.filter(|quantity| *quantity > 0), name, price)
    else {
        return Ok(None);
    };
    Ok(Some(Line {
        quantity,
        name,
        price,
        // Shopify writes 0 where there is none.
        list_price: list_price.filter(|list| *list > Money::ZERO),
        sku,
        is_taxed: taxable != Some(false),
        discount: discount.unwrap_or_default(),
        tax: Money::ZERO,
    }))
}

fn invoice(
    fields: &Fields,
    mut head: Head,
    mut lines: Vec<Line>,
    terms: &Terms,
    zone: &Zone,
) -> Result<Invoice, String> {
    if head.duties > Money::ZERO {
        lines.push(Line::charge("Duties", head.duties));
        let subtotal = head.subtotal;
        head.subtotal = subtotal.and_then(|subtotal| subtotal.checked_add(head.duties));
    }
    let spread = sums::discounted(&head, &mut lines)?;
    let (total, tax_included) = sums::total(&mut head, &lines, spread, terms.tax_included)?;
    sums::tax(&head, &mut lines);
    let (billing, shipping) = (
        address::read(fields, "billing"),
        address::read(fields, "shipping"),
    );
    let cut_addresses = u64::from(billing.is_cut) + u64::from(shipping.is_cut);
    let country = shipping.country.or(billing.country);
    let form = InvoiceForm {
        country: country.map(|code| code.to_string().into()),
        shipping_address: shipping.value,
        billing_address: billing.value,
        ..form(fields, &head, &lines, total, terms.currency)?
    };
    let terms = Terms {
        tax_included,
        ..*terms
    };
    let mut invoice = Invoice::of(form, &terms, zone)?;
    invoice.is_of_shopify = true;
    if let InvoiceKind::Sale(sale) = &mut invoice.kind {
        if sale.state == OrderState::Processing && head.fulfilment == Some(FulfilmentStatus::Partial) {
            sale.fulfilment = FulfilmentStatus::Partial;
        }
        sale.cut_addresses = cut_addresses;
        invoice.buyer = sale.email.clone().map(|email| buyer(fields, email));
    }
    Ok(invoice)
}

/// The order in the form that our own files have, but for its addresses.
fn form<'f>(
    fields: &'f Fields,
    head: &Head,
    lines: &[Line],
    total: Money,
    currency: Currency,
) -> Result<InvoiceForm<'f>, String> {
    let state = head.state();
    // Of what is still open, nothing has left as a whole.
    let is_open = matches!(state, OrderState::Pending | OrderState::Processing);
    let left_at = head.fulfilled_at.filter(|_| !is_open);
    let money = |money: Money| Some(raw(money, currency));
    let text = |name: &str| fields.get(name).map(Cow::Borrowed);
    let number = |name: &'f str| name.strip_prefix('#').unwrap_or(name).into();
    Ok(InvoiceForm {
        number: fields.get("name").map(number),
        placed_at: told(head.placed_at),
        currency: text("currency"),
        status: Some(state.name().into()),
        lines: forms(lines, true, currency),
        charges: forms(lines, false, currency),
        shipping: money(head.shipping),
        tax: money(head.tax),
        paid: money(head.paid(total)?),
        refunded: money(head.given_back(total)),
        shipped_at: told(left_at),
        delivered_at: told(left_at.filter(|_| state != OrderState::Canceled)),
        canceled_at: told(head.canceled_at),
        email: text("email"),
        note: text("notes"),
        tags: tags(fields),
        ..InvoiceForm::default()
    })
}

impl Head {
    fn state(&self) -> OrderState {
        let payment = self.payment.unwrap_or(Payment::Open);
        let has_left = matches!(
            self.fulfilment,
            Some(FulfilmentStatus::Fulfilled | FulfilmentStatus::Partial)
        );
        match (self.fulfilment, payment) {
            _ if self.canceled_at.is_some() => OrderState::Canceled,
            (_, Payment::Refunded) if has_left => OrderState::Refunded,
            (Some(FulfilmentStatus::Fulfilled), _) => OrderState::Delivered,
            (Some(FulfilmentStatus::Partial), _) => OrderState::Processing,
            // It never left, and no money is here or will come.
            (_, Payment::Refunded | Payment::Ended) => OrderState::Canceled,
            (_, Payment::Paid | Payment::Part) => OrderState::Processing,
            (_, Payment::Open) => OrderState::Pending,
        }
    }

    fn paid(&self, total: Money) -> Result<Money, String> {
        match self.payment.unwrap_or(Payment::Open) {
            Payment::Open | Payment::Ended => Ok(Money::ZERO),
            Payment::Paid | Payment::Refunded => Ok(total),
            Payment::Part => {
                let paid = self.outstanding.and_then(|open| total.checked_sub(open));
                let paid = paid.filter(|paid| *paid >= Money::ZERO);
                paid.ok_or_else(|| "Outstanding Balance must tell what of a part payment is open".into())
            }
        }
    }

    fn given_back(&self, total: Money) -> Money {
        match (self.payment, self.refunded) {
            (Some(Payment::Refunded), None) => total,
            // What was voided was never here.
            (None | Some(Payment::Open | Payment::Ended), _) => Money::ZERO,
            (_, refunded) => refunded.unwrap_or_default(),
        }
    }
}

impl Line {
    fn charge(name: &str, price: Money) -> Self {
        Self {
            quantity: 1,
            name: name.to_owned(),
            price,
            list_price: None,
            sku: None,
            is_taxed: false,
            discount: Money::ZERO,
            tax: Money::ZERO,
        }
    }

    /// What the customer pays for it, where that can be.
    pub(super) fn worth(&self) -> Option<Money> {
        let worth = self.price.times(self.quantity)?.checked_sub(self.discount)?;
        Some(worth).filter(|worth| *worth >= Money::ZERO)
    }

    fn form(&self, currency: Currency) -> LineForm<'static> {
        let code: String = self.name.chars().take(64).collect();
        LineForm {
            sku: Some(self.sku.clone().unwrap_or(code).into()),
            name: Some(self.name.clone().into()),
            qty: Some(self.quantity),
            unit_price: Some(raw(self.price, currency)),
            list_price: self.list_price.map(|price| raw(price, currency)),
            discount: Some(raw(self.discount, currency)),
            tax: Some(raw(self.tax, currency)),
            ..LineForm::default()
        }
    }
}

/// The lines that are goods, which a SKU shows, or those that are charges.
fn forms(lines: &[Line], goods: bool, currency: Currency) -> Vec<LineForm<'static>> {
    let some = lines.iter().filter(|line| line.sku.is_some() == goods);
    some.map(|line| line.form(currency)).collect()
}

fn buyer(fields: &Fields, email: String) -> Buyer {
    let name = fields.first(&["billing name", "shipping name"]).unwrap_or(&email);
    Buyer {
        name: text::line(name, 1, 200).unwrap_or_else(|_| email.clone()),
        phone: fields.first(&["phone", "billing phone"]).and_then(address::phone),
        email,
    }
}

fn tags(fields: &Fields) -> Vec<Cow<'_, str>> {
    let tags = fields.get("tags").unwrap_or_default().split(',').map(str::trim);
    tags.filter(|tag| !tag.is_empty()).map(Cow::Borrowed).collect()
}

fn told(at: Option<Timestamp>) -> Told<'static> {
    at.map(|at| at.to_string().into())
}

fn raw(money: Money, currency: Currency) -> RawAmount {
    RawAmount::new(&money.write(currency).to_string())
}
