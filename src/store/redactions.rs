//! Rows of `audit_redactions`: of which rows of the audit the shop itself has taken a part away.

use rusqlite::named_params;
use rusqlite::params;

use crate::domain::audit::Unnamed;
use crate::domain::id::AuditId;
use crate::domain::id::EventId;
use crate::error::Result;
use crate::store::Tx;

/// Takes out of a row of the audit what it was given besides: the content, and where it came from if that is asked for.
pub fn blank(tx: &Tx, id: AuditId, unnamed: Unnamed) -> Result<()> {
    let sql = match unnamed {
        Unnamed::Content => "UPDATE audit SET content = NULL WHERE id = ?1",
        Unnamed::ContentAndPlace => "UPDATE audit SET content = NULL, ip = NULL WHERE id = ?1",
    };
    tx.db().prepare_cached(sql)?.execute(params![id])?;
    Ok(())
}

/// Gives an event other data: without what is personal. (Events are written once; this is the only other time.)
pub fn retell(tx: &Tx, event: EventId, data: &str) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE events SET data = :data WHERE id = :id")?
        .execute(named_params! { ":id": event, ":data": data })?;
    Ok(())
}

/// Keeps the proof of what was taken away.
pub fn keep(tx: &Tx, id: AuditId, told_by: AuditId, mac: &[u8; 32]) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO audit_redactions (audit_id, told_by, mac) VALUES (:id, :told_by, :mac)
             ON CONFLICT (audit_id) DO UPDATE SET told_by = :told_by, mac = :mac",
        )?
        .execute(named_params! { ":id": id, ":told_by": told_by, ":mac": mac })?;
    Ok(())
}
