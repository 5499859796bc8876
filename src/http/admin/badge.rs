//! How a state looks: a colour, a shape and a word, the same on every page.

use crate::domain::commission::CommissionState;
use crate::domain::inbox::InboxState;
use crate::domain::mail::MailState;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::OrderState;
use crate::domain::order::PaymentStatus;
use crate::domain::order::ReturnStatus;
use crate::domain::payment::PaymentState;
use crate::domain::product::ProductStatus;
use crate::domain::refund::RefundState;
use crate::domain::user::UserStatus;
use crate::domain::webhook::DeliveryStatus;

/// A state's look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Badge {
    /// Its colour, with `soft` where nothing is left to do.
    pub class: &'static str,
    /// Its shape, a symbol of the sprite.
    pub icon: &'static str,
    /// Its word.
    pub word: &'static str,
}

/// How an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It takes what it is sent.
    Good,
    /// Something has failed, and is tried again.
    Retrying,
    /// So much has failed that it is left alone for a while.
    Failing,
    /// It waits, because somebody said so.
    Paused,
    /// It is told of nothing.
    Off,
}

const fn badge(class: &'static str, icon: &'static str, word: &'static str) -> Badge {
    Badge { class, icon, word }
}

/// Where a product stands.
pub const fn product(status: ProductStatus) -> Badge {
    match status {
        ProductStatus::Draft => badge("grey", "o-pending", "Draft"),
        ProductStatus::Pending => badge("amber", "o-pending", "To approve"),
        ProductStatus::Approved => badge("green", "o-delivered", "On sale"),
        ProductStatus::Rejected => badge("red", "d-dead", "Rejected"),
        ProductStatus::Archived => badge("grey soft", "o-canceled", "Archived"),
    }
}

/// How much there is of something; nothing to look at is no badge.
pub const fn stock(available: i64, low_at: i64) -> Option<Badge> {
    match available {
        0 => Some(badge("red", "d-dead", "Out")),
        some if some <= low_at => Some(badge("amber", "d-open", "Low")),
        _ => None,
    }
}

/// Where an order stands.
pub const fn order(state: OrderState) -> Badge {
    match state {
        OrderState::Pending => badge("amber", "o-pending", "Pending"),
        OrderState::Processing => badge("blue", "o-processing", "Processing"),
        OrderState::Shipped => badge("indigo", "o-shipped", "Shipped"),
        OrderState::Delivered => badge("green soft", "o-delivered", "Delivered"),
        OrderState::Canceled => badge("grey soft", "o-canceled", "Canceled"),
        OrderState::Refunded => badge("violet soft", "o-refunded", "Refunded"),
    }
}

/// How far an order in this state is paid: of one that is canceled no money is waited for.
pub const fn payment(status: PaymentStatus, of: OrderState) -> Badge {
    match status {
        PaymentStatus::Unpaid if is_over(of) => badge("grey soft", "p-unpaid", "Unpaid"),
        PaymentStatus::Failed if is_over(of) => badge("grey soft", "p-failed", "Failed"),
        PaymentStatus::Unpaid => badge("amber", "p-unpaid", "Unpaid"),
        PaymentStatus::Failed => badge("red", "p-failed", "Failed"),
        PaymentStatus::Authorized => badge("blue", "p-authorized", "Authorized"),
        PaymentStatus::PartiallyPaid => badge("amber", "p-partly", "Partially paid"),
        PaymentStatus::Paid => badge("green soft", "p-paid", "Paid"),
        PaymentStatus::PartiallyRefunded => badge("violet soft", "p-part-refunded", "Part refunded"),
        PaymentStatus::Refunded => badge("violet soft", "p-refunded", "Refunded"),
    }
}

/// How much of an order in this state has left: of one that is over nothing more will.
pub const fn fulfilment(status: FulfilmentStatus, of: OrderState) -> Badge {
    match status {
        FulfilmentStatus::Unfulfilled if is_over(of) => badge("grey soft", "f-none", "Unfulfilled"),
        FulfilmentStatus::Unfulfilled => badge("grey", "f-none", "Unfulfilled"),
        FulfilmentStatus::Partial => badge("blue", "f-part", "Partial"),
        FulfilmentStatus::Fulfilled => badge("green soft", "f-done", "Fulfilled"),
    }
}

