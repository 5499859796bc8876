//! The migrations, embedded: forward only, each in one transaction, never edited once released.

use rusqlite::Connection;

use crate::error::Error;
use crate::error::Result;

refinery::embed_migrations!("migrations");

/// One migration, and whether the file has it.
#[derive(Debug, Clone)]
pub struct Migration {
    /// Its number.
    pub version: i32,
    /// Its name.
    pub name: String,
    /// Whether the file has it.
    pub applied: bool,
}

/// Applies what is missing; what was applied.
pub(super) fn migrate(db: &mut Connection) -> Result<Vec<Migration>> {
    refuse_newer(db)?;
    let report = migrations::runner().run(db).map_err(refused)?;
    Ok(report
        .applied_migrations()
        .iter()
        .map(|migration| describe(migration, true))
        .collect())
}

/// Every migration this binary knows; refused if the file has one that it does not.
pub(super) fn status(db: &mut Connection) -> Result<Vec<Migration>> {
    refuse_newer(db)?;
    let applied = applied(db)?;
    let mut all: Vec<Migration> = migrations::runner()
        .get_migrations()
        .iter()
        .map(|migration| describe(migration, migration.version() <= applied))
        .collect();
    all.sort_by_key(|migration| migration.version);
    Ok(all)
}

/// Refused unless the file has just the migrations that this binary knows.
pub(super) fn require_current(db: &mut Connection) -> Result<()> {
    refuse_newer(db)?;
    match applied(db)? == newest() {
        true => Ok(()),
        false => Err(Error::internal(
            "the file's schema is older than this till: run `till migrate up`",
        )),
    }
}

fn refuse_newer(db: &mut Connection) -> Result<()> {
    let found = applied(db)?;
    match found <= newest() {
        true => Ok(()),
        false => Err(Error::internal(format!(
            "the file has schema {found}, this till knows {}: use the newer till",
            newest()
        ))),
    }
}

fn applied(db: &mut Connection) -> Result<i32> {
    let has_history: bool = db.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE name = 'refinery_schema_history'",
        [],
        |row| row.get::<_, i64>(0).map(|count| count > 0),
    )?;
    match has_history {
        false => Ok(0),
        true => Ok(db.query_row(
            "SELECT ifnull(max(version), 0) FROM refinery_schema_history",
            [],
            |row| row.get(0),
        )?),
    }
}

fn newest() -> i32 {
    migrations::runner()
        .get_migrations()
        .iter()
        .map(refinery::Migration::version)
        .max()
        .unwrap_or(0)
}

fn describe(migration: &refinery::Migration, applied: bool) -> Migration {
    Migration {
        version: migration.version(),
        name: migration.name().to_owned(),
        applied,
    }
}

fn refused(cause: refinery::Error) -> Error {
    Error::internal(format!("a migration failed and was undone: {cause}"))
}
