//! Rows of `reconciliations` and `payment_differences`, and the look at what they are about.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::id::OrderId;
use crate::domain::id::PaymentId;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::page::MOST_COUNTED;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::page::Total;
use crate::domain::payment::PaymentState;
use crate::domain::payment::Provider;
use crate::domain::reconciliation::Difference;
use crate::domain::reconciliation::DifferenceKind;
use crate::domain::reconciliation::DifferenceState;
use crate::domain::reconciliation::Run;
use crate::domain::reconciliation::Seen;
use crate::domain::refund::RefundState;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::newest;

fn from_row(row: &Row) -> rusqlite::Result<Seen> {
    Ok(Seen {
        id: row.get("id")?,
        difference: Difference {
            kind: row.get("kind")?,
            provider: row.get("provider")?,
            name: row.get("name")?,
            payment: row.get("payment_id")?,
            order: row.get("order_id")?,
            currency: row.get("currency")?,
            ours: row.get("ours")?,
            theirs: row.get("theirs")?,
            at: row.get("at")?,
        },
        first_seen: row.get("first_seen")?,
        last_seen: row.get("last_seen")?,
        gone_at: row.get("gone_at")?,
    })
}

/// When the books were last compared, and whether that came to its end.
pub fn last_run(db: &Snapshot) -> Result<Option<(Timestamp, bool)>> {
    Ok(db
        .db()
        .prepare_cached("SELECT at, failure IS NULL AS whole FROM reconciliations ORDER BY id DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get("at")?, row.get("whole")?)))
        .optional()?)
}

/// A page of differences, newest first: those that are still there, those that are gone, or all.
pub fn page(db: &Snapshot, state: Option<DifferenceState>, paging: &Paging) -> Result<Page<Seen>> {
    const WANTED: &str = "(:gone IS NULL OR (gone_at IS NOT NULL) = :gone)";
    let (side, order) = newest::side(paging.is_backwards());
    let is_gone = state.map(|state| state == DifferenceState::Gone);
    let rows = db
        .db()
        .prepare_cached(&format!(
            "SELECT id, kind, provider, name, payment_id, order_id, currency, ours, theirs, at, first_seen, last_seen, gone_at
             FROM payment_differences
             WHERE {side} AND {WANTED}
             ORDER BY {order} LIMIT :limit OFFSET :skipped"
        ))?
        .query_and_then(
            named_params! {
                ":gone": is_gone,
                ":key": newest::key(paging),
                ":limit": paging.wanted() as i64,
                ":skipped": paging.skipped(),
            },
            |row| Ok(from_row(row)?),
        )?
        .collect::<Result<Vec<_>>>()?;
    let counted = db
        .db()
        .prepare_cached(&format!(
            "SELECT count(*) FROM (SELECT 1 FROM payment_differences WHERE {WANTED} LIMIT :most)"
        ))?
        .query_row(
            named_params! { ":gone": is_gone, ":most": MOST_COUNTED + 1 },
            |row| row.get(0),
        )?;
    Ok(paging
        .cut(rows, |seen: &Seen| (0, seen.id.0))
        .counted(Total::of(counted)))
}

/// What of a payment is on its way back.
pub fn on_its_way(db: &Snapshot, payment: PaymentId) -> Result<Money> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT ifnull(sum(amount), 0) FROM refunds WHERE payment_id = :payment AND state = :pending",
        )?
        .query_row(
            named_params! { ":payment": payment, ":pending": RefundState::Pending },
            |row| row.get(0),
        )?)
}

/// Payments of a provider that have been taken, begun since then and at rest since `before`.
pub fn taken(
    db: &Snapshot,
    provider: Provider,
    since: Timestamp,
    before: Timestamp,
) -> Result<Vec<PaymentId>> {
    db.db()
        .prepare_cached(
            "SELECT id FROM payments
             WHERE provider = :provider AND state = :captured AND created_at >= :since AND updated_at < :before
             ORDER BY id",
        )?
        .query_and_then(
            named_params! {
                ":provider": provider,
                ":captured": PaymentState::Captured,
                ":since": since,
                ":before": before,
            },
            |row| Ok(row.get(0)?),
        )?
        .collect()
}

