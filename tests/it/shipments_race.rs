//! Shipments and returns: many at once, and in whichever order. No piece leaves twice, none comes back twice.

use std::sync::Arc;
use std::sync::Mutex;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use serde_json::json;
use till::domain::id::OrderId;
use till::domain::id::ReturnId;
use till::domain::order::Order;
use till::domain::refund::NewRefund;
use till::domain::refund::NewRefundLine;
use till::domain::returns::CameBack;
use till::domain::returns::NewReturn;
use till::domain::returns::ReturnState;
use till::domain::returns::ReturnStep;
use till::domain::shipment::Label;
use till::domain::shipment::NewShipment;
use till::domain::shipment::ShipmentLine;
use till::error::Code;
use till::error::Result;
use till::shop::Tx;
use till::shop::once::Once;
use till::shop::orders;
use till::shop::orders::Cancel;
use till::shop::payments;
use till::shop::payments::ByHand;
use till::shop::returns;
use till::shop::shipments;
use till::store;

use crate::app::TestApp;
use crate::conservation;
use crate::shipments::order;
use crate::shipments::path;
use crate::shipments::pieces;
use crate::shipments::shelves;
use crate::shipments::shipped;
use crate::shipments::shop;

/// Sends the same request from so many clients at once; status and code of each answer, in order.
fn at_once(app: &TestApp, count: usize, method: &str, path: &str, body: &Value) -> Vec<(u16, u64)> {
    let token = app.token("owner");
    let mut answers: Vec<(u16, u64)> = std::thread::scope(|scope| {
        let sent: Vec<_> = (0..count)
            .map(|_| {
                scope.spawn(|| {
                    let answer = app.client().send(method, path, token.as_deref(), &[], Some(body));
                    let code = if answer.status < 300 { 0 } else { answer.code() };
                    (answer.status, code)
                })
            })
            .collect();
        sent.into_iter().map(|one| one.join().unwrap()).collect()
    });
    answers.sort_unstable();
    answers
}

fn one_of(count: usize, won: u16, lost: (u16, u64)) -> Vec<(u16, u64)> {
    let mut all = vec![lost; count];
    all[0] = (won, 0);
    all
}

/// CON-05: the last piece leaves once, however many send it at once.
#[test]
fn the_last_piece_leaves_once() {
    let app = shop();
    for _ in 0..3 {
        let order = order(&app, 1, 4);
        let at = format!("{}/shipments", path(&order));
        let cup = json!({ "items": [pieces(&order, 1, 1)] });
        let answers = at_once(&app, 8, "POST", &at, &cup);
        let won = answers.iter().filter(|answer| **answer == (201, 0)).count();
        assert_eq!(won, 4);
        assert!(
            answers[4..].iter().all(|answer| *answer == (422, 6001)),
            "{answers:?}"
        );
        let rest = at_once(&app, 8, "POST", &at, &json!({}));
        assert_eq!(rest, one_of(8, 201, (409, 6002)));
    }
    assert_eq!(app.number("SELECT sum(quantity) FROM shipment_lines"), 15);
}

/// CON-05: a piece is announced once, received once and given back for once.
#[test]
fn a_piece_comes_back_once() {
    let app = shop();
    let order = order(&app, 1, 1);
    shipped(&app, &order, json!({}));
    let at = format!("{}/returns", path(&order));
    let body = json!({ "lines": [pieces(&order, 0, 1)], "reason": "chipped" });
    assert_eq!(at_once(&app, 8, "POST", &at, &body), one_of(8, 201, (422, 6001)));
    let line = json!({ "item_id": order["items"][0]["id"], "received": 1, "restock": true });
    let body = json!({ "status": "received", "lines": [line], "version": 1 });
    let id = app.number("SELECT id FROM returns");
    let one = format!("{at}/{id}");
    assert_eq!(
        at_once(&app, 8, "PATCH", &one, &body),
        one_of(8, 200, (412, 3003))
    );
    assert_eq!(shelves(&app), [100, 99]);
    let give = format!("{}/refunds", path(&order));
    let body = json!({ "return_id": id, "reason": "chipped" });
    assert_eq!(
        at_once(&app, 8, "POST", &give, &body),
        one_of(8, 201, (409, 6002))
    );
    assert_eq!(app.number("SELECT refunded FROM orders"), 450);
}

