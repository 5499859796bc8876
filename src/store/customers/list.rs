//! Lists of customers, by id. A page is found along one way: the search index, a group, a tag, an address, a state, or the
//! table itself. What the way does not serve is looked at row by row, 50,000 rows a page at most.

use rusqlite::ToSql;
use rusqlite::types::Value;

use crate::domain::customer::Customer;
use crate::domain::customer::CustomerFilter;
use crate::domain::customer::CustomerSort;
use crate::domain::id::CustomerId;
use crate::domain::order_filter::MOST_LOOKED_AT;
use crate::domain::page::MOST_COUNTED;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::page::Total;
use crate::domain::search::Find;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::customers;
use crate::store::customers::SELECT;
use crate::store::search;
use crate::store::search::Side;

/// Of what a search finds so many are held to the other filters at once, and so many a page at most.
const HANDFUL: usize = 500;
const MOST_SIFTED: usize = 10_000;

/// A table or an index that is in the order of ids once its own terms are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Group,
    Tag,
    Email,
    Status,
    Rows,
}

impl Way {
    fn of(filter: &CustomerFilter) -> Self {
        match filter {
            CustomerFilter { email: Some(_), .. } => Self::Email,
            CustomerFilter { group: Some(_), .. } => Self::Group,
            CustomerFilter { tag: Some(_), .. } => Self::Tag,
            CustomerFilter { status: Some(_), .. } => Self::Status,
            _ => Self::Rows,
        }
    }

    /// What is walked, by which column, and what is said of it.
    const fn from(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Group => (
                "customer_group_members m CROSS JOIN customers c ON c.id = m.customer_id",
                "m.customer_id",
                "m.group_id = :group",
            ),
            Self::Tag => (
                "customer_tags t CROSS JOIN customers c ON c.id = t.customer_id",
                "t.customer_id",
                "t.tag_id = (SELECT id FROM tags WHERE name = :tag)",
            ),
            Self::Email => (
                "customers c INDEXED BY customers_email",
                "c.id",
                "c.email = :email COLLATE NOCASE AND c.email IS NOT NULL",
            ),
            Self::Status => (
                "customers c INDEXED BY customers_status",
                "c.id",
                "c.status = :status AND c.deleted_at IS NULL",
            ),
            Self::Rows => ("customers c NOT INDEXED", "c.id", "1"),
        }
    }
}

/// The way, what is left to look at, and the values.
struct Query {
    way: Option<Way>,
    rest: Vec<&'static str>,
    values: Vec<(&'static str, Value)>,
}

impl Query {
    /// Along a way; over ids at hand where there is none.
    fn new(filter: &CustomerFilter, way: Option<Way>) -> Self {
        let mut query = Self {
            way,
            rest: Vec::new(),
            values: Vec::new(),
        };
        let text = |text: &String| Value::Text(text.clone());
        query.add(
            Some(Way::Email),
            "c.email = :email COLLATE NOCASE",
            ":email",
            filter.email.as_ref().map(text),
        );
        query.add(
            Some(Way::Group),
            "EXISTS (SELECT 1 FROM customer_group_members m WHERE m.group_id = :group AND m.customer_id = c.id)",
            ":group",
            filter.group.map(|group| Value::Integer(group.0)),
        );
        query.add(
            Some(Way::Tag),
            "EXISTS (SELECT 1 FROM customer_tags t
               WHERE t.tag_id = (SELECT id FROM tags WHERE name = :tag) AND t.customer_id = c.id)",
            ":tag",
            filter.tag.as_ref().map(text),
        );
        query.add(
            Some(Way::Status),
            "c.status = :status",
            ":status",
            filter.status.map(|status| Value::Integer(status.number())),
        );
        query.add(
            None,
            "c.country = :country",
            ":country",
            filter.country.as_ref().map(text),
        );
        query.add(
            None,
            "c.created_at >= :from",
            ":from",
            filter.from.map(|at| Value::Integer(at.ms())),
        );
        query.add(
            None,
            "c.created_at <= :to",
            ":to",
            filter.to.map(|at| Value::Integer(at.ms())),
        );
        query
    }

