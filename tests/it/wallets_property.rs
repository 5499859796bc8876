//! Wallets under any history of deposits, withdrawals, orders, holds and refunds: at each step all accounts together are
//! nothing, each balance is its transfers, and what the wallet says is what a simple count says.

use proptest::prelude::*;
use proptest::test_runner::Config;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::wallets::balance;
use crate::wallets::shop_of;

#[derive(Debug, Clone)]
enum Act {
    Deposit(i64),
    Withdraw(i64),
    Adjust(i64),
    /// So many mugs, paid at once.
    Buy(i64),
    /// So many mugs, so much of the price kept ready.
    Hold(i64, i64),
    /// The last order but so many: so much of it goes back.
    Refund(usize, i64),
    Cancel(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (1..3000i64).prop_map(Act::Deposit),
        (1..3000i64).prop_map(Act::Withdraw),
        (-500..500i64).prop_map(Act::Adjust),
        (1..4i64).prop_map(Act::Buy),
        (2..4i64, 1..900i64).prop_map(|(mugs, part)| Act::Hold(mugs, part)),
        (0..4usize, 1..1500i64).prop_map(|(back, amount)| Act::Refund(back, amount)),
        (0..4usize).prop_map(Act::Cancel),
    ]
}

/// An order as a simple count knows it.
struct Bought {
    id: i64,
    taken: i64,
    back: i64,
    held: i64,
    is_over: bool,
}

#[derive(Default)]
struct Model {
    balance: i64,
    orders: Vec<Bought>,
}

impl Model {
    fn held(&self) -> i64 {
        self.orders.iter().map(|order| order.held).sum()
    }

    fn at(&mut self, back: usize) -> Option<&mut Bought> {
        let at = self.orders.len().checked_sub(back + 1)?;
        self.orders.get_mut(at)
    }
}

fn text(minor: i64) -> String {
    format!(
        "{}{}.{:02}",
        if minor < 0 { "-" } else { "" },
        minor.abs() / 100,
        minor.abs() % 100
    )
}

fn done(app: &TestApp, who: &str, path: &str, body: Value) -> Option<Value> {
    let answer = app.post(who, &format!("/api/v1{path}"), body);
    assert!(
        [200, 201, 400, 409, 422].contains(&answer.status),
        "{}",
        answer.body
    );
    (answer.status < 300).then(|| answer.json())
}

fn play(app: &TestApp, who: &str, user: i64, model: &mut Model, act: &Act) {
    let free = model.balance - model.held();
    match *act {
        Act::Deposit(minor) => {
            assert!(done(app, who, "/balance/deposit", json!({ "amount": text(minor) })).is_some());
            model.balance += minor;
        }
        Act::Withdraw(minor) => {
            let is_done = done(app, who, "/balance/withdraw", json!({ "amount": text(minor) })).is_some();
            assert_eq!(is_done, minor <= free);
            model.balance -= if is_done { minor } else { 0 };
        }
        Act::Adjust(minor) => {
            let body = json!({ "amount": text(minor), "reason": "counted" });
            let is_done = done(app, "owner", &format!("/wallets/{user}/adjust"), body).is_some();
            assert_eq!(is_done, minor != 0 && free + minor >= 0);
            model.balance += if is_done { minor } else { 0 };
        }
        Act::Buy(mugs) => {
            let body = json!({ "items": [{ "sku": "MUG", "quantity": mugs }], "payment_method": "wallet" });
            let order = done(app, who, "/orders", body);
            assert_eq!(order.is_some(), mugs * 450 <= free);
            if let Some(order) = order {
                model.balance -= mugs * 450;
                model.orders.push(bought(&order, mugs * 450, 0));
            }
        }
        Act::Hold(mugs, part) => {
            let body = json!({ "items": [{ "sku": "MUG", "quantity": mugs }] });
            let order = done(app, who, "/orders", body).unwrap();
            let body = json!({ "order_id": order["id"], "provider": "wallet", "amount": text(part) });
            let is_done = done(app, who, "/payments/initiate", body).is_some();
            assert_eq!(is_done, part <= free);
            let is_whole = part == mugs * 450;
            model.balance -= if is_done && is_whole { part } else { 0 };
            let (taken, held) = if is_whole { (part, 0) } else { (0, part) };
            if is_done {
                model.orders.push(bought(&order, taken, held));
            }
        }
        Act::Refund(back, minor) => {
            let Some(order) = model.at(back) else { return };
            let body = json!({ "amount": text(minor), "reason": "as agreed" });
            let is_done = done(app, "owner", &format!("/orders/{}/refunds", order.id), body).is_some();
            assert_eq!(is_done, minor <= order.taken - order.back);
            if is_done {
                order.back += minor;
                model.balance += minor;
            }
        }
        Act::Cancel(back) => {
            let Some(order) = model.at(back) else { return };
            let is_done = done(app, "owner", &format!("/orders/{}/cancel", order.id), json!({})).is_some();
            assert_eq!(is_done, !order.is_over);
            let given = if is_done { order.taken - order.back } else { 0 };
            order.back += given;
            order.held = 0;
            order.is_over = true;
            model.balance += given;
        }
    }
}

fn bought(order: &Value, taken: i64, held: i64) -> Bought {
    Bought {
        id: order["id"].as_i64().unwrap(),
        taken,
        back: 0,
        held,
        is_over: false,
    }
}

/// MON-07, MON-08
#[test]
fn any_history_adds_up_at_each_step() {
    let app = shop_of(100_000);
    crate::wallets::set(&app, "wallet.daily_deposits", "100000000");
    crate::wallets::set(&app, "wallet.daily_withdrawals", "100000000");
    let mut runner = TestRunner::new(Config {
        cases: 12,
        failure_persistence: None,
        ..Config::default()
    });
    let number = std::cell::Cell::new(0);
    let acts = proptest::collection::vec(act(), 10..40);
    runner
        .run(&acts, |acts| {
            number.set(number.get() + 1);
            let who = format!("buyer{}", number.get());
            let user = crate::wallets::user(&app, &who);
            let mut model = Model::default();
            for act in &acts {
                play(&app, &who, user, &mut model, act);
                let (whole, held) = (model.balance, model.held());
                let told = json!([text(whole), text(held), text(whole - held)]);
                prop_assert_eq!(balance(&app, &who), told, "after {:?}", act);
                prop_assert_eq!(app.number("SELECT sum(balance) FROM accounts"), 0);
                let moved = "SELECT ifnull((SELECT sum(iif(credit = wallet, amount, -amount)) FROM transfers
                  WHERE wallet = (SELECT id FROM accounts WHERE user_id = {user})), 0)";
                prop_assert_eq!(app.number(&moved.replace("{user}", &user.to_string())), whole);
            }
            Ok(())
        })
        .unwrap();
}
