//! A question of the operator's own to the live file: looks only, whatever it says.

use std::ops::ControlFlow;
use std::path::Path;

use rusqlite::hooks::AuthAction;
use rusqlite::hooks::AuthContext;
use rusqlite::hooks::Authorization;
use rusqlite::types::ValueRef;

use crate::error::Error;
use crate::error::Result;
use crate::store::file;

/// Pragmas that tell and change nothing, even with an argument.
const TELLING: [&str; 8] = [
    "table_list",
    "table_info",
    "table_xinfo",
    "index_list",
    "index_info",
    "index_xinfo",
    "foreign_key_list",
    "compile_options",
];

/// One value of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// None.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// Where an answer goes, as it comes.
pub trait Sink {
    /// The names of the columns, once, before the first row.
    fn columns(&mut self, names: &[String]) -> Result<()>;

    /// A row; nobody wants another after a break.
    fn row(&mut self, cells: &[Cell]) -> Result<ControlFlow<()>>;
}

/// Runs one statement on the file below a folder, beside a server that may be running.
pub fn ask(dir: &Path, statement: &str, sink: &mut impl Sink) -> Result<()> {
    if statement.trim().is_empty() {
        return Err(Error::internal("no statement was given"));
    }
    let mut db = file::open_asker(dir)?;
    db.authorizer(Some(|context: AuthContext| allow(&context.action)))?;
    let told = |cause: rusqlite::Error| Error::internal(explain(&cause));
    let mut statement = db.prepare(statement).map_err(told)?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.query([]).map_err(told)?;
    // What fails at its first row has said nothing yet.
    let mut next = rows.next().map_err(told)?;
    sink.columns(&columns)?;
    while let Some(row) = next {
        let cells = (0..columns.len()).map(|at| row.get_ref(at).map(cell));
        let cells: Vec<Cell> = cells.collect::<rusqlite::Result<_>>().map_err(told)?;
        if sink.row(&cells)?.is_break() {
            break;
        }
        next = rows.next().map_err(told)?;
    }
    Ok(())
}

fn allow(action: &AuthAction) -> Authorization {
    match action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => Authorization::Allow,
        AuthAction::Function { function_name } if *function_name != "load_extension" => Authorization::Allow,
        AuthAction::Pragma { pragma_name, .. } if TELLING.contains(pragma_name) => Authorization::Allow,
        _ => Authorization::Deny,
    }
}

fn cell(value: ValueRef) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Real(number),
        ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Cell::Blob(bytes.to_vec()),
    }
}

fn explain(cause: &rusqlite::Error) -> String {
    match cause.sqlite_error_code() {
        Some(rusqlite::ErrorCode::AuthorizationForStatementDenied | rusqlite::ErrorCode::ReadOnly) => {
            format!("{cause}: only looks are run here")
        }
        _ => cause.to_string(),
    }
}
