//! Forgetting a person for good: their records and their account at once, everything else in short steps that the worker
//! makes. What the law makes the shop keep (invoices and credit notes, MONEY) stays, and is said; so do figures, and the
//! proof in the audit of what was noted.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::customer::Customer;
use crate::domain::event::EventType;
use crate::domain::forgetting::About;
use crate::domain::forgetting::Forgetting;
use crate::domain::forgetting::Stage;
use crate::domain::forgetting::without_the_person;
use crate::domain::id::CustomerId;
use crate::domain::id::EventId;
use crate::domain::id::OrderId;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::domain::touched::Touched;
use crate::error::Error;
use crate::error::Result;
use crate::error::or_words;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::customers::look::view;
use crate::shop::customers::tell;
use crate::shop::step_up;
use crate::shop::version;
use crate::store;
use crate::store::forgetting::NewForgetting;
use crate::store::search::Pass;

/// One step forgets so many orders, with all that belongs to each …
const MOST_ORDERS: usize = 50;
/// … or so many rows of one kind.
const MOST_ROWS: usize = 500;
/// So many pages of an index are written anew in one step.
const MOST_PAGES: i64 = 200;
/// The law has invoices kept for so many years at least: what is told of them. Nothing sweeps them, ever: a paper that was
/// taken away would be a gap in its series (N10).
const KEEP_YEARS: i64 = 10;

/// How far the forgetting of a person has come.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Forgetting)]
pub struct ForgettingView {
    customer_id: i64,
    /// Every record of that person, which go together.
    customer_ids: Vec<i64>,
    /// Their account, which is closed.
    user_id: Option<i64>,
    #[schema(pattern = "^(running|done)$")]
    status: &'static str,
    /// What is being forgotten.
    stage: Stage,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    kept: KeptView,
}

/// What stays, because the law asks for it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Kept)]
struct KeptView {
    /// Invoices and credit notes of their orders, with the names and addresses on them.
    invoices: i64,
    /// For so many years after each was issued, at least.
    years: i64,
}

/// Forgets a person: every record of their account, or the one that nobody signs in for. Asked again, it tells how far it
/// has come. Needs a step-up.
///
/// Refused with `Stale` if a version was said and it is another, with `NotAllowed` for somebody who works here, and while an
/// order is open or money of theirs is in the house.
pub fn forget(
    tx: &Tx,
    by: &Actor,
    id: CustomerId,
    seen: Option<i64>,
    why: Option<&str>,
) -> Result<ForgettingView> {
    by.require(Permission::CustomersDelete)?;
    let customer = store::customers::get(tx, id)?;
    if let Some(known) = store::forgetting::of_customer(tx, id)? {
        return view_of(tx, id, &known);
    }
    version::allow(seen, customer.version, || view(tx, customer.clone()).ok())?;
    step_up::require(tx, by)?;
    let records = records(tx, &customer)?;
    let ids: Vec<CustomerId> = records.iter().map(|record| record.id).collect();
    require_settled(tx, &customer, &ids)?;
    let words = words(tx, &records)?;
    store::forgetting::overwrite_all(tx)?;
    let gone = store::forgetting::forget_drafts(tx, &ids, &words).and_then(|()| let_go(tx, &records));
    store::forgetting::overwrite_as_usual(tx)?;
    gone?;
    let content = serde_json::json!({ "records": ids, "user": customer.user, "reason": why });
    let target = (Target::Customer, Some(id.0));
    audit::note(
        tx,
        by,
        Action::CustomerAnonymised,
        target,
        None,
        Some(&content.to_string()),
    )?;
    let new = NewForgetting {
        told_by: audit::latest(tx)?,
        last_event: store::events::newest(tx)?,
        customers: &ids,
        user: customer.user,
        words: &words,
    };
    store::forgetting::insert(tx, &new)?;
    let made = store::forgetting::of_customer(tx, id)?.ok_or(Error::NotFound("forgetting"))?;
    view_of(tx, id, &made)
}

fn view_of(db: &Snapshot, id: CustomerId, of: &Forgetting) -> Result<ForgettingView> {
    Ok(ForgettingView {
        customer_id: id.0,
        customer_ids: of.customers.iter().map(|id| id.0).collect(),
        user_id: of.user.map(|user| user.0),
        status: match of.stage {
            Stage::Done => "done",
            _ => "running",
        },
        stage: of.stage,
        started_at: of.created_at,
        ended_at: of.ended_at,
        kept: KeptView {
            invoices: store::forgetting::count_invoices(db, &of.customers)?,
            years: KEEP_YEARS,
        },
    })
}

/// Every record of the same person.
pub(super) fn records(db: &Snapshot, customer: &Customer) -> Result<Vec<Customer>> {
    let Some(user) = customer.user else {
        return Ok(vec![customer.clone()]);
    };
    let ids = store::customers::ids_of_user(db, user)?;
    ids.into_iter().map(|id| store::customers::get(db, id)).collect()
}

/// Refused with `NotAllowed` while something is to be settled first.
fn require_settled(db: &Snapshot, customer: &Customer, ids: &[CustomerId]) -> Result<()> {
    let is_staff = match customer.user {
        Some(user) => store::users::get(db, user)?.role_is_staff,
        None => false,
    };
    let owed = store::forgetting::owes(db, ids, customer.user)?;
    let words = match (is_staff, owed) {
        (true, _) => "This customer works here: take the role away first.",
        (false, Some("order")) => "An order of this customer is open: send it, or cancel it first.",
        (false, Some("wallet")) => "There is money in this customer's wallet: pay it out first.",
        (false, Some(_)) => "This customer is owed for sales: pay that out first.",
        (false, None) => return Ok(()),
    };
    Err(Refusal::NotAllowed(words.into()).into())
}

