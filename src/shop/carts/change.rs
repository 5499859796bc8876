//! Putting things into a cart, changing how many, taking them out.

use crate::domain::actor::Actor;
use crate::domain::cart::CartItem;
use crate::domain::cart::Holder;
use crate::domain::cart::MOST_ITEMS;
use crate::domain::cart::Shown;
use crate::domain::fault::Bad;
use crate::domain::id::CartId;
use crate::domain::id::VariantId;
use crate::domain::new_order::ItemRef;
use crate::domain::order::check_pieces;
use crate::domain::product::Offer;
use crate::domain::refusal::Refusal;
use crate::domain::refusal::ShortItem;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::carts::CartView;
use crate::shop::carts::GuestCart;
use crate::shop::carts::holder;
use crate::shop::carts::show;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::store;

/// What is to be put into a cart, well formed.
#[derive(Debug, Clone)]
pub struct NewItem {
    /// Of what.
    pub item: ItemRef,
    /// How many, 1 to [`MOST_PIECES`](crate::domain::order::MOST_PIECES).
    pub quantity: i64,
}

/// Puts something into the caller's cart, or more of it, at today's price or a lower one they have seen.
///
/// Refused with `NotFound` if it is not for sale, with `InsufficientStock` if there is not so much, and with
/// `KeyReused` if the key stands for another request.
pub fn add(
    tx: &Tx,
    by: &Actor,
    guest: Option<GuestCart>,
    key: Option<&Key>,
    new: &NewItem,
) -> Result<Once<CartView>> {
    let holder = holder(by, guest)?.ok_or(Refusal::NotSignedIn)?;
    once(
        tx,
        key,
        Made::CartItem,
        |_| show(tx, by, guest, tx.now),
        || {
            let variant = add_now(tx, &holder, new)?;
            Ok((variant.0, show(tx, by, guest, tx.now)?))
        },
    )
}

fn add_now(tx: &Tx, holder: &Holder, new: &NewItem) -> Result<VariantId> {
    let offer = offer(tx, &new.item)?;
    let current = offer.for_sale().ok_or(Error::NotFound("product"))?;
    let held = match store::carts::find(tx, holder)? {
        Some(cart) => find_room(tx, cart, offer.variant)?,
        None => None,
    };
    let today = Shown {
        price: current,
        at: tx.now,
    };
    let (before, shown) = match held {
        Some(item) => (item.quantity, item.shown.again(current, tx.now)),
        None => (0, today),
    };
    let quantity = before + new.quantity;
    require_stock(&offer, quantity)?;
    check_pieces(1, quantity).map_err(|bad| bad.at("quantity"))?;
    let cart = store::carts::open(tx, holder)?;
    store::carts::put(tx, cart, offer.variant, quantity, shown, None)?;
    Ok(offer.variant)
}

/// What a cart already holds of a variant; refused if it is full and holds none.
fn find_room(tx: &Tx, cart: CartId, variant: VariantId) -> Result<Option<CartItem>> {
    match store::carts::item(tx, cart, variant)? {
        None if store::carts::count(tx, cart)? >= MOST_ITEMS => {
            Err(Refusal::Rule("A cart holds at most 1,000 things.".into()).into())
        }
        held => Ok(held),
    }
}

fn require_stock(offer: &Offer, requested: i64) -> Result<()> {
    match requested > offer.available {
        false => Ok(()),
        true => Err(Refusal::Shortage(vec![ShortItem {
            sku: offer.sku.clone(),
            requested,
            available: offer.available,
        }])
        .into()),
    }
}

fn offer(tx: &Tx, item: &ItemRef) -> Result<Offer> {
    let found = match item {
        ItemRef::Variant(id) => store::products::offer(tx, *id)?,
        ItemRef::Sku(sku) => store::products::offer_by_sku(tx, sku.as_str())?,
        ItemRef::Product(id) => {
            let mut offers = store::products::offers_of(tx, *id)?;
            if offers.len() > 1 {
                return Err(Bad::missing().at("variant_id").into());
            }
            offers.pop()
        }
    };
    found.ok_or(Error::NotFound("product"))
}

/// Changes how many of an item the caller's cart holds; none takes it out.
///
/// Refused with `NotFound` if the cart does not hold it, with `NotAllowed` if it is not for sale any more, with
/// `InsufficientStock` if there is not so much.
pub fn set(
    tx: &Tx,
    by: &Actor,
    guest: Option<GuestCart>,
    variant: VariantId,
    quantity: i64,
) -> Result<CartView> {
    let (cart, item) = held(tx, by, guest, variant)?;
    if quantity == 0 {
        store::carts::remove(tx, cart, variant)?;
    } else {
        let current = item.current();
        let current = current.ok_or(Refusal::NotAllowed("This is not for sale any more.".into()))?;
        require_stock(&item.offer, quantity)?;
        let shown = item.shown.again(current, tx.now);
        store::carts::put(tx, cart, variant, quantity, shown, None)?;
    }
    store::carts::touch(tx, cart)?;
    show(tx, by, guest, tx.now)
}

/// Takes an item out of the caller's cart; `NotFound` if it is not in it.
pub fn remove(tx: &Tx, by: &Actor, guest: Option<GuestCart>, variant: VariantId) -> Result<()> {
    let (cart, _) = held(tx, by, guest, variant)?;
    store::carts::remove(tx, cart, variant)?;
    store::carts::touch(tx, cart)
}

fn held(tx: &Tx, by: &Actor, guest: Option<GuestCart>, variant: VariantId) -> Result<(CartId, CartItem)> {
    let holder = holder(by, guest)?.ok_or(Error::NotFound("item"))?;
    let cart = store::carts::find(tx, &holder)?.ok_or(Error::NotFound("item"))?;
    let item = store::carts::item(tx, cart, variant)?.ok_or(Error::NotFound("item"))?;
    Ok((cart, item))
}

/// Empties the caller's cart, if there is one.
pub fn clear(tx: &Tx, by: &Actor, guest: Option<GuestCart>) -> Result<()> {
    let Some(holder) = holder(by, guest)? else {
        return Ok(());
    };
    match store::carts::find(tx, &holder)? {
        Some(cart) => store::carts::delete(tx, cart),
        None => Ok(()),
    }
}
