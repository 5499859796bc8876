//! What is kept of a person beside the journal: the records, the account, the orders.

use rusqlite::named_params;
use rusqlite::params;

use crate::domain::id::CustomerId;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::forgetting::ids;
use crate::store::forgetting::json;

/// The number of an order is ?1. A new token ends the private link. What a provider calls a payment stays: by it the
/// books are held beside the provider's.
const OF_ORDER: &[&str] = &[
    "UPDATE order_contacts
     SET token = randomblob(16), email = NULL, shipping_address = NULL, billing_address = NULL, note = NULL,
       client_token = NULL
     WHERE order_id = ?1",
    "DELETE FROM order_contact_changes WHERE order_id = ?1",
    "UPDATE drafts
     SET asked = json_remove(asked, '$.email', '$.shipping_address', '$.billing_address', '$.note'), reason = NULL
     WHERE order_id = ?1",
    "UPDATE order_changes SET note = NULL WHERE id > ?1 << 12 AND id < (?1 + 1) << 12 AND note IS NOT NULL",
    "UPDATE payment_tasks SET failure = NULL
     WHERE failure IS NOT NULL AND payment_id IN (SELECT id FROM payments WHERE order_id = ?1)",
    "UPDATE payments
     SET token = NULL, client_secret = NULL, redirect_url = NULL, return_url = NULL, reference = NULL, failure = NULL
     WHERE order_id = ?1",
    "UPDATE refunds SET reason = '', note = NULL, reference = NULL, failure = NULL WHERE order_id = ?1",
    "UPDATE returns SET reason = '' WHERE order_id = ?1",
    "UPDATE shipments SET tracking = NULL, tracking_url = NULL WHERE order_id = ?1",
    "UPDATE sandbox_payments SET return_url = NULL WHERE order_id = ?1 AND return_url IS NOT NULL",
];

/// Orders of a bucket of their index.
const BUCKET: i64 = 13;
/// Buckets that one step looks into.
const MOST_BUCKETS: i64 = 500;

/// Deletes the drafts of these records that became no order, and those that hold one of the words.
pub fn forget_drafts(tx: &Tx, customers: &[CustomerId], words: &[String]) -> Result<()> {
    tx.db()
        .prepare_cached(
            "DELETE FROM drafts
             WHERE order_id IS NULL AND (
               customer_id IN (SELECT value FROM json_each(:customers))
               OR EXISTS (SELECT 1 FROM json_each(:words) w
                 WHERE instr(lower(asked), w.value) > 0 OR instr(lower(ifnull(reason, '')), w.value) > 0))",
        )?
        .execute(named_params! { ":customers": ids(customers)?, ":words": json(&words)? })?;
    Ok(())
}

/// Blanks a record, and takes it out of everything that it was in.
pub fn forget_record(tx: &Tx, id: CustomerId) -> Result<()> {
    for sql in [
        "DELETE FROM customer_group_members WHERE customer_id = ?1",
        "DELETE FROM customer_details WHERE customer_id = ?1",
    ] {
        tx.db().prepare_cached(sql)?.execute(params![id])?;
    }
    forget_tags(tx, id)?;
    tx.db()
        .prepare_cached(
            "UPDATE customers
             SET name = '(forgotten)', email = NULL, phone = NULL, country = NULL, number = NULL, status = 1,
               anonymised_at = :now, updated_at = :now, version = version + 1
             WHERE id = :id",
        )?
        .execute(named_params! { ":id": id, ":now": tx.now })?;
    Ok(())
}

/// A tag that was theirs alone tells of them, and goes with them.
fn forget_tags(tx: &Tx, id: CustomerId) -> Result<()> {
    let tags: Vec<i64> = tx
        .db()
        .prepare_cached("DELETE FROM customer_tags WHERE customer_id = ?1 RETURNING tag_id")?
        .query_and_then(params![id], |row| Ok(row.get(0)?))?
        .collect::<Result<_>>()?;
    for tag in tags {
        tx.db()
            .prepare_cached(
                "DELETE FROM tags
                 WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM order_tags WHERE tag_id = ?1)
                   AND NOT EXISTS (SELECT 1 FROM customer_tags WHERE tag_id = ?1)",
            )?
            .execute(params![tag])?;
    }
    Ok(())
}

