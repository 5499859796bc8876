//! `till export`: orders, products or customers as a file that `till import` reads, in our layout or in Shopify's.

use std::borrow::Cow;
use std::fs::File;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::ValueEnum;
use flate2::write::GzEncoder;
use serde::Serialize;
use serde_json::Value;

use crate::cli::Context;
use crate::domain::actor::Actor;
use crate::domain::import::ImportedCustomer;
use crate::domain::import::ImportedProduct;
use crate::domain::import::InvoiceForm;
use crate::domain::import::LineForm;
use crate::domain::import::shopify;
use crate::domain::text::csv_cell;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Store;
use crate::shop::exports;
use crate::shop::exports::Page;
use crate::shop::exports::shopify::Cells;

/// Take orders, products or customers out as a file.
#[derive(Debug, Args)]
pub struct Export {
    /// What to take out.
    #[arg(value_enum)]
    what: What,
    /// How to write it.
    #[arg(long, value_enum, default_value = "csv")]
    format: Format,
    /// The file to write, packed if its name ends in .gz; without it standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    Orders,
    Products,
    Customers,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Jsonl,
    /// CSV in the columns of Shopify's: products and orders.
    Shopify,
}

impl Export {
    pub fn run(self, context: &Context) -> Result<ExitCode> {
        if self.format == Format::Shopify && self.what == What::Customers {
            return Err(Error::Setup("Shopify's layout is for products and orders".into()));
        }
        let store = context.store()?;
        let mut sheet = Sheet {
            out: self.open()?,
            format: self.format,
            rows: 0,
        };
        self.write(&store, &mut sheet)?;
        let rows = sheet.rows;
        sheet.out.finish().map_err(|cause| unwritten(&cause))?;
        let (what, format) = (name(self.what), name(self.format));
        let (noted_what, noted_format) = (what.clone(), format.clone());
        store.write(move |tx| exports::done(tx, &Actor::system(), &noted_what, &noted_format, rows))?;
        let Some(path) = &self.out else {
            return Ok(ExitCode::SUCCESS);
        };
        std::fs::rename(partial(path), path).map_err(|cause| unwritten(&cause))?;
        let told = serde_json::json!({ "what": what, "format": format, "rows": rows });
        context.print(format!("{rows} {what} written to {}", path.display()), &told)?;
        Ok(ExitCode::SUCCESS)
    }

    /// A file gets its name when it is whole.
    fn open(&self) -> Result<Out> {
        let Some(path) = &self.out else {
            return Ok(Out::Plain(BufWriter::new(Box::new(std::io::stdout()))));
        };
        let file = File::create(partial(path)).map_err(|cause| unwritten(&cause))?;
        let file: BufWriter<Box<dyn Write>> = BufWriter::new(Box::new(file));
        Ok(match path.extension().is_some_and(|end| end == "gz") {
            true => Out::Gzip(GzEncoder::new(file, flate2::Compression::default())),
            false => Out::Plain(file),
        })
    }

    fn write(&self, store: &Store, sheet: &mut Sheet) -> Result<()> {
        match self.what {
            What::Products if self.format == Format::Shopify => {
                sheet.header(shopify::PRODUCTS.iter().copied())?;
                each(store, exports::shopify::products, |rows| {
                    sheet.cells(rows, shopify::PRODUCTS)
                })?;
            }
            What::Orders if self.format == Format::Shopify => {
                sheet.header(shopify::ORDERS.iter().copied())?;
                each(store, exports::shopify::orders, |rows| {
                    sheet.cells(rows, shopify::ORDERS)
                })?;
            }
            What::Products => {
                let columns = ImportedProduct::COLUMNS;
                sheet.header(columns.iter().copied())?;
                each(store, exports::products, |row| sheet.flat(row, columns))?;
            }
            What::Customers => {
                let columns = ImportedCustomer::COLUMNS;
                sheet.header(columns.iter().copied())?;
                each(store, exports::customers, |row| sheet.flat(row, columns))?;
            }
            What::Orders => {
                let head = [InvoiceForm::COLUMNS, InvoiceForm::NESTED, &["charge"]].concat();
                let line = LineForm::COLUMNS.iter().map(|(_, column)| *column);
                sheet.header(head.into_iter().chain(line))?;
                each(store, exports::orders, |row| sheet.invoice(row))?;
                each(store, exports::credit_notes, |row| sheet.invoice(row))?;
            }
        }
        Ok(())
    }
}

/// Where the rows go.
enum Out {
    Plain(BufWriter<Box<dyn Write>>),
    Gzip(GzEncoder<BufWriter<Box<dyn Write>>>),
}

