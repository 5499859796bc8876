//! Rows of `audit`, each chained to the one before.

use std::net::IpAddr;

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use rusqlite::params;

use crate::domain::audit::AuditRow;
use crate::domain::audit::Unchained;
use crate::domain::id::AuditId;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

const SELECT: &str = "SELECT id, at, actor_kind, actor_id, action, target_kind, target_id, event_id, ip,
  request_id, content, digest, mac FROM audit";

fn from_row(row: &Row) -> rusqlite::Result<AuditRow> {
    Ok(AuditRow {
        id: row.get("id")?,
        at: row.get("at")?,
        actor_kind: row.get("actor_kind")?,
        actor: row.get("actor_id")?,
        action: row.get("action")?,
        target_kind: row.get("target_kind")?,
        target: row.get("target_id")?,
        event: row.get("event_id")?,
        ip: row.get::<_, Option<Vec<u8>>>("ip")?.as_deref().and_then(read_ip),
        request_id: row.get("request_id")?,
        content: row.get("content")?,
        digest: row.get("digest")?,
        mac: row.get("mac")?,
    })
}

fn read_ip(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        _ => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
    }
}

/// The end of the chain: the newest row's id and MAC, or what the last anchor left.
pub fn head(db: &Snapshot) -> Result<(AuditId, [u8; 32])> {
    let head = db
        .db()
        .prepare_cached("SELECT id, mac FROM audit ORDER BY id DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(head.unwrap_or((AuditId(0), [0; 32])))
}

/// Appends a row. (By position: on the path of every order.)
pub fn push(tx: &Tx, row: &Unchained<'_>, digest: &[u8; 32], mac: &[u8; 32]) -> Result<()> {
    let ip = row.ip.map(|ip| match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    });
    tx.db()
        .prepare_cached(
            "INSERT INTO audit (id, at, actor_kind, actor_id, action, target_kind, target_id, event_id, ip,
               request_id, content, digest, mac)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            row.id,
            row.at,
            row.actor.0,
            row.actor.1,
            row.action,
            row.target.0,
            row.target.1,
            row.event.map(|(event, _)| event),
            ip,
            row.request_id,
            row.content,
            digest,
            mac,
        ])?;
    Ok(())
}

/// The rows behind `after`, oldest first, each with the data of its event.
pub fn after(db: &Snapshot, after: AuditId, limit: usize) -> Result<Vec<(AuditRow, Option<String>)>> {
    db.db()
        .prepare_cached(
            "SELECT a.*, e.data AS event_data
             FROM audit a LEFT JOIN events e ON e.id = a.event_id
             WHERE a.id > :after
             ORDER BY a.id
             LIMIT :limit",
        )?
        .query_and_then(named_params! { ":after": after, ":limit": limit as i64 }, |row| {
            Ok((from_row(row)?, row.get("event_data")?))
        })?
        .collect()
}

/// The rows below `before`, newest first.
pub fn page(db: &Snapshot, before: AuditId, limit: usize) -> Result<Vec<AuditRow>> {
    db.db()
        .prepare_cached(&format!(
            "{SELECT} WHERE id < :before ORDER BY id DESC LIMIT :limit"
        ))?
        .query_and_then(
            named_params! { ":before": before, ":limit": limit as i64 },
            |row| Ok(from_row(row)?),
        )?
        .collect()
}
