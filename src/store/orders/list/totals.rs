//! What lists were counted to, kept for as long as it holds. A count walks up to 20,000 rows, the page itself some fifty;
//! and most lists are asked for again and again.

use crate::domain::order_filter::OrderFilter;
use crate::domain::page::MOST_COUNTED;
use crate::domain::page::Total;
use crate::error::Result;
use crate::store::Snapshot;

/// A long list is counted so far beyond what is told, and then stays long for so many changes.
pub(super) const MARGIN: i64 = 10_000;
/// So many lists are known.
const LISTS: usize = 1024;

/// What is known.
pub struct Totals {
    /// Totals by filter: a list has as many rows in each of its sorts.
    lists: quick_cache::sync::Cache<OrderFilter, Known>,
    /// Beginnings that very many words in the search index have. They become more, hardly ever fewer.
    broad: quick_cache::sync::Cache<String, ()>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    counted: Counted,
    at: Moment,
}

/// What a count has found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    pub(super) total: Total,
    /// So many orders may leave the list, and it is still true.
    endures: i64,
}

/// How far the file has come. Whatever changes an order appends to the audit; an import adds orders only.
#[derive(Debug, Clone, Copy)]
struct Moment {
    audit: i64,
    orders: i64,
}

impl Default for Totals {
    fn default() -> Self {
        Self {
            lists: quick_cache::sync::Cache::new(LISTS),
            broad: quick_cache::sync::Cache::new(LISTS),
        }
    }
}

impl Totals {
    /// Whether a beginning is known to be one of very many words.
    pub fn is_broad(&self, beginning: &str) -> bool {
        self.broad.get(beginning).is_some()
    }

    /// Keeps that it is.
    pub fn keep_broad(&self, beginning: &str) {
        self.broad.insert(beginning.to_owned(), ());
    }
}

impl Counted {
    /// A count of the whole list, up to [`MOST_COUNTED`] + 1 + [`MARGIN`].
    pub(super) const fn whole(rows: i64) -> Self {
        let spare = rows - MOST_COUNTED - 1;
        Self {
            total: Total::of(rows),
            endures: if spare > 0 { spare } else { 0 },
        }
    }

    /// A count of the part of the list that was looked at. Where that alone is long, the list stays long.
    pub(super) fn part(rows: i64) -> Self {
        Self {
            total: Total::AtLeast(rows.min(MOST_COUNTED)),
            ..Self::whole(rows)
        }
    }
}

impl Counted {
    /// The same of a part of the list.
    pub(super) const fn so_far(self) -> Self {
        let (Total::Exactly(rows) | Total::AtLeast(rows)) = self.total;
        Self {
            total: Total::AtLeast(rows),
            endures: 0,
        }
    }
}

impl Moment {
    fn of(db: &Snapshot) -> Result<Self> {
        Ok(db
            .db()
            .prepare_cached(
                "SELECT ifnull((SELECT max(id) FROM audit), 0) AS audit,
                   ifnull((SELECT max(id) FROM orders), 0) AS orders",
            )?
            .query_row([], |row| {
                Ok(Self {
                    audit: row.get("audit")?,
                    orders: row.get("orders")?,
                })
            })?)
    }

    /// How many orders may be others than they were at most.
    const fn apart(self, other: Self) -> i64 {
        (self.audit - other.audit).abs() + (self.orders - other.orders).abs()
    }
}

/// What is known of a list, if it still holds in this picture of the file.
pub(super) fn known(db: &Snapshot, filter: &OrderFilter) -> Result<Option<Total>> {
    let Some(known) = db.totals().and_then(|totals| totals.lists.get(filter)) else {
        return Ok(None);
    };
    let still_holds = Moment::of(db)?.apart(known.at) <= known.counted.endures;
    Ok(still_holds.then_some(known.counted.total))
}

/// Keeps what was counted. A search looks also at customers' names, which change without their orders.
pub(super) fn keep(db: &Snapshot, filter: &OrderFilter, counted: Counted) -> Result<()> {
    if let (Some(totals), None) = (db.totals(), &filter.find) {
        let at = Moment::of(db)?;
        totals.lists.insert(filter.clone(), Known { counted, at });
    }
    Ok(())
}
