//! Rows of `payment_breakers`: how each provider of payments has answered of late.

use rusqlite::OptionalExtension;
use rusqlite::named_params;

use crate::domain::payment::Provider;
use crate::domain::webhook::Breaker;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

/// The breaker of a provider; a new one before it was ever asked.
pub fn get(db: &Snapshot, provider: Provider) -> Result<Breaker> {
    let found = db
        .db()
        .prepare_cached("SELECT recent, open_until FROM payment_breakers WHERE provider = :provider")?
        .query_row(named_params! { ":provider": provider }, |row| {
            let recent: String = row.get("recent")?;
            Ok(Breaker::read(&recent, row.get("open_until")?))
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// The breaker of each provider that was ever asked.
pub fn all(db: &Snapshot) -> Result<Vec<(Provider, Breaker)>> {
    db.db()
        .prepare_cached("SELECT provider, recent, open_until FROM payment_breakers ORDER BY provider")?
        .query_and_then([], |row| {
            let recent: String = row.get("recent")?;
            Ok((
                row.get("provider")?,
                Breaker::read(&recent, row.get("open_until")?),
            ))
        })?
        .collect()
}

/// Keeps the breaker of a provider.
pub fn set(tx: &Tx, provider: Provider, breaker: &Breaker) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO payment_breakers (provider, recent, open_until) VALUES (:provider, :recent, :open)
             ON CONFLICT (provider) DO UPDATE SET recent = :recent, open_until = :open",
        )?
        .execute(named_params! {
            ":provider": provider, ":recent": breaker.to_string(), ":open": breaker.open_until,
        })?;
    Ok(())
}
