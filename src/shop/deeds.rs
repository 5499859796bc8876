//! What a row of the audit tells beside itself: what the thing is called, and its values before and after.

use std::collections::HashMap;

use serde_json::Value;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::AuditRow;
use crate::domain::audit::Target;
use crate::domain::difference;
use crate::domain::difference::Changed;
use crate::domain::history;
use crate::domain::history::Recorded;
use crate::domain::id::AuditId;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::order::Order;
use crate::domain::permission::Permission;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::orders::OrderView;
use crate::store;

/// One look for what came after a row passes over so many rows of the same thing.
const MOST_LATER: usize = 5_000;

/// What a row tells beside itself.
#[derive(Debug, Clone, Default)]
pub struct Deed {
    /// What the thing is called: an order's number, a product's name, a SKU.
    pub name: Option<String>,
    /// What it changed.
    pub changed: Vec<Changed>,
    /// What else was noted, by name.
    pub noted: Vec<(String, String)>,
    /// Words that somebody wrote beside it.
    pub words: Option<String>,
}

/// What each of the rows tells, in their order.
pub fn tell(db: &Snapshot, by: &Actor, rows: &[AuditRow]) -> Result<Vec<Deed>> {
    by.require(Permission::AuditRead)?;
    let mut orders = HashMap::new();
    rows.iter().map(|row| deed(db, row, &mut orders)).collect()
}

/// Orders of one page, each read once.
type Read = HashMap<OrderId, (Order, Vec<Recorded>)>;

fn deed(db: &Snapshot, row: &AuditRow, orders: &mut Read) -> Result<Deed> {
    if let (Action::OrderCreated, Some(id)) = (row.action, row.target) {
        return created(db, OrderId(id));
    }
    let content = row.content.as_deref().map(read).unwrap_or(Value::Null);
    let told = match row.target_kind {
        Target::Order | Target::Product | Target::Variant => store::audit::told(db, row.id)?,
        _ => None,
    };
    let told = told.as_deref().map(read).unwrap_or(Value::Null);
    match (row.target_kind, row.target) {
        (Target::Order, Some(id)) => of_order(db, row, OrderId(id), &told, orders),
        (Target::Product, _) => Ok(of_product(&content, &told)),
        (Target::User, Some(id)) if content.is_object() => of_user(db, row, UserId(id), content),
        _ => Ok(Deed {
            name: name(&told),
            noted: difference::leaves(&content).into_iter().collect(),
            ..Deed::default()
        }),
    }
}

/// Before its creation an order was nothing: its number tells all, and most rows are such.
fn created(db: &Snapshot, id: OrderId) -> Result<Deed> {
    match store::orders::head(db, id) {
        Ok(head) => Ok(Deed {
            name: Some(head.number),
            ..Deed::default()
        }),
        Err(Error::NotFound(_)) => Ok(Deed::default()),
        Err(error) => Err(error),
    }
}

fn read(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| Value::String(json.to_owned()))
}

fn name(told: &Value) -> Option<String> {
    let names = ["number", "name", "sku"];
    let found = names.iter().find_map(|name| told.get(name)?.as_str());
    found.map(str::to_owned)
}

/// The former values are in the order's history: the order is walked back to the change.
fn of_order(db: &Snapshot, row: &AuditRow, id: OrderId, told: &Value, orders: &mut Read) -> Result<Deed> {
    if let std::collections::hash_map::Entry::Vacant(free) = orders.entry(id) {
        let order = match store::orders::get(db, id) {
            Err(Error::NotFound(_)) => return Ok(Deed::default()),
            order => order?,
        };
        free.insert((order, store::orders::changes(db, id)?));
    }
    let Some((order, changes)) = orders.get(&id) else {
        return Ok(Deed::default());
    };
    let mut deed = Deed {
        name: Some(order.head.number.clone()),
        ..Deed::default()
    };
    let version = told.get("version").and_then(Value::as_i64);
    let Some(change) = changes.iter().find(|change| match version {
        Some(version) => change.version == version,
        None => change.at == row.at && change.request_id == row.request_id,
    }) else {
        return Ok(deed);
    };
    deed.words = change.note.clone();
    if let Some((before, after)) = history::around(order, changes, change.version) {
        deed.changed = difference::between(&json(&before)?, &json(&after)?);
    }
    Ok(deed)
}

fn json(order: &Order) -> Result<Value> {
    serde_json::to_value(OrderView::whole(order)).map_err(|cause| Error::Internal(cause.into()))
}

/// The content holds the former values of what has changed, the event the product as it is.
fn of_product(content: &Value, told: &Value) -> Deed {
    let mut after = told.clone();
    if let (Some(after), Some(former)) = (after.as_object_mut(), content.as_object()) {
        after.retain(|name, _| former.contains_key(name));
    }
    let changed = match content.is_object() {
        true => difference::between(content, &after),
        false => Vec::new(),
    };
    let reason = told.get("reason").and_then(Value::as_str);
    Deed {
        name: name(told),
        changed,
        words: reason.map(str::to_owned),
        noted: Vec::new(),
    }
}

/// The content holds the former values; the later ones are the former of the next such row, or what the user has now.
fn of_user(db: &Snapshot, row: &AuditRow, id: UserId, content: Value) -> Result<Deed> {
    let user = store::users::get(db, id)?;
    let mut deed = Deed {
        name: Some(user.name.clone().unwrap_or_else(|| user.username.clone())),
        ..Deed::default()
    };
    if !matches!(row.action, Action::UserUpdated | Action::RoleChanged) {
        deed.noted = difference::leaves(&content).into_iter().collect();
        return Ok(deed);
    }
    let later = (AuditId(row.id.0 + 1), AuditId(i64::MAX));
    let later = store::audit::of_target(db, (Target::User, id.0), later, MOST_LATER)?;
    let next = later.iter().rev().find(|later| later.action == row.action);
    let mut after = match next.and_then(|next| next.content.as_deref()) {
        Some(next) => read(next),
        None => serde_json::json!({ "name": user.name, "phone": user.phone, "role": user.role_name }),
    };
    if let (Some(after), Some(former)) = (after.as_object_mut(), content.as_object()) {
        after.retain(|name, _| former.contains_key(name));
    }
    deed.changed = difference::between(&content, &after);
    Ok(deed)
}
