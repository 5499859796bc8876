//! The coupon of a cart: looked at when it is typed, and again at every look and at the checkout. No use is taken before.

use crate::domain::actor::Actor;
use crate::domain::coupon::Unfit;
use crate::domain::refusal::Refusal;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::carts::CartView;
use crate::shop::carts::GuestCart;
use crate::shop::carts::Look;
use crate::shop::carts::holder;
use crate::shop::carts::look;
use crate::shop::carts::price;
use crate::shop::carts::show;
use crate::store;

/// Puts the coupon of a code in capitals into the caller's cart, in the place of another.
///
/// Refused with `BusinessRule` if there is no such coupon or it does not hold for what is in the cart, with
/// `NotAllowed` if it is used up.
pub fn set_coupon(tx: &Tx, by: &Actor, guest: Option<GuestCart>, code: &str) -> Result<CartView> {
    let coupon = store::coupons::by_code(tx, code)?.ok_or(Refusal::from(Unfit::Unknown))?;
    let with = Look {
        coupon: Some(coupon.id),
        ..look(tx, by, guest)?
    };
    if let Some(unfit) = price::unfit(tx, &with, tx.now)? {
        return Err(Refusal::from(unfit).into());
    }
    if let Some(holder) = holder(by, guest)? {
        let cart = store::carts::open(tx, &holder)?;
        store::carts::set_coupon(tx, cart, Some(coupon.id))?;
    }
    show(tx, by, guest, tx.now)
}

/// Takes the coupon out of the caller's cart, if there is one.
pub fn drop_coupon(tx: &Tx, by: &Actor, guest: Option<GuestCart>) -> Result<()> {
    let Some(holder) = holder(by, guest)? else {
        return Ok(());
    };
    match store::carts::find(tx, &holder)? {
        Some(cart) => store::carts::set_coupon(tx, cart, None),
        None => Ok(()),
    }
}
