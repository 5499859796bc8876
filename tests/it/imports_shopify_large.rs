//! Large files in Shopify's layout: a row without an end, and a hundred thousand rows.

use std::fmt::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::imports::Folder;
use crate::imports_shopify::bring;
use crate::imports_shopify::rows;
use crate::imports_shopify::small;

/// A row without an end does not fill the memory: what came before it is in.
#[test]
fn a_quote_that_nobody_closes_ends_the_file() {
    let folder = Folder::new("shopify-quote");
    let data = folder.path("data");
    let open = format!(
        "a,A,,,A1,1,\nb,B,,,B1,1,\nc,C,,,C1,1,\"{}",
        "no end, \n".repeat(700_000)
    );
    let (code, _, said) = bring(&folder, small(&open));
    assert_eq!(code, 1);
    assert!(
        said.contains("the file cannot be read on from line 4: a row is longer than 4194304 bytes"),
        "{said}"
    );
    assert_eq!(rows(&data, "SELECT sku FROM variants ORDER BY sku"), ["A1"]);
}

/// Products of four variants each, a row a variant.
fn many(products: usize) -> String {
    let mut text = String::from(
        "Handle,Title,Body (HTML),Type,Option1 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Variant Taxable,Image Src\n",
    );
    for product in 0..products {
        for variant in 0..4 {
            let head = match variant {
                0 => format!(
                    "Product {product},\"<p>What it is,\nin two lines</p>\",Type {}",
                    product % 40
                ),
                _ => ",,".to_owned(),
            };
            writeln!(text, "product-{product},{head},Size {variant},P{product}-{variant},200,shopify,7,12.50,TRUE,https://shop.test/{product}.png").unwrap();
        }
    }
    text
}

/// Brings so many products into an empty shop; in how many seconds, and with how many KiB at most.
fn measured(products: usize) -> (f64, u64) {
    let folder = Folder::new(&format!("shopify-many-{products}"));
    let data = folder.path("data");
    let file = folder.file("many.csv", many(products));
    let watch = till::clock::Stopwatch::start();
    let output = std::process::Command::new("/usr/bin/time")
        .args([
            "-f",
            "%M",
            env!("CARGO_BIN_EXE_till"),
            "--data",
            data.to_str().unwrap(),
            "--json",
        ])
        .args(["import", "products", file.to_str().unwrap()])
        .output()
        .unwrap();
    let seconds = watch.seconds();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let sums: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&sums["made"], &sums["refused"]), (&json!(products), &json!(0)));
    (seconds, said.lines().last().unwrap().parse().unwrap())
}

/// T18: 100,000 rows, four variants a product; how many a second, and that they take no more memory than a tenth of them.
#[test]
#[ignore = "measures: needs a release build"]
fn a_hundred_thousand_rows() {
    let (_, few) = measured(2_500);
    let (seconds, peak) = measured(25_000);
    println!(
        "100,000 rows in {seconds:.1} s: {:.0} rows/s, {peak} KiB at most, {few} for 10,000",
        100_000.0 / seconds
    );
    assert!(peak < few + 8_192, "{few} and {peak} KiB");
    if !cfg!(debug_assertions) {
        assert!(100_000.0 / seconds >= 5000.0, "{seconds:.1} s");
    }
}
