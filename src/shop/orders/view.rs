//! How an order reads as JSON: to the API, and without its personal fields in events, which keep these very bytes.

use serde::Serialize;
use serde::Serializer;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::domain::actor::Actor;
use crate::domain::money::Amount;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::Line;
use crate::domain::order::Order;
use crate::domain::order::OrderState;
use crate::domain::order::PaymentStatus;
use crate::domain::order::ReturnStatus;
use crate::domain::time::Timestamp;
use crate::shop::reasons::Explained;
use crate::shop::reasons::ReasonView;

/// Lines that an event tells at most; the rest is in the order.
const LINES_IN_EVENT: usize = 100;

/// An order as the API shows it.
#[derive(Serialize, ToSchema)]
pub struct OrderView<'a> {
    id: i64,
    number: &'a str,
    #[schema(value_type = OrderState)]
    status: &'static str,
    #[schema(value_type = PaymentStatus)]
    payment_status: &'static str,
    #[schema(value_type = FulfilmentStatus)]
    fulfilment_status: &'static str,
    #[schema(value_type = ReturnStatus)]
    return_status: &'static str,
    customer_id: Option<i64>,
    user_id: Option<i64>,
    #[serde(flatten)]
    #[schema(value_type = Personal)]
    personal: Option<Personal<'a>>,
    currency: &'a str,
    #[schema(value_type = Vec<ItemView>)]
    items: Items<'a>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    items_truncated: bool,
    /// In an event: how many lines it does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    items_left: Option<usize>,
    item_count: i64,
    subtotal: Amount,
    discount: Amount,
    shipping: Amount,
    tax: Amount,
    total: Amount,
    /// Where the figures come from: the parts of each add up to it. Told by the reply that has priced it, with `explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<ReasonView>, required = false)]
    reasons: Option<&'a [ReasonView]>,
    paid: Amount,
    refunded: Amount,
    due: Amount,
    /// What was paid beyond the total, and has not gone back.
    overpaid: Amount,
    shipping_method: Option<i64>,
    payment_method: &'static str,
    tags: &'a [String],
    placed_at: Timestamp,
    processing_at: Option<Timestamp>,
    shipped_at: Option<Timestamp>,
    delivered_at: Option<Timestamp>,
    canceled_at: Option<Timestamp>,
    refunded_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i64,
}

#[derive(Serialize, ToSchema)]
struct Personal<'a> {
    email: Option<&'a str>,
    #[schema(value_type = Option<Object>)]
    shipping_address: Option<&'a RawValue>,
    #[schema(value_type = Option<Object>)]
    billing_address: Option<&'a RawValue>,
    note: Option<&'a str>,
    client_token: Option<&'a str>,
}

struct Items<'a> {
    lines: &'a [Line],
    currency: Currency,
    explained: Option<&'a Explained>,
}

#[derive(Serialize, ToSchema)]
struct ItemView<'a> {
    id: i64,
    product_id: Option<i64>,
    variant_id: Option<i64>,
    sku: &'a str,
    name: &'a str,
    quantity: i64,
    unit_price: Amount,
    list_price: Amount,
    discount: Amount,
    tax: Amount,
    total: Amount,
    /// Whether the price had moved by more than a tenth since the buyer saw it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    price_drift: bool,
    /// As the order's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<ReasonView>, required = false)]
    reasons: Option<&'a [ReasonView]>,
}

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let told = |line| item(line, self.currency, self.explained);
        serializer.collect_seq(self.lines.iter().map(told))
    }
}

fn item<'a>(line: &'a Line, currency: Currency, explained: Option<&'a Explained>) -> ItemView<'a> {
    let reasons = explained.and_then(|told| told.lines.get(&line.id));
    ItemView {
        id: line.id.0,
        product_id: line.product.map(|product| product.0),
        variant_id: line.variant.map(|variant| variant.0),
        sku: &line.sku,
        name: &line.name,
        quantity: line.quantity,
        unit_price: line.unit_price.write(currency),
        list_price: line.list_price.unwrap_or(line.unit_price).write(currency),
        discount: line.discount.write(currency),
        tax: line.tax.write(currency),
        total: line.total.write(currency),
        price_drift: line.has_drifted,
        reasons: reasons.map(Vec::as_slice),
    }
}

impl<'a> OrderView<'a> {
    /// As its owner and staff see it.
    pub fn whole(order: &'a Order) -> Self {
        let contacts = &order.contacts;
        let personal = Personal {
            email: contacts.email.as_deref(),
            shipping_address: raw(contacts.shipping_address.as_deref()),
            billing_address: raw(contacts.billing_address.as_deref()),
            note: contacts.note.as_deref(),
            client_token: contacts.client_token.as_deref(),
        };
        Self::new(order, Some(personal), &order.lines)
    }

    /// The same, with where its figures come from.
    pub fn explained(mut self, told: Option<&'a Explained>) -> Self {
        self.items.explained = told;
        self.reasons = told.map(|told| told.whole.as_slice());
        self
    }

    /// As whoever holds its private link sees it: all of it but what is personal.
    pub fn for_guest(order: &'a Order) -> Self {
        Self::new(order, None, &order.lines)
    }

    /// As its owner and staff see it, unless it is by the private link that they have come to it.
    pub fn for_caller(by: &Actor, order: &'a Order) -> Self {
        match by.holds(order.head.id) {
            true => Self::for_guest(order),
            false => Self::whole(order),
        }
    }

    /// As the world is told of it: without what is personal, and of long orders the first lines.
    pub fn for_event(order: &'a Order) -> Self {
        let told = order.lines.len().min(LINES_IN_EVENT);
        Self::new(order, None, &order.lines[..told])
    }

    fn new(order: &'a Order, personal: Option<Personal<'a>>, lines: &'a [Line]) -> Self {
        let head = &order.head;
        let money = |money: Money| money.write(head.currency);
        Self {
            id: head.id.0,
            number: &head.number,
            status: head.state.name(),
            payment_status: head.payment.name(),
            fulfilment_status: head.fulfilment.name(),
            return_status: head.returns.name(),
            customer_id: head.customer.map(|customer| customer.0),
            user_id: head.user.map(|user| user.0),
            personal,
            currency: head.currency_text(),
            items: Items {
                lines,
                currency: head.currency,
                explained: None,
            },
            items_truncated: lines.len() < order.lines.len(),
            items_left: untold(lines, &order.lines),
            item_count: head.item_count,
            subtotal: money(head.subtotal),
            discount: money(head.discount),
            shipping: money(head.shipping),
            tax: money(head.tax),
            total: money(head.total),
            reasons: None,
            paid: money(head.paid),
            refunded: money(head.refunded),
            due: money(head.due()),
            overpaid: money(head.overpaid()),
            shipping_method: head.shipping_method.map(|method| method.0),
            payment_method: head.method.name(),
            tags: &order.tags,
            placed_at: head.placed_at,
            processing_at: head.processing_at,
            shipped_at: head.shipped_at,
            delivered_at: head.delivered_at,
            canceled_at: head.canceled_at,
            refunded_at: head.refunded_at,
            created_at: head.imported_at.unwrap_or(head.placed_at),
            updated_at: head.updated_at.unwrap_or(head.placed_at),
            version: head.version,
        }
    }
}

/// How many are not told, if any.
pub(in crate::shop) fn untold<T>(told: &[T], all: &[T]) -> Option<usize> {
    (told.len() < all.len()).then(|| all.len() - told.len())
}

/// Text that went in as JSON comes out as JSON.
fn raw(json: Option<&str>) -> Option<&RawValue> {
    json.and_then(|json| serde_json::from_str(json).ok())
}
