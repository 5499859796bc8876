//! Placing an order: everything or nothing, in one transaction. It looks and decides first and writes then, so that a
//! refusal leaves nothing to undo; the guarded updates of the stock and of the coupon stay as the proof.

mod goods;
mod quote;
mod rows;
mod stock;

pub(super) use goods::Good;
pub(super) use quote::quote;

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
use crate::domain::settings::Terms;
use crate::domain::shipping::ShippingMethod;
use crate::domain::text::CountryCode;
use crate::error::Error;
use crate::error::Result;
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
    let terms = store::settings::terms(tx)?;
    let goods = goods::asked(tx, by, &terms, new)?;
    let sale = Sale::of(tx, by, terms, &customer, customer.user, goods, &new.details)?;
    let priced = sale.price(tx)?;
    quote::compare(by, &sale, new, &priced)?;
    let order = sale.write(tx, by, &priced)?;
    match new.details.method {
        Provider::Wallet if order.head.due() > Money::ZERO => payments::pay_at_placing(tx, by, &order),
        _ => Ok(order),
    }
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
pub(super) fn require_welcome(customer: Customer) -> Result<Customer> {
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
    pub(super) customer: &'a Customer,
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
        tx: &Tx,
        by: &Actor,
        terms: Terms,
        customer: &'a Customer,
        user: Option<UserId>,
        goods: Vec<Good>,
        details: &'a Details,
    ) -> Result<Self> {
        let coupon = match &details.coupon {
            None => None,
            Some(code) => Some(coupon_of(tx, code)?),
        };
        // Whoever only types an address has not proved that it is theirs.
        let is_known = user.is_some() || by.may(Permission::OrdersCreate);
        let buyer = is_known.then_some(customer.id);
        Ok(Self {
            belonging: groups::of_buyer(tx, &terms, coupon.as_ref(), buyer)?,
            method: method(tx, by, &terms, details)?,
            terms,
            customer,
            user,
            goods,
            details,
            coupon,
        })
    }

    /// What it comes to. Refused as the coupon's [`Unfit`] tells.
    pub(super) fn price(&self, tx: &Tx) -> Result<Priced> {
        let pieces: Vec<Piece> = self.goods.iter().map(|good| good.piece.clone()).collect();
        let used_before = match &self.coupon {
            Some(coupon) => coupons::used_by(tx, coupon, Some(self.customer.id))?,
            None => 0,
        };
        let taxes = taxes::of(tx, &self.terms, self.details.country())?;
        let priced = pricing::price(&Basket {
            now: tx.now,
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
        let taken = stock::reserve(tx, by, &self.goods)?;
        if let Some(coupon) = &self.coupon {
            coupons::take(tx, coupon, self.customer.id)?;
        }
        let order = rows::insert(tx, by, self, priced)?;
        let stock = stock::take(tx, by, order.head.id, &taken)?;
        tell(tx, by, &order, stock)?;
        stock::tell_what_is_low(tx, &self.terms, &taken)?;
        tx.after_commit(|| metrics::counter!("orders_created_total").increment(1));
        Ok(order)
    }
}

/// The coupon of a code as it was typed.
fn coupon_of(tx: &Tx, code: &str) -> Result<Coupon> {
    let found = match coupon::code_of(code) {
        Ok(code) => store::coupons::by_code(tx, &code)?,
        Err(_) => None,
    };
    found.ok_or_else(|| Refusal::from(Unfit::Unknown).into())
}

/// The way of sending that is named. Whoever buys for themselves must name one, where the shop has any; a shop without
/// is not asked.
fn method(tx: &Tx, by: &Actor, terms: &Terms, details: &Details) -> Result<Option<ShippingMethod>> {
    let field = "shipping_method";
    let Some(id) = details.shipping_method else {
        return match terms.has_methods && !by.may(Permission::OrdersCreate) {
            true => Err(Bad::missing().at(field).into()),
            false => Ok(None),
        };
    };
    let found = store::shipping::find(tx, ShippingMethodId(id))?.filter(|method| method.is_enabled);
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
