//! A paper ready to be drawn, on a page or in a PDF: every word of it, in order, and nothing of how it looks.

use crate::domain::address;
use crate::domain::invoice;
use crate::domain::invoice::Content;
use crate::domain::invoice::ContentLine;
use crate::domain::invoice::Invoice;
use crate::domain::invoice::Series;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::time::Day;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::words;

/// A paper's words.
pub struct Sheet {
    /// `Invoice INV-2026-00001`.
    pub title: String,
    /// Its number.
    pub number: String,
    /// Where it has come to nothing, or takes back from another.
    pub notice: Option<String>,
    /// What the shop is called.
    pub shop: String,
    /// Where the shop is.
    pub from: Vec<String>,
    /// The country of the shop, by its code.
    pub country: String,
    /// Whom it is for.
    pub bill_to: Vec<String>,
    /// Where the goods went.
    pub ship_to: Vec<String>,
    /// Dates and numbers, each with its name.
    pub facts: Vec<(&'static str, String)>,
    /// What was sold.
    pub rows: Vec<Row>,
    /// Whether a line has a discount.
    pub has_discount: bool,
    /// Whether a line has tax.
    pub has_tax: bool,
    /// The tax by rate: its name, net, tax, gross.
    pub taxes: Vec<[String; 4]>,
    /// The sums, each with its name; those that close a block are strong.
    pub sums: Vec<Sum>,
}

/// A line of it.
pub struct Row {
    /// What it is.
    pub name: String,
    /// Its SKU.
    pub sku: String,
    /// How many.
    pub quantity: String,
    /// What one costs.
    pub price: String,
    /// What is taken off, or nothing.
    pub discount: String,
    /// The tax in it or beside it, or nothing.
    pub tax: String,
    /// What it comes to.
    pub total: String,
}

/// A sum with its name.
pub struct Sum {
    /// Its name.
    pub name: &'static str,
    /// How much.
    pub amount: String,
    /// Whether it closes a block.
    pub is_strong: bool,
}

/// Amounts of one paper as people read them.
struct Amounts(Currency);

impl Amounts {
    fn value(&self, frozen: &str) -> Money {
        invoice::money(frozen, self.0)
    }

    fn read(&self, money: Money) -> String {
        words::money(money, self.0)
    }

    fn show(&self, frozen: &str) -> String {
        self.read(self.value(frozen))
    }

    /// An amount that is taken off; nothing where it is none.
    fn off(&self, frozen: &str) -> String {
        self.some(frozen, |money| -money)
    }

    fn some(&self, frozen: &str, sign: fn(Money) -> Money) -> String {
        match self.value(frozen) {
            Money::ZERO => String::new(),
            money => self.read(sign(money)),
        }
    }
}

impl Sheet {
    /// A paper's words, from what was frozen.
    pub fn of(paper: &Invoice) -> Result<Self> {
        let content = Content::read(&paper.content);
        let content = content.ok_or_else(|| Error::internal("an invoice cannot be read"))?;
        let amounts = Amounts(paper.currency);
        let is_credit = paper.series == Series::CreditNote;
        let kind = if is_credit { "Credit note" } else { "Invoice" };
        let rows: Vec<Row> = content.lines.iter().map(|line| row(line, &amounts)).collect();
        let bill_to = content.bill_to.as_ref().map(address::lines);
        Ok(Self {
            title: format!("{kind} {}", paper.number),
            number: paper.number.clone(),
            notice: notice(paper, &content),
            shop: content.seller.name.clone(),
            from: address::lines(&content.seller.address),
            country: content.seller.address["country"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            bill_to: bill_to.unwrap_or_else(|| content.customer.clone().into_iter().collect()),
            ship_to: content.ship_to.as_ref().map(address::lines).unwrap_or_default(),
            facts: facts(&content, is_credit),
            has_discount: rows.iter().any(|row| !row.discount.is_empty()),
            has_tax: rows.iter().any(|row| !row.tax.is_empty()),
            rows,
            taxes: taxes(&content, &amounts),
            sums: sums(&content, &amounts, is_credit),
        })
    }
}

fn notice(paper: &Invoice, content: &Content) -> Option<String> {
    if paper.voided_at.is_some() {
        return Some("Void: the refund has failed, and the invoice stands.".to_owned());
    }
    let invoice = content.credits.as_ref()?;
    let reason = content.reason.as_deref().unwrap_or_default();
    Some(
        format!("Takes back from invoice {invoice}. {reason}")
            .trim_end()
            .to_owned(),
    )
}

fn row(line: &ContentLine, amounts: &Amounts) -> Row {
    Row {
        name: line.name.clone(),
        sku: line.sku.clone(),
        quantity: line.quantity.to_string(),
        price: amounts.show(&line.unit_price),
        discount: amounts.off(&line.discount),
        tax: amounts.some(&line.tax, |money| money),
        total: amounts.show(&line.total),
    }
}

/// `20 November 2026`.
fn day(written: &str) -> String {
    match Day::parse(written) {
        Ok(day) => format!("{} {}", day.words(), day.year()),
        Err(_) => written.to_owned(),
    }
}

fn facts(content: &Content, is_credit: bool) -> Vec<(&'static str, String)> {
    let name = if is_credit { "Date" } else { "Invoice date" };
    let mut facts = vec![
        (name, day(&content.date)),
        ("Order", format!("#{}", content.order_number)),
        ("Ordered", day(&content.order_date)),
    ];
    facts.extend(content.credits.clone().map(|number| ("Invoice", number)));
    facts
}

fn taxes(content: &Content, amounts: &Amounts) -> Vec<[String; 4]> {
    let row = |tax: &crate::domain::invoice::ContentTax| {
        let name = match &tax.rate {
            Some(rate) => format!("{rate} %"),
            None => "Shipping".to_owned(),
        };
        let (net, of_it) = (amounts.value(&tax.net), amounts.value(&tax.tax));
        let gross = net.checked_add(of_it).unwrap_or(net);
        [name, amounts.read(net), amounts.read(of_it), amounts.read(gross)]
    };
    content.taxes.iter().map(row).collect()
}

fn sums(content: &Content, amounts: &Amounts, is_credit: bool) -> Vec<Sum> {
    let sum = |name, amount, is_strong| Sum {
        name,
        amount,
        is_strong,
    };
    let mut sums = vec![sum("Subtotal", amounts.show(&content.subtotal), false)];
    let discount = amounts.off(&content.discount);
    if !discount.is_empty() {
        sums.push(sum("Discount", discount, false));
    }
    let shipping = amounts.some(&content.shipping, |money| money);
    if !shipping.is_empty() {
        sums.push(sum("Shipping", shipping, false));
    }
    let tax = amounts.some(&content.tax, |money| money);
    let total = amounts.show(&content.total);
    match (tax.is_empty(), content.tax_included) {
        (true, _) => sums.push(sum("Total", total, true)),
        (false, true) => {
            sums.push(sum("Total", total, true));
            sums.push(sum("Tax in it", tax, false));
        }
        (false, false) => {
            sums.push(sum("Tax", tax, false));
            sums.push(sum("Total", total, true));
        }
    }
    if !is_credit {
        let (whole, paid) = (amounts.value(&content.total), amounts.value(&content.paid));
        let due = whole.checked_sub(paid).unwrap_or(Money::ZERO);
        sums.push(sum("Paid", amounts.read(-paid), false));
        sums.push(sum("Due", amounts.read(due), true));
    }
    sums
}