#[derive(Debug, Clone)]
enum Op {
    Ship(usize, i64),
    Refund(usize, i64, bool),
    Ask(usize, i64),
    Receive(usize, i64, bool),
    Reject(usize),
    GiveBack(usize),
    Cancel(bool),
}

fn op() -> impl Strategy<Value = Op> {
    let (line, few) = (0..2_usize, 1..4_i64);
    prop_oneof![
        6 => (line.clone(), few.clone()).prop_map(|(line, pieces)| Op::Ship(line, pieces)),
        2 => (line.clone(), few.clone(), any::<bool>()).prop_map(|(line, pieces, shelf)| Op::Refund(line, pieces, shelf)),
        4 => (line, few).prop_map(|(line, pieces)| Op::Ask(line, pieces)),
        4 => (any::<usize>(), 0..4_i64, any::<bool>()).prop_map(|(which, came, shelf)| Op::Receive(which, came, shelf)),
        1 => any::<usize>().prop_map(Op::Reject),
        3 => any::<usize>().prop_map(Op::GiveBack),
        1 => any::<bool>().prop_map(Op::Cancel),
    ]
}

/// What should have become of the pieces of a line, by a model that knows nothing of the shop.
#[derive(Debug, Clone, Copy, Default)]
struct Pieces {
    ordered: i64,
    shipped: i64,
    dropped: i64,
    reshelved: i64,
    returned: i64,
    restocked: i64,
    kept_off: i64,
    given: i64,
}

impl Pieces {
    fn left(self) -> i64 {
        self.ordered - self.shipped - self.dropped
    }
}

struct Model {
    order: Order,
    lines: [Pieces; 2],
    /// Each return with its line, what was announced or has come of it, and how far it is.
    returns: Vec<(ReturnId, usize, i64, ReturnState)>,
    shelf: [i64; 2],
    has_ended: bool,
}

impl Model {
    fn left(&self) -> i64 {
        self.lines.iter().map(|line| line.left()).sum()
    }

    fn has_sent(&self) -> bool {
        self.lines.iter().any(|line| line.shipped > 0)
    }
}

/// What the model says, held against what the shop did.
fn held<T>(done: Result<T>, wanted: std::result::Result<(), Code>, what: &str) -> Option<T> {
    match (done, wanted) {
        (Ok(done), Ok(())) => Some(done),
        (Err(error), Err(code)) if error.code() == code => None,
        (Ok(_), wanted) => panic!("{what}: done, and not {wanted:?}"),
        (Err(error), wanted) => panic!("{what}: {error}, and not {wanted:?}"),
    }
}

fn begin(tx: &Tx, ordered: [i64; 2], shelf: [i64; 2]) -> Result<Model> {
    let new = conservation::order(&[(0, ordered[0]), (1, ordered[1])]);
    let Once::First(order) = orders::place(tx, &conservation::actor(), None, &new)? else {
        panic!("placed before");
    };
    let paid = ByHand {
        order: order.head.id,
        amount: None,
        method: None,
        reference: None,
        version: None,
    };
    payments::record_by_hand(tx, &conservation::actor(), None, &paid)?;
    Ok(Model {
        lines: ordered.map(|ordered| Pieces {
            ordered,
            ..Pieces::default()
        }),
        returns: Vec::new(),
        shelf: [shelf[0] - ordered[0], shelf[1] - ordered[1]],
        has_ended: false,
        order,
    })
}

fn send(tx: &Tx, model: &mut Model, line: usize, quantity: i64) {
    let new = NewShipment {
        lines: vec![ShipmentLine {
            line: model.order.lines[line].id,
            quantity,
        }],
        label: Label::default(),
        is_told: true,
        version: None,
    };
    let wanted = match (model.left(), model.has_sent()) {
        (0, true) => Err(Code::InvalidState),
        (0, false) => Err(Code::NotAllowed),
        _ if quantity > model.lines[line].left() => Err(Code::BusinessRule),
        _ => Ok(()),
    };
    let done = shipments::ship(tx, &conservation::actor(), None, model.order.head.id, &new);
    if held(done, wanted, "ship").is_some() {
        model.lines[line].shipped += quantity;
    }
}

