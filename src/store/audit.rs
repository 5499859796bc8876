//! Rows of `audit`, each chained to the one before.

use std::net::IpAddr;

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use rusqlite::params;
use rusqlite::types::ValueRef;

use crate::domain::actor::ActorKind;
use crate::domain::audit::Action;
use crate::domain::audit::AuditRow;
use crate::domain::audit::Columns;
use crate::domain::audit::Target;
use crate::domain::id::AuditId;
use crate::domain::id::EventId;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

const SELECT: &str =
    "SELECT a.id, a.at, a.actor_kind, a.actor_id, ifnull(u.name, u.username) AS actor_name, a.action,
  a.target_kind, a.target_id, a.ip, a.request_id, a.content,
  (SELECT r.told_by FROM audit_redactions r WHERE r.audit_id = a.id) AS redacted_by
  FROM audit a LEFT JOIN users u ON u.id = a.actor_id";

fn from_row(row: &Row) -> rusqlite::Result<AuditRow> {
    Ok(AuditRow {
        id: row.get("id")?,
        at: row.get("at")?,
        actor_kind: row.get("actor_kind")?,
        actor: row.get("actor_id")?,
        actor_name: row.get("actor_name")?,
        action: row.get("action")?,
        target_kind: row.get("target_kind")?,
        target: row.get("target_id")?,
        ip: row.get::<_, Option<Vec<u8>>>("ip")?.as_deref().and_then(read_ip),
        request_id: row.get("request_id")?,
        content: row.get("content")?,
        redacted_by: row.get("redacted_by")?,
    })
}

pub(super) fn read_ip(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        _ => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
    }
}

/// The end of the chain: the newest row's id and MAC. (A sweep never takes the newest row.)
pub fn head(db: &Snapshot) -> Result<(AuditId, [u8; 32])> {
    let head = db
        .db()
        .prepare_cached("SELECT id, mac FROM audit ORDER BY id DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(head.unwrap_or((AuditId(0), [0; 32])))
}

/// One row.
pub fn find(db: &Snapshot, id: AuditId) -> Result<Option<AuditRow>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE a.id = :id"))?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?)
}

/// The data of the event that the same change told of, if it told of one.
pub fn told(db: &Snapshot, id: AuditId) -> Result<Option<String>> {
    Ok(db
        .db()
        .prepare_cached("SELECT e.data FROM audit a JOIN events e ON e.id = a.event_id WHERE a.id = :id")?
        .query_row(named_params! { ":id": id }, |row| row.get("data"))
        .optional()?)
}

/// The lowest id there is; 0 before the first.
pub fn first(db: &Snapshot) -> Result<AuditId> {
    Ok(db
        .db()
        .prepare_cached("SELECT ifnull(min(id), 0) AS id FROM audit")?
        .query_row([], |row| row.get("id"))?)
}

/// Appends a row. (By position: on the path of every order.)
pub fn push(tx: &Tx, row: &Columns<'_>, digest: &[u8; 32], mac: &[u8; 32]) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO audit (id, at, actor_kind, actor_id, action, target_kind, target_id, event_id, ip,
               request_id, content, digest, mac)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, CAST(?10 AS TEXT), CAST(?11 AS TEXT), ?12, ?13)",
        )?
        .execute(params![
            row.id,
            row.at,
            row.actor_kind,
            row.actor,
            row.action,
            row.target_kind,
            row.target,
            row.event,
            row.ip,
            row.request_id,
            row.content,
            digest,
            mac,
        ])?;
    Ok(())
}

/// A row with the two values that the chain is made of.
pub struct Chained<'a> {
    /// What they are made from.
    pub columns: Columns<'a>,
    /// As it stands in the row.
    pub digest: &'a [u8],
    /// As it stands in the row.
    pub mac: &'a [u8],
    /// Which row tells of what was taken away from this one, and what proves that.
    pub redaction: Option<(i64, &'a [u8])>,
}