/// By what free text is known to be about them: addresses and numbers; a name may be somebody else's, too.
fn words(db: &Snapshot, records: &[Customer]) -> Result<Vec<String>> {
    let mut words: Vec<String> = records
        .iter()
        .flat_map(|record| [&record.email, &record.phone])
        .flatten()
        .cloned()
        .collect();
    if let Some(user) = records.first().and_then(|record| record.user) {
        let user = store::users::get(db, user)?;
        words.extend(user.phone);
        words.push(user.email);
    }
    words.iter_mut().for_each(|word| word.make_ascii_lowercase());
    words.sort();
    words.dedup();
    words.retain(|word| word.len() > 5);
    Ok(words)
}

/// The records and the account: nobody finds them, and nobody comes in by them, from now on.
fn let_go(tx: &Tx, records: &[Customer]) -> Result<()> {
    for record in records {
        store::forgetting::forget_record(tx, record.id)?;
        tell(
            tx,
            EventType::CustomerUpdated,
            &store::customers::get(tx, record.id)?,
        )?;
    }
    if let Some(user) = records.first().and_then(|record| record.user) {
        store::forgetting::forget_account(tx, user)?;
        tx.touch(Touched::Sessions);
    }
    Ok(())
}

/// Whether somebody is being forgotten.
pub fn is_forgetting(db: &Snapshot) -> Result<bool> {
    store::forgetting::is_open(db)
}

/// Forgets some more of whoever has waited for longest; some milliseconds, and safe to run at any time. On nobody's behalf:
/// whoever asked for it may.
pub fn forget_more(tx: &Tx) -> Result<()> {
    let Some(of) = store::forgetting::open(tx)? else {
        return Ok(());
    };
    store::forgetting::overwrite_all(tx)?;
    let done = step(tx, &of);
    store::forgetting::overwrite_as_usual(tx)?;
    match done? {
        Some(upto) => store::forgetting::move_to(tx, of.id, of.stage, upto),
        None => store::forgetting::move_to(tx, of.id, of.stage.next(), 0),
    }
}

/// From where the stage goes on, if it does.
fn step(tx: &Tx, of: &Forgetting) -> Result<Option<i64>> {
    match of.stage {
        Stage::Orders => orders(tx, of),
        Stage::Account => account(tx, of),
        Stage::Audit => noted(tx, of),
        Stage::Events => told(tx, of),
        Stage::Inbox => store::forgetting::forget_inbox(tx, of, MOST_ROWS),
        Stage::Mails => store::forgetting::forget_mails(tx, of, MOST_ROWS),
        Stage::OrderIndex => Ok(store::search::compact_orders(tx, pass(of), MOST_PAGES)?.then_some(1)),
        Stage::CustomerIndex => Ok(store::search::compact_customers(tx, pass(of), MOST_PAGES)?.then_some(1)),
        Stage::FreePages => store::forgetting::overwrite_freed(tx, of.upto, MOST_PAGES),
        Stage::Done => Ok(None),
    }
}

const fn pass(of: &Forgetting) -> Pass {
    match of.upto {
        0 => Pass::Begin,
        _ => Pass::GoOn,
    }
}

fn orders(tx: &Tx, of: &Forgetting) -> Result<Option<i64>> {
    let (orders, upto) = store::forgetting::orders_behind(tx, &of.customers, OrderId(of.upto), MOST_ORDERS)?;
    for order in orders {
        store::forgetting::forget_order(tx, order)?;
        store::search::put_order(tx, order)?;
        tx.touch(Touched::Order(order));
    }
    Ok(upto.map(|order| order.0))
}

fn account(tx: &Tx, of: &Forgetting) -> Result<Option<i64>> {
    for id in &of.customers {
        store::search::put_customer(tx, *id)?;
    }
    let Some(user) = of.user else {
        return Ok(None);
    };
    Ok(store::forgetting::forget_sessions(tx, user, MOST_ROWS)?.then_some(0))
}

fn noted(tx: &Tx, of: &Forgetting) -> Result<Option<i64>> {
    let (rows, upto) = store::forgetting::audit_rows(tx, of, MOST_ROWS)?;
    for row in rows {
        audit::redact(tx, row, of.user, of.told_by)?;
    }
    Ok(upto)
}

/// Events that no row of the audit holds any more, or ever held; and what was sent of all of them.
fn told(tx: &Tx, of: &Forgetting) -> Result<Option<i64>> {
    let (events, upto) = store::forgetting::events(tx, of, MOST_ROWS)?;
    for id in events {
        retell(tx, id)?;
        store::forgetting::forget_attempts(tx, id)?;
    }
    Ok(upto)
}

fn retell(tx: &Tx, id: EventId) -> Result<()> {
    let event = match or_words(store::events::find(tx, id))? {
        Ok(Some(event)) => event,
        Ok(None) => return Ok(()),
        // What nobody can read may be about them: nothing of it stays.
        Err(_) => return store::redactions::retell(tx, id, "{}"),
    };
    let about = match event.kind.noun() {
        "customer" | "user" => About::Person,
        _ => About::Thing,
    };
    match without_the_person(&event.data, about) {
        Some(data) => store::redactions::retell(tx, id, &data),
        None => Ok(()),
    }
}
