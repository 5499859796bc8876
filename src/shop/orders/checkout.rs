//! From a cart to an order: the goods at the prices that were seen, the coupon, the payment that is begun, and the cart
//! that is empty then, in one transaction.

use crate::domain::actor::Actor;
use crate::domain::cart::CartItem;
use crate::domain::cart::Holder;
use crate::domain::customer::Customer;
use crate::domain::fault::Bad;
use crate::domain::id::CartId;
use crate::domain::id::OrderId;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::new_order::Details;
use crate::domain::order::Order;
use crate::domain::payment::Asked;
use crate::domain::payment::Payment;
use crate::domain::payment::Provider;
use crate::domain::pricing::Priced;
use crate::domain::refusal::Refusal;
use crate::domain::refusal::ShortItem;
use crate::domain::sandbox::Post;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::carts;
use crate::shop::carts::GuestCart;
use crate::shop::customers;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::orders::place::Good;
use crate::shop::orders::place::Sale;
use crate::shop::orders::place::quote;
use crate::shop::orders::place::require_welcome;
use crate::shop::payments;
use crate::shop::reasons::Explained;
use crate::store;

/// A checkout that is asked for.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// What the customer saw that it costs.
    pub total_price: Option<RawAmount>,
    /// How and where to. The coupon is the cart's.
    pub details: Details,
    /// Whether the caller wants to know where the figures come from.
    pub explains: bool,
}

/// An order that was made of a cart, with the payment that was begun on it.
#[derive(Debug, Clone)]
pub struct CheckedOut {
    /// The order.
    pub order: Order,
    /// What is to be paid by a provider, or was by a wallet.
    pub payment: Option<Payment>,
    /// What its provider is to be asked now that the order is durable.
    pub asked: Option<Asked>,
    /// Where its figures come from, if that was asked for and it was priced just now.
    pub explained: Option<Explained>,
}

/// Makes an order of the caller's cart.
///
/// Refused with `BusinessRule` if the cart is empty or its coupon does not hold, with `InsufficientStock` for what is
/// short or not for sale any more, with `PriceChanged` (and a fresh quote) if it has become dearer than what the
/// customer saw, with `KeyReused` if the key stands for another request.
pub fn checkout(
    tx: &Tx,
    by: &Actor,
    guest: Option<GuestCart>,
    key: Option<&Key>,
    asked: &Checkout,
    post: &Post,
) -> Result<Once<CheckedOut>> {
    let holder = carts::holder(by, guest)?;
    once(
        tx,
        key,
        Made::Order,
        |id| made_before(tx, OrderId(id)),
        || {
            let made = checkout_now(tx, by, holder.ok_or_else(empty)?, asked, post)?;
            Ok((made.order.head.id.0, made))
        },
    )
}

fn empty() -> Refusal {
    Refusal::Rule("There is nothing in the cart.".into())
}

fn made_before(tx: &Tx, id: OrderId) -> Result<CheckedOut> {
    Ok(CheckedOut {
        order: store::orders::get(tx, id)?,
        payment: store::payments::of_order(tx, id)?.pop(),
        asked: None,
        explained: None,
    })
}

fn checkout_now(tx: &Tx, by: &Actor, holder: Holder, asked: &Checkout, post: &Post) -> Result<CheckedOut> {
    let cart = store::carts::find(tx, &holder)?.ok_or_else(empty)?;
    let items = store::carts::items(tx, cart)?;
    if items.is_empty() {
        return Err(empty().into());
    }
    let goods = goods(items)?;
    let customer = require_welcome(buyer(tx, by, &holder, &asked.details)?)?;
    let details = Details {
        coupon: store::carts::coupon_code(tx, cart)?,
        ..asked.details.clone()
    };
    let terms = store::settings::terms(tx)?;
    let user = by.user.and(customer.user);
    let sale = Sale::of(tx, by, terms, Some(&customer), user, goods, &details)?;
    let priced = sale.price(tx, tx.now)?;
    compare(&sale, asked, &priced)?;
    let order = sale.write(tx, by, &priced)?;
    finish(tx, &holder, cart, &sale)?;
    let explained = asked.explains.then(|| {
        let lines = order.lines.iter().map(|line| line.id);
        Explained::new(lines, &priced, order.head.currency)
    });
    Ok(CheckedOut {
        explained,
        ..pay(tx, by, order, post)?
    })
}

/// Who buys: the caller's own record, or the one of a guest's address.
fn buyer(tx: &Tx, by: &Actor, holder: &Holder, details: &Details) -> Result<Customer> {
    match (holder, &details.email) {
        (Holder::User(user), _) => customers::own(tx, by, *user),
        (Holder::Guest(_), Some(email)) => customers::guest(tx, email, details.shipping_address.as_ref()),
        (Holder::Guest(_), None) => Err(Bad::missing().at("email").into()),
    }
}

/// What is in the cart, at the prices that were shown; refused with everything that is not for sale any more, and then
/// with what is short, too.
fn goods(items: Vec<CartItem>) -> Result<Vec<Good>> {
    if items.iter().any(|item| item.current().is_none()) {
        return Err(Refusal::Shortage(items.iter().filter_map(lacking).collect()).into());
    }
    let good = |item: CartItem| {
        let piece = item.piece()?;
        Some(Good {
            offer: item.offer,
            piece,
            differs: false,
        })
    };
    Ok(items.into_iter().filter_map(good).collect())
}

/// What a cart wants of something beyond what can be had.
fn lacking(item: &CartItem) -> Option<ShortItem> {
    let available = item.current().map_or(0, |_| item.offer.available);
    (item.quantity > available).then(|| ShortItem {
        sku: item.offer.sku.clone(),
        requested: item.quantity,
        available,
    })
}

/// Refused if it costs more now than the customer saw; if it costs less, that is what they pay.
fn compare(sale: &Sale<'_>, asked: &Checkout, priced: &Priced) -> Result<()> {
    let Some(raw) = &asked.total_price else {
        return Ok(());
    };
    let seen = raw
        .to_money(sale.terms.currency)
        .map_err(|bad| bad.at("total_price"))?;
    match priced.total > seen {
        true => Err(Refusal::PriceChanged(Box::new(quote(sale, priced)?)).into()),
        false => Ok(()),
    }
}

/// The cart is empty; a guest's is gone.
fn finish(tx: &Tx, holder: &Holder, cart: CartId, sale: &Sale<'_>) -> Result<()> {
    let has_coupon = sale.coupon.is_some();
    match holder {
        Holder::User(_) if has_coupon => {
            store::carts::clear(tx, cart)?;
            store::carts::set_coupon(tx, cart, None)
        }
        Holder::User(_) => store::carts::clear(tx, cart),
        Holder::Guest(_) => store::carts::delete(tx, cart),
    }
}

/// Begins the payment, where somebody is to be asked for it; a wallet pays at once.
fn pay(tx: &Tx, by: &Actor, order: Order, post: &Post) -> Result<CheckedOut> {
    if order.head.due() == Money::ZERO || order.head.method == Provider::Manual {
        return Ok(CheckedOut {
            order,
            payment: None,
            asked: None,
            explained: None,
        });
    }
    if order.head.method == Provider::Wallet {
        payments::pay_at_placing(tx, by, &order)?;
        return made_before(tx, order.head.id);
    }
    let (payment, asked) = payments::begin_at_placing(tx, by, &order, post)?;
    Ok(CheckedOut {
        order,
        payment: Some(payment),
        asked,
        explained: None,
    })
}
