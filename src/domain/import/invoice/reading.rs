//! From the form that a file has to an invoice that makes sense, or all that is wrong with it.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::address::Address;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::import::customer;
use crate::domain::import::fields;
use crate::domain::import::invoice;
use crate::domain::import::invoice::Invoice;
use crate::domain::import::invoice::InvoiceKind;
use crate::domain::import::invoice::InvoiceLine;
use crate::domain::import::invoice::MOST_LINES;
use crate::domain::import::invoice::Sale;
use crate::domain::import::invoice::form::InvoiceForm;
use crate::domain::import::invoice::form::LineForm;
use crate::domain::import::invoice::past;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::money::spread;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::OrderState;
use crate::domain::order::PaymentStatus;
use crate::domain::product::MOST_STOCK;
use crate::domain::settings::Terms;
use crate::domain::tag;
use crate::domain::text;
use crate::domain::text::CountryCode;
use crate::domain::text::Email;
use crate::domain::text::Sku;
use crate::domain::time::Timestamp;
use crate::domain::time::Zone;

/// Gathers faults, so that one report tells all that is wrong with an invoice.
struct Faults(Vec<Fault>);

impl Faults {
    fn keep<T>(&mut self, field: impl Into<String>, read: Result<T, Bad>) -> Option<T> {
        read.map_err(|bad| self.0.push(bad.at(field))).ok()
    }

    /// An amount that is nothing where it is not told.
    fn money(&mut self, field: impl Into<String>, raw: Option<&RawAmount>, currency: Currency) -> Money {
        let read = raw.map_or(Ok(Money::ZERO), |raw| raw.to_money(currency)?.non_negative());
        self.keep(field, read).unwrap_or(Money::ZERO)
    }

    fn time(&mut self, field: &str, raw: Option<&str>) -> Option<Timestamp> {
        self.keep(field, Timestamp::parse(raw?))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sale,
    Cancellation,
}

impl InvoiceForm<'_> {
    /// The invoice, or all that is wrong with it.
    pub(super) fn invoice(self, terms: &Terms, zone: &Zone) -> Result<Invoice, Vec<Fault>> {
        let mut faults = Faults(Vec::new());
        let number = self.number.as_deref().ok_or_else(Bad::missing);
        let number = faults.keep("number", number.and_then(customer::number));
        let kind = faults.keep("kind", self.kind());
        let placed_at = self.placed_at(zone, &mut faults);
        let number_of = self.customer.as_deref().map(customer::number).transpose();
        let customer = faults.keep("customer", number_of).flatten();
        faults.keep("currency", self.in_currency(terms.currency));
        let lines = self.lines(kind, terms.currency, &mut faults);
        let (subtotal, discount) = match invoice::sums(&lines) {
            Ok(sums) => sums,
            Err(fault) => {
                faults.0.push(fault);
                (Money::ZERO, Money::ZERO)
            }
        };
        let (Some(number), Some(kind), Some(placed_at)) = (number, kind, placed_at) else {
            return Err(faults.0);
        };
        let country = self.country.as_deref().and_then(customer::country);
        let mut invoice = Invoice {
            number,
            placed_at,
            customer,
            buyer: None,
            is_of_shopify: false,
            country,
            lines,
            subtotal,
            total: subtotal.checked_sub(discount).unwrap_or(subtotal),
            kind: InvoiceKind::Cancellation,
        };
        if kind == Kind::Sale {
            self.sell(&mut invoice, discount, terms, &mut faults);
        }
        match faults.0.is_empty() {
            true => Ok(invoice),
            false => Err(faults.0),
        }
    }

    fn kind(&self) -> Result<Kind, Bad> {
        match self.kind.as_deref() {
            None | Some("sale") => Ok(Kind::Sale),
            Some("cancellation") => Ok(Kind::Cancellation),
            Some(_) => Err(Bad::invalid("must be sale or cancellation")),
        }
    }

