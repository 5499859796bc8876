//! What must be true of every file, as statements that find what is not: each gives the row, what was expected and what
//! was found. They stream along ids and keep nothing; what no index can answer is walked in `ledgers`.

mod commissions;
mod drafts;
mod fulfilment;
mod images;
mod invoices;
mod ledgers;
mod orders;
mod rest;
mod wallets;

pub use ledgers::NAMES as LEDGERS;
pub use ledgers::walk;

use rusqlite::types::ValueRef;

use crate::domain::check::Finding;
use crate::error::Result;
use crate::store::Snapshot;

/// A claim about the file.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Its name, which findings carry.
    pub name: &'static str,
    /// The rows that break it: row, expected, found.
    sql: &'static str,
}

/// The file itself: its pages and its references.
pub const FILE: &[Check] = &[
    Check {
        name: "file.integrity",
        sql: "SELECT 'file', 'ok', integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
    },
    Check {
        name: "file.references",
        sql: "SELECT \"table\" || ' ' || ifnull(rowid, '?'), 'a row of ' || parent, 'none' FROM pragma_foreign_key_check",
    },
];

/// What one statement each can say.
pub fn all() -> impl Iterator<Item = &'static Check> {
    let all = [
        orders::CHECKS,
        drafts::CHECKS,
        fulfilment::CHECKS,
        images::CHECKS,
        invoices::CHECKS,
        wallets::CHECKS,
        commissions::CHECKS,
        rest::CHECKS,
    ];
    all.into_iter().flatten()
}

/// Runs one check and shows its findings until `see` has seen enough.
pub fn run(db: &Snapshot, check: &Check, mut see: impl FnMut(Finding) -> bool) -> Result<()> {
    let mut statement = db.db().prepare(check.sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let finding = Finding {
            check: check.name,
            row: text(row.get_ref(0)?),
            expected: text(row.get_ref(1)?),
            found: text(row.get_ref(2)?),
        };
        if !see(finding) {
            break;
        }
    }
    Ok(())
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "nothing".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        ValueRef::Blob(bytes) => format!("{} bytes", bytes.len()),
    }
}
