//! The sales of a real shop, out of a JSONL file: what was sold, how often and at which price.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use crate::error::Error;
use crate::error::Result;

/// A sale with goods; charges are left out.
#[derive(Debug, Deserialize)]
pub struct Sale {
    kind: String,
    /// Its lines.
    pub lines: Vec<Sold>,
}

/// A line of it.
#[derive(Debug, Deserialize)]
#[allow(missing_docs, reason = "as in the file")]
pub struct Sold {
    pub sku: String,
    pub qty: i64,
    pub unit_price_pence: i64,
}

/// Every sale of the file that has goods, in the file's order.
pub fn read(path: &Path) -> Result<Vec<Sale>> {
    let trouble = |cause: std::io::Error| Error::internal(format!("{}: {cause}", path.display()));
    let file = std::fs::File::open(path).map_err(trouble)?;
    let text: Box<dyn Read> = match path.extension().is_some_and(|end| end == "gz") {
        true => Box::new(flate2::read::MultiGzDecoder::new(file)),
        false => Box::new(file),
    };
    let mut sales = Vec::new();
    for line in BufReader::new(text).lines() {
        let sale: Sale =
            serde_json::from_str(&line.map_err(trouble)?).map_err(|cause| Error::Internal(cause.into()))?;
        if sale.kind == "sale" && !sale.lines.is_empty() {
            sales.push(sale);
        }
    }
    Ok(sales)
}
