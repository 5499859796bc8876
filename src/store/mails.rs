//! Rows of `mails`: the queue, and what became of each.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::id::EventId;
use crate::domain::id::LinkId;
use crate::domain::id::MailId;
use crate::domain::id::OrderId;
use crate::domain::link::Purpose;
use crate::domain::mail::Mail;
use crate::domain::mail::MailState;
use crate::domain::mail::NewMail;
use crate::domain::mail::Wanted;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::legible;
use crate::store::legible::Legible;

const SELECT: &str =
    "SELECT id, template, recipient, user_id, facts, link_id, order_id, state, created_at, due_at, attempts,
  sent_at, failure
  FROM mails";

fn from_row(row: &Row) -> rusqlite::Result<Mail> {
    Ok(Mail {
        id: row.get("id")?,
        template: row.get("template")?,
        recipient: row.get("recipient")?,
        user: row.get("user_id")?,
        facts: row.get("facts")?,
        link: row.get("link_id")?,
        order: row.get("order_id")?,
        state: row.get("state")?,
        created_at: row.get("created_at")?,
        due_at: row.get("due_at")?,
        attempts: row.get("attempts")?,
        sent_at: row.get("sent_at")?,
        failure: row.get("failure")?,
    })
}

/// The mail; it must exist.
pub fn get(db: &Snapshot, id: MailId) -> Result<Mail> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE id = :id"))?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?
        .ok_or(Error::NotFound("mail"))
}

/// A page of the wanted mails, newest first; one that cannot be read is passed over.
pub fn page(db: &Snapshot, wanted: Wanted, paging: &Paging) -> Result<Page<Mail>> {
    let (sign, order) = match paging.is_backwards() {
        true => (">", ""),
        false => ("<", "DESC"),
    };
    // What has failed, or is of one order, stands in an index; the query repeats its terms.
    let by_index = match (wanted.order, wanted.state) {
        (Some(_), _) => "order_id = :order AND (:state IS NULL OR state = :state)",
        (None, Some(MailState::Failed)) => "state = 2 AND :state = 2 AND :order IS NULL",
        (None, _) => ":order IS NULL AND (:state IS NULL OR state = :state)",
    };
    let start = if paging.is_backwards() { 0 } else { i64::MAX };
    let from = paging.keys().map_or(start, |(_, id)| id);
    let rows: Vec<(i64, _)> = db
        .db()
        .prepare_cached(&format!(
            "{SELECT} WHERE id {sign} :from AND {by_index} ORDER BY id {order} LIMIT :most OFFSET :skip"
        ))?
        .query_and_then(
            named_params! {
                ":from": from, ":state": wanted.state, ":order": wanted.order,
                ":most": paging.wanted() as i64, ":skip": paging.skipped(),
            },
            |row| Ok((row.get("id")?, legible::read(row, from_row)?)),
        )?
        .collect::<Result<_>>()?;
    let page = paging.cut(rows, |(id, _)| (*id, *id));
    Ok(page.filter_map(|(_, mail)| legible::shown("mails", mail)))
}

/// When the next mail is due.
pub fn next_due(db: &Snapshot) -> Result<Option<Timestamp>> {
    Ok(db
        .db()
        .prepare_cached("SELECT min(due_at) AS next FROM mails WHERE state = 0")?
        .query_row([], |row| row.get("next"))?)
}

/// How many wait, counted up to `most`, and how many have failed.
pub fn count(db: &Snapshot, most: i64) -> Result<(i64, i64)> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT (SELECT count(*) FROM (SELECT 1 FROM mails WHERE state = 0 LIMIT :most)) AS queued,
               (SELECT count(*) FROM (SELECT 1 FROM mails WHERE state = 2 LIMIT :most)) AS failed",
        )?
        .query_row(named_params! { ":most": most }, |row| {
            Ok((row.get("queued")?, row.get("failed")?))
        })?)
}

