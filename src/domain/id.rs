//! Typed ids: an order's id is not a user's. Public, stable integers.

/// What does not name anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoId;

/// A number as we write it and no other way, so that one thing has one address: not `01`, not `+1`.
fn read(text: &str) -> Result<i64, NoId> {
    let number: i64 = text.parse().map_err(|_| NoId)?;
    match number.to_string() == text {
        true => Ok(number),
        false => Err(NoId),
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NoId;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                read(text).map(Self)
            }
        }
    )+};
}

ids! {
    /// A user: someone who can sign in.
    UserId,
    /// A role.
    RoleId,
    /// One login of one user on one device.
    SessionId,
    /// Someone who buys.
    CustomerId,
    /// Some customers who belong together.
    GroupId,
    /// A product.
    ProductId,
    /// A picture of a product.
    ImageId,
    /// What is stocked and sold of a product.
    VariantId,
    /// An order.
    OrderId,
    /// A line of an order: `(order << 12) + position`.
    LineId,
    /// A credit note.
    CreditNoteId,
    /// An event, in the order of the commits.
    EventId,
    /// A row of the audit chain.
    AuditId,
    /// A row of the stock ledger.
    MovementId,
    /// A one-time link.
    LinkId,
    /// A mail that waits to be sent, or was.
    MailId,
    /// Somebody's second factor.
    FactorId,
    /// Something that somebody is told once.
    SecretId,
    /// A key by which a program comes in.
    ApiKeyId,
    /// Somebody who is told of events.
    EndpointId,
    /// A named reader of the events.
    ConsumerId,
    /// What is sent to one endpoint of one event: `(event << 12) + endpoint`.
    DeliveryId,
    /// Money that comes in for an order.
    PaymentId,
    /// Money that goes back.
    RefundId,
    /// Pieces of an order that left together.
    ShipmentId,
    /// Pieces of an order that come back.
    ReturnId,
    /// Where our books and a provider's differ.
    DifferenceId,
    /// An invoice, or a credit note of ours.
    InvoiceId,
    /// Something that is to be asked of a provider.
    TaskId,
    /// Something that a provider has told.
    InboxId,
    /// An account of the wallets' books.
    AccountId,
    /// What moved between two of them.
    TransferId,
    /// What a line brings its seller.
    CommissionId,
    /// What is paid out to sellers in one go.
    PayoutId,
    /// The forgetting of a person.
    ForgettingId,
    /// What somebody has picked and not yet ordered.
    CartId,
    /// An order that staff prepare.
    DraftId,
    /// A code that makes an order cheaper.
    CouponId,
    /// A way of sending.
    ShippingMethodId,
    /// What a country takes of a category.
    TaxRateId,
    /// A category of tax: 0 is the standard one.
    TaxClass,
}

impl DeliveryId {
    /// What is sent of an event to an endpoint.
    pub const fn of(event: EventId, endpoint: EndpointId) -> Self {
        Self((event.0 << 12) + endpoint.0)
    }

    /// The event.
    pub const fn event(self) -> EventId {
        EventId(self.0 >> 12)
    }

    /// The endpoint.
    pub const fn endpoint(self) -> EndpointId {
        EndpointId(self.0 & 4095)
    }
}

impl TaxClass {
    /// What has no category of its own is taxed by this one.
    pub const STANDARD: Self = Self(0);
}
