//! Edits beside everything else: at once, and in whichever order. No piece is lost, and the sums are the lines'.

use std::sync::Arc;
use std::sync::Mutex;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use serde_json::json;
use till::domain::draft::DraftChannel;
use till::domain::draft::DraftFields;
use till::domain::edit::Edit;
use till::domain::edit::EditLine;
use till::domain::history;
use till::domain::id::DraftId;
use till::domain::id::LineId;
use till::domain::id::OrderId;
use till::domain::money::Money;
use till::domain::money::RawAmount;
use till::domain::new_order::AskedLine;
use till::domain::new_order::ItemRef;
use till::domain::new_order::NewLine;
use till::domain::order::Order;
use till::domain::order::OrderState;
use till::domain::payment::Provider;
use till::domain::refund::NewRefund;
use till::domain::refund::NewRefundLine;
use till::domain::shipment::Label;
use till::domain::shipment::NewShipment;
use till::domain::shipment::ShipmentLine;
use till::domain::text::Email;
use till::domain::text::Sku;
use till::domain::time::Timestamp;
use till::error::Code;
use till::error::Error;
use till::error::Result;
use till::shop::Tx;
use till::shop::drafts;
use till::shop::drafts::Placing;
use till::shop::once::Once;
use till::shop::orders;
use till::shop::orders::Cancel;
use till::shop::payments;
use till::shop::payments::ByHand;
use till::shop::shipments;
use till::store;

use crate::app::TestApp;
use crate::conservation::actor;
use crate::shipments::now;
use crate::shipments::order;
use crate::shipments::path;
use crate::shipments::pieces;
use crate::shipments::shelves;
use crate::shipments::shop;

const SKUS: [&str; 3] = ["A", "B", "C"];

