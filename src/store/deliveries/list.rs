//! Lists of deliveries, newest event first. What no index answers is walked, 50,000 rows at most.

use rusqlite::named_params;

use crate::domain::id::DeliveryId;
use crate::domain::id::EndpointId;
use crate::domain::id::EventId;
use crate::domain::webhook::Delivery;
use crate::domain::webhook::DeliveryStatus;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::deliveries::SELECT;
use crate::store::deliveries::from_row;

/// Which deliveries are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Those to one endpoint.
    pub endpoint: Option<EndpointId>,
    /// Those that have come so far.
    pub status: Option<DeliveryStatus>,
    /// Those of one event.
    pub event: Option<EventId>,
}

/// Up to `limit` of the wanted among at most `most` between two ids, the second not within; and the last id that was
/// looked at.
pub fn list(
    db: &Snapshot,
    wanted: &Wanted,
    (from, below): (DeliveryId, DeliveryId),
    is_backwards: bool,
    (limit, most): (usize, usize),
) -> Result<(Vec<Delivery>, DeliveryId)> {
    let order = if is_backwards { "" } else { "DESC" };
    // What is unfinished or dead stands in an index of its endpoint; the query repeats that index's terms.
    let by_index = match (wanted.endpoint, wanted.status) {
        (Some(_), Some(DeliveryStatus::Dead)) => "AND endpoint_id = :endpoint AND status = 4",
        _ => "AND (:endpoint IS NULL OR endpoint_id = :endpoint)",
    };
    let mut statement = db.db().prepare_cached(&format!(
        "SELECT id, status, endpoint_id FROM deliveries
         WHERE id >= :from AND id < :below {by_index}
         ORDER BY id {order}
         LIMIT :most",
    ))?;
    let mut rows = statement.query(named_params! {
        ":from": from, ":below": below, ":endpoint": wanted.endpoint, ":most": most as i64,
    })?;
    let mut one = db.db().prepare_cached(&format!("{SELECT} WHERE d.id = :id"))?;
    let mut found = Vec::new();
    let mut last = if is_backwards { from } else { below };
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        last = row.get("id")?;
        let status: DeliveryStatus = row.get("status")?;
        if wanted.status.is_none_or(|wanted| wanted == status) {
            found.push(one.query_row(named_params! { ":id": last }, from_row)?);
        }
    }
    Ok((found, last))
}