    fn placed_at(&self, zone: &Zone, faults: &mut Faults) -> Option<Timestamp> {
        match (&self.placed_at, &self.datetime) {
            (Some(at), _) => faults.keep("placed_at", Timestamp::parse(at)),
            (None, Some(local)) => faults.keep("datetime", zone.local_to_utc(local)),
            (None, None) => faults.keep("placed_at", Err(Bad::missing())),
        }
    }

    fn in_currency(&self, currency: Currency) -> Result<(), Bad> {
        match self.currency.as_deref() {
            Some(code) if code != currency.as_str() => {
                Err(Bad::invalid(format!("is not the shop's, which is {currency}")))
            }
            _ => Ok(()),
        }
    }

    fn lines(&self, kind: Option<Kind>, currency: Currency, faults: &mut Faults) -> Vec<InvoiceLine> {
        let count = self.lines.len() + self.charges.len();
        if count == 0 {
            faults.0.push(Bad::missing().at("lines"));
        }
        if count > MOST_LINES {
            let bad = Bad::invalid(format!("must be at most {MOST_LINES} with the charges"));
            faults.0.push(bad.at("lines"));
            return Vec::new();
        }
        let kind = kind.unwrap_or(Kind::Sale);
        let mut lines = Vec::with_capacity(count);
        for (at, raw) in self.lines.iter().enumerate() {
            let field = |name: &str| format!("lines[{at}].{name}");
            lines.extend(raw.line(kind, currency, false, field, faults));
        }
        for (at, raw) in self.charges.iter().enumerate() {
            let field = |name: &str| format!("charges[{at}].{name}");
            lines.extend(raw.line(kind, currency, true, field, faults));
        }
        lines
    }

    /// Makes the invoice a sale: an order that was delivered and paid where the file does not say otherwise.
    fn sell(&self, invoice: &mut Invoice, discount: Money, terms: &Terms, faults: &mut Faults) {
        let currency = terms.currency;
        let shipping = faults.money("shipping", self.shipping.as_ref(), currency);
        let tax = self.taxed(invoice, shipping, currency, faults);
        let tax_included = self.tax_included.unwrap_or(terms.tax_included);
        let beside = if tax_included { Money::ZERO } else { tax };
        let total = Money::sum([invoice.total, shipping, beside]);
        let total = total.ok_or_else(|| Bad::format("comes to more than the shop can count"));
        invoice.total = faults.keep("total", total).unwrap_or(Money::ZERO);
        let state = faults
            .keep("status", self.state())
            .unwrap_or(OrderState::Delivered);
        let (paid, refunded) = self.settled(state, invoice.total, currency, faults);
        let goods = invoice.lines.iter().filter(|line| !line.is_charge);
        let mut sale = Sale {
            state,
            payment: PaymentStatus::of(invoice.total, paid, refunded),
            fulfilment: FulfilmentStatus::Unfulfilled,
            item_count: goods.map(|line| line.quantity).sum(),
            discount,
            shipping,
            tax,
            tax_included,
            paid,
            refunded,
            processing_at: faults.time("processing_at", self.processing_at.as_deref()),
            shipped_at: faults.time("shipped_at", self.shipped_at.as_deref()),
            delivered_at: faults.time("delivered_at", self.delivered_at.as_deref()),
            canceled_at: faults.time("canceled_at", self.canceled_at.as_deref()),
            refunded_at: faults.time("refunded_at", self.refunded_at.as_deref()),
            email: self.email(faults),
            note: self.note(faults),
            shipping_address: address("shipping_address", self.shipping_address.as_ref(), faults)
                .or_else(|| invoice.country.map(|country| of_country(&country))),
            billing_address: address("billing_address", self.billing_address.as_ref(), faults),
            cut_addresses: 0,
            tags: self.tags(faults),
            history: past::changes(&self.history, invoice.placed_at, &mut faults.0),
        };
        walk(&mut sale, invoice.placed_at);
        invoice.kind = InvoiceKind::Sale(Box::new(sale));
    }

