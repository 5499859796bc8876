//! Mails that wait to be sent: which text, to whom, and how far they have come.

use crate::domain::id::LinkId;
use crate::domain::id::MailId;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::named::named;
use crate::domain::time;
use crate::domain::time::Timestamp;

named! {
    /// Which text a mail has. Numbers are never reused.
    Template {
        ResetPassword = 1 "reset_password",
        Invitation = 2 "invitation",
        ProveAddress = 3 "prove_address",
        PasswordChanged = 4 "password_changed",
        AddressChanged = 5 "address_changed",
        FactorAdded = 6 "totp_added",
        FactorRemoved = 7 "totp_removed",
        RecoveryCodesMade = 8 "recovery_codes_made",
        OrderPlaced = 10 "order_placed",
        OrderPaid = 11 "order_paid",
        OrderShipped = 12 "order_shipped",
        OrderCanceled = 13 "order_canceled",
        OrderRefunded = 14 "order_refunded",
        EndpointOff = 30 "webhook_endpoint_off",
        StockLow = 31 "stock_low",
    }
}

named! {
    /// How far a mail has come.
    MailState {
        Queued = 0 "queued",
        Sent = 1 "sent",
        Failed = 2 "failed",
    }
}

/// A mail to be.
#[derive(Debug, Clone)]
pub struct NewMail<'a> {
    /// Which text.
    pub template: Template,
    /// To which address.
    pub recipient: &'a str,
    /// Whom it concerns.
    pub user: Option<UserId>,
    /// What the text fills in, as a JSON object. It holds no secret.
    pub facts: String,
}

/// A mail as it is kept; the secret of its link stays sealed.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Mail {
    pub id: MailId,
    pub template: Template,
    pub recipient: String,
    pub user: Option<UserId>,
    pub facts: String,
    pub link: Option<LinkId>,
    /// The order that it is about.
    pub order: Option<OrderId>,
    pub state: MailState,
    pub created_at: Timestamp,
    pub due_at: Timestamp,
    pub attempts: i64,
    pub sent_at: Option<Timestamp>,
    pub failure: Option<String>,
}

/// Which mails are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Those that have come so far.
    pub state: Option<MailState>,
    /// Those about one order.
    pub order: Option<OrderId>,
}

/// The facts of a mail whose event cannot be read: there is nothing to send.
pub const UNREADABLE: &str = "{\"unreadable\":true}";

/// How long a mail waits after its first attempt, after its second …; after the last of them it has failed.
const WAITS: [i64; 8] = [
    time::MINUTE,
    5 * time::MINUTE,
    15 * time::MINUTE,
    time::HOUR,
    3 * time::HOUR,
    6 * time::HOUR,
    12 * time::HOUR,
    24 * time::HOUR,
];
/// A mail is attempted so often at most.
pub const MOST_ATTEMPTS: i64 = WAITS.len() as i64 + 1;
/// How far a wait may be from the published one, in thousandths.
pub const JITTER: i64 = 200;
/// What a sender has taken belongs to it for so long, in milliseconds: then it is due again, for the sender has died.
pub const LEASE: i64 = 15 * time::MINUTE;
/// So much of what a server says is kept.
const MOST_WORDS: usize = 300;

/// How long to wait after so many attempts, in milliseconds; nothing if there are to be no more.
pub fn wait(attempts: i64, jitter: i64) -> Option<i64> {
    let waits = usize::try_from(attempts - 1).ok()?;
    WAITS.get(waits).map(|wait| wait * (1000 + jitter) / 1000)
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The server took it.
    Sent,
    /// The server will never take it.
    Refused(String),
    /// Perhaps later.
    Delayed(String),
    /// It was not attempted at all.
    Untried,
}

impl Ending {
    /// In a word.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Refused(_) => "refused",
            Self::Delayed(_) => "delayed",
            Self::Untried => "untried",
        }
    }
}

/// Words on one line, for a header or a list: whatever breaks a line or steers a terminal is a blank (LOG-02).
pub fn one_line(words: &str) -> String {
    let plain: String = words
        .chars()
        .map(
            |letter| match letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}') {
                true => ' ',
                false => letter,
            },
        )
        .take(MOST_WORDS)
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_attempts_take_two_days() {
        let waits: Vec<i64> = (1..).map_while(|attempts| wait(attempts, 0)).collect();
        assert_eq!(waits.len() as i64, MOST_ATTEMPTS - 1);
        let whole: i64 = waits.iter().sum();
        assert_eq!(whole, 46 * time::HOUR + 21 * time::MINUTE);
        assert_eq!(wait(MOST_ATTEMPTS, 0), None);
    }

    /// LOG-02
    #[test]
    fn a_line_stays_one() {
        assert_eq!(one_line("a\r\nBcc: b\u{2028}c\u{0}d"), "a Bcc: b c d");
        assert_eq!(one_line(&"x".repeat(900)).len(), 300);
    }
}
