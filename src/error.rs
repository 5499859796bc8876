//! What can go wrong, in kinds a caller can act on, and the one table of codes that is the public contract.
//! Rules say no with a [`Refusal`]; causes inside are kept for the log and never shown.

#![warn(missing_docs)]

use std::borrow::Cow;

use serde_json::Value;

use crate::domain::fault::Fault;
use crate::domain::fault::FaultKind;
use crate::domain::image::Unfit;
use crate::domain::refusal::Refusal;

/// A result whose failure is an [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why something did not happen.
#[derive(Debug)]
pub enum Error {
    /// A rule of the shop said no.
    Refused(Refusal),
    /// The request itself is wrong: its form, its method, its size.
    Request(Code, Cow<'static, str>),
    /// There is no such thing, or not for this caller.
    NotFound(&'static str),
    /// The same of one of many that the request names, with its place there.
    NotFoundAt(&'static str, String),
    /// It was there and has been deleted.
    Deleted(&'static str),
    /// Someone else changed it first; the resource as it is now.
    Stale(Box<Value>),
    /// Too much is waiting to be written.
    Busy,
    /// The disk is full.
    Full,
    /// The store has stopped writing, or is going down.
    Unavailable,
    /// Another process holds the file.
    Held(String),
    /// The process's settings do not fit: the file, the line, the reason.
    Setup(String),
    /// It took longer than it may.
    Timeout,
    /// The database file itself fails: a write hit I/O trouble or corruption.
    Broken(Box<dyn std::error::Error + Send + Sync>),
    /// The database failed at a look.
    Database(Box<dyn std::error::Error + Send + Sync>),
    /// Something broke on our side.
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

/// What fails for a reason of its own, in words, so that it stands in nobody else's way; the file's own trouble (full,
/// broken, busy) stays trouble.
pub fn or_words<T>(done: Result<T>) -> Result<std::result::Result<T, String>> {
    match done {
        Ok(done) => Ok(Ok(done)),
        Err(error @ (Error::Internal(_) | Error::Database(_))) => Ok(Err(error.to_string())),
        Err(error) => Err(error),
    }
}

impl Error {
    /// An internal failure from words alone.
    pub fn internal(words: impl Into<String>) -> Self {
        Self::Internal(words.into().into())
    }

    /// Something of ours panicked.
    pub fn panicked(what: &'static str) -> Self {
        Self::Internal(Box::new(Panicked(what)))
    }

    /// Whether something of ours panicked: it would again, by the same.
    pub fn is_panic(&self) -> bool {
        matches!(self, Self::Internal(cause) if cause.is::<Panicked>())
    }

    /// A single bad value of a named field.
    pub fn fault(field: impl Into<String>, kind: FaultKind, message: impl Into<String>) -> Self {
        Self::from(Fault {
            field: field.into(),
            kind,
            message: message.into(),
        })
    }

    /// The row of the table of facts that this failure stands in.
    pub fn code(&self) -> Code {
        match self {
            Self::Refused(refusal) => Code::of(refusal),
            Self::Request(code, _) => *code,
            Self::NotFound(_) | Self::NotFoundAt(..) => Code::NotFound,
            Self::Deleted(_) => Code::Deleted,
            Self::Stale(_) => Code::Stale,
            Self::Busy => Code::Busy,
            Self::Full => Code::StorageFull,
            Self::Unavailable => Code::Unavailable,
            Self::Held(_) => Code::Unavailable,
            Self::Setup(_) => Code::Configuration,
            Self::Timeout => Code::Timeout,
            Self::Broken(_) => Code::TransactionFailed,
            Self::Database(_) => Code::Database,
            Self::Internal(_) => Code::Internal,
        }
    }

    /// What is told to the caller, in one sentence.
    pub fn sentence(&self) -> Cow<'_, str> {
        match self {
            Self::Refused(refusal) => refusal.sentence().unwrap_or(Cow::Borrowed(self.code().facts().3)),
            Self::Request(_, words) => Cow::Borrowed(words.as_ref()),
            Self::Held(words) | Self::Setup(words) => Cow::Borrowed(words),
            Self::NotFound(what) => Cow::Owned(format!("There is no such {what} here.")),
            Self::NotFoundAt(what, at) => Cow::Owned(format!("There is no such {what} here: {at}.")),
            Self::Deleted(what) => Cow::Owned(format!("This {what} has been deleted.")),
            _ => Cow::Borrowed(self.code().facts().3),
        }
    }

    /// The faults of single fields, if that is what failed.
    pub fn faults(&self) -> &[Fault] {
        match self {
            Self::Refused(Refusal::Fields(faults)) => faults,
            _ => &[],
        }
    }

    /// Data that helps the caller to do better next time.
    pub fn details(&self) -> Option<Value> {
        match self {
            Self::Refused(refusal) => refusal.details(),
            Self::NotFoundAt(_, at) => Some(serde_json::json!({ "at": at })),
            Self::Stale(current) => Some(serde_json::json!({ "current": current })),
            _ => None,
        }
    }

    /// After how many seconds to try again, where that is known.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Refused(Refusal::Locked { retry_after } | Refusal::TooMany { retry_after, .. }) => {
                Some(*retry_after)
            }
            Self::Full => Some(1),
            // Whoever is told 503 is told when to come again.
            _ if self.code().facts().0 == 503 => Some(1),
            _ => None,
        }
    }

    /// What the log should know and the caller should not.
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync)> {
        match self {
            Self::Broken(cause) | Self::Database(cause) | Self::Internal(cause) => Some(cause.as_ref()),
            _ => None,
        }
    }
}

