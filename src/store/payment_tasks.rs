//! Rows of `payment_tasks`: what is to be asked of a provider, what was, and what became of it.

use rusqlite::OptionalExtension;
use rusqlite::named_params;

use crate::domain::id::PaymentId;
use crate::domain::id::RefundId;
use crate::domain::id::TaskId;
use crate::domain::money::Money;
use crate::domain::payment::Op;
use crate::domain::payment::Provider;
use crate::domain::payment::Waiting;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

/// A task that is due.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Task {
    pub id: TaskId,
    pub payment: PaymentId,
    pub op: Op,
    pub refund: Option<RefundId>,
    pub amount: Option<Money>,
    /// From 1: how often it was begun.
    pub round: i64,
    pub attempts: i64,
    pub started_at: Option<Timestamp>,
}

/// Adds a task, once; one of a kind that has ended is begun again, in a round of its own with its own amount.
pub fn add(
    tx: &Tx,
    payment: PaymentId,
    op: Op,
    refund: Option<RefundId>,
    amount: Option<Money>,
) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO payment_tasks (payment_id, op, refund_id, amount, state, created_at, due_at)
             VALUES (:payment, :op, :refund, :amount, 0, :now, :now)
             ON CONFLICT DO UPDATE
             SET round = round + 1, amount = :amount, state = 0, attempts = 0, started_at = NULL, due_at = :now,
               failure = NULL
             WHERE state = 2",
        )?
        .execute(named_params! {
            ":payment": payment,
            ":op": op,
            ":refund": refund,
            ":amount": amount,
            ":now": tx.now,
        })?;
    Ok(())
}

/// The payments that something is due of, those that have waited longest first.
pub fn due(db: &Snapshot, now: Timestamp, most: i64) -> Result<Vec<PaymentId>> {
    db.db()
        .prepare_cached(
            "SELECT payment_id FROM payment_tasks WHERE state < 2 AND due_at <= :now
             GROUP BY payment_id ORDER BY min(due_at) LIMIT :most",
        )?
        .query_and_then(
            named_params! { ":now": now, ":most": most },
            |row| Ok(row.get(0)?),
        )?
        .collect()
}

/// When the next one is due.
pub fn next_due(db: &Snapshot) -> Result<Option<Timestamp>> {
    Ok(db
        .db()
        .prepare_cached("SELECT min(due_at) FROM payment_tasks WHERE state < 2")?
        .query_row([], |row| row.get(0))?)
}

/// The first task of a payment that has not ended, if it is due.
pub fn first(db: &Snapshot, payment: PaymentId, now: Timestamp) -> Result<Option<Task>> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT id, payment_id, op, refund_id, amount, round, attempts, started_at, due_at
             FROM payment_tasks
             WHERE payment_id = :payment AND state < 2
             ORDER BY op <> 0, id
             LIMIT 1",
        )?
        .query_row(named_params! { ":payment": payment }, |row| {
            let due_at: Timestamp = row.get("due_at")?;
            let task = Task {
                id: row.get("id")?,
                payment: row.get("payment_id")?,
                op: row.get("op")?,
                refund: row.get("refund_id")?,
                amount: row.get("amount")?,
                round: row.get("round")?,
                attempts: row.get("attempts")?,
                started_at: row.get("started_at")?,
            };
            Ok((due_at <= now).then_some(task))
        })
        .optional()?
        .flatten())
}

/// What a payment waits for, if it waits: the first task that has not ended.
pub fn waiting(db: &Snapshot, payment: PaymentId) -> Result<Option<Waiting>> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT op, attempts, ifnull(started_at, created_at) AS since, due_at, failure FROM payment_tasks
             WHERE payment_id = :payment AND state < 2
             ORDER BY op <> 0, id
             LIMIT 1",
        )?
        .query_row(named_params! { ":payment": payment }, |row| {
            Ok(Waiting {
                op: row.get("op")?,
                attempts: row.get("attempts")?,
                since: row.get("since")?,
                due_at: row.get("due_at")?,
                failure: row.get("failure")?,
            })
        })
        .optional()?)
}

