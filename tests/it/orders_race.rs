//! Orders: many at once. Nothing is sold twice, nothing is lost.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;

const ORDERS: &str = "/api/v1/orders";

/// Sends one request from each of many clients at once.
fn at_once(app: &TestApp, who: &str, requests: &[(&str, String, Value)]) -> Vec<Answer> {
    let token = app.token(who);
    let token = token.as_deref();
    std::thread::scope(|scope| {
        let sent: Vec<_> = requests
            .iter()
            .map(|(method, path, body)| {
                scope.spawn(move || app.client().send(method, path, token, &[], Some(body)))
            })
            .collect();
        sent.into_iter().map(|sent| sent.join().unwrap()).collect()
    })
}

fn number(app: &TestApp, sql: &str) -> i64 {
    let file = rusqlite::Connection::open(app.dir().join("till.db")).unwrap();
    file.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// One buyer each wants one of the last ten; how many got one.
fn rush(app: &TestApp, buyers: usize, sku: &str) -> usize {
    app.product(sku, "4.50", 10);
    let body = json!({ "items": [{ "sku": sku, "quantity": 1 }] });
    let requests = vec![("POST", ORDERS.to_owned(), body); buyers];
    let answers = at_once(app, "ann", &requests);
    for answer in &answers {
        match answer.status {
            201 => {}
            status => assert_eq!((status, answer.code()), (409, 6004), "{}", answer.body),
        }
    }
    answers.iter().filter(|answer| answer.status == 201).count()
}

/// CON-01
#[test]
fn the_last_ten_are_sold_ten_times() {
    let app = TestApp::start();
    assert_eq!(rush(&app, 40, "MUG"), 10);
    assert_eq!(number(&app, "SELECT available FROM stock"), 0);
    let refused = number(&app, "SELECT count(*) FROM events WHERE type = 2");
    assert_eq!(refused, 30);
}

/// CON-01
#[test]
#[ignore = "200 rounds of 500 buyers"]
fn five_hundred_buyers_of_the_last_ten_two_hundred_times() {
    let app = TestApp::start();
    for round in 0..200 {
        assert_eq!(rush(&app, 500, &format!("MUG-{round}")), 10);
    }
    assert_eq!(number(&app, "SELECT sum(available) FROM stock"), 0);
}

/// CON-05: of a cancellation and a shipment at once one wins, and the stock says which.
#[test]
fn cancel_and_ship_have_one_winner() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    for round in 1..=12 {
        let placed = app.post(
            "owner",
            ORDERS,
            json!({ "items": [{ "sku": "MUG", "quantity": 1 }] }),
        );
        let path = format!("{ORDERS}/{}", placed.json()["id"]);
        let process = json!({ "status": "processing", "version": 1 });
        assert_eq!(app.patch("owner", &format!("{path}/status"), process).status, 200);
        let before = number(&app, "SELECT available FROM stock");
        let answers = at_once(
            &app,
            "owner",
            &[
                (
                    "PATCH",
                    format!("{path}/status"),
                    json!({ "status": "shipped", "version": 2 }),
                ),
                ("POST", format!("{path}/cancel"), json!({ "version": 2 })),
            ],
        );
        let won: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        let order = app.get("owner", &path).json();
        let back = number(&app, "SELECT available FROM stock") - before;
        match won.as_slice() {
            [200, 412] => assert_eq!((&order["status"], back), (&json!("shipped"), 0), "{round}"),
            [412, 200] => assert_eq!((&order["status"], back), (&json!("canceled"), 1), "{round}"),
            other => panic!("round {round}: {other:?}"),
        }
        assert_eq!(order["version"], 3);
    }
}

/// The number that an order has for its tag.
fn number_on(order: &Answer) -> i64 {
    order.json()["tags"][0].as_str().unwrap().parse().unwrap()
}

/// Editors count on one order: each reads the number that is its tag and puts the next in its place, if the order is still
/// the version that it saw. How many edits were taken; the number and the version in the end.
fn edit(app: &TestApp, editors: usize, edits: usize) -> (i64, i64, i64) {
    app.product("MUG", "4.50", 100);
    app.post(
        "owner",
        ORDERS,
        json!({ "items": [{ "sku": "MUG", "quantity": 1 }] }),
    );
    let (path, tags) = (format!("{ORDERS}/1"), format!("{ORDERS}/1/tags"));
    let token = app.token("owner");
    let token = token.as_deref();
    let put = |number: i64, seen: &str| {
        let body = json!({ "tags": [number.to_string()] });
        let answer = app
            .client()
            .send("PUT", &tags, token, &[("if-match", seen)], Some(&body));
        assert!([200, 412].contains(&answer.status), "{}", answer.body);
        answer.status == 200
    };
    assert!(put(0, "\"1\""));
    let one = || {
        let order = app.client().send("GET", &path, token, &[], None);
        put(number_on(&order) + 1, order.header("etag").unwrap())
    };
    let taken: usize = std::thread::scope(|scope| {
        let editors: Vec<_> = (0..editors)
            .map(|_| scope.spawn(|| (0..edits).filter(|_| one()).count()))
            .collect();
        editors.into_iter().map(|editor| editor.join().unwrap()).sum()
    });
    let order = app.get("owner", &path);
    let version = order.json()["version"].as_i64().unwrap();
    (taken as i64, number_on(&order), version)
}

