//! The audit: a row in the transaction of each change, chained by HMAC to the one before, so that what was cut out,
//! put in or changed afterwards shows.

use crate::domain::actor::Actor;
use crate::domain::audit;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::audit::Unchained;
use crate::domain::id::AuditId;
use crate::domain::id::EventId;
use crate::error::Result;
use crate::secret;
use crate::shop::Tx;
use crate::store;

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
    let row = Unchained {
        id: AuditId(last.0 + 1),
        at: tx.now,
        actor: (by.kind, by.user),
        action,
        target,
        event,
        ip: by.origin.ip,
        request_id: by.origin.request_id.as_deref(),
        content,
    };
    let digest = digest(&row);
    let mac = secret::mac(tx.chain_key(), &[&former, &digest]);
    store::audit::push(tx, &row, &digest, &mac)
}

/// What the chain holds of a row.
fn digest(row: &Unchained<'_>) -> [u8; 32] {
    secret::digest_parts(&[
        &audit::bytes_to_hash(row),
        row.content.unwrap_or_default().as_bytes(),
        row.event.map_or(&[], |(_, data)| data.as_bytes()),
    ])
}
