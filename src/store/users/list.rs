//! Lists of users. A statement is put together out of fixed pieces, one for each filter that is asked for, so that each
//! runs along the index of its filter; values are always bound.

use rusqlite::ToSql;

use crate::domain::page::MOST_COUNTED;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::page::Total;
use crate::domain::user::User;
use crate::domain::user::UserFilter;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::users::SELECT;
use crate::store::users::from_row;

/// A beginning that more users share is looked for along the list: a page of them is soon found, and need not be sorted
/// out of all.
const MANY: i64 = 1_000;

/// Beginnings of names and addresses by their indexes, and along the list.
const BEGINNING: &str = "u.id IN (
    SELECT id FROM users WHERE username >= :typed AND username < :typed || char(1114111)
    UNION
    SELECT id FROM users WHERE email >= :typed AND email < :typed || char(1114111))";
const COUNT_BEGINNING: &str = "SELECT
    (SELECT count(*) FROM (SELECT 1 FROM users
       WHERE username >= :typed AND username < :typed || char(1114111) LIMIT :most))
    + (SELECT count(*) FROM (SELECT 1 FROM users
       WHERE email >= :typed AND email < :typed || char(1114111) LIMIT :most)) AS n";
const BEGINNING_OF_MANY: &str = "(+u.username >= :typed AND +u.username < :typed || char(1114111)
    OR +u.email >= :typed AND +u.email < :typed || char(1114111))";

/// Conditions with what they are bound to, and the column that the list is in the order of.
struct Wanted<'a> {
    conditions: Vec<&'static str>,
    with: Vec<(&'static str, &'a dyn ToSql)>,
    /// Few are found by an index and then sorted; of many the order is that of the table, or of the index.
    is_sorted: bool,
}

impl<'a> Wanted<'a> {
    fn new(filter: &'a UserFilter, is_of_many: bool) -> Self {
        let mut wanted = Self {
            conditions: Vec::new(),
            with: Vec::new(),
            is_sorted: false,
        };
        let by_name = "u.role_id = (SELECT id FROM roles WHERE name = :role)";
        wanted.add(by_name, ":role", filter.role.as_ref());
        wanted.add("u.status = :status", ":status", filter.status.as_ref());
        // The few who are staff are found by their roles.
        match filter.is_staff {
            Some(true) => wanted
                .conditions
                .push("u.role_id IN (SELECT id FROM roles WHERE staff = 1)"),
            Some(false) => wanted
                .conditions
                .push("+u.role_id IN (SELECT id FROM roles WHERE staff = 0)"),
            None => {}
        }
        let beginning = match is_of_many {
            true => BEGINNING_OF_MANY,
            false => BEGINNING,
        };
        wanted.add(beginning, ":typed", filter.typed.as_ref());
        wanted.is_sorted = filter.is_staff == Some(true) || (filter.typed.is_some() && !is_of_many);
        wanted
    }

    fn add<T: ToSql>(&mut self, condition: &'static str, name: &'static str, value: Option<&'a T>) {
        if let Some(value) = value {
            self.conditions.push(condition);
            self.with.push((name, value));
        }
    }

    fn joined(&self) -> String {
        match self.conditions.as_slice() {
            [] => "1".to_owned(),
            some => some.join(" AND "),
        }
    }

    fn count_sql(&self) -> String {
        let conditions = self.joined();
        format!("SELECT count(*) AS n FROM (SELECT 1 FROM users u WHERE {conditions} LIMIT :most)")
    }

    fn page_sql(&self, paging: &Paging) -> String {
        let (conditions, by) = (self.joined(), if self.is_sorted { "+u.id" } else { "u.id" });
        let (side, order) = match paging.is_backwards() {
            true => ("u.id > :edge", "ASC"),
            false => ("u.id < :edge", "DESC"),
        };
        format!(
            "{SELECT} WHERE u.id IN (
               SELECT u.id FROM users u WHERE {conditions} AND {side} ORDER BY {by} {order} LIMIT :wanted OFFSET :skipped
             ) ORDER BY u.id {order}"
        )
    }
}

