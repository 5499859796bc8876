//! Imports: run twice, run dry, killed and run again; and the whole data set.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use rusqlite::Connection;
use serde_json::Value;
use serde_json::json;

use crate::imports::BRITISH;
use crate::imports::Folder;
use crate::imports::counts;
use crate::imports::import;
use crate::imports::import_sample;
use crate::imports::invoice;
use crate::imports::one;
use crate::imports::sample;
use crate::imports::till;

/// T18: running a file again is harmless.
#[test]
fn a_file_that_comes_twice_changes_nothing() {
    let folder = Folder::new("twice");
    let data = folder.path("data");
    import_sample(&data);
    let before = counts(&data);
    for (what, rows) in [("products.csv", 723), ("customers.csv", 59), ("orders.jsonl", 85)] {
        let (code, sums) = import(&data, what.split('.').next().unwrap(), &sample(what), &BRITISH);
        assert_eq!(
            (code, &sums["known"], &sums["made"]),
            (0, &json!(rows), &json!(0)),
            "{what}"
        );
    }
    assert_eq!(counts(&data), before);
}

/// T18: a dry run checks every row and writes none.
#[test]
fn a_dry_run_writes_nothing() {
    let folder = Folder::new("dry");
    let data = folder.path("data");
    let dry = [&BRITISH[..], &["--dry-run"]].concat();
    let (code, sums) = import(&data, "products", &sample("products.csv"), &dry);
    assert_eq!(
        (code, &sums["made"], &sums["dry_run"]),
        (0, &json!(723), &json!(true))
    );
    assert_eq!(counts(&data), [0; 11]);
    import_sample(&data);
    let before = counts(&data);
    let (code, sums) = import(&data, "orders", &sample("orders.jsonl"), &dry);
    assert_eq!((code, &sums["known"]), (0, &json!(85)));
    assert_eq!(counts(&data), before);
    let db = Connection::open(data.join("till.db")).unwrap();
    assert_eq!(one(&db, "SELECT count(*) FROM settings WHERE value = 'GBP'"), 1);
}

/// T18: before anything is imported, a dry run of the orders tells what the import after that of the products will.
#[test]
fn a_dry_run_of_everything_tells_what_will_come() {
    let folder = Folder::new("dry-all");
    let data = folder.path("data");
    let products = sample("products.csv");
    let dry = [&BRITISH[..], &["--dry-run"]].concat();
    let told = [&dry[..], &["--products", products.to_str().unwrap()]].concat();
    let (code, mut promised) = import(&data, "orders", &sample("orders.jsonl"), &told);
    assert_eq!((code, &promised["refused"]), (0, &json!(0)));
    assert_eq!(counts(&data), [0; 11]);

    // Without that file the reason is told once more in the end, with the way out.
    let (code, sums) = import(&data, "orders", &sample("orders.jsonl"), &dry);
    let refused = sums["refused"].as_i64().unwrap();
    assert_eq!((code, &sums["without_product"]), (1, &json!(refused)));
    assert_eq!(sums["made"].as_i64().unwrap() + refused, 85);
    let file = sample("orders.jsonl");
    let words = till(
        &data,
        &[&["import", "orders", file.to_str().unwrap()], &dry[..]].concat(),
    );
    let words = String::from_utf8(words.stdout).unwrap();
    assert!(
        words.contains(&format!(
            "\n{refused} of the refused name a SKU that is not in the shop: import products first, or tell --products FILE"
        )),
        "{words}"
    );

    import(&data, "products", &products, &BRITISH);
    let (_, came) = import(&data, "orders", &sample("orders.jsonl"), &BRITISH);
    promised["dry_run"] = json!(false);
    assert_eq!(promised, came);
}

/// `--products` has its place in a dry run of orders alone.
#[test]
fn products_are_announced_to_a_dry_run_of_orders_alone() {
    let folder = Folder::new("announced");
    let (data, file) = (folder.path("data"), sample("products.csv"));
    let file = file.to_str().unwrap();
    for (what, more, code) in [("products", &["--dry-run"][..], 78), ("orders", &[], 2)] {
        let args = [&["import", what, file, "--products", file], more].concat();
        assert_eq!(till(&data, &args).status.code(), Some(code), "{what}");
    }
}

/// Invoices enough for many batches, five lines each, 1.25 in all.
fn many(count: i64) -> String {
    let line = r#"{"sku":"MUG","qty":1,"unit_price_pence":25}"#;
    let lines = [line; 5].join(",");
    (1..=count)
        .map(|number| invoice(&number.to_string(), "2011-01-05T10:00:00", &lines) + "\n")
        .collect()
}

