//! Writing an order that was changed, and what follows: stock, commissions, papers, payments, the last step.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::event::EventType;
use crate::domain::history::Former;
use crate::domain::money::Money;
use crate::domain::order::Change;
use crate::domain::order::Order;
use crate::domain::refusal::Refusal;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::commissions;
use crate::shop::events;
use crate::shop::invoices;
use crate::shop::orders::count;
use crate::shop::orders::edit::price::Plan;
use crate::shop::orders::place::stock;
use crate::shop::orders::record::Changing;
use crate::shop::orders::record::OrderEvent;
use crate::shop::orders::record::next_event;
use crate::shop::orders::record::record;
use crate::shop::orders::view::OrderView;
use crate::shop::payments;
use crate::shop::shipments;
use crate::store;

/// Writes the order as it is to be; refused with every short item before anything is written.
pub(super) fn write(
    tx: &Tx,
    by: &Actor,
    before: &Order,
    after: Order,
    (former, plan): (&Former, Option<Plan>),
    reason: Option<&str>,
) -> Result<Order> {
    let id = before.head.id;
    let taken = stock::difference(tx, before, &after)?;
    let short = stock::short(&taken);
    if !short.is_empty() {
        return Err(Refusal::Shortage(short).into());
    }
    if before.contacts != after.contacts {
        let contacts = (&before.contacts, &after.contacts);
        store::orders::change_contacts(tx, id, before.head.version + 1, contacts)?;
    }
    if let Some(plan) = &plan {
        write_goods(tx, before, &after, plan)?;
    }
    let told = stock::take(tx, by, id, &taken)?;
    let changing = Changing {
        change: Change::Edited,
        action: Action::OrderEdited,
        event: Some(EventType::OrderEdited),
        is_public: true,
        note: reason,
        stock: (!told.is_empty()).then_some(told),
    };
    let head = after.head.clone();
    let same = Order {
        head: before.head.clone(),
        ..after
    };
    let order = record(tx, by, same, head, former, changing)?;
    stock::tell_what_is_low(tx, &store::settings::terms(tx)?, &taken)?;
    follow(tx, by, before, order)
}

/// The lines with what they bring their sellers, the taxes, and what it all comes to.
fn write_goods(tx: &Tx, before: &Order, after: &Order, plan: &Plan) -> Result<()> {
    let id = before.head.id;
    for line in &before.lines {
        if after.lines.iter().all(|other| other.id != line.id) {
            store::commissions::delete_of(tx, line.id)?;
            store::orders::delete_line(tx, line.id)?;
        }
    }
    for line in &after.lines {
        match before.lines.iter().find(|other| other.id == line.id) {
            None => store::orders::insert_line(tx, id, line)?,
            Some(was) if was != line => store::orders::update_line(tx, line)?,
            Some(_) => {}
        }
    }
    commissions::accrue(tx, id, &plan.sold)?;
    commissions::reweigh(tx, after)?;
    store::taxes::clear_sums(tx, id)?;
    for sum in &plan.priced.taxes {
        store::taxes::insert_sum(tx, id, sum)?;
    }
    store::orders::reprice(tx, &after.head)
}

/// What follows from what it is now: an order that is paid by it is told as paid; its invoice is replaced; of what went
/// back the sellers have less; payments that would bring too much are given up; what has left whole moves on.
fn follow(tx: &Tx, by: &Actor, before: &Order, mut order: Order) -> Result<Order> {
    let (was, is) = (&before.head, order.head.clone());
    if was.paid < was.total && is.paid >= is.total {
        tell_paid(tx, by, &mut order)?;
    }
    if is.state != was.state {
        count(tx, is.state);
    }
    if shows_on_papers(before, &order) {
        invoices::replace(tx, by, &mut order)?;
    }
    if is.paid >= is.total && is.total > Money::ZERO && was.total != is.total {
        invoices::issue(tx, by, &mut order)?;
    }
    if is.refunded > Money::ZERO {
        commissions::recount(tx, &order)?;
    }
    let order = match was.total == is.total {
        true => order,
        false => payments::fit(tx, by, order)?,
    };
    shipments::close(tx, by, order)
}

/// Whether an invoice would say something else.
fn shows_on_papers(before: &Order, after: &Order) -> bool {
    let (was, is) = (&before.contacts, &after.contacts);
    before.lines != after.lines
        || before.head.total != after.head.total
        || was.shipping_address != is.shipping_address
        || was.billing_address != is.billing_address
}

fn tell_paid(tx: &Tx, by: &Actor, order: &mut Order) -> Result<()> {
    let (id, seq) = (order.head.id.0, next_event(tx, order)?);
    let data = OrderEvent {
        order: OrderView::for_event(order),
        seq,
        stock: None,
        notify: None,
    };
    let told = events::emit(tx, EventType::OrderPaid, id, seq, &data)?;
    let target = (Target::Order, Some(id));
    audit::note(tx, by, Action::OrderPaid, target, told.for_audit(), None)
}
