//! Rows of `payouts` and `payout_sellers`, and the commissions that go into one.

use std::collections::BTreeMap;

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::commission::Due;
use crate::domain::commission::Payout;
use crate::domain::commission::SellersPart;
use crate::domain::id::PayoutId;
use crate::domain::id::UserId;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::newest;

const SELECT: &str =
    "SELECT id, state, rows, amount, reference, created_by, created_at, ended_at FROM payouts";

fn from_row(row: &Row) -> rusqlite::Result<Payout> {
    Ok(Payout {
        id: row.get("id")?,
        is_done: row.get("state")?,
        rows: row.get("rows")?,
        amount: row.get("amount")?,
        reference: row.get("reference")?,
        created_by: row.get("created_by")?,
        created_at: row.get("created_at")?,
        ended_at: row.get("ended_at")?,
    })
}

/// The payout; it must exist.
pub fn get(db: &Snapshot, id: PayoutId) -> Result<Payout> {
    let found = db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE id = :id"))?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?;
    found.ok_or(Error::NotFound("payout"))
}

/// The one that is being made.
pub fn open(db: &Snapshot) -> Result<Option<Payout>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{SELECT} WHERE state = 0"))?
        .query_row([], from_row)
        .optional()?)
}

/// A page of them, newest first.
pub fn page(db: &Snapshot, paging: &Paging) -> Result<Page<Payout>> {
    let (side, order) = newest::side(paging.is_backwards());
    let rows = db
        .db()
        .prepare_cached(&format!(
            "{SELECT} WHERE {side} ORDER BY {order} LIMIT :limit OFFSET :skipped"
        ))?
        .query_and_then(
            named_params! {
                ":key": newest::key(paging),
                ":limit": paging.wanted() as i64,
                ":skipped": paging.skipped(),
            },
            |row| Ok(from_row(row)?),
        )?
        .collect::<Result<Vec<Payout>>>()?;
    let counted = newest::counted(db, "FROM payouts", [])?;
    Ok(paging.cut(rows, |row: &Payout| (0, row.id.0)).counted(counted))
}

/// What each seller gets of one.
pub fn sellers(db: &Snapshot, id: PayoutId) -> Result<Vec<SellersPart>> {
    db.db()
        .prepare_cached(
            "SELECT s.seller_id, u.username, u.name, s.rows, s.amount
             FROM payout_sellers s JOIN users u ON u.id = s.seller_id
             WHERE s.payout_id = :id
             ORDER BY s.seller_id",
        )?
        .query_and_then(named_params! { ":id": id }, |row| {
            Ok(SellersPart {
                seller: row.get("seller_id")?,
                username: row.get("username")?,
                name: row.get("name")?,
                rows: row.get("rows")?,
                amount: row.get("amount")?,
            })
        })?
        .collect()
}

/// The sellers to whom something is due, all that was undone counted.
pub fn due(db: &Snapshot, seller: Option<UserId>) -> Result<Vec<UserId>> {
    db.db()
        .prepare_cached(
            "SELECT seller_id FROM commissions
             WHERE state = 1 AND (:seller IS NULL OR seller_id = :seller)
             GROUP BY seller_id
             HAVING sum(amount) > 0
             ORDER BY seller_id",
        )?
        .query_and_then(named_params! { ":seller": seller }, |row| Ok(row.get(0)?))?
        .collect()
}

/// What is approved for each seller, all that was undone counted.
pub fn approved(db: &Snapshot) -> Result<Vec<Due>> {
    db.db()
        .prepare_cached(
            "SELECT seller_id, count(*) AS rows, sum(amount) AS amount FROM commissions
             WHERE state = 1
             GROUP BY seller_id
             ORDER BY seller_id",
        )?
        .query_and_then([], |row| {
            Ok(Due {
                seller: row.get("seller_id")?,
                rows: row.get("rows")?,
                amount: row.get("amount")?,
            })
        })?
        .collect()
}

/// Begins a payout to these sellers, of what is approved by now.
pub fn insert(
    tx: &Tx,
    sellers: &[UserId],
    reference: Option<&str>,
    created_by: Option<UserId>,
) -> Result<PayoutId> {
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO payouts (state, upto, reference, created_by, created_at)
             VALUES (0, (SELECT ifnull(max(id), 0) FROM commissions), :reference, :created_by, :now)",
        )?
        .insert(named_params! { ":reference": reference, ":created_by": created_by, ":now": tx.now })?;
    for seller in sellers {
        tx.db()
            .prepare_cached("INSERT INTO payout_sellers (payout_id, seller_id) VALUES (:id, :seller)")?
            .execute(named_params! { ":id": id, ":seller": seller })?;
    }
    Ok(PayoutId(id))
}

/// Puts some more commissions into a payout that is open, at most so many; how many they were.
pub fn fill(tx: &Tx, id: PayoutId, most: i64) -> Result<usize> {
    let taken: Vec<(i64, i64)> = tx
        .db()
        .prepare_cached(
            "UPDATE commissions SET state = 2, payout_id = :id, ended_at = :now
             WHERE id IN (
               SELECT c.id
               FROM payout_sellers s CROSS JOIN commissions c ON c.seller_id = s.seller_id AND c.state = 1
               WHERE s.payout_id = :id AND c.id <= (SELECT upto FROM payouts WHERE id = :id)
               LIMIT :most)
             RETURNING seller_id, amount",
        )?
        .query_and_then(
            named_params! { ":id": id, ":most": most, ":now": tx.now },
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?
        .collect::<Result<_>>()?;
    let mut sums: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for (seller, amount) in &taken {
        let sum = sums.entry(*seller).or_default();
        *sum = (sum.0 + 1, sum.1 + amount);
    }
    for (seller, (rows, amount)) in sums {
        count(tx, id, seller, rows, amount)?;
    }
    Ok(taken.len())
}

fn count(tx: &Tx, id: PayoutId, seller: i64, rows: i64, amount: i64) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE payout_sellers SET rows = rows + :rows, amount = amount + :amount
             WHERE payout_id = :id AND seller_id = :seller",
        )?
        .execute(named_params! { ":id": id, ":seller": seller, ":rows": rows, ":amount": amount })?;
    tx.db()
        .prepare_cached("UPDATE payouts SET rows = rows + :rows, amount = amount + :amount WHERE id = :id")?
        .execute(named_params! { ":id": id, ":rows": rows, ":amount": amount })?;
    Ok(())
}

/// Ends a payout: all that was due is in it.
pub fn end(tx: &Tx, id: PayoutId) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE payouts SET state = 1, ended_at = :now WHERE id = :id AND state = 0")?
        .execute(named_params! { ":id": id, ":now": tx.now })?;
    Ok(())
}
