//! Rows of `customer_groups`, who is in them, and how far the worker has held customers to their rules.

use std::collections::HashMap;

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use rusqlite::params;

use crate::domain::customer::Facts;
use crate::domain::group::Group;
use crate::domain::group::Rule;
use crate::domain::id::CustomerId;
use crate::domain::id::GroupId;
use crate::domain::pricing::GroupDiscount;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;
use crate::store::fault::OnUnique;
use crate::store::marks;

const SELECT: &str =
    "SELECT id, name, description, discount, min_orders, min_spent, tag, metadata, created_at, updated_at,
  version FROM customer_groups";

/// What makes the worker hold a customer to the rules again: payments, cancellations, refunds, edits, and the customer.
const MOVING: &str = "e.type IN (4, 5, 6, 7, 8, 10, 11, 12, 41) AND e.type <> 1";

/// What has a rule, or somebody in it by a rule that it had; and of whom some customers are still to be held to it.
const UNCHECKED: &str = "g.checked_upto < (SELECT ifnull(max(id), 0) FROM customers)
  AND (g.min_orders IS NOT NULL OR g.min_spent IS NOT NULL OR g.tag IS NOT NULL
    OR EXISTS (SELECT 1 FROM customer_group_members m WHERE m.group_id = g.id AND m.by_rule = 1))";

/// Whether any group has a rule.
const HAS_RULES: &str = "EXISTS (SELECT 1 FROM customer_groups
  WHERE min_orders IS NOT NULL OR min_spent IS NOT NULL OR tag IS NOT NULL)";

const MARK: &str = "groups.events";

fn from_row(row: &Row) -> rusqlite::Result<(Group, String)> {
    let rule = Rule {
        min_orders: row.get("min_orders")?,
        min_spent: row.get("min_spent")?,
        tag: row.get("tag")?,
    };
    let group = Group {
        id: row.get("id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        discount: row.get("discount")?,
        rule: rule.says_something().then_some(rule),
        metadata: Facts::default(),
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        version: row.get("version")?,
    };
    Ok((group, row.get("metadata")?))
}

fn whole((group, metadata): (Group, String)) -> Result<Group> {
    let metadata = serde_json::from_str(&metadata).map_err(|cause| Error::Internal(cause.into()))?;
    Ok(Group { metadata, ..group })
}

/// The group; it must exist.
pub fn get(db: &Snapshot, id: GroupId) -> Result<Group> {
    find(db, id)?.ok_or(Error::NotFound("group"))
}

/// The group, if there is one.
pub fn find(db: &Snapshot, id: GroupId) -> Result<Option<Group>> {
    db.db()
        .prepare_cached(&format!("{SELECT} WHERE id = ?1"))?
        .query_row(params![id], from_row)
        .optional()?
        .map(whole)
        .transpose()
}

/// Every group, in the order of their names.
pub fn all(db: &Snapshot) -> Result<Vec<Group>> {
    db.db()
        .prepare_cached(&format!("{SELECT} ORDER BY name"))?
        .query_and_then([], |row| whole(from_row(row)?))?
        .collect()
}

fn metadata(group: &Group) -> Result<String> {
    serde_json::to_string(&group.metadata).map_err(|cause| Error::Internal(cause.into()))
}

/// Adds a group. Refused with `AlreadyExists` if its name is in use.
pub fn insert(tx: &Tx, group: &Group) -> Result<GroupId> {
    let rule = group.rule.clone().unwrap_or_default();
    let id = tx
        .db()
        .prepare_cached(
            "INSERT INTO customer_groups (name, description, discount, min_orders, min_spent, tag, metadata, created_at,
               updated_at)
             VALUES (:name, :description, :discount, :orders, :spent, :tag, :metadata, :now, :now)",
        )?
        .insert(named_params! {
            ":name": group.name, ":description": group.description, ":discount": group.discount,
            ":orders": rule.min_orders, ":spent": rule.min_spent, ":tag": rule.tag, ":metadata": metadata(group)?,
            ":now": tx.now,
        })
        .on_unique("customer_groups.name", || Refusal::Taken("name"))?;
    Ok(GroupId(id))
}

