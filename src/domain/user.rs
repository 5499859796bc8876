//! Users: who can sign in, and the sessions they do it through.

use crate::domain::id::RoleId;
use crate::domain::id::SessionId;
use crate::domain::id::UserId;
use crate::domain::named::named;
use crate::domain::password::Audience;
use crate::domain::text::Email;
use crate::domain::text::Phone;
use crate::domain::text::Username;
use crate::domain::time;
use crate::domain::time::Timestamp;

/// How long an access token lives, in milliseconds.
pub const ACCESS_LIFE: i64 = 10 * time::MINUTE;
/// How long a refresh token lives.
pub const REFRESH_LIFE: i64 = 7 * time::DAY;
/// How long a chain of refresh tokens, and with it a session, may go on.
pub const FAMILY_LIFE: i64 = 90 * time::DAY;
/// Within this, the same used refresh token gives the same successor (a reply was lost).
pub const REFRESH_GRACE: i64 = 10 * time::SECOND;
/// How long a device that has signed in is known (no browser keeps a cookie for longer).
pub const DEVICE_LIFE: i64 = 400 * time::DAY;
/// So many devices of a user are known.
pub const MOST_DEVICES: i64 = 50;
/// For so long a sign-in or a step-up is proof enough for what is dangerous (AUT-06).
pub const PROOF_LIFE: i64 = 5 * time::MINUTE;
/// For so long a sign-in by pages waits for its code.
pub const WAITING_LIFE: i64 = 10 * time::MINUTE;
/// For so long a new factor waits for its first code.
pub const ENROLMENT_LIFE: i64 = 15 * time::MINUTE;
/// So many recovery codes are given out.
pub const RECOVERY_CODES: usize = 10;
/// A cookie session notes its use at most this often.
pub const TOUCH_EVERY: i64 = time::MINUTE;

named! {
    /// Whether a user may come in.
    UserStatus {
        Active = 0 "active",
        Invited = 1 "invited",
        Suspended = 2 "suspended",
    }
}

named! {
    /// What a session is carried by.
    SessionKind {
        Token = 0 "token",
        Cookie = 1 "cookie",
    }
}

named! {
    /// Whom a demo lets in without a password; the number is the accounts' own.
    DemoUser {
        Seller = 1 "seller",
        Buyer = 2 "buyer",
    }
}

impl DemoUser {
    /// The name of its account.
    pub const fn username(self) -> &'static str {
        match self {
            Self::Seller => "demo",
            Self::Buyer => "demo2",
        }
    }
}

/// A user to be.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// What others call it.
    pub username: Username,
    /// Where to write to; unproved.
    pub email: Email,
    /// A person's name.
    pub name: Option<String>,
    /// The password's hash.
    pub password: String,
}

/// What one may change of one's own user: what is named, and `None` empties it.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the columns")]
pub struct Profile {
    pub name: Option<Option<String>>,
    pub phone: Option<Option<Phone>>,
}

/// Which users are asked for.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Those with this role.
    pub role: Option<String>,
    /// Those who stand so.
    pub status: Option<UserStatus>,
    /// The shop's own people, or the others.
    pub is_staff: Option<bool>,
    /// Those whose user name or address begins so.
    pub typed: Option<String>,
}

/// A user.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields of API.md's User")]
pub struct User {
    pub id: UserId,
    pub username: String,
    pub email: String,
    pub email_verified: bool,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub password: String,
    pub role: RoleId,
    pub role_name: String,
    pub role_is_staff: bool,
    pub status: UserStatus,
    pub token_epoch: i64,
    /// When its password was last chosen.
    pub password_at: Timestamp,
    /// Whether it has a second factor.
    pub has_factor: bool,
    pub created_at: Timestamp,
    pub version: i64,
}

impl User {
    /// Which passwords it may have.
    pub const fn audience(&self) -> Audience {
        match self.role_is_staff {
            true => Audience::Staff,
            false => Audience::Customer,
        }
    }
}

/// One login.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Session {
    pub id: SessionId,
    pub user: UserId,
    pub kind: SessionKind,
    pub token_epoch: i64,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// When it was opened by a password or a code, or proved itself again.
    pub proved_at: Timestamp,
}

/// A login as its user is shown it.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Login {
    pub id: SessionId,
    pub kind: SessionKind,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
    pub expires_at: Timestamp,
    pub ip: Option<std::net::IpAddr>,
    pub user_agent: Option<String>,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// A login as those who look after the users are shown it.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct OpenSession {
    pub login: Login,
    pub user: UserId,
    pub username: String,
    pub name: Option<String>,
    pub role: RoleId,
    pub role_name: String,
    /// Whether its user has a second factor; then it was opened by one.
    pub has_factor: bool,
    /// When it was opened by a password or a code, or proved itself again.
    pub proved_at: Timestamp,
}

/// What a request shows of its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pass {
    /// The id that an access token names.
    Session(SessionId),
    /// SHA-256 of the cookie's value.
    Cookie([u8; 32]),
}

impl Session {
    /// How long a cookie session may rest: staff 30 minutes, customers 14 days (TOK-06).
    pub const fn idle_limit(is_staff: bool) -> i64 {
        if is_staff {
            30 * time::MINUTE
        } else {
            14 * time::DAY
        }
    }

    /// How long a session may last at most: a cookie's 12 hours for staff, 90 days for others; a token's 90 days.
    pub const fn life(kind: SessionKind, is_staff: bool) -> i64 {
        match (kind, is_staff) {
            (SessionKind::Cookie, true) => 12 * time::HOUR,
            _ => FAMILY_LIFE,
        }
    }
}
