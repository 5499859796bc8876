//! The fixed fragments of SQL that a list is put together from, and the values that are bound to them.

use rusqlite::Row;
use rusqlite::ToSql;
use rusqlite::types::Value;

use crate::domain::order::OrderState;
use crate::domain::order_filter::Column;
use crate::domain::order_filter::OrderFilter;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::orders::list::Keys;
use crate::store::orders::list::Wanted;
use crate::store::orders::list::ids::Source;

/// Along a table or an index that has the list's order.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scan<'a> {
    /// The table itself, by id.
    Rows,
    /// By time.
    Placed,
    /// Open orders of one state.
    Open,
    /// Orders that came to nothing, of one state.
    Ended,
    /// Orders that owe.
    Owing,
    /// Not a scan: ids at hand, and where they come from.
    Set(Option<&'a Source<'a>>),
}

pub(super) const SET: &str = "json_each(:ids) j CROSS JOIN orders o ON o.id = j.value";

impl Scan<'_> {
    pub(super) fn of(wanted: &Wanted<'_>) -> Self {
        let filter = wanted.filter;
        match wanted.column {
            Column::Placed | Column::Total => Self::Placed,
            Column::Id if filter.state.is_some_and(|state| state <= OrderState::Shipped) => Self::Open,
            Column::Id if filter.state.is_some_and(|state| state >= OrderState::Canceled) => Self::Ended,
            Column::Id if filter.is_owing() => Self::Owing,
            Column::Id => Self::Rows,
        }
    }

    pub(super) const fn from(self) -> &'static str {
        match self {
            Self::Rows => "orders o NOT INDEXED",
            Self::Placed => "orders o INDEXED BY orders_placed",
            Self::Open => "orders o INDEXED BY orders_open",
            Self::Ended => "orders o INDEXED BY orders_ended",
            Self::Owing => "orders o INDEXED BY orders_owing",
            Self::Set(_) => SET,
        }
    }
}

/// The fragments of a query with their values: what its scan serves, and what is left to look at.
pub(super) struct Query {
    scanned: Vec<&'static str>,
    pub(super) rest: Vec<&'static str>,
    values: Vec<(&'static str, Value)>,
}

impl Query {
    pub(super) fn new(filter: &OrderFilter, scan: Scan<'_>) -> Self {
        let mut query = Self {
            scanned: Vec::new(),
            rest: Vec::new(),
            values: Vec::new(),
        };
        query.add_states(filter, scan);
        query.add_range(filter, scan);
        if let Some(total) = filter.min_total {
            query.add(false, "o.total >= :min_total", ":min_total", total.minor());
        }
        if let Some(total) = filter.max_total {
            query.add(false, "o.total <= :max_total", ":max_total", total.minor());
        }
        let source = match scan {
            Scan::Set(source) => source,
            _ => None,
        };
        if let (Some(customers), false) = (&filter.customers, matches!(source, Some(Source::Customers(_)))) {
            let ids: Vec<i64> = customers.iter().map(|id| id.0).collect();
            let customers = "o.customer_id IN (SELECT value FROM json_each(:customers))";
            query.add(false, customers, ":customers", json(&ids));
        }
        if let (Some(tag), false) = (&filter.tag, matches!(source, Some(Source::Tag(_)))) {
            let tagged = "EXISTS (SELECT 1 FROM order_tags t
               WHERE t.tag_id = (SELECT id FROM tags WHERE name = :tag) AND t.order_id = o.id)";
            query.add(false, tagged, ":tag", tag.clone());
        }
        query
    }

    /// A partial index is used only where its own terms are said again.
    fn add_states(&mut self, filter: &OrderFilter, scan: Scan<'_>) {
        if let Some(state) = filter.state {
            let is_scanned = matches!(scan, Scan::Open | Scan::Ended);
            self.add(is_scanned, "o.status = :status", ":status", state.number());
            match scan {
                Scan::Open => self.scanned.push("o.status <= 2"),
                Scan::Ended => self.scanned.push("o.status >= 4"),
                _ => {}
            }
        }
        if let Some(payment) = filter.payment {
            let is_scanned = matches!(scan, Scan::Owing);
            self.add(
                is_scanned,
                "o.payment_status = :payment",
                ":payment",
                payment.number(),
            );
            match (is_scanned, filter.is_owing()) {
                (true, _) => self.scanned.push("o.payment_status <= 3 AND o.status <= 3"),
                (false, true) => self.rest.push("o.status <= 3"),
                (false, false) => {}
            }
        }
        if let Some(fulfilment) = filter.fulfilment {
            self.add(
                false,
                "o.fulfilment_status = :fulfilment",
                ":fulfilment",
                fulfilment.number(),
            );
        }
    }

