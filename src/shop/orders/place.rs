//! Placing an order: everything or nothing, in one transaction. It looks and decides first and writes then, so that a
//! refusal leaves nothing to undo; the guarded stock update stays as the proof.

use serde::Serialize;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::customer::Customer;
use crate::domain::customer::CustomerStatus;
use crate::domain::event::EventType;
use crate::domain::fault::Bad;
use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::id::ProductId;
use crate::domain::id::UserId;
use crate::domain::id::VariantId;
use crate::domain::money::Amount;
use crate::domain::money::Money;
use crate::domain::order::Contacts;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::ItemRef;
use crate::domain::order::Line;
use crate::domain::order::NewLine;
use crate::domain::order::NewOrder;
use crate::domain::order::Order;
use crate::domain::order::OrderHead;
use crate::domain::order::OrderState;
use crate::domain::order::PaymentStatus;
use crate::domain::order::ReturnStatus;
use crate::domain::payment::Provider;
use crate::domain::permission::Permission;
use crate::domain::product::MovementReason;
use crate::domain::product::Offer;
use crate::domain::refusal::Refusal;
use crate::domain::refusal::ShortItem;
use crate::domain::settings::Terms;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::commissions;
use crate::shop::commissions::Sold;
use crate::shop::customers;
use crate::shop::events;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::orders::record::OrderEvent;
use crate::shop::orders::record::StockTold;
use crate::shop::orders::view::OrderView;
use crate::shop::payments;
use crate::shop::stock;
use crate::shop::stock::Shelf;
use crate::store;
use crate::store::orders::NewRow;
use crate::store::stock::Cause;

/// Places an order for the caller's own customer, or with `orders:create` for another.
///
/// Refused with `InsufficientStock` (every short item listed) if there is not enough, with `PriceChanged` (and a fresh
/// quote) if the client saw other prices, with `Balance` where the wallet that is to pay has not so much, with `KeyReused`
/// if the key stands for another request.
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
    let priced = price(tx, by, &terms, new)?;
    let taken = reserve(tx, by, &priced)?;
    let order = insert(tx, by, customer, &terms, priced, new)?;
    let stock = take(tx, by, order.head.id, &taken)?;
    tell(tx, by, &order, stock)?;
    tell_what_is_low(tx, &terms, &taken)?;
    tx.after_commit(|| metrics::counter!("orders_created_total").increment(1));
    match new.method {
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
    match customer.status {
        CustomerStatus::Blocked => Err(Refusal::Rule("This customer is blocked.".into()).into()),
        _ => Ok(customer),
    }
}

/// The lines with their offers and prices, and their sum.
struct Priced {
    lines: Vec<(Offer, Line)>,
    item_count: i64,
    subtotal: Money,
}

fn price(tx: &Tx, by: &Actor, terms: &Terms, new: &NewOrder) -> Result<Priced> {
    let mut lines = Vec::with_capacity(new.lines.len());
    let mut differs = false;
    let mut subtotal = Money::ZERO;
    let mut item_count = 0;
    for (at, asked) in new.lines.iter().enumerate() {
        let offer = offer(tx, at, asked)?;
        let list = offer.for_sale().ok_or(Error::NotFound("product"))?;
        let unit = match &asked.price {
            None => list,
            Some(raw) => {
                let typed = raw
                    .to_money(terms.currency)
                    .and_then(Money::non_negative)
                    .map_err(|bad: Bad| bad.at(format!("items[{at}].price")))?;
                differs |= typed != list;
                if by.may(Permission::OrdersEdit) {
                    typed
                } else {
                    list
                }
            }
        };
        let total = unit.times(asked.quantity).ok_or_else(too_much)?;
        subtotal = subtotal.checked_add(total).ok_or_else(too_much)?;
        item_count += asked.quantity;
        let line = Line {
            id: LineId(0),
            variant: Some(offer.variant),
            product: Some(offer.product),
            quantity: asked.quantity,
            unit_price: unit,
            list_price: (unit != list).then_some(list),
            discount: Money::ZERO,
            tax: Money::ZERO,
            total,
            sku: offer.sku.clone(),
            name: offer.full_name(),
        };
        lines.push((offer, line));
    }
    let priced = Priced {
        lines,
        item_count,
        subtotal,
    };
    compare(by, terms, new, &priced, differs)?;
    Ok(priced)
}

fn too_much() -> Error {
    Refusal::Rule("The order's total is more than the shop can count.".into()).into()
}

