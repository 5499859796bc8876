//! Copies kept in memory, dropped by the writer after the COMMIT and before the caller is answered, so that nobody ever
//! reads something older than what was acknowledged.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use bytes::Bytes;

use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::time;
use crate::domain::time::Timestamp;
use crate::domain::touched::Touched;
use crate::domain::user::Pass;
use crate::shop::api_keys;
use crate::shop::sessions::Standing;

/// How long an order may be told from memory (D5).
const ORDER_LIFE: i64 = 30 * time::SECOND;
/// How long a session is believed without asking (TOK-05).
const SESSION_LIFE: i64 = time::SECOND;
const ORDERS: usize = 4096;
const SESSIONS: usize = 16_384;
const KEYS: usize = 1024;

/// An order's reply, ready to send, and whose it is.
#[derive(Debug, Clone)]
pub struct CachedOrder {
    /// The user behind its customer.
    pub owner: Option<UserId>,
    /// Its version, which is its ETag.
    pub version: i64,
    /// The JSON.
    pub body: Bytes,
    stored_at: Timestamp,
}

/// The caches.
pub struct Caches {
    orders: quick_cache::sync::Cache<OrderId, CachedOrder>,
    sessions: quick_cache::sync::Cache<Pass, (Timestamp, Arc<Standing>)>,
    keys: quick_cache::sync::Cache<[u8; 32], (Timestamp, Arc<api_keys::Standing>)>,
    generation: Mutex<u64>,
}

impl Default for Caches {
    fn default() -> Self {
        Self {
            orders: quick_cache::sync::Cache::new(ORDERS),
            sessions: quick_cache::sync::Cache::new(SESSIONS),
            keys: quick_cache::sync::Cache::new(KEYS),
            generation: Mutex::new(0),
        }
    }
}

impl Caches {
    /// The generation to remember before a look whose result is to be kept.
    pub fn generation(&self) -> u64 {
        *self.lock()
    }

    /// An order's reply, if there is a fresh one.
    pub fn order(&self, id: OrderId, now: Timestamp) -> Option<CachedOrder> {
        self.orders
            .get(&id)
            .filter(|kept| now.ms() - kept.stored_at.ms() < ORDER_LIFE)
    }

    /// Keeps an order's reply, unless something was dropped since `generation`: the look may be older than that.
    pub fn keep_order(&self, id: OrderId, generation: u64, now: Timestamp, order: OrderCopy) {
        let current = self.lock();
        if *current == generation {
            let kept = CachedOrder {
                owner: order.owner,
                version: order.version,
                body: order.body,
                stored_at: now,
            };
            self.orders.insert(id, kept);
        }
    }

    /// Drops what a durable change has touched. Called by the writer before the caller is answered.
    pub fn touch(&self, touched: Touched) {
        match touched {
            Touched::Order(id) => self.drop_order(id),
            Touched::Sessions => self.drop_sessions(),
        }
    }

    fn drop_order(&self, id: OrderId) {
        let mut generation = self.lock();
        *generation += 1;
        self.orders.remove(&id);
    }

    /// A session, if it was looked up a moment ago.
    pub fn session(&self, pass: &Pass, now: Timestamp) -> Option<Arc<Standing>> {
        self.sessions
            .get(pass)
            .filter(|(at, _)| now.ms() - at.ms() < SESSION_LIFE)
            .map(|(_, standing)| standing)
    }

    /// Keeps a session, unless something was dropped since `generation`.
    pub fn keep_session(&self, generation: u64, now: Timestamp, pass: Pass, standing: Arc<Standing>) {
        let current = self.lock();
        if *current == generation {
            self.sessions.insert(pass, (now, standing));
        }
    }

    /// An API key by the hash of its secret, if it was looked up a moment ago.
    pub fn key(&self, hash: &[u8; 32], now: Timestamp) -> Option<Arc<api_keys::Standing>> {
        self.keys
            .get(hash)
            .filter(|(at, _)| now.ms() - at.ms() < SESSION_LIFE)
            .map(|(_, standing)| standing)
    }

    /// Keeps an API key, unless something was dropped since `generation`.
    pub fn keep_key(
        &self,
        generation: u64,
        now: Timestamp,
        hash: [u8; 32],
        standing: Arc<api_keys::Standing>,
    ) {
        let current = self.lock();
        if *current == generation {
            self.keys.insert(hash, (now, standing));
        }
    }

    fn drop_sessions(&self) {
        let mut generation = self.lock();
        *generation += 1;
        self.sessions.clear();
        self.keys.clear();
    }

    /// Drops everything: another process has committed.
    pub fn clear(&self) {
        let mut generation = self.lock();
        *generation += 1;
        self.orders.clear();
        self.sessions.clear();
        self.keys.clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, u64> {
        self.generation.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is to be kept of an order.
#[derive(Debug, Clone)]
pub struct OrderCopy {
    /// The user behind its customer.
    pub owner: Option<UserId>,
    /// Its version.
    pub version: i64,
    /// The JSON.
    pub body: Bytes,
}
