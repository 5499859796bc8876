//! The private link of a guest's order: whoever has it sees the order, without what is personal. The file holds only the
//! seed of its secret, which nobody can make into a link without the shop's keys.

use crate::domain::id::OrderId;
use crate::domain::order::Order;
use crate::domain::time::DAY;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::secret::Keys;
use crate::secret::Use;
use crate::shop::Snapshot;
use crate::store;

/// A link is good for so long after the order was placed, in milliseconds.
const LIFE: i64 = 180 * DAY;
/// Bytes of the secret.
const SECRET: usize = 16;

/// The token of a guest's order, for its link; whoever signs in needs none.
pub fn private_token(keys: &Keys, order: &Order) -> Option<String> {
    let token = || format!("{}-{}", order.head.id, secret::to_text(&secret_of(keys, order)));
    order.head.user.is_none().then(token)
}

fn secret_of(keys: &Keys, order: &Order) -> [u8; SECRET] {
    let id = order.head.id.0.to_be_bytes();
    let stamp = keys.stamp(Use::Order, &[&id, &order.contacts.token]);
    let mut secret = [0; SECRET];
    secret.copy_from_slice(&stamp[..SECRET]);
    secret
}

/// The order behind a token. What is wrong with a token that is not good is not told: `NotFound`.
pub fn by_token(db: &Snapshot, keys: &Keys, token: &str, now: Timestamp) -> Result<Order> {
    look(db, keys, token, now)?.ok_or(Error::NotFound("order"))
}

fn look(db: &Snapshot, keys: &Keys, token: &str, now: Timestamp) -> Result<Option<Order>> {
    let Some((id, given)) = token.split_once('-') else {
        return Ok(None);
    };
    let (Ok(id), Some(given)) = (id.parse::<OrderId>(), secret::from_text(given)) else {
        return Ok(None);
    };
    let order = match store::orders::get(db, id) {
        Ok(order) => order,
        Err(Error::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let is_good = secret::same(&given, &secret_of(keys, &order));
    let is_over = now >= order.head.placed_at.plus_ms(LIFE);
    Ok(Some(order).filter(|order| is_good && !is_over && order.head.user.is_none()))
}