    fn add_range(&mut self, filter: &OrderFilter, scan: Scan<'_>) {
        let is_scanned = matches!(scan, Scan::Placed);
        if let Some(from) = filter.from {
            self.add(is_scanned, "o.placed_at >= :from", ":from", from.ms());
        }
        if let Some(to) = filter.to {
            self.add(is_scanned, "o.placed_at <= :to", ":to", to.ms());
        }
    }

    fn add(&mut self, is_scanned: bool, sql: &'static str, name: &'static str, value: impl Into<Value>) {
        match is_scanned {
            true => self.scanned.push(sql),
            false => self.rest.push(sql),
        }
        self.bind(name, value);
    }

    pub(super) fn bind(&mut self, name: &'static str, value: impl Into<Value>) {
        self.unbind(name);
        self.values.push((name, value.into()));
    }

    pub(super) fn unbind(&mut self, name: &str) {
        self.values.retain(|(bound, _)| *bound != name);
    }

    /// Leaves out what the scan does not serve.
    pub(super) fn only_scanned(&mut self) {
        for condition in std::mem::take(&mut self.rest) {
            self.values.retain(|(name, _)| !condition.contains(name));
        }
    }

    /// Begins behind the keys, in the list's direction.
    pub(super) fn start(&mut self, wanted: &Wanted<'_>) {
        let Some((key, id)) = wanted.behind else {
            return;
        };
        self.scanned.push(match (wanted.column, wanted.descending) {
            (Column::Id, true) => "o.id < :id",
            (Column::Id, false) => "o.id > :id",
            (Column::Placed, true) => "o.placed_at <= :key AND (o.placed_at, o.id) < (:key, :id)",
            (Column::Placed, false) => "o.placed_at >= :key AND (o.placed_at, o.id) > (:key, :id)",
            (Column::Total, true) => "(o.total, o.id) < (:key, :id)",
            (Column::Total, false) => "(o.total, o.id) > (:key, :id)",
        });
        self.bind(":id", id);
        if wanted.column != Column::Id {
            self.bind(":key", key);
        }
    }

    pub(super) fn scanned(&self) -> String {
        joined(&self.scanned)
    }

    pub(super) fn rest(&self) -> String {
        joined(&self.rest)
    }

    fn params(&self) -> Vec<(&str, &dyn ToSql)> {
        self.values
            .iter()
            .map(|(name, value)| (*name, value as &dyn ToSql))
            .collect()
    }

    pub(super) fn keys(&self, db: &Snapshot, sql: &str) -> Result<Vec<Keys>> {
        db.db()
            .prepare_cached(sql)?
            .query_and_then(self.params().as_slice(), |row| Ok(keys(row)?))?
            .collect()
    }

    pub(super) fn each(&self, db: &Snapshot, sql: &str, mut see: impl FnMut(Keys)) -> Result<()> {
        let mut statement = db.db().prepare_cached(sql)?;
        let mut rows = statement.query(self.params().as_slice())?;
        while let Some(row) = rows.next()? {
            see(keys(row)?);
        }
        Ok(())
    }

    pub(super) fn value(&self, db: &Snapshot, sql: &str) -> Result<i64> {
        Ok(db
            .db()
            .prepare_cached(sql)?
            .query_row(self.params().as_slice(), |row| row.get(0))?)
    }
}

fn keys(row: &Row) -> rusqlite::Result<Keys> {
    Ok((row.get(0)?, row.get(1)?))
}

fn joined(conditions: &[&'static str]) -> String {
    match conditions {
        [] => "1".to_owned(),
        some => some.join(" AND "),
    }
}

pub(super) fn json(ids: &[i64]) -> String {
    let texts: Vec<String> = ids.iter().map(i64::to_string).collect();
    format!("[{}]", texts.join(","))
}

pub(super) const fn key(column: Column) -> &'static str {
    match column {
        Column::Id => "o.id",
        Column::Placed => "o.placed_at",
        Column::Total => "o.total",
    }
}

pub(super) const fn order(column: Column, descending: bool) -> &'static str {
    match (column, descending) {
        (Column::Id, true) => "o.id DESC",
        (Column::Id, false) => "o.id",
        (Column::Placed, true) => "o.placed_at DESC, o.id DESC",
        (Column::Placed, false) => "o.placed_at, o.id",
        (Column::Total, true) => "o.total DESC, o.id DESC",
        (Column::Total, false) => "o.total, o.id",
    }
}
