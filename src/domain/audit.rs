//! The audit: who did what to which thing, and the bytes that its chain is made of.

use std::net::IpAddr;

use crate::domain::actor::ActorKind;
use crate::domain::id::AuditId;
use crate::domain::id::EventId;
use crate::domain::id::UserId;
use crate::domain::named::named;
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
        StockAdjusted = 20 "stock.adjusted",
        ProductCreated = 21 "product.created",
        ProductUpdated = 22 "product.updated",
        ProductDeleted = 23 "product.deleted",
        ProductApproved = 24 "product.approved",
        ProductRejected = 25 "product.rejected",
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
    pub action: Action,
    pub target_kind: Target,
    pub target: Option<i64>,
    pub event: Option<EventId>,
    pub ip: Option<IpAddr>,
    pub request_id: Option<String>,
    pub content: Option<String>,
    pub digest: [u8; 32],
    pub mac: [u8; 32],
}

/// The fixed columns as bytes, with the lengths of what is hashed behind them (content, then the event's data), so that
/// no two rows read alike.
pub fn bytes_to_hash(row: &Unchained<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(160);
    for number in [
        row.id.0,
        row.at.ms(),
        row.actor.0.number(),
        row.actor.1.map_or(-1, |user| user.0),
        row.action.number(),
        row.target.0.number(),
        row.target.1.unwrap_or(-1),
        row.event.map_or(-1, |(event, _)| event.0),
        row.content.map_or(-1, |content| content.len() as i64),
        row.event.map_or(-1, |(_, data)| data.len() as i64),
    ] {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    if let Some(ip) = row.ip {
        bytes.extend_from_slice(ip.to_string().as_bytes());
    }
    bytes.push(0);
    bytes.extend_from_slice(row.request_id.unwrap_or_default().as_bytes());
    bytes
}

/// A row before it is chained.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the columns")]
pub struct Unchained<'a> {
    pub id: AuditId,
    pub at: Timestamp,
    pub actor: (ActorKind, Option<UserId>),
    pub action: Action,
    pub target: (Target, Option<i64>),
    pub event: Option<(EventId, &'a str)>,
    pub ip: Option<IpAddr>,
    pub request_id: Option<&'a str>,
    pub content: Option<&'a str>,
}
