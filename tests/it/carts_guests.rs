//! Carts of guests: held by a cookie that nobody else can make, and taken along at the sign-in.

use serde_json::Value;
use serde_json::json;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;

const CART: &str = "/api/v1/cart";
const ITEMS: &str = "/api/v1/cart/items";
const OURS: (&str, &str) = ("sec-fetch-site", "same-origin");
const DAY: i64 = 86_400_000;

fn shop() -> TestApp {
    let app = TestApp::start_with(|config| config.server.public_url = "https://till.shop.test".to_owned());
    app.product("MUG", "4.50", 10);
    app.product("POT", "30.00", 3);
    app
}

fn send(app: &TestApp, cookie: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
    let headers = [("cookie", cookie), OURS];
    app.client().send(method, path, None, &headers, body.as_ref())
}

fn add(app: &TestApp, cookie: &str, sku: &str, quantity: i64) -> Answer {
    send(
        app,
        cookie,
        "POST",
        ITEMS,
        Some(json!({ "sku": sku, "quantity": quantity })),
    )
}

/// The cookie of a cart with some mugs in it.
fn guest(app: &TestApp, mugs: i64) -> String {
    let added = add(app, "a=b", "MUG", mugs);
    assert_eq!(added.status, 201, "{}", added.body);
    let line = added.header("set-cookie").unwrap();
    assert!(line.starts_with("__Host-till-cart="), "{line}");
    assert!(
        line.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure"),
        "{line}"
    );
    line.split(';').next().unwrap().to_owned()
}

fn quantities(cart: &Value) -> Vec<(String, i64)> {
    let items = cart["items"].as_array().unwrap().iter();
    let told = items.map(|item| {
        (
            item["sku"].as_str().unwrap().to_owned(),
            item["quantity"].as_i64().unwrap(),
        )
    });
    told.collect()
}

/// Signs in by cookie with whatever the browser holds; the session's cookie.
fn sign_in(app: &TestApp, who: &str, cookie: &str) -> String {
    app.token(who);
    let body = json!({ "username": who, "password": PASSWORD, "session": "cookie" });
    let answer = send(app, cookie, "POST", "/api/v1/auth/login", Some(body));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let lines = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
    let mut lines = lines.map(|(_, line)| line.split(';').next().unwrap());
    lines
        .find(|line| line.starts_with("__Host-till="))
        .unwrap()
        .to_owned()
}

/// C1: who holds the cookie has the cart; a look makes none.
#[test]
fn a_guest_has_a_cart_by_its_cookie() {
    let app = shop();
    let looked = app.get("nobody", CART);
    assert_eq!((looked.status, looked.header("set-cookie")), (200, None));
    assert_eq!(app.number("SELECT count(*) FROM carts"), 0);
    let (one, other) = (guest(&app, 2), guest(&app, 5));
    assert_eq!(
        quantities(&send(&app, &one, "GET", CART, None).json()),
        [("MUG".to_owned(), 2)]
    );
    assert_eq!(
        quantities(&send(&app, &other, "GET", CART, None).json()),
        [("MUG".to_owned(), 5)]
    );
    let id = send(&app, &one, "GET", CART, None).json()["items"][0]["id"].clone();
    let item = format!("{ITEMS}/{id}");
    assert_eq!(
        send(&app, &one, "PATCH", &item, Some(json!({ "quantity": 3 }))).status,
        200
    );
    assert_eq!(add(&app, &one, "POT", 1).status, 201);
    assert_eq!(send(&app, &one, "GET", CART, None).json()["total"], "43.50");
    assert_eq!(send(&app, &one, "DELETE", &item, None).status, 204);
    assert_eq!(send(&app, &one, "DELETE", CART, None).status, 204);
    assert_eq!(send(&app, &one, "GET", CART, None).json()["items"], json!([]));
    let text = app.number("SELECT count(*) FROM carts WHERE length(token) = 32");
    assert_eq!(text, 1);
}

/// A cookie that we have not signed is none: nobody tries tokens, and nobody plants one.
#[test]
fn a_forged_cookie_holds_nothing() {
    let app = shop();
    let good = guest(&app, 1);
    let (name, value) = good.split_once('=').unwrap();
    let (token, stamp) = value.split_once('.').unwrap();
    let forged = [
        format!("{name}={token}"),
        format!("{name}={token}."),
        format!("{name}={stamp}.{token}"),
        format!("{name}=AAAAAAAAAAAAAAAAAAAAAA.{stamp}"),
        format!(
            "{name}={token}.{}",
            stamp.replace(&stamp[..1], if stamp.starts_with('x') { "y" } else { "x" })
        ),
        format!("{name}="),
        format!("x{good}"),
    ];
    for cookie in forged {
        assert_eq!(
            send(&app, &cookie, "GET", CART, None).json()["items"],
            json!([]),
            "{cookie}"
        );
        let added = add(&app, &cookie, "MUG", 1);
        let made = added.header("set-cookie").unwrap().split(';').next().unwrap();
        assert_ne!(made, cookie);
    }
    assert_eq!(send(&app, &good, "GET", CART, None).json()["item_count"], 1);
}

