//! Pricing a cart: what is for sale of it, by the one function that prices orders, too.

use crate::domain::cart::CartItem;
use crate::domain::pricing;
use crate::domain::pricing::Basket;
use crate::domain::pricing::Piece;
use crate::domain::tax::Taxes;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::carts::view::CartView;
use crate::store;

/// The cart with its prices at this moment.
pub(super) fn view(db: &Snapshot, items: Vec<CartItem>, now: Timestamp) -> Result<CartView> {
    let terms = store::settings::terms(db)?;
    let pieces: Vec<Piece> = items.iter().filter_map(CartItem::piece).collect();
    let taxes = Taxes {
        included: terms.tax_included,
        ..Taxes::default()
    };
    let priced = pricing::price(&Basket {
        now,
        pieces: &pieces,
        groups: &[],
        coupon: None,
        method: None,
        taxes: &taxes,
    })?;
    Ok(CartView::new(&items, &priced, &terms))
}
