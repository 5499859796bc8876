//! Whatever happens to orders and stock, in whichever order: the ledger adds up to what is on the shelf.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::Mutex;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;
use till::domain::actor::Actor;
use till::domain::actor::ActorKind;
use till::domain::id::OrderId;
use till::domain::id::UserId;
use till::domain::new_order::Details;
use till::domain::new_order::ItemRef;
use till::domain::new_order::NewLine;
use till::domain::new_order::NewOrder;
use till::domain::order::Channel;
use till::domain::permission::Rights;
use till::domain::product::Adjustment;
use till::domain::product::MovementReason;
use till::domain::product::StockChange;
use till::domain::text::Sku;
use till::error::Code;
use till::error::Error;
use till::shop::Tx;
use till::shop::once::Once;
use till::shop::orders;
use till::shop::orders::Cancel;
use till::shop::stock;

use crate::app::TestApp;

const SKUS: [&str; 4] = ["A", "B", "C", "D"];

#[derive(Debug, Clone)]
enum Op {
    Place(Vec<(usize, i64)>),
    Cancel(usize),
    Adjust(usize, i64),
    Count(usize, i64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => prop::collection::vec((0..4_usize, 1..9_i64), 1..5).prop_map(Op::Place),
        2 => any::<usize>().prop_map(Op::Cancel),
        2 => (0..4_usize, -20..20_i64).prop_map(|(at, by)| Op::Adjust(at, by)),
        1 => (0..4_usize, 0..30_i64).prop_map(|(at, to)| Op::Count(at, to)),
    ]
}

/// What the shelves should hold, by a model that knows nothing of the shop; and the lines of the orders that stand.
#[derive(Debug, Clone, Default)]
struct Model {
    shelves: [i64; 4],
    standing: Vec<(OrderId, Vec<(usize, i64)>)>,
}

/// Whoever may everything.
pub fn actor() -> Actor {
    Actor {
        kind: ActorKind::User,
        user: Some(UserId(1)),
        rights: Rights::ALL,
        ..Actor::system()
    }
}

/// An order of so many of each.
pub fn order(lines: &[(usize, i64)]) -> NewOrder {
    let line = |(at, quantity): &(usize, i64)| NewLine {
        item: ItemRef::Sku(Sku::parse(SKUS[*at]).unwrap()),
        quantity: *quantity,
        price: None,
    };
    NewOrder {
        lines: lines.iter().map(line).collect(),
        customer: None,
        total_price: None,
        details: Details::plain(till::domain::payment::Provider::Manual, Channel::Api),
    }
}

/// Runs one operation on the shop and on the model, and compares what they say of it.
fn run(tx: &Tx, model: &mut Model, op: &Op) -> Result<(), Error> {
    match op {
        Op::Place(lines) => {
            let mut after = model.shelves;
            lines.iter().for_each(|(at, quantity)| after[*at] -= quantity);
            let placed = orders::place(tx, &actor(), None, &order(lines));
            match (placed, after.iter().all(|left| *left >= 0)) {
                (Ok(Once::First(order)), true) => {
                    model.shelves = after;
                    model.standing.push((order.head.id, lines.clone()));
                }
                (Err(error), false) => assert_eq!(error.code(), Code::InsufficientStock),
                (placed, may) => panic!("{lines:?} {may} {placed:?}"),
            }
        }
        Op::Cancel(_) if model.standing.is_empty() => {}
        Op::Cancel(which) => {
            let (id, lines) = model.standing.swap_remove(which % model.standing.len());
            let asked = Cancel {
                version: None,
                reason: None,
                restock: false,
            };
            orders::cancel(tx, &actor(), None, id, &asked)?;
            lines
                .iter()
                .for_each(|(at, quantity)| model.shelves[*at] += quantity);
        }
        Op::Adjust(at, by) => adjust(tx, model, *at, StockChange::By(*by), *by),
        Op::Count(at, to) => adjust(tx, model, *at, StockChange::To(*to), to - model.shelves[*at]),
    }
    Ok(())
}

fn adjust(tx: &Tx, model: &mut Model, at: usize, change: StockChange, delta: i64) {
    let asked = Adjustment {
        sku: Sku::parse(SKUS[at]).unwrap(),
        change,
        reason: MovementReason::Adjust,
        note: None,
    };
    let may = delta != 0 && model.shelves[at] + delta >= 0;
    match (stock::adjust(tx, &actor(), None, &asked), may) {
        (Ok(Once::First(movement)), true) => {
            model.shelves[at] += delta;
            assert_eq!((movement.delta, movement.available), (delta, model.shelves[at]));
        }
        (Err(error), false) => assert!([Code::NotAllowed, Code::InsufficientStock].contains(&error.code())),
        (moved, may) => panic!("{change:?} {may} {moved:?}"),
    }
}

/// The shelves as the shop tells them, in the order of the SKUs.
fn shelves(tx: &Tx) -> [i64; 4] {
    SKUS.map(|sku| {
        till::store::products::offer_by_sku(tx, sku)
            .unwrap()
            .unwrap()
            .available
    })
}

/// Sums over what the ledger has taken down behind a mark: movements are only ever added, and their ids only grow.
struct Ledger<'a> {
    file: &'a rusqlite::Connection,
    /// The last movement and the last order that were looked at.
    upto: (i64, i64),
    /// What the movements so far add up to.
    moved: [i64; 4],
}

