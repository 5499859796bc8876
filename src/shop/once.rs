//! Idempotency: a request with a key happens once. The key's row is written with what the request made, in one
//! transaction; a second request with the same key gets the same thing as it is now.

use crate::domain::actor::Actor;
use crate::domain::refusal::Refusal;
use crate::error::Result;
use crate::secret;
use crate::shop::Tx;
use crate::store::idempotency;

/// What a key may have made. Numbers are kept; never reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// An order; its key is kept for ever.
    Order = 1,
    /// A product.
    Product = 2,
    /// A movement of stock.
    Movement = 3,
    /// A canceled order.
    Cancel = 4,
    /// A note: the id of its entry in the order's history.
    Note = 5,
    /// What a form of the pages asked for: the row of the audit that tells of it.
    Form = 6,
    /// An API key.
    ApiKey = 7,
    /// A user who was invited.
    User = 8,
    /// An endpoint of webhooks.
    Endpoint = 20,
    /// A consumer of events.
    Consumer = 21,
    /// A payment: one that was begun or came by hand, or of which something was asked.
    Payment = 9,
    /// A refund.
    Refund = 10,
    /// A transfer between a wallet and the shop.
    Transfer = 30,
    /// Money that is paid out to sellers.
    Payout = 31,
    /// Something in a cart: its variant.
    CartItem = 40,
    /// A coupon.
    Coupon = 41,
    /// A way of sending.
    ShippingMethod = 42,
    /// A rate of a tax.
    TaxRate = 43,
    /// A shipment.
    Shipment = 50,
    /// A return.
    Return = 51,
    /// A customer.
    Customer = 60,
    /// A group of customers.
    Group = 61,
    /// A role.
    Role = 62,
    /// A draft.
    Draft = 70,
}

/// A key in the scope of its caller and route, and the fingerprint of what came with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    hash: [u8; 16],
    fingerprint: i64,
}

impl Key {
    /// The key of a request: `caller + method + canonical path + key`, and its body as it was parsed.
    ///
    /// A UUIDv7 keeps its own time in front, so that new keys lie side by side in the index (SCHEMA).
    pub fn new(by: &Actor, route: &str, key: &str, body: &[u8]) -> Self {
        let caller = by.user.map_or(-1, |user| user.0).to_be_bytes();
        // Of guests each order is one.
        let held = by.order.filter(|_| by.user.is_none());
        let held = held.map(|order| order.0.to_be_bytes());
        let held = held.as_ref().map_or(&[][..], |order| order);
        let whole = secret::digest_parts(&[&caller, held, route.as_bytes(), &[0], key.as_bytes()]);
        let mut hash = [0; 16];
        hash.copy_from_slice(&whole[..16]);
        if let Some(time) = time_of_uuid7(key) {
            hash[..6].copy_from_slice(&time);
        }
        let print = secret::digest_parts(&[route.as_bytes(), &[0], body]);
        let mut fingerprint = [0; 8];
        fingerprint.copy_from_slice(&print[..8]);
        Self {
            hash,
            fingerprint: i64::from_be_bytes(fingerprint),
        }
    }

    /// The name that requests with this key take turns under, where what is answered is not whole with the first commit.
    pub fn turn(&self) -> [u8; 32] {
        secret::digest_parts(&[b"key", &self.hash])
    }

    /// The key in its scope, as text: for what must never happen again, even when the key's own row has been swept.
    pub fn text(&self) -> String {
        secret::to_text(&self.hash)
    }
}

/// The first 48 bits of a UUIDv7 in its usual dress.
fn time_of_uuid7(key: &str) -> Option<[u8; 6]> {
    let bytes = key.as_bytes();
    if bytes.len() != 36 || bytes[14] != b'7' || [8, 13, 18, 23].iter().any(|at| bytes[*at] != b'-') {
        return None;
    }
    let mut time = [0; 6];
    for (byte, from) in time.iter_mut().zip([0, 2, 4, 6, 9, 11]) {
        *byte = u8::from_str_radix(key.get(from..from + 2)?, 16).ok()?;
    }
    Some(time)
}

/// What came of a request that happens once.
#[derive(Debug, Clone)]
pub enum Once<T> {
    /// It has happened now.
    First(T),
    /// It had happened before; the thing as it is now.
    Again(T),
}

/// Runs `act` unless the key has been used; then shows what it made.
///
/// Refused with `KeyReused` if the key came with another body. Only successes are remembered: a refusal rolls the key's
/// row back with everything else.
pub fn once<T>(
    tx: &Tx,
    key: Option<&Key>,
    made: Made,
    show: impl FnOnce(i64) -> Result<T>,
    act: impl FnOnce() -> Result<(i64, T)>,
) -> Result<Once<T>> {
    let Some(key) = key else {
        return Ok(Once::First(act()?.1));
    };
    match idempotency::find(tx, &key.hash)? {
        Some((fingerprint, resource)) if fingerprint == key.fingerprint => Ok(Once::Again(show(resource)?)),
        Some(_) => Err(Refusal::KeyReused.into()),
        None => {
            let (resource, thing) = act()?;
            idempotency::insert(tx, &key.hash, key.fingerprint, made as i64, resource)?;
            Ok(Once::First(thing))
        }
    }
}
