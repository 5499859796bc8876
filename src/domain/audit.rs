//! The audit: who did what to which thing, and the bytes that its chain is made of.

use std::fmt;
use std::net::IpAddr;

use crate::domain::actor::ActorKind;
use crate::domain::fault::Bad;
use crate::domain::id::AuditId;
use crate::domain::id::UserId;
use crate::domain::named::named;
use crate::domain::permission::Permission;
use crate::domain::time::Timestamp;

named! {
    /// What was done. Numbers are never reused.
    Action {
        OrderCreated = 1 "order.created",
        OrderMoved = 2 "order.status_changed",
        OrderCanceled = 3 "order.canceled",
        OrderNoted = 4 "order.noted",
        OrderTagged = 5 "order.tagged",
        OrderRefunded = 6 "order.refunded",
        OrdersExported = 7 "orders.exported",
        OrderPaid = 8 "order.paid",
        OrdersChanged = 9 "orders.changed",
        PaymentBegun = 10 "payment.begun",
        PaymentSettled = 11 "payment.settled",
        PaymentAsked = 12 "payment.asked",
        PaymentQuarantined = 13 "payment.quarantined",
        RefundMade = 14 "refund.made",
        RefundEnded = 15 "refund.ended",
        InboxRetried = 16 "inbox.retried",
        PaymentDisputed = 17 "payment.disputed",
        PaymentDecided = 18 "payment.decided",
        OrderPaymentChanged = 19 "order.payment_changed",
        OrderPartShipped = 200 "order.part_shipped",
        OrderReturnChanged = 201 "order.return_changed",
        ShipmentMade = 202 "shipment.made",
        ShipmentChanged = 203 "shipment.changed",
        ReturnRequested = 204 "return.requested",
        ReturnReceived = 205 "return.received",
        ReturnEnded = 206 "return.ended",
        InvoiceIssued = 30 "invoice.issued",
        CreditNoteIssued = 31 "credit_note.issued",
        CreditNoteVoided = 32 "credit_note.voided",
        StockAdjusted = 20 "stock.adjusted",
        ProductCreated = 21 "product.created",
        ProductUpdated = 22 "product.updated",
        ProductDeleted = 23 "product.deleted",
        ProductApproved = 24 "product.approved",
        ProductRejected = 25 "product.rejected",
        ProductsChanged = 26 "products.changed",
        UserCreated = 40 "user.created",
        UserSignedUp = 41 "user.signed_up",
        UserUpdated = 42 "user.updated",
        PasswordSet = 43 "user.password_set",
        RoleChanged = 44 "user.role_changed",
        SignedIn = 45 "auth.signed_in",
        SignInFailed = 46 "auth.sign_in_failed",
        SignedOut = 47 "auth.signed_out",
        AccountLocked = 48 "auth.locked",
        TokenReused = 49 "auth.token_reused",
        AccessDenied = 50 "auth.denied",
        Imported = 60 "import.chunk",
        Exported = 61 "export.done",
        SettingsChanged = 62 "settings.changed",
        Seeded = 63 "file.seeded",
        LimitHit = 64 "limit.hit",
        SteppedUp = 80 "auth.stepped_up",
        SessionRevoked = 81 "auth.session_revoked",
        PasswordChanged = 82 "user.password_changed",
        ResetAsked = 83 "auth.reset_asked",
        PasswordReset = 84 "user.password_reset",
        AddressAsked = 85 "user.email_asked",
        AddressProved = 86 "user.email_proved",
        FactorBegun = 87 "user.totp_begun",
        FactorAdded = 88 "user.totp_added",
        FactorRemoved = 89 "user.totp_removed",
        RecoveryCodesMade = 90 "user.recovery_codes_made",
        RecoveryCodeUsed = 91 "auth.recovery_code_used",
        LinkMade = 92 "link.made",
        MailShown = 93 "mail.link_shown",
        UserSuspended = 94 "user.suspended",
        UserUnlocked = 95 "user.unlocked",
        ApiKeyCreated = 96 "api_key.created",
        ApiKeyRevoked = 97 "api_key.revoked",
        UserInvited = 98 "user.invited",
        InvitationAccepted = 99 "user.invitation_accepted",
        ShopSetUp = 100 "file.set_up",
        EndpointCreated = 120 "webhook.endpoint_created",
        EndpointChanged = 121 "webhook.endpoint_changed",
        EndpointDeleted = 122 "webhook.endpoint_deleted",
        EndpointPaused = 123 "webhook.endpoint_paused",
        EndpointResumed = 124 "webhook.endpoint_resumed",
        EndpointSecretRotated = 125 "webhook.secret_rotated",
        EndpointTested = 126 "webhook.endpoint_tested",
        EndpointReplayed = 127 "webhook.replay_asked",
        EndpointTurnedOff = 128 "webhook.endpoint_turned_off",
        DeliveryRetried = 129 "webhook.delivery_retried",
        ConsumerCreated = 140 "consumer.created",
        ConsumerDeleted = 141 "consumer.deleted",
        MailResent = 150 "mail.resent",
        WalletDeposited = 160 "wallet.deposited",
        WalletWithdrawn = 161 "wallet.withdrawn",
        WalletAdjusted = 162 "wallet.adjusted",
        WalletExported = 163 "wallet.exported",
        PayoutMade = 170 "payout.made",
        PayoutExported = 171 "payout.exported",
        CommissionRateSet = 172 "commission.rate_set",
        CouponCreated = 180 "coupon.created",
        CouponChanged = 181 "coupon.changed",
        CouponDeleted = 182 "coupon.deleted",
        ShippingMethodCreated = 183 "shipping_method.created",
        ShippingMethodChanged = 184 "shipping_method.changed",
        ShippingMethodDeleted = 185 "shipping_method.deleted",
        TaxRateCreated = 186 "tax_rate.created",
        TaxRateChanged = 187 "tax_rate.changed",
        TaxRateDeleted = 188 "tax_rate.deleted",
        PriceDrifted = 189 "price.drift",
        OrderEdited = 207 "order.edited",
        DraftCreated = 270 "draft.created",
        DraftChanged = 271 "draft.changed",
        DraftDeleted = 272 "draft.deleted",
        DraftPlaced = 273 "draft.placed",
        CustomerCreated = 220 "customer.created",
        CustomerChanged = 221 "customer.changed",
        CustomerDeleted = 222 "customer.deleted",
        CustomerExported = 223 "customer.exported",
        CustomerAnonymised = 224 "customer.anonymised",
        GroupCreated = 225 "customer_group.created",
        GroupChanged = 226 "customer_group.changed",
        GroupDeleted = 227 "customer_group.deleted",
        GroupJoined = 228 "customer_group.joined",
        GroupLeft = 229 "customer_group.left",
        RoleCreated = 230 "role.created",
        RoleUpdated = 231 "role.changed",
        RoleDeleted = 232 "role.deleted",
        CommissionsExported = 173 "commissions.exported",
        ReportExported = 290 "report.exported",
    }
}