    fn add(&mut self, served_by: Option<Way>, term: &'static str, name: &'static str, value: Option<Value>) {
        let Some(value) = value else {
            return;
        };
        self.values.push((name, value));
        if served_by.is_none() || served_by != self.way {
            self.rest.push(term);
        }
    }

    /// Whether the way alone is the list, but for what has been deleted.
    fn is_whole(&self) -> bool {
        self.rest.is_empty()
    }

    fn terms(&self) -> String {
        let mut terms = vec!["c.deleted_at IS NULL"];
        terms.extend(&self.rest);
        terms.join(" AND ")
    }

    /// The next ids on one side, out of so many rows at most.
    fn page_sql(&self, is_descending: bool) -> String {
        let (from, by, own) = self.way.unwrap_or(Way::Rows).from();
        let (side, order) = match is_descending {
            true => ("<", "DESC"),
            false => (">", "ASC"),
        };
        format!(
            "SELECT {by} FROM {from} WHERE {own} AND {terms} AND {by} {side} :edge AND {by} {back} :floor
             ORDER BY {by} {order} LIMIT :wanted OFFSET :skipped",
            terms = self.terms(),
            back = if is_descending { ">=" } else { "<=" },
        )
    }

    /// The last id that one look reaches.
    fn floor_sql(&self, is_descending: bool) -> String {
        let (from, by, own) = self.way.unwrap_or(Way::Rows).from();
        let (side, order) = match is_descending {
            true => ("<", "DESC"),
            false => (">", "ASC"),
        };
        format!(
            "SELECT {by} FROM {from} WHERE {own} AND {by} {side} :edge ORDER BY {by} {order} LIMIT 1 OFFSET :most"
        )
    }

    fn count_sql(&self) -> String {
        let (from, by, own) = self.way.unwrap_or(Way::Rows).from();
        format!(
            "SELECT count(*) FROM (SELECT 1 FROM {from} WHERE {own} AND {} AND {by} >= :floor LIMIT :most)",
            self.terms()
        )
    }

    fn sift_sql(&self) -> String {
        format!(
            "SELECT c.id FROM json_each(:ids) j CROSS JOIN customers c ON c.id = j.value WHERE {} ORDER BY j.key",
            self.terms()
        )
    }

