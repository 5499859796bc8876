//! `till sql`: a question to the live file, asked by the same SQLite that serves it.

use std::fmt::Write;
use std::io::Read;
use std::process::ExitCode;

use clap::Args;
use serde_json::Value;
use serde_json::json;

use crate::cli::Context;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::store::sql;
use crate::store::sql::Answer;
use crate::store::sql::Cell;

/// Ask the file a question. It is answered beside a running server and cannot change anything. A distribution's
/// `sqlite3` must never be used on the live file: closing it can drop the locks of the server.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  till sql --read-only 'select status, count(*) from orders group by status'
  till sql --read-only --csv < question.sql > answer.csv

Money is in minor units (cents), moments are milliseconds since 1970 (UTC), bytes are printed in base64url.")]
pub struct Sql {
    /// Say that it only looks (there is no other way).
    #[arg(long, required = true)]
    read_only: bool,
    /// Print CSV.
    #[arg(long)]
    csv: bool,
    /// One statement; standard input if it is left out.
    statement: Option<String>,
}

impl Sql {
    pub fn run(self, context: &Context) -> Result<ExitCode> {
        let statement = match self.statement {
            Some(statement) => statement,
            None => {
                let mut text = String::new();
                std::io::stdin()
                    .read_to_string(&mut text)
                    .map_err(|cause| Error::Internal(cause.into()))?;
                text
            }
        };
        let answer = sql::ask(&context.data, &statement)?;
        let text = match self.csv {
            true => as_csv(&answer)?,
            false => as_table(&answer),
        };
        let rows: Vec<Vec<Value>> = answer
            .rows
            .iter()
            .map(|row| row.iter().map(as_json).collect())
            .collect();
        context.print(text, &json!({ "columns": answer.columns, "rows": rows }))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn as_text(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Integer(number) => number.to_string(),
        Cell::Real(number) => number.to_string(),
        Cell::Text(text) => text.clone(),
        Cell::Blob(bytes) => secret::to_text(bytes),
    }
}

fn as_json(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(number) => json!(number),
        Cell::Real(number) => json!(number),
        other => json!(as_text(other)),
    }
}

fn as_csv(answer: &Answer) -> Result<String> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let broken = |cause: csv::Error| Error::Internal(cause.into());
    csv.write_record(&answer.columns).map_err(broken)?;
    for row in &answer.rows {
        csv.write_record(row.iter().map(as_text)).map_err(broken)?;
    }
    let bytes = csv
        .into_inner()
        .map_err(|cause| Error::internal(cause.to_string()))?;
    String::from_utf8(bytes).map_err(|cause| Error::Internal(cause.into()))
}

/// Columns side by side; a text's own line ends are shown as such.
fn as_table(answer: &Answer) -> String {
    let rows: Vec<Vec<String>> = answer
        .rows
        .iter()
        .map(|row| {
            row.iter()
                .map(|cell| as_text(cell).escape_debug().to_string())
                .collect()
        })
        .collect();
    let mut widths: Vec<usize> = answer.columns.iter().map(|name| name.chars().count()).collect();
    for row in &rows {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = (*width).max(text.chars().count());
        }
    }
    let mut table = String::new();
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    for row in [&answer.columns, &rule].into_iter().chain(&rows) {
        let mut line = String::new();
        for (text, width) in row.iter().zip(&widths) {
            // Writing to a text does not fail.
            let _ = write!(line, "{text:<width$}  ");
        }
        table += line.trim_end();
        table += "\n";
    }
    table
}
