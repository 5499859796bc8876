//! Placing an order: everything or nothing, in one transaction. It looks and decides first and writes then, so that a
//! refusal leaves nothing to undo; the guarded updates of the stock and of the coupon stay as the proof.

mod goods;
mod quote;
mod rows;
pub(super) mod stock;

pub(in crate::shop) use goods::Good;
pub(super) use goods::asked;
pub(super) use quote::quote;
pub(super) use rows::line;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::coupon;
use crate::domain::coupon::Coupon;
use crate::domain::coupon::Unfit;
use crate::domain::customer::Customer;
use crate::domain::customer::CustomerStatus;
use crate::domain::event::EventType;
use crate::domain::fault::Bad;
use crate::domain::id::OrderId;
use crate::domain::id::ShippingMethodId;
use crate::domain::id::UserId;
use crate::domain::money::Money;
use crate::domain::new_order::Details;
use crate::domain::new_order::NewOrder;
use crate::domain::order::Order;
use crate::domain::payment::Provider;
use crate::domain::permission::Permission;
use crate::domain::pricing;
use crate::domain::pricing::Basket;
use crate::domain::pricing::Piece;
use crate::domain::pricing::Priced;
use crate::domain::refusal::Refusal;
use crate::domain::refusal::ShortItem;
use crate::domain::settings::Terms;
use crate::domain::shipping::ShippingMethod;
use crate::domain::text::CountryCode;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::coupons;
use crate::shop::customers;
use crate::shop::events;
use crate::shop::groups;
use crate::shop::groups::Belonging;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::orders::record::OrderEvent;
use crate::shop::orders::record::StockTold;
use crate::shop::orders::view::OrderView;
use crate::shop::payments;
use crate::shop::taxes;
use crate::store;

/// Places an order for the caller's own customer, or with `orders:create` for another.
///
/// Refused with `InsufficientStock` (every short item listed) if there is not enough, with `PriceChanged` (and a fresh
/// quote) if the client saw other prices, with `BusinessRule` if the coupon does not hold and `NotAllowed` if it is used
/// up, with `Balance` where the wallet that is to pay has not so much, with `KeyReused` if the key stands for another
/// request.
pub fn place(tx: &Tx, by: &Actor, key: Option<&Key>, new: &NewOrder) -> Result<Once<Order>> {
    let user = by.on_own(Permission::OrdersCreate)?;
    once(
        tx,
        key,
        Made::Order,
        |id| store::orders::get(tx, OrderId(id)),
        || {
            let order = place_now(tx, by, user, new)?;
            Ok((order.head.id.0, order))
        },
    )
}

fn place_now(tx: &Tx, by: &Actor, user: UserId, new: &NewOrder) -> Result<Order> {
    let customer = customer(tx, by, user, new)?;
    sell(tx, by, &customer, customer.user, new)
}

/// Sells what is asked for to a customer whom the shop sells to, for this user, or for nobody who could sign in.
pub(in crate::shop) fn sell(
    tx: &Tx,
    by: &Actor,
    customer: &Customer,
    user: Option<UserId>,
    new: &NewOrder,
) -> Result<Order> {
    let terms = store::settings::terms(tx)?;
    let goods = asked(tx, by, &terms, new.lines.iter().enumerate())?;
    let sale = Sale::of(tx, by, terms, Some(customer), user, goods, &new.details)?;
    let priced = sale.price(tx, tx.now)?;
    quote::compare(by, &sale, new, &priced)?;
    let order = sale.write(tx, by, &priced)?;
    match new.details.method {
        Provider::Wallet if order.head.due() > Money::ZERO => payments::pay_at_placing(tx, by, &order),
        _ => Ok(order),
    }
}

/// What an order would come to at a moment, and of what; refused as its placing would be, but for the stock.
pub(in crate::shop) struct Weighed {
    pub(in crate::shop) terms: Terms,
    pub(in crate::shop) goods: Vec<Good>,
    pub(in crate::shop) priced: Priced,
    /// What there is not enough of.
    pub(in crate::shop) short: Vec<ShortItem>,
}

/// Weighs what is asked for, for a customer if one is known yet.
pub(in crate::shop) fn weigh(
    db: &Snapshot,
    by: &Actor,
    now: Timestamp,
    customer: Option<Customer>,
    new: &NewOrder,
) -> Result<Weighed> {
    let customer = customer.map(require_welcome).transpose()?;
    let user = customer.as_ref().and_then(|customer| customer.user);
    let terms = store::settings::terms(db)?;
    let goods = asked(db, by, &terms, new.lines.iter().enumerate())?;
    let sale = Sale::of(db, by, terms, customer.as_ref(), user, goods, &new.details)?;
    let priced = sale.price(db, now)?;
    Ok(Weighed {
        terms,
        short: stock::short(&stock::gather(&sale.goods)),
        goods: sale.goods,
        priced,
    })
}

/// For whom: the caller's own record, made at the first order of a staff user, or another's with the right to it.
fn customer(tx: &Tx, by: &Actor, user: UserId, new: &NewOrder) -> Result<Customer> {
    let customer = match new.customer {
        None => customers::own(tx, by, user)?,
        Some(id) if by.may(Permission::OrdersCreate) => store::customers::get(tx, id)?,
        Some(id) => {
            let customer = store::customers::get(tx, id).map_err(|_| by.lacks(Permission::OrdersCreate))?;
            match customer.user == Some(user) {
                true => customer,
                false => return Err(by.lacks(Permission::OrdersCreate).into()),
            }
        }
    };
    require_welcome(customer)
}

