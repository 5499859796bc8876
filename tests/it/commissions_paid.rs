//! Sellers are paid: each commission once, in rounds of at most 500, with a file for the bank.

use serde_json::Value;
use serde_json::json;
use till::domain::actor::Actor;
use till::shop::commissions;
use till::shop::commissions::NewPayout;
use till::shop::once::Once;

use crate::app::TestApp;
use crate::commissions::delivered;
use crate::commissions::order;
use crate::commissions::pay;
use crate::commissions::refund;
use crate::commissions::rows;
use crate::commissions::sell;
use crate::commissions::shop;
use crate::commissions::step;
use crate::commissions::sums;
use crate::wallets::user;

const PAYOUTS: &str = "/api/v1/commissions/payouts";

fn pay_out(app: &TestApp, body: Value) -> Value {
    let made = app.post("owner", PAYOUTS, body);
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()
}

/// D14: what is approved is paid once; what goes back afterwards is taken off the next payout.
#[test]
fn what_goes_back_after_a_payout_is_taken_off_the_next() {
    let app = shop();
    let nothing = app.post("owner", PAYOUTS, json!({}));
    assert_eq!((nothing.status, nothing.code()), (409, 6003), "{}", nothing.body);
    let first = delivered(&app, &[("VASE", 2)]);
    order(&app, &[("VASE", 1)]);
    let paid = pay_out(&app, json!({ "reference": "SEPA 7" }));
    assert_eq!(
        json!([
            paid["status"],
            paid["rows"],
            paid["amount"],
            paid["reference"],
            paid["sellers"][0]["amount"]
        ]),
        json!(["done", 1, "14.00", "SEPA 7", "14.00"])
    );
    assert_eq!(sums(&app, "seller"), json!(["7.00", "0.00", "14.00", "21.00"]));
    assert_eq!(app.post("owner", PAYOUTS, json!({})).code(), 6003);
    refund(&app, first, json!({ "reason": "half of it", "amount": "10.00" }));
    assert_eq!(
        rows(&app, "seller", &format!("order_id={first}")),
        json!([["14.00", "paid"], ["-7.00", "approved"]])
    );
    // Who owes the shop is not paid, until more has come.
    assert_eq!(app.post("owner", PAYOUTS, json!({})).code(), 6003);
    delivered(&app, &[("VASE", 3)]);
    let next = pay_out(&app, json!({}));
    assert_eq!(json!([next["rows"], next["amount"]]), json!([2, "14.00"]));
    assert_eq!(
        rows(&app, "seller", &format!("payout_id={}", next["id"])),
        json!([["-7.00", "paid"], ["21.00", "paid"]])
    );
    refund(&app, first, json!({ "reason": "the rest" }));
    assert_eq!(sums(&app, "seller"), json!(["7.00", "-7.00", "28.00", "28.00"]));
}

/// D3, D14: a key pays once; of two at once one pays and the other finds it paid, or nothing due.
#[test]
fn a_payout_is_made_once() {
    let app = shop();
    delivered(&app, &[("VASE", 1)]);
    let headers = [("idempotency-key", "november")];
    let send = || app.send("POST", "owner", PAYOUTS, &headers, Some(&json!({})));
    app.token("owner");
    let answers: Vec<_> = std::thread::scope(|scope| {
        let sent: Vec<_> = (0..4).map(|_| scope.spawn(send)).collect();
        sent.into_iter().map(|sent| sent.join().unwrap()).collect()
    });
    for answer in &answers {
        assert_eq!(
            (answer.status, &answer.json()["amount"]),
            (201, &json!("7.00")),
            "{}",
            answer.body
        );
    }
    // One after the other it is no different: the key finds its payout, and another finds nothing that is due.
    let id = answers[0].json()["id"].clone();
    let with = |key: &str| {
        let headers = [("idempotency-key", key)];
        app.send("POST", "owner", PAYOUTS, &headers, Some(&json!({})))
    };
    let again = with("november");
    assert_eq!(
        (again.status, &again.json()["id"], &again.json()["amount"]),
        (201, &id, &json!("7.00"))
    );
    let other = with("december");
    assert_eq!((other.status, other.code()), (409, 6003), "{}", other.body);
    delivered(&app, &[("VASE", 1)]);
    // More is due by now, but not by a key that has had its payout.
    assert_eq!(with("november").json()["id"], id);
    assert_eq!(sums(&app, "seller"), json!(["0.00", "7.00", "7.00", "14.00"]));
    assert_eq!(app.number("SELECT sum(amount) FROM payouts"), 700);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let sent: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| app.post("owner", PAYOUTS, json!({}))))
            .collect();
        sent.into_iter().map(|sent| sent.join().unwrap()).collect()
    });
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 201 || answer.code() == 6003)
    );
    assert_eq!(app.number("SELECT count(*) FROM payouts"), 2);
    assert_eq!(app.number("SELECT sum(amount) FROM payouts"), 1400);
}