/// What panicked.
#[derive(Debug)]
struct Panicked(&'static str);

impl std::fmt::Display for Panicked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} panicked", self.0)
    }
}

impl std::error::Error for Panicked {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Unfit> for Error {
    fn from(unfit: Unfit) -> Self {
        let code = match unfit {
            Unfit::TooLong | Unfit::TooLarge => Code::PayloadTooLarge,
            Unfit::NoPicture => Code::UnsupportedMediaType,
            Unfit::Broken => Code::InvalidFormat,
        };
        Self::Request(code, unfit.sentence().into())
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Refused(Refusal::Fields(vec![fault]))
    }
}

impl From<Vec<Fault>> for Error {
    fn from(faults: Vec<Fault>) -> Self {
        Self::Refused(Refusal::Fields(faults))
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (_, number, name, _) = self.code().facts();
        write!(f, "{} ({number} {name})", self.sentence())?;
        for fault in self.faults() {
            write!(f, "; {}: {}", fault.field, fault.message)?;
        }
        match self.cause() {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// Declares the table of facts: the public contract of every failure.
macro_rules! codes {
    ($($code:ident = $status:literal $number:literal $name:literal $sentence:literal;)+) => {
        /// A row of the table of facts. A number may stand in several rows, and is never changed or used again.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each is described by its sentence in the table")]
        pub enum Code { $($code),+ }

        impl Code {
            /// Every row, in the order of the numbers.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// HTTP status, number, name and sentence.
            pub const fn facts(self) -> (u16, u16, &'static str, &'static str) {
                match self { $(Self::$code => ($status, $number, $name, $sentence)),+ }
            }
        }
    };
}

codes! {
    Unauthorized = 401 1001 "UNAUTHORIZED" "Sign in first.";
    InvalidCredentials = 401 1002 "INVALID_CREDENTIALS" "Name or password is wrong.";
    TokenExpired = 401 1003 "TOKEN_EXPIRED" "This token has expired.";
    TokenInvalid = 401 1004 "TOKEN_INVALID" "This token is not valid.";
    BadSignature = 400 1004 "TOKEN_INVALID" "The signature does not fit.";
    InsufficientPermissions = 403 1005 "INSUFFICIENT_PERMISSIONS" "Your role may not do this.";
    AccountLocked = 423 1006 "ACCOUNT_LOCKED" "Too many failed attempts. Try later.";
    SecondFactorRequired = 401 1007 "SECOND_FACTOR_REQUIRED" "A second factor is needed.";
    CsrfRefused = 403 1008 "CSRF_REFUSED" "This request did not come from our own pages.";
    Validation = 400 2001 "VALIDATION_ERROR" "Some fields need mending.";
    InvalidInput = 400 2002 "INVALID_INPUT" "A parameter is out of range.";
    MissingField = 400 2003 "MISSING_REQUIRED_FIELD" "A required field is missing.";
    VersionMissing = 428 2003 "MISSING_REQUIRED_FIELD" "Say which version you saw: `version` or If-Match.";
    InvalidFormat = 400 2004 "INVALID_FORMAT" "This cannot be read.";
    MethodNotAllowed = 405 2005 "METHOD_NOT_ALLOWED" "That cannot be done here.";
    UnsupportedMediaType = 415 2006 "UNSUPPORTED_MEDIA_TYPE" "Not in this form.";
    PayloadTooLarge = 413 2007 "PAYLOAD_TOO_LARGE" "The body is too large.";
    HeadTooLarge = 431 2007 "PAYLOAD_TOO_LARGE" "The head of the request is too large.";
    UnknownHost = 421 2002 "INVALID_INPUT" "This host is not served here.";
    NotFound = 404 3001 "RESOURCE_NOT_FOUND" "There is no such thing here.";
    AlreadyExists = 409 3002 "RESOURCE_ALREADY_EXISTS" "That is there already.";
    Conflict = 409 3003 "RESOURCE_CONFLICT" "That clashes with what is there.";
    Stale = 412 3003 "RESOURCE_CONFLICT" "Someone else changed this first.";
    KeyReused = 422 3003 "RESOURCE_CONFLICT" "This idempotency key was used with another body.";
    Deleted = 410 3004 "RESOURCE_DELETED" "This has been deleted.";
    Database = 500 4001 "DATABASE_ERROR" "The database failed.";
    TransactionFailed = 503 4002 "TRANSACTION_FAILED" "The change was not made. Try again.";
    QueryFailed = 500 4003 "QUERY_FAILED" "The database failed.";
    Busy = 503 4004 "CONNECTION_ERROR" "The shop is busy. Try again.";
    StorageFull = 507 4005 "STORAGE_FULL" "The disk is full: nothing can be written.";
    Unavailable = 503 5001 "SERVICE_UNAVAILABLE" "The shop is closing. Try again.";
    ExternalApi = 502 5002 "EXTERNAL_API_ERROR" "Another service failed.";
    HeadTimeout = 408 5003 "TIMEOUT" "The request came too slowly.";
    Timeout = 504 5003 "TIMEOUT" "This took too long.";
    RateLimit = 429 5004 "RATE_LIMIT_EXCEEDED" "Too many requests. Slow down.";
    BusinessRule = 422 6001 "BUSINESS_RULE_VIOLATION" "The shop's rules do not allow this.";
    InvalidState = 409 6002 "INVALID_STATE" "Not in this state.";
    NotAllowed = 409 6003 "OPERATION_NOT_ALLOWED" "That is not allowed here.";
    InsufficientStock = 409 6004 "INSUFFICIENT_STOCK" "There is not enough in stock.";
    InsufficientBalance = 422 6005 "INSUFFICIENT_BALANCE" "There is not enough money.";
    PriceChanged = 409 6006 "PRICE_CHANGED" "The price is not what you saw.";
    Internal = 500 7001 "INTERNAL_ERROR" "Something broke on our side.";
    NotImplemented = 501 7002 "NOT_IMPLEMENTED" "This is not built.";
    Configuration = 503 7003 "CONFIGURATION_ERROR" "The shop is not set up for this.";
}

impl Code {
    fn of(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::NotSignedIn => Self::Unauthorized,
            Refusal::BadCredentials => Self::InvalidCredentials,
            Refusal::TokenExpired => Self::TokenExpired,
            Refusal::TokenInvalid => Self::TokenInvalid,
            Refusal::Forbidden { .. } | Refusal::StaffOnly | Refusal::PeopleOnly => {
                Self::InsufficientPermissions
            }
            Refusal::Locked { .. } => Self::AccountLocked,
            Refusal::CrossSite => Self::CsrfRefused,
            Refusal::SecondFactor(_) => Self::SecondFactorRequired,
            Refusal::Fields(faults) => Self::of_faults(faults),
            Refusal::VersionMissing => Self::VersionMissing,
            Refusal::Taken(_) => Self::AlreadyExists,
            Refusal::KeyReused => Self::KeyReused,
            Refusal::TooMany { .. } => Self::RateLimit,
            Refusal::Rule(_) => Self::BusinessRule,
            Refusal::NotNow { .. } | Refusal::ReturnNotNow { .. } => Self::InvalidState,
            Refusal::NotAllowed(_) => Self::NotAllowed,
            Refusal::Shortage(_) | Refusal::NothingLeft(_) => Self::InsufficientStock,
            Refusal::Balance { .. } => Self::InsufficientBalance,
            Refusal::PriceChanged(_) => Self::PriceChanged,
            Refusal::Swept { .. } => Self::Deleted,
        }
    }

    /// One kind of fault keeps its own number; a mixture is a validation error.
    fn of_faults(faults: &[Fault]) -> Self {
        let mut kinds = faults.iter().map(|fault| fault.kind);
        let first = kinds.next().unwrap_or(FaultKind::Invalid);
        match kinds.all(|kind| kind == first) {
            true => match first {
                FaultKind::Missing => Self::MissingField,
                FaultKind::Invalid => Self::Validation,
                FaultKind::Input => Self::InvalidInput,
                FaultKind::Format => Self::InvalidFormat,
            },
            false => Self::Validation,
        }
    }
}
