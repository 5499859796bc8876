//! One-time links: what they are for, how long they are good, where they lead.

use crate::domain::id::LinkId;
use crate::domain::id::UserId;
use crate::domain::named::named;
use crate::domain::time;
use crate::domain::time::Timestamp;

/// So many links to a new password are made for a user in an hour (RL-02).
pub const MOST_RESETS: i64 = 3;

named! {
    /// What a one-time link is for.
    Purpose {
        Setup = 0 "setup",
        Invitation = 1 "invitation",
        Reset = 2 "reset",
        Address = 3 "address",
    }
}

impl Purpose {
    /// How long such a link is good, in milliseconds (AUT-07, AUT-09).
    pub const fn life(self) -> i64 {
        match self {
            Self::Setup | Self::Address => 24 * time::HOUR,
            Self::Invitation => 7 * time::DAY,
            Self::Reset => 20 * time::MINUTE,
        }
    }

    /// Where it leads, below the shop's public URL; the secret follows.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Setup => "/admin/setup",
            Self::Invitation => "/admin/invitation",
            Self::Reset => "/reset",
            Self::Address => "/address",
        }
    }

    /// The whole link. The shop's place comes from the settings, never from a request (AUT-07).
    pub fn url(self, public_url: &str, secret: &str) -> String {
        format!("{}{}/{secret}", public_url.trim_end_matches('/'), self.path())
    }
}

/// A one-time link as it is kept: without its secret.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Link {
    pub id: LinkId,
    pub purpose: Purpose,
    /// Whose it is; a setup's is nobody's yet.
    pub user: Option<UserId>,
    /// The address that it proves.
    pub email: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

impl Link {
    /// Whether it can still be used.
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && self.created_at <= now && now < self.expires_at
    }
}