/// Shows up to `limit` rows behind `after` in the order of their ids, until `see` says that it is enough; how many it
/// has seen. Nothing is kept, and nothing is read through our types: a row that they could not read must be seen too.
pub fn walk(
    db: &Snapshot,
    after: AuditId,
    limit: usize,
    mut see: impl FnMut(&Chained<'_>) -> bool,
) -> Result<usize> {
    let mut statement = db.db().prepare_cached(
        "SELECT a.id, a.at, a.actor_kind, a.actor_id, a.action, a.target_kind, a.target_id, a.event_id, a.ip,
           a.request_id, a.content, a.digest, a.mac, e.data, r.told_by, r.mac
         FROM audit a LEFT JOIN events e ON e.id = a.event_id LEFT JOIN audit_redactions r ON r.audit_id = a.id
         WHERE a.id > :after
         ORDER BY a.id
         LIMIT :limit",
    )?;
    let mut rows = statement.query(named_params! { ":after": after, ":limit": limit as i64 })?;
    let mut seen = 0;
    while let Some(row) = rows.next()? {
        seen += 1;
        if !see(&chained(row)?) {
            break;
        }
    }
    Ok(seen)
}

fn chained<'a>(row: &'a Row) -> rusqlite::Result<Chained<'a>> {
    Ok(Chained {
        columns: Columns {
            id: row.get(0)?,
            at: row.get(1)?,
            actor_kind: row.get(2)?,
            actor: row.get(3)?,
            action: row.get(4)?,
            target_kind: row.get(5)?,
            target: row.get(6)?,
            event: row.get(7)?,
            ip: bytes(row.get_ref(8)?),
            request_id: bytes(row.get_ref(9)?),
            content: bytes(row.get_ref(10)?),
            told: bytes(row.get_ref(13)?),
        },
        digest: bytes(row.get_ref(11)?).unwrap_or_default(),
        mac: bytes(row.get_ref(12)?).unwrap_or_default(),
        redaction: row.get::<_, Option<i64>>(14)?.zip(bytes(row.get_ref(15)?)),
    })
}

fn bytes(value: ValueRef<'_>) -> Option<&[u8]> {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes),
        _ => None,
    }
}

/// The anchor that a sweep left for the rows up to `upto`.
pub fn anchor(db: &Snapshot, upto: AuditId) -> Result<Option<Vec<u8>>> {
    Ok(db
        .db()
        .prepare_cached("SELECT mac FROM audit_anchors WHERE upto = :upto")?
        .query_row(named_params! { ":upto": upto }, |row| row.get("mac"))
        .optional()?)
}

/// The MAC of a row, which the next one is chained to.
pub fn mac(db: &Snapshot, id: AuditId) -> Result<[u8; 32]> {
    Ok(db
        .db()
        .prepare_cached("SELECT mac FROM audit WHERE id = :id")?
        .query_row(named_params! { ":id": id }, |row| row.get("mac"))?)
}

/// When the oldest row was written.
pub fn begins_at(db: &Snapshot) -> Result<Option<Timestamp>> {
    Ok(db
        .db()
        .prepare_cached("SELECT at FROM audit ORDER BY id LIMIT 1")?
        .query_row([], |row| row.get("at"))
        .optional()?)
}

/// Deletes the rows up to one, and leaves an anchor in their place; no other is needed any more.
pub fn sweep(tx: &Tx, upto: AuditId, anchor: &[u8]) -> Result<()> {
    tx.db()
        .prepare_cached("INSERT INTO audit_anchors (upto, mac) VALUES (:upto, :mac)")?
        .execute(named_params! { ":upto": upto, ":mac": anchor })?;
    for sql in [
        "DELETE FROM audit WHERE id <= :upto",
        "DELETE FROM audit_anchors WHERE upto < :upto",
        "DELETE FROM audit_redactions WHERE audit_id <= :upto",
    ] {
        tx.db()
            .prepare_cached(sql)?
            .execute(named_params! { ":upto": upto })?;
    }
    Ok(())
}