/// What is due, the longest due first; links before all else, for somebody waits for them. Of one that cannot be read its
/// id, and why.
pub fn due(db: &Snapshot, now: Timestamp, most: usize) -> Result<Vec<Legible<MailId, Mail>>> {
    let mut found = Vec::new();
    for which in ["link_id IS NOT NULL", "link_id IS NULL"] {
        let mut statement = db.db().prepare_cached(&format!(
            "{SELECT} WHERE state = 0 AND {which} AND due_at <= :now ORDER BY due_at, id LIMIT :most"
        ))?;
        let left = (most - found.len()) as i64;
        let read = |row: &Row| legible::read(row, from_row);
        for row in statement.query_and_then(named_params! { ":now": now, ":most": left }, read)? {
            found.push(row?);
        }
    }
    Ok(found)
}

/// What a mail's link is for and its secret, sealed; nothing if it has none, or has been sent.
pub fn sealed(db: &Snapshot, id: MailId) -> Result<Option<(Purpose, Vec<u8>)>> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT l.purpose, m.sealed FROM mails m JOIN links l ON l.id = m.link_id
             WHERE m.id = :id AND length(m.sealed) > 0",
        )?
        .query_row(named_params! { ":id": id }, |row| {
            Ok((row.get("purpose")?, row.get("sealed")?))
        })
        .optional()?)
}

/// Puts a mail into the queue. `seal` is told the mail's id and seals the link's secret into it.
pub fn insert(
    tx: &Tx,
    mail: &NewMail,
    link: Option<LinkId>,
    seal: impl FnOnce(MailId) -> Result<Option<Vec<u8>>>,
) -> Result<MailId> {
    let id: MailId = tx
        .db()
        .prepare_cached("SELECT ifnull(max(id), 0) + 1 AS id FROM mails")?
        .query_row([], |row| row.get("id"))?;
    tx.db()
        .prepare_cached(
            "INSERT INTO mails (id, template, recipient, user_id, facts, link_id, sealed, state, created_at, due_at)
             VALUES (:id, :template, :recipient, :user, :facts, :link, :sealed, 0, :now, :now)",
        )?
        .execute(named_params! {
            ":id": id,
            ":template": mail.template,
            ":recipient": mail.recipient,
            ":user": mail.user,
            ":facts": mail.facts,
            ":link": link,
            ":sealed": seal(id)?,
            ":now": tx.now,
        })?;
    Ok(id)
}

/// The link of a mail can still be used.
pub fn has_good_link(db: &Snapshot, link: LinkId, now: Timestamp) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM links WHERE id = :id AND used_at IS NULL AND expires_at > :now) AS good",
        )?
        .query_row(named_params! { ":id": link, ":now": now }, |row| row.get("good"))?)
}

/// Puts a mail that tells of an event into the queue, unless it is there.
pub fn tell(tx: &Tx, mail: &NewMail, event: EventId, order: Option<OrderId>) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO mails (template, recipient, user_id, facts, event_id, order_id, state, created_at, due_at)
             VALUES (:template, :recipient, :user, :facts, :event, :order, 0, :now, :now)
             ON CONFLICT (event_id, template, recipient) WHERE event_id IS NOT NULL DO NOTHING",
        )?
        .execute(named_params! {
            ":template": mail.template, ":recipient": mail.recipient, ":user": mail.user, ":facts": mail.facts,
            ":event": event, ":order": order, ":now": tx.now,
        })?;
    Ok(())
}

/// Gives up what waits of an event with these facts.
pub fn bury(tx: &Tx, event: EventId, facts: &str, words: &str) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE mails SET state = 2, failure = :words WHERE event_id = :event AND facts = :facts AND state = 0",
        )?
        .execute(named_params! { ":event": event, ":facts": facts, ":words": words })?;
    Ok(())
}

/// Gives up one that cannot be read.
pub fn lose(tx: &Tx, id: MailId, words: &str) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE mails SET state = 2, failure = :words WHERE id = :id AND state = 0")?
        .execute(named_params! { ":id": id, ":words": words })?;
    Ok(())
}

