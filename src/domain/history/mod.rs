//! The history of an order: what each change left behind, and walking back along it.

mod lines;

use serde_json::Map;
use serde_json::Value;

use crate::domain::actor::ActorKind;
use crate::domain::fault::Bad;
use crate::domain::id::UserId;
use crate::domain::money::Money;
use crate::domain::order::Change;
use crate::domain::order::Contacts;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::Order;
use crate::domain::order::OrderHead;
use crate::domain::order::OrderState;
use crate::domain::order::PaymentStatus;
use crate::domain::order::ReturnStatus;
use crate::domain::tag;
use crate::domain::time::Timestamp;

/// The columns that a change had altered, as they were before it: numbers as they are stored, tags by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Former(Map<String, Value>);

/// A change as it was recorded.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The version it led to, from 2.
    pub version: i64,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub change: Change,
    /// What kind of caller did it.
    pub actor_kind: ActorKind,
    /// Who.
    pub actor: Option<UserId>,
    /// The name they go by.
    pub actor_name: Option<String>,
    /// The request it came with.
    pub request_id: Option<String>,
    /// Whether the owner sees it.
    pub is_public: bool,
    /// Words beside it.
    pub note: Option<String>,
    /// What it altered, as it was.
    pub former: Former,
    /// The personal part as it was, where that was altered and is not forgotten. It keeps no token.
    pub contacts: Option<Contacts>,
}

impl Recorded {
    /// Puts back what the change altered.
    fn restore(&self, order: &mut Order) {
        self.former.restore(order);
        if self.former.0.contains_key(CONTACTS) {
            // What was forgotten is nothing; the token and the client's key are no part of it.
            let was = self.contacts.clone().unwrap_or_default();
            order.contacts = Contacts {
                token: order.contacts.token,
                client_token: order.contacts.client_token.take(),
                ..was
            };
        }
    }
}

impl Former {
    /// Reads what [`Former::to_json`] wrote.
    pub fn from_json(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap_or_default())
    }

    /// Reads what a file says that a change altered.
    pub fn checked(value: &Value) -> Result<Self, Bad> {
        let object = value
            .as_object()
            .ok_or_else(|| Bad::invalid("must be an object"))?;
        let mut known = Map::new();
        for (name, was) in object {
            // What was edited of an order is known only where its lines have their ids.
            if EDITED.contains(&name.as_str()) {
                continue;
            }
            let is_sane = match name.as_str() {
                "tags" => tag::tags(&names(was))
                    .is_ok_and(|tags| was.as_array().is_some_and(|was| was.len() == tags.len())),
                name if COLUMNS.contains(&name) => was.is_i64() || (was.is_null() && name.ends_with("_at")),
                _ => false,
            };
            if !is_sane {
                return Err(Bad::invalid(format!("has no {name} such as this")));
            }
            known.insert(name.clone(), was.clone());
        }
        Ok(Self(known))
    }

    /// As it is kept; nothing where nothing was altered.
    pub fn to_json(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| Value::Object(self.0.clone()).to_string())
    }

    /// What differs between two states of a row, as it was in the first.
    pub fn between(before: &OrderHead, after: &OrderHead) -> Self {
        let mut former = Map::new();
        for (name, (was, is)) in COLUMNS
            .into_iter()
            .zip(columns(before).into_iter().zip(columns(after)))
        {
            if was != is {
                former.insert(name.to_owned(), was);
            }
        }
        Self(former)
    }

    /// The tags as they were.
    pub fn of_tags(tags: &[String]) -> Self {
        let mut former = Map::new();
        former.insert("tags".to_owned(), tags.into());
        Self(former)
    }

    /// The same, and what differs between the lines and the personal parts of the order before and after an edit.
    pub fn of_edit(before: &Order, after: &Order) -> Self {
        let mut former = Self::between(&before.head, &after.head);
        lines::keep(&mut former.0, &before.lines, &after.lines);
        if before.contacts != after.contacts {
            former.0.insert(CONTACTS.to_owned(), true.into());
        }
        former
    }

    /// The state before the change, if the change altered it.
    pub fn state(&self) -> Option<OrderState> {
        self.0.get("status")?.as_i64().and_then(OrderState::from_number)
    }

    /// Puts back what the change altered.
    fn restore(&self, order: &mut Order) {
        lines::restore(&self.0, order);
        let head = &mut order.head;
        for (name, was) in &self.0 {
            let number = was.as_i64();
            let time = number.map(Timestamp::from_ms);
            match name.as_str() {
                "status" => set(&mut head.state, number.and_then(OrderState::from_number)),
                "payment_status" => set(&mut head.payment, number.and_then(PaymentStatus::from_number)),
                "fulfilment_status" => {
                    set(
                        &mut head.fulfilment,
                        number.and_then(FulfilmentStatus::from_number),
                    );
                }
                "return_status" => set(&mut head.returns, number.and_then(ReturnStatus::from_number)),
                "paid" => set(&mut head.paid, number.and_then(Money::new)),
                "refunded" => set(&mut head.refunded, number.and_then(Money::new)),
                "item_count" => set(&mut head.item_count, number),
                "subtotal" => set(&mut head.subtotal, number.and_then(Money::new)),
                "discount" => set(&mut head.discount, number.and_then(Money::new)),
                "shipping" => set(&mut head.shipping, number.and_then(Money::new)),
                "tax" => set(&mut head.tax, number.and_then(Money::new)),
                "total" => set(&mut head.total, number.and_then(Money::new)),
                "processing_at" => head.processing_at = time,
                "shipped_at" => head.shipped_at = time,
                "delivered_at" => head.delivered_at = time,
                "canceled_at" => head.canceled_at = time,
                "refunded_at" => head.refunded_at = time,
                "tags" => order.tags = names(was),
                _ => {}
            }
        }
    }
}