/// CON-04: what was taken adds up to what is there, and each is a version: no edit lies on top of one that it did not see.
#[test]
fn no_edit_that_was_taken_is_lost() {
    let app = TestApp::start();
    let (taken, number, version) = edit(&app, 10, 10);
    assert_eq!((number, version), (taken, 2 + taken));
    assert!((10..=100).contains(&taken), "{taken}");
    let noted = "SELECT count(*) FROM order_changes";
    assert_eq!(app.number(noted), 1 + taken);
}

/// CON-04
#[test]
#[ignore = "3,800 edits by 100 editors"]
fn a_hundred_editors_lose_none_of_thirty_eight_edits_each() {
    let app = TestApp::start();
    let (taken, number, version) = edit(&app, 100, 38);
    println!("{taken} of 3,800 edits were taken");
    assert_eq!((number, version), (taken, 2 + taken));
}

/// CON-04: of many moves from one version one is made.
#[test]
fn of_many_moves_from_one_version_one_is_made() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    app.post(
        "owner",
        ORDERS,
        json!({ "items": [{ "sku": "MUG", "quantity": 1 }] }),
    );
    let path = format!("{ORDERS}/1/status");
    for (version, to) in [(1, "processing"), (2, "shipped"), (3, "delivered")] {
        let body = json!({ "status": to, "version": version });
        let answers = at_once(&app, "owner", &vec![("PATCH", path.clone(), body); 16]);
        let moved = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(moved, 1, "{to}");
        assert!(answers.iter().all(|answer| [200, 412].contains(&answer.status)));
    }
}

#[derive(Debug, Clone)]
enum Act {
    Place(Vec<(usize, i64)>),
    Cancel(usize, bool),
    Step(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        3 => prop::collection::vec((0_usize..3, 1_i64..8), 1..4).prop_map(Act::Place),
        2 => (0_usize..20, any::<bool>()).prop_map(|(order, restock)| Act::Cancel(order, restock)),
        2 => (0_usize..20).prop_map(Act::Step),
    ];
    prop::collection::vec(act, 1..40)
}

const SKUS: [&str; 3] = ["CUP", "MUG", "POT"];

/// One act on the shop and on what was ordered behind `before`; whatever is refused changes nothing.
fn act_on(app: &TestApp, before: i64, act: &Act) {
    let order_at = |at: usize| before + 1 + at as i64;
    let status = match act {
        Act::Place(items) => {
            let items: Vec<Value> = items
                .iter()
                .map(|(sku, quantity)| json!({ "sku": SKUS[*sku], "quantity": quantity }))
                .collect();
            app.post("owner", ORDERS, json!({ "items": items })).status
        }
        Act::Cancel(order, restock) => {
            let body = json!({ "restock": restock });
            app.post("owner", &format!("{ORDERS}/{}/cancel", order_at(*order)), body)
                .status
        }
        Act::Step(order) => {
            let path = format!("{ORDERS}/{}", order_at(*order));
            let now = app.get("owner", &path).json();
            let to = match now["status"].as_str() {
                Some("pending") => "processing",
                Some("processing") => "shipped",
                _ => "delivered",
            };
            let body = json!({ "status": to, "version": now["version"].as_i64().unwrap_or(1) });
            app.patch("owner", &format!("{path}/status"), body).status
        }
    };
    assert!([200, 201, 404, 409].contains(&status), "{act:?}: {status}");
}

/// Nothing comes from nowhere: the ledger sums to the stock, and each order took what it has not given back.
fn assert_conserved(file: &rusqlite::Connection) {
    for wrong in [
        "SELECT count(*) FROM stock s WHERE s.available <>
           (SELECT ifnull(sum(m.delta), 0) FROM stock_movements m WHERE m.variant_id = s.variant_id)",
        "SELECT count(*) FROM orders o
           WHERE (SELECT ifnull(-sum(m.delta), 0) FROM stock_movements m WHERE m.order_id = o.id) NOT IN
             (iif(o.status = 4, 0, o.item_count), iif(o.status = 4 AND o.fulfilment_status = 2, o.item_count, -1),
              iif(o.status = 4, 0, -1))",
        "SELECT count(*) FROM orders o WHERE o.version <>
           1 + (SELECT count(*) FROM order_changes c WHERE c.order_id = o.id)
           OR o.events <> (SELECT count(*) FROM events e WHERE e.subject = o.id AND e.type BETWEEN 1 AND 16)",
    ] {
        let mut statement = file.prepare_cached(wrong).unwrap();
        let found: i64 = statement.query_row([], |row| row.get(0)).unwrap();
        assert_eq!(found, 0, "{wrong}");
    }
}

/// CON-02: after every act, whatever came before. One shop sees all the histories, its shelves filled up before each.
#[test]
fn goods_are_conserved() {
    let app = TestApp::start();
    for sku in SKUS {
        app.product(sku, "4.50", 30);
    }
    let file = app.file();
    let config = ProptestConfig {
        cases: 12,
        max_shrink_iters: 0,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let histories = TestRunner::new(config).run(&acts(), |acts| {
        let before = app.number("SELECT ifnull(max(id), 0) FROM orders");
        for sku in SKUS {
            app.post(
                "owner",
                "/api/v1/stock/adjustments",
                json!({ "sku": sku, "set_to": 30, "reason": "adjust" }),
            );
        }
        for act in &acts {
            act_on(&app, before, act);
            assert_conserved(&file);
        }
        Ok(())
    });
    histories.unwrap();
}
