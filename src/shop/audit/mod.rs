//! The audit: a row in the transaction of each change, chained by HMAC to the one before, so that what was cut out,
//! put in or changed afterwards shows. Noting, listing, taking a person out, and going along the whole chain.

mod redact;
mod verify;

pub(in crate::shop) use redact::redact;
pub use verify::length;
pub(in crate::shop) use verify::over;
pub(in crate::shop) use verify::sweep;
pub use verify::verify;

use serde::Serialize;

use crate::domain::actor::Actor;
use crate::domain::actor::ActorKind;
use crate::domain::actor::Origin;
use crate::domain::audit;
use crate::domain::audit::Action;
use crate::domain::audit::AuditRow;
use crate::domain::audit::Columns;
use crate::domain::audit::Denial;
use crate::domain::audit::Target;
use crate::domain::id::AuditId;
use crate::domain::id::EventId;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::page::MOST_COUNTED;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::page::Place;
use crate::domain::page::Total;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::time::Moment;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::store;

/// Rows that one look passes over at most.
const MOST_LOOKED_AT: i64 = 10_000;
/// Rows about one thing that are shown at most: an order has 4,095 versions.
const MOST_OF_ONE: usize = 5_000;

/// So many rows about one thing are looked through for its newest version.
const MOST_LOOKED_BACK: usize = 100;

/// Notes who did what to which thing. `event` is the event of the same change, `content` what it does not say:
/// the former values.
pub fn note(
    tx: &Tx,
    by: &Actor,
    action: Action,
    target: (Target, Option<i64>),
    event: Option<(EventId, &str)>,
    content: Option<&str>,
) -> Result<()> {
    let (last, former) = store::audit::head(tx)?;
    let ip = by.origin.ip.map(audit::octets);
    let row = Columns {
        id: last.0 + 1,
        at: tx.now.ms(),
        actor_kind: by.kind.number(),
        actor: by.user.map(|user| user.0),
        action: action.number(),
        target_kind: target.0.number(),
        target: target.1,
        event: event.map(|(event, _)| event.0),
        ip: ip.as_deref(),
        request_id: by.origin.request_id.as_ref().map(|id| id.as_bytes()),
        content: content.map(str::as_bytes),
        told: event.map(|(_, data)| data.as_bytes()),
    };
    let digest = digest(&row);
    let mac = secret::mac(tx.chain_key(), &[&former, &digest]);
    store::audit::push(tx, &row, &digest, &mac)
}

/// Notes what became of a thing that has no event: its row holds the thing as it was before.
pub(in crate::shop) fn note_former(
    tx: &Tx,
    by: &Actor,
    action: Action,
    (kind, id): (Target, i64),
    former: &impl Serialize,
) -> Result<()> {
    let content = serde_json::to_string(former).map_err(|cause| Error::Internal(cause.into()))?;
    note(tx, by, action, (kind, Some(id)), None, Some(&content))
}

/// The row that was noted last: within a transaction the one that tells of it.
pub fn latest(db: &Snapshot) -> Result<AuditId> {
    store::audit::head(db).map(|(last, _)| last)
}

/// The row that tells of a thing's newest version, for the shop's own people. `at` is the moment of that version, where the
/// thing knows it; of a user it is the latest row that has made one.
pub fn last_change(
    db: &Snapshot,
    by: &Actor,
    thing: (Target, i64),
    at: Option<Timestamp>,
) -> Result<Option<AuditRow>> {
    if !by.is_staff {
        return Err(Refusal::StaffOnly.into());
    }
    let rows = store::audit::of_target(db, thing, (AuditId(0), AuditId(i64::MAX)), MOST_LOOKED_BACK)?;
    let is_it = |row: &AuditRow| match at {
        Some(at) => row.at == at,
        None => row.action.makes_user_version(),
    };
    Ok(rows.into_iter().find(is_it))
}

/// The newest row that tells of an action, for the shop's own people.
pub fn last_done(db: &Snapshot, by: &Actor, action: Action) -> Result<Option<AuditRow>> {
    if !by.is_staff {
        return Err(Refusal::StaffOnly.into());
    }
    let wanted = Wanted {
        action: Some(action),
        ..Wanted::default()
    };
    let range = (AuditId(0), AuditId(i64::MAX));
    let newest = store::audit::page(db, range, false, 1, &wanted.filter())?;
    Ok(newest.into_iter().next())
}

/// Notes that somebody was turned away.
pub fn note_denial(tx: &Tx, denial: Denial, origin: &Origin) -> Result<()> {
    let mut who = Actor::guest(origin.clone());
    if let Denial::Right(Some(user), _) = denial {
        who.kind = ActorKind::User;
        who.user = Some(user);
    }
    let content = format!("{{\"wanting\":\"{}\"}}", denial.name());
    let target = (Target::None, None);
    note(tx, &who, Action::AccessDenied, target, None, Some(&content))
}

/// What the chain holds of a row.
fn digest(row: &Columns<'_>) -> [u8; 32] {
    secret::digest_parts(&[
        &audit::bytes_to_hash(row),
        row.content.unwrap_or_default(),
        row.told.unwrap_or_default(),
    ])
}

/// Whose deeds are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Those of one user.
    User(UserId),
    /// Those of a kind of caller.
    Kind(ActorKind),
}

/// Which rows of the audit are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// By whom.
    pub actor: Option<Who>,
    /// What was done.
    pub action: Option<Action>,
    /// To what: a kind of thing, or one thing.
    pub target: Option<(Target, Option<i64>)>,
    /// Since when.
    pub from: Option<Moment>,
    /// Until when, included.
    pub to: Option<Moment>,
}