/// D14, MONEY: at most 500 rows a transaction; what was begun is gone on with by whoever pays next.
#[test]
fn a_long_payout_goes_in_rounds_and_goes_on_after_a_crash() {
    let app = shop();
    for lines in [700, 501] {
        let id = order(&app, &vec![("VASE", 1); lines]);
        pay(&app, id);
        step(&app, id, "shipped");
        step(&app, id, "delivered");
    }
    let begun = app.app().store().write(|tx| {
        let begun = commissions::begin_payout(tx, &Actor::system(), None, &NewPayout::default())?;
        let (Once::First(payout) | Once::Again(payout)) = begun;
        commissions::go_on(tx, &Actor::system(), payout.id)
    });
    let begun = begun.unwrap();
    assert_eq!((begun.rows, begun.is_done), (500, false));
    let late = delivered(&app, &[("VASE", 1)]);
    let paid = pay_out(&app, json!({}));
    assert_eq!(
        json!([paid["id"], paid["status"], paid["rows"], paid["amount"]]),
        json!([begun.id.0, "done", 1201, "8407.00"])
    );
    assert_eq!(
        rows(&app, "seller", &format!("order_id={late}")),
        json!([["7.00", "approved"]])
    );
    let listed = app.get("owner", PAYOUTS).json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
}

/// WEB-07, D14: the file has a row a seller, and no cell that a spreadsheet would run; taking it is noted.
#[test]
fn the_file_of_a_payout_is_safe_to_open() {
    let app = shop();
    sell(&app, "seller2", "BOWL", "20.00");
    let names = "UPDATE users SET name = '=HYPERLINK(\"http://x\")' WHERE username = 'seller2'";
    app.change(names);
    delivered(&app, &[("VASE", 1), ("BOWL", 2)]);
    let second = user(&app, "seller2");
    let one = pay_out(&app, json!({ "seller": second, "reference": "+49" }));
    assert_eq!(json!([one["rows"], one["amount"]]), json!([1, "28.00"]));
    assert_eq!(sums(&app, "seller")[1], "7.00");
    let path = format!("{PAYOUTS}/{}/sellers.csv", one["id"]);
    let file = app.get("owner", &path);
    assert_eq!(
        (file.status, file.header("content-type")),
        (200, Some("text/csv; charset=utf-8"))
    );
    assert_eq!(
        file.body,
        format!(
            "payout,seller_id,username,name,commissions,amount,currency,reference\r\n\
             1,{second},seller2,\"'=HYPERLINK(\"\"http://x\"\")\",1,28.00,EUR,'+49\r\n"
        )
    );
    assert_eq!(app.get("seller", &path).code(), 1005);
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 171"), 1);
    let shown = app.get("owner", &format!("{PAYOUTS}/{}", one["id"])).json();
    assert_eq!(shown["sellers"][0]["username"], "seller2");
}
