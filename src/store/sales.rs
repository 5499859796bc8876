//! Lines that were sold for sellers: read along the commissions that they have brought.

use rusqlite::Row;
use rusqlite::named_params;

use crate::domain::id::OrderId;
use crate::domain::money::Money;
use crate::domain::order::NUMBER_BASE;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::sale::Sale;
use crate::domain::sale::SaleFilter;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::newest;

const SELECT: &str = "SELECT c.id AS commission_id, c.seller_id, c.rate, c.amount, c.state AS commission_state,
    (SELECT ifnull(sum(u.amount), 0) FROM commissions u WHERE u.order_id = c.order_id AND u.reverses = c.id) AS undone,
    l.id AS line_id, l.product_id, l.variant_id, l.sku, l.name, l.quantity, l.unit_price, l.discount, l.total,
    o.id AS order_id, o.status, o.placed_at, o.currency, o.number";

const FROM: &str = "FROM commissions c CROSS JOIN order_lines l ON l.id = c.line_id CROSS JOIN orders o ON o.id = c.order_id";

fn from_row(row: &Row) -> rusqlite::Result<Sale> {
    let (brought, undone): (Money, Money) = (row.get("amount")?, row.get("undone")?);
    let (order, number): (OrderId, Option<String>) = (row.get("order_id")?, row.get("number")?);
    Ok(Sale {
        line: row.get("line_id")?,
        seller: row.get("seller_id")?,
        order,
        number: number.unwrap_or_else(|| (NUMBER_BASE + order.0).to_string()),
        state: row.get("status")?,
        placed_at: row.get("placed_at")?,
        currency: row.get("currency")?,
        product: row.get("product_id")?,
        variant: row.get("variant_id")?,
        sku: row.get("sku")?,
        name: row.get("name")?,
        quantity: row.get("quantity")?,
        unit_price: row.get("unit_price")?,
        discount: row.get("discount")?,
        total: row.get("total")?,
        commission: row.get("commission_id")?,
        rate: row.get("rate")?,
        brought,
        left: brought.checked_add(undone).unwrap_or(Money::ZERO),
        commission_state: row.get("commission_state")?,
    })
}

/// A page of sales, newest first.
pub fn page(db: &Snapshot, filter: &SaleFilter, paging: &Paging) -> Result<Page<Sale>> {
    let start = if paging.is_backwards() { 0 } else { i64::MAX };
    let rows = db
        .db()
        .prepare_cached(&page_sql(filter.seller.is_some(), paging.is_backwards()))?
        .query_and_then(
            named_params! {
                ":key": paging.keys().map_or(start, |keys| keys.1),
                ":seller": filter.seller,
                ":state": filter.state,
                ":sku": filter.sku.as_ref().map(|sku| sku.as_str()),
                ":order": filter.order,
                ":commission": filter.commission,
                ":from": filter.from.unwrap_or(Timestamp::MIN),
                ":to": filter.to.unwrap_or(Timestamp::MAX),
                ":limit": paging.wanted() as i64,
                ":skipped": paging.skipped(),
            },
            |row| Ok(from_row(row)?),
        )?
        .collect::<Result<Vec<Sale>>>()?;
    let counted = newest::counted(
        db,
        &from_sql(filter.seller.is_some()),
        named_params! {
            ":seller": filter.seller,
            ":state": filter.state,
            ":sku": filter.sku.as_ref().map(|sku| sku.as_str()),
            ":order": filter.order,
            ":commission": filter.commission,
            ":from": filter.from.unwrap_or(Timestamp::MIN),
            ":to": filter.to.unwrap_or(Timestamp::MAX),
        },
    )?;
    Ok(paging
        .cut(rows, |row: &Sale| (0, row.commission.0))
        .counted(counted))
}

fn page_sql(is_of_one: bool, is_backwards: bool) -> String {
    let (turn, order) = match is_backwards {
        true => ("c.id > :key", "c.id"),
        false => ("c.id < :key", "c.id DESC"),
    };
    let from = from_sql(is_of_one);
    format!("{SELECT} {from} AND {turn} ORDER BY {order} LIMIT :limit OFFSET :skipped")
}

/// Whence the sales come, and which of them are asked for.
fn from_sql(is_of_one: bool) -> String {
    let whose = match is_of_one {
        true => "c.seller_id = :seller",
        false => ":seller IS NULL",
    };
    format!(
        "{FROM}
         WHERE {whose} AND c.reverses IS NULL AND c.at >= :from AND c.at <= :to
           AND (:order IS NULL OR c.order_id = :order) AND (:commission IS NULL OR c.state = :commission)
           AND (:sku IS NULL OR l.sku = :sku) AND (:state IS NULL OR o.status = :state)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::plan;

    /// B16: a seller's sales are found along their own.
    #[test]
    fn a_sellers_sales_run_along_their_own() {
        for is_backwards in [false, true] {
            let plan = plan::of(&plan::empty(), &page_sql(true, is_backwards));
            assert!(plan.contains("commissions_sales (seller_id=? AND id"), "{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