fn refund(tx: &Tx, model: &Model, lines: Vec<NewRefundLine>, answers: Option<ReturnId>) -> Result<()> {
    let new = NewRefund {
        lines,
        shipping: None,
        amount: None,
        reason: "x".to_owned(),
        reference: None,
        note: None,
        is_told: true,
        payment: None,
        of_return: answers,
        version: None,
    };
    payments::refund(tx, &conservation::actor(), None, model.order.head.id, &new).map(drop)
}

fn drop_pieces(tx: &Tx, model: &mut Model, line: usize, quantity: i64, restock: bool) {
    let before = model.lines[line];
    let restock = restock && quantity <= before.left();
    let asked = NewRefundLine {
        line: model.order.lines[line].id,
        quantity,
        restock,
    };
    let wanted = match quantity > before.ordered - before.given {
        true => Err(Code::BusinessRule),
        false => Ok(()),
    };
    if held(refund(tx, model, vec![asked], None), wanted, "refund").is_some() {
        let after = &mut model.lines[line];
        after.given += quantity;
        after.dropped += quantity.min(before.left());
        if restock {
            after.reshelved += quantity;
            model.shelf[line] += quantity;
        }
    }
}

fn ask(tx: &Tx, model: &mut Model, line: usize, quantity: i64) {
    let new = NewReturn {
        lines: vec![(model.order.lines[line].id, quantity)],
        reason: "x".to_owned(),
        version: None,
    };
    let pieces = model.lines[line];
    let wanted = match model.has_sent() {
        false => Err(Code::InvalidState),
        true if quantity > pieces.shipped - pieces.returned => Err(Code::BusinessRule),
        true => Ok(()),
    };
    let done = returns::request(tx, &conservation::actor(), None, model.order.head.id, &new);
    if held(done, wanted, "ask").is_some() {
        let id = store::returns::of_order(tx, model.order.head.id)
            .unwrap()
            .last()
            .unwrap()
            .id;
        model.returns.push((id, line, quantity, ReturnState::Requested));
        model.lines[line].returned += quantity;
    }
}

/// Moves a return, at the version that it has.
fn step(tx: &Tx, order: OrderId, id: ReturnId, to: ReturnState, lines: Option<Vec<CameBack>>) -> Result<()> {
    let version = Some(store::returns::get(tx, id)?.version);
    let asked = ReturnStep { to, lines, version };
    returns::step(tx, &conservation::actor(), order, id, &asked).map(drop)
}

fn receive(tx: &Tx, model: &mut Model, which: usize, received: i64, restock: bool) {
    let at = which % model.returns.len();
    let (id, line, announced, state) = model.returns[at];
    let came = CameBack {
        line: model.order.lines[line].id,
        received,
        restock,
    };
    let wanted = match state {
        ReturnState::Requested if received == 0 => Err(Code::Validation),
        ReturnState::Requested if received > announced => Err(Code::BusinessRule),
        ReturnState::Requested => Ok(()),
        _ => Err(Code::InvalidState),
    };
    let done = step(
        tx,
        model.order.head.id,
        id,
        ReturnState::Received,
        Some(vec![came]),
    );
    if held(done, wanted, "receive").is_some() {
        model.returns[at] = (id, line, received, ReturnState::Received);
        let after = &mut model.lines[line];
        after.returned -= announced - received;
        match restock {
            true => after.restocked += received,
            false => after.kept_off += received,
        }
        if restock {
            model.shelf[line] += received;
        }
    }
}

fn reject(tx: &Tx, model: &mut Model, which: usize) {
    let at = which % model.returns.len();
    let (id, line, announced, state) = model.returns[at];
    let wanted = match state {
        ReturnState::Requested => Ok(()),
        _ => Err(Code::InvalidState),
    };
    let done = step(tx, model.order.head.id, id, ReturnState::Rejected, None);
    if held(done, wanted, "reject").is_some() {
        model.returns[at].3 = ReturnState::Rejected;
        model.lines[line].returned -= announced;
    }
}