/// Whether a provider has been asked and has not answered.
pub fn is_out(db: &Snapshot, payment: PaymentId, op: Op) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM payment_tasks WHERE payment_id = :payment AND op = :op AND state = 1)",
        )?
        .query_row(named_params! { ":payment": payment, ":op": op }, |row| row.get(0))?)
}

/// Why a provider has refused what it was last asked, if it has.
pub fn refusal(db: &Snapshot, payment: PaymentId, op: Op) -> Result<Option<String>> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT failure FROM payment_tasks
             WHERE payment_id = :payment AND op = :op AND state = 2 AND failure IS NOT NULL
             ORDER BY id DESC
             LIMIT 1",
        )?
        .query_row(named_params! { ":payment": payment, ":op": op }, |row| {
            row.get("failure")
        })
        .optional()?)
}

/// The amount of a task that has not ended, if there is one: none of it is all.
pub fn amount_of(db: &Snapshot, payment: PaymentId, op: Op) -> Result<Option<Option<Money>>> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT amount FROM payment_tasks WHERE payment_id = :payment AND op = :op AND state < 2",
        )?
        .query_row(named_params! { ":payment": payment, ":op": op }, |row| row.get(0))
        .optional()?)
}

/// Makes all that has not ended due: whoever asked it is gone.
pub fn make_due(tx: &Tx) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE payment_tasks SET due_at = :now WHERE state < 2 AND due_at > :now")?
        .execute(named_params! { ":now": tx.now })?;
    Ok(())
}

/// Notes that a task is asked now: if nobody says what came of it, it is due again at `due_at`.
pub fn start(tx: &Tx, id: TaskId, due_at: Timestamp) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE payment_tasks
             SET state = 1, attempts = attempts + 1, started_at = ifnull(started_at, :now), due_at = :due_at
             WHERE id = :id AND state < 2",
        )?
        .execute(named_params! { ":id": id, ":now": tx.now, ":due_at": due_at })?;
    Ok(())
}

/// Lets a task wait until then: it is not asked now.
pub fn wait(tx: &Tx, id: TaskId, until: Timestamp) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE payment_tasks SET due_at = :until WHERE id = :id AND state < 2")?
        .execute(named_params! { ":id": id, ":until": until })?;
    Ok(())
}

/// Lets all that is to be asked of a payment wait until then, and notes why.
pub fn put_all_off(tx: &Tx, payment: PaymentId, until: Timestamp, failure: &str) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE payment_tasks SET due_at = max(due_at, :until), failure = :failure
             WHERE payment_id = :payment AND state < 2",
        )?
        .execute(named_params! { ":payment": payment, ":until": until, ":failure": failure })?;
    Ok(())
}

/// Makes due what waits for a provider: it answers again.
pub fn make_due_of(tx: &Tx, provider: Provider) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE payment_tasks SET due_at = :now
             WHERE state < 2 AND due_at > :now AND payment_id IN (SELECT id FROM payments WHERE provider = :provider)",
        )?
        .execute(named_params! { ":now": tx.now, ":provider": provider })?;
    Ok(())
}

/// Ends a task, with words if it was refused.
pub fn end(tx: &Tx, id: TaskId, failure: Option<&str>) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE payment_tasks SET state = 2, failure = :failure WHERE id = :id")?
        .execute(named_params! { ":id": id, ":failure": failure })?;
    Ok(())
}

/// Notes why a task is to be tried again.
pub fn put_off(tx: &Tx, id: TaskId, failure: &str) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE payment_tasks SET failure = :failure WHERE id = :id AND state < 2")?
        .execute(named_params! { ":id": id, ":failure": failure })?;
    Ok(())
}

/// Ends what was not asked yet of a kind.
pub fn drop_due(tx: &Tx, payment: PaymentId, op: Op) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE payment_tasks SET state = 2 WHERE payment_id = :payment AND op = :op AND state = 0",
        )?
        .execute(named_params! { ":payment": payment, ":op": op })?;
    Ok(())
}