/// Orders that say another sum than their payments: which sum, what the order says, what the payments do. The payments of
/// an imported order are elsewhere.
pub fn of_orders(db: &Snapshot) -> Result<Vec<Difference>> {
    db.db()
        .prepare_cached(
            "SELECT id, currency, placed_at, paid, refunded, taken, given
             FROM (SELECT o.id, o.currency, o.placed_at, o.paid, o.refunded,
                 (SELECT ifnull(sum(p.captured), 0) FROM payments p WHERE p.order_id = o.id) AS taken,
                 (SELECT ifnull(sum(p.refunded), 0) FROM payments p WHERE p.order_id = o.id) AS given
               FROM orders o WHERE o.imported_at IS NULL)
             WHERE paid <> taken OR refunded <> given
             ORDER BY id",
        )?
        .query_and_then([], |row| Ok(of_order(row)?))?
        .collect::<Result<Vec<_>>>()
        .map(|found| found.into_iter().flatten().collect())
}

fn of_order(row: &Row) -> rusqlite::Result<Vec<Difference>> {
    let id: OrderId = row.get("id")?;
    let currency: Currency = row.get("currency")?;
    let at = row.get("placed_at")?;
    let sums: [(DifferenceKind, Money, Money); 2] = [
        (DifferenceKind::OrderPaid, row.get("paid")?, row.get("taken")?),
        (
            DifferenceKind::OrderRefunded,
            row.get("refunded")?,
            row.get("given")?,
        ),
    ];
    let differ = sums.into_iter().filter(|(_, ours, theirs)| ours != theirs);
    Ok(differ
        .map(|(kind, ours, theirs)| Difference {
            kind,
            provider: Provider::Manual,
            name: format!("order {id}"),
            payment: None,
            order: Some(id),
            currency,
            ours,
            theirs,
            at,
        })
        .collect())
}

/// Keeps how a comparison went. What it found again is the same difference; what it did not find where it has looked is
/// gone.
pub fn keep(tx: &Tx, run: &Run) -> Result<()> {
    for found in &run.differences {
        see(tx, found)?;
    }
    let settled = run.read.iter().chain(&[Provider::Manual]);
    for provider in settled {
        tx.db()
            .prepare_cached(
                "UPDATE payment_differences SET gone_at = :now
                 WHERE provider = :provider AND gone_at IS NULL AND last_seen < :now
                   AND (at >= :since OR provider = 0)",
            )?
            .execute(named_params! { ":provider": provider, ":now": tx.now, ":since": run.since })?;
    }
    tx.db()
        .prepare_cached(
            "INSERT INTO reconciliations (at, since, compared, found, failure)
             VALUES (:now, :since, :compared, :found, :failure)",
        )?
        .execute(named_params! {
            ":now": tx.now,
            ":since": run.since,
            ":compared": run.compared,
            ":found": run.differences.len() as i64,
            ":failure": run.failure,
        })?;
    Ok(())
}

fn see(tx: &Tx, found: &Difference) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO payment_differences (kind, provider, name, payment_id, order_id, currency, ours, theirs, at,
               first_seen, last_seen)
             VALUES (:kind, :provider, :name, :payment, :order, :currency, :ours, :theirs, :at, :now, :now)
             ON CONFLICT (provider, kind, name) WHERE gone_at IS NULL
             DO UPDATE SET ours = excluded.ours, theirs = excluded.theirs, last_seen = excluded.last_seen",
        )?
        .execute(named_params! {
            ":kind": found.kind,
            ":provider": found.provider,
            ":name": found.name,
            ":payment": found.payment,
            ":order": found.order,
            ":currency": found.currency,
            ":ours": found.ours,
            ":theirs": found.theirs,
            ":at": found.at,
            ":now": tx.now,
        })?;
    Ok(())
}
