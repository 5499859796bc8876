//! Mails that tell of what has happened: derived from the events above a mark, which moves in the transaction that queues
//! them, so that no order pays for its mail, and each is told once. Orders of a demo's past and of an import are not told.

use serde_json::Value;
use serde_json::json;

use crate::domain::event::Event;
use crate::domain::event::EventType;
use crate::domain::id::EventId;
use crate::domain::id::OrderId;
use crate::domain::mail::NewMail;
use crate::domain::mail::Template;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::store;

/// The last event that was looked at.
const EVENTS: &str = "mails.events";
/// The last order that nobody is told of.
const SEEDED: &str = "mails.seeded";
/// A job queues at most so many mails: some milliseconds.
const MOST_QUEUED: usize = 100;
/// Events that one job looks at.
const MOST_LOOKED_AT: usize = 1_000;
/// What a mail tells of an order.
const ORDER: [&str; 11] = [
    "number",
    "currency",
    "item_count",
    "subtotal",
    "discount",
    "shipping",
    "tax",
    "total",
    "paid",
    "refunded",
    "due",
];
/// What it tells of a line.
const LINE: [&str; 4] = ["name", "sku", "quantity", "total"];

/// Whether events wait to be looked at.
pub fn is_behind(db: &Snapshot) -> Result<bool> {
    Ok(store::marks::get(db, EVENTS)? < store::events::newest(db)?.0)
}

/// Queues some of the mails that are missing. On nobody's behalf: each call does a little and may be made again.
pub fn catch_up(tx: &Tx) -> Result<()> {
    let mut mark = EventId(store::marks::get(tx, EVENTS)?);
    let mut queued = 0;
    for (event, kind, _) in store::events::heads(tx, mark, MOST_LOOKED_AT)? {
        if queued >= MOST_QUEUED {
            break;
        }
        if kind.is_some_and(tells) {
            queued += tell(tx, event)?;
        }
        mark = event;
    }
    store::marks::set(tx, EVENTS, mark.0)
}

/// Leaves out all that has happened, and every order there is: nobody is told of a past that was made up.
pub fn leave_out(tx: &Tx) -> Result<()> {
    store::marks::set(tx, EVENTS, store::events::newest(tx)?.0)?;
    store::marks::set(tx, SEEDED, store::orders::newest(tx)?.0)
}

const fn tells(kind: EventType) -> bool {
    matches!(
        kind,
        EventType::OrderCreated
            | EventType::OrderPaid
            | EventType::ShipmentCreated
            | EventType::OrderCanceled
            | EventType::OrderRefunded
            | EventType::InventoryLow
    )
}

/// Queues what is to be told of an event; how many mails.
fn tell(tx: &Tx, id: EventId) -> Result<usize> {
    let Some(event) = store::events::find(tx, id)? else {
        return Ok(0);
    };
    let data: Value = serde_json::from_str(&event.data).map_err(|cause| Error::Internal(cause.into()))?;
    let template = match event.kind {
        EventType::OrderCreated => Template::OrderPlaced,
        EventType::OrderPaid => Template::OrderPaid,
        EventType::OrderCanceled => Template::OrderCanceled,
        EventType::OrderRefunded => Template::OrderRefunded,
        EventType::ShipmentCreated if data["notify"] == true => Template::OrderShipped,
        EventType::InventoryLow => return tell_owners(tx, &event, &data),
        _ => return Ok(0),
    };
    tell_buyer(tx, &event, &data, template)
}

fn tell_buyer(tx: &Tx, event: &Event, data: &Value, template: Template) -> Result<usize> {
    let order = OrderId(event.subject);
    if order.0 <= store::marks::get(tx, SEEDED)? {
        return Ok(0);
    }
    let Some(email) = store::orders::mail_to(tx, order)? else {
        return Ok(0);
    };
    let mail = NewMail {
        template,
        recipient: &email,
        user: None,
        facts: match template {
            Template::OrderShipped => parcel(data),
            _ => facts(data),
        }
        .to_string(),
    };
    store::mails::tell(tx, &mail, event.id, Some(order))?;
    Ok(1)
}

/// What a mail says of an order: as it was at the event, and nothing personal.
fn facts(data: &Value) -> Value {
    let pick = |from: &Value, names: &[&str]| -> serde_json::Map<String, Value> {
        let picked = names.iter().map(|name| ((*name).to_owned(), from[*name].clone()));
        picked.collect()
    };
    let lines = data["items"].as_array().into_iter().flatten();
    let mut facts = pick(data, &ORDER);
    facts.insert("items".to_owned(), lines.map(|line| pick(line, &LINE)).collect());
    facts.insert(
        "items_truncated".to_owned(),
        json!(data["items_truncated"] == true),
    );
    Value::Object(facts)
}

/// What a mail says of a parcel.
fn parcel(data: &Value) -> Value {
    let lines = data["items"].as_array().into_iter().flatten();
    let lines =
        lines.map(|line| json!({ "name": line["name"], "sku": line["sku"], "quantity": line["quantity"] }));
    json!({
        "number": data["order_number"],
        "carrier": data["carrier"],
        "tracking": data["tracking"],
        "tracking_url": data["tracking_url"],
        "items": lines.collect::<Vec<_>>(),
        "items_truncated": data["items_truncated"] == true,
    })
}

fn tell_owners(tx: &Tx, event: &Event, data: &Value) -> Result<usize> {
    let facts =
        json!({ "sku": data["sku"], "available": data["available"], "low_at": data["low_at"] }).to_string();
    let owners = store::users::active_admins(tx)?;
    for (user, email) in &owners {
        let mail = NewMail {
            template: Template::StockLow,
            recipient: email,
            user: Some(*user),
            facts: facts.clone(),
        };
        store::mails::tell(tx, &mail, event.id, None)?;
    }
    Ok(owners.len())
}
