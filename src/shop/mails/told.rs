//! Mails that tell of what has happened: derived from the events above a mark, which moves in the transaction that queues
//! them, so that no order pays for its mail, and each is told once. Orders of a demo's past and of an import are not told.

use serde_json::Value;
use serde_json::json;

use crate::domain::event::EventType;
use crate::domain::id::EventId;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::mail;
use crate::domain::mail::NewMail;
use crate::domain::mail::Template;
use crate::domain::mail::UNREADABLE;
use crate::error::Error;
use crate::error::Result;
use crate::error::or_words;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::store;
use crate::store::events::Head;

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

/// An event that could not be told of, and why.
#[derive(Debug, Clone)]
pub struct Untold {
    /// Which.
    pub event: EventId,
    /// Why.
    pub words: String,
}

/// Queues some of the mails that are missing. On nobody's behalf: each call does a little and may be made again. What
/// cannot be read stands in nobody's way: its mails are among those that have failed, as far as it is known whose they
/// were, and it is named.
pub fn catch_up(tx: &Tx) -> Result<Vec<Untold>> {
    let mut mark = EventId(store::marks::get(tx, EVENTS)?);
    let (mut queued, mut untold) = (0, Vec::new());
    for head in store::events::heads(tx, mark, MOST_LOOKED_AT)? {
        if queued >= MOST_QUEUED {
            break;
        }
        let (event, ..) = head;
        match tell_of(tx, head)? {
            Ok(mails) => queued += mails,
            Err(words) => untold.push(Untold { event, words }),
        }
        mark = event;
    }
    store::marks::set(tx, EVENTS, mark.0)?;
    Ok(untold)
}

/// Leaves out all that has happened, and every order there is: nobody is told of a past that was made up.
pub fn leave_out(tx: &Tx) -> Result<()> {
    store::marks::set(tx, EVENTS, store::events::newest(tx)?.0)?;
    store::marks::set(tx, SEEDED, store::orders::newest(tx)?.0)
}

/// What tells of an event; nothing where nobody is written to.
const fn template(kind: EventType) -> Option<Template> {
    Some(match kind {
        EventType::OrderCreated => Template::OrderPlaced,
        EventType::OrderPaid => Template::OrderPaid,
        EventType::OrderCanceled => Template::OrderCanceled,
        EventType::OrderRefunded => Template::OrderRefunded,
        EventType::ShipmentCreated => Template::OrderShipped,
        EventType::InventoryLow => Template::StockLow,
        _ => return None,
    })
}

/// Tells of an event by so many mails, or says why it cannot be told of. What fails at being written is no fault of the
/// event's: it is made up for.
fn tell_of(tx: &Tx, (event, kind, subject): Head) -> Result<std::result::Result<usize, String>> {
    let Some(kind) = kind else {
        return Ok(Err("there is no such type of event".to_owned()));
    };
    let Some(template) = template(kind) else {
        return Ok(Ok(0));
    };
    let facts = match or_words(read(tx, event, template))? {
        Ok(None) => return Ok(Ok(0)),
        Ok(Some(facts)) => Ok(facts.to_string()),
        Err(words) => Err(words),
    };
    // Where it is not even known whose they were, the event is named alone.
    let to = match or_words(whom(tx, template, subject))? {
        Ok(to) => to,
        Err(words) => return Ok(Err(words)),
    };
    for (user, email) in &to {
        let mail = NewMail {
            template,
            recipient: email,
            user: *user,
            facts: facts.clone().unwrap_or_else(|_| UNREADABLE.to_owned()),
        };
        let order = user.is_none().then_some(OrderId(subject));
        store::mails::tell(tx, &mail, event, order)?;
    }
    if let Err(words) = facts {
        let failure = mail::one_line(&format!("what it should tell of cannot be read: {words}"));
        store::mails::bury(tx, event, UNREADABLE, &failure)?;
        return Ok(Err(words));
    }
    Ok(Ok(to.len()))
}

/// What is to be told of an event; nothing where nobody is.
fn read(tx: &Tx, id: EventId, template: Template) -> Result<Option<Value>> {
    let Some(event) = store::events::find(tx, id)? else {
        return Ok(None);
    };
    let data: Value = serde_json::from_str(&event.data).map_err(|cause| Error::Internal(cause.into()))?;
    Ok(match template {
        Template::OrderShipped if data["notify"] != true => None,
        // Staff may give money back quietly.
        Template::OrderRefunded if data["notify"] == false => None,
        Template::OrderShipped => Some(parcel(&data)),
        Template::StockLow => {
            Some(json!({ "sku": data["sku"], "available": data["available"], "low_at": data["low_at"] }))
        }
        _ => Some(facts(&data)),
    })
}

/// Who is written to: the owners of what runs low, the buyer of an order.
fn whom(tx: &Tx, template: Template, subject: i64) -> Result<Vec<(Option<UserId>, String)>> {
    if template == Template::StockLow {
        let owners = store::users::active_admins(tx)?.into_iter();
        return Ok(owners.map(|(user, email)| (Some(user), email)).collect());
    }
    if subject <= store::marks::get(tx, SEEDED)? {
        return Ok(Vec::new());
    }
    let email = store::orders::mail_to(tx, OrderId(subject))?;
    Ok(email.into_iter().map(|email| (None, email)).collect())
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