impl Wanted {
    fn takes(&self, row: &AuditRow) -> bool {
        let by_them = match self.actor {
            None => true,
            Some(Who::User(user)) => row.actor == Some(user),
            Some(Who::Kind(kind)) => row.actor_kind == kind,
        };
        let on_it = match self.target {
            None => true,
            Some((kind, None)) => row.target_kind == kind,
            Some((kind, id)) => row.target_kind == kind && row.target == id,
        };
        by_them && on_it && self.action.is_none_or(|action| row.action == action)
    }

    fn filter(&self) -> store::audit::Filter {
        let (caller, actor) = match self.actor {
            None => (None, None),
            Some(Who::User(user)) => (None, Some(user)),
            Some(Who::Kind(kind)) => (Some(kind), None),
        };
        store::audit::Filter {
            caller,
            actor,
            action: self.action,
            target: self.target.map(|(kind, _)| kind),
        }
    }

    fn is_everything(&self) -> bool {
        self.actor.is_none() && self.action.is_none() && self.target.is_none()
    }
}

/// What was done, newest first. A look passes over 10,000 rows at most, so a page may be short and still have a next.
pub fn list(db: &Snapshot, by: &Actor, wanted: &Wanted, paging: &Paging) -> Result<Page<AuditRow>> {
    by.require(Permission::AuditRead)?;
    let range = range(db, wanted)?;
    match wanted.target {
        Some((kind, Some(id))) => of_one(db, (kind, id), range, wanted, paging),
        _ => look(db, range, wanted, paging),
    }
}

/// The ids of the moments that are asked for, the second not within it.
fn range(db: &Snapshot, wanted: &Wanted) -> Result<(AuditId, AuditId)> {
    let zone = store::settings::get(db)?.zone;
    let from = match wanted.from {
        Some(from) => store::audit::first_at(db, from.start(&zone))?,
        None => store::audit::first(db)?,
    };
    let below = match wanted.to {
        Some(to) => store::audit::first_at(db, to.end(&zone).plus_ms(1))?,
        None => AuditId(store::audit::head(db)?.0.0 + 1),
    };
    Ok((from, below.max(from)))
}

/// All that was done to one thing: so few rows that they are paged where they stand.
fn of_one(
    db: &Snapshot,
    (kind, id): (Target, i64),
    range: (AuditId, AuditId),
    wanted: &Wanted,
    paging: &Paging,
) -> Result<Page<AuditRow>> {
    let mut rows = store::audit::of_target(db, (kind, id), range, MOST_OF_ONE)?;
    if kind == Target::Order
        && let Some(placed_at) = store::orders::placed_at(db, OrderId(id))?
    {
        let created = store::audit::creation(db, OrderId(id), placed_at)?;
        rows.extend(created.filter(|row| range.0 <= row.id && row.id < range.1));
    }
    rows.retain(|row| wanted.takes(row));
    rows.sort_by_key(|row| std::cmp::Reverse(row.id));
    let total = Total::of(rows.len() as i64);
    match paging.place {
        Place::Start => {}
        Place::Skip(skipped) => drop(rows.drain(..rows.len().min(skipped as usize))),
        Place::At(cursor) if cursor.backwards => {
            rows.retain(|row| row.id.0 > cursor.keys.1);
            rows.reverse();
        }
        Place::At(cursor) => rows.retain(|row| row.id.0 < cursor.keys.1),
    }
    Ok(paging.cut(rows, keys).counted(total))
}

fn look(
    db: &Snapshot,
    (mut from, mut below): (AuditId, AuditId),
    wanted: &Wanted,
    paging: &Paging,
) -> Result<Page<AuditRow>> {
    let filter = wanted.filter();
    let total = total(db, (from, below), wanted, &filter)?;
    match paging.place {
        Place::At(cursor) if cursor.backwards => from = from.max(AuditId(cursor.keys.1 + 1)),
        Place::At(cursor) => below = below.min(AuditId(cursor.keys.1)),
        _ => {}
    }
    // Ids follow one another without gaps.
    let seen = match (filter.has_index(), paging.is_backwards()) {
        (true, _) => (from, below),
        (false, true) => (from, below.min(AuditId(from.0 + MOST_LOOKED_AT))),
        (false, false) => (from.max(AuditId(below.0 - MOST_LOOKED_AT)), below),
    };
    let skipped = paging.skipped() as usize;
    let most = paging.wanted() + skipped;
    let mut rows = store::audit::page(db, seen, paging.is_backwards(), most, &filter)?;
    rows.drain(..rows.len().min(skipped));
    let mut page = paging.cut(rows, keys);
    if page.next.is_none() && !paging.is_backwards() && seen.0 > from {
        // The look ended before the list did.
        page.next = Some(paging.cursor((seen.0.0, seen.0.0)));
    }
    Ok(page.counted(total))
}

/// How many rows are wanted, as far as a look goes: without an index of its own among the newest 10,000 only.
fn total(
    db: &Snapshot,
    (from, below): (AuditId, AuditId),
    wanted: &Wanted,
    filter: &store::audit::Filter,
) -> Result<Total> {
    if wanted.is_everything() {
        return Ok(Total::of(below.0 - from.0));
    }
    let since = match filter.has_index() {
        true => from,
        false => from.max(AuditId(below.0 - MOST_LOOKED_AT)),
    };
    let counted = store::audit::count(db, (since, below), MOST_COUNTED + 1, filter)?;
    Ok(match since > from {
        true => Total::AtLeast(counted.min(MOST_COUNTED)),
        false => Total::of(counted),
    })
}

fn keys(row: &AuditRow) -> (i64, i64) {
    (row.id.0, row.id.0)
}