impl Action {
    /// Whether it makes a new version of the user that it is done to.
    pub const fn makes_user_version(self) -> bool {
        matches!(
            self,
            Self::UserUpdated
                | Self::RoleChanged
                | Self::UserSuspended
                | Self::UserUnlocked
                | Self::AddressProved
                | Self::InvitationAccepted
        )
    }
}

named! {
    /// What it was done to.
    Target {
        Order = 1 "order",
        Product = 2 "product",
        Variant = 3 "variant",
        User = 4 "user",
        Session = 5 "session",
        Customer = 6 "customer",
        File = 7 "file",
        Settings = 8 "settings",
        None = 9 "none",
        Link = 10 "link",
        Mail = 11 "mail",
        ApiKey = 12 "api_key",
        Endpoint = 20 "webhook_endpoint",
        Delivery = 21 "webhook_delivery",
        Consumer = 22 "event_consumer",
        Payment = 13 "payment",
        Refund = 14 "refund",
        Inbox = 15 "inbox",
        Invoice = 16 "invoice",
        Shipment = 17 "shipment",
        Return = 18 "return",
        Wallet = 30 "wallet",
        Payout = 31 "payout",
        Coupon = 40 "coupon",
        ShippingMethod = 41 "shipping_method",
        TaxRate = 42 "tax_rate",
        Group = 43 "customer_group",
        Draft = 50 "draft",
        Role = 44 "role",
    }
}

