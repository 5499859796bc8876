//! How often one may ask (RL-02): a bucket for each client and kind of request, held in memory as the one moment at which
//! it will be full again (GCRA).

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

use axum::Extension;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::app::App;
use crate::config::Limits as Settings;
use crate::domain::actor::Actor;
use crate::domain::actor::ActorKind;
use crate::domain::id::UserId;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::http::address;

/// More clients than this, and those unseen for longest are forgotten.
const MOST_BUCKETS: usize = 100_000;
const MINUTE: i64 = 60_000_000;

/// A kind of request that has a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Whatever has no other.
    Any,
    /// Signing in.
    Login,
    /// Making an account.
    SignUp,
    /// New tokens for old ones.
    Refresh,
    /// Placing an order.
    Order,
    /// Looking at an order by its private link.
    Link,
    /// What a guest does with an order by the token of that link.
    Token,
    /// Probes, assets and signed webhooks.
    Unlimited,
}

impl Class {
    /// The kind of a route.
    pub fn of(method: &axum::http::Method, path: &str) -> Self {
        match (method.as_str(), path) {
            ("POST", "/api/v1/auth/login" | "/admin/login" | "/admin/totp") => Self::Login,
            ("POST", "/api/v1/auth/signup" | "/api/v1/auth/register") => Self::SignUp,
            ("POST", "/api/v1/auth/refresh-token") => Self::Refresh,
            ("POST", "/api/v1/orders" | "/api/v1/cart/checkout") => Self::Order,
            ("GET", path) if path.starts_with("/api/v1/orders/private/") => Self::Link,
            ("POST", "/api/v1/payments/initiate" | "/api/v1/payments/verify") => Self::Token,
            ("POST", "/api/v1/orders/{id}/cancel") => Self::Token,
            ("POST", path) if path.starts_with("/api/v1/payments/webhook") => Self::Unlimited,
            (_, "/health" | "/livez" | "/readyz" | "/metrics") => Self::Unlimited,
            (_, path)
                if ["/assets/", "/images/", "/api/docs"]
                    .iter()
                    .any(|root| path.starts_with(root)) =>
            {
                Self::Unlimited
            }
            _ => Self::Any,
        }
    }
}

impl Class {
    /// Whether a request costs nothing of its own limit after all: it made no account, and would have made none under
    /// another name.
    pub fn forgives(self, status: StatusCode) -> bool {
        self == Self::SignUp && !matches!(status, StatusCode::CREATED | StatusCode::CONFLICT)
    }
}

/// Whose bucket it is. Nothing that a client may choose freely stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Address(IpAddr),
    User(i64),
    Key(i64),
}

/// What is left of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// So many in the whole window.
    pub limit: u32,
    /// So many at once from now.
    pub remaining: u32,
    /// Seconds until it is whole again.
    pub reset: u64,
}

impl Quota {
    /// Of a bucket that will be full so many microseconds from now.
    fn of(rate: Rate, ahead: i64) -> Self {
        Self {
            limit: rate.limit,
            remaining: u32::try_from((rate.window - ahead) / rate.share()).unwrap_or(0),
            reset: seconds(ahead),
        }
    }

    /// Of the limit that has refused a request, if one has.
    pub fn refused_by(error: &Error) -> Option<Self> {
        match error {
            Error::Refused(Refusal::TooMany { limit, reset, .. }) => Some(Self {
                limit: *limit,
                remaining: 0,
                reset: *reset,
            }),
            _ => None,
        }
    }
}

/// So many in so many microseconds.
#[derive(Debug, Clone, Copy)]
struct Rate {
    limit: u32,
    window: i64,
}

impl Rate {
    /// What one request takes of the window.
    fn share(self) -> i64 {
        (self.window / i64::from(self.limit)).max(1)
    }
}

impl Rate {
    fn new(limit: u64, window: i64) -> Self {
        Self {
            limit: u32::try_from(limit).unwrap_or(u32::MAX),
            window,
        }
    }
}

/// All buckets.
pub struct Limits {
    buckets: quick_cache::sync::Cache<(Class, Who), Arc<AtomicI64>>,
    anonymous: Rate,
    user: Rate,
    login: Rate,
    sign_up: Rate,
    refresh: Rate,
    order: Rate,
}

impl Limits {
    /// Empty buckets of these sizes; nothing if limits are off.
    pub fn new(settings: &Settings) -> Option<Self> {
        settings.enabled.then(|| Self {
            buckets: quick_cache::sync::Cache::new(MOST_BUCKETS),
            anonymous: Rate::new(settings.anonymous_per_minute, MINUTE),
            user: Rate::new(settings.user_per_minute, MINUTE),
            login: Rate::new(settings.login_per_minute, MINUTE),
            sign_up: Rate::new(settings.signup_per_hour, 60 * MINUTE),
            refresh: Rate::new(settings.refresh_per_quarter_hour, 15 * MINUTE),
            order: Rate::new(settings.orders_per_minute, MINUTE),
        })
    }