/// CON-04: of many edits of one version one is done; each of the others hears of it.
#[test]
fn of_many_edits_at_once_one_is_done() {
    let app = shop();
    let order = order(&app, 4, 4);
    let token = app.token("owner");
    let version = now(&app, &order)["version"].as_i64().unwrap();
    let send = |nth: i64| {
        let mugs = json!({ "id": order["items"][0]["id"], "quantity": nth });
        let body = json!({ "items": [mugs], "version": version });
        let answer = app
            .client()
            .send("PATCH", &path(&order), token.as_deref(), &[], Some(&body));
        (answer.status, nth)
    };
    let answers: Vec<(u16, i64)> = std::thread::scope(|scope| {
        let sent: Vec<_> = (5..13).map(|nth| scope.spawn(move || send(nth))).collect();
        sent.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let done: Vec<i64> = answers
        .iter()
        .filter(|(status, _)| *status == 200)
        .map(|(_, nth)| *nth)
        .collect();
    assert_eq!(done.len(), 1, "{answers:?}");
    assert!(
        answers.iter().all(|(status, _)| [200, 412].contains(status)),
        "{answers:?}"
    );
    assert_eq!(shelves(&app), [100 - done[0], 100]);
    assert_eq!(now(&app, &order)["items"][0]["quantity"], done[0]);
}

/// CON-05, T6: a parcel and an edit at once, neither of which has seen the other: what leaves is on the order.
#[test]
fn an_edit_beside_a_parcel_loses_no_piece() {
    let app = shop();
    for _ in 0..6 {
        let order = order(&app, 2, 2);
        let token = app.token("owner");
        let send = |method: &str, at: String, body: Value| {
            let answer = app.client().send(method, &at, token.as_deref(), &[], Some(&body));
            (answer.status, answer.body)
        };
        let (sent, changed) = std::thread::scope(|scope| {
            let parcel = json!({ "items": [pieces(&order, 0, 2)] });
            let mug = json!({ "id": order["items"][0]["id"], "quantity": 1 });
            let cup = json!({ "id": order["items"][1]["id"], "quantity": 2 });
            let body = json!({ "items": [mug, cup], "version": order["version"] });
            let sent = scope.spawn(|| send("POST", format!("{}/shipments", path(&order)), parcel));
            let changed = scope.spawn(|| send("PATCH", path(&order), body));
            (sent.join().unwrap(), changed.join().unwrap())
        });
        match (sent.0, changed.0) {
            (201, 412 | 422) | (422, 200) => {}
            _ => panic!("{sent:?} {changed:?}"),
        }
    }
}

#[derive(Debug, Clone)]
pub enum Op {
    /// Lines that stay with so many pieces, and new ones.
    Edit(Vec<i64>, Vec<(usize, i64)>, Option<i64>),
    Contacts(u8),
    Pay(i64),
    Ship(usize, i64),
    Refund(usize, i64, bool),
    GiveBack(i64),
    Cancel(bool),
}

pub fn op() -> impl Strategy<Value = Op> {
    let edit = (
        prop::collection::vec(0..6_i64, 4),
        prop::collection::vec((0..3_usize, 1..5_i64), 0..3),
        prop::option::of(0..500_i64),
    );
    prop_oneof![
        8 => edit.prop_map(|(keep, new, price)| Op::Edit(keep, new, price)),
        1 => any::<u8>().prop_map(Op::Contacts),
        3 => (1..3_000_i64).prop_map(Op::Pay),
        3 => (0..4_usize, 1..3_i64).prop_map(|(line, pieces)| Op::Ship(line, pieces)),
        2 => (0..4_usize, 1..3_i64, any::<bool>()).prop_map(|(line, pieces, shelf)| Op::Refund(line, pieces, shelf)),
        1 => (1..500_i64).prop_map(Op::GiveBack),
        1 => any::<bool>().prop_map(Op::Cancel),
    ]
}

fn line(sku: usize, quantity: i64) -> AskedLine {
    AskedLine {
        product_id: None,
        variant_id: None,
        sku: Some(SKUS[sku].to_owned()),
        quantity,
        price: None,
    }
}

/// An order that was a draft.
pub fn begin(tx: &Tx, lines: &[(usize, i64)]) -> Result<Option<OrderId>> {
    let fields = DraftFields {
        items: Some(
            lines
                .iter()
                .map(|(sku, quantity)| line(*sku, *quantity))
                .collect(),
        ),
        email: Some(Some("g@shop.test".to_owned())),
        method: Some(Provider::Manual),
        coupon: Some(Some("TENTH".to_owned())),
        ..DraftFields::default()
    };
    let before = shelves_of(tx);
    let Once::First(draft) = drafts::create(tx, &actor(), None, DraftChannel::Counter, &fields)? else {
        panic!("made before");
    };
    assert_eq!(shelves_of(tx), before, "a draft takes nothing");
    let id = DraftId(draft.id);
    let placing = Placing {
        version: None,
        total_price: None,
        client_token: None,
    };
    let Once::First(order) = drafts::place(tx, &actor(), None, id, &placing)? else {
        panic!("placed before");
    };
    let again = drafts::place(tx, &actor(), None, id, &placing).unwrap_err();
    assert_eq!(again.code(), Code::NotAllowed);
    Ok(Some(order.head.id))
}

fn shelves_of(tx: &Tx) -> [i64; 3] {
    SKUS.map(|sku| store::products::offer_by_sku(tx, sku).unwrap().unwrap().available)
}

/// What an operation may be refused with, and still leave everything as it was.
fn may_be_refused(error: &Error) {
    let known = [
        Code::BusinessRule,
        Code::InvalidState,
        Code::NotAllowed,
        Code::InsufficientStock,
        Code::Validation,
        Code::MissingField,
    ];
    assert!(known.contains(&error.code()), "{error}");
}

fn asked(order: &Order, keep: &[i64], new: &[(usize, i64)], price: Option<i64>) -> Option<Edit> {
    let kept = order
        .lines
        .iter()
        .zip(keep)
        .filter(|(_, quantity)| **quantity > 0);
    let mut lines: Vec<EditLine> = kept
        .map(|(line, quantity)| EditLine::Kept {
            line: line.id,
            quantity: *quantity,
            price: price.map(|minor| RawAmount::new(&format!("{}.{:02}", minor / 100, minor % 100))),
        })
        .collect();
    lines.extend(new.iter().map(|(sku, quantity)| {
        EditLine::New(NewLine {
            item: ItemRef::Sku(Sku::parse(SKUS[*sku]).unwrap()),
            quantity: *quantity,
            price: None,
        })
    }));
    (!lines.is_empty()).then(|| Edit {
        lines: Some(lines),
        version: Some(order.head.version),
        ..Edit::default()
    })
}

#[allow(clippy::too_many_lines, reason = "a row an operation")]
pub fn run(tx: &Tx, id: OrderId, op: &Op) -> Result<()> {
    let order = store::orders::get(tx, id)?;
    let by = actor();
    let at = |which: usize| -> LineId { order.lines[which % order.lines.len()].id };
    let given = |lines: Vec<NewRefundLine>, amount: Option<i64>| NewRefund {
        lines,
        shipping: None,
        amount: amount.map(|minor| RawAmount::new(&format!("{}.{:02}", minor / 100, minor % 100))),
        reason: "x".to_owned(),
        reference: None,
        note: None,
        is_told: true,
        payment: None,
        of_return: None,
        version: None,
    };
    match op {
        Op::Edit(keep, new, price) => match asked(&order, keep, new, *price) {
            None => Ok(()),
            Some(edit) => orders::edit(tx, &by, id, &edit).map(drop),
        },
        Op::Contacts(nth) => {
            let edit = Edit {
                email: Some(Some(Email::parse(&format!("a{nth}@shop.test")).unwrap())),
                note: Some((nth % 2 == 0).then(|| format!("note {nth}"))),
                version: Some(order.head.version),
                ..Edit::default()
            };
            orders::edit(tx, &by, id, &edit).map(drop)
        }
        Op::Pay(minor) => {
            let due = order.head.due().minor();
            let amount = due.min(*minor);
            if amount == 0 {
                return Ok(());
            }
            let paid = ByHand {
                order: id,
                amount: Some(RawAmount::new(&format!("{}.{:02}", amount / 100, amount % 100))),
                method: None,
                reference: None,
                version: None,
            };
            payments::record_by_hand(tx, &by, None, &paid).map(drop)
        }
        Op::Ship(which, quantity) => {
            let new = NewShipment {
                lines: vec![ShipmentLine {
                    line: at(*which),
                    quantity: *quantity,
                }],
                label: Label::default(),
                is_told: true,
                version: None,
            };
            shipments::ship(tx, &by, None, id, &new).map(drop)
        }
        Op::Refund(which, quantity, restock) => {
            let line = NewRefundLine {
                line: at(*which),
                quantity: *quantity,
                restock: *restock,
            };
            payments::refund(tx, &by, None, id, &given(vec![line], None)).map(drop)
        }
        Op::GiveBack(minor) => {
            payments::refund(tx, &by, None, id, &given(Vec::new(), Some(*minor))).map(drop)
        }
        Op::Cancel(restock) => {
            let cancel = Cancel {
                version: None,
                reason: None,
                restock: *restock,
            };
            orders::cancel(tx, &by, None, id, &cancel).map(drop)
        }
    }
}

/// The sums are the lines', and what the order took is what is on them, less what was put back.
fn adds_up(order: &Order, out: [i64; 3], op: &Op) {
    let head = &order.head;
    let sum =
        |part: fn(&till::domain::order::Line) -> Money| Money::sum(order.lines.iter().map(part)).unwrap();
    assert!(!order.lines.is_empty());
    let goods = sum(|line| line.total);
    assert_eq!(goods.checked_add(head.shipping), Some(head.total), "{op:?}");
    assert_eq!(sum(|line| line.discount), head.discount, "{op:?}");
    assert!(order.lines.iter().all(|line| line.total >= Money::ZERO), "{op:?}");
    assert_eq!(
        order.lines.iter().map(|line| line.quantity).sum::<i64>(),
        head.item_count,
        "{op:?}"
    );
    let on_lines: i64 = order.lines.iter().map(|line| line.quantity).sum();
    assert!(
        out.iter().sum::<i64>() <= on_lines,
        "{op:?}: {out:?} of {on_lines}"
    );
    if head.state == OrderState::Canceled && head.shipped_at.is_none() {
        return;
    }
    assert!(head.refunded <= head.paid, "{op:?}");
}

fn seen(order: &Order) -> String {
    format!("{:?} {:?} {:?}", order.head, order.lines, order.contacts)
}

/// T5, N5, CON-02: whatever is changed, paid, sent, given back and canceled in whichever order: the sums are the lines', no
/// piece is lost, and every state it has had can be seen again. (The doctor looks at all of it in the end.)
#[test]
#[allow(clippy::too_many_lines, reason = "one story")]
fn whatever_is_changed_adds_up() {
    let app = TestApp::start();
    app.token("owner");
    for (sku, price) in [("A", "1.00"), ("B", "3.33"), ("C", "7.77")] {
        app.product(sku, price, 5_000);
    }
    let coupon = json!({ "code": "TENTH", "kind": "percentage", "value": "10", "min_subtotal": "5.00" });
    assert_eq!(app.post("owner", "/api/v1/coupons", coupon).status, 201);
    let shelf = Arc::new(Mutex::new([5_000; 3]));
    let config = ProptestConfig {
        cases: 150,
        max_shrink_iters: 0,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = TestRunner::new(config);
    let lines = prop::collection::vec((0..3_usize, 2..6_i64), 2..4);
    let life = (lines, prop::collection::vec(op(), 14));
    runner
        .run(&life, |(lines, ops)| {
            let shared = Arc::clone(&shelf);
            let made: Option<OrderId> = app
                .app()
                .store()
                .write(move |tx| begin(tx, &lines))
                .or_else(|error| {
                    may_be_refused(&error);
                    Ok::<_, Error>(None)
                })
                .unwrap();
            let Some(id) = made else { return Ok(()) };
            let mut album: Vec<(Timestamp, String)> = Vec::new();
            let start = *shared.lock().unwrap();
            for op in ops {
                app.clock.pass(1);
                let done = {
                    let op = op.clone();
                    app.app().store().write(move |tx| run(tx, id, &op))
                };
                if let Err(error) = done {
                    may_be_refused(&error);
                }
                let now = app.clock.now();
                let (order, shelves) = app
                    .app()
                    .store()
                    .write(move |tx| Ok((store::orders::get(tx, id)?, shelves_of(tx))))
                    .unwrap();
                let out = [0, 1, 2].map(|at| start[at] - shelves[at]);
                adds_up(&order, out, &op);
                album.push((now, seen(&order)));
                *shared.lock().unwrap() = shelves;
            }
            let (order, changes) = app
                .app()
                .store()
                .write(move |tx| Ok((store::orders::get(tx, id)?, store::orders::changes(tx, id)?)))
                .unwrap();
            for (at, was) in album {
                let mut then = history::as_it_was(order.clone(), &changes, at).unwrap();
                // How many events it had written is not walked back.
                then.head.events = 0;
                let was = blank_events(&was);
                prop_assert_eq!(blank_events(&seen(&then)), was);
            }
            Ok(())
        })
        .unwrap();
}

/// Without the count of events.
fn blank_events(seen: &str) -> String {
    let (before, rest) = seen.split_once("events: ").unwrap();
    let rest = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
    format!("{before}{rest}")
}