/// T18: killed at any moment, the same command again brings in what is missing, and nothing twice.
#[test]
fn an_import_that_was_killed_is_resumed_by_running_it_again() {
    let folder = Folder::new("killed");
    let data = folder.path("data");
    let products = folder.file("p.csv", "sku,name,price\nMUG,Mug,4.50\n");
    assert_eq!(import(&data, "products", &products, &BRITISH).0, 0);
    let orders = folder.file("o.jsonl", many(3000));
    let db = Connection::open(data.join("till.db")).unwrap();
    let mut before = 0;
    for _ in 0..2 {
        let mut running = Command::new(env!("CARGO_BIN_EXE_till"))
            .args([
                "--data",
                data.to_str().unwrap(),
                "import",
                "orders",
                orders.to_str().unwrap(),
            ])
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while one(&db, "SELECT count(*) FROM orders") == before && running.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        running.kill().unwrap();
        running.wait().unwrap();
        before = one(&db, "SELECT count(*) FROM orders");
    }
    assert!(0 < before && before < 3000, "{before} orders at the second kill");
    let (code, sums) = import(&data, "orders", &orders, &[]);
    assert_eq!(
        (code, &sums["known"], &sums["made"]),
        (0, &json!(before), &json!(3000 - before))
    );
    assert_eq!(one(&db, "SELECT count(DISTINCT number) FROM orders"), 3000);
    assert_eq!(one(&db, "SELECT count(*) FROM order_lines"), 15_000);
    assert_eq!(one(&db, "SELECT sum(total) FROM orders"), 375_000);
    let told =
        "SELECT sum(content ->> 'made') FROM audit WHERE action = 60 AND content ->> 'kind' = 'orders'";
    assert_eq!(one(&db, told), 3000);
    let audited = "SELECT max(content ->> 'made') FROM audit WHERE action = 60";
    assert!(one(&db, audited) < 400, "a batch is a short job");
}

/// The whole data set, where it stands beside the checkout or where RETAIL_DATA says: its own figures come out.
#[test]
#[ignore = "needs the whole data set, and a release build for the time"]
fn the_whole_data_set_comes_in() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/online_retail");
    let set = std::env::var_os("RETAIL_DATA").map_or(beside, PathBuf::from);
    let stats: Value = serde_json::from_slice(&std::fs::read(set.join("stats.json")).unwrap()).unwrap();
    let folder = Folder::new("whole");
    let data = folder.path("data");
    for what in ["products", "customers"] {
        let (code, sums) = import(&data, what, &set.join(format!("{what}.csv.gz")), &BRITISH);
        assert_eq!((code, &sums["made"]), (0, &stats[what]), "{what}");
    }
    let watch = till::clock::Stopwatch::start();
    let (code, sums) = import(&data, "orders", &set.join("orders.jsonl.gz"), &[]);
    let seconds = watch.seconds();
    println!("14,987 invoices in {seconds:.1} s: {sums}");
    assert_eq!(
        (code, &sums["refused"], &sums["customers"]),
        (0, &json!(0), &json!(0))
    );
    assert_eq!(sums["credit_notes"], stats["cancellation_invoices"]);
    assert_eq!(
        (&sums["lines"], &sums["charges"]),
        (&stats["sale_lines"], &stats["sale_charges"])
    );
    let db = Connection::open(data.join("till.db")).unwrap();
    for (sql, figure) in [
        ("SELECT count(*) FROM orders", &stats["sale_invoices"]),
        ("SELECT sum(total) FROM orders", &stats["sale_total_pence"]),
        (
            "SELECT -sum(total) FROM credit_notes",
            &stats["cancellation_total_pence"],
        ),
        (
            "SELECT count(*) FROM credit_notes WHERE customer_id IS NULL",
            &stats["cancellation_no_customer"],
        ),
        (
            "SELECT count(*) FROM orders WHERE customer_id IS NULL",
            &stats["sale_no_customer"],
        ),
        (
            "SELECT count(*) FROM orders WHERE item_count = 0",
            &stats["sale_charges_only"],
        ),
        (
            "SELECT count(*) FROM products WHERE status = 0 AND price_from IS NULL",
            &stats["products_no_price"],
        ),
        ("SELECT count(*) FROM customers", &stats["customers"]),
    ] {
        assert_eq!(json!(one(&db, sql)), *figure, "{sql}");
    }
    assert!(till(&data, &["doctor"]).status.success());
    if !cfg!(debug_assertions) {
        assert!(seconds <= 10.0, "{seconds:.1} s");
    }
}