    /// The tax of the whole: what the lines tell adds up to it, shipping bears the rest; where they tell nothing, it is
    /// spread over them and the shipping.
    fn taxed(
        &self,
        invoice: &mut Invoice,
        shipping: Money,
        currency: Currency,
        faults: &mut Faults,
    ) -> Money {
        let is_told = self
            .lines
            .iter()
            .chain(&self.charges)
            .any(|line| line.tax.is_some());
        let of_lines = Money::sum(invoice.lines.iter().map(|line| line.tax)).unwrap_or(Money::MAX);
        let whole = match &self.tax {
            None => of_lines,
            raw => faults.money("tax", raw.as_ref(), currency),
        };
        if !is_told {
            let goods = invoice.lines.iter().map(|line| line.total);
            let sent = (shipping > Money::ZERO).then_some(shipping);
            let weights: Vec<i64> = goods.chain(sent).map(Money::minor).collect();
            for (line, part) in invoice.lines.iter_mut().zip(spread(whole, &weights)) {
                line.tax = part;
            }
            return whole;
        }
        if of_lines > whole || (shipping == Money::ZERO && of_lines != whole) {
            faults
                .0
                .push(Bad::invalid("is not what the lines and the shipping have").at("tax"));
        }
        whole
    }

    fn state(&self) -> Result<OrderState, Bad> {
        self.status.as_deref().map_or(Ok(OrderState::Delivered), |text| {
            OrderState::parse(text).ok_or_else(|| Bad::invalid("is no state of an order"))
        })
    }

    /// What was paid and what went back.
    fn settled(
        &self,
        state: OrderState,
        total: Money,
        currency: Currency,
        faults: &mut Faults,
    ) -> (Money, Money) {
        let paid = match (&self.paid, state) {
            (None, OrderState::Pending | OrderState::Canceled) => Money::ZERO,
            (None, _) => total,
            (raw, _) => faults.money("paid", raw.as_ref(), currency),
        };
        let refunded = match (&self.refunded, state) {
            (None, OrderState::Refunded) => paid,
            (raw, _) => faults.money("refunded", raw.as_ref(), currency),
        };
        if refunded > paid {
            faults
                .0
                .push(Bad::invalid("must not be more than was paid").at("refunded"));
        }
        (paid, refunded)
    }

    fn email(&self, faults: &mut Faults) -> Option<String> {
        let email = Email::parse(self.email.as_deref()?).map(Email::into_string);
        faults.keep("email", email)
    }

    fn tags(&self, faults: &mut Faults) -> Vec<String> {
        tag::tags(&self.tags).unwrap_or_else(|bad| {
            faults.0.extend(bad);
            Vec::new()
        })
    }

    fn note(&self, faults: &mut Faults) -> Option<String> {
        faults.keep("note", text::paragraph(self.note.as_deref()?, 2000))
    }
}

/// The moments that a state implies and the file does not tell are that of the placing.
fn walk(sale: &mut Sale, placed_at: Timestamp) {
    let Sale {
        state,
        fulfilment,
        processing_at,
        shipped_at,
        delivered_at,
        canceled_at,
        refunded_at,
        ..
    } = sale;
    let implied: &mut [&mut Option<Timestamp>] = match state {
        OrderState::Pending => &mut [],
        OrderState::Processing => &mut [processing_at],
        OrderState::Shipped => &mut [processing_at, &mut *shipped_at],
        OrderState::Delivered => &mut [processing_at, &mut *shipped_at, delivered_at],
        OrderState::Canceled => &mut [canceled_at],
        OrderState::Refunded => &mut [processing_at, &mut *shipped_at, delivered_at, refunded_at],
    };
    let mut last = placed_at;
    for moment in implied {
        last = *moment.get_or_insert(last);
    }
    if shipped_at.is_some() {
        *fulfilment = FulfilmentStatus::Fulfilled;
    }
}