/// How somebody was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Denial {
    /// A user lacks a right.
    Right(Option<UserId>, Permission),
    /// A token was forged, or is no longer good.
    Token,
    /// A request with a cookie did not come from our own pages.
    CrossSite,
}

impl Denial {
    /// What was wanting, in a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Right(_, needs) => needs.name(),
            Self::Token => "token",
            Self::CrossSite => "cross-site",
        }
    }
}

/// A row of the chain.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct AuditRow {
    pub id: AuditId,
    pub at: Timestamp,
    pub actor_kind: ActorKind,
    pub actor: Option<UserId>,
    pub actor_name: Option<String>,
    pub action: Action,
    pub target_kind: Target,
    pub target: Option<i64>,
    pub ip: Option<IpAddr>,
    pub request_id: Option<String>,
    pub content: Option<String>,
    /// The row that tells by whom and why a part of this one was taken away.
    pub redacted_by: Option<AuditId>,
}

/// What a row of the chain loses of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unnamed {
    /// What it holds besides.
    Content,
    /// That, and the address that it came from.
    ContentAndPlace,
}

/// The columns that the chain holds, as they stand in the file: whoever checks a row must see what is there, not what
/// our types make of it.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the columns")]
pub struct Columns<'a> {
    pub id: i64,
    pub at: i64,
    pub actor_kind: i64,
    pub actor: Option<i64>,
    pub action: i64,
    pub target_kind: i64,
    pub target: Option<i64>,
    pub event: Option<i64>,
    pub ip: Option<&'a [u8]>,
    pub request_id: Option<&'a [u8]>,
    pub content: Option<&'a [u8]>,
    /// The data of the event.
    pub told: Option<&'a [u8]>,
}

/// The fixed columns as bytes, with the lengths of what is hashed behind them (content, then the event's data), so that
/// no two rows read alike.
pub fn bytes_to_hash(row: &Columns<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(192);
    for number in [row.id, row.at, row.actor_kind, row.action, row.target_kind] {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    let lengths = [row.ip, row.request_id, row.content, row.told].map(length);
    for number in [row.actor, row.target, row.event].into_iter().chain(lengths) {
        bytes.push(u8::from(number.is_some()));
        bytes.extend_from_slice(&number.unwrap_or(0).to_be_bytes());
    }
    bytes.extend_from_slice(row.ip.unwrap_or_default());
    bytes.extend_from_slice(row.request_id.unwrap_or_default());
    bytes
}

fn length(text: Option<&[u8]>) -> Option<i64> {
    text.map(|text| text.len() as i64)
}

/// An address as it is stored: 4 or 16 bytes.
pub fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

/// An end of the chain that was written down elsewhere, `ID:MAC` with the MAC in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The row.
    pub id: AuditId,
    /// Its MAC.
    pub mac: [u8; 32],
}

impl Head {
    /// Reads `ID:MAC`.
    pub fn parse(text: &str) -> Result<Self, Bad> {
        read_head(text.trim()).ok_or_else(|| Bad::format("is not ID:MAC as `till audit verify` prints it"))
    }
}

fn read_head(text: &str) -> Option<Head> {
    let (id, hex) = text.split_once(':')?;
    let mut mac = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (byte, at) in mac.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()?;
    }
    Some(Head {
        id: AuditId(id.parse().ok()?),
        mac,
    })
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.id)?;
        self.mac.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What is wrong with the chain, at its first bad row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The row.
    pub id: AuditId,
    /// What is wrong with it, in words.
    pub what: &'static str,
}

/// What came of going along the whole chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How many rows were good.
    pub rows: u64,
    /// The last good one.
    pub head: Head,
    /// What is wrong, if something is.
    pub broken: Option<Broken>,
    /// Of which good rows the shop itself has taken a part away.
    pub redacted: Vec<Redacted>,
}

/// Rows of the chain that have lost a part for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted {
    /// The row that tells of it.
    pub told_by: AuditId,
    /// How many rows.
    pub rows: u64,
    /// The first of them.
    pub first: AuditId,
    /// The last.
    pub last: AuditId,
    /// When.
    pub at: Option<Timestamp>,
    /// By whom: a person's name, or what else it was.
    pub by: Option<String>,
    /// Why, as it was noted.
    pub why: Option<String>,
}
