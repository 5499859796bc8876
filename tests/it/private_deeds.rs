//! What a guest does with an order by its private link: pays it, comes back from the provider, cancels it; and what
//! neither a guess nor the link of another order does.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;
use crate::passwords::newest_link;
use crate::payments::decide;
use crate::payments::shop;
use crate::payments::standing;
use crate::permissions::census;
use crate::private_orders::check_out;
use crate::private_orders::guest;

const INITIATE: &str = "/api/v1/payments/initiate";
const VERIFY: &str = "/api/v1/payments/verify";

/// A guest's order of two mugs: its id and its token.
fn order(app: &TestApp, email: &str) -> (i64, String) {
    let order = check_out(app, &guest(app, "MUG", 2), email);
    let token = order["order_token"].as_str().unwrap().to_owned();
    (order["id"].as_i64().unwrap(), token)
}

fn cancel(app: &TestApp, who: &str, id: i64, body: Value) -> Answer {
    app.post(who, &format!("/api/v1/orders/{id}/cancel"), body)
}

/// AZ-06, E1: a guest begins the payment, the same one while it is open, and comes back from the provider.
#[test]
fn a_guest_pays_by_the_token() {
    let app = shop();
    let (id, token) = order(&app, "gus@shop.test");
    let body = json!({ "order_id": id, "provider": "sandbox", "order_token": token });
    let begun = app.post("nobody", INITIATE, body.clone());
    assert_eq!(begun.status, 201, "{}", begun.body);
    let payment = begun.json();
    assert_eq!(
        [&payment["status"], &payment["amount"]],
        ["requires_action", "9.00"]
    );
    assert!(payment["redirect_url"].is_string());
    assert_eq!(
        app.post("nobody", INITIATE, body.clone()).json(),
        payment,
        "the same"
    );
    decide(&app, &payment, "approve");
    let back = json!({ "payment_id": payment["id"], "order_token": token });
    let seen = app.post("nobody", VERIFY, back);
    assert_eq!(
        (seen.status, &seen.json()["status"]),
        (200, &json!("captured")),
        "{}",
        seen.body
    );
    app.settle();
    assert_eq!(
        standing(&app, id),
        json!(["processing", "paid", "9.00", "0.00", "0.00"])
    );
    let again = app.post("nobody", INITIATE, body);
    assert_eq!((again.status, again.code()), (409, 6003));
}

/// AZ-06, D3: a guest cancels once, hears nothing that is personal, and stands in the order's history as a guest.
#[test]
fn a_guest_cancels_by_the_token() {
    let app = shop();
    let (id, token) = order(&app, "gus@shop.test");
    let stale = cancel(&app, "nobody", id, json!({ "order_token": token, "version": 7 }));
    assert_eq!((stale.status, stale.code()), (412, 3003));
    let body = json!({ "order_token": token, "reason": "too late", "client_token": "press" });
    let done = cancel(&app, "nobody", id, body.clone());
    assert_eq!(
        (done.status, &done.json()["status"]),
        (200, &json!("canceled")),
        "{}",
        done.body
    );
    let again = cancel(&app, "nobody", id, body);
    assert_eq!(
        (again.status, again.header("idempotent-replayed")),
        (200, Some("true"))
    );
    for told in [&stale, &done, &again] {
        for personal in ["gus@shop.test", "Gus Guest", "TN31", "press"] {
            assert!(!told.body.contains(personal), "{personal}: {}", told.body);
        }
    }
    assert_eq!(app.number("SELECT available FROM stock"), 1000);
    let history = app.get("owner", &format!("/api/v1/orders/{id}/history")).json();
    let entry = &history["data"].as_array().unwrap()[1];
    assert_eq!(
        [&entry["action"], &entry["by"]["kind"], &entry["note"]],
        ["canceled", "guest", "too late"]
    );
    let over = json!({ "order_token": token, "client_token": "again" });
    assert_eq!(cancel(&app, "nobody", id, over).code(), 6002);
}

/// D3: what two guests call their requests by the same name are two requests.
#[test]
fn the_keys_of_two_guests_are_their_own() {
    let app = shop();
    for email in ["gus@shop.test", "eve@shop.test"] {
        let (id, token) = order(&app, email);
        let body = json!({ "order_id": id, "provider": "sandbox", "order_token": token });
        for replayed in [None, Some("true")] {
            let headers = [("idempotency-key", "1")];
            let begun = app.send("POST", "nobody", INITIATE, &headers, Some(&body));
            assert_eq!(
                (begun.status, begun.header("idempotent-replayed")),
                (201, replayed),
                "{}",
                begun.body
            );
        }
    }
}