/// WEB-02, WEB-03: what changes a cart by its cookie comes from our own pages; beside a word of authorization the
/// cookie counts for nothing.
#[test]
fn a_cart_is_changed_by_our_own_pages_alone() {
    let app = shop();
    let cookie = guest(&app, 1);
    let body = json!({ "sku": "MUG", "quantity": 1 });
    for from in [
        vec![],
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("origin", "https://evil.example")],
        vec![("sec-fetch-site", "cross-site"), ("origin", "https://shop.test")],
    ] {
        let mut headers = vec![("cookie", cookie.as_str())];
        headers.extend(&from);
        for (method, path, body) in [("POST", ITEMS, Some(&body)), ("DELETE", CART, None)] {
            let answer = app.client().send(method, path, None, &headers, body);
            assert_eq!((answer.status, answer.code()), (403, 1008), "{method} {from:?}");
        }
        assert_eq!(
            app.client().send("GET", CART, None, &headers, None).json()["item_count"],
            1
        );
    }
    let token = app.token("ann");
    let own = app
        .client()
        .send("GET", CART, token.as_deref(), &[("cookie", &cookie)], None);
    assert_eq!(own.json()["items"], json!([]));
}

/// C1: at a sign-in by cookie the guest's cart goes into the user's: added up, capped at the stock and told, the cheaper
/// price with its own time.
#[test]
fn a_guests_cart_is_taken_along() {
    let app = shop();
    let put = |sku: &str, quantity| {
        app.clock.pass(1);
        app.post("ann", ITEMS, json!({ "sku": sku, "quantity": quantity }))
    };
    assert_eq!((put("MUG", 3).status, put("POT", 2).status), (201, 201));
    app.change("UPDATE variants SET price = 440 WHERE sku = 'MUG'");
    app.change("UPDATE products SET price_from = 440 WHERE price_from = 450");
    app.clock.pass(1000);
    let cookie = guest(&app, 4);
    assert_eq!(add(&app, &cookie, "POT", 2).status, 201);
    let session = sign_in(&app, "ann", &cookie);
    let both = format!("{session}; {cookie}");
    let cart = send(&app, &both, "GET", CART, None).json();
    assert_eq!(quantities(&cart), [("MUG".to_owned(), 7), ("POT".to_owned(), 3)]);
    assert_eq!(
        (
            &cart["items"][0]["snapshot_price"],
            &cart["items"][1]["snapshot_price"]
        ),
        (&json!("4.40"), &json!("30.00"))
    );
    let told = json!({ "code": "capped", "message": "More were wanted than there are.", "item_id": cart["items"][1]["id"],
        "sku": "POT", "requested": 4, "available": 3 });
    assert_eq!(cart["warnings"], json!([told]));
    assert_eq!(app.number("SELECT count(*) FROM carts"), 1);
    assert_eq!(send(&app, &cookie, "GET", CART, None).json()["items"], json!([]));
    // Whoever chooses how many has heard it.
    let id = cart["items"][1]["id"].clone();
    let chosen = send(
        &app,
        &both,
        "PATCH",
        &format!("{ITEMS}/{id}"),
        Some(json!({ "quantity": 2 })),
    )
    .json();
    assert_eq!(chosen["warnings"], json!([]));
    sign_in(&app, "ann", &cookie);
    assert_eq!(quantities(&send(&app, &both, "GET", CART, None).json())[0].1, 7);
}

/// A token in an app is no browser: it takes nothing along.
#[test]
fn a_sign_in_by_token_leaves_the_guests_cart() {
    let app = shop();
    let cookie = guest(&app, 4);
    app.token("ann");
    let body = json!({ "username": "ann", "password": PASSWORD });
    assert_eq!(
        send(&app, &cookie, "POST", "/api/v1/auth/login", Some(body)).status,
        200
    );
    assert_eq!(send(&app, &cookie, "GET", CART, None).json()["item_count"], 4);
}

/// K12: a guest's cart is kept for thirty days after its last change, a user's for ever.
#[test]
fn a_cart_that_a_guest_has_left_is_swept() {
    let app = shop();
    let (left, used) = (guest(&app, 1), guest(&app, 1));
    app.post("ann", ITEMS, json!({ "sku": "MUG", "quantity": 1 }));
    app.clock.pass(20 * DAY);
    app.forget_tokens();
    assert_eq!(add(&app, &used, "POT", 1).status, 201);
    app.clock.pass(10 * DAY + 1);
    app.forget_tokens();
    app.sweep();
    assert_eq!(app.number("SELECT count(*) FROM carts"), 2);
    assert_eq!(send(&app, &left, "GET", CART, None).json()["items"], json!([]));
    assert_eq!(send(&app, &used, "GET", CART, None).json()["item_count"], 2);
}
