//! Carts: a user's own, or a guest's by the cookie they hold. Every price comes from the catalogue, every piece is held
//! against the stock, and what is shown tells what has changed since it was put in.

mod change;
mod coupon;
mod merge;
mod price;
mod view;

pub use change::NewItem;
pub use change::add;
pub use change::clear;
pub use change::remove;
pub use change::set;
pub use coupon::drop_coupon;
pub use coupon::set_coupon;
pub(in crate::shop) use merge::ensure;
pub(in crate::shop) use merge::forget;
pub(in crate::shop) use merge::merge;
pub use view::CartView;
pub use view::VerdictView;

use crate::domain::actor::Actor;
use crate::domain::actor::ActorKind;
use crate::domain::cart::CartItem;
use crate::domain::cart::Holder;
use crate::domain::customer::Customer;
use crate::domain::id::CouponId;
use crate::domain::refusal::Refusal;
use crate::domain::shipping::Parcel;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::store;

/// The hash of the cookie by which a guest holds a cart.
pub type GuestCart = [u8; 32];

/// Whose cart the caller means: their own, or the one whose cookie they hold. A program has none.
pub(in crate::shop) fn holder(by: &Actor, guest: Option<GuestCart>) -> Result<Option<Holder>> {
    match (by.kind, by.user) {
        (ActorKind::ApiKey, _) => Err(Refusal::PeopleOnly.into()),
        (_, Some(user)) => Ok(Some(Holder::User(user))),
        (_, None) => Ok(guest.map(Holder::Guest)),
    }
}

/// The caller's cart.
fn look(db: &Snapshot, by: &Actor, guest: Option<GuestCart>) -> Result<Look> {
    let cart = match holder(by, guest)? {
        Some(holder) => store::carts::find(db, &holder)?,
        None => None,
    };
    let Some(cart) = cart else {
        return Ok(Look::default());
    };
    Ok(Look {
        items: store::carts::items(db, cart)?,
        coupon: store::carts::coupon(db, cart)?,
        customer: match by.user {
            Some(user) => store::customers::of_user(db, user)?,
            None => None,
        },
    })
}

/// What is in a cart, and what else its price depends on.
#[derive(Default)]
struct Look {
    items: Vec<CartItem>,
    coupon: Option<CouponId>,
    customer: Option<Customer>,
}

/// What sending the caller's cart depends on: its weight, and what it costs less its coupon.
pub fn parcel(db: &Snapshot, by: &Actor, guest: Option<GuestCart>, now: Timestamp) -> Result<Parcel> {
    price::parcel(db, &look(db, by, guest)?, now)
}

/// The caller's cart, priced; an empty one if there is none.
pub fn show(db: &Snapshot, by: &Actor, guest: Option<GuestCart>, now: Timestamp) -> Result<CartView> {
    price::view(db, &look(db, by, guest)?, now)
}

/// Whether the caller's cart could become an order as it is.
pub fn validate(db: &Snapshot, by: &Actor, guest: Option<GuestCart>, now: Timestamp) -> Result<VerdictView> {
    Ok(show(db, by, guest, now)?.verdict())
}