fn offer(tx: &Tx, at: usize, asked: &NewLine) -> Result<Offer> {
    let found = match &asked.item {
        ItemRef::Variant(id) => store::products::offer(tx, *id)?,
        ItemRef::Sku(sku) => store::products::offer_by_sku(tx, sku.as_str())?,
        ItemRef::Product(id) => {
            let mut offers = store::products::offers_of(tx, *id)?;
            if offers.len() > 1 {
                return Err(Bad::missing().at(format!("items[{at}].variant_id")).into());
            }
            offers.pop()
        }
    };
    found.ok_or(Error::NotFound("product"))
}

/// Nobody pays a price they did not see: what differs is refused with a fresh quote. Staff with `orders:edit` set it.
fn compare(by: &Actor, terms: &Terms, new: &NewOrder, priced: &Priced, differs: bool) -> Result<()> {
    let may_set = by.may(Permission::OrdersEdit);
    let total_differs = match &new.total_price {
        None => false,
        Some(raw) => {
            raw.to_money(terms.currency)
                .map_err(|bad| bad.at("total_price"))?
                != priced.subtotal
        }
    };
    match total_differs || (differs && !may_set) {
        true => Err(Refusal::PriceChanged(Box::new(quote(terms, priced)?)).into()),
        false => Ok(()),
    }
}

#[derive(Serialize)]
struct Quote<'a> {
    currency: &'a str,
    items: Vec<QuoteItem<'a>>,
    subtotal: Amount,
    discount: Amount,
    shipping: Amount,
    tax: Amount,
    total: Amount,
}

#[derive(Serialize)]
struct QuoteItem<'a> {
    sku: &'a str,
    name: &'a str,
    quantity: i64,
    unit_price: Amount,
    total: Amount,
}

fn quote(terms: &Terms, priced: &Priced) -> Result<serde_json::Value> {
    let nothing = Money::ZERO.write(terms.currency);
    let quote = Quote {
        currency: terms.currency.as_str(),
        items: priced
            .lines
            .iter()
            .map(|(_, line)| QuoteItem {
                sku: &line.sku,
                name: &line.name,
                quantity: line.quantity,
                unit_price: line.unit_price.write(terms.currency),
                total: line.total.write(terms.currency),
            })
            .collect(),
        subtotal: priced.subtotal.write(terms.currency),
        discount: nothing,
        shipping: nothing,
        tax: nothing,
        total: priced.subtotal.write(terms.currency),
    };
    serde_json::to_value(quote).map_err(|cause| Error::Internal(cause.into()))
}

/// What the order takes of each variant, by variant id; refused with every short item.
fn reserve(tx: &Tx, by: &Actor, priced: &Priced) -> Result<Vec<Taken>> {
    let mut taken: Vec<Taken> = priced
        .lines
        .iter()
        .map(|(offer, line)| Taken {
            variant: offer.variant,
            product: offer.product,
            sku: line.sku.clone(),
            quantity: line.quantity,
            available: offer.available,
            low_at: offer.low_at,
        })
        .collect();
    taken.sort_by_key(|taken| taken.variant);
    taken.dedup_by(|later, kept| {
        let is_same = later.variant == kept.variant;
        if is_same {
            kept.quantity += later.quantity;
        }
        is_same
    });
    let short: Vec<ShortItem> = taken
        .iter()
        .filter(|taken| taken.quantity > taken.available)
        .map(|taken| ShortItem {
            sku: taken.sku.clone(),
            requested: taken.quantity,
            available: taken.available,
        })
        .collect();
    match short.is_empty() {
        true => Ok(taken),
        false => Err(refuse_short(tx, by, short)),
    }
}

struct Taken {
    variant: VariantId,
    product: ProductId,
    sku: String,
    quantity: i64,
    available: i64,
    low_at: Option<i64>,
}

#[derive(Serialize)]
struct RefusedEvent<'a> {
    reason: &'static str,
    items: &'a [ShortItem],
    user_id: Option<UserId>,
}

/// The refusal, and the event that outlives it: an order that could not be is worth knowing.
fn refuse_short(tx: &Tx, by: &Actor, short: Vec<ShortItem>) -> Error {
    let user_id = by.user;
    let items = short.clone();
    tx.when_refused(move |tx| {
        let told = RefusedEvent {
            reason: "insufficient_stock",
            items: &items,
            user_id,
        };
        events::emit(tx, EventType::OrderRefused, 0, 0, &told).map(drop)
    });
    Refusal::Shortage(short).into()
}