/// Closes an account and blanks it. No name that can be typed holds a colon: nobody's is in the way.
pub fn forget_account(tx: &Tx, id: UserId) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE users
             SET username = 'forgotten:' || id, email = 'forgotten:' || id, email_verified = 0, name = NULL,
               phone = NULL, password = '', status = 2, token_epoch = token_epoch + 1, updated_at = :now,
               version = version + 1
             WHERE id = :id",
        )?
        .execute(named_params! { ":id": id, ":now": tx.now })?;
    for sql in [
        "DELETE FROM recovery_codes WHERE user_id = ?1",
        "DELETE FROM factors WHERE user_id = ?1",
        "DELETE FROM cart_items WHERE cart_id IN (SELECT id FROM carts WHERE user_id = ?1)",
        "DELETE FROM carts WHERE user_id = ?1",
        "UPDATE links SET used_at = ifnull(used_at, created_at), email = iif(email IS NULL, NULL, '') WHERE user_id = ?1",
    ] {
        tx.db().prepare_cached(sql)?.execute(params![id])?;
    }
    tx.db()
        .prepare_cached("UPDATE api_keys SET name = '', ended_at = ifnull(ended_at, ?2) WHERE user_id = ?1")?
        .execute(params![id, tx.now])?;
    Ok(())
}

/// Blanks where an account was used from, and what was said of its money; whether there was something to blank. Rows go
/// in their own time: a token must not find another session under its number.
pub fn forget_sessions(tx: &Tx, id: UserId, most: usize) -> Result<bool> {
    let sessions = tx
        .db()
        .prepare_cached(
            "UPDATE sessions SET ip = NULL, user_agent = NULL, ended_at = ifnull(ended_at, :now)
             WHERE id IN (SELECT id FROM sessions
               WHERE user_id = :user AND (ip IS NOT NULL OR user_agent IS NOT NULL OR ended_at IS NULL)
               ORDER BY id LIMIT :most)",
        )?
        .execute(named_params! { ":user": id, ":now": tx.now, ":most": most as i64 })?;
    let transfers = tx
        .db()
        .prepare_cached(
            "UPDATE transfers SET reason = NULL
             WHERE id IN (SELECT t.id FROM transfers t JOIN accounts a ON a.id = t.wallet
               WHERE a.user_id = :user AND t.reason IS NOT NULL LIMIT :most)",
        )?
        .execute(named_params! { ":user": id, ":most": most as i64 })?;
    Ok(sessions + transfers > 0)
}

/// Blanks what is personal about an order.
pub fn forget_order(tx: &Tx, id: OrderId) -> Result<()> {
    for sql in OF_ORDER {
        tx.db().prepare_cached(sql)?.execute(params![id])?;
    }
    Ok(())
}

/// Orders of these records behind one, in the order of their ids, and where the look ended if it did not see all.
pub fn orders_behind(
    db: &Snapshot,
    customers: &[CustomerId],
    after: OrderId,
    most: usize,
) -> Result<(Vec<OrderId>, Option<OrderId>)> {
    let json = ids(customers)?;
    let newest: i64 = db
        .db()
        .prepare_cached("SELECT ifnull(max(id), 0) FROM orders")?
        .query_row([], |row| row.get(0))?;
    let mut statement = db.db().prepare_cached(
        "SELECT o.id FROM json_each(?2) j CROSS JOIN orders o ON o.customer_id = j.value
         WHERE o.id >> 13 = ?1 AND o.id > ?3
         ORDER BY o.id
         LIMIT ?4",
    )?;
    let mut found: Vec<OrderId> = Vec::new();
    let first = after.0 >> BUCKET;
    for bucket in first..=newest >> BUCKET {
        if bucket - first == MOST_BUCKETS {
            return Ok((found, Some(OrderId((bucket << BUCKET) - 1))));
        }
        let room = (most - found.len()) as i64;
        let mut rows = statement.query(params![bucket, json, after, room])?;
        while let Some(row) = rows.next()? {
            found.push(row.get(0)?);
        }
        if found.len() >= most {
            let last = found.last().copied();
            return Ok((found, last));
        }
    }
    Ok((found, None))
}

/// What is still owed to a person, or by them, that would be lost with them: in a word.
pub fn owes(db: &Snapshot, customers: &[CustomerId], user: Option<UserId>) -> Result<Option<&'static str>> {
    let json = ids(customers)?;
    for (what, sql) in [
        (
            "order",
            "SELECT 1 FROM orders WHERE status <= 1 AND customer_id IN (SELECT value FROM json_each(?1)) AND ?2 IS ?2",
        ),
        (
            "wallet",
            "SELECT 1 FROM accounts WHERE user_id = ?2 AND balance <> 0 AND ?1 IS ?1",
        ),
        (
            "commission",
            "SELECT 1 FROM commissions WHERE seller_id = ?2 AND state <= 1 AND ?1 IS ?1",
        ),
    ] {
        if db.db().prepare_cached(sql)?.exists(params![json, user])? {
            return Ok(Some(what));
        }
    }
    Ok(None)
}
