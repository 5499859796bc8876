//! Rows of `accounts`, `transfers` and `holds`. An account's balance moves in the same statement group as the transfer
//! that explains it, by a guarded update: it cannot fall below what is held.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::id::AccountId;
use crate::domain::id::OrderId;
use crate::domain::id::PaymentId;
use crate::domain::id::TransferId;
use crate::domain::id::UserId;
use crate::domain::money::Money;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::time::Timestamp;
use crate::domain::wallet::Hold;
use crate::domain::wallet::Transfer;
use crate::domain::wallet::TransferFilter;
use crate::domain::wallet::TransferKind;
use crate::domain::wallet::Wallet;
use crate::domain::wallet::Way;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::newest;

const WALLET: &str = "SELECT id, user_id, balance, held, updated_at FROM accounts";

fn wallet_from_row(row: &Row) -> rusqlite::Result<Wallet> {
    Ok(Wallet {
        account: Some(row.get("id")?),
        user: row.get("user_id")?,
        balance: row.get("balance")?,
        held: row.get("held")?,
        updated_at: Some(row.get("updated_at")?),
    })
}

/// What a user has; nothing has moved for most.
pub fn of_user(db: &Snapshot, user: UserId) -> Result<Wallet> {
    let found = db
        .db()
        .prepare_cached(&format!("{WALLET} WHERE user_id = :user"))?
        .query_row(named_params! { ":user": user }, wallet_from_row)
        .optional()?;
    Ok(found.unwrap_or(Wallet::empty(user)))
}

/// A page of the wallets that there are, newest first; of those alone that keep something ready, if so asked.
pub fn all(db: &Snapshot, is_held: bool, paging: &Paging) -> Result<Page<Wallet>> {
    let (side, order) = newest::side(paging.is_backwards());
    let held = if is_held { "AND held > 0" } else { "" };
    let rows = db
        .db()
        .prepare_cached(&format!(
            "{WALLET} WHERE {side} AND user_id IS NOT NULL {held} ORDER BY {order} LIMIT :limit OFFSET :skipped"
        ))?
        .query_and_then(
            named_params! {
                ":key": newest::key(paging),
                ":limit": paging.wanted() as i64,
                ":skipped": paging.skipped(),
            },
            |row| Ok(wallet_from_row(row)?),
        )?
        .collect::<Result<Vec<Wallet>>>()?;
    Ok(paging.cut(rows, |wallet: &Wallet| {
        (0, wallet.account.map_or(0, |account| account.0))
    }))
}

/// What all wallets hold together: what the shop's own accounts lack.
pub fn owed(db: &Snapshot) -> Result<Money> {
    Ok(db
        .db()
        .prepare_cached("SELECT -sum(balance) FROM accounts WHERE id <= 3")?
        .query_row([], |row| row.get(0))?)
}

/// A user's account, made if there is none.
pub fn account(tx: &Tx, user: UserId) -> Result<AccountId> {
    match of_user(tx, user)?.account {
        Some(account) => Ok(account),
        None => Ok(AccountId(
            tx.db()
                .prepare_cached("INSERT INTO accounts (user_id, updated_at) VALUES (:user, :now)")?
                .insert(named_params! { ":user": user, ":now": tx.now })?,
        )),
    }
}

const TRANSFER: &str =
    "SELECT id, wallet, kind, iif(credit = wallet, amount, -amount) AS moved, balance, order_id,
  actor_id, reason, at
  FROM transfers";

fn from_row(row: &Row) -> rusqlite::Result<Transfer> {
    Ok(Transfer {
        id: row.get("id")?,
        wallet: row.get("wallet")?,
        kind: row.get("kind")?,
        amount: row.get("moved")?,
        balance: row.get("balance")?,
        order: row.get("order_id")?,
        actor: row.get("actor_id")?,
        reason: row.get("reason")?,
        at: row.get("at")?,
    })
}

/// The transfer; it must exist.
pub fn get(db: &Snapshot, id: TransferId) -> Result<Transfer> {
    let found = db
        .db()
        .prepare_cached(&format!("{TRANSFER} WHERE id = :id"))?
        .query_row(named_params! { ":id": id }, from_row)
        .optional()?;
    found.ok_or(Error::NotFound("transfer"))
}

