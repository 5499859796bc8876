//! The orders of a page, whole or in brief, read in few statements.

use std::collections::HashMap;

use rusqlite::Row;
use rusqlite::params;

use crate::domain::id::OrderId;
use crate::domain::order::Brief;
use crate::domain::order::Contacts;
use crate::domain::order::Line;
use crate::domain::order::Order;
use crate::domain::order::OrderHead;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::orders::list::query::json;
use crate::store::orders::read::CONTACTS;
use crate::store::orders::read::HEAD;
use crate::store::orders::read::LINE;
use crate::store::orders::read::contacts_from_row;
use crate::store::orders::read::head_from_row;
use crate::store::orders::read::line_from_row;

/// The orders with these ids, in their order.
pub(super) fn of(db: &Snapshot, ids: &[OrderId]) -> Result<Vec<Order>> {
    let list = listed(ids);
    let mut heads = heads(db, &list)?;
    let mut contacts: HashMap<OrderId, Contacts> = rows(
        db,
        &format!("SELECT {CONTACTS}, k.order_id FROM json_each(?1) j CROSS JOIN order_contacts k ON k.order_id = j.value"),
        &list,
        |row| Ok((row.get(6)?, contacts_from_row(row)?)),
    )?
    .into_iter()
    .collect();
    let mut lines = lines(db, &list)?;
    let mut tags = tags(db, &list)?;
    Ok(ids
        .iter()
        .filter_map(|id| {
            Some(Order {
                head: heads.remove(id)?,
                contacts: contacts.remove(id).unwrap_or_default(),
                lines: lines.remove(id).unwrap_or_default(),
                tags: tags.remove(id).unwrap_or_default(),
            })
        })
        .collect())
}

/// What a list tells of them: of fifty orders the lines alone would be a thousand rows.
pub(super) fn briefs(db: &Snapshot, ids: &[OrderId]) -> Result<Vec<Brief>> {
    let list = listed(ids);
    let mut heads = heads(db, &list)?;
    let mut emails: HashMap<OrderId, Option<String>> = rows(
        db,
        "SELECT k.order_id, k.email FROM json_each(?1) j CROSS JOIN order_contacts k ON k.order_id = j.value",
        &list,
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?
    .into_iter()
    .collect();
    let mut tags = tags(db, &list)?;
    Ok(ids
        .iter()
        .filter_map(|id| {
            Some(Brief {
                head: heads.remove(id)?,
                email: emails.remove(id).flatten(),
                tags: tags.remove(id).unwrap_or_default(),
            })
        })
        .collect())
}

fn listed(ids: &[OrderId]) -> String {
    let numbers: Vec<i64> = ids.iter().map(|id| id.0).collect();
    json(&numbers)
}

fn heads(db: &Snapshot, list: &str) -> Result<HashMap<OrderId, OrderHead>> {
    let sql = format!("SELECT {HEAD} FROM json_each(?1) j CROSS JOIN orders o ON o.id = j.value");
    let heads = rows(db, &sql, list, head_from_row)?;
    Ok(heads.into_iter().map(|head| (head.id, head)).collect())
}

fn lines(db: &Snapshot, list: &str) -> Result<HashMap<OrderId, Vec<Line>>> {
    let sql = format!(
        "SELECT {LINE}
         FROM json_each(?1) j CROSS JOIN order_lines l ON l.id > j.value << 12 AND l.id < (j.value + 1) << 12"
    );
    let mut lines: HashMap<OrderId, Vec<Line>> = HashMap::new();
    for line in rows(db, &sql, list, line_from_row)? {
        lines.entry(OrderId(line.id.0 >> 12)).or_default().push(line);
    }
    for lines in lines.values_mut() {
        lines.sort_by_key(|line| line.id);
    }
    Ok(lines)
}

fn tags(db: &Snapshot, list: &str) -> Result<HashMap<OrderId, Vec<String>>> {
    let sql = "SELECT o.order_id, t.name
       FROM json_each(?1) j CROSS JOIN order_tags o ON o.order_id = j.value CROSS JOIN tags t ON t.id = o.tag_id
       ORDER BY t.name";
    let mut tags: HashMap<OrderId, Vec<String>> = HashMap::new();
    for (order, tag) in rows(db, sql, list, |row| Ok((row.get(0)?, row.get(1)?)))? {
        tags.entry(order).or_default().push(tag);
    }
    Ok(tags)
}

fn rows<T>(
    db: &Snapshot,
    sql: &str,
    list: &str,
    read: impl Fn(&Row) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    db.db()
        .prepare_cached(sql)?
        .query_and_then(params![list], |row| Ok(read(row)?))?
        .collect()
}