/// AZ-06: without a token nobody is anybody (401), whatever else is said; a guess, the token of another order and one of
/// long ago open nothing (404) and change nothing, whoever shows them.
#[test]
fn what_is_no_token_of_the_order_opens_nothing() {
    let app = shop();
    let (id, token) = order(&app, "gus@shop.test");
    let (_, others) = order(&app, "eve@shop.test");
    let begun = app.post(
        "nobody",
        INITIATE,
        json!({ "order_id": id, "order_token": token }),
    );
    let payment = begun.json()["id"].clone();
    app.token("ann");
    let paths = [
        (INITIATE.to_owned(), json!({ "order_id": id })),
        (VERIFY.to_owned(), json!({ "payment_id": payment })),
        (format!("/api/v1/orders/{id}/cancel"), json!({})),
    ];
    let before = census(&app);
    let (_, secret) = token.split_once('-').unwrap();
    for (path, body) in &paths {
        for nothing in [
            body.clone(),
            json!([]),
            json!({ "order_token": 7 }),
            json!({ "x": 1 }),
        ] {
            let refused = app.post("nobody", path, nothing);
            assert_eq!((refused.status, refused.code()), (401, 1001), "{path}");
        }
        for guess in [&others, secret, "x", &format!("{id}-"), &format!("0{token}")] {
            let mut body = body.clone();
            body["order_token"] = json!(guess);
            for who in ["nobody", "ann"] {
                let refused = app.post(who, path, body.clone());
                assert_eq!(
                    (refused.status, refused.code()),
                    (404, 3001),
                    "{path} {guess} {who}"
                );
            }
        }
        let mut wrong = body.clone();
        wrong["order_token"] = json!(token);
        wrong["surely_not"] = json!(1);
        assert_eq!(app.post("nobody", path, wrong).status, 400, "{path}");
    }
    assert_eq!(census(&app), before);
    app.clock.pass(180 * 86_400_000);
    let late = cancel(&app, "nobody", id, json!({ "order_token": token }));
    assert_eq!((late.status, late.code()), (404, 3001));
}

/// AZ-06: somebody signed in may hold the link, too, and sees no more by it; it opens nobody's wallet.
#[test]
fn a_link_makes_nobody_the_owner() {
    let app = shop();
    let (id, token) = order(&app, "mia@shop.test");
    let held = cancel(&app, "ann", id, json!({ "order_token": token, "version": 9 }));
    assert_eq!(held.status, 412);
    assert!(!held.body.contains("mia@shop.test"), "{}", held.body);
    let body = json!({ "username": "mia", "email": "mia@shop.test", "password": crate::app::PASSWORD });
    let mia = app.post("nobody", "/api/v1/auth/signup", body);
    assert_eq!(mia.status, 201, "{}", mia.body);
    let (_, link) = newest_link(&app);
    let proof = json!({ "token": link });
    let proved = app.client().send(
        "POST",
        "/api/v1/auth/email/confirm",
        mia.json()["access_token"].as_str(),
        &[],
        Some(&proof),
    );
    assert!(proved.status < 300, "{}", proved.body);
    let own = app.number(&format!(
        "SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id
         WHERE o.id = {id} AND c.user_id IS NOT NULL"
    ));
    assert_eq!(own, 1, "the order is mia's by now");
    let wallet = json!({ "order_id": id, "provider": "wallet", "order_token": token });
    let refused = app.post("nobody", INITIATE, wallet);
    assert_eq!((refused.status, refused.code()), (422, 6001), "{}", refused.body);
}

/// RL-02: whoever is not signed in tries tokens as slowly as links.
#[test]
fn tokens_are_tried_slowly() {
    let app = TestApp::start_with(|config| config.limits.enabled = true);
    let statuses: Vec<u16> = (0..25)
        .map(|at| {
            let token = format!("{at}-{}", "A".repeat(22));
            cancel(&app, "nobody", at, json!({ "order_token": token })).status
        })
        .collect();
    let refused = statuses.iter().filter(|status| **status == 429).count();
    assert_eq!(
        (refused, statuses[0], statuses[24]),
        (5, 404, 429),
        "{statuses:?}"
    );
}
