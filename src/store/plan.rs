//! How SQLite goes about a statement, for the tests that hold statements to their indexes.

use rusqlite::Connection;

use crate::store::schema;

/// A file in memory with nothing in it.
pub fn empty() -> Connection {
    let mut db = Connection::open_in_memory().unwrap();
    schema::migrate(&mut db).unwrap();
    db
}

/// The steps of a statement.
pub fn of(db: &Connection, sql: &str) -> String {
    let mut steps = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let mut rows = steps.raw_query();
    let mut plan = String::new();
    while let Some(row) = rows.next().unwrap() {
        plan += &row.get::<_, String>("detail").unwrap();
        plan += "; ";
    }
    plan
}
