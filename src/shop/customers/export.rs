//! Everything the shop keeps about a person, as JSON: read in leaves, so that memory stays flat however much somebody has
//! bought, and noted in the audit before the first byte.

use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::AuditRow;
use crate::domain::audit::Target;
use crate::domain::customer::Customer;
use crate::domain::history::Recorded;
use crate::domain::id::AuditId;
use crate::domain::id::CustomerId;
use crate::domain::id::MailId;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::mail::Mail;
use crate::domain::mail::Wanted;
use crate::domain::order::Contacts;
use crate::domain::order::Order;
use crate::domain::page::Limit;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::customers::forget::records;
use crate::shop::customers::look::view;
use crate::shop::orders::OrderView;
use crate::shop::payments::PaymentView;
use crate::shop::payments::RefundView;
use crate::store;

/// Orders of a leaf, each with all that belongs to it.
const MOST_ORDERS: usize = 20;
/// Rows of a leaf otherwise.
const MOST_ROWS: usize = 200;
/// What was done to one record that is told.
const MOST_NOTED: usize = 5_000;

/// What is told of, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chapter {
    /// The person's records.
    Records,
    /// The account.
    Account,
    /// Where it was used from.
    Sessions,
    /// What lies in its cart.
    Cart,
    /// What staff prepared for them.
    Drafts,
    /// Orders with payments, parcels, returns, papers and mails.
    Orders,
    /// Other mails.
    Mails,
    /// What was done to the records and the account.
    Noted,
}

impl Chapter {
    /// Every chapter.
    pub const ALL: [Self; 8] = [
        Self::Records,
        Self::Account,
        Self::Sessions,
        Self::Cart,
        Self::Drafts,
        Self::Orders,
        Self::Mails,
        Self::Noted,
    ];

    /// Its name in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Records => "customers",
            Self::Account => "account",
            Self::Sessions => "sessions",
            Self::Cart => "cart",
            Self::Drafts => "drafts",
            Self::Orders => "orders",
            Self::Mails => "mails",
            Self::Noted => "changes",
        }
    }
}

/// Some rows of a chapter, and behind which the next leaf begins; none after the last.
#[derive(Debug, Clone, Default)]
pub struct Leaf {
    /// The rows.
    pub rows: Vec<Value>,
    /// Behind which id the chapter goes on.
    pub next: Option<i64>,
}

/// Notes that what is known of a person leaves the house.
pub fn begin_export(tx: &Tx, by: &Actor, id: CustomerId) -> Result<()> {
    by.require(Permission::CustomersExport)?;
    store::customers::get(tx, id)?;
    let target = (Target::Customer, Some(id.0));
    audit::note(tx, by, Action::CustomerExported, target, None, None)
}

/// A leaf of a chapter, behind an id.
pub fn export_leaf(db: &Snapshot, by: &Actor, id: CustomerId, chapter: Chapter, after: i64) -> Result<Leaf> {
    by.require(Permission::CustomersExport)?;
    let customer = store::customers::get(db, id)?;
    let user = customer.user;
    match (chapter, user) {
        (Chapter::Records, _) => all(records(db, &customer)?, |record| told(&view(db, record)?)),
        (Chapter::Drafts, _) => drafts(db, &customer, after),
        (Chapter::Orders, _) => orders(db, &customer, after),
        (Chapter::Noted, _) => noted(db, &customer),
        (_, None) => Ok(Leaf::default()),
        (Chapter::Account, Some(user)) => account(db, user),
        (Chapter::Sessions, Some(user)) => Ok(leaf(
            store::person::sessions(db, user, after, MOST_ROWS)?,
            MOST_ROWS,
        )),
        (Chapter::Cart, Some(user)) => Ok(leaf(store::person::cart(db, user, after, MOST_ROWS)?, MOST_ROWS)),
        (Chapter::Mails, Some(user)) => {
            let ids = store::person::mails(db, user, after, MOST_ROWS)?;
            let read = |id: MailId| Ok((id.0, mail(&store::mails::get(db, id)?)));
            let mails: Vec<(i64, Value)> = ids.into_iter().map(read).collect::<Result<_>>()?;
            Ok(leaf(mails, MOST_ROWS))
        }
    }
}

fn told(thing: &impl Serialize) -> Result<Value> {
    serde_json::to_value(thing).map_err(|cause| Error::Internal(cause.into()))
}

fn all<T>(things: Vec<T>, tell: impl Fn(T) -> Result<Value>) -> Result<Leaf> {
    Ok(Leaf {
        rows: things.into_iter().map(tell).collect::<Result<_>>()?,
        next: None,
    })
}