/// The transfer that was made for a cause.
pub fn by_key(db: &Snapshot, key: &str) -> Result<Option<Transfer>> {
    Ok(db
        .db()
        .prepare_cached(&format!("{TRANSFER} WHERE key = :key"))?
        .query_row(named_params! { ":key": key }, from_row)
        .optional()?)
}

/// A transfer that is to be made.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the columns")]
pub struct NewRow<'a> {
    pub key: &'a str,
    pub wallet: AccountId,
    pub way: Way,
    pub kind: TransferKind,
    pub amount: Money,
    pub order: Option<OrderId>,
    pub reverses: Option<TransferId>,
    pub actor: Option<UserId>,
    pub reason: Option<&'a str>,
}

/// Moves money between a wallet and the shop; none where there is not enough, or no room for it.
pub fn transfer(tx: &Tx, new: &NewRow<'_>) -> Result<Option<TransferId>> {
    let Some(balance) = shift(tx, new)? else {
        return Ok(None);
    };
    let (debit, credit, gain) = match new.way {
        Way::In => (new.kind.shops(), new.wallet, -new.amount),
        Way::Out => (new.wallet, new.kind.shops(), new.amount),
    };
    tx.db()
        .prepare_cached("UPDATE accounts SET balance = balance + :gain, updated_at = :now WHERE id = :shops")?
        .execute(named_params! { ":shops": new.kind.shops(), ":gain": gain, ":now": tx.now })?;
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO transfers (key, debit, credit, amount, kind, balance, order_id, reverses, actor_id, reason, at)
             VALUES (:key, :debit, :credit, :amount, :kind, :balance, :order, :reverses, :actor, :reason, :now)",
        )?
        .insert(named_params! {
            ":key": new.key,
            ":debit": debit,
            ":credit": credit,
            ":amount": new.amount,
            ":kind": new.kind,
            ":balance": balance,
            ":order": new.order,
            ":reverses": new.reverses,
            ":actor": new.actor,
            ":reason": new.reason,
            ":now": tx.now,
        })?;
    Ok(Some(TransferId(id)))
}

/// Moves the wallet's own balance, if it may; what it is then.
fn shift(tx: &Tx, new: &NewRow<'_>) -> Result<Option<Money>> {
    let delta = match new.way {
        Way::In => new.amount,
        Way::Out => -new.amount,
    };
    Ok(tx
        .db()
        .prepare_cached(
            "UPDATE accounts SET balance = balance + :delta, updated_at = :now
             WHERE id = :id AND balance + :delta BETWEEN held AND :most
             RETURNING balance",
        )?
        .query_row(
            named_params! { ":id": new.wallet, ":delta": delta, ":most": Money::MAX, ":now": tx.now },
            |row| row.get("balance"),
        )
        .optional()?)
}

/// A page of a wallet's transfers, newest first.
pub fn page(
    db: &Snapshot,
    wallet: AccountId,
    filter: &TransferFilter,
    paging: &Paging,
) -> Result<Page<Transfer>> {
    let (turn, start) = match paging.is_backwards() {
        true => ("(at, id) > (:at, :id) AND", (i64::MIN, i64::MIN)),
        false => ("(at, id) < (:at, :id) AND", (i64::MAX, i64::MAX)),
    };
    let order = match paging.is_backwards() {
        true => "at, id",
        false => "at DESC, id DESC",
    };
    let keys = paging.keys().unwrap_or(start);
    let rows = db
        .db()
        .prepare_cached(&format!(
            "{TRANSFER}
             WHERE wallet = :wallet AND at >= :from AND at <= :to AND {turn} (:kind IS NULL OR kind = :kind)
             ORDER BY {order} LIMIT :limit OFFSET :skipped"
        ))?
        .query_and_then(
            named_params! {
                ":wallet": wallet,
                ":from": filter.from.map_or(i64::MIN, Timestamp::ms),
                ":to": filter.to.map_or(i64::MAX, Timestamp::ms),
                ":at": keys.0,
                ":id": keys.1,
                ":kind": filter.kind,
                ":limit": paging.wanted() as i64,
                ":skipped": paging.skipped(),
            },
            |row| Ok(from_row(row)?),
        )?
        .collect::<Result<Vec<Transfer>>>()?;
    let counted = newest::counted(
        db,
        "FROM transfers
         WHERE wallet = :wallet AND at >= :from AND at <= :to AND (:kind IS NULL OR kind = :kind)",
        named_params! {
            ":wallet": wallet,
            ":from": filter.from.map_or(i64::MIN, Timestamp::ms),
            ":to": filter.to.map_or(i64::MAX, Timestamp::ms),
            ":kind": filter.kind,
        },
    )?;
    Ok(paging
        .cut(rows, |row: &Transfer| (row.at.ms(), row.id.0))
        .counted(counted))
}

