//! Secrets that a person is told once: they are shown until that person says that they have them.

use crate::domain::id::SecretId;
use crate::domain::named::named;
use crate::domain::time;
use crate::domain::time::Timestamp;

/// A secret that nobody has taken is shown for so long.
pub const SECRET_LIFE: i64 = 10 * time::MINUTE;

named! {
    /// What is told once; it belongs to a key, a user, or an endpoint.
    SecretKind {
        ApiKey = 0 "api_key",
        RecoveryCodes = 1 "recovery_codes",
        EndpointSecret = 2 "endpoint_secret",
    }
}

/// A secret that is still to be taken.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct OneTimeSecret {
    pub id: SecretId,
    pub kind: SecretKind,
    /// The key, the user or the endpoint that it is of.
    pub target: i64,
    pub expires_at: Timestamp,
    /// The secret itself; several stand on a line each.
    pub text: String,
}