/// Says that the personal part was altered; it is kept apart.
const CONTACTS: &str = "contacts";

/// What only an edit alters.
const EDITED: [&str; 9] = [
    "item_count",
    "subtotal",
    "discount",
    "shipping",
    "tax",
    "total",
    lines::CHANGED,
    lines::ADDED,
    CONTACTS,
];

/// The columns of an order's own row that a change may alter.
const COLUMNS: [&str; 17] = [
    "status",
    "payment_status",
    "fulfilment_status",
    "return_status",
    "paid",
    "refunded",
    "processing_at",
    "shipped_at",
    "delivered_at",
    "canceled_at",
    "refunded_at",
    "item_count",
    "subtotal",
    "discount",
    "shipping",
    "tax",
    "total",
];

/// Those columns as they stand.
fn columns(head: &OrderHead) -> [Value; 17] {
    let time = |at: Option<Timestamp>| at.map_or(Value::Null, |at| at.ms().into());
    [
        head.state.number().into(),
        head.payment.number().into(),
        head.fulfilment.number().into(),
        head.returns.number().into(),
        head.paid.minor().into(),
        head.refunded.minor().into(),
        time(head.processing_at),
        time(head.shipped_at),
        time(head.delivered_at),
        time(head.canceled_at),
        time(head.refunded_at),
        head.item_count.into(),
        head.subtotal.minor().into(),
        head.discount.minor().into(),
        head.shipping.minor().into(),
        head.tax.minor().into(),
        head.total.minor().into(),
    ]
}

fn set<T>(place: &mut T, was: Option<T>) {
    if let Some(was) = was {
        *place = was;
    }
}

fn names(tags: &Value) -> Vec<String> {
    let tags = tags.as_array().map(Vec::as_slice).unwrap_or_default();
    tags.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The order just before and just after the change that led to a version; none if no change led there.
pub fn around(order: &Order, changes: &[Recorded], version: i64) -> Option<(Order, Order)> {
    let at = changes.iter().position(|change| change.version == version)?;
    let mut after = order.clone();
    for change in changes[at + 1..].iter().rev() {
        change.restore(&mut after);
    }
    let mut before = after.clone();
    changes[at].restore(&mut before);
    Some((before, after))
}

/// The highest position that a line of the order has ever had: none is used again.
pub fn last_position(order: &Order, changes: &[Recorded]) -> usize {
    let lines = order.lines.iter().map(|line| line.id.position());
    let gone = changes
        .iter()
        .flat_map(|change| lines::positions(&change.former.0));
    lines.chain(gone).max().unwrap_or(0)
}

/// The order as it was at a moment (which counts), given every change it has had, oldest first; none before it existed.
pub fn as_it_was(mut order: Order, changes: &[Recorded], at: Timestamp) -> Option<Order> {
    let began = match (order.head.imported_at, changes.first()) {
        // An order whose history came with it is known from its placing.
        (Some(imported_at), Some(first)) if first.at < imported_at => order.head.placed_at,
        (imported_at, _) => imported_at.unwrap_or(order.head.placed_at),
    };
    if at < began {
        return None;
    }
    let kept = changes.partition_point(|change| change.at <= at);
    for change in changes[kept..].iter().rev() {
        change.restore(&mut order);
    }
    let last = changes[..kept].last();
    order.head.version = last.map_or(1, |change| change.version);
    order.head.updated_at = last.map(|change| change.at);
    Some(order)
}