fn leaf(rows: Vec<(i64, Value)>, most: usize) -> Leaf {
    let next = match rows.len() < most {
        true => None,
        false => rows.last().map(|(id, _)| *id),
    };
    Leaf {
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        next,
    }
}

fn account(db: &Snapshot, user: UserId) -> Result<Leaf> {
    all(vec![store::users::get(db, user)?], |user| {
        Ok(json!({
            "id": user.id, "username": user.username, "email": user.email, "email_verified": user.email_verified,
            "name": user.name, "phone": user.phone, "role": user.role_name, "status": user.status.name(),
            "totp": user.has_factor, "created_at": user.created_at,
        }))
    })
}

fn drafts(db: &Snapshot, customer: &Customer, after: i64) -> Result<Leaf> {
    let ids: Vec<CustomerId> = records(db, customer)?.iter().map(|record| record.id).collect();
    Ok(leaf(
        store::person::drafts(db, &ids, after, MOST_ROWS)?,
        MOST_ROWS,
    ))
}

fn orders(db: &Snapshot, customer: &Customer, after: i64) -> Result<Leaf> {
    let ids: Vec<CustomerId> = records(db, customer)?.iter().map(|record| record.id).collect();
    let (orders, upto) = store::forgetting::orders_behind(db, &ids, OrderId(after), MOST_ORDERS)?;
    let rows = orders
        .into_iter()
        .map(|id| order(db, &store::orders::get(db, id)?));
    Ok(Leaf {
        rows: rows.collect::<Result<_>>()?,
        next: upto.map(|order| order.0),
    })
}

fn order(db: &Snapshot, order: &Order) -> Result<Value> {
    let id = order.head.id;
    let history: Vec<Value> = store::orders::changes(db, id)?.iter().map(change).collect();
    let payments: Vec<PaymentView> = store::payments::of_order(db, id)?
        .iter()
        .map(PaymentView::for_event)
        .collect();
    let refunds: Vec<RefundView> = store::refunds::of_order(db, id)?
        .iter()
        .map(RefundView::from)
        .collect();
    let [parcels, returns, papers] = store::person::of_order(db, id)?;
    let of_order = Wanted {
        state: None,
        order: Some(id),
    };
    let mails = store::mails::page(db, of_order, &Paging::first(Limit::MAX, 0))?;
    let mails: Vec<Value> = mails.rows.iter().map(mail).collect();
    Ok(json!({
        "order": told(&OrderView::whole(order))?, "history": history, "payments": payments, "refunds": refunds,
        "shipments": parcels, "returns": returns, "invoices": papers, "mails": mails,
    }))
}

/// The personal part of an order as it was before a change.
fn former(was: &Contacts) -> Value {
    let parsed = |text: &Option<String>| -> Value {
        let text = text.as_deref().unwrap_or("null");
        serde_json::from_str(text).unwrap_or_default()
    };
    json!({
        "email": was.email, "note": was.note, "shipping_address": parsed(&was.shipping_address),
        "billing_address": parsed(&was.billing_address),
    })
}

fn change(recorded: &Recorded) -> Value {
    json!({
        "at": recorded.at, "version": recorded.version, "action": recorded.change,
        "by": recorded.actor_kind.name(), "note": recorded.note, "public": recorded.is_public,
        "former": recorded.contacts.as_ref().map(former),
    })
}

fn mail(mail: &Mail) -> Value {
    let facts: Value = serde_json::from_str(&mail.facts).unwrap_or_default();
    json!({
        "id": mail.id, "template": mail.template, "recipient": mail.recipient, "facts": facts,
        "status": mail.state, "created_at": mail.created_at, "sent_at": mail.sent_at,
    })
}

/// What was done to the records and to the account, newest first, with what they were before.
fn noted(db: &Snapshot, customer: &Customer) -> Result<Leaf> {
    let mut targets: Vec<(Target, i64)> = records(db, customer)?
        .iter()
        .map(|record| (Target::Customer, record.id.0))
        .collect();
    targets.extend(customer.user.map(|user| (Target::User, user.0)));
    let mut rows = Vec::new();
    for target in targets {
        let found = store::audit::of_target(db, target, (AuditId(0), AuditId(i64::MAX)), MOST_NOTED)?;
        rows.extend(found.iter().map(row));
    }
    Ok(Leaf { rows, next: None })
}

fn row(row: &AuditRow) -> Value {
    let former = row
        .content
        .as_deref()
        .map(|json| serde_json::from_str::<Value>(json).unwrap_or_else(|_| Value::String(json.to_owned())));
    json!({
        "at": row.at, "action": row.action, "target": row.target_kind, "id": row.target,
        "ip": row.ip.map(|ip| ip.to_string()), "content": former,
    })
}
