//! What is asked for, found in the catalogue.

use crate::domain::actor::Actor;
use crate::domain::fault::Bad;
use crate::domain::money::Money;
use crate::domain::new_order::ItemRef;
use crate::domain::new_order::NewLine;
use crate::domain::permission::Permission;
use crate::domain::pricing::Ask;
use crate::domain::pricing::Piece;
use crate::domain::product::Offer;
use crate::domain::settings::Terms;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::store;

/// Some pieces of an offer.
pub(in crate::shop) struct Good {
    pub(in crate::shop) offer: Offer,
    pub(in crate::shop) piece: Piece,
    /// Whether the client believes in another price than the list's.
    pub(in crate::shop) differs: bool,
}

/// The goods of lines, each with its place in the request; `NotFound` if one of them is not for sale.
pub(in crate::shop::orders) fn asked<'a>(
    db: &Snapshot,
    by: &Actor,
    terms: &Terms,
    lines: impl IntoIterator<Item = (usize, &'a NewLine)>,
) -> Result<Vec<Good>> {
    let may_set = by.may(Permission::OrdersEdit);
    let mut goods = Vec::new();
    for (at, asked) in lines {
        let offer = offer(db, at, asked)?;
        let list = offer.for_sale().ok_or_else(|| not_there(at))?;
        let typed = match &asked.price {
            None => list,
            Some(raw) => raw
                .to_money(terms.currency)
                .and_then(Money::non_negative)
                .map_err(|bad: Bad| bad.at(format!("items[{at}].price")))?,
        };
        let differs = typed != list;
        let piece = Piece {
            product: Some(offer.product),
            class: offer.class,
            weight_g: offer.weight_g.unwrap_or(0),
            quantity: asked.quantity,
            list,
            ask: if differs && may_set {
                Ask::Set(typed)
            } else {
                Ask::List
            },
        };
        goods.push(Good {
            offer,
            piece,
            differs,
        });
    }
    Ok(goods)
}

fn offer(db: &Snapshot, at: usize, asked: &NewLine) -> Result<Offer> {
    let found = match &asked.item {
        ItemRef::Variant(id) => store::products::offer(db, *id)?,
        ItemRef::Sku(sku) => store::products::offer_by_sku(db, sku.as_str())?,
        ItemRef::Product(id) => {
            let mut offers = store::products::offers_of(db, *id)?;
            if offers.len() > 1 {
                return Err(Bad::missing().at(format!("items[{at}].variant_id")).into());
            }
            offers.pop()
        }
    };
    found.ok_or_else(|| not_there(at))
}

/// What is not for sale, by its place in the request: there may be a thousand.
fn not_there(at: usize) -> Error {
    Error::NotFoundAt("product", format!("items[{at}]"))
}