/// Brings a group to what is given, one version on; where its rule is another, everybody is held to it again. Refused
/// with `AlreadyExists` if its name is in use.
pub fn update(tx: &Tx, group: &Group) -> Result<()> {
    let rule = group.rule.clone().unwrap_or_default();
    tx.db()
        .prepare_cached(
            "UPDATE customer_groups
             SET name = :name, description = :description, discount = :discount, metadata = :metadata,
               checked_upto = iif(min_orders IS :orders AND min_spent IS :spent AND tag IS :tag, checked_upto, 0),
               min_orders = :orders, min_spent = :spent, tag = :tag, updated_at = :now, version = version + 1
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": group.id, ":name": group.name, ":description": group.description, ":discount": group.discount,
            ":orders": rule.min_orders, ":spent": rule.min_spent, ":tag": rule.tag, ":metadata": metadata(group)?,
            ":now": tx.now,
        })
        .on_unique("customer_groups.name", || Refusal::Taken("name"))?;
    Ok(())
}

/// Deletes a group that has no members.
pub fn delete(tx: &Tx, id: GroupId) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM customer_groups WHERE id = ?1")?
        .execute(params![id])?;
    Ok(())
}

/// Keeps whether any group pays less: an order of a shop without such groups asks no more.
pub fn count(tx: &Tx) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE settings SET value = EXISTS (SELECT 1 FROM customer_groups WHERE discount > 0)
             WHERE name = 'selling.groups'",
        )?
        .execute([])?;
    Ok(())
}

/// Whether a coupon that is there is only for this group.
pub fn has_coupon(db: &Snapshot, id: GroupId) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT 1 FROM coupon_groups g JOIN coupons c ON c.id = g.coupon_id
             WHERE g.group_id = ?1 AND c.deleted_at IS NULL",
        )?
        .exists(params![id])?)
}

/// Forgets which deleted coupons were only for this group.
pub fn forget_coupons(tx: &Tx, id: GroupId) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM coupon_groups WHERE group_id = ?1")?
        .execute(params![id])?;
    Ok(())
}

/// How many are in a group.
pub fn members(db: &Snapshot, id: GroupId) -> Result<i64> {
    Ok(db
        .db()
        .prepare_cached("SELECT count(*) FROM customer_group_members WHERE group_id = ?1")?
        .query_row(params![id], |row| row.get(0))?)
}

/// The groups of each of these customers.
pub fn of_customers(db: &Snapshot, ids: &[CustomerId]) -> Result<HashMap<CustomerId, Vec<GroupId>>> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let json = serde_json::Value::from(ids).to_string();
    let mut statement = db.db().prepare_cached(
        "SELECT customer_id, group_id FROM customer_group_members
         WHERE customer_id IN (SELECT value FROM json_each(?1))
         ORDER BY customer_id, group_id",
    )?;
    let mut rows = statement.query(params![json])?;
    let mut all: HashMap<CustomerId, Vec<GroupId>> = HashMap::new();
    while let Some(row) = rows.next()? {
        all.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    Ok(all)
}

/// The groups of one customer.
pub fn of_customer(db: &Snapshot, id: CustomerId) -> Result<Vec<GroupId>> {
    Ok(of_customers(db, &[id])?.remove(&id).unwrap_or_default())
}

/// What a customer pays less by each of their groups. (On the path of an order.)
pub fn discounts(db: &Snapshot, id: CustomerId) -> Result<Vec<GroupDiscount>> {
    db.db()
        .prepare_cached(
            "SELECT g.name, g.discount
             FROM customer_group_members m CROSS JOIN customer_groups g ON g.id = m.group_id
             WHERE m.customer_id = ?1 AND g.discount > 0",
        )?
        .query_and_then(params![id], |row| {
            Ok(GroupDiscount {
                name: row.get(0)?,
                percent: row.get(1)?,
            })
        })?
        .collect()
}

/// Puts a customer into a group by hand, to stay whatever the rule says; whether they were not in it.
pub fn add(tx: &Tx, group: GroupId, customer: CustomerId) -> Result<bool> {
    let kept = tx
        .db()
        .prepare_cached(
            "UPDATE customer_group_members SET by_rule = 0 WHERE group_id = ?1 AND customer_id = ?2",
        )?
        .execute(params![group, customer])?;
    Ok(kept == 0 && put(tx, group, customer, false)?)
}

fn put(tx: &Tx, group: GroupId, customer: CustomerId, by_rule: bool) -> Result<bool> {
    let added = tx
        .db()
        .prepare_cached(
            "INSERT OR IGNORE INTO customer_group_members (group_id, customer_id, by_rule, added_at)
             VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![group, customer, by_rule, tx.now])?;
    Ok(added == 1)
}

/// Takes a customer out of a group; whether they were in it.
pub fn remove(tx: &Tx, group: GroupId, customer: CustomerId) -> Result<bool> {
    let gone = tx
        .db()
        .prepare_cached("DELETE FROM customer_group_members WHERE group_id = ?1 AND customer_id = ?2")?
        .execute(params![group, customer])?;
    Ok(gone == 1)
}

