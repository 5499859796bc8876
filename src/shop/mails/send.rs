//! Sending: what is due is taken for a while, attempted outside, and settled. Whoever dies between leaves it due again, with
//! the attempt counted, so that no mail can bring the shop down for ever.

use crate::domain::id::MailId;
use crate::domain::link::Purpose;
use crate::domain::mail;
use crate::domain::mail::Ending;
use crate::domain::mail::JITTER;
use crate::domain::mail::LEASE;
use crate::domain::mail::MOST_ATTEMPTS;
use crate::domain::mail::Mail;
use crate::domain::settings;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::secret::Keys;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::mails::open;
use crate::store;

/// A mail that is to be sent now.
#[derive(Debug, Clone)]
pub struct Sending {
    /// The mail.
    pub mail: Mail,
    /// Which attempt this is, from 1.
    pub attempt: i64,
    /// What its link is for, and the secret.
    pub link: Option<(Purpose, String)>,
    /// What the shop is called.
    pub shop: String,
    /// Where it comes from, if the shop has decided that.
    pub from: Option<String>,
    /// Where replies go, if the shop has decided that.
    pub reply_to: Option<String>,
    /// The same at each attempt, so that a mail that comes twice is known.
    pub message: String,
}

/// A mail that has failed for good, and why.
#[derive(Debug, Clone)]
pub struct Failed {
    /// Which.
    pub id: MailId,
    /// Why.
    pub words: String,
}

/// When the next mail is due.
pub fn next_due(db: &Snapshot) -> Result<Option<Timestamp>> {
    store::mails::next_due(db)
}

/// Takes what is due, so many at most; and what has failed instead. A mail whose link opens nothing any more has: it would
/// only mislead.
pub fn claim(tx: &Tx, keys: &Keys, most: usize) -> Result<(Vec<Sending>, Vec<Failed>)> {
    let shop = store::settings::get(tx)?.name;
    let epoch =
        store::settings::value(tx, "epoch")?.ok_or_else(|| Error::internal("the file has no epoch"))?;
    let from = store::settings::text(tx, &settings::MAIL_FROM)?;
    let reply_to = store::settings::text(tx, &settings::MAIL_REPLY_TO)?;
    let (mut taken, mut lost) = (Vec::new(), Vec::new());
    for mail in store::mails::due(tx, tx.now, most)? {
        let mail = match mail {
            Ok(mail) => mail,
            Err((id, why)) => {
                lost.push(lose(tx, id, &why)?);
                continue;
            }
        };
        let (why_not, link) = (why_not(tx, &mail)?, open(tx, keys, mail.id));
        let link = match (why_not, link) {
            (None, Ok(link)) => link,
            (words, _) => {
                let words = words.unwrap_or("its link was sealed by a key that is gone");
                lost.extend(fail(tx, (mail.id, mail.attempts), words, None)?);
                continue;
            }
        };
        store::mails::take(tx, mail.id, tx.now.plus_ms(LEASE))?;
        taken.push(Sending {
            attempt: mail.attempts + 1,
            link,
            shop: shop.clone(),
            from: from.clone(),
            reply_to: reply_to.clone(),
            message: format!("till-{epoch}-{}", mail.id),
            mail,
        });
    }
    Ok((taken, lost))
}

/// Notes that an attempt has failed; the mail, if that was for good.
fn fail(
    tx: &Tx,
    (id, attempt): (MailId, i64),
    words: &str,
    due_at: Option<Timestamp>,
) -> Result<Option<Failed>> {
    let words = mail::one_line(words);
    let is_noted = store::mails::failed(tx, id, attempt, &words, due_at)?;
    Ok((is_noted && due_at.is_none()).then_some(Failed { id, words }))
}

/// Gives up a mail whose row cannot be read: what is damaged stays damaged, and stands in nobody else's way.
fn lose(tx: &Tx, id: MailId, why: &str) -> Result<Failed> {
    let words = mail::one_line(&format!("it cannot be read: {why}"));
    store::mails::lose(tx, id, &words)?;
    Ok(Failed { id, words })
}

fn why_not(db: &Tx, mail: &Mail) -> Result<Option<&'static str>> {
    if mail.attempts >= MOST_ATTEMPTS {
        return Ok(Some("the shop ended each time while it was being sent"));
    }
    Ok(match mail.link {
        Some(link) if !store::mails::has_good_link(db, link, db.now)? => {
            Some("its link expired, was used or was replaced before it could be sent")
        }
        _ => None,
    })
}

/// Notes what came of attempts; what has failed for good by them. One that was noted before, or that another followed,
/// changes nothing.
pub fn settle(tx: &Tx, ended: &[(MailId, i64, Ending)]) -> Result<Vec<Failed>> {
    let mut lost = Vec::new();
    for (id, attempt, ending) in ended {
        match ending {
            Ending::Sent => {
                store::mails::sent(tx, *id, *attempt)?;
            }
            Ending::Refused(words) => lost.extend(fail(tx, (*id, *attempt), words, None)?),
            Ending::Delayed(words) => {
                let due_at = mail::wait(*attempt, secret::jitter(JITTER)?).map(|wait| tx.now.plus_ms(wait));
                lost.extend(fail(tx, (*id, *attempt), words, due_at)?);
            }
            Ending::Untried => store::mails::give_back(tx, *id, *attempt)?,
        }
    }
    Ok(lost)
}
