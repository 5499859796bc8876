//! Pricing a cart: what is for sale of it, by the one function that prices orders, too.

use crate::domain::cart::CartItem;
use crate::domain::coupon::Coupon;
use crate::domain::coupon::Unfit;
use crate::domain::pricing;
use crate::domain::pricing::Basket;
use crate::domain::pricing::Piece;
use crate::domain::pricing::Priced;
use crate::domain::settings::Terms;
use crate::domain::shipping::Parcel;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::carts::Look;
use crate::shop::carts::view::CartView;
use crate::shop::carts::view::CouponOf;
use crate::shop::coupons;
use crate::shop::groups;
use crate::shop::taxes;
use crate::store;

/// The cart with its prices at this moment.
pub(super) fn view(db: &Snapshot, look: &Look, now: Timestamp) -> Result<CartView> {
    let terms = store::settings::terms(db)?;
    let (priced, coupon) = price(db, &terms, look, now)?;
    let coupon = match (look.coupon, coupon) {
        (None, _) => CouponOf::None,
        (Some(_), None) => CouponOf::Gone,
        (Some(_), Some(coupon)) => CouponOf::Is(Box::new(coupon), priced.unfit),
    };
    Ok(CartView::new(&look.items, &priced, &terms, &coupon))
}

/// Its weight, and what its goods cost at this moment.
pub(super) fn parcel(db: &Snapshot, look: &Look, now: Timestamp) -> Result<Parcel> {
    let terms = store::settings::terms(db)?;
    let (priced, _) = price(db, &terms, look, now)?;
    let pieces = look.items.iter().filter_map(CartItem::piece);
    Ok(Parcel {
        weight_g: pieces
            .map(|piece| piece.weight_g.saturating_mul(piece.quantity))
            .fold(0, i64::saturating_add),
        worth: priced
            .subtotal
            .checked_sub(priced.discount)
            .unwrap_or(priced.subtotal),
    })
}

/// The prices, with the coupon if it is there still. Where it goes is not known yet: the taxes are the shop's own.
fn price(db: &Snapshot, terms: &Terms, look: &Look, now: Timestamp) -> Result<(Priced, Option<Coupon>)> {
    let pieces: Vec<Piece> = look.items.iter().filter_map(CartItem::piece).collect();
    let coupon = match look.coupon {
        Some(id) => store::coupons::find(db, id)?,
        None => None,
    };
    let customer = look.customer.as_ref().map(|customer| customer.id);
    let used_before = match &coupon {
        Some(coupon) => coupons::used_by(db, coupon, customer)?,
        None => 0,
    };
    let taxes = taxes::of(db, terms, None)?;
    let belonging = groups::of_buyer(db, terms, coupon.as_ref(), customer)?;
    let priced = pricing::price(&Basket {
        now,
        pieces: &pieces,
        groups: &belonging.discounts,
        member_of: &belonging.groups,
        coupon: coupon.as_ref().map(|coupon| (coupon, used_before)),
        method: None,
        taxes: &taxes,
    })?;
    Ok((priced, coupon))
}

/// Why a coupon cannot be put into a cart that looks like this; nothing if it can.
pub(super) fn unfit(db: &Snapshot, look: &Look, now: Timestamp) -> Result<Option<Unfit>> {
    let terms = store::settings::terms(db)?;
    Ok(price(db, &terms, look, now)?.0.unfit)
}