/// Puts a mail that has been sent into the queue once more, as another; its id.
pub fn copy(tx: &Tx, id: MailId) -> Result<MailId> {
    Ok(MailId(
        tx.db()
            .prepare_cached(
                "INSERT INTO mails (template, recipient, user_id, facts, order_id, state, created_at, due_at)
                 SELECT template, recipient, user_id, facts, order_id, 0, :now, :now FROM mails WHERE id = :id",
            )?
            .insert(named_params! { ":id": id, ":now": tx.now })?,
    ))
}

/// Makes a mail due now, from its first attempt on.
pub fn renew(tx: &Tx, id: MailId) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE mails SET state = 0, attempts = 0, due_at = :now, failure = NULL WHERE id = :id AND state <> 1",
        )?
        .execute(named_params! { ":id": id, ":now": tx.now })?;
    Ok(())
}

/// Takes a mail for an attempt: nobody else has it until `until`.
pub fn take(tx: &Tx, id: MailId, until: Timestamp) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE mails SET attempts = attempts + 1, due_at = :until WHERE id = :id AND state = 0",
        )?
        .execute(named_params! { ":id": id, ":until": until })?;
    Ok(())
}

/// Notes that the attempt with this number has arrived. The secret of a link goes out of the row with it.
pub fn sent(tx: &Tx, id: MailId, attempts: i64) -> Result<bool> {
    let changed = tx
        .db()
        .prepare_cached(
            "UPDATE mails SET state = 1, sent_at = :now, failure = NULL, sealed = iif(sealed IS NULL, NULL, x'')
             WHERE id = :id AND attempts = :attempts AND state = 0",
        )?
        .execute(named_params! { ":id": id, ":attempts": attempts, ":now": tx.now })?;
    Ok(changed == 1)
}

/// Notes that the attempt with this number has not, and when there will be another: never, or then.
pub fn failed(tx: &Tx, id: MailId, attempts: i64, words: &str, due_at: Option<Timestamp>) -> Result<bool> {
    let changed = tx
        .db()
        .prepare_cached(
            "UPDATE mails SET state = iif(:due IS NULL, 2, 0), due_at = ifnull(:due, due_at), failure = :words
             WHERE id = :id AND attempts = :attempts AND state = 0",
        )?
        .execute(named_params! { ":id": id, ":attempts": attempts, ":words": words, ":due": due_at })?;
    Ok(changed == 1)
}

/// Gives back what was taken and not attempted.
pub fn give_back(tx: &Tx, id: MailId, attempts: i64) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE mails SET attempts = attempts - 1, due_at = :now
             WHERE id = :id AND attempts = :attempts AND state = 0",
        )?
        .execute(named_params! { ":id": id, ":attempts": attempts, ":now": tx.now })?;
    Ok(())
}

/// What a mail's link is for; nothing if it has none.
pub fn purpose(db: &Snapshot, id: MailId) -> Result<Option<Purpose>> {
    Ok(db
        .db()
        .prepare_cached("SELECT l.purpose FROM mails m JOIN links l ON l.id = m.link_id WHERE m.id = :id")?
        .query_row(named_params! { ":id": id }, |row| row.get("purpose"))
        .optional()?)
}

/// The newest mail; 0 before the first.
pub fn last(db: &Snapshot) -> Result<MailId> {
    Ok(db
        .db()
        .prepare_cached("SELECT ifnull(max(id), 0) AS id FROM mails")?
        .query_row([], |row| row.get("id"))?)
}

/// Whether the oldest mail is from before a moment (the newest always stays).
pub fn is_sweep_due(db: &Snapshot, before: Timestamp) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT created_at < :before AND id < (SELECT max(id) FROM mails) AS due FROM mails ORDER BY id LIMIT 1",
        )?
        .query_row(named_params! { ":before": before }, |row| row.get("due"))
        .optional()?
        .unwrap_or(false))
}

/// Deletes some mails from before a moment.
pub fn sweep(tx: &Tx, before: Timestamp) -> Result<()> {
    tx.db()
        .prepare_cached(
            "DELETE FROM mails
             WHERE created_at < :before
               AND id IN (SELECT id FROM mails WHERE id < (SELECT max(id) FROM mails) ORDER BY id LIMIT 500)",
        )?
        .execute(named_params! { ":before": before })?;
    Ok(())
}