/// The first row written at `at` or later; one behind the last if there is none. Audit ids are in the order of time,
/// so it is found by bisection and needs no index.
pub fn first_at(db: &Snapshot, at: Timestamp) -> Result<AuditId> {
    let mut statement = db
        .db()
        .prepare_cached("SELECT at FROM audit WHERE id >= :id ORDER BY id LIMIT 1")?;
    let (mut low, mut high) = (first(db)?.0.max(1), head(db)?.0.0 + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let found: Option<Timestamp> = statement
            .query_row(named_params! { ":id": middle }, |row| row.get("at"))
            .optional()?;
        match found {
            Some(found) if found < at => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(AuditId(low))
}

/// Which rows are wanted; what is nothing is not asked for.
pub struct Filter {
    /// The kind of who did it.
    pub caller: Option<ActorKind>,
    /// Who did it.
    pub actor: Option<UserId>,
    /// What was done.
    pub action: Option<Action>,
    /// To what kind of thing.
    pub target: Option<Target>,
}

impl Filter {
    /// Whether one thing that was done is all that is asked for, and has an index: every one has but an order's creation.
    pub const fn has_index(&self) -> bool {
        let is_alone = self.caller.is_none() && self.actor.is_none() && self.target.is_none();
        is_alone && !matches!(self.action, None | Some(Action::OrderCreated))
    }

    fn sql(&self, oldest_first: bool) -> String {
        let order = match oldest_first {
            true => "ORDER BY a.id",
            false => "ORDER BY a.id DESC",
        };
        let wanted = self.wanted();
        format!("{SELECT} WHERE {wanted} {order} LIMIT :limit")
    }

    fn count_sql(&self) -> String {
        let wanted = self.wanted();
        format!("SELECT count(*) AS n FROM (SELECT 1 FROM audit a WHERE {wanted} LIMIT :limit)")
    }

    const fn wanted(&self) -> &'static str {
        // The index is used only where its own term is said again.
        match self.has_index() {
            true => {
                "a.id >= :from AND a.id < :below AND a.action = :action AND a.action <> 1
                 AND :caller IS NULL AND :actor IS NULL AND :target IS NULL"
            }
            false => {
                "a.id >= :from AND a.id < :below
                 AND (:caller IS NULL OR a.actor_kind = :caller) AND (:actor IS NULL OR a.actor_id = :actor)
                 AND (:action IS NULL OR a.action = :action) AND (:target IS NULL OR a.target_kind = :target)"
            }
        }
    }
}

/// At most `limit` wanted rows within `from` and `below`, newest first (or oldest first, for a page that looks back).
pub fn page(
    db: &Snapshot,
    (from, below): (AuditId, AuditId),
    oldest_first: bool,
    limit: usize,
    wanted: &Filter,
) -> Result<Vec<AuditRow>> {
    db.db()
        .prepare_cached(&wanted.sql(oldest_first))?
        .query_and_then(
            named_params! {
                ":from": from, ":below": below, ":caller": wanted.caller, ":actor": wanted.actor,
                ":action": wanted.action, ":target": wanted.target, ":limit": limit as i64,
            },
            |row| Ok(from_row(row)?),
        )?
        .collect()
}

/// How many wanted rows there are within `from` and `below`, counted up to `most`.
pub fn count(db: &Snapshot, (from, below): (AuditId, AuditId), most: i64, wanted: &Filter) -> Result<i64> {
    Ok(db.db().prepare_cached(&wanted.count_sql())?.query_row(
        named_params! {
            ":from": from, ":below": below, ":caller": wanted.caller, ":actor": wanted.actor,
            ":action": wanted.action, ":target": wanted.target, ":limit": most,
        },
        |row| row.get("n"),
    )?)
}

/// What was done to one thing, newest first, but for an order's creation.
pub fn of_target(
    db: &Snapshot,
    (kind, id): (Target, i64),
    (from, below): (AuditId, AuditId),
    limit: usize,
) -> Result<Vec<AuditRow>> {
    db.db()
        .prepare_cached(&format!(
            "{SELECT}
             WHERE a.target_kind = :kind AND a.target_id = :id AND a.action <> 1 AND a.id >= :from AND a.id < :below
             ORDER BY a.id DESC
             LIMIT :limit"
        ))?
        .query_and_then(
            named_params! { ":kind": kind, ":id": id, ":from": from, ":below": below, ":limit": limit as i64 },
            |row| Ok(from_row(row)?),
        )?
        .collect()
}

/// The events of an order, newest first: those of its own rows and of its payments' and refunds', and at the end that of
/// its creation.
pub fn events_of(db: &Snapshot, order: OrderId, placed_at: Timestamp, limit: usize) -> Result<Vec<EventId>> {
    db.db()
        .prepare_cached(
            "SELECT event_id FROM audit
             WHERE action <> 1 AND target_kind = :order_kind AND target_id = :order AND event_id IS NOT NULL
             UNION
             SELECT event_id FROM audit
             WHERE action <> 1 AND target_kind = :payment_kind AND event_id IS NOT NULL
               AND target_id IN (SELECT id FROM payments WHERE order_id = :order)
             UNION
             SELECT event_id FROM audit
             WHERE action <> 1 AND target_kind = :refund_kind AND event_id IS NOT NULL
               AND target_id IN (SELECT id FROM refunds WHERE order_id = :order)
             UNION
             SELECT event_id FROM audit
             WHERE action = 1 AND id >= :from AND id < :below AND target_id = :order AND event_id IS NOT NULL
             ORDER BY event_id DESC
             LIMIT :limit",
        )?
        .query_and_then(
            named_params! {
                ":order": order, ":order_kind": Target::Order, ":payment_kind": Target::Payment,
                ":refund_kind": Target::Refund, ":from": first_at(db, placed_at)?,
                ":below": first_at(db, placed_at.plus_ms(1))?, ":limit": limit as i64,
            },
            |row| Ok(row.get("event_id")?),
        )?
        .collect()
}

/// The row of an order's creation, looked for among what was written at that moment.
pub fn creation(db: &Snapshot, order: OrderId, at: Timestamp) -> Result<Option<AuditRow>> {
    Ok(db
        .db()
        .prepare_cached(&format!(
            "{SELECT}
             WHERE a.id >= :from AND a.id < :below AND a.action = 1 AND a.target_id = :order
             ORDER BY a.id
             LIMIT 1"
        ))?
        .query_row(
            named_params! {
                ":from": first_at(db, at)?,
                ":below": first_at(db, at.plus_ms(1))?,
                ":order": order,
            },
            from_row,
        )
        .optional()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::plan;

    /// D4: what was done seldom is found by its index; an order's creation is in none, and is never far.
    #[test]
    fn a_rare_deed_is_found_by_its_index() {
        let db = plan::empty();
        let all = Filter {
            caller: None,
            actor: None,
            action: None,
            target: None,
        };
        let of = |action| Filter {
            action: Some(action),
            ..all
        };
        for oldest_first in [false, true] {
            let rare = plan::of(&db, &of(Action::AccessDenied).sql(oldest_first));
            let by_index = "SEARCH a USING INDEX audit_action (action=? AND rowid>? AND rowid<?)";
            assert!(rare.contains(by_index) && !rare.contains("TEMP B-TREE"), "{rare}");
            for filter in [&of(Action::OrderCreated), &all] {
                let walk = plan::of(&db, &filter.sql(oldest_first));
                assert!(
                    walk.contains("SEARCH a USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
                    "{walk}"
                );
            }
        }
        let counted = plan::of(&db, &of(Action::AccessDenied).count_sql());
        assert!(
            counted.contains("SEARCH a USING COVERING INDEX audit_action"),
            "{counted}"
        );
    }
}