fn insert(
    tx: &Tx,
    by: &Actor,
    customer: Customer,
    terms: &Terms,
    priced: Priced,
    new: &NewOrder,
) -> Result<Order> {
    let total = priced.subtotal;
    // Nothing is owed on an order of nothing.
    let payment = match total {
        Money::ZERO => PaymentStatus::Paid,
        _ => PaymentStatus::Unpaid,
    };
    let placed_by = by.user.filter(|user| customer.user != Some(*user));
    let row = NewRow {
        terms,
        state: OrderState::Pending,
        payment,
        fulfilment: FulfilmentStatus::Unfulfilled,
        channel: new.channel,
        method: new.method,
        customer: Some(customer.id),
        user: customer.user,
        placed_by,
        item_count: priced.item_count,
        subtotal: priced.subtotal,
        discount: Money::ZERO,
        shipping: Money::ZERO,
        tax: Money::ZERO,
        total,
    };
    let id = store::orders::insert(tx, &row)?;
    let contacts = contacts(&customer, new)?;
    store::orders::insert_contacts(tx, id, &contacts)?;
    Ok(Order {
        head: head(tx, id, &row),
        contacts,
        lines: insert_lines(tx, id, priced.lines)?,
        tags: Vec::new(),
    })
}

/// The lines, with what they bring their sellers; most have none, and then nothing more is asked or written.
fn insert_lines(tx: &Tx, order: OrderId, priced: Vec<(Offer, Line)>) -> Result<Vec<Line>> {
    let mut lines = Vec::with_capacity(priced.len());
    let mut sold = Vec::new();
    for (at, (offer, mut line)) in priced.into_iter().enumerate() {
        line.id = LineId::at(order, at + 1);
        store::orders::insert_line(tx, order, &line)?;
        if let Some(seller) = offer.seller {
            let (line, total) = (line.id, line.total);
            sold.push(Sold { seller, line, total });
        }
        lines.push(line);
    }
    commissions::accrue(tx, order, &sold)?;
    Ok(lines)
}

fn contacts(customer: &Customer, new: &NewOrder) -> Result<Contacts> {
    let json = |address: &Option<_>| -> Result<Option<String>> {
        address
            .as_ref()
            .map(serde_json::to_string)
            .transpose()
            .map_err(|cause| Error::Internal(cause.into()))
    };
    Ok(Contacts {
        token: secret::random()?,
        email: match &new.email {
            Some(email) => Some(email.as_str().to_owned()),
            None => customer.email.clone(),
        },
        shipping_address: json(&new.shipping_address)?,
        billing_address: json(&new.billing_address)?,
        note: new.note.clone(),
        client_token: new.client_token.clone(),
    })
}

/// The row that was just written, without reading it again.
fn head(tx: &Tx, id: OrderId, row: &NewRow<'_>) -> OrderHead {
    OrderHead {
        id,
        number: (row.terms.number_base + id.0).to_string(),
        state: row.state,
        payment: row.payment,
        fulfilment: row.fulfilment,
        returns: ReturnStatus::None,
        version: 1,
        channel: row.channel,
        method: row.method,
        customer: row.customer,
        user: row.user,
        currency: row.terms.currency,
        item_count: row.item_count,
        subtotal: row.subtotal,
        discount: row.discount,
        shipping: row.shipping,
        tax: row.tax,
        tax_included: row.terms.tax_included,
        total: row.total,
        paid: Money::ZERO,
        refunded: Money::ZERO,
        placed_at: tx.now,
        updated_at: None,
        processing_at: None,
        shipped_at: None,
        delivered_at: None,
        canceled_at: None,
        refunded_at: None,
        imported_at: None,
        events: 1,
    }
}

/// Takes the stock, variant by variant in the order of their ids.
fn take(tx: &Tx, by: &Actor, order: OrderId, taken: &[Taken]) -> Result<Vec<StockTold>> {
    let cause = Cause {
        reason: MovementReason::Sale,
        order: Some(order),
        actor: by.user,
        note: None,
    };
    let mut told = Vec::with_capacity(taken.len());
    for taken in taken {
        let available = store::stock::shift(tx, taken.variant, -taken.quantity, cause)?;
        told.push(StockTold {
            sku: taken.sku.clone(),
            delta: -taken.quantity,
            available,
        });
    }
    Ok(told)
}

fn tell_what_is_low(tx: &Tx, terms: &Terms, taken: &[Taken]) -> Result<()> {
    for taken in taken {
        let before = Shelf {
            variant: taken.variant,
            product: taken.product,
            sku: &taken.sku,
            available: taken.available,
            low_at: taken.low_at.unwrap_or(terms.low_at),
        };
        stock::tell_if_low(tx, before, -taken.quantity)?;
    }
    Ok(())
}

fn tell(tx: &Tx, by: &Actor, order: &Order, stock: Vec<StockTold>) -> Result<()> {
    let id = order.head.id.0;
    let data = OrderEvent {
        order: OrderView::for_event(order),
        seq: 1,
        stock: Some(stock),
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
