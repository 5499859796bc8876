//! `till sql`: a question to the live file, asked by the same SQLite that serves it.

use std::io;
use std::io::BufWriter;
use std::io::Read;
use std::io::Write;
use std::ops::ControlFlow;
use std::process::ExitCode;

use clap::Args;
use serde_json::Value;
use serde_json::json;

use crate::cli::Context;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::store::sql;
use crate::store::sql::Cell;

/// Ask the file a question.
#[derive(Debug, Args)]
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
        let mut sheet = match (context.json, self.csv) {
            (true, _) => Sheet::Json(BufWriter::new(Listener::default()), 0),
            (false, true) => Sheet::Csv(Box::new(csv::Writer::from_writer(Listener::default()))),
            (false, false) => Sheet::Table(BufWriter::new(Listener::default()), Table::default()),
        };
        sql::ask(&context.data, &statement, &mut sheet)?;
        sheet.end()?;
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

/// Standard output. Whoever reads it may leave before the end (`till sql … | head`): that is no failure.
#[derive(Default)]
struct Listener {
    has_left: bool,
}

impl Write for Listener {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match io::stdout().write(bytes) {
            Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => {
                self.has_left = true;
                Ok(bytes.len())
            }
            other => other,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match io::stdout().flush() {
            Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }
}

/// An answer on its way out: a row is written as it comes, and forgotten.
enum Sheet {
    Csv(Box<csv::Writer<Listener>>),
    /// With the rows so far.
    Json(BufWriter<Listener>, u64),
    Table(BufWriter<Listener>, Table),
}

impl sql::Sink for Sheet {
    fn columns(&mut self, names: &[String]) -> Result<()> {
        match self {
            Self::Csv(csv) => csv
                .write_record(names)
                .map_err(|cause| Error::Internal(cause.into())),
            Self::Json(out, _) => write!(out, r#"{{"columns":{},"rows":["#, json!(names)).map_err(unwritten),
            Self::Table(_, table) => {
                table.begin(names);
                Ok(())
            }
        }
    }

    fn row(&mut self, cells: &[Cell]) -> Result<ControlFlow<()>> {
        let has_left = match self {
            Self::Csv(csv) => {
                let done = csv.write_record(cells.iter().map(as_text));
                done.map_err(|cause| Error::Internal(cause.into()))?;
                csv.get_ref().has_left
            }
            Self::Json(out, rows) => {
                let comma = if *rows == 0 { "" } else { "," };
                let row: Vec<Value> = cells.iter().map(as_json).collect();
                write!(out, "{comma}{}", Value::Array(row)).map_err(unwritten)?;
                *rows += 1;
                out.get_ref().has_left
            }
            Self::Table(out, table) => {
                let texts = cells.iter().map(|cell| as_text(cell).escape_debug().to_string());
                table.row(out, texts.collect()).map_err(unwritten)?;
                out.get_ref().has_left
            }
        };
        Ok(match has_left {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })
    }
}

impl Sheet {
    fn end(self) -> Result<()> {
        match self {
            Self::Csv(mut csv) => csv.flush(),
            Self::Json(mut out, _) => out.write_all(b"]}\n").and_then(|()| out.flush()),
            Self::Table(mut out, mut table) => table.settle(&mut out).and_then(|()| out.flush()),
        }
        .map_err(unwritten)
    }
}

fn unwritten(cause: io::Error) -> Error {
    Error::Internal(cause.into())
}

/// Rows that say how wide the columns are; a longer text further down pushes its row out.
const MEASURED: usize = 1000;

/// Columns side by side; a text's own line ends are shown as such.
#[derive(Default)]
struct Table {
    widths: Vec<usize>,
    held: Vec<Vec<String>>,
    is_settled: bool,
}

impl Table {
    fn begin(&mut self, names: &[String]) {
        self.widths = names.iter().map(|name| name.chars().count()).collect();
        self.held.push(names.to_vec());
        self.held.push(Vec::new());
    }

    fn row(&mut self, out: &mut impl Write, row: Vec<String>) -> io::Result<()> {
        if self.is_settled {
            return self.line(out, &row);
        }
        for (width, text) in self.widths.iter_mut().zip(&row) {
            *width = (*width).max(text.chars().count());
        }
        self.held.push(row);
        match self.held.len() > MEASURED {
            true => self.settle(out),
            false => Ok(()),
        }
    }

    /// Writes what was held back to learn the widths.
    fn settle(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.is_settled = true;
        let mut held = std::mem::take(&mut self.held);
        if let Some(rule) = held.get_mut(1) {
            *rule = self.widths.iter().map(|width| "-".repeat(*width)).collect();
        }
        held.iter().try_for_each(|row| self.line(out, row))
    }

    fn line(&self, out: &mut impl Write, row: &[String]) -> io::Result<()> {
        let mut line = String::new();
        for (text, width) in row.iter().zip(&self.widths) {
            line += &format!("{text:<width$}  ");
        }
        writeln!(out, "{}", line.trim_end())
    }
}
