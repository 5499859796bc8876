//! Secrets that a person is told once. They stand sealed in the session in which they were made, so that a page that is
//! sent or opened again shows them again, until that person says that they have them.

use crate::domain::actor::Actor;
use crate::domain::id::SecretId;
use crate::domain::id::SessionId;
use crate::domain::one_time::OneTimeSecret;
use crate::domain::one_time::SECRET_LIFE;
use crate::domain::one_time::SecretKind;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::secret::Keys;
use crate::secret::Place;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::store;
use crate::store::one_time::Row;

/// Keeps a secret in the caller's session, in the place of an earlier one of the same thing. What is over goes.
pub fn keep(tx: &Tx, by: &Actor, keys: &Keys, (kind, target): (SecretKind, i64), text: &str) -> Result<()> {
    let session = session(by)?;
    store::one_time::sweep(tx)?;
    // At random: whoever has kept an old page must not forget a later secret by it.
    let [a, b, c, d, e, f] = secret::random()?;
    let id = SecretId(i64::from_be_bytes([0, 0, a, b, c, d, e, f]));
    let row = Row {
        id,
        session,
        kind,
        target,
        sealed: keys.seal(place(id, session), text.as_bytes())?,
        expires_at: tx.now.plus_ms(SECRET_LIFE),
    };
    store::one_time::insert(tx, &row)
}

/// What stands in the caller's session, the latest first.
pub fn list(db: &Snapshot, by: &Actor, keys: &Keys, now: Timestamp) -> Result<Vec<OneTimeSecret>> {
    let rows = store::one_time::of_session(db, session(by)?, now)?;
    let open = |row: Row| {
        let text = keys.unseal(place(row.id, row.session), &row.sealed)?;
        Ok(OneTimeSecret {
            id: row.id,
            kind: row.kind,
            target: row.target,
            expires_at: row.expires_at,
            text: String::from_utf8(text).map_err(|cause| Error::Internal(cause.into()))?,
        })
    };
    rows.into_iter().map(open).collect()
}

/// Forgets a secret of the caller's session, if it still stands there.
pub fn forget(tx: &Tx, by: &Actor, id: SecretId) -> Result<()> {
    store::one_time::delete(tx, session(by)?, id)
}

fn session(by: &Actor) -> Result<SessionId> {
    Ok(by.session.ok_or(Refusal::NotSignedIn)?)
}

/// It opens in no other session: that one's id stands for whose it is.
const fn place(id: SecretId, session: SessionId) -> Place<'static> {
    Place {
        column: "one_time_secrets.sealed",
        row: id.0,
        owner: session.0,
    }
}
