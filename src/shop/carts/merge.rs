//! Carts that come together: a guest's and a user's at the sign-in, and a former order's goods put in again. No more goes
//! in than there is, and what was cut short is told.

use crate::domain::cart::CartItem;
use crate::domain::cart::Holder;
use crate::domain::cart::MOST_ITEMS;
use crate::domain::cart::Shown;
use crate::domain::cart::capped;
use crate::domain::id::CartId;
use crate::domain::id::UserId;
use crate::domain::id::VariantId;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::carts::GuestCart;
use crate::store;

/// Puts what a guest has picked into the cart of the user who they turned out to be.
pub(in crate::shop) fn merge(tx: &Tx, user: UserId, guest: GuestCart) -> Result<()> {
    let Some(from) = store::carts::find(tx, &Holder::Guest(guest))? else {
        return Ok(());
    };
    let items = store::carts::items(tx, from)?;
    if !items.is_empty() {
        let into = store::carts::open(tx, &Holder::User(user))?;
        for item in items {
            take_over(tx, into, &item)?;
        }
        if let (Some(coupon), None) = (store::carts::coupon(tx, from)?, store::carts::coupon(tx, into)?) {
            store::carts::set_coupon(tx, into, Some(coupon))?;
        }
    }
    store::carts::delete(tx, from)
}

fn take_over(tx: &Tx, into: CartId, item: &CartItem) -> Result<()> {
    let variant = item.offer.variant;
    let (before, shown) = match store::carts::item(tx, into, variant)? {
        Some(held) => (held.quantity, held.shown.cheaper(item.shown, tx.now)),
        None if store::carts::count(tx, into)? >= MOST_ITEMS => return Ok(()),
        None => (0, item.shown),
    };
    let wanted = before + item.quantity;
    let quantity = capped(wanted, item.offer.available);
    let told = (wanted > quantity).then_some(wanted);
    store::carts::put(tx, into, variant, quantity, shown, told)
}

/// Sees to it that a user's cart holds at least so many of each of these, which are for sale and there. Asked for twice,
/// it is done once.
pub(in crate::shop) fn ensure(tx: &Tx, user: UserId, goods: &[(VariantId, i64, Shown)]) -> Result<()> {
    let cart = store::carts::open(tx, &Holder::User(user))?;
    for (variant, quantity, today) in goods {
        let (before, shown) = match store::carts::item(tx, cart, *variant)? {
            Some(held) => (held.quantity, held.shown.again(today.price, tx.now)),
            None if store::carts::count(tx, cart)? >= MOST_ITEMS => continue,
            None => (0, *today),
        };
        store::carts::put(tx, cart, *variant, before.max(*quantity), shown, None)?;
    }
    Ok(())
}

/// Empties the cart of a user who leaves.
pub(in crate::shop) fn forget(tx: &Tx, user: UserId) -> Result<()> {
    match store::carts::find(tx, &Holder::User(user))? {
        Some(cart) => store::carts::delete(tx, cart),
        None => Ok(()),
    }
}