    fn run(&self, db: &Snapshot, sql: &str, more: &[(&'static str, Value)]) -> Result<Vec<i64>> {
        let used = |name: &str| {
            let at = sql.match_indices(name);
            at.map(|(at, _)| sql[at + name.len()..].chars().next())
                .any(|next| !next.is_some_and(|next| next.is_ascii_alphanumeric() || next == '_'))
        };
        let values = self.values.iter().chain(more).filter(|(name, _)| used(name));
        let bound: Vec<(&str, &dyn ToSql)> =
            values.map(|(name, value)| (*name, value as &dyn ToSql)).collect();
        db.db()
            .prepare_cached(sql)?
            .query_and_then(bound.as_slice(), |row| Ok(row.get(0)?))?
            .collect()
    }
}

/// What was found, and where to go on if the look ended before the list did.
#[derive(Default)]
struct Found {
    ids: Vec<i64>,
    edge: Option<i64>,
    behind: Option<i64>,
    total: Option<Total>,
}

/// One page of customers, with the length of its list.
pub fn page(
    db: &Snapshot,
    filter: &CustomerFilter,
    sort: CustomerSort,
    paging: &Paging,
) -> Result<Page<Customer>> {
    let is_descending = (sort == CustomerSort::Newest) != paging.is_backwards();
    let edge = paging.keys().map_or(end(is_descending), |(_, id)| id);
    let found = match &filter.find {
        Some(find) => searched(db, filter, find, paging, side(is_descending, edge))?,
        None => walked(db, filter, paging, (is_descending, edge))?,
    };
    let cut = paging.cut(found.ids, |id| (0, *id));
    let ids: Vec<CustomerId> = cut.rows.iter().map(|id| CustomerId(*id)).collect();
    let edge = found.edge.filter(|_| !paging.is_backwards());
    let page = Page {
        rows: rows(db, &ids)?,
        next: cut.next.or(edge.map(|id| paging.cursor((0, id)))),
        total: found.total,
        index_behind: found.behind,
    };
    Ok(page)
}

const fn end(is_descending: bool) -> i64 {
    if is_descending { i64::MAX } else { 0 }
}

const fn side(is_descending: bool, edge: i64) -> Side {
    match is_descending {
        true => Side::Below(edge),
        false => Side::Above(edge),
    }
}

/// Along a table or an index.
fn walked(
    db: &Snapshot,
    filter: &CustomerFilter,
    paging: &Paging,
    (is_descending, edge): (bool, i64),
) -> Result<Found> {
    let query = Query::new(filter, Some(Way::of(filter)));
    let floor = floor(db, &query, is_descending, edge)?;
    let last = floor.unwrap_or(if is_descending { i64::MIN } else { i64::MAX });
    let ids = query.run(
        db,
        &query.page_sql(is_descending),
        &[
            (":edge", edge.into()),
            (":floor", last.into()),
            (":wanted", (paging.wanted() as i64).into()),
            (":skipped", paging.skipped().into()),
        ],
    )?;
    let is_full = ids.len() >= paging.wanted();
    Ok(Found {
        ids,
        edge: floor.filter(|_| !is_full),
        behind: None,
        total: Some(count(db, &query)?),
    })
}

/// Where one look ends, if its rows have to be looked at.
fn floor(db: &Snapshot, query: &Query, is_descending: bool, edge: i64) -> Result<Option<i64>> {
    if query.is_whole() {
        return Ok(None);
    }
    let most = [(":edge", edge.into()), (":most", MOST_LOOKED_AT.into())];
    Ok(query.run(db, &query.floor_sql(is_descending), &most)?.pop())
}

fn count(db: &Snapshot, query: &Query) -> Result<Total> {
    let floor = floor(db, query, true, i64::MAX)?;
    let with = [
        (":floor", floor.unwrap_or(i64::MIN).into()),
        (":most", (MOST_COUNTED + 1).into()),
    ];
    let counted = query.run(db, &query.count_sql(), &with)?.pop().unwrap_or(0);
    Ok(match floor {
        Some(_) => Total::AtLeast(counted.min(MOST_COUNTED)),
        None => Total::of(counted),
    })
}

/// Out of what the search index finds.
fn searched(
    db: &Snapshot,
    filter: &CustomerFilter,
    find: &Find,
    paging: &Paging,
    mut at: Side,
) -> Result<Found> {
    let query = Query::new(filter, None);
    let is_start = paging.keys().is_none();
    let skipped = paging.skipped() as usize;
    let enough = skipped + paging.wanted();
    // From the start, one walk tells both the page and the length of its list.
    let handful = match (query.is_whole(), is_start) {
        (true, true) => MOST_COUNTED as usize + 1,
        (true, false) => enough,
        (false, _) => HANDFUL,
    };
    let (mut found, mut fitting, mut sifted) = (Found::default(), Vec::new(), 0);
    loop {
        let some = search::customer_ids(db, find, at, handful)?;
        let ids: Vec<i64> = some.ids.iter().map(|id| id.0).collect();
        sifted += ids.len();
        let last = some.edge.or(ids.last().copied().filter(|_| ids.len() == handful));
        fitting.extend(sift(db, &query, &ids)?);
        found.behind = found.behind.or(some.behind);
        let Some(last) = last else {
            break;
        };
        if query.is_whole() || fitting.len() >= enough || sifted >= MOST_SIFTED {
            found.edge = Some(last);
            break;
        }
        at = match at {
            Side::Below(_) => Side::Below(last),
            Side::Above(_) => Side::Above(last),
        };
        if some.edge.is_some() {
            found.edge = Some(last);
            break;
        }
    }
    found.total = match is_start {
        true => Some(length(&found, fitting.len() as i64)),
        false => {
            let first = Paging::first(paging.limit, paging.sort);
            searched(db, filter, find, &first, Side::Below(i64::MAX))?.total
        }
    };
    let is_full = fitting.len() >= enough;
    found.edge = found.edge.filter(|_| !is_full);
    found.ids = fitting.into_iter().skip(skipped).take(paging.wanted()).collect();
    Ok(found)
}

/// How long a searched list is, as far as the look from its start has told.
fn length(found: &Found, rows: i64) -> Total {
    match found.edge.is_none() && found.behind.is_none() {
        true => Total::of(rows),
        false => Total::AtLeast(rows.min(MOST_COUNTED)),
    }
}

fn sift(db: &Snapshot, query: &Query, ids: &[i64]) -> Result<Vec<i64>> {
    if query.is_whole() {
        return Ok(ids.to_vec());
    }
    let json = serde_json::Value::from(ids.to_vec()).to_string();
    query.run(db, &query.sift_sql(), &[(":ids", Value::Text(json))])
}

/// These customers, in their order.
fn rows(db: &Snapshot, ids: &[CustomerId]) -> Result<Vec<Customer>> {
    let mut one = db.db().prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
    ids.iter()
        .map(|id| Ok(one.query_row([id], customers::from_row)?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::customer::CustomerStatus;
    use crate::domain::id::GroupId;
    use crate::store::plan;

    fn filters() -> Vec<(CustomerFilter, &'static str)> {
        let all = CustomerFilter::default;
        vec![
            (all(), "SEARCH c USING INTEGER PRIMARY KEY (rowid"),
            (
                CustomerFilter {
                    status: Some(CustomerStatus::Blocked),
                    ..all()
                },
                "INDEX customers_status (status=? AND rowid",
            ),
            (
                CustomerFilter {
                    email: Some("a@b.c".into()),
                    ..all()
                },
                "INDEX customers_email (email=? AND rowid",
            ),
            (
                CustomerFilter {
                    group: Some(GroupId(1)),
                    ..all()
                },
                "SEARCH m USING PRIMARY KEY (group_id=? AND customer_id",
            ),
            (
                CustomerFilter {
                    tag: Some("vip".into()),
                    country: Some("GB".into()),
                    ..all()
                },
                "SEARCH t USING PRIMARY KEY (tag_id=? AND customer_id",
            ),
        ]
    }

    /// G7, D4: each list of customers runs along its index in the order of ids, and nothing is sorted.
    #[test]
    fn every_list_of_customers_runs_along_its_index() {
        let db = plan::empty();
        for (filter, index) in filters() {
            let query = Query::new(&filter, Some(Way::of(&filter)));
            for sql in [
                query.page_sql(true),
                query.page_sql(false),
                query.floor_sql(true),
                query.count_sql(),
            ] {
                let plan = plan::of(&db, &sql);
                assert!(plan.contains(index), "{filter:?}: {plan}");
                assert!(!plan.contains("TEMP B-TREE"), "{filter:?}: {plan}");
            }
        }
    }

    /// G7: what a search finds is held to the other filters by its ids.
    #[test]
    fn what_is_found_is_sifted_by_id() {
        let filter = CustomerFilter {
            status: Some(CustomerStatus::Active),
            tag: Some("vip".into()),
            ..CustomerFilter::default()
        };
        let plan = plan::of(&plan::empty(), &Query::new(&filter, None).sift_sql());
        assert!(
            plan.contains("SEARCH c USING INTEGER PRIMARY KEY (rowid=?)"),
            "{plan}"
        );
    }
}
