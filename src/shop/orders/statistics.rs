//! What the shop has sold.

use crate::domain::actor::Actor;
use crate::domain::permission::Permission;
use crate::domain::statistics::Tally;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::sums;
use crate::store;

/// Adds up the orders, refunds and credit notes between two moments, which count; of all time where none is said.
pub fn statistics(
    db: &Snapshot,
    by: &Actor,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Result<Tally> {
    by.require(Permission::OrdersRead)?;
    let from = from.unwrap_or(Timestamp::MIN);
    let until = to.map_or(Timestamp::MAX, |to| to.plus_ms(1));
    sums::tally(db, &store::settings::get(db)?.zone, from, until)
}
