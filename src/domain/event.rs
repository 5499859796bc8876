//! What the world is told, in the transaction it tells of. The events table is the outbox.

use crate::domain::id::EventId;
use crate::domain::named::named;
use crate::domain::time::Timestamp;

named! {
    /// What happened.
    EventType {
        OrderCreated = 1 "order.created",
        OrderRefused = 2 "order.refused",
        OrderStatusChanged = 3 "order.status_changed",
        OrderCanceled = 4 "order.canceled",
        OrderRefunded = 5 "order.refunded",
        OrderEdited = 6 "order.edited",
        OrderPaid = 7 "order.paid",
        PaymentSucceeded = 8 "payment.succeeded",
        PaymentFailed = 9 "payment.failed",
        RefundCreated = 10 "refund.created",
        RefundSucceeded = 11 "refund.succeeded",
        RefundFailed = 12 "refund.failed",
        InvoiceIssued = 13 "invoice.issued",
        ShipmentCreated = 14 "shipment.created",
        ReturnRequested = 15 "return.requested",
        ReturnReceived = 16 "return.received",
        InventoryChanged = 20 "inventory.changed",
        InventoryLow = 21 "inventory.low",
        ProductCreated = 22 "product.created",
        ProductUpdated = 23 "product.updated",
        ProductApproved = 24 "product.approved",
        ProductRejected = 25 "product.rejected",
        ProductDeleted = 26 "product.deleted",
        CustomerCreated = 40 "customer.created",
        CustomerUpdated = 41 "customer.updated",
        UserCreated = 42 "user.created",
        /// To one endpoint alone, to see whether it listens.
        WebhookTest = 90 "webhook.test",
    }
}

named! {
    /// A part of the feed.
    Stream {
        Orders = 0 "orders",
        Inventory = 1 "inventory",
        Payments = 2 "payments",
        Customers = 3 "customers",
    }
}

/// Some parts of the feed, or all of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Streams(u8);

impl Streams {
    /// The named ones; all where none is named.
    pub fn of(streams: impl IntoIterator<Item = Stream>) -> Self {
        let bits = streams.into_iter().map(|stream| 1 << stream.number());
        Self(bits.fold(0, |all, bit| all | bit))
    }

    /// Whether one of them carries this type.
    pub fn carry(self, kind: EventType) -> bool {
        self.0 == 0 || self.named().any(|stream| kind.is_in(stream))
    }

    /// The named ones; none where all are meant.
    pub fn named(self) -> impl Iterator<Item = Stream> {
        let all = Stream::ALL.iter().copied();
        all.filter(move |stream| self.0 & (1 << stream.number()) != 0)
    }
}

impl EventType {
    /// The noun before the dot.
    pub fn noun(self) -> &'static str {
        self.name().split('.').next().unwrap_or_default()
    }

    /// Whether the world is told: a test goes to one endpoint, and is in no stream.
    pub fn is_told(self) -> bool {
        self != Self::WebhookTest
    }

    /// Whether its subject is an order: whoever the order belongs to may hear of it.
    pub fn is_of_order(self) -> bool {
        matches!(self.stream(), Stream::Orders | Stream::Payments) && self != Self::OrderRefused
    }

    /// Whether its subject is a product: whoever sells it may hear of it.
    pub fn is_of_product(self) -> bool {
        matches!(self.noun(), "product" | "inventory")
    }

    /// The stream an event is told under; inventory also hears of orders that move stock.
    pub fn stream(self) -> Stream {
        match self.noun() {
            "order" | "shipment" | "return" | "invoice" => Stream::Orders,
            "payment" | "refund" => Stream::Payments,
            "customer" | "user" => Stream::Customers,
            _ => Stream::Inventory,
        }
    }

    /// Whether the stream carries this type.
    pub fn is_in(self, stream: Stream) -> bool {
        (self.is_told() && self.stream() == stream)
            || (stream == Stream::Inventory
                && matches!(
                    self,
                    Self::OrderCreated | Self::OrderRefused | Self::OrderCanceled
                ))
    }
}

/// An event as it is kept and told.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its place in the feed.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: EventType,
    /// To which thing; 0 to none that exists.
    pub subject: i64,
    /// Which of its subject's events it is, from 1.
    pub seq: i64,
    /// The JSON that every reader gets.
    pub data: String,
}

impl Event {
    /// As every stream tells it: JSON around the very bytes that were kept.
    pub fn told(&self) -> String {
        format!(
            r#"{{"id":{},"stream":"{}","type":"{}","created_at":"{}","data":{}}}"#,
            self.id,
            self.kind.stream().name(),
            self.kind.name(),
            self.at,
            self.data
        )
    }
}