fn give_back(tx: &Tx, model: &mut Model, which: usize) {
    let at = which % model.returns.len();
    let (id, line, received, state) = model.returns[at];
    let pieces = model.lines[line];
    let wanted = match state {
        ReturnState::Received if received > pieces.ordered - pieces.given => Err(Code::BusinessRule),
        ReturnState::Received => Ok(()),
        _ => Err(Code::InvalidState),
    };
    if held(refund(tx, model, Vec::new(), Some(id)), wanted, "give back").is_some() {
        model.returns[at].3 = ReturnState::Refunded;
        model.lines[line].given += received;
    }
}

fn cancel(tx: &Tx, model: &mut Model, restock: bool) {
    let asked = Cancel {
        version: None,
        reason: None,
        restock,
    };
    let done = orders::cancel(tx, &conservation::actor(), None, model.order.head.id, &asked);
    held(done, Ok(()), "cancel");
    for (shelf, line) in model.shelf.iter_mut().zip(model.lines) {
        *shelf += match restock {
            true => line.ordered - line.reshelved - line.restocked - line.kept_off,
            false => line.ordered - line.shipped - line.reshelved,
        };
    }
    model.has_ended = true;
}

fn run(tx: &Tx, model: &mut Model, op: &Op) {
    match op {
        Op::Ship(line, pieces) => send(tx, model, *line, *pieces),
        Op::Refund(line, pieces, shelf) => drop_pieces(tx, model, *line, *pieces, *shelf),
        Op::Ask(line, pieces) => ask(tx, model, *line, *pieces),
        Op::Cancel(restock) => cancel(tx, model, *restock),
        _ if model.returns.is_empty() => {}
        Op::Receive(which, came, shelf) => receive(tx, model, *which, *came, *shelf),
        Op::Reject(which) => reject(tx, model, *which),
        Op::GiveBack(which) => give_back(tx, model, *which),
    }
    let now = store::orders::get(tx, model.order.head.id).unwrap();
    let given: i64 = model.lines.iter().map(|line| line.given).sum();
    if !model.has_ended {
        assert_eq!(now.head.refunded.minor(), given * 100, "{op:?}");
        let fulfilment = match (model.has_sent(), model.left()) {
            (false, _) => "unfulfilled",
            (true, 0) => "fulfilled",
            (true, _) => "partial",
        };
        assert_eq!(now.head.fulfilment.name(), fulfilment, "{op:?}");
    }
    let shelf = ["A", "B"].map(|sku| {
        let offer = store::products::offer_by_sku(tx, sku).unwrap();
        offer.unwrap().available
    });
    assert_eq!(shelf, model.shelf, "{op:?}");
}

/// CON-02, T6, T7: whatever is sent, comes back and is given back for, in whichever order: the shop does what a count by
/// hand allows and nothing else, and the shelves are what that count says. (The doctor looks at all of it in the end.)
#[test]
fn pieces_are_conserved_whatever_happens() {
    let app = TestApp::start();
    app.token("owner");
    for sku in ["A", "B"] {
        app.product(sku, "1.00", 5_000);
    }
    let shelf = Arc::new(Mutex::new([5_000; 2]));
    let config = ProptestConfig {
        cases: 300,
        max_shrink_iters: 0,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = TestRunner::new(config);
    let life = (1..5_i64, 1..5_i64, prop::collection::vec(op(), 24));
    runner
        .run(&life, |(mugs, cups, ops)| {
            let shared = Arc::clone(&shelf);
            let ran = app.app().store().write(move |tx| {
                let mut model = begin(tx, [mugs, cups], *shared.lock().unwrap())?;
                for op in &ops {
                    run(tx, &mut model, op);
                    if model.has_ended {
                        break;
                    }
                }
                *shared.lock().unwrap() = model.shelf;
                Ok(())
            });
            ran.unwrap();
            Ok(())
        })
        .unwrap();
}
