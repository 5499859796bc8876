//! Whatever happens to orders and stock, in whichever order: the ledger adds up to what is on the shelf.

use std::sync::Arc;
use std::sync::Mutex;

use proptest::prelude::*;
use till::domain::actor::Actor;
use till::domain::actor::ActorKind;
use till::domain::id::OrderId;
use till::domain::id::UserId;
use till::domain::order::Channel;
use till::domain::order::ItemRef;
use till::domain::order::NewLine;
use till::domain::order::NewOrder;
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

fn actor() -> Actor {
    Actor {
        kind: ActorKind::User,
        user: Some(UserId(1)),
        rights: Rights::ALL,
        ..Actor::system()
    }
}

fn order(lines: &[(usize, i64)]) -> NewOrder {
    let line = |(at, quantity): &(usize, i64)| NewLine {
        item: ItemRef::Sku(Sku::parse(SKUS[*at]).unwrap()),
        quantity: *quantity,
        price: None,
    };
    NewOrder {
        lines: lines.iter().map(line).collect(),
        customer: None,
        email: None,
        shipping_address: None,
        billing_address: None,
        note: None,
        total_price: None,
        client_token: None,
        channel: Channel::Api,
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

/// After every operation the shelves are what the model says; then, over the whole file, each variant's movements add up to
/// its shelf, and each order's to what it took and has not put back.
fn conserve(cases: u32) {
    let app = TestApp::start();
    app.token("owner");
    for sku in SKUS {
        app.product(sku, "1.00", 10);
    }
    let model = Arc::new(Mutex::new(Model {
        shelves: [10; 4],
        ..Model::default()
    }));
    let file = app.file();
    let config = ProptestConfig {
        cases,
        max_shrink_iters: 0,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(ops in prop::collection::vec(op(), 200))| {
        let shared = Arc::clone(&model);
        let ran = app.app().store().write(move |tx| {
            let mut model = shared.lock().unwrap().clone();
            for op in &ops {
                run(tx, &mut model, op)?;
                assert_eq!(shelves(tx), model.shelves, "{op:?}");
            }
            // Orders of long ago are left standing, or each case would copy them all.
            let old = model.standing.len().saturating_sub(100);
            model.standing.drain(..old);
            *shared.lock().unwrap() = model;
            Ok(())
        });
        ran.unwrap();
        let broken = |sql: &str| file.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        prop_assert_eq!(broken(
            "SELECT count(*) FROM stock s WHERE s.available
               <> (SELECT ifnull(sum(delta), 0) FROM stock_movements m WHERE m.variant_id = s.variant_id)"
        ), 0);
        prop_assert_eq!(broken(
            "SELECT count(*) FROM orders o
             WHERE (SELECT -ifnull(sum(delta), 0) FROM stock_movements m WHERE m.order_id = o.id)
               <> iif(o.status = 4, 0, (SELECT sum(quantity) FROM order_lines l WHERE l.order_id = o.id))
               AND o.id > (SELECT max(id) - 50 FROM orders)"
        ), 0);
    });
}

/// CON-02, N1
#[test]
fn stock_is_conserved_whatever_happens() {
    conserve(50);
}

/// CON-02: the size of the nightly run.
#[test]
#[ignore = "nightly: 1,000 times 200 operations"]
fn stock_is_conserved_two_hundred_thousand_times() {
    conserve(1000);
}
