//! Mails that wait to be sent: which text, to whom, and how far they have come.

use crate::domain::id::LinkId;
use crate::domain::id::MailId;
use crate::domain::id::UserId;
use crate::domain::named::named;
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
        EndpointOff = 30 "webhook_endpoint_off",
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
    pub state: MailState,
    pub created_at: Timestamp,
    pub due_at: Timestamp,
    pub attempts: i64,
    pub sent_at: Option<Timestamp>,
    pub failure: Option<String>,
}
