//! Taking a person out of rows that are chained. The digest of what was noted stays, and the chain goes on from it; what is
//! left is proved by a MAC of its own, so that nobody without the key passes a row off as one that the shop has redacted.

use crate::domain::audit::Columns;
use crate::domain::audit::Redacted;
use crate::domain::audit::Target;
use crate::domain::audit::Unnamed;
use crate::domain::forgetting;
use crate::domain::forgetting::About;
use crate::domain::id::AuditId;
use crate::domain::id::EventId;
use crate::domain::id::UserId;
use crate::error::Result;
use crate::secret;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit::digest;
use crate::store;
use crate::store::audit::Chained;

/// Guests are nobody's colleagues: where they came from goes with what they did.
const GUEST: i64 = 3;

/// What is to be written of a row, once it has been looked at.
struct Plan {
    unnamed: Unnamed,
    event: Option<(EventId, String)>,
    mac: [u8; 32],
}

/// Takes out of a row of the audit, and out of the event beside it, what tells of a person; `told_by` is the row that tells
/// by whom and why. A row that does not prove itself stays as it is: what is wrong with it must go on to show.
pub(in crate::shop) fn redact(tx: &Tx, id: AuditId, user: Option<UserId>, told_by: AuditId) -> Result<()> {
    let mut plan = None;
    store::audit::walk(tx, AuditId(id.0 - 1), 1, |row| {
        plan = plan_of(tx.chain_key(), row, user, told_by);
        true
    })?;
    let Some(plan) = plan else {
        return Ok(());
    };
    store::redactions::blank(tx, id, plan.unnamed)?;
    if let Some((event, data)) = &plan.event {
        store::redactions::retell(tx, *event, data)?;
    }
    store::redactions::keep(tx, id, told_by, &plan.mac)
}

/// Nothing where nothing of the person is left.
fn plan_of(key: &[u8; 32], row: &Chained<'_>, user: Option<UserId>, told_by: AuditId) -> Option<Plan> {
    let before = &row.columns;
    let found = digest(before);
    if row.digest != found && !is_ours(key, row, &found) {
        return None;
    }
    let is_their_own = user.is_some_and(|user| before.actor == Some(user.0));
    let is_placed = before.ip.is_some() && (is_their_own || before.actor_kind == GUEST);
    let retold = before.told.and_then(|told| {
        let people = [Target::Customer, Target::User].map(Target::number);
        let about = match people.contains(&before.target_kind) {
            true => About::Person,
            false => About::Thing,
        };
        forgetting::without_the_person(std::str::from_utf8(told).ok()?, about)
    });
    if before.content.is_none() && !is_placed && retold.is_none() {
        return None;
    }
    let after = Columns {
        content: None,
        ip: before.ip.filter(|_| !is_placed),
        told: retold.as_ref().map(|data| data.as_bytes()).or(before.told),
        ..*before
    };
    Some(Plan {
        unnamed: match is_placed {
            true => Unnamed::ContentAndPlace,
            false => Unnamed::Content,
        },
        mac: proof(key, before.id, told_by.0, row.digest, &digest(&after)),
        event: before.event.map(EventId).zip(retold),
    })
}

/// Whether the shop itself has made the row what it is: `found` is the digest of what is left.
pub(super) fn is_ours(key: &[u8; 32], row: &Chained<'_>, found: &[u8; 32]) -> bool {
    row.redaction.is_some_and(|(told_by, mac)| {
        let due = proof(key, row.columns.id, told_by, row.digest, found);
        secret::same(mac, &due)
    })
}

fn proof(key: &[u8; 32], id: i64, told_by: i64, noted: &[u8], left: &[u8; 32]) -> [u8; 32] {
    let (id, told_by) = (id.to_be_bytes(), told_by.to_be_bytes());
    secret::mac(key, &[b"redacted", &id, &told_by, noted, left])
}

/// Says of redacted rows when that was, by whom, and why.
pub(super) fn explain(db: &Snapshot, redacted: &mut Redacted) -> Result<()> {
    let Some(row) = store::audit::find(db, redacted.told_by)? else {
        return Ok(());
    };
    redacted.at = Some(row.at);
    redacted.by = Some(row.actor_name.unwrap_or_else(|| row.actor_kind.name().to_owned()));
    redacted.why = row.content;
    Ok(())
}
