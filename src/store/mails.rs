//! Rows of `mails`: the queue, and what became of each.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::id::LinkId;
use crate::domain::id::MailId;
use crate::domain::link::Purpose;
use crate::domain::mail::Mail;
use crate::domain::mail::NewMail;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

const SELECT: &str =
    "SELECT id, template, recipient, user_id, facts, link_id, state, created_at, due_at, attempts,
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

/// The newest mails below `before`.
pub fn newest(db: &Snapshot, before: MailId, most: i64) -> Result<Vec<Mail>> {
    db.db()
        .prepare_cached(&format!(
            "{SELECT} WHERE id < :before ORDER BY id DESC LIMIT :most"
        ))?
        .query_and_then(named_params! { ":before": before, ":most": most }, |row| {
            Ok(from_row(row)?)
        })?
        .collect()
}

/// What a mail's link is for and its secret, sealed; nothing if it has none.
pub fn sealed(db: &Snapshot, id: MailId) -> Result<Option<(Purpose, Vec<u8>)>> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT l.purpose, m.sealed FROM mails m JOIN links l ON l.id = m.link_id WHERE m.id = :id",
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