    /// Takes a request out of the buckets that it falls into. Refused with `TooMany` if one is empty.
    pub fn take(
        &self,
        class: Class,
        ip: IpAddr,
        by: Option<&Actor>,
        now: Timestamp,
    ) -> Result<Option<Quota>> {
        let address = Who::Address(address::household(ip));
        let (who, general) = match by.map(|by| (by.key, by.user)) {
            Some((Some(key), _)) => (Who::Key(key.0), self.user),
            Some((None, Some(user))) => (Who::User(user.0), self.user),
            _ => (address, self.anonymous),
        };
        let own = match class {
            Class::Unlimited => return Ok(None),
            Class::Login => Some((address, self.login)),
            Class::SignUp => Some((address, self.sign_up)),
            Class::Order if !matches!(by, Some(by) if by.is_staff || by.kind == ActorKind::ApiKey) => {
                Some((who, self.order))
            }
            Class::Link => Some((address, self.order)),
            Class::Token if by.is_none() => Some((address, self.order)),
            Class::Order | Class::Token | Class::Refresh | Class::Any => None,
        };
        let whole = self.draw((Class::Any, who), general, now)?;
        match own {
            Some((who, rate)) => self.draw((class, who), rate, now).map(Some),
            None => Ok(Some(whole)),
        }
    }

    /// Puts back what a request for an account has taken that made none; what is left then.
    pub fn give_back(&self, ip: IpAddr, now: Timestamp) -> Option<Quota> {
        let key = (Class::SignUp, Who::Address(address::household(ip)));
        let bucket = self.buckets.get(&key)?;
        Some(give_back(&bucket, self.sign_up, now.ms().saturating_mul(1000)))
    }

    fn draw(&self, key: (Class, Who), rate: Rate, now: Timestamp) -> Result<Quota> {
        let bucket = match self.buckets.get(&key) {
            Some(bucket) => bucket,
            None => {
                let made = self.buckets.get_or_insert_with(&key, || {
                    Ok::<_, std::convert::Infallible>(Arc::new(AtomicI64::new(0)))
                });
                match made {
                    Ok(bucket) => bucket,
                    Err(never) => match never {},
                }
            }
        };
        draw(&bucket, rate, now.ms().saturating_mul(1000))
    }
}

/// The limit on exchanges of tokens: it is the user's, so that the handler takes from it once it knows whose token it is.
pub struct RefreshLimit(Option<Arc<Limits>>);

impl RefreshLimit {
    /// Takes one out, if the token is somebody's; what is left is told beside the reply. Refused with `TooMany` if there
    /// is none left.
    pub fn take(&self, holder: Option<UserId>, now: Timestamp) -> Result<Option<Extension<Quota>>> {
        let (Some(limits), Some(user)) = (&self.0, holder) else {
            return Ok(None);
        };
        let key = (Class::Refresh, Who::User(user.0));
        limits.draw(key, limits.refresh, now).map(Extension).map(Some)
    }
}

impl FromRequestParts<App> for RefreshLimit {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        Ok(Self(parts.extensions.get::<Arc<Limits>>().cloned()))
    }
}

/// Takes one out. The bucket holds when it will be full; each request puts that off by its share of the window.
fn draw(full_at: &AtomicI64, rate: Rate, now: i64) -> Result<Quota> {
    let share = rate.share();
    let mut found = full_at.load(Ordering::Relaxed);
    loop {
        // Full later than a window from now: the clock was set back, which must lock nobody out.
        let from = match found > now.saturating_add(rate.window) {
            true => now,
            false => found.max(now),
        };
        let next = from + share;
        let ahead = next - now;
        if ahead > rate.window {
            return Err(Refusal::TooMany {
                retry_after: seconds(ahead - rate.window),
                limit: rate.limit,
                reset: seconds(from - now),
            }
            .into());
        }
        match full_at.compare_exchange_weak(found, next, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return Ok(Quota::of(rate, ahead)),
            Err(current) => found = current,
        }
    }
}

/// Takes one back in.
fn give_back(full_at: &AtomicI64, rate: Rate, now: i64) -> Quota {
    let found = full_at.fetch_sub(rate.share(), Ordering::Relaxed);
    Quota::of(rate, (found - rate.share() - now).max(0))
}

fn seconds(microseconds: i64) -> u64 {
    u64::try_from((microseconds + 999_999) / 1_000_000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Rate = Rate {
        limit: 10,
        window: MINUTE,
    };

    /// RL-02
    #[test]
    fn a_window_holds_its_number_and_fills_evenly() {
        let bucket = AtomicI64::new(0);
        let left: Vec<u32> = (0..10)
            .map(|_| draw(&bucket, TEN, MINUTE).unwrap().remaining)
            .collect();
        assert_eq!(left, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
        let refused = draw(&bucket, TEN, MINUTE).unwrap_err();
        assert_eq!(refused.retry_after(), Some(6));
        assert!(draw(&bucket, TEN, MINUTE + 5_999_999).is_err());
        let quota = draw(&bucket, TEN, MINUTE + 6_000_000).unwrap();
        assert_eq!((quota.limit, quota.remaining, quota.reset), (10, 0, 60));
        assert!(draw(&bucket, TEN, MINUTE + 6_000_000).is_err());
        assert_eq!(draw(&bucket, TEN, 3 * MINUTE).unwrap().remaining, 9);
    }

    /// LIF-06
    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let bucket = AtomicI64::new(0);
        for _ in 0..10 {
            draw(&bucket, TEN, 1000 * MINUTE).unwrap();
        }
        assert_eq!(draw(&bucket, TEN, MINUTE).unwrap().remaining, 9);
        assert_eq!(draw(&bucket, TEN, 2 * MINUTE).unwrap().remaining, 9);
    }

    /// RL-02
    #[test]
    fn a_million_addresses_keep_a_hundred_thousand_buckets() {
        let limits = Limits::new(&Settings::default()).unwrap();
        let now = Timestamp::from_ms(1);
        for number in 0..200_000_u32 {
            let ip = IpAddr::from(number.to_be_bytes());
            limits.take(Class::Any, ip, None, now).unwrap();
        }
        assert!(limits.buckets.len() <= MOST_BUCKETS);
    }
}