/// One page of users, newest first. What is typed is the beginning of a user name or an address.
pub fn page(db: &Snapshot, filter: &UserFilter, paging: &Paging) -> Result<Page<User>> {
    let is_of_many = match &filter.typed {
        Some(typed) => value(db, COUNT_BEGINNING, &[(":typed", typed), (":most", &(MANY + 1))])? > MANY,
        None => false,
    };
    let mut wanted = Wanted::new(filter, is_of_many);
    let (count_sql, sql) = (wanted.count_sql(), wanted.page_sql(paging));
    let most = MOST_COUNTED + 1;
    let counted = [wanted.with.as_slice(), &[(":most", &most as &dyn ToSql)]].concat();
    let counted = value(db, &count_sql, &counted)?;
    let start = if paging.is_backwards() { 0 } else { i64::MAX };
    let edge = paging.keys().map_or(start, |(_, id)| id);
    let (limit, skipped) = (paging.wanted() as i64, paging.skipped());
    wanted.with.extend([
        (":edge", &edge as &dyn ToSql),
        (":wanted", &limit),
        (":skipped", &skipped),
    ]);
    let rows: Result<Vec<User>> = db
        .db()
        .prepare_cached(&sql)?
        .query_and_then(wanted.with.as_slice(), |row| Ok(from_row(row)?))?
        .collect();
    let page = paging.cut(rows?, |user| (0, user.id.0));
    Ok(page.counted(Total::of(counted)))
}

fn value(db: &Snapshot, sql: &str, with: &[(&str, &dyn ToSql)]) -> Result<i64> {
    Ok(db.db().prepare_cached(sql)?.query_row(with, |row| row.get("n"))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::user::UserStatus;
    use crate::store::plan;

    /// D4: each list of users runs along the index of its filter, and is counted without reading a user.
    #[test]
    fn every_list_of_users_runs_along_its_index() {
        let db = plan::empty();
        let all = UserFilter {
            role: None,
            status: None,
            is_staff: None,
            typed: None,
        };
        let of = |role: &str| Some(role.to_owned());
        for (filter, index) in [
            (all.clone(), "SEARCH u USING INTEGER PRIMARY KEY (rowid"),
            (
                UserFilter {
                    role: of("seller"),
                    ..all.clone()
                },
                "INDEX users_role (role_id=? AND rowid",
            ),
            (
                UserFilter {
                    status: Some(UserStatus::Suspended),
                    ..all.clone()
                },
                "INDEX users_status (status=? AND rowid",
            ),
            (
                UserFilter {
                    is_staff: Some(true),
                    ..all.clone()
                },
                "INDEX users_role (role_id=?",
            ),
            (
                UserFilter {
                    is_staff: Some(false),
                    ..all.clone()
                },
                "SEARCH u USING INTEGER PRIMARY KEY (rowid",
            ),
        ] {
            let wanted = Wanted::new(&filter, false);
            let page = plan::of(&db, &wanted.page_sql(&Paging::first(Default::default(), 0)));
            assert!(page.contains(index), "{filter:?}: {page}");
            let is_sorted =
                page.contains("LIST SUBQUERY") && page.matches("TEMP B-TREE FOR ORDER BY").count() > 0;
            assert!(!is_sorted || wanted.is_sorted, "{filter:?}: {page}");
            let count = plan::of(&db, &wanted.count_sql());
            assert!(
                count.contains("USING COVERING INDEX users"),
                "{filter:?}: {count}"
            );
        }
        let typed = UserFilter {
            typed: of("ann"),
            ..all
        };
        let few = Wanted::new(&typed, false).page_sql(&Paging::first(Default::default(), 0));
        assert!(plan::of(&db, &few).contains("(username>? AND username<?)"));
        let many = Wanted::new(&typed, true).page_sql(&Paging::first(Default::default(), 0));
        assert!(plan::of(&db, &many).contains("SEARCH u USING INTEGER PRIMARY KEY (rowid"));
    }
}