/// Whether a customer is in a group by its rule.
pub fn is_by_rule(db: &Snapshot, group: GroupId, customer: CustomerId) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT 1 FROM customer_group_members WHERE group_id = ?1 AND customer_id = ?2 AND by_rule = 1",
        )?
        .exists(params![group, customer])?)
}

/// Brings a customer's membership by rule to what the rule says; by hand stays.
pub fn hold(tx: &Tx, group: GroupId, customer: CustomerId, is_met: bool) -> Result<()> {
    if is_met {
        put(tx, group, customer, true)?;
        return Ok(());
    }
    tx.db()
        .prepare_cached(
            "DELETE FROM customer_group_members WHERE group_id = ?1 AND customer_id = ?2 AND by_rule = 1",
        )?
        .execute(params![group, customer])?;
    Ok(())
}

/// Whether any group has a rule.
pub fn has_rules(db: &Snapshot) -> Result<bool> {
    let sql = format!("SELECT {HAS_RULES}");
    Ok(db.db().prepare_cached(&sql)?.query_row([], |row| row.get(0))?)
}

/// What has happened before the first rule is told to none: everybody is held to it anyway.
pub fn begin_rules(tx: &Tx) -> Result<()> {
    let newest: i64 = tx
        .db()
        .prepare_cached("SELECT ifnull(max(id), 0) FROM events")?
        .query_row([], |row| row.get(0))?;
    marks::set(tx, MARK, newest)
}

/// Whether somebody is to be held to a rule: a rule has changed, somebody is new, or what it asks about has moved.
pub fn is_due(db: &Snapshot) -> Result<bool> {
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM customer_groups g WHERE {UNCHECKED})
             OR {HAS_RULES} AND EXISTS (SELECT 1 FROM events e
                           WHERE {MOVING} AND e.id > (SELECT upto FROM marks WHERE name = '{MARK}')) AS is_due"
    );
    Ok(db.db().prepare_cached(&sql)?.query_row([], |row| row.get(0))?)
}

/// A group of which some customers are still to be held to its rule, and the next of them.
pub fn unchecked(db: &Snapshot, most: usize) -> Result<Option<(Group, Vec<CustomerId>)>> {
    let found: Option<(i64, i64)> = db
        .db()
        .prepare_cached(&format!(
            "SELECT g.id, g.checked_upto FROM customer_groups g WHERE {UNCHECKED} ORDER BY g.id LIMIT 1"
        ))?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((id, upto)) = found else {
        return Ok(None);
    };
    let customers = db
        .db()
        .prepare_cached("SELECT id FROM customers WHERE id > ?1 ORDER BY id LIMIT ?2")?
        .query_and_then(params![upto, most as i64], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some((get(db, GroupId(id))?, customers)))
}

/// Notes up to which customer a group has been held to its rule.
pub fn set_checked(tx: &Tx, id: GroupId, upto: CustomerId) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE customer_groups SET checked_upto = ?2 WHERE id = ?1")?
        .execute(params![id, upto])?;
    Ok(())
}

/// Lets everybody be held to every rule again: an import has brought orders.
pub fn check_again(tx: &Tx) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE customer_groups SET checked_upto = 0
             WHERE min_orders IS NOT NULL OR min_spent IS NOT NULL OR tag IS NOT NULL",
        )?
        .execute([])?;
    Ok(())
}

/// The customers that the next events are about, and the last of those events.
pub fn moved(db: &Snapshot, most: usize) -> Result<(Vec<CustomerId>, i64)> {
    let sql = format!(
        "SELECT e.id, iif(e.type = 41, e.subject, o.customer_id)
         FROM events e LEFT JOIN orders o ON o.id = e.subject AND e.type <> 41
         WHERE {MOVING} AND e.id > ?1
         ORDER BY e.id LIMIT ?2"
    );
    let upto = marks::get(db, MARK)?;
    let mut statement = db.db().prepare_cached(&sql)?;
    let mut rows = statement.query(params![upto, most as i64])?;
    let (mut customers, mut last) = (Vec::new(), upto);
    while let Some(row) = rows.next()? {
        last = row.get(0)?;
        customers.extend(row.get::<_, Option<CustomerId>>(1)?);
    }
    customers.sort_unstable();
    customers.dedup();
    Ok((customers, last))
}

/// Notes the last event whose customer has been held to the rules.
pub fn set_moved(tx: &Tx, event: i64) -> Result<()> {
    marks::set(tx, MARK, event)
}