/// How much of a kind has moved since a moment.
pub fn moved_since(db: &Snapshot, wallet: AccountId, kind: TransferKind, since: Timestamp) -> Result<Money> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT ifnull(sum(amount), 0) FROM transfers WHERE wallet = :wallet AND at >= :since AND kind = :kind",
        )?
        .query_row(
            named_params! { ":wallet": wallet, ":since": since, ":kind": kind },
            |row| row.get(0),
        )?)
}

/// Keeps so much ready for a payment; whether there is so much.
pub fn hold(tx: &Tx, payment: PaymentId, account: AccountId, amount: Money) -> Result<bool> {
    let changed = tx
        .db()
        .prepare_cached(
            "UPDATE accounts SET held = held + :amount, updated_at = :now WHERE id = :id AND balance - held >= :amount",
        )?
        .execute(named_params! { ":id": account, ":amount": amount, ":now": tx.now })?;
    if changed == 0 {
        return Ok(false);
    }
    tx.db()
        .prepare_cached(
            "INSERT INTO holds (payment_id, account_id, amount, at) VALUES (:payment, :account, :amount, :now)",
        )?
        .execute(named_params! {
            ":payment": payment,
            ":account": account,
            ":amount": amount,
            ":now": tx.now,
        })?;
    Ok(true)
}

/// What a wallet keeps ready, oldest first.
pub fn holds(db: &Snapshot, account: AccountId) -> Result<Vec<Hold>> {
    db.db()
        .prepare_cached(
            "SELECT p.order_id, h.amount, h.at
             FROM holds h JOIN payments p ON p.id = h.payment_id
             WHERE h.account_id = :account AND h.ended_at IS NULL
             ORDER BY h.payment_id",
        )?
        .query_and_then(named_params! { ":account": account }, |row| {
            Ok(Hold {
                order: row.get("order_id")?,
                amount: row.get("amount")?,
                at: row.get("at")?,
            })
        })?
        .collect()
}

/// Ends the hold of a payment, if it has one that is open: what it held is available again.
pub fn release(tx: &Tx, payment: PaymentId) -> Result<Option<AccountId>> {
    let ended: Option<(AccountId, Money)> = tx
        .db()
        .prepare_cached(
            "UPDATE holds SET ended_at = :now WHERE payment_id = :payment AND ended_at IS NULL
             RETURNING account_id, amount",
        )?
        .query_row(named_params! { ":payment": payment, ":now": tx.now }, |row| {
            Ok((row.get("account_id")?, row.get("amount")?))
        })
        .optional()?;
    let Some((account, amount)) = ended else {
        return Ok(None);
    };
    tx.db()
        .prepare_cached("UPDATE accounts SET held = held - :amount, updated_at = :now WHERE id = :id")?
        .execute(named_params! { ":id": account, ":amount": amount, ":now": tx.now })?;
    Ok(Some(account))
}

/// Whose an account is.
pub fn user(db: &Snapshot, account: AccountId) -> Result<UserId> {
    Ok(db
        .db()
        .prepare_cached("SELECT user_id FROM accounts WHERE id = :id")?
        .query_row(named_params! { ":id": account }, |row| row.get("user_id"))?)
}