/// Whether nothing is left to be done for an order in this state.
const fn is_over(state: OrderState) -> bool {
    matches!(state, OrderState::Canceled | OrderState::Refunded)
}

/// How far a mail has come.
pub const fn mail(state: MailState) -> Badge {
    match state {
        MailState::Queued => badge("amber", "o-pending", "Waiting"),
        MailState::Sent => badge("green soft", "d-ok", "Sent"),
        MailState::Failed => badge("red", "d-dead", "Failed"),
    }
}

/// Whether a user may come in.
pub const fn user(status: UserStatus) -> Badge {
    match status {
        UserStatus::Active => badge("green soft", "o-delivered", "Active"),
        UserStatus::Invited => badge("amber", "o-pending", "Invited"),
        UserStatus::Suspended => badge("red", "o-canceled", "Suspended"),
    }
}

/// Whether some of it comes back.
pub const fn returned(status: ReturnStatus) -> Badge {
    match status {
        ReturnStatus::None => badge("grey soft", "r-none", "None"),
        ReturnStatus::Requested => badge("amber", "r-asked", "Requested"),
        ReturnStatus::Received => badge("blue", "r-asked", "Received"),
        ReturnStatus::Refunded => badge("violet soft", "r-asked", "Refunded"),
    }
}

/// Where one payment stands.
pub const fn charge(state: PaymentState) -> Badge {
    match state {
        PaymentState::Created => badge("grey", "p-unpaid", "Begun"),
        PaymentState::RequiresAction => badge("amber", "p-unpaid", "With the shopper"),
        PaymentState::Failed => badge("red", "p-failed", "Declined"),
        PaymentState::Authorized => badge("blue", "p-authorized", "Authorized"),
        PaymentState::Voided => badge("grey soft", "o-canceled", "Given up"),
        PaymentState::Captured => badge("green soft", "p-paid", "Captured"),
    }
}

/// What became of a refund.
pub const fn refund(state: RefundState) -> Badge {
    match state {
        RefundState::Pending => badge("amber", "p-part-refunded", "On its way"),
        RefundState::Succeeded => badge("violet soft", "p-refunded", "Given back"),
        RefundState::Failed => badge("red", "p-failed", "Failed"),
    }
}

/// Where a commission stands.
pub const fn commission(state: CommissionState) -> Badge {
    match state {
        CommissionState::Pending => badge("grey", "o-pending", "Not delivered"),
        CommissionState::Approved => badge("blue", "p-authorized", "To be paid"),
        CommissionState::Paid => badge("green soft", "p-paid", "Paid"),
        CommissionState::Reversed => badge("violet soft", "p-refunded", "Reversed"),
    }
}

/// Whether a payout has ended.
pub const fn payout(is_done: bool) -> Badge {
    match is_done {
        true => badge("green soft", "p-paid", "Paid"),
        false => badge("blue", "p-authorized", "Being made"),
    }
}

/// Where a message of a provider stands.
pub const fn message(state: InboxState) -> Badge {
    match state {
        InboxState::Received => badge("blue", "o-pending", "Waiting"),
        InboxState::Processed => badge("green soft", "d-ok", "Applied"),
        InboxState::Failed => badge("amber", "d-retry", "Retrying"),
        InboxState::Quarantined => badge("red", "d-open", "Parked"),
        InboxState::Dead => badge("red", "d-dead", "Dead"),
    }
}

/// How far a delivery has come.
pub const fn delivery(status: DeliveryStatus) -> Badge {
    match status {
        DeliveryStatus::Pending => badge("grey", "o-pending", "Due"),
        DeliveryStatus::Failed => badge("amber", "d-retry", "Retrying"),
        DeliveryStatus::Waiting => badge("grey", "o-pending", "In line"),
        DeliveryStatus::Delivered => badge("green", "d-ok", "Delivered"),
        DeliveryStatus::Dead => badge("red", "d-dead", "Dead"),
    }
}

/// An endpoint's health.
pub const fn endpoint(health: Health) -> Badge {
    match health {
        Health::Good => badge("green", "d-ok", "Healthy"),
        Health::Retrying => badge("amber", "d-retry", "Retrying"),
        Health::Failing => badge("red loud", "d-dead", "Failing"),
        Health::Paused => badge("grey", "d-paused", "Paused"),
        Health::Off => badge("grey", "o-canceled", "Off"),
    }
}
