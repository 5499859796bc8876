//! Bringing in what a shop did before: products, customers, orders. Each verb takes some rows of a file in one short
//! transaction, so that a server beside it goes on; its twin only looks, for a dry run. What is there already is found
//! again, so running a file twice is harmless and is how an import is resumed.

mod before;
mod customers;
mod orders;
mod products;
mod settle;

pub use before::Before;
pub use customers::check_customers;
pub use customers::customers;
pub use orders::check_orders;
pub use orders::orders;
pub use products::check_products;
pub use products::products;
pub use settle::check_settled;
pub use settle::settle;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::import::Batch;
use crate::domain::import::Tally;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::audit;

/// One audit row tells what a batch brought: of which file, from which lines, how much. A batch that changed nothing
/// leaves none.
fn note<T>(tx: &Tx, by: &Actor, kind: &str, batch: &Batch<T>, tally: &Tally) -> Result<()> {
    if !tally.wrote() {
        return Ok(());
    }
    let content = serde_json::json!({
        "kind": kind,
        "file": batch.source.name,
        "sha256": batch.source.sha256,
        "from_line": batch.rows.first().map(|row| row.line),
        "to_line": batch.rows.last().map(|row| row.line),
        "made": tally.made,
        "credit_notes": tally.credit_notes,
        "updated": tally.updated,
        "known": tally.known,
        "customers": tally.customers,
        "refused": batch.unread + tally.refused.len(),
    });
    let target = (Target::File, None);
    audit::note(tx, by, Action::Imported, target, None, Some(&content.to_string()))
}
