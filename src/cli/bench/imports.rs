//! Products from a file: rows a second, and how much memory at most for a tenth of the rows and for all of them.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use crate::cli::bench::Bench;
use crate::cli::bench::machine;
use crate::cli::bench::report::Report;
use crate::clock::Stopwatch;
use crate::error::Error;
use crate::error::Result;

const ROWS: usize = 100_000;
/// Variants of a product, each on a row.
const EACH: usize = 4;

/// What came of one import.
struct Done {
    seconds: f64,
    peak: u64,
    sums: serde_json::Value,
}

impl Bench {
    /// Each import into an empty shop, by a process of its own.
    pub fn imports(&self) -> Result<Report> {
        let dir = self.dir.join("import");
        let mut report = Report::default();
        for (name, write) in [("own", own as fn(usize) -> String), ("Shopify's", shopify)] {
            for rows in [ROWS / 10, ROWS] {
                let done = import(&dir, &write(rows))?;
                report.figure(&format!("{name}, {rows} rows"), rows as f64 / done.seconds, "/s");
                report.figure(
                    &format!("{name}, {rows} rows, memory at most"),
                    done.peak as f64 / 1024.0,
                    "MiB",
                );
                let wanted = serde_json::json!([rows / EACH, 0]);
                let found = serde_json::json!([done.sums["made"], done.sums["refused"]]);
                if found != wanted {
                    report
                        .failures
                        .push(format!("{name}: {found} made and refused instead of {wanted}"));
                }
            }
        }
        Ok(report)
    }
}

fn import(dir: &Path, text: &str) -> Result<Done> {
    let _ = std::fs::remove_dir_all(dir);
    std::fs::create_dir_all(dir).map_err(broken)?;
    let file = dir.join("products.csv");
    std::fs::write(&file, text).map_err(broken)?;
    let program = std::env::current_exe().map_err(broken)?;
    let watch = Stopwatch::start();
    let mut child = Command::new(program)
        .arg("--data")
        .arg(dir.join("shop"))
        .args(["--json", "import", "products"])
        .arg(&file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(broken)?;
    let mut peak = 0;
    while child.try_wait().map_err(broken)?.is_none() {
        peak = peak.max(machine::peak(child.id()));
        std::thread::sleep(Duration::from_millis(2));
    }
    let seconds = watch.seconds();
    let output = child.wait_with_output().map_err(broken)?;
    std::fs::remove_dir_all(dir).map_err(broken)?;
    Ok(Done {
        seconds,
        peak,
        sums: serde_json::from_slice(&output.stdout).map_err(|cause| Error::Internal(cause.into()))?,
    })
}

fn broken(cause: std::io::Error) -> Error {
    Error::internal(format!("an import: {cause}"))
}

fn own(rows: usize) -> String {
    let mut text = String::from("sku,name,category,title,price,quantity,weight_g,product\n");
    for row in 0..rows {
        let (product, variant) = (row / EACH, row % EACH);
        let _ = writeln!(
            text,
            "P{product}-{variant},Product {product},Type {},Size {variant},12.50,7,200,{product}",
            product % 40
        );
    }
    text
}

fn shopify(rows: usize) -> String {
    let mut text = String::from(
        "Handle,Title,Body (HTML),Type,Option1 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,\
         Variant Inventory Qty,Variant Price,Variant Taxable\n",
    );
    for row in 0..rows {
        let (product, variant) = (row / EACH, row % EACH);
        let head = match variant {
            0 => format!(
                "Product {product},\"<p>What it is,\nin two lines</p>\",Type {}",
                product % 40
            ),
            _ => ",,".to_owned(),
        };
        let _ = writeln!(
            text,
            "product-{product},{head},Size {variant},P{product}-{variant},200,shopify,7,12.50,TRUE"
        );
    }
    text
}
