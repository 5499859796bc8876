//! Changing an order that was placed: its lines while work on it goes on, and where it goes. It is priced anew by the
//! function that prices every order; stock, papers, commissions and payments follow in the same transaction.

mod lines;
mod price;
mod write;

use serde_json::Value;

use crate::domain::actor::Actor;
use crate::domain::address::Address;
use crate::domain::edit::Edit;
use crate::domain::history::Former;
use crate::domain::id::OrderId;
use crate::domain::order::Contacts;
use crate::domain::order::Order;
use crate::domain::order::OrderState;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::orders::edit::price::Plan;
use crate::shop::orders::remark::require_room;
use crate::shop::orders::view::OrderView;
use crate::shop::payments;
use crate::shop::reasons::Explained;
use crate::shop::version;
use crate::store;

/// An order as it has become.
#[derive(Debug, Clone)]
pub struct Edited {
    /// The order.
    pub order: Order,
    /// Where its figures come from, if it was priced anew.
    pub explained: Option<Explained>,
}

/// Changes an order; what is not said stays, and where nothing differs nothing is written.
///
/// Refused with `VersionMissing` or `Stale`, with `InvalidState` where it is too late, with `BusinessRule` below what has
/// left or was given back for, with `InsufficientStock` if there is not so much more, with `NotAllowed` for an imported
/// order.
pub fn edit(tx: &Tx, by: &Actor, id: OrderId, asked: &Edit) -> Result<Edited> {
    by.require(Permission::OrdersEdit)?;
    let before = store::orders::get(tx, id)?;
    version::require(asked.version, before.head.version, || OrderView::whole(&before))?;
    let contacts = contacts(&before.contacts, asked)?;
    let moves = contacts.shipping_address != before.contacts.shipping_address;
    may_edit(&before, asked.lines.is_some() || moves)?;
    let reprices = asked.lines.is_some() || country(&contacts) != country(&before.contacts);
    let plan = match reprices {
        true => Some(price::plan(
            tx,
            by,
            &before,
            asked.lines.as_deref(),
            country(&contacts).as_deref(),
        )?),
        false => None,
    };
    let explained = plan.as_ref().map(|plan| plan.explained(before.head.currency));
    let after = after(tx, &before, contacts, plan.as_ref())?;
    let former = Former::of_edit(&before, &after);
    let order = match former == Former::default() {
        true => before,
        false => {
            require_room(&before)?;
            write::write(tx, by, &before, after, (&former, plan), asked.reason.as_deref())?
        }
    };
    Ok(Edited { order, explained })
}

/// What goods it is of, and where they go, is changed while work on the order goes on; the rest until it has ended.
fn may_edit(order: &Order, touches_goods: bool) -> std::result::Result<(), Refusal> {
    let head = &order.head;
    if head.imported_at.is_some() {
        let words = "An imported order is changed where it comes from.";
        return Err(Refusal::NotAllowed(words.into()));
    }
    let is_open = match head.state {
        OrderState::Pending | OrderState::Processing => true,
        OrderState::Shipped | OrderState::Delivered => !touches_goods,
        OrderState::Canceled | OrderState::Refunded => false,
    };
    match is_open {
        true => Ok(()),
        false => Err(Refusal::NotNow {
            state: head.state,
            allowed: head.state.next_states(),
        }),
    }
}

/// The personal part as it is to be.
fn contacts(before: &Contacts, asked: &Edit) -> Result<Contacts> {
    let json = |asked: &Option<Option<Address>>, before: &Option<String>| -> Result<Option<String>> {
        match asked {
            None => Ok(before.clone()),
            Some(address) => address
                .as_ref()
                .map(serde_json::to_string)
                .transpose()
                .map_err(|cause| Error::Internal(cause.into())),
        }
    };
    Ok(Contacts {
        email: match &asked.email {
            None => before.email.clone(),
            Some(email) => email.as_ref().map(|email| email.as_str().to_owned()),
        },
        shipping_address: json(&asked.shipping_address, &before.shipping_address)?,
        billing_address: json(&asked.billing_address, &before.billing_address)?,
        note: match &asked.note {
            None => before.note.clone(),
            Some(note) => note.clone(),
        },
        ..before.clone()
    })
}

/// The country an order goes to, if that is known.
fn country(contacts: &Contacts) -> Option<String> {
    let address: Value = serde_json::from_str(contacts.shipping_address.as_deref()?).ok()?;
    address["country"].as_str().map(str::to_owned)
}

/// The order as it is to be, one version on but for what writing it adds.
fn after(tx: &Tx, before: &Order, contacts: Contacts, plan: Option<&Plan>) -> Result<Order> {
    let Some(plan) = plan else {
        return Ok(Order {
            contacts,
            ..before.clone()
        });
    };
    let priced = &plan.priced;
    let mut head = before.head.clone();
    head.item_count = priced.item_count;
    head.subtotal = priced.subtotal;
    head.discount = priced.discount;
    head.shipping = priced.shipping;
    head.tax = priced.tax;
    head.total = priced.total;
    Ok(Order {
        head: payments::standing(tx, &head)?,
        contacts,
        lines: plan.lines.clone(),
        tags: before.tags.clone(),
    })
}