impl Out {
    fn put(&mut self, text: &str, end: &str) -> std::io::Result<()> {
        match self {
            Self::Plain(out) => write!(out, "{text}{end}"),
            Self::Gzip(out) => write!(out, "{text}{end}"),
        }
    }

    fn finish(self) -> std::io::Result<()> {
        match self {
            Self::Plain(mut out) => out.flush(),
            Self::Gzip(out) => out.finish()?.flush(),
        }
    }
}

fn name(value: impl ValueEnum) -> String {
    value
        .to_possible_value()
        .map_or_else(String::new, |value| value.get_name().to_owned())
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

fn unwritten(cause: &std::io::Error) -> Error {
    Error::internal(format!("the export cannot be written: {cause}"))
}

/// Takes page after page, each from a picture of its own, so that nothing is held up or held in memory.
fn each<T>(
    store: &Store,
    page: impl Fn(&Snapshot, &Actor, i64) -> Result<Page<T>>,
    mut put: impl FnMut(&T) -> Result<()>,
) -> Result<()> {
    let mut after = Some(0);
    while let Some(behind) = after {
        let page = store.read(|db| page(db, &Actor::system(), behind))?;
        for row in &page.rows {
            put(row)?;
        }
        after = page.next;
    }
    Ok(())
}

struct Sheet {
    out: Out,
    format: Format,
    rows: u64,
}

impl Sheet {
    fn header<'n>(&mut self, names: impl Iterator<Item = &'n str>) -> Result<()> {
        match self.format {
            Format::Jsonl => Ok(()),
            Format::Csv | Format::Shopify => {
                let names: Vec<&str> = names.collect();
                self.put(&names.join(","))
            }
        }
    }

    /// A row that is one row in either format.
    fn flat(&mut self, row: &impl Serialize, columns: &[&str]) -> Result<()> {
        self.rows += 1;
        match self.format {
            Format::Jsonl => self.put(&json(row)?),
            Format::Csv | Format::Shopify => {
                let row = value(row)?;
                let cells: Vec<String> = columns.iter().map(|name| cell(&row[*name])).collect();
                self.put(&cells.join(","))
            }
        }
    }

    /// A product or an order in rows of Shopify's.
    fn cells(&mut self, rows: &[Cells], columns: &[&str]) -> Result<()> {
        self.rows += 1;
        for row in rows {
            let cell = |name: &&str| row.iter().find(|(column, _)| column == name);
            let cells = columns.iter().map(|name| match cell(name) {
                Some((_, text)) => csv_cell(text),
                None => Cow::Borrowed(""),
            });
            let cells: Vec<Cow<str>> = cells.collect();
            self.put(&cells.join(","))?;
        }
        Ok(())
    }

    /// An invoice: a line of JSON, or as many rows as it has lines.
    fn invoice(&mut self, row: &impl Serialize) -> Result<()> {
        if self.format == Format::Jsonl {
            return self.flat(row, &[]);
        }
        self.rows += 1;
        let row = value(row)?;
        let cells = |names: &[&str]| -> String {
            let cells = names.iter().map(|name| cell(&row[*name]) + ",");
            cells.collect()
        };
        let mut head = cells(InvoiceForm::COLUMNS) + &cells(InvoiceForm::NESTED);
        // Addresses, tags and history stand on the first row alone.
        let blank = cells(InvoiceForm::COLUMNS) + &",".repeat(InvoiceForm::NESTED.len());
        for (of, charge) in [("lines", "no"), ("charges", "yes")] {
            for line in row[of].as_array().into_iter().flatten() {
                let cells = LineForm::COLUMNS.iter().map(|(name, _)| cell(&line[*name]));
                let cells: Vec<String> = cells.collect();
                self.put(&format!("{head}{charge},{}", cells.join(",")))?;
                head.clone_from(&blank);
            }
        }
        Ok(())
    }

    fn put(&mut self, text: &str) -> Result<()> {
        let end = match self.format {
            Format::Csv | Format::Shopify => "\r\n",
            Format::Jsonl => "\n",
        };
        self.out.put(text, end).map_err(|cause| unwritten(&cause))
    }
}

fn json(row: &impl Serialize) -> Result<String> {
    serde_json::to_string(row).map_err(|cause| Error::Internal(cause.into()))
}

fn value(row: &impl Serialize) -> Result<Value> {
    serde_json::to_value(row).map_err(|cause| Error::Internal(cause.into()))
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => csv_cell(text).into_owned(),
        Value::Number(number) => number.to_string(),
        other => csv_cell(&other.to_string()).into_owned(),
    }
}
