//! What has happened to an order, as its owner and staff may read it; and the order as it was.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::actor::Actor;
use crate::domain::actor::ActorKind;
use crate::domain::history;
use crate::domain::history::Recorded;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::order::Change;
use crate::domain::order::OrderHead;
use crate::domain::order::OrderState;
use crate::domain::permission::Permission;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::orders::Owned;
use crate::shop::orders::show;
use crate::store;

/// An entry of an order's history.
#[allow(missing_docs, reason = "the fields of API.md's history")]
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = HistoryEntry)]
pub struct Entry {
    pub at: Timestamp,
    pub version: i64,
    pub action: Change,
    pub from: Option<OrderState>,
    pub to: Option<OrderState>,
    pub by: Who,
    pub note: Option<String>,
    pub public: bool,
    pub request_id: Option<String>,
}

/// Who did it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = HistoryActor)]
#[allow(missing_docs, reason = "the fields of API.md's history")]
pub struct Who {
    pub id: Option<UserId>,
    pub name: Option<String>,
    #[schema(value_type = ActorKind)]
    pub kind: &'static str,
}

/// Everything that has happened to an order, oldest first, its placing included; its owner sees what is public.
pub fn history(db: &Snapshot, by: &Actor, id: OrderId) -> Result<Vec<Entry>> {
    let order = show(db, by, id)?.order;
    let sees_all = by.may(Permission::OrdersRead);
    let mut state = order.head.state;
    let mut entries = Vec::new();
    for recorded in store::orders::changes(db, id)?.into_iter().rev() {
        let is_seen = sees_all || recorded.is_public;
        let entry = Entry::of(recorded, &mut state, sees_all);
        if is_seen {
            entries.push(entry);
        }
    }
    entries.push(placing(db, &order.head, state)?);
    entries.reverse();
    Ok(entries)
}

impl Entry {
    /// An entry, and with it one step back: `state` is where the order stood after it, and then before it. The words
    /// beside a move or an edit are among staff.
    pub(super) fn of(recorded: Recorded, state: &mut OrderState, sees_all: bool) -> Self {
        let to = *state;
        let from = recorded.former.state();
        *state = from.unwrap_or(to);
        let is_told = sees_all || !matches!(recorded.change, Change::Moved | Change::Edited);
        Self {
            at: recorded.at,
            version: recorded.version,
            action: recorded.change,
            from,
            to: from.map(|_| to),
            by: Who {
                id: recorded.actor,
                name: recorded.actor_name,
                kind: recorded.actor_kind.name(),
            },
            note: recorded.note.filter(|_| is_told),
            public: recorded.is_public,
            request_id: recorded.request_id,
        }
    }
}

/// The order is its own first entry.
fn placing(db: &Snapshot, head: &OrderHead, state: OrderState) -> Result<Entry> {
    let (id, name) = store::orders::placer(db, head.id)?;
    let noted = store::audit::creation(db, head.id, head.placed_at)?;
    let kind = match (&noted, id, head.imported_at) {
        (_, _, Some(_)) => ActorKind::System,
        (Some(noted), _, None) => noted.actor_kind,
        (None, Some(_), None) => ActorKind::User,
        (None, None, None) => ActorKind::Guest,
    };
    Ok(Entry {
        at: head.placed_at,
        version: 1,
        action: Change::Placed,
        from: None,
        to: Some(state),
        by: Who {
            id,
            name,
            kind: kind.name(),
        },
        note: None,
        public: true,
        request_id: noted.and_then(|row| row.request_id),
    })
}

/// An order as it was at a moment, which counts; `NotFound` before it existed.
pub fn show_at(db: &Snapshot, by: &Actor, id: OrderId, at: Timestamp) -> Result<Owned> {
    let now = show(db, by, id)?;
    let changes = store::orders::changes(db, id)?;
    let order = history::as_it_was((*now.order).clone(), &changes, at).ok_or(Error::NotFound("order"))?;
    Ok(Owned {
        order: order.into(),
        owner: now.owner,
    })
}
