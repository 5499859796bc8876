//! The search index: derived by the worker, and never the reason that something just written is not found.

use serde_json::Value;
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
use till::domain::search::Find;
use till::domain::text::Sku;
use till::shop::orders;
use till::store::search::Side;
use till::store::search::order_ids;

use crate::app::TestApp;

fn found(app: &TestApp, typed: Option<&str>, sku: Option<&str>) -> Vec<i64> {
    let find = Find::new(typed, sku.map(|sku| Sku::parse(sku).unwrap()));
    let found = app
        .app()
        .store()
        .read(|db| order_ids(db, &find, Side::Below(i64::MAX), 50))
        .unwrap();
    assert_eq!(found.behind, None);
    found.ids.into_iter().map(|OrderId(id)| id).collect()
}

fn place(app: &TestApp, who: &str, items: serde_json::Value, note: &str) -> i64 {
    let body = json!({ "items": items, "note": note });
    let placed = app.post(who, "/api/v1/orders", body);
    assert_eq!(placed.status, 201, "{}", placed.body);
    placed.json()["id"].as_i64().unwrap()
}

/// D4
#[test]
fn an_order_is_found_before_and_after_the_index_knows_it() {
    let app = TestApp::start();
    app.product("MUG-blue", "4.50", 100);
    app.product("mug-blue", "4.50", 100);
    let first = place(
        &app,
        "ann",
        json!([{ "sku": "MUG-blue", "quantity": 1 }]),
        "Für Zoë, “please” ring",
    );
    let second = place(&app, "bob", json!([{ "sku": "mug-blue", "quantity": 1 }]), "");
    for _ in ["before", "after"] {
        assert_eq!(found(&app, Some("zoe"), None), [first]);
        assert_eq!(found(&app, Some("ring FÜR"), None), [first]);
        assert_eq!(found(&app, Some("mug bl"), None), [second, first]);
        assert_eq!(found(&app, Some("1002"), None), [second]);
        assert_eq!(found(&app, Some("bob@shop.test"), None), [second]);
        assert_eq!(found(&app, None, Some("MUG-blue")), [first]);
        assert_eq!(found(&app, Some("bob"), Some("MUG-blue")), [0; 0]);
        for nothing in ["\"", "*", "zoe OR bob", "NEAR(zoe ring, 5)", "words:zoe", "\u{0}"] {
            assert_eq!(found(&app, Some(nothing), None), [0; 0], "{nothing}");
        }
        app.derive();
    }
}

/// D4: orders of 700 lines are in the index whole.
#[test]
fn every_line_of_a_long_order_is_found() {
    let app = TestApp::start();
    let variants: Vec<_> = (0..100)
        .map(|at| json!({ "sku": format!("S{at}"), "price": "1", "quantity": 100 }))
        .collect();
    for at in 0..7 {
        let variants: Vec<_> = variants
            .iter()
            .map(|variant| {
                let mut variant = variant.clone();
                variant["sku"] = json!(format!("P{at}{}", variant["sku"].as_str().unwrap()));
                variant
            })
            .collect();
        let made = app.post("owner", "/api/v1/products", json!({ "variants": variants }));
        assert_eq!(made.status, 201, "{}", made.body);
    }
    let items: Vec<_> = (0..700)
        .map(|at| json!({ "sku": format!("P{}S{}", at / 100, at % 100), "quantity": 1 }))
        .collect();
    let id = place(&app, "ann", json!(items), "");
    for _ in ["before", "after"] {
        for at in [0, 1, 350, 699] {
            let sku = format!("P{}S{}", at / 100, at % 100);
            assert_eq!(found(&app, None, Some(&sku)), [id], "{sku}");
            assert_eq!(found(&app, Some(&sku), None), [id], "{sku}");
        }
        app.derive();
    }
}

/// Places so many orders with one note, past HTTP.
fn place_many(app: &TestApp, many: usize, note: &str) {
    let note = note.to_owned();
    let order = move || NewOrder {
        lines: vec![NewLine {
            item: ItemRef::Sku(Sku::parse("MUG").unwrap()),
            quantity: 1,
            price: None,
        }],
        customer: None,
        total_price: None,
        details: Details {
            note: Some(note.clone()),
            ..Details::plain(till::domain::payment::Provider::Manual, Channel::Api)
        },
    };
    let by = Actor {
        kind: ActorKind::User,
        user: Some(UserId(1)),
        rights: Rights::ALL,
        ..Actor::system()
    };
    let placed = app
        .app()
        .store()
        .write(move |tx| (0..many).try_for_each(|_| orders::place(tx, &by, None, &order()).map(|_| ())));
    placed.unwrap();
}

fn tag(app: &TestApp, ids: std::ops::RangeInclusive<i64>) {
    let by = Actor {
        rights: Rights::ALL,
        ..Actor::system()
    };
    let tagged = app.app().store().write(move |tx| {
        let tag = |id| orders::tag(tx, &by, OrderId(id), None, &["gift".to_owned()]).map(|_| ());
        ids.clone().try_for_each(tag)
    });
    tagged.unwrap();
}

/// What the list of orders says of a search: how many are on the page, the length of the list, how far the index is behind.
fn told(app: &TestApp, typed: &str) -> (usize, Value, Value, Value) {
    let answer = app.get("owner", &format!("/api/v1/orders?q={typed}&limit=5"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let page = answer.json();
    let found = page["data"].as_array().unwrap().len();
    let [total, at_least, behind] =
        ["total", "total_at_least", "index_behind"].map(|name| page[name].clone());
    (found, total, at_least, behind)
}

/// D4: of 5,000 orders that the index has not seen each is found; of more the newest 5,000, the reply says how many it has
/// not seen, and no total is told that may be too small. One step of the worker brings it back, and what has changed counts
/// as unseen like what is new.
#[test]
fn beyond_five_thousand_unseen_orders_a_search_says_so() {
    const NO: Value = Value::Null;
    let app = TestApp::start();
    app.product("MUG", "4.50", 100_000);
    app.derive();
    place_many(&app, 1, "oldest");
    place_many(&app, 4_999, "between");
    assert_eq!(told(&app, "oldest"), (1, json!(1), NO, NO));
    place_many(&app, 1, "newest");
    assert_eq!(told(&app, "newest"), (1, NO, json!(1), json!(5_001)));
    assert_eq!(told(&app, "oldest"), (0, NO, json!(0), json!(5_001)));
    assert_eq!(told(&app, "between"), (5, NO, json!(4_999), json!(5_001)));
    app.derive_once();
    assert_eq!(told(&app, "oldest"), (1, json!(1), NO, NO));
    app.derive();
    assert_eq!(told(&app, "between"), (5, json!(4_999), NO, NO));

    tag(&app, 1..=5_000);
    assert_eq!(told(&app, "oldest"), (1, json!(1), NO, NO));
    tag(&app, 5_001..=5_001);
    assert_eq!(told(&app, "newest"), (1, NO, json!(1), json!(5_001)));
}
