//! Going along the journal for what tells of a person: rows of the audit, events with what was sent of them, messages of
//! providers, mails. None of them has an index by person, because none is asked for one otherwise: each step looks at a
//! stretch of ids. What was written freely is searched for the person's addresses and numbers.

use rusqlite::named_params;
use rusqlite::params;

use crate::domain::forgetting::Forgetting;
use crate::domain::id::AuditId;
use crate::domain::id::EventId;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::forgetting::ids;
use crate::store::forgetting::json;

/// Rows that one step looks at.
const STRETCH: i64 = 5_000;

/// An order of these records, by its id in the place of `{}`.
macro_rules! is_theirs {
    ($id:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM orders o WHERE o.id = ",
            $id,
            " AND o.customer_id IN (SELECT value FROM json_each(:customers)))"
        )
    };
}

/// Whether a text holds one of the words.
macro_rules! says {
    ($text:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM json_each(:words) w WHERE instr(lower(",
            $text,
            "), w.value) > 0)"
        )
    };
}

// Kinds of targets: order, user, customer, payment, refund, invoice, shipment, return, draft, wallet. Types of events: all
// up to 19 but order.refused are of an order; 40 and 41 of a customer, 42 of a user.
const AUDIT: &str = concat!(
    "SELECT a.id FROM audit a LEFT JOIN events e ON e.id = a.event_id
     WHERE a.id > :after AND a.id <= :until AND (
       a.actor_id = :user
       OR CASE a.target_kind
         WHEN 1 THEN ",
    is_theirs!("a.target_id"),
    " WHEN 4 THEN a.target_id = :user
         WHEN 30 THEN a.target_id = :user
         WHEN 6 THEN a.target_id IN (SELECT value FROM json_each(:customers))
         WHEN 13 THEN ",
    is_theirs!("(SELECT order_id FROM payments WHERE id = a.target_id)"),
    " WHEN 14 THEN ",
    is_theirs!("(SELECT order_id FROM refunds WHERE id = a.target_id)"),
    " WHEN 16 THEN ",
    is_theirs!("(SELECT order_id FROM invoices WHERE id = a.target_id)"),
    " WHEN 17 THEN ",
    is_theirs!("(SELECT order_id FROM shipments WHERE id = a.target_id)"),
    " WHEN 18 THEN ",
    is_theirs!("(SELECT order_id FROM returns WHERE id = a.target_id)"),
    " WHEN 50 THEN ",
    is_theirs!("(SELECT order_id FROM drafts WHERE id = a.target_id)"),
    " ELSE 0 END
       OR ",
    says!("a.content"),
    " OR ",
    says!("e.data"),
    ")
     ORDER BY a.id
     LIMIT :most"
);

const EVENTS: &str = concat!(
    "SELECT e.id FROM events e
     WHERE e.id > :after AND e.id <= :until AND (
       CASE
         WHEN e.type < 20 AND e.type <> 2 THEN ",
    is_theirs!("e.subject"),
    " WHEN e.type IN (40, 41) THEN e.subject IN (SELECT value FROM json_each(:customers))
         WHEN e.type = 42 THEN e.subject = :user
         ELSE 0 END
       OR ",
    says!("e.data"),
    ")
     ORDER BY e.id
     LIMIT :most"
);

const INBOX: &str = concat!(
    "SELECT i.id FROM inbox i
     WHERE i.id > :after AND i.id <= :until AND :user IS :user AND (",
    is_theirs!("(SELECT order_id FROM payments WHERE id = i.payment_id)"),
    " OR ",
    says!("CAST(i.body AS TEXT)"),
    ")
     ORDER BY i.id
     LIMIT :most"
);

const MAILS: &str = concat!(
    "SELECT m.id FROM mails m
     WHERE m.id > :after AND m.id <= :until AND (
       m.user_id = :user OR ",
    is_theirs!("m.order_id"),
    " OR ",
    says!("m.recipient"),
    " OR ",
    says!("m.facts"),
    ")
     ORDER BY m.id
     LIMIT :most"
);

/// A part of a walk: what was found, and how far the look went; none if that is the end.
struct Reach {
    found: Vec<i64>,
    upto: Option<i64>,
}

fn look(db: &Snapshot, of: &Forgetting, (sql, last): (&str, i64), most: usize) -> Result<Reach> {
    let until = last.min(of.upto + STRETCH);
    let found: Vec<i64> = db
        .db()
        .prepare_cached(sql)?
        .query_and_then(
            named_params! {
                ":after": of.upto, ":until": until, ":customers": ids(&of.customers)?, ":user": of.user,
                ":words": json(&of.words)?, ":most": most as i64,
            },
            |row| Ok(row.get(0)?),
        )?
        .collect::<Result<_>>()?;
    let upto = match found.last() {
        Some(id) if found.len() == most => Some(*id),
        _ => (until < last).then_some(until),
    };
    Ok(Reach { found, upto })
}

fn last(db: &Snapshot, sql: &str) -> Result<i64> {
    Ok(db.db().prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// Rows of the audit of before, that tell of the person.
pub fn audit_rows(db: &Snapshot, of: &Forgetting, most: usize) -> Result<(Vec<AuditId>, Option<i64>)> {
    let reach = look(db, of, (AUDIT, of.told_by.0 - 1), most)?;
    Ok((reach.found.into_iter().map(AuditId).collect(), reach.upto))
}

/// Events of before, that tell of the person.
pub fn events(db: &Snapshot, of: &Forgetting, most: usize) -> Result<(Vec<EventId>, Option<i64>)> {
    let reach = look(db, of, (EVENTS, of.last_event.0), most)?;
    Ok((reach.found.into_iter().map(EventId).collect(), reach.upto))
}

/// Blanks what was sent of an event, and what was answered: a receiver may say anything.
pub fn forget_attempts(tx: &Tx, event: EventId) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE delivery_attempts SET request = '{}', headers = NULL, response = NULL
             WHERE delivery_id >= ?1 << 12 AND delivery_id < (?1 + 1) << 12",
        )?
        .execute(params![event])?;
    Ok(())
}

/// Blanks what providers have told; from where to look on. What was not applied yet never will be.
pub fn forget_inbox(tx: &Tx, of: &Forgetting, most: usize) -> Result<Option<i64>> {
    let newest = last(tx, "SELECT ifnull(max(id), 0) FROM inbox")?;
    let reach = look(tx, of, (INBOX, newest), most)?;
    let mut blank = tx.db().prepare_cached(
        "UPDATE inbox SET body = CAST('{}' AS BLOB), failure = NULL, state = iif(state IN (0, 2), 4, state) WHERE id = ?1",
    )?;
    for id in reach.found {
        blank.execute(params![id])?;
    }
    Ok(reach.upto)
}

/// Takes back what was written to the person; from where to look on. The newest mail stays, blank, or its number would be
/// given away while it is on its way.
pub fn forget_mails(tx: &Tx, of: &Forgetting, most: usize) -> Result<Option<i64>> {
    let newest = last(tx, "SELECT ifnull(max(id), 0) FROM mails")?;
    let reach = look(tx, of, (MAILS, newest), most)?;
    let mut delete = tx.db().prepare_cached("DELETE FROM mails WHERE id = ?1")?;
    let mut blank = tx.db().prepare_cached(
        "UPDATE mails
         SET recipient = 'forgotten:' || id, facts = '{}', failure = NULL, link_id = NULL, sealed = NULL,
           state = iif(state = 0, 2, state)
         WHERE id = ?1",
    )?;
    for id in reach.found {
        match id == newest {
            true => blank.execute(params![id])?,
            false => delete.execute(params![id])?,
        };
    }
    Ok(reach.upto)
}