impl LineForm<'_> {
    fn line(
        &self,
        kind: Kind,
        currency: Currency,
        is_charge: bool,
        field: impl Fn(&str) -> String,
        faults: &mut Faults,
    ) -> Option<InvoiceLine> {
        let sku = self.sku.as_deref().ok_or_else(Bad::missing);
        let sku = sku.and_then(|text| match is_charge {
            true => text::line(text, 1, 64),
            false => Sku::parse(text).map(Sku::into_string),
        });
        let sku = faults.keep(field("sku"), sku);
        let quantity = faults.keep(field("qty"), self.quantity(kind));
        let unit_price = faults.keep(field("unit_price"), self.unit_price(currency));
        let name = self
            .name
            .as_deref()
            .map(|text| text::line(text, 1, 520))
            .transpose();
        let name = faults.keep(field("name"), name);
        let discount = faults.money(field("discount"), self.discount.as_ref(), currency);
        if kind == Kind::Cancellation && discount > Money::ZERO {
            let bad = Bad::invalid("has no place on a cancellation");
            faults.0.push(bad.at(field("discount")));
        }
        let tax = faults.money(field("tax"), self.tax.as_ref(), currency);
        let list_price = self
            .list_price
            .as_ref()
            .map(|raw| raw.to_money(currency)?.non_negative());
        let list_price = faults.keep(field("list_price"), list_price.transpose());
        let (sku, quantity, unit_price) = (sku?, quantity?, unit_price?);
        let total = InvoiceLine::total_of(quantity, unit_price, discount);
        Some(InvoiceLine {
            is_charge,
            sku,
            name: name?,
            quantity,
            unit_price,
            list_price: list_price?.filter(|price| *price != unit_price),
            discount,
            tax,
            total: faults.keep(field("total"), total)?,
        })
    }

    /// The quantity, which a cancellation has below zero.
    fn quantity(&self, kind: Kind) -> Result<i64, Bad> {
        let told = self.qty.ok_or_else(Bad::missing)?;
        match kind {
            Kind::Sale if (1..=MOST_STOCK).contains(&told) => Ok(told),
            Kind::Cancellation if (-MOST_STOCK..=-1).contains(&told) => Ok(-told),
            Kind::Sale => Err(Bad::invalid(format!("must be from 1 to {MOST_STOCK}"))),
            Kind::Cancellation => Err(Bad::invalid(format!("must be from -{MOST_STOCK} to -1"))),
        }
    }

    fn unit_price(&self, currency: Currency) -> Result<Money, Bad> {
        match (&self.unit_price, self.unit_price_pence) {
            (Some(raw), _) => raw.to_money(currency)?.non_negative(),
            (None, Some(pence)) => fields::hundredths(pence, currency)?.non_negative(),
            (None, None) => Err(Bad::missing()),
        }
    }
}

/// An address whole, or a country alone: that is all that history may know.
fn address(field: &str, value: Option<&Value>, faults: &mut Faults) -> Option<String> {
    let value = value.filter(|value| !value.is_null())?;
    let only_country = value
        .as_object()
        .filter(|object| object.len() == 1)
        .and_then(|object| object.get("country")?.as_str());
    if let Some(code) = only_country {
        let code = faults.keep(format!("{field}.country"), CountryCode::parse(code))?;
        return Some(of_country(&code));
    }
    let read = Address::deserialize(value).map_err(|cause| Bad::invalid(format!("is no address: {cause}")));
    let address = faults.keep(field, read)?.checked(field, &mut faults.0);
    let json = serde_json::to_string(&address).map_err(|cause| Bad::invalid(cause.to_string()));
    faults.keep(field, json)
}

fn of_country(code: &CountryCode) -> String {
    format!(r#"{{"country":"{code}"}}"#)
}