/// Refused with `BusinessRule` if the shop does not sell to this customer, with `Deleted` if it has been.
pub(in crate::shop) fn require_welcome(customer: Customer) -> Result<Customer> {
    if customer.deleted_at.is_some() {
        return Err(Error::Deleted("customer"));
    }
    match customer.status {
        CustomerStatus::Blocked => Err(Refusal::Rule("This customer is blocked.".into()).into()),
        _ => Ok(customer),
    }
}

/// All that an order is made of, before it is priced.
pub(super) struct Sale<'a> {
    pub(super) terms: Terms,
    /// Nobody yet, where it is only weighed.
    pub(super) customer: Option<&'a Customer>,
    /// The user for whom it is; nobody of a guest's.
    pub(super) user: Option<UserId>,
    pub(super) goods: Vec<Good>,
    pub(super) details: &'a Details,
    pub(super) coupon: Option<Coupon>,
    belonging: Belonging,
    pub(super) method: Option<ShippingMethod>,
}

impl<'a> Sale<'a> {
    /// Looks up what is named. Refused with `BusinessRule` if there is no such coupon, with `Fields` if there is no such
    /// way of sending, or none is named where the buyer must choose one.
    pub(super) fn of(
        db: &Snapshot,
        by: &Actor,
        terms: Terms,
        customer: Option<&'a Customer>,
        user: Option<UserId>,
        goods: Vec<Good>,
        details: &'a Details,
    ) -> Result<Self> {
        let coupon = match &details.coupon {
            None => None,
            Some(code) => Some(coupon_of(db, code)?),
        };
        // Whoever only types an address has not proved that it is theirs.
        let is_known = user.is_some() || by.may(Permission::OrdersCreate);
        let buyer = customer.filter(|_| is_known).map(|customer| customer.id);
        Ok(Self {
            belonging: groups::of_buyer(db, &terms, coupon.as_ref(), buyer)?,
            method: method(db, by, &terms, details)?,
            terms,
            customer,
            user,
            goods,
            details,
            coupon,
        })
    }

    /// What it comes to at a moment. Refused as the coupon's [`Unfit`] tells.
    pub(super) fn price(&self, db: &Snapshot, now: Timestamp) -> Result<Priced> {
        let pieces: Vec<Piece> = self.goods.iter().map(|good| good.piece.clone()).collect();
        let used_before = match &self.coupon {
            Some(coupon) => coupons::used_by(db, coupon, self.customer.map(|customer| customer.id))?,
            None => 0,
        };
        let taxes = taxes::of(db, &self.terms, self.details.country())?;
        let priced = pricing::price(&Basket {
            now,
            pieces: &pieces,
            groups: &self.belonging.discounts,
            member_of: &self.belonging.groups,
            coupon: self.coupon.as_ref().map(|coupon| (coupon, used_before)),
            method: self.method.as_ref(),
            taxes: &taxes,
        })?;
        match priced.unfit {
            Some(unfit) => Err(Refusal::from(unfit).into()),
            None => Ok(priced),
        }
    }

    /// Writes the order and tells of it; the coupon and the stock first, so that nobody gets what another has taken.
    pub(super) fn write(&self, tx: &Tx, by: &Actor, priced: &Priced) -> Result<Order> {
        let customer = self
            .customer
            .ok_or_else(|| Error::internal("an order is sold to nobody"))?;
        let taken = stock::reserve(tx, by, &self.goods)?;
        if let Some(coupon) = &self.coupon {
            coupons::take(tx, coupon, customer.id)?;
        }
        let order = rows::insert(tx, by, self, customer, priced)?;
        let stock = stock::take(tx, by, order.head.id, &taken)?;
        tell(tx, by, &order, stock)?;
        stock::tell_what_is_low(tx, &self.terms, &taken)?;
        tx.after_commit(|| metrics::counter!("orders_created_total").increment(1));
        Ok(order)
    }
}

/// The coupon of a code as it was typed.
fn coupon_of(db: &Snapshot, code: &str) -> Result<Coupon> {
    let found = match coupon::code_of(code) {
        Ok(code) => store::coupons::by_code(db, &code)?,
        Err(_) => None,
    };
    found.ok_or_else(|| Refusal::from(Unfit::Unknown).into())
}

/// The way of sending that is named. Whoever buys for themselves must name one, where the shop has any; a shop without
/// is not asked.
fn method(db: &Snapshot, by: &Actor, terms: &Terms, details: &Details) -> Result<Option<ShippingMethod>> {
    let field = "shipping_method";
    let Some(id) = details.shipping_method else {
        return match terms.has_methods && !by.may(Permission::OrdersCreate) {
            true => Err(Bad::missing().at(field).into()),
            false => Ok(None),
        };
    };
    let found = store::shipping::find(db, ShippingMethodId(id))?.filter(|method| method.is_enabled);
    let method =
        found.ok_or_else(|| Error::from(Bad::input("There is no such shipping method.").at(field)))?;
    let country = details.country().and_then(|code| CountryCode::parse(code).ok());
    let goes = match country {
        Some(country) => method.serves(country),
        None => method.countries.is_empty() || by.may(Permission::OrdersCreate),
    };
    match goes {
        true => Ok(Some(method)),
        false => Err(Bad::input("This shipping method does not go there.")
            .at(field)
            .into()),
    }
}

fn tell(tx: &Tx, by: &Actor, order: &Order, stock: Vec<StockTold>) -> Result<()> {
    let id = order.head.id.0;
    let data = OrderEvent {
        order: OrderView::for_event(order),
        seq: 1,
        stock: Some(stock),
        notify: None,
    };
    let told = events::emit(tx, EventType::OrderCreated, id, 1, &data)?;
    audit::note(
        tx,
        by,
        Action::OrderCreated,
        (Target::Order, Some(id)),
        told.for_audit(),
        None,
    )
}