impl<'a> Ledger<'a> {
    fn new(file: &'a rusqlite::Connection) -> Self {
        Self {
            file,
            upto: (0, 0),
            moved: [0; 4],
        }
    }

    fn number(&self, sql: &str) -> i64 {
        let mut statement = self.file.prepare_cached(sql).unwrap();
        statement.query_row([], |row| row.get(0)).unwrap()
    }

    /// Adds what has come since the last look; what each variant's movements add up to.
    fn sum(&mut self) -> [i64; 4] {
        let mut statement = self
            .file
            .prepare_cached(
                "SELECT v.sku, sum(m.delta) FROM stock_movements m JOIN variants v ON v.id = m.variant_id
                 WHERE m.id > ?1
                 GROUP BY m.variant_id",
            )
            .unwrap();
        let mut rows = statement.query([self.upto.0]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let (sku, delta): (String, i64) = (row.get(0).unwrap(), row.get(1).unwrap());
            self.moved[SKUS.iter().position(|known| *known == sku).unwrap()] += delta;
        }
        self.moved
    }

    /// Orders since the last look whose movements are not what they took and have not put back. From here on the next
    /// look goes on.
    fn broken_orders(&mut self) -> i64 {
        let (movements, orders) = self.upto;
        let mut statement = self
            .file
            .prepare_cached(
                "WITH moved AS MATERIALIZED (
                   SELECT order_id, sum(delta) AS delta FROM stock_movements WHERE id > ?1 GROUP BY order_id
                 )
                 SELECT count(*) FROM orders o LEFT JOIN moved m ON m.order_id = o.id
                 WHERE o.id > ?2 AND -ifnull(m.delta, 0)
                   <> iif(o.status = 4, 0, (SELECT sum(quantity) FROM order_lines l WHERE l.order_id = o.id))",
            )
            .unwrap();
        let broken = statement
            .query_row([movements, orders], |row| row.get(0))
            .unwrap();
        self.upto = (
            self.number("SELECT ifnull(max(id), 0) FROM stock_movements"),
            self.number("SELECT ifnull(max(id), 0) FROM orders"),
        );
        broken
    }
}

/// After every operation the shelves are what the model says; after each case, each variant's movements add up to its
/// shelf, and each order's to what it took and has not put back.
fn conserve(cases: u32) {
    let app = TestApp::start();
    app.token("owner");
    for sku in SKUS {
        app.product(sku, "1.00", 10);
    }
    let shelves_now = Arc::new(Mutex::new([10; 4]));
    let file = app.file();
    let ledger = RefCell::new(Ledger::new(&file));
    let config = ProptestConfig {
        cases,
        max_shrink_iters: 0,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = TestRunner::new(config);
    runner
        .run(&prop::collection::vec(op(), 200), |ops| {
            let shared = Arc::clone(&shelves_now);
            let ran = app.app().store().write(move |tx| {
                let mut model = Model {
                    shelves: *shared.lock().unwrap(),
                    standing: Vec::new(),
                };
                for op in &ops {
                    run(tx, &mut model, op)?;
                    assert_eq!(shelves(tx), model.shelves, "{op:?}");
                }
                *shared.lock().unwrap() = model.shelves;
                Ok(())
            });
            ran.unwrap();
            let mut ledger = ledger.borrow_mut();
            prop_assert_eq!(ledger.sum(), *shelves_now.lock().unwrap());
            prop_assert_eq!(ledger.broken_orders(), 0);
            Ok(())
        })
        .unwrap();
}

/// CON-02, N1: histories of two hundred acts.
#[test]
fn stock_is_conserved_whatever_happens() {
    conserve(200);
}

/// CON-02, N1: a thousand of them.
#[test]
#[ignore = "two minutes: cargo test --test it -- --ignored conservation"]
fn stock_is_conserved_in_a_thousand_histories() {
    conserve(1000);
}

/// CON-02: a shelf, or an order, that the ledger knows nothing of is seen.
#[test]
fn what_goes_past_the_ledger_is_seen() {
    let app = TestApp::start();
    app.expect_findings();
    SKUS.iter().for_each(|sku| {
        app.product(sku, "1.00", 10);
    });
    let order = json!({ "items": [{ "sku": "A", "quantity": 3 }] });
    assert_eq!(app.post("ann", "/api/v1/orders", order.clone()).status, 201);
    let file = app.file();
    let mut ledger = Ledger::new(&file);
    let on_shelves = || {
        SKUS.map(|sku| {
            app.number(&format!(
                "SELECT available FROM stock WHERE variant_id = (SELECT id FROM variants WHERE sku = '{sku}')"
            ))
        })
    };
    assert_eq!((ledger.sum(), ledger.broken_orders()), (on_shelves(), 0));
    app.change("UPDATE stock SET available = available - 1 WHERE variant_id = 2");
    assert_ne!(ledger.sum(), on_shelves());
    assert_eq!(app.post("ann", "/api/v1/orders", order).status, 201);
    app.change(
        "UPDATE order_lines SET quantity = 2, total = 200 WHERE order_id = (SELECT max(id) FROM orders)",
    );
    ledger.sum();
    assert_eq!(ledger.broken_orders(), 1);
}
