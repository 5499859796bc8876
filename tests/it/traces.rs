//! What happens in a shop follows from what it is asked and what time it is, and from nothing else: no clock, no chance and
//! no id of the machine's is in what it writes of orders, money and goods.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::RngAlgorithm;
use proptest::test_runner::TestRng;
use proptest::test_runner::TestRunner;
use rusqlite::Connection;
use serde_json::json;

use crate::app::TestApp;
use crate::edits_race::Op;
use crate::edits_race::begin;
use crate::edits_race::op;
use crate::edits_race::run;

/// What a seed stands for: an order, and what becomes of it.
fn life(seed: u8) -> (Vec<(usize, i64)>, Vec<Op>) {
    let chance = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), chance);
    let lines = prop::collection::vec((0..3_usize, 2..6_i64), 2..4);
    let life = (lines, prop::collection::vec(op(), 8));
    life.new_tree(&mut runner).unwrap().current()
}

/// Everything that rows say, but for the proofs of the audit: their key is each shop's own.
fn rows(file: &Connection, sql: &str) -> String {
    let mut statement = file.prepare_cached(sql).unwrap();
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let told = (0..names.len()).filter(|at| !["digest", "mac"].contains(&&*names[*at]));
    let told: Vec<usize> = told.collect();
    let mut text = String::new();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        for at in &told {
            text += &format!("{}={:?} ", names[*at], row.get_ref(*at).unwrap());
        }
        text.push('\n');
    }
    text
}

/// What is told of a life and its end in every table that it moves, behind what was there before.
fn trace(app: &TestApp, file: &Connection, seed: u8) -> String {
    let (lines, ops) = life(seed);
    let tables = [
        "events",
        "audit",
        "orders",
        "order_lines",
        "order_changes",
        "stock_movements",
        "payments",
        "refunds",
        "refund_lines",
        "shipments",
        "shipment_lines",
        "invoices",
        "commissions",
        "stock",
    ];
    let newest = |table: &str| app.number(&format!("SELECT ifnull(max(rowid), 0) FROM {table}"));
    let before = tables.map(newest);
    let made = app.app().store().write(move |tx| begin(tx, &lines));
    if let Ok(Some(id)) = made {
        for op in ops {
            app.clock.pass(1 + i64::from(seed));
            // What is refused leaves nothing, or that it was.
            let _ = app.app().store().write(move |tx| run(tx, id, &op));
        }
    }
    let of = |(table, last): (&str, i64)| {
        let last = if table == "stock" { 0 } else { last };
        let found = rows(
            file,
            &format!("SELECT * FROM {table} WHERE rowid > {last} ORDER BY rowid"),
        );
        format!("{table}\n{found}")
    };
    tables.into_iter().zip(before).map(of).collect()
}

fn traces() -> Vec<String> {
    let app = TestApp::start();
    app.token("owner");
    for (sku, price) in [("A", "1.00"), ("B", "3.33"), ("C", "7.77")] {
        app.product(sku, price, 5_000);
    }
    let coupon = json!({ "code": "TENTH", "kind": "percentage", "value": "10", "min_subtotal": "5.00" });
    assert_eq!(app.post("owner", "/api/v1/coupons", coupon).status, 201);
    let file = app.file();
    (0..100).map(|seed| trace(&app, &file, seed)).collect()
}

/// CON-07: a hundred seeds in two shops: each leaves the same in both, and no two the same.
#[test]
fn one_seed_leaves_one_trace() {
    let (one, other) = std::thread::scope(|scope| {
        let (one, other) = (scope.spawn(traces), scope.spawn(traces));
        (one.join().unwrap(), other.join().unwrap())
    });
    for (seed, (one, other)) in one.iter().zip(&other).enumerate() {
        assert_eq!(one, other, "seed {seed}");
    }
    let distinct: std::collections::HashSet<&String> = one.iter().collect();
    assert_eq!(distinct.len(), 100);
}
